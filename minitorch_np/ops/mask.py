"""Elements named by masks or by their place in row-major order: selected, written, found.

Source: aten/src/ATen/native/TensorAdvancedIndexing.cpp.
"""

import warnings
from collections.abc import Sequence
from typing import Literal, cast, overload

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, strides
from minitorch_np.flight import depth
from minitorch_np.loops import quietly, resize_output
from minitorch_np.op import composite, op
from minitorch_np.ops.binary import floor_divide, remainder
from minitorch_np.ops.copy import zeros
from minitorch_np.ops.factory import refuse
from minitorch_np.ops.points import Places, first_outside, flat_memory, offsets, places, positive
from minitorch_np.ops.scatter import check_apart
from minitorch_np.ops.view import unsafe_view
from minitorch_np.shapes import Shape, broadcast, listed, numel
from minitorch_np.storage import allocate
from minitorch_np.tensor import Tensor, empty, over, stored

__all__ = [
    "argwhere", "masked_scatter", "masked_select", "nonzero", "nonzero_static", "put", "take",
    "unravel_index",
]  # fmt: skip

Array = NDArray[np.generic]


@op("contiguous")
def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements where the mask holds, both broadcast, in a 1-d tensor."""
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    if out is not None and out.dtype is not input.dtype:
        raise RuntimeError("masked_select(): self and result must have the same scalar type")
    if out is not None:
        strides.check_no_internal_overlap(out.sizes, out.strides)
        check_apart(out, input, mask)
    shape = broadcast(mask.sizes, input.sizes) if mask.sizes != input.sizes else mask.sizes
    values = np.broadcast_to(input.array, shape)[broadcast_mask(mask, shape)]
    if out is None:
        return stored(values, input.dtype)
    if out.sizes != values.shape:
        resize_output(out, values.shape, (1,))
    out.array[...] = values
    return out


def masked_select_backward(g: Tensor, input: Tensor, mask: Tensor) -> Tensor:
    """Zeros with the gradient where the mask holds; the engine undoes the broadcast."""
    return blank(g, input, broadcast(input.sizes, mask.sizes)).masked_scatter_(mask, g)


masked_select.vjp(input=masked_select_backward, mask=None)
masked_select.jvp("linear")


def blank(g: Tensor, input: Tensor, shape: Shape) -> Tensor:
    """Zeros of `shape` laid out as `input`, expanded to it, is."""
    stride = strides.like(shape, strides.expand(input.sizes, input.strides, shape))
    return g.zero_room(shape, stride, g.dtype)


def broadcast_mask(mask: Tensor, shape: Shape) -> NDArray[np.bool_]:
    """The values of a mask, broadcast."""
    return cast("NDArray[np.bool_]", np.broadcast_to(mask.array, shape))


def check_scattered(input: Tensor, mask: Tensor, source: Tensor) -> None:
    """Nothing, when `source` can be written where the mask holds. Raises: RuntimeError."""
    if input.dtype is not source.dtype:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes but got"
            f"{input.dtype.aten_name} and {source.dtype.aten_name}"
        )
    if mask.dtype is dtypes.uint8:
        warnings.warn(_BYTES, UserWarning, stacklevel=depth())
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError(
            "masked_scatter_ only supports boolean masks, but got mask with dtype "
            f"{mask.dtype.aten_name}"
        )


_BYTES = (
    "masked_scatter_ received a mask with dtype torch.uint8, this behavior is now deprecated,"
    "please use a mask with dtype torch.bool instead."
)


def scatter_masked(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """`input` with the first elements of `source`, in order, written where the mask holds."""
    holds = broadcast_mask(mask, input.sizes)
    count = int(np.count_nonzero(holds))
    if source.numel() < count:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    input.array[holds] = source.array.ravel()[:count]
    return input


@op("contiguous")
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy with the first elements of `source`, in order, written where the mask holds."""
    shape = broadcast(mask.sizes, input.sizes)
    check_scattered(input, mask, source)
    done = empty(shape, strides.contiguous(shape), input.dtype)
    np.copyto(done.array, input.array)
    return scatter_masked(done, mask, source)


