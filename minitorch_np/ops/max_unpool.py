"""What max pooling leaves of an image: its largest elements where they were, zeros elsewhere.

Source: aten/src/ATen/native/MaxUnpooling.cpp, cpu/MaxUnpoolKernel.cpp.
"""

import math
from collections.abc import Sequence

import numpy as np

from minitorch_np.dtypes import int64
from minitorch_np.loops import not_implemented
from minitorch_np.op import op
from minitorch_np.ops.adaptive_pool import check_filled
from minitorch_np.ops.max_pool import picked
from minitorch_np.ops.points import places
from minitorch_np.ops.pooling import by, suggested
from minitorch_np.shapes import Shape, listed
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor, empty

__all__: list[str] = []

_COUNT = {2: "two elements (height, width)", 3: "three elements (depth, height, width)"}


def check(dims: int, input: Tensor, indices: Tensor, to: Shape, *more: Sequence[int]) -> None:
    """Raise RuntimeError for tensors and sizes that do not go together."""
    name = f"max_unpooling{dims}d"
    counts = [("output_size, but got", to)]
    counts += [(f"{n}, but got:", x) for n, x in zip(("stride", "padding"), more, strict=False)]
    if indices.dtype is not int64:
        raise RuntimeError(
            f"elements in indices should be type int64 but got: {indices.dtype.aten_name}"
        )
    if dims == 2:
        check_counts(dims, counts)
    if input.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Input to {name} should be a {dims + 1}d or {dims + 2}d Tensor, but got a tensor with "
            f"{input.ndim} dimensions."
        )
    if dims == 3:
        check_counts(dims, counts)
    if input.sizes != indices.sizes:
        raise RuntimeError(
            "Expected shape of indices to be same as that of the input tensor "
            f"({listed(input.sizes)}) but got indices tensor with shape: {listed(indices.sizes)}"
        )
    check_filled(f"{name}_forward_out_cpu", input, range(1, input.ndim))
    for stride in more[:1]:
        if any(s <= 0 for s in stride):
            raise RuntimeError(
                f"strides should be greater than zero, but got stride: {listed(stride)}"
            )


def check_counts(dims: int, counts: Sequence[tuple[str, Sequence[int]]]) -> None:
    """Raise RuntimeError where there is not one number a dim."""
    for text, numbers in counts:
        if len(numbers) != dims:
            raise RuntimeError(
                f"There should be exactly {_COUNT[dims]} in {text} {len(numbers)} elements."
            )


def unpool(dims: int, input: Tensor, indices: Tensor, to: Shape) -> Tensor:
    """Zeros of (N, C, *to), with the elements at their indices; of several there, the last one."""
    if not input.dtype.is_floating_point:
        raise not_implemented(f"max_unpool{dims}d", input.dtype)
    shape = (*input.sizes[:-dims], *to)
    stride = suggested(shape, input) if dims == 2 else contiguous(shape)
    done = empty(shape, stride, input.dtype).zero_()
    if not input.numel() or 0 in shape:
        return done
    count = math.prod(shape[:-dims])
    at = places(indices).reshape(count, -1)
    wrong = at[(at < 0) | (at >= math.prod(to))]
    if wrong.size:  # ATen's loop remembers the last one
        raise RuntimeError(
            f"Found an invalid max index: {wrong[-1]} (output volumes are of size {by(to)})"
        )
    out = np.zeros((count, math.prod(to)), done.dtype.np)
    out[np.arange(count)[:, None], at] = input.array.reshape(count, -1)
    done.array[...] = out.reshape(shape)
    return done


@op("suggested", method=False, node="MaxUnpool2DBackward0")
def max_unpool2d(input: Tensor, indices: Tensor, output_size: Sequence[int]) -> Tensor:
    """(N, C, H, W) and the indices of its elements to images (N, C, *output_size)."""
    to = tuple(output_size)
    check(2, input, indices, to)
    return unpool(2, input, indices, to)


max_unpool2d.vjp(input=lambda g, indices: picked(g, indices, 2), indices=None)
max_unpool2d.jvp("linear")


@op("contiguous", method=False, node="MaxUnpool3DBackward0")
def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    output_size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
) -> Tensor:
    """(N, C, D, H, W) and the indices of its elements to images (N, C, *output_size)."""
    to = tuple(output_size)
    check(3, input, indices, to, stride, padding)
    return unpool(3, input, indices, to)


max_unpool3d.vjp(input=lambda g, indices: picked(g, indices, 3), indices=None)
max_unpool3d.jvp("linear")
