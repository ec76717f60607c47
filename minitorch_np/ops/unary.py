"""Functions of one operand, element by element: a kernel, its dtype rule, its derivative.

`floating=True` turns integers into the default dtype first.
"""

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.kernels.large import MANY, Compiled, Vectors
from minitorch_np.kernels.shares import pointwise as shared
from minitorch_np.loops import (
    Kernel,
    blank_like,
    exactly,
    not_implemented,
    pointwise,
    refuse_kernel,
)
from minitorch_np.op import alias, composite, op
from minitorch_np.ops.copy import zeros, zeros_like
from minitorch_np.tensor import Tensor

__all__ = [
    "neg", "abs", "sign", "sgn", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt",
    "rsqrt", "reciprocal", "ceil", "floor", "round", "trunc", "frac", "positive", "deg2rad",
    "rad2deg", "sigmoid", "logit", "sinc", "negative", "absolute", "fix",
]  # fmt: skip

Array = NDArray[Any]


class InPlace(Compiled):
    """By a compiled loop in place, where NumPy's is slower; elsewhere memory is the limit."""

    __slots__ = ()

    def __call__(self, *arrays: Array) -> None:
        """Write the last of the arrays."""
        a, out = arrays
        if a is out and out.size >= MANY:
            super().__call__(a, out)
        else:
            shared(cast(np.ufunc, self.otherwise), (a,), out)

    def walk(self, inputs: Sequence[Array], out: Array) -> bool:
        """Whether the loop wrote `out`."""
        return inputs[0] is out and out.size >= MANY and super().walk(inputs, out)


_neg, _abs = InPlace("elementwise.neg", np.negative), InPlace("elementwise.absolute", np.abs)
_ceil, _trunc = InPlace("elementwise.ceil", np.ceil), InPlace("elementwise.trunc", np.trunc)


@op("elementwise", inplace=True, quick=np.negative, swift="negative")
def neg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`-input`. Raises: NotImplementedError for bools. Source: ATen/native/UnaryOps.cpp neg."""
    if input.dtype is dtypes.bool_:
        raise NotImplementedError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to "
            "invert a mask, use the `~` or `logical_not()` operator instead."
        )
    return exactly(_neg, input, out=out)


neg.vjp(input=lambda g: g.neg())


@op("elementwise", inplace=True, quick=np.abs)
def abs(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The distance from zero; its derivative at 0 is 0. Source: ATen/native/UnaryOps.cpp abs."""
    if input.dtype is dtypes.bool_:
        raise not_implemented("abs_cpu", input.dtype)
    return exactly(_abs, input, out=out)


abs.vjp(input=lambda g, input: g * input.sgn())


def _int_sign(a: Array, out: Array) -> None:
    # not np.sign: the sign of nan is 0 here
    np.subtract(np.greater(a, 0), np.less(a, 0), out, dtype=np.int8, casting="unsafe")


_sign = Compiled("elementwise.sign", _int_sign)


