"""Python's operators on tensors against torch: reflected and in place too, on every dtype."""

import operator
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from tests.oracle import DTYPES, assert_same, same, sample

BINARY = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "**": operator.pow, "&": operator.and_,
    "|": operator.or_, "^": operator.xor, "<<": operator.lshift, ">>": operator.rshift,
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
INPLACE = {
    "+=": operator.iadd, "-=": operator.isub, "*=": operator.imul, "/=": operator.itruediv,
    "//=": operator.ifloordiv, "%=": operator.imod, "**=": operator.ipow, "&=": operator.iand,
    "|=": operator.ior, "^=": operator.ixor, "<<=": operator.ilshift, ">>=": operator.irshift,
}  # fmt: skip
UNARY = {"-": operator.neg, "+": operator.pos, "~": operator.invert, "abs": abs}
HALF = {torch.float16: (4e-3, 1e-3), torch.bfloat16: (3e-2, 1e-2)}
"""Powers and remainders of half types are rounded more than once on some of ATen's paths."""


@pytest.mark.parametrize("symbol", BINARY)
def test_binary(symbol):
    f = BINARY[symbol]
    for dtype in DTYPES:
        x = sample(4, dtype=dtype, low=1, high=3)
        y = (
            sample(4, dtype=dtype, low=1, high=3, seed=1)
            if dtype.is_floating_point
            else torch.ones(4).to(dtype)
        )
        grad = symbol not in ("//", "%")
        same(lambda t, x, y: f(x, y), x, y, grad=grad, tol=HALF.get(dtype))
        for number in (2, 1.5, True, np.float64(1.5), np.int64(2)):
            same(lambda t, x, n: f(x, n), x, number, grad=grad, tol=HALF.get(dtype))
            same(lambda t, n, y: f(n, y), number, y, grad=grad, tol=HALF.get(dtype))
    same(lambda t, x, y: f(x, y), sample(2, 3, low=1), sample(3, low=1), second=symbol in "+-*/**")


@pytest.mark.parametrize("symbol", INPLACE)
def test_in_place(symbol):
    f = INPLACE[symbol]

    def change(t, x, y):
        z = x * 1
        w = f(z, y)
        return w, w is z

    for dtype in DTYPES:
        x = sample(4, dtype=dtype, low=1, high=3)
        same(change, x, x.detach(), grad=symbol not in ("//=", "%="), tol=HALF.get(dtype))
        same(change, x, 2, grad=symbol not in ("//=", "%="), tol=HALF.get(dtype))
    if symbol[0] not in "&|^<>":  # bits of floats are refused, by torch a step later
        same(lambda t, x: f(x, 2), sample(3))


@pytest.mark.parametrize("symbol", UNARY)
def test_unary(symbol):
    for dtype in DTYPES:
        same(lambda t, x: UNARY[symbol](x), sample(4, dtype=dtype))
    same(lambda t, x: UNARY[symbol](x), sample(2, 3, layout="transposed"))


@pytest.mark.parametrize("symbol", BINARY)
@pytest.mark.parametrize("foreign", [None, "text", (1, 2), object()])
def test_foreign_operands(symbol, foreign):
    f = BINARY[symbol]
    if not (symbol == "%" and foreign == "text"):
        same(lambda t, x: f(x, foreign), sample(2))
    if symbol not in "*%" and foreign.__class__ is not object:
        same(lambda t, x: f(foreign, x), sample(2))


def test_reflected_forms_have_torchs_nodes():
    same(
        lambda t, x: (1 + x, 2 - x, 3 * x, 4 / x, 5**x, 2 / (1 + x)),
        sample(3, low=0.5),
        second=True,
    )


def test_divmod_is_missing_in_both():
    same(lambda t, x: divmod(x, 2), sample(2))


def test_matmul():
    same(lambda t, x, y: x @ y, sample(2, 3), sample(3, 4))
    same(lambda t, x: x @ 2, sample(2, 3))


def test_reflected_by_name() -> None:
    """Special methods that Python never calls for two tensors, called by name."""
    for name in ("__rmatmul__", "__rdiv__", "__rtruediv__"):
        x, y = sample(3, 3), sample(3, 3, seed=1)
        same(lambda t, x, y, name=name: getattr(x, name)(y), x, y, second=True, tol=(1e-4, 1e-4))
        for other in (2, "x"):
            same(lambda t, x, name=name, other=other: getattr(x, name)(other), x)
    same(lambda t, x: 2 @ x, sample(3, 3))


@pytest.mark.parametrize("call", ["t == a", "a == t", "a / t", "np.array(2.0) / t", "t / a"])
def test_arrays_beside_tensors(call: str) -> None:
    """PyTorch answers these for NumPy's arrays, where Python alone would say False or nothing."""

    def run(lib: Any) -> object:
        return eval(call, {"t": lib.tensor([1.0, 2.0]), "a": np.array([1.0, 3.0]), "np": np})

    with warnings.catch_warnings(action="ignore"):  # of NumPy, about PyTorch's __array_wrap__
        assert_same(run(minitorch_np), run(torch))


NUMPYS = {
    "transpose": np.transpose,
    "turn": lambda t: np.swapaxes(t, 0, 1),
    "sqrt": np.sqrt,
    "less": lambda t: np.less(t, 2),
    "row": lambda t: np.broadcast_to(t, (2, 2, 3)),
    "flip": lambda t: np.flip(t),
    "rows": lambda t: np.expand_dims(t, 1),
}
"""Functions that NumPy hands a tensor to as an array, and what it makes back to the tensor."""


@pytest.mark.parametrize("f", NUMPYS.values(), ids=NUMPYS)
def test_what_numpy_makes_of_a_tensor(f: Any) -> None:
    """A view of its memory is one of the tensor's."""

    def run(library: Any, x: Any) -> Any:
        with warnings.catch_warnings(action="ignore"):  # of NumPy, about PyTorch's __array_wrap__
            made = f(x)
        if not isinstance(made, library.Tensor) or made.dtype is not x.dtype:
            return type(made).__name__, str(made.dtype), made.tolist()
        x[0, 1] = 7
        return made, made.stride()

    same(run, sample(2, 3, grad=False).abs())
