"""The most frequent element of each row, and where the sort that ATen calls leaves its last one.

That sort is not stable, so the place depends on its every step: libstdc++'s std::sort, a quicksort
by medians of three down to pieces of 16, and one insertion sort at the end. Its escape to a heap,
where pivots split badly again and again, is left out.
Source: mode_kernel_impl, aten/src/ATen/native/cpu/TensorCompareKernel.cpp; D. R. Musser,
Introspective Sorting and Selection Algorithms, Software: Practice and Experience 27 (1997).
"""

from typing import Any

import numpy as np

from .compiler import Doubles, Indices, jit, part
from .compiler import build as build_all
from .shares import shared

Row = np.ndarray[tuple[int], np.dtype[Any]]
SHORT = 16


@part
def swap(x: Row, at: Indices, i: int, j: int) -> None:
    """Exchange two elements and their places."""
    x[i], x[j] = x[j], x[i]
    at[i], at[j] = at[j], at[i]


@part
def pivot_first(x: Row, at: Indices, first: int, last: int) -> None:
    """Move the median of three elements of a piece to its front."""
    a, b, c = first + 1, first + (last - first) // 2, last - 1
    if x[a] < x[b]:
        middle = b if x[b] < x[c] else (c if x[a] < x[c] else a)
    else:
        middle = a if x[a] < x[c] else (c if x[b] < x[c] else b)
    swap(x, at, first, middle)


@part
def split(x: Row, at: Indices, first: int, last: int) -> int:
    """Where a piece, parted by the pivot at its front, falls in two."""
    pivot, low, high = x[first], first + 1, last
    while True:
        while low < last and x[low] < pivot:
            low += 1
        high -= 1
        while high > first and pivot < x[high]:
            high -= 1
        if low >= high:
            return low
        swap(x, at, low, high)
        low += 1


@part
def insert(x: Row, at: Indices) -> None:
    """Sort a row that is nearly in order; the first elements know that none is before them."""
    for i in range(1, x.size):
        value, place, j = x[i], at[i], i
        if i < SHORT and value < x[0]:
            while j > 0:
                x[j], at[j] = x[j - 1], at[j - 1]
                j -= 1
        else:
            while j > 0 and value < x[j - 1]:
                x[j], at[j] = x[j - 1], at[j - 1]
                j -= 1
        x[j], at[j] = value, place


@part
def sort(x: Row, at: Indices) -> None:
    """Sort a row and the places of its elements along with it."""
    starts, ends, depth = [0], [x.size], 1
    while depth > 0:
        depth -= 1
        first, last = starts.pop(), ends.pop()
        while last - first > SHORT:
            pivot_first(x, at, first, last)
            cut = split(x, at, first, last)
            starts.append(cut)
            ends.append(last)
            depth += 1
            last = cut
    insert(x, at)


@part
def last_of_most(x: Row) -> int:
    """The place of the last of the most frequent elements of a row; it is sorted."""
    at = np.arange(x.size)
    sort(x, at)
    most, found, run = 0, 0, 1
    for i in range(x.size):
        if i + 1 < x.size and x[i] == x[i + 1]:
            run += 1
            continue
        if run > most:
            most, found = run, at[i]
        run = 1
    return found


@shared("pp", "out.size", 30.0)
@jit
def of_doubles(a: Doubles, out: Indices) -> None:
    """`last_of_most` of each row, as many as `out` has elements."""
    n = a.size // out.size
    for row in range(out.size):
        out[row] = last_of_most(a[row * n : row * n + n])


@shared("pp", "out.size", 30.0)
@jit
def of_integers(a: Indices, out: Indices) -> None:
    """`of_doubles`, for integers that those cannot hold."""
    n = a.size // out.size
    for row in range(out.size):
        out[row] = last_of_most(a[row * n : row * n + n])


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
