"""Where index tensors point: checks of values, places in memory, adding at repeated places."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import kernels
from minitorch_np.dtypes import float32, int32, int64
from minitorch_np.kernels.large import MANY, dense, loop
from minitorch_np.kernels.shares import split
from minitorch_np.shapes import Shape, numel
from minitorch_np.strides import Stride, contiguous, extent
from minitorch_np.tensor import Tensor, stored

__all__ = [
    "LEAST", "MOST", "PRODUCT", "SUM", "WRITE", "Places", "add_at", "alike_but", "along",
    "are_inside", "combined", "first_outside", "flat_memory", "is_index", "line_starts", "lines",
    "loops_reach", "memory_places", "offsets", "places", "positive", "select_into",
]  # fmt: skip

Array = NDArray[np.generic]
Places = NDArray[np.integer]
"""Values of an index tensor."""

Indices = NDArray[np.int64]

_LONG_ROW = 128
"""Elements from which on a row is added by a call of its own, not element by element."""
_MANY = 4096
"""Elements from which on it pays to look for places that are named but once."""
_ROUNDS = 64


def places(t: Tensor) -> Places:
    """The values of an index tensor."""
    return cast(Places, t.array)


def is_index(t: Tensor) -> bool:
    """Whether a tensor has one of the two dtypes that most ops take as indices."""
    return t.dtype is int64 or t.dtype is int32


def are_inside(index: Places, size: int) -> bool:
    """Whether all indices are in [0, size), in one pass: as unsigned, negative ones are huge."""
    if index.size <= _FEW:
        few = index.ravel().tolist()
        return not few or (min(few) >= 0 and max(few) < size)
    unsigned = index.view(_UNSIGNED[index.itemsize])
    return int(np.maximum.reduce(unsigned, None)) < size


_FEW = 32
"""Indices that Python has looked at before NumPy has begun to."""
_UNSIGNED = {n: np.dtype(f"u{n}") for n in (1, 2, 4, 8)}


def first_outside(index: Places, low: int, high: int) -> int | None:
    """The first index below `low` or not below `high`, None when there is none."""
    if are_inside(index, high):
        return None
    wrong = (index < low) | (index >= high)
    return int(index[wrong][0]) if wrong.any() else None


def positive(index: Places, size: int) -> Places:
    """Indices that may count from the end, counted from the front. None is out of bounds."""
    return index if are_inside(index, size) else np.where(index < 0, index + size, index)


def offsets(shape: Shape, stride: Stride) -> Indices:
    """How far each element of a geometry is from its first, in elements."""
    at = np.zeros(shape, np.int64)
    for d, (n, s) in enumerate(zip(shape, stride, strict=True)):
        at += (np.arange(n) * s).reshape((n,) + (1,) * (len(shape) - d - 1))
    return at


@lru_cache(maxsize=1 << 8)
def line_starts(shape: Shape, stride: Stride, dim: int) -> Indices:
    """How far the first element of each line along `dim` is from the first of all, in a geometry
    whose `dim` stays, of size 1."""
    starts = offsets((*shape[:dim], 1, *shape[dim + 1 :]), stride)
    starts.flags.writeable = False
    return starts


def along(array: Array, index: Places, dim: int) -> Array:
    """np.take_along_axis, of indices in bounds, in less time where the array is small."""
    if array.size >= MANY:
        return np.take_along_axis(array, index, dim)
    stride = contiguous(array.shape)
    starts, step = line_starts(array.shape, stride, dim), stride[dim]
    return array.ravel().take(starts + (index if step == 1 else index * step))


def select_into(source: Array, dim: int, at: Places, out: Array) -> None:
    """Write to `out` the slices of `source` that indices, known to be in bounds, name."""
    columns = dim == source.ndim - 1 > 0 and at.dtype == np.int64 and at.flags.carray
    if columns and out.size >= MANY and dense(source) and out.flags.carray:
        loop("places.take_columns")(source, at, out, source.shape[-1])
    elif source.flags.c_contiguous and out.flags.c_contiguous and source.ndim:
        if dim or not at.ndim:
            source.take(at, dim, out, "clip")  # 'clip' writes straight to out
        else:

            def take(place: Array, some: Places) -> None:
                source.take(some, 0, place, "clip")

            split(take, [out, at])
    elif source.ndim:
        out[...] = source[(*(slice(None),) * dim, at)]
    else:
        out[...] = source


def flat_memory(t: Tensor) -> Array:
    """The memory that a tensor spans as a 1-d array, gaps included; `offsets` index it."""
    if t.form.in_order:
        return t.array.reshape(-1)
    return t.alias((extent(t.sizes, t.strides),), (1,), t.offset).array


def add_at(target: Tensor, index: Sequence[Places], values: Array, *, wide: bool = False) -> None:
    """Add `values` where `index` points in the first `len(index)` dims, once for each time named.

    The remaining dims of the target follow the shape of `index` in `values`. Additions are made in
    order, each rounded, as PyTorch's CPU kernels make them; `wide` sums half types in float32.
    """
    if not values.size:
        return
    if wide and target.dtype.is_half:
        work = stored(target.array, float32)
        add_at(work, index, values.astype(np.float32))
        target.array[...] = work.array.astype(target.dtype.np)
        return
    rest = target.sizes[len(index) :]
    if _rows_by_loop(target.array, index, values):
        return
    points = [p.ravel() for p in np.broadcast_arrays(*index)]
    rows, flat = target.array, values.reshape(-1, *rest)
    places = memory_places(points, target.strides)
    if values.size >= _MANY and add_in_rounds(rows, points, places, flat):
        return
    if numel(rest) >= _LONG_ROW:
        for nr, place in enumerate(zip(*[p.tolist() for p in points], strict=True)):
            row = rows[place]
            np.add(row, flat[nr], out=row)
        return
    if rest:
        steps = offsets(rest, target.strides[len(index) :])
        places = places.reshape(places.shape + (1,) * len(rest)) + steps
    np.add.at(flat_memory(target), places.ravel(), flat.ravel())


def _rows_by_loop(target: Array, index: Sequence[Places], values: Array) -> bool:
    """Whether a compiled loop added `values` where `index` points in the first dims of `target`."""
    if not loops_reach(values.size, target):
        return False
    k = len(index)
    count, inner = math.prod(target.shape[:k]), math.prod(target.shape[k:])
    rows, step = index[0].astype(np.int64, copy=False), count // target.shape[0]
    if k > 1:
        rows = rows * step
        for d in range(1, k):
            step //= target.shape[d]
            rows = rows + index[d] * step
    flat = np.ascontiguousarray(rows, np.int64), np.ascontiguousarray(values), target
    steps = count, rows.size, inner, 0, 1, 0
    loop("places.combine", target.dtype)(*flat, *steps, SUM, 0, 1)
    return True


def loops_reach(count: int, target: Array) -> bool:
    """Whether compiled loops can combine so many values, none of which is NumPy's to convert, with
    those of an array: many, or where the code is loaded already."""
    if count < MANY and (kernels.waiting or not count or target.dtype != np.float32):
        return False
    return target.dtype in _LOOPED and target.flags.carray


_LOOPED = {np.dtype(kind) for kind in (np.float32, np.float64, np.int64)}

WRITE, SUM, PRODUCT, LEAST, MOST = range(5)
"""What becomes of an element and a value that arrives at its place, as `kernels.places` has it."""


class Lines(NamedTuple):
    """An index along one dim as a loop reads it, in a geometry seen as (outer, n, inner)."""

    places: Indices
    """In C order, once where it is the same for all of outer, or of inner."""
    outward: int
    onward: int
    inward: int
    """How far apart, in elements, what two neighbours have is."""


def lines(index: Places, dim: int) -> Lines:
    """An index as a loop reads it; what an expanded one repeats is left out."""
    if index.ndim == 1:
        return Lines(np.ascontiguousarray(index, np.int64), 0, 1, 0)
    shape, steps = index.shape, index.strides
    key: list[slice] = [slice(None)] * len(shape)
    still: list[bool] = []
    for dims in (range(dim), range(dim + 1, len(shape))):
        still.append(all(shape[d] == 1 or not steps[d] for d in dims))
        if still[-1]:
            key[dims.start : dims.stop] = [slice(1)] * len(dims)
    found = np.ascontiguousarray(index[tuple(key)], np.int64)
    onward = 1 if still[1] else math.prod(shape[dim + 1 :])
    return Lines(found, 0 if still[0] else shape[dim] * onward, onward, int(not still[1]))


def combined(kind: int, target: Array, dim: int, index: Places, source: Array) -> bool:
    """Whether a compiled loop combined the values of `source` with those of `target` that an index
    of its shape, in bounds, names along `dim`: in order, each rounded."""
    if not loops_reach(index.size, target) or source.shape != index.shape:
        return False
    if target.dtype != source.dtype or not alike_but(dim, index, target):
        return False
    shape = index.shape
    sizes = target.shape[dim], shape[dim], math.prod(shape[dim + 1 :])
    at, *steps = lines(index, dim)
    flat = at, np.ascontiguousarray(source), target
    loop("places.combine", target.dtype)(*flat, *sizes, *steps, kind, 0, math.prod(shape[:dim]))
    return True


def alike_but(dim: int, a: Array, b: Array) -> bool:
    """Whether arrays have as many dims, and the same sizes apart from one."""
    if a.ndim != b.ndim:
        return False
    return a.shape[:dim] == b.shape[:dim] and a.shape[dim + 1 :] == b.shape[dim + 1 :]


def memory_places(points: Sequence[Places], stride: Stride) -> Indices:
    """The place in memory of every point, one index for each dim from the first."""
    places = np.zeros(points[0].shape, np.int64)
    for at, step in zip(points, stride, strict=False):
        places += at * step
    return places


def add_in_rounds(rows: Array, points: Sequence[Places], places: Indices, values: Array) -> bool:
    """Whether `values` were added at `points`; not when one place is named too often.

    Each round adds at places that differ: the first time each is named, then the second. So every
    place gets its values in order, as if they were added one by one.
    """
    order = places.argsort(kind="stable")
    ordered = places[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    lengths = np.diff(starts, append=len(ordered))
    rounds = int(lengths.max())
    if rounds > min(len(ordered) // 16 + 1, _ROUNDS):
        return False
    time = np.arange(len(ordered)) - np.repeat(starts, lengths)
    for k in range(rounds):
        at = order[time == k]
        key = tuple([p[at] for p in points])
        rows[key] = np.add(rows[key], values[at])
    return True
