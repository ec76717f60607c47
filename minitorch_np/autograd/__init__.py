"""torch.autograd's namespace: backward and grad, and the switches that say what is recorded."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.autograd import function, graph
from minitorch_np.autograd.function import Function, NestedIOFunction
from minitorch_np.graph.backward import backward, grad
from minitorch_np.graph.modes import (
    enable_grad,
    inference_mode,
    no_grad,
    set_grad_enabled,
)
from minitorch_np.graph.raw import SavedTensor
from minitorch_np.graph.threads import is_multithreading_enabled, set_multithreading_enabled
from minitorch_np.testing.gradcheck import gradcheck, gradgradcheck

__all__ = [
    "SavedTensor",
    "Function",
    "NestedIOFunction",
    "backward",
    "enable_grad",
    "function",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_multithreading_enabled",
    "no_grad",
    "set_grad_enabled",
    "set_multithreading_enabled",
]


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
