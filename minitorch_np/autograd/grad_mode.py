"""torch.autograd.grad_mode: the switches that say what is recorded.

Source: torch/autograd/grad_mode.py; the code is in graph/modes.py, which every op looks at.
"""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.graph.modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from minitorch_np.graph.threads import set_multithreading_enabled

__all__ = [
    "enable_grad",
    "inference_mode",
    "no_grad",
    "set_grad_enabled",
    "set_multithreading_enabled",
]


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
