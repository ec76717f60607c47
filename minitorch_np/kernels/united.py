"""The loops around the matrix unit: which products go there, and how they are cut.

A product goes there if that is estimated to be faster, and if it loses nothing: if no numbers are
too large or too small (`exact`). That is known when all have been packed, and if some were, vectors
write over what was computed. Only where that may not be (C is what the product is added to, or
threads share the product and must go one way) a pass over both operands looks for them before.

    for each block of K                          (MOST_STEPS)
      for each block of the shorter side of C    (MOST_KEPT: stays packed)
        for each panel of the longer side        (32 rows or columns: packed, and passes by)
          for each panel of the block:  a tile of C, 32 x 32, in registers

    level       holds                         bytes                    read again
    registers   a tile of C                   4 of 8 tile registers    at each step of k
    L1 and L2   the panel that passes         16 x 6 K = 98 K          for each kept one
    L2          the panels that are kept      8 x 98 K = 786 K         for each that passes

A step of k takes 24 multiplications of 16 cycles and 16 loads of a tile, of some 8 cycles from L1
and 20 from L2: those fit into the shadow of the arithmetic. Packing does not, for it splits each
number three ways: it takes a third as long as 32 rows or columns are multiplied with it. But the
unit works for itself, so a panel is packed, a step ahead, while it is multiplied for the first
time.

It matters what is packed how: A's tiles hold neighbours along K side by side, B's hold them one
below the other. An operand that lies in memory the other way is transposed tile by tile; but
C.T = B.T @ A.T, and whichever leaves less to transpose is computed: in a layer, the output instead
of its weight.
"""

from .compiler import call, part, peek, poke
from .operands import (
    SOURCE,
    UNIT,
    UNIT_PARTS,
    UNIT_SCRATCH,
    Scale,
    Table,
    View,
    moved,
    turned,
)
from .splitting import PARTS, SEEN_BYTES, SIDE, STEP, TILE_BYTES, brick
from .unit import UNIT_KERNELS

__all__ = [
    "ASK", "SCRATCH_BYTES", "UNIT_PLAIN", "UNIT_TURNED", "VECTORS", "united", "way_for",
]  # fmt: skip

ASK, VECTORS, UNIT_PLAIN, UNIT_TURNED = -4, -5, -6, -7
"""Ways to compute a product: by vectors, by the unit, by the unit with rows for columns."""

PANEL = 2 * SIDE
"""Rows of A, or columns of B, in a panel."""
MOST_STEPS = 16
"""Longest block of K, in steps of 32."""
MOST_KEPT = 256
"""Rows of A, or columns of B, that stay packed while the other operand passes by."""

ROW = 4 * PANEL
SUMS = PANEL * ROW
"""Bytes of a row of sums, and of a tile of them."""
BRICK = brick(max(PARTS.values()))
KEPT_AT = 2 * SUMS
PASSING_AT = KEPT_AT + MOST_KEPT // PANEL * MOST_STEPS * BRICK
SEEN_AT = PASSING_AT + MOST_STEPS * BRICK
SCRATCH_BYTES = SEEN_AT + 2 * SEEN_BYTES
"""Room for a tile of sums and its transpose, for what is kept, for the panel that passes, and for
what was seen of A and of B.
"""

BEGIN, END, LIMITS, JUDGED, TURN, WRITE, SPLIT, MULTIPLY, MULTIPLY_PACKING = (
    UNIT + UNIT_KERNELS.index(first)
    for first in (
        "begin", "end", "limits", "judged", "turn", "write",
        "split_rows", "multiply_1_1", "multiply_packing_a_rows",
    )
)  # fmt: skip

TILED, PACKED, TURNED = (0, 15, 40, 55), (0, 600, 1100, 1600), (0, 250, 500, 750)
"""What the unit takes, by the parts of numbers, for a multiply-add, for a number that is packed,
for one that is transposed. In tenths of a picosecond on the machine where times of 774 products
were taken; only their ratios are used.
"""
RETURNED, CALLED = 1500, 3_000_000
"""What it takes for a sum that is transposed, and more than vectors for any product."""
MULTIPLIED, COPIED = 115, 1200
"""What vectors take for a multiply-add, and for a number of B that they transpose or convert."""

TINY, HUGE = 24, 253
"""Exponents, with float32's bias of 127, from which and up to which a number has three parts. They
are those of the first parts: of numbers rounded to 8 bits.
"""
HALF = 1 << 15
"""What is added to the bits of a float32, to round it so."""
PRODUCTS = 158
"""The least sum of two exponents, biased both: products from 2**-96 lose nothing of 24 bits where
parts of them vanish.
"""
OVERFLOW = 379
"""The largest, with the bits of K: no sum overflows, nor does a part of one."""


