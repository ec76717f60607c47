"""Images sampled at the points of a grid, and the gradients, in float32 and float64.

All arrays are flat: images (N, C, H, W), grids (N, P, 2), samples (N, C, P). Points are taken in
blocks, of which what does not depend on the channel is kept, written without `write` so that it may
be `read`. Sums are in the order of ATen's vectors, and products in them round together with the sum
as its compiler has them. Padding is 1 for border, 2 for reflection. Source:
aten/src/ATen/native/cpu/GridSamplerKernel.cpp.
"""

# ruff: noqa: FURB136  # min and max would keep other nans

import numpy as np

from .compiler import Numbers, Real, Words, inlined, jit, read, recall, rounded_once, write
from .compiler import build as build_all
from .cpu import has
from .shares import shared

BLOCK = 64
"""Points of a block; a whole number of ATen's vectors."""
WIDE = 32
"""Bytes of one of ATen's vectors, whose points are added tap by tap."""
OUTSIDE = np.int32(-(1 << 30))
"""In the place of a row or a column that is not in the image: any sum with it is negative."""


@inlined
def plus(a: Real, b: Real, c: Real) -> Real:
    """a * b + c, rounded twice."""
    return a * b + c


fma = rounded_once if has("fma") else plus


@inlined
def clipped(x: Real, most: Real, zero: Real) -> Real:
    """A place within an image; nan is 0."""
    x = x if x > zero else zero
    return x if x < most else most


@inlined
def turned(x: Real, low: Real, span: Real) -> tuple[Real, bool]:
    """How far a place folded back lies from `low`, and whether it was turned around last."""
    away = abs(x - low)
    extra = fma(-np.trunc(away / span), span, away)
    other = span - extra
    return other if extra > other else extra, bool(extra > other)


@inlined
def padded(x: Real, size: int, padding: int, align: bool, zero: Real) -> Real:
    """A place brought back into the image."""
    kind = type(zero)
    if padding == 2:
        low = zero if align else kind(-0.5)
        span = kind(2 * (size - 1)) if align else kind(2 * size)
        x = turned(x, low, span)[0] + low if span > zero else zero
    return clipped(x, kind(size - 1), zero) if padding else x


@inlined
def unnormalized(grid: Numbers, first: int, at: Numbers, size: int, align: bool) -> None:
    """at = where every second coordinate in [-1, 1] lies among so many elements."""
    kind = at.dtype.type
    scale = kind(size - 1 if align else size) / kind(2)
    less = kind(0) if align else kind(-0.5)
    for p in range(at.size):
        at[p] = fma(read(grid, first + 2 * p) + kind(1), scale, less)


@inlined
def placed(
    grid: Numbers, first: int, at: Numbers, slope: Numbers, size: int, padding: int, align: bool
) -> None:
    """`unnormalized` brought back into the image, and the derivatives of that."""
    unnormalized(grid, first, at, size, align)
    kind = at.dtype.type
    zero, most = kind(0), kind(size - 1)
    scale = kind(size - 1 if align else size) / kind(2)
    low = zero if align else kind(-0.5)
    span = kind(2 * (size - 1)) if align else kind(2 * size)
    if padding == 0:
        slope[:] = scale
    elif padding == 1:
        for p in range(at.size):
            x = at[p]
            slope[p] = scale if (x > zero) & (x < most) else zero
            at[p] = clipped(x, most, zero)
    elif span > zero:
        for p in range(at.size):
            x = at[p]
            extra, odd = turned(x, low, span)
            by = -scale if odd != (x < low) else scale
            x = extra + low
            slope[p] = by if (x > zero) & (x < most) else zero
            at[p] = clipped(x, most, zero)
    else:
        at[:], slope[:] = zero, zero


@inlined
def index(x: Real, size: int, step: int, zero: Real) -> np.int32:
    """The place of a row or a column, whose neighbours are a step apart; nan is outside."""
    kind = type(zero)
    within = (x > kind(-1)) & (x < kind(size))
    found = np.int32(np.int32(x if within else zero) * np.int32(step))
    return found if within else OUTSIDE


