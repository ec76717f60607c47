"""Unary ops against torch: values, dtypes, strides, kinks, gradients and refusals."""

import pytest
import torch

from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample

ANY = (-2.0, 2.0)
UNIT = (-0.95, 0.95)
POSITIVE = (0.1, 3.0)
OPS = {
    "neg": ANY, "abs": ANY, "sign": ANY, "sgn": ANY, "exp": ANY, "exp2": ANY, "expm1": ANY,
    "log": POSITIVE, "log2": POSITIVE, "log10": POSITIVE, "log1p": POSITIVE, "sqrt": POSITIVE,
    "rsqrt": POSITIVE, "reciprocal": POSITIVE, "square": ANY, "ceil": ANY, "floor": ANY,
    "round": ANY, "trunc": ANY, "frac": ANY, "deg2rad": ANY, "rad2deg": ANY, "sigmoid": ANY,
    "logit": (0.05, 0.95), "sinc": ANY, "sin": ANY, "cos": ANY, "tan": UNIT, "asin": UNIT,
    "acos": UNIT, "atan": ANY, "sinh": ANY, "cosh": ANY, "tanh": ANY, "asinh": ANY,
    "acosh": (1.1, 3.0), "atanh": UNIT, "erf": ANY, "erfc": ANY, "erfinv": UNIT, "relu": ANY,
    "nan_to_num": ANY,
}  # fmt: skip
LOGICAL = ["isnan", "isinf", "isfinite", "isposinf", "isneginf", "isreal", "signbit", "logical_not"]
ALIASES = [
    "negative", "absolute", "fix", "arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh",
]  # fmt: skip
EDGES = [
    0.0, -0.0, 0.5, -0.5, 1.5, -1.5, 2.5, 1.0, -1.0, 6.0, -6.0, 30.0, -30.0, 100.0, -100.0,
    float("inf"), float("-inf"), float("nan"), 1e-8, 3.0, -3.0, 1e-30, 0.25,
]  # fmt: skip


def of(op):
    return lambda t, x: getattr(t, op)(x)


@pytest.mark.parametrize("op", OPS)
def test_values_strides_and_both_derivatives(op):
    low, high = OPS[op]
    for layout in LAYOUTS:
        x = sample(2, 3, 4, low=low, high=high, layout=layout, dtype=torch.float64)
        same(of(op), x, second=True)
    for shape in [(), (0,), (1, 3)]:
        same(of(op), sample(*shape, low=low, high=high), second=True)
    same(lambda t, x: getattr(x, op)(), sample(3, low=low, high=high))
    same(of(op), sample(1, 4, low=low, high=high).expand(3, 4))


@pytest.mark.parametrize("op", [*OPS, *LOGICAL, *ALIASES, "positive", "bitwise_not"])
def test_every_dtype(op):
    low, high = OPS.get(op, UNIT)
    for dtype in DTYPES:
        # ATen rounds 1 / sqrt twice in the last few elements of a half tensor, once before them
        loose = (4e-2, 1e-3) if dtype in FLOATING[:2] and op == "rsqrt" else None
        same(of(op), sample(5, dtype=dtype, low=low, high=high), grad_tol=loose)


@pytest.mark.parametrize("op", [*OPS, *LOGICAL])
def test_edges(op):
    for dtype in FLOATING:
        # numpy's sine of a large number is a few ulp from the vectorised one
        same(of(op), torch.tensor(EDGES, dtype=dtype).requires_grad_())


@pytest.mark.parametrize(
    "op",
    [
        *[o for o in OPS if o not in ("relu", "square")],
        "signbit",
        "isposinf",
        "logical_not",
        "bitwise_not",
    ],
)
def test_out(op):
    low, high = OPS.get(op, ANY)
    x = sample(2, 3, low=low, high=high, grad=False)

    def into(t, x, shape, dtype):
        o = t.empty(shape, dtype=getattr(t, dtype))
        return getattr(t, op)(x, out=o), o

    for shape, dtype in [((2, 3), "float32"), ((2, 3), "float64"), ((0,), "float32"),
                         ((5,), "float32"), ((2, 3), "int64"), ((2, 3), "bool")]:  # fmt: skip
        same(into, x, shape, dtype)
    same(lambda t, x, o: getattr(t, op)(x, out=o.t()), x, torch.empty(3, 2))
    same(lambda t, x, o: getattr(t, op)(x, out=o), x.clone().requires_grad_(), torch.empty(2, 3))


