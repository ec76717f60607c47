"""Elements in order: sort, topk, kthvalue. NaN counts as larger than everything.

Where sort puts equal elements, and which of them topk and kthvalue pick, `selection` says.
Source: aten/src/ATen/native/Sorting.cpp.
"""

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, kernels, return_types, selection, strides
from minitorch_np.form import form_of
from minitorch_np.kernels.large import MANY, loop
from minitorch_np.kernels.shares import split
from minitorch_np.loops import exact_result_for, finish, holding, not_implemented
from minitorch_np.op import composite, op
from minitorch_np.ops.extremes import (
    Pair,
    check_dim,
    picked,
    picked_backward,
    row_major,
    selected,
    values_of,
)
from minitorch_np.ops.points import along
from minitorch_np.shapes import need_bool, wrap_dim
from minitorch_np.tensor import Tensor, empty

__all__ = ["argsort", "kthvalue", "msort", "sort", "topk"]

Array = NDArray[np.generic]
Indices = NDArray[np.int64]


def order_of(array: Array, dim: int, descending: bool) -> Indices:
    """The indices that sort along `dim`; equal elements keep their order in both directions."""
    if not array.ndim:
        return np.zeros((), np.int64)
    if array.size < MANY:
        return _order(array, dim, descending)
    order = np.empty(array.shape, np.int64)

    def find(some: Array, place: Indices) -> None:
        place[...] = _order(some, dim, descending)

    across = [d for d in range(array.ndim) if d != dim % array.ndim]
    if across:
        split(find, [array, order], max(across, key=lambda d: array.shape[d]), SORTING)
    else:
        find(array, order)
    return order


def _order(array: Array, dim: int, descending: bool) -> Indices:
    """`order_of`, in one thread."""
    if not descending:
        return array.argsort(dim, "stable")
    back = (*(slice(None),) * (dim % array.ndim), slice(None, None, -1))
    return array.shape[dim] - 1 - array[back].argsort(dim, "stable")[back]


SORTING = 30.0
"""Nanoseconds that it takes to put an element in its place."""

SORTING_ITEMS = 8.0
"""The same, of an integer."""


def sorted_by_items(
    array: Array, dim: int, descending: bool, stable: bool
) -> tuple[Array, Indices]:
    """Many float32 in order along `dim`, and the indices where they were.

    An element and its index are one integer, of which no two are equal, so that what sorts them
    need not keep equal ones in order. NumPy does that by vectors, where a CPU has long ones: in a
    fifth of the time that it takes to sort indices.
    """
    rows = np.ascontiguousarray(array.swapaxes(dim, -1))
    n = rows.shape[-1]
    items, values = np.empty(rows.shape, np.int64), np.empty(rows.shape, np.float32)
    loop("selections.items")(rows, items, n, descending)
    split(np.ndarray.sort, [items.reshape(-1, n)], 0, SORTING_ITEMS)
    loop("selections.indices")(rows, items, values, n, descending, stable)
    return values.swapaxes(dim, -1), items.swapaxes(dim, -1)


RADIX = 32_768
"""Integers in one dim that are sorted by their digits, which does so too."""


def keeps(input: Tensor, dim: int, descending: bool) -> bool:
    """Whether PyTorch keeps the order of equal elements though it need not: insertion does.

    Source: sort_kernel, aten/src/ATen/native/cpu/SortingKernel.cpp.
    """
    kind, n = input.dtype, input.sizes[dim] if input.sizes else 1
    digits = kind.category == 1 and input.ndim == 1 and not descending and n >= RADIX
    return n <= selection.SHORT or digits or input.strides[dim] == 0


