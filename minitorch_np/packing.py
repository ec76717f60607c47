"""Ops under saved-tensor hooks: what a node would keep is packed, and that is kept instead.

An op that runs so is recorded as ever; its node then gets what the hooks made. So hooks that are
not there cost nothing. Source: torch/csrc/autograd/saved_variable.cpp.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import NamedTuple, Protocol, cast

from minitorch_np.graph.inplace import CopySlices, recheck
from minitorch_np.graph.modes import Hooks, recording, state
from minitorch_np.graph.node import Edge, Node, edge, recorded
from minitorch_np.graph.saved import packed
from minitorch_np.plan import Plan, slot
from minitorch_np.tensor import Tensor

__all__ = ["run_packing"]


class Runnable(Protocol):
    """What is known here of an op."""

    name: str
    plan: Plan

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Run the op."""
        ...


class _Saving(NamedTuple):
    """What an op's node may keep: see `Plan`."""

    positional: tuple[str, ...]
    inputs: tuple[str, ...]
    arguments: tuple[tuple[str, str, tuple[str, ...]], ...]
    """An argument, its slot, and the inputs whose gradients it is kept for; () for always."""
    results: tuple[tuple[str, int], ...]
    """A slot, and which result it keeps."""
    written: str
    """The argument that is written to; of that, a copy is kept."""


@cache
def _saving(one: Runnable) -> _Saving:
    plan = one.plan
    given = plan.signature.parameters.values()
    derived = one.name != plan.name
    names = plan.names()
    outputs = [(slot(plan, n), nr) for n in names if (nr := plan.output(n)) is not None]
    kept = [n for n in names if n in plan.kinds and plan.output(n) is None]
    kept.sort(key=lambda name: slot(plan, name))  # as PyTorch's generated code saves them
    written = derived or (one.name.endswith("_") and not one.name.endswith("__"))
    return _Saving(
        tuple([p.name for p in given if p.kind is not p.KEYWORD_ONLY and p.name != "out"]),
        tuple(plan.inputs()),
        tuple([(n, slot(plan, n), tuple(plan.keepers(n))) for n in kept]),
        tuple(sorted(outputs)),
        next(iter(plan.kinds)) if written else "",
    )


def run_packing(one: Runnable, args: Sequence[object], kwargs: Mapping[str, object]) -> object:
    """The result of an op whose node keeps what the innermost hooks make of its tensors.

    Arguments are packed before the op runs, results after.
    """
    stands: dict[str, object] = {}
    hooks = state.packing[-1]
    saving = _saving(one)
    edges: dict[str, list[Edge]] = {}
    if one.plan.differentiable and kwargs.get("out") is None:
        given = dict(zip(saving.positional, args)) | dict(kwargs)
        if saving.written:
            recheck(cast(Tensor, given[saving.written]), given)
        edges = _edges(saving, given)  # until the node holds them, nobody else may
        stands = _packed_arguments(saving, given, edges, hooks)
    since = next(recorded)
    with recording():
        result = one(*args, **kwargs)
    node = _recorded_since(since, result)
    if node is None:
        return result
    for name, stand in stands.items():
        setattr(node, name, stand)
    for name, nr in saving.results:
        if getattr(node, name) is not None:
            made = result if isinstance(result, Tensor) else cast("Sequence[Tensor]", result)[nr]
            setattr(node, name, packed(made, hooks, output=one.plan.has_history(nr)))
    return result


def _edges(saving: _Saving, given: Mapping[str, object]) -> dict[str, list[Edge]]:
    """The edges of each input that needs a gradient."""
    every = {arg: [edge(t) for t in _tensors(given[arg])] for arg in saving.inputs}
    return {arg: there for arg, found in every.items() if (there := [e for e in found if e])}


def _packed_arguments(
    saving: _Saving, given: Mapping[str, object], wanted: Collection[str], hooks: Hooks
) -> dict[str, object]:
    """What stands for each argument that the node will keep, by slot."""
    if not wanted and not any(_through_base(t) for a in saving.inputs for t in _tensors(given[a])):
        return {}
    stands: dict[str, object] = {}
    for name, slot_name, users in saving.arguments:
        value = given[name]
        if users and not any(u in wanted for u in users):
            continue
        if name == saving.written:
            value = cast(Tensor, value).clone()
        if isinstance(value, Tensor):
            stands[slot_name] = packed(value, hooks)
        elif isinstance(value, (list, tuple)):
            several = cast("Sequence[Tensor | None]", value)
            stands[slot_name] = [None if t is None else packed(t, hooks) for t in several]
    return stands


def _tensors(value: object) -> list[Tensor]:
    several = cast("Sequence[object]", value) if isinstance(value, (list, tuple)) else [value]
    return [t for t in several if isinstance(t, Tensor)]


def _through_base(tensor: Tensor) -> bool:
    return tensor.base is not None and tensor.base.requires_grad


def _recorded_since(since: int, result: object) -> Node | None:
    """The node that made a result or, after a write to a view, the one inside that of its base."""
    for tensor in _tensors(result):
        for one in (tensor.base, tensor):
            node = None if one is None or one.meta is None else one.meta.grad_fn
            if isinstance(node, Node) and node.order > since:
                return node.write if isinstance(node, CopySlices) else node
    return None
