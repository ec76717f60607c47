"""Average pooling: the mean of each window, or its sum over a divisor of one's own.

Source: aten/src/ATen/native/AveragePool2d.cpp, AveragePool3d.cpp, cpu/AvgPoolKernel.cpp.
"""

from operator import index

import numpy as np

from minitorch_np.dtypes import int64
from minitorch_np.form import Plans
from minitorch_np.kernels.large import loop
from minitorch_np.loops import exact_result_for, not_implemented, quietly
from minitorch_np.op import composite, op
from minitorch_np.ops.copy import zeros_like
from minitorch_np.ops.pooling import (
    Array,
    Ints,
    Sliding,
    check_pool,
    compute,
    made,
    output_sizes,
    sliding,
    steps,
    suggested,
    walks,
    widened,
    window_of,
)
from minitorch_np.ops.windows import Window
from minitorch_np.shapes import Shape, are_ints, in_int64
from minitorch_np.strides import Stride, contiguous
from minitorch_np.tensor import Tensor, blank

__all__ = ["avg_pool1d", "avg_pool2d", "avg_pool3d"]


def divisors(
    size: Shape, w: Window, to: Shape, count_include_pad: bool, divisor: int | None
) -> Array:
    """What the sum of each window is divided by; 0 for a window without an element.

    Padding counts only where it is asked to, and only as far as it goes.
    """
    counts: Array = np.ones((), np.int64)
    inside: Array = np.ones((), np.bool_)
    for n, k, s, p, o in zip(size, w.kernel, w.stride, w.padding, to, strict=True):
        start = np.arange(o) * s - p
        end = np.minimum(start + k, n + p)
        within = np.minimum(end, n) - np.maximum(start, 0)
        counts = counts[..., None] * (end - start if count_include_pad else within)
        inside = inside[..., None] & (within > 0)
    return np.where(inside, counts if divisor is None else divisor, 0)


def averages(a: Array, w: Window, to: Shape, by: Array) -> Array:
    """The sum of each window over `by`; integers are divided as C divides them."""
    wide = widened(a, w, to, 0)
    out = np.zeros((*a.shape[: -len(to)], *to), a.dtype)
    for _, where in steps(w, to):
        out += wide[(..., *where)]
    whole = np.where(by == 0, 1, by)
    if a.dtype.kind in "iu":
        quotient = np.abs(out) // np.abs(whole)
        return np.where((out < 0) ^ (whole < 0), -quotient, quotient) * (by != 0)
    return np.where(by == 0, 0, out / whole.astype(a.dtype))


def shares(g: Array, size: Shape, w: Window, by: Array) -> Array:
    """The gradient of `averages`: each window's elements get its gradient over `by`."""
    to = g.shape[-len(size) :]
    each = np.where(by == 0, 0, g / np.where(by == 0, 1, by).astype(g.dtype))
    wide = widened(np.zeros((*g.shape[: -len(size)], *size), g.dtype), w, to, 0)
    for _, where in steps(w, to):
        wide[(..., *where)] += each
    return wide[(..., *[slice(p, p + n) for n, p in zip(size, w.padding, strict=True)])]


def pool(
    dims: int,
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
    out: Tensor | None,
) -> Tensor:
    """Average pooling over 2 or 3 dims."""
    given = kernel_size, stride, padding, () if divisor_override is None else (divisor_override,)
    key = (dims, input.form, given, ceil_mode) if are_ints(*given) else None
    plan = _plans.get(key)
    if plan is None:
        plan = _plan(dims, input, kernel_size, stride, padding, ceil_mode, divisor_override)
        if key is not None:
            _plans.keep(key, plan)
    if key is not None and plan.direct and out is None and walks(input.array):
        done = blank(plan.form)
        each = int(count_include_pad), divisor_override or 0
        loop("pools.averages")(input.array, done.array, plan.numbers, *each)
        return done
    shape = plan.form.shape
    if out is not None:
        out = exact_result_for(out, shape, input.dtype, (input,))
    if not (input.dtype is int64 or input.dtype.is_floating_point) or (
        dims == 3 and input.dtype.is_half
    ):
        name = "avg_pool2d" if dims == 2 else "avg_pool3d_out_frame"
        raise not_implemented(name, input.dtype)
    w, to = plan.window, plan.to
    by = divisors(input.sizes[-dims:], w, to, count_include_pad, divisor_override)
    values = quietly(averages, compute(input), w, to, by)
    if out is None:
        return made(values, plan.form.stride, input)
    # in three dims ATen's loop writes one element after another, whatever the strides
    target = out if dims == 2 else out.alias(shape, contiguous(shape), out.offset)
    quietly(np.copyto, target.array, values, casting="unsafe")
    return out


