"""Normalisation by layer and by group. Source: torch/nn/modules/normalization.py."""

from collections.abc import Sequence

import numpy as np

from minitorch_np.devices import device
from minitorch_np.dtypes import dtype
from minitorch_np.nn import functional as F
from minitorch_np.nn import init
from minitorch_np.nn.module import Module
from minitorch_np.nn.parameter import Parameter
from minitorch_np.ops.creation import empty
from minitorch_np.tensor import Tensor

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class LocalResponseNorm(Module):
    """Each number over a power of the mean of squares of neighbouring channels, dim 1."""

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        """The shape of the input."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """The options."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class _Weighed(Module):
    """A normalisation with a weight that starts at 1 and a bias that starts at 0, or neither."""

    weight: Parameter | None
    bias: Parameter | None

    def _make(
        self, shape: Sequence[int], given: dict[str, bool], device: object, dtype: object
    ) -> None:
        for name, wanted in given.items():
            made = None
            if wanted:
                made = Parameter(empty(tuple(shape), device=device, dtype=dtype))  # pyright: ignore[reportArgumentType]  # as given to the layer
            self.register_parameter(name, made)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight and bias to where they start."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self._parameters.get("bias") is not None:
            init.zeros_(self.bias)  # pyright: ignore[reportArgumentType]  # not None


class LayerNorm(_Weighed):
    """The last dims, of `normalized_shape`, to mean 0 and variance 1, times weight plus bias."""

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: "device | str | None" = None,
        dtype: dtype | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = sizes_of(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        given = {"weight": elementwise_affine, "bias": elementwise_affine and bias}
        self._make(self.normalized_shape, given, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """The shape of the input."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


def sizes_of(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    """The sizes; one of them may be given alone."""
    if isinstance(normalized_shape, (int, np.integer)):
        return (normalized_shape,)
    return tuple(normalized_shape)


class GroupNorm(_Weighed):
    """Groups of channels, dim 1, to mean 0 and variance 1; weight and bias are by channel."""

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: "device | str | None" = None,
        dtype: dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self._make([num_channels], {"weight": affine, "bias": affine and bias}, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """The shape of the input."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(_Weighed):
    """The last dims, of `normalized_shape`, over the root of their mean square, times weight."""

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: "device | str | None" = None,
        dtype: dtype | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = sizes_of(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self._make(self.normalized_shape, {"weight": elementwise_affine}, device, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """The shape of the input."""
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The options."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )
