"""How the cost of a training step grows with batch, width and depth, beside PyTorch."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from benchmarks.machine import settle
from benchmarks.peers import Problem, Step, built, problem
from benchmarks.peers.torch_program import program
from benchmarks.timing import OURS, Row, take_turns

__all__ = ["rows"]

MAKERS: dict[str, Callable[[Problem], Step]] = {
    OURS: partial(program, "minitorch_np"),
    "PyTorch fused": partial(program, "torch", fused=True),
}
CASES: dict[str, tuple[int, Sequence[int]]] = {
    **{f"batch {n}": (n, (784, 256, 128, 10)) for n in (4, 16, 128, 256, 1024, 4096)},
    **{f"width {n}, batch 64": (64, (n, n, n, 10)) for n in (16, 64, 256, 1024)},
    **{f"depth {n}, width 128, batch 64": (64, (*[128] * n, 10)) for n in (1, 4, 16, 64)},
}


def rows(seconds: float) -> Iterator[Row]:
    """A row for each size, with SGD and momentum."""
    for name, (batch, sizes) in CASES.items():
        what = problem(batch, "SGD", sizes)
        steps, skipped, _ = built(MAKERS, what, judge=OURS)
        settle()
        times = take_turns(steps, seconds, kept=4)
        yield Row("scaling", name, times, flop=what.flop, skipped=skipped)
