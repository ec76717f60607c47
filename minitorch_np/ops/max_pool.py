"""Max pooling: the largest element of each window, and its index within its image.

Source: aten/src/ATen/native/DilatedMaxPool2d.cpp, DilatedMaxPool3d.cpp, MaxPooling.cpp, and the
kernels in cpu/MaxPoolKernel.cpp.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

from minitorch_np.dtypes import BOOL, int64
from minitorch_np.dual.tensors import tangent
from minitorch_np.form import Form, Plans, form_of
from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.kernels.large import loop
from minitorch_np.loops import not_implemented, quietly
from minitorch_np.memory_format import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    memory_format,
)
from minitorch_np.op import composite, op
from minitorch_np.ops.copy import zeros_like
from minitorch_np.ops.points import SUM, add_at, are_inside, combined
from minitorch_np.ops.points import places as places_of
from minitorch_np.ops.pooling import (
    Array,
    Ints,
    Sliding,
    check_pool,
    compute,
    made,
    output_size,
    output_sizes,
    sliding,
    steps,
    suggested,
    taken,
    walks,
    widened,
    window_of,
)
from minitorch_np.ops.windows import Window
from minitorch_np.shapes import Shape, are_ints, listed, several
from minitorch_np.strides import contiguous, is_channels_last_like, like
from minitorch_np.tensor import Tensor, blank, empty

__all__ = ["max_pool1d", "max_pool1d_with_indices", "max_pool2d", "max_pool3d"]


class Pooled(NamedTuple):
    """The largest elements, and where they are; the fields have PyTorch's names of results."""

    result0: Tensor
    result1: Tensor


def largest(a: Array, w: Window, to: Shape) -> tuple[Array, Array]:
    """The largest element of each window, and its index within its image; the first of several.

    Of NaNs it is the last one, as ATen's loop has it.
    """
    if len(to) == 2 and walks(a) and a.size:
        return by_loop(a, w, to)
    lowest = -np.inf if a.dtype.kind not in "iu" else np.iinfo(a.dtype).min
    size = a.shape[-len(to) :]
    wide = widened(a, w, to, lowest)
    best = np.full((*a.shape[: -len(to)], *to), lowest, a.dtype)
    unordered = a.dtype.kind not in "iu" and bool(np.isnan(a).any())
    index = np.broadcast_to(first_places(size, w, to), best.shape).copy()
    corner = corners(size, w, to)
    better = np.empty(best.shape, np.bool_)
    for at, where in steps(w, to):
        value = wide[(..., *where)]
        np.greater(value, best, out=better)
        if unordered:
            better |= np.isnan(value)
        np.copyto(best, value, where=better)
        inner = sum(i * d * s for i, d, s in zip(at, w.dilation, contiguous(size), strict=True))
        np.copyto(index, corner + inner, where=better)
    return best, index


def by_loop(a: Array, w: Window, to: Shape) -> tuple[Array, Array]:
    """`largest` of planes in C order."""
    best = np.empty((*a.shape[:-2], *to), a.dtype)
    index = np.empty(best.shape, np.int64)
    numbers = np.array((*a.shape[-2:], *to, *itertools.chain(*w)), np.int64)
    loop("pools.largest")(a, best, index, numbers)
    return best, index


def corners(size: Shape, w: Window, to: Shape) -> Array:
    """The index of each window's first place, which may lie in the padding."""
    numbers = zip(to, w.stride, w.padding, strict=True)
    return _outer([np.arange(o) * s - p for o, s, p in numbers], size)


