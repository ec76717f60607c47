"""Arithmetic of two operands against torch: values, promotion, strides, gradients, refusals."""

import itertools

import numpy as np
import pytest
import torch

import minitorch_np
from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample

TENSORS = [
    "add", "sub", "rsub", "mul", "div", "floor_divide", "remainder", "fmod", "subtract",
    "multiply", "divide", "true_divide",
]  # fmt: skip
NO_GRADIENT = ["floor_divide"]
SHAPES = [((2, 3), (3,)), ((), (2,)), ((2, 1), (1, 3)), ((0, 3), (1, 3)), ((), ())]


def away(*shape, **options):
    """A sample without zeros, for divisors."""
    low = options.pop("low", 0.5)
    return sample(*shape, low=low, high=2.5, **options)


def of(op):
    return lambda t, x, y: getattr(t, op)(x, y)


@pytest.mark.parametrize("op", TENSORS)
def test_values_strides_and_both_derivatives(op):
    grad = op not in NO_GRADIENT
    for one, other in itertools.product(LAYOUTS, LAYOUTS):
        same(of(op), sample(2, 3, 4, layout=one), away(2, 3, 4, layout=other, seed=1), grad=grad)
    for one, other in SHAPES:
        x, y = sample(*one, dtype=torch.float64), away(*other, dtype=torch.float64, seed=1)
        same(of(op), x, y, second=True, grad=grad)
    if op != "rsub":
        same(lambda t, x, y: getattr(x, op)(y), sample(3), away(3, seed=1), grad=grad)


@pytest.mark.parametrize("op", TENSORS)
def test_every_pair_of_dtypes(op):
    for one, other in itertools.product(DTYPES, DTYPES):
        x = sample(4, dtype=one, grad=False)
        y = (
            torch.ones(4).to(other)
            if not other.is_floating_point
            else away(4, dtype=other, grad=False)
        )
        same(of(op), x, y)
        same(of(op), x, y[0])


@pytest.mark.parametrize("op", TENSORS)
@pytest.mark.parametrize("number", [2, -3, 0.75, True, 1e10, 300])
def test_numbers(op, number):
    for dtype in DTYPES:
        x = away(4, dtype=dtype) if dtype.is_floating_point else sample(4, dtype=dtype)
        # one rounding of a half type more or less: where the scalar is rounded differs by path
        same(
            of(op), x, number, exact=op in ("add", "sub", "mul", "div"), grad=op not in NO_GRADIENT
        )
    if op not in ("rsub", "fmod"):
        for dtype in DTYPES:
            y = away(4, dtype=dtype) if dtype.is_floating_point else torch.ones(4).to(dtype)
            same(of(op), number, y, grad=op not in (*NO_GRADIENT, "remainder"))


@pytest.mark.parametrize("op", ["add", "sub", "rsub"])
@pytest.mark.parametrize("alpha", [2, 1, 0.37, True, False, -3, 1000, 1e300])
def test_alpha(op, alpha):
    def f(t, x, y):
        return getattr(t, op)(x, y, alpha=alpha)

    for one, other in [(d, d) for d in DTYPES] + [
        (torch.int32, torch.float32),
        (torch.bool, torch.int8),
    ]:
        same(f, sample(4, dtype=one), sample(4, dtype=other, seed=3))
        same(f, sample(4, dtype=one), 2)
    same(f, sample(2, 3, dtype=torch.float64), sample(3, dtype=torch.float64), second=alpha == 2)


@pytest.mark.parametrize("mode", [None, "trunc", "floor", "up"])
def test_division_modes(mode):
    def f(t, x, y):
        return t.div(x, y, rounding_mode=mode)

    for dtype in DTYPES:
        x = torch.tensor([7, -7, 6, -6, 0, 1]).to(dtype)
        for divisor in (2, -2, 4, 0.5, 0, -0.3):
            same(f, x, divisor)
        same(f, x, torch.tensor([2, -3, 4, 5, 1, 1]).to(dtype))
    if mode is not None:  # PyTorch tells an explicit None from none given
        same(f, sample(2, 3), away(3), second=True)
    edges = torch.tensor([1.0, -1.0, 0.0, -0.0, float("inf"), float("nan"), 5.3, -5.3])
    for y in (0.0, -0.0, float("inf"), float("-inf"), 0.1, -0.1, float("nan")):
        same(f, edges, torch.full((8,), y))


@pytest.mark.parametrize("op", ["remainder", "fmod", "floor_divide"])
def test_signs_and_zeros(op):
    x = torch.tensor([7, -7, 6, -6, 0, 1])
    for dtype in DTYPES:
        for divisor in (3, -3, 0, 2.5, -2.5):
            same(of(op), x.to(dtype), divisor)
    edges = torch.tensor([1.0, -1.0, 0.0, -0.0, float("inf"), float("nan"), 5.3, -5.3])
    for y in (0.0, float("inf"), float("-inf"), 0.1, -0.1, float("nan")):
        same(of(op), edges, torch.full((8,), y))


