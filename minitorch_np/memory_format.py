"""torch.memory_format: the orders in which the dimensions of a dense tensor may lie in memory."""

from collections.abc import Callable

from minitorch_np import strides
from minitorch_np.shapes import Shape
from minitorch_np.strides import Stride

__all__ = [
    "channels_last",
    "channels_last_3d",
    "contiguous_format",
    "memory_format",
    "preserve_format",
]


class memory_format:
    """One order of dimensions; the four of PyTorch are the module's constants.

    `holds(shape, stride)` tells whether a tensor lies so; `stride(shape)` is the dense stride of
    the order. `preserve_format` is an instruction, not an order: asking it for either raises.
    """

    __slots__ = ("_holds", "_stride", "name")

    def __init__(
        self,
        name: str,
        holds: Callable[[Shape, Stride], bool] | None = None,
        stride: Callable[[Shape], Stride] | None = None,
    ) -> None:
        self.name = name
        self._holds = holds
        self._stride = stride

    def holds(self, shape: Shape, stride: Stride) -> bool:
        """Whether a tensor of this geometry lies in this order, nothing between its elements."""
        if self._holds is None:
            raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
        return self._holds(shape, stride)

    def stride(self, shape: Shape) -> Stride:
        """The dense stride of this order for `shape`."""
        if self._stride is None:
            raise RuntimeError("preserve memory format is unsupported by the contiguous operator")
        return self._stride(shape)

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


contiguous_format = memory_format("contiguous_format", strides.is_contiguous, strides.contiguous)
channels_last = memory_format("channels_last", strides.is_channels_last, strides.channels_last)
channels_last_3d = memory_format(
    "channels_last_3d", strides.is_channels_last_3d, strides.channels_last_3d
)
preserve_format = memory_format("preserve_format", strides.is_contiguous)
