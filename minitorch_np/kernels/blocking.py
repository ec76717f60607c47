"""The loops around the tiles of a matrix product: C = alpha * A @ B + beta * S, of any strides.

A product of M x K by K x N does 2 M N K operations on M K + K N + M N numbers: each number can be
used hundreds of times, so a product can run at the speed of the arithmetic, if a number once
fetched is used again before it is thrown out. The loops below are ordered for that. They are those
of Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), and of BLIS:

    for each block of K                      (KC)
      for each block of columns of B         (NC: packed into panels as wide as a tile)
        for each block of rows of A          (MC_ROWS: packed into panels as high as a tile)
          for each panel of B, for each panel of A:  one tile of C, in registers (`microkernel`)

Why blocks. The table is for float32 and AVX-512, where a tile is 14 x 32: a step of k is 28
multiply-adds of 16 lanes, 896 operations, in 14 cycles.

    level       holds                            bytes                 read again
    registers   a tile of C                      14 x 32 x 4 = 1.8 K   at each step of k
    L1, 48 K    a panel of B, KC x 32 x 4        51 K at most          for each panel of A
    L2, 2 M     a block of A, 6 panels           6 x 400 x 64 = 154 K  for each panel of B
    L2 or L3    a block of B, KC x NC x 4        1.6 M                 for each block of A

A step reads 64 bytes of A from L2 and 128 of B from L1: 0.07 bytes an operation from L2, about 5
bytes a cycle, of the 30 to 60 that L2 delivers. Without the block of K, B's panel would fall out of
L1 and the step would need three times that, which L2 can still give: so the longest block is one
that just does not fit, and C is fetched less often. Without registers, each multiply-add would load
and store C: 12 bytes for 2 operations, eighty times as much. C itself is read and written once in
each block of K: 8 bytes for 2 KC operations. Both come from memory in an order that no CPU can
guess, so a tile asks for C before its loop and for its operands 8 steps ahead: worth 5 to 10
percent.

Why packing. A panel is read from front to back, once for each panel of the other operand. Where
its rows lie 4 kilobytes apart, each would be on a page of its own, and all of them in the same few
lines of L1, which throws out one for the other. Packed, they are neighbours. Packing copies M K and
K N numbers, for N / 32 and M / 14 uses of each: nothing for large products, half of the time for
thin ones: in a layer of 784 inputs and 256 outputs it took a tenth of the time. So what can be read
in place nearly as well is: the tile takes A's rows from any strides, and B's where they are
contiguous. Which operands those are is a matter of caches. Rows a multiple of 4096 bytes apart are
always packed where they are used often, and so is an A whose neighbours lie along M: it would cost
a line for each step. A smaller power of two crowds them less, and matters where there are many
of them: see `room_for`.

Why flat and thin shapes differ. With one row, a tile has V sums only; 8 vectors wide, it has enough
of them to hide a multiply-add's latency. With ten columns, six of its 16 lanes are idle; with ten
rows, packing B takes longer than multiplying. But where both operands are contiguous along K, as in
a layer, lanes can go along K: tiles of dot products read everything in place and leave none idle,
for the price of adding the lanes up at the end. And where K is short, as in the gradient of a layer
of 10 outputs, a tile is done as soon as it is called: tiles are then lower and wider, and one call
goes through a stripe of them.

A CPU with a matrix unit does large products another way: see `united`.

The bits of a result depend on the operands, not on the number of threads: within a block of K each
element is one chain of multiply-adds in the order of K, whatever the tiles.
"""

from typing import NamedTuple

from .compiler import call, call_int, part
from .cpu import has_matrix_unit
from .dots import DOTS as SIDE_OF_DOTS
from .microkernel import LINE, MAX_VECTORS
from .operands import (
    A_COPIES,
    A_LANES,
    A_SCRATCH,
    B_COPIES,
    B_SCRATCH,
    DOT,
    DOTS,
    LANES,
    PACKED,
    PAGE,
    ROWS,
    SHIFT,
    SIZE,
    SOURCE,
    TILE,
    TOO_STRIDED,
    UNBUILT,
    UNIT_LOOPS,
    WIDTH,
    Scale,
    Table,
    View,
    moved,
    turned,
)
from .united import ASK, VECTORS, way_for

