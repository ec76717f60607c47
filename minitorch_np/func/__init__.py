"""torch.func's namespace: functions of functions, such as `jvp`."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.func.pushforward import jvp, linearize

__all__ = ["jvp", "linearize"]


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
