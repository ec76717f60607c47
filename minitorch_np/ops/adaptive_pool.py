"""Pooling to a given size: each output is the mean, or the largest element, of its share.

Output o of O has the elements from floor(o N / O) to ceil((o + 1) N / O) of a dim of N. Source:
aten/src/ATen/native/AdaptiveAveragePooling.cpp and 3d, AdaptiveMaxPooling2d.cpp and 3d.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from minitorch_np.kernels.large import loop
from minitorch_np.loops import not_implemented, quietly
from minitorch_np.op import composite, op
from minitorch_np.ops.copy import zeros_like
from minitorch_np.ops.max_pool import Pooled, indexed, picked, placed
from minitorch_np.ops.pooling import Array, Ints, compute, made, suggested, walks
from minitorch_np.shapes import Shape, listed, refuse_negative
from minitorch_np.strides import channels_last, channels_last_3d, contiguous, is_channels_last_like
from minitorch_np.tensor import Tensor

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
]  # fmt: skip


def spans(n: int, to: int) -> list[tuple[int, int]]:
    """Where the share of each output starts and ends."""
    return [(o * n // to, -(-(o + 1) * n // to)) for o in range(to)]


def pairs(n: int, to: int) -> Array:
    """`spans` as compiled loops read them."""
    return np.array(spans(n, to), np.int64).reshape(-1)


def means(a: Array, to: Shape) -> Array:
    """The mean of each share, one dim after another; that of planes in one, as ATen sums them."""
    if len(to) == 2 and a.size and walks(a):
        height, width = a.shape[-2:]
        out = np.empty((*a.shape[:-2], *to), a.dtype)
        loop("pools.shares")(a, out, pairs(height, to[0]), pairs(width, to[1]), height, width)
        return out
    for axis, o in zip(range(-len(to), 0), to, strict=True):
        moved = np.moveaxis(a, axis, -1)
        out = np.empty((*moved.shape[:-1], o), a.dtype)
        for i, (s, e) in enumerate(spans(moved.shape[-1], o)):
            out[..., i] = moved[..., s:e].sum(-1) / a.dtype.type(e - s)
        a = np.moveaxis(out, -1, axis)
    return a


def rough_means(a: Array, to: Shape) -> Array:
    """`means` of half types as ATen's loop over three dims has them: each step is rounded."""
    size = a.shape[-len(to) :]
    out = np.empty((*a.shape[: -len(to)], *to), a.dtype)
    cells = [list(enumerate(spans(n, o))) for n, o in zip(size, to, strict=True)]
    for cell in itertools.product(*cells):
        at = tuple([i for i, _ in cell])
        part = a[(..., *[slice(s, e) for _, (s, e) in cell])]
        flat = part.reshape(*part.shape[: -len(to)], math.prod(part.shape[-len(to) :]))
        total = np.add.accumulate(flat, -1)[..., -1]
        for _, (s, e) in cell:
            total = total / a.dtype.type(e - s)
        out[(..., *at)] = total
    return out


def shares(g: Array, size: Shape) -> Array:
    """The gradient of `means`."""
    if len(size) == 2 and g.size and walks(g):
        (rows, columns), (height, width) = g.shape[-2:], size
        out = np.zeros((*g.shape[:-2], *size), g.dtype)
        across = pairs(height, rows), pairs(width, columns)
        loop("pools.shares_backward")(g, out, *across, height, width)
        return out
    for axis, n in zip(range(-len(size), 0), size, strict=True):
        moved = np.moveaxis(g, axis, -1)
        out = np.zeros((*moved.shape[:-1], n), g.dtype)
        for i, (s, e) in enumerate(spans(n, moved.shape[-1])):
            out[..., s:e] += moved[..., i : i + 1] / g.dtype.type(e - s)
        g = np.moveaxis(out, -1, axis)
    return g


def largest(a: Array, to: Shape) -> tuple[Array, Array]:
    """The largest element of each share, and its index in its image: the first, or the last NaN.

    Last dim first: so equal elements are met in the order of their index.
    """
    size = a.shape[-len(to) :]
    if len(to) == 2 and a.size and walks(a):
        best = np.empty((*a.shape[:-2], *to), a.dtype)
        index = np.empty(best.shape, np.int64)
        spans_of = [pairs(n, o) for n, o in zip(size, to, strict=True)]
        loop("pools.largest_shares")(a, best, index, *spans_of, *size)
        return best, index
    index: Array = np.broadcast_to(np.arange(math.prod(size)).reshape(size), a.shape)
    unordered = bool(np.isnan(a).any())
    for axis, o in zip(range(-1, -len(to) - 1, -1), reversed(to), strict=True):
        values, places = np.moveaxis(a, axis, -1), np.moveaxis(index, axis, -1)
        best = np.empty((*values.shape[:-1], o), a.dtype)
        where = np.empty(best.shape, np.int64)
        for i, (s, e) in enumerate(spans(values.shape[-1], o)):
            part = values[..., s:e]
            at: Array = part.argmax(-1)
            if unordered:
                wrong = np.isnan(part)[..., ::-1]
                at = np.where(wrong.any(-1), e - s - 1 - wrong.argmax(-1), at)
            best[..., i] = np.take_along_axis(part, at[..., None], -1)[..., 0]
            where[..., i] = np.take_along_axis(places[..., s:e], at[..., None], -1)[..., 0]
        a, index = np.moveaxis(best, -1, axis), np.moveaxis(where, -1, axis)
    return a, index


