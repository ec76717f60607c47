"""masked_select, masked_scatter, take, put, nonzero and argwhere against PyTorch."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.oracle import DTYPES, LAYOUTS, same, sample

CALLS: list[Callable[..., Any]] = [
    lambda torch, x, s, i: x.masked_select(x > 0),
    lambda torch, x, s, i: torch.masked_select(x, x.detach()[0, :, :1] > 0),
    lambda torch, x, s, i: x[:1].masked_select(s > 0),
    lambda torch, x, s, i: x[0, 0, 0].masked_select(s > 0),
    lambda torch, x, s, i: x.masked_select(torch.tensor(True)),
    lambda torch, x, s, i: x.masked_scatter(x > 0, s),
    lambda torch, x, s, i: x.masked_scatter(x.detach()[0] > 0, s),
    lambda torch, x, s, i: x[0].masked_scatter(s > -9, s),
    lambda torch, x, s, i: (x * 1).masked_scatter_(x > 0, s),
    lambda torch, x, s, i: (x * 1).masked_scatter_(x.detach()[:1] > 0, s.flatten()),
    lambda torch, x, s, i: x.take(i),
    lambda torch, x, s, i: torch.take(x, i.t()),
    lambda torch, x, s, i: x.take(i[0, 0]),
    lambda torch, x, s, i: x.put(i, s[0, :2, :2]),
    lambda torch, x, s, i: torch.put(x, i, s[0, :2, :2], accumulate=True),
    lambda torch, x, s, i: (x * 1).put_(i, s[0, :1], True),
    lambda torch, x, s, i: (x * 1).put_(i[0], s[0, 0, :2]),
    lambda torch, x, s, i: (x > 0).nonzero(),
    lambda torch, x, s, i: torch.nonzero(x > 0, as_tuple=True),
    lambda torch, x, s, i: (x > 0).nonzero(as_tuple=True),
    lambda torch, x, s, i: torch.argwhere(x > 0),
    lambda torch, x, s, i: torch.where(x > 0),
    lambda torch, x, s, i: x.nonzero(),
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("nr", range(len(CALLS)))
def test_calls(nr: int, layout: str) -> None:
    x, s = sample(2, 3, 4, layout=layout), sample(2, 3, 4, seed=3, layout=layout)
    same(CALLS[nr], x, s, torch.tensor([[1, 5], [-1, 5]]), second=True)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(dtype: torch.dtype) -> None:
    x, s, i = sample(3, 4, dtype=dtype), sample(3, 4, dtype=dtype, seed=2), torch.tensor([2, 0, 2])
    same(lambda torch, x, s, i: x.nonzero(), x, s, i)
    same(lambda torch, x, s, i: x.masked_select(x == x), x, s, i)
    same(lambda torch, x, s, i: x.masked_scatter(x == s, s), x, s, i)
    same(lambda torch, x, s, i: x.take(i), x, s, i)
    same(lambda torch, x, s, i: x.put(i, s[0, :3], True), x, s, i)
    same(lambda torch, x, s, i: x.put(i, s[0, :3]), x, s, i)
    same(lambda torch, x, s, i: x.nonzero(as_tuple=True), x, s, i)


def test_scalars_and_empty() -> None:
    for value in (0.0, -0.0, 1.0, float("nan")):
        x = torch.tensor(value)
        same(lambda torch, x: x.nonzero(), x)
        same(lambda torch, x: x.nonzero(as_tuple=True), x)
        same(lambda torch, x: torch.argwhere(x), x)
    for shape in ((0,), (0, 3), (3, 0)):
        x = sample(*shape)
        same(lambda torch, x: x.nonzero(), x)
        same(lambda torch, x: x.nonzero(as_tuple=True), x)
        same(lambda torch, x: x.masked_select(x > 0), x)
        same(lambda torch, x: x.take(torch.tensor([], dtype=torch.int64)), x)
        same(lambda torch, x: x.take(torch.tensor([0])), x)
        same(lambda torch, x: x.masked_scatter(x > 0, x.detach()), x)
        same(lambda torch, x: x.put(torch.tensor([0]), torch.ones(1)), x)
    same(lambda torch, x: torch.zeros(3, 4).nonzero(), sample())
    same(lambda torch, x: x.take(torch.tensor([[0, -1]])), sample(), second=True)
    same(lambda torch, x: x.put(torch.tensor(0), torch.tensor(1.0)), sample())
    same(lambda torch, x: x.masked_select(x < 9), sample(), second=True)


REFUSED: list[Callable[..., Any]] = [
    lambda torch, x, i: x.masked_select(x),
    lambda torch, x, i: x.masked_select((x > 0).to(torch.uint8)),
    lambda torch, x, i: x.masked_select((x > 0)[0, 0, :3]),
    lambda torch, x, i: torch.masked_select(x, x > 0, out=torch.empty(0)),
    lambda torch, x, i: torch.masked_select(
        x.detach(), x > 0, out=torch.empty(0, dtype=torch.int64)
    ),
    lambda torch, x, i: x.masked_scatter(x > -9, x[0]),
    lambda torch, x, i: x.masked_scatter(x > 0, x.double()),
    lambda torch, x, i: x.masked_scatter((x > 0).to(torch.uint8), x),
    lambda torch, x, i: x.masked_scatter(x, x),
    lambda torch, x, i: x.masked_scatter_(x > 0, x),
    lambda torch, x, i: x.detach().masked_scatter_(torch.ones(7, dtype=torch.bool), torch.ones(24)),
    lambda torch, x, i: x.take(i + 99),
    lambda torch, x, i: x.take(i.int()),
    lambda torch, x, i: torch.take(x.detach(), i, out=torch.empty(0, dtype=torch.int64)),
    lambda torch, x, i: torch.take(x, i, out=torch.empty(0)),
    lambda torch, x, i: x.put(i + 99, x[0, 0, :2]),
    lambda torch, x, i: x.put(i, x[0, 0]),
    lambda torch, x, i: x.put(i.int(), x[0, 0, :2]),
    lambda torch, x, i: x.put(i, x[0, 0, :2].double()),
    lambda torch, x, i: x.put_(i, x[0, 0, :2]),
    lambda torch, x, i: torch.nonzero(x, out=torch.empty(0)),
    lambda torch, x, i: torch.nonzero(x, out=torch.empty(0, dtype=torch.int64)),
    lambda torch, x, i: x.detach().expand(2, 2, 3, 4).put_(i, torch.ones(2)),
]


@pytest.mark.parametrize("nr", range(len(REFUSED)))
def test_refused(nr: int) -> None:
    same(REFUSED[nr], sample(2, 3, 4), torch.tensor([1, 0]))


def test_out() -> None:
    i = torch.tensor([[1, 0], [3, 3]])
    for shape in ((0,), (2, 2), (4,)):

        def run(torch: Any, x: Any, i: Any, shape: Any = shape) -> Any:
            return (
                torch.take(x, i, out=torch.zeros(shape)),
                torch.take(x, i.t(), out=torch.zeros(shape)),
                torch.masked_select(x, x > 0, out=torch.zeros(shape)),
                torch.nonzero(x, out=torch.zeros(shape, dtype=torch.int64)),
            )

        same(run, sample(2, 3, grad=False), i)


def test_nonzero_static() -> None:
    for dtype in DTYPES:
        for shape in ((2, 3, 4), (5,), (0, 3), ()):
            x = sample(*shape, dtype=dtype, low=-1, high=1)
            for size in (0, 2, 40, -1):
                same(lambda torch, x, n=size: torch.nonzero_static(x, size=n), x)
            same(lambda torch, x: x.nonzero_static(size=30, fill_value=7), x)
    x = torch.tensor([[0, 1, 2], [3, 0, 5]])
    for shape, kind in (((5,), "int64"), ((3, 2), "int64"), ((3, 2), "float32")):

        def run(torch: Any, x: Any, shape: Any = shape, kind: str = kind) -> Any:
            out = torch.ones(shape, dtype=getattr(torch, kind))
            return torch.nonzero_static(x, size=3, out=out) is out, out

        same(run, x)


def test_unravel_index() -> None:
    def run(torch: Any, at: Any, shape: Any) -> Any:
        return torch.unravel_index(at, shape)

    at = torch.tensor([[5, 3, -1], [1, 9, 2]])
    for shape in (
        (2, 3), [2, 3], 6, (), (2, -3), (0, 3), (2, 2.5), "23", (4, 2, 3),
    ):  # fmt: skip
        same(run, at, shape)
        same(run, at.t(), shape)
    for dtype in DTYPES:
        same(run, at.abs().to(dtype), (2, 3))
    same(run, at[:0], (2, 0))
    same(run, at[0, 0], (2, 3))
    same(run, at, None)
