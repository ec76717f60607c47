"""Losses of two tensors of one shape, as ATen has them: elementwise, then 'none', 'mean' or 'sum'.

`nn/functional.py` adds what Python adds in PyTorch: warnings, broadcasting, weights.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import strides
from minitorch_np.loops import (
    SCALAR_NAMES,
    Kernel,
    blank_like,
    common_dtype,
    finish,
    not_implemented,
    pointwise,
    quietly,
)
from minitorch_np.op import composite, op
from minitorch_np.ops.copy import own
from minitorch_np.ops.power import xlogy
from minitorch_np.ops.smooth import log_sigmoid
from minitorch_np.shapes import broadcast
from minitorch_np.tensor import Tensor, empty

__all__: list[str] = []

Array = NDArray[Any]


def check_reduction(reduction: str) -> None:
    """Raise torch's error for an unknown reduction."""
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")


def folded(loss: Tensor, reduction: str) -> Tensor:
    """The elementwise loss, its mean or its sum; the mean of nothing is nan."""
    if reduction == "none":
        return loss
    array = loss.array
    total = quietly(np.add.reduce, array, axis=None, dtype=loss.dtype.compute)
    if reduction == "mean":
        total = quietly(np.true_divide, total, loss.dtype.compute.type(loss.numel()))
    return finish(np.asarray(total), loss.dtype, None)


def averaged(reduction: str, n: int) -> float:
    """The factor of the mean."""
    return 1.0 / n if reduction == "mean" and n else 1.0


def compared(
    f: Kernel,
    kernel: str,
    reduction: str,
    input: Tensor,
    target: Tensor,
    out: Tensor | None = None,
) -> Tensor:
    """The loss `f` of two tensors, in `out` if ATen does not leave its layout to them, reduced."""
    check_reduction(reduction)
    dtype = common_dtype(input, target)
    if not dtype.is_floating_point:
        raise not_implemented(kernel, dtype)
    return folded(pointwise(f, input, target, out=out), reduction)


def sloped(f: Kernel, g: Tensor, input: Tensor, target: Tensor) -> Tensor:
    """The gradient `f(g, input, target)` of a loss, contiguous as ATen allocates it."""
    shape = broadcast(g.sizes, input.sizes, target.sizes)
    grad = empty(shape, strides.contiguous(shape), common_dtype(input, target))
    return pointwise(f, g, input, target, out=grad)


@op("elementwise", method=False)
def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """`(input - target) ** 2`, reduced. Source: ATen/native/Loss.cpp mse_loss."""
    return compared(
        lambda a, b, o: np.square(np.subtract(a, b), o), "mse_cpu", reduction, input, target
    )


mse_loss.vjp(
    input=lambda g, input, target, reduction: mse_loss_backward(g, input, target, reduction),
    target=lambda g, input, target, reduction: mse_loss_backward(g, target, input, reduction),
)


@op("contiguous", method=False)
def mse_loss_backward(grad_output: Tensor, input: Tensor, target: Tensor, reduction: str) -> Tensor:
    """The gradient of mse_loss with respect to its input."""
    norm = 2 * averaged(reduction, input.numel())
    return sloped(
        lambda g, a, b, o: np.multiply(np.subtract(a, b) * o.dtype.type(norm), g, o),
        grad_output, input, target,
    )  # fmt: skip


def _mse_second(g: Tensor, grad: Tensor, input: Tensor, reduction: str) -> Tensor:
    return g * grad * (2 * averaged(reduction, input.numel()))


mse_loss_backward.vjp(
    grad_output=lambda g, input, target, reduction: (
        g * (input - target) * (2 * averaged(reduction, input.numel()))
    ),
    input=lambda g, grad_output, input, reduction: _mse_second(g, grad_output, input, reduction),
    target=lambda g, grad_output, input, reduction: -_mse_second(g, grad_output, input, reduction),
)


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """The loss, its mean or its sum, for losses made of other ops."""
    check_reduction(reduction)
    return {"none": lambda: loss, "mean": lambda: loss.mean(), "sum": lambda: loss.sum()}[
        reduction
    ]()


