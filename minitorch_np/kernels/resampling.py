"""Weighted sums of taps: along one dim of an image, or of points in it; and their gradients.

Images are flat arrays of float32, (outer, n, inner) along a dim, (rows, size) of points.
"""

from .compiler import Flat, Indices, jit
from .compiler import build as build_all
from .shares import shared


@shared("p..p...", "a.size // (n * inner)", 1.0)
@jit
def weigh(a: Flat, at: Indices, weight: Flat, out: Flat, n: int, inner: int, taps: int) -> None:
    """out[o, i] = sum of weight[i, k] * a[o, at[i, k]] over k, for `taps` of each new element."""
    new = at.size // taps
    for o in range(a.size // (n * inner)):
        x, y = a[o * n * inner :], out[o * new * inner :]
        for i in range(new):
            first, last = i * taps, i * taps + taps
            if inner == 1:
                total = x[at[first]] * weight[first]
                for k in range(first + 1, last):
                    total += x[at[k]] * weight[k]
                y[i] = total
                continue
            row = y[i * inner : i * inner + inner]
            for k in range(first, last):
                tap, w = x[at[k] * inner : at[k] * inner + inner], weight[k]
                if k == first:
                    for j in range(inner):
                        row[j] = tap[j] * w
                else:
                    for j in range(inner):
                        row[j] += tap[j] * w


@shared("p..p...", "out.size // (n * inner)", 1.0)
@jit
def fold(g: Flat, at: Indices, weight: Flat, out: Flat, n: int, inner: int, taps: int) -> None:
    """out[o, at[i, k]] += weight[i, k] * g[o, i]: the gradient of `weigh`."""
    new = at.size // taps
    for o in range(out.size // (n * inner)):
        x, y = g[o * new * inner :], out[o * n * inner :]
        for i in range(new):
            for k in range(i * taps, i * taps + taps):
                tap, w = y[at[k] * inner : at[k] * inner + inner], weight[k]
                row = x[i * inner : i * inner + inner]
                for j in range(inner):
                    tap[j] += row[j] * w


@jit
def gather(
    a: Flat, at: Indices, weight: Flat, out: Flat, size: int, rows: int, points: int
) -> None:
    """out[r, p] += weight[p] * a[r, at[p]], for images of so many rows at points of their own."""
    for r in range(out.size // points):
        first = r // rows * points
        x, y = a[r * size : r * size + size], out[r * points : r * points + points]
        for p in range(points):
            y[p] += x[at[first + p]] * weight[first + p]


@jit
def spread(
    g: Flat, at: Indices, weight: Flat, out: Flat, size: int, rows: int, points: int
) -> None:
    """out[r, at[p]] += weight[p] * g[r, p]: the gradient of `gather`."""
    for r in range(g.size // points):
        first = r // rows * points
        x, y = g[r * points : r * points + points], out[r * size : r * size + size]
        for p in range(points):
            y[at[first + p]] += x[p] * weight[first + p]


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
