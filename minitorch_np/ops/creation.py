"""New tensors: uninitialised, or filled with one value; of a size, or like another tensor."""

from collections.abc import Sequence
from typing import Unpack

import numpy as np

from minitorch_np import dtypes, strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.modes import WATCHERS, made, state
from minitorch_np.guard import guarded, guarded_method
from minitorch_np.memory_format import memory_format, preserve_format
from minitorch_np.ops.factory import (
    LikeOptions,
    Options,
    SizedOptions,
    checked_number,
    checked_shape,
    finished,
    in_format,
    option_dtype,
    prepared,
    refuse,
    shape_of,
    sizes_of,
    usual,
    written,
)
from minitorch_np.shapes import refuse_negative
from minitorch_np.tensor import Number, Tensor, blank
from minitorch_np.tensor import empty as memory
from minitorch_np.tensor import empty_strided as strided_memory

__all__ = [
    "empty", "empty_like", "empty_permuted", "empty_strided", "full", "full_like", "ones",
    "ones_like", "scalar_tensor", "zeros", "zeros_like",
]  # fmt: skip


def filled(
    name: str,
    given: Sequence[object],
    value: Number,
    options: Options,
    out: Tensor | None = None,
    dtype: Dtype | None = None,
) -> Tensor:
    """A contiguous tensor of the size that is `given`, with every element `value`."""
    form = usual(given, options, dtype) if out is None else None
    if form is not None:
        return finished(written(blank(form), value), options)
    tensor = prepared(name, shape_of(name, given, options), options, out, dtype)
    return finished(written(tensor, value), options, out, name)


@guarded
def empty(
    *size: int | Sequence[int],
    out: Tensor | None = None,
    memory_format: memory_format | None = None,
    **options: Unpack[SizedOptions],
) -> Tensor:
    """An uninitialised tensor of `size`, in the order of `memory_format`."""
    form = usual(size, options) if out is None and memory_format is None else None
    if form is not None:
        return finished(blank(form), options)
    shape = shape_of("empty", size, options)
    stride = None if memory_format is None else in_format(memory_format, shape)
    if out is not None:  # nothing is written, and no write counted
        made = prepared("empty", shape, options, out)
        made.requires_grad = bool(options.get("requires_grad"))
        return made
    return finished(prepared("empty", shape, options, None, None, stride), options)


@guarded
def zeros(
    *size: int | Sequence[int], out: Tensor | None = None, **options: Unpack[SizedOptions]
) -> Tensor:
    """Zeros of `size`."""
    return filled("zeros", size, 0, options, out)


@guarded
def ones(
    *size: int | Sequence[int], out: Tensor | None = None, **options: Unpack[SizedOptions]
) -> Tensor:
    """Ones of `size`."""
    return filled("ones", size, 1, options, out)


@guarded
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
    kind = dtypes.of_number(float(value) if isinstance(fill_value, np.bool_) else value)
    return filled("full", (shape,), value, options, out, kind)


@guarded
def scalar_tensor(s: Number | Tensor, **options: Unpack[Options]) -> Tensor:
    """A 0-d tensor of one number, of the default dtype whatever the number is."""
    value = checked_number("scalar_tensor", "s", s)
    return finished(written(prepared("scalar_tensor", (), options), value), options)


@guarded
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
    refuse_negative(shape)
    if any(s < 0 for s in steps):
        raise RuntimeError(
            f"Storage size calculation overflowed with sizes={list(shape)} and "
            f"strides={list(steps)}"
        )
    return finished(strided_memory(shape, steps, dtype), options)


@guarded
def empty_permuted(
    size: Sequence[int], physical_layout: Sequence[int], **options: Unpack[Options]
) -> Tensor:
    """An uninitialised dense tensor whose dims lie in memory in the given order, outermost first.

    Source: aten/src/ATen/native/TensorFactories.cpp empty_permuted.
    """
    shape = sizes_of("empty_permuted", size)
    order = sizes_of("empty_permuted", physical_layout, "physical_layout", 2)
    dtype = option_dtype("empty_permuted", options) or dtypes.get_default_dtype()
    if len(order) != len(shape):
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. "
            f"len(size) = {len(shape)} is not equal to len(physical_layout) = {len(order)}"
        )
    for at, d in enumerate(order):
        if not 0 <= d < len(shape):
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {len(shape) - 1}, but got "
                f"{d} at index {at}).  NB: negative dims not currently supported; file an issue if "
                "you want it."
            )
        if d in order[:at]:
            raise RuntimeError("Duplicate dim not allowed")
    lying = strides.permuted(shape, order)
    checked_shape(shape, dtype.itemsize)
    stride = [0] * len(shape)
    for d, step in zip(order, strides.contiguous(lying), strict=True):
        stride[d] = step
    return finished(memory(shape, tuple(stride), dtype), options)


