"""torch.backends.mps as it answers where Metal is not: there is none here."""

from typing import NoReturn

from minitorch_np.absent import absent

__all__ = ["is_available", "is_built"]


def is_available() -> bool:
    """False."""
    return False


def is_built() -> bool:
    """False."""
    return False


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
