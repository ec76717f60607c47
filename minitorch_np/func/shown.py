"""What a tensor shows inside function transforms: the levels that follow it, and its value.

PyTorch wraps every tensor that is made inside a transform. Here there are no wrappers but those of
vmap, so which transforms follow a tensor is found out when it is shown.
Source: torch/_tensor_str.py, _functorch_wrapper_str_intern.
"""

import textwrap
from collections.abc import Collection

from minitorch_np import printing
from minitorch_np.func.batched import BatchedTensor, physical
from minitorch_np.func.following import running
from minitorch_np.graph.modes import over
from minitorch_np.graph.node import Node, edge
from minitorch_np.tensor import Tensor

__all__ = ["leads_to"]


def leads_to(tensor: Tensor, ends: Collection[Node]) -> bool:
    """Whether the history of a tensor comes from some nodes."""
    at = edge(tensor)
    stack = [] if at is None else [at[0]]
    seen = set(stack)
    while stack:
        node = stack.pop()
        if node in ends:
            return True
        children = [e[0] for e in node.edges if e is not None and e[0] not in seen]
        seen.update(children)
        stack.extend(children)
    return False


def _shown(tensor: Tensor) -> str:
    """The text of a tensor while transforms run."""
    followers = [f for f in running.followers if f.follows(physical(tensor))]
    last = followers[-1] if followers else None
    if last is not None and id(tensor) in last.given:
        return _wrapped(f"GradTrackingTensor(lvl={last.depth}", _shown(last.given[id(tensor)][1]))
    depths = [f.depth for f in running.followers if last is not None and f.depth <= last.depth]
    return _within(tensor, depths)


def _within(tensor: Tensor, depths: list[int]) -> str:
    """The text of a tensor that transforms of some depths follow, the innermost outside."""
    batch = tensor.level.depth if isinstance(tensor, BatchedTensor) else 0
    if depths and depths[-1] > batch:
        inner = _within(tensor, depths[:-1])
        return _wrapped(f"GradTrackingTensor(lvl={depths[-1]}", inner)
    if isinstance(tensor, BatchedTensor):
        inner = _within(tensor.value, depths)
        return _wrapped(f"BatchedTensor(lvl={batch}, bdim={tensor.bdim}", inner)
    follows = any(f.follows(tensor) for f in running.followers)
    node = None if follows else tensor.grad_fn
    return printing.tensor_repr(
        tensor.array,
        tensor.dtype,
        requires_grad=tensor.requires_grad and not follows,
        grad_fn_name=None if node is None else node.name().rpartition("::")[2],
    )


def _wrapped(head: str, value: str) -> str:
    inner = textwrap.indent(value, " " * 4)
    return f"{head}, value=\n{inner}\n)"


over.shown = _shown
