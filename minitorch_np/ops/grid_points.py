"""The taps of points in images: which elements a sample is a weighted sum of, and its derivatives.

Each coordinate of a point has taps along its dim, with weights and their derivatives; a sample is
a sum over all combinations of taps. So is every derivative, with other weights.
Source: aten/src/ATen/native/GridSampler.h.
"""

import itertools
import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_np.kernels.large import FLOAT, dense, loop
from minitorch_np.ops.taps import cubic_weights
from minitorch_np.shapes import Shape, numel
from minitorch_np.tensor import Tensor

__all__ = ["BICUBIC", "BILINEAR", "NEAREST", "REFLECTION", "Samples"]

Array = NDArray[Any]
Orders = tuple[int, ...]
"""How often the weights along each dim are differentiated."""

BILINEAR, NEAREST, BICUBIC = range(3)
ZEROS, BORDER, REFLECTION = range(3)


class Axis(NamedTuple):
    """The taps along one dim of every point: where they are, (N, P, taps), which are inside the
    image, and their weights, with first and second derivatives by the coordinate where wanted."""

    at: NDArray[np.int64]
    inside: NDArray[np.bool_]
    weights: tuple[Array, ...]


def unnormalized(x: Array, size: int, align: bool, flat: bool) -> tuple[Array, float]:
    """Coordinates in [-1, 1] as places among `size` elements, and the factor between them.

    Computed for `flat` images as ATen's vectors are, for others as its numbers.
    """
    one = x.dtype.type
    n = size - 1 if align else size
    if flat:
        at = (x + one(1)) * one(n / 2)
        return (at if align else at - one(0.5)), n / 2
    if align:
        return ((x + one(1)) / one(2)) * one(n), n / 2
    return ((x + one(1)) * one(n) - one(1)) / one(2), n / 2


def padded(x: Array, size: int, padding: int, align: bool) -> tuple[Array, Array]:
    """Places brought back into the image, and the derivative of that, which is 0, 1 or -1."""
    slope, one = np.ones_like(x), x.dtype.type
    if padding == REFLECTION:
        low, high = (0, 2 * (size - 1)) if align else (-1, 2 * size - 1)
        if low == high:
            return np.zeros_like(x), np.zeros_like(x)
        start, span = one(low / 2), one((high - low) / 2)
        turned: Array = np.where(x < start, -slope, slope)
        away: Array = np.abs(x - start)
        rest: Array = np.fmod(away, span)
        odd: Array = np.floor(away / span) % 2 != 0
        x = np.asarray(np.where(odd, span - rest, rest) + start, x.dtype)
        slope = np.asarray(np.where(odd, -turned, turned))
    if padding in (BORDER, REFLECTION):
        within: Array = (x > 0) & (x < size - 1)
        slope = np.asarray(np.where(within, slope, one(0)))
        x = np.fmin(one(size - 1), np.fmax(x, one(0)))
    return x, slope


def few_taps(x: Array, size: int, mode: int, padding: int, align: bool, flat: bool) -> Axis:
    """`taps_along` by compiled loops; padding other than zeros has slopes of its own."""
    place = np.empty_like(x)
    loop("sampling.places")(x.reshape(-1), place.reshape(-1), size, padding, align, flat)
    shape = (1 if mode == NEAREST else 2, *x.shape)
    at, inside, weight = np.empty(shape, np.int64), np.empty(shape, np.bool_), np.ones(shape, FLOAT)
    found = place.reshape(-1), at.reshape(-1), inside.reshape(-1)
    if mode == NEAREST:
        loop("sampling.nearest")(*found, size)
    else:
        loop("sampling.linear")(*found, weight.reshape(-1), size, flat)
    factor = np.float32((size - 1 if align else size) / 2)
    slopes = np.zeros(shape[:1], FLOAT) if mode == NEAREST else np.array([-factor, factor])
    weights = weight, *[np.broadcast_to(x[:, None, None], shape) for x in (slopes, 0 * slopes)]
    turned = tuple([np.moveaxis(w, 0, -1) for w in weights])
    return Axis(np.moveaxis(at, 0, -1), np.moveaxis(inside, 0, -1), turned)


