"""Layers that undo max pooling, and those whose windows are drawn.

Source: torch/nn/modules/pooling.py.
"""

from collections.abc import Sequence

from minitorch_np.nn import functional as F
from minitorch_np.nn.module import Module
from minitorch_np.shapes import ntuple
from minitorch_np.tensor import Tensor

__all__ = [
    "FractionalMaxPool2d", "FractionalMaxPool3d", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d",
]  # fmt: skip

Ints = int | Sequence[int]
Ratio = float | Sequence[float]


class MaxUnpoolNd(Module):
    """What the layers that undo max pooling have in common."""

    dims: int

    def __init__(self, kernel_size: Ints, stride: Ints | None = None, padding: Ints = 0) -> None:
        super().__init__()
        self.kernel_size = ntuple(kernel_size, self.dims)
        self.stride = ntuple(kernel_size if stride is None else stride, self.dims)
        self.padding = ntuple(padding, self.dims)

    def forward(
        self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None
    ) -> Tensor:
        """The elements at their indices, zeros elsewhere."""
        run = (F.max_unpool1d, F.max_unpool2d, F.max_unpool3d)[self.dims - 1]
        return run(input, indices, self.kernel_size, self.stride, self.padding, output_size)

    def extra_repr(self) -> str:
        """The window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(MaxUnpoolNd):
    """(N, C, L) or (C, L) to what MaxPool1d was given, but for what it left out."""

    dims = 1


class MaxUnpool2d(MaxUnpoolNd):
    """(N, C, H, W) or (C, H, W) to what MaxPool2d was given, but for what it left out."""

    dims = 2


class MaxUnpool3d(MaxUnpoolNd):
    """(N, C, D, H, W) or (C, D, H, W) to what MaxPool3d was given, but for what it left out."""

    dims = 3


class FractionalMaxPoolNd(Module):
    """What the layers whose windows are drawn have in common."""

    dims: int
    _random_samples: Tensor | None

    def __init__(
        self,
        kernel_size: Ints,
        output_size: Ints | None = None,
        output_ratio: Ratio | None = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        if self.dims == 3:
            self._check_kernel(kernel_size)
        self.kernel_size = ntuple(kernel_size, self.dims)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else ntuple(output_size, self.dims)
        ratio = output_ratio
        if ratio is not None:
            ratio = (ratio,) * self.dims if isinstance(ratio, (int, float)) else tuple(ratio)
        self.output_ratio = ratio
        if output_size is None and ratio is None:
            raise ValueError(
                f"{type(self).__name__} requires specifying either an output size, or a pooling "
                "ratio"
            )
        if output_size is not None and ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if ratio is not None and not all(0 < r < 1 for r in ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def _check_kernel(self, kernel_size: Ints) -> None:
        if any(k <= 0 for k in ntuple(kernel_size, self.dims)):
            raise ValueError(f"kernel_size must be greater than 0, but got {kernel_size}")

    def forward(self, input: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """The largest element of each window; with `return_indices`, where they are as well."""
        run = F.fractional_max_pool2d if self.dims == 2 else F.fractional_max_pool3d
        return run(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices,
            _random_samples=self._random_samples,
        )  # fmt: skip


class FractionalMaxPool2d(FractionalMaxPoolNd):
    """(N, C, H, W) or (C, H, W) to `output_size`, or to `output_ratio` of the size."""

    dims = 2


class FractionalMaxPool3d(FractionalMaxPoolNd):
    """(N, C, D, H, W) or (C, D, H, W) to `output_size`, or to `output_ratio` of the size."""

    dims = 3
