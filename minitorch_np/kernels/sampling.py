"""Images sampled at points: their taps, the sums over those, and the gradients.

All arrays are flat. Images are (rows, size), of which so many `rows` share the points; taps are
(taps, samples), for all images. Whatever rounds, rounds as NumPy's float32 does.
"""

# ruff: noqa: FURB136  # min and max would keep other nans

import numpy as np

from .compiler import Flat, Indices, Mask, Real, Words, inlined, jit, read, recall, write
from .compiler import build as build_all
from .shares import shared

F = np.float32
ZERO, ONE = F(0), F(1)
NEAR = 1024
"""Points whose samples stay near while taps are added to them."""


@inlined
def unnormalized(x: Real, n: int, flat: bool, align: bool) -> Real:
    """A coordinate in [-1, 1] as a place among elements, of which there are n, or one more."""
    if flat:
        at = (x + ONE) * F(n / 2)
        return at if align else at - F(0.5)
    if align:
        return ((x + ONE) / F(2)) * F(n)
    return ((x + ONE) * F(n) - ONE) / F(2)


@inlined
def reflected(x: Real, low: Real, span: Real) -> Real:
    """A place folded back between `low` and `low + span`."""
    away = abs(x - low)
    rest = F(np.fmod(away, span))
    odd = np.floor(away / span) % F(2) != ZERO
    return (span - rest if odd else rest) + low


@inlined
def clipped(x: Real, size: int) -> Real:
    """A place within an image; nan is 0."""
    x = x if x > ZERO else ZERO
    return x if x < F(size - 1) else F(size - 1)


@inlined
def padded(x: Real, size: int, padding: int, align: bool) -> Real:
    """A place brought back into the image: padding is 1 for border, 2 for reflection."""
    if padding == 2:
        low, high = (0, 2 * (size - 1)) if align else (-1, 2 * size - 1)
        x = ZERO if low == high else reflected(x, F(low / 2), F((high - low) / 2))
        return x if low == high else clipped(x, size)
    return clipped(x, size) if padding == 1 else x


@jit
def places(x: Flat, out: Flat, size: int, padding: int, align: bool, flat: bool) -> None:
    """Where coordinates lie along a dim of so many elements."""
    n = size - 1 if align else size
    if padding == 0 and flat:
        half, less = F(n / 2), ZERO if align else F(0.5)
        for p in range(x.size):
            write(out, p, (read(x, p) + ONE) * half - less)
    else:
        for p in range(x.size):
            write(out, p, padded(unnormalized(x[p], n, flat, align), size, padding, align))


@inlined
def tap(place: Real, size: int, at: Indices, inside: Mask, p: int) -> None:
    """Writes where a tap is, and whether it is inside the image; nan is not."""
    within = (place > -ONE) & (place < F(size))
    write(inside, p, within)
    write(at, p, np.int64(place if within else ZERO))


@jit
def nearest(place: Flat, at: Indices, inside: Mask, size: int) -> None:
    """The one tap of each place among so many elements."""
    for p in range(place.size):
        tap(np.rint(read(place, p)), size, at, inside, p)


@jit
def linear(place: Flat, at: Indices, inside: Mask, weight: Flat, size: int, flat: bool) -> None:
    """The two taps of each place among so many elements, and their weights."""
    n = place.size
    for k in range(2):
        to, within, by = at[k * n :], inside[k * n :], weight[k * n :]
        for p in range(n):
            x = read(place, p)
            first = np.floor(x)
            near = ONE - (x - first) if flat else first + ONE - x
            write(by, p, x - first if k == 1 else near)
            tap(first + F(k), size, to, within, p)


