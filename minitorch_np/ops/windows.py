"""Windows that slide over images, as arrays: the products behind convolutions and their gradients.

Images are (N, C, *size) of any number of spatial dims and any strides. A window has the size
`kernel`, its elements lie `dilation` apart, and it moves by `stride` over an image with `padding`
zeros on all sides. `grid` are the places where it stops; L is their number.

Products run over a few images at a time, whose windows are copied out into one matrix that the
caches hold: to read an element as often as windows have it is cheaper there than in the product.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from minitorch_np import backends
from minitorch_np.kernels.large import FLOAT, MANY, loop
from minitorch_np.shapes import Shape

__all__ = ["Window", "correlate", "gathered", "scattered", "spread", "weigh"]

Array = NDArray[Any]

TOGETHER = 1 << 18
"""Elements that are copied out at a time."""


class Window(NamedTuple):
    """What slides, one number a spatial dim."""

    kernel: Shape
    stride: Shape
    padding: Shape
    dilation: Shape

    def is_point(self) -> bool:
        """Whether windows are just the elements of the image, each once."""
        ones = (1,) * len(self.kernel)
        return self.kernel == ones == self.stride and not any(self.padding)

    def is_reversible(self) -> bool:
        """Whether what windows spread can be gathered by windows over what they spread."""
        reach = zip(self.padding, self.dilation, self.kernel, strict=True)
        return all(s == 1 for s in self.stride) and all(p <= d * (k - 1) for p, d, k in reach)

    def reversed(self) -> "Window":
        """The window that gathers; filters are turned around in it."""
        reach = zip(self.padding, self.dilation, self.kernel, strict=True)
        return self._replace(padding=tuple([d * (k - 1) - p for p, d, k in reach]))

    def numbers(self, size: Shape, grid: Shape) -> NDArray[np.int64]:
        """What `kernels.windows` reads: for images of this size. A line or a plane has a depth, or
        a depth and a height, of 1.
        """
        ahead = 3 - len(size)
        each = zip((1, 1, 1, 1, 0, 1), (size, grid, *self), strict=True)
        return np.array([(one,) * ahead + tuple(given) for one, given in each], np.int64).ravel()


def padded(a: Array, w: Window) -> Array:
    """Images within their zeros."""
    if not any(w.padding):
        return a
    sizes = [n + 2 * p for n, p in zip(a.shape[2:], w.padding, strict=True)]
    wide = np.zeros((*a.shape[:2], *sizes), a.dtype)
    inner = [slice(p, p + n) for n, p in zip(a.shape[2:], w.padding, strict=True)]
    wide[(..., *inner)] = a
    return wide


def gathered(a: Array, w: Window, grid: Shape) -> Array:
    """All windows of images, to read: (N, C, *kernel, *grid)."""
    wide = padded(a, w)
    steps = wide.strides[2:]
    within = [s * d for s, d in zip(steps, w.dilation, strict=True)]
    between = [s * d for s, d in zip(steps, w.stride, strict=True)]
    shape = (*a.shape[:2], *w.kernel, *grid)
    return as_strided(wide, shape, (*wide.strides[:2], *within, *between), writeable=False)


def scattered(columns: Array, w: Window, size: Shape) -> Array:
    """Images of `size` to which the windows (N, C, *kernel, *grid) add up; padding is dropped."""
    wide = np.zeros(
        (*columns.shape[:2], *[n + 2 * p for n, p in zip(size, w.padding, strict=True)]),
        columns.dtype,
    )
    grid = columns.shape[2 + len(size) :]
    for at in itertools.product(*map(range, w.kernel)):
        where = [
            slice(i * d, i * d + (n - 1) * s + 1, s)
            for i, d, s, n in zip(at, w.dilation, w.stride, grid, strict=True)
        ]
        wide[(..., *where)] += columns[(slice(None), slice(None), *at)]
    return wide[(..., *[slice(p, p + n) for n, p in zip(size, w.padding, strict=True)])]


def _some(count: int, each: int) -> Iterator[slice]:
    """The images of a batch, as many at a time as may be copied out, at so many elements each."""
    step = max(1, TOGETHER // max(each, 1))
    for first in range(0, count, step):
        yield slice(first, min(first + step, count))


def _times(a: Array, b: Array, out: Array, start: Array | None = None) -> None:
    """out = start + a @ b for (N or 1, G, M, K), (N, G, K, L): G products for each image."""
    beta = 0 if start is None else 1
    if out.shape[1] == 1:
        first = None if start is None else start[:, 0]
        backends.product(a[:, 0], b[:, 0], out[:, 0], beta=beta, start=first)
        return
    for n in range(len(out)):
        first = None if start is None else start[n]
        backends.product(a[n % len(a)], b[n], out[n], beta=beta, start=first)


def summing(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype that products add up in: float32 for half types, the same for others."""
    return np.dtype(np.float32) if dtype.itemsize == 2 and dtype.kind not in "iu" else dtype


