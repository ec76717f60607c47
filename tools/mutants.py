"""Plants known faults in the engine, one at a time, and reports how many the op database finds.

`make mutants`. Each fault of tests/conformance/mutants.toml is one change of text in a copy of the
package; the suite runs quickly on the ops it names, and kills the fault if an op turns red. The
table must keep up with the source: a text that is not there exactly once is an error.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests" / "conformance" / "mutants.toml"
PACKAGE = "minitorch_np"
LEAST = 0.98
"""The share that has to be killed."""
LIMIT = 300
"""Seconds after which a run counts as stuck, which is noticed, too."""


class Mutant(NamedTuple):
    """One fault: its kind, where it is planted, and the ops that ought to show it."""

    kind: str
    file: str
    old: str
    new: str
    ops: str
    survives: str = ""
    """Why it cannot be seen, for one that is known to survive."""

    def planted(self, folder: Path) -> None:
        """Changes the copy of the package in `folder`. Raises: ValueError for a stale entry."""
        path = folder / PACKAGE / self.file
        text = path.read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.file}: {self.old!r} is there {text.count(self.old)} times")
        path.write_text(text.replace(self.old, self.new))


def mutants() -> list[Mutant]:
    """The table."""
    return [Mutant(**one) for one in tomllib.loads(TABLE.read_text())["mutant"]]


def stale() -> Iterator[str]:
    """Entries whose text the source no longer has."""
    for one in mutants():
        count = (ROOT / PACKAGE / one.file).read_text().count(one.old)
        if count != 1:
            yield f"{one.file}: {one.old!r} is there {count} times"


def red(one: Mutant | None, ops: str) -> bool:
    """Whether the suite is red on these ops, with a fault planted or none."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in (PACKAGE, "experiments", "reference", "tests"):
            shutil.copytree(
                ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__")
            )
        if one is not None:
            one.planted(folder)
        command = [sys.executable, "-m", "experiments", "conformance", *ops.split(), "--quick"]
        environment = {
            **os.environ, "PYTHONPATH": name, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
            "NUMBA_CACHE_DIR": str(folder / "cache"),
        }  # fmt: skip
        try:
            done = subprocess.run(
                [*command, "--workers", "1"], cwd=name, env=environment, capture_output=True,
                timeout=LIMIT, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return True
        if done.returncode not in (0, 1):
            raise RuntimeError(done.stderr.decode()[-2000:])
        return done.returncode == 1


def main(patterns: Sequence[str]) -> int:
    """Runs the table, or the entries whose file or ops hold a pattern; status 1 below LEAST."""
    chosen = [
        one for one in mutants()
        if not patterns or any(p in one.file or p in one.ops.split() for p in patterns)
    ]  # fmt: skip
    if not chosen:
        print("error: no fault in the table is about that", file=sys.stderr)
        return 2
    ops = sorted({op for one in chosen for op in one.ops.split()})
    if red(None, " ".join(ops)):
        print("error: the suite is red before any fault is planted", file=sys.stderr)
        return 2
    survivors: list[Mutant] = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        found = pool.map(lambda one: red(one, one.ops), chosen)
        for one, dead in zip(chosen, found, strict=True):
            if not dead:
                survivors.append(one)
            told = "killed" if dead else "SURVIVED"
            print(f"{told:9}{one.kind:24}{one.file:28}{one.new.strip()[:60]}", flush=True)
    share = 1 - len(survivors) / len(chosen)
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} faults killed: {share:.1%}")
    for one in survivors:
        print(f"  {one.file}: {one.old!r} -> {one.new!r}: {one.survives or 'not explained'}")
    return int(share < LEAST or any(not one.survives for one in survivors))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
