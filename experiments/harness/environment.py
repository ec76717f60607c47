"""Where a run ran: machine, libraries, threads, flags."""

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from experiments.harness.engines import Engine, tf32

PACKAGES = ("numpy", "numba", "ml_dtypes", "torch", "torchvision", "matplotlib")


def environment(seed: int, dtype: str, engines: Sequence[Engine]) -> dict[str, Any]:
    """Date, CPU, cores, BLAS, versions, seed, threads, and of a GPU its name and TF32 flags."""
    found: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": cpu(),
        "cores": cores(),
        "os": platform.platform(),
        "blas": blas(),
        "versions": {"python": platform.python_version(), **versions()},
        "seed": seed,
        "dtype": dtype,
        "threads": {engine.name: int(engine.library.get_num_threads()) for engine in engines},
        "gpu": None,
        "tf32": None,
    }
    for engine in engines:
        if engine.name == "torch-cuda":
            cuda = engine.library.cuda
            found["gpu"] = cuda.get_device_name() if engine.device == "cuda" else None
            found["tf32"] = tf32(engine.library)
    return found


def cpu() -> str:
    """The processor's name."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def blas() -> str:
    """NumPy's BLAS and its version."""
    config = np.show_config(mode="dicts") or {}
    found = config.get("Build Dependencies", {}).get("blas", {})
    return " ".join(str(found[k]) for k in ("name", "version") if found.get(k)) or "unknown"


def versions() -> dict[str, str | None]:
    """Versions of the libraries that matter, None where one is missing."""
    result: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            result[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            result[package] = None
    return result
