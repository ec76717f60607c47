"""Images of another size: nearest elements, linear, cubic and antialiased interpolation.

Shapes are (N, C, W), (N, C, H, W) or (N, C, D, H, W); the dims from 2 on are resampled, the last
first. Source: aten/src/ATen/native/UpSample*.cpp, cpu/UpSampleKernel.cpp.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import strides
from minitorch_np.dtypes import uint8
from minitorch_np.loops import not_implemented, quietly
from minitorch_np.ops import taps
from minitorch_np.ops.padding import suggested_for
from minitorch_np.ops.taps import Taps
from minitorch_np.shapes import Shape, listed
from minitorch_np.tensor import Tensor, empty

__all__ = ["output_size", "upsampled", "upsampled_backward"]

Array = NDArray[Any]
Scales = tuple[float | None, ...]


def check_sizes(old: Shape, new: Shape, ndim: int) -> None:
    """Nothing, when an image of shape `old` can get the size `new`. Raises: RuntimeError.

    Source: upsample_2d_common_check, aten/src/ATen/native/UpSample.h.
    """
    if len(new) != ndim:
        raise RuntimeError(f"It is expected output_size equals to {ndim}, but got size {len(new)}")
    if len(old) != ndim + 2:
        raise RuntimeError(
            f"It is expected input_size equals to {ndim + 2}, but got size {len(old)}"
        )
    if min(*old[2:], *new) <= 0:
        names = "DHW"[3 - ndim :]
        a, b = [
            ", ".join(f"{name}: {n}" for name, n in zip(names, sizes, strict=True))
            for sizes in (old[2:], new)
        ]
        joint = ") and output (" if ndim == 1 else ") output ("
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input ({a}{joint}{b})"
        )


def kernel_taps(
    mode: str, old: int, new: int, align: bool, scale: float | None, kind: np.dtype[Any],
    direct: bool,
) -> Taps:  # fmt: skip
    """The taps of a mode; `direct` tells ATen's loops over channels from those over all dims."""
    if mode == "nearest" or mode == "exact":
        which = np.dtype(np.float32) if direct else kind
        return taps.nearest(old, new, scale, which, mode == "exact", direct)
    if mode.endswith("_aa"):
        return taps.antialiased(old, new, align, scale, kind, mode[:-3])
    find = taps.linear if mode == "linear" else taps.cubic
    return find(old, new, align, scale, kind)


def is_direct(input: Tensor, new: Shape, mode: str) -> bool:
    """Whether ATen takes a loop over channels for an image.

    Source: _use_vectorized_kernel_cond_2d and _3d, UpSampleKernel.cpp.
    """
    channels = input.sizes[1]
    if len(new) == 2 and (sum(new) <= 128 or (mode == "linear" and channels == 3)):
        return True
    last = strides.is_channels_last if len(new) == 2 else strides.is_channels_last_3d
    return len(new) > 1 and channels > 3 and last(input.sizes, input.strides)


def check_dtype(input: Tensor, mode: str, direct: bool) -> None:
    """Raise NotImplementedError for a dtype that ATen's loop does not take."""
    dtype, ndim = input.dtype, input.ndim - 2
    if mode.endswith("_aa"):
        fine = (dtype.is_floating_point and not dtype.is_half) or dtype is uint8
        name = "compute_index_ranges_weights"
    else:
        whole = mode in ("nearest", "exact") or ndim == 2
        fine = dtype.is_floating_point or (whole and dtype is uint8)
        name = f"compute_indices_weights_{'nearest' if mode == 'exact' else mode}"
        if direct:
            kind = {"linear": "bilinear" if ndim == 2 else "trilinear"}.get(mode, "nearest")
            name = f"upsample_{kind}{ndim}d_channels_last"
    if not fine:
        raise not_implemented(name, dtype)


def upsampled(input: Tensor, size: Shape, scales: Scales, mode: str, align: bool) -> Tensor:
    """An image of another size."""
    ndim = len(scales)
    old, new = input.sizes, tuple(size)
    check_sizes(old, new, ndim)
    if 0 in old[1:]:
        raise RuntimeError(
            f"Non-empty {ndim + 2}D data tensor expected but got a tensor with sizes {listed(old)}"
        )
    direct = mode != "cubic" and is_direct(input, new, mode)
    check_dtype(input, mode, direct)
    shape = (*old[:2], *new)
    out = empty(shape, suggested_for(shape, input), input.dtype)
    if not out.numel():
        return out
    if input.dtype is uint8 and mode not in ("nearest", "exact"):
        out.array[...] = of_bytes(input.array, new, scales, mode, align)
        return out
    array, kind = input.array, input.dtype.compute
    if mode not in ("nearest", "exact"):
        array = array.astype(kind, copy=False)
    elif input.dtype is uint8:
        kind = np.dtype(np.float32)
    into: Array | None = None
    for d in range(ndim - 1, -1, -1):
        found = kernel_taps(mode, old[d + 2], new[d], align, scales[d], kind, direct)
        if input.dtype.is_half and not direct:
            found = narrowed(found, input.dtype.np)
        if d == 0 and out.form.contiguous and out.dtype.np == array.dtype:
            into = out.array
        array = taps.resampled(array, found, d + 2, into)
    if array is not into:
        quietly(np.copyto, out.array, array, casting="unsafe")
    return out


def narrowed(found: Taps, half: np.dtype[Any]) -> Taps:
    """Taps with weights that are numbers of a half type; of two, the first makes up 1."""
    if found.weight is None:
        return found
    weight = found.weight.copy()
    if weight.shape[1] == 2:
        weight[:, 0] = 1 - weight[:, 1].astype(half).astype(weight.dtype)
    return Taps(found.at, weight.astype(half).astype(weight.dtype))


def of_bytes(a: Array, new: Shape, scales: Scales, mode: str, align: bool) -> Array:
    """`upsampled` for bytes, which are rounded after each dim."""
    name, _, smooth = mode.partition("_")
    for d in range(len(new) - 1, -1, -1):
        found, bits = taps.rounded(a.shape[d + 2], new[d], align, scales[d], name, bool(smooth))
        a = taps.resampled_bytes(a, found, bits, d + 2)
    return a


def upsampled_backward(
    g: Tensor, size: Shape, input_size: Shape, scales: Scales, mode: str, align: bool
) -> Tensor:
    """The gradient of `upsampled`: each element gets its share of those it went into."""
    ndim = len(scales)
    old, new = tuple(input_size), tuple(size)
    stride = suggested_for(old, g)
    if ndim == 1 or mode in ("cubic", "cubic_aa", "lanczos_aa"):
        stride = strides.contiguous(old)
    out = empty(old, stride, g.dtype)
    if not out.numel():
        return out
    array = g.array.astype(g.dtype.compute, copy=False)
    for d in range(ndim):
        found = kernel_taps(mode, old[d + 2], new[d], align, scales[d], g.dtype.compute, True)
        array = taps.folded(array, found, old[d + 2], d + 2)
    quietly(np.copyto, out.array, array, casting="unsafe")
    return out


def output_size(shape: Shape, size: Sequence[int] | None, factors: Sequence[float] | None) -> Shape:
    """The size of the dims from 2 on that is asked for, or that `factors` lead to.

    Source: compute_output_size, aten/src/ATen/native/UpSample.cpp.
    """
    if size is not None:
        return tuple(size)
    assert factors is not None
    wanted = [n * f for n, f in zip(shape[2:], factors, strict=True)]
    if not all(abs(n) < 1 << 63 for n in wanted):
        raise RuntimeError("value cannot be converted to type int64_t without overflow")
    return tuple([math.trunc(n) for n in wanted])