HAS_UNIT = has_matrix_unit()
"""Whether some products may be left to a matrix unit."""
KC = 400
"""Longest block of K. All blocks are equal, so each is at least half as long."""
MC_ROWS = 84
"""Rows of A in a block."""
NC = 1024
"""Columns of B in a block."""
NEAR_ROWS = 128
"""Rows of A up to which contiguous rows of B are read in place: packing pays only when a panel is
read often.
"""
NEAR_COLUMNS = 64
"""Columns of B up to which A is read in place whatever its strides."""
SHALLOW = 16
"""Lengths of K up to which tiles are low and wide: those store C by longer rows, and have fewer
loads at each step.
"""
LOW_ROWS = 4
"""The least height of such a tile. The few registers of AVX2 do not allow it."""
NEAR_DEPTH = 64
"""Lengths of K up to which A is read in place, unless its rows crowd: they then stay in the nearest
cache.
"""
NEAREST = 32_768
"""Bytes of the nearest cache, where it is small."""
CROWDED = 32_768
"""Bytes that rows of B may crowd for, times the panels of A that read them, for each byte of a
vector: see `room_for`.
"""
NEAR_B = 16_384
"""Bytes of B that stay in the nearest cache beside a panel of A and a tile of C."""
DOT_ROWS, DOT_COLUMNS = 24, 12
"""Rows of C, or columns, up to which operands that are both contiguous along K are multiplied as
dot products. With more rows, packing B pays; with more columns, few lanes of a tile are idle.
"""
DOT_BYTES = 65_536
"""Bytes of A's rows that stay near while all columns of B pass by."""


@part
def pack(
    table: Table, copies: int, lanes: int, k: int, n: int, src: View, dst: int, dst_step: int
) -> None:
    """dst[k, n] = src[k, n], with rows of dst padded to whole lanes; the copies that pack so many
    lanes start at a place in the table.
    """
    kernel = table[copies + 2]
    if src.column == table[SOURCE]:
        kernel = table[copies]
    elif src.row == table[SOURCE]:
        kernel = table[copies + 1]
    for i in range(0, n, lanes):
        at, count = src.at + i * src.column, min(lanes, n - i)
        call(kernel, (k, count, at, src.row, src.column, dst + i * table[SIZE], dst_step))


class Dealt(NamedTuple):
    """How rows or columns are dealt out into panels: evenly, so that none is padding. Each of the
    `panels` has `least` of them, the first `more` have one more.
    """

    panels: int
    least: int
    more: int


