"""Tensors kept for backward: given back only when nothing wrote to them since."""

import re
from collections.abc import Callable
from copy import copy
from typing import Any, NoReturn

from minitorch_np.dtypes import ALL, bfloat16, bool_, float32
from minitorch_np.flight import Place, Spot, aligned, since, source
from minitorch_np.graph.modes import Hooks, debugging, no_grad, state
from minitorch_np.graph.tangents import share
from minitorch_np.shapes import noted
from minitorch_np.storage import VersionCounter, unwritten
from minitorch_np.tensor import INFERENCE, AutogradMeta, GraphNode, Tensor, empty, history, twin

__all__ = [
    "FREED", "LEGACY", "Packed", "as_output", "freed", "kept_result", "legacy_type", "packed",
    "place_of", "detached", "kept_output", "short_name", "stale", "type_text", "version_of",
    "with_history",
]  # fmt: skip


def legacy_type(tensor: Tensor) -> str:
    """The type name in PyTorch's older messages, such as 'torch.FloatTensor'."""
    return f"torch.{tensor.dtype.aten_name}Tensor"


LEGACY = {f"torch.{each.aten_name}Tensor": each for each in ALL}
"""The dtypes by such names."""


def type_text(tensor: Tensor) -> str:
    """The type name in messages from C++, of which PyTorch's Python knows all but two.

    Source: processErrorMsg, torch/csrc/Exceptions.cpp.
    """
    if tensor.dtype in (bfloat16, bool_):
        return f"CPU{tensor.dtype.aten_name}Type"
    return legacy_type(tensor)


def version_of(tensor: Tensor) -> int:
    """The version at which a tensor is kept for backward. Raises: RuntimeError if it has none."""
    clock = tensor.ticks
    if clock is None:
        return 0
    if clock is INFERENCE:
        raise RuntimeError(
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in "
            "inference mode in computation tracked by autograd. To work around this, you can make "
            "a clone to get a normal tensor and use it in autograd, or use `torch.no_grad()` "
            "instead of `torch.inference_mode()`."
        )
    return clock.value


FREED = empty((), (), float32)
"""What stands where a saved tensor was; its version is never the expected one, so that only the
failing path tells the two errors apart."""
FREED.clock = NEVER = VersionCounter()
NEVER.value = -1


class Packed(Tensor):
    """What stands where hooks packed a saved tensor; like FREED it has no version that is expected.

    Keeps the place in the graph that the tensor had, but not the tensor. Hooks may write to what
    they return as they like: no version is checked. Source: torch/csrc/autograd/saved_variable.cpp.
    """

    __slots__ = ("content", "unpack_hook")

    content: object
    unpack_hook: Callable[[Any], object]

    def unpacked(self) -> Tensor:
        """The tensor that the unpack hook makes, in the place of the one that was saved."""
        made = self.unpack_hook(self.content)
        if not isinstance(made, Tensor):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(made).__name__}"
            )
        place = self.meta
        if place is None and not made.requires_grad:
            return made
        whole = made.untracked()
        whole.meta = place and copy(place)
        return whole


def packed(
    tensor: Tensor, hooks: Hooks, output: bool = False, shown: Tensor | None = None
) -> Packed:
    """What is kept of `tensor`, which is an output of the very node that keeps it if `output`.

    Hooks are given the tensor itself, or what is `shown` in its place.
    """
    version = version_of(tensor)
    stand = object.__new__(Packed)
    stand.ticks = NEVER
    stand.base = stand.meta = None
    stand.unpack_hook = hooks[1]
    node = tensor.grad_fn
    if not output and tensor.requires_grad:
        mine = tensor.autograd()
        meta = stand.meta = AutogradMeta(mine.requires_grad)
        meta.grad_fn, meta.output_nr = node, mine.output_nr
        meta.accumulator = mine.accumulator
    with no_grad():
        stand.content = hooks[0](tensor if shown is None else shown)
    if version_of(tensor) != version:
        raise RuntimeError(
            "A saved tensor pack hook is modifying its input in place. Tensors provided as input "
            "to pack hook cannot be modified by in-place operations as this can lead to unexpected "
            "side-effects. Please open an issue if you need to perform in-place operations on the "
            "input to a pack hook."
        )
    return stand


def as_output(node: GraphNode, out: Tensor, nr: int) -> Tensor:
    """A saved result as the tensor it was, output `nr` of `node`.

    A result is kept without its history, for node -> result -> node would be a cycle that only
    the garbage collector frees; under `create_graph` the history is wanted again. What was written
    to a view has that of the view, for as long as it is there: the walk back must come to `node`
    by way of the base's history alone, which runs it and lets go of what it saved.
    Source: SavedVariable::unpack, is_inplace_on_view_, torch/csrc/autograd/saved_variable.cpp.
    """
    if not (state.grad and out.dtype.is_floating_point):
        return out
    seen = getattr(node, "on_view", lambda: None)()
    of_view = seen.grad_fn if isinstance(seen, Tensor) else seen
    return with_history(node, out, nr) if of_view is None else with_history(of_view, out, 0)


def kept_result(result: Tensor) -> Tensor:
    """A result as its own node keeps it: the same memory and version counter without history."""
    array = result.nd
    if array is None or result.offset or result.base is not None:
        return result.untracked()
    store, clock = result.store, result.ticks
    if clock is None:
        clock = result.ticks = unwritten()
    if store is None:
        clock.memory = True  # who asks for the storage first tells the other
    return twin(result.form, array, store, clock)


