"""Elementwise loops over flat arrays of half types, which `read` widens and `write` rounds.

Beside them, the loops of `elementwise` and `broadcast` can be compiled for half types too: each
element is computed as float32, and rounded once. Those that only move bits see uint16.
"""

import numpy as np

from . import broadcast, channels, elementwise, reductions, scans
from .compiler import Flat, Halves, Real, jit, narrow, read, straight, write
from .cpu import has
from .shares import each

SIGN, REST = np.uint16(0x8000), np.uint16(0x7FFF)


@each()
@jit
def neg(a: Halves, out: Halves) -> None:
    """-a, nan with its sign turned too."""
    for i in range(out.size):
        write(out, i, np.uint16(read(a, i) ^ SIGN))


@each()
@jit
def absolute(a: Halves, out: Halves) -> None:
    """a without its sign, which nan loses too."""
    for i in range(out.size):
        write(out, i, np.uint16(read(a, i) & REST))


@each()
@jit
def add(a: Flat, b: Flat, out: Flat) -> None:
    """a + b."""
    for i in range(out.size):
        write(out, i, read(a, i) + read(b, i))


@each()
@jit
def subtract(a: Flat, b: Flat, out: Flat) -> None:
    """a - b."""
    for i in range(out.size):
        write(out, i, read(a, i) - read(b, i))


@each()
@jit
def multiply(a: Flat, b: Flat, out: Flat) -> None:
    """a * b."""
    for i in range(out.size):
        write(out, i, read(a, i) * read(b, i))


@each()
@jit
def divide(a: Flat, b: Flat, out: Flat) -> None:
    """a / b."""
    for i in range(out.size):
        write(out, i, read(a, i) / read(b, i))


@each()
@jit
def add_number(a: Flat, out: Flat, n: Real) -> None:
    """a + n."""
    for i in range(out.size):
        write(out, i, read(a, i) + n)


@each()
@jit
def subtract_from_number(a: Flat, out: Flat, n: Real) -> None:
    """n - a."""
    for i in range(out.size):
        write(out, i, n - read(a, i))


@each()
@jit
def multiply_number(a: Flat, out: Flat, n: Real) -> None:
    """a * n."""
    for i in range(out.size):
        write(out, i, read(a, i) * n)


def build() -> None:
    """Compile all loops of this module, and of those of others that half types take most often."""
    of_bits = neg, absolute
    of_types = (
        add, subtract, multiply, divide, add_number, subtract_from_number, multiply_number,
        broadcast.row, broadcast.column, channels.moments, channels.normalised_rows,
        elementwise.relu, reductions.sum_rows, reductions.columns, scans.sum_rows,
    )  # fmt: skip
    for function in of_bits:
        _ = straight(function)
    for name in [half for half in narrow if half != "float16" or has("f16c")]:
        for function in of_types:
            _ = straight(function, np.dtype(name))