@pytest.mark.parametrize("op", OPS)
def test_in_place(op):
    low, high = OPS[op]

    def change(t, x):
        y = x * 1.0
        z = getattr(y, f"{op}_")()
        return z, z is y, y._version

    # PyTorch has no derivative of the in-place form of the inverse hyperbolic functions
    same(change, sample(2, 3, low=low, high=high), grad=op not in ("asinh", "acosh", "atanh"))
    same(lambda t, x: getattr(x, f"{op}_")(), sample(2, 3, low=low, high=high))
    same(lambda t, x: getattr(x, f"{op}_")(), sample(3, dtype=torch.int64))


@pytest.mark.parametrize("decimals", [1, 3, -1])
def test_round_decimals(decimals):
    x = torch.tensor([1.25, -1.35, 123.456, 0.05, -0.0, 15.0], requires_grad=True)
    same(lambda t, x: t.round(x, decimals=decimals), x)
    same(lambda t, x: t.round(x, decimals=decimals), x.detach().long())


@pytest.mark.parametrize("eps", [None, 0.1, 0.0])
def test_logit_eps(eps):
    x = torch.tensor([-0.5, 0.05, 0.5, 0.97, 1.0, 0.0, 1.5], requires_grad=True)
    same(lambda t, x: t.logit(x, eps), x, second=True)


def test_nan_to_num_replacements():
    x = torch.tensor(EDGES, requires_grad=True)
    same(lambda t, x: t.nan_to_num(x, 1.0, 2.0, -3.0), x)
    same(lambda t, x: x.nan_to_num(nan=-1.0, neginf=4.0), x)


def test_positive_is_the_tensor_itself():
    same(lambda t, x: t.positive(x), sample(3))


@pytest.mark.parametrize("op", ["erf", "erfc", "erfinv"])
def test_error_functions_to_float64_rounding(op):
    unit = torch.linspace(-1, 1, 4001, dtype=torch.float64)
    x = {
        "erf": unit * 7,
        "erfc": unit * 28,
        "erfinv": torch.cat([unit, 1 - torch.logspace(-16, -1, 200, dtype=torch.float64)]),
    }[op]
    # erfc is steep: an ulp of its argument is many of its value; ATen's erfinv is off near 1
    tol = {"erf": (4e-16, 0.0), "erfc": (1e-13, 1e-308), "erfinv": (2e-13, 0.0)}[op]
    same(of(op), x[x.abs() < 1 - 1e-9] if op == "erfinv" else x, tol=tol)


@pytest.mark.parametrize("op", ["exp", "sqrt", "tanh", "sigmoid", "rsqrt", "relu", "tan"])
def test_saves_its_result(op):
    def spoiled(t, x):
        y = getattr(t, op)(x)
        y.add_(1)
        return y

    same(spoiled, sample(3, low=0.2, high=0.9))


@pytest.mark.parametrize("op", ["log", "sin", "abs", "erf", "asin"])
def test_saves_its_input(op):
    def spoiled(t, x):
        y = x * 1
        z = getattr(t, op)(y)
        y.add_(1)
        return z

    same(spoiled, sample(3, low=0.2, high=0.9))


@pytest.mark.parametrize("eps", [None, 0.1])
def test_logit_of_nan_and_beyond(eps):
    x = torch.tensor([float("nan"), 0.0, 0.05, 0.5, 1.0, 1.5, -1.0], dtype=torch.float64)
    same(lambda t, x: t.logit(x, eps), x.requires_grad_())
    same(lambda t, x: t.logit(x, eps), x.requires_grad_(), second=True)
