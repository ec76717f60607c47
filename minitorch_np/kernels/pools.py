"""Windows that slide over planes: pooling, and what convolutions multiply.

What slides is told by 12 numbers, for the height and for the width each: the sizes of a plane, the
sizes of its result, and the kernel, stride, padding and dilation of the window. Source:
aten/src/ATen/native/cpu/MaxPoolKernel.cpp and AvgPoolKernel.cpp.
"""

import numpy as np

from .compiler import Flat, Indices, jit, read, recall, write
from .compiler import build as build_all
from .shares import shared

F = np.float32
LOWEST = F(-np.inf)


@shared("ppp.", "a.size // (window[0] * window[1])", 3.0)
@jit
def largest(a: Flat, best: Flat, index: Indices, window: Indices) -> None:
    """best = the largest element of each window of planes, index = where in its plane it is: the
    first of several, the last of NaNs.
    """
    height, width, out_height, out_width = window[0], window[1], window[2], window[3]
    deep, wide = (window[4] - 1) * window[10] + 1, (window[5] - 1) * window[11] + 1
    down, right = window[10], window[11]
    size, place = height * width, 0
    for plane in range(a.size // size):
        x = a[plane * size : plane * size + size]
        for row in range(out_height):
            top = row * window[6] - window[8]
            last = min(top + deep, height)
            while top < 0:
                top += down
            for column in range(out_width):
                left = column * window[7] - window[9]
                end = min(left + wide, width)
                while left < 0:
                    left += right
                found, at = LOWEST, top * width + left
                for h in range(top, last, down):
                    for w in range(left, end, right):
                        value = x[h * width + w]
                        if value > found or value != value:
                            found, at = value, h * width + w
                best[place], index[place] = found, at
                place += 1


@shared("ppp..", "a.size // (window[0] * window[1] * c)", 3.0)
@jit
def largest_columns(a: Flat, best: Flat, index: Indices, window: Indices, c: int) -> None:
    """`largest` of images whose c channels lie side by side."""
    height, width, out_height, out_width = window[0], window[1], window[2], window[3]
    deep, wide = (window[4] - 1) * window[10] + 1, (window[5] - 1) * window[11] + 1
    down, right = window[10], window[11]
    size, place = height * width * c, 0
    for start in range(0, a.size, size):
        for row in range(out_height):
            top = row * window[6] - window[8]
            last = min(top + deep, height)
            while top < 0:
                top += down
            for column in range(out_width):
                left = column * window[7] - window[9]
                end = min(left + wide, width)
                while left < 0:
                    left += right
                y, where = best[place : place + c], index[place : place + c]
                y[:], where[:] = LOWEST, top * width + left
                for h in range(top, last, down):
                    for w in range(left, end, right):
                        at = h * width + w
                        x = a[start + at * c : start + at * c + c]
                        for j in range(c):
                            value, found, known = read(x, j), recall(y, j), recall(where, j)
                            better = (value > found) | (value != value)
                            write(y, j, value if better else found)
                            write(where, j, at if better else known)
                place += c


@shared("ppp....", "a.size // (height * width)", 2.0)
@jit
def largest_shares(
    a: Flat, best: Flat, index: Indices, rows: Indices, columns: Indices, height: int, width: int
) -> None:
    """`largest` of windows that start and end, by pairs, at these rows and columns of planes."""
    place = 0
    for start in range(0, a.size, height * width):
        x = a[start : start + height * width]
        for row in range(0, rows.size, 2):
            for column in range(0, columns.size, 2):
                found, at = LOWEST, rows[row] * width + columns[column]
                for h in range(rows[row], rows[row + 1]):
                    for w in range(columns[column], columns[column + 1]):
                        value = x[h * width + w]
                        if value > found or value != value:
                            found, at = value, h * width + w
                best[place], index[place] = found, at
                place += 1


@shared("pp....", "a.size // (height * width)", 2.0)
@jit
def shares(a: Flat, out: Flat, rows: Indices, columns: Indices, height: int, width: int) -> None:
    """out = the mean of each window that starts and ends, by pairs, at these rows and columns."""
    place = 0
    for start in range(0, a.size, height * width):
        x = a[start : start + height * width]
        for row in range(0, rows.size, 2):
            top, bottom = rows[row], rows[row + 1]
            for column in range(0, columns.size, 2):
                left, right = columns[column], columns[column + 1]
                total = F(0)
                for h in range(top, bottom):
                    for w in range(left, right):
                        total += read(x, h * width + w)
                write(out, place, total / F(bottom - top) / F(right - left))
                place += 1


@shared("pp....", "out.size // (height * width)", 8.0)
@jit
def shares_backward(
    g: Flat, out: Flat, rows: Indices, columns: Indices, height: int, width: int
) -> None:
    """The gradient of `shares`, added to `out`."""
    place = 0
    for start in range(0, out.size, height * width):
        y = out[start : start + height * width]
        for row in range(0, rows.size, 2):
            top, bottom = rows[row], rows[row + 1]
            for column in range(0, columns.size, 2):
                left, right = columns[column], columns[column + 1]
                part = read(g, place) / F(bottom - top) / F(right - left)
                for h in range(top, bottom):
                    for w in range(left, right):
                        write(y, h * width + w, recall(y, h * width + w) + part)
                place += 1


@shared("pp...", "a.size // (window[0] * window[1])", 2.0)
@jit
def averages(a: Flat, out: Flat, window: Indices, padded: bool, divisor: int) -> None:
    """out = the sum of each window of planes over `divisor`, or over the number of its elements if
    that is 0, those in the padding included where it is `padded`. The dilation is 1.
    """
    height, width, out_height, out_width = window[0], window[1], window[2], window[3]
    step, before = window[7], window[9]
    for each in range(out.size // out_width):
        plane, row = each // out_height, each % out_height
        y = out[each * out_width : each * out_width + out_width]
        start = row * window[6] - window[8]
        stop = min(start + window[4], height + window[8])
        top, last = max(start, 0), min(stop, height)
        y[:] = 0
        for h in range(top, last):
            x = a[(plane * height + h) * width : (plane * height + h) * width + width]
            for j in range(window[5]):  # one place in all windows of a row
                at = j - before
                low = max(0, (step - 1 - at) // step)
                for column in range(low, min(out_width, (width - 1 - at) // step + 1)):
                    write(y, column, recall(y, column) + read(x, column * step + at))
        for column in range(out_width):
            first = column * step - before
            end = min(first + window[5], width + before)
            across = min(end, width) - max(first, 0)
            by = divisor
            if by == 0:
                by = (stop - start) * (end - first) if padded else (last - top) * across
            y[column] = y[column] / F(by) if top < last and across > 0 else F(0)


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
