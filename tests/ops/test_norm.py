"""norm, linalg.vector_norm, linalg.matrix_norm, linalg.norm against torch."""

import math

import numpy as np
import pytest
import torch

from minitorch_np.form import Plans
from minitorch_np.ops import reduce as reductions
from tests.oracle import DTYPES, FLOATING, LAYOUTS, ours, same, sample

ORDERS = [2, 1, 0, 3.0, 1.5, 0.5, -1, -2.5, math.inf, -math.inf, None, "fro"]
FULL = (torch.float32, torch.float64)
HALF = (4e-3, 4e-3)
"""PyTorch rounds gradients of half types at every step."""


@pytest.mark.parametrize("p", ORDERS, ids=str)
def test_orders(p: float | str | None) -> None:
    for layout in LAYOUTS:
        x = sample(3, 4, layout=layout, dtype=torch.float64)  # powers of small numbers
        same(lambda t, x: t.norm(x, p), x)
        same(lambda t, x: x.norm(p, 1, True), x, second=p not in (0, None))
        same(lambda t, x: x.norm(p, (0, 1)), x)
        same(lambda t, x: x.norm(p, dim=0), x)


@pytest.mark.parametrize("p", ORDERS, ids=str)
def test_zeros_and_ties(p: float | str | None) -> None:
    x = torch.tensor([[0.0, 0.0, 0.0], [3.0, -3.0, 0.0], [1.0, 2.0, -2.0]], requires_grad=True)
    same(lambda t, x: x.norm(p, 1), x)
    same(lambda t, x: x.norm(p), torch.zeros(2, 2, requires_grad=True))
    same(lambda t, x: x.norm(p), sample())
    same(lambda t, x: x.norm(p), sample(0))
    same(lambda t, x: x.norm(p, 0), sample(0, 2))
    same(lambda t, x: x.norm(p, 1), sample(0, 2))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(dtype: torch.dtype) -> None:
    tol = HALF if dtype in FLOATING[:2] else None
    for p in (2, 1, 3, math.inf):
        same(lambda t, x: x.norm(p), sample(3, 4, dtype=dtype), tol=tol)
        same(lambda t, x: x.norm(p, 0, dtype=t.float64), sample(3, 4, dtype=dtype), tol=tol)
        same(lambda t, x: x.norm(p, 0, dtype=t.int64), sample(3, 4, dtype=dtype), tol=tol)
        same(lambda t, x: x.norm(p, 0, dtype=t.float16), sample(3, 4, dtype=dtype), tol=tol)


def test_errors_and_out() -> None:
    same(lambda t, x: x.norm("foo"), sample(2, 2))
    same(lambda t, x: x.norm(2, 3), sample(2, 2))
    same(lambda t, x: t.norm(x, out=t.empty(0)), sample(2, 2, grad=False))
    same(lambda t, x: t.norm(x, 2, 0, out=t.empty(0, dtype=t.float64)), sample(2, 2, grad=False))


@pytest.mark.parametrize("ord", [2, 1, 0, 3, math.inf, -math.inf])
def test_vector_norm(ord: float) -> None:
    for dim in (None, 0, 1, (0, 1), (1, 0), ()):
        same(lambda t, x: t.linalg.vector_norm(x, ord, dim), sample(2, 3))
        same(lambda t, x: t.linalg.vector_norm(x, ord, dim, keepdim=True), sample(2, 3))
    same(lambda t, x: t.linalg.vector_norm(x, ord, out=t.empty(0)), sample(2, 3, grad=False))


@pytest.mark.parametrize("ord", ["fro", 1, -1, math.inf, -math.inf, 3, "foo"])
def test_matrix_norm(ord: float | str) -> None:
    for dim in ((-2, -1), (0, 1), (2, 0)):
        same(lambda t, x: t.linalg.matrix_norm(x, ord, dim), sample(2, 3, 4))
        same(lambda t, x: t.linalg.matrix_norm(x, ord, dim, True), sample(2, 3, 4))
    same(lambda t, x: t.linalg.matrix_norm(x, ord), sample(3))


