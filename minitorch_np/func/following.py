"""The transforms of a thread that differentiate, and what each was given.

Tensors made while one runs are dated by it, so that it can tell what its function made from what
that captured.
"""

import itertools
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import NamedTuple

from minitorch_np.graph.modes import state
from minitorch_np.storage import VersionCounter
from minitorch_np.tensor import Tensor, date

__all__ = ["Follower", "Given", "following", "running"]

Given = dict[int, tuple[Tensor, Tensor]]
"""The inputs of a transform by id: the view that its function gets, and what that is a view of."""


class Follower(NamedTuple):
    """A transform that runs and differentiates."""

    depth: int
    given: Given
    follows: Callable[[Tensor], bool]
    """Whether a tensor with memory depends on its inputs."""
    number: int
    """How many such transforms had begun, in any thread, when it did."""
    forward: bool
    """Whether it goes by forward mode."""


class _Running(threading.local):
    """The transforms of this thread, the innermost last."""

    def __init__(self) -> None:
        self.followers: list[Follower] = []


running = _Running()


class _Dates:
    """How many transforms run in all threads, and the number of the last."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.last = 0
        self.open = 0

    def begin(self) -> int:
        """The number of one more, by which tensors are dated from now on."""
        with self.lock:
            self.open += 1
            self.last = next(self.numbers)
            date(self.counter)
            return self.last

    def end(self) -> None:
        """One less: without any, tensors are not dated."""
        with self.lock:
            self.open -= 1
            if not self.open:
                date(None)

    def counter(self) -> VersionCounter:
        """The counter of a new tensor."""
        clock = VersionCounter()
        clock.epoch = self.last
        return clock


_dates = _Dates()


@contextmanager
def following(
    given: Given, follows: Callable[[Tensor], bool], forward: bool = False
) -> Generator[None]:
    """A stretch in which a transform follows tensors, and looks at writes to others."""
    running.followers.append(Follower(state.transforms, given, follows, _dates.begin(), forward))
    state.derivatives += 1
    state.route_again()
    try:
        yield
    finally:
        state.derivatives -= 1
        state.route_again()
        _dates.end()
        running.followers.pop()
