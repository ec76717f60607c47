"""Sums, products, largest elements and their kin of flat float32 arrays seen as (outer, n, inner):
n becomes one, and `inner` is 1 where rows are folded.

Sums are taken in float32 over pieces and in float64 over those: within a piece as many at once as
vectors hold, so that no chain of additions is longer than a pairwise sum's would be.
"""

import math
from typing import NamedTuple

import numpy as np

from . import curves
from .compiler import (
    Doubles,
    Flat,
    Real,
    bits,
    inlined,
    jit,
    of_bits,
    part,
    read,
    recall,
    reordered,
    write,
)
from .compiler import (
    build as build_all,
)
from .shares import shared

F, D = np.float32, np.float64
ZERO, ONE, INF, NAN = F(0), F(1), F(np.inf), F(np.nan)
COLUMNS = 512
"""Columns that threads do not part: narrower strips of memory are read much slower."""
PIECE = 4096
"""Elements of a row that are summed in float32."""
DEEP = 64
"""Rows that are summed in float32."""
LANES = 16
"""Elements of a vector."""
NARROW = 8
"""Columns up to which a vector holds several rows of them."""
MAGNITUDE = np.int32(0x7FFFFFFF)
LEAST_KEY, MOST_KEY = np.int32(-0x7F800001), np.int32(0x7F800000)
"""Those of the infinities."""
NAN_ABOVE = np.int32(0x7FC00000)
"""The key of a nan."""
INFINITY, NEGATIVE_INFINITY = np.int32(0x7F800000), np.uint32(0xFF800000)
"""Their bits."""


@inlined
def known(x: Real) -> Real:
    """x, and 0 for nan."""
    return x if x == x else ZERO


@reordered
def piece_sum(a: Flat, start: int, stop: int) -> Real:
    """The sum of a[start:stop]."""
    total = ZERO
    for i in range(start, stop):
        total += read(a, i)
    return total


@reordered
def piece_nansum(a: Flat, start: int, stop: int) -> Real:
    """The sum of a[start:stop] with nan as 0."""
    total = ZERO
    for i in range(start, stop):
        total += known(read(a, i))
    return total


@reordered
def piece_squares(a: Flat, start: int, stop: int) -> Real:
    """The sum of squares of a[start:stop]."""
    total = ZERO
    for i in range(start, stop):
        x = read(a, i)
        total += x * x
    return total


@reordered
def piece_product(a: Flat, start: int, stop: int) -> Real:
    """The product of a[start:stop]."""
    total = ONE
    for i in range(start, stop):
        total *= read(a, i)
    return total


@shared("pp", "out.size", 0.2)
@jit
def sum_rows(a: Flat, out: Flat) -> None:
    """The sum of each row."""
    n = a.size // out.size
    for row in range(out.size):
        total = D(0)
        for start in range(row * n, row * n + n, PIECE):
            total += D(piece_sum(a, start, min(start + PIECE, row * n + n)))
        write(out, row, F(total))


@shared("pp", "out.size", 0.2)
@jit
def nansum_rows(a: Flat, out: Flat) -> None:
    """The sum of each row with nan as 0."""
    n = a.size // out.size
    for row in range(out.size):
        total = D(0)
        for start in range(row * n, row * n + n, PIECE):
            total += D(piece_nansum(a, start, min(start + PIECE, row * n + n)))
        out[row] = F(total)


@shared("pp", "out.size", 0.2)
@jit
def squares_rows(a: Flat, out: Flat) -> None:
    """The sum of squares of each row."""
    n = a.size // out.size
    for row in range(out.size):
        total = D(0)
        for start in range(row * n, row * n + n, PIECE):
            total += D(piece_squares(a, start, min(start + PIECE, row * n + n)))
        out[row] = F(total)


@shared("pp", "out.size", 0.2)
@jit
def product_rows(a: Flat, out: Flat) -> None:
    """The product of each row."""
    n = a.size // out.size
    for row in range(out.size):
        out[row] = piece_product(a, row * n, row * n + n)


@part
def add_rows(a: Flat, at: int, rows: int, inner: int, sums: Flat, nans: bool) -> None:
    """Adds so many rows to `sums`, from the element `at` on; nan as 0 unless `nans` count."""
    wide, row = sums.size, 0
    while row + 4 <= rows:  # so that the sums are read and written less often
        x = at + row * inner
        if nans:
            for j in range(wide):
                two = read(a, x + j) + read(a, x + inner + j)
                more = read(a, x + 2 * inner + j) + read(a, x + 3 * inner + j)
                write(sums, j, recall(sums, j) + (two + more))
        else:
            for j in range(wide):
                two = known(read(a, x + j)) + known(read(a, x + inner + j))
                more = known(read(a, x + 2 * inner + j)) + known(read(a, x + 3 * inner + j))
                write(sums, j, recall(sums, j) + (two + more))
        row += 4
    while row < rows:
        x = at + row * inner
        for j in range(wide):
            value = read(a, x + j)
            write(sums, j, recall(sums, j) + (value if nans else known(value)))
        row += 1


