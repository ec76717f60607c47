"""Views of some of the elements: parts along a dim, diagonals, windows, any stride at all."""

from collections.abc import Sequence

import numpy as np

from minitorch_np import shapes, strides
from minitorch_np.casts import clear
from minitorch_np.dtypes import INTEGER, can_cast, int64
from minitorch_np.loops import check_dtype, exact_result_for
from minitorch_np.op import composite, op
from minitorch_np.ops.copy import moved, wiped, zeros
from minitorch_np.ops.factory import checked_shape
from minitorch_np.shapes import Shape, wrap_dim
from minitorch_np.storage import allocate
from minitorch_np.strides import Geometry, Stride
from minitorch_np.tensor import Tensor, empty, over, stored

__all__ = [
    "as_strided", "diag", "diag_embed", "diagonal", "diagonal_copy", "diagonal_scatter", "narrow",
    "select", "select_scatter", "slice_scatter",
]  # fmt: skip

Place = tuple[Shape, Stride, int]
"""The geometry of a view: shape, stride and offset."""


def zeros_with(place: Place, shape: Shape, part: Tensor) -> Tensor:
    """Contiguous zeros of `shape` with `part` written at a `place` of them."""
    out = empty(shape, strides.contiguous(shape), part.dtype)
    clear(out.array)
    np.copyto(out.alias(*place).array, part.array)
    return out


def kept(input: Tensor) -> Place:
    """The geometry of a copy that keeps it exactly, offset included, unless elements share memory.

    Source: clone_preserve_strides, aten/src/ATen/native/TensorShape.cpp.
    """
    if strides.internal_overlap(input.sizes, input.strides) is strides.Overlap.YES:
        return input.sizes, strides.like(input.sizes, input.strides), 0
    return input.sizes, input.strides, input.offset


def scattered(input: Tensor, src: Tensor, place: Place, name: str) -> Tensor:
    """A copy of `input`, of the geometry `kept`, with `src` written at a `place` of it."""
    if src.sizes != place[0]:
        error = f"expected src to have a size equal to the {name} of self. src size = "
        raise RuntimeError(f"{error}{list(src.sizes)}, {name} size = {list(place[0])}")
    shape, stride, offset = kept(input)
    room = (offset + strides.extent(shape, stride)) * input.dtype.itemsize
    out = over(allocate(room), shape, stride, offset, input.dtype)
    np.copyto(out.array, input.array)
    np.copyto(over(out.memory, *place, input.dtype).array, src.array, casting="unsafe")
    return out


def selected(shape: Shape, stride: Stride, offset: int, dim: int, index: int) -> Place:
    """Where `select(dim, index)` of a geometry lies."""
    i = shapes.select_index(shape, dim, index)
    d = wrap_dim(dim, len(shape))
    return (*shape[:d], *shape[d + 1 :]), (*stride[:d], *stride[d + 1 :]), offset + i * stride[d]


@op("view", planned=True)
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The elements at `index` of `dim`, which is gone. Source: ATen/native/TensorShape.cpp."""
    return input.alias(*selected(input.sizes, input.strides, input.offset, dim, index))


select.vjp(input=lambda g, input_shape, dim, index: select_backward(g, input_shape, dim, index))


@op("contiguous", method=False)
def select_backward(grad_output: Tensor, input_sizes: Shape, dim: int, index: int) -> Tensor:
    """Zeros of the input's shape with the gradient at `index` of `dim`."""
    place = selected(input_sizes, strides.contiguous(input_sizes), 0, dim, index)
    return zeros_with(place, input_sizes, grad_output)


select_backward.vjp(grad_output=lambda g, dim, index: g.select(dim, index))
select_backward.jvp("linear")