_plans = Plans[Sliding]()
"""How windows slide: by the form of images and the arguments."""


def _plan(
    dims: int,
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    ceil_mode: bool,
    divisor_override: int | None,
) -> Sliding:
    """What follows from sizes, once they have been checked."""
    w = window_of(f"avg_pool{dims}d", dims, kernel_size, stride, padding)
    if divisor_override is not None and in_int64(index(divisor_override)) == 0:
        raise RuntimeError("divisor must be not zero")
    to = output_sizes(sizes_of(dims, input), w, ceil_mode)
    check_pool("avg_pool3d()", input, w, to)
    return sliding(input, w, to, layout(dims, (*input.sizes[:-dims], *to), input))


def sizes_of(dims: int, input: Tensor) -> Shape:
    """The sizes of the spatial dims. Raises: where there are too few or, in 3-d, too many."""
    if dims == 3 and input.ndim not in (4, 5):
        raise RuntimeError("non-empty 4D or 5D (batch mode) tensor expected for input")
    if input.ndim < 3:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-input.ndim}, {input.ndim - 1}]"
            ", but got -3)"
        )
    return input.sizes[-dims:]


def spread(
    dims: int,
    grad_output: Tensor,
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    """The gradient of average pooling."""
    w = window_of(f"avg_pool{dims}d", dims, kernel_size, stride, padding)
    size, to = input.sizes[-dims:], grad_output.sizes[-dims:]
    by = divisors(size, w, to, count_include_pad, divisor_override)
    values = quietly(shares, compute(grad_output), size, w, by)
    return made(values, layout(dims, input.sizes, input), input)


def layout(dims: int, shape: Shape, input: Tensor) -> Stride:
    """In two dims that of the input's memory format, in three row-major."""
    return suggested(shape, input) if dims == 2 else contiguous(shape)


@op("suggested", method=False, node="AvgPool2DBackward0")
def avg_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The mean of each window of (N, C, H, W), H' as in `max_pool2d`.

    Padding counts unless `count_include_pad` is False; `divisor_override` is divided by instead.
    """
    return pool(
        2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, out
    )


avg_pool2d.vjp(
    input=lambda
        g, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override:
        avg_pool2d_backward(
            g, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        )
)  # fmt: skip
avg_pool2d.jvp("linear")


@op("suggested", method=False, node="AvgPool2DBackwardBackward0")
def avg_pool2d_backward(
    grad_output: Tensor,
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    """The gradient of `avg_pool2d`: each element gets its share of those of its windows."""
    del ceil_mode  # grad_output has the sizes that it led to
    return spread(
        2, grad_output, input, kernel_size, stride, padding, count_include_pad, divisor_override
    )


avg_pool2d_backward.vjp(
    grad_output=lambda
        g, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override:
        avg_pool2d(
            g, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        ),
    input=lambda g: zeros_like(g),
)  # fmt: skip


@op("contiguous", method=False, node="AvgPool3DBackward0")
def avg_pool3d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The mean of each window of (N, C, D, H, W); see `avg_pool2d`."""
    return pool(
        3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, out
    )


avg_pool3d.vjp(
    input=lambda
        g, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override:
        avg_pool3d_backward(
            g, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        )
)  # fmt: skip
avg_pool3d.jvp("linear")


@op("contiguous", method=False, node="AvgPool3DBackwardBackward0")
def avg_pool3d_backward(
    grad_output: Tensor,
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    """The gradient of `avg_pool3d`."""
    del ceil_mode
    return spread(
        3, grad_output, input, kernel_size, stride, padding, count_include_pad, divisor_override
    )


avg_pool3d_backward.vjp(
    grad_output=lambda
        g, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override:
        avg_pool3d(
            g, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        ),
    input=lambda g: zeros_like(g),
)  # fmt: skip


def one(name: str, value: Ints) -> int:
    """The number that an argument of a pooling of one dim is. Raises: RuntimeError for several."""
    if isinstance(value, int):
        return value
    if len(value) != 1:
        raise RuntimeError(
            f"avg_pool1d() argument '{name}' should contain one int (got {len(value)})"
        )
    return value[0]


@composite(method=False)
def avg_pool1d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of (N, C, L). Source: avg_pool1d, AdaptiveAveragePooling.cpp."""
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {input.ndim}-dimensional tensor for argument #1 "
            "'self' (while checking arguments for avg_pool1d)"
        )
    k = one("kernel_size", kernel_size)
    s = k if stride is None or stride == () else one("stride", stride)
    p = one("padding", padding)
    return avg_pool2d(
        input.unsqueeze(-2), (1, k), (1, s), (0, p), ceil_mode, count_include_pad
    ).squeeze(-2)
