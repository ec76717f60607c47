"""Moments of channels, and what normalisation makes of them, over flat float32 arrays.

An array is seen as (outer, c, inner): a channel's numbers lie in blocks of `inner`. Where `inner`
is 1 channels are columns, of which all are walked at once. Rows are blocks with an `outer` of 1.
"""

import numpy as np

from .compiler import Flat, Real, jit, read, reordered, write
from .compiler import build as build_all
from .reductions import DEEP, PIECE, piece_sum

F, D = np.float32, np.float64


@reordered
def piece_spread(a: Flat, start: int, stop: int, about: Real) -> Real:
    """The sum of squared distances of a[start:stop] from a number."""
    total = F(0)
    for i in range(start, stop):
        apart = read(a, i) - about
        total += apart * apart
    return total


@reordered
def piece_slope(g: Flat, a: Flat, start: int, stop: int, about: Real) -> Real:
    """The sum of g * (a - about) over start:stop."""
    total = F(0)
    for i in range(start, stop):
        total += read(g, i) * (read(a, i) - about)
    return total


@jit
def moments(a: Flat, inner: int, mean: Flat, spread: Flat) -> None:
    """The mean of each channel, and the sum of squared distances from it."""
    c = mean.size
    outer = a.size // (c * inner)
    for channel in range(c):
        total = D(0)
        for block in range(outer):
            first = (block * c + channel) * inner
            for start in range(first, first + inner, PIECE):
                total += D(piece_sum(a, start, min(start + PIECE, first + inner)))
        middle = F(total / (outer * inner))
        total = D(0)
        for block in range(outer):
            first = (block * c + channel) * inner
            for start in range(first, first + inner, PIECE):
                total += D(piece_spread(a, start, min(start + PIECE, first + inner), middle))
        mean[channel], spread[channel] = middle, F(total)


@jit
def moments_columns(a: Flat, mean: Flat, spread: Flat) -> None:
    """`moments` where `inner` is 1."""
    c = mean.size
    rows = a.size // c
    total, part = np.zeros(c, np.float64), np.empty(c, np.float32)
    for deep in range(0, rows, DEEP):
        part[:] = 0
        for row in range(deep, min(deep + DEEP, rows)):
            x = a[row * c : row * c + c]
            for j in range(c):
                write(part, j, read(part, j) + read(x, j))
        for j in range(c):
            total[j] += D(part[j])
    for j in range(c):
        mean[j] = F(total[j] / rows)
    total[:] = 0
    for deep in range(0, rows, DEEP):
        part[:] = 0
        for row in range(deep, min(deep + DEEP, rows)):
            x = a[row * c : row * c + c]
            for j in range(c):
                apart = read(x, j) - read(mean, j)
                write(part, j, read(part, j) + apart * apart)
        for j in range(c):
            total[j] += D(part[j])
    for j in range(c):
        spread[j] = F(total[j])


