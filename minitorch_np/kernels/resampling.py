"""Weighted sums of taps along one dim of an image, a flat array of float32, (outer, n, inner); and
their gradients.
"""

from .compiler import Flat, Indices, inlined, jit, read, recall, write
from .compiler import build as build_all
from .shares import shared


@inlined
def weigh_row(x: Flat, at: Indices, weight: Flat, out: Flat) -> None:
    """out[i] = sum of weight[i, k] * x[at[i, k]] over k."""
    taps = at.size // out.size
    if taps == 2:
        for i in range(out.size):
            total = read(x, read(at, 2 * i)) * read(weight, 2 * i)
            write(out, i, total + read(x, read(at, 2 * i + 1)) * read(weight, 2 * i + 1))
        return
    for i in range(out.size):
        first = i * taps
        total = read(x, read(at, first)) * read(weight, first)
        for k in range(first + 1, first + taps):
            total += read(x, read(at, k)) * read(weight, k)
        write(out, i, total)


@shared("p..p...", "a.size // (n * inner)", "0.4 * out.size * taps")
@jit
def weigh(a: Flat, at: Indices, weight: Flat, out: Flat, n: int, inner: int, taps: int) -> None:
    """out[o, i] = sum of weight[i, k] * a[o, at[i, k]] over k, for `taps` of each new element."""
    new = at.size // taps
    for o in range(a.size // (n * inner)):
        x, y = a[o * n * inner : (o + 1) * n * inner], out[o * new * inner : (o + 1) * new * inner]
        if inner == 1:
            weigh_row(x, at, weight, y)
            continue
        for i in range(new):
            row, k = y[i * inner : i * inner + inner], i * taps
            tap, w = x[at[k] * inner :], weight[k]
            if taps == 1:
                for j in range(inner):
                    write(row, j, read(tap, j) * w)
                continue
            more, v = x[at[k + 1] * inner :], weight[k + 1]
            for j in range(inner):  # two at once, so that the sums are written less often
                write(row, j, read(tap, j) * w + read(more, j) * v)
            for m in range(k + 2, k + taps):
                tap, w = x[at[m] * inner :], weight[m]
                for j in range(inner):
                    write(row, j, recall(row, j) + read(tap, j) * w)


@shared("p..p...", "out.size // (n * inner)", "0.4 * g.size * taps")
@jit
def fold(g: Flat, at: Indices, weight: Flat, out: Flat, n: int, inner: int, taps: int) -> None:
    """out[o, at[i, k]] += weight[i, k] * g[o, i]: the gradient of `weigh`."""
    new = at.size // taps
    for o in range(out.size // (n * inner)):
        x, y = g[o * new * inner : (o + 1) * new * inner], out[o * n * inner : (o + 1) * n * inner]
        for i in range(new):
            if inner == 1:
                value = read(x, i)
                for k in range(i * taps, i * taps + taps):
                    to = read(at, k)
                    write(y, to, recall(y, to) + value * read(weight, k))
                continue
            row = x[i * inner : i * inner + inner]
            for k in range(i * taps, i * taps + taps):
                tap, w = y[at[k] * inner : at[k] * inner + inner], weight[k]
                for j in range(inner):
                    write(tap, j, recall(tap, j) + read(row, j) * w)


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
