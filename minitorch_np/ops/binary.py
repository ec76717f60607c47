"""Arithmetic of two operands, broadcast against each other.

Python's operators on tensors are these ops; `operators.py` binds them.
"""

import math
from collections.abc import Callable
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, kernels
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.modes import state
from minitorch_np.kernels.large import MANY, Beside, Compiled, dense, loop, walked
from minitorch_np.loops import common_dtype, not_implemented, pointwise, rounded, scalar
from minitorch_np.op import Swift, alias, op
from minitorch_np.ops.copy import zeros_like
from minitorch_np.tensor import Number, Tensor, blank, plain

__all__ = [
    "add", "sub", "rsub", "mul", "div", "true_divide", "floor_divide", "remainder", "fmod",
    "subtract", "multiply", "divide",
]  # fmt: skip

Array = NDArray[Any]


def kind(x: Tensor | Number) -> Dtype:
    """The dtype of an operand, whether tensor or number."""
    return x.dtype if isinstance(x, Tensor) else dtypes.of_number(x)


def check_alpha(dtype: Dtype, alpha: Number) -> None:
    """Raise torch's error where `alpha` is of a higher category than the result.

    Source: alpha_check, aten/src/ATen/native/BinaryOps.h.
    """
    if isinstance(alpha, bool) and dtype is not dtypes.bool_:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and not dtype.is_floating_point:
        raise RuntimeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )


