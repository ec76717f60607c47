"""`python -m minitorch_np.kernels build [MODULE ...]`: compiles kernels ahead of time, all of them
or those of some modules.

Says what was built and where it lies. What is there already is left alone, so a second run builds
nothing. MINITORCH_NP_CPU names another CPU than this one.
"""

import sys
import time
from collections.abc import Iterable

from . import compiler, losses, matmul, store, warm

BUILDERS = {"matmul": matmul.build, "losses": losses.build, **warm.builders()}
"""Each compiles, and so keeps, what the module of its name would compile when first used."""


def build(names: Iterable[str]) -> None:
    """Builds what is missing in some modules, and prints one line a file."""
    start = time.perf_counter()
    for name in names:
        BUILDERS[name]()
    seconds = time.perf_counter() - start
    for path in store.built:
        print(f"built {path}")
    count, folder = len(store.built), compiler.cache_folder()
    if folder is None:
        print("no folder for kernels can be written: each process will build its own")
    elif count:
        print(f"{count} kernel files built in {seconds:.1f} s, in {folder}")
    else:
        print(f"nothing to build: all kernels lie in {folder}")


def main() -> None:
    """Runs the command that the command line names."""
    command, names = sys.argv[1:2], sys.argv[2:]
    if command != ["build"] or not BUILDERS.keys() >= {*names}:
        known = " ".join(sorted(BUILDERS))
        sys.exit(f"usage: python -m minitorch_np.kernels build [MODULE ...]\nmodules: {known}")
    build(names or BUILDERS)
