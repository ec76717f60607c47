"""Free-running: each engine trains alone, is timed, and its curves are laid beside the others'."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from experiments.harness.engines import Engine
from experiments.harness.lockstep import EPOCH, START, STATE, STEP
from experiments.harness.rounding import array, is_tensor

# Losses further apart than this part of their size have parted for good: rounding alone stays far
# below, and the first unit that flips passes it.
PARTED = 1e-3


@dataclass(slots=True)
class FreeRun:
    """One engine's run alone: what main returned, seconds, numbers by epoch, and the loss by step:
    of each training by its title, of programs that start none by the name of the loss.
    """

    engine: str
    seconds: float | None = None
    result: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, list[float]] = field(default_factory=dict)
    epochs: dict[str, list[float]] = field(default_factory=dict)
    observations: int = 0

    def number(self, name: str) -> float | None:
        """A number that main returned under `name`, or None."""
        value = self.result.get(name)
        return None if value is None else float(value)


def free_run(
    engine: Engine,
    run: Callable[[Engine, Callable[..., None]], Any],
    *,
    record: FreeRun | None = None,
    tick: Callable[[str], None] = lambda name: None,
) -> FreeRun:
    """An engine's run with nothing compared; time spent in the observer is not counted.

    A `record` that is handed in is filled also by a run that breaks off.
    """
    record = FreeRun(engine.name) if record is None else record
    kept: dict[str, list[Any]] = {}
    lost, title = 0.0, ""

    def observe(name: str, step: int, **tensors: Any) -> None:  # noqa: ARG001
        nonlocal lost, title
        start = time.perf_counter()
        record.observations += 1
        if name == START:
            title = tensors["title"]
        elif name == STEP:
            for key, value in tensors.items():
                if key.rpartition(".")[2] == "loss":
                    # Not read yet: on a GPU that would wait for it.
                    value = value.detach() if is_tensor(value) else value
                    kept.setdefault(title or key, []).append(value)
        elif name == EPOCH:
            for key, value in tensors.items():
                record.epochs.setdefault(key, []).append(float(value))
        if name not in (START, STATE):
            tick(name)
        lost += time.perf_counter() - start

    start = time.perf_counter()
    try:
        record.result = run(engine, observe) or {}
        engine.synchronize()
        record.seconds = time.perf_counter() - start - lost
    finally:
        record.steps = {
            key: [float(array(v)) if is_tensor(v) else float(v) for v in values]
            for key, values in kept.items()
        }
    return record


@dataclass(frozen=True, slots=True)
class Course:
    """How one curve of an engine lies beside ours: where bits first differ, and where they part."""

    curve: str
    engine: str
    steps: int
    first_difference: int | None
    parted: int | None
    largest: float


def courses(ours: FreeRun, theirs: FreeRun) -> list[Course]:
    """Every curve that both engines have, compared step by step."""
    found: list[Course] = []
    for key, values in ours.steps.items():
        if key not in theirs.steps:
            continue
        n = min(len(values), len(theirs.steps[key]))
        a, b = np.array(values[:n]), np.array(theirs.steps[key][:n])
        scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-30)
        apart = np.where(a == b, 0.0, np.nan_to_num(np.abs(a - b) / scale, nan=np.inf))
        found.append(
            Course(key, theirs.engine, n, _first(apart > 0), _first(apart > PARTED),
                   float(apart.max(initial=0.0)))
        )  # fmt: skip
    return found


def _first(condition: np.ndarray[Any, np.dtype[np.bool_]]) -> int | None:
    return int(np.argmax(condition)) if condition.any() else None
