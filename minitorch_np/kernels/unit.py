"""The CPU's matrix unit as LLVM IR: float32 products from bfloat16 ones, as exact and faster.

Intel's AMX has eight tile registers of 16 rows of 64 bytes, and one instruction that multiplies a
tile of 16 x 32 bfloat16 with one of 32 x 16 and adds the 16 x 16 products, in float32, to a third:
8,192 multiply-adds in 16 cycles, where two units of AVX-512 do 1,024.

bfloat16 has 8 significant bits, float32 has 24: three times as many. So each float32 is the exact
sum of three bfloat16, a = a1 + a2 + a3, each at most 2**-8 of the one before, and

    a b  =  a1 b1  +  a1 b2 + a2 b1  +  a1 b3 + a2 b2 + a3 b1  +  (a2 b3 + a3 b2 + a3 b3)

A product of two bfloat16 is exact in float32. The last three terms are below 2**-25 of the whole:
less than a float32 product is rounded by, so they are left out. What remains is six products for
one, at sixteen times the rate: 2.7 times the speed of the vector units, less what splitting costs.
The method is Henry, Tang and Heinecke's, "Leveraging the bfloat16 Artificial Intelligence Datatype
For Higher-Precision Computations" (2019).

Sums are as good as those of multiply-adds only if they are rounded as often. The five small
products of a block of K are added first, while the sum is still small, then those of a1 b1, in the
order of K: so the roundings that matter are one for each k.

What the unit does not do as IEEE 754 says: numbers below 2**-126 are zero to it, and the parts of
an infinity would be NaN. `limits` finds operands for which that matters (see `blocking`); they are
multiplied by vectors.
"""

import itertools
from collections.abc import Iterable, Iterator

from .emitter import Emitter, Machine, size_of
from .microkernel import TILE_PARAMETERS, first_of_tiles, last_of_tiles, write_tile
from .packing import transposed
from .thirds import (
    PARTS,
    SIDE,
    STEP,
    TILE_BYTES,
    WORDS,
    Place,
    brick,
    limits,
    packed,
    split,
)

__all__ = ["UNIT_KERNELS", "unit_kernels", "unit_name"]

SMALL = {1: (), 2: ((0, 1), (1, 1), (1, 0)), 3: ((0, 2), (0, 1), (1, 1), (1, 0), (2, 0))}
"""The products but the largest, as parts of A and B, by how many parts there are: from each to the
next one factor stays.
"""

CONFIG = bytes([1, 0, *[0] * 14, *[64, 0] * 8, *[0] * 16, *[16] * 8, *[0] * 8])
"""Palette 1: eight tiles of 16 rows of 64 bytes."""

MULTIPLY = "i64 %steps, ptr %a, ptr %b, ptr %c, i64 %c_row"
PACKING = MULTIPLY + ", i64 %k, ptr %src, i64 %step"
BITS = 15
"""Pieces of the next step that are packed after the products of two tiles in one loop, shared among
them.
"""
TURN = "ptr %src, ptr %dst"


def switch(name: str, operation: str) -> str:
    """A function of one operation: what gives the unit its tiles, or takes them away."""
    return f"define void @float_{name}() {{\n  {operation}\n  ret void\n}}"


def multiply(name: str, source: str, rows: int, columns: int) -> str:
    """C = A @ B for a panel of A of so many strips, and one of B: packed by `split`."""
    e = Emitter("float", SIDE)
    products(e, PARTS[source], rows, columns, ())
    return e.function(name, MULTIPLY)


def multiply_packing(name: str, source: str, operand: str, *, along: bool) -> str:
    """The same for panels of two strips, of which that of `operand`, a or b, is packed meanwhile,
    but for its first step: K numbers of 32 rows at `src`, `step` bytes apart, or with not `along` K
    rows of 32 numbers. After the last step, one more is written.

    So the unit multiplies while vectors are split, and memory is waited for less.
    """
    e = Emitter("float", SIDE)
    products(e, PARTS[source], 2, 2, next_step(e, source, operand, along))
    return e.function(name, PACKING)


