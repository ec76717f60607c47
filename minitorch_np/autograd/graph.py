"""torch.autograd.graph: nodes, and hooks on what the graph does with them."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.graph.multi import register_multi_grad_hook
from minitorch_np.graph.node import Node

__all__ = ["Node", "register_multi_grad_hook"]


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
