"""gather, scatter and take_along_dim against PyTorch."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample


def places(*shape: int, high: int, seed: int = 0, dtype: torch.dtype = torch.int64) -> torch.Tensor:
    """Random indices below `high`, many of them repeated."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, high, shape, generator=generator).to(dtype)


CALLS: list[Callable[..., Any]] = [
    lambda torch, x, i, s: x.gather(0, i),
    lambda torch, x, i, s: torch.gather(x, -2, i % 3),
    lambda torch, x, i, s: x.gather(2, i),
    lambda torch, x, i, s: x.scatter_add(0, i, s),
    lambda torch, x, i, s: x.scatter_add(1, i % 3, s),
    lambda torch, x, i, s: torch.scatter_add(x, -1, i, s),
    lambda torch, x, i, s: x.scatter(0, i, 2.5),
    lambda torch, x, i, s: x.scatter(-1, i, value=2.5),
    lambda torch, x, i, s: (x * 1).scatter_add_(2, i, s),
    lambda torch, x, i, s: (x * 1).scatter_(0, i, 3),
    lambda torch, x, i, s: x.scatter(0, i[:1] * 0 + 1, s),
    lambda torch, x, i, s: torch.scatter(x, 2, i[..., :1], s),
    lambda torch, x, i, s: (x * 1).scatter_(2, i[..., 1:2], s),
    lambda torch, x, i, s: x.detach().scatter(0, i, 1, reduce="add"),
    lambda torch, x, i, s: x.detach().scatter(0, i, 2, reduce="multiply"),
    lambda torch, x, i, s: x.detach().scatter(2, i, s.detach(), reduce="add"),
    lambda torch, x, i, s: x.gather(0, i.int()),
    lambda torch, x, i, s: x.scatter_add(0, i.int(), s),
    lambda torch, x, i, s: x.take_along_dim(i, 0),
    lambda torch, x, i, s: x.take_along_dim(i),
    lambda torch, x, i, s: torch.take_along_dim(x, i[:, :1], 2),
    lambda torch, x, i, s: torch.take_along_dim(x[:1], i[:, :, :2], dim=2),
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("nr", range(len(CALLS)))
def test_calls(nr: int, layout: str) -> None:
    x = sample(2, 3, 4, layout=layout)
    s = sample(2, 3, 4, seed=5, layout=layout)
    i = places(2, 3, 4, high=2, seed=nr)
    same(CALLS[nr], x, i, s, second=layout == "contiguous")
    same(CALLS[nr], x, i.transpose(0, 1).contiguous().transpose(0, 1), s)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(dtype: torch.dtype) -> None:
    x, s, i = sample(3, 4, dtype=dtype), sample(5, 4, dtype=dtype, seed=2), places(5, 4, high=3)
    same(lambda torch, x, i, s: x.gather(0, i), x, i, s)
    same(lambda torch, x, i, s: x.scatter_add(0, i, s), x, i, s)
    same(lambda torch, x, i, s: x.detach().scatter(0, i, s.detach()), x, i, s)
    for value in (1, 1.5, True, -1, 300, 1e6, float("nan")):
        same(lambda torch, x, i, v: x.scatter(0, i, v), x, i, value)
        same(lambda torch, x, i, v: x.scatter(0, i, v, reduce="add"), x, i, value, grad=False)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 4)])
def test_empty(shape: tuple[int, ...]) -> None:
    x = sample(*shape)
    i = torch.zeros(shape, dtype=torch.int64)
    same(lambda torch, x, i: x.gather(0, i), x, i)
    same(lambda torch, x, i: x.scatter_add(0, i, x.detach()), x, i)
    same(lambda torch, x, i: x.scatter(0, i, 1.0), x, i)
    y = sample(3, 4)
    same(lambda torch, y, i: y.gather(0, i), y, i)
    same(lambda torch, y, i: y.scatter(0, i, 1.0), y, i)
    same(lambda torch, y, i: y.scatter_add(0, i, y.detach()), y, i)


