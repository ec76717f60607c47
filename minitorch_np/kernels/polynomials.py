"""Orthogonal polynomials by their recurrences, in float64.

Those of negative degree are 0. Source: DLMF 18.9, and 18.5 for Chebyshev's inside (-1, 1); the
branches of ATen/native/Math.h.
"""

import math

import numpy as np

from .compiler import Doubles, jit, part
from .compiler import build as build_all

FIRST, SECOND, THIRD, FOURTH = 0, 1, 2, 3
"""Chebyshev's kinds T, U, V and W."""
CLOSED = 8
"""The degree from which cosines are used inside (-1, 1)."""
MOST = 9.2e18


@part
def degree(n: float) -> int:
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
def by_angles(u: float, n: int, kind: int) -> float:
    """Chebyshev polynomials inside (-1, 1), as quotients of sines and cosines."""
    angle = math.acos(u)
    if kind == FIRST:
        return math.cos(n * angle)
    if kind == SECOND:
        return math.sin((n + 1) * angle) / math.sin(angle)
    if kind == THIRD:
        return math.cos((n + 0.5) * angle) / math.cos(angle / 2)
    return math.sin((n + 0.5) * angle) / math.sin(angle / 2)


@part
def chebyshev_at(u: float, n: int, kind: int) -> float:
    """A Chebyshev polynomial: all kinds have one recurrence, and differ in degree 1."""
    if n < 0:
        return 0.0
    if math.fabs(u) == 1:
        return at_end(n, kind, u > 0)
    if n > CLOSED and math.fabs(u) < 1:
        return by_angles(u, n, kind)
    p, q = 1.0, u + u
    if kind == FIRST:
        q = u
    elif kind == THIRD:
        q -= 1
    elif kind == FOURTH:
        q += 1
    if n == 0:
        return p
    for _ in range(2, n + 1):
        p, q = q, (u + u) * q - p
        if math.isnan(q):
            break
    return q


@jit
def chebyshev(a: Doubles, b: Doubles, out: Doubles, kind: int, shifted: int) -> None:
    """Chebyshev polynomials of degrees b at a, or those shifted from [-1, 1] to [0, 1]."""
    for i in range(out.size):
        u = a[i] + a[i] - 1 if shifted else a[i]
        out[i] = chebyshev_at(u, degree(b[i]), kind)


@jit
def hermite(a: Doubles, b: Doubles, out: Doubles, scale: int, most: int) -> None:
    """Hermite polynomials, the physicists' for a scale of 2, the probabilists' for 1; nan of
    degrees above the `most`."""
    for i in range(out.size):
        n, x = degree(b[i]), scale * a[i]
        p, q = 0.0, 1.0
        if n < 0:
            q = 0.0
        elif n > most:
            q = np.nan
        else:
            for k in range(n):
                p, q = q, x * q - scale * k * p
        out[i] = q


@jit
def laguerre(a: Doubles, b: Doubles, out: Doubles) -> None:
    """Laguerre polynomials of degrees b at a."""
    for i in range(out.size):
        n, x = degree(b[i]), a[i]
        p, q = 0.0, 1.0
        if n < 0:
            q = 0.0
        elif x != 0:
            for k in range(n):
                p, q = q, ((k + k + (1 - x)) * q - k * p) / (k + 1)
                if math.isnan(q):
                    break
        out[i] = q


@jit
def legendre(a: Doubles, b: Doubles, out: Doubles) -> None:
    """Legendre polynomials of degrees b at a."""
    for i in range(out.size):
        n, x = degree(b[i]), a[i]
        p, q = 0.0, 1.0
        if n < 0:
            q = 0.0
        elif math.fabs(x) == 1:
            q = 1.0 if x > 0 or n % 2 == 0 else -1.0
        else:
            for k in range(n):
                p, q = q, ((k + k + 1) * x * q - k * p) / (k + 1)
                if math.isnan(q):
                    break
        out[i] = q


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
