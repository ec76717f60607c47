"""Orthogonal polynomials by their recurrences, in the dtype of their arguments.

float32 stays float32: sums whose signs alternate lose digits, and ATen loses the same. Those of
negative degree are 0. Source: DLMF 18.9, and 18.5 for Chebyshev's inside (-1, 1); the branches of
ATen/native/Math.h.
"""

import math

import numpy as np

from .compiler import Numbers, Real, fused, jit, part
from .compiler import build as build_all
from .shares import each

FIRST, SECOND, THIRD, FOURTH = 0, 1, 2, 3
"""Chebyshev's kinds T, U, V and W."""
MOST = 9.2e18


@fused
def less(x: Real, q: Real, r: Real) -> Real:
    """x q - r, rounded once, as ATen's kernels are compiled."""
    return x * q - r


@part
def degree(n: Real) -> int:
    """A degree without its fraction; -1 for what is no integer of 64 bits."""
    return int(n) if -MOST < n < MOST else -1


@part
def at_end(n: int, kind: int, above: bool) -> float:
    """Chebyshev polynomials at 1, or at -1."""
    size = 1.0
    if kind == SECOND:
        size = n + 1.0
    elif (kind == THIRD) != above and kind >= THIRD:
        size = 2.0 * n + 1.0
    return size if above or n % 2 == 0 else -size


@part
def by_angles(u: Real, m: Real, kind: int, one: Real) -> Real:
    """Chebyshev polynomials of degree m inside (-1, 1), as quotients of sines and cosines."""
    angle, half = math.acos(u), one / (one + one)
    if kind == FIRST:
        return math.cos(m * angle)
    if kind == SECOND:
        return math.sin((m + one) * angle) / math.sin(angle)
    if kind == THIRD:
        return math.cos((m + half) * angle) / math.cos(angle * half)
    return math.sin((m + half) * angle) / math.sin(angle * half)


@part
def recurred(u: Real, n: int, kind: int, one: Real) -> Real:
    """Chebyshev polynomials: all kinds have one recurrence, and differ in degree 1."""
    p, q = one, u + u
    if kind == FIRST:
        q = u
    elif kind == THIRD:
        q -= one
    elif kind == FOURTH:
        q += one
    if n == 0:
        return p
    for _ in range(2, n + 1):
        p, q = q, less(u + u, q, p)
        if math.isnan(q):
            break
    return q


@each(8)
@jit
def chebyshev(a: Numbers, b: Numbers, out: Numbers, kind: int, shifted: int, closed: int) -> None:
    """Chebyshev polynomials of degrees b at a, or those shifted from [-1, 1] to [0, 1].

    Inside, degrees above `closed` are taken by angles.
    """
    one = out.dtype.type(1)
    for i in range(out.size):
        n, u = degree(b[i]), a[i]
        if shifted:
            u = u + u - one
        if n < 0:
            out[i] = 0
        elif math.fabs(u) == 1:
            out[i] = at_end(n, kind, u > 0)
        elif n > closed and math.fabs(u) < 1:
            out[i] = by_angles(u, out.dtype.type(n), kind, one)
        else:
            out[i] = recurred(u, n, kind, one)


@each(8)
@jit
def hermite(a: Numbers, b: Numbers, out: Numbers, scale: int, most: int) -> None:
    """Hermite polynomials, the physicists' for a scale of 2, the probabilists' for 1; nan of
    degrees above the `most`."""
    zero, one = out.dtype.type(0), out.dtype.type(1)
    for i in range(out.size):
        n, x = degree(b[i]), out.dtype.type(scale) * a[i]
        p, q = zero, one
        if n < 0:
            q = zero
        elif n > most:
            q = out.dtype.type(np.nan)
        else:
            for k in range(n):
                p, q = q, less(x, q, out.dtype.type(scale * k) * p)
        out[i] = q


@each(8)
@jit
def laguerre(a: Numbers, b: Numbers, out: Numbers) -> None:
    """Laguerre polynomials of degrees b at a."""
    zero, one = out.dtype.type(0), out.dtype.type(1)
    for i in range(out.size):
        n, x = degree(b[i]), a[i]
        p, q = zero, one
        if n < 0:
            q = zero
        elif x != 0:
            for j in range(n):
                k = out.dtype.type(j)
                p, q = q, less(k + k + (one - x), q, k * p) / (k + one)
                if math.isnan(q):
                    break
        out[i] = q


@each(8)
@jit
def legendre(a: Numbers, b: Numbers, out: Numbers) -> None:
    """Legendre polynomials of degrees b at a."""
    zero, one = out.dtype.type(0), out.dtype.type(1)
    for i in range(out.size):
        n, x = degree(b[i]), a[i]
        p, q = zero, one
        if n < 0:
            q = zero
        elif math.fabs(x) == 1:
            q = one if x > 0 or n % 2 == 0 else -one
        else:
            for j in range(n):
                k = out.dtype.type(j)
                p, q = q, less((k + k + one) * x, q, k * p) / (k + one)
                if math.isnan(q):
                    break
        out[i] = q


def build() -> None:
    """Compile everything ahead of use."""
    build_all(globals())
