"""Random numbers from the words of an engine, which is NumPy's: the addresses of the function that
draws one, and of its state.

Rounds as `boxmuller` does, which says what and why; there NumPy goes over an array for each step.
Python's lock is kept, for it is what keeps threads from drawing at once.
"""

import math

import numpy as np

from minitorch_np.boxmuller import (
    COS_SERIES,
    FOUR_OVER_PI,
    LN2_HIGH,
    LN2_LOW,
    LOG_SERIES,
    MINUS_QUARTER_PI,
    SIN_SERIES,
    SQRT_HALF,
    TWO_PI32,
)

from .compiler import (
    Doubles,
    Flat,
    Indices,
    Real,
    bits,
    call_int,
    held,
    inlined,
    of_bits,
    read,
    write,
)
from .compiler import build as build_all

D, F, W = np.float64, np.float32, np.int32
HALF = 8
"""Radii in a block, and angles after them."""


@inlined
def single(draw: int, engine: int) -> Real:
    """A multiple of 2^-24 in [0, 1)."""
    return F(call_int(draw, (engine,)) & 0xFF_FFFF) * F(2.0**-24)


@held
def floats(draw: int, engine: int, out: Flat) -> None:
    """Multiples of 2^-24 in [0, 1)."""
    for i in range(out.size):
        write(out, i, single(draw, engine))


@inlined
def double(draw: int, engine: int) -> float:
    """A multiple of 2^-53 in [0, 1), of two words, the first one high."""
    high = call_int(draw, (engine,)) & 0x1F_FFFF
    low = call_int(draw, (engine,)) & 0xFFFF_FFFF
    return D(high << 32 | low) * 2.0**-53


@held
def doubles(draw: int, engine: int, out: Doubles) -> None:
    """Multiples of 2^-53 in [0, 1)."""
    for i in range(out.size):
        write(out, i, double(draw, engine))


@held
def integers(draw: int, engine: int, out: Indices, low: int, size: int) -> None:
    """Integers in [low, low + size), of one word each."""
    for i in range(out.size):
        write(out, i, low + (call_int(draw, (engine,)) & 0xFFFF_FFFF) % size)


@held
def pairs(draw: int, engine: int, out: Doubles) -> None:
    """Normal numbers by twos, with the functions of the C library."""
    for i in range(0, out.size, 2):
        theta = 2.0 * math.pi * double(draw, engine)
        radius = math.sqrt(-2.0 * math.log1p(-double(draw, engine)))
        out[i], out[i + 1] = radius * math.cos(theta), radius * math.sin(theta)


@inlined
def fma(a: float, b: float, c: float) -> float:
    """a * b + c of float32 numbers held in float64, rounded once."""
    return D(F(a * b + c))


@inlined
def log(x: Real) -> float:
    """Natural logarithm of a normal positive number."""
    n = bits(x)
    fraction = of_bits(W(W(n & W(0x007F_FFFF)) | W(0x3F00_0000)))  # in [1/2, 1)
    exponent = D((n >> 23) - 126)
    rest = D(fraction) - 1.0
    if fraction < SQRT_HALF:
        exponent -= 1.0
        rest += D(fraction)
    square = D(F(rest * rest))
    y = LOG_SERIES[0]
    for coefficient in LOG_SERIES[1:]:
        y = fma(y, rest, coefficient)
    y = fma(D(F(y * rest)), square, D(F(exponent * LN2_LOW)))
    y = fma(square, -0.5, y)
    return fma(exponent, LN2_HIGH, D(F(rest + y)))


@inlined
def sincos(x: float) -> tuple[float, float]:
    """Sine and cosine of a number in [0, 8192)."""
    octant = (W(F(x * FOUR_OVER_PI)) + W(1)) & ~W(1)
    for part in MINUS_QUARTER_PI:
        x = fma(D(octant), part, x)
    square = D(F(x * x))
    cos = fma(square, COS_SERIES[0], COS_SERIES[1])
    cos = fma(cos, square, COS_SERIES[2])
    cos = D(F(fma(D(F(cos * square)), square, square * -0.5) + 1.0))
    sin = fma(square, SIN_SERIES[0], SIN_SERIES[1])
    sin = fma(sin, square, SIN_SERIES[2])
    sin = fma(D(F(sin * square)), x, x)
    if octant & 2:
        sin, cos = cos, sin
    return (-sin if octant & 4 else sin), (-cos if (octant + 2) & 4 else cos)


@inlined
def block(out: Flat, mean: Real, std: Real) -> None:
    """Makes 16 uniform numbers normal: 8 radii, then 8 angles."""
    for k in range(HALF):
        radius = D(F(np.sqrt(D(F(-2.0 * log(F(1) - read(out, k)))))))
        sin, cos = sincos(D(F(D(read(out, HALF + k)) * TWO_PI32)))
        write(out, k, F(fma(D(F(radius * cos)), D(std), D(mean))))
        write(out, HALF + k, F(fma(D(F(radius * sin)), D(std), D(mean))))


@held
def normal(draw: int, engine: int, out: Flat, mean: Real, std: Real) -> None:
    """Normal numbers, at least 16, by blocks; what does not fill one is of a last one, for which
    the last 16 are drawn again."""
    n = out.size
    for i in range(n):
        write(out, i, single(draw, engine))
    for at in range(0, n - n % 16, 16):
        block(out[at : at + 16], mean, std)
    if n % 16:
        last = out[n - 16 :]
        for i in range(16):
            write(last, i, single(draw, engine))
        block(last, mean, std)


def build() -> None:
    """Compile everything ahead of use."""
    build_all(globals())