@op("contiguous")
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy with `src` written at `index` of `dim`."""
    return scattered(input, src, selected(*kept(input), dim, index), "slice")


select_scatter.vjp(
    input=lambda g, src_shape, dim, index: g.select_scatter(zeros(g, src_shape), dim, index),
    src=lambda g, dim, index: g.select(dim, index),
)
select_scatter.jvp("joint")


def sliced(
    shape: Shape,
    stride: Stride,
    offset: int,
    dim: int,
    start: int | None,
    end: int | None,
    step: int,
) -> Place:
    """Where `start:end:step` of `dim` of a geometry lies."""
    if not shape:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    d = wrap_dim(dim, len(shape))
    first, length = shapes.slice_bounds(shape[d], start, end, step)
    return (
        (*shape[:d], length, *shape[d + 1 :]),
        (*stride[:d], stride[d] * step, *stride[d + 1 :]),
        offset + first * stride[d],
    )


@op("view", planned=True, method=False)
def slice(
    input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """The elements `start:end:step` of `dim`; bounds are clamped as Python clamps them.

    What `x[a:b]` is made of. Source: aten/src/ATen/native/TensorShape.cpp slice.
    """
    return input.alias(*sliced(input.sizes, input.strides, input.offset, dim, start, end, step))


slice.vjp(
    input=lambda g, input_shape, dim, start, end, step: slice_backward(
        g, input_shape, dim, start, end, step
    )
)


@op("contiguous", method=False)
def slice_backward(
    grad_output: Tensor, input_sizes: Shape, dim: int, start: int | None, end: int | None, step: int
) -> Tensor:
    """Zeros of the input's shape with the gradient in `start:end:step` of `dim`."""
    place = sliced(input_sizes, strides.contiguous(input_sizes), 0, dim, start, end, step)
    return zeros_with(place, input_sizes, grad_output)


slice_backward.vjp(grad_output=lambda g, dim, start, end, step: slice(g, dim, start, end, step))
slice_backward.jvp("linear")


