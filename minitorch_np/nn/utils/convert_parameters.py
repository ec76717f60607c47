"""Parameters as one vector, and back. Source: torch/nn/utils/convert_parameters.py."""

from collections.abc import Iterable

from minitorch_np.nn.parameter import typename
from minitorch_np.ops.join import cat
from minitorch_np.tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of all parameters, one after the other, in a new tensor with history."""
    several = list(parameters)
    for parameter in several:
        _ = parameter.device  # what is no tensor fails here in PyTorch, too
    return cat([parameter.view(-1) for parameter in several])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Make the parameters read their elements from `vec`, one after the other."""
    if not isinstance(vec, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise TypeError(f"expected torch.Tensor, but got: {typename(vec)}")
    start = 0
    for parameter in parameters:
        size = parameter.numel()
        parameter.data = vec[start : start + size].view(parameter.sizes).data
        start += size
