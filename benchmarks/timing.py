"""Candidates that take turns in one process, and what is kept of their times."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["OURS", "Row", "Timing", "take_turns"]

OURS = "minitorch_np"
"""The candidate that every other one is compared with."""

WORTH_READING = 20e-6
"""Seconds that lie between two readings of the clock, at least: it costs 50 ns itself."""


@dataclass(frozen=True)
class Timing:
    """Seconds of one call: the shortest, the middle, and the quarters around it."""

    best: float
    median: float
    low: float
    high: float
    runs: int


@dataclass(frozen=True)
class Row:
    """One line of a suite: what ran, on what, and how long each candidate took."""

    suite: str
    case: str
    times: Mapping[str, Timing]
    """By candidate; ours is `OURS`."""
    flop: float = 0.0
    """Floating-point operations of one call, where that says something."""
    nbytes: float = 0.0
    """Bytes that one call must read and write, where that says something."""
    targets: Mapping[str, float] = field(default_factory=dict[str, float])
    """The most that ours may take, as a part of that candidate's time."""
    facts: Mapping[str, float | str] = field(default_factory=dict[str, float | str])
    """Whatever else was measured, under its name with its unit."""

    def ratio(self, peer: str) -> float:
        """Our shortest time over a peer's: below 1, ours is faster."""
        return self.times[OURS].best / self.times[peer].best


def take_turns(
    candidates: Mapping[str, Callable[[], object]],
    seconds: float,
    *,
    least: int = 5,
    setup: Callable[[], object] | None = None,
) -> dict[str, Timing]:
    """Times of each candidate, called in turns for `seconds` and at least `least` times.

    A busy machine then slows all of them. Each is warmed up first; one too short for the clock is
    called several times between two readings. `setup` runs before each turn, outside the clock.
    """
    inner: dict[str, int] = {}
    for name, call in candidates.items():
        if setup:
            setup()
        call()
        start = time.perf_counter()
        call()
        once = time.perf_counter() - start
        inner[name] = 1 if setup else max(1, min(1000, int(WORTH_READING / max(once, 1e-9))))
    found: dict[str, list[float]] = {name: [] for name in candidates}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or any(len(one) < least for one in found.values()):
        for name, call in candidates.items():
            if setup:
                setup()
            repeats = range(inner[name])
            start = time.perf_counter()
            for _ in repeats:
                call()
            found[name].append((time.perf_counter() - start) / len(repeats))
    return {name: _summary(times) for name, times in found.items()}


def _summary(times: list[float]) -> Timing:
    quarters = statistics.quantiles(times, n=4) if len(times) > 1 else [times[0]] * 3
    return Timing(min(times), quarters[1], quarters[0], quarters[2], len(times))
