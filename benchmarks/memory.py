"""The most bytes of tensors alive at once in a training step, beside PyTorch's.

Ours are counted by the engine, which leaves out storages of a few KiB, PyTorch's by its profiler;
weights, gradients and optimizer state are there before the step in both, and count.
"""

import contextlib
import os
import sys
from collections.abc import Iterator

from benchmarks.peers import Problem, Step, library, problem
from benchmarks.peers.torch_program import program
from benchmarks.timing import OURS, Row, Timing

__all__ = ["rows"]

STEPS = 3
"""Before the one that is measured: gradients and optimizer state exist by then."""


def rows(seconds: float) -> Iterator[Row]:  # noqa: ARG001  # one step is enough
    """A row for each batch size and optimizer."""
    for batch in (1, 64, 512):
        for optimizer in ("SGD", "Adam"):
            what = problem(batch, optimizer)
            times: dict[str, Timing] = {}
            skipped: dict[str, str] = {}
            for name, peak in ((OURS, our_peak), ("PyTorch", torch_peak)):
                try:
                    size = float(peak(what))
                    times[name] = Timing(size, size, size, size, 1)
                except ImportError as error:
                    skipped[name] = str(error)
            case = f"batch {batch}, {optimizer}"
            targets = {"PyTorch": 1.0} if "PyTorch" in times else {}
            yield Row("memory", case, times, unit="B", targets=targets, skipped=skipped)


def warm(step: Step) -> Step:
    """The step after its first few."""
    for _ in range(STEPS):
        step()
    return step


def our_peak(what: Problem) -> int:
    """Bytes at the peak of a step, as the engine counts them."""
    torch = library("minitorch_np")
    stats = getattr(torch, "memory_stats", None)
    if stats is None:
        raise ImportError("the engine counts no bytes yet")
    step = warm(program("minitorch_np", what))
    before = stats()["allocated_bytes.all.current"]
    torch.reset_peak_memory_stats()
    step()
    return stats()["allocated_bytes.all.peak"] - before + held(what)


def held(what: Problem) -> int:
    """Bytes between steps: the batch, and weights, gradients and the optimizer's buffers."""
    copies = {"SGD": 3, "Adam": 4}[what.optimizer]
    weights = sum(weight.nbytes + bias.nbytes for weight, bias in what.weights)
    return copies * weights + what.images.nbytes + what.labels.nbytes


def torch_peak(what: Problem) -> int:
    """Bytes at the peak of a step, summed over what PyTorch's profiler saw come and go.

    It sees the end of no tensor made before it watched, so it watches from one step earlier on.
    """
    step = warm(program("torch", what))
    profiler = library("torch.profiler")
    activities = [profiler.ProfilerActivity.CPU]
    with silence(), profiler.profile(activities=activities, profile_memory=True) as watch:
        step()
        with profiler.record_function("measured"):
            step()
    events = watch.profiler.kineto_results.events()
    [start] = [event.start_ns() for event in events if event.name() == "measured"]
    changes = [(e.start_ns(), e.nbytes()) for e in events if e.name() == "[memory]"]
    now = most = 0
    for moment, change in sorted(changes):
        now = now + change if moment >= start else 0
        most = max(most, now)
    return most + held(what)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Nothing on standard error: the profiler's C++ talks there whatever it is told."""
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
