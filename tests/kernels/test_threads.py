"""The pool: all pieces are computed, whatever becomes of the helpers."""

import os
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from minitorch_np.kernels import threads

PATIENCE = 20.0
"""Seconds after which a test that waits has failed."""


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = threads.get_num_threads()
    threads.set_num_threads(2)
    yield
    threads.set_num_threads(before)


def squares(count: int) -> tuple[list[threads.Piece], np.ndarray]:
    out = np.full((count, 3), -1)
    return [(lambda place, i=i: place.fill(i * i), out[i]) for i in range(count)], out


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_every_piece_is_computed(size: int) -> None:
    threads.set_num_threads(size)
    for count in (1, 2, 5, 40):
        pieces, out = squares(count)
        threads.run(pieces)
        np.testing.assert_array_equal(out[:, 0], np.arange(count) ** 2)


def test_helpers_help() -> None:
    """The first piece waits until another thread computes."""
    caller, met = threading.get_ident(), threading.Event()

    def first(place: np.ndarray) -> None:
        assert met.wait(PATIENCE)

    def other(place: np.ndarray) -> None:
        if threading.get_ident() != caller:
            met.set()

    out = np.zeros((8, 1))
    threads.run([(first, out[0]), *[(other, out[i]) for i in range(1, 8)]])


def test_a_helper_that_stalls_is_not_waited_for() -> None:
    """Its core was taken away: the caller computes the piece again, and ignores what comes late."""
    caller, stalled, go = threading.get_ident(), threading.Event(), threading.Event()
    pieces, out = squares(8)

    def slow(place: np.ndarray) -> None:
        if threading.get_ident() != caller:
            stalled.set()
            assert go.wait(PATIENCE)
            place.fill(-7)
        else:
            place.fill(49)

    def first(place: np.ndarray) -> None:
        assert stalled.wait(PATIENCE)
        place.fill(0)

    start = time.perf_counter()
    threads.run([(first, out[0]), *pieces[1:7], (slow, out[7])])
    assert time.perf_counter() - start < PATIENCE / 2
    np.testing.assert_array_equal(out[:, 2], np.arange(8) ** 2)
    go.set()
    threads.run(squares(8)[0])
    np.testing.assert_array_equal(out[:, 2], np.arange(8) ** 2)


def test_an_error_reaches_the_caller() -> None:
    def fails(place: np.ndarray) -> None:
        raise ArithmeticError("no")

    pieces, _ = squares(6)
    with pytest.raises(ArithmeticError, match="no"):
        threads.run([*pieces[:5], (fails, pieces[5][1])])
    pieces, out = squares(6)
    threads.run(pieces)
    np.testing.assert_array_equal(out[:, 0], np.arange(6) ** 2)


def test_callers_may_be_many() -> None:
    wrong: list[int] = []

    def call() -> None:
        for count in range(1, 60):
            pieces, out = squares(count)
            threads.run(pieces)
            if (out[:, 0] != np.arange(count) ** 2).any():
                wrong.append(count)

    callers = [threading.Thread(target=call) for _ in range(4)]
    for one in callers:
        one.start()
    for one in callers:
        one.join(PATIENCE)
    assert not wrong


def test_threads_end_when_their_number_changes() -> None:
    threads.set_num_threads(5)
    threads.run(squares(20)[0])
    threads.set_num_threads(2)
    end = time.perf_counter() + PATIENCE
    while threading.active_count() > 3 and time.perf_counter() < end:
        time.sleep(0.01)
    names = [t for t in threading.enumerate() if "_serve" in t.name]
    assert len(names) <= 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*fork.*:RuntimeWarning")  # JAX's, where that is loaded
def test_a_child_has_threads_of_its_own() -> None:
    threads.run(squares(20)[0])
    child = os.fork()
    if child == 0:
        pieces, out = squares(20)
        threads.run(pieces)
        os._exit(0 if (out[:, 0] == np.arange(20) ** 2).all() else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_direct_piece_is_computed_once_and_in_its_place() -> None:
    counts, out = [0] * 40, np.zeros((40, 3))

    def compute(k: int, place: np.ndarray) -> None:
        counts[k] += 1
        assert place.base is out
        place += k

    for size in (1, 2, 3):
        threads.set_num_threads(size)
        out[:] = 0
        threads.run([(lambda place, k=k: compute(k, place), out[k]) for k in range(40)], True)
        np.testing.assert_array_equal(out[:, 2], np.arange(40))
    assert counts == [3] * 40


def test_an_error_in_a_direct_piece_reaches_the_caller() -> None:
    """It is computed again, by the caller, wherever it failed first."""

    def fails() -> None:
        raise ArithmeticError("no")

    for k in (0, 5):
        with pytest.raises(ArithmeticError, match="no"):
            threads.run([(fails,) if k == i else (lambda: None,) for i in range(6)], True)


def test_helpers_without_time_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has waited for a helper much longer than a piece takes asks for none, for a while."""
    caller, begun = threading.get_ident(), threading.Event()

    def first() -> None:
        assert begun.wait(PATIENCE)

    def slow() -> None:
        if threading.get_ident() != caller:
            begun.set()
            time.sleep(0.05)

    monkeypatch.setattr(threads, "REST", 300.0)
    threads.set_num_threads(1)
    assert not threads.helps()
    threads.set_num_threads(2)
    assert threads.helps()
    threads.run([(first,), (slow,)], True)
    assert not threads.helps()
    monkeypatch.setattr(threads, "REST", 0.0)
    threads.set_num_threads(3)
    assert not threads.helps()  # nor other threads: the cores are the same
    threads.pool.rested = 0.0
    threads.run([(first,), (slow,)], True)
    assert threads.helps()
