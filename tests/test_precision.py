"""The precision of float32 products: what is told is kept, and changes no product."""

from typing import Any

import pytest

import minitorch_np
from tests.oracle import same, sample


@pytest.mark.parametrize("told", ["highest", "high", "medium", "low", 3, None])
def test_what_is_told_is_kept(told: Any) -> None:
    def f(torch: Any) -> Any:
        try:
            torch.set_float32_matmul_precision(told)
        finally:
            found = torch.get_float32_matmul_precision()
            torch.set_float32_matmul_precision("highest")
        return found, torch.get_float32_matmul_precision()

    same(f)


def test_products_keep_their_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minitorch_np.precision, "_precision", "highest")
    x = minitorch_np.tensor(sample(200, 200).detach().tolist())
    whole = x @ x
    minitorch_np.set_float32_matmul_precision("medium")
    assert (x @ x).equal(whole)


def test_there_is_no_metal() -> None:
    same(lambda torch: (torch.backends.mps.is_available(), torch.backends.mps.is_built()))
