"""Products of matrices so small that the way to them takes longer than they do.

One function reads the ndarrays as they lie in memory, finds out by their dtype which kernels there
are, and enters the loops that `matmul` enters, with the same result. It keeps Python's lock, so
that all threads can share one table and the scratch behind it.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from . import matmul
from .compiler import call_int, part, peek, poke
from .fastcall import (
    API,
    COUNTING,
    DATA,
    DESCR,
    DIMS,
    NDIM,
    POSSIBLE,
    STRIDES,
    TYPE,
    Words,
    address,
    entered,
    hold,
    words_of,
)
from .fastcall import build as compiled

__all__ = ["small_product"]

LITTLE = 1 << 18
"""Multiply-adds up to which Python's lock is kept: some microseconds."""

_INT = 0xFFFFFFFF
"""What of a word is an int of C's."""


def matrix(holder: int, arguments: int, count: int) -> int:
    """c = a @ b, or c = s + a @ b, and True, where a, b, c and perhaps s are such matrices; s may
    be one row for all. Else False.
    """
    words = peek(holder, DATA)
    at, done = 0, peek(words, 8)
    if count == 3 or count == 4:
        at = kernels_for(words, arguments, count)
    if at:
        a, b, c = peek(arguments, 0), peek(arguments, 8), peek(arguments, 16)
        s = peek(arguments, 8 * (count - 1))
        a_dims, b_dims, c_dims, s_dims = (
            peek(a, DIMS), peek(b, DIMS), peek(c, DIMS), peek(s, DIMS),
        )  # fmt: skip
        m, n, k = peek(c_dims, 0), peek(c_dims, 8), peek(a_dims, 8)
        one_row = peek(s, NDIM) & _INT == 1
        rows, columns = peek(s_dims, 0), peek(s_dims, 8 * (1 - one_row))
        fits = peek(a_dims, 0) == m and peek(b_dims, 0) == k and peek(b_dims, 8) == n
        if fits and columns == n and (one_row or rows == m) and 0 < m * n * k <= LITTLE:
            a_steps, b_steps, c_steps, s_steps = (
                peek(a, STRIDES), peek(b, STRIDES), peek(c, STRIDES), peek(s, STRIDES),
            )  # fmt: skip
            beta = 0.0 if count == 3 else 1.0
            left = call_int(
                peek(words, 24),
                (
                    peek(at, 8), 1, m, n, k,
                    peek(a, DATA), 0, peek(a_steps, 0), peek(a_steps, 8),
                    peek(b, DATA), 0, peek(b_steps, 0), peek(b_steps, 8),
                    peek(c, DATA), 0, peek(c_steps, 0), peek(c_steps, 8),
                    peek(s, DATA), 0, peek(s_steps, 0) * (1 - one_row),
                    peek(s_steps, 8 * (1 - one_row)), 1.0, beta, LITTLE,
                ),
            )  # fmt: skip
            if left == 0:
                poke(words, 32, peek(words, 32) + 1)
                done = peek(words, 0)
    return hold(done, peek(words, 16))


@part
def kernels_for(words: int, arguments: int, count: int) -> int:
    """Where a recipe names the kernels for ndarrays of one dtype, of which the last of four may be
    a row and the others are matrices; 0 where it has none."""
    kind = peek(peek(arguments, 0), DESCR)
    for nr in range(count):
        array = peek(arguments, 8 * nr)
        dims = peek(array, NDIM) & _INT
        if peek(array, TYPE) != peek(words, 40) or not (dims == 2 or (nr == 3 and dims == 1)):
            return 0
        if peek(array, DESCR) != kind:
            return 0
    at = words + 48
    while peek(at, 0) and peek(at, 0) != kind:
        at += 16
    return at if peek(at, 0) else 0


def _no(*_: object) -> bool:
    """The answer where there are no such functions."""
    return False


_COUNT = 4
"""Which of the words counts the products."""

_tables = matmul.Ready("matrix", {})


@functools.cache
def _entered() -> Callable[..., bool]:
    if not POSSIBLE:
        return _no
    words: Words = [
        id(True), id(False), 0 if COUNTING else address(API.Py_IncRef), matmul.loops_address(), 0,
        id(np.ndarray),
    ]  # fmt: skip
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        words += [id(dtype), _tables.table(dtype)]
    return entered(matrix, [*words, 0])


if TYPE_CHECKING:
    small_product: Callable[..., bool]


def __getattr__(name: str) -> object:
    """`small_product`, compiled when it is first asked for."""
    if name != "small_product":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = _entered()
    return _entered()


def count() -> int:
    """Products computed here since import."""
    return int(words_of(_entered())[_COUNT]) if POSSIBLE else 0


def build() -> None:
    """Compile everything ahead of use."""
    for function in (matrix,) if POSSIBLE else ():
        _ = compiled(function)