@part
def measured(table: Table, batch: int, rows: int, columns: int, v: View) -> int:
    """The limits of matrices, in one word: see `limits`."""
    found = table[UNIT_SCRATCH]
    poke(found, 0, 0xFFFFFFFF)
    if v.column == table[SOURCE]:
        count, length, step = rows, columns, v.row
    else:
        count, length, step = columns, rows, v.column
    for t in range(1 if v.batch == 0 else batch):
        call(table[LIMITS], (count, length, v.at + t * v.batch, step, found))
    return peek(found, 0)


@part
def forget(table: Table) -> None:
    """Nothing was seen of A or B so far."""
    words = SEEN_BYTES // 8
    for i in range(2 * words):
        none = -1 if i % words < words // 3 else 0
        poke(table[UNIT_SCRATCH], SEEN_AT + 8 * i, none)


@part
def seen(table: Table, columns: bool) -> int:
    """The limits of what was packed of A, or of B's `columns`, as `measured`."""
    found = table[UNIT_SCRATCH]
    call(table[JUDGED], (found + SEEN_AT + columns * SEEN_BYTES, found))
    return peek(found, 0)


@part
def exact(a: int, b: int, k: int) -> bool:
    """Whether matrices with these limits lose nothing by being split."""
    a_low, b_low = (a & 0xFFFFFFFF) + 1 + HALF >> 23, (b & 0xFFFFFFFF) + 1 + HALF >> 23
    a_high, b_high = (a >> 32) + HALF >> 23, (b >> 32) + HALF >> 23
    bits = 0
    while k >> bits > 0:
        bits += 1
    return (
        a_low >= TINY and b_low >= TINY and a_low + b_low >= PRODUCTS
        and a_high <= HUGE and b_high <= HUGE and a_high + b_high + bits <= OVERFLOW
    )  # fmt: skip


@part
def way_for(table: Table, m: int, n: int, k: int, a: View, b: View) -> int:
    """The fastest way for products of such matrices, whose columns of C are neighbours."""
    size, parts = table[SOURCE], table[UNIT_PARTS]
    if parts == 0 or m < SIDE or n < SIDE or k < SIDE:
        return VECTORS
    if (a.column != size and a.row != size) or (b.column != size and b.row != size):
        return VECTORS
    a_along, b_along = a.column == size, b.row == size
    rows, columns, depth = m + SIDE - 1 & -SIDE, n + SIDE - 1 & -SIDE, k + STEP - 1 & -STEP
    here = TURNED[parts] * ((0 if a_along else m * k) + (k * n if b_along else 0))
    over = (
        TURNED[parts] * ((m * k if a_along else 0) + (0 if b_along else k * n)) + RETURNED * m * n
    )
    by_unit = (
        TILED[parts] * rows * columns * depth + PACKED[parts] * (rows + columns) * depth
        + min(here, over) + CALLED
    )  # fmt: skip
    by_vectors = MULTIPLIED * m * n * k + (COPIED * k * n if b_along or parts < 3 else 0)
    if by_vectors < by_unit:
        return VECTORS
    return UNIT_PLAIN if here <= over else UNIT_TURNED


