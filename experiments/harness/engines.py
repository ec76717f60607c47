"""The engines a run can name, and the few things the harness does with one."""

import contextlib
import importlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from experiments.harness.rounding import Array, array


class Refused(Exception):
    """A request that cannot be met; its text is the one line that is printed, with status 2."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One column of a report: a torch-like library, the package of its programs, a device."""

    name: str
    library: ModuleType
    programs: str
    device: str = "cpu"
    tf32: bool = False

    def program(self, experiment: str) -> ModuleType:
        """The engine's version of an experiment."""
        return importlib.import_module(f"{self.programs}.{experiment}")

    def overwrite(self, target: Any, values: Array) -> None:
        """Copies values into a tensor in place, unrecorded."""
        with self.library.no_grad():
            source = self.library.from_numpy(np.ascontiguousarray(values).reshape(values.shape))
            target.detach().copy_(source)

    @contextlib.contextmanager
    def default_dtype(self, dtype: str) -> Any:
        """A context in which floating tensors are made as `dtype`."""
        before = self.library.get_default_dtype()
        self.library.set_default_dtype(getattr(self.library, dtype))
        try:
            yield
        finally:
            self.library.set_default_dtype(before)

    def random_state(self) -> Array | None:
        """The state of the CPU generator as bytes, or None where the engine shows none."""
        get = getattr(self.library, "get_rng_state", None)
        return None if get is None else array(get()).copy()

    def set_random_state(self, state: Array) -> bool:
        """Whether the CPU generator now has this state."""
        own = self.random_state()
        if own is None or own.shape != state.shape:
            return False
        self.library.set_rng_state(self.library.from_numpy(state.copy()))
        return True

    def synchronize(self) -> None:
        """Returns when all work queued on the device is done."""
        if self.device != "cpu":
            self.library.cuda.synchronize()


def library(name: str) -> ModuleType:
    """An engine's library. Raises Refused where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise Refused(f"{name} cannot be imported: {error}") from error


def ours() -> Engine:
    """minitorch_np on the CPU."""
    return Engine("minitorch_np", library("minitorch_np"), "experiments")


def against(names: str) -> list[Engine]:
    """PyTorch on each device that `names` lists ("cpu,cuda"); "auto" is every device present."""
    torch = library("torch")
    asked = [name.strip() for name in names.split(",") if name.strip()]
    if not asked or set(asked) - {"cpu", "cuda", "auto"}:
        raise Refused(f"--against takes cpu, cuda, cpu,cuda or auto, not '{names}'")
    if "auto" in asked:
        asked = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    if "cuda" in asked and not torch.cuda.is_available():
        raise Refused(f"--against cuda: PyTorch {torch.__version__} sees no CUDA GPU here")
    made = {
        "cpu": lambda: Engine("torch-cpu", torch, "reference"),
        "cuda": lambda: Engine(
            "torch-cuda", torch, "reference", "cuda", tf32=tf32(torch)["matmul"]
        ),
    }
    return [made[name]() for name in dict.fromkeys(asked)]


def pin(threads: int, engines: Sequence[Engine]) -> None:
    """Every engine, and NumPy's BLAS that the estimates use, computes on so many threads.

    Threads that wait for one another on a busy machine cost more than they bring here.
    """
    for engine in engines:
        engine.library.set_num_threads(threads)
    with contextlib.suppress(ImportError):
        importlib.import_module("threadpoolctl").threadpool_limits(threads, user_api="blas")


def allow_tf32(torch: ModuleType, on: bool) -> None:
    """Sets both of PyTorch's flags."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer versions have another spelling, and say so
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = on


def tf32(torch: ModuleType) -> dict[str, bool]:
    """Whether CUDA products may use TF32, by PyTorch's two flags."""
    return {
        "matmul": bool(torch.backends.cuda.matmul.allow_tf32),
        "cudnn": bool(torch.backends.cudnn.allow_tf32),
    }