@jit
def affine(a: Flat, out: Flat, inner: int, scale: Flat, shift: Flat) -> None:
    """a * scale + shift, by channel."""
    c = scale.size
    for block in range(a.size // inner):
        x, y = a[block * inner : block * inner + inner], out[block * inner : block * inner + inner]
        by, plus = scale[block % c], shift[block % c]
        for i in range(inner):
            write(y, i, read(x, i) * by + plus)


@jit
def affine_columns(a: Flat, out: Flat, scale: Flat, shift: Flat) -> None:
    """`affine` where `inner` is 1."""
    c = scale.size
    for first in range(0, a.size, c):
        x, y = a[first : first + c], out[first : first + c]
        for j in range(c):
            write(y, j, read(x, j) * read(scale, j) + read(shift, j))


@jit
def slopes(g: Flat, a: Flat, inner: int, about: Flat, total: Flat, slope: Flat) -> None:
    """The sums of g and of g * (a - about), by channel."""
    c = about.size
    outer = a.size // (c * inner)
    for channel in range(c):
        plain, product = D(0), D(0)
        for block in range(outer):
            first = (block * c + channel) * inner
            for start in range(first, first + inner, PIECE):
                stop = min(start + PIECE, first + inner)
                plain += D(piece_sum(g, start, stop))
                product += D(piece_slope(g, a, start, stop, about[channel]))
        total[channel], slope[channel] = F(plain), F(product)


@jit
def slopes_columns(g: Flat, a: Flat, about: Flat, total: Flat, slope: Flat) -> None:
    """`slopes` where `inner` is 1."""
    c = about.size
    rows = a.size // c
    wide = np.zeros(2 * c, np.float64)
    plain, product = np.empty(c, np.float32), np.empty(c, np.float32)
    for deep in range(0, rows, DEEP):
        plain[:], product[:] = 0, 0
        for row in range(deep, min(deep + DEEP, rows)):
            u, x = g[row * c : row * c + c], a[row * c : row * c + c]
            for j in range(c):
                write(plain, j, read(plain, j) + read(u, j))
                apart = read(x, j) - read(about, j)
                write(product, j, read(product, j) + read(u, j) * apart)
        for j in range(c):
            wide[j] += D(plain[j])
            wide[c + j] += D(product[j])
    for j in range(c):
        total[j], slope[j] = F(wide[j]), F(wide[c + j])


@jit
def plane(g: Flat, a: Flat, out: Flat, inner: int, by_g: Flat, by_a: Flat, shift: Flat) -> None:
    """g * by_g + a * by_a + shift, by channel."""
    c = by_g.size
    for block in range(a.size // inner):
        at = block * inner
        u, x, y = g[at : at + inner], a[at : at + inner], out[at : at + inner]
        p, q, plus = by_g[block % c], by_a[block % c], shift[block % c]
        for i in range(inner):
            write(y, i, read(u, i) * p + read(x, i) * q + plus)


@jit
def plane_columns(g: Flat, a: Flat, out: Flat, by_g: Flat, by_a: Flat, shift: Flat) -> None:
    """`plane` where `inner` is 1."""
    c = by_g.size
    for at in range(0, a.size, c):
        u, x, y = g[at : at + c], a[at : at + c], out[at : at + c]
        for j in range(c):
            value = read(u, j) * read(by_g, j) + read(x, j) * read(by_a, j)
            write(y, j, value + read(shift, j))


@jit
def normalised_rows(a: Flat, out: Flat, mean: Flat, rstd: Flat, weight: Flat, bias: Flat) -> None:
    """(row - mean) * rstd * weight + bias."""
    n = weight.size
    for row in range(mean.size):
        x, y = a[row * n : row * n + n], out[row * n : row * n + n]
        middle, by = mean[row], rstd[row]
        for i in range(n):
            write(y, i, (read(x, i) - middle) * by * read(weight, i) + read(bias, i))


@reordered
def weighed_sum(g: Flat, weight: Flat) -> Real:
    """The sum of g * weight."""
    total = F(0)
    for i in range(g.size):
        total += read(g, i) * read(weight, i)
    return total


@reordered
def weighed_slope(g: Flat, weight: Flat, a: Flat, about: Real) -> Real:
    """The sum of g * weight * (a - about)."""
    total = F(0)
    for i in range(g.size):
        total += read(g, i) * read(weight, i) * (read(a, i) - about)
    return total


@jit
def backward_rows(g: Flat, a: Flat, out: Flat, mean: Flat, rstd: Flat, weight: Flat) -> None:
    """The gradient of `normalised_rows` for its rows."""
    n = weight.size
    for row in range(mean.size):
        u, x = g[row * n : row * n + n], a[row * n : row * n + n]
        y = out[row * n : row * n + n]
        middle, by = mean[row], rstd[row]
        plain, product = D(0), D(0)
        for start in range(0, n, PIECE):
            stop = min(start + PIECE, n)
            w = weight[start:stop]
            plain += D(weighed_sum(u[start:stop], w))
            product += D(weighed_slope(u[start:stop], w, x[start:stop], middle))
        less = F(plain / n)
        turn = F(product / n) * by * by
        for i in range(n):
            value = read(u, i) * read(weight, i) - less - (read(x, i) - middle) * turn
            write(y, i, value * by)


@jit
def weight_rows(g: Flat, a: Flat, mean: Flat, rstd: Flat, of_weight: Flat, of_bias: Flat) -> None:
    """The gradients of `normalised_rows` for weight and bias, summed over rows."""
    n = of_weight.size
    wide = np.zeros(2 * n, np.float64)
    plain, product = np.empty(n, np.float32), np.empty(n, np.float32)
    for deep in range(0, mean.size, DEEP):
        plain[:], product[:] = 0, 0
        for row in range(deep, min(deep + DEEP, mean.size)):
            u, x = g[row * n : row * n + n], a[row * n : row * n + n]
            middle, by = mean[row], rstd[row]
            for i in range(n):
                write(plain, i, read(plain, i) + read(u, i))
                apart = (read(x, i) - middle) * by
                write(product, i, read(product, i) + read(u, i) * apart)
        for i in range(n):
            wide[i] += D(plain[i])
            wide[n + i] += D(product[i])
    for i in range(n):
        of_bias[i], of_weight[i] = F(wide[i]), F(wide[n + i])


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
