"""`minitorch_np.selection` for many rows: the k first of each as PyTorch finds them, which of equal
elements and in what order.

The steps are those that are written there, and so are their sources. An element is one integer:
its key above, of which alone two are compared, and its index in the lower half.
"""

import numpy as np

from .compiler import Flat, Indices, Real, bits, inlined, jit, part, read, recall, write
from .compiler import build as build_all
from .shares import shared

LOW = np.int64(0xFFFFFFFF)
MAGNITUDE, NAN = np.int32(0x7FFFFFFF), np.int64(0x7FFFFFFF)
SHORT = 16
"""A range that `sort` leaves to insertion."""


@inlined
def key(x: Real) -> np.int64:
    """An integer that grows with x, the same for both zeros; the largest for nan."""
    n = bits(x + np.float32(0))
    return np.int64(n ^ ((n >> 31) & MAGNITUDE)) if x == x else NAN


@inlined
def before(a: np.int64, b: np.int64) -> np.bool_:
    """Whether the key of a is smaller."""
    return (a >> 32) < (b >> 32)


@inlined
def swap(items: Indices, i: int, j: int) -> None:
    """Exchange two elements."""
    items[i], items[j] = items[j], items[i]


@part
def sift(items: Indices, low: int, hole: int, n: int, item: np.int64) -> None:
    """Fill `hole` of a heap of `n` with `item`: larger children up to the end, then back up."""
    top = child = hole
    while child < (n - 1) // 2:
        child = 2 * child + 2
        if before(items[low + child], items[low + child - 1]):
            child -= 1
        items[low + hole] = items[low + child]
        hole = child
    if n % 2 == 0 and child == (n - 2) // 2:
        child = 2 * child + 1
        items[low + hole] = items[low + child]
        hole = child
    while hole > top and before(items[low + (hole - 1) // 2], item):
        items[low + hole] = items[low + (hole - 1) // 2]
        hole = (hole - 1) // 2
    items[low + hole] = item


@part
def make_heap(items: Indices, low: int, n: int) -> None:
    """Make a heap of `n` elements, largest first."""
    for parent in range((n - 2) // 2, -1, -1):
        sift(items, low, parent, n, items[low + parent])


@part
def heap_select(items: Indices, low: int, middle: int, high: int) -> None:
    """Make a heap, largest first, of the `middle - low` smallest elements."""
    n = middle - low
    make_heap(items, low, n)
    for at in range(middle, high):
        item = items[at]
        if n > 0 and before(item, items[low]):
            items[at] = items[low]
            sift(items, low, 0, n, item)


@part
def sort_heap(items: Indices, low: int, high: int) -> None:
    """Sort what is a heap."""
    for last in range(high - 1, low, -1):
        item = items[last]
        items[last] = items[low]
        sift(items, low, 0, last - low, item)


@part
def partition(items: Indices, low: int, high: int) -> int:
    """Split a range at the median of its second, middle and last; where the second part starts."""
    a, b, c = low + 1, low + (high - low) // 2, high - 1
    x, y, z = items[a], items[b], items[c]
    if before(x, y):
        pivot = b if before(y, z) else c if before(x, z) else a
    else:
        pivot = a if before(x, z) else c if before(y, z) else b
    swap(items, low, pivot)
    middle = items[low]
    low += 1
    while True:
        while before(items[low], middle):
            low += 1
        high -= 1
        while before(middle, items[high]):
            high -= 1
        if low >= high:
            return low
        swap(items, low, high)
        low += 1


@part
def insertion_sort(items: Indices, low: int, first: int, high: int) -> None:
    """Move each element from `first` on back to its place, no further than `low`."""
    for at in range(first, high):
        item = items[at]
        while at > low and before(item, items[at - 1]):
            items[at] = items[at - 1]
            at -= 1
        items[at] = item


@part
def depth_of(n: int) -> int:
    """How often a range of `n` may be split before it counts as going badly."""
    depth = 0
    while n > 1:
        n //= 2
        depth += 2
    return depth


@part
def nth_element(items: Indices, nth: int) -> None:
    """Put at `nth` what sorting would, smaller ones before it and larger ones behind."""
    low, high = 0, items.size
    depth = depth_of(high)
    while high - low > 3:
        if depth == 0:
            heap_select(items, low, nth + 1, high)
            swap(items, low, nth)
            return
        depth -= 1
        cut = partition(items, low, high)
        if cut <= nth:
            low = cut
        else:
            high = cut
    insertion_sort(items, low, low + 1, high)


@part
def sort(items: Indices, n: int) -> None:
    """Sort the first `n`: quicksort down to short ranges, then insertion over all."""
    stack = np.empty((128, 3), np.int64)
    stack[0, 0], stack[0, 1], stack[0, 2] = 0, n, depth_of(n)
    left = 1
    while left > 0:
        left -= 1
        low, high, depth = stack[left, 0], stack[left, 1], stack[left, 2]
        while high - low > SHORT:
            if depth == 0:
                heap_select(items, low, high, high)
                sort_heap(items, low, high)
                break
            depth -= 1
            cut = partition(items, low, high)
            stack[left, 0], stack[left, 1], stack[left, 2] = cut, high, depth
            left += 1
            high = cut
    insertion_sort(items, 0, 1, n)


@shared("p....p", "a.size // n", 4.0)
@jit
def first_rows(a: Flat, n: int, k: int, largest: bool, ordered: bool, at: Indices) -> None:
    """Where the k smallest or largest elements of each row of n are, as topk finds them."""
    by_heap = k * 64 <= n
    m = k if by_heap else n
    items, sign = np.empty(m, np.int64), np.int64(-1 if largest else 1)
    for row in range(a.size // n):
        for i in range(m):
            items[i] = (sign * key(read(a, row * n + i)) << 32) | i
        if by_heap:  # what leaves the heap need not be kept
            make_heap(items, 0, k)
            for i in range(k, n):
                value = sign * key(read(a, row * n + i))
                if value < items[0] >> 32:
                    sift(items, 0, 0, k, (value << 32) | i)
            sort_heap(items, 0, k)
        else:
            nth_element(items, k - 1)
            if ordered:
                sort(items, k - 1)
        for i in range(k):
            at[row * k + i] = items[i] & LOW


@inlined
def exchange(items: Indices, low: int, high: int) -> None:
    """Swap two elements that stand in the wrong order."""
    if before(items[high], items[low]):
        swap(items, low, high)


@part
def quick_select(items: Indices, k: int) -> None:
    """Put at `k` what sorting would, by the steps of kthvalue."""
    left, right = 0, items.size - 1
    while right > left + 1:
        swap(items, left + (right - left) // 2, left + 1)
        exchange(items, left + 1, right)
        exchange(items, left, right)
        exchange(items, left + 1, left)
        pivot, i, j = items[left], left + 1, right
        while True:
            i, j = i + 1, j - 1
            while before(items[i], pivot):
                i += 1
            while before(pivot, items[j]):
                j -= 1
            if j < i:
                break
            swap(items, i, j)
        swap(items, left, j)
        if j <= k:
            left = i
        if j >= k:
            right = j - 1
    if right == left + 1:
        exchange(items, left, right)


@shared("p..p", "a.size // n", 6.0)
@jit
def kth_rows(a: Flat, n: int, k: int, at: Indices) -> None:
    """Where the element of each row of n is that sorts to position k, as kthvalue finds it."""
    items = np.empty(n, np.int64)
    for row in range(a.size // n):
        for i in range(n):
            items[i] = (key(read(a, row * n + i)) << 32) | i
        quick_select(items, k)
        at[row] = items[k] & LOW


@inlined
def item(a: Flat, start: int, i: int, largest: bool) -> np.int64:
    """An element of a row, and where it stands in it."""
    k = key(read(a, start + i))
    return (~k if largest else k) << 32 | i


@shared("pp..", "a.size // n", 1.0)
@jit
def items(a: Flat, out: Indices, n: int, largest: bool) -> None:
    """The elements of each row of n as integers, no two of them equal, that sort as those do: equal
    ones by index, and the largest first if so wanted."""
    for start in range(0, a.size, n):
        for i in range(n):
            write(out, start + i, item(a, start, i, largest))


@shared("ppp...", "a.size // n", 3.0)
@jit
def indices(a: Flat, out: Indices, values: Flat, n: int, largest: bool, stable: bool) -> None:
    """The indices of `items` that NumPy sorted, in their place, and the elements there. Equal ones
    stand where sort puts them, unless it is `stable`."""
    for start in range(0, a.size, n):
        row = out[start : start + n]
        tied = False
        for i in range(1, n):
            tied |= row[i] >> 32 == row[i - 1] >> 32
        if tied and n > SHORT and not stable:
            for i in range(n):
                row[i] = item(a, start, i, largest)
            sort(row, n)
        for i in range(n):
            at = row[i] & LOW
            values[start + i] = recall(a, start + at)
            row[i] = at


@shared("p.", "out.size // n", 30.0)
@jit
def sort_rows(out: Indices, n: int) -> None:
    """Each row of n items as sort puts them."""
    for start in range(0, out.size, n):
        sort(out[start : start + n], n)


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
