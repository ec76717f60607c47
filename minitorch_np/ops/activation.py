"""Activation functions with corners: each op beside its `_backward` op, as ATen pairs them."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, kernels
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.kernels.large import Compiled, kept
from minitorch_np.loops import (
    blank_like,
    exactly,
    filling,
    not_implemented,
    pointwise,
    refuse_kernel,
    rounded,
    scalar,
)
from minitorch_np.op import Swift, composite, op
from minitorch_np.ops.conditional import between_numbers
from minitorch_np.ops.copy import zeros_like
from minitorch_np.ops.factory import converted_number
from minitorch_np.quiet import quiet
from minitorch_np.tensor import Number, Tensor, blank, owning

__all__ = ["relu", "threshold", "selu", "celu", "hardshrink"]

Array = NDArray[Any]


def need_floating(input: Tensor, kernel: str, out: Tensor | None = None) -> None:
    """Raise ATen's error for a dtype that is not floating point."""
    if not input.dtype.is_floating_point:
        refuse_kernel(kernel, input.dtype, input, out=out)


def need_number(input: Tensor, kernel: str) -> None:
    """Raise ATen's error for bools."""
    if input.dtype is dtypes.bool_:
        raise not_implemented(kernel, input.dtype)


def copied(values: Array, out: Array) -> None:
    """Write values of a wider dtype to a kernel's result."""
    np.copyto(out, values, casting="unsafe")


_BITS = {4: np.int32, 8: np.int64}


def gated(g: Array, open_: Array, out: Array) -> None:
    """`g` where the gate is open, 0 elsewhere, without a branch per element.

    The bits are multiplied, not the floats, for 0 times inf would be nan.
    """
    if out.dtype.kind == "f" and g.dtype == out.dtype:
        bits = _BITS[out.dtype.itemsize]
        np.multiply(g.view(bits), open_, out.view(bits))
    else:
        copied(np.where(open_, g, 0), out)


def _positive_part(a: Array, out: Array) -> None:
    if out.dtype.kind == "f":
        a.clip(0.0, np.inf, out)  # np.maximum of a number is five times slower
    else:
        np.maximum(a, 0, out=out)


positive_part = Compiled("elementwise.relu", _positive_part)
"""Negative elements replaced by 0, nan kept."""


_ZERO = np.zeros((), np.float32)
"""As an array, for NumPy takes longer to read a number; and first, so that -0.0 is kept."""


