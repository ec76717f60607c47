"""Turns, what is kept of them, and rows."""

import time

import pytest

from benchmarks.timing import OURS, Row, Timing, take_turns


def pause(seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def test_candidates_alternate() -> None:
    order: list[str] = []

    def call(name: str) -> None:
        order.append(name)
        pause(1e-3)

    found = take_turns({name: lambda name=name: call(name) for name in "ab"}, 0.02)
    assert order[:4] == ["a", "a", "b", "b"]  # warm-up, and how long one takes
    assert order[4:10] == ["a", "b"] * 3
    assert all(timing.runs >= 5 for timing in found.values())
    assert all(t.best <= t.low <= t.median <= t.high for t in found.values())
    assert found["a"].best == pytest.approx(1e-3, rel=0.5)


def test_short_calls_are_counted_together() -> None:
    calls = 0

    def call() -> None:
        nonlocal calls
        calls += 1

    timing = take_turns({"a": call}, 0.0)["a"]
    assert timing.runs == 5
    assert calls > 50 * timing.runs
    assert timing.best < 1e-5


def test_a_slow_candidate_sits_out() -> None:
    found = take_turns({"quick": lambda: pause(4e-4), "slow": lambda: pause(8e-3)}, 0.2)
    assert 5 <= found["slow"].runs < found["quick"].runs / 3


def test_kept_leaves_out_the_first_call_of_a_turn() -> None:
    calls = 0

    def cold_at_first() -> None:
        nonlocal calls
        pause(4e-3 if calls % 4 == 2 else 4e-4)  # two calls come before the first turn
        calls += 1

    timing = take_turns({"a": cold_at_first}, 0.03, kept=3)["a"]
    assert timing.median < 2e-3
    assert calls == 2 + timing.runs // 3 * 4


def test_setup_runs_before_each_turn_and_is_not_timed() -> None:
    events: list[str] = []

    def setup() -> None:
        pause(2e-3)
        events.append("setup")

    timing = take_turns({"a": lambda: events.append("call")}, 0.0, setup=setup)["a"]
    assert events == ["setup", "call", "call", *["setup", "call"] * 5]
    assert timing.best < 1e-3


def test_ratio() -> None:
    times = {OURS: Timing(1, 2, 2, 2, 9), "peer": Timing(4, 4, 4, 4, 9)}
    assert Row("s", "c", times).ratio("peer") == 0.25
