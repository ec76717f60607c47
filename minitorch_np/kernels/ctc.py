"""Sums over all alignments of labels with a sequence, by logarithms, in float32.

All arrays are flat: logarithms of probabilities (T, N, C), the classes of the states (N, S), alpha
(N, T, S); there are 2 L + 1 states where there are L labels. Samples are those from `first` to
`last`, which is not one of them. Exponentials are those of C's library, as in ATen.
Source: aten/src/ATen/native/LossCTC.cpp.
"""

import math

import numpy as np

from .compiler import Flat, Indices, Real, inlined, jit, part, read, recall, write
from .compiler import build as build_all
from .shares import shared

F = np.float32
ZERO, NONE, INF = F(0), F(-np.inf), F(np.inf)


@inlined
def larger(a: Real, b: Real) -> Real:
    """The larger one; nan if one is."""
    return a if (a > b) | (a != a) else b


@inlined
def joined(a: Real, b: Real) -> Real:
    """The logarithm of the sum of two numbers that are given by theirs."""
    most = larger(a, b)
    most = ZERO if most == NONE else most
    return F(math.log(F(math.exp(a - most)) + F(math.exp(b - most)))) + most


@inlined
def summed(a: Real, b: Real, c: Real) -> Real:
    """`joined` of three."""
    most = larger(larger(a, b), c)
    if most == NONE:
        return NONE
    total = F(math.exp(a - most)) + F(math.exp(b - most)) + F(math.exp(c - most))
    return F(math.log(total)) + most


@shared(".....<>", "sizes.size", "25.0 * alpha.size")
@jit
def forward(
    probs: Flat, states: Indices, sizes: Indices, alpha: Flat, classes: int, first: int, last: int
) -> None:
    """alpha: the sum over all ways from a sample's begin to each state."""
    batch = sizes.size
    steps, width = probs.size // (batch * classes), states.size // batch
    for n in range(first, last):
        labels = states[n * width : n * width + width]
        for t in range(steps):
            given = probs[(t * batch + n) * classes :]
            at = (n * steps + t) * width
            row, before = alpha[at : at + width], alpha[max(at - width, 0) :]
            for s in range(width):
                value = read(given, labels[s])
                if t == 0:
                    write(row, s, value if s < min(2, 2 * sizes[n] + 1) else NONE)
                    continue
                one = recall(before, s - 1) if s > 0 else NONE
                jumps = s > 1 and labels[s] != labels[s - 2]
                two = recall(before, s - 2) if jumps else NONE
                write(row, s, summed(recall(before, s), one, two) + value)


@part
def beta(given: Flat, labels: Indices, after: Flat, row: Flat, size: int, ends: bool) -> None:
    """row: the sum over all ways from each state to the end of a sample of so many labels, from
    those `after` it, or where a sample `ends`."""
    width = row.size
    for s in range(width):
        value = read(given, labels[s])
        if ends:
            write(row, s, value if 2 * size - 1 <= s <= 2 * size else NONE)
            continue
        one = read(after, s + 1) if s + 1 < width else NONE
        jumps = s + 2 < width and labels[s + 2] != labels[s]
        two = read(after, s + 2) if jumps else NONE
        write(row, s, summed(read(after, s), one, two) + value)


@shared("..........<>", "sizes.size", "35.0 * alpha.size")
@jit
def backward(
    probs: Flat, states: Indices, sizes: Indices, lengths: Indices, alpha: Flat, losses: Flat,
    g: Flat, out: Flat, classes: int, finite: bool, first: int, last: int,
) -> None:  # fmt: skip
    """The gradient of `losses` by `probs` where samples have so many steps, `lengths`; 0 for those
    that are infinite, if only `finite` ones count."""
    batch = sizes.size
    steps, width = probs.size // (batch * classes), states.size // batch
    row, after = np.empty(width, np.float32), np.empty(width, np.float32)
    ways = np.empty(classes, np.float32)
    for n in range(first, last):
        labels, loss = states[n * width : n * width + width], losses[n]
        for t in range(steps - 1, -1, -1):
            at = (t * batch + n) * classes
            given, slope = probs[at : at + classes], out[at : at + classes]
            if t >= lengths[n] or (finite and loss == INF):
                slope[:] = ZERO
                continue
            beta(given, labels, after, row, sizes[n], t + 1 == lengths[n])
            ways[:] = NONE
            for s in range(width - 1, -1, -1):
                c = labels[s]
                way = read(alpha, (n * steps + t) * width + s) + recall(row, s)
                write(ways, c, joined(recall(ways, c), way))
            for c in range(classes):
                x = read(given, c)
                share = F(math.exp(x)) - F(math.exp(recall(ways, c) + loss - x))
                write(slope, c, share * g[n])
            row, after = after, row


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