def test_scalars() -> None:
    x, i, j = sample(), torch.tensor(0), torch.tensor([0, 0])
    same(lambda torch, x, i: x.gather(0, i), x, i, second=True)
    same(lambda torch, x, i: x.gather(-1, i), x, j, second=True)
    same(lambda torch, x, i, s: x.scatter_add(0, i, s), x, i, sample(seed=3), second=True)
    same(lambda torch, x, i, s: x.scatter(0, i, s), x, i, sample(seed=3), second=True)
    same(lambda torch, x, i: x.scatter(0, i, 2), x, i)
    same(lambda torch, x, i: x.gather(0, i), sample(3), torch.tensor(2))
    same(lambda torch, x, i: x.gather(0, i), x, torch.tensor([0, 1]))
    same(lambda torch, x, i: x.scatter_add(0, i, torch.ones(2)), x, torch.tensor([0, 0]))


REFUSED: list[Callable[..., Any]] = [
    lambda torch, x, i: x.gather(0, i + 1),
    lambda torch, x, i: x.gather(0, i - 1),
    lambda torch, x, i: x.gather(5, i),
    lambda torch, x, i: x.gather(1, i[0]),
    lambda torch, x, i: x.gather(1, i.float()),
    lambda torch, x, i: x.gather(1, i.to(torch.int16)),
    lambda torch, x, i: x.gather(1, torch.zeros((2, 4, 5), dtype=torch.int64)),
    lambda torch, x, i: x.gather(0, [0]),
    lambda torch, x, i: x.gather(0, torch.zeros(0)),
    lambda torch, x, i: x.gather(0, torch.tensor([[[0, 9], [8, 0]]])),
    lambda torch, x, i: x.gather(2, torch.tensor([[[0, 1], [8, 0]], [[7, 0], [0, 6]]])),
    lambda torch, x, i: x.scatter(0, i, torch.tensor(2.0)),
    lambda torch, x, i: x.scatter(0, i, x.double()),
    lambda torch, x, i: x.scatter(0, i + 1, x),
    lambda torch, x, i: x.scatter(0, i - 1, 1),
    lambda torch, x, i: x.scatter(0, i.float(), x),
    lambda torch, x, i: x.scatter(0, torch.zeros((5, 3, 4), dtype=torch.int64), x),
    lambda torch, x, i: x.scatter(0, torch.zeros((2, 3, 5), dtype=torch.int64), x),
    lambda torch, x, i: x.scatter(0, torch.zeros((2, 3, 5), dtype=torch.int64), 1),
    lambda torch, x, i: x.scatter(0, torch.zeros((2, 3), dtype=torch.int64), x),
    lambda torch, x, i: x.scatter(0, torch.zeros((2, 3), dtype=torch.int64), 1),
    lambda torch, x, i: x.scatter(0, i, x[0]),
    lambda torch, x, i: x.scatter(7, i, x),
    lambda torch, x, i: x.scatter(0, i, 2.0, reduce="foo"),
    lambda torch, x, i: x.scatter_(0, i, x),
    lambda torch, x, i: x.scatter_add(0, i + 1, x),
    lambda torch, x, i: x.scatter_add(0, i, x.double()),
    lambda torch, x, i: x.scatter_add(0, i, 2.0),
    lambda torch, x, i: x.scatter_add(0, i.float(), x),
    lambda torch, x, i: x.scatter_add(0, i, x[..., :1]),
    lambda torch, x, i: x.take_along_dim(i, 1),
    lambda torch, x, i: x.take_along_dim(i[0], 0),
    lambda torch, x, i: x.take_along_dim(i.int(), 0),
    lambda torch, x, i: x.take_along_dim(i, 5),
    lambda torch, x, i: x.take_along_dim(i[:, :2], 0),
    lambda torch, x, i: torch.gather(x, 0, i, out=torch.empty(0)),
    lambda torch, x, i: torch.gather(x.detach(), 0, i, out=torch.empty(0, dtype=torch.int64)),
    lambda torch, x, i: torch.scatter_add(
        x.detach(), 0, i, x.detach(), out=torch.empty(0, dtype=torch.float64)
    ),
    lambda torch, x, i: x.detach().expand(2, 2, 3, 4).scatter_(0, i[None], 1),
    lambda torch, x, i: x.scatter_(0, i, 1),
    lambda torch, x, i: torch.zeros(0, 3).scatter_add(0, i[0, :1, :3], torch.ones(1, 3)),
    lambda torch, x, i: torch.zeros(0, 3).scatter(0, i[0, :1, :3], 1.0),
    lambda torch, x, i: torch.zeros(0, 3).gather(0, i[0, :1, :3]),
]  # fmt: skip