@composite(method=False)
def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """`|input - target|`, reduced. Source: ATen/native/Loss.cpp l1_loss."""
    return reduced((input - target).abs(), reduction)


@op("elementwise", method=False, node="SmoothL1LossBackward0")
def smooth_l1_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0
) -> Tensor:
    """A parabola within `beta` of 0, straight lines beyond, reduced.

    Source: ATen/native/Loss.cpp smooth_l1_loss, ATen/native/cpu/BinaryOpsKernel.cpp.
    """
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")

    def bent(a: Array, b: Array, o: Array) -> None:
        z, n = np.abs(np.subtract(a, b)), o.dtype.type(beta)
        parabola = 0.5 * z * z / n if beta else z
        np.copyto(o, np.where(z < n, parabola, z - 0.5 * n), casting="unsafe")

    return compared(bent, "smooth_l1_cpu", reduction, input, target)


def _smooth_grad(g: Tensor, a: Tensor, b: Tensor, reduction: str, beta: float) -> Tensor:
    return smooth_l1_loss_backward(g, a, b, reduction, beta)


smooth_l1_loss.vjp(
    input=lambda g, input, target, reduction, beta: _smooth_grad(g, input, target, reduction, beta),
    target=lambda g, input, target, reduction, beta: _smooth_grad(
        g, target, input, reduction, beta
    ),
)


@op("contiguous", method=False, node="SmoothL1LossBackwardBackward0")
def smooth_l1_loss_backward(
    grad_output: Tensor, input: Tensor, target: Tensor, reduction: str, beta: float
) -> Tensor:
    """The gradient of smooth_l1_loss with respect to its input."""
    norm = averaged(reduction, input.numel())

    def slope(g: Array, a: Array, b: Array, o: Array) -> None:
        x, n = np.subtract(a, b), o.dtype.type(beta)
        inner = x / n if beta else x
        values = np.where(x <= -n, -1, np.where(x >= n, 1, inner))
        np.multiply(values * o.dtype.type(norm), g, o)

    return sloped(slope, grad_output, input, target)


def _smooth_curve(
    g: Tensor, grad: Tensor, x: Tensor, target: Tensor, reduction: str, beta: float
) -> Tensor:
    inside = ((x - target).abs() < beta).to(g.dtype)
    return g * grad * inside * (averaged(reduction, x.numel()) / (beta or 1.0))


smooth_l1_loss_backward.vjp(
    grad_output=lambda g, input, target, reduction, beta: _smooth_grad(
        g, input, target, reduction, beta
    ),
    input=lambda g, grad_output, input, target, reduction, beta: _smooth_curve(
        g, grad_output, input, target, reduction, beta
    ),
    target=lambda g, grad_output, input, target, reduction, beta: (
        -_smooth_curve(g, grad_output, input, target, reduction, beta)
    ),
)


@op("elementwise", method=False)
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0
) -> Tensor:
    """A parabola within `delta` of 0, lines of slope `delta` beyond, reduced.

    Source: ATen/native/Loss.cpp huber_loss.
    """
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")

    def bent(a: Array, b: Array, o: Array) -> None:
        z, n = np.abs(np.subtract(a, b)), o.dtype.type(delta)
        np.copyto(o, np.where(z <= n, 0.5 * z * z, n * (z - 0.5 * n)), casting="unsafe")

    return compared(bent, "huber_cpu", reduction, input, target, out=blank_like(input))


huber_loss.vjp(
    input=lambda g, input, target, reduction, delta: huber_loss_backward(
        g, input, target, reduction, delta
    ),
    target=lambda g, input, target, reduction, delta: huber_loss_backward(
        g, target, input, reduction, delta
    ),
)


@op("contiguous", method=False)
def huber_loss_backward(
    grad_output: Tensor, input: Tensor, target: Tensor, reduction: str, delta: float
) -> Tensor:
    """The gradient of huber_loss with respect to its input."""
    norm = averaged(reduction, input.numel())

    def slope(g: Array, a: Array, b: Array, o: Array) -> None:
        n = o.dtype.type(delta)
        cut = np.minimum(np.maximum(np.subtract(a, b), -n), n)
        np.multiply(cut * o.dtype.type(norm), g, o)

    return sloped(slope, grad_output, input, target)


