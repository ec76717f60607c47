"""Sums, products, largest elements and their kin of flat float32 arrays seen as (outer, n, inner):
n becomes one, and `inner` is 1 where rows are folded.

Sums are taken in float32 over pieces and in float64 over those: within a piece as many at once as
vectors hold, so that no chain of additions is longer than a pairwise sum's would be.
"""

import math
from typing import Any

import numpy as np

from . import curves
from .compiler import Real, jit, read, reordered, write

Flat = np.ndarray[tuple[int], np.dtype[Any]]
F, D = np.float32, np.float64
ZERO, ONE, INF = F(0), F(1), F(np.inf)
PIECE = 4096
"""Elements of a row that are summed in float32."""
DEEP = 64
"""Rows that are summed in float32."""
LANES = 64
"""Extremes that are looked for side by side."""


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
        x = read(a, i)
        total += x if x == x else ZERO
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


@jit
def sum_rows(a: Flat, out: Flat) -> None:
    """The sum of each row."""
    n = a.size // out.size
    for row in range(out.size):
        total = D(0)
        for start in range(row * n, row * n + n, PIECE):
            total += D(piece_sum(a, start, min(start + PIECE, row * n + n)))
        out[row] = F(total)


@jit
def nansum_rows(a: Flat, out: Flat) -> None:
    """The sum of each row with nan as 0."""
    n = a.size // out.size
    for row in range(out.size):
        total = D(0)
        for start in range(row * n, row * n + n, PIECE):
            total += D(piece_nansum(a, start, min(start + PIECE, row * n + n)))
        out[row] = F(total)


@jit
def squares_rows(a: Flat, out: Flat) -> None:
    """The sum of squares of each row."""
    n = a.size // out.size
    for row in range(out.size):
        total = D(0)
        for start in range(row * n, row * n + n, PIECE):
            total += D(piece_squares(a, start, min(start + PIECE, row * n + n)))
        out[row] = F(total)


@jit
def product_rows(a: Flat, out: Flat) -> None:
    """The product of each row."""
    n = a.size // out.size
    for row in range(out.size):
        out[row] = piece_product(a, row * n, row * n + n)


@jit
def columns(a: Flat, out: Flat, inner: int, nans: bool) -> None:
    """The sum over n of each column; with nan as 0 unless `nans` count."""
    n = a.size // out.size
    part, total = np.empty(inner, np.float32), np.empty(inner, np.float64)
    for outer in range(out.size // inner):
        total[:] = 0
        for first in range(0, n, DEEP):
            part[:] = 0
            for row in range(outer * n + first, outer * n + min(first + DEEP, n)):
                x = a[row * inner : row * inner + inner]
                if nans:
                    for j in range(inner):
                        write(part, j, read(part, j) + read(x, j))
                else:
                    for j in range(inner):
                        value = read(x, j)
                        write(part, j, read(part, j) + (value if value == value else ZERO))
            for j in range(inner):
                write(total, j, read(total, j) + D(read(part, j)))
        found = out[outer * inner : outer * inner + inner]
        for j in range(inner):
            write(found, j, F(read(total, j)))


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


@jit
def largest(a: Flat, start: int, stop: int, lanes: Flat) -> Real:
    """The largest of a[start:stop], nan if one is; `lanes` is for LANES numbers to work with."""
    lanes[:] = -INF
    whole = start + (stop - start) // LANES * LANES
    for i in range(start, whole, LANES):
        x = a[i : i + LANES]
        for j in range(LANES):
            value, most = read(x, j), read(lanes, j)
            write(lanes, j, value if (value > most) | (value != value) else most)
    found = -INF
    for j in range(LANES):
        found = lanes[j] if lanes[j] > found or lanes[j] != lanes[j] else found
    for i in range(whole, stop):
        found = a[i] if a[i] > found or a[i] != a[i] else found
    return found


@jit
def smallest(a: Flat, start: int, stop: int, lanes: Flat) -> Real:
    """The smallest of a[start:stop], nan if one is; see `largest`."""
    lanes[:] = INF
    whole = start + (stop - start) // LANES * LANES
    for i in range(start, whole, LANES):
        x = a[i : i + LANES]
        for j in range(LANES):
            value, least = read(x, j), read(lanes, j)
            write(lanes, j, value if (value < least) | (value != value) else least)
    found = INF
    for j in range(LANES):
        found = lanes[j] if lanes[j] < found or lanes[j] != lanes[j] else found
    for i in range(whole, stop):
        found = a[i] if a[i] < found or a[i] != a[i] else found
    return found


@jit
def largest_rows(a: Flat, out: Flat) -> None:
    """The largest element of each row."""
    n, lanes = a.size // out.size, np.empty(LANES, np.float32)
    for row in range(out.size):
        out[row] = largest(a, row * n, row * n + n, lanes)


@jit
def smallest_rows(a: Flat, out: Flat) -> None:
    """The smallest element of each row."""
    n, lanes = a.size // out.size, np.empty(LANES, np.float32)
    for row in range(out.size):
        out[row] = smallest(a, row * n, row * n + n, lanes)


@reordered
def piece_exponentials(a: Flat, start: int, stop: int, most: Real) -> Real:
    """The sum of exp(a[start:stop] - most)."""
    total = ZERO
    for i in range(start, stop):
        total += curves.exp(read(a, i) - most)
    return total


@jit
def logsumexp_rows(a: Flat, out: Flat) -> None:
    """log(sum(exp(row))) of each row."""
    n, lanes = a.size // out.size, np.empty(LANES, np.float32)
    for row in range(out.size):
        most = largest(a, row * n, row * n + n, lanes)
        less = ZERO if abs(most) == INF else most
        total = D(0)
        for start in range(row * n, row * n + n, PIECE):
            stop = min(start + PIECE, row * n + n)
            total += D(piece_exponentials(a, start, stop, less))
        out[row] = F(math.log(total)) + less
