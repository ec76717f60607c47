"""`python -m minitorch_np.kernels build`: compiles all kernels ahead of time.

Says what was built and where it lies. What is there already is left alone, so a second run builds
nothing. MINITORCH_NP_CPU names another CPU than this one.
"""

import sys
import time

from . import compiler, losses, matmul, store, warm

BUILDERS = (matmul.build, losses.build, warm.build)
"""Each compiles, and so keeps, what its module would compile when first used."""


def build() -> None:
    """Builds what is missing, and prints one line a file."""
    store.quiet = True
    start = time.perf_counter()
    for builder in BUILDERS:
        builder()
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
    if sys.argv[1:] != ["build"]:
        sys.exit("usage: python -m minitorch_np.kernels build")
    build()


if __name__ == "__main__":
    main()
