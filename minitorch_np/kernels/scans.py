"""Running sums, products and extremes of flat float32 arrays seen as (outer, n, inner), along n.

float32 runs in float64 and rounds each step's result, as in ATen, and a half type in float32. Four
rows run side by side, for each of their steps waits for the one before.
"""

import numpy as np

from .compiler import Flat, Indices, Real, inlined, jit, read, recall, summed, write
from .compiler import build as build_all
from .reductions import COLUMNS
from .shares import shared

F, D = np.float32, np.float64
SIDE = 4


@shared("pp.", "a.size // n", 0.8)
@jit
def sum_rows(a: Flat, out: Flat, n: int) -> None:
    """The running sum of each row."""
    rows = a.size // n
    whole = rows // SIDE * SIDE
    for row in range(0, whole, SIDE):
        at = row * n
        zero = summed(a, F(0))
        s0, s1, s2, s3 = zero, zero, zero, zero
        for i in range(at, at + n):
            s0 += summed(a, read(a, i))
            s1 += summed(a, read(a, i + n))
            s2 += summed(a, read(a, i + 2 * n))
            s3 += summed(a, read(a, i + 3 * n))
            write(out, i, F(s0))
            write(out, i + n, F(s1))
            write(out, i + 2 * n, F(s2))
            write(out, i + 3 * n, F(s3))
    for row in range(whole, rows):
        total = summed(a, F(0))
        for i in range(row * n, row * n + n):
            total += summed(a, read(a, i))
            write(out, i, F(total))


@shared("pp.", "a.size // n", 0.8)
@jit
def product_rows(a: Flat, out: Flat, n: int) -> None:
    """The running product of each row."""
    rows = a.size // n
    whole = rows // SIDE * SIDE
    for row in range(0, whole, SIDE):
        at = row * n
        one = summed(a, F(1))
        s0, s1, s2, s3 = one, one, one, one
        for i in range(at, at + n):
            s0 *= summed(a, read(a, i))
            s1 *= summed(a, read(a, i + n))
            s2 *= summed(a, read(a, i + 2 * n))
            s3 *= summed(a, read(a, i + 3 * n))
            write(out, i, F(s0))
            write(out, i + n, F(s1))
            write(out, i + 2 * n, F(s2))
            write(out, i + 3 * n, F(s3))
    for row in range(whole, rows):
        total = summed(a, F(1))
        for i in range(row * n, row * n + n):
            total *= summed(a, read(a, i))
            write(out, i, F(total))


@inlined
def narrow(a: Flat, out: Flat, start: int, n: int, inner: int, last: int, times: bool) -> None:
    """The running sums or, with `times`, products of `SIDE` columns at most, from one at `start` to
    the `last` beside it. They stay out of memory: to read back what was just written takes longer
    than an addition."""
    # the last column again where there are no four, which is then written before it is read again
    to1, to2, to3 = min(1, last), min(2, last), min(3, last)
    one = summed(a, F(1) if times else F(0))
    s0, s1, s2, s3 = one, one, one, one
    for at in range(start, start + n * inner, inner):
        x0, x1 = summed(a, recall(a, at)), summed(a, recall(a, at + to1))
        x2, x3 = summed(a, recall(a, at + to2)), summed(a, recall(a, at + to3))
        if times:
            s0, s1, s2, s3 = s0 * x0, s1 * x1, s2 * x2, s3 * x3
        else:
            s0, s1, s2, s3 = s0 + x0, s1 + x1, s2 + x2, s3 + x3
        write(out, at, F(s0))
        write(out, at + to1, F(s1))
        write(out, at + to2, F(s2))
        write(out, at + to3, F(s3))


@shared("....<>", "inner", 0.8, COLUMNS)
@shared("pp....", "a.size // (n * inner)", 0.8)
@jit
def sum_columns(a: Flat, out: Flat, n: int, inner: int, first: int, last: int) -> None:
    """The running sum of each column from `first` to `last`, which is not one of them."""
    wide = last - first
    if wide <= SIDE:
        for outer in range(0, a.size, n * inner):
            narrow(a, out, outer + first, n, inner, wide - 1, False)
        return
    total = np.empty(wide, np.float64)
    for outer in range(0, a.size, n * inner):
        total[:] = 0
        for at in range(outer, outer + n * inner, inner):
            x, y = a[at + first : at + last], out[at + first : at + last]
            for j in range(wide):
                value = summed(a, recall(total, j)) + summed(a, read(x, j))
                write(total, j, D(value))
                write(y, j, F(value))


