"""Distances of all rows of one matrix from all rows of another, and the gradient by the first.

Matrices are flat: rows of m elements, one after another. `square` asks for Euclidean distances,
else differences are added up by their size.
"""

import math

import numpy as np

from .compiler import Flat, Real, inlined, jit, read, recall, reordered, write
from .compiler import build as build_all
from .shares import shared

F = np.float32
ZERO = F(0)


@reordered
def sizes(x: Flat, y: Flat) -> Real:
    """The sum of |x - y|."""
    total = ZERO
    for i in range(x.size):
        total += abs(read(x, i) - read(y, i))
    return total


@reordered
def squares(x: Flat, y: Flat) -> Real:
    """The sum of (x - y)^2."""
    total = ZERO
    for i in range(x.size):
        gap = read(x, i) - read(y, i)
        total += gap * gap
    return total


@shared("p.p..", "a.size // m", "0.03 * out.size * m")
@jit
def measure(a: Flat, b: Flat, out: Flat, m: int, square: int) -> None:
    """out[i, j] becomes the distance of row i of `a` from row j of `b`."""
    rows = b.size // m
    for i in range(a.size // m):
        x = a[i * m : i * m + m]
        for j in range(rows):
            y = b[j * m : j * m + m]
            if square:
                out[i * rows + j] = F(math.sqrt(squares(x, y)))
            else:
                out[i * rows + j] = sizes(x, y)


@inlined
def add_gaps(x: Flat, y: Flat, weight: Real, out: Flat) -> None:
    """out += weight * (x - y)."""
    for i in range(x.size):
        write(out, i, recall(out, i) + weight * (read(x, i) - read(y, i)))


@inlined
def add_signs(x: Flat, y: Flat, weight: Real, out: Flat) -> None:
    """out += weight * sign(x - y)."""
    for i in range(x.size):
        gap = read(x, i) - read(y, i)
        change = weight if gap > ZERO else -weight if gap < ZERO else ZERO
        write(out, i, recall(out, i) + change)


@shared("p.ppp..", "a.size // m", "0.06 * g.size * m")
@jit
def turn_back(a: Flat, b: Flat, g: Flat, dist: Flat, out: Flat, m: int, square: int) -> None:
    """out, zeros at first, becomes the gradient by `a`, from that by the distances."""
    rows = b.size // m
    for i in range(a.size // m):
        x, o = a[i * m : i * m + m], out[i * m : i * m + m]
        for j in range(rows):
            y, weight = b[j * m : j * m + m], g[i * rows + j]
            if not square:
                add_signs(x, y, weight, o)
            elif dist[i * rows + j] != ZERO:
                add_gaps(x, y, weight / dist[i * rows + j], o)


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
