"""New tensors: uninitialised, filled with one value, or counted."""

import math
import warnings
from collections.abc import Sequence
from typing import Unpack

import numpy as np

from minitorch_np import dtypes, strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.modes import state
from minitorch_np.memory_format import memory_format
from minitorch_np.ops.factory import (
    LikeOptions,
    Options,
    SizedOptions,
    checked_number,
    converted_number,
    finished,
    in_format,
    option_dtype,
    prepared,
    refuse,
    shape_of,
    sizes_of,
)
from minitorch_np.shapes import Shape
from minitorch_np.tensor import Number, Tensor, method
from minitorch_np.tensor import empty_strided as strided_memory

__all__ = [
    "arange", "empty", "empty_like", "empty_strided", "eye", "full", "full_like", "linspace",
    "logspace", "ones", "ones_like", "scalar_tensor", "zeros", "zeros_like",
]  # fmt: skip


def filled(
    name: str, shape: Shape, value: Number, options: Options, out: Tensor | None, dtype: Dtype | None
) -> Tensor:
    """A contiguous tensor of `shape` with every element `value`."""
    tensor = prepared(name, shape, options, out, dtype)
    tensor.array.fill(converted_number(value, tensor.dtype))
    return finished(tensor, options, out)


def empty(
    *size: int | Sequence[int],
    out: Tensor | None = None,
    memory_format: memory_format | None = None,
    **options: Unpack[SizedOptions],
) -> Tensor:
    """An uninitialised tensor of `size`, in the order of `memory_format`."""
    shape = shape_of("empty", size, options)
    stride = None if memory_format is None else in_format(memory_format, shape)
    return finished(prepared("empty", shape, options, out, None, stride), options, out)


def zeros(
    *size: int | Sequence[int], out: Tensor | None = None, **options: Unpack[SizedOptions]
) -> Tensor:
    """Zeros of `size`."""
    return filled("zeros", shape_of("zeros", size, options), 0, options, out, None)


def ones(
    *size: int | Sequence[int], out: Tensor | None = None, **options: Unpack[SizedOptions]
) -> Tensor:
    """Ones of `size`."""
    return filled("ones", shape_of("ones", size, options), 1, options, out, None)


def full(
    size: Sequence[int],
    fill_value: Number | Tensor,
    *,
    out: Tensor | None = None,
    **options: Unpack[Options],
) -> Tensor:
    """A tensor of `size` with every element `fill_value`, of that number's dtype.

    Source: aten/src/ATen/native/TensorFactories.cpp full.
    """
    shape = sizes_of("full", size)
    value = checked_number("full", "fill_value", fill_value, 2)
    return filled("full", shape, value, options, out, dtypes.of_number(value))


def scalar_tensor(s: Number | Tensor, **options: Unpack[Options]) -> Tensor:
    """A 0-d tensor of one number, of the default dtype whatever the number is."""
    return filled("scalar_tensor", (), checked_number("scalar_tensor", "s", s), options, None, None)


def empty_strided(size: Sequence[int], stride: Sequence[int], **options: Unpack[Options]) -> Tensor:
    """An uninitialised tensor of any geometry, over just the memory that it spans.

    Source: aten/src/ATen/EmptyTensor.cpp computeStorageNbytes.
    """
    shape, steps = sizes_of("empty_strided", size), sizes_of("empty_strided", stride, "stride", 2)
    dtype = option_dtype("empty_strided", options) or dtypes.get_default_dtype()
    if len(shape) != len(steps):
        raise RuntimeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides "
            f"({len(steps)})"
        )
    for n in shape:
        if n < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {n}: {list(shape)}"
            )
    if any(s < 0 for s in steps):
        raise RuntimeError(
            f"Storage size calculation overflowed with sizes={list(shape)} and strides={list(steps)}"
        )
    return finished(strided_memory(shape, steps, dtype), options)


def arange(
    start: Number | Tensor | None = None,
    end: Number | Tensor | None = None,
    step: Number | Tensor = 1,
    *,
    out: Tensor | None = None,
    **options: Unpack[Options],
) -> Tensor:
    """Numbers from `start` to below `end` in steps: ceil((end - start) / step) of them.

    With one number, that is `end`. Source: aten/src/ATen/native/RangeFactories.cpp arange_out.
    """
    if end is None:
        start, end = 0, start
    first = checked_number("arange", "start", start)
    last = checked_number("arange", "end", end)
    by = checked_number("arange", "step", step)
    integral = not any(isinstance(x, float) for x in (first, last, by))
    default = dtypes.int64 if integral else None
    n = math.ceil((last - first) / by)
    tensor = prepared("arange", (n,), options, out, default)
    dtype = tensor.dtype
    values = np.arange(n) * by + first
    np.copyto(tensor.array, values, casting="unsafe")
    return finished(tensor, options, out)
