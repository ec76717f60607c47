"""The error function, its complement and its inverse.

NumPy has none of them. All compute in float64 and round to the result's dtype.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import kernels
from minitorch_np.kernels.large import FLOAT, Compiled, loop
from minitorch_np.loops import filling, not_implemented, pointwise
from minitorch_np.op import op
from minitorch_np.tensor import Tensor

__all__ = ["erf", "erfc", "erfinv", "special_erfcx"]

Array = NDArray[Any]
Doubles = NDArray[np.float64]

_SMALL = (
    [1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
     3.20937758913846947e3],
    [1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3,
     2.84423683343917062e3],
)  # fmt: skip
_MIDDLE = (
    [2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
     1.23033935479799725e3],
    [1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2,
     1.62138957456669019e3, 3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3,
     1.23033935480374942e3],
)  # fmt: skip
_LARGE = (
    [1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1,
     1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4],
    [1.0, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1,
     6.05183413124413191e-2, 2.33520497626869185e-3],
)  # fmt: skip


_SINGLE = (
    [
        -4.483873846953e-08,
        -2.884930503310e-07,
        3.057620446434e-04,
        2.956037765119e-03,
        5.093858775881e-02,
        1.669037597438e-01,
        1.128379168146e00,
    ],
    [
        -6.200644740999e-07,
        4.100093857860e-05,
        1.039872673458e-03,
        1.349145468392e-02,
        1.055588749896e-01,
        4.812479779810e-01,
        1.000000000000e00,
    ],
)


def ratio(coefficients: tuple[list[float], list[float]], x: Doubles) -> Doubles:
    """The quotient of two polynomials, highest coefficients first."""
    top, bottom = (np.asarray(c[0] * x + c[1]) for c in coefficients)
    for total, rest in ((top, coefficients[0]), (bottom, coefficients[1])):
        for c in rest[2:]:
            total *= x
            total += c
    return np.asarray(np.divide(top, bottom, top))


def single_error_function(a: Array) -> Array:
    """erf for float32 results: one quotient for all arguments, off by 1e-9 before it is rounded.

    Fitted to erf(x) / x in x squared on (0, 4] by weighted least squares, for the smallest largest
    relative error; beyond 4 float32 has only 1. A fifteenth of the time of `error_function`.
    """
    if not kernels.waiting and a.dtype == FLOAT and a.flags.carray:
        out = np.empty_like(a)
        loop("smooth.single_error")(a, out, *_SINGLE_ARRAYS)
        return out
    x = a.astype(np.float64).clip(-4.0, 4.0)
    return (x * ratio(_SINGLE, x * x)).astype(a.dtype)


_SINGLE_ARRAYS = tuple([np.array(one) for one in _SINGLE])


def scaled_beyond(y: Doubles) -> Doubles:
    """`erfc(y) * exp(y * y)` of y >= 0.46875, relatively accurate."""
    near = ratio(_MIDDLE, np.minimum(y, 4.0))
    if np.any(y > 4.0):
        inverse = 1.0 / np.square(np.maximum(y, 4.0))
        far = (1 / math.sqrt(math.pi) - inverse * ratio(_LARGE, inverse)) / np.maximum(y, 4.0)
        near = np.where(y > 4.0, far, near)
    return near


def square_grown(y: Doubles) -> Doubles:
    """`exp(y * y)`, relatively accurate."""
    # y * y loses bits that exp would magnify: a part of y whose square is exact, and the rest
    head = np.trunc(y * 16.0) / 16.0
    return np.exp(head * head) * np.exp((y - head) * (y + head))


def erfc_beyond(y: Doubles) -> Doubles:
    """The complementary error function of y >= 0.46875, relatively accurate."""
    head = np.trunc(y * 16.0) / 16.0  # as in `square_grown`
    return np.exp(-head * head) * np.exp(-(y - head) * (y + head)) * scaled_beyond(y)


def error_function(a: Array) -> Doubles:
    """erf in float64.

    Source: W. J. Cody, Rational Chebyshev approximations for the error function, Mathematics of
    Computation 23 (1969) 631-637: three ranges, each a quotient of polynomials.
    """
    x = np.asarray(a, np.float64)
    y = np.abs(x)
    values = np.asarray(x * ratio(_SMALL, np.square(np.minimum(y, 0.46875))))
    beyond = y > 0.46875
    if beyond.any():
        outer = x[beyond]
        values[beyond] = np.copysign(1.0 - erfc_beyond(np.minimum(np.abs(outer), 6.0)), outer)
    values[np.isnan(x)] = np.nan
    return values


def complement(a: Array) -> Doubles:
    """1 - erf in float64, relatively accurate for large arguments. Source: as `error_function`."""
    x = np.asarray(a, np.float64)
    y = np.abs(x)
    values = np.asarray(1.0 - x * ratio(_SMALL, np.square(np.minimum(y, 0.46875))))
    beyond = y > 0.46875
    if beyond.any():
        outer = x[beyond]
        tail = erfc_beyond(np.minimum(np.abs(outer), 27.5))
        values[beyond] = np.where(outer < 0, 2.0 - tail, tail)
    values[np.isnan(x)] = np.nan
    return values


def _erf_values(a: Array, o: Array) -> None:
    f = single_error_function if o.dtype == np.float32 else error_function
    np.copyto(o, f(np.asarray(a)), casting="unsafe")


_erf = Compiled("smooth.erf", _erf_values)


@op("elementwise", inplace=True, into=filling(_erf))
def erf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The error function: the chance that |N(0, 1/2)| is below each element, with its sign."""
    return pointwise(_erf, input, out=out, floating=True)


