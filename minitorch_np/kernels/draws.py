"""Random numbers from an mt19937, whose words are made 624 at once and so in vectors.

Rounds as `boxmuller` does, which says what and why; there NumPy goes over an array for each step.
Python's lock is kept, for it is what keeps threads from drawing at once.

Source: Matsumoto, Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform
pseudo-random number generator", 1998.
"""

import math
from typing import Final

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
    held,
    inlined,
    of_bits,
    part,
    read,
    recall,
    rounded_once,
    write,
)
from .compiler import build as build_all
from .cpu import has

State = np.ndarray[tuple[int], np.dtype[np.uint32]]
"""624 words, and how many of them were drawn."""

Words = np.ndarray[tuple[int], np.dtype[np.uint64]]

D, F, U, W = np.float64, np.float32, np.uint32, np.int32
N: Final = 624
FAR: Final = 397
LOG, SIN, COS, QUARTER = (
    tuple(map(F, series)) for series in (LOG_SERIES, SIN_SERIES, COS_SERIES, MINUS_QUARTER_PI)
)
LOW, HIGH, QUARTERS, TURN = F(LN2_LOW), F(LN2_HIGH), F(FOUR_OVER_PI), F(TWO_PI32)
HALF = 8
"""Radii in a block, and angles after them."""


@inlined
def multiply_add(a: Real, b: Real, c: Real) -> Real:
    """a * b + c, rounded once."""
    return rounded_once(a, b, c)


@inlined
def in_doubles(a: Real, b: Real, c: Real) -> Real:
    """a * b + c, rounded once but for one case in 2^29."""
    return F(D(a) * D(b) + D(c))


fma = multiply_add if has("fma") else in_doubles


@inlined
def mixed(high: np.uint32, low: np.uint32, far: np.uint32) -> np.uint32:
    """What follows a word and the next one, and a word `FAR` from the first."""
    joined = U(U(high & U(0x8000_0000)) | U(low & U(0x7FFF_FFFF)))
    return U(U(far ^ U(joined >> U(1))) ^ U(U(0x9908_B0DF) * U(joined & U(1))))


@part
def twist(state: State) -> None:
    """All words anew."""
    for i in range(N - FAR):
        state[i] = mixed(state[i], state[i + 1], state[i + FAR])
    for i in range(N - FAR, N - 1):
        state[i] = mixed(state[i], state[i + 1], state[i + FAR - N])
    state[N - 1] = mixed(state[N - 1], state[0], state[FAR - 1])


@part
def ready(state: State, n: int) -> tuple[int, int]:
    """Where the next words are, of which there are n or, to the end of the state, fewer. They count
    as drawn."""
    at = int(np.int64(state[N]))
    if at == N:
        twist(state)
        at = 0
    count = min(n, N - at)
    state[N] = U(at + count)
    return at, count


@inlined
def word(state: State, at: int) -> np.uint32:
    """A word of the state, tempered."""
    y = U(read(state, at))
    y = U(y ^ U(y >> U(11)))
    y = U(y ^ U(U(y << U(7)) & U(0x9D2C_5680)))
    y = U(y ^ U(U(y << U(15)) & U(0xEFC6_0000)))
    return U(y ^ U(y >> U(18)))


@held
def words(state: State, out: Words) -> None:
    """Words as they are."""
    done = 0
    while done < out.size:
        at, count = ready(state, out.size - done)
        for i in range(count):
            write(out, done + i, np.uint64(word(state, at + i)))
        done += count


@inlined
def single(state: State, at: int) -> Real:
    """A multiple of 2^-24 in [0, 1)."""
    return F(W(word(state, at) & U(0xFF_FFFF))) * F(2.0**-24)


@part
def singles(state: State, out: Flat) -> None:
    """Multiples of 2^-24 in [0, 1)."""
    done = 0
    while done < out.size:
        at, count = ready(state, out.size - done)
        for i in range(count):
            write(out, done + i, single(state, at + i))
        done += count


@held
def floats(state: State, out: Flat) -> None:
    """Multiples of 2^-24 in [0, 1)."""
    singles(state, out)


@held
def uniform(state: State, out: Flat, low: Real, high: Real) -> None:
    """Numbers in [low, high), which both are float32; what is rounded to `high` becomes `low`."""
    done = 0
    span = F(high - low)
    while done < out.size:
        at, count = ready(state, out.size - done)
        for i in range(count):
            x = fma(single(state, at + i), span, low)
            write(out, done + i, low if x == high else x)
        done += count


@inlined
def double(high: np.uint32, low: np.uint32) -> float:
    """A multiple of 2^-53 in [0, 1), of two words."""
    return D(np.int64(high & U(0x1F_FFFF)) << 32 | np.int64(low)) * 2.0**-53