def check_subtraction(input: Tensor | Number, other: Tensor | Number) -> None:
    """Raise torch's error for bools. Source: sub_check, aten/src/ATen/native/BinaryOps.h."""
    bools = (kind(input) is dtypes.bool_) + (kind(other) is dtypes.bool_)
    if bools == 2:
        raise NotImplementedError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` "
            "or `logical_xor()` operator instead."
        )
    if bools:
        raise NotImplementedError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are "
            "trying to invert a mask, use the `~` or `logical_not()` operator instead."
        )


@overload
def scaled(t: Tensor, alpha: Number) -> Tensor: ...
@overload
def scaled(t: Tensor | Number, alpha: Number) -> Tensor | Number: ...
def scaled(t: Tensor | Number, alpha: Number) -> Tensor | Number:
    """`alpha` times `t`, or `t` itself for 1, so that the common case costs nothing."""
    return t if alpha == 1 and not isinstance(alpha, bool) else t * alpha


def taken(g: Tensor, alpha: Number) -> Tensor:
    """The gradient of what a difference takes off, `alpha` times."""
    return scaled(g, alpha).neg()


def narrowed(x: Tensor | Number, dtype: Dtype) -> Tensor | Number:
    """An operand that ATen converts to `dtype` first: numbers lose what a half type loses."""
    return x if isinstance(x, Tensor) else rounded(x, dtype)


def combined(
    f: Callable[[Array, Array, Array], object],
    input: Tensor | Number,
    other: Tensor | Number,
    alpha: Number,
    out: Tensor | None,
) -> Tensor:
    """`f(input, alpha * other)`, the form that addition and subtraction share."""
    if (
        type(alpha) is int
        and alpha == 1
        and isinstance(input, Tensor)
        and isinstance(other, Tensor)
    ):
        return pointwise(f if input.sizes == other.sizes else _BESIDE[f], input, other, out=out)
    alpha, dtype = plain(alpha), common_dtype(input, other)
    check_alpha(dtype, alpha)
    factor = dtype.compute.type(rounded(scalar(alpha, dtype), dtype))

    def scaling(a: Array, b: Array, result: Array) -> None:
        f(a, np.multiply(b, factor, dtype=result.dtype), result)

    kernel = f if alpha == 1 else scaling
    if kernel is scaling and dtype.is_floating_point:
        signed = factor if f is np.add else -factor
        kernel = Compiled("elementwise.add_scaled", scaling, signed)
    operands = narrowed(input, dtype), narrowed(other, dtype)
    return pointwise(kernel, *operands, out=out, numbers=True)


_ONE, _NORMAL, _INFINITY = np.float64(1), np.finfo(np.float32).tiny, np.float32(np.inf)


def _halfway_below(divisor: np.float32) -> np.float32:
    """Below which numbers may have a quotient halfway between two denormal ones; 0 if none has.

    Such a number is odd * divisor * 2**-150, and a multiple of 2**-149, as all are: the divisor is
    a multiple of 2, then. The inverse of a power of 2 is exact.
    """
    if not divisor or not np.isfinite(divisor) or divisor % 2:
        return np.float32(0)
    if math.frexp(divisor)[0] in (0.5, -0.5):
        return np.float32(0)
    return np.nextafter(np.abs(divisor) * _NORMAL, _INFINITY)


def over_one(a: Array, b: Array, out: Array) -> None:
    """`a / b` for a number, or a tensor of one element, `b`."""
    if not (dense(out) and (a is out or (np.shape(a) == out.shape and dense(a)))):
        np.true_divide(a, b, out)
        return
    divisor = np.float32(b.item() if isinstance(b, np.ndarray) else b)  # pyright: ignore[reportUnnecessaryIsInstance]  # numbers pass as well
    loop("elementwise.over")(a, out, divisor, float(_ONE / divisor), _halfway_below(divisor))


_BESIDE: dict[Callable[[Array, Array, Array], object], Callable[[Array, Array, Array], None]] = {
    f: Beside(f, kind) for kind, f in enumerate((np.add, np.subtract, np.multiply, np.true_divide))
}
"""The kernels of tensors of different shapes; `kernels.broadcast` numbers them so."""


@op("elementwise", inplace=True, quick=np.add, swift="add", whole=True)
def add(
    input: Tensor | Number,
    other: Tensor | Number,
    *,
    alpha: Number = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`input + alpha * other`, broadcast. Source: ATen/native/BinaryOps.cpp add."""
    return combined(np.add, input, other, alpha, out)


add.vjp(input=lambda g: g, other=lambda g, alpha: scaled(g, alpha))


@op("elementwise", inplace=True, quick=np.subtract, swift="subtract", whole=True)
def sub(
    input: Tensor | Number,
    other: Tensor | Number,
    *,
    alpha: Number = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`input - alpha * other`, broadcast. Raises: NotImplementedError for bools.

    Source: ATen/native/BinaryOps.cpp sub.
    """
    check_subtraction(input, other)
    return combined(np.subtract, input, other, alpha, out)


sub.vjp(input=lambda g: g, other=lambda g, alpha: taken(g, alpha))


def _taken_from(a: Array, b: Array, out: Array | None = None) -> Array:
    return np.subtract(b, a, out)


@op(
    "elementwise",
    method=False,
    node=lambda other: "RsubBackward0" if isinstance(other, Tensor) else "RsubBackward1",
    quick=_taken_from,
)
def rsub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """`other - alpha * input`, what `1 - x` calls. Source: ATen/native/BinaryOps.cpp rsub."""
    check_subtraction(other, input)
    return combined(np.subtract, other, input, alpha, None)


rsub.vjp(input=lambda g, alpha: taken(g, alpha), other=lambda g: g)


@op("elementwise", inplace=True, quick=np.multiply, swift="multiply", whole=True)
def mul(input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input * other`, broadcast; of bools, both. Source: ATen/native/BinaryOps.cpp mul."""
    f: Callable[[Array, Array, Array], object] = np.multiply
    if isinstance(input, Tensor) and isinstance(other, Tensor) and input.sizes != other.sizes:
        f = _BESIDE[f]
    return pointwise(f, input, other, out=out, numbers=True)


mul.vjp(input=lambda g, other: _scaled_by(g, other), other=lambda g, input: _scaled_by(g, input))

_SCALE = Swift("scale")
"""A gradient that is the same everywhere times a tensor, with the bits that NumPy leaves."""


def _scaled_by(g: Tensor, factor: Tensor | Number) -> Tensor:
    """The gradient times what the other factor was."""
    form = factor.form if isinstance(factor, Tensor) else None
    if form is None or form.each is None or not g.form.uniform or state.route or kernels.waiting:
        return g * factor
    if g.form.shape != form.shape or g.form.dtype is not form.dtype:
        return g * factor
    assert isinstance(factor, Tensor)
    done = blank(form)
    _SCALE[form.each](factor.array, g.array, done.array)
    return done


@op(
    "elementwise",
    inplace=True,
    node=lambda rounding_mode: "DivBackward0" if rounding_mode is None else "DivBackward2",
    quick=np.true_divide,
    swift="divide",
)
def div(
    input: Tensor | Number,
    other: Tensor | Number,
    *,
    rounding_mode: str | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """`input / other`, broadcast, or the quotient cut to an integer by 'trunc' or 'floor'.

    The true quotient of integers is floating point; the cut one stays in their dtype.
    Source: ATen/native/BinaryOps.cpp div.
    """
    if rounding_mode is None:
        f: Callable[[Array, Array, Array], object] = np.true_divide
        if not isinstance(other, Tensor) or other.numel() == 1:
            f = over_one
        elif isinstance(input, Tensor) and input.sizes != other.sizes:
            f = _BESIDE[f]
        return pointwise(f, input, other, out=out, floating=True, numbers=True)
    if rounding_mode == "floor":
        return floored(input, other, out)
    if rounding_mode == "trunc":
        dtype = common_dtype(input, other)
        if dtype is dtypes.bool_:
            raise not_implemented("div_trunc_cpu", dtype)
        cut = truncated_half(dtype) if dtype.is_half else _truncated
        return pointwise(cut, input, narrowed(other, dtype), out=out, numbers=True)
    raise RuntimeError(
        "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
        f"'{rounding_mode}'"
    )


div.vjp(
    input=lambda g, other, rounding_mode: g / other if rounding_mode is None else zeros_like(g),
    other=lambda g, input, other, rounding_mode: (
        -g * ((input / other) / other) if rounding_mode is None else zeros_like(g)
    ),
)


@op("elementwise", method=False, node="DivBackward1")
def div_scalar(input: Tensor, other: Number) -> Tensor:
    """`input / other` as ATen's own code divides by a number, which autograd names differently."""
    return pointwise(over_one, input, other, floating=True)