erf.vjp(input=lambda g, input: 2 / math.sqrt(math.pi) * (-(input.pow(2))).exp() * g)


def _erfc_values(a: Array, o: Array) -> None:
    np.copyto(o, complement(a), casting="unsafe")


_erfc = Compiled("smooth.erfc", _erfc_values)


@op("elementwise", inplace=True, into=filling(_erfc))
def erfc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`1 - erf(input)`, accurate where erf is near 1."""
    return pointwise(_erfc, input, out=out, floating=True)


erfc.vjp(input=lambda g, input: -2 / math.sqrt(math.pi) * (-(input.pow(2))).exp() * g)


def scaled_complement(a: Array) -> Doubles:
    """`erfc(a) * exp(a * a)` in float64, relatively accurate: inf far below 0."""
    x = np.asarray(a, np.float64)
    y = np.abs(x)
    inner = 1.0 - x * ratio(_SMALL, np.square(np.minimum(y, 0.46875)))
    grown = square_grown(np.minimum(y, 27.0))
    tail = scaled_beyond(np.maximum(y, 0.46875))
    values = np.where(y > 0.46875, np.where(x < 0, 2.0 * grown - tail, tail), inner * grown)
    values[np.isnan(x)] = np.nan
    return values


@op("elementwise", method=False)
def special_erfcx(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`erfc(input) * exp(input ** 2)`, which neither overflows nor vanishes above 0."""
    if input.dtype.is_half:
        raise not_implemented("erfcx_cpu", input.dtype)
    return pointwise(_erfcx, input, out=out, floating=True)


def _erfcx(a: Array, o: Array) -> None:
    np.copyto(o, scaled_complement(np.atleast_1d(a)).reshape(a.shape), casting="unsafe")


special_erfcx.vjp(
    input=lambda g, input, out: (2.0 * input * out - 2 / math.sqrt(math.pi)) * g,
)


def inverse_error_function(a: Array) -> Doubles:
    """The inverse of erf in float64: a closed guess, then Halley's steps on erf or its complement.

    Source: S. Winitzki, A handy approximation for the error function and its inverse (2008), for
    the guess; ATen's calc_erfinv improves another guess by Newton's steps.
    """
    y = np.asarray(a, np.float64)
    size = np.abs(y)
    bend = np.log1p(-size * size)
    half = 2 / (math.pi * 0.147) + bend / 2
    x = np.sqrt(np.sqrt(half * half - bend / 0.147) - half)
    for _ in range(3):
        # near 1 only the distance from 1 still tells arguments apart
        error = np.where(size > 0.5, (1.0 - size) - complement(x), error_function(x) - size)
        step = error * (math.sqrt(math.pi) / 2) * np.exp(x * x)
        x = x - step / (1 + x * step)
    x = np.where(size == 1, np.inf, np.where(size > 1, np.nan, np.where(size == 0, 0.0, x)))
    return np.copysign(x, y)


def _erfinv_values(a: Array, o: Array) -> None:
    np.copyto(o, inverse_error_function(a), casting="unsafe")


_erfinv = Compiled("smooth.erfinv", _erfinv_values)


@op("elementwise", inplace=True, into=filling(_erfinv))
def erfinv(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number whose erf is given: infinite at -1 and 1, nan beyond."""
    return pointwise(_erfinv, input, out=out, floating=True)


erfinv.vjp(input=lambda g, input: 0.5 * math.sqrt(math.pi) * input.erfinv().pow(2).exp() * g)
