"""Losses of two tensors of one shape, as ATen has them: elementwise, then 'none', 'mean' or 'sum'.

`nn/functional.py` adds what Python adds in PyTorch: warnings, broadcasting, weights.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import strides
from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.kernels.large import MANY, Compiled
from minitorch_np.loops import (
    Kernel,
    blank_like,
    common_dtype,
    finish,
    not_implemented,
    pointwise,
)
from minitorch_np.op import composite, op
from minitorch_np.ops.power import xlogy
from minitorch_np.ops.reduce import large_total
from minitorch_np.quiet import quiet
from minitorch_np.shapes import broadcast
from minitorch_np.tensor import Tensor, empty

__all__: list[str] = []

Array = NDArray[Any]


def check_reduction(reduction: str) -> None:
    """Raise torch's error for an unknown reduction."""
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")


def check_constant(name: str, argument: str, given: Tensor | None) -> None:
    """Nothing, when no gradient of an argument is wanted that has none. Raises: RuntimeError.

    Source: check_no_requires_grad, torch/csrc/autograd/VariableTypeUtils.h.
    """
    if given is not None and given.requires_grad and is_grad_enabled():
        raise RuntimeError(
            f"The function '{name}' is not differentiable with respect to argument '{argument}'. "
            "This input cannot have requires_grad True."
        )


def folded(loss: Tensor, reduction: str) -> Tensor:
    """The elementwise loss, its mean or its sum; the mean of nothing is nan."""
    if reduction == "none":
        return loss
    array = loss.array
    if array.size < MANY and not loss.dtype.is_half:
        return _folded(array, loss, reduction)
    values = large_total(array, tuple(range(array.ndim)), "sum")
    if values is None:
        values = quiet.run(np.add.reduce, array, axis=None, dtype=loss.dtype.compute)
    if reduction == "mean":
        values = quiet.run(np.true_divide, values, loss.dtype.compute.type(loss.numel()))
    return finish(np.asarray(values), loss.dtype, None)


def _folded(array: Array, loss: Tensor, reduction: str) -> Tensor:
    """The mean or the sum of few elements, computed where the result is to be."""
    done = empty((), (), loss.dtype)
    quiet.run(np.add.reduce, array, None, None, done.array)
    if reduction == "mean":
        quiet.run(np.true_divide, done.array, array.size, done.array)
    return done


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
    return compared(_square_of_difference, "mse_cpu", reduction, input, target)


_square_of_difference = Compiled(
    "elementwise.square_of_difference", lambda a, b, o: np.square(np.subtract(a, b), o)
)


mse_loss.vjp(
    input=lambda g, input, target, reduction: mse_loss_backward(g, input, target, reduction),
    target=lambda g, input, target, reduction: mse_loss_backward(g, target, input, reduction),
)
mse_loss.jvp(
    input=lambda t, input, target, reduction: reduced(
        mse_loss_backward(t, input, target, "none"), reduction
    ),
    target=lambda t, input, target, reduction: reduced(
        mse_loss_backward(t, target, input, "none"), reduction
    ),
)


@op("contiguous", method=False)
def mse_loss_backward(grad_output: Tensor, input: Tensor, target: Tensor, reduction: str) -> Tensor:
    """The gradient of mse_loss with respect to its input."""
    norm = 2 * averaged(reduction, input.numel())

    def slope(g: Array, a: Array, b: Array, o: Array) -> None:
        np.multiply(np.subtract(a, b) * o.dtype.type(norm), g, o)

    kernel = Compiled("elementwise.mse_backward", slope, norm, ones=1)
    return sloped(kernel, grad_output, input, target)


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


@composite(method=False, python=True)
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
    if not beta >= 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")

    def bent(a: Array, b: Array, o: Array) -> None:
        z, n = np.abs(np.subtract(a, b)), o.dtype.type(beta)
        parabola = 0.5 * z * z / n if beta else z
        np.copyto(o, np.where(z < n, parabola, z - 0.5 * n), casting="unsafe")

    kernel = Compiled("elementwise.smooth_l1", bent, beta) if beta else bent
    return compared(kernel, "smooth_l1_cpu", reduction, input, target)


def _smooth_grad(g: Tensor, a: Tensor, b: Tensor, reduction: str, beta: float) -> Tensor:
    return smooth_l1_loss_backward(g, a, b, reduction, beta)


smooth_l1_loss.vjp(
    input=lambda g, input, target, reduction, beta: _smooth_grad(g, input, target, reduction, beta),
    target=lambda g, input, target, reduction, beta: _smooth_grad(
        g, target, input, reduction, beta
    ),
)
smooth_l1_loss.jvp(
    input=lambda t, input, target, reduction, beta: reduced(
        _smooth_grad(t, input, target, "none", beta), reduction
    ),
    target=lambda t, input, target, reduction, beta: reduced(
        _smooth_grad(t, target, input, "none", beta), reduction
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

    kernel = (
        Compiled("elementwise.smooth_l1_backward", slope, beta, norm, ones=1) if beta else slope
    )
    return sloped(kernel, grad_output, input, target)


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
    if not delta > 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")

    def bent(a: Array, b: Array, o: Array) -> None:
        z, n = np.abs(np.subtract(a, b)), o.dtype.type(delta)
        np.copyto(o, np.where(z <= n, 0.5 * z * z, n * (z - 0.5 * n)), casting="unsafe")

    kernel = Compiled("elementwise.huber", bent, delta)
    return compared(kernel, "huber_cpu", reduction, input, target, out=blank_like(input))


huber_loss.vjp(
    input=lambda g, input, target, reduction, delta: huber_loss_backward(
        g, input, target, reduction, delta
    ),
    target=lambda g, input, target, reduction, delta: huber_loss_backward(
        g, target, input, reduction, delta
    ),
)
huber_loss.jvp(
    input=lambda t, input, target, reduction, delta: reduced(
        huber_loss_backward(t, input, target, "none", delta), reduction
    ),
    target=lambda t, input, target, reduction, delta: reduced(
        huber_loss_backward(t, target, input, "none", delta), reduction
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

    kernel = Compiled("elementwise.huber_backward", slope, delta, norm, ones=1)
    return sloped(kernel, grad_output, input, target)


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


@composite(method=False)
def kl_div(
    input: Tensor, target: Tensor, reduction: str = "mean", *, log_target: bool = False
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


@composite(method=False, python=True)
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """`exp(input) - target * input`, or `input - target * log(input + eps)`, reduced.

    `full` adds Stirling's approximation of log(target!) where targets exceed 1.
    Source: ATen/native/Loss.cpp poisson_nll_loss.
    """
    if log_input:
        crossed = target * input  # C++ works from the right: gradients are then added so
        loss = input.exp() - crossed
    else:
        loss = input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + (target * (2 * math.pi)).log() * 0.5
        loss = loss.add_(stirling.masked_fill(target <= 1, 0))
    return reduced(loss, reduction)
