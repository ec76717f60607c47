"""scatter_reduce and index_reduce against PyTorch."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.oracle import DTYPES, same, sample

WAYS = ["sum", "prod", "mean", "amin", "amax"]


def places(*shape: int, high: int, seed: int = 0) -> torch.Tensor:
    """Random indices below `high`."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, high, shape, generator=generator)


@pytest.mark.parametrize("include", [True, False])
@pytest.mark.parametrize("reduce", WAYS)
def test_ways(reduce: str, include: bool) -> None:
    k = {"reduce": reduce, "include_self": include}
    for dtype in DTYPES:
        x, s = sample(3, 4, dtype=dtype), sample(5, 4, dtype=dtype, seed=2)
        at, rows = places(5, 4, high=3), places(5, high=3, seed=1)
        tol = (2e-2, 1e-2) if dtype.itemsize == 2 else None
        for i in (at, at.int(), at[:2, :3]):
            same(lambda torch, x, i, s: x.scatter_reduce(0, i, s, **k), x, i, s, tol=tol)
        for i in (rows, rows.int()):
            same(lambda torch, x, i, s: x.index_reduce(0, i, s, **k), x, i, s, tol=tol)
        same(lambda torch, x, i, s: x[0].index_reduce(0, i, s[:, 0], **k), x, rows, s, tol=tol)


@pytest.mark.parametrize("include", [True, False])
@pytest.mark.parametrize("reduce", WAYS)
def test_second_derivatives_with_zeros_and_ties(reduce: str, include: bool) -> None:
    k = {"reduce": reduce, "include_self": include}
    x = torch.tensor([[1.0, 0.0, 2.0], [3.0, 0.0, 2.0]], requires_grad=True)
    s = torch.tensor([[2.0, 0.0, 2.0], [0.0, 1.0, 2.0]], requires_grad=True)
    i, rows = torch.tensor([[0, 1, 0], [0, 1, 0]]), torch.tensor([1, 1])
    same(lambda torch, x, i, s: x.scatter_reduce(0, i, s, **k), x, i, s, second=True)
    same(lambda torch, x, i, s: x.index_reduce(0, i, s, **k), x, rows, s, second=True)


@pytest.mark.parametrize("reduce", ["scatter", "index"])
def test_two_zeros_have_no_second_derivative(reduce: str) -> None:
    def run(torch: Any, x: Any, i: Any) -> Any:
        source = (x[:2] * 0).detach().requires_grad_()
        way = x.scatter_reduce if reduce == "scatter" else x.index_reduce
        out = way(0, i if reduce == "scatter" else i[:, 0], source, "prod")
        (g,) = torch.autograd.grad(out.sum(), source, create_graph=True)
        torch.autograd.grad(g.sum(), x)

    same(run, sample(3, 2), torch.zeros(2, 2, dtype=torch.int64))


REFUSED: list[Callable[..., Any]] = [
    lambda torch, x, i, s: x.scatter_reduce(0, i, s, "foo"),
    lambda torch, x, i, s: x.scatter_reduce(0, i, s.double(), "sum"),
    lambda torch, x, i, s: x.scatter_reduce(0, i.float(), s, "sum"),
    lambda torch, x, i, s: x.scatter_reduce(0, i + 5, s, "sum"),
    lambda torch, x, i, s: x.scatter_reduce(0, i - 1, s, "sum"),
    lambda torch, x, i, s: x.scatter_reduce(0, i[0], s, "sum"),
    lambda torch, x, i, s: x.scatter_reduce(3, i, s, "sum"),
    lambda torch, x, i, s: x.scatter_reduce(0, i[:0], s, "sum", include_self=False),
    lambda torch, x, i, s: x.scatter_reduce_(0, i, s, "sum"),
    lambda torch, x, i, s: x.index_reduce(0, i[0], s, "sum"),
    lambda torch, x, i, s: x.index_reduce(0, i, s, "prod"),
    lambda torch, x, i, s: x.index_reduce(0, i[0, :2].float(), s, "prod"),
    lambda torch, x, i, s: x.index_reduce(0, i[0, :2], s.double(), "prod"),
    lambda torch, x, i, s: x.index_reduce(0, i[0, :2] + 5, s, "prod"),
    lambda torch, x, i, s: x.index_reduce(0, i[0, :1], s, "prod"),
    lambda torch, x, i, s: x.index_reduce(0, i[0, :2], s[:, :2], "prod"),
    lambda torch, x, i, s: x.index_reduce(3, i[0, :2], s, "prod"),
    lambda torch, x, i, s: x.index_reduce(0, i[0, :0], s[:0], "mean"),
    lambda torch, x, i, s: x.sum().index_reduce(0, i[0, 0], s.sum(), "mean"),
]  # fmt: skip


@pytest.mark.parametrize("nr", range(len(REFUSED)))
def test_refused(nr: int) -> None:
    same(REFUSED[nr], sample(2, 3), places(2, 3, high=2), sample(2, 3, seed=4))


def test_out() -> None:
    for shape in ((0,), (2, 3), (4,)):
        for dtype in ("float32", "float64"):

            def run(torch: Any, x: Any, i: Any, shape: Any = shape, dtype: str = dtype) -> Any:
                out = torch.zeros(shape, dtype=getattr(torch, dtype))
                torch.scatter_reduce(x, 0, i, x, "mean", out=out)
                return out, torch.index_reduce(x, 0, i[0, :2], x, "mean", out=out)

            same(run, sample(2, 3, grad=False), places(2, 3, high=2))
