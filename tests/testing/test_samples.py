"""make_tensor: PyTorch's draws from the same seed."""

from typing import Any

import pytest

from tests.oracle import DTYPES, same


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize(
    "options", [{}, {"noncontiguous": True}, {"exclude_zero": True}, {"low": 1, "high": 3}], ids=str
)
def test_the_same_values(dtype: Any, options: Any) -> None:
    name = str(dtype).removeprefix("torch.")
    if name == "bool" and options.get("low"):
        options = {}

    def f(torch: Any) -> Any:
        torch.manual_seed(0)
        return torch.testing.make_tensor(
            (3, 4), dtype=getattr(torch, name), device="cpu", **options
        )

    same(f, exact=True)


def test_requires_grad() -> None:
    def f(torch: Any) -> Any:
        torch.manual_seed(0)
        return torch.testing.make_tensor(
            2, 3, dtype=torch.float32, device="cpu", requires_grad=True
        )

    same(f)


@pytest.mark.parametrize(
    "dtype, options",
    [
        ("float32", {"low": 3, "high": 1}),
        ("int32", {"low": 3, "high": 3}),
        ("int32", {"requires_grad": True}),
        ("bool", {"requires_grad": True}),
        ("float32", {"low": float("nan")}),
        ("float64", {"high": float("nan")}),
    ],
)
def test_refused_as_pytorch_refuses(dtype, options):
    same(
        lambda torch: torch.testing.make_tensor(
            3, dtype=getattr(torch, dtype), device="cpu", **options
        )
    )
