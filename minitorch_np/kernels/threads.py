"""How many cores a kernel may use, and the pool that shares its work out.

The calling thread works too, and waits only for work that another thread has begun: where a core is
busy elsewhere, or the pool does not exist any more, the caller simply does everything. A barrier
pool (OpenMP) would stall instead.
"""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

_CHUNKS = 4
"""Chunks per thread: enough to even out cores of unequal speed."""


def default_num_threads() -> int:
    """OMP_NUM_THREADS if it is a positive number, else the cores that this process may run on."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdecimal() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Pool:
    """Threads that help with a product; started when first needed."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._executor: ThreadPoolExecutor | None = None

    def forget(self) -> None:
        """Drops the threads: after a fork they exist in the parent only."""
        self._executor = None

    def _help(self, work: Callable[[], None]) -> list[Future[None]]:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(self.size - 1, "minitorch_np")
        try:
            return [self._executor.submit(work) for _ in range(self.size - 1)]
        except RuntimeError:  # the interpreter is shutting down
            return []

    def run(self, task: Callable[[int, int], None], units: int) -> None:
        """Calls task(first, last) on ranges that cover range(units), on all threads.

        The ranges depend on the number of threads; results must not depend on the ranges.
        """
        count = min(units, self.size * _CHUNKS)
        chunks = deque((i * units // count, (i + 1) * units // count) for i in range(count))

        def work() -> None:
            while chunks:
                try:
                    chunk = chunks.popleft()
                except IndexError:  # another thread took the last one in between
                    return
                task(*chunk)

        helpers = self._help(work)
        try:
            work()
        finally:
            for helper in helpers:
                if not helper.cancel():
                    helper.result()


_pool = Pool(default_num_threads())


def _after_fork() -> None:
    _pool.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def get_num_threads() -> int:
    """Threads that a large product may use, the caller's included."""
    return _pool.size


def set_num_threads(n: int) -> None:
    """Sets `get_num_threads`. Raises: RuntimeError unless n is positive."""
    if not isinstance(n, int):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise RuntimeError(f"set_num_threads expects an int, but got {type(n).__name__}")
    global _pool
    if n < 1:
        raise RuntimeError("set_num_threads expects a positive integer")
    if n != _pool.size:
        _pool = Pool(n)


def run(task: Callable[[int, int], None], units: int) -> None:
    """Calls task(first, last) on ranges that together cover range(units), on several threads."""
    if _pool.size == 1:
        task(0, units)
    else:
        _pool.run(task, units)
