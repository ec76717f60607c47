"""How long until the first result: imports, and the first matmul warm and with an empty cache.

Each measurement is a process of its own, which reads its own clock.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.timing import OURS, Row, summary

__all__ = ["rows"]

ROOT = Path(__file__).resolve().parent.parent
IMPORT = "import time; start = time.perf_counter(); import {0}; print(time.perf_counter() - start)"
MATMUL = (
    "import time, {0}; start = time.perf_counter(); "
    "a = {0}.ones(256, 256); (a @ a).sum().item(); print(time.perf_counter() - start)"
)
MODULES = {OURS: "minitorch_np", "NumPy": "numpy", "PyTorch": "torch"}
# Seconds, at most.
IMPORT_LIMIT, WARM_LIMIT, COLD_LIMIT = 0.35, 0.7, 8.0


def measured(program: str, **environment: str) -> float:
    """What a program in a process of its own says that it took, with bytecode on disk."""
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**inherited, **environment}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ImportError(done.stderr.strip().rpartition("\n")[2])
    return float(done.stdout)


def in_turns(template: str, modules: dict[str, str], times: int) -> dict[str, list[float]]:
    """By candidate, what each of its processes took; one that is not installed is left out."""
    found: dict[str, list[float]] = {name: [] for name in modules}
    for _ in range(times):
        for name, module in modules.items():
            try:
                found[name].append(measured(template.format(module)))
            except ImportError:
                if name == OURS:
                    raise
    return {name: taken for name, taken in found.items() if taken}


def rows(seconds: float) -> Iterator[Row]:
    """Imports, the first matmul with kernels on disk, and the first without."""
    times = max(3, min(10, round(seconds * 20)))
    present = {n: m for n, m in MODULES.items() if sys.modules.get(m, "") is not None}
    measured(MATMUL.format(present[OURS]))  # now kernels are on disk
    for case, template, limit, only in (
        ("import", IMPORT, IMPORT_LIMIT, present),
        (
            "first matmul, warm",
            MATMUL,
            WARM_LIMIT,
            {n: present[n] for n in present if n != "NumPy"},
        ),
    ):
        found = {name: summary(taken) for name, taken in in_turns(template, only, times).items()}
        yield Row("startup", case, found, limit=limit)
    with tempfile.TemporaryDirectory() as empty:
        cold = measured(MATMUL.format(present[OURS]), NUMBA_CACHE_DIR=empty, XDG_CACHE_HOME=empty)
    yield Row("startup", "first matmul, cold", {OURS: summary([cold])}, limit=COLD_LIMIT)
