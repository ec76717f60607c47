"""Smooth activation functions: each op beside its `_backward` op, as ATen pairs them."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_np import strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.inplace import bump, refuse_gradient
from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.kernels.large import Compiled, kept
from minitorch_np.loops import blank_like, exactly, filling, pointwise, refuse_kernel, rounded
from minitorch_np.op import composite, op
from minitorch_np.ops.special import error_function, single_error_function
from minitorch_np.ops.unary import ONE
from minitorch_np.tensor import Number, Tensor, empty

__all__: list[str] = []

Array = NDArray[Any]


def need_floating(input: Tensor, kernel: str, out: Tensor | None = None) -> None:
    """Raise ATen's error for a dtype that is not floating point."""
    if not input.dtype.is_floating_point:
        refuse_kernel(kernel, input.dtype, input, out=out)


def sigmoid_of(a: Array) -> Array:
    """`1 / (1 + exp(-a))`."""
    return np.reciprocal(np.exp(-a) + ONE)


_BEND = math.sqrt(2 / math.pi)
_CUBIC = 0.044715


def check_approximate(approximate: str) -> None:
    """Raise torch's error for an unknown approximation of gelu."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")


def normal_below(a: Array) -> Array:
    """The chance that a standard normal number is below each element."""
    if a.dtype == np.float32:
        # rounded before 1 is added, as in ATen: exactly 0 far below, and nan times -inf
        half = single_error_function(a * np.float32(math.sqrt(0.5)))
    else:
        half = error_function(a * math.sqrt(0.5))
    half += 1
    half *= 0.5
    return half


def _by_tanh(a: Array, o: Array) -> None:
    inner = o.dtype.type(_BEND) * (a + o.dtype.type(_CUBIC) * a * a * a)
    np.multiply(0.5 * a, 1 + np.tanh(inner), o)


_gelu = Compiled("smooth.gelu", lambda a, o: np.multiply(a, normal_below(a), o))
_gelu_tanh = Compiled("smooth.gelu_tanh", _by_tanh)


@op("elementwise", method=False, into=filling(_gelu))
def gelu(input: Tensor, *, approximate: str = "none", out: Tensor | None = None) -> Tensor:
    """`input` times the chance that a standard normal number is below it.

    Source: Hendrycks and Gimpel, Gaussian Error Linear Units (2016); ATen/native/Activation.cpp.
    """
    check_approximate(approximate)
    need_floating(input, "GeluKernelImpl")
    return exactly(_gelu if approximate == "none" else _gelu_tanh, input, out=out)


gelu.vjp(
    input=lambda g, input, approximate: gelu_backward(g, input, approximate=approximate),
)


@op("elementwise", method=False)
def gelu_backward(grad_output: Tensor, input: Tensor, *, approximate: str = "none") -> Tensor:
    """The gradient of gelu from its input. Source: ATen/native/cpu/Activation.cpp."""
    kernel = _gelu_backward if approximate == "none" else _gelu_tanh_backward
    return pointwise(kernel, grad_output, input)


def _slope(g: Array, a: Array, o: Array) -> None:
    density = np.exp(a * a * -0.5) * o.dtype.type(1 / math.sqrt(2 * math.pi))
    np.multiply(g, normal_below(a) + a * density, o)


def _slope_by_tanh(g: Array, a: Array, o: Array) -> None:
    bend, cubic = o.dtype.type(_BEND), o.dtype.type(_CUBIC)
    t = np.tanh(bend * (a + cubic * a * a * a))
    inner = bend * (1 + 3 * cubic * a * a)
    np.multiply(g, 0.5 * (1 + t) + 0.5 * a * (1 - t * t) * inner, o)


_gelu_backward = Compiled("smooth.gelu_backward", _slope)
_gelu_tanh_backward = Compiled("smooth.gelu_tanh_backward", _slope_by_tanh)


def _gelu_curve(x: Tensor, approximate: str) -> Tensor:
    """The second derivative of gelu."""
    if approximate == "none":
        return (-0.5 * x * x).exp() * (2 - x * x) * (1 / math.sqrt(2 * math.pi))
    t = (_BEND * (x + _CUBIC * x.pow(3))).tanh()
    inner = _BEND * (1 + 3 * _CUBIC * x * x)
    return (1 - t * t) * (inner - x * t * inner * inner + x * x * (3 * _BEND * _CUBIC))


gelu_backward.vjp(
    grad_output=lambda g, input, approximate: gelu_backward(g, input, approximate=approximate),
    input=lambda g, grad_output, input, approximate: (
        g * grad_output * _gelu_curve(input, approximate)
    ),
)


_silu = Compiled("smooth.silu", lambda a, o: np.true_divide(a, np.exp(-a) + ONE, o))


@op("elementwise", inplace=True, method=False, into=filling(_silu))
def silu(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input * sigmoid(input)`. Source: ATen/native/cpu/Activation.cpp silu_kernel."""
    need_floating(input, "silu_cpu", out)
    return pointwise(_silu, input, out=out)


silu.vjp(input=lambda g, input: silu_backward(g, input))


