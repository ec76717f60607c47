"""`python -m benchmarks [SUITE] [OPTIONS]`: every suite, or one with its own options."""

import importlib
import sys

SUITES = ("matmul", "overhead")


def main() -> None:
    """Run the suite named first on the command line, or all of them."""
    named = sys.argv[1:2]
    if named and named[0] not in SUITES:
        sys.exit(f"benchmarks: no suite {named[0]}; there are {', '.join(SUITES)}")
    sys.argv = [sys.argv[0], *sys.argv[2:]]
    for suite in named or SUITES:
        print(f"{suite}:")
        importlib.import_module(f"benchmarks.{suite}").main()


if __name__ == "__main__":
    main()
