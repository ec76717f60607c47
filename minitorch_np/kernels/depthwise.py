"""Convolutions that give each plane filters of its own: too thin for a product of matrices.

Planes are padded; that of output p is the one of input p // `each`, for so many filters each.
`size` is (height, width, output height, output width), `window` (kernel, stride, dilation), a
number for the height and one for the width of each.
"""

import numpy as np

from .compiler import Flat, Indices, Real, fused, jit, read, recall, reordered, write
from .compiler import build as build_all
from .shares import shared

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


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
