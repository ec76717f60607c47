"""Modified Bessel functions of the first kind, of orders 0 and 1, plain and scaled by exp(-|x|).

Source: aten/src/ATen/native/cpu/UnaryOpsKernel.cpp and Math.h; rules from FunctionsManual.cpp.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np.dtypes import finfo
from minitorch_np.kernels.large import in_doubles
from minitorch_np.loops import pointwise
from minitorch_np.op import op
from minitorch_np.tensor import Tensor

__all__ = ["i0", "special_i0e", "special_i1", "special_i1e"]

Array = NDArray[Any]


def grown(name: str) -> Callable[[Array, Array], None]:
    """The kernel of an unscaled function, from the scaled one: exp overflows in the result's dtype,
    and there infinity over infinity is nan, as in ATen."""
    scaled = in_doubles(name)

    def kernel(a: Array, out: Array) -> None:
        growth = np.exp(np.abs(a), dtype=out.dtype)
        scaled(a, out)
        np.multiply(out, growth, out)

    return kernel


_i0, _i0e = grown("bessel.i0e"), in_doubles("bessel.i0e")
_i1, _i1e = grown("bessel.i1e"), in_doubles("bessel.i1e")


@op("elementwise", inplace=True)
def i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of order 0."""
    return pointwise(_i0, input, out=out, floating=True)


i0.vjp(input=lambda g, input: g * special_i1(input))


@op("elementwise", method=False, node="SpecialI0EBackward0")
def special_i0e(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`i0(input) * exp(-|input|)`."""
    return pointwise(_i0e, input, out=out, floating=True)


special_i0e.vjp(input=lambda g, input, out: g * (special_i1e(input) - input.sgn() * out))


def apart_from_zero(input: Tensor) -> tuple[Tensor, Tensor]:
    """Where elements are not tiny, and the elements, the tiny ones made large enough to divide by.

    Source: i1_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    least = finfo(input.dtype).eps
    fine = input.abs() > least
    return fine, input.where(fine, least)


@op("elementwise", method=False, node="SpecialI1Backward0")
def special_i1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of order 1."""
    return pointwise(_i1, input, out=out, floating=True)


def _i1_slope(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    fine, safe = apart_from_zero(input)
    return g * (safe.i0() - out * safe.reciprocal()).where(fine, 0.5)


special_i1.vjp(input=_i1_slope)


@op("elementwise", method=False, node="SpecialI1EBackward0")
def special_i1e(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`special_i1(input) * exp(-|input|)`."""
    return pointwise(_i1e, input, out=out, floating=True)


def _i1e_slope(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    fine, safe = apart_from_zero(input)
    slope = special_i0e(safe) - out * (safe.sgn() + safe.reciprocal())
    return g * slope.where(fine, 0.5)


special_i1e.vjp(input=_i1e_slope)