def next_step(e: Emitter, source: str, operand: str, along: bool) -> Iterator[None]:
    """Packs the step after %i."""
    size = size_of(source)
    first = e.let(f"mul i64 {e.let('add i64 %i, 1')}, {STEP}")
    left = e.let(f"sub i64 %k, {first}")
    masks = [e.lanes_below(e.let(f"sub i64 {left}, {half * SIDE}")) for half in range(2)]

    def place(strip: int, r: int, half: int) -> Place:
        if along:
            at = e.at("%src", e.let(f"mul i64 %step, {strip * SIDE + r}"))
            k = e.let(f"add i64 {first}, {half * SIDE}")
            return e.at(at, e.let(f"mul i64 {k}, {size}")), masks[half]
        k = e.let(f"add i64 {first}, {r + half * SIDE}")
        at = e.at(e.at("%src", e.let(f"mul i64 {k}, %step")), size * SIDE * strip)
        inside = e.let(f"icmp slt i64 {k}, %k")
        return e.let(f"select i1 {inside}, ptr {at}, ptr @zeros"), None

    for strip in range(2):
        to = e.at(f"%p{operand}", brick(PARTS[source]) + strip * TILE_BYTES)
        turned = along == (operand == "b")
        yield from packed(
            e, source, to, lambda r, half, strip=strip: place(strip, r, half), turned=turned
        )


