"""torch.utils.hooks: the handle of a hook, and the full backward hooks of a module.

Source: torch/utils/hooks.py.
"""

import warnings
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, cast

from minitorch_np.absent import absent
from minitorch_np.graph.handle import RemovableHandle
from minitorch_np.nn.hooks import BackwardHook
from minitorch_np.tensor import Tensor

__all__ = ["BackwardHook", "RemovableHandle", "unserializable_hook", "warn_if_has_hooks"]

F = TypeVar("F", bound=Callable[..., Any])


def unserializable_hook(f: F) -> F:
    """The hook `f`, marked so that saving a tensor that has it does not warn of its loss."""
    cast(Any, f).__torch_unserializable__ = True
    return f


def warn_if_has_hooks(tensor: Tensor) -> None:
    """Warn of the hooks on `tensor`, which saving it loses."""
    for hook in (tensor._backward_hooks or {}).values():  # pyright: ignore[reportPrivateUsage]  # torch's name
        if not hasattr(hook, "__torch_unserializable__"):
            warnings.warn(
                f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, "
                "you can decorate the function with @torch.utils.hooks.unserializable_hook to "
                "suppress this warning",
                stacklevel=2,
            )


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