@shared("....<>", "inner", 0.8, COLUMNS)
@shared("pp....", "a.size // (n * inner)", 0.8)
@jit
def product_columns(a: Flat, out: Flat, n: int, inner: int, first: int, last: int) -> None:
    """The running product of each column from `first` to `last`, which is not one of them."""
    wide = last - first
    if wide <= SIDE:
        for outer in range(0, a.size, n * inner):
            narrow(a, out, outer + first, n, inner, wide - 1, True)
        return
    total = np.empty(wide, np.float64)
    for outer in range(0, a.size, n * inner):
        total[:] = 1
        for at in range(outer, outer + n * inner, inner):
            x, y = a[at + first : at + last], out[at + first : at + last]
            for j in range(wide):
                value = summed(a, recall(total, j)) * summed(a, read(x, j))
                write(total, j, D(value))
                write(y, j, F(value))


@inlined
def beats(x: Real, best: Real, sign: Real) -> bool:
    """Whether x, of its own or the other sign, is at least as large, or nan."""
    return bool((x * sign >= best * sign) | (x != x))


@shared("ppp..", "a.size // n", 1.5)
@jit
def extreme_rows(a: Flat, out: Flat, places: Indices, n: int, sign: Real) -> None:
    """The largest element so far, or with sign -1 the smallest, and where it stands last; nan is
    both."""
    rows = a.size // n
    for row in range(0, rows, SIDE):
        # the last rows again where there are no four left
        at0, at1, at2, at3 = (
            row * n,
            min(row + 1, rows - 1) * n,
            min(row + 2, rows - 1) * n,
            min(row + 3, rows - 1) * n,
        )
        b0, b1, b2, b3 = read(a, at0), read(a, at1), read(a, at2), read(a, at3)
        p0, p1, p2, p3 = 0, 0, 0, 0
        for i in range(n):
            x0, x1, x2, x3 = read(a, at0 + i), read(a, at1 + i), read(a, at2 + i), read(a, at3 + i)
            w0, w1 = beats(x0, b0, sign), beats(x1, b1, sign)
            w2, w3 = beats(x2, b2, sign), beats(x3, b3, sign)
            b0, b1, b2, b3 = x0 if w0 else b0, x1 if w1 else b1, x2 if w2 else b2, x3 if w3 else b3
            p0, p1, p2, p3 = i if w0 else p0, i if w1 else p1, i if w2 else p2, i if w3 else p3
            write(out, at0 + i, b0)
            write(out, at1 + i, b1)
            write(out, at2 + i, b2)
            write(out, at3 + i, b3)
            write(places, at0 + i, p0)
            write(places, at1 + i, p1)
            write(places, at2 + i, p2)
            write(places, at3 + i, p3)


@inlined
def narrow_extremes(
    a: Flat, out: Flat, places: Indices, start: int, n: int, inner: int, sign: Real, last: int
) -> None:
    """`narrow`, of extremes."""
    to1, to2, to3 = min(1, last), min(2, last), min(3, last)
    at = start
    b0, b1 = recall(a, at), recall(a, at + to1)
    b2, b3 = recall(a, at + to2), recall(a, at + to3)
    p0, p1, p2, p3 = 0, 0, 0, 0
    for i in range(n):
        at = start + i * inner
        x0, x1 = recall(a, at), recall(a, at + to1)
        x2, x3 = recall(a, at + to2), recall(a, at + to3)
        w0, w1 = beats(x0, b0, sign), beats(x1, b1, sign)
        w2, w3 = beats(x2, b2, sign), beats(x3, b3, sign)
        b0, b1, b2, b3 = x0 if w0 else b0, x1 if w1 else b1, x2 if w2 else b2, x3 if w3 else b3
        p0, p1, p2, p3 = i if w0 else p0, i if w1 else p1, i if w2 else p2, i if w3 else p3
        write(out, at, b0)
        write(out, at + to1, b1)
        write(out, at + to2, b2)
        write(out, at + to3, b3)
        write(places, at, p0)
        write(places, at + to1, p1)
        write(places, at + to2, p2)
        write(places, at + to3, p3)


@shared("......<>", "inner", 1.5, COLUMNS)
@shared("ppp.....", "a.size // (n * inner)", 1.5)
@jit
def extreme_columns(
    a: Flat, out: Flat, places: Indices, n: int, inner: int, sign: Real, first: int, last: int
) -> None:
    """`extreme_rows` of each column from `first` to `last`, which is not one of them."""
    for outer in range(0, a.size, n * inner):
        if last - first <= SIDE:
            start = outer + first
            narrow_extremes(a, out, places, start, n, inner, sign, last - first - 1)
            continue
        for j in range(outer + first, outer + last):
            write(out, j, read(a, j))
            write(places, j, 0)
        for i in range(1, n):
            at = outer + i * inner
            for j in range(at + first, at + last):
                x, best = read(a, j), recall(out, j - inner)
                taken = beats(x, best, sign)
                write(out, j, x if taken else best)
                write(places, j, i if taken else recall(places, j - inner))


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
