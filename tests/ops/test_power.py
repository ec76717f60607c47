"""Powers, maxima and the other binary functions against torch."""

import itertools

import pytest
import torch

from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample

BINARY = [
    "maximum", "minimum", "fmax", "fmin", "atan2", "arctan2", "hypot", "logaddexp", "logaddexp2",
    "copysign", "xlogy", "pow", "float_power",
]  # fmt: skip
LOOSE = {torch.float16: (4e-3, 1e-3), torch.bfloat16: (3e-2, 1e-2)}
"""For half types: ATen rounds powers and x log(y) more than once on some paths."""


def of(op):
    return lambda t, x, y: getattr(t, op)(x, y)


@pytest.mark.parametrize("op", BINARY)
def test_values_strides_and_both_derivatives(op):
    low = 0.2 if op in ("pow", "float_power", "xlogy") else -2.0
    for one, other in itertools.product(LAYOUTS, LAYOUTS):
        x, y = sample(2, 3, 4, layout=one, low=low), sample(2, 3, 4, layout=other, seed=1, low=low)
        same(of(op), x, y)
    for one, other in [((2, 3), (3,)), ((), (2,)), ((2, 1), (1, 3)), ((0, 3), (1, 3)), ((), ())]:
        x = sample(*one, dtype=torch.float64, low=low)
        same(of(op), x, sample(*other, dtype=torch.float64, seed=1, low=low), second=True)
    same(lambda t, x, y: getattr(x, op)(y), sample(3, low=low), sample(3, low=low))
    same(of(op), sample(2), sample(3))


@pytest.mark.parametrize("op", BINARY)
def test_every_pair_of_dtypes(op):
    for one, other in itertools.product(DTYPES, DTYPES):
        x, y = sample(4, dtype=one, grad=False), sample(4, dtype=other, seed=2, grad=False)
        if op == "pow" and not (one.is_floating_point or other.is_floating_point) and one != other:
            pass  # integers to negative powers, in a wider dtype: the same rule
        tol = LOOSE.get(torch.promote_types(one, other))
        same(of(op), x, y, tol=tol)
        same(of(op), x, y[0], tol=LOOSE.get(one, tol))


@pytest.mark.parametrize(
    "op", ["maximum", "minimum", "fmax", "fmin", "atan2", "copysign", "hypot", "logaddexp"]
)
def test_ties_and_edges(op):
    values = [0.0, -0.0, 1.0, -1.0, float("inf"), float("-inf"), float("nan")]
    x = torch.tensor([a for a in values for _ in values], requires_grad=True)
    y = torch.tensor([b for _ in values for b in values], requires_grad=True)
    same(of(op), x, y)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -1, -2, 0.5, -0.5, 1.7, 2.0, True, 5, 300])
def test_power_of_a_number(exponent):
    for dtype in DTYPES:
        x = sample(5, dtype=dtype, low=0.2, high=3)
        same(of("pow"), x, exponent, tol=LOOSE.get(dtype))
        same(lambda t, x: x.pow(exponent), x, tol=LOOSE.get(dtype))
    same(of("pow"), sample(2, 3, dtype=torch.float64, low=0.2), exponent, second=True)
    same(of("pow"), sample(2, 3, layout="transposed"), exponent)
    same(
        of("pow"),
        torch.tensor([0.0, -0.0, 1.0, -1.0, -2.5, float("inf")], requires_grad=True),
        exponent,
    )
    same(of("float_power"), sample(3), exponent)
    same(lambda t, x: (x * 1).pow_(exponent), sample(3, low=0.5))


@pytest.mark.parametrize("base", [0, 1, 2, -2, 0.5, 2.5, True])
def test_number_to_a_power(base):
    for dtype in DTYPES:
        x = sample(5, dtype=dtype, low=0.2, high=3)
        same(of("pow"), base, x, tol=LOOSE.get(dtype))
    same(of("pow"), base, sample(2, 3, dtype=torch.float64, low=0.2), second=True)
    same(of("pow"), base, torch.tensor([0.0, -1.0, 2.0], requires_grad=True))
    same(of("float_power"), base, sample(3))


