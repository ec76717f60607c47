"""What normalisation does to channels: moments, and sums that scale and shift each one.

Arrays are (outer, c, inner), of float32 or float64; values of a channel, arrays of c, have their
dtype. Large float32 arrays in C order go to compiled loops.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.dtypes import float32
from minitorch_np.kernels.large import MANY, dense, loop
from minitorch_np.loops import converted
from minitorch_np.shapes import numel
from minitorch_np.tensor import Tensor

__all__ = [
    "affine", "channels_last", "check_alike", "cube", "moments", "over", "plane", "slopes", "small",
    "stored_as", "vector", "weights",
]  # fmt: skip

Array = NDArray[Any]

_IN_PAIRS = 128
"""Elements up to which NumPy's sum is one pass over them, as the loops for small arrays take it."""

WIDE = 16
"""Channels from which columns are walked side by side."""


def vector(t: Tensor, like: Array) -> Array:
    """A value a channel in the dtype of `like`, in one piece."""
    return np.ascontiguousarray(t.array, like.dtype).reshape(-1)


def weights(t: Tensor | None, like: Array) -> Array | None:
    """`vector`, or None where there is none."""
    return None if t is None else vector(t, like)


def stored_as(input: Tensor, *parameters: Tensor | None) -> Dtype:
    """The dtype of saved statistics: the input's, or float32 beside halves where parameters are.

    Raises: RuntimeError where dtypes do not go together. Source: native/cpu/mixed_data_type.h.
    """
    given = [t.dtype for t in parameters if t is not None]
    if not given or given[0] is input.dtype:
        return input.dtype
    if any(dtype is not float32 for dtype in given):
        raise RuntimeError("mixed dtype (CPU): expect parameter to have scalar type of Float")
    if not input.dtype.is_half:
        raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")
    return float32


def check_alike(dtype: Dtype, *parameters: Tensor | None) -> None:
    """Raise RuntimeError for a parameter of another dtype than the first one's."""
    for t in parameters:
        if t is not None and t.dtype is not dtype:
            raise RuntimeError(
                f"expected scalar type {dtype.aten_name} but found {t.dtype.aten_name}"
            )


def small(input: Tensor, inner: int, *values: Tensor | None) -> bool:
    """Whether the loops for small arrays take channels in blocks of so many elements, and what
    there is of their values: all is float32 in C order."""
    if input.form.swift != 0 or input.form.count >= MANY or inner > _IN_PAIRS:
        return False
    return all(t is None or t.form.swift == 0 for t in values)


def cube(t: Tensor, last: bool) -> Array:
    """A tensor of (N, C, *) as (outer, C, inner), to compute with.

    `last` says that channels are to be the fastest dim, else positions. Without a copy where the
    tensor lies so, and is no half.
    """
    a = converted(t, t.dtype)
    assert isinstance(a, np.ndarray)
    n, c = t.sizes[:2]
    inner = numel(t.sizes[2:])
    if last:
        return np.moveaxis(a, 1, -1).reshape(n * inner, c, 1)
    return np.ascontiguousarray(a).reshape(n, c, inner)


def channels_last(t: Tensor) -> bool:
    """Whether a new tensor in the memory format that `t` suggests has its channels last."""
    return strides.is_channels_last_like(t.sizes, t.strides)


def suited(*arrays: Array) -> str | None:
    """The ending of the loop's name for such arrays; None where none walks them."""
    a = arrays[0]
    if not all(dense(x) for x in arrays):
        return None
    if a.shape[2] == 1:
        return "_columns" if a.shape[1] >= WIDE else None
    return ""


def run(name: str, arrays: list[Array], values: list[Array]) -> bool:
    """Whether a loop did the work."""
    ending = suited(*arrays)
    if ending is None:
        return False
    outer, c, size = arrays[0].shape
    inner, every = ([], [0, c]) if ending else ([size], [0, c if name in _SUMS else outer * c])
    if ending and name not in _SUMS:
        every = []
    loop(f"channels.{name}{ending}")(*arrays, *inner, *values, *every)
    return True


_SUMS = ("moments", "slopes")
"""Loops over channels; others go block by block."""


def over(values: Array) -> Array:
    """A value a channel, to broadcast against an array."""
    return values[None, :, None]


def moments(a: Array) -> tuple[Array, Array]:
    """The mean of each channel, and the sum of squared distances from it."""
    c = a.shape[1]
    mean, spread = np.empty(c, a.dtype), np.empty(c, a.dtype)
    if run("moments", [a], [mean, spread]):
        return mean, spread
    n = a.shape[0] * a.shape[2]
    mean[:] = np.add.reduce(a, (0, 2), np.float64) / np.float64(n)
    apart = np.subtract(a, over(mean))
    np.multiply(apart, apart, out=apart)
    spread[:] = np.add.reduce(apart, (0, 2), np.float64)
    return mean, spread


def affine(a: Array, out: Array, scale: Array, shift: Array) -> None:
    """Write a * scale + shift, by channel."""
    if not run("affine", [a, out], [scale, shift]):
        np.multiply(a, over(scale), out=out)
        np.add(out, over(shift), out=out)


def slopes(g: Array, a: Array, about: Array) -> tuple[Array, Array]:
    """The sums of g and of g * (a - about), by channel."""
    c = a.shape[1]
    total, slope = np.empty(c, a.dtype), np.empty(c, a.dtype)
    if not run("slopes", [g, a], [about, total, slope]):
        total[:] = np.add.reduce(g, (0, 2), np.float64)
        slope[:] = np.add.reduce(g * (a - over(about)), (0, 2), np.float64)
    return total, slope


def plane(g: Array, a: Array, out: Array, by_g: Array, by_a: Array, shift: Array) -> None:
    """Write g * by_g + a * by_a + shift, by channel."""
    if not run("plane", [g, a, out], [by_g, by_a, shift]):
        np.multiply(g, over(by_g), out=out)
        out += a * over(by_a)
        out += over(shift)