@inlined
def value(x: Numbers, at: np.int32) -> Real:
    """The element at a place, 0 outside."""
    found = read(x, int(max(at, np.int32(0))))
    return found if at >= 0 else x.dtype.type(0)


@inlined
def add(out: Numbers, at: np.int32, value: Real) -> None:
    """Adds to the element at a place, if that is inside."""
    if at >= 0:
        write(out, int(at), recall(out, int(at)) + value)


@inlined
def corners(x: Numbers, y: Numbers, place: Words, weight: Numbers, height: int, width: int) -> None:
    """The four taps of each point, in rows of a block each; x and y become what they are more than
    their floors."""
    one, zero = x.dtype.type(1), x.dtype.type(0)
    for p in range(x.size):
        west, north = np.floor(x[p]), np.floor(y[p])
        w, n = x[p] - west, y[p] - north
        e, s = one - w, one - n
        weight[p] = s * e
        weight[BLOCK + p] = s * w
        weight[2 * BLOCK + p] = n * e
        weight[3 * BLOCK + p] = n * w
        left, right = index(west, width, 1, zero), index(west + one, width, 1, zero)
        top, bottom = index(north, height, width, zero), index(north + one, height, width, zero)
        place[p] = np.int32(top + left)
        place[BLOCK + p] = np.int32(top + right)
        place[2 * BLOCK + p] = np.int32(bottom + left)
        place[3 * BLOCK + p] = np.int32(bottom + right)
        x[p] = w
        y[p] = n


@shared("ppp.....", "grid.size // (2 * points)", "4.0 * out.size")
@jit
def linear(
    a: Numbers, grid: Numbers, out: Numbers, points: int, height: int, width: int,
    padding: int, align: bool,
) -> None:  # fmt: skip
    """out = images at points, of the four elements around each."""
    kind, size, images = a.dtype, height * width, grid.size // (2 * points)
    rows = out.size // (images * points)
    space, place = np.empty(8 * BLOCK, kind), np.empty(4 * BLOCK, np.int32)
    weight = space[4 * BLOCK :]
    for image in range(images):
        for start in range(0, points, BLOCK):
            n = min(BLOCK, points - start)
            x, y, slope = space[:n], space[BLOCK : BLOCK + n], space[2 * BLOCK : 2 * BLOCK + n]
            first = 2 * (image * points + start)
            placed(grid, first, x, slope, width, padding, align)
            placed(grid, first + 1, y, slope, height, padding, align)
            corners(x, y, place, weight, height, width)
            for row in range(image * rows, image * rows + rows):
                plane = a[row * size : row * size + size]
                to = out[row * points + start : row * points + start + n]
                for p in range(n):
                    total = value(plane, read(place, p)) * read(weight, p)
                    k = BLOCK + p
                    total = fma(value(plane, read(place, k)), read(weight, k), total)
                    k = 2 * BLOCK + p
                    total = fma(value(plane, read(place, k)), read(weight, k), total)
                    k = 3 * BLOCK + p
                    total = fma(value(plane, read(place, k)), read(weight, k), total)
                    write(to, p, total)


@inlined
def spread(out: Numbers, g: Numbers, place: Words, weight: Numbers) -> None:
    """Adds to a plane what flows to the four taps of each point of a block."""
    step = WIDE // out.itemsize
    for first in range(0, g.size, step):
        for tap in range(0, 4 * BLOCK, BLOCK):
            for p in range(first, min(first + step, g.size)):
                add(out, read(place, tap + p), read(weight, tap + p) * read(g, p))