@jit
def combine(
    at0: Indices, in0: Mask, w0: Flat, at1: Indices, in1: Mask, w1: Flat, at2: Indices, in2: Mask,
    w2: Flat, place: Words, weight: Flat, samples: int, n1: int, n2: int,
) -> None:  # fmt: skip
    """Of each combination of taps along three dims the place in an image (n0, n1, n2), and the
    weight, 0 outside: that of the last dim first, as ATen multiplies them."""
    taps1, taps2 = at1.size // samples, at2.size // samples
    for k in range(place.size // samples):
        i, j, m = k // (taps1 * taps2), k // taps2 % taps1, k % taps2
        a, b, c, at = i * samples, j * samples, m * samples, k * samples
        for p in range(samples):
            row = read(at0, a + p) * n1 + read(at1, b + p)
            write(place, at + p, np.int32(row * n2 + read(at2, c + p)))
            value = read(w2, c + p) * read(w1, b + p) * read(w0, a + p)
            within = read(in0, a + p) & read(in1, b + p) & read(in2, c + p)
            write(weight, at + p, value if within else ZERO)


@inlined
def add_four(
    x: Flat, place: Words, weight: Flat, at: int, step: int, so_far: Flat, y: Flat
) -> None:
    """y = so_far + four taps of each point, which begin at `at` and are a step apart. y and so_far
    are two arrays: where one is read and written LLVM gathers no vectors."""
    n = y.size
    i0, w0, i1, w1 = place[at:], weight[at:], place[at + step :], weight[at + step :]
    at += 2 * step
    i2, w2, i3, w3 = place[at:], weight[at:], place[at + step :], weight[at + step :]
    for p in range(n):
        total = read(so_far, p) + read(x, read(i0, p)) * read(w0, p)
        total += read(x, read(i1, p)) * read(w1, p)
        total += read(x, read(i2, p)) * read(w2, p)
        write(y, p, total + read(x, read(i3, p)) * read(w3, p))


@inlined
def add_one(x: Flat, place: Words, weight: Flat, at: int, so_far: Flat, y: Flat) -> None:
    """`add_four` for one tap."""
    i, w = place[at:], weight[at:]
    for p in range(y.size):
        write(y, p, read(so_far, p) + read(x, read(i, p)) * read(w, p))


@inlined
def sample(
    x: Flat, place: Words, weight: Flat, at: int, step: int, y: Flat, one: Flat, other: Flat
) -> None:
    """y = sum of weight[k] * x[place[k]] for points whose taps begin at `at`, a step apart."""
    taps = place.size // step
    each = 4 if taps % 4 == 0 else 1
    so_far, new = one[: y.size], other[: y.size]
    so_far[:] = ZERO
    for k in range(0, taps, each):
        to = y if k + each == taps else new
        if each == 4:
            add_four(x, place, weight, at + k * step, step, so_far, to)
        else:
            add_one(x, place, weight, at + k * step, so_far, to)
        so_far, new = new, so_far


@shared("......<>", "out.size // points", "0.6 * place.size * rows")
@jit
def gather(
    a: Flat, place: Words, weight: Flat, out: Flat, rows: int, points: int, first: int, last: int
) -> None:
    """out[r, p] = sum of weight[k, p] * a[r, place[k, p]] over k, for the rows from `first` to
    `last`."""
    size, samples = a.size // (out.size // points), out.size // points // rows * points
    one, other = np.empty(NEAR, np.float32), np.empty(NEAR, np.float32)
    for r in range(first, last):
        x, at = a[r * size : r * size + size], r // rows * points
        for start in range(0, points, NEAR):
            y = out[r * points + start : r * points + min(start + NEAR, points)]
            sample(x, place, weight, at + start, samples, y, one, other)


@shared(".......<>", "out.size // points", "0.7 * place.size * rows")
@jit
def slope(
    a: Flat, g: Flat, place: Words, weight: Flat, out: Flat, rows: int, points: int,
    first: int, last: int,
) -> None:  # fmt: skip
    """out[n, p] = sum of g[n, c, p] * weight[k, n, p] * a[n, c, place[k, n, p]] over k, then c; for
    the images from `first` to `last`, of so many `rows` c each."""
    size, samples = a.size // (g.size // points), out.size
    one, other, found = (
        np.empty(NEAR, np.float32),
        np.empty(NEAR, np.float32),
        np.empty(NEAR, np.float32),
    )
    for n in range(first, last):
        for start in range(0, points, NEAR):
            at = n * points + start
            y = out[at : at + min(NEAR, points - start)]
            value = found[: y.size]
            y[:] = ZERO
            for r in range(n * rows, n * rows + rows):
                x, by = a[r * size : r * size + size], g[r * points + start :]
                sample(x, place, weight, at, samples, value, one, other)
                for p in range(y.size):
                    write(y, p, recall(y, p) + read(by, p) * read(value, p))


@shared("......<>", "g.size // points", "1.5 * place.size * rows")
@jit
def spread(
    g: Flat, place: Words, weight: Flat, out: Flat, rows: int, points: int, first: int, last: int
) -> None:
    """out[r, place[k, p]] += weight[k, p] * g[r, p]: the gradient of `gather`."""
    size, samples = out.size // (g.size // points), g.size // points // rows * points
    for r in range(first, last):
        x, y = g[r * points : r * points + points], out[r * size : r * size + size]
        for k in range(place.size // samples):
            at = k * samples + r // rows * points
            to, by = place[at : at + points], weight[at : at + points]
            for p in range(points):
                where = read(to, p)
                write(y, where, recall(y, where) + read(x, p) * read(by, p))


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
