"""Where index tensors point: checks of their values, places in memory, adding at repeated places."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minitorch_np.dtypes import int32, int64
from minitorch_np.shapes import Shape, numel
from minitorch_np.strides import Stride, extent
from minitorch_np.tensor import Tensor

__all__ = ["add_at", "first_outside", "flat_memory", "is_index", "offsets", "positive"]

Array = NDArray[np.generic]
Indices = NDArray[np.int64]

_LONG_ROW = 128
"""Elements from which on a row is added by a call of its own, not element by element."""


def is_index(t: Tensor) -> bool:
    """Whether a tensor has one of the two dtypes that most ops take as indices."""
    return t.dtype is int64 or t.dtype is int32


def first_outside(index: Array, low: int, high: int) -> int | None:
    """The first index below `low` or not below `high`, None when there is none."""
    if not index.size or (low <= int(index.min()) and int(index.max()) < high):
        return None
    wrong = (index < low) | (index >= high)
    return int(index[wrong][0])


def positive(index: Array, size: int) -> Array:
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


def add_at(target: Tensor, index: Sequence[Array], dims: int, values: Array) -> None:
    """Add `values` where `index` points in the first `len(index)` dims, once for each time named.

    `index` has `dims` dimensions, which `values` starts with; the remaining dims of the target
    follow. Additions are made in order, each rounded, as PyTorch's CPU kernels make them.
    """
    indexed = len(index)
    rest = target.sizes[indexed:]
    if not values.size:
        return
    if numel(rest) >= _LONG_ROW:
        rows = target.array
        points = np.broadcast_arrays(*index)
        flat = values.reshape(-1, *rest)
        for nr, place in enumerate(zip(*[p.ravel().tolist() for p in points], strict=True)):
            row = rows[place]
            np.add(row, flat[nr], out=row)
        return
    places = np.zeros((), np.int64)
    for at, step in zip(index, target.strides, strict=False):
        places = places + at.astype(np.int64, copy=False) * step
    if rest:
        places = places.reshape(places.shape + (1,) * len(rest)) + offsets(
            rest, target.strides[indexed:]
        )
    np.add.at(flat_memory(target), places.ravel(), values.ravel())
