"""A slope of its own for what is negative: prelu, its kernel and the kernel's two gradients."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np.kernels.large import MANY, dense, loop, walked
from minitorch_np.loops import pointwise
from minitorch_np.op import composite, op
from minitorch_np.ops.activation import copied, need_floating
from minitorch_np.ops.conditional import where_self
from minitorch_np.ops.copy import zeros
from minitorch_np.tensor import Tensor

__all__ = ["prelu"]

Array = NDArray[Any]


@op("elementwise", node="PreluKernelBackward0", method=False)
def prelu_kernel(input: Tensor, weight: Tensor) -> Tensor:
    """`input` where positive, `weight * input` elsewhere, broadcast."""
    need_floating(input, "prelu_cpu")
    return pointwise(_leaked, input, weight)


def _by_loop(name: str, w: Array, *arrays: Array) -> bool:
    """Whether a compiled loop ran, for one weight for each column; the weights are second."""
    o = arrays[-1]
    row = w.ndim == o.ndim and w.size == w.shape[-1] == o.shape[-1] and w.flags.carray
    if not row or w.dtype != o.dtype or not all(dense(a) and a.shape == o.shape for a in arrays):
        return False
    first, *rest = arrays
    loop(f"elementwise.{name}")(first, w, *rest)
    return True


def _leaked(a: Array, w: Array, o: Array) -> None:
    if o.size < MANY or not _by_loop("prelu", w, a, o):
        copied(np.where(a > 0, a, w * a), o)


prelu_kernel.vjp(
    input=lambda g, input, weight: prelu_input_backward(input, weight, g),
    weight=lambda g, input, weight: prelu_weight_backward(input, weight, g),
)
prelu_kernel.jvp(
    input=lambda t, input, weight: where_self(input >= 0, t, weight * t),
    weight=lambda t, input: where_self(input >= 0, 0, t * input),
)


@op("elementwise", method=False)
def prelu_input_backward(input: Tensor, weight: Tensor, grad_output: Tensor) -> Tensor:
    """The gradient of prelu_kernel with respect to its input."""
    return pointwise(_passed, input, weight, grad_output)


def _passed(a: Array, w: Array, g: Array, o: Array) -> None:
    if o.size < MANY or not _by_loop("prelu_input_backward", w, a, g, o):
        copied(np.where(a > 0, g, w * g), o)


prelu_input_backward.vjp(  # at 0 the second derivatives take the other side than the first
    input=lambda g, input_shape: zeros(g, input_shape),
    weight=lambda g, input, grad_output: where_self(input >= 0, 0, grad_output * g),
    grad_output=lambda g, input, weight: where_self(input >= 0, g, g * weight),
)


@op("elementwise", method=False)
def prelu_weight_backward(input: Tensor, weight: Tensor, grad_output: Tensor) -> Tensor:
    """The gradient of prelu_kernel with respect to its weight, not yet summed to its shape.

    `weight` has no part in it but in its layout. Source: ATen/native/Activation.cpp.
    """
    return pointwise(_kept_back, input, weight, grad_output)


def _kept_back(a: Array, _w: Array, g: Array, o: Array) -> None:
    flat = walked((a, g, o)) if o.size >= MANY else None
    if flat is None:
        copied(np.where(a > 0, 0, a * g), o)
    else:
        loop("elementwise.prelu_weight_backward")(*flat)


prelu_weight_backward.vjp(
    input=lambda g, input, grad_output: where_self(input >= 0, 0, grad_output * g),
    weight=lambda g, weight_shape: zeros(g, weight_shape),
    grad_output=lambda g, input: where_self(input >= 0, 0, g * input),
)


@composite()
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """`input` where positive, `weight * input` elsewhere: one weight, or one a channel (dim 1).

    Source: ATen/native/Activation.cpp prelu.
    """
    if input.dtype is not weight.dtype:
        mine, theirs = input.dtype.aten_name, weight.dtype.aten_name
        raise RuntimeError(f"prelu: Type promoting not supported. Got {mine} and {theirs}")
    n = weight.numel()
    if n != 1:
        if not input.sizes:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = input.sizes[1] if input.ndim > 1 else 1
        if channels != n:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{n} and channel size = {channels}."
            )
    if weight.ndim > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}"
        )
    if not input.sizes:
        return prelu_kernel(input, weight.squeeze() if weight.ndim else weight)
    shape = [1] * input.ndim
    if input.ndim > 1:
        shape[1] = n
    return prelu_kernel(input, weight.reshape(shape) if weight.ndim else weight)
