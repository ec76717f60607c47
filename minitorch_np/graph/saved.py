"""Tensors kept for backward: given back only when nothing wrote to them since."""

import re
from typing import NoReturn

from minitorch_np.dtypes import bfloat16, bool_, float32
from minitorch_np.graph.modes import state
from minitorch_np.storage import VersionCounter
from minitorch_np.tensor import INFERENCE, AutogradMeta, GraphNode, Tensor, empty, owning

__all__ = [
    "FREED", "as_output", "freed", "kept_output", "kept_result", "legacy_type", "short_name",
    "stale", "type_text", "version_of", "with_history",
]  # fmt: skip


def legacy_type(tensor: Tensor) -> str:
    """The type name in PyTorch's older messages, such as 'torch.FloatTensor'."""
    return f"torch.{tensor.dtype.aten_name}Tensor"


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
FREED.clock = VersionCounter()
FREED.clock.value = -1


def as_output(node: GraphNode, out: Tensor, nr: int) -> Tensor:
    """A saved result as the tensor it was, output `nr` of `node`.

    A result is kept without its history, for node -> result -> node would be a cycle that only
    the garbage collector frees; under `create_graph` the history is wanted again.
    """
    return with_history(node, out, nr) if state.grad and out.dtype.is_floating_point else out


def kept_result(result: Tensor) -> Tensor:
    """A result as its own node keeps it: the same memory and version counter without history."""
    array = result.nd
    if array is None or result.offset or result.base is not None:
        return result.untracked()
    kept = owning(result.form, array)
    kept.store, kept.ticks = result.memory, result.clock
    return kept


def kept_output(result: Tensor) -> Tensor:
    """One of several results as its own node keeps it; integers have no history, so they stay."""
    return kept_result(result) if result.dtype.is_floating_point else result


def with_history(node: GraphNode, out: Tensor, nr: int) -> Tensor:
    """A saved result as output `nr` of `node`."""
    whole = out.untracked()
    meta = whole.meta = AutogradMeta()
    meta.grad_fn = node
    meta.output_nr = nr
    return whole


def short_name(node: GraphNode) -> str:
    """A node's name as messages have it: 'Mul' for MulBackward0, 'Pow1' for PowBackward1."""
    return re.sub(r"Backward0?(\d*)$", r"\1", node.name())


def freed() -> NoReturn:
    """Raise: this node went backward before, and what it saved is gone."""
    raise RuntimeError(
        "Trying to backward through the graph a second time (or directly access saved tensors "
        "after they have already been freed). Saved intermediate values of the graph are freed "
        "when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to "
        "backward through the graph a second time or if you need to access saved tensors after "
        "calling backward."
    )


def stale(
    tensor: Tensor, version: int, maker: GraphNode | None = None, nr: int | None = None
) -> NoReturn:
    """Raise: `tensor`, saved at `version`, was written to since, or is gone.

    `maker` and `nr` say whose output it is, where the tensor itself was saved without its history.

    Source: torch/csrc/autograd/saved_variable.cpp, SavedVariable::unpack.
    """
    if tensor is FREED:
        freed()
    if maker is not None and not tensor.dtype.is_floating_point:
        maker = nr = None  # an output that has no history of its own, such as indices
    maker = maker or tensor.grad_fn
    nr = tensor.output_nr if nr is None else nr
    name = "" if maker is None else short_name(maker)
    seen = getattr(maker, "on_view", lambda: None)()
    if seen is not None and not (isinstance(seen, Tensor) and seen.born > version):
        name = "AsStrided"  # the view's own history, for as long as that is there
    made = f", which is output {nr} of {name}," if maker else ""
    shape = ", ".join(map(str, tensor.sizes))
    raise RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: [{type_text(tensor)} [{shape}]]{made} is at version {tensor.clock.value}; "
        f"expected version {version} instead. Hint: enable anomaly detection to find the operation "
        "that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True, "
        "check_nan=False)."
    )