def check_filled(name: str, input: Tensor, dims: Sequence[int], called: str = "input") -> None:
    """Raise RuntimeError for a dim without elements."""
    for d in dims:
        if not input.sizes[d]:
            raise RuntimeError(
                f"{name}(): Expected {called} to have non-zero size for non-batch dimensions, "
                f"but {called} has sizes {listed(input.sizes)} with dimension {d % input.ndim} "
                "being empty"
            )


def check_gradient(name: str, g: Tensor) -> None:
    """`check_filled` of a gradient. Source: adaptive_pool_empty_output_check."""
    check_filled(name, g, range(1, g.ndim), "grad_output")


def averaged(dims: int, input: Tensor, to: Shape) -> Tensor:
    """Adaptive average pooling over 2 or 3 dims; of three, the result is row-major."""
    name = f"adaptive_avg_pool{dims}d"
    if input.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got {listed(input.sizes)}"
        )
    check_filled(name, input, (-2, -1) if dims == 2 else range(1, input.ndim))
    if not input.dtype.is_floating_point:
        raise not_implemented(name if dims == 2 else f"{name}_cpu", input.dtype)
    shape = (*input.sizes[:-dims], *to)
    if dims == 3 and input.dtype.is_half:
        return made(quietly(rough_means, input.array, to), contiguous(shape), input)
    values = quietly(means, compute(input), to)
    return made(values, suggested(shape, input) if dims == 2 else contiguous(shape), input)


def shared(dims: int, grad_output: Tensor, input: Tensor) -> Tensor:
    """The gradient of adaptive average pooling."""
    check_gradient(f"adaptive_avg_pool{dims}d_backward", grad_output)
    shape = input.sizes
    values = quietly(shares, compute(grad_output), shape[-dims:])
    return made(values, suggested(shape, input) if dims == 2 else contiguous(shape), input)


@op("suggested", method=False, node="AdaptiveAvgPool2DBackward0")
def adaptive_avg_pool2d_kernel(input: Tensor, output_size: Shape) -> Tensor:
    """The mean of each share of (N, C, H, W). Source: AdaptiveAveragePooling.cpp."""
    return averaged(2, input, output_size)


adaptive_avg_pool2d_kernel.vjp(input=lambda g, input: adaptive_avg_pool2d_backward(g, input))
adaptive_avg_pool2d_kernel.jvp("linear")


@op("suggested", method=False, node="AdaptiveAvgPool2DBackwardBackward0")
def adaptive_avg_pool2d_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """The gradient of adaptive average pooling: each element's parts of its shares."""
    return shared(2, grad_output, input)


adaptive_avg_pool2d_backward.vjp(
    grad_output=lambda g, grad_output_shape: adaptive_avg_pool2d_kernel(g, grad_output_shape[-2:]),
    input=lambda g: zeros_like(g),
)


@op("contiguous", method=False, node="AdaptiveAvgPool3DBackward0")
def adaptive_avg_pool3d_kernel(input: Tensor, output_size: Shape) -> Tensor:
    """The mean of each share of (N, C, D, H, W). Source: AdaptiveAveragePooling3d.cpp."""
    return averaged(3, input, output_size)


adaptive_avg_pool3d_kernel.vjp(input=lambda g, input: adaptive_avg_pool3d_backward(g, input))
adaptive_avg_pool3d_kernel.jvp("linear")


@op("contiguous", method=False, node="AdaptiveAvgPool3DBackwardBackward0")
def adaptive_avg_pool3d_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """`adaptive_avg_pool2d_backward` in three dims."""
    return shared(3, grad_output, input)


adaptive_avg_pool3d_backward.vjp(
    grad_output=lambda g, grad_output_shape: adaptive_avg_pool3d_kernel(g, grad_output_shape[-3:]),
    input=lambda g: zeros_like(g),
)


def average(dims: int, input: Tensor, output_size: Ints) -> Tensor:
    """Adaptive average pooling; to size 1 it is the mean, in the input's memory format."""
    name = f"adaptive_avg_pool{dims}d"
    to = (output_size,) * dims if isinstance(output_size, int) else tuple(output_size)
    if len(to) != dims:
        raise RuntimeError(f"{name}: output_size must be {dims}")
    if any(n < 0 for n in to):
        rest = ",".join(map(str, to[1:]))
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received "
            f"{{{to[0]}, {rest}}}"
        )
    if any(n != 1 for n in to):
        return (adaptive_avg_pool2d_kernel if dims == 2 else adaptive_avg_pool3d_kernel)(input, to)
    out = input.mean([*range(-1, -dims - 1, -1)], True)
    if is_channels_last_like(input.sizes, input.strides) and input.ndim == dims + 2:
        stride = (channels_last if dims == 2 else channels_last_3d)(out.sizes)
        out = out.as_strided_(out.sizes, stride)
    return out


