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