@inlined
def sum_blocks(a: Flat, at: int, blocks: int, size: int, lanes: Flat, nans: bool) -> None:
    """`add_blocks`, where `nans` is known."""
    for j in range(LANES):
        write(lanes, j, ZERO)
    whole = blocks // 4 * 4
    for x in range(at, at + whole * size, 4 * size):
        for j in range(LANES):
            v0, v1 = read(a, x + j), read(a, x + size + j)
            v2, v3 = read(a, x + 2 * size + j), read(a, x + 3 * size + j)
            if not nans:
                v0, v1, v2, v3 = known(v0), known(v1), known(v2), known(v3)
            write(lanes, j, recall(lanes, j) + ((v0 + v1) + (v2 + v3)))
    for x in range(at + whole * size, at + blocks * size, size):
        for j in range(LANES):
            value = read(a, x + j)
            write(lanes, j, recall(lanes, j) + (value if nans else known(value)))


@part
def add_blocks(a: Flat, at: int, blocks: int, size: int, lanes: Flat, nans: bool) -> None:
    """Writes to `lanes` the sums of so many blocks of memory, `size` elements apart; nan as 0
    unless `nans` count."""
    if nans:  # which the loops would ask of each element
        sum_blocks(a, at, blocks, size, lanes, True)
    else:
        sum_blocks(a, at, blocks, size, lanes, False)


@part
def halve(lanes: Flat, size: int, inner: int) -> None:
    """Adds up the rows of `inner` elements, a power of two of them, that make up `size`."""
    while size > inner:
        size //= 2
        for j in range(size):
            write(lanes, j, recall(lanes, j) + recall(lanes, size + j))


