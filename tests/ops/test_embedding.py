"""embedding against PyTorch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample

CALLS: list[Callable[..., Any]] = [
    lambda torch, w, i: torch.embedding(w, i),
    lambda torch, w, i: torch.embedding(w, i.t().int()),
    lambda torch, w, i: torch.embedding(w, i[0, 1]),
    lambda torch, w, i: torch.embedding(w, i[:0]),
    lambda torch, w, i: torch.embedding(w, i, 1),
    lambda torch, w, i: torch.embedding(w, i, 4, scale_grad_by_freq=True),
    lambda torch, w, i: torch.embedding(w[:, :0], i),
    lambda torch, w, i: torch.embedding(w, i + 9),
    lambda torch, w, i: torch.embedding(w, i - 9),
    lambda torch, w, i: torch.embedding(w[0], i),
    lambda torch, w, i: torch.embedding(w, i.float()),
    lambda torch, w, i: torch.embedding(w, i.bool()),
    lambda torch, w, i: torch.embedding(w, i.to(torch.int16)),
    lambda torch, w, i: torch.embedding(w, [1]),
    lambda torch, w, i: torch.embedding([1], i),
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("nr", range(len(CALLS)))
def test_calls(nr: int, layout: str) -> None:
    same(CALLS[nr], sample(5, 3, layout=layout), torch.tensor([[0, 4], [1, 1]]), second=True)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(dtype: torch.dtype) -> None:
    same(CALLS[0], sample(5, 3, dtype=dtype), torch.tensor([[0, 4], [1, 1]]))


@pytest.mark.parametrize("columns", [3, 200])
@pytest.mark.parametrize("dtype", FLOATING, ids=str)
def test_rows_used_often(dtype: torch.dtype, columns: int) -> None:
    i = torch.from_numpy(np.random.default_rng(0).integers(0, 5, 60))
    same(CALLS[0], sample(5, columns, dtype=dtype), i)
