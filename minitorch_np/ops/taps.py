"""Resampling along one dim: which elements, its taps, each new element is a weighted sum of.

Taps are found once for a pair of sizes; images are then resampled one dim after the other.
Source: aten/src/ATen/native/UpSample.h, cpu/UpSampleKernel.cpp.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_np.kernels.large import dense, loop
from minitorch_np.shapes import Shape, numel

__all__ = ["Taps", "antialiased", "cubic", "folded", "linear", "nearest", "resampled", "rounded"]

Array = NDArray[Any]
Filter = Callable[[Array], Array]


class Taps(NamedTuple):
    """Of every new element its taps, (new size, taps), and their weights, None for a single 1."""

    at: NDArray[np.int64]
    weight: Array | None


def step_of(old: int, new: int, align: bool, scale: float | None, kind: np.dtype[Any]) -> Array:
    """How far apart new elements are, in old ones. `align` puts the outermost on each other."""
    if align:
        return kind.type(old - 1) / kind.type(new - 1) if new > 1 else kind.type(0)
    if scale is not None and scale > 0:
        return kind.type(1.0 / scale)
    return kind.type(old) / kind.type(new)


def sources(
    old: int, new: int, align: bool, scale: float | None, kind: np.dtype[Any], clamp: bool
) -> Array:
    """Where new elements lie among old ones, whose centres are at whole numbers."""
    step = step_of(old, new, align, scale, kind)
    at = np.arange(new).astype(kind)
    if align:
        return step * at
    found = step * (at + kind.type(0.5)) - kind.type(0.5)
    return np.maximum(found, 0) if clamp else found


def nearest(
    old: int, new: int, scale: float | None, kind: np.dtype[Any], exact: bool, shortcut: bool
) -> Taps:
    """The element that each new one's start falls on or, if `exact`, the one nearest its centre.

    With `shortcut` sizes that are equal or doubled are known without a scale.
    """
    if exact and shortcut:
        step = step_of(old, new, False, scale, kind)
        at = np.floor((np.arange(new).astype(kind) + kind.type(0.5)) * step)
    elif exact:
        found = sources(old, new, False, scale, kind, True)
        at = np.floor((found + 0.5).astype(np.float32))
    elif shortcut and new in (old, 2 * old):
        at = np.arange(new) // (new // old)
    else:
        step = step_of(old, new, False, scale, kind)
        at = np.floor((step * np.arange(new).astype(kind)).astype(np.float32))
    return Taps(np.minimum(at.astype(np.int64), old - 1)[:, None], None)


def linear(old: int, new: int, align: bool, scale: float | None, kind: np.dtype[Any]) -> Taps:
    """The two neighbours of each new element, weighed by how near they are."""
    if old == new:
        return Taps(np.arange(new)[:, None], None)
    found = sources(old, new, align, scale, kind, True)
    first = np.minimum(found.astype(np.int64), old - 1)
    share = np.clip(found - first.astype(kind), 0, 1).astype(kind)
    index = np.stack([first, np.minimum(first + 1, old - 1)], 1)
    return Taps(index, np.stack([1 - share, share], 1))


def cubic(old: int, new: int, align: bool, scale: float | None, kind: np.dtype[Any]) -> Taps:
    """Four neighbours, weighed by cubic convolution; those beyond an end are the element there."""
    found = sources(old, new, align, scale, kind, False)
    first = np.minimum(np.floor(found).astype(np.int64), old - 1)
    share = np.clip(found - first.astype(kind), 0, 1).astype(kind)
    index = np.clip(first[:, None] + np.arange(-1, 3), 0, old - 1)
    return Taps(index, cubic_weights(share))


def cubic_weights(share: Array) -> Array:
    """The weights of the neighbours at -1, 0, 1 and 2 of a point at `share` in [0, 1].

    R. Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -0.75.
    """
    near = [inner(share, -0.75), inner(1 - share, -0.75)]
    return np.stack([outer(share + 1, -0.75), *near, outer(2 - share, -0.75)], -1)


def inner(x: Array, a: float) -> Array:
    """Keys' kernel at distances of at most 1."""
    one = x.dtype.type
    return ((one(a + 2)) * x - one(a + 3)) * x * x + one(1)


def outer(x: Array, a: float) -> Array:
    """Keys' kernel at distances between 1 and 2."""
    one = x.dtype.type
    return ((one(a) * x - one(5 * a)) * x + one(8 * a)) * x - one(4 * a)


def triangle(x: Array) -> Array:
    """1 at 0, falling to 0 at a distance of 1."""
    return np.maximum(1 - np.abs(x), 0)


def keys(a: float) -> Filter:
    """Keys' cubic kernel, 0 from a distance of 2 on."""

    def kernel(x: Array) -> Array:
        x = np.abs(x)
        far = np.where(x < 2, outer(x, a), x.dtype.type(0))
        return np.where(x < 1, inner(x, a), far)

    return kernel


def lanczos(x: Array) -> Array:
    """sinc(x) sinc(x / 3), 0 from a distance of 3 on."""
    near = (x >= -3) & (x < 3)
    return np.where(near, np.sinc(x) * np.sinc(x / 3), 0).astype(x.dtype)


FILTERS: dict[str, tuple[int, Filter]] = {
    "linear": (2, triangle), "cubic": (4, keys(-0.5)), "lanczos": (6, lanczos),
}  # fmt: skip
"""Of each kind the number of taps where nothing shrinks, and the weight at a distance."""


