"""How many cores a kernel may use, and the pool that shares its work out.

A barrier pool (OpenMP) gives each thread a part and waits for all: where a core is busy elsewhere,
or the operating system takes it away in the middle of a part, everybody waits for as long as it
pleases. Here work is in pieces, of which the caller takes some too, and there are two ways to help:

- Where arithmetic takes longer than memory, nobody is waited for. Helpers compute into memory of
  their own, and copy it to its place once they have claimed it. When no piece is left, the caller
  gives the rest a moment, and then claims and computes it itself: whatever a late helper still
  finds is thrown away. So the slowest call takes little longer than one thread would alone.
- Where the copy would take as long as the piece, helpers claim a piece first and write it in its
  place (`direct`). Those pieces must be short, for the caller waits until they are written. Who
  took as long as alone asks for no help for many times as long: other programs have the cores then.

In both a piece may read what it writes, but not what other pieces write, and a pool that has lost
its threads, as after a fork, is merely slow.
"""

import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

Array = np.ndarray[tuple[int, ...], np.dtype[Any]]
Piece = tuple[Callable[..., object], *tuple[Array, ...]]
"""A part of some work: what computes it into arrays, and the arrays where it belongs."""

PIECES = 4
"""Pieces per thread: enough to even out cores of unequal speed."""
WORTH = 0.9
"""The part of the time alone that work may take at most to be worth other threads."""
REST, LONGEST = 1000.0, 1.0
"""How many times as long as work took that was not worth it nobody is asked to help, and at most
for how many seconds: of a thousand calls, few then wait for a core that is taken.
"""


def default_num_threads() -> int:
    """OMP_NUM_THREADS if it is a positive number, else the cores that this process may run on."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Shared:
    """Work in pieces, taken by the caller from the front and by helpers from the back."""

    def __init__(self, pieces: Sequence[Piece], direct: bool) -> None:
        self.pieces = pieces
        self.direct = direct
        self.left = deque(range(len(pieces)))
        self.open = set(self.left)
        """Pieces that nobody has claimed: who removes one from here writes it."""
        self.ended: queue.SimpleQueue[tuple[int, bool]] = queue.SimpleQueue()
        """Pieces that helpers have claimed and left, and whether they wrote them."""

    def claim(self, i: int) -> bool:
        """Whether the caller of this is to write piece `i`."""
        try:
            self.open.remove(i)  # one step for the interpreter: of two threads, one meets an error
        except KeyError:
            return False
        return True

    def help(self) -> None:
        """Computes pieces until none is left, and writes those that it could claim."""
        pieces = self.pieces
        while self.left:
            try:
                i = self.left.pop()
            except IndexError:  # another thread took the last one in between
                return
            compute, *places = pieces[i]
            results = places if self.direct else [np.empty_like(place) for place in places]
            if not self.direct:
                compute(*results)
            if not self.claim(i):
                continue
            written = False
            try:
                if self.direct:
                    compute(*places)
                for place, result in zip(places, results, strict=True):
                    if place is not result:
                        place[...] = result
                written = True
            finally:
                self.ended.put((i, written))

    def work(self) -> float:
        """Computes pieces in their places until none is left, and sees to those of helpers.

        The seconds that it took, if that is no less than it would have taken alone; else 0.
        """
        missing = set(range(len(self.pieces)))
        start, busy = time.perf_counter(), time.thread_time()
        while self.left:
            try:
                i = self.left.popleft()
            except IndexError:
                break
            self.open.remove(i)
            self.compute(i)
            missing.remove(i)
        now = time.perf_counter()
        mine = max(1, len(self.pieces) - len(missing))
        alone = (time.thread_time() - busy) / mine * len(self.pieces)
        # a helper that runs needs as long for its piece as we did for ours
        patience = now + (now - start) / mine
        while missing:
            wait = patience - time.perf_counter()
            try:
                i, written = self.ended.get(wait > 0, max(wait, 0))
            except queue.Empty:
                late = next((i for i in missing if self.claim(i)), None)
                i, written = (late, False) if late is not None else self.ended.get()
            missing.remove(i)
            if not written:
                self.compute(i)
        self.pieces = ()  # helpers that come too late keep no arrays alive
        took = time.perf_counter() - start
        return took if took > WORTH * alone else 0.0

    def compute(self, i: int) -> None:
        """Writes a piece that this thread has claimed."""
        compute, *places = self.pieces[i]
        compute(*places)


class Pool:
    """Threads that help; started when first needed."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._asked: queue.SimpleQueue[Shared | None] = queue.SimpleQueue()
        self._started = False
        self.rested = 0.0
        self._lock = threading.Lock()

    def _start(self) -> None:
        with self._lock:
            if self._started:
                return
            self._started = True
            for _ in range(self.size - 1):
                # daemons: a program must be able to end while they wait
                thread = threading.Thread(target=_serve, args=(self._asked,), daemon=True)
                with suppress(RuntimeError):  # the interpreter is shutting down
                    thread.start()

    def run(self, pieces: Sequence[Piece], direct: bool = False) -> None:
        """Computes all pieces in their places."""
        shared = Shared(pieces, direct)
        if not self._started:
            self._start()
        for _ in range(min(self.size, len(pieces)) - 1):
            if self._asked.qsize() < 2 * self.size:  # else the helpers are far behind
                self._asked.put(shared)
        vain = shared.work()
        if vain > 0:
            self.rested = time.perf_counter() + min(REST * vain, LONGEST)

    def helps(self) -> bool:
        """Whether it is worth to ask: there are helpers, and they had time when last asked."""
        return self.size > 1 and time.perf_counter() >= self.rested

    def close(self) -> None:
        """Lets the threads end."""
        for _ in range(self.size - 1):
            self._asked.put(None)


def _serve(asked: "queue.SimpleQueue[Shared | None]") -> None:
    while (shared := asked.get()) is not None:
        with suppress(Exception):  # the caller computes the piece again, and meets the error there
            shared.help()
        del shared  # while waiting, nothing of it is kept


pool = Pool(default_num_threads())
"""The threads that share large work."""


def _after_fork() -> None:
    global pool
    pool = Pool(pool.size)  # its threads exist in the parent only


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def get_num_threads() -> int:
    """Threads that a large op may use, the caller's included."""
    return pool.size


def set_num_threads(n: int) -> None:
    """Sets `get_num_threads`. Raises: RuntimeError unless n is positive."""
    if not isinstance(n, (int, np.integer)):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise RuntimeError(f"set_num_threads expects an int, but got {type(n).__name__}")
    global pool
    if n < 1:
        raise RuntimeError("set_num_threads expects a positive integer")
    if n != pool.size:
        before, pool = pool, Pool(n)
        pool.rested = before.rested  # the cores are as busy as they were
        before.close()
        for known in forgetting:
            known.clear()


forgetting: list[dict[Any, Any]] = []
"""What was found out for a number of threads, and is emptied when that changes."""


def helps() -> bool:
    """Whether there are other threads, and they had time when they were last asked to help."""
    return pool.helps()


def run(pieces: Sequence[Piece], direct: bool = False) -> None:
    """Computes pieces in their places, on several threads.

    Unless they are written `direct`, each may be computed twice, by two threads at once, into
    different arrays.
    """
    pool.run(pieces, direct)
