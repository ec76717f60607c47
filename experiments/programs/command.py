"""What `python -m experiments programs` prints."""

import time
from collections.abc import Callable, Iterator

from experiments.programs.search import Finding, program, shrunk, written

__all__ = ["findings", "programs"]


def findings(count: int, seed: int) -> Iterator[tuple[int, Finding]]:
    """The seeds of programs that show a difference, with what they show."""
    for at in range(seed, seed + count):
        found = program(at)
        if found is not None:
            yield at, found


def programs(count: int, seed: int, say: Callable[[str], None] = print) -> bool:
    """Runs programs until one shows a difference, which is said in few lines; whether none does."""
    start = time.monotonic()
    for at, found in findings(count, seed):
        say(f"program {at} differs: {found.text}\n")
        say(written(shrunk(found)))
        return False
    say(f"{count:,} programs, no difference, {time.monotonic() - start:.0f} s")
    return True