@op("elementwise", inplace=True)
def sign(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """-1, 0 or 1, by the sign of each element. Source: ATen/native/UnaryOps.cpp sign."""
    return exactly(_sign, input, out=out)


sign.vjp(input=lambda g: zeros_like(g))


@op("elementwise", inplace=True)
def sgn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`sign`, under the name that complex numbers have too."""
    return exactly(_sign, input, out=out)


sgn.vjp(input=lambda g, input, out: zeros(g, g.sizes))


@op("elementwise", inplace=True, quick=np.exp)
def exp(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """e to the power of each element."""
    return pointwise(_exp, input, out=out, floating=True)


_exp = Compiled("smooth.exp", np.exp)


exp.vjp(input=lambda g, out: g * out)


@op("elementwise", inplace=True, quick=np.exp2)
def exp2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """2 to the power of each element."""
    return pointwise(_exp2, input, out=out, floating=True)


_exp2 = Vectors("transcendental.exp2", np.exp2)


exp2.vjp(input=lambda g, out: g * out * math.log(2))


@op("elementwise", inplace=True, quick=np.expm1)
def expm1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`exp(input) - 1`, exact near 0."""
    return pointwise(_expm1, input, out=out, floating=True)


_expm1 = Vectors("transcendental.expm1", np.expm1)


expm1.vjp(input=lambda g, out: g * (out + 1))


@op("elementwise", inplace=True, quick=np.log)
def log(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The natural logarithm: -inf at 0, nan below."""
    return pointwise(_log, input, out=out, floating=True)


_log = Compiled("smooth.log", np.log)


log.vjp(input=lambda g, input: g.div(input))


@op("elementwise", inplace=True, quick=np.log2)
def log2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm to base 2."""
    return pointwise(_log2, input, out=out, floating=True)


_log2 = Vectors("transcendental.log2", np.log2)


log2.vjp(input=lambda g, input: g / (input * math.log(2)))


@op("elementwise", inplace=True, quick=np.log10)
def log10(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm to base 10."""
    return pointwise(_log10, input, out=out, floating=True)


_log10 = Vectors("transcendental.log10", np.log10)


log10.vjp(input=lambda g, input: g / (input * math.log(10)))


@op("elementwise", inplace=True, node="Log1PBackward0", quick=np.log1p)
def log1p(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`log(1 + input)`, exact near 0."""
    return pointwise(_log1p, input, out=out, floating=True)


_log1p = Vectors("transcendental.log1p", np.log1p)


log1p.vjp(input=lambda g, input: g / (input + 1))


@op("elementwise", inplace=True, quick=np.sqrt)
def sqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The square root, nan below 0; its derivative at 0 is inf."""
    return pointwise(np.sqrt, input, out=out, floating=True)


sqrt.vjp(input=lambda g, out: g / (2 * out))


def _reciprocal_root(a: Array, out: Array | None = None) -> Array:
    return np.reciprocal(np.sqrt(a), out)


reciprocal_root = Compiled("elementwise.rsqrt", _reciprocal_root)
"""`1 / sqrt(a)`, rounded twice as ATen rounds it."""


@op("elementwise", inplace=True, quick=_reciprocal_root, swift="reciprocal_root")
def rsqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`1 / sqrt(input)`."""
    return pointwise(reciprocal_root, input, out=out, floating=True)


rsqrt.vjp(input=lambda g, out: -0.5 * g * out.pow(3))


@op("elementwise", inplace=True, quick=np.reciprocal)
def reciprocal(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`1 / input`."""
    return pointwise(lambda a, o: np.true_divide(1, a, o), input, out=out, floating=True)


reciprocal.vjp(input=lambda g, out: -g * (out * out))


def integral(f: Kernel, kernel: str, input: Tensor, out: Tensor | None) -> Tensor:
    """A rounding of `input`; integers are copied, bools refused."""
    if input.dtype is dtypes.bool_:
        raise not_implemented(kernel, input.dtype)
    return exactly(f if input.dtype.is_floating_point else np.positive, input, out=out)


@op("elementwise", inplace=True, quick=np.ceil)
def ceil(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smallest integer at or above each element, in the same dtype."""
    return integral(_ceil, "ceil_vml_cpu", input, out)


ceil.vjp(input=lambda g: zeros_like(g))


@op("elementwise", inplace=True, quick=np.floor)
def floor(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The largest integer at or below each element, in the same dtype."""
    return integral(np.floor, "floor_vml_cpu", input, out)


floor.vjp(input=lambda g: zeros_like(g))


@op("elementwise", inplace=True, quick=np.trunc)
def trunc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element without its fraction, in the same dtype."""
    return integral(_trunc, "trunc_vml_cpu", input, out)


trunc.vjp(input=lambda g: zeros_like(g))


@op(
    "elementwise",
    inplace=True,
    node=lambda decimals: "RoundBackward0" if decimals is None else "RoundBackward1",
    quick=np.rint,
)
def round(input: Tensor, *, decimals: int | None = None, out: Tensor | None = None) -> Tensor:
    """Each element rounded to `decimals` places, by default to an integer; halves to even.

    Source: ATen/native/cpu/UnaryOpsKernel.cpp round_kernel, round_decimals_kernel.
    """
    if not decimals:
        return integral(np.rint, "round_vml_cpu", input, out)
    if not input.dtype.is_floating_point:
        refuse_kernel("round_cpu", input.dtype, input, out=out)
    ten = 10.0 ** np.abs(decimals)

    def places(a: Array, o: Array) -> None:
        unit = o.dtype.type(ten)
        np.true_divide(np.rint(a * unit), unit, o)

    def tens(a: Array, o: Array) -> None:
        unit = o.dtype.type(ten)
        np.multiply(np.rint(a / unit), unit, o)

    return exactly(places if decimals > 0 else tens, input, out=out)


round.vjp(input=lambda g: zeros_like(g))


@op("elementwise", inplace=True)
def frac(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The fraction of each element, with its sign."""
    if not input.dtype.is_floating_point:
        refuse_kernel("frac_cpu", input.dtype, input, out=out)
    return exactly(_frac, input, out=out)


_frac = Compiled("elementwise.frac", lambda a, o: np.subtract(a, np.trunc(a), o))


frac.vjp(input=lambda g: g)


@composite()
def positive(input: Tensor) -> Tensor:
    """The tensor itself. Raises: NotImplementedError for bools."""
    if input.dtype is dtypes.bool_:
        raise NotImplementedError("The `+` operator, on a bool tensor is not supported.")
    return input


def _converted(input: Tensor, factor: float, out: Tensor | None) -> Tensor:
    """`input` times a number, in the layout of `empty_like`, integers as the default dtype."""
    if out is None:
        kind = input.dtype if input.dtype.is_floating_point else dtypes.get_default_dtype()
        out = blank_like(input, kind)
    return pointwise(lambda a, o: np.multiply(a, factor, o), input, out=out, floating=True)


@op("like", inplace=True, node="Deg2RadBackward0")
def deg2rad(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Degrees as radians."""
    return _converted(input, math.pi / 180, out)


deg2rad.vjp(input=lambda g: g * (math.pi / 180))


@op("like", inplace=True, node="Rad2DegBackward0")
def rad2deg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Radians as degrees."""
    return _converted(input, 180 / math.pi, out)


rad2deg.vjp(input=lambda g: g * (180 / math.pi))


ONE = np.ones((), np.float32)
"""As an array, for NumPy takes longer to read a number."""


def _logistic(a: Array, out: Array | None = None) -> Array:
    out = np.negative(a, out)
    np.exp(out, out)
    np.add(out, ONE, out)
    return np.reciprocal(out, out)


logistic = Compiled("smooth.sigmoid", _logistic)
"""`1 / (1 + exp(-a))`: where exp overflows the result is 0, as it should be."""


@op("elementwise", inplace=True, quick=_logistic)
def sigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`1 / (1 + exp(-input))`. Source: ATen/native/cpu/UnaryOpsKernel.cpp sigmoid_kernel."""
    return pointwise(logistic, input, out=out, floating=True)


sigmoid.vjp(input=lambda g, out: sigmoid_backward(g, out))


def _logistic_slope(g: Array, y: Array, out: Array | None = None) -> Array:
    return np.multiply(g * (1 - y), y, out)


@op("elementwise", method=False, quick=_logistic_slope)
def sigmoid_backward(grad_output: Tensor, output: Tensor) -> Tensor:
    """The gradient of sigmoid from that of its result. Source: BinaryOpsKernel.cpp."""
    return pointwise(_sigmoid_backward, grad_output, output)


_sigmoid_backward = Compiled("smooth.sigmoid_backward", _logistic_slope)


sigmoid_backward.vjp(
    grad_output=lambda g, output: sigmoid_backward(g, output),
    output=lambda g, grad_output, output: g * grad_output * (1 - 2 * output),
)


@op("elementwise", inplace=True)
def logit(input: Tensor, eps: float | None = None, *, out: Tensor | None = None) -> Tensor:
    """`log(input / (1 - input))`, of `input` kept within [eps, 1 - eps] if `eps` is given.

    Source: ATen/native/cpu/UnaryOpsKernel.cpp logit_kernel.
    """

    half = input.dtype.np if input.dtype.is_half else None

    def held(a: Array) -> Array:  # ATen rounds each step to a half type here
        return a if half is None else a.astype(half).astype(np.float32)

    def log_odds(a: Array, o: Array) -> None:
        if eps is not None:
            low = held(np.asarray(eps, o.dtype))
            high = held(1 - low)
            a = np.where(a < low, low, np.where(a > high, high, a))
        np.log(held(a / held(1 - a)), o)

    kernel = Compiled("smooth.logit", log_odds) if eps is None and half is None else log_odds
    return pointwise(kernel, input, out=out, floating=True)


logit.vjp(input=lambda g, input, eps: logit_slope(g, input, eps))


@op("elementwise", method=False)
def logit_backward(grad_output: Tensor, input: Tensor, eps: float | None = None) -> Tensor:
    """The gradient of logit where nobody asks for the next one: one pass, of torch's stride."""
    low, outside = (0.0, math.nan) if eps is None else (eps, 0.0)
    return pointwise(
        lambda g, a, o: np.copyto(
            o, np.where((a < low) | (a > 1 - low), outside, g / (a * (1 - a))), casting="unsafe"
        ),
        grad_output,
        input,
    )


def logit_slope(grad: Tensor, input: Tensor, eps: float | None) -> Tensor:
    """The gradient of logit: 0 where `eps` cut the input, nan outside [0, 1] without it.

    Source: infinitely_differentiable_logit_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    if not is_grad_enabled():
        return logit_backward(grad, input, eps)
    inner = grad / (input * (1 - input))
    low, outside = (0.0, math.nan) if eps is None else (eps, 0.0)
    within = (input >= low).logical_and(input <= 1 - low)
    return inner.where(within, outside)


def _sinc(a: Array, o: Array) -> None:
    turns = a * o.dtype.type(math.pi)
    np.copyto(o, np.where(a == 0, 1, np.sin(turns) / turns), casting="unsafe")


@op("elementwise", inplace=True)
def sinc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`sin(pi x) / (pi x)`, 1 at 0."""
    return pointwise(_sinc, input, out=out, floating=True)


def _sinc_grad(g: Tensor, x: Tensor) -> Tensor:
    turns, below = x * math.pi, x * x * math.pi
    slope = g * ((turns * turns.cos() - turns.sin()) / below)
    return zeros(g, ()).where(below == 0, slope)


sinc.vjp(input=lambda g, input: _sinc_grad(g, input))

negative = alias(neg, "negative")
absolute = alias(abs, "absolute")
fix = alias(trunc, "fix")
