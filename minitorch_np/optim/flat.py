"""Parameters, gradients and state as flat arrays, so that a compiled loop makes the whole step."""

from typing import Any

import numpy as np

from minitorch_np import dtypes, strides
from minitorch_np.graph.modes import state
from minitorch_np.tensor import Tensor

__all__ = ["flat"]

Flat = np.ndarray[tuple[int], np.dtype[Any]]


def flat(*tensors: Tensor) -> list[Flat] | None:
    """The memory of tensors that lie alike, each an array of its elements in the same order.

    None where a loop over memory cannot stand for the ops: tensors of other layouts or dtypes, a
    graph being recorded, a mode that wants to see each op, memory that cannot be written.
    """
    first = tensors[0]
    shape, stride, dtype = first.sizes, first.strides, first.dtype
    if state.route or dtype not in (dtypes.float32, dtypes.float64):
        return None
    for t in tensors:
        if t.dtype is not dtype or t.sizes != shape or t.strides != stride:
            return None
    if not strides.is_dense(shape, stride):
        return None
    count, size = (first.numel(),), dtype.itemsize
    arrays: list[Flat] = [
        np.ndarray(count, dtype.np, t.memory.buffer, t.memory.start + t.offset * size)
        for t in tensors
    ]
    return arrays if arrays[0].flags.writeable else None
