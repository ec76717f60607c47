"""Where index tensors point: checks of values, places in memory, adding at repeated places."""

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np.dtypes import float32, int32, int64
from minitorch_np.shapes import Shape, numel
from minitorch_np.strides import Stride, extent
from minitorch_np.tensor import Tensor, stored

__all__ = [
    "Places",
    "add_at",
    "first_outside",
    "flat_memory",
    "is_index",
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


def places(t: Tensor) -> Places:
    """The values of an index tensor."""
    return cast(Places, t.array)


def is_index(t: Tensor) -> bool:
    """Whether a tensor has one of the two dtypes that most ops take as indices."""
    return t.dtype is int64 or t.dtype is int32


def first_outside(index: Places, low: int, high: int) -> int | None:
    """The first index below `low` or not below `high`, None when there is none."""
    if not index.size or (low <= int(index.min()) and int(index.max()) < high):
        return None
    wrong = (index < low) | (index >= high)
    return int(index[wrong][0])


def positive(index: Places, size: int) -> Places:
    """Indices that may count from the end, counted from the front."""
    if index.size and int(index.min()) < 0:
        return np.where(index < 0, index + size, index)
    return index


def offsets(shape: Shape, stride: Stride) -> Indices:
    """How far each element of a geometry is from its first, in elements."""
    at = np.zeros(shape, np.int64)
    for d, (n, s) in enumerate(zip(shape, stride, strict=True)):
        at += (np.arange(n) * s).reshape((n,) + (1,) * (len(shape) - d - 1))
    return at


def flat_memory(t: Tensor) -> Array:
    """The memory that a tensor spans as a 1-d array, gaps included; `offsets` index it."""
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
    points = np.broadcast_arrays(*index)
    if numel(rest) >= _LONG_ROW:
        rows, flat = target.array, values.reshape(-1, *rest)
        for nr, place in enumerate(zip(*[p.ravel().tolist() for p in points], strict=True)):
            row = rows[place]
            np.add(row, flat[nr], out=row)
        return
    memory = np.zeros((), np.int64)
    for at, step in zip(points, target.strides, strict=False):
        memory = memory + at.astype(np.int64, copy=False) * step
    if rest:
        steps = offsets(rest, target.strides[len(index) :])
        memory = memory.reshape(memory.shape + (1,) * len(rest)) + steps
    np.add.at(flat_memory(target), memory.ravel(), values.ravel())
