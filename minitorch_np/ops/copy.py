"""Copies: of values into a tensor, of a tensor, and to another dtype or memory format."""

import numpy as np

from minitorch_np import strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.loops import number, quietly
from minitorch_np.memory_format import contiguous_format, memory_format, preserve_format
from minitorch_np.op import composite, op
from minitorch_np.shapes import is_expandable
from minitorch_np.strides import Overlap, Stride
from minitorch_np.tensor import Number, Tensor, device, empty

Device = device

__all__ = ["clone", "contiguous", "copy_", "to"]


def new_stride(input: Tensor, memory_format: memory_format) -> Stride:
    """The stride of a copy of `input` in `memory_format`."""
    if memory_format is preserve_format:
        return strides.like(input.sizes, input.strides)
    return memory_format.stride(input.sizes)


def zeros_like(g: Tensor) -> Tensor:
    """Zeros of the shape and dtype of a gradient."""
    return empty(g.sizes, strides.like(g.sizes, g.strides), g.dtype).zero_()


@op("like", node="CopyBackwards")
def copy_(input: Tensor, src: Tensor, non_blocking: bool = False) -> Tensor:
    """This tensor with the values of `src` written to it, broadcast and converted.

    Source: aten/src/ATen/native/Copy.cpp.
    """
    if src.sizes != input.sizes and not is_expandable(src.sizes, input.sizes):
        raise RuntimeError(
            f"output with shape {list(input.sizes)} doesn't match the broadcast shape "
            f"{list(src.sizes)}"
        )
    if strides.internal_overlap(input.sizes, input.strides) is Overlap.YES:
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a "
            "single memory location. Please clone() the tensor before performing the operation."
        )
    quietly(np.copyto, input.array, src.array, casting="unsafe")
    return input


copy_.vjp(input=lambda g: zeros_like(g), src=lambda g: g)


@op("like")
def fill_(input: Tensor, value: Number | Tensor) -> Tensor:
    """This tensor with every element set to `value`. Source: aten/src/ATen/native/Fill.cpp."""
    if isinstance(value, Tensor) and value.ndim:
        raise RuntimeError(
            "fill_ only supports 0-dimension value tensor but got tensor with "
            f"{value.ndim} dimensions."
        )
    source = value.array if isinstance(value, Tensor) else number(value, input.dtype)
    quietly(np.copyto, input.array, source, casting="unsafe")
    return input


fill_.vjp(input=lambda g: zeros_like(g), value=lambda g: g.sum())


@op("like")
def zero_(input: Tensor) -> Tensor:
    """This tensor with every element set to 0."""
    input.array.fill(0)
    return input


zero_.vjp(input=lambda g: zeros_like(g))


@op("like")
def clone(input: Tensor, *, memory_format: memory_format = preserve_format) -> Tensor:
    """A copy in memory of its own: dense, in the order of `memory_format`.

    Source: aten/src/ATen/native/TensorFactories.cpp clone.
    """
    out = empty(input.sizes, new_stride(input, memory_format), input.dtype)
    np.copyto(out.array, input.array)
    return out


clone.vjp(input=lambda g: g)


@composite()
def contiguous(input: Tensor, *, memory_format: memory_format = contiguous_format) -> Tensor:
    """The tensor itself if it lies in the order of `memory_format`, else a copy that does."""
    if input.is_contiguous(memory_format=memory_format):
        return input
    return clone(input, memory_format=memory_format)


@op("like", method=False, node="ToCopyBackward0")
def convert(input: Tensor, dtype: Dtype, memory_format: memory_format) -> Tensor:
    """A copy in another dtype, rounded to nearest even or cut towards zero."""
    out = empty(input.sizes, new_stride(input, memory_format), dtype)
    quietly(np.copyto, out.array, input.array, casting="unsafe")
    return out


convert.vjp(input=lambda g, input_dtype: g.to(input_dtype))


@composite()
def to(
    input: Tensor,
    *args: "Dtype | str | device | Tensor",
    dtype: Dtype | None = None,
    device: "device | str | None" = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: memory_format = preserve_format,
) -> Tensor:
    """The tensor in another dtype or memory format; itself when nothing changes and no `copy`."""
    for arg in args:
        if isinstance(arg, Dtype):
            dtype = arg
        elif isinstance(arg, Tensor):
            dtype = arg.dtype
        elif isinstance(arg, bool):
            copy = copy or arg
        else:
            device = arg
    if device is not None:
        _ = Device(device)
    wanted = dtype or input.dtype
    if wanted is input.dtype and not copy and (
        memory_format is preserve_format or input.is_contiguous(memory_format=memory_format)
    ):
        return input
    if wanted is input.dtype:
        return clone(input, memory_format=memory_format)
    return convert(input, wanted, memory_format)