def taps_along(
    x: Array, size: int, mode: int, padding: int, align: bool, flat: bool, deep: bool
) -> Axis:
    """The taps of coordinates (N, P) along a dim of `size` elements, with derivatives if `deep`."""
    if mode != BICUBIC and dense(x) and not (deep and padding and mode == BILINEAR):
        return few_taps(x, size, mode, padding, align, flat)
    at, factor = unnormalized(x, size, align, flat)
    if mode == BICUBIC:
        first = np.floor(at)
        share = at - first
        places = first[..., None] + np.arange(-1, 3, dtype=x.dtype)
        places, _ = padded(places, size, padding, align)
        weights: tuple[Array, ...] = (cubic_weights(share),)
        if deep:
            one, two = cubic_slopes(share)
            weights += one * x.dtype.type(factor), two * x.dtype.type(factor) ** 2
        return within(places, size, weights)
    at, slope = padded(at, size, padding, align)
    if mode == NEAREST:
        places = np.rint(at)[..., None]
        zero = np.zeros_like(places)
        return within(places, size, (np.ones_like(places), zero, zero))
    first = np.floor(at)
    share, slope = at - first, slope * x.dtype.type(factor)
    places = np.stack([first, first + 1], -1)
    near = 1 - share if flat else first + 1 - at
    weights = np.stack([near, share], -1), np.stack([-slope, slope], -1), np.zeros_like(places)
    return within(places, size, weights)


def within(places: Array, size: int, weights: tuple[Array, ...]) -> Axis:
    """Taps at `places`, those outside the image marked; nan is outside."""
    inside = (places > -1) & (places < size)
    return Axis(np.where(inside, places, 0).astype(np.int64), inside, weights)


def cubic_slopes(share: Array) -> tuple[Array, Array]:
    """First and second derivatives of `cubic_weights`."""
    a, x = -0.75, share
    far, near = x + 1, 1 - x
    first = [
        (3 * a * far - 10 * a) * far + 8 * a,
        (3 * (a + 2) * x - 2 * (a + 3)) * x,
        -((3 * (a + 2) * near - 2 * (a + 3)) * near),
        -((3 * a * (2 - x) - 10 * a) * (2 - x) + 8 * a),
    ]
    second = [
        6 * a * far - 10 * a, 6 * (a + 2) * x - 2 * (a + 3), 6 * (a + 2) * near - 2 * (a + 3),
        6 * a * (2 - x) - 10 * a,
    ]  # fmt: skip
    return np.stack(first, -1).astype(x.dtype), np.stack(second, -1).astype(x.dtype)


