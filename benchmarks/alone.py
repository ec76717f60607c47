"""The training step in a process that never loads PyTorch, whose allocator changes NumPy's pace."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.results import read
from benchmarks.timing import Row

__all__ = ["rows"]

ROOT = Path(__file__).resolve().parent.parent


def rows(seconds: float) -> Iterator[Row]:
    """The rows of the suite step of another process. Raises ImportError where that one fails."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.json"
        command = [sys.executable, "-m", "benchmarks", "step", "--without", "torch"]
        with subprocess.Popen(
            [*command, "--seconds", str(seconds), "--json", str(file)],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            interrupted = False
            try:
                said = process.communicate()[1]
            except KeyboardInterrupt:  # the other process got it too, and writes what it has
                interrupted, said = True, process.communicate()[1]
        if process.returncode and not interrupted:
            raise ImportError(said.strip().rpartition("\n")[2])
        for row in read(file)[1]:
            skipped = {n: why for n, why in row.skipped.items() if "orch" not in n}
            yield replace(row, suite="alone", skipped=skipped)
        if interrupted:
            raise KeyboardInterrupt
