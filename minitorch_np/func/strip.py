"""Taking levels of vmap off tensors and putting them on again, around a walk through the tape.

The tape knows only tensors with memory, which hold all examples. Inside vmap a walk therefore
starts from those, with the batch as a dimension like any other.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from minitorch_np.func.batched import BatchedTensor, Level, batched, moved
from minitorch_np.graph.modes import state
from minitorch_np.tensor import Tensor

__all__ = ["batch_dims", "matched", "relevelled", "running_levels", "spread_at", "without"]


def running_levels() -> list[Level]:
    """The levels of vmap that run, outermost first."""
    return [mode for mode in state.modes if isinstance(mode, Level)]


@contextmanager
def without(levels: Sequence[Level]) -> Generator[None]:
    """A stretch in which some levels do not watch, for nothing there is batched at them."""
    before = state.modes
    state.modes = [mode for mode in before if mode not in levels]
    state.route_again()
    try:
        yield
    finally:
        state.modes = before
        state.route_again()


def wrapped_at(tensor: Tensor, dim: int, level: Level) -> Tensor:
    """`tensor` with its dimension `dim` as the batch of `level`, below levels further inside."""
    if not isinstance(tensor, BatchedTensor) or tensor.level.depth < level.depth:
        return batched(tensor, dim, level)
    at = tensor.bdim
    inner = dim if dim < at else dim + 1
    value = wrapped_at(tensor.value, inner, level)
    return batched(value, at if at < inner else at - 1, tensor.level)


def is_batched_at(tensor: Tensor, level: Level) -> bool:
    """Whether a tensor is batched at a level, or a tensor within it."""
    while isinstance(tensor, BatchedTensor):
        if tensor.level is level:
            return True
        tensor = tensor.value
    return False


def spread_at(tensor: Tensor, level: Level) -> Tensor:
    """`tensor`, batched at `level` at least as copies of one example."""
    if is_batched_at(tensor, level):
        return tensor
    return wrapped_at(tensor.unsqueeze(0).expand(level.size, *tensor.sizes), 0, level)


def stripped_at(tensor: Tensor, level: Level, dim: int) -> Tensor:
    """`tensor` with the batch of `level` as its dimension `dim`."""
    assert isinstance(tensor, BatchedTensor)
    if tensor.level is level:
        return moved(tensor.value, tensor.bdim, dim)
    value = stripped_at(tensor.value, level, 0)
    return moved(batched(value, tensor.bdim + 1, tensor.level), 0, dim)


def batch_dims(tensor: Tensor, levels: Sequence[Level]) -> list[tuple[Level, int]]:
    """At which levels a tensor is batched, of some that are all it is batched at, and where."""
    found: list[tuple[Level, int]] = []
    while isinstance(tensor, BatchedTensor) and tensor.level in levels:
        found.append((tensor.level, tensor.bdim))
        tensor = tensor.value
    return found


def matched(tensor: Tensor, dims: Sequence[tuple[Level, int]]) -> Tensor:
    """A tensor with batches as dimensions, where another has them; expanded where it has none."""
    for level, dim in dims:
        tensor = stripped_at(spread_at(tensor, level), level, dim)
    return tensor


def relevelled(tensor: Tensor, dims: Sequence[tuple[Level, int]]) -> Tensor:
    """The inverse of `matched`: dimensions that are batches of their levels again."""
    for level, dim in reversed(dims):
        tensor = wrapped_at(tensor, dim, level)
    return tensor
