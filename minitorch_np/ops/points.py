"""Where index tensors point: checks of values, places in memory, adding at repeated places."""

from collections.abc import Sequence
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np.dtypes import float32, int32, int64
from minitorch_np.kernels.large import MANY, dense, loop
from minitorch_np.shapes import Shape, numel
from minitorch_np.strides import Stride, contiguous, extent
from minitorch_np.tensor import Tensor, stored

__all__ = [
    "Places",
    "add_at",
    "along",
    "first_outside",
    "flat_memory",
    "is_index",
    "line_starts",
    "memory_places",
    "offsets",
    "places",
    "positive",
]

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
    if len(index) == 1 and _slices_by_loop(target.array, index[0], values):
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


def _slices_by_loop(target: Array, index: Places, values: Array) -> bool:
    """Whether a compiled loop added `values` to the slices of `target` that `index` names."""
    if not dense(target) or not dense(values) or index.dtype != np.int64:
        return False
    inner = target.size // target.shape[0]
    if inner < _LOOPED or values.shape != (*index.shape, *target.shape[1:]):
        return False
    flat = np.ascontiguousarray(index).reshape(-1), values.reshape(-1), target.reshape(-1)
    loop("places.add_slices")(*flat, inner)
    return True


_LOOPED = 16
"""Elements from which a slice is added by a compiled loop."""


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
