"""Layers that pool. Source: torch/nn/modules/pooling.py."""

from collections.abc import Sequence

from minitorch_np.nn import functional as F
from minitorch_np.nn.module import Module
from minitorch_np.shapes import ntuple
from minitorch_np.tensor import Tensor

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d", "AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d",
    "LPPool2d", "LPPool3d", "MaxPool1d", "MaxPool2d", "MaxPool3d",
]  # fmt: skip

Ints = int | Sequence[int]
Sizes = int | Sequence[int | None]
Pair = tuple[Tensor, Tensor]


class MaxPoolNd(Module):
    """What the layers that take the largest element have in common."""

    dims: int

    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        dilation: Ints = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor | Pair:
        """The largest element of each window; with `return_indices`, where they are as well."""
        run = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[self.dims - 1]
        return run(
            input, self.kernel_size, self.stride, self.padding, self.dilation,
            ceil_mode=self.ceil_mode, return_indices=self.return_indices,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """The window."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(MaxPoolNd):
    """The largest element of each window of (N, C, L) or (C, L)."""

    dims = 1


class MaxPool2d(MaxPoolNd):
    """The largest element of each window of (N, C, H, W) or (C, H, W)."""

    dims = 2


class MaxPool3d(MaxPoolNd):
    """The largest element of each window of (N, C, D, H, W) or (C, D, H, W)."""

    dims = 3


class AvgPoolNd(Module):
    """What the layers that take the mean have in common."""

    kernel_size: Ints
    stride: Ints
    padding: Ints

    def extra_repr(self) -> str:
        """The window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(AvgPoolNd):
    """The mean of each window of (N, C, L) or (C, L)."""

    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = ntuple(kernel_size, 1)
        self.stride = ntuple(kernel_size if stride is None else stride, 1)
        self.padding = ntuple(padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        return F.avg_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
            self.count_include_pad,
        )  # fmt: skip


class WideAvgPoolNd(AvgPoolNd):
    """What AvgPool2d and AvgPool3d have in common."""

    dims: int

    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        run = F.avg_pool2d if self.dims == 2 else F.avg_pool3d
        return run(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
            self.count_include_pad, self.divisor_override,
        )  # fmt: skip


class AvgPool2d(WideAvgPoolNd):
    """The mean of each window of (N, C, H, W) or (C, H, W)."""

    dims = 2


class AvgPool3d(WideAvgPoolNd):
    """The mean of each window of (N, C, D, H, W) or (C, D, H, W)."""

    dims = 3


class LPPoolNd(Module):
    """What the layers that take a norm have in common."""

    dims: int

    def __init__(
        self,
        norm_type: float,
        kernel_size: Ints,
        stride: Ints | None = None,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        if norm_type == 0:
            raise ValueError(f"norm_type must be a non-zero value, but got {norm_type}")
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """The norms."""
        run = (F.lp_pool1d, F.lp_pool2d, F.lp_pool3d)[self.dims - 1]
        return run(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)

    def extra_repr(self) -> str:
        """The norm and the window."""
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(LPPoolNd):
    """The norm of each window of (N, C, L) or (C, L)."""

    dims = 1


class LPPool2d(LPPoolNd):
    """The norm of each window of (N, C, H, W) or (C, H, W)."""

    dims = 2


class LPPool3d(LPPoolNd):
    """The norm of each window of (N, C, D, H, W) or (C, D, H, W)."""

    dims = 3


class AdaptiveNd(Module):
    """What the layers that pool to a size have in common. None as a size keeps the input's."""

    dims: int
    output_size: Sizes

    def extra_repr(self) -> str:
        """The size of the output."""
        return f"output_size={self.output_size}"


class AdaptiveMaxPoolNd(AdaptiveNd):
    """What the adaptive layers that take the largest element have in common."""

    def __init__(self, output_size: Sizes, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Tensor | Pair:
        """The largest elements; with `return_indices`, where they are as well."""
        run = (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)[self.dims - 1]
        return run(input, self.output_size, self.return_indices)  # pyright: ignore[reportArgumentType]  # of one dim, no None


class AdaptiveMaxPool1d(AdaptiveMaxPoolNd):
    """(N, C, L) or (C, L) to `output_size` largest elements."""

    dims = 1


class AdaptiveMaxPool2d(AdaptiveMaxPoolNd):
    """(N, C, H, W) or (C, H, W) to `output_size` largest elements."""

    dims = 2


class AdaptiveMaxPool3d(AdaptiveMaxPoolNd):
    """(N, C, D, H, W) or (C, D, H, W) to `output_size` largest elements."""

    dims = 3


class AdaptiveAvgPoolNd(AdaptiveNd):
    """What the adaptive layers that take the mean have in common."""

    def __init__(self, output_size: Sizes) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        run = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[self.dims - 1]
        return run(input, self.output_size)  # pyright: ignore[reportArgumentType]  # of one dim, no None


class AdaptiveAvgPool1d(AdaptiveAvgPoolNd):
    """(N, C, L) or (C, L) to `output_size` means."""

    dims = 1


class AdaptiveAvgPool2d(AdaptiveAvgPoolNd):
    """(N, C, H, W) or (C, H, W) to `output_size` means."""

    dims = 2


class AdaptiveAvgPool3d(AdaptiveAvgPoolNd):
    """(N, C, D, H, W) or (C, D, H, W) to `output_size` means."""

    dims = 3
