"""rrelu: a slope drawn for each negative element. Source: aten/src/ATen/native/Activation.cpp."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, strides
from minitorch_np.loops import not_implemented, quietly, scalar
from minitorch_np.op import composite, op
from minitorch_np.ops.activation import leaky_relu, leaky_relu_backward
from minitorch_np.ops.copy import zeros_like
from minitorch_np.random import Generator, default_generator
from minitorch_np.tensor import Tensor, empty

__all__ = ["rrelu", "rrelu_"]

Array = NDArray[Any]

LOWER, UPPER = 1 / 8, 1 / 3


def check_finite(lower: float, upper: float) -> None:
    """Nothing, when both bounds are finite. Raises: RuntimeError."""
    for name, bound in (("lower", lower), ("upper", upper)):
        if not math.isfinite(bound):
            raise RuntimeError(f"rrelu: {name} bound must be finite, got {bound:g}")


def check_bounds(lower: float, upper: float) -> None:
    """Nothing, when the bounds are in order. Raises: RuntimeError."""
    if not lower <= upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")


@composite(method=False)
def rrelu(
    input: Tensor,
    lower: float = LOWER,
    upper: float = UPPER,
    training: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """`input` where positive, else times a slope: drawn for each, or the middle of the bounds."""
    check_finite(lower, upper)
    check_bounds(lower, upper)
    return rrelu_with_noise(input, _noise(input), lower, upper, training, generator)


@composite(method=False)
def rrelu_(
    input: Tensor,
    lower: float = LOWER,
    upper: float = UPPER,
    training: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """In-place version of `rrelu`."""
    check_bounds(lower, upper)
    return rrelu_with_noise_(input, _noise(input), lower, upper, training, generator)


def _noise(input: Tensor) -> Tensor:
    return empty(input.sizes, strides.contiguous(input.sizes), input.dtype)


@op("contiguous", method=False)
def rrelu_with_noise(
    input: Tensor,
    noise: Tensor,
    lower: float = LOWER,
    upper: float = UPPER,
    training: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """`rrelu` that writes the slopes to `noise` when training: drawn, or 1 where positive."""
    done = empty(input.sizes, strides.contiguous(input.sizes), input.dtype)
    if not training:
        return leaky_relu(input.untracked(), _middle(input, lower, upper), out=done)
    quietly(_sloped, input, _drawn(input, noise, lower, upper, generator), done)
    return done


def _middle(input: Tensor, lower: float, upper: float) -> float:
    """The slope of all negative elements when not training. Raises: RuntimeError."""
    kind = dtypes.float32 if input.dtype.is_half else input.dtype
    middle = (lower + upper) / 2
    return float(scalar(middle, kind)) if kind.is_floating_point else middle


def _drawn(
    input: Tensor, noise: Tensor, lower: float, upper: float, generator: Generator | None
) -> Array:
    """A slope for each element, drawn in the order of the elements; `noise` keeps them, rounded."""
    if input.dtype not in (dtypes.float32, dtypes.float64, dtypes.bfloat16):
        raise not_implemented("rrelu_with_noise_out_cpu", input.dtype)
    kind = dtypes.float32 if input.dtype.is_half else input.dtype
    low, high = float(scalar(lower, kind)), float(scalar(upper, kind))
    negative = np.less_equal(input.array, 0)
    slopes = np.ones(input.sizes, kind.np)
    slopes[negative] = (generator or default_generator).uniform(
        int(np.count_nonzero(negative)), dtypes.float64, low, high
    )
    noise.array[...] = slopes.astype(noise.dtype.np)
    return slopes


def _sloped(input: Tensor, slopes: Array, out: Tensor) -> None:
    out.array[...] = np.multiply(input.array.astype(slopes.dtype), slopes).astype(out.dtype.np)


@op("contiguous", method=False, node="RreluWithNoiseBackward1")
def rrelu_with_noise_(
    input: Tensor,
    noise: Tensor,
    lower: float = LOWER,
    upper: float = UPPER,
    training: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """In-place version of `rrelu_with_noise`."""
    given = input.untracked()
    if training:
        quietly(_sloped, given, _drawn(given, noise, lower, upper, generator), given)
    else:
        strides.check_no_internal_overlap(given.sizes, given.strides)
        given.array[...] = leaky_relu(given, _middle(given, lower, upper)).array
    return input


rrelu_with_noise.vjp(
    input=lambda g, input, noise, lower, upper, training: rrelu_with_noise_backward(
        g, input, noise, lower, upper, training, False
    ),
    noise=None,
)
rrelu_with_noise_.vjp(
    input=lambda g, out, noise, lower, upper, training: rrelu_with_noise_backward(
        g, out, noise, lower, upper, training, True
    ),
    noise=None,
)
rrelu_with_noise_.jvp("refused")


@op("elementwise", method=False)
def rrelu_with_noise_backward(
    grad_output: Tensor,
    input: Tensor,
    noise: Tensor,
    lower: float,
    upper: float,
    training: bool,
    self_is_result: bool,
) -> Tensor:
    """The gradient of rrelu_with_noise from its input or its result: by the slopes it drew."""
    g = grad_output.untracked()
    if training:
        return noise * g
    return leaky_relu_backward(g, input.untracked(), (lower + upper) / 2, self_is_result)


rrelu_with_noise_backward.vjp(
    grad_output=lambda g, input, noise, lower, upper, training: rrelu_with_noise_backward(
        g, input, noise, lower, upper, training, False
    ),
    input=lambda g: zeros_like(g),
    noise=None,
)