div_scalar.vjp(input=lambda g, other: div_scalar(g, other))


def exact(
    name: str, otherwise: Callable[[Array, Array, Array], None]
) -> Callable[[Array, Array, Array], None]:
    """A kernel that runs `otherwise`, or a compiled loop if that is as exact for all elements."""

    def kernel(a: Array, b: Array, out: Array) -> None:
        number = not isinstance(b, np.ndarray) and out.size >= MANY  # pyright: ignore[reportUnnecessaryIsInstance]  # numbers pass as well
        flat = walked((a, out) if number else (a, b, out)) if out.size >= MANY else None
        if flat is None:
            otherwise(a, b, out)
            return
        if number:
            flat.insert(1, np.full(1, b, np.float32))
        if loop("remainders.too_large")(*flat[:2]):
            otherwise(a, b, out)
        else:
            loop(f"remainders.{name}")(*flat)

    return kernel


def check_divisor(b: Array, out: Array) -> None:
    """Raise torch's error for an integer division by zero, if there is anything to divide."""
    if b.dtype.kind in "iu" and not np.all(b) and out.size:
        raise RuntimeError("ZeroDivisionError")


def truncated(a: Array, b: Array, out: Array) -> None:
    """The quotient rounded towards zero."""
    if out.dtype.kind == "f":
        np.trunc(np.true_divide(a, b), out)
        return
    check_divisor(np.asarray(b), out)
    np.floor_divide(a - np.fmod(a, b), b, out)


_truncated = Compiled("elementwise.div_trunc", truncated)


def truncated_half(dtype: Dtype) -> Callable[[Array, Array, Array], None]:
    """`truncated` of a quotient that was rounded to a half type first, as ATen does."""

    def kernel(a: Array, b: Array, out: Array) -> None:
        np.trunc(np.true_divide(a, b).astype(dtype.np).astype(out.dtype), out)

    return kernel


