"""torch.autograd's namespace: backward and grad, and the switches that say what is recorded."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.autograd import forward_ad, function, functional, grad_mode, graph, variable
from minitorch_np.autograd.anomaly_mode import (
    detect_anomaly,
    flight_recorder,
    is_flight_recorder_enabled,
    set_detect_anomaly,
    set_flight_recorder,
)
from minitorch_np.autograd.function import Function, NestedIOFunction
from minitorch_np.autograd.variable import Variable
from minitorch_np.graph.backward import backward, grad
from minitorch_np.graph.cuts import unreached
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
    "detect_anomaly",
    "enable_grad",
    "function",
    "functional",
    "flight_recorder",
    "forward_ad",
    "grad",
    "grad_mode",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_multithreading_enabled",
    "is_flight_recorder_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_flight_recorder",
    "set_grad_enabled",
    "set_multithreading_enabled",
    "unreached",
    "Variable",
    "variable",
]


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
