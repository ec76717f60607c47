"""Rules of reductions: over all dimensions, they are over all dimensions of each example.

Source: aten/src/ATen/functorch/BatchRulesReduceOps.cpp.
"""

from typing import Any, cast

from minitorch_np.func.batched import Level
from minitorch_np.func.dispatch import Kwargs, mapped, rule
from minitorch_np.func.shaping import shifted
from minitorch_np.graph.modes import RegisteredOp
from minitorch_np.op import REGISTRY
from minitorch_np.tensor import Tensor

__all__: list[str] = []

A = Any


@rule("sum", "nansum", "mean", "count_nonzero", "logsumexp", "amax", "amin", "vector_norm",
      "all", "any", "var", "std", "var_mean", "std_mean")  # fmt: skip
def reduction(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """A reduction over some dimensions, or over all."""
    input, dim = given["input"], given["dim"]
    ready = dict(given)
    if isinstance(dim, bool):  # var and std take `unbiased` in its place
        ready["unbiased"], dim = dim, None
    value, ndim = level.front(input), input.ndim
    if not ndim:
        if dim is not None and not isinstance(dim, bool):
            _ = shifted(cast(int, dim), 1)
        ready.update(input=value.unsqueeze(1), dim=(1,))
        if "keepdim" in ready:
            ready["keepdim"] = False
        return op(**ready)
    whole = dim is None or (not isinstance(dim, int) and not len(dim))
    if whole and op.name in ("all", "any") and dim is not None:
        return NotImplemented
    every = tuple(range(1, ndim + 1))
    ready["dim"] = every if whole or dim is None else shifted(dim, ndim)
    return op(**dict(ready, input=value))


@rule("prod", "argmax", "argmin", "aminmax")
def one_dim(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """A reduction that knows one dimension, or all of them in a row."""
    input, dim = given["input"], given["dim"]
    value, ndim = level.front(input), input.ndim
    if dim is not None and ndim:
        return op(**dict(given, input=value, dim=shifted(dim, ndim)))
    if dim is not None:
        _ = shifted(cast(int, dim), 1)
    flat = value.reshape(level.size, -1)
    result = op(**dict(given, input=flat, dim=1, keepdim=False))
    if not (given["keepdim"] and ndim) or op.name == "prod":
        return result
    return mapped(lambda t: t.reshape(level.size, *(1,) * ndim), result)


_OVER_ALL = {"max_all": "amax", "min_all": "amin"}


@rule("max_all", "min_all")
def extreme(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The extreme of all elements of an example."""
    return REGISTRY[_OVER_ALL[op.name]](level.front(given["input"]).reshape(level.size, -1), 1)


@rule("median_all", "nanmedian_all")
def median(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The median of all elements of an example."""
    flat = level.front(given["input"]).reshape(level.size, -1)
    return cast(Any, REGISTRY[op.name.replace("_all", "_dim")](flat, 1))[0]


@rule("trace")
def trace(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The sum of the diagonal of each matrix."""
    if given["input"].ndim != 2:
        return NotImplemented
    return level.front(given["input"]).diagonal(0, 1, 2).sum(-1)


@rule("dist")
def dist(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The norm of the difference of two tensors of each example."""
    input, other = given["input"], given["other"]
    ndim = max(input.ndim, other.ndim, 1)
    pair = [level.spread(t) for t in (input, other)]
    pair = [t.view(level.size, *(1,) * (ndim + 1 - t.ndim), *t.sizes[1:]) for t in pair]
    difference: Tensor = pair[0] - pair[1]
    dims = tuple(range(1, ndim + 1))
    return REGISTRY["vector_norm"](difference, given["p"], dims)
