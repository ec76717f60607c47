"""Comparison and logic against torch."""

import itertools

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np.graph.modes import OpMode
from tests.oracle import DTYPES, LAYOUTS, same, sample

COMPARE = [
    "eq", "ne", "lt", "le", "gt", "ge", "not_equal", "less", "less_equal", "greater",
    "greater_equal",
]  # fmt: skip
LOGIC = ["logical_and", "logical_or", "logical_xor"]
NAN = float("nan")
NUMBERS = [0, 1, -1, 0.5, True, 257, -1e10, float("nan"), float("inf")]


def of(op):
    return lambda t, x, y: getattr(t, op)(x, y)


@pytest.mark.parametrize("op", [*COMPARE, *LOGIC])
def test_every_pair_of_dtypes(op):
    for one, other in itertools.product(DTYPES, DTYPES):
        x, y = sample(6, dtype=one), sample(6, dtype=other, seed=1)
        same(of(op), x, y)
        same(of(op), x, y[0])
        same(lambda t, x: getattr(x, op)(x), x)


@pytest.mark.parametrize("op", COMPARE)
@pytest.mark.parametrize("number", NUMBERS)
def test_numbers(op, number):
    for dtype in DTYPES:
        same(of(op), sample(2, 3, dtype=dtype), number)


@pytest.mark.parametrize("op", [*COMPARE, *LOGIC])
def test_strides(op):
    for one, other in itertools.product(LAYOUTS, LAYOUTS):
        same(of(op), sample(2, 3, 4, layout=one), sample(2, 3, 4, layout=other, seed=1))
    same(of(op), sample(2, 1, 4), sample(3, 1))
    same(of(op), sample(0, 3), sample(1))
    same(of(op), sample(), sample())
    same(of(op), sample(2), sample(3))


@pytest.mark.parametrize("op", [*COMPARE, *LOGIC])
def test_in_place_and_out(op):
    def change(t, x, y):
        z = x * 2
        w = getattr(z, f"{op}_")(y)
        return w, w is z

    same(change, sample(2, 3), sample(3))
    if op in COMPARE:
        same(change, sample(2, 3), 0.5)
        same(lambda t, x, y: getattr(x, f"{op}_")(y), sample(3), sample(3))
    same(change, sample(3), sample(2, 3))

    def into(t, shape, dtype):
        o = t.empty(shape, dtype=getattr(t, dtype))
        return getattr(t, op)(t.ones((2, 3)), t.ones((3,)), out=o), o

    for dtype in ("bool", "float32", "int8"):
        same(into, (2, 3), dtype)
        same(into, (0,), dtype)


def test_nan_is_equal_to_nothing():
    x = torch.tensor([float("nan"), 1.0, float("inf")])
    for op in COMPARE:
        same(of(op), x, x)


@pytest.mark.parametrize("equal_nan", [False, True])
def test_closeness(equal_nan):
    x = torch.tensor([1.0, float("nan"), float("inf"), float("-inf"), 1e10, 0.0])
    y = torch.tensor([1.00001, float("nan"), float("inf"), float("inf"), 1.00001e10, 1e-9])
    for rtol, atol in [(1e-5, 1e-8), (0, 0), (0.1, 0.0), (0, 1.0), (-1, 0), (0, -1)]:
        same(lambda t, x, y, r, a: t.isclose(x, y, r, a, equal_nan), x, y, rtol, atol)
        same(lambda t, x, y, r, a: t.allclose(x, y, r, a, equal_nan), x, y, rtol, atol)
    for dtype in DTYPES:
        same(lambda t, x: t.isclose(x, x, equal_nan=equal_nan), sample(4, dtype=dtype))
        same(
            lambda t, x, y: x.isclose(y, rtol=0.5),
            sample(4, dtype=dtype),
            sample(4, dtype=dtype, seed=2),
        )
    same(lambda t, x, y: t.isclose(x, y), sample(3), sample(3, dtype=torch.float64))


def test_equal():
    for dtype in DTYPES:
        x = sample(2, 3, dtype=dtype)
        same(lambda t, x: (t.equal(x, x), t.equal(x, x * 1), x.equal(t.logical_not(x))), x)
    same(lambda t, x, y: t.equal(x, y), sample(2), sample(3))
    same(lambda t, x, y: t.equal(x, y), sample(2), sample(2, dtype=torch.float64))
    same(lambda t, x: t.equal(x, x), torch.tensor([float("nan")]))
    same(lambda t, x: t.equal(x, 1), sample(2))
    same(lambda t, x, y: t.equal(x, y), sample(2, 3), sample(2, 3, layout="transposed"))


@pytest.mark.parametrize("dtype", DTYPES)
def test_few_are_close_as_many_are(dtype):
    inf = float("inf")
    rows = torch.tensor([[1.0, 1.0, inf, NAN, 0.0, -inf], [1.0, 1.00001, inf, NAN, -0.0, inf]])
    rows = rows.nan_to_num(5, 7, 3).to(dtype) if not dtype.is_floating_point else rows.to(dtype)
    pairs = [(rows[0, i : i + 2], rows[1, i : i + 2]) for i in range(5)]
    pairs += [(rows[0, 0], rows[1, 1]), (rows[0, :1], rows[1, :2]), (rows[0], rows.t()[0])]
    pairs += [(rows[0, :2].expand(2100, 2), rows[1, :2].expand(2100, 2)), (rows[0], rows[1].int())]
    for x, y in pairs:
        for given in ((), (0, 0), (0.0, 1e-3), (1e-6, 1e-9), (-1, 0), (0, -1), (1, 1), (0, inf)):
            for equal_nan in (False, True):
                with np.errstate(all="raise"):
                    same(lambda t, x, y: t.allclose(x, y, *given, equal_nan=equal_nan), x, y)
        same(lambda t, x, y: (t.equal(x, y), t.equal(x, x), x.equal(y[:0])), x, y)


def test_modes_see_the_steps_of_closeness():
    seen: list[str] = []

    class Watch(OpMode):
        def __op__(self, op, args, kwargs):
            seen.append(op.name)
            return op(*args, **kwargs)

    x = minitorch_np.ones(3)
    with Watch():
        assert minitorch_np.allclose(x, x)
    assert seen[:3] == ["detach", "detach", "eq"]
