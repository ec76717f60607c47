"""GradientEdge: a place in a graph where a gradient arrives, without the tensor that it is of."""

from typing import NamedTuple

from minitorch_np.graph.node import Node, edge
from minitorch_np.tensor import Tensor

__all__ = ["GradientEdge", "get_gradient_edge"]


class GradientEdge(NamedTuple):
    """A node and which of its outputs; `backward` and `grad` take one where they take a tensor.

    `ownership_token` is None: whoever holds a node here holds its graph.
    Source: torch/autograd/graph.py.
    """

    node: Node
    output_nr: int
    ownership_token: Node | None = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """Where the gradient of `tensor` arrives. Raises: RuntimeError if it needs none.

    Source: torch/autograd/graph.py.
    """
    at = edge(tensor) if tensor.requires_grad else None
    if at is None and tensor.requires_grad:  # a view of what needs one, made under no_grad
        raise AssertionError("Expected gradient function to be set")
    if at is None:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    return GradientEdge(*at)
