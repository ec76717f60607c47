"""Candidates that take turns in one process, and what is kept of their times."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["OURS", "Row", "Timing", "summary", "take_turns"]

OURS = "minitorch_np"
"""The candidate that every other one is compared with."""

WORTH_READING = 300e-6
"""Seconds that lie between two readings of the clock, at least.

The clock costs 50 ns itself; and in so long a turn a candidate's code and data are in the caches
again, as they are where no other runs beside it. Turns of 20 us made small ops twice as slow.
"""

PATIENCE = 4.0
"""How much more time than the quickest a candidate may spend; past that it sits out turns."""


@dataclass(frozen=True)
class Timing:
    """Seconds of one call (or the row's unit): the least, the middle, the quarters around it."""

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
    limit: float = 0.0
    """The most that ours may take whatever others do, where there is such a bound."""
    unit: str = "s"
    """What the times count: seconds, or bytes where a row is about memory."""
    skipped: Mapping[str, str] = field(default_factory=dict[str, str])
    """Candidates that did not run, each with the reason."""
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
    kept: int = 0,
    setup: Callable[[], object] | None = None,
) -> dict[str, Timing]:
    """Times of each candidate, called in turns for `seconds` and at least `least` times.

    A busy machine then slows all of them. Each is warmed up first; one too short for the clock is
    called several times between two readings. `setup` runs before each turn, outside the clock.
    With `kept`, a turn is one call that is not timed and then so many that are: each candidate then
    finds its own data in the caches, as in a program that has no others beside it.
    A candidate many times slower than the quickest sits out turns, so that it cannot use up the
    time of the others; it too is called `least` times.
    """
    inner: dict[str, int] = {}
    for name, call in candidates.items():
        if setup:
            setup()
        call()
        once = _timed(call, 1)
        inner[name] = 1 if setup else max(1, min(1000, int(WORTH_READING / max(once, 1e-9))))
    found: dict[str, list[float]] = {name: [] for name in candidates}
    spent = dict.fromkeys(candidates, 0.0)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or any(len(one) < least for one in found.values()):
        quickest = min(spent.values())
        for name, call in candidates.items():
            if len(found[name]) >= least and spent[name] > PATIENCE * quickest:
                continue
            if setup:
                setup()
            if kept:
                call()
            for _ in range(kept or 1):
                took = _timed(call, inner[name])
                spent[name] += took
                found[name].append(took / inner[name])
    return {name: summary(times) for name, times in found.items()}


def _timed(call: Callable[[], object], runs: int) -> float:
    repeats = range(runs)
    start = time.perf_counter()
    for _ in repeats:
        call()
    return time.perf_counter() - start


def summary(times: list[float]) -> Timing:
    """What is kept of some measurements of one thing."""
    quarters = statistics.quantiles(times, n=4) if len(times) > 1 else [times[0]] * 3
    return Timing(min(times), quarters[1], quarters[0], quarters[2], len(times))