@pytest.mark.parametrize("nr", range(len(REFUSED)))
def test_refused(nr: int) -> None:
    same(REFUSED[nr], sample(2, 3, 4), places(2, 3, 4, high=2))


def test_scatter_with_reduce_has_no_derivative() -> None:
    x, s, i = sample(2, 3), sample(2, 3, seed=1), places(2, 3, high=2)
    same(lambda torch, x, i, s: x.scatter(0, i, s, reduce="add"), x, i, s)
    same(lambda torch, x, i: x.scatter(0, i, 2, reduce="add"), x, i)


def test_out() -> None:
    x, i = sample(2, 3, grad=False), places(2, 3, high=2)
    for shape in ((0,), (2, 3), (3, 2), (4,)):

        def run(torch: Any, x: Any, i: Any, shape: Any = shape) -> Any:
            outs = [torch.zeros(shape) for _ in range(4)]
            return (
                torch.gather(x, 0, i, out=outs[0]),
                torch.scatter(x, 0, i, 2.0, out=outs[1]),
                torch.scatter_add(x, 0, i, x, out=outs[2]),
                torch.take_along_dim(x, i, 0, out=outs[3]),
                [o is r for o, r in zip(outs, outs, strict=True)],
            )

        same(run, x, i)


@pytest.mark.parametrize("dtype", FLOATING, ids=str)
def test_repeated_places_add_up_in_order(dtype: torch.dtype) -> None:
    random = np.random.default_rng(0)
    x = torch.zeros(5, 7, dtype=dtype)
    s = torch.from_numpy(random.standard_normal((40, 7))).to(dtype)
    i = torch.from_numpy(random.integers(0, 5, (40, 7)))
    same(lambda torch, x, i, s: x.scatter_add(0, i, s), x, i, s, exact=True)
    same(lambda torch, x, i, s: x.gather(0, i), x, i, s, exact=True)


@pytest.mark.parametrize("high", [1, 3, 80])
def test_many_are_added_in_order(high: int) -> None:
    x, source = sample(70, 80, grad=False), sample(70, 90, seed=1, grad=False)
    index = places(70, 90, high=high)
    for given in (source, source * 1e6, source.T.contiguous().T):
        same(lambda torch, x, i, s: x.scatter_add(1, i, s), x, index, given, exact=True)
        same(lambda torch, x, i, s: x.scatter_add_(1, i[:, :77], s), x, index, given, exact=True)
    index[7, 3] = 80
    same(lambda torch, x, i, s: x.scatter_add(1, i, s), x, index, source)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_gather_of_few_elements(layout: str, dtype: torch.dtype) -> None:
    x = sample(4, 3, 5, layout=layout)
    for dim, high in enumerate((4, 3, 5)):
        for shape in ((4, 3, 5), (2, 3, 4), (1, 1, 9), (0, 2, 2), (4, 1, 5), (1, 4, 1)):
            i = places(*shape, high=high, dtype=dtype)
            for _ in range(2):
                same(lambda torch, x, i: x.gather(dim, i), x, i)
                same(lambda torch, x, i: x.gather(dim, i.transpose(0, 1)), x, i)
        for wrong in (-1, high):
            i = torch.tensor([[[0, wrong]]], dtype=dtype)
            same(lambda torch, x, i: x.gather(dim, i), x, i)
    same(lambda torch, x, i: x.gather(0, i), torch.tensor(3.0), torch.tensor(0, dtype=dtype))
    same(lambda torch, x, i: x.gather(0, i), torch.tensor(3.0), torch.tensor([0, 0], dtype=dtype))
    same(lambda torch, x, i: x.gather(0, i), torch.arange(3.0), torch.tensor(2, dtype=dtype))


@pytest.mark.parametrize(
    "shape, dim", [((70, 90), 0), ((5, 30, 33), 1), ((90, 70), 1), ((2, 3, 8, 99), 2)]
)
@pytest.mark.parametrize("taken", ["all", "fewer", "more", "narrower"])
def test_many_are_gathered(shape, dim, taken):
    """By loops where the other dims are as long as the input's."""
    random = torch.Generator().manual_seed(3)
    sizes = list(shape)
    sizes[dim] = {"all": sizes[dim], "fewer": 27, "more": 120, "narrower": 40}[taken]
    if taken == "narrower":
        sizes[dim - 1] -= 1
    index = torch.randint(shape[dim], sizes, generator=random)
    same(lambda t, x, i: t.gather(x, dim, i), sample(*shape), index)
    wrong = index.clone()
    wrong.view(-1)[-1] = shape[dim]
    same(lambda t, x, i: t.gather(x, dim, i), sample(*shape), wrong)


