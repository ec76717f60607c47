"""torch.backends.cudnn where cuDNN is not: its flags are kept, for programs set them, and change
nothing here."""

import sys
import types
from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.devices import type_name

__all__ = ["is_available", "version"]


def _flag(name: str, value: bool, setter: str = "") -> property:
    """A flag that only a bool may be, and the name of its setter in torch/csrc/Module.cpp."""
    setter = setter or f"set_{name}_cudnn"

    def get(module: types.ModuleType) -> bool:
        return vars(module).get(f"_{name}", value)

    def put(module: types.ModuleType, value: object) -> None:
        if not isinstance(value, bool):
            raise RuntimeError(f"{setter} expects a bool, but got {type_name(value)}")
        vars(module)[f"_{name}"] = value

    return property(get, put)


class _Flags(types.ModuleType):
    """A module whose flags are looked at when they are set."""

    enabled = _flag("enabled", True)
    benchmark = _flag("benchmark", False)
    deterministic = _flag("deterministic", False)
    allow_tf32 = _flag("allow_tf32", True, "set_allow_tf32_cublas")


sys.modules[__name__].__class__ = _Flags


def is_available() -> bool:
    """False."""
    return False


def version() -> None:
    """None."""


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
