"""Pixels moved between channels and places, and channels between groups.

Source: aten/src/ATen/native/PixelShuffle.cpp, ChannelShuffle.cpp, cpu/PixelShuffleKernel.cpp.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import strides
from minitorch_np.op import op
from minitorch_np.ops.padding import suggested_for
from minitorch_np.shapes import Shape, listed
from minitorch_np.tensor import Tensor, empty

__all__ = ["channel_shuffle", "native_channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]

Array = NDArray[Any]


def check_factor(name: str, which: str, input: Tensor, factor: int) -> None:
    """Raise RuntimeError for too few dims or for a factor that is none."""
    if input.ndim < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {input.ndim} "
            "dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{name} expects a positive {which}, but got {factor}")


def arranged(input: Tensor, shape: Shape, values: Array) -> Tensor:
    """A new tensor of `shape` with these values, in the memory format of `input`."""
    if input.ndim == 5 and strides.is_channels_last_like(input.sizes, input.strides):
        raise RuntimeError("Unsupported memory format. Supports only ChannelsLast, Contiguous")
    out = empty(shape, suggested_for(shape, input), input.dtype)
    out.array[...] = values.reshape(shape)
    return out


@op("suggested", method=False)
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(*, C * r * r, H, W) as (*, C, H * r, W * r): r * r channels become the pixels of a square.

    Raises: RuntimeError where the channels do not make whole squares.
    """
    check_factor("pixel_shuffle", "upscale_factor", input, upscale_factor)
    r = upscale_factor
    *lead, c, h, w = input.sizes
    if c % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={c} is not divisible by {r * r}"
        )
    n = len(lead)
    squares = input.array.reshape(*lead, c // (r * r), r, r, h, w)
    order = (*range(n + 1), n + 3, n + 1, n + 4, n + 2)
    return arranged(input, (*lead, c // (r * r), h * r, w * r), squares.transpose(order))


@op("suggested", method=False)
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(*, C, H * r, W * r) as (*, C * r * r, H, W): the pixels of a square become channels.

    Raises: RuntimeError where the pixels do not make whole squares.
    """
    check_factor("pixel_unshuffle", "downscale_factor", input, downscale_factor)
    r = downscale_factor
    *lead, c, h, w = input.sizes
    for name, size, d in (("height", h, -2), ("width", w, -1)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({d})={size} is not divisible by {r}"
            )
    if not input.numel():  # ATen clones it as it is
        return empty(input.sizes, strides.like(input.sizes, input.strides), input.dtype)
    n = len(lead)
    squares = input.array.reshape(*lead, c, h // r, r, w // r, r)
    order = (*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return arranged(input, (*lead, c * r * r, h // r, w // r), squares.transpose(order))


pixel_shuffle.vjp(input=lambda g, upscale_factor: pixel_unshuffle(g, upscale_factor))
pixel_shuffle.jvp("linear")
pixel_unshuffle.vjp(input=lambda g, downscale_factor: pixel_shuffle(g, downscale_factor))
pixel_unshuffle.jvp("linear")


def regrouped(input: Tensor, groups: int) -> Tensor:
    """(N, C, *) with the channels, in `groups` rows, read column by column."""
    if input.ndim <= 2:
        raise RuntimeError(
            "channel_shuffle expects input with > 2 dims, but got input with sizes "
            f"{listed(input.sizes)}"
        )
    if groups <= 0:
        raise RuntimeError(
            f"Number of groups to divide channels in must be positive. Value of groups:{groups}"
        )
    n, c, *rest = input.sizes
    if c % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {c} channels and {groups} groups."
        )
    if not input.numel():
        return input.untracked()
    out = empty(input.sizes, suggested_for(input.sizes, input), input.dtype)
    grid = input.array.reshape(n, groups, c // groups, *rest)
    out.array[...] = np.swapaxes(grid, 1, 2).reshape(input.sizes)
    return out


@op("suggested", method=False)
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """(N, C, *) with the channels of `groups` groups taken in turn, one of each."""
    return regrouped(input, groups)


channel_shuffle.vjp(input=lambda g, groups: channel_shuffle(g, g.sizes[1] // groups))
channel_shuffle.jvp("linear")


@op("suggested", method=False, node="torch::autograd::NotImplemented")
def native_channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """`channel_shuffle` without a derivative."""
    return regrouped(input, groups)
