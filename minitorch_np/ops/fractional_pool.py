"""Fractional max pooling: windows of one size, whose starts are drawn so that they fill the image.

Source: aten/src/ATen/native/FractionalMaxPool2d.cpp and 3d; Graham, Fractional Max-Pooling (2014).
"""

import itertools
import math

import numpy as np

from minitorch_np.loops import not_implemented, quietly
from minitorch_np.op import op
from minitorch_np.ops.copy import zeros_like
from minitorch_np.ops.max_pool import Pooled, indexed, picked, placed
from minitorch_np.ops.pooling import Array, Ints, compute
from minitorch_np.shapes import Shape, listed, refuse_negative
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor

__all__: list[str] = []


def starts(samples: Array, n: int, to: int, k: int) -> Array:
    """Where each window along a dim starts, of each plane: (planes, to).

    Computed in the dtype of the samples, as ATen's are, since it decides how numbers round.
    """
    found = np.full((len(samples), to), n - k, np.int64)
    if to > 1:
        kind = samples.dtype.type
        alpha = kind(n - k) / kind(to - 1)
        steps = np.arange(to - 1).astype(samples.dtype)
        first = (samples * alpha).astype(np.int64)
        found[:, :-1] = ((steps + samples[:, None]) * alpha).astype(np.int64) - first[:, None]
    return found


def largest(planes: Array, w: Shape, at: list[Array]) -> tuple[Array, Array]:
    """The largest element of each window of (planes, *size), and its index; the last NaN, if any.

    `at` has the starts of each plane's windows, one array a dim.
    """
    size = planes.shape[1:]
    corner: Array = np.zeros((len(planes),), np.int64)
    for start, step in zip(at, contiguous(size), strict=True):
        shape = (len(planes), *[1] * (corner.ndim - 1), start.shape[1])
        corner = corner[..., None] + (start * step).reshape(shape)
    flat = planes.reshape(len(planes), math.prod(size))
    corner = corner.reshape(len(planes), math.prod(corner.shape[1:]))
    best, index = np.full(corner.shape, -np.inf, planes.dtype), corner.copy()
    for inner in itertools.product(*map(range, w)):
        places = corner + sum(i * s for i, s in zip(inner, contiguous(size), strict=True))
        value = np.take_along_axis(flat, places, 1)
        better = (value > best) | np.isnan(value)
        np.copyto(best, value, where=better)
        np.copyto(index, places, where=better)
    return best, index


def check(dims: int, input: Tensor, kernel: Shape, to: Shape) -> None:
    """Raise RuntimeError for sizes that do not go together. Source: the META functions."""
    name = f"fractional_max_pool{dims}d"
    number = "" if dims == 2 else "three "
    for kind, numbers in (("kernel_size", kernel), ("output_size", to)):
        if len(numbers) != dims:
            raise RuntimeError(
                f"{name}: {kind} must either be a single Int or tuple of {number}Ints"
            )
    if any(k <= 0 for k in kernel):
        raise RuntimeError(
            f"{name}(): kernel size should be greater than zero, but got "
            f"{'x'.join(map(str, kernel))}"
        )
    name = f"{name}()" if dims == 2 else f"{name}_out()"
    if input.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"{name}: Expected {dims + 1}D or {dims + 2}D tensor, but got: {listed(input.sizes)}"
        )
    for d in range(input.ndim - dims - 1, input.ndim):
        if not input.sizes[d]:
            raise RuntimeError(
                f"{name}: Expected input to have non-zero size for non-batch dimensions, but got"
                f"{listed(input.sizes)} with dimension {d} being empty."
            )
    names = ("time", "height", "width")[-dims:]
    for called, n, k, o in zip(names, input.sizes[-dims:], kernel, to, strict=True):
        if o + k - 1 >= n + (dims == 2):  # of three dims, PyTorch wants one more to choose from
            raise RuntimeError(
                f"{name}: pool {called} {k} too large relative to input {called} {n}"
            )


