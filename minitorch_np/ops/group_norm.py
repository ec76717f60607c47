"""Group normalisation: each group of channels of a sample to mean 0 and variance 1, then weighed.

Source: aten/src/ATen/native/group_norm.cpp and cpu/group_norm_kernel.cpp.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.loops import finish, not_implemented, quietly, untrue
from minitorch_np.op import composite, op
from minitorch_np.ops.channels import (
    affine,
    check_alike,
    cube,
    moments,
    plane,
    slopes,
    stored_as,
    vector,
)
from minitorch_np.shapes import Shape, listed, numel, refuse_negative
from minitorch_np.strides import contiguous, suggested
from minitorch_np.tensor import Tensor, empty

__all__ = ["group_norm", "native_group_norm"]

Array = NDArray[Any]
Sizes = tuple[int, int, int, int]
"""Samples, channels, positions and groups."""
Gradients = tuple[Tensor | None, Tensor | None, Tensor | None]


def check_inputs(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    channels: int,
    positions: int,
    groups: int,
) -> None:
    """Raise RuntimeError where groups or parameters do not fit the channels."""
    for name, n in (("number of channels", channels), ("HxW", positions)):
        if n <= 0:
            raise RuntimeError(f"Expected {name} to be greater than 0, got {n}")
    if groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {groups}")
    if channels % groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {listed(input.sizes)} and num_groups={groups}"
        )
    for name, t in (("weight", weight), ("bias", bias)):
        if t is not None and (t.ndim != 1 or t.numel() != channels):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, "
                f"but got {name} of shape {listed(t.sizes)} and input of shape "
                f"{listed(input.sizes)}"
            )


@op("suggested", method=False, called="input")
def native_group_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    N: int,
    C: int,
    HxW: int,
    group: int,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """(input - mean) * rstd * weight + bias by group of channels; the means and the rstds, (N, G).

    `input` has N * C * HxW elements, C channels in dim 1.
    """
    check_inputs(input, weight, bias, C, HxW, group)
    stored = stored_as(input, weight, bias)
    check_alike(stored, weight, bias)
    out = empty(input.sizes, suggested(input.sizes, input.strides), input.dtype)
    refuse_negative((N, group))
    if input.numel() and not input.dtype.is_floating_point:
        raise not_implemented("GroupNormKernelImpl", input.dtype)
    if input.numel() != N * C * HxW:
        raise untrue("X.numel() == N * C * HxW")
    if not input.numel():
        mean, rstd = np.zeros((N, group), np.float32), np.full((N, group), np.nan, np.float32)
        return out, finish(mean, stored, None), finish(rstd, stored, None)
    a = planes(input, N, C, HxW)
    mean, rstd = quietly(statistics, a, N * group, eps)
    many = C // group
    scale = np.repeat(rstd, many)
    if weight is not None:
        scale *= np.tile(vector(weight, a), N)
    shift = -np.repeat(mean, many) * scale
    if bias is not None:
        shift += np.tile(vector(bias, a), N)
    y = out.array.reshape(a.shape) if lies_so(out) and out.dtype.np == a.dtype else np.empty_like(a)
    quietly(affine, a, y, scale, shift)
    if not np.may_share_memory(y, out.array):
        out.array[...] = y.reshape(input.sizes)
    kept = [values.reshape(N, group) for values in (mean, rstd)]
    return out, finish(kept[0], stored, None), finish(kept[1], stored, None)


def lies_so(t: Tensor) -> bool:
    """Whether a tensor is in C order."""
    return t.strides == contiguous(t.sizes)


def planes(t: Tensor, n: int, c: int, hw: int) -> Array:
    """A tensor as (1, N * C, HxW), to compute with."""
    return cube(t, last=False).reshape(1, n * c, hw)


def statistics(a: Array, rows: int, eps: float) -> tuple[Array, Array]:
    """The means and rstds of so many equal rows."""
    by_row = a.reshape(1, rows, a.size // rows)
    mean, spread = moments(by_row)
    variance = spread / a.dtype.type(by_row.shape[2])
    return mean, (1 / np.sqrt(variance + a.dtype.type(eps))).astype(a.dtype)


def _backward(
    g_result0: Tensor | None,
    g_result1: Tensor | None,
    g_result2: Tensor | None,
    input: Tensor,
    result1: Tensor,
    result2: Tensor,
    weight: Tensor | None,
    N: int,
    C: int,
    HxW: int,
    group: int,
    eps: float,
    wanted: tuple[bool, bool, bool],
) -> Gradients:
    sizes = N, C, HxW, group
    if is_grad_enabled():
        made = differentiable_backward(g_result0, input, result1, result2, weight, sizes, wanted)
    elif g_result0 is not None:
        made = native_group_norm_backward(
            g_result0, input, result1, result2, weight, *sizes, wanted
        )
    else:
        made = None, None, None
    if not wanted[0] or (g_result1 is None and g_result2 is None):
        return made
    more = through_statistics(g_result1, g_result2, input, result1, result2, sizes)
    return more if made[0] is None else made[0] + more, made[1], made[2]


native_group_norm.vjp(input=_backward, weight=_backward, bias=_backward)


def _pushed(
    t: Tensor, input: Tensor, mean: Tensor, rstd: Tensor, weight: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """The tangents of the result, the means and the rstds.

    Source: group_norm_jvp, torch/csrc/autograd/FunctionsManual.cpp.
    """
    kept = (*mean.sizes, 1)
    along, middle, by = t.reshape(_rows(input, mean)), mean.view(kept), rstd.view(kept)
    normal = (input.reshape(along.sizes) - middle) * by
    part, moved = (normal * along).mean(-1, True), along.mean(-1, True)
    out = ((along - moved - normal * part) * by).reshape(input.sizes)
    if weight is not None:
        out = out * _by_channel(weight, input)
    return out, moved.squeeze(-1), (-by * by * part).squeeze(-1)


def _rows(input: Tensor, mean: Tensor) -> Shape:
    """The shape of the input with the elements of each mean in one dim."""
    return (*mean.sizes, input.numel() // max(mean.numel(), 1))


def _by_channel(values: Tensor, input: Tensor) -> Tensor:
    return values.view((1, -1, *[1] * (input.ndim - 2)))


def _weighted(t: Tensor, input: Tensor, mean: Tensor, rstd: Tensor) -> tuple[Tensor, None, None]:
    """What the tangent of the weight adds."""
    kept = (*mean.sizes, 1)
    normal = (input.reshape(_rows(input, mean)) - mean.view(kept)) * rstd.view(kept)
    return normal.reshape(input.sizes) * _by_channel(t, input), None, None


native_group_norm.jvp(
    input=lambda t, input, result1, result2, weight: _pushed(t, input, result1, result2, weight),
    weight=lambda t, input, result1, result2: _weighted(t, input, result1, result2),
    bias=lambda t, input: (_by_channel(t, input).expand(input.sizes), None, None),
)


@op("suggested", method=False)
def native_group_norm_backward(
    grad_out: Tensor,
    input: Tensor,
    mean: Tensor,
    rstd: Tensor,
    weight: Tensor | None,
    N: int,
    C: int,
    HxW: int,
    group: int,
    output_mask: tuple[bool, bool, bool],
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of the input, the weight and the bias, None where the mask says so."""
    if grad_out.dtype is not input.dtype:
        raise RuntimeError("Expected scalar types of X and dY are same.")
    kept = input.dtype if weight is None else weight.dtype
    a, g = planes(input, N, C, HxW), planes(grad_out, N, C, HxW)
    middle, by = (np.repeat(vector(t, a), C // group) for t in (mean, rstd))
    made: list[Tensor | None] = [None, None, None]
    total, slope = quietly(slopes, g, a, middle)
    if output_mask[0]:
        w = np.ones(N * C, a.dtype) if weight is None else np.tile(vector(weight, a), N)
        made[0] = empty(input.sizes, suggested(input.sizes, input.strides), input.dtype)
        values = quietly(slope_of_input, g, a, (middle, by, w), (total, slope), N * group)
        made[0].array[...] = values.reshape(input.sizes)
    if output_mask[1]:
        values = (slope * by).reshape(N, C).sum(0)
        made[1] = finish(values, kept, None)
    if output_mask[2]:
        made[2] = finish(total.reshape(N, C).sum(0), kept, None)
    return made[0], made[1], made[2]  # pyright: ignore[reportReturnType]  # as PyTorch's undefined


def slope_of_input(
    g: Array, a: Array, by_channel: tuple[Array, Array, Array], sums: tuple[Array, Array], rows: int
) -> Array:
    """The gradient of channels that were normalised in so many rows; see `curvature`."""
    if not rows:
        return a
    mean, rstd, weight = by_channel
    n = a.dtype.type(a.size // rows)
    many = mean.size // rows

    def by_row(values: Array) -> Array:
        return np.repeat((values * weight).reshape(rows, many).sum(1), many) / n

    level, turn = by_row(sums[0]), by_row(sums[1]) * rstd * rstd
    out = np.empty_like(a)
    plane(g, a, out, weight * rstd, -turn * rstd, (turn * mean - level) * rstd)
    return out


def differentiable_backward(
    g_out: Tensor | None,
    input: Tensor,
    mean: Tensor,
    rstd: Tensor,
    weight: Tensor | None,
    sizes: Sizes,
    wanted: tuple[bool, bool, bool],
) -> Gradients:
    """`native_group_norm_backward` in ops that have gradients.

    Source: infinitely_differentiable_native_group_norm_backward, FunctionsManual.cpp.
    """
    n, c, hw, groups = sizes
    if g_out is None:
        return None, None, None
    shape = (n, groups, c // groups, hw)
    x, g = input.reshape(shape), g_out.reshape(shape)
    middle, by = mean.reshape(n, groups, 1, 1), rstd.reshape(n, groups, 1, 1)
    slope, total = (g * x).sum(3, True), g.sum(3, True)
    g_input = g_weight = g_bias = None
    if wanted[0]:
        g_input = _through(g, x, middle, by, weight, (slope, total), share_of(sizes))
        g_input = g_input.reshape(input.sizes)
    if wanted[1]:
        g_weight = ((slope - total * middle) * by).sum(0).reshape(c)
    if wanted[2]:
        g_bias = total.sum(0).reshape(c)
    return g_input, g_weight, g_bias


def share_of(sizes: Sizes) -> float:
    """One over the number of elements that are normalised together."""
    _, c, hw, groups = sizes
    return 1 / (c // groups * hw)


def through_statistics(
    g_mean: Tensor | None,
    g_rstd: Tensor | None,
    input: Tensor,
    mean: Tensor,
    rstd: Tensor,
    sizes: Sizes,
) -> Tensor:
    """The gradient of the input through the means and rstds that are returned."""
    n, c, hw, groups = sizes
    x = input.contiguous().view((n, groups, c // groups, hw))
    middle, by = mean.reshape(n, groups, 1, 1), rstd.reshape(n, groups, 1, 1)
    level = turn = None
    if g_mean is not None:
        level = (g_mean.reshape(n, groups, 1, 1) * share_of(sizes)).expand_as(x).contiguous()
    if g_rstd is not None:
        turn = (x - middle) * (g_rstd.reshape(n, groups, 1, 1) * by.pow(3) * -share_of(sizes))
    made = turn if level is None else level if turn is None else level + turn
    assert made is not None
    return made.view(input.sizes)


def _through(
    g: Tensor,
    x: Tensor,
    mean: Tensor,
    rstd: Tensor,
    weight: Tensor | None,
    sums: tuple[Tensor, Tensor],
    share: float,
) -> Tensor:
    """The gradient of the input through what it was normalised to."""
    scale = rstd
    slope, total = sums
    if weight is not None:
        w = weight.reshape(1, x.sizes[1], x.sizes[2], 1)
        scale, slope, total = rstd * w, slope * w, total * w
    slope, total = slope.sum(2, True), total.sum(2, True)
    turn = (total * mean - slope) * rstd * rstd * rstd * share
    return scale * g + turn * x + (-turn * mean - total * rstd * share)


@composite(method=False)
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-05,
    cudnn_enabled: bool = True,
) -> Tensor:
    """`input`, (N, C, *), with each group of C / num_groups channels at mean 0 and variance 1.

    Times `weight` plus `bias` by channel. Source: Wu and He, Group Normalization (2018).
    """
    del cudnn_enabled
    n, c, *rest = input.sizes
    positions = numel(tuple(rest))
    check_inputs(input, weight, bias, c, positions, num_groups)
    return native_group_norm(input, weight, bias, n, c, positions, num_groups, eps)[0]
