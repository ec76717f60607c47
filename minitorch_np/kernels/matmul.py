"""Matrix products: C = alpha * A @ B, or C += alpha * A @ B, from operands of any strides.

The loops are those of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication"
(2008), and of BLIS:

    for each block of K                      (KC: a panel of A or B stays in the nearest cache)
      for each block of columns of B         (NC: packed into panels as wide as a tile)
        for each block of rows of A          (MC_PANELS: packed into panels as high as a tile)
          for each panel of B, for each panel of A:  one tile of C, in registers (`microkernel`)

Packing copies a block into the order in which tiles read it. It reads any strides, so a transposed,
sliced or expanded operand costs what a contiguous one does. An operand that has that order already
is read in place.

The bits of a result depend on the shapes and strides of the operands, not on the number of threads:
within a block of K each element is one chain of multiply-adds in the order of K, whatever the
tiles.
"""

import functools
import threading
from collections.abc import Callable, MutableSequence
from typing import Any, NamedTuple

import numpy as np

from . import microkernel, threads
from .compiler import (
    array_type,
    c_function,
    cache_folder,
    call,
    compiled_for,
    float64,
    int64,
    jit,
    table_type,
)

Matrix = np.ndarray[tuple[int, ...], np.dtype[Any]]
Table = np.ndarray[tuple[int], np.dtype[np.int64]]
Entry = Callable[[Matrix, Matrix, Matrix, Table, float, int, int, int], int]

calls = 0
"""Products computed here since import."""

KC = 512
"""Longest block of K. All blocks are equal, so each is at least half as long."""
MC_PANELS = 6
"""Panels of A in a block: with KC, they fill a part of the second cache."""
NC = 1024
"""Columns of B in a block."""
NEAR_ROWS = 128
"""Rows of A up to which contiguous rows of B are read in place: packing pays only when a panel is
read often.
"""
NEAR_COLUMNS = 64
"""Columns of B up to which contiguous columns of A are read in place."""
DOT_ROWS = 4
"""Rows (or columns) of C up to which operands that are both contiguous along K are multiplied as
dot products.
"""
ALONE = 2_000_000
"""Multiply-adds up to which one thread is fastest."""
UNIT = 2_000_000
"""Multiply-adds in the least work that is given to a thread."""

PAGE = 4096
"""Scratch starts at a multiple of this many bytes."""

# Places in the table that tells the compiled loops of their dtype and thread. The first is for
# their answer.
(
    UNITS, A_SCRATCH, B_SCRATCH, LOOPS, SIZE, LANES, ROWS, COPY, TRANSPOSE, GATHER, DOT, DOTS, TILE
) = range(13)  # fmt: skip
TOO_STRIDED, MISMATCH = -1, -2


class View(NamedTuple):
    """Matrices in memory: the address of the first, and strides in bytes from matrix to matrix, row
    to row, column to column.
    """

    at: int
    batch: int
    row: int
    column: int


@jit
def turned(v: View) -> View:
    """The transposed matrices."""
    return View(v.at, v.batch, v.column, v.row)


@jit
def moved(v: View, batch: int, row: int, column: int) -> View:
    """The matrices that start at an element."""
    return View(v.at + batch * v.batch + row * v.row + column * v.column, v.batch, v.row, v.column)


@jit
def pack(table: MutableSequence[int], k: int, n: int, src: View, dst: int, dst_step: int) -> None:
    """dst[k, n] = src[k, n], with rows of dst padded to whole vectors."""
    size, lanes = table[SIZE], table[LANES]
    kernel = table[GATHER]
    if src.column == size:
        kernel = table[COPY]
    elif src.row == size:
        kernel = table[TRANSPOSE]
    for i in range(0, n, lanes):
        at, count = src.at + i * src.column, min(lanes, n - i)
        call(kernel, (k, count, at, src.row, src.column, dst + i * size, dst_step))


@jit
def first_row(m: int, panels: int, panel: int) -> int:
    """Where a panel of A starts: the rows are dealt out evenly, so that none is padding."""
    return panel * m // panels