def _floored(a: Array, b: Array, out: Array) -> None:
    check_divisor(np.asarray(b), out)
    np.floor_divide(a, b, out)


_large_floored = exact("floor_divide", _floored)


def floored(
    input: Tensor | Number, other: Tensor | Number, out: Tensor | None, casts: bool = True
) -> Tensor:
    """The quotient rounded towards minus infinity."""
    dtype = common_dtype(input, other)
    if dtype is dtypes.bool_:
        raise not_implemented("div_floor_cpu", dtype)
    operands = narrowed(input, dtype), narrowed(other, dtype)
    return pointwise(_large_floored, *operands, out=out, numbers=True, casts=casts)


@op(
    "elementwise",
    inplace=True,
    node=lambda input: "torch::autograd::NotImplemented",
    refuses="leaf",
)
def floor_divide(
    input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor:
    """The quotient rounded towards minus infinity; it has no derivative in PyTorch either.

    Source: ATen/native/BinaryOps.cpp floor_divide.
    """
    return floored(input, other, out, casts=False)


def remainder_node(input: Tensor | Number, other: Tensor | Number) -> str:
    """The name of PyTorch's node for each overload of remainder."""
    if not isinstance(input, Tensor):
        return "torch::autograd::NotImplemented"
    return "RemainderBackward1" if isinstance(other, Tensor) else "RemainderBackward0"


def _small_remainder(a: Array, b: Array | float, out: Array | None = None) -> Array:
    rest = np.asarray(np.remainder(a, b))
    if rest.dtype.kind not in "iu":
        np.copysign(rest, a, out=rest, where=rest == 0)  # NumPy gives a zero the divisor's sign
    if out is None:
        return rest
    np.copyto(out, rest)
    return out


@op("elementwise", inplace=True, node=remainder_node, quick=_small_remainder)
def remainder(
    input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor:
    """The remainder with the sign of the divisor, as Python's `%`; a zero has that of `input`.

    Source: ATen/native/cpu/BinaryOpsKernel.cpp remainder_kernel.
    """
    dtype = common_dtype(input, other)
    if dtype is dtypes.bool_:
        raise not_implemented("remainder_cpu", dtype)
    return pointwise(_large_remainder, narrowed(input, dtype), narrowed(other, dtype), out=out)


def _remainder(a: Array, b: Array, out: Array) -> None:
    check_divisor(np.asarray(b), out)
    _small_remainder(a, b, out)


_large_remainder = exact("remainder", _remainder)


def _remainder_other(g: Tensor, input: Tensor | Number, other: Tensor) -> Tensor:
    if not isinstance(input, Tensor):
        raise RuntimeError("derivative for aten::remainder is not implemented")
    return -g * input.div(other, rounding_mode="floor")


remainder.vjp(
    input=lambda g: g,
    other=lambda g, input, other: _remainder_other(g, input, other),
)


@op(
    "elementwise",
    inplace=True,
    node=lambda other: "FmodBackward1" if isinstance(other, Tensor) else "FmodBackward0",
    quick=np.fmod,
)
def fmod(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """The remainder with the sign of the dividend, as C's fmod.

    Source: ATen/native/cpu/BinaryOpsKernel.cpp fmod_kernel.
    """
    dtype = common_dtype(input, other)
    if dtype is dtypes.bool_:
        raise not_implemented("fmod_cpu", dtype)
    return pointwise(_large_fmod, input, narrowed(other, dtype), out=out)


def _fmod(a: Array, b: Array, out: Array) -> None:
    check_divisor(np.asarray(b), out)
    np.fmod(a, b, out)


_large_fmod = exact("fmod", _fmod)


fmod.vjp(
    input=lambda g: g,
    other=lambda g, input, other: -g * input.div(other, rounding_mode="trunc"),
)

subtract = alias(sub, "subtract")
multiply = alias(mul, "multiply")
divide = alias(div, "divide")
true_divide = alias(div, "true_divide")
