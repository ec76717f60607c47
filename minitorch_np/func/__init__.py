"""torch.func's namespace: functions of functions, such as `vmap`, `grad` and `jacrev`."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.func.vmap import vmap

__all__ = ["vmap"]


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
