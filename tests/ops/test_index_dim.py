"""index_select, index_add, index_copy and index_fill against PyTorch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample

CALLS: list[Callable[..., Any]] = [
    lambda torch, x, s, i: x.index_select(0, i),
    lambda torch, x, s, i: torch.index_select(x, -2, i),
    lambda torch, x, s, i: x.index_select(2, i.int()),
    lambda torch, x, s, i: x.index_select(1, i[0]),
    lambda torch, x, s, i: x.index_select(1, i[::2]),
    lambda torch, x, s, i: x.index_add(0, i, s),
    lambda torch, x, s, i: x.index_add(0, i.int(), s, alpha=2.5),
    lambda torch, x, s, i: torch.index_add(x, -1, i, s[:, :, :1].expand(4, 3, 4)[:2], alpha=-1),
    lambda torch, x, s, i: (x * 1).index_add_(0, i, s),
    lambda torch, x, s, i: x.index_add(1, i[0], s[:2, :1]),
    lambda torch, x, s, i: x.index_copy(0, i[2:], s[2:]),
    lambda torch, x, s, i: x.index_copy(1, i[3], s[:2, :1]),
    lambda torch, x, s, i: (x * 1).index_copy_(0, i[1:3], s[:2]),
    lambda torch, x, s, i: x.index_fill(0, i, 2.5),
    lambda torch, x, s, i: x.index_fill(-1, i - 4, 3),
    lambda torch, x, s, i: x.index_fill(1, i, s[0, 0, 0]),
    lambda torch, x, s, i: x.index_fill(1, i[0], 2),
    lambda torch, x, s, i: (x * 1).index_fill_(0, i, 2.5),
    lambda torch, x, s, i: (x * 1).index_fill_(0, i, s.sum()),
    lambda torch, x, s, i: torch.index_fill(x, 0, i, value=1),
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("nr", range(len(CALLS)))
def test_calls(nr: int, layout: str) -> None:
    x, s = sample(2, 3, 4, layout=layout), sample(4, 3, 4, seed=3, layout=layout)
    same(CALLS[nr], x, s, torch.tensor([1, 1, 0, 1]), second=True)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(dtype: torch.dtype) -> None:
    x, s, i = sample(3, 4, dtype=dtype), sample(2, 4, dtype=dtype, seed=2), torch.tensor([2, 0])
    same(lambda torch, x, s, i: x.index_select(0, i), x, s, i)
    same(lambda torch, x, s, i: x.index_add(0, i, s), x, s, i)
    same(lambda torch, x, s, i: x.index_add(0, i * 0, s, alpha=2), x, s, i)
    same(lambda torch, x, s, i: x.index_add(0, i, s, alpha=1.5), x, s, i)
    same(lambda torch, x, s, i: x[0].index_add(0, i, s[0, :2]), x, s, i)
    same(lambda torch, x, s, i: x.index_copy(0, i, s), x, s, i)
    for value in (1, 1.5, True, -1, -1.5, 300, 1e6, float("nan"), 2**40):
        same(lambda torch, x, i, v: x.index_fill(0, i, v), x, i, value)
        same(lambda torch, x, i, v: x.index_fill(0, i, torch.tensor(v)), x, i, value)


@pytest.mark.parametrize("dtype", FLOATING, ids=str)
@pytest.mark.parametrize("columns", [3, 200])
def test_repeated_slices_add_up_in_order(dtype: torch.dtype, columns: int) -> None:
    random = np.random.default_rng(0)
    s = torch.from_numpy(random.standard_normal((40, columns))).to(dtype)
    i = torch.from_numpy(random.integers(0, 5, 40))
    x = torch.zeros(5, columns, dtype=dtype)
    same(lambda torch, x, s, i: x.index_add(0, i, s), x, s, i, exact=True)
    same(lambda torch, x, s, i: x[:, 0].index_add(0, i, s[:, 0]), x, s, i, exact=True)
    same(lambda torch, x, s, i: x.t().index_add(1, i, s.t()), x, s, i, exact=True)


REFUSED: list[Callable[..., Any]] = [
    lambda torch, x, i: x.index_select(0, i + 9),
    lambda torch, x, i: x.index_select(1, i + 9),
    lambda torch, x, i: x.index_select(2, i - 9),
    lambda torch, x, i: x.index_select(2, i - 1),
    lambda torch, x, i: x.index_select(3, i),
    lambda torch, x, i: x.index_select(0, i[None]),
    lambda torch, x, i: x.index_select(0, i.float()),
    lambda torch, x, i: x.index_select(0, i.to(torch.int16)),
    lambda torch, x, i: x.index_select(0, [0]),
    lambda torch, x, i: torch.index_select(x, 0, i, out=torch.empty(0)),
    lambda torch, x, i: torch.index_select(x.detach(), 0, i, out=torch.empty(0, dtype=torch.int64)),
    lambda torch, x, i: x.index_add(0, i + 9, x),
    lambda torch, x, i: x.index_add(0, i - 9, x),
    lambda torch, x, i: x.index_add(0, i[None], x),
    lambda torch, x, i: x.index_add(0, i.float(), x),
    lambda torch, x, i: x.index_add(0, i[:1], x),
    lambda torch, x, i: x.index_add(0, i, x.double()),
    lambda torch, x, i: x.index_add(0, i, x[:, :1]),
    lambda torch, x, i: x.index_add(0, i, x[:, 0]),
    lambda torch, x, i: x.index_add(2, i, x[0, 0]),
    lambda torch, x, i: x.index_add(3, i, x),
    lambda torch, x, i: x.index_add_(0, i, x),
    lambda torch, x, i: x.detach().expand(2, 2, 3, 4).index_add_(0, i, torch.ones(2, 2, 3, 4)),
    lambda torch, x, i: torch.tensor(1.0).index_add(0, i[:1], torch.ones(1)),
    lambda torch, x, i: x.index_copy(0, i + 9, x),
    lambda torch, x, i: x.index_copy(0, i[:1], x),
    lambda torch, x, i: x.index_copy(0, i, x[:, 0]),
    lambda torch, x, i: x.index_copy(0, i, x[:, :2]),
    lambda torch, x, i: x.index_copy(1, i, x[:, :2, :1]),
    lambda torch, x, i: x.index_copy(0, i.int(), x),
    lambda torch, x, i: x.index_copy(0, i[None], x),
    lambda torch, x, i: x.index_copy(0, i, x.double()),
    lambda torch, x, i: x.index_copy(0, i, torch.tensor(1.0)),
    lambda torch, x, i: x.index_fill(0, i + 9, 1),
    lambda torch, x, i: x.index_fill(0, i - 9, 1),
    lambda torch, x, i: x.index_fill(0, i, torch.ones(1)),
    lambda torch, x, i: x.index_fill(0, i[None], 1),
    lambda torch, x, i: x.index_fill(0, i.int(), 1),
    lambda torch, x, i: x.index_fill(5, i, 1),
    lambda torch, x, i: x.index_fill_(0, i, 1),
    lambda torch, x, i: x.index_fill(0, i, 1e300),
    lambda torch, x, i: i.index_fill_(0, i, 1),
    lambda torch, x, i: torch.zeros(3, 0).index_select(0, i + 9),
    lambda torch, x, i: torch.zeros(3, 0).index_select(1, i),
    lambda torch, x, i: torch.zeros(0, 3).index_fill(0, i, 1),
    lambda torch, x, i: torch.zeros(0, 3).index_add(0, i, torch.ones(2, 3)),
    lambda torch, x, i: torch.zeros(0).index_copy(0, i, torch.ones(2)),
    lambda torch, x, i: x[0, 0].index_add(0, i + 9, x[0, 0, :2]),
    lambda torch, x, i: torch.zeros(0).index_add(0, i, torch.ones(2)),
    lambda torch, x, i: torch.zeros(3, 0).index_add(0, i + 9, torch.ones(2, 0)),
    lambda torch, x, i: torch.zeros(3, 0).index_add(1, i, torch.ones(3, 2)),
    lambda torch, x, i: torch.zeros(3, 0).index_copy(0, i + 9, torch.ones(2, 0)),
    lambda torch, x, i: torch.zeros(3, 0).index_copy(1, i, torch.ones(3, 2)),
    lambda torch, x, i: torch.zeros(3, 0).index_fill(0, i + 9, 1),
]  # fmt: skip


@pytest.mark.parametrize("nr", range(len(REFUSED)))
def test_refused(nr: int) -> None:
    same(REFUSED[nr], sample(2, 3, 4), torch.tensor([1, 0]))


def test_scalars_and_empty() -> None:
    zero, one, none = torch.tensor(0), torch.tensor([0]), torch.tensor([], dtype=torch.int64)
    for i in (zero, one, none, torch.tensor([0, 0]), torch.tensor([1])):
        same(lambda torch, x, i: x.index_select(0, i), sample(), i, second=True)
        same(lambda torch, x, i: x.index_add(0, i, x.detach()), sample(), i)
        same(lambda torch, x, i: x.index_copy(0, i, x.detach()), sample(), i)
        same(lambda torch, x, i: x.index_fill(0, i, 1), sample(), i)
        same(lambda torch, x, i: x.index_fill(0, i, 1), sample(3), i)
        same(lambda torch, x, i: x.index_fill(1, i, 1), sample(3, 0), i)
        same(lambda torch, x, i: x.index_select(0, i), sample(2, 3), i, second=True)
        same(lambda torch, x, i: x.index_select(0, i), sample(3, 0), i)
        same(lambda torch, x, i: x.index_select(1, i), sample(3, 2), i)
        same(lambda torch, x, i, s: x.index_add(0, i, s), sample(), i, sample(seed=2), second=True)
        same(lambda torch, x, i, s: x.index_copy(0, i, s), sample(1), i, sample(seed=2))
        same(
            lambda torch, x, i, s: x.index_copy(0, i, s), sample(), i, sample(1, seed=2, grad=False)
        )
        same(lambda torch, x, i, s: x.index_add(0, i, s), sample(2, 3), i, sample(i.numel(), 3))


def test_out() -> None:
    i = torch.tensor([1, 0])
    for shape in ((0,), (2, 3), (3, 2), (4,)):

        def run(torch: Any, x: Any, i: Any, shape: Any = shape) -> Any:
            return (
                torch.index_select(x, 0, i, out=torch.zeros(shape)),
                torch.index_add(x, 0, i, x, out=torch.zeros(shape)),
                torch.index_copy(x, 0, i, x, out=torch.zeros(shape)),
            )

        same(run, sample(2, 3, grad=False), i)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_select_few_slices_and_refuse_what_is_outside(layout: str) -> None:
    x = sample(4, 3, 2, layout=layout)
    for dim, n in enumerate((4, 3, 2)):
        for at in ([0], [n - 1, 0, 0], [], [-1], [0, n], [0] * 40, [0] * 40 + [n], [-1] * 33):
            for dtype in (torch.int64, torch.int32):
                i = torch.tensor(at, dtype=dtype)
                same(lambda torch, x, i: x.index_select(dim, i), x, i, exact=True)
    same(lambda torch, x, i: x.index_select(0, i), torch.arange(3.0), torch.tensor(1))
    same(lambda torch, x, i: x.index_select(0, i), torch.tensor(3.0), torch.tensor([0]))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("dim", [0, 1, 2])
def test_many_slices_added(dim: int, dtype: torch.dtype) -> None:
    shape = [12, 20, 30]
    x = sample(*shape, dtype=dtype)
    shape[dim] = 50
    y = sample(*shape, dtype=dtype, seed=3)
    i = torch.randint(0, 12, (50,), generator=torch.Generator().manual_seed(dim))
    same(lambda torch, x, i, y: x.index_add(dim, i, y), x, i, y)
    same(lambda torch, x, i, y: x.index_add(dim, i.int(), y, alpha=2), x, i, y)
    same(lambda torch, x, i, y: x.mT.index_add(dim, i, y.mT), x.mT, i, y.mT)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_many_numbers_added(dtype: torch.dtype) -> None:
    x, y = sample(30, dtype=dtype), sample(5000, dtype=dtype, seed=2)
    i = torch.randint(0, 30, (5000,), generator=torch.Generator().manual_seed(1))
    same(lambda torch, x, i, y: x.index_add(0, i, y), x, i, y)
