"""What the engine does with threads, and what is left to do when a walk is over.

Source: torch/csrc/autograd/engine.cpp and torch/autograd/grad_mode.py.
"""

from collections.abc import Callable
from threading import Thread
from types import TracebackType
from typing import Self, TypeVar

from minitorch_np.graph.decorating import Decorator
from minitorch_np.graph.modes import state

__all__ = [
    "elsewhere", "is_multithreading_enabled", "queue_callback", "set_multithreading_enabled",
]  # fmt: skip

T = TypeVar("T")


def elsewhere(run: Callable[[], T]) -> T:
    """What `run` returns or raises in a thread of its own, with this thread's switches.

    Source: the thread pool for reentrant backward, torch/csrc/autograd/engine.cpp.
    """
    switches = dict(vars(state))
    results: list[T] = []
    errors: list[BaseException] = []

    def start() -> None:
        vars(state).update(switches)
        state.route_again()
        try:
            results.append(run())
        except BaseException as error:  # noqa: BLE001  # raised again by who waits
            errors.append(error)
        finally:
            state.modes, state.packing, state.inference = [], [], False
            state.route_again()

    thread = Thread(target=start)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def queue_callback(callback: Callable[[], object]) -> None:
    """Call `callback()` when the backward pass that is under way in this thread is done, unless it
    raises. Raises: RuntimeError where none is. Source: torch/autograd/graph.py.
    """
    task = state.task
    if task is None:
        raise RuntimeError("Final callbacks can only be installed during backward pass.")
    if task.callbacks is None:
        task.callbacks = []
    task.callbacks.append(callback)


def is_multithreading_enabled() -> bool:
    """Whether backward may use threads of its own."""
    return state.threads


class set_multithreading_enabled(Decorator):
    """Whether backward may use threads, from now on; as a context, until its end.

    Here it uses one only for a backward deep inside of others, whose calls fill Python's stack.
    Source: torch/autograd/grad_mode.py.
    """

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(
                "set_multithreading_enabled(): argument 'enabled' (position 1) must be bool, not "
                f"{type(mode).__name__}"
            )
        self.prev = state.threads
        self.mode = mode
        state.threads = mode

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        state.threads = self.prev

    def clone(self) -> Self:
        """Another of these."""
        return type(self)(self.mode)
