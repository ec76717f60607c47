"""The windows that slide over images, copied out into matrices for products.

`window` has three numbers each, for depth, height and width: the size of an image, of the grid on
which a window stops, and of the window; its stride, the padding, and the dilation.
"""

import numpy as np

from .compiler import BLOCK, Indices, Numbers, inlined, jit, move, read, straight, write
from .shares import shared


@inlined
def first_inside(start: int, step: int) -> int:
    """The first place of a grid, whose first lies at `start`, that is not before an image."""
    return 0 if start >= 0 else (step - 1 - start) // step


@inlined
def last_inside(start: int, step: int, size: int, count: int) -> int:
    """The place of a grid of `count` behind the last one in an image, or its first place inside."""
    behind = 0 if start >= size else (size - 1 - start) // step + 1
    return max(first_inside(start, step), min(behind, count))


@inlined
def copy_line(a: Numbers, at: int, out: Numbers, place: int, n: int, some: int) -> None:
    """out[place:][:n] = a[at:][:n]. Lines are short: by blocks of `some`, of which the last is
    copied in part for a second time."""
    if n < some:
        for x in range(n):
            write(out, place + x, read(a, at + x))
        return
    for x in range(0, n - some, some):
        move(out, place + x, a, at + x)
    move(out, place + n - some, a, at + n - some)


@shared("pp.", "a.size // int(window[0] * window[1] * window[2])", "0.3 * out.size")
@jit
def columns(a: Numbers, out: Numbers, window: Indices) -> None:
    """out = the elements of planes at each place in the window, wherever that stops, and zeros in
    the padding: (P, *size) to (P, *kernel, *grid)."""
    depth, height, width = window[0], window[1], window[2]
    grid_depth, grid_height, grid_width = window[3], window[4], window[5]
    zero, place, some = a.dtype.type(0), 0, BLOCK // a.itemsize
    for start in range(0, a.size, depth * height * width):
        for i in range(window[6]):
            for j in range(window[7]):
                for k in range(window[8]):
                    step, left = window[11], k * window[17] - window[14]
                    first = min(first_inside(left, step), grid_width)
                    last = min(last_inside(left, step, width, grid_width), grid_width)
                    for z in range(grid_depth):
                        d = z * window[9] - window[12] + i * window[15]
                        for y in range(grid_height):
                            h = y * window[10] - window[13] + j * window[16]
                            begin, end = first, last
                            if not (0 <= d < depth and 0 <= h < height):
                                begin, end = grid_width, grid_width
                            at = start + (d * height + h) * width + left
                            for x in range(begin):
                                write(out, place + x, zero)
                            if step == 1:
                                copy_line(a, at + begin, out, place + begin, end - begin, some)
                            else:
                                for x in range(begin, end):
                                    write(out, place + x, read(a, at + x * step))
                            for x in range(end, grid_width):
                                write(out, place + x, zero)
                            place += grid_width


@shared("pp..", "a.size // int(window[0] * window[1] * window[2] * channels)", "0.3 * out.size")
@jit
def rows(a: Numbers, out: Numbers, window: Indices, channels: int) -> None:
    """`columns` of images whose channels lie side by side: (N, *size, C) to
    (N, *grid, *kernel, C)."""
    depth, height, width = window[0], window[1], window[2]
    zero, place, some = a.dtype.type(0), 0, BLOCK // a.itemsize
    for start in range(0, a.size, depth * height * width * channels):
        for z in range(window[3]):
            for y in range(window[4]):
                for x in range(window[5]):
                    for i in range(window[6]):
                        d = z * window[9] - window[12] + i * window[15]
                        for j in range(window[7]):
                            h = y * window[10] - window[13] + j * window[16]
                            line = 0 <= d < depth and 0 <= h < height
                            for k in range(window[8]):
                                w = x * window[11] - window[14] + k * window[17]
                                at = start + ((d * height + h) * width + w) * channels
                                if line and 0 <= w < width:
                                    copy_line(a, at, out, place, channels, some)
                                else:
                                    for c in range(channels):
                                        write(out, place + c, zero)
                                place += channels


@jit
def lines(
    a: Numbers, out: Numbers, starts: Indices, columns: Indices, first: int, last: int
) -> None:
    """Each line of `out` from the one that starts there in a: its elements stand in `columns`, side
    by side from `first` to `last`."""
    place, some = 0, BLOCK // a.itemsize
    for line in range(starts.size):
        start = starts[line]
        for x in range(first):
            write(out, place + x, read(a, start + columns[x]))
        if first < last:
            at = start + columns[first]
            copy_line(a, at, out, place + first, last - first, some)
        for x in range(max(first, last), columns.size):
            write(out, place + x, read(a, start + columns[x]))
        place += columns.size


def build() -> None:
    """Compile all loops of this module for the types whose bits are most often copied."""
    for function in (columns, rows, lines):
        for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
            _ = straight(function, dtype)
