"""Powers, and the binary functions that are smooth or pick one of two operands."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.modes import writes
from minitorch_np.guard import guarded_method
from minitorch_np.kernels.large import Beside, Compiled, Vectors
from minitorch_np.loops import (
    common_dtype,
    not_implemented,
    pointwise,
    refuse_kernel,
    rounded,
    scalar,
)
from minitorch_np.op import alias, composite, op
from minitorch_np.ops.binary import narrowed
from minitorch_np.ops.copy import own, wiped, zeros
from minitorch_np.ops.probability import times_log
from minitorch_np.ops.unary import InPlace, reciprocal_root
from minitorch_np.overloads import fits, unfitting
from minitorch_np.tensor import Number, Tensor, empty

__all__ = [
    "pow", "square", "square_", "float_power", "maximum", "minimum", "fmax", "fmin", "atan2",
    "arctan2", "hypot", "logaddexp", "logaddexp2", "copysign", "xlogy",
]  # fmt: skip

Array = NDArray[Any]
Unary = Callable[[Array, Array], object]
Pick = Callable[[Array, Array, Array], object]


def power_node(input: Tensor | Number, exponent: Tensor | Number) -> str:
    """The name of PyTorch's node for each overload of pow."""
    if not isinstance(exponent, Tensor):
        return "PowBackward0"
    return "PowBackward1" if isinstance(input, Tensor) else "PowBackward2"


def _small_power(a: Array, b: Array | float, out: Array | None = None) -> Array:
    if not isinstance(b, float):
        return np.power(a, b, out)
    out = np.empty_like(a) if out is None else out
    (_SHORT_WAYS.get(b) or _power_of(b))(a, out)
    return out


