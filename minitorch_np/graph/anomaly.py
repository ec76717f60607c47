"""Anomaly mode and the flight recorder: what they watch, and how they are switched on and off.

Neither costs anything while it is off, for nothing asks whether it is on: switching it on replaces
functions and methods (the making of nodes, writes, views, steps of the walk) by ones that take
notes, in every thread, as anomaly mode is every thread's in PyTorch.
Source: torch/csrc/autograd/anomaly_mode.cpp, python_anomaly_mode.cpp, and engine.cpp for NaN.
"""

import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch_np.flight import calling, cuts, depth, inside, source, stack
from minitorch_np.graph.engine import Task, current_task
from minitorch_np.graph.inplace import bump, bump_and_note
from minitorch_np.graph.modes import Switch, debugging, state
from minitorch_np.graph.node import AccumulateGrad, Edge, Node
from minitorch_np.graph.saved import place_of
from minitorch_np.tensor import Tensor, seen, seen_and_noted, views_noted

__all__ = [
    "GENERATED", "is_anomaly_check_nan_enabled", "is_anomaly_enabled",
    "is_flight_recorder_enabled", "maker", "set_anomaly_enabled", "switch_recorder",
]  # fmt: skip

TRACE, PARENT = "traceback_", "parent_"


class _Running(threading.local):
    """The node whose rule runs just now in this thread."""

    node: Node | None = None


_running = _Running()
_getframe = sys._getframe  # pyright: ignore[reportPrivateUsage]  # inspect's costs twice as much


def _noting(make: Callable[..., Node]) -> Callable[..., Node]:
    """What makes a node as `make` does, and notes the place where it was recorded: `calling`, in
    the recorder's own body."""

    def born(*fields: object) -> Node:
        node = make(*fields)
        frame = _getframe(1)
        recorder = called = frame.f_code
        outer = frame.f_back
        while outer is not None:
            frame = outer
            code = frame.f_code
            if not inside[code.co_filename]:
                node.whence = (recorder, called, code, frame.f_lasti)
                return node
            called = code
            outer = frame.f_back
        node.whence = (recorder, called, called, frame.f_lasti)
        return node

    return born


def _tracing(make: Callable[..., Node]) -> Callable[..., Node]:
    """What makes a node as `make` does, and notes all that anomaly mode wants to know of it."""

    def born(*fields: object) -> Node:
        node = make(*fields)
        _remember(node)
        return node

    return born


def _remember(node: Node) -> None:
    """Keep with a new node where it was recorded, and under which node that ran."""
    node.whence = calling(3)
    if debugging.anomaly:
        node.metadata[TRACE] = stack()
        if _running.node is not None:
            node.metadata[PARENT] = _running.node


_init, _init_leaf = Node.__init__, AccumulateGrad.__init__
_release, _run, _step, _give_up = Node.release, Node.run, Task.step, Task.give_up


def _init_and_note(node: Node, edges: tuple[Edge | None, ...]) -> None:
    _init(node, edges)
    _remember(node)


def _init_leaf_and_note(node: AccumulateGrad, variable: Tensor) -> None:
    _init_leaf(node, variable)
    _remember(node)


def _release_and_note(node: Node) -> None:
    """`Node.release`, which now remembers who asked for it."""
    _release(node)
    task = current_task()
    if task is None:
        node.freed = calling()
        return
    try:
        node.freed = task.asked
    except AttributeError:  # the first that it frees
        node.freed = task.asked = calling()


def _run_and_check(
    node: Node, grads: list[Tensor | None], edges: tuple[Edge | None, ...]
) -> list[Tensor | None]:
    """`Node.run` that refuses NaN in what the node, or a hook on it, made; after the hooks."""
    results = _run(node, grads, edges)
    if debugging.check_nan and node is _running.node:
        for at, grad in enumerate(results):
            if grad is not None and bool((grad.array != grad.array).any()):
                raise RuntimeError(
                    f"Function '{node.name()}' returned nan values in its {at}th output."
                )
    return results


def _watched_step(task: Task, node: Node) -> Node | None:
    """`Task.step` that warns of whose rule raised."""
    before, _running.node = _running.node, node
    try:
        return _step(task, node)
    except Exception:
        _show_history(node)
        raise
    finally:
        _running.node = before


def _give_up_and_say(task: Task, node: Node | None, error: Exception) -> None:
    """`Task.give_up` that notes whose rule raised."""
    if node is not None:
        _say_where(error, node)
    _give_up(task, node, error)