def _silu_sloped(g: Array, a: Array, o: Array) -> None:
    s = sigmoid_of(a)
    np.multiply(g, s * (1 + a * (1 - s)), o)


_silu_backward = Compiled("smooth.silu_backward", _silu_sloped)


@op("elementwise", method=False, into=filling(_silu_backward))
def silu_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """The gradient of silu from its input. Source: ATen/native/cpu/Activation.cpp."""
    return pointwise(_silu_backward, grad_output, input)


def _silu_slope(x: Tensor) -> Tensor:
    s = x.sigmoid()
    return s * (1 + x * (1 - s))


def _silu_curve(x: Tensor) -> Tensor:
    s = x.sigmoid()
    return s * (1 - s) * (2 + x * (1 - 2 * s))


silu_backward.vjp(
    grad_output=lambda g, input: g * _silu_slope(input),
    input=lambda g, grad_output, input: g * grad_output * _silu_curve(input),
)


_mish = Compiled("smooth.mish", lambda a, o: np.multiply(a, np.tanh(np.logaddexp(a, 0)), o))


@op("elementwise", inplace=True, method=False, into=filling(_mish))
def mish(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input * tanh(log(1 + exp(input)))`. Source: ATen/native/cpu/Activation.cpp mish_kernel."""
    need_floating(input, "mish_cpu", out)
    return pointwise(_mish, input, out=out)


mish.vjp(input=lambda g, input: mish_backward(g, input))


def _mish_sloped(g: Array, a: Array, o: Array) -> None:
    t = np.tanh(np.logaddexp(a, 0))
    np.multiply(g, t + a * sigmoid_of(a) * (1 - t * t), o)


_mish_backward = Compiled("smooth.mish_backward", _mish_sloped)


@op("elementwise", method=False, into=filling(_mish_backward))
def mish_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """The gradient of mish from its input. Source: ATen/native/cpu/Activation.cpp."""
    return pointwise(_mish_backward, grad_output, input)


def _mish_parts(x: Tensor) -> tuple[Tensor, Tensor]:
    return softplus(x).tanh(), x.sigmoid()


def _mish_slope(x: Tensor) -> Tensor:
    t, s = _mish_parts(x)
    return t + x * s * (1 - t * t)


def _mish_curve(x: Tensor) -> Tensor:
    t, s = _mish_parts(x)
    return (1 - t * t) * s * (2 + x * (1 - s) - 2 * x * t * s)


mish_backward.vjp(
    grad_output=lambda g, input: g * _mish_slope(input),
    input=lambda g, grad_output, input: g * grad_output * _mish_curve(input),
)


@op("elementwise", method=False)
def softplus(
    input: Tensor, beta: Number = 1, threshold: Number = 20, *, out: Tensor | None = None
) -> Tensor:
    """`log(1 + exp(beta * input)) / beta`; `input` itself where `beta * input > threshold`.

    Source: ATen/native/cpu/Activation.cpp softplus_kernel.
    """
    need_floating(input, "softplus_cpu")
    return exactly(_softplus(input.dtype, beta, threshold), input, out=out)


@kept
def _softplus(dtype: Dtype, beta: Number, threshold: Number) -> Compiled:
    b, limit = _held(beta, dtype), _held(threshold, dtype)

    def smooth(a: Array, o: Array) -> None:
        rising = a * b
        values = np.where(rising > limit, a, np.log1p(np.exp(rising)) / b)
        np.copyto(o, values, casting="unsafe")

    return Compiled("smooth.softplus", smooth, b, limit)


def _held(x: Number, dtype: Dtype) -> np.generic:
    """A number in the dtype that a kernel computes in."""
    return dtype.compute.type(rounded(x, dtype))


softplus.vjp(input=lambda g, input, beta, threshold: softplus_backward(g, input, beta, threshold))


@op("elementwise", method=False)
def softplus_backward(
    grad_output: Tensor, input: Tensor, beta: Number, threshold: Number
) -> Tensor:
    """The gradient of softplus from its input. Source: ATen/native/cpu/Activation.cpp."""
    return pointwise(_softplus_slope(input.dtype, beta, threshold), grad_output, input)


@kept
def _softplus_slope(dtype: Dtype, beta: Number, threshold: Number) -> Compiled:
    b, limit = _held(beta, dtype), _held(threshold, dtype)

    def slope(g: Array, a: Array, o: Array) -> None:
        grown = np.exp(a * b)
        values = np.where(a * b > limit, g, g * grown / (grown + 1))
        np.copyto(o, values, casting="unsafe")

    return Compiled("smooth.softplus_backward", slope, b, limit)


def _softplus_second(g: Tensor, grad: Tensor, x: Tensor, beta: Number, threshold: Number) -> Tensor:
    rising = x * beta
    s = rising.sigmoid()
    return (g * grad * s * (1 - s) * beta).masked_fill(rising >= threshold, 0.0)


softplus_backward.vjp(
    grad_output=lambda g, input, beta, threshold: softplus_backward(g, input, beta, threshold),
    input=lambda g, grad_output, input, beta, threshold: _softplus_second(
        g, grad_output, input, beta, threshold
    ),
)


class LogSigmoid(NamedTuple):
    """`log(sigmoid(x))`, and `exp(-|x|)`, which was on the way there and is on the way back."""

    output: Tensor
    buffer: Tensor


@op("contiguous", method=False, node="LogSigmoidBackward0", graded=1)
def log_sigmoid_forward(input: Tensor) -> LogSigmoid:
    """`log(sigmoid(input))` without overflow. Source: ATen/native/cpu/Activation.cpp."""
    need_floating(input, "log_sigmoid_cpu")
    form = (input.sizes, strides.contiguous(input.sizes), input.dtype)
    output = pointwise(_log_sigmoid, input, out=empty(*form))
    return LogSigmoid(output, pointwise(_fading, input, out=empty(*form)))


_log_sigmoid = Compiled(
    "smooth.log_sigmoid",
    lambda a, o: np.subtract(np.minimum(a, 0), np.log1p(np.exp(-np.abs(a))), o),
)
_fading = Compiled("smooth.fading", lambda a, o: np.exp(-np.abs(a), o))
log_sigmoid_forward.vjp(
    input=lambda g_output, input, buffer: log_sigmoid_backward(g_output, input, buffer)
)


@op("elementwise", method=False)
def log_sigmoid_backward(grad_output: Tensor, input: Tensor, buffer: Tensor) -> Tensor:
    """The gradient of log_sigmoid, `1 - sigmoid(input)` of it, from `exp(-|input|)`."""
    done = blank_like(grad_output)
    return pointwise(_log_sigmoid_backward, grad_output, input, buffer, out=done)


def _log_sigmoid_slope(g: Array, a: Array, z: Array, o: Array) -> None:
    falling = z / (z + 1)
    np.multiply(g, np.where(a < 0, 1 - falling, falling), o)


_log_sigmoid_backward = Compiled("smooth.log_sigmoid_backward", _log_sigmoid_slope)


log_sigmoid_backward.vjp(
    grad_output=lambda g, input, buffer: log_sigmoid_backward(g, input, buffer),
    input=lambda g, grad_output, input: g * grad_output * -sigmoid_slope(input),
    buffer=None,
)


@composite(method=False)
def log_sigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`log(sigmoid(input))`, of `log_sigmoid_forward` the first."""
    if out is None:
        return log_sigmoid_forward(input)[0]
    if is_grad_enabled() and (input.requires_grad or out.requires_grad):
        refuse_gradient("log_sigmoid_forward")
    need_floating(input, "log_sigmoid_cpu")
    if out.dtype is not input.dtype:
        raise RuntimeError(
            f"expected scalar type {input.dtype.aten_name} but found {out.dtype.aten_name}"
        )
    bump(out)
    return pointwise(_log_sigmoid, input, out=out)


def sigmoid_slope(x: Tensor) -> Tensor:
    """The derivative of sigmoid."""
    s = x.sigmoid()
    return s * (1 - s)


_hardswish = Compiled(
    "elementwise.hardswish",
    lambda a, o: np.true_divide(a * np.minimum(np.maximum(a + 3, 0), 6), 6, o),
)


@op("elementwise", inplace=True, method=False, into=filling(_hardswish))
def hardswish(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input * relu6(input + 3) / 6`. Source: ATen/native/cpu/Activation.cpp hardswish_kernel."""
    need_floating(input, "hardswish_cpu", out)
    return pointwise(_hardswish, input, out=out)


hardswish.vjp(input=lambda g, input: hardswish_backward(g, input))


def _hardswish_sloped(g: Array, a: Array, o: Array) -> None:
    middle = np.where(a < 3, g * (a / 3 + o.dtype.type(0.5)), g)
    np.copyto(o, np.where(a <= -3, 0, middle), casting="unsafe")


_hardswish_backward = Compiled("smooth.hardswish_backward", _hardswish_sloped)


@op("elementwise", method=False, into=filling(_hardswish_backward))
def hardswish_backward(grad_output: Tensor, input: Tensor) -> Tensor:
    """The gradient of hardswish from its input. Source: ATen/native/cpu/Activation.cpp."""
    return pointwise(_hardswish_backward, grad_output, input)


def _hardswish_slope(x: Tensor) -> Tensor:
    within = (x > -3).logical_and(x < 3)
    return (x / 3 + 0.5).where(within, (x >= 3).to(x.dtype))


hardswish_backward.vjp(
    grad_output=lambda g, input: g * _hardswish_slope(input),
    input=lambda g, grad_output, input: (g * grad_output / 3).where(
        (input > -3).logical_and(input < 3), 0.0
    ),
)


@composite(method=False)
def logsigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`log(sigmoid(input))`, under its name in nn.functional."""
    return log_sigmoid(input, out=out)


@composite(method=False)
def softsign(input: Tensor) -> Tensor:
    """`input / (1 + |input|)`. Source: torch/nn/functional.py softsign."""
    return input / (input.abs() + 1)


@composite(method=False)
def tanhshrink(input: Tensor) -> Tensor:
    """`input - tanh(input)`. Source: torch/nn/functional.py tanhshrink."""
    return input - input.tanh()
