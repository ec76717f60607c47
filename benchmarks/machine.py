"""One thread for every library, and a stamp that says where numbers come from.

Nothing here imports NumPy or PyTorch at the top: `pin` must come before they start their threads.
"""

import importlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["described_briefly", "environment", "leave_out", "pin", "settle"]

ROOT = Path(__file__).resolve().parent.parent
PINNED = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "NPROC": "1",  # what XLA sizes its pools by
    "JAX_PLATFORMS": "cpu",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
}
# What PyTorch's allocator and profiler say of themselves is no result.
QUIET = {"TORCH_CPP_LOG_LEVEL": "ERROR", "KINETO_LOG_LEVEL": "5", "TORCH_LOGS": "-all"}
PACKAGES = "numpy numba torch torchvision ml_dtypes jax mygrad autograd tinygrad".split()
FEATURES = "sse4_2 avx avx2 fma avx512f avx512_bf16 avx512_fp16 amx_bf16 asimd sve".split()


def pin() -> None:
    """One thread for whatever is imported from now on, by environment variables."""
    os.environ.update(PINNED | QUIET)


LEFT_OUT: set[str] = set()
"""Libraries that are not to be loaded, and candidates that are not to be timed."""


def leave_out(names: Sequence[str]) -> None:
    """Make an import of these fail in this process, so that nothing of theirs is loaded."""
    LEFT_OUT.update(names)
    for name in names:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python itself marks it


def settle() -> None:
    """One thread for those of our libraries that are loaded and listen to no variable."""
    for name in ("torch", "minitorch_np"):
        library = sys.modules.get(name)
        if library is not None:
            library.set_num_threads(1)


def environment(without: Sequence[str] = ()) -> dict[str, object]:
    """Machine, libraries and load, and what was pinned."""
    seen = importlib.import_module("experiments.harness.environment")  # loads NumPy: after `pin`
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "cpu": seen.cpu(),
        "cores": seen.cores(),
        "features": [f for f in FEATURES if f in described("flags").split()],
        "memory_gib": memory(),
        "os": platform.platform(),
        "python": platform.python_version(),
        "versions": versions(),
        "blas": blas(seen.blas()),
        "gpu": gpu(),
        "load": [round(one, 2) for one in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "pinned": {k: os.environ[k] for k in PINNED if k in os.environ} | {"set_num_threads": "1"},
        "without": list(without),
    }


def described_briefly(stamp: Mapping[str, Any]) -> str:
    """Machine, versions and load in a line."""
    shown = ("numpy", "numba", "torch", "jax")
    versions = [f"{name} {stamp['versions'][name]}" for name in shown if name in stamp["versions"]]
    parts = [f"{stamp['cpu']}, {stamp['cores']} cores", f"python {stamp['python']}", *versions]
    if stamp["load"]:
        parts.append(f"load {stamp['load'][0]}")
    return "; ".join([*parts, "one thread for each library"])


def described(key: str) -> str:
    """A line of /proc/cpuinfo, or nothing."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def memory() -> float | None:
    """GiB of memory in the machine, where it says so."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, OSError, AttributeError):
        return None


def commit() -> str | None:
    """The commit checked out, with a plus where files differ from it."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() or None


def versions() -> dict[str, str]:
    """Versions of the libraries that are installed."""
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def blas(numpys: str) -> str:
    """NumPy's BLAS, and PyTorch's where it is loaded."""
    torch = sys.modules.get("torch")
    if torch is None:
        return f"NumPy {numpys}"
    return f"NumPy {numpys}, PyTorch {'MKL' if torch.backends.mkl.is_available() else 'no MKL'}"


def gpu() -> str | None:
    """The card that PyTorch sees, where it is loaded and sees one."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    return str(torch.cuda.get_device_name())