class Samples:
    """The taps of every point of a grid in images of one shape."""

    def __init__(
        self, shape: Shape, grid: Tensor, mode: int, padding: int, align: bool, deep: bool = True
    ) -> None:
        """Without derivatives by the points unless `deep`."""
        # half types are rounded at each step, but for volumes and cubes, as ATen's loops do
        wide = mode == BICUBIC and len(shape) == 5
        self.kind = grid.dtype.compute if wide else grid.dtype.np
        n, *_, dims = grid.sizes
        points = grid.array.reshape(n, numel(grid.sizes[1:-1]), dims)
        self.shape = shape
        self.mode = mode
        self.count = len(shape) - 2
        self.points = points.shape[1]
        # the last dim's coordinate comes first
        self.axes = [
            taps_along(
                points[..., self.count - 1 - d].astype(self.kind, "C"),
                *(shape[d + 2], mode, padding, align, self.count == 2, deep),
            )
            for d in range(self.count)
        ]

    def combinations(self, orders: Orders) -> "list[tuple[Array, Array]]":
        """Of each combination of taps the place in the image, flat, and the weight, (N, P)."""
        found: list[tuple[Array, Array]] = []
        ranges = [range(axis.at.shape[-1]) for axis in self.axes]
        for taps in itertools.product(*ranges):
            place, weight, inside = 0, 1, True
            for axis, k, n in zip(self.axes, taps, self.shape[2:], strict=True):
                place = place * n + axis.at[..., k]
                inside = inside & axis.inside[..., k]
            for axis, k, order in zip(self.axes[::-1], taps[::-1], orders[::-1], strict=True):
                weight = weight * axis.weights[order][..., k]  # the last dim's first, as in ATen
            found.append((np.asarray(place), np.where(inside, weight, 0)))
        return found

    def combined(self, orders: Orders) -> tuple[Array, Array]:
        """`combinations` in float32 as flat arrays: places, and weights."""
        samples = self.shape[0] * self.points
        flat: list[Array] = []
        if self.count == 2:
            flat = [
                np.zeros(samples, np.int64),
                np.ones(samples, np.bool_),
                np.ones(samples, FLOAT),
            ]
        many = samples
        for axis, order in zip(self.axes, orders, strict=True):
            each = axis.at, axis.inside, axis.weights[order]
            flat += [np.ascontiguousarray(np.moveaxis(a, -1, 0)).reshape(-1) for a in each]
            many *= axis.at.shape[-1]
        place, weight = np.empty(many, np.int32), np.empty(many, FLOAT)
        loop("sampling.combine")(*flat, place, weight, samples, *self.shape[-2:])
        return place, weight

    def of(self, image: Array, orders: Orders) -> Array:
        """The samples of `image`, (N, C, P), or their derivatives."""
        n, c = self.shape[:2]
        flat = image.reshape(n, c, numel(self.shape[2:]))
        if dense(flat):
            out = np.empty((n, c, self.points), image.dtype)
            self.walk("sampling.gather", flat, out, orders)
            return out
        if self.mode == BICUBIC:
            start = np.zeros((n, self.points), np.int64)
            return self.nested(flat, orders, 0, start, np.ones(start.shape, np.bool_))
        out = np.zeros((n, c, self.points), image.dtype)
        for place, weight in self.combinations(orders):
            out += np.take_along_axis(flat, place[:, None, :], 2) * weight[:, None, :]
        return out

    def nested(self, flat: Array, orders: Orders, d: int, place: Array, inside: Array) -> Array:
        """Sums along dim `d` of sums along the dims after it: what ATen does with cubes."""
        if d == self.count:
            found = np.take_along_axis(flat, place[:, None, :], 2)
            return np.where(inside[:, None, :], found, flat.dtype.type(0))
        axis, size = self.axes[d], self.shape[d + 2]
        weights = axis.weights[orders[d]]
        out = np.zeros((*self.shape[:2], self.points), flat.dtype)
        for k in range(weights.shape[-1]):
            at, within = place * size + axis.at[..., k], inside & axis.inside[..., k]
            out += self.nested(flat, orders, d + 1, at, within) * weights[:, None, :, k]
        return out

    def spread(self, g: Array, orders: Orders) -> Array:
        """The gradient of `of` for the image: each sample's, added where its taps are."""
        n, c = self.shape[:2]
        size = numel(self.shape[2:])
        out = np.zeros(n * c * size, g.dtype)
        if dense(g):
            self.walk("sampling.spread", g, out, orders)
            return out.reshape(self.shape)
        rows = (np.arange(n * c) * size).reshape(n, c, 1)
        if self.count == 3:  # point by point, as ATen's loop over volumes adds them
            places, weights = [
                np.stack(each, -1)[:, None] for each in zip(*self.combinations(orders), strict=True)
            ]
            at = rows[..., None] + places
            np.add.at(out, at.ravel(), (g[..., None] * weights).ravel())
            return out.reshape(self.shape)
        for place, weight in self.combinations(orders):
            np.add.at(out, (rows + place[:, None, :]).ravel(), (g * weight[:, None, :]).ravel())
        return out.reshape(self.shape)

    def slope(self, image: Array, g: Array, d: int) -> Array:
        """The gradient by coordinate `d` of every point, (N, P), from that of its samples."""
        n, c = self.shape[:2]
        if not dense(image) or not dense(g):
            return np.asarray((g * self.of(image, self.once(d))).sum(1))
        out = np.empty((n, self.points), g.dtype)
        flat = image.reshape(-1), g.reshape(-1), *self.combined(self.once(d)), out.reshape(-1)
        loop("sampling.slope")(*flat, c, self.points, 0, n)
        return out

    def walk(self, name: str, a: Array, out: Array, orders: Orders) -> None:
        """Let a compiled loop write `out`, or add to it, for each combination of taps."""
        flat = a.reshape(-1), *self.combined(orders), out.reshape(-1)
        loop(name)(*flat, self.shape[1], self.points, 0, math.prod(self.shape[:2]))

    def once(self, d: int, e: int | None = None) -> Orders:
        """The orders of a derivative by coordinates `d` and `e`."""
        last = self.count - 1
        return tuple([(last - d == k) + (e is not None and last - e == k) for k in range(last + 1)])
