"""Cross-entropy of a linear layer's output, as one function. Source: torch/nn/functional.py."""

import math

from minitorch_np.nn.loss_functions import cross_entropy
from minitorch_np.ops.linalg import linear
from minitorch_np.tensor import Tensor

__all__ = ["linear_cross_entropy"]


def check_linear(input: Tensor, linear_weight: Tensor, linear_bias: Tensor | None) -> None:
    """Nothing, when shapes belong together. Raises: RuntimeError."""
    shape, of_weight = input.sizes, linear_weight.sizes
    if len(shape) not in (1, 2):
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {len(shape)}")
    if len(of_weight) < 2:
        raise RuntimeError(
            f"expected linear_weight with dimensionality at least 2, got {len(of_weight)}"
        )
    if shape[-1] != of_weight[-1]:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), "
            f"got {shape[-1]} and {of_weight[-1]}, respectively"
        )
    if linear_bias is not None and linear_bias.sizes != of_weight[:-1]:
        raise RuntimeError(
            f"expected linear_bias shape {of_weight[:-1]}, got {tuple(linear_bias.sizes)}"
        )
    if len(of_weight) > 2 and len(shape) == 1:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(of_weight)} requires"
            f" batched input, (N, {shape[-1]}), got unbatched"
            f" input with shape {tuple(shape)}"
        )


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """`cross_entropy` of `linear(input, linear_weight, linear_bias)`, reduced.

    Inputs (N, D) or (D), weights (C, D), or (C, d1, ..., D) for a loss at each of d1, ... places.
    """
    check_linear(input, linear_weight, linear_bias)
    *places, features = linear_weight.sizes
    shape = (*input.sizes[:-1], *places)
    if target.sizes == shape and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    if len(places) > 1:
        rows = math.prod(places)
        linear_weight = linear_weight.reshape((rows, features))
        linear_bias = None if linear_bias is None else linear_bias.reshape((rows,))
    logits = linear(input, linear_weight, linear_bias).reshape(shape)
    return cross_entropy(
        logits,
        target,
        weight=weight,
        reduction=reduction,
        ignore_index=-100 if ignore_index is None else ignore_index,
        label_smoothing=label_smoothing,
    )
