"""Modules that pad. Source: torch/nn/modules/padding.py."""

from collections.abc import Iterable

from minitorch_np.nn import functional as F
from minitorch_np.nn.module import Module
from minitorch_np.shapes import ntuple
from minitorch_np.tensor import Tensor

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d",
    "ConstantPad3d", "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d",
    "ReplicationPad2d", "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip

Padding = int | Iterable[int]
"""One number for all sides, or (left, right, top, bottom, front, back) as far as there are dims."""


class Padded(Module):
    """What all modules that pad have in common: how many dims they pad, how, and how much."""

    dims: int
    mode: str

    def __init__(self, padding: Padding) -> None:
        super().__init__()
        self.padding = ntuple(padding, 2 * self.dims)

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        """The padding."""
        return f"{self.padding}"


class CircularPadNd(Padded):
    """What the circular modules have in common: they take no other number of dims."""

    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        n = self.dims
        if input.ndim not in (n + 1, n + 2):
            raise ValueError(f"expected {n + 1}D or {n + 2}D input (got {input.ndim}D input)")
        return super().forward(input)


class CircularPad1d(CircularPadNd):
    """(N, C, W) or (C, W) with each end of W continued by the other end."""

    dims = 1


class CircularPad2d(CircularPadNd):
    """(N, C, H, W) or (C, H, W) with each end of H and W continued by the other end."""

    dims = 2


class CircularPad3d(CircularPadNd):
    """(N, C, D, H, W) or (C, D, H, W) with each end of D, H, W continued by the other end."""

    dims = 3


class ConstantPadNd(Padded):
    """What the constant modules have in common: the value they pad with."""

    def __init__(self, padding: Padding, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """The padding and the value."""
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(ConstantPadNd):
    """The last dim with `value` before and after it."""

    dims = 1


class ConstantPad2d(ConstantPadNd):
    """The last two dims with `value` around them."""

    dims = 2


class ConstantPad3d(ConstantPadNd):
    """The last three dims with `value` around them."""

    dims = 3


class ReflectionPad1d(Padded):
    """(N, C, W) or (C, W) with W continued by its mirror image, the outermost element once."""

    dims, mode = 1, "reflect"


class ReflectionPad2d(Padded):
    """(N, C, H, W) or (C, H, W) with H and W continued by their mirror images."""

    dims, mode = 2, "reflect"


class ReflectionPad3d(Padded):
    """(N, C, D, H, W) or (C, D, H, W) with D, H, W continued by their mirror images."""

    dims, mode = 3, "reflect"


class ReplicationPad1d(Padded):
    """(N, C, W) or (C, W) with W continued by its outermost elements."""

    dims, mode = 1, "replicate"


class ReplicationPad2d(Padded):
    """(N, C, H, W) or (C, H, W) with H and W continued by their outermost elements."""

    dims, mode = 2, "replicate"


class ReplicationPad3d(Padded):
    """(N, C, D, H, W) or (C, D, H, W) with D, H, W continued by their outermost elements."""

    dims, mode = 3, "replicate"


class ZeroPad1d(ConstantPad1d):
    """The last dim with zeros before and after it."""

    def __init__(self, padding: Padding) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """The padding."""
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """The last two dims with zeros around them."""

    def __init__(self, padding: Padding) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """The padding."""
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """The last three dims with zeros around them."""

    def __init__(self, padding: Padding) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """The padding."""
        return f"{self.padding}"