@part
def drawn(state: State, out: Doubles) -> None:
    """Multiples of 2^-53 in [0, 1)."""
    done = 0
    while done < out.size:
        at, count = ready(state, 2 * (out.size - done))
        if count == 1:  # the first of two words, and the other is among the next 624
            high = word(state, at)
            at, _ = ready(state, 1)
            out[done] = double(high, word(state, at))
            done += 1
            continue
        state[N] -= U(count % 2)
        for i in range(count // 2):
            x = double(word(state, at + 2 * i), word(state, at + 2 * i + 1))
            write(out, done + i, x)
        done += count // 2


@held
def doubles(state: State, out: Doubles) -> None:
    """Multiples of 2^-53 in [0, 1)."""
    drawn(state, out)


@held
def integers(state: State, out: Indices, low: int, size: int) -> None:
    """Integers in [low, low + size), of one word each; `size` is at most 2^32.

    The quotient in float64 is never rounded up to an integer: from that it is further than 2^-32 of
    itself.
    """
    done, divisor = 0, D(size)
    while done < out.size:
        at, count = ready(state, out.size - done)
        for i in range(count):
            x = D(word(state, at + i))
            write(out, done + i, low + np.int64(x - D(np.int64(x / divisor)) * divisor))
        done += count


@held
def pairs(state: State, out: Doubles) -> None:
    """Normal numbers by twos, with the functions of the C library."""
    drawn(state, out)
    for i in range(0, out.size, 2):
        theta = 2.0 * math.pi * out[i]
        radius = math.sqrt(-2.0 * math.log1p(-out[i + 1]))
        out[i], out[i + 1] = radius * math.cos(theta), radius * math.sin(theta)


@held
def blocks(state: State, out: Doubles) -> None:
    """Normal numbers, at least 16, by blocks like `normal`, with the C library's functions."""
    n = out.size
    drawn(state, out)
    for at in range(0, n - n % 16, 16):
        around(out[at : at + 16])
    if n % 16:
        last = out[n - 16 :]
        drawn(state, last)
        around(last)


@inlined
def around(out: Doubles) -> None:
    """Makes 16 uniform numbers normal: 8 radii, then 8 angles."""
    for k in range(HALF):
        radius, theta = math.sqrt(-2.0 * math.log(1.0 - out[k])), 2.0 * math.pi * out[HALF + k]
        out[k], out[HALF + k] = radius * math.cos(theta), radius * math.sin(theta)


@inlined
def log(x: Real) -> Real:
    """Natural logarithm of a normal positive number."""
    n = bits(x)
    fraction = of_bits(W(W(n & W(0x007F_FFFF)) | W(0x3F00_0000)))  # in [1/2, 1)
    exponent = F((n >> 23) - 126)
    rest = F(fraction - F(1))
    if fraction < SQRT_HALF:
        exponent -= F(1)
        rest += fraction
    square = F(rest * rest)
    y = LOG[0]
    for coefficient in LOG[1:]:
        y = fma(y, rest, coefficient)
    y = fma(F(y * rest), square, F(exponent * LOW))
    y = fma(square, F(-0.5), y)
    return fma(exponent, HIGH, F(rest + y))


@inlined
def sincos(x: Real) -> tuple[Real, Real]:
    """Sine and cosine of a number in [0, 8192)."""
    octant = (W(F(x * QUARTERS)) + W(1)) & ~W(1)
    for third in QUARTER:
        x = fma(F(octant), third, x)
    square = F(x * x)
    cos = fma(square, COS[0], COS[1])
    cos = fma(cos, square, COS[2])
    cos = F(fma(F(cos * square), square, F(square * F(-0.5))) + F(1))
    sin = fma(square, SIN[0], SIN[1])
    sin = fma(sin, square, SIN[2])
    sin = fma(F(sin * square), x, x)
    if octant & 2:
        sin, cos = cos, sin
    return (-sin if octant & 4 else sin), (-cos if (octant + 2) & 4 else cos)


@inlined
def block(out: Flat, mean: Real, std: Real) -> None:
    """Makes 16 uniform numbers normal: 8 radii, then 8 angles."""
    for k in range(HALF):
        radius = F(np.sqrt(F(F(-2) * log(F(1) - recall(out, k)))))
        sin, cos = sincos(F(recall(out, HALF + k) * TURN))
        write(out, k, fma(F(radius * cos), std, mean))
        write(out, HALF + k, fma(F(radius * sin), std, mean))


@held
def normal(state: State, out: Flat, mean: Real, std: Real) -> None:
    """Normal numbers, at least 16, by blocks; what does not fill one is of a last one, for which
    the last 16 are drawn again."""
    n = out.size
    singles(state, out)
    for at in range(0, n - n % 16, 16):
        block(out[at : at + 16], mean, std)
    if n % 16:
        last = out[n - 16 :]
        singles(state, last)
        block(last, mean, std)


def build() -> None:
    """Compile everything ahead of use."""
    build_all(globals())
