"""Rules of the negative log-likelihood. Source: aten/src/ATen/functorch/BatchRulesLoss.cpp."""

from typing import Any

from minitorch_np.func.batched import Level
from minitorch_np.func.dispatch import Kwargs, rule
from minitorch_np.graph.modes import RegisteredOp
from minitorch_np.tensor import Tensor

__all__: list[str] = []

A = Any


def _picked(level: Level, given: Kwargs) -> tuple[int, Tensor, Tensor, Tensor]:
    """The dimension of classes, the targets as indices along it, which are ignored, and the weight
    of each, all of every example's."""
    input, weight = given["input"], given["weight"]
    dim = 2 if input.ndim > 1 else 1
    wanted = level.spread(given["target"])
    ignored = wanted == given["ignore_index"]
    index = wanted.masked_fill(ignored, 0).unsqueeze(dim)
    if weight is None:
        return dim, index, ignored, (~ignored).to(input.dtype)
    own = level.spread(weight)
    own = own.view(level.size, *(1,) * (dim - 1), -1, *(1,) * (input.ndim - dim))
    scale = own.expand(level.size, *input.sizes).gather(dim, index).squeeze(dim)
    return dim, index, ignored, scale.masked_fill(ignored, 0)


@rule("nll_loss_forward")
def nll_loss_forward(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The log-probability of each target, and each example's sum or weighted mean."""
    dim, index, ignored, scale = _picked(level, given)
    picked = level.spread(given["input"]).gather(dim, index).squeeze(dim)
    losses = -(picked * scale).masked_fill(ignored, 0)
    if given["reduction"] == "none":
        return losses, losses.new_zeros(level.size)
    dims = tuple(range(1, losses.ndim))
    total, weights = (losses.sum(dims), scale.sum(dims)) if dims else (losses, scale)
    return (total / weights if given["reduction"] == "mean" else total), weights


@rule("nll_loss_backward")
def nll_loss_backward(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Minus the weight of each target in its place, times what arrived for its loss."""
    dim, index, ignored, scale = _picked(level, given)
    g, input = level.spread(given["grad_output"]), given["input"]
    if given["reduction"] == "mean":
        g = g / level.spread(given["total_weight"])
    g = g.view(*g.sizes, *(1,) * (scale.ndim - g.ndim))
    slope = -(g * scale).masked_fill(ignored, 0)
    zeros = slope.new_zeros(level.size, *input.sizes)
    return zeros.scatter(dim, index, slope.unsqueeze(dim))
