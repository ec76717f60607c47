"""The gated linear unit: one half of a dimension, each element weighed by the other half's."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import strides
from minitorch_np.kernels.large import dense, loop
from minitorch_np.loops import pointwise
from minitorch_np.op import op
from minitorch_np.ops.join import cat
from minitorch_np.ops.smooth import need_floating, sigmoid_of
from minitorch_np.shapes import wrap_dim
from minitorch_np.tensor import Tensor, empty

__all__ = ["glu", "glu_backward"]

Array = NDArray[Any]


def halves(t: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """The two halves of `dim`, views."""
    size = t.sizes[dim] // 2
    return t.narrow(dim, 0, size), t.narrow(dim, size, size)


@op("elementwise", method=False)
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half of `dim` times the sigmoid of the second: (*, 2N, *) to (*, N, *).

    Source: Dauphin et al., Language Modeling with Gated Convolutional Networks (2016);
    ATen/native/GatedLinearUnit.cpp glu.
    """
    if not input.ndim:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    d = wrap_dim(dim, input.ndim)
    size = input.sizes[d]
    if size % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {d} is size {size}")
    need_floating(input, "glu_cpu")

    def gated(a: Array, b: Array, o: Array) -> None:
        np.multiply(a, sigmoid_of(b), o)

    if dense(input.array):
        shape = (*input.sizes[:d], size // 2, *input.sizes[d + 1 :])
        done = empty(shape, strides.contiguous(shape), input.dtype)
        inner = math.prod(shape[d:])
        loop("smooth.glu_halves")(input.array, done.array, inner)
        return done
    return pointwise(gated, *halves(input, d))


glu.vjp(input=lambda g, input, dim: glu_backward(g, input, dim))
glu.jvp(input=lambda t, input, out, dim: glu_pushed(t, input, out, dim))


def glu_pushed(t: Tensor, input: Tensor, out: Tensor, dim: int) -> Tensor:
    """The tangent of glu. Source: ATen/native/GatedLinearUnit.cpp glu_jvp."""
    gate = halves(input, wrap_dim(dim, input.ndim))[1].sigmoid()
    first, second = halves(t, wrap_dim(dim, input.ndim))
    return first * gate + out * (second - gate * second)


@op("contiguous", method=False)
def glu_backward(grad_output: Tensor, input: Tensor, dim: int) -> Tensor:
    """The gradient of glu. Source: ATen/native/GatedLinearUnit.cpp glu_backward."""
    d = wrap_dim(dim, input.ndim)
    if dense(input.array) and grad_output.array.flags.carray:
        done = empty(input.sizes, strides.contiguous(input.sizes), input.dtype)
        flat = [t.array for t in (grad_output, input, done)]
        loop("smooth.glu_backward")(*flat, math.prod(grad_output.sizes[d:]))
        return done
    first, second = halves(input, d)

    def of_first(g: Array, b: Array, o: Array) -> None:
        np.multiply(g, sigmoid_of(b), o)

    def of_second(g: Array, a: Array, b: Array, o: Array) -> None:
        gate = sigmoid_of(b)
        np.multiply(g, a * gate * (1 - gate), o)

    made = (
        pointwise(of_first, grad_output, second),
        pointwise(of_second, grad_output, first, second),
    )
    return cat([half.contiguous() for half in made], d)


glu_backward.vjp(
    grad_output=lambda g, input, dim: glu_of_gradient(g, input, dim),
    input=lambda g, grad_output, input, dim: glu_curve(g, grad_output, input, dim),
)


def glu_of_gradient(g: Tensor, input: Tensor, dim: int) -> Tensor:
    """What `glu_backward` gives for its first argument: it is linear in that."""
    d = wrap_dim(dim, input.ndim)
    (first, second), (g_first, g_second) = halves(input, d), halves(g, d)
    gate = second.sigmoid()
    return g_first * gate + g_second * first * gate * (1 - gate)


def glu_curve(g: Tensor, grad_output: Tensor, input: Tensor, dim: int) -> Tensor:
    """The gradient of `glu_backward` for the input of glu."""
    d = wrap_dim(dim, input.ndim)
    (first, second), (g_first, g_second) = halves(input, d), halves(g, d)
    gate = second.sigmoid()
    slope = grad_output * gate * (1 - gate)
    return cat([g_second * slope, slope * (g_first + g_second * first * (1 - 2 * gate))], d)
