"""Rules of the gradients of convolution and norms, whose weights may be each example's own.

The gradients of weights that all examples share are each example's own as well, so that `vmap` of
`grad` is worked out in one op. Source: BatchRules{Convolution,Norm}.cpp of aten/src/ATen/functorch.
"""

from typing import Any, cast

from minitorch_np.func.batched import Level
from minitorch_np.func.dispatch import Kwargs, rule
from minitorch_np.graph.modes import RegisteredOp
from minitorch_np.tensor import Tensor

__all__: list[str] = []

A = Any


def _channels(level: Level, t: Tensor) -> Tensor:
    """All examples of (N, C, *), side by side: (N, B * C, *)."""
    return level.spread(t).transpose(0, 1).flatten(1, 2)


def _apart(level: Level, t: Tensor) -> Tensor:
    """The examples of (N, B * C, *) again, one behind the other: (B, N, C, *)."""
    n, channels, *rest = t.sizes
    return t.view(n, level.size, channels // level.size, *rest).transpose(0, 1)


@rule("convolution_input_backward")
def convolution_input_backward(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Gradients of images: they join N where one weight is for all, else the channels."""
    input, weight, plan = given["input"], given["weight"], given["plan"]
    names = ("grad_output", "input")
    if level.holds(weight):
        ready = {name: _channels(level, given[name]) for name in names}
        ready["weight"] = level.front(weight).flatten(0, 1)
        found = op(**ready, plan=plan._replace(groups=level.size * plan.groups))
        return _apart(level, cast(Tensor, found))
    ready = {name: level.spread(given[name]).flatten(0, 1) for name in names}
    found = cast(Tensor, op(**dict(given, **ready)))
    return found.reshape(level.size, *input.sizes)


@rule("convolution_weight_backward")
def convolution_weight_backward(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Gradients of weights: the examples' channels are groups of their own."""
    weight, plan = given["weight"], given["plan"]
    ready = {name: _channels(level, given[name]) for name in ("grad_output", "input")}
    ready["weight"] = level.spread(weight).flatten(0, 1)
    found = op(**ready, plan=plan._replace(groups=level.size * plan.groups))
    return cast(Tensor, found).view(level.size, *weight.sizes)


@rule("convolution_bias_backward")
def convolution_bias_backward(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Gradients of biases: sums over images and places."""
    g = level.spread(given["grad_output"])
    return g.sum((1, *range(3, g.ndim)))


@rule("native_batch_norm_backward")
def native_batch_norm_backward(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Batch norm is of channels: the examples join those."""
    ready = dict(given)
    for name, t in given.items():
        if isinstance(t, Tensor):
            whole = name in ("grad_out", "input")
            ready[name] = _channels(level, t) if whole else level.spread(t).flatten()
    slope, *of_channels = cast(Any, op(**ready))
    parts = [None if t is None else t.view(level.size, -1) for t in of_channels]
    return (None if slope is None else _apart(level, slope), *parts)


@rule("native_group_norm_backward")
def native_group_norm_backward(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Groups of channels are worked out alone: the examples join those."""
    weight = given["weight"]
    ready = dict(given, C=level.size * given["C"], group=level.size * given["group"])
    for name in ("grad_out", "input", "mean", "rstd"):
        ready[name] = _channels(level, given[name])
    if weight is not None:
        ready["weight"] = level.spread(weight).flatten()
    slope, *of_channels = cast(Any, op(**ready))
    parts = [None if t is None else t.view(level.size, -1) for t in of_channels]
    return (None if slope is None else _apart(level, slope), *parts)


@rule("native_layer_norm_backward")
def native_layer_norm_backward(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Rows are worked out alone; gradients of weights are sums over each example's rows."""
    input, weight, mask = given["input"], given["weight"], given["output_mask"]
    names = ("grad_out", "input", "mean", "rstd")
    g, a, mean, rstd = [level.spread(given[name]) for name in names]
    last = len(given["normalized_shape"])
    rows = tuple(range(1, a.ndim - last))
    slope = of_weight = of_bias = None
    if mask[1] and weight is not None:
        of_weight = g * ((a - mean) * rstd)
        of_weight = of_weight.sum(rows) if rows else of_weight
    if mask[2] and (weight is not None or given["bias"] is not None):
        of_bias = g.sum(rows) if rows else g
    if mask[0]:
        if weight is not None and level.holds(weight):
            g = g * level.front(weight).view(level.size, *(1,) * (input.ndim - last), *weight.sizes)
            weight = None
        ready = dict(given, grad_out=g, input=a, mean=mean, rstd=rstd, weight=weight, bias=None)
        slope = cast(Any, op(**dict(ready, output_mask=(True, False, False))))[0]
    return slope, of_weight, of_bias