@op("elementwise", inplace=True, quick=partial(np.maximum, _ZERO), swift="relu")
def relu(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`max(input, 0)`; its derivative at 0 is 0. Source: ATen/native/Activation.cpp relu."""
    if input.dtype is dtypes.bool_:
        raise NotImplementedError("Boolean inputs not supported for relu")
    return pointwise(positive_part, input, out=out)


relu.vjp(input=lambda g, out: threshold_backward(g, out, 0))

_GATE = Swift("gate")
"""The derivative of relu in small tensors, with the bits that NumPy leaves."""


@op("elementwise", method=False)
def threshold_backward(grad_output: Tensor, input: Tensor, threshold: Number) -> Tensor:
    """The gradient where `input` is above the threshold, 0 elsewhere; nan lets it pass."""
    form = input.form
    if grad_output.form is form and threshold == 0 and form.contiguous:
        a, g = input.array, grad_output.array
        if form.each is not None and not kernels.waiting:
            done = blank(form)
            _GATE[form.each](a, g, done.nd)
            return done
        if form.alike is not None:
            return owning(form.alike, np.where(quiet.run(np.less_equal, a, _ZERO), _ZERO, g))
        if form.dtype is dtypes.float32:
            done = blank(form)
            if _passed_above(0).walk((a, g), done.array):
                return done
    return pointwise(_passed_above(rounded(threshold, input.dtype)), input, grad_output)


@kept
def _passed_above(n: Number) -> Compiled:
    def passed(a: Array, g: Array, o: Array) -> None:
        gated(g, ~np.less_equal(a, n), o)

    return Compiled("elementwise.threshold_backward", passed, n)


threshold_backward.vjp(
    grad_output=lambda g, input, threshold: threshold_backward(g, input, threshold),
    input=lambda g: zeros_like(g),
)


@op(
    "elementwise",
    inplace=True,
    method=False,
    node=lambda inplace: f"ThresholdBackward{int(inplace)}",
)
def threshold(
    input: Tensor, threshold: Number, value: Number, *, out: Tensor | None = None
) -> Tensor:
    """`input` where it is above the threshold, `value` elsewhere."""
    need_number(input, "threshold_cpu")
    n, v = [rounded(scalar(x, input.dtype), input.dtype) for x in (threshold, value)]

    def chosen(a: Array, o: Array) -> None:
        copied(np.where(a <= n, v, a), o)

    kernel = Compiled("elementwise.threshold", chosen, n, v)
    if out is input and 0 in input.strides:  # twice is as good as once: elements may overlap
        np.copyto(input.array, pointwise(kernel, input).array)
        return input
    return pointwise(kernel, input, out=out)


threshold.vjp(input=lambda g, input, threshold: threshold_backward(g, input, threshold))


@op(
    "elementwise",
    inplace=True,
    method=False,
    node=lambda inplace: f"LeakyReluBackward{int(inplace)}",
)
def leaky_relu(
    input: Tensor, negative_slope: Number = 0.01, *, out: Tensor | None = None
) -> Tensor:
    """`input` where positive, `negative_slope * input` elsewhere, 0 included."""
    need_floating(input, "leaky_relu_cpu", out)
    return pointwise(_leaked(input.dtype, negative_slope), input, out=out)


@kept
def _leaked(dtype: Dtype, negative_slope: Number) -> Compiled:
    n = dtype.compute.type(rounded(negative_slope, dtype))

    def leaked(a: Array, o: Array) -> None:
        if 0 <= n <= 1:
            np.maximum(a, a * n, out=o)  # twice as fast as choosing
        else:
            np.copyto(o, np.where(a > 0, a, a * n))

    return Compiled("elementwise.leaky_relu", leaked, n)


leaky_relu.vjp(
    input=lambda g, input, negative_slope: leaky_relu_backward(g, input, negative_slope, False)
)
leaky_relu.vjp_(
    input=lambda g, out, negative_slope: leaky_relu_backward(g, out, negative_slope, True)
)


@op("elementwise", method=False)
def leaky_relu_backward(
    grad_output: Tensor, input: Tensor, negative_slope: Number, self_is_result: bool
) -> Tensor:
    """The gradient of leaky_relu from its input or its result: whole where that is positive.

    Source: ATen/native/Activation.cpp leaky_relu_backward.
    """
    if self_is_result and negative_slope < 0:
        raise RuntimeError(
            f"In-place leakyReLu {_LOST_SIGN} File an issue at https://github.com/pytorch/pytorch "
            "if you do require supporting in-place leakRelu backward calculation with negative "
            "slope"
        )
    return pointwise(_leaked_back(input.dtype, negative_slope), input, grad_output)


@kept
def _leaked_back(dtype: Dtype, negative_slope: Number) -> Compiled:
    n = dtype.compute.type(rounded(negative_slope, dtype))

    def leaked(a: Array, g: Array, o: Array) -> None:
        copied(np.where(a > 0, g, g * n), o)

    return Compiled("elementwise.leaky_relu_backward", leaked, n)


_LOST_SIGN = (
    "backward calculation is triggered with a negative slope which is not supported. This is "
    "caused by calling in-place forward function with a negative slope, please call out-of-place "
    "version instead."
)

leaky_relu_backward.vjp(
    grad_output=lambda g, input, negative_slope: leaky_relu_backward(
        g, input, negative_slope, False
    ),
    input=lambda g: zeros_like(g),
)


@op("elementwise", inplace=True, method=False, node=lambda inplace: f"EluBackward{int(inplace)}")
def elu(
    input: Tensor,
    alpha: Number = 1.0,
    scale: Number = 1,
    input_scale: Number = 1,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """`scale * input` where it is positive, `scale * alpha * (exp(input_scale * input) - 1)` below.

    Source: ATen/native/cpu/Elu.h.
    """
    need_floating(input, "elu_cpu", out)
    return pointwise(_elu(input.dtype, alpha, scale, input_scale), input, out=out)


@kept
def _elu(dtype: Dtype, alpha: Number, scale: Number, input_scale: Number) -> Callable[..., None]:
    f = dtype.compute.type
    below, above, inner = f(alpha * scale), f(scale), f(input_scale)

    def linear_or_exponential(a: Array, o: Array) -> None:
        # the exponential of a large positive element would only overflow
        falling = below * np.expm1(np.minimum(a, 0) * inner)
        values = cast(Array, np.where(a < 0, falling, a * above))
        np.copyto(o, values)

    if inner > 0:
        return Compiled("smooth.elu", linear_or_exponential, below, above, inner)
    return linear_or_exponential


elu.vjp(
    input=lambda g, input, alpha, scale, input_scale: elu_backward(
        g, alpha, scale, input_scale, False, input
    )
)
elu.vjp_(
    input=lambda g, out, alpha, scale, input_scale: elu_backward(
        g, alpha, scale, input_scale, True, out
    )
)


@op("elementwise", method=False)
def elu_backward(
    grad_output: Tensor,
    alpha: Number,
    scale: Number,
    input_scale: Number,
    is_result: bool,
    self_or_result: Tensor,
) -> Tensor:
    """The gradient of elu from its input or its result. Source: ATen/native/cpu/Elu.h."""
    if is_result and alpha < 0:
        raise RuntimeError(f"In-place elu {_LOST_SIGN}")
    kernel = _elu_slope(self_or_result.dtype, alpha, scale, input_scale, is_result)
    return pointwise(kernel, grad_output, self_or_result)


@kept
def _elu_slope(
    dtype: Dtype, alpha: Number, scale: Number, input_scale: Number, is_result: bool
) -> Compiled:
    f = dtype.compute.type
    below, above, inner = f(alpha * scale), f(scale), f(input_scale)

    def slope(g: Array, a: Array, o: Array) -> None:
        falling = a + below if is_result else below * np.exp(np.minimum(a, 0) * inner)
        slopes = cast(Array, np.where(a <= 0, inner * falling, above))
        np.multiply(g, slopes, o)

    loop = "smooth.elu_result_backward" if is_result else "smooth.elu_backward"
    return Compiled(loop, slope, below, above, inner)


def _elu_second(
    g: Tensor, alpha: Number, scale: Number, input_scale: Number, is_result: bool, x: Tensor
) -> Tensor:
    if not is_result:
        g = g * (x * input_scale).exp() * (alpha * scale * input_scale)
    return g * input_scale * (x < 0)


elu_backward.vjp(
    grad_output=lambda g, alpha, scale, input_scale, is_result, self_or_result: elu_backward(
        g, alpha, scale, input_scale, is_result, self_or_result
    ),
    self_or_result=lambda g, grad_output, alpha, scale, input_scale, is_result, self_or_result: (
        _elu_second(g * grad_output, alpha, scale, input_scale, is_result, self_or_result)
    ),
)


@composite(method=False)
def selu(input: Tensor) -> Tensor:
    """elu with the constants that keep mean 0 and variance 1.

    Source: Klambauer et al., Self-Normalizing Neural Networks (2017); ATen/native/Activation.cpp.
    """
    return elu(input, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946)


@op("elementwise", inplace=True, method=False, node=lambda inplace: f"CeluBackward{int(inplace)}")
def celu(input: Tensor, alpha: Number = 1.0, *, out: Tensor | None = None) -> Tensor:
    """`input` where positive, `alpha * (exp(input / alpha) - 1)` below.

    Source: ATen/native/Activation.cpp celu.
    """
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    need_floating(input, "elu_cpu", out)
    f = input.dtype.compute.type
    a_, inner = f(dtypes.in_64_bits(alpha)), f(1.0 / alpha)

    def linear_or_exponential(a: Array, o: Array) -> None:
        copied(np.where(a < 0, a_ * np.expm1(np.minimum(a, 0) * inner), a), o)

    kernel = linear_or_exponential
    if alpha > 0:
        kernel = Compiled("smooth.elu", linear_or_exponential, a_, 1, inner)
    return pointwise(kernel, input, out=out)


celu.vjp(input=lambda g, input, alpha: elu_backward(g, alpha, 1, 1.0 / alpha, False, input))
celu.vjp_(input=lambda g, out, alpha: elu_backward(g, alpha, 1, 1.0 / alpha, True, out))


@op("like", inplace=True, method=False)
def hardtanh(
    input: Tensor, min_val: Number = -1, max_val: Number = 1, *, out: Tensor | None = None
) -> Tensor:
    """`input` kept within [min_val, max_val]; at a limit its derivative is 0.

    Source: ATen/native/Activation.cpp hardtanh.
    """
    if input.dtype is dtypes.bool_:
        raise NotImplementedError("Bool inputs not supported for hardtanh")
    kind = input.dtype
    if not kind.is_floating_point:
        min_val, max_val = [int(converted_number(x, dtypes.int64)) for x in (min_val, max_val)]
    within = between_numbers(kind, min_val, max_val)
    if out is None and not input.form.contiguous:
        out = blank_like(input)
    return pointwise(within, input, out=out)


hardtanh.vjp(input=lambda g, input, min_val, max_val: hardtanh_backward(g, input, min_val, max_val))


@op("elementwise", method=False)
def hardtanh_backward(
    grad_output: Tensor, input: Tensor, min_val: Number, max_val: Number
) -> Tensor:
    """The gradient strictly within the limits."""
    low, high = [rounded(x, input.dtype) for x in (min_val, max_val)]
    return pointwise(_inside(low, high), grad_output, input)


@kept
def _inside(low: Number, high: Number) -> Compiled:
    def inside(g: Array, a: Array, o: Array) -> None:
        gated(g, ~((a <= low) | (a >= high)), o)

    return Compiled("elementwise.inside_backward", inside, low, high)


hardtanh_backward.vjp(
    grad_output=lambda g, input, min_val, max_val: hardtanh_backward(g, input, min_val, max_val),
    input=lambda g: zeros_like(g),
)


@composite(method=False)
def relu6(input: Tensor) -> Tensor:
    """`input` kept within [0, 6]. Source: ATen/native/Activation.cpp relu6."""
    return hardtanh(input, 0, 6)


def _ramp(a: Array, o: Array) -> None:
    np.true_divide(np.minimum(np.maximum(a + 3, 0), 6), 6, o)


_hardsigmoid = Compiled("elementwise.hardsigmoid", _ramp)


@op("elementwise", inplace=True, method=False, into=filling(_hardsigmoid))
def hardsigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input / 6 + 1 / 2`, kept within [0, 1]. Source: ATen/native/cpu/Activation.cpp."""
    need_floating(input, "hardsigmoid_cpu", out)
    return pointwise(_hardsigmoid, input, out=out)


hardsigmoid.vjp(input=lambda g, input: hardsigmoid_backward(g, input))


def _on_ramp(g: Array, a: Array, o: Array) -> None:
    copied(np.where((a > -3) & (a < 3), g * o.dtype.type(1 / 6), 0), o)


_hardsigmoid_backward = Compiled("smooth.hardsigmoid_backward", _on_ramp)


@op("elementwise", method=False, into=filling(_hardsigmoid_backward))
def hardsigmoid_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """A sixth of the gradient strictly within (-3, 3); it has no derivative in PyTorch either."""
    return pointwise(_hardsigmoid_backward, grad_output, input)


@op("elementwise", method=False)
def hardshrink_backward(grad_out: Tensor, input: Tensor, lambd: Number) -> Tensor:
    """The gradient outside [-lambd, lambd]."""
    n = rounded(lambd, input.dtype)
    return pointwise(_outside(n), grad_out, input)


@kept
def _outside(n: Number) -> Callable[..., None]:
    """The kernel of both shrinking gradients."""

    def outside(g: Array, a: Array, o: Array) -> None:
        gated(g, ~((a >= -n) & (a <= n)), o)

    return Compiled("elementwise.outside_backward", outside, n) if n >= 0 else outside


hardshrink_backward.vjp(
    grad_out=lambda g, input, lambd: hardshrink_backward(g, input, lambd),
    input=lambda g: zeros_like(g),
)


@op("elementwise")
def hardshrink(input: Tensor, lambd: Number = 0.5, *, out: Tensor | None = None) -> Tensor:
    """`input` outside [-lambd, lambd], 0 within. Source: ATen/native/Activation.cpp."""
    need_floating(input, "hardshrink_cpu")
    n = rounded(lambd, input.dtype)

    def shrunk(a: Array, o: Array) -> None:
        copied(np.where((a >= -n) & (a <= n), 0, a), o)

    kernel = Compiled("elementwise.hardshrink", shrunk, n) if n >= 0 else shrunk
    return exactly(kernel, input, out=out)


hardshrink.vjp(input=lambda g, input, lambd: hardshrink_backward(g, input, lambd))


@op("elementwise", method=False)
def softshrink(input: Tensor, lambd: Number = 0.5, *, out: Tensor | None = None) -> Tensor:
    """`input` moved `lambd` towards 0, 0 within [-lambd, lambd].

    Source: ATen/native/Activation.cpp softshrink.
    """
    need_floating(input, "softshrink_check")
    largest = dtypes.finfo(input.dtype).max
    if not 0 <= lambd <= largest:
        raise RuntimeError(
            f"lambda must be in range [0, {largest:g}] for input dtype "
            f"{input.dtype.aten_name}, but found {lambd:g}"
        )
    n = input.dtype.compute.type(rounded(lambd, input.dtype))

    def shrunk(a: Array, o: Array) -> None:
        copied(np.where(a > n, a - n, np.where(a < -n, a + n, a * 0)), o)

    return exactly(Compiled("elementwise.softshrink", shrunk, n), input, out=out)


softshrink.vjp(input=lambda g, input, lambd: softshrink_backward(g, input, lambd))


@op("elementwise", method=False)
def softshrink_backward(grad_output: Tensor, input: Tensor, lambd: Number) -> Tensor:
    """The gradient outside [-lambd, lambd]."""
    n = rounded(lambd, input.dtype)
    return pointwise(_outside(n), grad_output, input)


softshrink_backward.vjp(
    grad_output=lambda g, input, lambd: softshrink_backward(g, input, lambd),
    input=lambda g: zeros_like(g),
)