def first_places(size: Shape, w: Window, to: Shape) -> Array:
    """The index of the first element of each window that is in the image."""
    starts: list[Array] = []
    for o, s, p, d in zip(to, w.stride, w.padding, w.dilation, strict=True):
        start = np.arange(o) * s - p
        starts.append(np.where(start < 0, start + -(start // d) * d, start))
    return _outer(starts, size)


def _outer(starts: list[Array], size: Shape) -> Array:
    """Indices within an image from those in each of its dims."""
    found: Array = np.zeros((), np.int64)
    for start, step in zip(starts, contiguous(size), strict=True):
        found = found[..., None] + start * step
    return found


def indexed(values: Array, index: Array, input: Tensor, *, plain: bool = False) -> Pooled:
    """Both results as tensors, in the memory format of the input or, `plain`, row-major."""
    stride = contiguous(values.shape) if plain else suggested(values.shape, input)
    places = empty(index.shape, stride, int64)
    places.array[...] = index
    return Pooled(made(values, stride, input), places)


def pool(
    dims: int,
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints,
    ceil_mode: bool,
) -> Pooled:
    """Max pooling over 2 or 3 dims."""
    given = kernel_size, stride, padding, dilation
    key = (dims, input.form, given, ceil_mode) if are_ints(*given) else None
    plan = _plans.get(key)
    if plan is None:
        plan = _plan(dims, input, kernel_size, stride, padding, dilation, ceil_mode)
        if key is not None:
            _plans.keep(key, plan)
    slide, places = plan
    if key is not None and slide.direct and walks(input.array):
        best, index = blank(slide.form), blank(places)
        loop("pools.largest")(input.array, best.array, index.array, slide.numbers)
        return Pooled(best, index)
    if dims == 2 and input.ndim == 4 and is_channels_last_like(input.sizes, input.strides):
        images = input.array.transpose(0, 2, 3, 1)
        if walks(images) and images.size:
            best, index = blank(slide.form), blank(places)
            turned = [t.array.transpose(0, 2, 3, 1) for t in (best, index)]
            loop("pools.largest_columns")(images, *turned, slide.numbers, input.sizes[1])
            return Pooled(best, index)
    values, at = quietly(largest, compute(input), slide.window, slide.to)
    return indexed(values, at, input)


_plans = Plans[tuple[Sliding, Form]]()
"""How windows slide, and the form of indices: by the form of images and the arguments."""


def _plan(
    dims: int,
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints,
    ceil_mode: bool,
) -> tuple[Sliding, Form]:
    """What follows from sizes, once they and the dtype have been checked."""
    name = f"max_pool{dims}d"
    w = window_of(name, dims, kernel_size, stride, padding, dilation)
    if input.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"non-empty {dims + 1}D or {dims + 2}D (batch mode) tensor expected for input"
        )
    to = output_sizes(input.sizes[-dims:], w, ceil_mode)
    check_pool("max_pool3d_with_indices_out_cpu_template()", input, w, to)
    if input.dtype.category == BOOL and input.numel():
        raise not_implemented(name, input.dtype)
    shape = (*input.sizes[:-dims], *to)
    slide = sliding(input, w, to, suggested(shape, input))
    return slide, form_of(shape, slide.form.stride, int64)


def placed(
    grad_output: Tensor, input: Tensor, indices: Tensor, dims: int, *, plain: bool = False
) -> Tensor:
    """Zeros like the images, with each gradient added at the index that it came from."""
    size = input.sizes[-dims:]
    shape = (math.prod(input.sizes[:-dims]), math.prod(size))
    out = empty(shape, contiguous(shape), input.dtype).zero_()
    at = places_of(indices).reshape(shape[0], math.prod(indices.sizes[-dims:]))
    g = grad_output.array.reshape(at.shape)
    if not (are_inside(at, shape[1]) and combined(SUM, out.array, 1, at, g)):
        quietly(add_at, out, [np.arange(shape[0])[:, None], at], g)
    if plain:
        return out.alias(input.sizes, contiguous(input.sizes), 0)
    done = empty(input.sizes, suggested(input.sizes, input), input.dtype)
    done.array[...] = out.array.reshape(input.sizes)
    return done


def picked(g: Tensor, indices: Tensor, dims: int) -> Tensor:
    """The elements of images at `indices`. Source: max_pool_double_backward."""
    if not indices.numel():
        return empty(indices.sizes, like(indices.sizes, indices.strides), g.dtype)
    rows = (*indices.sizes[:-dims], -1)
    places = indices.view(rows)
    images = g.contiguous(memory_format=format_of(indices)).view(rows)
    return images.gather(-1, places).view(indices.sizes)


def format_of(t: Tensor) -> memory_format:
    """The memory format that a tensor suggests."""
    if not is_channels_last_like(t.sizes, t.strides):
        return contiguous_format
    return channels_last if t.ndim == 4 else channels_last_3d


@op("suggested", method=False, node="MaxPool2DWithIndicesBackward0")
def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Pooled:
    """The largest element of each window of (N, C, H, W), and its index in its H * W elements.

    H' = (H + 2 padding - dilation (KH - 1) - 1) // stride + 1; `ceil_mode` rounds up.
    Source: ATen/native/DilatedMaxPool2d.cpp.
    """
    return pool(2, input, kernel_size, stride, padding, dilation, ceil_mode)


max_pool2d_with_indices.vjp(
    input=lambda g_result0, input, kernel_size, stride, padding, dilation, ceil_mode, result1: (
        max_pool2d_with_indices_backward(
            g_result0, input, kernel_size, stride, padding, dilation, ceil_mode, result1
        )
    )
)
max_pool2d_with_indices.jvp(input=lambda t, result1: picked(t, result1, 2))


@op("suggested", method=False, node="MaxPool2DWithIndicesBackwardBackward0")
def max_pool2d_with_indices_backward(
    grad_output: Tensor,
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints,
    ceil_mode: bool,
    indices: Tensor,
) -> Tensor:
    """The gradient of max pooling: each element's goes to the place it was taken from."""
    del kernel_size, stride, padding, dilation, ceil_mode
    return placed(grad_output, input, indices, 2)


max_pool2d_with_indices_backward.vjp(
    grad_output=lambda g, indices: picked(g, indices, 2),
    input=lambda g: zeros_like(g),
    indices=None,
)


@op("suggested", method=False, node="MaxPool3DWithIndicesBackward0")
def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Pooled:
    """`max_pool2d_with_indices` of (N, C, D, H, W). Source: DilatedMaxPool3d.cpp."""
    return pool(3, input, kernel_size, stride, padding, dilation, ceil_mode)


max_pool3d_with_indices.vjp(
    input=lambda g_result0, input, kernel_size, stride, padding, dilation, ceil_mode, result1: (
        max_pool3d_with_indices_backward(
            g_result0, input, kernel_size, stride, padding, dilation, ceil_mode, result1
        )
    )
)
max_pool3d_with_indices.jvp(input=lambda t, result1: picked(t, result1, 3))


@op("suggested", method=False, node="MaxPool3DWithIndicesBackwardBackward0")
def max_pool3d_with_indices_backward(
    grad_output: Tensor,
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints,
    ceil_mode: bool,
    indices: Tensor,
) -> Tensor:
    """`max_pool2d_with_indices_backward` in three dims."""
    del kernel_size, stride, padding, dilation, ceil_mode
    return placed(grad_output, input, indices, 3)


max_pool3d_with_indices_backward.vjp(
    grad_output=lambda g, indices: picked(g, indices, 3),
    input=lambda g: zeros_like(g),
    indices=None,
)


@composite(method=False)
def max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest element of each window of (N, C, H, W); see `max_pool2d_with_indices`."""
    return max_pool2d_with_indices(
        input, taken(kernel_size, 2), taken(stride, 2), taken(padding, 2),
        taken(dilation, 2), ceil_mode,
    )[0]  # fmt: skip


@composite(method=False)
def max_pool3d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest element of each window of (N, C, D, H, W)."""
    return max_pool3d_with_indices(
        input, taken(kernel_size, 3), taken(stride, 3), taken(padding, 3),
        taken(dilation, 3), ceil_mode,
    )[0]  # fmt: skip


def line(
    input: Tensor, kernel_size: Ints, stride: Ints | None, padding: Ints, dilation: Ints, ceil: bool
) -> tuple[Window, int]:
    """The window along one dim, and how often it fits. Source: check_max_pool1d, MaxPooling.h."""
    if input.ndim not in (2, 3) or 0 in input.sizes[-2:]:
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for "
            f"input, but got:{listed(input.sizes)}"
        )
    given = [several(x) for x in (kernel_size, () if stride is None else stride, padding, dilation)]
    ints = "an int, list of ints"
    kinds = (ints, f"None, {ints},", f"{ints},", ints)
    for name, kind, numbers in zip(_LINE, kinds, given, strict=True):
        if len(numbers) != 1 and not (name == "stride" and not numbers):
            raise RuntimeError(
                f"max_pool1d() {name} must be {kind} or tuple of ints of size 1 but got size "
                f"{len(numbers)}"
            )
    (k,), (s,), (p,), (d,) = given[0], given[1] or given[0], given[2], given[3]
    for name, n in (("kernel_size", k), ("stride", s)):
        if n <= 0:
            raise RuntimeError(f"max_pool1d() {name} must be greater than zero, but got {n}")
    if p < 0:
        raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {p}")
    if p > k // 2:
        raise RuntimeError(
            "max_pool1d() padding should be at most half of kernel size, but got "
            f"padding={p} and kernel_size={k}"
        )
    if d <= 0:
        raise RuntimeError(f"max_pool1d() dilation must be greater than zero, but got {d}")
    to = output_size(input.sizes[-1], k, p, s, d, ceil)
    if to <= 0:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {to}")
    return Window((1, k), (1, s), (0, p), (1, d)), to


_LINE = ("kernel_size", "stride", "padding", "dilation")


@op("contiguous", method=False, differentiable=False)
def max_pool1d_forward(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest element of each window of (N, C, L), where no gradient is asked for.

    Source: ATen/native/MaxPooling.cpp max_pool1d_impl.
    """
    w, to = line(input, kernel_size, stride, padding, dilation, ceil_mode)
    if not input.dtype.is_floating_point:
        raise not_implemented("max_pool1d_impl", input.dtype)
    values, _ = quietly(largest, compute(input)[..., None, :], w, (1, to))
    shape = (*input.sizes[:-1], to)
    return made(values.reshape(shape), contiguous(shape), input)


@composite(method=False)
def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor]:
    """The largest element of each window of (N, C, L), and its index in L."""
    out = max_pool2d_with_indices(
        input.unsqueeze(-2),
        (1, *several(kernel_size)),
        (1, *several(kernel_size if stride is None or stride == () else stride)),
        (0, *several(padding)),
        (1, *several(dilation)),
        ceil_mode,
    )
    return out[0].squeeze(-2), out[1].squeeze(-2)


@composite(method=False)
def max_pool1d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest element of each window of (N, C, L)."""
    if not (input.requires_grad and is_grad_enabled()) and tangent(input) is None:
        return max_pool1d_forward(input, kernel_size, stride, padding, dilation, ceil_mode)
    _ = line(input, kernel_size, stride, padding, dilation, ceil_mode)
    return max_pool1d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)[0]
