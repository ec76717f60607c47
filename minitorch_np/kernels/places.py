"""Elements read from, written to and added at places that an index names, in flat arrays.

Every index has been checked.
"""

from .compiler import Flat, Indices, Numbers, Real, inlined, jit, read, recall, write
from .compiler import build as build_all
from .shares import shared

WRITE, SUM, PRODUCT, LEAST, MOST = range(5)
"""What becomes of an element and a value that arrives at its place."""


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


@inlined
def folded(old: Real, value: Real, kind: int) -> Real:
    """What an element becomes with a value that arrives; of extremes a nan stays."""
    if kind == WRITE:
        return value
    if kind == SUM:
        return old + value
    if kind == PRODUCT:
        return old * value
    beyond = value < old if kind == LEAST else value > old
    return value if beyond | ((value != value) & (old == old)) else old


@inlined
def fold(
    index: Indices, source: Numbers, out: Numbers, n: int, m: int, inner: int,
    outward: int, onward: int, inward: int, kind: int, first: int, last: int,
) -> None:  # fmt: skip
    """`combine` for one `kind`."""
    for r in range(first, last):
        base, row, along = r * n, r * m, r * outward
        for i in range(m if inner == 1 else 0):
            to = base + read(index, along + i * onward)
            write(out, to, folded(recall(out, to), read(source, row + i), kind))
        for i in range(0 if inner == 1 else m):
            at, start = r * outward + i * onward, (r * m + i) * inner
            if inward == 0:
                to = (r * n + read(index, at)) * inner
                for j in range(inner):
                    new = folded(recall(out, to + j), read(source, start + j), kind)
                    write(out, to + j, new)
            else:
                for j in range(inner):
                    to = (r * n + read(index, at + j)) * inner + j
                    write(out, to, folded(recall(out, to), read(source, start + j), kind))


@shared("..........<>", "last", "1.5 * source.size")
@jit
def combine(
    index: Indices, source: Numbers, out: Numbers, n: int, m: int, inner: int,
    outward: int, onward: int, inward: int, kind: int, first: int, last: int,
) -> None:  # fmt: skip
    """out[r, at, j] = folded(out[r, at, j], source[r, i, j]), for matrices of n rows and of m
    rows of a source, in order, where `at` is index[r * outward + i * onward + j * inward].

    A step of 0 is for an index that is the same for all matrices or columns. The matrices are those
    from `first` to before `last`.
    """
    fixed = index, source, out, n, m, inner, outward, onward, inward
    if kind == WRITE:
        fold(*fixed, WRITE, first, last)
    elif kind == SUM:
        fold(*fixed, SUM, first, last)
    elif kind == PRODUCT:
        fold(*fixed, PRODUCT, first, last)
    elif kind == LEAST:
        fold(*fixed, LEAST, first, last)
    else:
        fold(*fixed, MOST, first, last)


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