def not_kept(array: Array, order: Indices, dim: int) -> Indices:
    """`order`, with equal elements where std::sort puts them."""
    values, found = along(array, order, dim).swapaxes(dim, -1), order.swapaxes(dim, -1)
    same = _as_before(values)
    tied = same.any(-1)
    if not tied.any():
        return order
    found, places = found.copy(), found[tied]
    rank = np.zeros(places.shape, np.int64)
    np.cumsum(~same[tied], -1, out=rank[:, 1:])
    items = np.empty_like(rank)
    if _looped(array):
        np.put_along_axis(items, places, rank << 32 | places, -1)
        loop("selections.sort_rows")(items, array.shape[dim])
        found[tied] = items & 0xFFFFFFFF
    else:
        np.put_along_axis(items, places, rank, -1)
        found[tied] = [selection.in_order(row.tolist()) for row in items]
    return found.swapaxes(dim, -1)


def ranks(row: Array, descending: bool) -> list[int]:
    """Integers in the order of the elements, equal where those are; NaN is the largest."""
    inverse = np.unique(row, return_inverse=True)[1]
    ranked: list[int] = (-inverse if descending else inverse).tolist()
    return ranked


def _as_before(values: Array) -> NDArray[np.bool_]:
    """Whether each of sorted elements, but for the first of a row, equals the one before it."""
    a, b = values[..., 1:], values[..., :-1]
    return (a == b) | ((a != a) & (b != b))


def _tied(array: Array, order: Indices, n: int) -> Array:
    """The rows, along the last axis, in which two of the `n` first in `order` are equal."""
    return np.any(_as_before(along(array, order[..., :n], array.ndim - 1)), -1)


def top(array: Array, k: int, largest: bool, ordered: bool = True) -> Indices:
    """The indices of the `k` largest (or smallest) elements along the last axis."""
    if k and array.dtype == np.float32 and _looped(array):
        at = np.empty((*array.shape[:-1], k), np.int64)
        rows = np.ascontiguousarray(array)
        loop("selections.first_rows")(rows, array.shape[-1], k, largest, ordered, at)
        return at
    order = order_of(array, -1, largest)
    chosen = order[..., :k].copy()
    rows = _tied(array, order, k + 1) if ordered else np.ones(array.shape[:-1], np.bool_)
    for at in map(tuple, np.argwhere(rows)) if k and array.size and rows.any() else ():
        chosen[at] = selection.first(ranks(array[at], largest), k, ordered)
    return chosen


def _looped(array: Array) -> bool:
    """Whether compiled loops select: of many elements, or where the code is loaded already."""
    return array.size >= MANY or (array.size > 0 and not kernels.waiting)


@op("like", node=lambda stable: f"SortBackward{0 if stable is None else 1}")
def sort(
    input: Tensor,
    dim: int = -1,
    descending: bool = False,
    *,
    stable: bool | None = None,
    out: Pair | None = None,
) -> return_types.sort:
    """The elements in order along `dim`, and the indices where they were.

    Equal ones keep their order if `stable`; else they stand where std::sort puts them, as in
    PyTorch, where it is from GCC's library.
    """
    need_bool(descending)
    d = wrap_dim(dim, input.ndim)
    array = values_of(input)
    kept = bool(stable) or keeps(input, d, descending)
    if array.size >= MANY and array.dtype == np.float32:
        values, indices = sorted_by_items(array, d, descending, kept)
        if input.dtype.is_half:
            values = along(input.array, indices, d)
    else:
        indices = order_of(array, d, descending)
        indices = indices if kept else not_kept(array, indices, d)
        values = along(input.array, indices, d) if input.sizes else input.array
    layout = strides.like(input.sizes, input.strides)
    pair: list[Tensor] = []
    for nr, (array, kind) in enumerate(((values, input.dtype), (indices, dtypes.int64))):
        if out is None:
            pair.append(holding(array, form_of(input.sizes, layout, kind)))
        else:
            done = exact_result_for(out[nr], input.sizes, kind, [input], stride=layout)
            np.copyto(done.array, array)
            pair.append(done)
    return return_types.sort(*pair)


sort.vjp(
    input=lambda g_values, indices, input_shape, dim: picked_backward(
        g_values, indices, input_shape, dim, True
    )
)
sort.jvp(input=lambda t, dim, indices: t.gather(dim, indices))


