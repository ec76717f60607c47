"""im2col and col2im: the windows of images as columns, and images as the sums of windows.

Source: aten/src/ATen/native/Im2Col.cpp, Col2Im.cpp, im2col_shape_check.h.
"""

import math
from collections.abc import Sequence

import numpy as np

from minitorch_np.dtypes import BOOL
from minitorch_np.loops import not_implemented, quietly
from minitorch_np.op import op
from minitorch_np.ops.pooling import compute, made
from minitorch_np.ops.windows import Window, gathered, scattered
from minitorch_np.shapes import Shape, listed
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor

__all__: list[str] = []


def window_of(
    kernel_size: Sequence[int],
    dilation: Sequence[int],
    padding: Sequence[int],
    stride: Sequence[int],
) -> Window:
    """The window. Raises: RuntimeError unless there are two of each number."""
    kinds = ("kernel_size", kernel_size), ("dilation", dilation)
    for name, numbers in (*kinds, ("padding", padding), ("stride", stride)):
        if len(numbers) != 2:
            raise RuntimeError(f"It is expected {name} equals to 2, but got size {len(numbers)}")
    return Window(tuple(kernel_size), tuple(stride), tuple(padding), tuple(dilation))


def check_window(w: Window) -> None:
    """Raise RuntimeError for numbers that no window has."""
    for name, short, numbers, least in (
        ("kernel size", "kernel", w.kernel, 1),
        ("dilation", "dilation", w.dilation, 1),
        ("padding", "pad", w.padding, 0),
        ("stride", "stride", w.stride, 1),
    ):
        if any(n < least for n in numbers):
            wanted = "greater than zero" if least else "non-negative"
            raise RuntimeError(
                f"{name} should be {wanted}, but got {short}_height: {numbers[0]} "
                f"{short}_width: {numbers[1]}"
            )


def grid_of(size: Shape, w: Window) -> Shape:
    """How often the window fits in each dim."""
    numbers = zip(size, w.kernel, w.stride, w.padding, w.dilation, strict=True)
    return tuple([(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in numbers])


def pair(numbers: Shape) -> str:
    """Two numbers as messages have them: (2, 3)."""
    return f"({numbers[0]}, {numbers[1]})"


@op("contiguous", method=False, node="Im2ColBackward0")
def im2col(
    input: Tensor,
    kernel_size: Sequence[int],
    dilation: Sequence[int],
    padding: Sequence[int],
    stride: Sequence[int],
) -> Tensor:
    """All windows of (N, C, H, W) as columns (N, C * KH * KW, L), with or without N."""
    w = window_of(kernel_size, dilation, padding, stride)
    check_window(w)
    n, shape = input.ndim, input.sizes
    if n < 3:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got 2)"
        )
    if n not in (3, 4) or 0 in shape[-3:]:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {listed(shape)}"
        )
    grid = grid_of(shape[-2:], w)
    if any(g < 1 for g in grid):
        raise RuntimeError(
            f"Given input with spatial size {pair(shape[-2:])}, kernel_size={pair(w.kernel)}, "
            f"dilation={pair(w.dilation)}, padding={pair(w.padding)}, calculated shape of the "
            f"array of sliding blocks as {pair(grid)}, but its components must be at least one."
        )
    if not input.dtype.is_floating_point and input.dtype.category != BOOL:
        raise not_implemented("im2col_out_cpu", input.dtype)
    columns = gathered(input.array.reshape(-1, *shape[-3:]), w, grid)
    result = (*shape[:-3], shape[-3] * math.prod(w.kernel), math.prod(grid))
    return made(columns.reshape(result), contiguous(result), input)


im2col.vjp(
    input=lambda g, input_shape, kernel_size, dilation, padding, stride: col2im(
        g, input_shape[-2:], kernel_size, dilation, padding, stride
    )
)
im2col.jvp("linear")


def check_columns(input: Tensor, output_size: Shape, w: Window) -> Shape:
    """The grid of the windows. Raises: RuntimeError where columns are not theirs."""
    n, shape = input.ndim, input.sizes
    if n not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and "
            f"non-zero dimensions for input, but got: {listed(shape)}"
        )
    if shape[-2] % math.prod(w.kernel):
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            f"but got input.size(1)={shape[-2]} and kernel_size={pair(w.kernel)}."
        )
    grid = grid_of(output_size, w)
    cells = math.prod(grid)
    if shape[-1] != cells:
        raise RuntimeError(
            f"Given output_size={pair(output_size)}, kernel_size={pair(w.kernel)}, "
            f"dilation={pair(w.dilation)}, padding={pair(w.padding)}, stride={pair(w.stride)}, "
            "expected size of input's dimension 2 to match the calculated number of sliding blocks "
            f"{grid[0]} * {grid[1]} = {cells}, but got input.size(2)={shape[-1]}."
        )
    return grid


@op("contiguous", method=False, node="Col2ImBackward0")
def col2im(
    input: Tensor,
    output_size: Sequence[int],
    kernel_size: Sequence[int],
    dilation: Sequence[int],
    padding: Sequence[int],
    stride: Sequence[int],
) -> Tensor:
    """Images (N, C, *output_size) to which windows, (N, C * KH * KW, L), add up."""
    to = tuple(output_size)
    if len(to) != 2:
        raise RuntimeError(f"It is expected output_size equals to 2, but got size {len(to)}")
    w = window_of(kernel_size, dilation, padding, stride)
    check_window(w)
    grid = check_columns(input, to, w)
    if not input.dtype.is_floating_point and input.dtype.category != BOOL:
        raise not_implemented("col2im_out_cpu", input.dtype)
    channels = input.sizes[-2] // math.prod(w.kernel)
    count = math.prod(input.sizes[:-2])
    columns = compute(input).reshape(count, channels, *w.kernel, *grid)
    result = (*input.sizes[:-2], channels, *to)
    values = quietly(scattered, columns, w, to)
    return made(np.reshape(values, result), contiguous(result), input)


col2im.vjp(
    input=lambda g, kernel_size, dilation, padding, stride: im2col(
        g, kernel_size, dilation, padding, stride
    )
)
col2im.jvp("linear")