@pytest.mark.parametrize("ord", [None, 2, 1, "fro", 3, math.inf])
def test_linalg_norm(ord: float | str | None) -> None:
    same(lambda t, x: t.linalg.norm(x, ord), sample(3))
    same(lambda t, x: t.linalg.norm(x, ord, 1), sample(2, 3))
    same(lambda t, x: t.linalg.norm(x, ord, 1, True), sample(2, 3))
    if ord != 2:
        same(lambda t, x: t.linalg.norm(x, ord), sample(2, 3))
        same(lambda t, x: t.linalg.norm(x, ord, (0, 1)), sample(2, 3))
    same(lambda t, x: t.linalg.norm(x), sample(2, 3, 4))


def test_orders_of_arguments():
    same(lambda torch, x: torch.norm(x, 2, 1, True, torch.empty(0)), sample(2, 3, grad=False))
    same(lambda torch, x: torch.norm(x, 2, 1, True, None, torch.float64), sample(2, 3))
    same(lambda torch, x: x.norm(2, 1, True, torch.float64), sample(2, 3))
    same(
        lambda torch, x: torch.nn.functional.normalize(x, 1.0, 0, out=torch.empty(2, 3)),
        sample(2, 3, grad=False),
    )


def test_distances():
    x, y = sample(2, 3, dtype=torch.float64), sample(3, dtype=torch.float64, seed=5)
    for p in (2, 1, 0, 1.5, 3, 0.5, float("inf"), float("-inf")):
        same(lambda torch, x, y, p=p: torch.dist(x, y, p), x, y, second=True)
    same(lambda torch, x, y: torch.dist(x.half(), y), x, y)
    same(lambda torch, x: torch.dist(x, x), x)
    same(lambda torch, x: torch.dist(x.long(), x.long()), x.detach())
    same(lambda torch, x: torch.dist(x[:0], x[:0], float("inf")), x)


def test_shrunk_slices():
    x = sample(3, 4, 2, dtype=torch.float64)
    for p in (1, 2, 3.5, float("inf")):
        for dim in (0, 1, -1):
            same(lambda torch, x, p=p, d=dim: x.renorm(p, d, 2.0), x, second=True)
            same(lambda torch, x, p=p, d=dim: x.clone().renorm_(p, d, 1), x)
    same(lambda torch, x: torch.renorm(x.transpose(0, 2), 2, 0, 1.5), x)
    same(lambda torch, x: torch.renorm(x.half(), 2, 0, 1.5), x)
    same(lambda torch, x: torch.renorm(x, 2, 0, 1.5, out=torch.zeros(3).double()), x.detach())


def test_refused_shrinking():
    x = torch.rand(2, 3)
    same(lambda torch, x: x.renorm(0, 0, 1), x)
    same(lambda torch, x: x.renorm(2, 0, -1), x)
    same(lambda torch, x: x.renorm(2, 2, 1), x)
    same(lambda torch, x: x[0].renorm(2, 0, 1), x)
    same(lambda torch, x: x.long().renorm(2, 0, 1), x)
    same(lambda torch, x: torch.renorm(x, 2, 0, 1, out=torch.zeros(2, 3).double()), x)


@pytest.mark.parametrize("layout", ["contiguous", "reversed", "sliced"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_forms_met_before_have_the_same_bits(dtype, layout, monkeypatch):
    for shape in ((3, 4), (2, 3, 4), (1, 1), (), (0, 3), (3, 300), (70, 70)):
        x = sample(*shape, dtype=dtype, layout=layout, grad=False)
        for dim in (None, 0, -1, 1, (0,)):
            for keepdim in (False, True):
                monkeypatch.setattr(reductions, "_sums", Plans())
                found = []
                for order in (2, 1, 2.0, 2, "fro", None):
                    same(lambda t, x: x.norm(order, dim, keepdim), x)
                    if order != 1 and dtype in FULL and dim in (None, 0, -1):
                        found.append(ours(x).norm(order, dim, keepdim).numpy().tobytes())
                assert len(set(found)) <= 1


def test_few_squares_raise_no_flags():
    x = torch.tensor([[1e30, -1e30], [float("inf"), float("nan")]])
    for _ in range(3):
        with np.errstate(all="raise"):
            same(lambda t, x: (x.norm(), x.norm(dim=0), x[0].norm(), x[0].double().norm()), x)