def check_samples(dims: int, input: Tensor, samples: Tensor) -> None:
    """Raise RuntimeError for samples of other sizes. Source: fractional_max_pool_check_shape."""
    if samples.dtype is not input.dtype:
        raise RuntimeError("Expect _random_samples to have the same dtype as input")
    if samples.ndim != 3:
        raise RuntimeError(f"Expect _random_samples to have 3 dimensions, got {samples.ndim}")
    n, c, d = samples.sizes
    batch = input.sizes[0] if input.ndim == dims + 2 else 1
    if n < batch:
        raise RuntimeError("Expect _random_samples.size(0) no less then input batch size.")
    if c != input.sizes[-dims - 1]:
        raise RuntimeError("Expect _random_samples.size(1) equals to input channel size.")
    if d != dims:
        raise RuntimeError(f"Expect _random_samples.size(2) equals to {dims}; got {d}.")


def pool(dims: int, input: Tensor, kernel_size: Ints, output_size: Ints, samples: Tensor) -> Pooled:
    """Fractional max pooling over 2 or 3 dims."""
    kernel, to = (
        (x,) * dims if isinstance(x, int) else tuple(x) for x in (kernel_size, output_size)
    )
    check(dims, input, kernel, to)
    shape = (*input.sizes[:-dims], *to)
    refuse_negative(shape)
    check_samples(dims, input, samples)
    if not input.dtype.is_floating_point:
        raise not_implemented(f"fractional_max_pool{dims}d_out_frame", input.dtype)
    size = input.sizes[-dims:]
    count = math.prod(input.sizes[:-dims])
    drawn = samples.array.reshape(-1, dims)[:count]
    order = (1, 0) if dims == 2 else (0, 1, 2)  # in 2-d the width comes first
    at = [
        quietly(starts, drawn[:, i], n, o, k)
        for i, n, o, k in zip(order, size, to, kernel, strict=True)
    ]
    planes = compute(input).reshape(count, *size)
    values, index = quietly(largest, planes, kernel, at)
    return indexed(values.reshape(shape), index.reshape(shape), input, plain=True)


@op("contiguous", method=False, node="FractionalMaxPool2DBackward0")
def fractional_max_pool2d(
    input: Tensor, kernel_size: Ints, output_size: Ints, random_samples: Tensor
) -> Pooled:
    """The largest element of each window of (N, C, H, W), of (N, C, *output_size), and its index.

    `random_samples`, (N, C, 2) in [0, 1), say where windows start.
    """
    return pool(2, input, kernel_size, output_size, random_samples)


fractional_max_pool2d.vjp(
    input=lambda g_result0, input, kernel_size, output_size, result1: (
        fractional_max_pool2d_backward(g_result0, input, kernel_size, output_size, result1)
    ),
    random_samples=None,
)


@op("contiguous", method=False, node="FractionalMaxPool2DBackwardBackward0")
def fractional_max_pool2d_backward(
    grad_output: Tensor, input: Tensor, kernel_size: Ints, output_size: Ints, indices: Tensor
) -> Tensor:
    """The gradient of fractional max pooling: each goes to the place it was taken from."""
    del kernel_size, output_size
    return placed(grad_output, input, indices, 2, plain=True)


fractional_max_pool2d_backward.vjp(
    grad_output=lambda g, indices: picked(g, indices, 2),
    input=lambda g: zeros_like(g),
    indices=None,
)


@op("contiguous", method=False, node="FractionalMaxPool3DBackward0")
def fractional_max_pool3d(
    input: Tensor, kernel_size: Ints, output_size: Ints, random_samples: Tensor
) -> Pooled:
    """`fractional_max_pool2d` of (N, C, D, H, W), with samples (N, C, 3)."""
    return pool(3, input, kernel_size, output_size, random_samples)


fractional_max_pool3d.vjp(
    input=lambda g_result0, input, kernel_size, output_size, result1: (
        fractional_max_pool3d_backward(g_result0, input, kernel_size, output_size, result1)
    ),
    random_samples=None,
)


@op("contiguous", method=False, node="FractionalMaxPool3DBackwardBackward0")
def fractional_max_pool3d_backward(
    grad_output: Tensor, input: Tensor, kernel_size: Ints, output_size: Ints, indices: Tensor
) -> Tensor:
    """`fractional_max_pool2d_backward` in three dims."""
    del kernel_size, output_size
    return placed(grad_output, input, indices, 3, plain=True)


fractional_max_pool3d_backward.vjp(
    grad_output=lambda g, indices: picked(g, indices, 3),
    input=lambda g: zeros_like(g),
    indices=None,
)