@jit
def stripe(
    table: MutableSequence[int], m: int, n: int, k: int, panels: int, p0: int, p1: int,
    a: View, a_packed: int, b_at: int, b_step: int, c: View, alpha: float, add: int,
) -> None:  # fmt: skip
    """The panels [p0, p1) of A times one panel of B, n columns wide. A is read in place if a_packed
    is 0.
    """
    size, lanes, rows = table[SIZE], table[LANES], table[ROWS]
    wide = TILE + ((n + lanes - 1) // lanes - 1) * rows - 1
    a_step = a.column
    if a_packed != 0:
        a_step = (rows + lanes - 1) // lanes * lanes * size
    for p in range(p0, p1):
        i = first_row(m, panels, p)
        height = first_row(m, panels, p + 1) - i
        a_at = a.at + i * a.row
        if a_packed != 0:
            a_at = a_packed + (p - p0) * a_step * k
        c_at = c.at + i * c.row
        call(table[wide + height], (k, a_at, a_step, b_at, b_step, c_at, c.row, n, add, alpha))


@jit
def pack_panels(
    table: MutableSequence[int], m: int, k: int, panels: int, p0: int, p1: int, a: View
) -> None:
    """Packs the panels [p0, p1) of A."""
    step = (table[ROWS] + table[LANES] - 1) // table[LANES] * table[LANES] * table[SIZE]
    for p in range(p0, p1):
        i = first_row(m, panels, p)
        height = first_row(m, panels, p + 1) - i
        dst = table[A_SCRATCH] + (p - p0) * step * k
        pack(table, k, height, turned(moved(a, 0, i, 0)), dst, step)


@jit
def tiled(
    table: MutableSequence[int], m: int, n: int, k: int,
    a: View, b: View, c: View, alpha: float, accumulate: int,
) -> None:  # fmt: skip
    """C (m, n) by tiles. The columns of C are neighbours."""
    size, lanes, rows = table[SIZE], table[LANES], table[ROWS]
    panels = (m + rows - 1) // rows
    width = (4 if 2 * m <= rows and n > 2 * lanes else 2) * lanes
    a_near = a.row == size and n <= NEAR_COLUMNS
    b_near = b.column == size and m <= NEAR_ROWS
    a_packed = 0 if a_near else table[A_SCRATCH]
    blocks = max(1, (k + KC - 1) // KC)  # an empty K stores zeros
    for block in range(blocks):
        k0 = block * k // blocks
        kb = (block + 1) * k // blocks - k0
        add = 1 if block > 0 else accumulate
        for j0 in range(0, n, NC):
            for p0 in range(0, panels, MC_PANELS):
                p1 = min(panels, p0 + MC_PANELS)
                if not a_near:
                    pack_panels(table, m, kb, panels, p0, p1, moved(a, 0, 0, k0))
                for j in range(j0, min(n, j0 + NC), width):
                    wide = min(width, n - j)
                    b_panel = moved(b, 0, k0, j)
                    b_at, b_step = b_panel.at, b.row
                    # tiles read whole vectors, so a ragged panel cannot be read in place
                    if not b_near or wide % lanes != 0:
                        b_at, b_step = table[B_SCRATCH] + (j - j0) * kb * size, width * size
                        # packed when first needed: then the first tiles find it in the cache
                        if p0 == 0:
                            pack(table, kb, wide, b_panel, b_at, b_step)
                    stripe(
                        table, m, wide, kb, panels, p0, p1,
                        moved(a, 0, 0, k0), a_packed, b_at, b_step, moved(c, 0, 0, j), alpha, add,
                    )  # fmt: skip


@jit
def dotted(
    table: MutableSequence[int], m: int, n: int, k: int,
    a: View, b: View, c: View, alpha: float, accumulate: int,
) -> None:  # fmt: skip
    """C (m, n) by dot products of contiguous rows of A with contiguous columns of B."""
    for j in range(0, n, microkernel.DOTS):
        several = j + microkernel.DOTS <= n
        for i in range(m):
            row = a.at + i * a.row
            for t in range(j, j + 1 if several else n):
                column, to = b.at + t * b.column, moved(c, 0, i, t).at
                kernel = table[DOTS] if several else table[DOT]
                call(kernel, (k, row, 0, column, b.column, to, c.column, 0, accumulate, alpha))


@jit
def units(
    table: MutableSequence[int], first: int, last: int, parts: int, m: int, n: int, k: int,
    a: View, b: View, c: View, alpha: float, accumulate: int, as_dots: bool,
) -> None:  # fmt: skip
    """The units [first, last): each product is `parts` of them, cut across its longer side."""
    by_column = n >= m
    grain = 4 * table[LANES] if by_column else table[ROWS]
    tiles = ((n if by_column else m) + grain - 1) // grain
    for t in range(first // parts, (last + parts - 1) // parts):
        low = tiles * max(first - t * parts, 0) // parts * grain
        high = tiles * min(last - t * parts, parts) // parts * grain
        i, j, mb, nb = 0, 0, m, n
        if by_column:
            j, nb = low, min(high, n) - low
        else:
            i, mb = low, min(high, m) - low
        at, bt, ct = moved(a, t, i, 0), moved(b, t, 0, j), moved(c, t, i, j)
        if as_dots:
            dotted(table, mb, nb, k, at, bt, ct, alpha, accumulate)
        else:
            tiled(table, mb, nb, k, at, bt, ct, alpha, accumulate)


def loops(
    table: MutableSequence[int], batch: int, m: int, n: int, k: int,
    a_at: int, a_batch: int, a_row: int, a_column: int,
    b_at: int, b_batch: int, b_row: int, b_column: int,
    c_at: int, c_batch: int, c_row: int, c_column: int,
    alpha: float, accumulate: int, first: int, last: int,
) -> None:  # fmt: skip
    """Does the units [first, last) of a batch of products.

    If last is negative, does all of them if that is little work; else leaves their number in
    table[UNITS] and does nothing. Leaves TOO_STRIDED there if neither rows nor columns of C are
    contiguous.
    """
    size = table[SIZE]
    table[UNITS] = 0
    if batch == 0 or m == 0 or n == 0 or (k == 0 and accumulate != 0):
        return
    # many small products with the same B are one large one
    if batch > 1 and b_batch == 0 and a_batch == m * a_row and c_batch == m * c_row:
        m, batch = m * batch, 1
    # the stride of a dimension of one element means nothing: let it be the best
    a_best = View(a_at, a_batch, a_row if m > 1 else size, a_column if k > 1 else size)
    b_best = View(b_at, b_batch, b_row if k > 1 else size, b_column if n > 1 else size)
    a, b, c = a_best, b_best, View(c_at, c_batch, c_row, c_column)
    along_k = a.column == size and b.row == size
    as_dots = along_k and min(m, n) <= DOT_ROWS and k >= table[LANES]
    rows_fit, columns_fit = c.column == size or n == 1, c.row == size or m == 1
    if not (as_dots or rows_fit or columns_fit):
        table[UNITS] = TOO_STRIDED
        return
    # Tiles write along rows of C, and few rows go with many columns. C.T = B.T @ A.T turns one into
    # the other.
    either = as_dots or (rows_fit and columns_fit)
    if n < m if either else columns_fit:
        m, n, a, b, c = n, m, turned(b), turned(a), turned(c)
    tiles = (max(m, n) + table[ROWS] - 1) // table[ROWS]
    parts = max(1, min(tiles, m * n * k // UNIT))
    if last < 0:
        if batch * m * n * k > ALONE:
            table[UNITS] = batch * parts
            return
        last = batch * parts
    units(
        table, first, min(last, batch * parts), parts, m, n, k, a, b, c, alpha, accumulate, as_dots
    )  # fmt: skip


def mm_entry(
    a: Matrix, b: Matrix, c: Matrix, table: Table,
    alpha: float, accumulate: int, first: int, last: int,
) -> int:  # fmt: skip
    """`loops` for matrices: passes addresses and strides, and returns table[UNITS], or MISMATCH if
    the shapes disagree.
    """
    m, n, k = c.shape[0], c.shape[1], a.shape[1]
    if a.shape[0] != m or b.shape[1] != n or b.shape[0] != k:
        return MISMATCH
    call(
        int(table[LOOPS]),
        (
            table.ctypes.data, 1, m, n, k,
            a.ctypes.data, 0, a.strides[0], a.strides[1],
            b.ctypes.data, 0, b.strides[0], b.strides[1],
            c.ctypes.data, 0, c.strides[0], c.strides[1],
            alpha, accumulate, first, last,
        ),
    )  # fmt: skip
    return int(table[UNITS])


def bmm_entry(
    a: Matrix, b: Matrix, c: Matrix, table: Table,
    alpha: float, accumulate: int, first: int, last: int,
) -> int:  # fmt: skip
    """`loops` for batches, of which a or b may hold one matrix for all."""
    batch, m, n, k = c.shape[0], c.shape[1], c.shape[2], a.shape[2]
    if a.shape[1] != m or b.shape[2] != n or b.shape[1] != k:
        return MISMATCH
    if (a.shape[0] != 1 and a.shape[0] != batch) or (b.shape[0] != 1 and b.shape[0] != batch):
        return MISMATCH
    a_batch = a.strides[0] if a.shape[0] != 1 else 0
    b_batch = b.strides[0] if b.shape[0] != 1 else 0
    call(
        int(table[LOOPS]),
        (
            table.ctypes.data, batch, m, n, k,
            a.ctypes.data, a_batch, a.strides[1], a.strides[2],
            b.ctypes.data, b_batch, b.strides[1], b.strides[2],
            c.ctypes.data, c.strides[0], c.strides[1], c.strides[2],
            alpha, accumulate, first, last,
        ),
    )  # fmt: skip
    return int(table[UNITS])


def integer_entry(
    a: Matrix, b: Matrix, c: Matrix, _table: Table,
    alpha: float, accumulate: int, _first: int, _last: int,
) -> int:  # fmt: skip
    """A batch of products in integers, which wrap around as in C; alpha is an int64."""
    batch, m, n, k = c.shape[0], c.shape[1], c.shape[2], a.shape[2]
    if a.shape[1] != m or b.shape[2] != n or b.shape[1] != k:
        return MISMATCH
    if (a.shape[0] != 1 and a.shape[0] != batch) or (b.shape[0] != 1 and b.shape[0] != batch):
        return MISMATCH
    for t in range(batch):
        ta, tb = t % a.shape[0], t % b.shape[0]
        for i in range(m):
            if accumulate == 0:
                for j in range(n):
                    c[t, i, j] = 0
            for p in range(k):
                x = alpha * a[ta, i, p]
                for j in range(n):
                    c[t, i, j] += x * b[tb, p, j]
    return 0


@functools.cache
def entry_of(dtype: np.dtype[Any], ndim: int) -> Entry:
    """The compiled function for matrices (ndim 2) or batches (3). Raises: TypeError for a dtype
    that has none.
    """
    real = dtype.kind == "f" and dtype.itemsize in (4, 8)
    if not dtype.isnative or not (real or dtype.kind in "iu"):
        raise TypeError(f"no matrix product of {dtype}")
    if not real and ndim == 2:
        batched = entry_of(dtype, 3)

        def one(
            a: Matrix, b: Matrix, c: Matrix, table: Table,
            alpha: float, add: int, first: int, last: int,
        ) -> int:  # fmt: skip
            return batched(a[None], b[None], c[None], table, alpha, add, first, last)

        return one
    function = integer_entry if not real else mm_entry if ndim == 2 else bmm_entry
    source = array_type(dtype, ndim, writable=False)
    result = array_type(dtype, ndim, writable=True)
    alpha = float64 if real else int64
    return compiled_for(function, source, source, result, table_type, alpha, int64, int64, int64)


@functools.cache
def loops_address() -> int:
    """Where the compiled `loops` are."""
    return c_function(loops, table_type, *[int64] * 16, float64, *[int64] * 3)


@functools.cache
def kernels_of(dtype: np.dtype[Any]) -> microkernel.Kernels:
    """The kernels of float32 or float64, kept beside numba's files between runs."""
    folder = cache_folder(entry_of(dtype, 2))
    return microkernel.load("float" if dtype.itemsize == 4 else "double", folder)


def scratch(kernels: microkernel.Kernels) -> tuple[Matrix, Matrix]:
    """Room for a packed block of A, and of B. A transpose runs over the end by less than a square
    of lanes.
    """
    row = -(-kernels.rows // kernels.lanes) * kernels.lanes * kernels.itemsize
    panel = microkernel.MAX_VECTORS * kernels.lanes * kernels.itemsize
    a = (MC_PANELS * KC + kernels.lanes) * row
    b = (NC * kernels.itemsize + panel) * KC + kernels.lanes * panel
    return np.empty(a + PAGE, np.uint8), np.empty(b + PAGE, np.uint8)


class Ready(dict["np.dtype[Any]", "tuple[Entry, Table]"]):
    """By dtype: the entry for ndim, and this thread's table."""

    def __init__(self, ndim: int) -> None:
        super().__init__()
        self.ndim = ndim
        self.buffers: list[Matrix] = []

    def __missing__(self, dtype: np.dtype[Any]) -> tuple[Entry, Table]:
        entry = entry_of(dtype, self.ndim)
        table = self.table(kernels_of(dtype)) if dtype.kind == "f" else np.zeros(1, np.int64)
        self[dtype] = entry, table
        return entry, table

    def table(self, k: microkernel.Kernels) -> Table:
        """What `loops` read. The scratch in it lives as long as this object."""
        buffers = scratch(k)
        self.buffers += buffers
        starts = [-(-buffer.ctypes.data // PAGE) * PAGE for buffer in buffers]
        head = (0, *starts, loops_address(), k.itemsize, k.lanes, k.rows)
        return np.array((*head, k.copy, k.transpose, k.gather, k.dot, k.dots, *k.tile), np.int64)


class PerThread(threading.local):
    """What each thread owns, so that several may multiply at once."""

    def __init__(self) -> None:
        self.matrix = Ready(2)
        self.batch = Ready(3)


_here = PerThread()


def mm(a: Matrix, b: Matrix, out: Matrix, *, alpha: float = 1.0, accumulate: bool = False) -> None:
    """out = alpha * a @ b, plus out if accumulate: (M, K), (K, N), (M, N), of one dtype, with any
    strides but negative ones.

    `out` must not overlap the operands. What is added, and its scale, is put into `out` beforehand:
    addmm is out = beta * input, then accumulate. Integers wrap.
    Raises: ValueError if the shapes disagree, TypeError for dtypes other than float32, float64 and
    integers.
    """
    global calls
    calls += 1
    entry, table = _here.matrix[out.dtype]
    add = 1 if accumulate else 0
    left = entry(a, b, out, table, alpha, add, 0, -1)
    if left:
        finish(left, a, b, out, alpha, add)


def bmm(a: Matrix, b: Matrix, out: Matrix, *, alpha: float = 1.0, accumulate: bool = False) -> None:
    """out[i] = alpha * a[i] @ b[i], plus out[i] if accumulate: (B or 1, M, K), (B or 1, K, N), (B,
    M, N).

    A batch stride of 0 repeats a matrix. See `mm` for the rest.
    """
    global calls
    calls += 1
    entry, table = _here.batch[out.dtype]
    add = 1 if accumulate else 0
    left = entry(a, b, out, table, alpha, add, 0, -1)
    if left:
        finish(left, a, b, out, alpha, add)


def finish(left: int, a: Matrix, b: Matrix, out: Matrix, alpha: float, add: int) -> None:
    """What an entry left undone: a product that threads can share, or one into an `out` that tiles
    cannot write.
    """
    if left == MISMATCH:
        raise ValueError(f"shapes {a.shape} and {b.shape} do not multiply into {out.shape}")
    if left == TOO_STRIDED:
        whole = np.array(out, order="C")
        (mm if out.ndim == 2 else bmm)(a, b, whole, alpha=alpha, accumulate=add == 1)
        out[...] = whole
        return

    def task(first: int, last: int) -> None:
        entry, table = (_here.matrix if out.ndim == 2 else _here.batch)[out.dtype]
        entry(a, b, out, table, alpha, add, first, last)

    threads.run(task, left)
