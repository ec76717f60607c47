"""Binary cross-entropy, of probabilities and of logits, each with its gradient.

ATen computes the gradients step by step, mostly in place: which steps are tells their strides.
Source: ATen/native/Loss.cpp; torch/csrc/autograd/FunctionsManual.cpp.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np.kernels.large import Compiled
from minitorch_np.loops import blank_like, not_implemented, pointwise
from minitorch_np.op import op
from minitorch_np.ops.copy import check_written, own, times
from minitorch_np.ops.loss import averaged, check_constant, check_reduction, folded
from minitorch_np.ops.smooth import log_sigmoid
from minitorch_np.shapes import broadcast
from minitorch_np.tensor import Tensor

__all__: list[str] = []

Array = NDArray[Any]


@op("like", method=False)
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """`-(target log(input) + (1 - target) log(1 - input))`, reduced; logarithms stop at -100.

    Raises: RuntimeError where an input is no probability. Source: ATen/native/Loss.cpp.
    """
    check_reduction(reduction)
    check_constant("binary_cross_entropy", "weight", weight)
    if not input.dtype.is_floating_point:
        raise not_implemented("binary_cross_entropy", input.dtype)
    if target.dtype is not input.dtype:
        found, expected = target.dtype.aten_name, input.dtype.aten_name
        raise RuntimeError(f"Found dtype {found} but expected {expected}")

    def entropy(x: Array, y: Array, *rest: Array) -> None:
        if not np.all((x >= 0) & (x <= 1)):
            raise RuntimeError("all elements of input should be between 0 and 1")
        if not np.all((y >= 0) & (y <= 1)):
            raise RuntimeError("all elements of target should be between 0 and 1")
        values = (y - 1) * np.maximum(np.log1p(-x), -100) - y * np.maximum(np.log(x), -100)
        np.multiply(values, 1 if weight is None else rest[0], rest[-1])

    weights = [] if weight is None else [weight]
    for t in weights:
        check_written(input.sizes, t.sizes)
    return folded(pointwise(entropy, input, target, *weights, out=blank_like(input)), reduction)


binary_cross_entropy.vjp(
    input=lambda g, input, target, weight, reduction: binary_cross_entropy_backward(
        g, input, target, weight, reduction
    ),
    target=lambda g, input, target, weight, reduction: weighed(
        times(input.logit().neg_(), g), weight, reduction
    ),
)


def weighed(t: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """A gradient times the loss's weight, if it has one, and divided by what a mean divides by."""
    t = t if weight is None else t.mul_(weight)
    return t.div_(t.numel()) if reduction == "mean" else t


_EPSILON = 1e-12


@op("like", method=False)
def binary_cross_entropy_backward(
    grad_output: Tensor,
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The gradient of binary_cross_entropy with respect to its input."""
    norm = averaged(reduction, input.numel())

    def slope(g: Array, x: Array, y: Array, *rest: Array) -> None:
        o = rest[-1]
        values = g * (x - y) / np.maximum((1 - x) * x, o.dtype.type(_EPSILON))
        factor = rest[0] * o.dtype.type(norm) if len(rest) > 1 else o.dtype.type(norm)
        np.multiply(values, factor, o)

    weights = [] if weight is None else [weight]
    kernel = slope if weights else Compiled("elementwise.entropy_backward", slope, norm, ones=1)
    return pointwise(kernel, grad_output, input, target, *weights, out=blank_like(input))


def _entropy_slope(x: Tensor, y: Tensor) -> Tensor:
    return (x - y) / ((1 - x) * x).clamp_min(_EPSILON)


def _entropy_curve(x: Tensor, y: Tensor) -> Tensor:
    scale = (x + _EPSILON) * (1 - x + _EPSILON)
    return (x * x - 2 * x * y + y) / (scale * scale)


binary_cross_entropy_backward.vjp(
    grad_output=lambda g, input, target, weight, reduction: weighed(
        g * _entropy_slope(input, target), weight, reduction
    ),
    input=lambda g, grad_output, input, target, weight, reduction: weighed(
        g * grad_output * _entropy_curve(input, target), weight, reduction
    ),
    target=lambda g, grad_output, input, weight, reduction: weighed(
        -g * grad_output / ((input + _EPSILON) * (1 - input + _EPSILON)),
        weight,
        reduction,
    ),
)


def _log_sigmoid(x: Array) -> Array:
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def _plain_entropy(x: Array, y: Array, out: Array) -> None:
    """The loss without weights, of arrays of one dtype."""
    np.subtract((1 - y) * x, _log_sigmoid(x), out)


_entropy_of_logits = Compiled("smooth.entropy_of_logits", _plain_entropy)


@op("elementwise", method=False)
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """binary_cross_entropy of sigmoid(input), without overflow; `pos_weight` weighs the ones.

    Source: ATen/native/Loss.cpp binary_cross_entropy_with_logits.
    """
    check_reduction(reduction)
    check_constant("binary_cross_entropy_with_logits", "weight", weight)
    check_constant("binary_cross_entropy_with_logits", "pos_weight", pos_weight)
    if not input.dtype.is_floating_point:
        raise not_implemented("log_sigmoid_cpu", input.dtype)
    plain = weight is None and pos_weight is None and input.form is target.form
    if plain and (input.form.swift is not None or input.form.contiguous):
        return folded(pointwise(_entropy_of_logits, input, target), reduction)
    operands = [input, target, *[t for t in (weight, pos_weight) if t is not None]]
    if pos_weight is not None:
        check_written(input.sizes, broadcast(pos_weight.sizes, target.sizes))
    if weight is not None:
        check_written(input.sizes, weight.sizes)
    loss = blank_like(target)  # ATen starts from 1 - target and goes on in place

    def entropy(x: Array, y: Array, *rest: Array) -> None:
        given = list(rest[:-1])
        w = given.pop(0) if weight is not None else None
        log_sigmoid = _log_sigmoid(x)
        if given:
            log_sigmoid = log_sigmoid * ((given[0] - 1) * y + 1)
        values = (1 - y) * x - log_sigmoid
        np.copyto(rest[-1], values if w is None else values * w, casting="unsafe")

    return folded(pointwise(entropy, *operands, out=loss), reduction)


def _logits_grad(
    g: Tensor, x: Tensor, y: Tensor, weight: Tensor | None, positive: Tensor | None, reduction: str
) -> Tensor:
    """The gradient of the logits. Source: FunctionsManual.cpp."""
    if positive is None:
        slope = own(x.sigmoid()).sub_(y)
    else:
        t = positive * y
        slope = (t + 1).sub_(y).mul_(x.sigmoid()).sub_(t)
    return weighed(times(slope, g), weight, reduction)


def _targets_grad(
    g: Tensor, x: Tensor, weight: Tensor | None, positive: Tensor | None, reduction: str
) -> Tensor:
    """The gradient of the targets. Source: FunctionsManual.cpp."""
    if positive is None:
        slope = -x * g
    else:
        slope = times(log_sigmoid(-x).sub_(positive * log_sigmoid(x)), g)
    return weighed(slope, weight, reduction)


binary_cross_entropy_with_logits.vjp(
    input=lambda g, input, target, weight, pos_weight, reduction: _logits_grad(
        g, input, target, weight, pos_weight, reduction
    ),
    target=lambda g, input, target, weight, pos_weight, reduction: _targets_grad(
        g, input, weight, pos_weight, reduction
    ),
)
binary_cross_entropy_with_logits.jvp("transposed")