def like(name: str, input: Tensor, options: LikeOptions) -> Tensor:
    """An uninitialised tensor of the shape of `input`, in its order of dims unless told otherwise.

    Source: aten/src/ATen/native/TensorFactories.cpp empty_like.
    """
    if not isinstance(input, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        refuse(name, "input", "Tensor", input, 1)
    if not options and input.form.contiguous:
        return blank(input.form)
    dtype = option_dtype(name, options) or input.dtype
    format = options.get("memory_format")
    if format is None or format is preserve_format:
        stride = strides.like(input.sizes, input.strides)
    else:
        stride = in_format(format, input.sizes, name)
    return memory(input.sizes, stride, dtype)


@guarded
def empty_like(input: Tensor, **options: Unpack[LikeOptions]) -> Tensor:
    """An uninitialised tensor like `input`: its shape and dtype, and its layout where dense."""
    if WATCHERS and state.modes:
        return made(empty_like, input, **options)
    return finished(like("empty_like", input, options), options)


def filled_like(name: str, input: Tensor, value: Number, options: LikeOptions) -> Tensor:
    """A tensor like `input` with every element `value`."""
    if WATCHERS and state.modes:
        return made(filled_like, name, input, value, options)
    return finished(written(like(name, input, options), value), options)


@guarded
def zeros_like(input: Tensor, **options: Unpack[LikeOptions]) -> Tensor:
    """Zeros like `input`: its shape and dtype, and its layout where dense."""
    return filled_like("zeros_like", input, 0, options)


@guarded
def ones_like(input: Tensor, **options: Unpack[LikeOptions]) -> Tensor:
    """Ones like `input`: its shape and dtype, and its layout where dense."""
    return filled_like("ones_like", input, 1, options)


@guarded
def full_like(input: Tensor, fill_value: Number | Tensor, **options: Unpack[LikeOptions]) -> Tensor:
    """`fill_value` like `input`: its shape and dtype, and its layout where dense."""
    value = checked_number("full_like", "fill_value", fill_value, 2)
    return filled_like("full_like", input, value, options)


@guarded_method
def new_empty(self: Tensor, *size: int | Sequence[int], **options: Unpack[SizedOptions]) -> Tensor:
    """An uninitialised contiguous tensor of `size` and of this tensor's dtype."""
    form = usual(size, options, self.dtype)
    if form is not None:
        return finished(blank(form), options)
    shape = shape_of("new_empty", size, options)
    return finished(prepared("new_empty", shape, options, None, self.dtype), options)


@guarded_method
def new_zeros(self: Tensor, *size: int | Sequence[int], **options: Unpack[SizedOptions]) -> Tensor:
    """Zeros of `size` and of this tensor's dtype."""
    return filled("new_zeros", size, 0, options, None, self.dtype)


@guarded_method
def new_ones(self: Tensor, *size: int | Sequence[int], **options: Unpack[SizedOptions]) -> Tensor:
    """Ones of `size` and of this tensor's dtype."""
    return filled("new_ones", size, 1, options, None, self.dtype)


@guarded_method
def new_full(
    self: Tensor, size: Sequence[int], fill_value: Number | Tensor, **options: Unpack[Options]
) -> Tensor:
    """`fill_value` of `size` and of this tensor's dtype."""
    shape = sizes_of("new_full", size)
    value = checked_number("new_full", "fill_value", fill_value, 2)
    return filled("new_full", (shape,), value, options, None, self.dtype)


@guarded_method
def new_empty_strided(
    self: Tensor, size: Sequence[int], stride: Sequence[int], **options: Unpack[Options]
) -> Tensor:
    """An uninitialised tensor of any geometry and of this tensor's dtype."""
    options.setdefault("dtype", self.dtype)
    return empty_strided(size, stride, **options)
