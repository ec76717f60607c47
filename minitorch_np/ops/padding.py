"""Padding: borders of a constant, of the mirror image, of the nearest element, or of the other end.

`padding` counts elements to add before and after each of the last dims, the last one first:
(left, right, top, bottom, front, back). Negative numbers cut elements off.
Source: aten/src/ATen/native/PadNd.cpp, Padding.h, cpu/PaddingKernel.cpp.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minitorch_np import strides
from minitorch_np.dtypes import bool_
from minitorch_np.guard import guarded
from minitorch_np.kernels.large import MANY, loop
from minitorch_np.loops import not_implemented, quietly
from minitorch_np.op import Recorded, composite, op
from minitorch_np.ops.copy import copy_, zeros
from minitorch_np.ops.scatter import as_element
from minitorch_np.ops.slicing import slice
from minitorch_np.ops.windows import bits, is_copied_by_loops
from minitorch_np.shapes import Shape, listed, narrow_start, numel
from minitorch_np.strides import LAYOUTS, Stride
from minitorch_np.tensor import Number, Tensor, empty

__all__ = ["constant_pad_nd"]

Array = NDArray[np.generic]
Padding = Sequence[int]


def suggested_for(shape: Shape, input: Tensor) -> Stride:
    """The stride of a result of `shape` in the memory format that `input` suggests."""
    layout = LAYOUTS["suggested"]
    assert layout is not None
    return layout(shape, ((input.sizes, input.strides),))


def each_dim(ndim: int, padding: Padding) -> list[tuple[int, int, int]]:
    """(dim, before, after) of every dim that is padded, the last one first."""
    pairs = zip(padding[::2], padding[1::2], strict=True)
    return [(ndim - 1 - i, before, after) for i, (before, after) in enumerate(pairs)]


def cut(input: Tensor, padding: Padding) -> Array:
    """The elements that negative padding leaves. Raises: RuntimeError where there are too few."""
    array, shape = input.array, [*input.sizes]
    for d, before, after in reversed(each_dim(input.ndim, padding)):
        for start, end in ((max(-before, 0), 0), (0, max(-after, 0))):
            if start or end:
                length = shape[d] - start - end
                narrow_start(tuple(shape), d, start, length)
                shape[d] = length
                array = array[(np.s_[:],) * d + (np.s_[start : start + length],)]
    return array


@op("suggested", method=False)
def constant_pad_nd(input: Tensor, pad: Padding, value: Number = 0) -> Tensor:
    """`input` with `value` around it. Source: aten/src/ATen/native/PadNd.cpp constant_pad_nd."""
    if len(pad) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(pad)}")
    if len(pad) > 2 * input.ndim:
        raise RuntimeError(
            "Length of pad should be no more than twice the number of dimensions of the input. "
            f"Pad length is {len(pad)}while the input has {input.ndim}dimensions."
        )
    inner = cut(input, pad)
    if all(n <= 0 for n in pad):
        out = empty(inner.shape, strides.like(inner.shape, input.strides), input.dtype)
        out.array[...] = inner
        return out
    pairs = each_dim(input.ndim, pad)
    shape = [*input.sizes]
    for d, before, after in pairs:
        shape[d] += before + after
    done = tuple(shape)
    out = empty(done, suggested_for(done, input), input.dtype)
    quietly(out.array.fill, as_element(value, input))
    target = out.array
    for d, before, after in pairs:
        target = target[(np.s_[:],) * d + (np.s_[max(before, 0) : shape[d] - max(after, 0)],)]
    target[...] = inner
    return out


constant_pad_nd.vjp(input=lambda g, pad: constant_pad_nd(g, [-n for n in pad], 0))
constant_pad_nd.jvp(input=lambda t, pad: constant_pad_nd(t, pad, 0))


def mirrored(size: int, before: int, after: int) -> NDArray[np.int64]:
    """Where each element of a dim padded by its mirror image comes from."""
    at = np.abs(np.arange(-before, size + after))
    return np.where(at < size, at, 2 * (size - 1) - at)


def clamped(size: int, before: int, after: int) -> NDArray[np.int64]:
    """Where each element of a dim padded by its first and last element comes from."""
    return np.clip(np.arange(-before, size + after), 0, size - 1)


def origins(sizes: Shape, padding: Padding, mirror: bool) -> NDArray[np.int64]:
    """The place in padded dims of these sizes, flat, that each element of the result is from."""
    count = len(padding) // 2
    index = mirrored if mirror else clamped
    at = np.zeros((1,) * count, np.int64)
    for d, before, after in reversed(each_dim(count, padding)):
        n = sizes[d - count]
        column = index(n, before, after).reshape((-1,) + (1,) * (count - 1 - d))
        at = at * n + column
    return at


def padded_shape(input: Tensor, padding: Padding, count: int, mirror: bool) -> Shape:
    """The shape of `input` with `count` dims padded. Raises: RuntimeError.

    Source: pad_shape_check, aten/src/ATen/native/Padding.h.
    """
    if len(padding) != 2 * count:
        raise RuntimeError(f"padding size is expected to be {2 * count}, but got: {len(padding)}")
    ndim, shape = input.ndim, [*input.sizes]
    if ndim not in (count + 1, count + 2) or 0 in shape[ndim - count - 1 :]:
        raise RuntimeError(
            f"Expected {count + 1}D or {count + 2}D (batch mode) tensor with possibly 0 batch size "
            f"and other non-zero dimensions for input, but got: {listed(shape)}"
        )
    for i, (d, before, after) in enumerate(each_dim(ndim, padding)):
        if mirror and max(before, after) >= shape[d]:
            raise RuntimeError(
                f"Argument #{4 + 2 * i}: Padding size should be less than the corresponding input "
                f"dimension, but got: padding ({before}, {after}) at dimension {d} of input "
                f"{listed(input.sizes)}"
            )
    for d, before, after in each_dim(ndim, padding):
        shape[d] += before + after
    if min(shape[-count:]) < 1:
        raise RuntimeError(too_small(input.sizes[-count:], shape[-count:]))
    return tuple(shape)


def too_small(given: Sequence[int], made: Sequence[int]) -> str:
    """The text of the error for a padded shape without elements."""
    count = len(given)
    names = "DHW"[3 - count :]
    if count == 1:
        return f"input (W: {given[0]}) is too small. Calculated output W: {made[0]}"
    sizes = " ".join(f"{name}: {n}" for name, n in zip(names, made, strict=True))
    inputs = ", ".join(f"{name}: {n}" for name, n in zip(names, given, strict=True))
    return f"Calculated output {sizes} must be >= 1 in every dimension (input {inputs})"


def padded(name: str, input: Tensor, padding: Padding, mirror: bool) -> Tensor:
    """`input` padded with elements of its own; `name` ends in the number of dims: '2d'."""
    count = int(name[-2])
    shape = padded_shape(input, padding, count, mirror)
    if input.dtype is bool_:
        last = count > 1 and strides.is_channels_last_like(input.sizes, input.strides)
        raise not_implemented(f"{name}_channels_last" if last else name, input.dtype)
    stride = suggested_for(shape, input) if count > 1 else strides.contiguous(shape)
    out = empty(shape, stride, input.dtype)
    if out.form.count >= MANY and out.form.contiguous and is_copied_by_loops(input.array):
        copy_lines(input, out, padding, mirror)
    else:
        planes = input.array.reshape((*input.sizes[:-count], numel(input.sizes[-count:])))
        out.array[...] = planes.take(origins(input.sizes, padding, mirror), -1)
    return out


def copy_lines(input: Tensor, out: Tensor, padding: Padding, mirror: bool) -> None:
    """`padded` by a loop over the lines of a result that lies in order."""
    before, after, *rest = padding
    width = input.sizes[-1]
    columns = (mirrored if mirror else clamped)(width, before, after)
    count = len(rest) // 2
    rows = numel(input.sizes[input.ndim - 1 - count : -1])
    lines = np.arange(numel(input.sizes[: input.ndim - 1 - count]))[:, None] * rows
    if rest:
        lines = lines + origins(input.sizes[:-1], rest, mirror).ravel()
    images, copies = bits(np.ascontiguousarray(input.array)), bits(out.array)
    first = min(max(before, 0), len(columns))
    last = max(first, len(columns) - max(after, 0))
    loop("windows.lines", images.dtype)(images, copies, lines.ravel() * width, columns, first, last)


def gathered(g: Tensor, input: Tensor, padding: Padding, mirror: bool) -> Tensor:
    """The gradient of `padded`: each element's, added in order where the element came from."""
    count = len(padding) // 2
    stride = suggested_for(input.sizes, input)
    if count == 1:
        stride = strides.contiguous(input.sizes)
    out = empty(input.sizes, stride, input.dtype)
    inner = numel(input.sizes[-count:])
    total = np.zeros((input.numel() // inner, inner), input.dtype.np)
    at = origins(input.sizes, padding, mirror).ravel() + np.arange(len(total))[:, None] * inner
    quietly(np.add.at, total.reshape(-1), at.ravel(), g.array.ravel())
    out.array[...] = total.reshape(input.sizes)
    return out


@op("contiguous", method=False, node="ReflectionPad1DBackward0")
def reflection_pad1d(input: Tensor, padding: Padding) -> Tensor:
    """(N, C, W) or (C, W) with the last dim padded by its mirror image."""
    return padded("reflection_pad1d", input, padding, True)


@op("suggested", method=False, node="ReflectionPad2DBackward0")
def reflection_pad2d(input: Tensor, padding: Padding) -> Tensor:
    """(N, C, H, W) or (C, H, W) with the last two dims padded by their mirror image."""
    return padded("reflection_pad2d", input, padding, True)


@op("suggested", method=False, node="ReflectionPad3DBackward0")
def reflection_pad3d(input: Tensor, padding: Padding) -> Tensor:
    """(N, C, D, H, W) or (C, D, H, W) with the last three dims padded by their mirror image."""
    return padded("reflection_pad3d", input, padding, True)


@op("contiguous", method=False, node="ReplicationPad1DBackward0")
def replication_pad1d(input: Tensor, padding: Padding) -> Tensor:
    """(N, C, W) or (C, W) with the last dim padded by its first and last elements."""
    return padded("replication_pad1d", input, padding, False)


@op("suggested", method=False, node="ReplicationPad2DBackward0")
def replication_pad2d(input: Tensor, padding: Padding) -> Tensor:
    """(N, C, H, W) or (C, H, W) with the last two dims padded by their outermost elements."""
    return padded("replication_pad2d", input, padding, False)


@op("suggested", method=False, node="ReplicationPad3DBackward0")
def replication_pad3d(input: Tensor, padding: Padding) -> Tensor:
    """(N, C, D, H, W) or (C, D, H, W) with the last three dims padded by outermost elements."""
    return padded("replication_pad3d", input, padding, False)


@op("contiguous", method=False, node="ReflectionPad1DBackwardBackward0")
def reflection_pad1d_backward(grad_output: Tensor, input: Tensor, padding: Padding) -> Tensor:
    """The gradient of `reflection_pad1d`."""
    return gathered(grad_output, input, padding, True)


@op("suggested", method=False, node="ReflectionPad2DBackwardBackward0")
def reflection_pad2d_backward(grad_output: Tensor, input: Tensor, padding: Padding) -> Tensor:
    """The gradient of `reflection_pad2d`."""
    return gathered(grad_output, input, padding, True)


@op("suggested", method=False, node="ReflectionPad3DBackwardBackward0")
def reflection_pad3d_backward(grad_output: Tensor, input: Tensor, padding: Padding) -> Tensor:
    """The gradient of `reflection_pad3d`."""
    return gathered(grad_output, input, padding, True)


@op("contiguous", method=False, node="ReplicationPad1DBackwardBackward0")
def replication_pad1d_backward(grad_output: Tensor, input: Tensor, padding: Padding) -> Tensor:
    """The gradient of `replication_pad1d`."""
    return gathered(grad_output, input, padding, False)


@op("suggested", method=False, node="ReplicationPad2DBackwardBackward0")
def replication_pad2d_backward(grad_output: Tensor, input: Tensor, padding: Padding) -> Tensor:
    """The gradient of `replication_pad2d`."""
    return gathered(grad_output, input, padding, False)


@op("suggested", method=False, node="ReplicationPad3DBackwardBackward0")
def replication_pad3d_backward(grad_output: Tensor, input: Tensor, padding: Padding) -> Tensor:
    """The gradient of `replication_pad3d`."""
    return gathered(grad_output, input, padding, False)


def rules(forward: Recorded[..., Tensor], backward: Recorded[..., Tensor]) -> None:
    """Make each of two ops the gradient of the other."""
    forward.vjp(input=lambda g, input, padding: backward(g, input, padding))
    forward.jvp("linear")
    backward.vjp(
        grad_output=lambda g, padding: forward(g, padding),
        input=lambda g, input_shape: zeros(g, input_shape),
    )


rules(reflection_pad1d, reflection_pad1d_backward)
rules(reflection_pad2d, reflection_pad2d_backward)
rules(reflection_pad3d, reflection_pad3d_backward)
rules(replication_pad1d, replication_pad1d_backward)
rules(replication_pad2d, replication_pad2d_backward)
rules(replication_pad3d, replication_pad3d_backward)


def pad_circular(input: Tensor, padding: Padding) -> Tensor:
    """`input` with each end of its dims from 2 on continued by the other end.

    Written piece by piece, so that corners are copies of borders. Source: PadNd.cpp _pad_circular.
    """
    count = input.ndim - 2 if input.ndim > len(padding) // 2 + 1 else input.ndim - 1
    dims = each_dim(input.ndim, padding)[:count]
    shape = [*input.sizes]
    for d, before, after in reversed(dims):
        n = shape[d]
        shape[d] += before + after
        if max(before, after) > n:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if shape[d] < 0:
            raise RuntimeError("Negative padding value is resulting in an empty dimension")
    out = empty(tuple(shape), strides.contiguous(tuple(shape)), input.dtype)
    target, source = out, input
    for d, before, after in dims:
        target = slice(target, d, max(before, 0), shape[d] - max(after, 0))
        source = slice(source, d, max(-before, 0), input.sizes[d] - max(-after, 0))
    copy_(target, source)
    for d, before, after in dims:
        first, end = max(before, 0), shape[d] - max(after, 0)
        if before > 0:
            copy_(slice(out, d, 0, before), slice(out, d, end - before, end))
        if after > 0:
            copy_(slice(out, d, end, shape[d]), slice(out, d, first, first + after))
    return out


_FORMS = {
    "reflect": [reflection_pad1d, reflection_pad2d, reflection_pad3d],
    "replicate": [replication_pad1d, replication_pad2d, replication_pad3d],
    "circular": [pad_circular] * 3,
}


@composite(method=False, python=True)
def pad(input: Tensor, pad: Padding, mode: str = "constant", value: Number | None = None) -> Tensor:
    """`input` with its last dims padded by (left, right, top, bottom, front, back), the last first.

    `mode` says with what: 'constant' (`value`, else 0), 'reflect', 'replicate' or 'circular'.
    Source: aten/src/ATen/native/PadNd.cpp pad.
    """
    return _padded(input, pad, mode, value)


def _pad(input: Tensor, pad: Padding, mode: str, value: Number | None) -> Tensor:
    if mode != "constant" and mode not in _FORMS:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * input.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(pad)} and input of dimension {input.ndim}"
        )
    if mode == "constant":
        return constant_pad_nd(input, pad, 0.0 if value is None else float(value))
    if value is not None:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    count = len(pad) // 2
    if not 1 <= count <= 3 or input.ndim not in (count + 1, count + 2):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {input.ndim}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    return _FORMS[mode][count - 1](input, pad)


_padded = guarded(_pad, "pad")
