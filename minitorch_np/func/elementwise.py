"""Rules of ops that work element by element: examples broadcast as one example's operands do.

Source: aten/src/ATen/functorch/BatchRulesBinaryOps.cpp and BatchRulesUnaryOps.cpp.
"""

from collections.abc import Iterable
from typing import Any, cast

from minitorch_np.dtypes import promote_types
from minitorch_np.func.batched import Level
from minitorch_np.func.dispatch import LAYOUT_RULES, RULES, Kwargs, refuse_target, rule
from minitorch_np.graph.modes import RegisteredOp
from minitorch_np.memory_format import channels_last, channels_last_3d
from minitorch_np.ops.conditional import where
from minitorch_np.tensor import Tensor

__all__ = ["aligned", "padded", "rank_of"]

A = Any

LOSSES = frozenset(
    """mse_loss smooth_l1_loss huber_loss binary_cross_entropy_with_logits soft_margin_loss
    soft_margin_loss_backward""".split()
)
ALIKE = """copy_ zero_ clone convert deg2rad rad2deg deg2rad_ rad2deg_ nan_to_num nan_to_num_
    hardtanh hardtanh_ rrelu_with_noise_backward mvlgamma
    mvlgamma_ same_view detach _fw_primal view_dtype alias_copy detach_copy""".split()
"""Ops of other layouts that are elementwise as well."""

_NO_OPERANDS = ("condition", "mask")


def rank_of(level: Level, tensors: Iterable[Tensor]) -> int:
    """The most dimensions that one example of a tensor has."""
    return max([t.ndim for t in tensors])


def padded(level: Level, tensor: Tensor, ndim: int) -> Tensor:
    """All examples of a tensor batched here, each with dimensions of size 1 up to `ndim`."""
    value = level.front(tensor)
    missing = ndim - tensor.ndim
    if missing <= 0:
        return value
    return value.view(level.size, *(1,) * missing, *tensor.sizes)


def aligned(level: Level, given: Kwargs, promote: bool = True) -> Kwargs:
    """Arguments whose tensors broadcast among all examples as they do in one, and promote so.

    Without `promote`, numbers of each example count as the vectors that they are together.
    """
    tensors = {name: t for name, t in given.items() if isinstance(t, Tensor)}
    ndim = max([t.ndim for t in tensors.values()])
    ready = dict(given)
    for name, t in tensors.items():
        if level.holds(t):
            ready[name] = padded(level, t, ndim)
    operands = {name: t for name, t in tensors.items() if name not in _NO_OPERANDS}
    if promote and len({t.dtype for t in operands.values()}) > 1:
        _promoted(level, operands, ready)
    return ready


def _promoted(level: Level, operands: dict[str, Tensor], ready: Kwargs) -> None:
    """Keep the rule that numbers give way to tensors with dimensions, though all have some now."""
    arrays = [t for t in operands.values() if t.ndim]
    if not arrays:
        for name, t in operands.items():
            if not level.holds(t):
                ready[name] = t.unsqueeze(0)
        return
    common = arrays[0].dtype
    for t in arrays[1:]:
        common = promote_types(common, t.dtype)
    for name, t in operands.items():
        if not t.ndim and level.holds(t) and t.dtype.category <= common.category:
            ready[name] = cast(Tensor, ready[name]).to(common)


def elementwise(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The op on all examples at once."""
    if given.get("memory_format") in (channels_last, channels_last_3d):
        return NotImplemented
    if op.name.endswith("_"):
        target = next(iter(given.values()))
        if any(isinstance(t, Tensor) and t.ndim > target.ndim for t in given.values()):
            return NotImplemented
    return op(**aligned(level, given, op.name != "where_self"))  # PyTorch's does not look


LAYOUT_RULES["elementwise"] = elementwise
RULES.update(dict.fromkeys(ALIKE, elementwise))


@rule("log_sigmoid_forward")
def log_sigmoid_forward(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Both of its results, example by example."""
    return op(level.front(given["input"]))


@rule("fill_")
def fill_(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Each example filled with the one number, or with its own."""
    target, value = level.front(given["input"]), given["value"]
    if not level.holds(value):
        return op(target, value)
    if value.ndim:
        return NotImplemented
    return target.copy_(padded(level, value, target.ndim - 1))


@rule("fill")
def fill(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Examples of one number, or each of its own."""
    input, value = given["input"], given["value"]
    if not level.holds(value):
        return op(level.front(input), value)
    if value.ndim:
        return NotImplemented
    made = cast(Tensor, op(level.spread(input), 0))
    return made.copy_(padded(level, value, input.ndim))


@rule("masked_fill", "masked_fill_")
def masked_fill(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """One number where a mask holds, or each example's own."""
    value = given["value"]
    if not level.holds(value):
        ready = aligned(level, {name: t for name, t in given.items() if name != "value"})
        return op(**ready, value=value)
    if value.ndim:
        return NotImplemented
    ready = aligned(level, given)
    chosen = where(ready["mask"], ready["value"].to(given["input"].dtype), ready["input"])
    return ready["input"].copy_(chosen) if op.name.endswith("_") else chosen


@rule("addr", "addr_")
def addr(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """`addr` as the elementwise product of a column and a row."""
    if given["vec1"].ndim != 1 or given["vec2"].ndim != 1:
        return NotImplemented
    column, row = level.spread(given["vec1"]).unsqueeze(2), level.spread(given["vec2"]).unsqueeze(1)
    product = column * row
    alpha, beta = given["alpha"], given["beta"]
    product = product if alpha == 1 else product * alpha
    input = given["input"]
    base = padded(level, input, 2) if level.holds(input) else input
    if op.name == "addr_":
        if not level.holds(input):
            refuse_target(level, op.name)
        return base.copy_(base * beta + product)
    return base + product if beta == 1 else product if beta == 0 else base * beta + product


def _whole(level: Level, input: Tensor, ready: Tensor) -> Tensor:
    """The input for all examples: the kernels of losses write to its shape."""
    return ready if level.holds(input) else ready.expand(level.size, *input.sizes)


def reduced(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """A loss of each element, and then their sum or mean in each example."""
    reduction = given["reduction"]
    ndim = max([t.ndim for t in given.values() if isinstance(t, Tensor)])
    if not ndim and not any(level.holds(t) for t in given.values()):
        return NotImplemented
    ready = aligned(level, given)
    ready["input"] = _whole(level, given["input"], ready["input"])
    each = cast(Tensor, op(**dict(ready, reduction="none")))
    if reduction == "none" or not ndim:
        return each
    dims = tuple(range(1, ndim + 1))
    return each.sum(dims) if reduction == "sum" else each.mean(dims)


def reduced_backward(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The gradient of such a loss: each element's share of its example's."""
    reduction = given["reduction"]
    ready = aligned(level, given)
    ready["input"] = _whole(level, given["input"], ready["input"])
    if reduction == "mean":
        count = max([t.numel() for t in given.values() if isinstance(t, Tensor)])
        ready["grad_output"] = ready["grad_output"] / count
    return op(**dict(ready, reduction="none"))


RULES.update(dict.fromkeys(LOSSES - {"soft_margin_loss_backward"}, reduced))
RULES["binary_cross_entropy"] = reduced
RULES.update(
    dict.fromkeys(
        """soft_margin_loss_backward mse_loss_backward smooth_l1_loss_backward huber_loss_backward
        binary_cross_entropy_backward""".split(),
        reduced_backward,
    )
)
