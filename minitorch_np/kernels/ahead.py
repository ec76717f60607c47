"""`python -m minitorch_np.kernels build [MODULE ...]`: compiles kernels ahead of time, all of them
or those of some modules, in as many processes as products may use threads, up to eight.

Says what was built and where it lies. What is there already is left alone, so a second run builds
nothing. MINITORCH_NP_CPU names another CPU than this one.
"""

import multiprocessing
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, cast

from . import compiler, losses, matmul, store, threads, warm

INTERRUPTED = 130
"""The exit status after Ctrl-C."""

MOST = 8
"""Processes at once: each has its own LLVM, and the longest module takes as long as eight do."""

BUILDERS = {"matmul": matmul.build, "losses": losses.build, **warm.builders()}
"""Each compiles, and so keeps, what the module of its name would compile when first used."""


def build(names: Sequence[str]) -> None:
    """Builds what is missing in some modules, and prints one line a file."""
    start = time.perf_counter()
    count = 0
    for path in built(names, min(threads.get_num_threads(), len(names), MOST)):
        count += 1
        print(f"built {path}", flush=True)
    seconds = time.perf_counter() - start
    folder = compiler.cache_folder()
    if folder is None:
        print("no folder for kernels can be written: each process will build its own")
    elif count:
        print(f"{count} kernel files built in {seconds:.1f} s, in {folder}")
    else:
        print(f"nothing to build: all kernels lie in {folder}")


def built(names: Sequence[str], processes: int) -> Iterator[Path]:
    """The files of some modules as they are built; those of one are built in one process."""
    if processes == 1:
        yield from store.built  # what was missing of what this process itself needs
        for name in names:
            yield from module_built(name)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=begin) as pool:
        futures: list[Future[list[Path]]] = [pool.submit(module_built, name) for name in names]
        try:
            yield from store.built
            for future in as_completed(futures):
                yield from future.result()
        except BaseException:
            workers = dict[int, Any](cast(Any, pool)._processes or {})
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in workers.values():  # what is built lies whole where it belongs
                worker.kill()
            raise


def module_built(name: str) -> list[Path]:
    """The files that are written to build one module."""
    before = len(store.built)
    BUILDERS[name]()
    return store.built[before:]


def begin() -> None:
    """Leave it to the first process to say what happens, and to end when it is interrupted."""
    store.quiet = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def main() -> None:
    """Runs the command that the command line names."""
    command, names = sys.argv[1:2], sys.argv[2:]
    if command != ["build"] or not BUILDERS.keys() >= {*names}:
        known = " ".join(sorted(BUILDERS))
        sys.exit(f"usage: python -m minitorch_np.kernels build [MODULE ...]\nmodules: {known}")
    try:
        build(names or list(BUILDERS))
    except KeyboardInterrupt:
        print("interrupted: what is built is kept", file=sys.stderr)
        sys.exit(INTERRUPTED)
