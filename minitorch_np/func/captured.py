"""Writes under a transform that differentiates, which may go to its inputs and to what was made
inside it, but to nothing that the function captured.

Source: checkForInvalidMutationOnCaptures, aten/src/ATen/functorch/ADInterpreters.cpp.
"""

from minitorch_np import overloads
from minitorch_np.func.batched import physical
from minitorch_np.func.following import Follower, running
from minitorch_np.graph.inplace import INFERENCE
from minitorch_np.graph.modes import over, state
from minitorch_np.op import REGISTRY, RENAMED
from minitorch_np.tensor import Tensor

__all__: list[str] = []


def _look(op: str, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
    """Raise RuntimeError if an op that writes to `args[0]` would write to a captured tensor."""
    written = args[0]
    if not isinstance(written, Tensor):
        return
    written = physical(written)
    if written.clock is INFERENCE:
        return
    for follower in reversed(running.followers[: state.derivatives]):
        if written.clock.epoch >= follower.number:
            return
        given = _outside(follower, written)
        if given is None:
            break
        if given is written:
            return
        written = given
    else:
        return
    name = overloads.overload(op, *_given(op, args, kwargs))
    raise RuntimeError(
        "During a grad (vjp, jvp, grad, etc) transform, the function provided attempted to call "
        f"in-place operation (aten::{name}) that would mutate a captured Tensor. This is not "
        "supported; please rewrite the function being transformed to explicitly accept the mutated "
        "Tensor(s) as inputs."
    )


def _outside(follower: Follower, written: Tensor) -> Tensor | None:
    """What a transform was given, if `written` is its own view of that; None if it has none.

    `written` itself for an input of forward mode: a dual tensor is made by an alias, and of an
    alias PyTorch does not remember of what it is one.
    """
    memory = written.memory
    for view, given in follower.given.values():
        whole = physical(given)
        if physical(view).memory is memory:
            if written is whole or written is whole.base:
                return None
            return written if follower.forward else whole
    return None


def _given(
    op: str, args: tuple[object, ...], kwargs: dict[str, object]
) -> tuple[tuple[object, ...], dict[str, object]]:
    """The arguments without those that were left out, which a mode sees as their defaults."""
    while args[-1] is None:
        args = args[:-1]
    one = REGISTRY.get(op) or RENAMED.get(op)
    if one is not None:
        known = one.plan.signature.parameters
        kwargs = {n: v for n, v in kwargs.items() if v is not known[n].default}
    return args, kwargs


over.written = _look
