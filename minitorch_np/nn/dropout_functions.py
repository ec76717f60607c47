"""Dropout as functions: what PyTorch's Python adds to ATen's. Source: torch/nn/functional.py."""

import warnings

from minitorch_np.flight import depth
from minitorch_np.ops import dropout as ops
from minitorch_np.tensor import Tensor

__all__ = [
    "alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout",
]  # fmt: skip


def check_probability(p: float) -> None:
    """Raise ValueError for what is no probability."""
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`input` with elements zeroed with probability `p`, and the others scaled by 1 / (1 - p)."""
    check_probability(p)
    return (ops.dropout_ if inplace else ops.dropout)(input, p, training)


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """`dropout` to what selu saturates at: mean 0 and variance 1 stay so."""
    check_probability(p)
    return (ops.alpha_dropout_ if inplace else ops.alpha_dropout)(input, p, training)


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """`alpha_dropout` of whole channels (N, C, ...)."""
    check_probability(p)
    return (ops.feature_alpha_dropout_ if inplace else ops.feature_alpha_dropout)(
        input, p, training
    )


def _channels(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    return (ops.feature_dropout_ if inplace else ops.feature_dropout)(input, p, training)


def _one_sample(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    """`_channels` of what has no batch dim."""
    if inplace:
        return _channels(input.unsqueeze_(0), p, training, True).squeeze_(0)
    return _channels(input.unsqueeze(0), p, training, False).squeeze(0)


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """`dropout` of whole channels: (N, C, L) or (C, L)."""
    check_probability(p)
    if input.dim() not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.dim()}D input. Note that "
            "dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, "
            "a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    return (_channels if input.dim() == 3 else _one_sample)(input, p, training, inplace)


def _warn_about_dims(dims: int, spatial: int) -> None:
    name = f"dropout{spatial}d"
    warnings.warn(
        f"{name}: Received a {dims}-D input to {name}, which is deprecated and will result in an "
        "error in a future release. To retain the behavior and silence this warning, please use "
        f"dropout instead. Note that {name} exists to provide channel-wise dropout on inputs with "
        f"{spatial} spatial dimensions, a channel dimension, and an optional batch dimension "
        f"(i.e. {spatial + 1}D or {spatial + 2}D inputs).",
        stacklevel=depth(),
    )


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """`dropout` of whole channels (N, C, H, W); (N, C, L) too, with a warning."""
    check_probability(p)
    if input.dim() not in (3, 4):
        _warn_about_dims(input.dim(), 2)
    if input.dim() == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout "
            "behavior is desired - input is interpreted as shape (N, C, L), where C is the channel "
            "dim. This behavior will change in a future release to interpret the input as one "
            "without a batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise "
            "dropout behavior, please switch to using dropout1d instead.",
            stacklevel=depth(),
        )
    return _channels(input, p, training, inplace)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """`dropout` of whole channels: (N, C, D, H, W) or (C, D, H, W)."""
    check_probability(p)
    if input.dim() not in (4, 5):
        _warn_about_dims(input.dim(), 3)
    return (_channels if input.dim() == 5 else _one_sample)(input, p, training, inplace)
