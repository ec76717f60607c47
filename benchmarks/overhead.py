"""What an op costs on tensors so small that arithmetic costs nothing, beside PyTorch.

4x4 tensors, with and without a graph; then forward and backward of a few ops. Each library has
multiplied two matrices before, as any program that trains has: compiled code is loaded. With
BEFORE, the folder of another checkout, its engine takes turns with them: has an op become slower
since?
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from types import FunctionType
from typing import Any, cast

from benchmarks.machine import settle
from benchmarks.peers import library
from benchmarks.peers.earlier import engine_of
from benchmarks.timing import OURS, Row, take_turns

__all__ = ["rows"]

Case = Callable[[Any, Any], object]

FORWARD: dict[str, Case] = {
    "add": lambda x, y: x + y,
    "add a number": lambda x, y: x + 1.5,
    "mul": lambda x, y: x * y,
    "relu": lambda x, y: x.relu(),
    "exp": lambda x, y: x.exp(),
    "sum": lambda x, y: x.sum(),
    "sum of rows": lambda x, y: x.sum(1),
    "view": lambda x, y: x.view(-1),
    "transpose": lambda x, y: x.transpose(0, 1),
    "getitem": lambda x, y: x[0],
    "matmul": lambda x, y: x.mm(y),
    "mul in place": lambda x, y: y.mul_(x),
}
BACKWARD: dict[str, Case] = {
    "forward and backward, 2 ops": lambda x, y: (x * y).sum().backward(),
    "forward and backward, 4 ops": lambda x, y: ((x * y + y).relu() * y).sum().backward(),
}
NO_GRAPH_ONLY = {"mul in place"}


def candidates() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Who takes turns, each with what loads it."""
    yield OURS, lambda: library("minitorch_np")
    yield "PyTorch", lambda: library("torch")
    if "BEFORE" in os.environ:
        earlier = engine_of(os.environ["BEFORE"])
        yield "before", lambda: earlier


def loaded() -> tuple[dict[str, Any], dict[str, str]]:
    """The candidates that are installed, and for each of the others the reason."""
    engines: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    for name, load in candidates():
        try:
            engines[name] = load()
        except ImportError as error:
            skipped[name] = str(error)
    return engines, skipped


def rows(seconds: float) -> Iterator[Row]:
    """Ops without a graph, the same ops recorded, and whole passes."""
    engines = list(candidates())
    for name, case in FORWARD.items():
        yield row(engines, f"{name}, no graph", case, False, seconds)
    for name, case in FORWARD.items():
        if name not in NO_GRAPH_ONLY:
            yield row(engines, f"{name}, with graph", case, True, seconds)
    for name, case in BACKWARD.items():
        yield row(engines, name, case, True, seconds)


def copied(case: Case) -> Case:
    """The case with code of its own, for Python notes in code which types it met last."""
    function = cast(FunctionType, case)
    return FunctionType(function.__code__.replace(), function.__globals__)


def row(
    engines: list[tuple[str, Callable[[], Any]]],
    name: str,
    case: Case,
    graph: bool,
    seconds: float,
) -> Row:
    """One case in each library."""
    calls: dict[str, Callable[[], object]] = {}
    skipped: dict[str, str] = {}
    for candidate, load in engines:
        try:
            torch = load()
        except ImportError as error:
            skipped[candidate] = str(error)
            continue
        x, y = torch.ones(4, 4, requires_grad=graph), torch.ones(4, 4)
        _ = y.mm(y)
        calls[candidate] = partial(copied(case), x, y)
    settle()
    targets = {"PyTorch": 1.0} if "PyTorch" in calls else {}
    return Row("overhead", name, take_turns(calls, seconds), targets=targets, skipped=skipped)
