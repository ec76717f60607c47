"""Copies that change the order or the dtype of elements, or choose between two: all flat arrays.

Half types are seen as uint16 here, the bits that hold them.
"""

import numpy as np

from .compiler import (
    Bytes,
    Flat,
    Halves,
    Mask,
    Numbers,
    Real,
    Words,
    bits,
    half_bits,
    inlined,
    jit,
    of_bits,
    of_half_bits,
    read,
    write,
)
from .compiler import (
    build as build_all,
)
from .cpu import has
from .shares import each, shared

F = np.float32
ZERO = F(0)
TILE = 16
REST, QUIET = np.int32(0x7FFFFFFF), np.int32(0x400000)
ONE, BELOW_HALF = np.int32(1), np.int32(0x7FFF)
INFINITE = np.int32(0x7F800000)
HALF_TOO_LARGE, HALF_NORMAL = np.int32(0x47800000), np.int32(0x38800000)
HALF_BIAS, HALF_SPAN = np.int32(112 << 23), np.int32(0x0F800000)
HALF_GRID, HALF_GRID_BITS = F(0.5), np.int32(0x3F000000)
HALF_TINY = F(2.0**-14)


@shared("...<>", "rows", 1.0, TILE)
@jit
def transpose(a: Words, out: Words, rows: int, first: int, last: int) -> None:
    """Rows of out from `first` to `last` with the rows of `a`, so many long, as its columns; by
    tiles, so that the pieces of memory that a tile touches stay near."""
    columns = out.size // rows
    for top in range(first, last, TILE):
        for left in range(0, columns, TILE):
            bottom, right = min(top + TILE, last), min(left + TILE, columns)
            for i in range(top, bottom):
                for j in range(left, right):
                    write(out, i * columns + j, read(a, j * rows + i))


@each()
@jit
def fill(out: Words, value: int) -> None:
    """The same 32 bits everywhere."""
    word = np.int32(value)
    for i in range(out.size):
        write(out, i, word)


@each()
@jit
def to_bfloat16(a: Flat, out: Halves) -> None:
    """float32 as bfloat16, rounded to even."""
    for i in range(out.size):
        x = read(a, i)
        n = bits(x)
        odd = np.int32(n >> 16) & ONE
        # all int32, or LLVM would keep what may have grown in vectors of int64
        rounded = np.int32(n + BELOW_HALF + odd)
        found = np.int32(n | QUIET) if x != x else rounded
        write(out, i, np.uint16(found >> 16))


@each()
@jit
def of_bfloat16(a: Halves, out: Flat) -> None:
    """bfloat16 as float32."""
    for i in range(out.size):
        write(out, i, of_bits(np.int32(np.int32(read(a, i)) << 16)))


@inlined
def rounded_half(x: Real) -> np.uint16:
    """The bits of x as float16, rounded to even, by arithmetic.

    Source: F. Giesen, float_to_half_fast3_rtne: what is too small is added to a number whose last
    bit is float16's smallest, and so rounded.
    """
    n = bits(x)
    size = np.int32(n & REST)
    small = np.int32(bits(of_bits(size) + HALF_GRID) - HALF_GRID_BITS)
    normal = np.int32((size - HALF_BIAS + np.int32(0xFFF) + ((size >> 13) & 1)) >> 13)
    quiet = np.int32(0x7E00 | np.int32((size >> 13) & 0x3FF))
    huge = quiet if size > INFINITE else np.int32(0x7C00)
    found = small if size < HALF_NORMAL else normal
    found = huge if size >= HALF_TOO_LARGE else found
    return np.uint16(np.int32(found | np.int32((n >> 16) & 0x8000)))


@inlined
def widened_half(h: np.uint16) -> Real:
    """The float32 that has the value of a float16's bits, by arithmetic."""
    n = np.int32(h)
    shifted = np.int32((n & 0x7FFF) << 13)
    exponent = np.int32(shifted & HALF_SPAN)
    moved = np.int32(shifted + HALF_BIAS)
    quiet = QUIET if shifted > HALF_SPAN else np.int32(0)
    normal = np.int32((moved + HALF_BIAS) | quiet) if exponent == HALF_SPAN else moved
    tiny = bits(of_bits(np.int32(moved + (1 << 23))) - HALF_TINY)
    found = tiny if exponent == np.int32(0) else normal
    return of_bits(np.int32(found | np.int32((n & 0x8000) << 16)))


_halved, _widened = (half_bits, of_half_bits) if has("f16c") else (rounded_half, widened_half)


@each()
@jit
def to_float16(a: Flat, out: Halves) -> None:
    """float32 as float16, rounded to even."""
    for i in range(out.size):
        write(out, i, _halved(read(a, i)))


@each()
@jit
def of_float16(a: Halves, out: Flat) -> None:
    """float16 as float32."""
    for i in range(out.size):
        write(out, i, _widened(read(a, i)))


@each()
@jit
def to_uint8(a: Flat, out: Bytes) -> None:
    """float32 as uint8, by way of int64, so that it wraps."""
    for i in range(out.size):
        write(out, i, np.uint8(np.int64(read(a, i))))


@each()
@jit
def of_uint8(a: Bytes, out: Flat) -> None:
    """uint8 as float32."""
    for i in range(out.size):
        write(out, i, F(read(a, i)))


@each()
@jit
def to_bool(a: Flat, out: Mask) -> None:
    """Whether float32 is not 0; nan is not."""
    for i in range(out.size):
        write(out, i, read(a, i) != ZERO)


@inlined
def chosen(mask: Mask, a: Numbers, b: Numbers, out: Numbers) -> None:
    """a where the mask holds, b elsewhere; each may be one number for all."""
    if a.size == 1 and b.size == 1:
        one, other = read(a, 0), read(b, 0)
        for i in range(out.size):
            write(out, i, one if read(mask, i) else other)
    elif a.size == 1:
        one = read(a, 0)
        for i in range(out.size):
            write(out, i, one if read(mask, i) else read(b, i))
    elif b.size == 1:
        one = read(b, 0)
        for i in range(out.size):
            write(out, i, read(a, i) if read(mask, i) else one)
    else:
        for i in range(out.size):
            write(out, i, read(a, i) if read(mask, i) else read(b, i))


@each()
@jit
def choose(mask: Mask, a: Flat, b: Flat, out: Flat) -> None:
    """What is `chosen` of float32."""
    chosen(mask, a, b, out)


@each()
@jit
def choose_halves(mask: Mask, a: Halves, b: Halves, out: Halves) -> None:
    """What is `chosen` of a half type."""
    chosen(mask, a, b, out)


@jit
def triangle(
    a: Flat, out: Flat, rows: int, columns: int, diagonal: int, lower: bool, inside: bool
) -> None:
    """Writes zeros above the diagonal of matrices, or below it if not `lower`; and the elements of
    `a` elsewhere, if `inside`."""
    for row in range(out.size // columns):
        y, x = out[row * columns : (row + 1) * columns], a[row * columns : (row + 1) * columns]
        edge = max(0, min(columns, row % rows + diagonal + (1 if lower else 0)))
        first, last = (0, edge) if lower else (edge, columns)
        for j in range(first):
            write(y, j, ZERO)
        if inside:
            for j in range(first, last):
                write(y, j, read(x, j))
        for j in range(last, columns):
            write(y, j, ZERO)


@shared("pp.", "a.size // n")
@jit
def reverse_rows(a: Flat, out: Flat, n: int) -> None:
    """Each row of n elements backwards."""
    for at in range(0, out.size, n):
        x, y = a[at : at + n], out[at : at + n]
        for j in range(n):
            write(y, j, read(x, n - 1 - j))


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