def _huber_curve(
    g: Tensor, grad: Tensor, x: Tensor, target: Tensor, reduction: str, delta: float
) -> Tensor:
    inside = ((x - target).abs() < delta).to(g.dtype)
    return g * grad * inside * averaged(reduction, x.numel())


huber_loss_backward.vjp(
    grad_output=lambda g, input, target, reduction, delta: huber_loss_backward(
        g, input, target, reduction, delta
    ),
    input=lambda g, grad_output, input, target, reduction, delta: _huber_curve(
        g, grad_output, input, target, reduction, delta
    ),
    target=lambda g, grad_output, input, target, reduction, delta: (
        -_huber_curve(g, grad_output, input, target, reduction, delta)
    ),
)


@op("like", method=False)
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """`-(target log(input) + (1 - target) log(1 - input))`, reduced; logarithms stop at -100.

    Raises: RuntimeError where an input is no probability. Source: ATen/native/Loss.cpp.
    """
    check_reduction(reduction)
    if not input.dtype.is_floating_point:
        raise not_implemented("binary_cross_entropy", input.dtype)
    if target.dtype is not input.dtype:
        found, expected = SCALAR_NAMES[target.dtype.name], SCALAR_NAMES[input.dtype.name]
        raise RuntimeError(f"Found dtype {found} but expected {expected}")

    def entropy(x: Array, y: Array, *rest: Array) -> None:
        if not np.all((x >= 0) & (x <= 1)):
            raise RuntimeError("all elements of input should be between 0 and 1")
        values = (y - 1) * np.maximum(np.log1p(-x), -100) - y * np.maximum(np.log(x), -100)
        np.multiply(values, 1 if weight is None else rest[0], rest[-1])

    weights = [] if weight is None else [weight]
    return folded(pointwise(entropy, input, target, *weights, out=blank_like(input)), reduction)


binary_cross_entropy.vjp(
    input=lambda g, input, target, weight, reduction: binary_cross_entropy_backward(
        g, input, target, weight, reduction
    ),
    target=lambda g, input, weight, reduction: weighed(input.logit().neg_().mul_(g), weight, reduction),
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
    return pointwise(slope, grad_output, input, target, *weights, out=blank_like(input))


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
    if not input.dtype.is_floating_point:
        raise not_implemented("log_sigmoid_cpu", input.dtype)
    operands = [input, target, *[t for t in (weight, pos_weight) if t is not None]]
    loss = blank_like(target)  # ATen starts from 1 - target and goes on in place

    def entropy(x: Array, y: Array, *rest: Array) -> None:
        given = list(rest[:-1])
        w = given.pop(0) if weight is not None else None
        log_sigmoid = np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))
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
    return weighed(slope.mul_(g), weight, reduction)


def _targets_grad(
    g: Tensor, x: Tensor, weight: Tensor | None, positive: Tensor | None, reduction: str
) -> Tensor:
    """The gradient of the targets. Source: FunctionsManual.cpp."""
    if positive is None:
        slope = -x * g
    else:
        slope = log_sigmoid(-x).sub_(positive * log_sigmoid(x)).mul_(g)
    return weighed(slope, weight, reduction)


binary_cross_entropy_with_logits.vjp(
    input=lambda g, input, target, weight, pos_weight, reduction: _logits_grad(
        g, input, target, weight, pos_weight, reduction
    ),
    target=lambda g, input, weight, pos_weight, reduction: _targets_grad(
        g, input, weight, pos_weight, reduction
    ),
)


@composite(method=False)
def kl_div(
    input: Tensor, target: Tensor, reduction: str = "mean", log_target: bool = False
) -> Tensor:
    """`target * (log(target) - input)`, reduced; `input` holds logarithms, `target` may.

    Source: ATen/native/Loss.cpp kl_div.
    """
    if not (input.dtype.is_floating_point and target.dtype.is_floating_point):
        raise RuntimeError("kl_div: Integral inputs not supported.")
    if log_target:
        apart = target - input  # C++ works from the right: gradients are then added from the left
        return reduced(target.exp() * apart, reduction)
    crossed = target * input
    return reduced(xlogy(target, target) - crossed, reduction)