@composite()
def argsort(
    input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False
) -> Tensor:
    """The indices that would sort along `dim`."""
    return sort(input.detach(), dim=dim, descending=descending, stable=stable).indices


@composite()
def msort(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements in order along the first dimension."""
    if out is None:
        return sort(input, 0, False).values
    return sort(input, 0, False, out=(out, empty((0,), (1,), dtypes.int64))).values


@op("contiguous")
def topk(
    input: Tensor,
    k: int,
    dim: int = -1,
    largest: bool = True,
    sorted: bool = True,
    *,
    out: Pair | None = None,
) -> return_types.topk:
    """The k largest (or smallest) elements along `dim`, and where they were."""
    d = wrap_dim(dim, input.ndim)
    if not 0 <= k <= (input.sizes[d] if input.ndim else 1):
        raise RuntimeError("selected index k out of range")
    if input.dtype.category == 0:
        raise NotImplementedError("topk does not support bool dtypes on CPU")
    if not input.ndim:
        return return_types.topk(*selected(input, np.zeros((), np.int64), d, True, out))
    indices = top(values_of(input).swapaxes(d, -1), k, largest, sorted).swapaxes(d, -1)
    values = along(input.array, indices, d)
    kinds = (input.dtype, dtypes.int64)
    if out is None:
        forms = [row_major(values.shape, kind) for kind in kinds]
        return return_types.topk(holding(values, forms[0]), holding(indices, forms[1]))
    for t, kind in zip(out, kinds, strict=True):
        _ = exact_result_for(t, values.shape, kind)
    first, second = out
    return return_types.topk(
        finish(values, input.dtype, first), finish(indices, dtypes.int64, second)
    )


topk.vjp(
    input=lambda g_values, indices, input_shape, dim: picked_backward(
        g_values, indices, input_shape, dim, True
    )
)
topk.jvp(input=lambda t, dim, indices: t.gather(dim, indices))


def _kth(array: Array, k: int) -> Indices:
    """The index that sorts to position `k` along the last axis, which stays, of size 1."""
    if array.dtype == np.float32 and _looped(array):
        found = np.empty((*array.shape[:-1], 1), np.int64)
        loop("selections.kth_rows")(np.ascontiguousarray(array), array.shape[-1], k, found)
        return found
    order = order_of(array, -1, False)
    chosen = order[..., k : k + 1].copy()
    for at in map(tuple, np.argwhere(_tied(array, order, array.shape[-1]))):
        chosen[at] = selection.kth(ranks(array[at], False), k)
    return chosen


@op("reduction")
def kthvalue(
    input: Tensor, k: int, dim: int = -1, keepdim: bool = False, *, out: Pair | None = None
) -> return_types.kthvalue:
    """The k-th smallest elements along `dim`, counted from 1, and where they were."""
    d = wrap_dim(dim, input.ndim)
    check_dim("kthvalue", input.sizes, d)
    if not 1 <= k <= (input.sizes[d] if input.ndim else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {d}")
    if out is not None and out[0].dtype is not input.dtype:
        raise RuntimeError("output values must be of same type as input")
    if out is not None and out[1].dtype is not dtypes.int64:
        raise RuntimeError("output indices must be of scalar type Long")
    if input.dtype.category == 0:
        raise not_implemented("kthvalue_cpu", input.dtype)
    indices = np.zeros((), np.int64)
    if input.ndim:
        indices = _kth(values_of(input).swapaxes(d, -1), k - 1).swapaxes(d, -1)
    return return_types.kthvalue(*selected(input, indices, d, keepdim, out))


kthvalue.vjp(
    input=lambda g_values, indices, input_shape, dim, keepdim: picked_backward(
        g_values, indices, input_shape, dim, keepdim
    )
)
kthvalue.jvp(input=lambda t, dim, keepdim, indices: picked(t, indices, dim, keepdim))