@part
def split_panel(table: Table, k: int, n: int, v: View, dst: int, columns: bool) -> None:
    """Packs a panel: n rows of K numbers, which are A's or, with `columns`, are B's columns."""
    along = v.column == table[SOURCE]
    kernel = SPLIT + 2 * (along == columns) + (not along)
    noted = table[UNIT_SCRATCH] + SEEN_AT + columns * SEEN_BYTES
    for i in range(0, n, SIDE):
        at, step = v.at + i * v.row, v.row if along else v.column
        call(table[kernel], (k, min(SIDE, n - i), at, step, dst + i // SIDE * TILE_BYTES, noted))


@part
def tile(
    table: Table, m: int, n: int, steps: int, a: int, b: int, c: View, s: View, scale: Scale,
    turn: bool, k: int, v: View, columns: bool,
) -> None:  # fmt: skip
    """A tile of C, of two panels. If k is not 0, that of `columns` or of rows is packed first, from
    k numbers of each of v's rows.
    """
    kernel, sums = table[MULTIPLY + 2 * (m > SIDE) + (n > SIDE)], table[UNIT_SCRATCH]
    direct = (m | n) % SIDE == 0 and scale.alpha == 1.0 and scale.beta == 0.0 and not turn
    at, row = (c.at, c.row) if direct else (sums, ROW)
    panel, count = (b, n) if columns else (a, m)
    meanwhile = steps > 1 and count == PANEL and min(m, n) > SIDE
    if k > 0:
        split_panel(table, STEP if meanwhile else k, count, v, panel, columns)
    if k > 0 and meanwhile:
        along = v.column == table[SOURCE]
        kernel = table[MULTIPLY_PACKING + 2 * columns + (not along)]
        noted = table[UNIT_SCRATCH] + SEEN_AT + columns * SEEN_BYTES
        call(kernel, (steps, a, b, at, row, k, v.at, v.row if along else v.column, noted))
    else:
        call(kernel, (steps, a, b, at, row))
    if direct:
        return
    if turn:
        m, n, c, s = n, m, turned(c), turned(s)
        call(table[TURN], (sums, sums + SUMS))
        sums += SUMS
    call(
        table[WRITE],
        (
            0, sums, 0, 0, 0, 0, c.at, c.row, n, s.at, s.row, s.column, scale.alpha, scale.beta,
            m, ROW, c.row, s.row,
        ),
    )  # fmt: skip


@part
def by_unit(
    table: Table, m: int, n: int, k: int, a: View, b: View, c: View, s: View, scale: Scale,
    turn: bool, known: bool,
) -> bool:  # fmt: skip
    """C (m, n) by the matrix unit. The columns of C are neighbours, or with `turn` its rows.

    Blocks of the shorter side stay packed, panels of the longer side pass by. Unless that is
    `known`, looks whether C is exact, and gives up with False as soon as it is not.
    """
    kept, passing = table[UNIT_SCRATCH] + KEPT_AT, table[UNIT_SCRATCH] + PASSING_AT
    keep_a = m < n
    least, most = min(m, n), max(m, n)
    size = 2 * table[UNIT_PARTS] * TILE_BYTES
    all_steps = (k + STEP - 1) // STEP
    blocks = (all_steps + MOST_STEPS - 1) // MOST_STEPS
    call(table[BEGIN], ())
    for block in range(blocks):
        k0 = block * all_steps // blocks * STEP
        kb = min(k, (block + 1) * all_steps // blocks * STEP) - k0
        steps = (kb + STEP - 1) // STEP
        if block == 1:
            s, scale = c, Scale(scale.alpha, 1.0)
        ak, bk = moved(a, 0, 0, k0), turned(moved(b, 0, k0, 0))
        for r0 in range(0, least, MOST_KEPT):
            for p in range(0, most, PANEL):
                for r in range(r0, min(least, r0 + MOST_KEPT), PANEL):
                    i, j = (r, p) if keep_a else (p, r)
                    at = kept + (r - r0) // PANEL * steps * size
                    a_at, b_at = (at, passing) if keep_a else (passing, at)
                    high, wide = min(PANEL, m - i), min(PANEL, n - j)
                    av, bv = moved(ak, 0, i, 0), moved(bk, 0, j, 0)
                    # the first to pass is packed before the others are, each when first needed
                    columns = keep_a if p > 0 else not keep_a
                    if p == 0 and r == r0:
                        if keep_a:
                            split_panel(table, kb, wide, bv, b_at, True)
                        else:
                            split_panel(table, kb, high, av, a_at, False)
                    tile(
                        table, high, wide, steps, a_at, b_at, moved(c, 0, i, j), moved(s, 0, i, j),
                        scale, turn, kb if p == 0 or r == r0 else 0, bv if columns else av, columns,
                    )  # fmt: skip
                if not (known or exact(seen(table, False), seen(table, True), k)):
                    call(table[END], ())
                    return False
    call(table[END], ())
    return True


def united(
    table: Table, batch: int, m: int, n: int, k: int,
    a_at: int, a_batch: int, a_row: int, a_column: int,
    b_at: int, b_batch: int, b_row: int, b_column: int,
    c_at: int, c_batch: int, c_row: int, c_column: int,
    s_at: int, s_batch: int, s_row: int, s_column: int,
    alpha: float, beta: float, way: int, task: int,
) -> int:  # fmt: skip
    """Does a batch of products by the unit, one of the two ways, and returns 0; but VECTORS, for
    all of them, if they would not be exact. To ASK is to do nothing else: the answer is the way.
    Any part of them may be computed so, too, and need not be looked at again.
    """
    a, b = View(a_at, a_batch, a_row, a_column), View(b_at, b_batch, b_row, b_column)
    c, s = View(c_at, c_batch, c_row, c_column), View(s_at, s_batch, s_row, s_column)
    known = task < 0 and task != ASK
    if task == ASK or (not known and beta != 0.0 and s.at == c.at):
        if not exact(measured(table, batch, m, k, a), measured(table, batch, k, n, b), k):
            return VECTORS
        known = True
    if task == ASK:
        return way
    turn = way == UNIT_TURNED
    if turn:
        m, n, a, b, c, s = n, m, turned(b), turned(a), turned(c), turned(s)
    forget(table)
    for t in range(batch):
        if not by_unit(
            table, m, n, k, moved(a, t, 0, 0), moved(b, t, 0, 0), moved(c, t, 0, 0),
            moved(s, t, 0, 0), Scale(alpha, beta), turn, known,
        ):  # fmt: skip
            return VECTORS
    return 0
