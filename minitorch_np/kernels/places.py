"""Elements read from, written to and added at places that an index names, in flat arrays.

Every index has been checked.
"""

import numpy as np

from .compiler import Flat, Indices, jit, read, recall, write
from .compiler import build as build_all
from .shares import shared


@shared("ppp..", "out.size // m", 1.0)
@jit
def gather_rows(a: Flat, index: Indices, out: Flat, n: int, m: int) -> None:
    """out[r, j] = a[r, index[r, j]], for rows of n elements and of m indices."""
    for row in range(out.size // m):
        x = a[row * n : row * n + n]
        for i in range(row * m, row * m + m):
            write(out, i, read(x, read(index, i)))


@shared("ppp...", "out.size // (m * inner)", 1.0)
@jit
def gather_columns(a: Flat, index: Indices, out: Flat, n: int, m: int, inner: int) -> None:
    """out[r, i, j] = a[r, index[r, i, j], j], for matrices of n rows and of m rows of indices."""
    for r in range(out.size // (m * inner)):
        x = a[r * n * inner : (r + 1) * n * inner]
        for first in range(r * m * inner, (r + 1) * m * inner, inner):
            for j in range(inner):
                write(out, first + j, read(x, read(index, first + j) * inner + j))


@shared("ppp..", "source.size // m", 1.0)
@jit
def scatter_rows(index: Indices, source: Flat, out: Flat, n: int, m: int) -> None:
    """out[r, index[r, j]] = source[r, j], for rows of n elements and of m indices."""
    for row in range(source.size // m):
        y = out[row * n : row * n + n]
        for i in range(row * m, row * m + m):
            write(y, read(index, i), read(source, i))


@shared("ppp..", "source.size // m", 1.5)
@jit
def scatter_add_rows(index: Indices, source: Flat, out: Flat, n: int, m: int) -> None:
    """out[r, index[r, j]] += source[r, j], for rows of n elements and of m indices."""
    for row in range(source.size // m):
        first = np.uint64(row * n)
        for i in range(row * m, row * m + m):
            # unsigned, for which numba does not ask whether it counts from the end
            at = first + np.uint64(read(index, i))
            out[at] += read(source, i)


@jit
def add_slices(index: Indices, source: Flat, out: Flat, inner: int) -> None:
    """out[index[k]] += source[k], for slices of so many elements."""
    for k in range(index.size):
        x = source[k * inner : k * inner + inner]
        y = out[index[k] * inner : index[k] * inner + inner]
        for j in range(inner):
            write(y, j, recall(y, j) + read(x, j))


@jit
def add_rows(a: Flat, index: Indices, to: Indices, factor: Flat, out: Flat, inner: int) -> None:
    """out[to[k]] += factor[k] * a[index[k]], for rows of so many elements."""
    for k in range(index.size):
        x = a[index[k] * inner : index[k] * inner + inner]
        y, by = out[to[k] * inner : to[k] * inner + inner], factor[k]
        for j in range(inner):
            write(y, j, recall(y, j) + read(x, j) * by)


@jit
def largest_rows(
    a: Flat, index: Indices, to: Indices, out: Flat, found: Indices, inner: int
) -> None:
    """out[to[k]] = the largest elements of all a[index[k]], found = the index each is of: the first
    of equals, a nan only if it is first. `to` never goes back."""
    for k in range(index.size):
        x = a[index[k] * inner : index[k] * inner + inner]
        y, where = out[to[k] * inner :], found[to[k] * inner :]
        begins = k == 0 or to[k] != to[k - 1]
        for j in range(inner):
            value, best, place = read(x, j), recall(y, j), recall(where, j)
            taken = (value > best) | begins
            write(y, j, value if taken else best)
            write(where, j, index[k] if taken else place)


@shared("p.p.", "a.size // n", 0.5)
@jit
def take_columns(a: Flat, index: Indices, out: Flat, n: int) -> None:
    """out[r, j] = a[r, index[j]], for rows of n elements."""
    m = index.size
    for row in range(out.size // m):
        x, y = a[row * n : row * n + n], out[row * m : row * m + m]
        for j in range(m):
            write(y, j, read(x, read(index, j)))


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
