"""Arithmetic of flat float32 arrays and one row, or one column, that is there for all of them."""

from .compiler import Flat, Real, inlined, jit, read, write
from .compiler import build as build_all
from .shares import shared

ADD, SUBTRACT, MULTIPLY, DIVIDE, LARGER, SMALLER = 0, 1, 2, 3, 4, 5


@inlined
def larger(x: Real, y: Real) -> Real:
    """The larger number, nan if one is."""
    return x if (x > y) | (x != x) else y


@inlined
def smaller(x: Real, y: Real) -> Real:
    """The smaller number, nan if one is."""
    return x if (x < y) | (x != x) else y


@shared("p.p.", "a.size // b.size")
@jit
def row(a: Flat, b: Flat, out: Flat, kind: int) -> None:
    """Each row of `a` with the row `b`, by the operation `kind`."""
    n = b.size
    for at in range(0, out.size, n):
        x, y = a[at : at + n], out[at : at + n]
        if kind == ADD:
            for i in range(n):
                write(y, i, read(x, i) + read(b, i))
        elif kind == SUBTRACT:
            for i in range(n):
                write(y, i, read(x, i) - read(b, i))
        elif kind == MULTIPLY:
            for i in range(n):
                write(y, i, read(x, i) * read(b, i))
        elif kind == DIVIDE:
            for i in range(n):
                write(y, i, read(x, i) / read(b, i))
        elif kind == LARGER:
            for i in range(n):
                write(y, i, larger(read(x, i), read(b, i)))
        else:
            for i in range(n):
                write(y, i, smaller(read(x, i), read(b, i)))


@shared("ppp.", "b.size")
@jit
def column(a: Flat, b: Flat, out: Flat, kind: int) -> None:
    """Each row of `a` with one number of the column `b`, by the operation `kind`."""
    n = out.size // b.size
    for k in range(b.size):
        x, y, one = a[k * n : k * n + n], out[k * n : k * n + n], read(b, k)
        if kind == ADD:
            for i in range(n):
                write(y, i, read(x, i) + one)
        elif kind == SUBTRACT:
            for i in range(n):
                write(y, i, read(x, i) - one)
        elif kind == MULTIPLY:
            for i in range(n):
                write(y, i, read(x, i) * one)
        elif kind == DIVIDE:
            for i in range(n):
                write(y, i, read(x, i) / one)
        elif kind == LARGER:
            for i in range(n):
                write(y, i, larger(read(x, i), one))
        else:
            for i in range(n):
                write(y, i, smaller(read(x, i), one))


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