def antialiased(
    old: int, new: int, align: bool, scale: float | None, kind: np.dtype[Any], name: str
) -> Taps:
    """All elements under the filter, which is as much wider as the dim shrinks.

    Weights add up to 1. Source: _compute_indices_min_size_weights_aa, UpSampleKernel.cpp.
    """
    size, weigh = FILTERS[name]
    step = step_of(old, new, align, scale, kind)
    wide = max(step, kind.type(1))
    reach = kind.type(size * 0.5) * wide
    most = int(np.ceil(reach)) * 2 + 1
    centre = step * (np.arange(new).astype(kind) + kind.type(0.5))
    first = np.maximum((centre - reach + kind.type(0.5)).astype(np.int64), 0)
    count = np.minimum((centre + reach + kind.type(0.5)).astype(np.int64), old) - first
    at = np.arange(most)
    distance = (first[:, None] + at).astype(kind) - centre[:, None] + kind.type(0.5)
    shown: Array = at < np.clip(count, 0, most)[:, None]
    weight: Array = np.where(shown, weigh(distance * (kind.type(1) / wide)), kind.type(0))
    total: Array = weight.sum(1, keepdims=True)
    total[total == 0] = 1
    return Taps(np.minimum(first[:, None] + at, old - 1), weight / total)


def resampled(a: Array, taps: Taps, axis: int, into: Array | None = None) -> Array:
    """`a` with the weighted sum of each new element's taps along `axis`; perhaps written `into` an
    array in C order."""
    index, weight = taps
    if weight is None:
        return picked(a, index[:, 0], axis)
    if dense(a):
        out = np.empty((*a.shape[:axis], len(index), *a.shape[axis + 1 :]), a.dtype)
        out = out if into is None else into
        walk("resampling.weigh", a, taps, out, a.shape, axis)
        return out
    column = (-1,) + (1,) * (a.ndim - 1 - axis)
    out = a.take(index[:, 0], axis) * weight[:, 0].reshape(column)
    for k in range(1, index.shape[1]):
        out += a.take(index[:, k], axis) * weight[:, k].reshape(column)
    return out


def picked(a: Array, index: NDArray[np.int64], axis: int) -> Array:
    """`a` with the elements along `axis` that `index` names."""
    if axis < a.ndim - 1 or not dense(a):
        return a.take(index, axis)
    out = np.empty((*a.shape[:-1], len(index)), a.dtype)
    at = np.ascontiguousarray(index)
    loop("places.take_columns")(a, at, out, a.shape[-1])
    return out


def walk(name: str, a: Array, taps: Taps, out: Array, shape: Shape, axis: int) -> None:
    """Let a compiled loop write `out`; `shape` is that of the elements that taps are among."""
    index, weight = taps
    share = np.ones(index.shape, np.float32) if weight is None else weight
    inner, count = numel(shape[axis + 1 :]), index.shape[1]
    flat = a.reshape(-1), np.ascontiguousarray(index).reshape(-1), np.ascontiguousarray(share)
    loop(name)(*flat[:2], flat[2].reshape(-1), out.reshape(-1), shape[axis], inner, count)


def folded(g: Array, taps: Taps, old: int, axis: int) -> Array:
    """The gradient of `resampled`: each tap gets its share of every new element it went into.

    Taps of one column never go backwards, so those on one element are neighbours.
    """
    index, weight = taps
    out = np.zeros((*g.shape[:axis], old, *g.shape[axis + 1 :]), g.dtype)
    if dense(g):
        walk("resampling.fold", g, taps, out, out.shape, axis)
        return out
    column = (-1,) + (1,) * (g.ndim - 1 - axis)
    for k in range(index.shape[1]):
        at = index[:, k]
        starts = np.flatnonzero(np.diff(at, prepend=-1))
        share = g if weight is None else g * weight[:, k].reshape(column)
        out[(np.s_[:],) * axis + (at[starts],)] += np.add.reduceat(share, starts, axis)
    return out


def rounded(
    old: int, new: int, align: bool, scale: float | None, name: str, antialias: bool
) -> tuple[Taps, int]:
    """The taps of bytes: whole weights, and the number of bits that they are larger by.

    Source: _compute_index_ranges_int16_weights, UpSampleKernel.cpp.
    """
    kind = np.dtype(np.float64)
    if antialias:
        taps = antialiased(old, new, align, scale, kind, name)
    else:
        find = linear if name == "linear" else cubic
        taps = merged(find(old, new, align, scale, kind), old)
    weight = np.ones(taps.at.shape) if taps.weight is None else taps.weight
    bits = 0
    while bits < 22 and int(0.5 + weight.max() * (1 << (bits + 1))) < 1 << 15:
        bits += 1
    scaled = weight * (1 << bits)
    whole = np.trunc(scaled + np.where(scaled < 0, -0.5, 0.5)).astype(np.int64)
    return Taps(taps.at, whole), bits


def merged(taps: Taps, old: int) -> Taps:
    """Taps that are on one element, beyond an end, as one: their weights are rounded together."""
    index, weight = taps
    if weight is None:
        return taps
    weight = weight.copy()
    for k in range(index.shape[1] - 2, -1, -1):  # towards the front at the first element
        same = (index[:, k] == index[:, k + 1]) & (index[:, k] == 0)
        weight[same, k] += weight[same, k + 1]
        weight[same, k + 1] = 0
    for k in range(1, index.shape[1]):  # towards the back at the last
        same = (index[:, k] == index[:, k - 1]) & (index[:, k] == old - 1) & (old > 1)
        weight[same, k] += weight[same, k - 1]
        weight[same, k - 1] = 0
    return Taps(index, weight)


def resampled_bytes(a: Array, taps: Taps, bits: int, axis: int) -> Array:
    """`resampled` for bytes, rounded and clamped."""
    total = resampled(a.astype(np.int64), taps, axis) + (1 << (bits - 1))
    return np.clip(total >> bits, 0, 255).astype(np.uint8)