@part
def narrow(a: Flat, out: Flat, inner: int, nans: bool) -> None:
    """`columns`, for so few that some rows at once are as one that fills a vector."""
    n, some = a.size // out.size, 1
    while 2 * some <= min(n, LANES // inner):
        some *= 2
    size, lanes, total = some * inner, np.empty(LANES, np.float32), np.empty(inner, np.float64)
    # a vector of the last rows may reach beyond the array; no column sums in another order for that
    whole = max(0, min(n // some, (n * inner - LANES) // size + 1))
    for outer in range(out.size // inner):
        start, end = outer * n * inner, (outer + 1) * n * inner
        if whole > DEEP:
            total[:] = 0
            for first in range(0, whole, DEEP):
                add_blocks(a, start + first * size, min(DEEP, whole - first), size, lanes, nans)
                halve(lanes, size, inner)
                for j in range(inner):
                    write(total, j, recall(total, j) + D(recall(lanes, j)))
            for j in range(inner):
                write(lanes, j, F(recall(total, j)))
        else:
            add_blocks(a, start, whole, size, lanes, nans)
            halve(lanes, size, inner)
        for x in range(start + whole * size, end, inner):
            for j in range(inner):
                value = read(a, x + j)
                write(lanes, j, recall(lanes, j) + (value if nans else known(value)))
        for j in range(inner):
            write(out, outer * inner + j, recall(lanes, j))


@shared("....<>", "inner", 0.2, COLUMNS)
@shared("pp....", "out.size // inner", 0.2)
@jit
def columns(a: Flat, out: Flat, inner: int, nans: bool, first: int, last: int) -> None:
    """The sum over n of each column from `first` to `last`, which is not summed; with nan as 0
    unless `nans` count."""
    n, wide = a.size // out.size, last - first
    if inner <= NARROW:
        narrow(a, out, inner, nans)
        return
    part, total = np.empty(wide, np.float32), np.empty(wide, np.float64)
    for outer in range(out.size // inner):
        found = out[outer * inner + first : outer * inner + last]
        at = outer * n * inner + first
        if n <= DEEP:
            for j in range(wide):
                write(found, j, ZERO)
            add_rows(a, at, n, inner, found, nans)
            continue
        total[:] = 0
        for deep in range(0, n, DEEP):
            part[:] = ZERO
            add_rows(a, at + deep * inner, min(DEEP, n - deep), inner, part, nans)
            for j in range(wide):
                write(total, j, recall(total, j) + D(recall(part, j)))
        for j in range(wide):
            write(found, j, F(recall(total, j)))


@reordered
def piece_spread(a: Flat, start: int, stop: int, middle: float) -> float:
    """The sum of squared distances from the middle, in float64."""
    total = D(0)
    for i in range(start, stop):
        x = D(read(a, i)) - middle
        total += x * x
    return total


@jit
def spread(a: Flat, middle: float) -> float:
    """The sum of squared distances of all elements from the middle, in float64."""
    return piece_spread(a, 0, a.size, middle)


@inlined
def beginning(x: Real) -> float:
    """From where sums of distances begin: so equal elements are exactly their mean."""
    return D(x) if math.isfinite(x) else D(0)


@reordered
def piece_total(a: Flat, start: int, stop: int, first: float) -> float:
    """The sum of distances from `first`, in float64."""
    total = D(0)
    for i in range(start, stop):
        total += D(read(a, i)) - first
    return total


@inlined
def centre(first: float, total: float, last: float, n: int) -> float:
    """The mean, from the sum of distances from `first` but for the last element's. As in Welford's
    recurrence it is nan where any element before the last is infinite."""
    return first + (total + (last - first)) / n if math.isfinite(total) else np.nan


@shared("ppp", "means.size", 0.5)
@jit
def spread_rows(a: Flat, means: Doubles, spreads: Doubles) -> None:
    """The mean of each row, and the sum of squared distances from it, in float64."""
    n = a.size // means.size
    for row in range(means.size):
        start, stop = row * n, row * n + n
        first = beginning(read(a, start))
        total = piece_total(a, start, stop - 1, first)
        middle = centre(first, total, D(read(a, stop - 1)), n)
        means[row], spreads[row] = middle, piece_spread(a, start, stop, middle)


@shared("....<>", "inner", 0.5, COLUMNS)
@shared("ppp...", "means.size // inner", 0.5)
@jit
def spread_columns(
    a: Flat, means: Doubles, spreads: Doubles, inner: int, begin: int, end: int
) -> None:
    """`spread_rows` of columns over n, from `begin` to `end`, which is not one."""
    n, wide = a.size // means.size, end - begin
    first = np.empty(wide, np.float64)
    for outer in range(means.size // inner):
        top = outer * n * inner
        middle = means[outer * inner + begin : outer * inner + end]
        total = spreads[outer * inner + begin : outer * inner + end]
        for j in range(wide):
            first[j] = beginning(read(a, top + begin + j))
        total[:] = 0
        final = top + begin + (n - 1) * inner
        for at in range(top + begin, final, inner):
            for j in range(wide):
                write(total, j, recall(total, j) + (D(read(a, at + j)) - recall(first, j)))
        for j in range(wide):
            middle[j] = centre(first[j], total[j], D(read(a, final + j)), n)
        total[:] = 0
        for at in range(top + begin, top + begin + n * inner, inner):
            for j in range(wide):
                apart = D(read(a, at + j)) - recall(middle, j)
                write(total, j, recall(total, j) + apart * apart)


@inlined
def key(x: Real) -> np.int32:
    """An integer that grows with x: so LLVM finds extremes by vectors, which it does not for floats
    that may be nan."""
    n = bits(x)
    return np.int32(n ^ ((n >> 31) & MAGNITUDE))


@inlined
def of_key(k: np.int32) -> Real:
    """The float32 of a `key`."""
    return of_bits(np.int32(k ^ ((k >> 31) & MAGNITUDE)))


class Ends(NamedTuple):
    """The extremes of floats' bits: as integers, and without a sign. Floats grow with their bits,
    but the negative ones fall, and a nan lies beyond infinity; and LLVM finds extremes of integers
    by vectors, which it does not for floats that may be nan.
    """

    most: np.int32
    least: np.int32
    last: np.uint32


@jit
def ends(a: Flat, start: int, stop: int) -> Ends:
    """Those of a[start:stop]."""
    most, least, last = np.int32(-0x80000000), np.int32(0x7FFFFFFF), np.uint32(0)
    for i in range(start, stop):
        n = bits(read(a, i))
        most, least, last = max(most, n), min(least, n), max(last, np.uint32(n))
    return Ends(most, least, last)


@inlined
def largest_of(found: Ends) -> Real:
    """The largest float, nan if one is."""
    if found.most > INFINITY or found.last > NEGATIVE_INFINITY:
        return NAN
    return of_bits(found.most if found.most >= 0 else found.least)


@inlined
def smallest_of(found: Ends) -> Real:
    """The smallest float, nan if one is."""
    if found.most > INFINITY or found.last > NEGATIVE_INFINITY:
        return NAN
    return of_bits(np.int32(found.last) if found.least < 0 else found.least)


@jit
def largest(a: Flat, start: int, stop: int) -> Real:
    """The largest of a[start:stop], nan if one is."""
    return largest_of(ends(a, start, stop))


@jit
def smallest(a: Flat, start: int, stop: int) -> Real:
    """The smallest of a[start:stop], nan if one is."""
    return smallest_of(ends(a, start, stop))


@shared("pp", "out.size", 0.3)
@jit
def largest_rows(a: Flat, out: Flat) -> None:
    """The largest element of each row."""
    n = a.size // out.size
    for row in range(out.size):
        out[row] = largest(a, row * n, row * n + n)


@shared("pp", "out.size", 0.3)
@jit
def smallest_rows(a: Flat, out: Flat) -> None:
    """The smallest element of each row."""
    n = a.size // out.size
    for row in range(out.size):
        out[row] = smallest(a, row * n, row * n + n)


@shared("ppp", "most.size", 0.3)
@jit
def ends_rows(a: Flat, least: Flat, most: Flat) -> None:
    """The smallest and the largest element of each row."""
    n = a.size // most.size
    for row in range(most.size):
        found = ends(a, row * n, row * n + n)
        least[row], most[row] = smallest_of(found), largest_of(found)


@inlined
def extremes(a: Flat, out: Flat, inner: int, flip: int, first: int, last: int) -> None:
    """The element over n with the largest key in each column from `first` to `last`, which is not
    compared; a flip of -1 turns the keys' order round."""
    n, wide = a.size // out.size, last - first
    most, turn = np.empty(wide, np.int32), np.int32(flip)
    for outer in range(out.size // inner):
        most[:] = LEAST_KEY if flip == 0 else np.int32(~MOST_KEY)
        for row in range(outer * n, outer * n + n):
            at = row * inner + first
            for j in range(wide):
                x = read(a, at + j)
                k = NAN_ABOVE if x != x else np.int32(key(x) ^ turn)
                write(most, j, max(recall(most, j), k))
        found = out[outer * inner + first : outer * inner + last]
        for j in range(wide):
            write(found, j, of_key(np.int32(recall(most, j) ^ turn)))


@shared("...<>", "inner", 0.3, COLUMNS)
@shared("pp...", "out.size // inner", 0.3)
@jit
def largest_columns(a: Flat, out: Flat, inner: int, first: int, last: int) -> None:
    """The largest element over n of each column from `first` to `last`, nan if one is."""
    extremes(a, out, inner, 0, first, last)


@shared("...<>", "inner", 0.3, COLUMNS)
@shared("pp...", "out.size // inner", 0.3)
@jit
def smallest_columns(a: Flat, out: Flat, inner: int, first: int, last: int) -> None:
    """The smallest element over n of each column from `first` to `last`, nan if one is."""
    extremes(a, out, inner, -1, first, last)


@shared("...<>", "inner", 0.2, COLUMNS)
@shared("pp...", "out.size // inner", 0.2)
@jit
def product_columns(a: Flat, out: Flat, inner: int, first: int, last: int) -> None:
    """The product over n of each column from `first` to `last`, which is not multiplied."""
    n, wide = a.size // out.size, last - first
    for outer in range(out.size // inner):
        found = out[outer * inner + first : outer * inner + last]
        found[:] = ONE
        for row in range(outer * n, outer * n + n):
            x = a[row * inner + first : row * inner + last]
            for j in range(wide):
                write(found, j, recall(found, j) * read(x, j))


@reordered
def piece_exponentials(a: Flat, start: int, stop: int, most: Real) -> Real:
    """The sum of exp(a[start:stop] - most)."""
    total = ZERO
    for i in range(start, stop):
        total += curves.exp(read(a, i) - most)
    return total


@shared("pp", "out.size", 0.8)
@jit
def logsumexp_rows(a: Flat, out: Flat) -> None:
    """log(sum(exp(row))) of each row."""
    n = a.size // out.size
    for row in range(out.size):
        most = largest(a, row * n, row * n + n)
        less = ZERO if abs(most) == INF else most
        total = D(0)
        for start in range(row * n, row * n + n, PIECE):
            stop = min(start + PIECE, row * n + n)
            total += D(piece_exponentials(a, start, stop, less))
        out[row] = F(math.log(total)) + less


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
