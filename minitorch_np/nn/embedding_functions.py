"""Embeddings as functions: what PyTorch's Python adds to ATen's. Source: torch/nn/functional.py."""

import warnings

from minitorch_np import dtypes
from minitorch_np.flight import depth
from minitorch_np.ops import embedding as table
from minitorch_np.ops import embedding_bag as bags
from minitorch_np.ops.ranges import arange
from minitorch_np.tensor import Tensor

__all__ = ["embedding", "embedding_bag"]


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of `weight` that `input` names.

    `max_norm` first scales rows of a greater norm down to it, in place. The row `padding_idx`
    learns nothing.
    """
    padding = -1 if padding_idx is None else checked_padding(padding_idx, weight.size(0))
    if max_norm is not None:
        input = input.contiguous()
        table.embedding_renorm_(weight.detach(), input, max_norm, norm_type)
    return table.embedding(weight, input, padding, scale_grad_by_freq, sparse)


def checked_padding(padding_idx: int, n: int, name: str = "Padding_idx") -> int:
    """The row for padding, counted from the front. Raises: AssertionError where there is none."""
    if not -n <= padding_idx < n and padding_idx:
        raise AssertionError(f"{name} must be within num_embeddings")
    return padding_idx + n if padding_idx < 0 else padding_idx


_MODES = {"sum": 0, "mean": 1, "max": 2}


def check_mode(mode: str, scale_grad_by_freq: bool, sparse: bool) -> int:
    """The number of a mode. Raises: ValueError for none, or for options that it does not have."""
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError("max mode does not support sparse weights")
    if mode not in _MODES:
        raise ValueError("mode has to be one of sum, mean or max")
    return _MODES[mode]


def stretches(input: Tensor, offsets: Tensor | None) -> Tensor:
    """Where bags begin: as given, or at each row of a matrix. Raises: ValueError."""
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch "
                f"of fixed length sequences. However, found offsets of type {type(offsets)}"
            )
        return arange(0, input.numel(), input.size(1), dtype=input.dtype)
    if input.dim() != 1:
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}"
        )
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    if offsets.dim() != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    return offsets


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Rows of `weight` that `input` names, by bag: summed, their mean, or their maximum.

    Rows of a matrix are bags; of a vector `offsets` says where each bag begins.
    """
    if weight.dtype is dtypes.int64 and input.is_floating_point():
        warnings.warn(
            "Argument order of nn.functional.embedding_bag was changed. Usage "
            "`embedding_bag(weight, input, ...)` is deprecated, and should now be "
            "`embedding_bag(input, weight, ...)`.",
            stacklevel=depth(),
        )
        weight, input = input, weight
    samples = per_sample_weights
    if samples is not None and input.size() != samples.size():
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({samples.shape}) is not None, then it must "
            f"have the same shape as the input ({input.shape})"
        )
    if weight.dim() != 2:
        raise ValueError(
            f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.dim()}"
        )
    starts = stretches(input, offsets)
    if input.dim() == 2:
        include_last_offset = False
        input = input.reshape(-1)
        samples = None if samples is None else samples.reshape(-1)
    number = check_mode(mode, scale_grad_by_freq, sparse)
    if max_norm is not None:
        table.embedding_renorm_(weight.detach(), input, max_norm, norm_type)
    if samples is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported "
            f"for mode='sum' (got mode='{mode}'). Please open a feature request on GitHub."
        )
    return bags.embedding_bag(
        weight, input, starts, scale_grad_by_freq, number, sparse, samples, include_last_offset,
        padding_idx,
    )[0]  # fmt: skip
