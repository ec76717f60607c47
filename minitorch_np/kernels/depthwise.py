"""Convolutions that give each plane filters of its own: too thin for a product of matrices.

Planes are padded; that of output p is the one of input p // `each`, for so many filters each.
`size` is (height, width, output height, output width), `window` (kernel, stride, dilation), a
number for the height and one for the width of each.
"""

import numpy as np

from .compiler import Flat, Indices, Real, fused, inlined, jit, read, recall, reordered, write
from .compiler import build as build_all
from .shares import shared
from .windows import first_inside, last_inside

ZERO = np.float32(0)


@fused
def add_row(a: Flat, at: int, factor: Real, out: Flat, start: int, n: int, step: int) -> None:
    """out[start:][:n] += factor * a[at::step]."""
    if step == 1:
        for i in range(n):
            write(out, start + i, recall(out, start + i) + factor * read(a, at + i))
    else:
        for i in range(n):
            write(out, start + i, recall(out, start + i) + factor * read(a, at + i * step))


@reordered
def row_product(a: Flat, at: int, g: Flat, start: int, n: int, step: int) -> Real:
    """The sum of a[at::step] * g[start:][:n]."""
    total = ZERO
    if step == 1:
        for i in range(n):
            total += read(a, at + i) * read(g, start + i)
    else:
        for i in range(n):
            total += read(a, at + i * step) * read(g, start + i)
    return total


@shared(
    "......<>",
    "out.size // (size[2] * size[3])",
    "0.2 * out.size * int(window[0] * window[1])",
)
@jit
def correlate(
    a: Flat, filters: Flat, out: Flat, size: Indices, window: Indices, each: int,
    first: int, last: int,
) -> None:  # fmt: skip
    """out += each window of a plane times its filter, for the planes from `first` to `last`."""
    height, width, rows, columns = size[0], size[1], size[2], size[3]
    kh, kw, sh, sw, dh, dw = window[0], window[1], window[2], window[3], window[4], window[5]
    count = filters.size // (kh * kw)
    for p in range(first, last):
        plane, f = (p // each) * height * width, (p % count) * kh * kw
        for row in range(rows):
            start = (p * rows + row) * columns
            for i in range(kh):
                line = plane + (row * sh + i * dh) * width
                for j in range(kw):
                    factor = read(filters, f + i * kw + j)
                    add_row(a, line + j * dw, factor, out, start, columns, sw)


@shared(
    "......<>",
    "out.size // (window[0] * window[1])",
    "0.2 * g.size * int(window[0] * window[1])",
)
@jit
def weigh(
    a: Flat, g: Flat, out: Flat, size: Indices, window: Indices, each: int, first: int, last: int
) -> None:
    """out += the share in gradients g of the filters from `first` to `last`."""
    height, width, rows, columns = size[0], size[1], size[2], size[3]
    kh, kw, sh, sw, dh, dw = window[0], window[1], window[2], window[3], window[4], window[5]
    count = out.size // (kh * kw)
    for p in range(g.size // (rows * columns)):
        if not first <= p % count < last:
            continue
        plane, f = (p // each) * height * width, (p % count) * kh * kw
        for row in range(rows):
            start = (p * rows + row) * columns
            for i in range(kh):
                line = plane + (row * sh + i * dh) * width
                for j in range(kw):
                    found = row_product(a, line + j * dw, g, start, columns, sw)
                    out[f + i * kw + j] += found


@fused
def add_products(a: Flat, at: int, b: Flat, by: int, out: Flat, start: int, n: int) -> None:
    """out[start:][:n] += a[at:][:n] * b[by:][:n]."""
    for i in range(n):
        write(out, start + i, recall(out, start + i) + read(a, at + i) * read(b, by + i))


@inlined
def one_line(
    a: Flat, filters: Flat, out: Flat, window: Indices, channels: int, sums: bool,
    line: int, first: int, last: int,
) -> None:  # fmt: skip
    """A line of `out` += the numbers from `first` to `last` of each filter times what they see in
    images that are not padded; with `sums` instead, filters += `out` times that."""
    height, width, rows, columns = window[1], window[2], window[4], window[5]
    step, long = window[11], columns * channels
    image, start = line // rows * height, line * long
    for tap in range(first, last):
        h = line % rows * window[10] - window[13] + tap // window[8] * window[16]
        if not 0 <= h < height:
            continue
        left = tap % window[8] * window[17] - window[14]
        begin = min(first_inside(left, step), columns)
        end = min(last_inside(left, step, width, columns), columns)
        n, turns = (end - begin) * channels, min(1, end - begin)
        if step != 1:  # then neighbours in `out` see no neighbours
            n, turns = channels, end - begin
        for x in range(begin, begin + turns):
            at, to = ((image + h) * width + left + x * step) * channels, x * channels
            if sums:
                add_products(a, at, out, start + to, filters, tap * long + to, n)
            else:
                add_products(a, at, filters, tap * long + to, out, start + to, n)


@shared(".....<>", "out.size // int(window[5] * channels)", "0.1 * out.size * int(window[8])")
@jit
def correlate_last(
    a: Flat, filters: Flat, out: Flat, window: Indices, channels: int, first: int, last: int
) -> None:
    """out += one filter times each channel of images whose channels lie side by side, for the lines
    from `first` to `last`. `window` is that of `windows`; filters are (kernel, columns,
    C), repeated for each place of a line of `out`, so that a line is one long loop."""
    for line in range(first, last):
        one_line(a, filters, out, window, channels, False, line, 0, window[7] * window[8])


@shared(".....<>", "int(window[7] * window[8])", "0.1 * g.size * int(window[7] * window[8])")
@jit
def weigh_last(
    a: Flat, g: Flat, out: Flat, window: Indices, channels: int, first: int, last: int
) -> None:
    """out += the share in gradients g of such filters, as they lie there, for their numbers from
    `first` to `last`; its sums over columns are theirs."""
    for line in range(g.size // (window[5] * channels)):
        one_line(a, out, g, window, channels, True, line, first, last)


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