@part
def dealt_out(count: int, most: int) -> Dealt:
    """`count` of them in the fewest panels that hold `most` or less."""
    panels = (count + most - 1) // most
    return Dealt(panels, count // panels, count % panels)


@part
def first_of(dealt: Dealt, panel: int) -> int:
    """Where a panel starts."""
    return panel * dealt.least + min(panel, dealt.more)


@part
def count_in(dealt: Dealt, panel: int) -> int:
    """How many a panel has."""
    return dealt.least + (1 if panel < dealt.more else 0)


@part
def stripe(
    table: Table, kernels: int, dealt: Dealt, n: int, k: int, p0: int, p1: int,
    a: View, a_packed: int, b_at: int, b_step: int, c: View, s: View, scale: Scale,
) -> None:  # fmt: skip
    """The panels [p0, p1) of A times one panel of B, n columns wide, by a call for each height; the
    kernels of all heights start at a place in the table. A is read in place if a_packed is 0.
    """
    size = table[SIZE]
    a_row, a_step = a.row, a.column
    if a_packed != 0:
        a_row, a_step = size, table[PACKED]
    p = p0
    while p < p1:
        i, height = first_of(dealt, p), count_in(dealt, p)
        end = min(p1, dealt.more) if p < dealt.more else p1
        a_at, a_next = a.at + i * a.row, height * a.row
        if a_packed != 0:
            a_next = a_step * k
            a_at = a_packed + (p - p0) * a_next
        call(
            table[kernels + height - 1],
            (
                k, a_at, a_row, a_step, b_at, b_step, c.at + i * c.row, c.row, n,
                s.at + i * s.row, s.row, s.column, scale.alpha, scale.beta,
                end - p, a_next, height * c.row, height * s.row,
            ),
        )  # fmt: skip
        p = end


@part
def pack_panels(table: Table, dealt: Dealt, k: int, p0: int, p1: int, a: View) -> None:
    """Packs the panels [p0, p1) of A."""
    step = table[PACKED]
    for p in range(p0, p1):
        i, height = first_of(dealt, p), count_in(dealt, p)
        dst = table[A_SCRATCH] + (p - p0) * step * k
        pack(table, A_COPIES, table[A_LANES], k, height, turned(moved(a, 0, i, 0)), dst, step)


@part
def widest(table: Table, m: int, n: int) -> int:
    """Vectors in a full tile: the flatter, the wider."""
    if m == 1:
        return MAX_VECTORS
    most, lanes = table[WIDTH], table[LANES]
    return 4 if 4 * m <= table[ROWS] * most and n > 2 * lanes else most


@part
def spread(v: View) -> bool:
    """Whether neither rows nor columns crowd into the same lines of the nearest cache."""
    return v.row % PAGE != 0 and v.column % PAGE != 0


@part
def room_for(count: int, apart: int) -> int:
    """Bytes of a cache in which so many lines, so many bytes apart, find a place each: 2048 apart,
    they share two of the 64 places where a cache of 4096 bytes a way may keep a line.
    """
    return count * max(LINE, apart & -apart)


@part
def near_a(n: int, k: int, a: View, size: int) -> bool:
    """Whether tiles read A in place."""
    along_k = a.column == size  # then a line has several steps of a row, and is read to its end
    if k <= NEAR_DEPTH:
        return along_k or n <= NEAR_COLUMNS or room_for(k, a.column) <= NEAREST
    return (along_k or n <= NEAR_COLUMNS) and a.row % PAGE != 0


@part
def near_b(m: int, k: int, crowded: int, b: View, nbytes: int) -> bool:
    """Whether tiles read contiguous rows of B in place."""
    if nbytes <= NEAR_B:
        return True
    return m <= NEAR_ROWS and room_for(min(k, KC), b.row) <= max(NEAREST, crowded)


@part
def tiled(
    table: Table, m: int, n: int, k: int, a: View, b: View, c: View, s: View, scale: Scale
) -> None:
    """C (m, n) by tiles. The columns of C are neighbours."""
    size, lanes, rows = table[SIZE], table[LANES], table[ROWS]
    most = widest(table, m, n)
    low = rows // 2 - 1  # leaves room for four vectors of B
    if k <= SHALLOW and n > most * lanes and m > 1 and low >= LOW_ROWS:
        rows, most = low, 4
    dealt = dealt_out(m, rows)
    same = table[SOURCE] == size  # what is converted must be packed
    a_near = same and near_a(n, k, a, size)
    crowded = CROWDED * lanes * size // dealt.panels
    b_near = same and b.column == size and near_b(m, k, crowded, b, k * n * size)
    a_packed = 0 if a_near else table[A_SCRATCH]
    panels = MC_ROWS // rows
    blocks = max(1, (k + KC - 1) // KC)  # an empty K stores zeros
    for block in range(blocks):
        k0 = block * k // blocks
        kb = (block + 1) * k // blocks - k0
        if block == 1:
            s, scale = c, Scale(scale.alpha, 1.0)
        for j0 in range(0, n, NC):
            count = min(n - j0, NC)
            columns = dealt_out(count + lanes - 1 >> table[SHIFT], most)
            for p0 in range(0, dealt.panels, panels):
                p1 = min(dealt.panels, p0 + panels)
                if not a_near:
                    pack_panels(table, dealt, kb, p0, p1, moved(a, 0, 0, k0))
                for q in range(columns.panels):
                    vectors, j = count_in(columns, q), first_of(columns, q) * lanes
                    wide = min(vectors * lanes, count - j)
                    b_panel = moved(b, 0, k0, j0 + j)
                    b_at, b_step = b_panel.at, b.row
                    # tiles read whole vectors, so a ragged panel cannot be read in place
                    if not b_near or wide & lanes - 1 != 0:
                        b_at, b_step = table[B_SCRATCH] + j * kb * size, vectors * lanes * size
                        # packed when first needed: then the first tiles find it in the cache
                        if p0 == 0:
                            pack(table, B_COPIES, lanes, kb, wide, b_panel, b_at, b_step)
                    stripe(
                        table, TILE + (vectors - 1) * table[ROWS], dealt, wide, kb, p0, p1,
                        moved(a, 0, 0, k0), a_packed, b_at, b_step,
                        moved(c, 0, 0, j0 + j), moved(s, 0, 0, j0 + j), scale,
                    )  # fmt: skip


@part
def dotted(
    table: Table, m: int, n: int, k: int, a: View, b: View, c: View, s: View, scale: Scale
) -> None:
    """C (m, n) by dot products of contiguous rows of A with contiguous columns of B. The columns of
    C are neighbours.
    """
    if m == 1 and n == 1:
        call(
            table[DOT],
            (k, a.at, 0, 0, b.at, 0, c.at, 0, 0, s.at, 0, 0, scale.alpha, scale.beta),
        )  # fmt: skip
        return
    # as many sums as the registers hold
    high = min(SIDE_OF_DOTS, table[ROWS] * table[WIDTH] // SIDE_OF_DOTS)
    rows, columns = dealt_out(m, high), dealt_out(n, SIDE_OF_DOTS)
    together = max(1, DOT_BYTES // (high * k * table[SIZE]))
    for p0 in range(0, rows.panels, together):
        p1 = min(rows.panels, p0 + together)
        for q in range(columns.panels):
            j, width = first_of(columns, q), count_in(columns, q)
            kernels = DOTS + (SIDE_OF_DOTS if width == SIDE_OF_DOTS else 0)
            stripe(
                table, kernels, rows, width, k, p0, p1, a, 0,
                moved(b, 0, 0, j).at, b.column, moved(c, 0, 0, j), moved(s, 0, 0, j), scale,
            )  # fmt: skip


def loops(
    table: Table, batch: int, m: int, n: int, k: int,
    a_at: int, a_batch: int, a_row: int, a_column: int,
    b_at: int, b_batch: int, b_row: int, b_column: int,
    c_at: int, c_batch: int, c_row: int, c_column: int,
    s_at: int, s_batch: int, s_row: int, s_column: int,
    alpha: float, beta: float, most: int,
) -> int:  # fmt: skip
    """Does a batch of products, and returns 0.

    If they take more than `most` multiply-adds, returns their number and does nothing. A negative
    `most` is the way to take, whatever their number, or ASK, which returns that way and does
    nothing. Returns TOO_STRIDED if neither rows nor columns of C are contiguous, and UNBUILT if the
    way is one of the matrix unit's that is not there yet.
    """
    size, source = table[SIZE], table[SOURCE]
    if batch == 0 or m == 0 or n == 0:
        return 0
    # many small products with the same B are one large one
    if (
        batch > 1 and b_batch == 0 and a_batch == m * a_row and c_batch == m * c_row
        and s_batch == m * s_row
    ):  # fmt: skip
        m, batch = m * batch, 1
    # the stride of a dimension of one element means nothing: let it be the best
    a_best = View(a_at, a_batch, a_row if m > 1 else source, a_column if k > 1 else source)
    b_best = View(b_at, b_batch, b_row if k > 1 else source, b_column if n > 1 else source)
    c_any, s_any = View(c_at, c_batch, c_row, c_column), View(s_at, s_batch, s_row, s_column)
    a, b, c, s = a_best, b_best, c_any, s_any
    along_k = a.column == size and b.row == size and source == size
    rows_fit, columns_fit = c.column == size or n == 1, c.row == size or m == 1
    if not (rows_fit or columns_fit):
        return TOO_STRIDED
    # Tiles write along rows of C, and few rows go with many columns. C.T = B.T @ A.T turns one into
    # the other.
    if n < m if rows_fit and columns_fit else columns_fit:
        m, n, a, b, c, s = n, m, turned(b), turned(a), turned(c), turned(s)
    if batch * m * n * k > most >= 0:
        return batch * m * n * k
    way = VECTORS
    if HAS_UNIT:  # else what follows is not even compiled
        way = way_for(table, m, n, k, a, b) if most >= 0 or most == ASK else most
    if way != VECTORS:
        if table[UNIT_LOOPS] == 0:
            return UNBUILT
        way = call_int(
            table[UNIT_LOOPS],
            (
                table, batch, m, n, k,
                a.at, a.batch, a.row, a.column, b.at, b.batch, b.row, b.column,
                c.at, c.batch, c.row, c.column, s.at, s.batch, s.row, s.column,
                alpha, beta, way, most,
            ),
        )  # fmt: skip
    if most == ASK or way != VECTORS:
        return way
    as_dots = along_k and (m <= DOT_ROWS or n <= DOT_COLUMNS) and k >= table[LANES]
    scale = Scale(alpha, beta)
    for t in range(batch):
        at, bt, ct, st = moved(a, t, 0, 0), moved(b, t, 0, 0), moved(c, t, 0, 0), moved(s, t, 0, 0)
        if as_dots:
            dotted(table, m, n, k, at, bt, ct, st, scale)
        else:
            tiled(table, m, n, k, at, bt, ct, st, scale)
    return 0