@shared("ppppp.....", "grid.size // (2 * points)", "12.0 * g.size")
@jit
def linear_backward(
    g: Numbers, a: Numbers, grid: Numbers, of_image: Numbers, of_grid: Numbers, points: int,
    height: int, width: int, padding: int, align: bool,
) -> None:  # fmt: skip
    """The gradients of `linear`: added to that of images, and that of grids; neither if empty."""
    kind, size, images = a.dtype, height * width, grid.size // (2 * points)
    rows, zero, one = g.size // (images * points), a.dtype.type(0), a.dtype.type(1)
    space, place = np.empty(10 * BLOCK, kind), np.empty(4 * BLOCK, np.int32)
    weight = space[6 * BLOCK :]
    for image in range(images):
        for start in range(0, points, BLOCK):
            n = min(BLOCK, points - start)
            x, y, along = space[:n], space[BLOCK : BLOCK + n], space[2 * BLOCK : 2 * BLOCK + n]
            down = space[3 * BLOCK : 3 * BLOCK + n]
            gx, gy = space[4 * BLOCK : 4 * BLOCK + n], space[5 * BLOCK : 5 * BLOCK + n]
            first = 2 * (image * points + start)
            placed(grid, first, x, along, width, padding, align)
            placed(grid, first + 1, y, down, height, padding, align)
            corners(x, y, place, weight, height, width)
            gx[:], gy[:] = zero, zero
            for row in range(image * rows, image * rows + rows):
                by = g[row * points + start : row * points + start + n]
                if of_image.size:
                    spread(of_image[row * size : row * size + size], by, place, weight)
                if not of_grid.size:
                    continue
                plane = a[row * size : row * size + size]
                for p in range(n):
                    nw = value(plane, read(place, p))
                    ne = value(plane, read(place, BLOCK + p))
                    sw = value(plane, read(place, 2 * BLOCK + p))
                    se = value(plane, read(place, 3 * BLOCK + p))
                    w, north = recall(x, p), recall(y, p)
                    e, south = one - w, one - north
                    across = fma(se - sw, north, (ne - nw) * south)
                    write(gx, p, fma(across, read(by, p), recall(gx, p)))
                    across = fma(se - ne, w, (sw - nw) * e)
                    write(gy, p, fma(across, read(by, p), recall(gy, p)))
            if of_grid.size:
                for p in range(n):
                    write(of_grid, first + 2 * p, recall(gx, p) * recall(along, p))
                    write(of_grid, first + 2 * p + 1, recall(gy, p) * recall(down, p))


@inlined
def nearest_places(
    grid: Numbers, first: int, space: Numbers, place: Words, height: int, width: int, padding: int,
    align: bool,
) -> None:  # fmt: skip
    """The one tap of each point of a block."""
    n, zero = place.size, space.dtype.type(0)
    x, y, slope = space[:n], space[BLOCK : BLOCK + n], space[2 * BLOCK : 2 * BLOCK + n]
    placed(grid, first, x, slope, width, padding, align)
    placed(grid, first + 1, y, slope, height, padding, align)
    for p in range(n):
        row = index(np.rint(y[p]), height, width, zero)
        place[p] = np.int32(row + index(np.rint(x[p]), width, 1, zero))


@shared("ppp.....", "grid.size // (2 * points)", "2.0 * out.size")
@jit
def nearest(
    a: Numbers, grid: Numbers, out: Numbers, points: int, height: int, width: int,
    padding: int, align: bool,
) -> None:  # fmt: skip
    """out = the element nearest to each point."""
    size, images = height * width, grid.size // (2 * points)
    rows = out.size // (images * points)
    space, places = np.empty(3 * BLOCK, a.dtype), np.empty(BLOCK, np.int32)
    for image in range(images):
        for start in range(0, points, BLOCK):
            n, first = min(BLOCK, points - start), 2 * (image * points + start)
            place = places[:n]
            nearest_places(grid, first, space, place, height, width, padding, align)
            for row in range(image * rows, image * rows + rows):
                plane = a[row * size : row * size + size]
                for p in range(n):
                    write(out, row * points + start + p, value(plane, read(place, p)))


@shared("ppp.....", "grid.size // (2 * points)", "3.0 * g.size")
@jit
def nearest_backward(
    g: Numbers, grid: Numbers, of_image: Numbers, points: int, height: int, width: int,
    padding: int, align: bool,
) -> None:  # fmt: skip
    """The gradient of `nearest`, added to that of images; that of grids is 0."""
    size, images = height * width, grid.size // (2 * points)
    rows = g.size // (images * points)
    space, places = np.empty(3 * BLOCK, g.dtype), np.empty(BLOCK, np.int32)
    for image in range(images):
        for start in range(0, points, BLOCK):
            n, first = min(BLOCK, points - start), 2 * (image * points + start)
            place = places[:n]
            nearest_places(grid, first, space, place, height, width, padding, align)
            for row in range(image * rows, image * rows + rows):
                plane = of_image[row * size : row * size + size]
                for p in range(n):
                    add(plane, read(place, p), read(g, row * points + start + p))