def kept_output(result: Tensor) -> Tensor:
    """One of several results as its own node keeps it; integers have no history, so they stay."""
    return kept_result(result) if result.dtype.is_floating_point else result


def with_history(node: GraphNode, out: Tensor, nr: int) -> Tensor:
    """A saved result as output `nr` of `node`."""
    whole = out.untracked()
    whole.meta = history(node, nr)
    if out.meta is not None:
        share(out, whole)
    return whole


def short_name(node: GraphNode) -> str:
    """A node's name as messages have it: 'Mul' for MulBackward0, 'Pow1' for PowBackward1."""
    return re.sub(r"Backward0?(\d*)$", r"\1", node.name())


def detached() -> NoReturn:
    """Raise: a saved tensor has lost its history."""
    raise RuntimeError(
        "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_().This "
        "is not supported, please use out-of-place `.detach()` instead"
    )


def freed(node: GraphNode | None = None) -> NoReturn:
    """Raise: `node` went backward before, and what it saved is gone."""
    text = (
        "Trying to backward through the graph a second time (or directly access saved tensors "
        "after they have already been freed). Saved intermediate values of the graph are freed "
        "when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to "
        "backward through the graph a second time or if you need to access saved tensors after "
        "calling backward."
    )
    raise noted(RuntimeError(text), None if node is None else _who_freed(node))


def stale(
    tensor: Tensor, version: int, saver: GraphNode | None = None, nr: int | None = None
) -> Tensor:
    """What hooks packed, unpacked. Raises: RuntimeError for a tensor that was saved at `version`
    and written to since, or is gone.

    `nr` says which output of `saver` it is, where it was saved without its history. A note says
    who wrote to it, if the flight recorder was on.

    Source: torch/csrc/autograd/saved_variable.cpp, SavedVariable::unpack.
    """
    if isinstance(tensor, Packed):
        return tensor.unpacked()
    if tensor is FREED:
        freed(saver)
    if not tensor.dtype.is_floating_point:
        nr = None  # an output that has no history of its own, such as indices
    maker = tensor.grad_fn if nr is None else saver
    nr = tensor.output_nr if nr is None else nr
    name = "" if maker is None else short_name(maker)
    seen = getattr(maker, "on_view", lambda: None)()
    if seen is not None and not (isinstance(seen, Tensor) and seen.born > version):
        name = "AsStrided"  # the view's own history, for as long as that is there
    made = f", which is output {nr} of {name}," if maker else ""
    shape = ", ".join(map(str, tensor.sizes))
    hint = _BACKTRACE if debugging.anomaly else _ENABLE
    text = (
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: [{type_text(tensor)} [{shape}]]{made} is at version {tensor.clock.value}; "
        f"expected version {version} instead. Hint: {hint}"
    )
    raise noted(RuntimeError(text), _who_wrote(tensor, version, saver))


_ENABLE = (
    "enable anomaly detection to find the operation that failed to compute its gradient, with "
    "torch.autograd.set_detect_anomaly(True, check_nan=False)."
)
_BACKTRACE = (
    "the backtrace further above shows the operation that failed to compute its gradient. The "
    "variable in question was changed in there or anywhere later. Good luck!"
)


def _kept_names(node: GraphNode, tensor: Tensor) -> str:
    """Under which names a node keeps a tensor, as in 'self'; empty where it is one of a list."""
    slots: dict[str, int | None] = getattr(node, "saves", {})
    kept = [slot for slot in slots if getattr(node, slot, None) is tensor]
    names = [slot.removeprefix("_kept_") for slot in sorted(kept, key=lambda s: slots[s] or 0)]
    return " and ".join(map(repr, names))


def place_of(node: GraphNode) -> tuple[Place | None, Place | None]:
    """Where a node was recorded, and where it was freed, as far as the flight recorder saw it."""
    made: Spot | None = getattr(node, "whence", None)
    freed: Spot | None = getattr(node, "freed", None)
    return made and Place(*made), freed and Place(*freed)


def _who_wrote(tensor: Tensor, version: int, saver: GraphNode | None) -> str:
    """The note on a stale tensor: who saved it and who wrote to it since, or how to learn that."""
    name = "" if saver is None else _kept_names(saver, tensor)
    kept = f"{'A node' if saver is None else saver.name()} kept it{name and f' as {name}'}"
    place = None if saver is None else place_of(saver)[0]
    log = tensor.clock.log
    writes = [] if log is None else since(log, version, tensor.base is not None)
    if place is None and not writes:
        return (
            f"{kept}. To see who wrote to it since, and where, run the program with "
            "minitorch_np.autograd.set_flight_recorder(True)."
        )
    rows = [[str(version), "saved by", place.by, str(place), source(place)]] if place else []
    unseen = tensor.clock.value - version - len(writes)
    if unseen > 0:
        several = "write that was" if unseen == 1 else "writes that were"
        rows.append(["…", f"{unseen} {several} not recorded, or no longer"])
    return f"{kept}:\n{aligned([*rows, *writes])}"


def _who_freed(node: GraphNode) -> str:
    """The note on a node that lost what it saved: which one, and who ran it before."""
    made, gone = place_of(node)
    if made is None:
        return f"The first node on the way that has nothing left is {node.name()}."
    rows = [["recorded by", made.by, str(made), source(made)]]
    if gone is not None:
        rows.append(["freed by", gone.by, str(gone), source(gone)])
    return f"The first node on the way that has nothing left is {node.name()}:\n{aligned(rows)}"
