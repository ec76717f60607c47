"""Moments of channels, and what normalisation makes of them, over flat float32 arrays.

An array is seen as (outer, c, inner): a channel's numbers lie in blocks of `inner`. Where `inner`
is 1 channels are columns, which are walked side by side. Rows are blocks with an `outer` of 1.
Channels, columns or blocks are those from `first` to `last`, which is not one of them. Of arrays
that are small in every way there are loops that leave the bits of NumPy's functions.
"""

import numpy as np

from .compiler import (
    Doubles,
    Flat,
    Real,
    Singles,
    held,
    inlined,
    jit,
    part,
    read,
    recall,
    reordered,
    write,
)
from .compiler import build as build_all
from .reductions import COLUMNS, DEEP, PIECE, piece_sum
from .shares import shared
from .small import in_pairs

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


@shared("....<>", "mean.size", 0.4)
@jit
def moments(a: Flat, inner: int, mean: Singles, spread: Singles, first: int, last: int) -> None:
    """The mean of each channel, and the sum of squared distances from it."""
    c = mean.size
    outer = a.size // (c * inner)
    for channel in range(first, last):
        total = D(0)
        for block in range(outer):
            at = (block * c + channel) * inner
            for start in range(at, at + inner, PIECE):
                total += D(piece_sum(a, start, min(start + PIECE, at + inner)))
        middle = F(total / (outer * inner))
        total = D(0)
        for block in range(outer):
            at = (block * c + channel) * inner
            for start in range(at, at + inner, PIECE):
                total += D(piece_spread(a, start, min(start + PIECE, at + inner), middle))
        mean[channel], spread[channel] = middle, F(total)


@shared("...<>", "mean.size", 0.4, COLUMNS)
@jit
def moments_columns(a: Flat, mean: Flat, spread: Flat, first: int, last: int) -> None:
    """`moments` where `inner` is 1."""
    c, wide = mean.size, last - first
    rows = a.size // c
    total, part = np.zeros(wide, np.float64), np.empty(wide, np.float32)
    for deep in range(0, rows, DEEP):
        part[:] = 0
        for row in range(deep, min(deep + DEEP, rows)):
            x = a[row * c + first : row * c + last]
            for j in range(wide):
                write(part, j, recall(part, j) + read(x, j))
        for j in range(wide):
            total[j] += D(part[j])
    middle = mean[first:last]
    for j in range(wide):
        middle[j] = F(total[j] / rows)
    total[:] = 0
    for deep in range(0, rows, DEEP):
        part[:] = 0
        for row in range(deep, min(deep + DEEP, rows)):
            x = a[row * c + first : row * c + last]
            for j in range(wide):
                apart = read(x, j) - read(middle, j)
                write(part, j, recall(part, j) + apart * apart)
        for j in range(wide):
            total[j] += D(part[j])
    for j in range(wide):
        spread[first + j] = F(total[j])


@shared(".....<>", "a.size // inner")
@jit
def affine(a: Flat, out: Flat, inner: int, scale: Flat, shift: Flat, first: int, last: int) -> None:
    """a * scale + shift, by channel, of the blocks from `first` to `last`."""
    c = scale.size
    for block in range(first, last):
        x, y = a[block * inner : block * inner + inner], out[block * inner : block * inner + inner]
        by, plus = scale[block % c], shift[block % c]
        for i in range(inner):
            write(y, i, read(x, i) * by + plus)


@shared("pp..", "a.size // scale.size")
@jit
def affine_columns(a: Flat, out: Flat, scale: Flat, shift: Flat) -> None:
    """`affine` where `inner` is 1."""
    c = scale.size
    for first in range(0, a.size, c):
        x, y = a[first : first + c], out[first : first + c]
        for j in range(c):
            write(y, j, read(x, j) * read(scale, j) + read(shift, j))


