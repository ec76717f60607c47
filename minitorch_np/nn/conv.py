"""Layers of convolutions and of transposed convolutions. Source: torch/nn/modules/conv.py."""

import math
from collections.abc import Sequence

from minitorch_np.devices import device
from minitorch_np.dtypes import dtype
from minitorch_np.nn import functional as F
from minitorch_np.nn import init
from minitorch_np.nn.module import Module
from minitorch_np.nn.parameter import Parameter
from minitorch_np.ops.creation import empty
from minitorch_np.shapes import Shape, ntuple
from minitorch_np.tensor import Tensor

__all__ = [
    "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d",
]  # fmt: skip

Ints = int | Sequence[int]


class ConvNd(Module):
    """What all these layers have: weight, bias, and how the window moves.

    `weight` is (out_channels, in_channels / groups, *kernel_size), the first two the other way
    round where `transposed`. Both start uniform in [-1/sqrt(n), 1/sqrt(n)), with n the elements of
    a filter, and with PyTorch's draws.
    """

    dims: int
    transposed = False
    weight: Parameter
    bias: Parameter | None
    padding: Shape | str

    def _set_up(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints,
        padding: Ints | str,
        dilation: Ints,
        output_padding: Ints,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: "device | str | None",
        dtype: dtype | None,
    ) -> None:
        """Keep the arguments and make the parameters."""
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride = ntuple(kernel_size, self.dims), ntuple(stride, self.dims)
        self.padding = padding if isinstance(padding, str) else ntuple(padding, self.dims)
        self.dilation = ntuple(dilation, self.dims)
        self.output_padding = ntuple(output_padding, self.dims)
        self.groups, self.padding_mode = groups, padding_mode
        self._check()
        ends = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        shape = (ends[0], ends[1] // groups, *self.kernel_size)
        self.weight = Parameter(empty(shape, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _check(self) -> None:
        """Raise ValueError for arguments that do not go together."""
        if self.groups <= 0:
            raise ValueError("groups must be a positive integer")
        for name, n in (("in", self.in_channels), ("out", self.out_channels)):
            if n % self.groups:
                raise ValueError(f"{name}_channels must be divisible by groups")
        if isinstance(self.padding, str):
            known = {"same", "valid"}
            if self.padding not in known:
                raise ValueError(
                    f"Invalid padding string {self.padding!r}, should be one of {known}"
                )
            if self.padding == "same" and any(s != 1 for s in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        modes = {"zeros", "reflect", "replicate", "circular"}
        if self.padding_mode not in modes:
            raise ValueError(
                f"padding_mode must be one of {modes}, but got padding_mode='{self.padding_mode}'"
            )

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in = math.prod(self.weight.sizes[1:])
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """The sizes, and what differs from its default."""
        parts = [
            f"{self.in_channels}, {self.out_channels}",
            f"kernel_size={self.kernel_size}",
            f"stride={self.stride}",
        ]
        zeros, ones = (0,) * self.dims, (1,) * self.dims
        if self.padding != (0,) * len(self.padding):
            parts.append(f"padding={self.padding}")
        if self.dilation != ones:
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != zeros:
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class PlainConvNd(ConvNd):
    """What the layers of convolutions have in common."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints | str = 0,
        dilation: Ints = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: "device | str | None" = None,
        dtype: dtype | None = None,
    ) -> None:
        super().__init__()
        self._set_up(
            in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias,
            padding_mode, device, dtype,
        )  # fmt: skip

    def _border(self) -> list[int]:
        """The padding as `F.pad` takes it: before and after, of the last dim first."""
        if self.padding == "same":
            spans = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            return [n for span in reversed(spans) for n in (span // 2, span - span // 2)]
        if isinstance(self.padding, str):
            return [0, 0] * self.dims
        return [n for n in reversed(self.padding) for _ in range(2)]

    def forward(self, input: Tensor) -> Tensor:
        """(N, out_channels, *grid)."""
        run = (F.conv1d, F.conv2d, F.conv3d)[self.dims - 1]
        padding = self.padding
        if self.padding_mode != "zeros":
            input = F.pad(input, self._border(), mode=self.padding_mode)
            padding = ntuple(0, self.dims)
        return run(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(PlainConvNd):
    """(N, C, L) or (C, L) to (N, O, L'); sizes as in `F.conv1d`."""

    dims = 1


class Conv2d(PlainConvNd):
    """(N, C, H, W) or (C, H, W) to (N, O, H', W'); sizes as in `F.conv1d`."""

    dims = 2


class Conv3d(PlainConvNd):
    """(N, C, D, H, W) or (C, D, H, W) to (N, O, D', H', W'); sizes as in `F.conv1d`."""

    dims = 3


class ConvTransposeNd(ConvNd):
    """What the layers of transposed convolutions have in common."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints = 0,
        output_padding: Ints = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Ints = 1,
        padding_mode: str = "zeros",
        device: "device | str | None" = None,
        dtype: dtype | None = None,
    ) -> None:
        if padding_mode != "zeros":
            name = type(self).__name__
            raise ValueError(f'Only "zeros" padding mode is supported for {name}')
        super().__init__()
        self._set_up(
            in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding,
            groups, bias, padding_mode, device, dtype,
        )  # fmt: skip

    def _room(self, input: Tensor, output_size: Sequence[int] | None) -> Sequence[int]:
        """The output padding that leads to `output_size`, of which the last dims count.

        Raises: ValueError where none does.
        """
        if output_size is None:
            return self.output_padding
        n = self.dims
        before = 2 if input.ndim == n + 2 else 1
        if len(output_size) == before + n:
            output_size = output_size[before:]
        if len(output_size) != n:
            raise ValueError(
                f"ConvTranspose{n}D: for {input.ndim}D input, output_size must have {n} or "
                f"{before + n} elements (got {len(output_size)})"
            )
        assert not isinstance(self.padding, str)
        numbers = zip(
            input.sizes[before:], self.stride, self.padding, self.dilation, self.kernel_size,
            strict=True,
        )  # fmt: skip
        least = [(size - 1) * s - 2 * p + d * (k - 1) + 1 for size, s, p, d, k in numbers]
        most = [size + s - 1 for size, s in zip(least, self.stride, strict=True)]
        for size, low, high in zip(output_size, least, most, strict=True):
            if not low <= size <= high:
                raise ValueError(
                    f"requested an output size of {output_size}, but valid sizes range from "
                    f"{least} to {most} (for an input of {input.size()[2:]})"
                )
        return [size - low for size, low in zip(output_size, least, strict=True)]

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """(N, out_channels, *size); of the sizes that a stride allows, `output_size` picks one."""
        assert not isinstance(self.padding, str)
        room = self._room(input, output_size)
        run = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[self.dims - 1]
        return run(
            input, self.weight, self.bias, self.stride, self.padding, room, self.groups,
            self.dilation,
        )  # fmt: skip


class ConvTranspose1d(ConvTransposeNd):
    """(N, C, L) or (C, L) to (N, O, L'); sizes as in `F.conv_transpose1d`."""

    dims = 1


class ConvTranspose2d(ConvTransposeNd):
    """(N, C, H, W) or (C, H, W) to (N, O, H', W'); sizes as in `F.conv_transpose1d`."""

    dims = 2


class ConvTranspose3d(ConvTransposeNd):
    """(N, C, D, H, W) or (C, D, H, W) to (N, O, D', H', W'); as in `F.conv_transpose1d`."""

    dims = 3