@op("elementwise", inplace=True, node=power_node, quick=_small_power, beside=False)
def pow(input: Tensor | Number, exponent: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input ** exponent`, broadcast; either may be a number.

    Integers stay integers: a negative number as their exponent raises RuntimeError, a tensor of
    negative exponents gives what is left of 1 / input ** n without its fraction.
    Source: ATen/native/Pow.cpp, ATen/native/cpu/PowKernel.cpp.
    """
    dtype = common_dtype(input, exponent)
    if not isinstance(exponent, Tensor):
        return _to_number(input, exponent, dtype, out)
    if dtype is dtypes.bool_:
        raise not_implemented("pow", dtype)
    if not isinstance(input, Tensor) and out is None:  # ATen names no stride for a number's power
        out = empty(exponent.sizes, strides.contiguous(exponent.sizes), dtype)
    if not isinstance(input, Tensor) and input == 1:
        return pointwise(lambda b, o: o.fill(1), exponent, out=out, common=dtype)
    f = np.power if dtype.is_floating_point else _integer_power
    return pointwise(f, narrowed(input, dtype), exponent, out=out, common=dtype)


def _to_number(
    input: Tensor | Number, exponent: Number, dtype: Dtype, out: Tensor | None
) -> Tensor:
    """A tensor to the power of a number, with ATen's shorter ways for the common exponents."""
    if not dtype.is_floating_point and dtypes.in_64_bits(exponent) < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    short = _SHORT_WAYS.get(exponent)
    if dtype is dtypes.float16:
        short = _HALF_WAYS.get(exponent, short)
    if short is None:
        exponent = dtypes.in_64_bits(exponent)
        if dtype is not dtypes.float32:  # that one becomes infinite
            exponent = rounded(scalar(exponent, dtype), dtype)
    return pointwise(short or _power_of(exponent), input, out=out, common=dtype)


def _power_of(exponent: Number) -> Unary:
    """NumPy's power to a number."""
    return lambda a, o: np.power(a, o.dtype.type(exponent), o)


def _same(a: Array, o: Array) -> None:
    np.copyto(o, a, casting="unsafe")


_SHORT_WAYS: dict[float, Unary] = {
    0.0: lambda a, o: o.fill(1),
    1.0: _same,
    0.5: np.sqrt,
    2.0: InPlace("elementwise.square", np.square),
    3.0: Compiled("elementwise.cube", lambda a, o: np.multiply(a * a, a, o)),
    -0.5: reciprocal_root,
    -1.0: lambda a, o: np.true_divide(1, a, o),
    -2.0: lambda a, o: np.true_divide(1, a * a, o),
}
"""Exponents for which ATen does not call pow. Source: ATen/native/cpu/PowKernel.cpp."""


def _half_power(a: Array, o: Array) -> None:
    """pow(a, 0.5), which is no root at -inf and -0; NumPy's power takes the root."""
    np.sqrt(a, o)
    o += 0
    np.copyto(o, math.inf, where=np.isneginf(a))


_HALF_WAYS: dict[float, Unary] = {
    0.5: _half_power,
    -0.5: lambda a, o: np.power(a, o.dtype.type(-0.5), o),
}
"""Those for which it does in float16."""


def _integer_power(a: Array, b: Array, o: Array) -> None:
    """Integer powers that wrap around; to a negative one only 1 and -1 leave anything."""
    base = np.asarray(a)
    power = np.power(base, np.maximum(b, 0))
    odd = np.where(b % 2 == 0, 1, base)
    np.copyto(o, np.where(b < 0, np.where(np.abs(base) == 1, odd, 0), power), casting="unsafe")


def pow_backward(g: Tensor, input: Tensor, exponent: Number) -> Tensor:
    """The gradient of a power of a number. Source: FunctionsManual.cpp pow_backward."""
    if exponent == 0:
        return empty(input.sizes, strides.contiguous(input.sizes), input.dtype).zero_()
    return g * (exponent * input.pow(exponent - 1))


def pow_backward_self(g: Tensor, input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """The gradient of the base. Source: FunctionsManual.cpp pow_backward_self."""
    assert isinstance(input, Tensor)
    if not isinstance(exponent, Tensor):
        return pow_backward(g, input, exponent)
    return zeros(g, ()).where(exponent == 0.0, g * (exponent * input.pow(exponent - 1)))


def pow_backward_exponent(
    g: Tensor, input: Tensor | Number, exponent: Tensor, out: Tensor
) -> Tensor:
    """The gradient of the exponent, 0 where the base is 0 and the power is no pole.

    Source: FunctionsManual.cpp pow_backward_exponent.
    """
    if isinstance(input, Tensor):
        flat = (input == 0).logical_and(exponent >= 0)
        return g * zeros(g, ()).where(flat, out * input.log())
    if input == 0:
        return g * zeros(g, ()).where(exponent >= 0, out * -math.inf)
    return g * (out * (math.log(input) if input > 0 else math.nan))


pow.vjp(
    input=lambda g, input, exponent: pow_backward_self(g, input, exponent),
    exponent=lambda g, input, exponent, out: pow_backward_exponent(g, input, exponent, out),
)


@composite()
def square(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input` times itself. Source: ATen/native/UnaryOps.cpp square."""
    return pow(input, 2, out=out)


@composite()
def square_(input: Tensor) -> Tensor:
    """In-place version of `square`."""
    writes("square_", input)
    return input.pow_(2)


@composite()
def float_power(
    input: Tensor | Number, exponent: Tensor | Number, *, out: Tensor | None = None
) -> Tensor:
    """`input ** exponent` in float64. Source: ATen/native/Pow.cpp float_power."""
    if not fits("float_power", input, exponent):
        raise unfitting("float_power", input, exponent)
    if out is not None and out.dtype is not dtypes.float64:
        raise RuntimeError(
            f"the output given to float_power has dtype {out.dtype.aten_name} but the operation's "
            "result requires dtype Double"
        )
    return pow(*[_wide(x) for x in (input, exponent)], out=out)


@guarded_method
def float_power_(self: Tensor, exponent: Tensor | Number) -> Tensor:
    """`self ** exponent` in place, of a float64 tensor."""
    writes("float_power_", self, exponent)
    if self.dtype is not dtypes.float64:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {self.dtype.aten_name} but the operation's "
            "result requires dtype Double"
        )
    return self.pow_(_wide(exponent))


def _wide(x: Tensor | Number) -> Tensor | Number:
    return x.to(dtypes.float64) if isinstance(x, Tensor) else float(x)


_larger, _smaller = Beside(np.maximum, 4), Beside(np.minimum, 5)


def larger(a: Array, b: Array, o: Array) -> None:
    """The larger of each pair."""
    np.maximum(a, b, out=o)  # NumPy takes no positional `out` here


def smaller(a: Array, b: Array, o: Array) -> None:
    """The smaller of each pair."""
    np.minimum(a, b, out=o)


@op("elementwise", quick=np.maximum, whole=True)
def maximum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger element of each pair, nan if either is; where equal, both get half the gradient.

    Source: ATen/native/BinaryOps.cpp maximum.
    """
    f = larger if input.sizes == other.sizes else _larger
    return pointwise(f, input, other, out=out)


maximum.vjp(
    input=lambda g, input, other: shared(g, input, other).masked_fill_(input < other, 0),
    other=lambda g, input, other: shared(g, input, other).masked_fill_(input > other, 0),
)


@op("elementwise", quick=np.minimum, whole=True)
def minimum(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller element of each pair, nan if either is; where equal, both get half the gradient.

    Source: ATen/native/BinaryOps.cpp minimum.
    """
    f = smaller if input.sizes == other.sizes else _smaller
    return pointwise(f, input, other, out=out)


minimum.vjp(
    input=lambda g, input, other: shared(g, input, other).masked_fill_(input > other, 0),
    other=lambda g, input, other: shared(g, input, other).masked_fill_(input < other, 0),
)


def shared(g: Tensor, input: Tensor, other: Tensor) -> Tensor:
    """A gradient, halved where both operands are equal and share it."""
    return (g / 2).where(input == other, g)


def _fmax(a: Array, b: Array, out: Array | None = None) -> Array:
    return _first_of_equals(np.fmax, a, b, out)


def _fmin(a: Array, b: Array, out: Array | None = None) -> Array:
    return _first_of_equals(np.fmin, a, b, out)


def _first_of_equals(f: np.ufunc, a: Array, b: Array, out: Array | None) -> Array:
    """Of zeros of both signs C's fmax and fmin take the first, NumPy's what the processor does."""
    found = np.asarray(f(a, b))
    np.copyto(found, a, where=a == b)
    if out is None:
        return found
    np.copyto(out, found)
    return out


def _picking(f: Pick, input: Tensor, other: Tensor) -> Pick:
    """`f`, the other way round for bfloat16: ATen's vectors of those take the second of equals."""

    def swapped(a: Array, b: Array, out: Array) -> object:
        return f(b, a, out)

    return swapped if common_dtype(input, other) is dtypes.bfloat16 else f


@op("elementwise", quick=_fmax)
def fmax(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The larger element of each pair, and the other one where one is nan."""
    return pointwise(_picking(_fmax, input, other), input, other, out=out)


fmax.vjp(
    input=lambda g, input, other: shared(g, input, other).masked_fill_(
        (input >= other).logical_or(other.isnan()).logical_not(), 0
    ),
    other=lambda g, input, other: shared(g, input, other).masked_fill_(
        (input > other).logical_or(other.isnan()), 0
    ),
)


@op("elementwise", quick=_fmin)
def fmin(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smaller element of each pair, and the other one where one is nan."""
    return pointwise(_picking(_fmin, input, other), input, other, out=out)


fmin.vjp(
    input=lambda g, input, other: shared(g, input, other).masked_fill_(
        (input <= other).logical_or(other.isnan()).logical_not(), 0
    ),
    other=lambda g, input, other: shared(g, input, other).masked_fill_(
        (input < other).logical_or(other.isnan()), 0
    ),
)


@op("elementwise", inplace=True, quick=np.arctan2)
def atan2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle of the point (other, input), in (-pi, pi]."""
    _ = other.sizes  # numbers are refused
    return pointwise(_atan2, input, other, out=out, floating=True)


_atan2 = Vectors("transcendental.atan2", np.arctan2)


def inverse_square(input: Tensor, other: Tensor) -> Tensor:
    """`1 / (input ** 2 + other ** 2)`, 0 at the origin, where an angle has no derivative."""
    square = input * input + other * other
    return own(square.reciprocal()).masked_fill_(square == 0, 0)


atan2.vjp(
    input=lambda g, input, other: g * other * inverse_square(input, other),
    other=lambda g, input, other: g * -input * inverse_square(input, other),
)
atan2.jvp(
    input=lambda t, input, other: other * t / (input * input + other * other),
    other=lambda t, input, other: -input * t / (input * input + other * other),
)


def floating(kernel: str, input: Tensor, other: Tensor, out: Tensor | None) -> None:
    """Raise ATen's error for operands whose common dtype is not floating point."""
    _ = other.sizes  # numbers are refused
    dtype = common_dtype(input, other)
    if not dtype.is_floating_point:
        refuse_kernel(kernel, dtype, input, other, out=out)


@op("elementwise", inplace=True, quick=np.hypot)
def hypot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`sqrt(input ** 2 + other ** 2)` without overflow in between."""
    floating("hypot_cpu", input, other, out)
    return pointwise(_hypot, input, other, out=out)


_hypot = Compiled("elementwise.hypot", np.hypot)


hypot.vjp(input=lambda g, input, out: g * input / out, other=lambda g, other, out: g * other / out)


@op("elementwise", quick=np.logaddexp)
def logaddexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`log(exp(input) + exp(other))` without overflow in between."""
    floating("logaddexp_cpu", input, other, out)
    return pointwise(_logaddexp, input, other, out=out)


_logaddexp = Compiled("smooth.logaddexp", np.logaddexp)


logaddexp.vjp(
    input=lambda g, input, other: g / (1 + (other - input).exp()),
    other=lambda g, input, other: g / (1 + (input - other).exp()),
)


@op("elementwise", quick=np.logaddexp2)
def logaddexp2(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`log2(2 ** input + 2 ** other)` without overflow in between."""
    floating("logaddexp2_cpu", input, other, out)
    return pointwise(_logaddexp2, input, other, out=out)


_logaddexp2 = Compiled("smooth.logaddexp2", np.logaddexp2)


logaddexp2.vjp(
    input=lambda g, input, other: g / (1 + pow(2, other - input)),
    other=lambda g, input, other: g / (1 + pow(2, input - other)),
)


@op(
    "elementwise",
    inplace=True,
    node=lambda other: "CopysignBackward0" if isinstance(other, Tensor) else "CopysignBackward1",
    quick=np.copysign,
)
def copysign(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """The size of `input` with the sign of `other`, -0.0 included."""
    return pointwise(_copysign, input, other, out=out, floating=True)


_copysign = Compiled("elementwise.copysign", np.copysign)


copysign.vjp(
    input=lambda g, input, out: g * (out / input).masked_fill_(input == 0, 0),
    other=lambda g, other_shape, other_dtype: wiped(other_shape, other_dtype),
)


def xlogy_node(input: Tensor | Number, other: Tensor | Number) -> str:
    """The name of PyTorch's node for each overload of xlogy."""
    if not isinstance(input, Tensor):
        return "XlogyBackward1"
    return "XlogyBackward0" if isinstance(other, Tensor) else "XlogyBackward2"


@op("elementwise", inplace=True, node=xlogy_node)
def xlogy(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input * log(other)`, 0 where `input` is 0. Source: ATen/native/cpu/BinaryOpsKernel.cpp."""
    return times_log(np.log, input, other, out)


xlogy.vjp(
    input=lambda g, input, other: xlogy(g, other).masked_fill((input == 0.0) & (other <= 0.0), 0),
    other=lambda g, input, other: g * input / other,
)

arctan2 = alias(atan2, "arctan2")
