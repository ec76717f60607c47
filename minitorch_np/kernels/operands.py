"""What the loops of a matrix product know of its operands, and of the kernels for their dtype."""

from collections.abc import MutableSequence
from typing import NamedTuple

from .compiler import part
from .dots import DOTS as SIDE_OF_DOTS
from .unit import UNIT_KERNELS

Table = MutableSequence[int]

PAGE = 4096
"""Bytes that lie in the same lines of the nearest cache when they are a multiple of it apart."""

# Places in the table that tells the compiled loops of their dtype and thread. LANES is 2**SHIFT: a
# tile of few steps takes as long as three divisions. A full
# tile is ROWS high and WIDTH vectors wide. A is packed by A_LANES; a step of it is PACKED bytes.
(
    A_SCRATCH, B_SCRATCH, SIZE, SOURCE, LANES, SHIFT, ROWS, WIDTH, A_LANES, PACKED
) = range(10)  # fmt: skip
A_COPIES = PACKED + 1
B_COPIES = A_COPIES + 3
"""Where copies start: of rows, of columns, of anything."""
DOT = B_COPIES + 3
DOTS = DOT + 1
UNIT_PARTS = DOTS + 2 * SIDE_OF_DOTS
"""bfloat16 in a number, for the matrix unit; 0 where there is none for this dtype."""
UNIT_LOOPS = UNIT_PARTS + 1
"""The address of `united`, or 0: it and the rest are made when first needed."""
UNIT_SCRATCH = UNIT_PARTS + 2
UNIT = UNIT_PARTS + 3
TILE = UNIT + len(UNIT_KERNELS)
TOO_STRIDED, MISMATCH, UNBUILT = -1, -2, -3


class View(NamedTuple):
    """Matrices in memory: the address of the first, and strides in bytes from matrix to matrix, row
    to row, column to column.
    """

    at: int
    batch: int
    row: int
    column: int


class Scale(NamedTuple):
    """The numbers in C = alpha * A @ B + beta * S."""

    alpha: float
    beta: float


@part
def turned(v: View) -> View:
    """The transposed matrices."""
    return View(v.at, v.batch, v.column, v.row)


@part
def moved(v: View, batch: int, row: int, column: int) -> View:
    """The matrices that start at an element."""
    return View(v.at + batch * v.batch + row * v.row + column * v.column, v.batch, v.row, v.column)