@pytest.mark.parametrize("op", [o for o in TENSORS if o != "rsub"])
def test_in_place_and_out(op):
    grad = op not in NO_GRADIENT

    def change(t, x, y):
        z = x * 1.0
        w = getattr(z, f"{op}_")(y)
        return w, w is z, z._version

    same(change, sample(2, 3), away(3), second=grad, grad=grad)
    same(change, sample(3), away(2, 3))
    same(lambda t, x, y: getattr(x, f"{op}_")(y), sample(3), away(3))
    same(lambda t, x, y: getattr(x, f"{op}_")(y), sample(3, dtype=torch.int64), 1.5)
    same(
        lambda t, x, y: getattr(x, f"{op}_")(y),
        sample(3, dtype=torch.half),
        away(3, dtype=torch.float64, grad=False),
        grad=False,
    )
    same(lambda t, x, y: getattr(x, f"{op}_")(x.t()), away(3, 3, grad=False), 0)
    same(lambda t, x, y: getattr(x, f"{op}_")(y), away(1, 3, grad=False).expand(2, 3), 2)
    x, y = sample(2, 3, grad=False), away(3, grad=False)

    def into(t, shape, dtype):
        o = t.empty(shape, dtype=getattr(t, dtype))
        return getattr(t, op)(t.ones((2, 3)) * 2, t.ones((3,)), out=o), o

    for shape, dtype in [
        ((2, 3), "float32"),
        ((0,), "float64"),
        ((5,), "float32"),
        ((2, 3), "int64"),
    ]:
        same(into, shape, dtype)
    same(lambda t, x, y, o: getattr(t, op)(x, y, out=o.t()), x, y, torch.empty(3, 2))


def test_shapes_that_do_not_broadcast():
    for op in TENSORS:
        same(of(op), sample(2, 3), sample(4))


def test_saves_what_it_needs():
    def spoiled(op, which):
        def f(t, x, y):
            a, b = x * 1, y * 1
            z = getattr(t, op)(a, b)
            (a, b)[which].add_(1)
            return z

        return f

    for op in ("add", "sub", "mul", "div", "remainder", "fmod"):
        for which in (0, 1):
            same(spoiled(op, which), sample(3), away(3))
            same(spoiled(op, which), sample(3), away(3, grad=False))


def test_half_types_round_once():
    for dtype in FLOATING[:2]:
        x, y = sample(40, dtype=dtype), away(40, dtype=dtype)
        for op in ("add", "sub", "mul", "div"):
            same(of(op), x, y, exact=True)


@pytest.mark.parametrize("op", [op for op in TENSORS if op not in ("rsub", "remainder", "fmod")])
def test_two_numbers_make_a_tensor(op):
    for x, y in [(7, 2), (1.5, 2), (7, -2.0), (True, False), (True, 3), (0.1, 0.2), (1, 0)]:
        if op != "floor_divide" or y:
            same(lambda t, x=x, y=y: getattr(t, op)(x, y), exact=True)
    if op in ("add", "sub"):
        same(lambda t: getattr(t, op)(1, 2.5, alpha=2))
    same(lambda t: getattr(t, op)(6.0, 3.0, out=t.zeros(2)))


@pytest.mark.parametrize("op", ["pow", "remainder", "xlogy", "bitwise_and", "logical_and"])
def test_two_numbers_that_are_refused(op):
    with pytest.raises(TypeError):
        getattr(torch, op)(2, 3)
    with pytest.raises(TypeError):  # torch's text lists its overloads
        getattr(minitorch_np, op)(2, 3)


@pytest.mark.parametrize("op", ["add", "sub", "add_"])
def test_alpha_is_a_number(op):
    def f(t, x, y, alpha):
        return getattr(x * 1, op)(y, alpha=alpha)

    wanting = torch.tensor(2.0, requires_grad=True)
    row = torch.tensor([2.0, 3.0])
    for alpha in (torch.tensor(2.0), torch.tensor(2), wanting, row[:1], row, "a", None, np.int8(2)):
        same(f, sample(3), sample(3, seed=1), alpha)


@pytest.mark.parametrize("dtype", FLOATING, ids=str)
@pytest.mark.parametrize("times", [1, 2000])
def test_signs_of_zero_remainders(dtype: torch.dtype, times: int) -> None:
    x = torch.tensor([0.0, -0.0, 4.0, -4.0, 0.0, -0.0, 4.0, -4.0], dtype=dtype).repeat(times)
    y = torch.tensor([2.0] * 4 + [-2.0] * 4, dtype=dtype).repeat(times)
    for part in (slice(None), slice(None, None, 2)):
        same(lambda t, x, y, part=part: t.signbit(x[part] % y[part]), x, y)
    same(lambda t, x, y: t.signbit(x.remainder_(y)), x, y, grad=False)
    same(lambda t, x: t.signbit(x % -2), x)
    same(lambda t, x: t.signbit(x.remainder_(2)), x, grad=False)
    same(lambda t, x: t.signbit(x[1] % x[2]), x)