@op("contiguous", refuses="leaf")
def slice_scatter(
    input: Tensor,
    src: Tensor,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """A copy with `src` written to `start:end:step` of `dim`."""
    done = scattered(input, src, sliced(*kept(input), dim, start, end, step), "slice")
    return done if out is None else own_or_out(done, out)


slice_scatter.vjp(
    input=lambda g, src_shape, dim, start, end, step: g.slice_scatter(
        zeros(g, src_shape), dim, start, end, step
    ),
    src=lambda g, dim, start, end, step: slice(g, dim, start, end, step),
)
slice_scatter.jvp("joint")


@composite()
def narrow(input: Tensor, dim: int, start: int | Tensor, length: int) -> Tensor:
    """The `length` elements of `dim` from `start` on, which may count from the end."""
    if isinstance(start, Tensor):
        if start.ndim or start.dtype.category != INTEGER:
            raise RuntimeError("start must be an 0-dim integral Tensor.")
        start = int(start.array)
    first = shapes.narrow_start(input.sizes, dim, start, length)
    return slice(input, dim, first, first + length, 1)


def on_diagonal(
    shape: Shape, stride: Stride, start: int, offset: int, dim1: int, dim2: int
) -> Place:
    """Where the diagonal of dims `dim1` and `dim2` of a geometry lies; it becomes the last dim."""
    d1, d2, length = shapes.diagonal_length(shape, offset, dim1, dim2)
    if length:
        start += offset * stride[d2] if offset >= 0 else -offset * stride[d1]
    rest = [d for d in range(len(shape)) if d not in (d1, d2)]
    return (
        (*strides.permuted(shape, rest), length),
        (*strides.permuted(stride, rest), stride[d1] + stride[d2]),
        start,
    )


@op("view", planned=True)
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonals of the matrices in `dim1` and `dim2`, `offset` above the main one, as last dim.

    Source: aten/src/ATen/native/TensorShape.cpp diagonal.
    """
    return input.alias(*on_diagonal(input.sizes, input.strides, input.offset, offset, dim1, dim2))


diagonal.vjp(
    input=lambda g, input_shape, offset, dim1, dim2: diagonal_backward(
        g, input_shape, offset, dim1, dim2
    )
)


@op("contiguous", method=False)
def diagonal_backward(
    grad_output: Tensor, input_sizes: Shape, offset: int, dim1: int, dim2: int
) -> Tensor:
    """Zeros of the input's shape with the gradient on the diagonals."""
    place = on_diagonal(input_sizes, strides.contiguous(input_sizes), 0, offset, dim1, dim2)
    return zeros_with(place, input_sizes, grad_output)


diagonal_backward.vjp(grad_output=lambda g, offset, dim1, dim2: g.diagonal(offset, dim1, dim2))
diagonal_backward.jvp("linear")


@op("contiguous")
def diagonal_scatter(
    input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Tensor:
    """A copy with `src` written to the diagonals that `diagonal` would show."""
    return scattered(input, src, on_diagonal(*kept(input), offset, dim1, dim2), "slice")


diagonal_scatter.vjp(
    input=lambda g, src_shape, offset, dim1, dim2: g.diagonal_scatter(
        zeros(g, src_shape), offset, dim1, dim2
    ),
    src=lambda g, offset, dim1, dim2: g.diagonal(offset, dim1, dim2),
)
diagonal_scatter.jvp("joint")


@op("contiguous")
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Matrices in `dim1` and `dim2` of zeros, with the last dim of `input` on their diagonal."""
    ndim = input.ndim + 1
    d1, d2 = wrap_dim(dim1, ndim), wrap_dim(dim2, ndim)
    if d1 == d2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    n = input.sizes[-1] + abs(offset)
    shape = list(input.sizes[:-1])
    for d in sorted((d1, d2)):
        shape.insert(d, n)
    checked_shape(tuple(shape), input.dtype.itemsize)
    place = on_diagonal(tuple(shape), strides.contiguous(tuple(shape)), 0, offset, d1, d2)
    return zeros_with(place, tuple(shape), input)


diag_embed.vjp(input=lambda g, offset, dim1, dim2: g.diagonal(offset, dim1, dim2))
diag_embed.jvp("linear")


@op("contiguous", method=False, node="DiagonalBackward0_copy", refuses="leaf")
def diagonal_copy(
    input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1, *, out: Tensor | None = None
) -> Tensor:
    """The diagonals as `diagonal` shows them, in memory of their own."""
    place = on_diagonal(input.sizes, input.strides, input.offset, offset, dim1, dim2)
    return own_or_out(input.alias(*place), out)


def own_or_out(t: Tensor, out: Tensor | None) -> Tensor:
    """The elements in memory of their own, or in `out`. Raises: RuntimeError for another dtype."""
    if out is None:
        return stored(t.array, t.dtype)
    np.copyto(exact_result_for(out, t.sizes, t.dtype).array, t.array)
    return out


diagonal_copy.vjp(
    input=lambda g, input_shape, offset, dim1, dim2: diagonal_backward(
        g, input_shape, offset, dim1, dim2
    )
)
diagonal_copy.jvp("linear")


@composite()
def diag(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The diagonal of a matrix, copied, or the matrix with the given vector on its diagonal."""
    if input.ndim == 1:
        if out is not None and not can_cast(input.dtype, out.dtype):
            raise RuntimeError(
                f"diag: result type {input.dtype.aten_name} can't be cast to the desired out= type "
                f"{out.dtype.aten_name}"
            )
        if out is not None:
            check_dtype(out, input.dtype)
        return moved(diag_embed(input, diagonal), out)
    if input.ndim != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    return diagonal_copy(input, diagonal, out=out)


def windows(shape: Shape, stride: Stride, dim: int, size: int, step: int) -> Geometry:
    """The geometry of `unfold(dim, size, step)`: windows in `dim`, their elements in a last dim."""
    d = wrap_dim(dim, len(shape))
    count = shapes.window_count(shape, dim, size, step)
    if not shape:
        return (size,), (1,)
    return (
        (*shape[:d], count, *shape[d + 1 :], size),
        (*stride[:d], step * stride[d], *stride[d + 1 :], stride[d]),
    )


@op("view", planned=True)
def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of `size` elements of `dimension`, one every `step`: (n - size) // step + 1 of them.

    Source: aten/src/ATen/native/TensorShape.cpp unfold.
    """
    return input.alias(*windows(input.sizes, input.strides, dimension, size, step), input.offset)


unfold.vjp(
    input=lambda g, input_shape, dimension, size, step: unfold_backward(
        g, input_shape, dimension, size, step
    )
)


@op("contiguous", method=False)
def unfold_backward(grad_in: Tensor, input_sizes: Shape, dim: int, size: int, step: int) -> Tensor:
    """The gradient of each element: those of all windows it is in, added in the order of windows.

    Source: aten/src/ATen/native/UnfoldBackward.h.
    """
    stride = strides.contiguous(input_sizes)
    out = empty(input_sizes, stride, grad_in.dtype)
    clear(out.array)
    shape, view = windows(input_sizes, stride, dim, size, step)
    for i in reversed(range(size)):  # an element is i-th of an earlier window for a larger i
        seen = out.alias(shape[:-1], view[:-1], i * view[-1]).array
        np.add(seen, grad_in.array[..., i], out=seen)
    return out


unfold_backward.vjp(grad_in=lambda g, dim, size, step: g.unfold(dim, size, step))
unfold_backward.jvp("linear")


@op("view")
def as_strided(
    input: Tensor, size: Shape, stride: Stride, storage_offset: int | None = None
) -> Tensor:
    """Any geometry over the tensor's storage; strides and offset count elements of the storage.

    Raises: RuntimeError where it would reach outside the storage.
    Source: aten/src/ATen/native/TensorShape.cpp as_strided_tensorimpl.
    """
    offset = input.offset if storage_offset is None else storage_offset
    shape, steps = tuple(size), tuple(stride)
    memory = input.memory
    strides.check_strided(shape, steps, offset, input.dtype.itemsize, memory.length)
    return input.alias(shape, steps, offset)


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
    Memory that several elements of the tensor name shares its gradient evenly among them; no
    element names the memory between, where the share is nan.
    Source: as_strided_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    if 0 in shape or 0 in size:
        return wiped(shape, g.dtype)
    start = offset if view_offset is None else view_offset
    low = min(offset, start)
    memory = max(_span(shape, stride, offset - low), _span(size, view_stride, start - low))
    flat = g.zero_room((memory,), (1,), g.dtype)
    stretched = [
        d for d, (n, s) in enumerate(zip(size, view_stride, strict=True)) if n != 1 and not s
    ]
    for d in reversed(stretched):
        g = g.sum(d)
    size, view_stride = _without(size, stretched), _without(view_stride, stretched)
    if may_overlap(size, view_stride):
        flat.index_add_(0, _addresses(size, view_stride, start - low), g.reshape(-1))
    else:
        flat.as_strided(size, view_stride, start - low).copy_(g)
    if may_overlap(shape, stride):
        where = _addresses(shape, stride, offset - low)
        count = np.bincount(where.array, minlength=memory)
        flat.div_(stored(count.astype(g.dtype.np), g.dtype))
    return flat.as_strided(shape, stride, offset - low)


def may_overlap(shape: Shape, stride: Stride) -> bool:
    """Whether two elements may share memory; certain when False.

    Source: _maybe_overlapping_memory, torch/csrc/autograd/FunctionsManual.cpp.
    """
    reach = 0
    for s, n in sorted(zip(stride, shape, strict=True)):
        if n != 1:
            if s <= reach:
                return 0 not in shape
            reach += s * (n - 1)
    return False


def _without(numbers: Shape, dims: Sequence[int]) -> Shape:
    return tuple([n for d, n in enumerate(numbers) if d not in dims])


def _span(shape: Shape, stride: Stride, offset: int) -> int:
    extent = strides.extent(shape, stride)
    return offset + extent if extent else 0


def _addresses(shape: Shape, stride: Stride, offset: int) -> Tensor:
    """The storage index of every element of a geometry, flat, in order."""
    index = np.full(shape, offset, np.int64)
    for d, (n, s) in enumerate(zip(shape, stride, strict=True)):
        index += (np.arange(n) * s).reshape((n,) + (1,) * (len(shape) - d - 1))
    return stored(index.reshape(-1), int64)