def correlate(
    a: Array,
    weight: Array,
    bias: Array | None,
    w: Window,
    groups: int,
    grid: Shape,
    out: Array | None = None,
) -> Array:
    """Each window times each filter: (N, C, *size), (O, C / groups, *kernel) to (N, O, *grid), and
    into `out` where that is given.
    """
    count, channels = a.shape[:2]
    dtype, shape = summing(a.dtype), (count, len(weight), *grid)
    if out is not None and out.dtype == dtype and is_last(a) and is_last(out):
        if groups == 1:
            return last_correlate(a, weight, bias, w, grid, out)
        if is_thin(a, weight, groups) and len(weight) == channels:
            return thin_last_correlate(a, weight, bias, w, out)
    whole = out
    if whole is None or whole.dtype != dtype or not whole.flags.c_contiguous:
        whole = np.empty(shape, dtype)
    if is_thin(a, weight, groups):
        thin_correlate(a, weight, bias, w, groups, whole)
    else:
        outputs, k, cells = len(weight), math.prod(weight.shape[1:]), math.prod(grid)
        filters = weight.reshape(1, groups, outputs // groups, k)
        products = whole.reshape(count, groups, outputs // groups, cells)
        start = None
        if bias is not None:
            added = bias.astype(dtype).reshape(1, groups, -1, 1)
            start = np.broadcast_to(added, products.shape)
        room = Room(a.dtype)
        for part in _some(count, channels * math.prod(w.kernel) * cells):
            columns = _columns(a[part], w, grid, groups, room)
            _times(filters, columns, products[part], None if start is None else start[part])
    if out is None or whole is out:
        return whole
    np.copyto(out, whole, casting="unsafe")
    return out


def turned(a: Array) -> Array:
    """Images (N, C, *size) with their channels behind: (N, *size, C)."""
    return a.transpose(0, *range(2, a.ndim), 1)


def is_last(a: Array) -> bool:
    """Whether an image's channels lie side by side, and there are several."""
    return a.shape[1] > 1 and turned(a).flags.c_contiguous and not a.flags.c_contiguous


def last_correlate(
    a: Array, weight: Array, bias: Array | None, w: Window, grid: Shape, out: Array
) -> Array:
    """`correlate` in one group where channels lie side by side: so do the elements of a window."""
    k, outputs = math.prod(weight.shape[1:]), len(weight)
    filters = turned(weight).reshape(outputs, k)
    room, results, start = Room(a.dtype), turned(out), None
    added = None if bias is None else bias.astype(out.dtype)
    for part in _some(len(a), k * math.prod(grid)):
        rows, cells = _rows(a[part], w, grid, room), results[part].reshape(-1, outputs)
        if added is not None:
            start = np.broadcast_to(added, cells.shape)
        backends.product(rows, filters.T, cells, beta=0 if start is None else 1, start=start)
    return out


class Room:
    """Memory for one matrix of windows after the other: fresh pages would cost as much again."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.flat = np.empty(0, dtype)

    def of(self, shape: Shape) -> Array:
        """An array of this shape, in the memory of the last one."""
        size = math.prod(shape)
        if self.flat.size < size:
            self.flat = np.empty(size, self.flat.dtype)
        return self.flat[:size].reshape(shape)


def is_thin(a: Array, other: Array, groups: int) -> bool:
    """Whether loops over planes do what would be products of vectors with matrices."""
    if groups == 1 or groups != a.shape[1] or a.ndim != 4 or a.size < MANY:
        return False
    return a.dtype == FLOAT and other.dtype == FLOAT


def _thin(a: Array, w: Window, grid: Shape) -> tuple[Array, Array, Array]:
    """What the loops over planes take: planes within their zeros, and numbers of both kinds."""
    wide = np.ascontiguousarray(padded(a, w))
    size = np.array((*wide.shape[2:], *grid), np.int64)
    return wide.reshape(-1), size, np.array((*w.kernel, *w.stride, *w.dilation), np.int64)


def thin_correlate(
    a: Array, weight: Array, bias: Array | None, w: Window, groups: int, out: Array
) -> None:
    """`correlate` of one plane at a time."""
    out[...] = 0 if bias is None else bias.reshape(-1, 1, 1)
    planes, size, window = _thin(a, w, out.shape[2:])
    filters = np.ascontiguousarray(weight).reshape(-1)
    loop("depthwise.correlate")(
        planes,
        filters,
        out.reshape(-1),
        size,
        window,
        len(weight) // groups,
        0,
        out.shape[0] * out.shape[1],
    )


def thin_weigh(a: Array, g: Array, w: Window) -> Array:
    """`weigh` of one plane at a time."""
    out = np.zeros((g.shape[1], 1, *w.kernel), a.dtype)
    planes, size, window = _thin(a, w, g.shape[2:])
    slopes = np.ascontiguousarray(g).reshape(-1)
    each = g.shape[1] // a.shape[1]
    loop("depthwise.weigh")(planes, slopes, out.reshape(-1), size, window, each, 0, len(out))
    return out


def thin_last_correlate(
    a: Array, weight: Array, bias: Array | None, w: Window, out: Array
) -> Array:
    """`thin_correlate` where channels lie side by side, with one filter each."""
    images, results, grid = turned(a), turned(out), out.shape[2:]
    results[...] = 0 if bias is None else bias
    each = weight.reshape(len(weight), -1).T[:, None]
    filters = np.repeat(each, grid[1], 1)
    window, lines = w.numbers(a.shape[2:], grid), len(a) * grid[0]
    loop("depthwise.correlate_last")(images, filters, results, window, len(weight), 0, lines)
    return out


def thin_last_weigh(a: Array, g: Array, w: Window) -> Array:
    """`thin_weigh` where channels lie side by side, with one filter each."""
    channels, grid, taps = a.shape[1], g.shape[2:], math.prod(w.kernel)
    sums = np.zeros((taps, grid[1], channels), a.dtype)
    window = w.numbers(a.shape[2:], grid)
    loop("depthwise.weigh_last")(turned(a), turned(g), sums, window, channels, 0, taps)
    return np.add.reduce(sums, 1).T.reshape(channels, 1, *w.kernel)


def _columns(a: Array, w: Window, grid: Shape, groups: int, room: Room) -> Array:
    """The windows of images as matrices (N, groups, C / groups * kernel, L)."""
    count, channels = a.shape[:2]
    shape = (count, groups, channels // groups * math.prod(w.kernel), math.prod(grid))
    if w.is_point():
        return a.reshape(shape)
    columns = room.of((count, channels, *w.kernel, *grid))
    if is_copied_by_loops(a):
        images, copies = bits(np.ascontiguousarray(a)), bits(columns)
        loop("windows.columns", images.dtype)(images, copies, w.numbers(a.shape[2:], grid))
    else:
        np.copyto(columns, gathered(a, w, grid))
    return columns.reshape(shape)


def _rows(a: Array, w: Window, grid: Shape, room: Room) -> Array:
    """The windows of images whose channels lie side by side, as a matrix (N * L, kernel * C)."""
    count, channels = a.shape[:2]
    if w.is_point():
        return turned(a).reshape(-1, channels)
    rows = room.of((count * math.prod(grid), math.prod(w.kernel) * channels))
    images, copies = bits(turned(a)), bits(rows)
    loop("windows.rows", images.dtype)(images, copies, w.numbers(a.shape[2:], grid), channels)
    return rows


def is_copied_by_loops(a: Array) -> bool:
    """Whether compiled loops copy windows of such a dtype: integers are seldom convolved."""
    return a.dtype.kind not in "iub" and a.ndim <= 5


def bits(a: Array) -> Array:
    """An array as loops see it that only move bits: numba knows no half types."""
    return a.view(np.uint16) if a.dtype.itemsize == 2 else a


def spread(
    a: Array,
    weight: Array,
    bias: Array | None,
    w: Window,
    groups: int,
    size: Shape,
    *,
    rough: bool = False,
    out: Array | None = None,
) -> Array:
    """The transpose of `correlate`: (N, O, *grid), (O, C / groups, *kernel) to (N, C, *size), and
    into `out` where that is given.

    `rough` says that windows of half types are rounded before they are added up, and each sum too.
    """
    count, outputs, *grid = a.shape
    each, cells = weight.shape[1] * groups * math.prod(w.kernel), math.prod(grid)
    k = math.prod(weight.shape[1:])
    filters = weight.reshape(1, groups, outputs // groups, k).swapaxes(2, 3)
    images = a.reshape(count, groups, outputs // groups, cells)
    if not rough and outputs <= 2 * weight.shape[1] * groups and w.is_reversible():
        return correlate(a, reversed_filters(weight, groups), bias, w.reversed(), groups, size, out)
    dtype = summing(a.dtype)
    whole = np.empty((count, weight.shape[1] * groups, *size), dtype)
    room = Room(dtype)
    for part in _some(count, each * cells):
        columns = room.of((len(images[part]), groups, k, cells))
        _times(filters, images[part], columns)
        if rough:
            columns = columns.astype(a.dtype)
        if w.is_point():
            whole[part] = columns.reshape(whole[part].shape)
        else:
            windows = columns.reshape(len(columns), -1, *w.kernel, *grid)
            whole[part] = scattered(windows, w, size)
    if bias is not None:
        whole += bias.astype(whole.dtype).reshape(-1, *[1] * len(size))
    if out is None:
        return whole
    np.copyto(out, whole, casting="unsafe")
    return out


def reversed_filters(weight: Array, groups: int) -> Array:
    """Filters (O, C / groups, *kernel) as (C, O / groups, *kernel), turned around in each dim."""
    outputs, channels, *kernel = weight.shape
    parts = weight.reshape(groups, outputs // groups, channels, *kernel)
    turned = np.flip(parts, tuple(range(3, parts.ndim))).swapaxes(1, 2)
    return turned.reshape(groups * channels, outputs // groups, *kernel)


def weigh(a: Array, g: Array, w: Window, groups: int, *, rough: bool = False) -> Array:
    """The filters' share: (N, C, *size), (N, O, *grid) to (O, C / groups, *kernel).

    `rough` says that half types are rounded after each image.
    """
    if groups == a.shape[1] and is_thin(a, g, groups):
        one_each = g.shape[1] == groups and is_last(a) and is_last(g)
        return (thin_last_weigh if one_each else thin_weigh)(a, g, w)
    count, outputs, *grid = g.shape
    channels, cells = a.shape[1], math.prod(grid)
    k = channels // groups * math.prod(w.kernel)
    if groups == 1 and not rough and a.dtype == summing(a.dtype) and is_last(a) and is_last(g):
        return last_weigh(a, g, w)
    out = np.zeros((groups, outputs // groups, k), summing(a.dtype))
    slopes = g.reshape(count, groups, outputs // groups, cells)
    room = Room(a.dtype)
    for part in _some(count, channels * math.prod(w.kernel) * cells):
        columns = _columns(a[part], w, tuple(grid), groups, room).swapaxes(2, 3)
        for slope, column in zip(slopes[part], columns, strict=True):
            backends.product(slope, column, out, beta=1)
            if rough:
                out[...] = out.astype(a.dtype)
    return out.reshape(outputs, channels // groups, *w.kernel)


def last_weigh(a: Array, g: Array, w: Window) -> Array:
    """`weigh` in one group where channels lie side by side."""
    outputs, channels, grid = g.shape[1], a.shape[1], g.shape[2:]
    k = channels * math.prod(w.kernel)
    out, room = np.zeros((outputs, k), a.dtype), Room(a.dtype)
    for part in _some(len(a), k * math.prod(grid)):
        slopes = turned(g[part]).reshape(-1, outputs)
        backends.product(slopes.T, _rows(a[part], w, grid, room), out, beta=1)
    behind = out.reshape(outputs, *w.kernel, channels)
    return behind.transpose(0, behind.ndim - 1, *range(1, behind.ndim - 1))