@inlined
def inner(x: Real, one: Real) -> Real:
    """Keys' kernel, with a = -0.75, at distances of at most 1."""
    kind = type(one)
    return fma(fma(kind(1.25), x, kind(-2.25)) * x, x, one)


@inlined
def outer(x: Real, one: Real) -> Real:
    """Keys' kernel at distances between 1 and 2."""
    kind = type(one)
    return ((kind(-0.75) * x + kind(3.75)) * x - kind(6)) * x + kind(3)


@inlined
def cubes(x: Numbers, place: Words, weight: Numbers, size: int, step: int, padding: int,
          align: bool) -> None:  # fmt: skip
    """The four taps along one dim of each point, in rows of a block each, and their weights; x
    becomes what it is more than its floor."""
    kind = x.dtype.type
    one, zero = kind(1), kind(0)
    for p in range(x.size):
        low = np.floor(x[p])
        share = x[p] - low
        weight[p] = outer(share + one, one)
        weight[BLOCK + p] = inner(share, one)
        weight[2 * BLOCK + p] = inner(one - share, one)
        weight[3 * BLOCK + p] = outer(kind(2) - share, one)
        for k in range(4):
            at = padded(low + kind(k - 1), size, padding, align, zero)
            place[k * BLOCK + p] = index(np.trunc(at), size, step, zero)
        x[p] = share


@inlined
def cube_slopes(x: Numbers, slope: Numbers) -> None:
    """The derivatives of the weights of `cubes`."""
    kind = x.dtype.type
    for p in range(x.size):
        share = x[p]
        far, near = kind(-1) - share, kind(1) - share
        slope[p] = (kind(2.25) * far + kind(7.5)) * far + kind(6)
        slope[BLOCK + p] = (kind(3.75) * share - kind(4.5)) * -share
        slope[2 * BLOCK + p] = (kind(3.75) * near - kind(4.5)) * near
        far = kind(2) - share
        slope[3 * BLOCK + p] = (kind(-2.25) * far + kind(7.5)) * far - kind(6)


@inlined
def cube_row(plane: Numbers, line: np.int32, columns: Words, across: Numbers, p: int) -> Real:
    """The sum of a point's four taps in a row, of which ATen's compiler fuses the first alone."""
    j, k, m = BLOCK + p, 2 * BLOCK + p, 3 * BLOCK + p
    total = value(plane, np.int32(line + read(columns, j))) * read(across, j)
    total = fma(value(plane, np.int32(line + read(columns, p))), read(across, p), total)
    total += value(plane, np.int32(line + read(columns, k))) * read(across, k)
    return total + value(plane, np.int32(line + read(columns, m))) * read(across, m)


@shared("ppp.....", "grid.size // (2 * points)", "12.0 * out.size")
@jit
def cubic(
    a: Numbers, grid: Numbers, out: Numbers, points: int, height: int, width: int,
    padding: int, align: bool,
) -> None:  # fmt: skip
    """out = images at points, by cubic convolution of the 16 elements around each."""
    kind, size, images = a.dtype, height * width, grid.size // (2 * points)
    rows = out.size // (images * points)
    space, place = np.empty(10 * BLOCK, kind), np.empty(8 * BLOCK, np.int32)
    across, down = space[2 * BLOCK :], space[6 * BLOCK :]
    columns, lines = place[: 4 * BLOCK], place[4 * BLOCK :]
    for image in range(images):
        for start in range(0, points, BLOCK):
            n, first = min(BLOCK, points - start), 2 * (image * points + start)
            x, y = space[:n], space[BLOCK : BLOCK + n]
            unnormalized(grid, first, x, width, align)
            unnormalized(grid, first + 1, y, height, align)
            cubes(x, columns, across, width, 1, padding, align)
            cubes(y, lines, down, height, width, padding, align)
            for row in range(image * rows, image * rows + rows):
                plane = a[row * size : row * size + size]
                to = out[row * points + start : row * points + start + n]
                for p in range(n):
                    total = a.dtype.type(0)
                    for i in range(4):
                        found = cube_row(plane, read(lines, i * BLOCK + p), columns, across, p)
                        by = read(down, i * BLOCK + p)
                        total = fma(found, by, total) if i else found * by
                    write(to, p, total)


