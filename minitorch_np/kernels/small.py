"""Arithmetic on arrays so small that entering a ufunc of NumPy's takes longer than the arithmetic.

A ufunc looks at the types of its arguments, at casts and at overlaps: 250 ns, where these take 50.
Results have the bits of NumPy's, for each is one operation, rounded once. They keep Python's lock:
letting go of it would take half of the time.
"""

# ruff: noqa: FURB136  # min and max would not keep nan

import numpy as np

from .compiler import Numbers, held, inlined, read, recall, write
from .compiler import build as build_all


@held
def add(a: Numbers, b: Numbers, out: Numbers) -> None:
    """a + b."""
    for i in range(out.size):
        write(out, i, read(a, i) + read(b, i))


@held
def subtract(a: Numbers, b: Numbers, out: Numbers) -> None:
    """a - b."""
    for i in range(out.size):
        write(out, i, read(a, i) - read(b, i))


@held
def multiply(a: Numbers, b: Numbers, out: Numbers) -> None:
    """a * b."""
    for i in range(out.size):
        write(out, i, read(a, i) * read(b, i))


@held
def scale(a: Numbers, one: Numbers, out: Numbers) -> None:
    """a times the first element of `one`, which stands for all of them."""
    factor = read(one, 0)
    for i in range(out.size):
        write(out, i, read(a, i) * factor)


@held
def divide(a: Numbers, b: Numbers, out: Numbers) -> None:
    """a / b."""
    for i in range(out.size):
        write(out, i, read(a, i) / read(b, i))


@held
def negative(a: Numbers, out: Numbers) -> None:
    """-a."""
    for i in range(out.size):
        write(out, i, -read(a, i))


@held
def reciprocal_root(a: Numbers, out: Numbers) -> None:
    """1 / sqrt(a), each rounded."""
    one = out.dtype.type(1)
    for i in range(out.size):
        write(out, i, one / np.sqrt(read(a, i)))


@held
def relu(a: Numbers, out: Numbers) -> None:
    """max(a, 0), nan kept."""
    zero = out.dtype.type(0)
    for i in range(out.size):
        x = read(a, i)
        write(out, i, zero if x < zero else x)


@held
def gate(a: Numbers, g: Numbers, out: Numbers) -> None:
    """g where a is above 0 or nan, and 0 elsewhere."""
    zero = out.dtype.type(0)
    for i in range(out.size):
        x = read(g, i)
        write(out, i, zero if read(a, i) <= zero else x)


@inlined
def in_pairs(a: Numbers, at: int, n: int) -> float:
    """The sum of the n elements from `at` on, in NumPy's order for up to 128: eight sums in turns,
    which are added in pairs, and then what is left."""
    total = a.dtype.type(0)
    whole = n - n % 8
    if whole:
        r0, r1, r2, r3 = a[at], a[at + 1], a[at + 2], a[at + 3]
        r4, r5, r6, r7 = a[at + 4], a[at + 5], a[at + 6], a[at + 7]
        for i in range(at + 8, at + whole, 8):
            r0, r1, r2, r3 = r0 + a[i], r1 + a[i + 1], r2 + a[i + 2], r3 + a[i + 3]
            r4, r5, r6, r7 = r4 + a[i + 4], r5 + a[i + 5], r6 + a[i + 6], r7 + a[i + 7]
        total = ((r0 + r1) + (r2 + r3)) + ((r4 + r5) + (r6 + r7))
    for i in range(at + whole, at + n):
        total += a[i]
    return total


@held
def sum_rows(a: Numbers, out: Numbers) -> None:
    """The sum of each row, of which out has one element each."""
    n, zero = a.size // out.size, out.dtype.type(0)
    for row in range(out.size):
        out[row] = zero + in_pairs(a, row * n, n)


@held
def sum_columns(a: Numbers, out: Numbers) -> None:
    """The sum of each column, of which out has one element each: row after row."""
    n = out.size
    for j in range(n):
        write(out, j, out.dtype.type(0) + read(a, j))
    for at in range(n, a.size, n):
        row = a[at : at + n]
        for j in range(n):
            write(out, j, recall(out, j) + read(row, j))


@held
def running_sums(a: Numbers, out: Numbers, n: int, inner: int) -> None:
    """The sums so far along n of (outer, n, inner): in float64, each rounded."""
    for first in range(0, a.size, n * inner):
        for start in range(first, first + inner):
            total = 0.0
            for i in range(start, start + n * inner, inner):
                total += read(a, i)
                write(out, i, out.dtype.type(total))


def build() -> None:
    """Compile everything ahead of use."""
    build_all(globals())
