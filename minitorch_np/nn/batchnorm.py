"""Batch normalisation as layers. Source: torch/nn/modules/batchnorm.py."""

from collections.abc import Mapping, MutableMapping
from typing import Any, cast

from minitorch_np.devices import device
from minitorch_np.dtypes import dtype, int64
from minitorch_np.nn import functional as F
from minitorch_np.nn import init
from minitorch_np.nn.module import Module
from minitorch_np.nn.parameter import Parameter
from minitorch_np.ops.creation import empty, ones, zeros
from minitorch_np.ops.from_data import tensor
from minitorch_np.tensor import Tensor

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "NormBase"]


class NormBase(Module):
    """What batch and instance normalisation hold: weight and bias, running statistics.

    Weights start at 1, biases and means at 0, variances at 1.
    """

    _version = 2
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: "device | str | None" = None,
        dtype: dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, given in (("weight", affine), ("bias", affine and bias)):
            made = Parameter(empty(num_features, device=device, dtype=dtype)) if given else None
            self.register_parameter(name, made)
        mean = var = count = None
        if track_running_stats:
            mean = zeros(num_features, device=device, dtype=dtype)
            var = ones(num_features, device=device, dtype=dtype)
            count = tensor(0, dtype=int64, device=device)
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", var)
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget every batch seen."""
        if self.running_mean is not None and self.running_var is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Set all to where it starts."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        raise NotImplementedError

    def extra_repr(self) -> str:
        """The options."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(
        self,
        state_dict: Mapping[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        # what was saved before version 2 did not count the batches
        key, version = f"{prefix}num_batches_tracked", local_metadata.get("version")
        if (version is None or version < 2) and self.track_running_stats and key not in state_dict:
            count = self.num_batches_tracked
            state = cast("MutableMapping[str, Any]", state_dict)
            state[key] = tensor(0, dtype=int64) if count is None else count
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


def check_dims(input: Tensor, *dims: int) -> None:
    """Raise ValueError for a tensor of another number of dims."""
    if input.ndim not in dims:
        expected = " or ".join([f"{n}D" for n in dims])
        raise ValueError(f"expected {expected} input (got {input.ndim}D input)")


class _BatchNorm(NormBase):
    """Each channel, dim 1, to mean 0 and variance 1: of the batch, or in evaluation of the past.

    `momentum` is the share of a batch in the running statistics; None weighs all batches alike.
    """

    def forward(self, input: Tensor) -> Tensor:
        """The shape of the input."""
        self._check_input_dim(input)
        share = 0.0 if self.momentum is None else self.momentum
        tracked = self.track_running_stats
        if self.training and tracked and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                share = 1.0 / float(self.num_batches_tracked)
        by_batch = self.training or (self.running_mean is None and self.running_var is None)
        moved = tracked or not self.training
        return F.batch_norm(
            input,
            self.running_mean if moved else None,
            self.running_var if moved else None,
            self.weight,
            self.bias,
            by_batch,
            share,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of (N, C) or (N, C, L)."""

    def _check_input_dim(self, input: Tensor) -> None:
        check_dims(input, 2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of (N, C, H, W)."""

    def _check_input_dim(self, input: Tensor) -> None:
        check_dims(input, 4)


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of (N, C, D, H, W)."""

    def _check_input_dim(self, input: Tensor) -> None:
        check_dims(input, 5)
