"""Views: other shapes, strides and offsets over the same memory. No data is touched here."""

import numpy as np

from minitorch_np import shapes, strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.dtypes import int64
from minitorch_np.op import composite, op
from minitorch_np.shapes import Shape, wrap_dim
from minitorch_np.strides import Stride, Overlap
from minitorch_np.storage import VersionCounter
from minitorch_np.tensor import Tensor, empty_strided, stored

__all__ = ["as_strided", "expand", "reshape", "transpose", "unsqueeze", "view"]


@op("view")
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """The tensor with two dimensions exchanged. Source: ATen/native/TensorShape.cpp transpose."""
    ndim = len(input.sizes)
    d0, d1 = wrap_dim(dim0, ndim), wrap_dim(dim1, ndim)
    order = list(range(ndim))
    if ndim:
        order[d0], order[d1] = d1, d0
    return input.alias(
        strides.permuted(input.sizes, order), strides.permuted(input.strides, order), input.offset
    )


transpose.vjp(input=lambda g, dim0, dim1: g.transpose(dim0, dim1))


@op("view", method=True, variadic="size")
def expand(input: Tensor, size: Shape, *, implicit: bool = False) -> Tensor:
    """The tensor repeated without a copy: stride 0 wherever a size of 1 becomes larger.

    Source: aten/src/ATen/native/TensorShape.cpp expand.
    """
    to = shapes.expanded(input.sizes, tuple(size))
    return input.alias(to, strides.expand(input.sizes, input.strides, to), input.offset)


expand.vjp(input=lambda g, input_shape: g.sum_to_size(input_shape))


@op("view", variadic="size")
def view(input: Tensor, size: Shape | Dtype) -> Tensor:
    """The same elements in another shape over the same memory; one size may be -1.

    Dimensions merge and split wherever strides allow; contiguity is enough, but not needed.
    Raises: RuntimeError when only a copy could do it; a note then names the dims that cannot merge.
    Source: aten/src/ATen/native/TensorShape.cpp view, TensorUtils.cpp computeStride.
    """
    to = shapes.infer(tuple(size), input.numel())
    stride = strides.view(input.sizes, input.strides, to)
    if stride is None:
        error = RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
        note = strides.view_note(input.sizes, input.strides, to, input.dtype.itemsize)
        if note:
            error.add_note(note)
        raise error
    return input.alias(to, stride, input.offset)


view.vjp(input=lambda g, input_shape: g.reshape(input_shape))


@composite(variadic="shape")
def reshape(input: Tensor, shape: Shape) -> Tensor:
    """The same elements in another shape: a view where strides allow, else a copy.

    Source: aten/src/ATen/native/TensorShape.cpp reshape.
    """
    to = shapes.infer(tuple(shape), input.numel())
    stride = strides.view(input.sizes, input.strides, to)
    if stride is None:
        return unsafe_view(input.contiguous(), to)
    return view(input, to)


@op("view", method=False, node="UnsafeViewBackward0")
def unsafe_view(input: Tensor, size: Shape) -> Tensor:
    """A reshaped fresh copy, which autograd need not regard as a view of anything."""
    seen = input.alias(size, strides.contiguous(size), input.offset)
    seen.base = None
    seen.clock = VersionCounter()
    return seen


unsafe_view.vjp(input=lambda g, input_shape: g.reshape(input_shape))


@op("view")
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """The tensor with a new dimension of size 1 at `dim`. Source: ATen/native/TensorShape.cpp."""
    d = wrap_dim(dim, input.ndim + 1)
    shape, stride = input.sizes, input.strides
    step = shape[d] * stride[d] if d < len(shape) else 1
    return input.alias((*shape[:d], 1, *shape[d:]), (*stride[:d], step, *stride[d:]), input.offset)


unsqueeze.vjp(input=lambda g, input_shape: g.view(input_shape))


@op("view")
def as_strided(
    input: Tensor, size: Shape, stride: Stride, storage_offset: int | None = None
) -> Tensor:
    """Any geometry over the tensor's storage; strides and offset count elements of the storage.

    Source: aten/src/ATen/native/TensorShape.cpp as_strided_tensorimpl.
    """
    offset = input.offset if storage_offset is None else storage_offset
    return input.alias(tuple(size), tuple(stride), offset)


as_strided.vjp(
    input=lambda g, input_shape, input_stride, input_offset, size, stride, storage_offset: (
        as_strided_backward(
            g, input_shape, input_stride, input_offset, tuple(size), tuple(stride), storage_offset
        )
    )
)


def as_strided_backward(
    g: Tensor,
    shape: Shape,
    stride: Stride,
    offset: int,
    size: Shape,
    view_stride: Stride,
    view_offset: int | None,
) -> Tensor:
    """The gradient of a tensor of (shape, stride, offset) from that of an `as_strided` of it.

    Adds `g` into memory laid out as the storage was, and reads the tensor's geometry from it.
    Memory that several elements of the tensor name shares its gradient evenly among them.
    Source: as_strided_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    start = offset if view_offset is None else view_offset
    low = min(offset, start)
    memory = max(_span(shape, stride, offset - low), _span(size, view_stride, start - low))
    flat = empty_strided((memory,), (1,), g.dtype).zero_()
    if strides.internal_overlap(size, view_stride) is Overlap.NO:
        flat.as_strided(size, view_stride, start - low).copy_(g)
    else:
        flat = flat.index_add(0, _addresses(size, view_stride, start - low), g.reshape(-1))
    grad = flat.as_strided(shape, stride, offset - low)
    if strides.internal_overlap(shape, stride) is Overlap.NO:
        return grad
    where = _addresses(shape, stride, offset - low)
    ones = empty_strided(where.sizes, (1,), g.dtype).fill_(1)
    count = empty_strided((memory,), (1,), g.dtype).zero_().index_add(0, where, ones)
    return grad / count.as_strided(shape, stride, offset - low)


def _span(shape: Shape, stride: Stride, offset: int) -> int:
    if 0 in shape:
        return 0
    return offset + 1 + sum([(n - 1) * s for n, s in zip(shape, stride, strict=True)])


def _addresses(shape: Shape, stride: Stride, offset: int) -> Tensor:
    """The storage index of every element of a geometry, flat, in order."""
    index = np.full(shape, offset, np.int64)
    for d, (n, s) in enumerate(zip(shape, stride, strict=True)):
        index += (np.arange(n) * s).reshape((n,) + (1,) * (len(shape) - d - 1))
    return stored(index.reshape(-1), int64)