MANY_CALLS: list[Callable[..., Any]] = [
    lambda torch, x, i, s: x.gather(0, i),
    lambda torch, x, i, s: x.gather(1, i),
    lambda torch, x, i, s: x.gather(2, i),
    lambda torch, x, i, s: x.scatter_add(0, i, s),
    lambda torch, x, i, s: x.scatter_add(1, i, s),
    lambda torch, x, i, s: x.scatter_add(2, i, s),
    lambda torch, x, i, s: x.scatter(1, i, s),
    lambda torch, x, i, s: x.scatter(2, i, 2.5),
    lambda torch, x, i, s: x.detach().scatter(1, i, s.detach(), reduce="add"),
    lambda torch, x, i, s: x.detach().scatter(1, i, s.detach(), reduce="multiply"),
    *[
        lambda torch, x, i, s, d=d, kind=kind, own=own: x.scatter_reduce(
            d, i, s, kind, include_self=own
        )
        for d, (kind, own) in enumerate(itertools.product(("sum", "mean", "amax"), (True, False)))
        for d in (d % 3, (d + 1) % 3)
    ],
    lambda torch, x, i, s: x.detach().scatter_reduce(1, i, s.detach(), "amin"),
    lambda torch, x, i, s: x.detach().scatter_reduce(0, i, s.detach(), "prod"),
]
KEPT = [(), (0,), (2,), (0, 2), (1,), (0, 1, 2)]
"""The dims along which an index is expanded."""


@pytest.mark.parametrize("kept", KEPT, ids=str)
@pytest.mark.parametrize("nr", range(len(MANY_CALLS)))
def test_many(nr: int, kept: tuple[int, ...]) -> None:
    shape = (20, 20, 20)
    i = places(*[1 if d in kept else n for d, n in enumerate(shape)], high=20, seed=nr)
    i = i.expand(shape)
    x, s = sample(*shape), sample(*shape, seed=5)
    if nr >= 10:  # few values, so that some are equal
        x, s = ((t.detach() * 2).round().requires_grad_() for t in (x, s))
    same(MANY_CALLS[nr], x, i, s, exact=nr < 10, grad_tol=(1e-5, 1e-5))
    # no more than the loops take: other strides, sizes and dtypes
    same(MANY_CALLS[nr], x.transpose(0, 1), i.int(), s.transpose(0, 2))
    same(MANY_CALLS[nr], x, i[:19], s, stride=False)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes_of_many(dtype: torch.dtype) -> None:
    x, s = sample(30, 8, dtype=dtype), sample(900, 8, dtype=dtype, seed=2, low=-9, high=9)
    i = places(900, 1, high=30).expand(900, 8)
    for call in (MANY_CALLS[0], MANY_CALLS[3]):
        same(call, x, i, s)
    same(lambda torch, x, i, s: x.detach().scatter(0, i, s.detach()), x, i, s)
    for kind in ("sum", "amin", "amax", "prod", "mean"):
        same(
            lambda torch, x, i, s, kind: x.scatter_reduce(0, i, s, kind), x, i, s, kind, grad=False
        )


def test_nans_of_many() -> None:
    x, s, i = sample(30, grad=False), sample(5000, seed=2, grad=False), places(5000, high=30)
    x[3], s[::50] = torch.nan, torch.nan
    for kind in ("amin", "amax", "mean"):
        for own in (True, False):
            same(
                lambda torch, x, i, s, kind, own: x.scatter_reduce(
                    0, i, s, kind, include_self=own
                ),
                x, i, s, kind, own,
            )  # fmt: skip


def test_many_out_of_bounds() -> None:
    x, i = sample(4, 3000), places(2, 1, high=4)
    i[1] = 4
    same(lambda torch, x, i: x.gather(0, i.expand(2, 3000)), x, i)
    same(lambda torch, x, i: x.scatter_add(0, -i.expand(2, 3000), x.detach()), x, i)
