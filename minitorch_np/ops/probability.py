"""The normal distribution's chances and quantiles, and terms of entropies.

Source: aten/src/ATen/native/UnaryOps.cpp, BinaryOps.cpp and Math.h.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np.kernels.large import in_doubles
from minitorch_np.loops import common_dtype, not_implemented, pointwise, result_for, rounded
from minitorch_np.op import composite, op
from minitorch_np.ops.scalar import add_scalar, mul_scalar
from minitorch_np.ops.special import complement, scaled_complement
from minitorch_np.tensor import Number, Tensor

__all__ = [
    "special_entr", "special_log_ndtr", "special_ndtr", "special_ndtri", "special_xlog1py",
]  # fmt: skip

Array = NDArray[Any]


@composite(method=False)
def special_ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The chance that a standard normal number is below each element."""
    values = mul_scalar(add_scalar(mul_scalar(input, math.sqrt(0.5)).erf(), 1), 0.5)
    if out is None:
        return values
    return result_for(out, values.sizes, values.dtype, []).copy_(values)


@op("elementwise", method=False)
def special_ndtri(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number below which a standard normal one falls with each chance: nan outside [0, 1]."""
    if input.dtype.is_half:
        raise not_implemented("ndtri_cpu", input.dtype)
    return pointwise(_ndtri, input, out=out, floating=True)


_ndtri = in_doubles("bessel.ndtri")


special_ndtri.vjp(
    input=lambda g, out: g * math.sqrt(2 * math.pi) * (out.square() * 0.5).exp(),
)


@op("elementwise", method=False)
def special_log_ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of `special_ndtr`, accurate far below 0."""
    if input.dtype.is_half:
        raise not_implemented("log_ndtr_cpu", input.dtype)
    return pointwise(_log_ndtr, input, out=out, floating=True)


def _log_ndtr(a: Array, o: Array) -> None:
    x = np.atleast_1d(a)
    t = x * o.dtype.type(math.sqrt(0.5))
    below = np.log(scaled_complement(-np.minimum(t, 0)).astype(o.dtype) / 2) - t * t
    values = np.where(x < -1, below, np.log1p(complement(t).astype(o.dtype) / -2))
    np.copyto(o, values.reshape(o.shape), casting="unsafe")


special_log_ndtr.vjp(
    input=lambda g, input, out: (
        g * (1 / math.sqrt(2 * math.pi)) * (out + input.pow(2) * 0.5).neg().exp()
    ),
)


@op("elementwise", method=False)
def special_entr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`-input * log(input)`: 0 at 0, and -inf below."""
    return pointwise(_entr, input, out=out, floating=True)


def _entr(a: Array, o: Array) -> None:
    values = np.where(a > 0, -a * np.log(a), np.where(a == 0, 0, -np.inf))
    np.copyto(o, np.where(np.isnan(a), a, values), casting="unsafe")


special_entr.vjp(input=lambda g, input: g * (-(1 + input.log())))


def times_log(
    log: np.ufunc, input: Tensor | Number, other: Tensor | Number, out: Tensor | None
) -> Tensor:
    """`input * log(other)`, 0 where `input` is 0; half types round numbers, which may be infinite
    then, and the logarithm, as ATen does."""
    dtype = common_dtype(input, other)

    def kernel(x: Array, y: Array, o: Array) -> None:
        logs = log(y, dtype=o.dtype)
        if dtype.is_half:
            logs = logs.astype(dtype.np).astype(o.dtype)
        x = np.asarray(x, o.dtype)
        values = np.where(np.equal(x, 0) & ~np.isnan(y), 0, x * logs)
        np.copyto(o, values, casting="unsafe")

    operands = [x if isinstance(x, Tensor) else rounded(x, dtype) for x in (input, other)]
    return pointwise(kernel, *operands, out=out, floating=True)


def xlog1py_node(input: Tensor | Number, other: Tensor | Number) -> str:
    """The name of PyTorch's node for each overload of xlog1py."""
    if not isinstance(input, Tensor):
        return "SpecialXlog1PyBackward1"
    return f"SpecialXlog1PyBackward{0 if isinstance(other, Tensor) else 2}"


@op("elementwise", method=False, node=xlog1py_node)
def special_xlog1py(
    input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor:
    """`input * log1p(other)`, 0 where `input` is 0."""
    return times_log(np.log1p, input, other, out)


def _xlog1py_slope(g: Tensor, input: Tensor, other: Tensor | Number) -> Tensor:
    slope = special_xlog1py(g, other)
    if isinstance(other, Tensor):
        return slope.masked_fill((input == 0.0) & (other <= -1.0), 0.0)
    return slope if other > -1 else slope.masked_fill(input == 0.0, 0.0)


special_xlog1py.vjp(
    input=_xlog1py_slope,
    other=lambda g, input, other: g * input / (other + 1),
)
