"""One step of a long short-term memory, and one step back, for rows of gates.

A row of gates has four parts of n numbers: for input, forgetting, news and output, in this order.
"""

# ruff: noqa: FURB136  # min and max would not keep nan

import numpy as np

from . import curves, wide
from .compiler import Flat, Real, fused, jit, read, recall, write
from .compiler import build as build_all

F = np.float32
ONE = F(1)


@fused
def tanh(x: Real) -> Real:
    """The hyperbolic tangent: e / (e + 2) by what e, exp(2x) - 1, is; 1 from where it rounds so."""
    a = abs(x)
    held = F(10.0) if F(10.0) < a else a
    rest, power = wide.expm1_parts(2.0 * np.float64(held))
    above = rest * power + (power - 1.0)
    return np.copysign(F(above / (above + 2.0)), x)


@jit
def step(gates: Flat, before: Flat, after: Flat, out: Flat, n: int) -> None:
    """The gates, opened in place; the next cells, keep * before + into * news; the next hidden
    states, outward * tanh(cells)."""
    for row in range(out.size // n):
        at, first = row * n, 4 * row * n
        g, both = gates[first : first + 4 * n], 2 * n
        into, keep, news, outward = g[:n], g[n:both], g[both : 3 * n], g[3 * n :]
        old, new, y = before[at : at + n], after[at : at + n], out[at : at + n]
        for j in range(both):
            write(g, j, curves.sigmoid(recall(g, j)))
        for j in range(n):
            write(news, j, tanh(recall(news, j)))
        for j in range(n):
            write(outward, j, curves.sigmoid(recall(outward, j)))
        for j in range(n):
            kept = recall(keep, j) * read(old, j)
            write(new, j, kept + recall(into, j) * recall(news, j))
        for j in range(n):
            write(y, j, recall(outward, j) * tanh(recall(new, j)))


@jit
def step_back(
    gates: Flat, before: Flat, after: Flat, g: Flat, h: Flat, c: Flat, out: Flat, n: int
) -> None:
    """The gradients of a step's gates before they opened; `c`, that of its cells, becomes that of
    the cells before, `g` and `h` are those of its hidden states from the output and from the step
    that came after it."""
    for row in range(g.size // n):
        at, first = row * n, 4 * row * n
        opened, made, both = gates[first : first + 4 * n], out[first : first + 4 * n], 2 * n
        into, keep, news, outward = (
            opened[:n],
            opened[n:both],
            opened[both : 3 * n],
            opened[3 * n :],
        )
        d_into, d_keep, d_news, d_out = made[:n], made[n:both], made[both : 3 * n], made[3 * n :]
        old, new, slope = before[at : at + n], after[at : at + n], c[at : at + n]
        one, other = g[at : at + n], h[at : at + n]
        for j in range(n):
            total, seen, open_ = read(one, j) + read(other, j), tanh(read(new, j)), read(outward, j)
            write(slope, j, recall(slope, j) + total * open_ * (ONE - seen * seen))
            write(d_out, j, total * seen * open_ * (ONE - open_))
        for j in range(n):
            total, entering, kept = recall(slope, j), read(into, j), read(keep, j)
            write(d_into, j, total * read(news, j) * entering * (ONE - entering))
            write(d_keep, j, total * read(old, j) * kept * (ONE - kept))
        for j in range(n):
            total, fresh = recall(slope, j), read(news, j)
            write(d_news, j, total * read(into, j) * (ONE - fresh * fresh))
            write(slope, j, total * read(keep, j))


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