@op("like")
def masked_scatter_(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """This tensor with the first elements of `source`, in order, written where the mask holds."""
    strides.check_no_internal_overlap(input.sizes, input.strides)
    check_apart(input, mask, source)
    check_scattered(input, mask, source)
    if mask.ndim > input.ndim:
        raise RuntimeError(
            f"expand(CPU{mask.dtype.aten_name}Type{{{listed(mask.sizes)}}}, "
            f"size={listed(input.sizes)}): the number of sizes provided ({input.ndim}) must be "
            f"greater or equal to the number of dimensions in the tensor ({mask.ndim})"
        )
    stride = strides.expand(mask.sizes, mask.strides, input.sizes)
    return scatter_masked(input, mask.alias(input.sizes, stride, mask.offset), source)


def masked_scatter_backward(g: Tensor, mask: Tensor, source_shape: Shape) -> Tensor:
    """The gradient of the source: that of the elements written, then zeros."""
    count = numel(source_shape)
    found = masked_select(g, mask)
    if found.numel() < count:
        rest = zeros(g, (count,))
        found = rest.slice_scatter(found, 0, 0, found.numel())
    return unsafe_view(found, source_shape)


for _one in (masked_scatter, masked_scatter_):
    _one.vjp(
        mask=None,
        input=lambda g, mask: g.masked_fill(mask, 0),
        source=masked_scatter_backward,
    )


def in_order(t: Tensor, index: Places) -> NDArray[np.int64]:
    """The place in `flat_memory(t)` of elements counted in row-major order."""
    if strides.is_contiguous(t.sizes, t.strides):
        return index.astype(np.int64, copy=False)
    return offsets(t.sizes, t.strides).ravel()[index]


def checked(t: Tensor, index: Places) -> Places:
    """Indices into the elements of `t`, none counting from the end. Raises: IndexError."""
    n = t.numel()
    wrong = first_outside(index, -n, n)
    if wrong is not None:
        raise IndexError(
            f"out of range: tried to access index {wrong} on a tensor of {n} elements."
        )
    return positive(index, n)


@op("contiguous")
def take(input: Tensor, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements at `index`, counted in row-major order, in the shape of `index`."""
    if index.dtype is not dtypes.int64:
        raise RuntimeError(
            f"take(): Expected a long tensor for index, but got {index.dtype.aten_name}"
        )
    if out is not None and out.dtype is not input.dtype:
        raise RuntimeError(
            "take(): self and out expected to have the same dtype, but got self.dtype = "
            f"{input.dtype.aten_name} and out.dtype = {out.dtype.aten_name}"
        )
    if not input.numel() and index.numel():
        raise IndexError("take(): tried to take from an empty tensor")
    if out is not None:
        strides.check_no_internal_overlap(out.sizes, out.strides)
        check_apart(out, input, index)
    if out is None:
        out = empty(index.sizes, strides.contiguous(index.sizes), input.dtype)
    elif out.sizes != index.sizes:
        resize_output(
            out, index.sizes, strides.elementwise(index.sizes, ((index.sizes, index.strides),))
        )
    if index.numel():
        out.array[...] = flat_memory(input)[in_order(input, checked(input, places(index)))]
    return out


take.vjp(
    input=lambda g, input, index: blank(g, input, input.sizes).put_(index, g, True), index=None
)
take.jvp("linear")


def put_elements(input: Tensor, index: Tensor, source: Tensor, accumulate: bool) -> Tensor:
    """`input` with `source` written at elements counted in row-major order, or added to them."""
    if index.dtype is not dtypes.int64:
        raise RuntimeError(
            f"put_(): Expected a long tensor for index, but got {index.dtype.aten_name}"
        )
    if input.dtype is not source.dtype:
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{input.dtype.aten_name} and source.dtype = {source.dtype.aten_name}"
        )
    if source.numel() != index.numel():
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {source.numel()}, index.numel() = {index.numel()}"
        )
    if not input.numel() and index.numel():
        raise IndexError("put_(): Tried to put elements into an empty tensor")
    strides.check_no_internal_overlap(input.sizes, input.strides)
    check_apart(input, index, source)
    if index.numel():
        at = in_order(input, checked(input, places(index).ravel()))
        memory = flat_memory(input)
        if accumulate:
            quietly(np.add.at, memory, at, source.array.ravel())
        else:
            memory[at] = source.array.ravel()
    return input


@op("like")
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with `source` at the elements `index`, counted in row-major order, or added there."""
    out = empty(input.sizes, strides.like(input.sizes, input.strides), input.dtype)
    np.copyto(out.array, input.array)
    return put_elements(out, index, source, accumulate)


@op("like")
def put_(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """This tensor with `source` written at the elements `index`, or added there."""
    return put_elements(input, index, source, accumulate)


def without(g: Tensor, index: Tensor, source_shape: Shape, accumulate: bool) -> Tensor:
    """The gradient of what was put into: nothing arrives from the elements replaced."""
    return g if accumulate else g.put(index, zeros(g, source_shape), False)


for _one in (put, put_):
    _one.vjp(
        index=None,
        input=without,
        source=lambda g, index, source: g.take(index).reshape(source.sizes),
    )


def nonzeros(array: Array) -> tuple[Array, ...]:
    """NumPy's `nonzero`; bfloat16 is looked at as bits, and both zeros count."""
    return (array != 0).nonzero()


@op("contiguous", method=False, differentiable=False, node="NonzeroBackward0")
def nonzero_matrix(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The indices of the elements that are not zero: (N, input.ndim), each column contiguous."""
    if input.sizes:
        columns = nonzeros(input.array)
        count = len(columns[0])
    else:
        columns, count = (), int(bool(input.array != 0))
    shape, stride = (count, len(columns)), (1, count)
    if out is not None and out.dtype is not dtypes.int64:
        raise RuntimeError(
            "nonzero: Expected out tensor to have scalar type Long but got scalar type"
            f"{out.dtype.aten_name}"
        )
    if out is not None:
        strides.check_no_internal_overlap(out.sizes, out.strides)
    if out is None:
        done = over(allocate(8 * count * len(columns)), shape, stride, 0, dtypes.int64)
    else:
        if out.sizes != shape:
            resize_output(out, shape, stride)
        done = out
    for d, column in enumerate(columns):
        done.array[:, d] = column
    return done


@overload
def nonzero(
    input: Tensor, *, out: Tensor | None = None, as_tuple: Literal[False] = False
) -> Tensor: ...
@overload
def nonzero(
    input: Tensor, *, out: Tensor | None = None, as_tuple: Literal[True]
) -> tuple[Tensor, ...]: ...
@composite()
def nonzero(
    input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False
) -> Tensor | tuple[Tensor, ...]:
    """The indices of the elements that are not zero: (N, input.ndim), or a tuple of (N)."""
    if not isinstance(as_tuple, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        refuse("nonzero", "as_tuple", "bool", as_tuple)
    if not as_tuple:
        return nonzero_matrix(input, out=out)
    if out is not None:
        refuse("nonzero", "out", "Tensor", out)
    return nonzero_matrix(input if input.sizes else input.reshape((1,))).unbind(1)


@composite()
def argwhere(input: Tensor) -> Tensor:
    """The indices of the elements that are not zero: (N, input.ndim)."""
    return nonzero_matrix(input)


@op("contiguous", differentiable=False)
def nonzero_static(
    input: Tensor, *, size: int, fill_value: int = -1, out: Tensor | None = None
) -> Tensor:
    """The first `size` indices that `nonzero` finds, and rows of `fill_value` if there are fewer.

    (size, input.ndim), row-major. Source: TensorAdvancedIndexing.cpp nonzero_static_out_cpu.
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    shape = (size, input.ndim)
    if out is None:
        done = empty(shape, strides.contiguous(shape), dtypes.int64)
    else:
        if out.dtype is not dtypes.int64:
            raise RuntimeError(
                "nonzero_static: Expected out tensor to have scalar type Long but got scalar type"
                f"{out.dtype.aten_name}"
            )
        if out.sizes != shape:
            resize_output(out, shape, strides.contiguous(shape))
        done = out
    done.array.fill(fill_value)
    if input.sizes:
        for d, column in enumerate(nonzeros(input.array)):
            done.array[: len(column), d] = column[:size]
    return done


@composite(method=False, python=True)
def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """The coordinates, one tensor a dim, of elements of a row-major tensor of `shape`.

    Raises: TypeError for indices that are no integers, ValueError for a shape that has no elements.
    Source: torch/functional.py unravel_index.
    """
    if indices.dtype.category != dtypes.INTEGER:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    if not isinstance(shape, (int, Sequence)):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise TypeError(f"expected 'shape' to be int or sequence of ints, but got {type(shape)}")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    for n in sizes:
        if not isinstance(n, int):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(f"expected 'shape' sequence to only contain ints, but got {type(n)}")
    if any(n < 0 for n in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    if 0 in sizes and indices.numel():
        raise ValueError(
            f"'shape' cannot have zero dimensions when 'indices' is non-empty, but got {sizes}"
        )
    filled = tuple([n or 1 for n in sizes])  # what is divided has no elements either
    ends, steps = (
        stored(np.array(numbers, np.int64), dtypes.int64)
        for numbers in (filled, strides.contiguous(filled))
    )
    return remainder(floor_divide(indices.unsqueeze(-1), steps), ends).unbind(-1)
