"""One hook on the gradients of several tensors. Source: torch/autograd/graph.py."""

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal, Self, cast

from minitorch_np.graph.engine import Task, current_task, will_execute
from minitorch_np.graph.handle import RemovableHandle
from minitorch_np.graph.node import Node, edge
from minitorch_np.tensor import Tensor

__all__ = ["register_multi_grad_hook"]

Grads = Sequence[Tensor | None]


class _MultiHandle(RemovableHandle):
    """The handles of the hook on each tensor, as one."""

    handles: tuple[RemovableHandle, ...]

    def __init__(self, handles: tuple[RemovableHandle, ...]) -> None:  # pyright: ignore[reportMissingSuperCall]  # holds no hook itself
        self.handles = handles

    def remove(self) -> None:
        """Take every one of the hooks off."""
        for handle in self.handles:
            handle.remove()

    def __getstate__(self) -> tuple[RemovableHandle, ...]:
        return self.handles

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.handles = state

    def __enter__(self) -> Self:
        return self


def register_multi_grad_hook(
    tensors: Sequence[Tensor],
    fn: Callable[[Grads], None] | Callable[[Tensor], None],
    *,
    mode: Literal["all", "any"] = "all",
) -> RemovableHandle:
    """Call `fn(grads)` when the gradients of all `tensors` are there, None for what gets none.

    Only those that the walk comes to are waited for. With mode 'any', `fn(grad)` is called for the
    first gradient that is there. `fn` is called once a backward, and what it returns is ignored.
    Raises: ValueError for another mode; AssertionError for a tensor that needs no gradient.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of {('all', 'any')} but got {mode}")
    if mode == "any":
        hook = _first(cast("Callable[[Tensor], None]", fn))
        return _MultiHandle(tuple([t.register_hook(hook) for t in tensors if t.requires_grad]))
    every = _Every(tensors, cast("Callable[[Grads], None]", fn))

    def get_inner_hook(nr: int) -> Callable[[Tensor], None]:
        def inner_hook(grad: Tensor) -> None:  # warnings show its name
            every.arrived(nr, grad)

        return inner_hook

    return _MultiHandle(
        tuple([t.register_hook(get_inner_hook(nr)) for nr, t in enumerate(tensors)])
    )


def _walk() -> Task:
    task = current_task()
    if task is None:
        raise AssertionError("expected this hook to be called inside a backward call")
    return task


def _first(fn: Callable[[Tensor], None]) -> Callable[[Tensor], None]:
    """A hook that hands on the first gradient of each walk."""
    ran: set[int] = set()
    lock = threading.Lock()

    @functools.wraps(fn)
    def hook(grad: Tensor) -> None:
        number = _walk().number
        with lock:
            if number in ran:
                return
            ran.add(number)
        fn(grad)

    return hook


class _Every:
    """The gradients that came in each walk that is under way, until there is one of every node."""

    def __init__(self, tensors: Sequence[Tensor], fn: Callable[[Grads], None]) -> None:
        self.fn = fn
        self.nodes = [_node(t) for t in tensors]
        self.lock = threading.Lock()
        self.counts: dict[int, int] = {}
        self.wanted = 0
        self.grads: dict[int, list[Tensor | None]] = {}

    def arrived(self, nr: int, grad: Tensor) -> None:
        """Take the gradient of tensor `nr`; call the function if it is the last one."""
        walk = _walk().number
        with self.lock:
            before = self.counts.setdefault(walk, 0)
            self.counts[walk] = before + 1
            grads = self.grads.setdefault(walk, [None] * len(self.nodes))
            if before == 0:
                self.wanted = sum([will_execute(node) for node in self.nodes])
        grads[nr] = grad
        if before == self.wanted - 1:
            self.fn(grads)
            del self.counts[walk]
            del self.grads[walk]


def _node(tensor: Tensor) -> Node:
    """The node at which the gradient of a tensor arrives, which stays alive from now on."""
    at = edge(tensor) if tensor.requires_grad else None
    if at is None:
        raise AssertionError("Expected gradient function to be set")
    return at[0]