@inlined
def cubes_spread(
    out: Numbers, g: Numbers, columns: Words, lines: Words, across: Numbers, down: Numbers
) -> None:
    """`spread` for the 16 taps of each point."""
    step = WIDE // out.itemsize
    for first in range(0, g.size, step):
        for tap in range(16):
            i, j = tap // 4 * BLOCK, tap % 4 * BLOCK
            for p in range(first, min(first + step, g.size)):
                at = np.int32(read(columns, i + p) + read(lines, j + p))
                add(out, at, read(g, p) * read(across, i + p) * read(down, j + p))


@shared("ppppp.....", "grid.size // (2 * points)", "60.0 * g.size")
@jit
def cubic_backward(
    g: Numbers, a: Numbers, grid: Numbers, of_image: Numbers, of_grid: Numbers, points: int,
    height: int, width: int, padding: int, align: bool,
) -> None:  # fmt: skip
    """The gradients of `cubic`: added to that of images, and that of grids; neither if empty."""
    kind, size, images = a.dtype, height * width, grid.size // (2 * points)
    rows, zero = g.size // (images * points), a.dtype.type(0)
    space, place = np.empty(20 * BLOCK, kind), np.empty(8 * BLOCK, np.int32)
    across, down = space[4 * BLOCK : 8 * BLOCK], space[8 * BLOCK : 12 * BLOCK]
    along, below = space[12 * BLOCK : 16 * BLOCK], space[16 * BLOCK :]
    columns, lines = place[: 4 * BLOCK], place[4 * BLOCK :]
    wide = g.dtype.type(width - 1 if align else width) / g.dtype.type(2)
    high = g.dtype.type(height - 1 if align else height) / g.dtype.type(2)
    for image in range(images):
        for start in range(0, points, BLOCK):
            n, first = min(BLOCK, points - start), 2 * (image * points + start)
            x, y = space[:n], space[BLOCK : BLOCK + n]
            gx, gy = space[2 * BLOCK : 2 * BLOCK + n], space[3 * BLOCK : 3 * BLOCK + n]
            unnormalized(grid, first, x, width, align)
            unnormalized(grid, first + 1, y, height, align)
            cubes(x, columns, across, width, 1, padding, align)
            cubes(y, lines, down, height, width, padding, align)
            cube_slopes(x, along)
            cube_slopes(y, below)
            gx[:], gy[:] = zero, zero
            for row in range(image * rows, image * rows + rows):
                by = g[row * points + start : row * points + start + n]
                if of_image.size:
                    to = of_image[row * size : row * size + size]
                    cubes_spread(to, by, columns, lines, across, down)
                if not of_grid.size:
                    continue
                plane = a[row * size : row * size + size]
                for p in range(n):
                    u, v, flow = recall(gx, p), recall(gy, p), read(by, p)
                    for i in range(4):
                        column, weight = read(columns, i * BLOCK + p), recall(across, i * BLOCK + p)
                        turn = recall(along, i * BLOCK + p)
                        for j in range(4):
                            k = j * BLOCK + p
                            one = value(plane, np.int32(column + read(lines, k))) * flow
                            u = fma(-(one * turn), recall(down, k), u)
                            v = fma(-(one * recall(below, k)), weight, v)
                    write(gx, p, u)
                    write(gy, p, v)
            if of_grid.size:
                for p in range(n):
                    write(of_grid, first + 2 * p, recall(gx, p) * wide)
                    write(of_grid, first + 2 * p + 1, recall(gy, p) * high)


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
