"""torch.autograd.graph's namespace: nodes, edges, and what is done with saved tensors."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.graph.gradient_edge import GradientEdge, get_gradient_edge
from minitorch_np.graph.multi import register_multi_grad_hook
from minitorch_np.graph.node import Node
from minitorch_np.graph.saving import (
    allow_mutation_on_saved_tensors,
    disable_saved_tensors_hooks,
    increment_version,
    save_on_cpu,
    saved_tensors_hooks,
)
from minitorch_np.graph.threads import queue_callback

__all__ = [
    "GradientEdge",
    "Node",
    "allow_mutation_on_saved_tensors",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "queue_callback",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
