"""Bessel functions of both kinds, modified ones, and Airy's function; none takes half types.

Source: aten/src/ATen/native/UnaryOps.cpp and Math.h; rules from FunctionsManual.cpp.
"""

import math
from collections.abc import Callable

from minitorch_np.kernels.large import in_doubles
from minitorch_np.loops import not_implemented, pointwise
from minitorch_np.op import op
from minitorch_np.ops.bessel import apart_from_zero, grown
from minitorch_np.tensor import Tensor

__all__ = [
    "special_airy_ai", "special_bessel_j0", "special_bessel_j1", "special_bessel_y0",
    "special_bessel_y1", "special_modified_bessel_i0", "special_modified_bessel_i1",
    "special_modified_bessel_k0", "special_modified_bessel_k1",
    "special_scaled_modified_bessel_k0", "special_scaled_modified_bessel_k1",
    "special_spherical_bessel_j0",
]  # fmt: skip


def _of_each(name: str, kernel: Callable[..., None], input: Tensor, out: Tensor | None) -> Tensor:
    if input.dtype.is_half:
        raise not_implemented(f"{name}_cpu", input.dtype)
    return pointwise(kernel, input, out=out, floating=True)


_j0, _j1 = in_doubles("cylinder.j0"), in_doubles("cylinder.j1")
_y0, _y1 = in_doubles("cylinder.y0"), in_doubles("cylinder.y1")
_i0, _i1 = grown("bessel.i0e"), grown("bessel.i1e")
_k0, _scaled_k0 = in_doubles("decay.k0", 0), in_doubles("decay.k0", 1)
_k1, _scaled_k1 = in_doubles("decay.k1", 0), in_doubles("decay.k1", 1)


@op("elementwise", method=False)
def special_bessel_j0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Bessel function of the first kind and order 0."""
    return _of_each("bessel_j0", _j0, input, out)


special_bessel_j0.vjp(input=lambda g, input: g * -special_bessel_j1(input))


@op("elementwise", method=False)
def special_bessel_j1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Bessel function of the first kind and order 1."""
    return _of_each("bessel_j1", _j1, input, out)


def _j1_slope(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    fine, safe = apart_from_zero(input)
    return g * (special_bessel_j0(safe) - out * safe.reciprocal()).where(fine, 0.5)


special_bessel_j1.vjp(input=_j1_slope)


@op("elementwise", method=False)
def special_bessel_y0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Bessel function of the second kind and order 0: -inf at 0, nan below."""
    return _of_each("bessel_y0", _y0, input, out)


special_bessel_y0.vjp(input=lambda g, input: g * -special_bessel_y1(input))


@op("elementwise", method=False)
def special_bessel_y1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Bessel function of the second kind and order 1: -inf at 0, nan below."""
    return _of_each("bessel_y1", _y1, input, out)


def _y1_slope(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    slope = special_bessel_y0(input) - out * input.reciprocal()
    return g * slope.where(input != 0, math.inf)


special_bessel_y1.vjp(input=_y1_slope)


@op("elementwise", method=False)
def special_modified_bessel_i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind and order 0."""
    return _of_each("modified_bessel_i0", _i0, input, out)


special_modified_bessel_i0.vjp(input=lambda g, input: g * special_modified_bessel_i1(input))


@op("elementwise", method=False)
def special_modified_bessel_i1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind and order 1."""
    return _of_each("modified_bessel_i1", _i1, input, out)


def _i1_slope(g: Tensor, input: Tensor, out: Tensor) -> Tensor:
    fine, safe = apart_from_zero(input)
    return g * (safe.i0() - out * safe.reciprocal()).where(fine, 0.5)


special_modified_bessel_i1.vjp(input=_i1_slope)


@op("elementwise", method=False)
def special_modified_bessel_k0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the second kind and order 0: inf at 0, nan below."""
    return _of_each("modified_bessel_k0", _k0, input, out)


special_modified_bessel_k0.vjp(input=lambda g, input: g * -special_modified_bessel_k1(input))


@op("elementwise", method=False)
def special_modified_bessel_k1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the second kind and order 1: inf at 0, nan below."""
    return _of_each("modified_bessel_k1", _k1, input, out)


special_modified_bessel_k1.vjp(
    input=lambda g, input, out: g * -(special_modified_bessel_k0(input) + out * input.reciprocal()),
)


@op("elementwise", method=False, differentiable=False)
def special_scaled_modified_bessel_k0(x: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`special_modified_bessel_k0(x) * exp(x)`."""
    return _of_each("scaled_modified_bessel_k0", _scaled_k0, x, out)


@op("elementwise", method=False, differentiable=False)
def special_scaled_modified_bessel_k1(x: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`special_modified_bessel_k1(x) * exp(x)`."""
    return _of_each("scaled_modified_bessel_k1", _scaled_k1, x, out)


@op("elementwise", method=False, differentiable=False)
def special_spherical_bessel_j0(x: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`sin(x) / x`, 1 at 0."""
    return _of_each("spherical_bessel_j0", in_doubles("cylinder.spherical"), x, out)


@op("elementwise", method=False, differentiable=False)
def special_airy_ai(x: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Airy's function Ai."""
    return _of_each("airy_ai", in_doubles("decay.airy"), x, out)