@shared("......<>", "about.size", 0.5)
@jit
def slopes(
    g: Flat, a: Flat, inner: int, about: Flat, total: Flat, slope: Flat, first: int, last: int
) -> None:
    """The sums of g and of g * (a - about), by channel."""
    c = about.size
    outer = a.size // (c * inner)
    for channel in range(first, last):
        plain, product = D(0), D(0)
        for block in range(outer):
            at = (block * c + channel) * inner
            for start in range(at, at + inner, PIECE):
                stop = min(start + PIECE, at + inner)
                plain += D(piece_sum(g, start, stop))
                product += D(piece_slope(g, a, start, stop, about[channel]))
        total[channel], slope[channel] = F(plain), F(product)


@shared(".....<>", "about.size", 0.5, COLUMNS)
@jit
def slopes_columns(
    g: Flat, a: Flat, about: Flat, total: Flat, slope: Flat, first: int, last: int
) -> None:
    """`slopes` where `inner` is 1."""
    c, wide = about.size, last - first
    rows = a.size // c
    sums, middle = np.zeros(2 * wide, np.float64), about[first:last]
    plain, product = np.empty(wide, np.float32), np.empty(wide, np.float32)
    for deep in range(0, rows, DEEP):
        plain[:], product[:] = 0, 0
        for row in range(deep, min(deep + DEEP, rows)):
            u, x = g[row * c + first : row * c + last], a[row * c + first : row * c + last]
            for j in range(wide):
                write(plain, j, recall(plain, j) + read(u, j))
                apart = read(x, j) - read(middle, j)
                write(product, j, recall(product, j) + read(u, j) * apart)
        for j in range(wide):
            sums[j] += D(plain[j])
            sums[wide + j] += D(product[j])
    for j in range(wide):
        total[first + j], slope[first + j] = F(sums[j]), F(sums[wide + j])


@shared(".......<>", "a.size // inner", 0.5)
@jit
def plane(
    g: Flat, a: Flat, out: Flat, inner: int, by_g: Flat, by_a: Flat, shift: Flat,
    first: int, last: int,
) -> None:  # fmt: skip
    """g * by_g + a * by_a + shift, by channel, of the blocks from `first` to `last`."""
    c = by_g.size
    for block in range(first, last):
        at = block * inner
        u, x, y = g[at : at + inner], a[at : at + inner], out[at : at + inner]
        p, q, plus = by_g[block % c], by_a[block % c], shift[block % c]
        for i in range(inner):
            write(y, i, read(u, i) * p + read(x, i) * q + plus)


@shared("ppp...", "a.size // by_g.size", 0.5)
@jit
def plane_columns(g: Flat, a: Flat, out: Flat, by_g: Flat, by_a: Flat, shift: Flat) -> None:
    """`plane` where `inner` is 1."""
    c = by_g.size
    for at in range(0, a.size, c):
        u, x, y = g[at : at + c], a[at : at + c], out[at : at + c]
        for j in range(c):
            value = read(u, j) * read(by_g, j) + read(x, j) * read(by_a, j)
            write(y, j, value + read(shift, j))


@shared("pppp..", "mean.size")
@jit
def normalised_rows(
    a: Flat, out: Flat, mean: Singles, rstd: Singles, weight: Singles, bias: Singles
) -> None:
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


@shared("ppppp.", "mean.size", 0.9)
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


@shared("......<>", "of_weight.size", 0.5, COLUMNS)
@jit
def weight_rows(
    g: Flat, a: Flat, mean: Flat, rstd: Flat, of_weight: Flat, of_bias: Flat, first: int, last: int
) -> None:
    """The gradients of `normalised_rows` for weight and bias, summed over rows."""
    n, wide = of_weight.size, last - first
    sums = np.zeros(2 * wide, np.float64)
    plain, product = np.empty(wide, np.float32), np.empty(wide, np.float32)
    for deep in range(0, mean.size, DEEP):
        plain[:], product[:] = 0, 0
        for row in range(deep, min(deep + DEEP, mean.size)):
            u, x = g[row * n + first : row * n + last], a[row * n + first : row * n + last]
            middle, by = mean[row], rstd[row]
            for i in range(wide):
                write(plain, i, recall(plain, i) + read(u, i))
                apart = (read(x, i) - middle) * by
                write(product, i, recall(product, i) + read(u, i) * apart)
        for i in range(wide):
            sums[i] += D(plain[i])
            sums[wide + i] += D(product[i])
    for i in range(wide):
        of_bias[first + i], of_weight[first + i] = F(sums[i]), F(sums[wide + i])


