"""Turns, what is kept of them, and rows."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from benchmarks import timing as measuring
from benchmarks.timing import OURS, Row, Timing, take_turns

Pause = Callable[[float], None]


@pytest.fixture
def pause(monkeypatch: pytest.MonkeyPatch) -> Pause:
    """Lets so many seconds pass on a clock that nothing else moves, however busy the machine is."""
    now = 0.0

    def pass_by(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(measuring, "time", SimpleNamespace(perf_counter=lambda: now))
    return pass_by


def test_candidates_alternate(pause: Pause) -> None:
    order: list[str] = []

    def call(name: str) -> None:
        order.append(name)
        pause(1e-3)

    found = take_turns({name: lambda name=name: call(name) for name in "ab"}, 0.02)
    assert order[:4] == ["a", "a", "b", "b"]  # warm-up, and how long one takes
    assert order[4:10] == ["a", "b"] * 3
    assert all(timing.runs >= 5 for timing in found.values())
    assert all(t.best <= t.low <= t.median <= t.high for t in found.values())
    assert found["a"].best == pytest.approx(1e-3)


def test_short_calls_are_counted_together(pause: Pause) -> None:
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1
        pause(1e-6)

    timing = take_turns({"a": call}, 0.0)["a"]
    assert timing.runs == 5
    assert calls > 250 * timing.runs
    assert timing.best == pytest.approx(1e-6)


def test_a_slow_candidate_sits_out(pause: Pause) -> None:
    found = take_turns({"quick": lambda: pause(4e-4), "slow": lambda: pause(8e-3)}, 0.2)
    assert 5 <= found["slow"].runs < found["quick"].runs / 3


def test_kept_leaves_out_the_first_call_of_a_turn(pause: Pause) -> None:
    calls = 0

    def cold_at_first() -> None:
        nonlocal calls
        pause(4e-3 if calls % 4 == 2 else 4e-4)  # two calls come before the first turn
        calls += 1

    timing = take_turns({"a": cold_at_first}, 0.03, kept=3)["a"]
    assert timing.best == pytest.approx(4e-4) == timing.high
    assert calls == 2 + timing.runs // 3 * 4


def test_setup_runs_before_each_turn_and_is_not_timed(pause: Pause) -> None:
    events: list[str] = []

    def setup() -> None:
        pause(2e-3)
        events.append("setup")

    def call() -> None:
        events.append("call")
        pause(1e-6)

    timing = take_turns({"a": call}, 0.0, setup=setup)["a"]
    assert events == ["setup", "call", "call", *["setup", "call"] * 5]
    assert timing.best == pytest.approx(1e-6) == timing.high


def test_ratio() -> None:
    times = {OURS: Timing(1, 2, 2, 2, 9), "peer": Timing(4, 4, 4, 4, 9)}
    assert Row("s", "c", times).ratio("peer") == 0.25
