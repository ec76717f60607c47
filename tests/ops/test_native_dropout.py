"""native_dropout and its gradient against PyTorch."""

from typing import Any

import pytest

from tests.oracle import DTYPES, same, sample


@pytest.mark.parametrize("train", [True, False, None])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0, 2.0, -0.5])
def test_native_dropout(p: float, train: bool | None) -> None:
    def run(torch: Any, x: Any) -> Any:
        torch.manual_seed(3)
        return tuple(torch.native_dropout(x, p, train))

    for dtype in DTYPES:
        same(run, sample(4, 5, dtype=dtype), second=True)
    same(run, sample(4, 5, layout="transposed"))