@part
def channel_sum(a: Flat, channel: int, c: int, about: Real, squared: bool, wide: Doubles) -> float:
    """The sum of a channel, or of squared distances from a number: in NumPy's order, where a
    channel's blocks have no more elements than `wide` and than 128."""
    inner, total = wide.size, D(0)
    for at in range(channel * inner, a.size, c * inner):
        for i in range(inner):
            apart = a[at + i] - about
            wide[i] = D(apart * apart) if squared else D(a[at + i])
        total += in_pairs(wide, 0, inner)
    return total


@inlined
def small_moments(a: Flat, inner: int, mean: Flat, spread: Flat) -> None:
    """`moments` of all channels."""
    c = mean.size
    if c == 1:  # its blocks are one
        inner = a.size
    wide = np.empty(inner, np.float64)
    for channel in range(c):
        middle = F(channel_sum(a, channel, c, F(0), False, wide) / D(a.size // c))
        mean[channel] = middle
        spread[channel] = F(channel_sum(a, channel, c, middle, True, wide))


@inlined
def small_affine(a: Flat, out: Flat, inner: int, scale: Real, shift: Real, at: int) -> None:
    """a * scale + shift in the block that starts there."""
    for i in range(at, at + inner):
        write(out, i, read(a, i) * scale + shift)


@held
def small_rows(
    a: Flat, out: Flat, mean: Flat, rstd: Flat, weight: Flat, bias: Flat, eps: Real
) -> None:
    """Rows to mean 0 and variance 1, and weighed unless `weight` is empty; a bias of -0.0 changes
    nothing."""
    n = a.size // mean.size
    small_moments(a, n, mean, rstd)
    for row in range(mean.size):
        middle, at = mean[row], row * n
        by = rstd[row] = F(1) / np.sqrt(rstd[row] / F(n) + eps)
        if not weight.size:
            small_affine(a, out, n, by, -middle * by, at)
        for i in range(weight.size):
            write(out, at + i, (read(a, at + i) - middle) * by * read(weight, i) + read(bias, i))


@held
def small_batch(
    a: Flat, inner: int, mean: Flat, rstd: Flat, means: Flat, variances: Flat, momentum: float,
    eps: Real,
) -> None:  # fmt: skip
    """The mean and rstd of each channel, towards which running means and variances are moved. The
    rstd is 0 where there is nothing to take the root of."""
    c = mean.size
    n = a.size // c
    small_moments(a, inner, mean, rstd)
    kept, new = F(1 - momentum), F(momentum)
    for channel in range(c):
        means[channel] = new * mean[channel] + kept * means[channel]
    for channel in range(c):
        variances[channel] = new * (rstd[channel] / F(n - 1)) + kept * variances[channel]
        square = rstd[channel] / F(n) + eps
        rstd[channel] = F(0) if square == 0 else F(1) / np.sqrt(square)


@held
def small_channels(
    a: Flat, out: Flat, inner: int, mean: Flat, rstd: Flat, weight: Flat, bias: Flat
) -> None:
    """(a - mean) * rstd * weight + bias, by channel, as one product and one sum."""
    c = mean.size
    for block in range(a.size // inner):
        channel = block % c
        scale = rstd[channel] * weight[channel]
        shift = bias[channel] - mean[channel] * scale
        small_affine(a, out, inner, scale, shift, block * inner)


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