def products(
    e: Emitter, parts: int, rows: int, columns: int, meanwhile: Iterable[None]
) -> None:
    """The body of a function that multiplies; what comes `meanwhile` is written into the first
    loop, a bit after each product.
    """
    sums = [(i, j) for i in range(rows) for j in range(columns)]
    size, others = brick(parts), iter(meanwhile)

    def load(of: str, part: int, address: str) -> None:
        for strip in range(rows if of == "a" else columns):
            at = e.at(address, (2 * part + strip) * TILE_BYTES)
            register = strip + (4 if of == "a" else 6)
            e.do(f"call void @llvm.x86.tileloadd64(i8 {register}, ptr {at}, i64 64)")

    e.label("entry")
    for row in range(rows * SIDE):  # C arrives while the sums are made
        at = e.at("%c", e.let(f"mul i64 %c_row, {row}"))
        for column in range(columns):
            e.prefetch(e.at(at, column * 64), write=True)
    for i, j in sums:
        e.do(f"call void @llvm.x86.tilezero(i8 {2 * i + j})")
    before, mark = "entry", ""
    for pairs in filter(None, (SMALL[parts], ((0, 0),))):
        e.do(f"br label %loop{mark}")
        e.label(f"loop{mark}")
        e.do(f"%i{mark} = phi i64 [0, %{before}], [%j{mark}, %loop{mark}]")
        for one in "ab":
            e.do(f"%p{one}{mark} = phi ptr [%{one}, %{before}], [%q{one}{mark}, %loop{mark}]")
        held: list[int | None] = [None, None]
        for pair in pairs:
            for operand, one in enumerate("ab"):
                if pair[operand] != held[operand]:
                    load(one, pair[operand], f"%p{one}{mark}")
            held = [*pair]
            for i, j in sums:
                tiles = f"i8 {2 * i + j}, i8 {4 + i}, i8 {6 + j}"
                e.do(f"call void @llvm.x86.tdpbf16ps({tiles})")
                for _ in range(BITS // len(pairs)):
                    next(others, None)
        for _ in others:  # what is left
            pass
        for one in "ab":
            e.do(f"%q{one}{mark} = getelementptr i8, ptr %p{one}{mark}, i64 {size}")
        e.do(f"%j{mark} = add i64 %i{mark}, 1")
        more = e.let(f"icmp slt i64 %j{mark}, %steps")
        e.do(f"br i1 {more}, label %loop{mark}, label %done{mark}")
        e.label(f"done{mark}")
        before, mark = f"done{mark}", "_large"
    for i, j in sums:
        at = e.at(e.at("%c", e.let(f"mul i64 %c_row, {i * SIDE}")), j * 64)
        e.do(f"call void @llvm.x86.tilestored64(i8 {2 * i + j}, ptr {at}, i64 %c_row)")


def turn(name: str) -> str:
    """Transposes 32 x 32 sums."""
    e = Emitter("float", SIDE)
    e.label("entry")
    row = 2 * SIDE * 4
    for i in range(2):
        for j in range(2):
            rows = [
                e.load(e.at("%src", (i * SIDE + r) * row + j * SIDE * 4)) for r in range(SIDE)
            ]
            for r, column in enumerate(transposed(e, rows)):
                e.store(column, e.at("%dst", (j * SIDE + r) * row + i * SIDE * 4))
    return e.function(name, TURN)


def write(name: str) -> str:
    """What `tile` does with sums that are there already: `count` rows of 32 at `a`, of which
    `columns` are wanted.
    """
    e = Emitter("float", SIDE)
    e.label("entry")
    e.do("br label %again")
    first_of_tiles(e)
    for v in range(2):
        e.do(f"%s0_{v} = load {e.vector}, ptr {e.at('%a', v * SIDE * 4)}, align 4")
    write_tile(e, 1, 2)
    last_of_tiles(e)
    return e.function(name, TILE_PARAMETERS)


SHARED = ("begin", "end", "turn", "write")
SPLITS = {"rows": (True, False), "columns": (False, False)} | {
    "rows_turned": (True, True), "columns_turned": (False, True)
}  # fmt: skip
"""Whether a kernel finds what it packs along K, and whether it transposes it."""

UNIT_KERNELS = (
    *SHARED, "limits",
    *(f"split_{kind}" for kind in SPLITS),
    *(f"multiply_{rows}_{columns}" for rows in (1, 2) for columns in (1, 2)),
    *(f"multiply_packing_{operand}_{kind}" for operand in "ab" for kind in ("rows", "columns")),
)  # fmt: skip
"""The kernels for a type, in the order of their places in a table."""


def unit_name(kernel: str, source: str) -> str:
    """What a kernel for operands of a type is called. Some are the same for all."""
    return f"unit_{kernel}" if kernel in SHARED else f"unit_{kernel}_{source}"


def unit_kernels(machine: Machine) -> list[str]:
    """The text of all of them, or nothing where the CPU has no such unit."""
    if not machine.unit:
        return []
    config = ", ".join(f"i8 {byte}" for byte in CONFIG)
    tile, best = "i8 immarg", ("umin", "umax")
    texts = [
        f"@tiles = private constant [64 x i8] [{config}], align 64",
        "@zeros = private constant [64 x i8] zeroinitializer, align 64",
        "declare void @llvm.x86.ldtilecfg(ptr)",
        "declare void @llvm.x86.tilerelease()",
        f"declare void @llvm.x86.tilezero({tile})",
        f"declare void @llvm.x86.tileloadd64({tile}, ptr, i64)",
        f"declare void @llvm.x86.tilestored64({tile}, ptr, i64)",
        f"declare void @llvm.x86.tdpbf16ps({tile}, {tile}, {tile})",
        *(f"declare i32 @llvm.vector.reduce.{one}.v{SIDE}i32({WORDS})" for one in best),
        *(f"declare i32 @llvm.{one}.i32(i32, i32)" for one in best),
        *(f"declare {WORDS} @llvm.{one}.v{SIDE}i32({WORDS}, {WORDS})" for one in best),
        switch("unit_begin", "call void @llvm.x86.ldtilecfg(ptr @tiles)"),
        switch("unit_end", "call void @llvm.x86.tilerelease()"),
        turn("unit_turn"),
        write("unit_write"),
    ]
    for source in PARTS:
        texts.append(limits(f"unit_limits_{source}", source))
        for kind, (along, turned) in SPLITS.items():
            name = f"unit_split_{kind}_{source}"
            texts.append(split(name, source, along=along, turned=turned))
        for rows, columns in itertools.product((1, 2), repeat=2):
            name = f"unit_multiply_{rows}_{columns}_{source}"
            texts.append(multiply(name, source, rows, columns))
        for operand, kind in itertools.product("ab", ("rows", "columns")):
            name = f"unit_multiply_packing_{operand}_{kind}_{source}"
            texts.append(multiply_packing(name, source, operand, along=kind == "rows"))
    return texts