@composite(method=False)
def adaptive_avg_pool2d(input: Tensor, output_size: Ints) -> Tensor:
    """(N, C, H, W) to (N, C, *output_size) by means. Source: adaptive_avg_pool2d."""
    return average(2, input, output_size)


@composite(method=False)
def adaptive_avg_pool3d(input: Tensor, output_size: Ints) -> Tensor:
    """(N, C, D, H, W) to (N, C, *output_size) by means. Source: adaptive_avg_pool3d."""
    return average(3, input, output_size)


def one(name: str, input: Tensor, output_size: Ints) -> int:
    """The output size along one dim, after the checks that both kinds share."""
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument #1 "
            f"'self' (while checking arguments for {name})"
        )
    if isinstance(output_size, int):
        return output_size
    if len(output_size) != 1:
        raise RuntimeError(
            f"{name}() argument 'output_size' should contain one int (got {len(output_size)})"
        )
    return output_size[0]


@composite(method=False)
def adaptive_avg_pool1d(input: Tensor, output_size: Ints) -> Tensor:
    """(N, C, L) to (N, C, output_size) by means."""
    to = one("adaptive_avg_pool1d", input, output_size)
    return adaptive_avg_pool2d(input.unsqueeze(-2), (1, to)).squeeze(-2)


def maximal(dims: int, input: Tensor, output_size: Ints) -> Pooled:
    """Adaptive max pooling over 2 or 3 dims."""
    name = f"adaptive_max_pool{dims}d"
    to = (output_size,) * dims if isinstance(output_size, int) else tuple(output_size)
    if input.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got: {listed(input.sizes)}"
        )
    check_filled(name, input, range(1, input.ndim))
    if len(to) != dims:
        raise RuntimeError(f"{name}(): internal error: output_size.size() must be {dims}")
    shape = (*input.sizes[:-dims], *to)
    refuse_negative(shape)
    if not input.dtype.is_floating_point:
        raise not_implemented(name if dims == 2 else f"{name}_cpu", input.dtype)
    values, index = quietly(largest, compute(input), to)
    return indexed(values, index, input, plain=dims == 3)


@op("suggested", method=False, node="AdaptiveMaxPool2DBackward0")
def adaptive_max_pool2d(input: Tensor, output_size: Ints) -> Pooled:
    """The largest element of each share of (N, C, H, W), and its index in its H * W elements."""
    return maximal(2, input, output_size)


adaptive_max_pool2d.vjp(
    input=lambda g_result0, input, result1: adaptive_max_pool2d_backward(g_result0, input, result1)
)


@op("suggested", method=False, node="AdaptiveMaxPool2DBackwardBackward0")
def adaptive_max_pool2d_backward(grad_output: Tensor, input: Tensor, indices: Tensor) -> Tensor:
    """The gradient of adaptive max pooling: each goes to the place its element was taken from."""
    check_gradient("adaptive_max_pool2d_backward", grad_output)
    return placed(grad_output, input, indices, 2)


adaptive_max_pool2d_backward.vjp(
    grad_output=lambda g, indices: picked(g, indices, 2),
    input=lambda g: zeros_like(g),
    indices=None,
)


@op("contiguous", method=False, node="AdaptiveMaxPool3DBackward0")
def adaptive_max_pool3d(input: Tensor, output_size: Ints) -> Pooled:
    """The largest element of each share of (N, C, D, H, W), and its index in its image."""
    return maximal(3, input, output_size)


adaptive_max_pool3d.vjp(
    input=lambda g_result0, input, result1: adaptive_max_pool3d_backward(g_result0, input, result1)
)


@op("contiguous", method=False, node="AdaptiveMaxPool3DBackwardBackward0")
def adaptive_max_pool3d_backward(grad_output: Tensor, input: Tensor, indices: Tensor) -> Tensor:
    """`adaptive_max_pool2d_backward` in three dims."""
    check_gradient("adaptive_max_pool3d_backward", grad_output)
    return placed(grad_output, input, indices, 3, plain=True)


adaptive_max_pool3d_backward.vjp(
    grad_output=lambda g, indices: picked(g, indices, 3),
    input=lambda g: zeros_like(g),
    indices=None,
)


@composite(method=False)
def adaptive_max_pool1d(input: Tensor, output_size: Ints) -> tuple[Tensor, Tensor]:
    """(N, C, L) to (N, C, output_size) by the largest elements, and their indices in L."""
    to = one("adaptive_max_pool1d", input, output_size)
    check_filled("adaptive_max_pool1d", input, range(1, input.ndim))
    out = adaptive_max_pool2d(input.unsqueeze(-2), (1, to))
    return out[0].squeeze(-2), out[1].squeeze(-2)