_FAILED = "Error detected in {}. Traceback of forward call that caused the error:\n"
_INDUCED = (
    "\n\nPrevious calculation was induced by {}. Traceback of forward call that induced the "
    "previous calculation:\n"
)


def _show_history(node: Node) -> None:
    """Warn with the forward traceback of a node that failed, and of those that induced it."""
    failed: Node | None = node
    head = _FAILED
    while failed is not None:
        stack: Any = failed.metadata.get(TRACE)
        text = head.format(failed.name()) + "".join(stack or ())
        if stack is None:
            text = (
                f"Error detected in {failed.name()}. No forward pass information available. Enable "
                "detect anomaly during forward pass for more information."
            )
        warnings.warn(text, UserWarning, stacklevel=depth())
        parent = failed.metadata.get(PARENT)
        failed, head = (parent if isinstance(parent, Node) else None), _INDUCED


def _say_where(error: Exception, node: Node) -> None:
    """Note on an error which op's rule raised it, unless a note names the node already."""
    name, place = node.name(), place_of(node)[0]
    if any(name in note for note in getattr(error, "__notes__", ())):
        return
    note = f"Raised on the way back through {name}"
    if place is not None:
        note += f", recorded by {place.by} at {place}: {source(place)}".removesuffix(": ")
    error.add_note(note)


_enter = Switch.__enter__


def _enter_and_note(context: Switch) -> None:
    """Entering `no_grad` and its like; what the engine itself enters is not worth a note."""
    _enter(context)
    spot = calling(1)
    if spot[1] is _enter_and_note.__code__ and not state.grad:
        cuts.append((f"{type(context).__name__}()", spot))


GENERATED: list[dict[str, Any]] = []
"""The globals of every recorder that was generated. They make nodes by the name `born`, which is
`plain` while nobody watches."""

traced = np.zeros(1, np.int64)
"""Whether the ends of paths are noted, as compiled code reads it."""

_Replaced = tuple[Any, str, Any, Any]
"""Whose attribute, its name, and its value while nothing is watched and while something is."""

_NOTED: list[_Replaced] = [
    (bump, "__code__", bump.__code__, bump_and_note.__code__),
    (seen, "__code__", seen.__code__, seen_and_noted.__code__),
    (Node, "__init__", _init, _init_and_note),
    (Node, "release", _release, _release_and_note),
    (Switch, "__enter__", _enter, _enter_and_note),
    (Task, "give_up", _give_up, _give_up_and_say),
]
"""What the flight recorder replaces, and anomaly mode as well."""

_TRACED: list[_Replaced] = [
    (AccumulateGrad, "__init__", _init_leaf, _init_leaf_and_note),
    (Node, "run", _run, _run_and_check),
    (Task, "step", _step, _watched_step),
]
"""What only anomaly mode does."""


def maker(make: Callable[..., Node]) -> Callable[..., Node]:
    """What a generated recorder makes its nodes by just now, where `make` does it unwatched."""
    if debugging.anomaly:
        return _tracing(make)
    return _noting(make) if debugging.recorder else make


def _take_effect() -> None:
    watching = debugging.anomaly or debugging.recorder
    if not watching:
        cuts.clear()
    for on, replaced in ((watching, _NOTED), (debugging.anomaly, _TRACED)):
        for owner, name, plain, noting in replaced:
            setattr(owner, name, noting if on else plain)
    views_noted[0], traced[0] = watching, debugging.anomaly
    for space in GENERATED:
        if "plain" in space:
            space["born"] = maker(space["plain"])


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on, in every thread."""
    return debugging.anomaly


def is_anomaly_check_nan_enabled() -> bool:
    """Whether gradients with NaN are refused while anomaly mode is on."""
    return debugging.check_nan


def set_anomaly_enabled(enabled: bool, check_nan: bool = True) -> None:
    """Switch anomaly mode on or off in every thread; `check_nan` refuses NaN while it is on.

    Raises: TypeError for what is no bool.
    """
    for at, (name, value) in enumerate((("enabled", enabled), ("check_nan", check_nan)), 1):
        if not isinstance(value, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(
                f"set_anomaly_enabled(): argument '{name}' (position {at}) must be bool, not "
                f"{type(value).__name__}"
            )
    debugging.anomaly, debugging.check_nan = enabled, check_nan
    _take_effect()


def is_flight_recorder_enabled() -> bool:
    """Whether writes, views and nodes are noted, in every thread; anomaly mode notes them too."""
    return debugging.recorder or debugging.anomaly


def switch_recorder(on: bool) -> None:
    """Switch the flight recorder on or off in every thread."""
    debugging.recorder = on
    _take_effect()
