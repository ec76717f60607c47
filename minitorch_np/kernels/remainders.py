"""Quotients and remainders of flat float32 arrays, exact as those of C's fmod.

A remainder is taken in float64, where the product of a divisor and a whole quotient below 2**28 is
exact; `too_large` tells the arrays for which that is not enough.
"""

import math

import numpy as np

from .compiler import Flat, Real, inlined, jit, read, write
from .compiler import build as build_all
from .shares import each

F, D = np.float32, np.float64
ZERO, HALF, ONE, INF, NAN = F(0), F(0.5), F(1), F(np.inf), F(np.nan)
EXACT = D(2.0**28)


@jit
def too_large(a: Flat, b: Flat) -> bool:
    """Whether some finite quotient is out of the reach of float64."""
    found = 0
    step = 0 if b.size == 1 else 1
    for i in range(a.size):
        q = abs(D(read(a, i)) / D(read(b, i * step)))
        found |= (q >= EXACT) & (q < D(np.inf))
    return found != 0


@inlined
def mod(x: Real, y: Real) -> Real:
    """C's fmod: the remainder with the sign of x."""
    p, q = D(abs(x)), D(abs(y))
    rest = p - np.trunc(p / q) * q
    rest = rest + q if rest < D(0) else rest  # the quotient was rounded up
    found = F(rest)
    found = abs(x) if (q == D(np.inf)) & (p < D(np.inf)) else found
    return math.copysign(found, x)


@inlined
def python_mod(x: Real, y: Real) -> Real:
    """Python's %: the remainder with the sign of y; but a zero keeps that of x, as in C."""
    rest = mod(x, y)
    turned = rest + y if (y < ZERO) != (rest < ZERO) else rest
    return rest if rest == ZERO else turned


@inlined
def floored(x: Real, y: Real) -> Real:
    """Python's //, x / y where y is 0."""
    rest = mod(x, y)
    q = (x - rest) / y
    q = q - ONE if (rest != ZERO) & ((y < ZERO) != (rest < ZERO)) else q
    whole = np.floor(q)
    whole = whole + ONE if q - whole > HALF else whole
    quotient = x / y
    whole = math.copysign(ZERO, quotient) if q == ZERO else whole
    return quotient if y == ZERO else whole


@each(2.0)
@jit
def fmod(a: Flat, b: Flat, out: Flat) -> None:
    """C's fmod; b may be one number for all."""
    if b.size == 1:
        y = read(b, 0)
        for i in range(out.size):
            write(out, i, mod(read(a, i), y))
    else:
        for i in range(out.size):
            write(out, i, mod(read(a, i), read(b, i)))


@each(2.0)
@jit
def remainder(a: Flat, b: Flat, out: Flat) -> None:
    """Python's %; b may be one number for all."""
    if b.size == 1:
        y = read(b, 0)
        for i in range(out.size):
            write(out, i, python_mod(read(a, i), y))
    else:
        for i in range(out.size):
            write(out, i, python_mod(read(a, i), read(b, i)))


@each(2.0)
@jit
def floor_divide(a: Flat, b: Flat, out: Flat) -> None:
    """Python's //; b may be one number for all."""
    if b.size == 1:
        y = read(b, 0)
        for i in range(out.size):
            write(out, i, floored(read(a, i), y))
    else:
        for i in range(out.size):
            write(out, i, floored(read(a, i), read(b, i)))


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
