"""A list, or the k first of it, as PyTorch sorts it: which of equal elements, and in what order.

libstdc++'s `nth_element`, `partial_sort` and `sort`, and PyTorch's own quickselect. None of them is
stable, so equal elements come out as these very steps leave them; where no two are equal, NumPy's
sort has the same answer sooner. Elements are (key, index), and only keys are compared.
Source: libstdc++ bits/stl_algo.h and bits/stl_heap.h; aten/src/ATen/native/TopKImpl.h, Sorting.cpp.
"""

__all__ = ["SHORT", "first", "in_order", "kth"]

Item = tuple[int, int]
Items = list[Item]

SHORT = 16
"""A range that `sort` leaves to insertion."""


def first(keys: list[int], k: int, ordered: bool) -> list[int]:
    """The indices of the `k` smallest keys, as topk has them; in order only if `ordered`.

    Source: topk_impl_loop, aten/src/ATen/native/TopKImpl.h.
    """
    items = [(key, at) for at, key in enumerate(keys)]
    if k * 64 <= len(items):
        _heap_select(items, 0, k, len(items))
        _sort_heap(items, 0, k)
    else:
        _nth_element(items, k - 1)
        if ordered:
            _sort(items, k - 1)
    return [at for _, at in items[:k]]


def in_order(keys: list[int]) -> list[int]:
    """The indices that sort `keys`, as sort has them where it need not keep equal ones in order.

    Source: sort_kernel_impl, aten/src/ATen/native/cpu/SortingKernel.cpp.
    """
    items = [(key, at) for at, key in enumerate(keys)]
    _sort(items, len(items))
    return [at for _, at in items]


def kth(keys: list[int], k: int) -> int:
    """The index of the key that sorts to position `k`, as kthvalue finds it.

    Source: quick_select_template, aten/src/ATen/native/Sorting.cpp.
    """
    items = [(key, at) for at, key in enumerate(keys)]
    left, right = 0, len(items) - 1
    while right > left + 1:
        middle = left + (right - left) // 2
        items[middle], items[left + 1] = items[left + 1], items[middle]
        for low, high in ((left + 1, right), (left, right), (left + 1, left)):
            _exchange(items, low, high)
        pivot, i, j = items[left][0], left + 1, right
        while True:
            i, j = i + 1, j - 1
            while items[i][0] < pivot:
                i += 1
            while items[j][0] > pivot:
                j -= 1
            if j < i:
                break
            items[i], items[j] = items[j], items[i]
        items[left], items[j] = items[j], items[left]
        left, right = (i if j <= k else left), (j - 1 if j >= k else right)
    if right == left + 1:
        _exchange(items, left, right)
    return items[k][1]


def _exchange(items: Items, low: int, high: int) -> None:
    """Swap two elements that stand in the wrong order."""
    if items[low][0] > items[high][0]:
        items[low], items[high] = items[high], items[low]


def _depth(n: int) -> int:
    """How often a range of `n` may be split before it counts as going badly."""
    return 2 * (n.bit_length() - 1)


def _nth_element(items: Items, nth: int) -> None:
    """Put at `nth` what sorting would, smaller ones before it and larger ones behind."""
    low, high = 0, len(items)
    if nth < 0 or nth == high:
        return
    depth = _depth(high)
    while high - low > 3:
        if not depth:
            _heap_select(items, low, nth + 1, high)
            items[low], items[nth] = items[nth], items[low]
            return
        depth -= 1
        cut = _partition(items, low, high)
        low, high = (cut, high) if cut <= nth else (low, cut)
    _insertion_sort(items, low, high)


def _sort(items: Items, n: int) -> None:
    """Sort the first `n`: quicksort down to short ranges, then insertion over all."""
    if n < 1:
        return
    stack = [(0, n, _depth(n))]
    while stack:
        low, high, depth = stack.pop()
        while high - low > SHORT:
            if not depth:
                _heap_select(items, low, high, high)
                _sort_heap(items, low, high)
                break
            depth -= 1
            cut = _partition(items, low, high)
            stack.append((cut, high, depth))
            high = cut
    _insertion_sort(items, 0, min(n, SHORT))
    for at in range(SHORT, n):
        _insert(items, at)


def _partition(items: Items, low: int, high: int) -> int:
    """Split a range at the median of its second, middle and last; where the second part starts."""
    a, b, c = low + 1, low + (high - low) // 2, high - 1
    x, y, z = items[a][0], items[b][0], items[c][0]
    if x < y:
        pivot = b if y < z else c if x < z else a
    else:
        pivot = a if x < z else c if y < z else b
    items[low], items[pivot] = items[pivot], items[low]
    key = items[low][0]
    low += 1
    while True:
        while items[low][0] < key:
            low += 1
        high -= 1
        while key < items[high][0]:
            high -= 1
        if low >= high:
            return low
        items[low], items[high] = items[high], items[low]
        low += 1


def _insertion_sort(items: Items, low: int, high: int) -> None:
    for at in range(low + 1, high):
        item = items[at]
        if item[0] < items[low][0]:
            items[low : at + 1] = [item, *items[low:at]]
        else:
            _insert(items, at)


def _insert(items: Items, at: int) -> None:
    """Move one element back to its place; one that is no larger stands before it."""
    item = items[at]
    while item[0] < items[at - 1][0]:
        items[at] = items[at - 1]
        at -= 1
    items[at] = item


def _heap_select(items: Items, low: int, middle: int, high: int) -> None:
    """Make a heap, largest first, of the `middle - low` smallest elements."""
    n = middle - low
    for parent in range((n - 2) // 2, -1, -1):
        _sift(items, low, parent, n, items[low + parent])
    for at in range(middle, high):
        item = items[at]
        if n and item[0] < items[low][0]:
            items[at] = items[low]
            _sift(items, low, 0, n, item)


def _sort_heap(items: Items, low: int, high: int) -> None:
    for last in range(high - 1, low, -1):
        item = items[last]
        items[last] = items[low]
        _sift(items, low, 0, last - low, item)


def _sift(items: Items, low: int, hole: int, n: int, item: Item) -> None:
    """Fill `hole` of a heap of `n` with `item`: larger children up to the end, then back up."""
    top = child = hole
    while child < (n - 1) // 2:
        child = 2 * child + 2
        if items[low + child][0] < items[low + child - 1][0]:
            child -= 1
        items[low + hole] = items[low + child]
        hole = child
    if n % 2 == 0 and child == (n - 2) // 2:
        child = 2 * child + 1
        items[low + hole] = items[low + child]
        hole = child
    while hole > top and items[low + (hole - 1) // 2][0] < item[0]:
        items[low + hole] = items[low + (hole - 1) // 2]
        hole = (hole - 1) // 2
    items[low + hole] = item
