"""Uniform numbers into normal ones, rounded as PyTorch's CPU kernels round them.

Everything is ndarray in, ndarray out. float32 runs the polynomials of PyTorch's AVX2 kernel (which
it also takes on AVX512) with its fused multiply-adds; float64 calls the C library, element by
element as PyTorch does, because NumPy's own vectorised logarithm differs from it in the last bit.
Source: aten/src/ATen/native/cpu/DistributionTemplates.h NormalFill16, avx_mathfun.h.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

TWO_PI: Final = 2.0 * math.pi
_BLOCK: Final = 16
_CHUNK: Final = 512  # blocks worked on at once: the temporaries of one chunk stay in the cache


def _singles(*values: float) -> tuple[float, ...]:
    return tuple(np.array(values, np.float32).tolist())


SQRT_HALF = np.float32(0.707106781186547524)
LOG_SERIES: Final = _singles(
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
LN2_LOW, LN2_HIGH = _singles(-2.12194440e-4, 0.693359375)
FOUR_OVER_PI, TWO_PI32 = _singles(1.27323954473516, TWO_PI)
# pi / 4 in three parts, so that x - j * pi / 4 keeps its low bits
MINUS_QUARTER_PI: Final = _singles(-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)
SIN_SERIES: Final = _singles(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
COS_SERIES: Final = _singles(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_SPLIT: Final = 134217729.0  # 2^27 + 1: halves a float64 into two factors whose products are exact


def single(x: NDArray[np.floating]) -> F64:
    """`x` rounded to float32, still held in float64."""
    return x.astype(np.float32).astype(np.float64)


def fma32(a: F64, b: F64 | float, c: F64 | float) -> F64:
    """a * b + c of float32 numbers held in float64, rounded once, while that is no denormal."""
    # The product of two 24-bit numbers is exact in float64. What the sum loses there matters only
    # where it then lies halfway between two float32, and so would be rounded without regard to it.
    product = a * b
    total = product + c
    halfway = (total.view(np.int64) & 0x1FFF_FFFF) == 0x1000_0000
    if halfway.any():
        other = total - product
        lost = (product - (total - other)) + (c - other)
        aside = np.nextafter(total, np.copysign(np.inf, lost))
        total = np.where(halfway & (lost != 0), aside, total)
    return single(total)


def fma64(a: F64, b: float, c: F64 | float) -> F64:
    """a * b + c in float64 with one rounding (but for ties), while no part over- or underflows."""
    if b == 1.0:
        return a + c
    # one of the two roundings does nothing, or there is nothing to round
    if not math.isfinite(b):
        return a * b + c
    if not isinstance(c, np.ndarray) and (c == 0.0 or not math.isfinite(c)):
        return a * b + c
    product = a * b
    a_high, b_high = a * _SPLIT, b * _SPLIT
    a_high, b_high = a_high - (a_high - a), b_high - (b_high - b)
    a_low, b_low = a - a_high, b - b_high
    rest = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    total = product + c
    back = total - product
    return total + (((product - (total - back)) + (c - back)) + rest)


def log32(x: F32) -> F64:
    """Natural logarithm of normal positive numbers, bit-equal to avx_mathfun.h log256_ps."""
    bits = x.view(np.int32)
    exponent = ((bits >> 23) - 126).astype(np.float64)
    fraction = ((bits & 0x007FFFFF) | 0x3F000000).view(np.float32)  # in [1/2, 1)
    small = fraction < SQRT_HALF
    exponent -= small
    rest = fraction - 1.0
    rest += fraction * small
    rest = rest.astype(np.float64)
    square = single(rest * rest)
    y = fma32(rest, LOG_SERIES[0], LOG_SERIES[1])
    for coefficient in LOG_SERIES[2:]:
        y = fma32(y, rest, coefficient)
    y = fma32(single(y * rest), square, single(exponent * LN2_LOW))
    y = fma32(square, -0.5, y)
    return fma32(exponent, LN2_HIGH, single(rest + y))


def sincos32(x: F64) -> tuple[F64, F64]:
    """Sine and cosine of `x` in [0, 8192), bit-equal to avx_mathfun.h sincos256_ps."""
    octant = (single(x * FOUR_OVER_PI).astype(np.int32) + 1) & ~1
    turns = octant.astype(np.float64)
    for part in MINUS_QUARTER_PI:
        x = fma32(turns, part, x)
    square = single(x * x)
    cos = fma32(square, COS_SERIES[0], COS_SERIES[1])
    cos = fma32(cos, square, COS_SERIES[2])
    cos = single(fma32(single(cos * square), square, square * -0.5) + 1.0)
    sin = fma32(square, SIN_SERIES[0], SIN_SERIES[1])
    sin = fma32(sin, square, SIN_SERIES[2])
    sin = fma32(single(sin * square), x, x)
    swapped = (octant & 2) != 0
    sin, cos = np.where(swapped, cos, sin), np.where(swapped, sin, cos)
    sin *= 1 - ((octant & 4) >> 1)
    cos *= 1 - (((octant + 2) & 4) >> 1)
    return sin, cos


def block_normal32(uniform: F32, mean: float, std: float) -> F32:
    """Normal numbers from as many uniform ones, in blocks of 16: 8 radii, then 8 angles."""
    blocks = uniform.reshape(-1, 2, _BLOCK // 2)
    out = np.empty_like(blocks)
    shift, scale = float(np.float32(mean)), float(np.float32(std))
    for first in range(0, len(blocks), _CHUNK):
        part = slice(first, first + _CHUNK)
        radius = single(-2.0 * log32(np.float32(1.0) - blocks[part, 0]))
        radius = single(np.sqrt(radius))
        sin, cos = sincos32(single(blocks[part, 1] * TWO_PI32))
        out[part, 0] = fma32(single(radius * cos), scale, shift)
        out[part, 1] = fma32(single(radius * sin), scale, shift)
    return out.reshape(-1)


def block_normal64(uniform: F64, mean: float, std: float) -> F64:
    """The float64 counterpart of `block_normal32`."""
    blocks = uniform.reshape(-1, 2, _BLOCK // 2)
    log = _each(math.log, 1.0 - blocks[:, 0])
    sin, cos = pair_normal64(log, TWO_PI * blocks[:, 1])
    return fma64(np.stack([cos, sin], 1), std, mean).reshape(-1)


def pair_normal64(log: F64, theta: F64) -> tuple[F64, F64]:
    """sqrt(-2 log) times the sine and the cosine of `theta`: two independent normal numbers."""
    radius = np.sqrt(-2.0 * log)
    turn = np.zeros(theta.shape, np.complex128)
    turn.imag = theta
    # NumPy's complex exponential is the C library's, whose parts are its cosine and sine
    np.exp(turn, out=turn)
    return radius * turn.imag, radius * turn.real


def log1p64(x: F64) -> F64:
    """log(1 + x) of each element by the C library."""
    return _each(math.log1p, x)


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _each(function: Callable[[float], float], x: F64) -> F64:
    return np.fromiter(map(function, x.ravel().tolist()), np.float64, x.size).reshape(x.shape)


EACH: Final[dict[str, Callable[[F64], F64]]] = {
    "exp": partial(_each, _exp),
    "log": partial(_each, math.log),
    "log1p": log1p64,
    "tan": partial(_each, math.tan),
}
"""Functions of each element by the C library, by name. exp is infinite on overflow; log takes no
zero."""
