"""Parameters, gradients and state as flat arrays, so that a compiled loop makes the whole step."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.graph.inplace import bump
from minitorch_np.graph.modes import state
from minitorch_np.tensor import Tensor

__all__ = ["counted_up", "flat", "numbers_as"]

Array = NDArray[Any]


def flat(*tensors: Tensor) -> list[Array] | None:
    """The memory of tensors that lie alike, each an array of its elements in the same order and
    without gaps, whatever its shape.

    None where a loop over memory cannot stand for the ops: tensors of other layouts or dtypes, a
    graph being recorded, a mode that wants to see each op, memory that cannot be written.
    """
    form = tensors[0].form
    dtype = form.dtype
    if form.packed is None or dtype not in _WIDE or state.route:
        return None
    arrays: list[Array] = []
    for t in tensors:
        if t.form is not form and (t.form.stride, t.form.expects) != (form.stride, form.expects):
            return None
        array = t.nd
        if array is None:
            array = t.array
        if not (form.contiguous or array.flags.c_contiguous):
            start = t.memory.start + t.offset * dtype.itemsize
            array = np.ndarray(t.numel(), dtype.np, t.memory.buffer, start)
        arrays.append(array)
    return arrays if arrays[0].flags.writeable else None


_WIDE = (dtypes.float32, dtypes.float64)


def counted_up(step: Tensor) -> float:
    """The count of steps after this one, which the tensor then holds: `add_(1)` and `item()`."""
    array = step.array
    if state.route or array.shape or step.dtype not in _WIDE or not array.flags.writeable:
        step.add_(1)
        return float(step.item())
    bump(step)
    array[()] = array.item() + 1  # NumPy takes ten times as long to add to an array of no dims
    return float(array.item())


@lru_cache(maxsize=64)
def numbers_as(dtype: np.dtype[Any], numbers: tuple[float, ...]) -> Array:
    """The numbers of a step as an array that nobody writes to: the next parameter has the same."""
    return np.array(numbers, dtype)