def test_integer_powers():
    base = torch.tensor([0, 1, -1, 2, -2, 3])
    for power in (-3, -2, -1, 0, 1, 2, 5):
        if power == -1 or power < 0:
            same(of("pow"), base[1:], torch.full((5,), power))
        else:
            same(of("pow"), base, torch.full((6,), power))
        same(of("pow"), base, power)
    same(lambda t, x: x.pow_(0.5), base)


def test_zero_to_a_power():
    x = torch.tensor([0.0, 0.0, 0.0, 2.0, -1.0], requires_grad=True)
    y = torch.tensor([0.0, 2.0, -1.0, 0.0, 2.0], requires_grad=True)
    same(of("pow"), x, y)
    same(of("xlogy"), torch.tensor([0.0, 0.0, 0.0, 2.0], requires_grad=True),
         torch.tensor([0.0, 2.0, float("nan"), 0.0], requires_grad=True))  # fmt: skip


@pytest.mark.parametrize("number", [0, 2, -1.5, True])
def test_numbers(number):
    for dtype in FLOATING:
        same(of("xlogy"), sample(4, dtype=dtype, low=0.1), number, tol=LOOSE.get(dtype))
        same(of("xlogy"), number, sample(4, dtype=dtype, low=0.1), tol=LOOSE.get(dtype))
        same(of("copysign"), sample(4, dtype=dtype), number)


@pytest.mark.parametrize("number", [1e6, 65519, 65520, -1e6, 1e39, 3.4e38, 1e-8, 1e-46, 2**64 - 1])
@pytest.mark.parametrize("name", ["xlogy", "xlog1py"])
def test_numbers_that_the_dtype_does_not_hold(name, number):
    for dtype in (*FLOATING, torch.int8):
        x = torch.tensor([1, 2, 0, -1, 3]).to(dtype)
        tol = (1e-3, 0) if dtype.itemsize == 2 else None
        same(lambda t, x: getattr(t.special, name)(x, number), x, tol=tol)
        same(lambda t, x: getattr(t.special, name)(number, x), x, tol=tol)
    same(lambda t, x: x.xlogy_(number), torch.ones(3).half())


@pytest.mark.parametrize(
    "op", ["maximum", "fmax", "atan2", "hypot", "logaddexp", "copysign", "xlogy", "pow"]
)
def test_out_and_in_place(op):
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
    if hasattr(torch.Tensor, f"{op}_"):
        same(
            lambda t, x, y: getattr(x * 1, f"{op}_")(y),
            sample(2, 3, low=0.2),
            sample(3, low=0.2),
            second=True,
        )
        same(lambda t, x, y: getattr(x, f"{op}_")(y), sample(3, dtype=torch.int64), sample(3))


def test_square():
    same(lambda t, x: (t.square(x), (x * 1).square_()), sample(2, 3), second=True)


@pytest.mark.parametrize("dtype", FLOATING, ids=str)
@pytest.mark.parametrize("exponent", [0.5, -0.5, 2, 3, -1, -2, 0, 1])
def test_special_numbers_to_common_exponents(exponent, dtype):
    special = torch.tensor([float("-inf"), float("inf"), float("nan"), -0.0, 0.0, -4.0, 4.0])
    same(lambda t, x: x**exponent, special.to(dtype).requires_grad_())


@pytest.mark.parametrize("dtype", FLOATING, ids=str)
@pytest.mark.parametrize("times", [1, 2000])
def test_zeros_of_both_signs(dtype: torch.dtype, times: int) -> None:
    x = torch.tensor([0.0, -0.0, 0.0, -0.0, 1.0], dtype=dtype).repeat(times)
    y = torch.tensor([-0.0, 0.0, 0.0, -0.0, float("nan")], dtype=dtype).repeat(times)
    for name in ("fmax", "fmin"):
        same(lambda t, x, y, name=name: t.signbit(getattr(t, name)(x, y)), x, y)
        same(lambda t, x, y, name=name: t.signbit(getattr(t, name)(x[0], y)), x, y)
