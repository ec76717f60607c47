"""torch.cuda as it answers on a machine without a GPU: there is none here, and never will be."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.tensor import Tensor

__all__ = [
    "current_device", "device_count", "empty_cache", "get_device_name", "get_rng_state_all",
    "is_available", "is_initialized", "manual_seed", "manual_seed_all", "max_memory_allocated",
    "memory_allocated", "synchronize",
]  # fmt: skip


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing: there are no GPU generators to seed."""


def manual_seed_all(seed: int) -> None:
    """Nothing: there are no GPU generators to seed."""


def get_rng_state_all() -> list[Tensor]:
    """The states of all GPU generators: none."""
    return []


def empty_cache() -> None:
    """Nothing: there is no GPU memory to give back."""


def memory_allocated(device: object = None) -> int:
    """The bytes of GPU memory in tensors: 0."""
    return 0


def max_memory_allocated(device: object = None) -> int:
    """The most bytes of GPU memory that tensors ever took: 0."""
    return 0


def synchronize(device: object = None) -> NoReturn:
    """Raises RuntimeError: there is no GPU to wait for."""
    _refuse()


def current_device() -> NoReturn:
    """Raises RuntimeError: there is no GPU."""
    _refuse()


def get_device_name(device: object = None) -> NoReturn:
    """Raises RuntimeError: there is no GPU."""
    _refuse()


def _refuse() -> NoReturn:
    raise RuntimeError("minitorch_np runs on the CPU only: there is no CUDA device")


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
