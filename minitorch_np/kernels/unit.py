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

from collections.abc import Iterable, Iterator

from .emitter import Emitter, Machine
from .microkernel import TILE_PARAMETERS, first_of_tiles, last_of_tiles, write_tile
from .packing import transposed
from .thirds import BRICK, SIDE, STEP, TILE_BYTES, WORDS, Place, limits, packed, split

__all__ = ["UNIT_KERNELS", "unit_kernels"]

SMALL = ((0, 2), (0, 1), (1, 1), (1, 0), (2, 0))
"""The small products, as parts of A and B: from each to the next one factor stays."""

CONFIG = bytes([1, 0, *[0] * 14, *[64, 0] * 8, *[0] * 16, *[16] * 8, *[0] * 8])
"""Palette 1: eight tiles of 16 rows of 64 bytes."""

MULTIPLY = "i64 %steps, ptr %a, ptr %b, ptr %c, i64 %c_row"
PACKING = MULTIPLY + ", i64 %k, ptr %src, i64 %step"
BITS = 3
"""Pieces of the next step that are packed after each small product."""
TURN = "ptr %src, ptr %dst"


def switch(name: str, operation: str) -> str:
    """A function of one operation: what gives the unit its tiles, or takes them away."""
    return f"define void @float_{name}() {{\n  {operation}\n  ret void\n}}"


def multiply(name: str, rows: int, columns: int) -> str:
    """C = A @ B for a panel of A of so many strips, and one of B: packed by `split`."""
    e = Emitter("float", SIDE)
    products(e, rows, columns, ())
    return e.function(name, MULTIPLY)


def multiply_packing(name: str, operand: str, *, along: bool) -> str:
    """The same for panels of two strips, of which that of `operand`, a or b, is packed meanwhile,
    but for its first step: K numbers of 32 rows at `src`, `step` bytes apart, or with not `along` K
    rows of 32 numbers. After the last step, one more is written.

    So the unit multiplies while vectors are split, and memory is waited for less.
    """
    e = Emitter("float", SIDE)
    products(e, 2, 2, next_step(e, operand, along))
    return e.function(name, PACKING)


def next_step(e: Emitter, operand: str, along: bool) -> Iterator[None]:
    """Packs the step after %i_small."""
    first = e.let(f"mul i64 {e.let('add i64 %i_small, 1')}, {STEP}")
    left = e.let(f"sub i64 %k, {first}")
    last = e.let("sub i64 %k, 1")
    masks = [e.lanes_below(e.let(f"sub i64 {left}, {half * SIDE}")) for half in range(2)]

    def place(strip: int, r: int, half: int) -> Place:
        if along:
            at = e.at("%src", e.let(f"mul i64 %step, {strip * SIDE + r}"))
            return e.at(at, e.let(f"mul i64 {e.let(f'add i64 {first}, {half * SIDE}')}, 4")), masks[half]
        k = e.let(f"add i64 {first}, {r + half * SIDE}")
        # beyond the end, any numbers: the other panel has zeros there
        k = e.let(f"select i1 {e.let(f'icmp slt i64 {k}, %k')}, i64 {k}, i64 {last}")
        return e.at(e.at("%src", e.let(f"mul i64 {k}, %step")), 4 * SIDE * strip), None

    for strip in range(2):
        to = e.at(f"%{operand}_small", BRICK + strip * TILE_BYTES)
        turned = along == (operand == "b")
        yield from packed(e, to, lambda r, half, strip=strip: place(strip, r, half), turned=turned)


def products(e: Emitter, rows: int, columns: int, meanwhile: Iterable[None]) -> None:
    """The body of a function that multiplies; what comes `meanwhile` is written into the loop of
    small products, a bit after each.
    """
    sums = [(i, j) for i in range(rows) for j in range(columns)]
    others = iter(meanwhile)

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
    before = "entry"
    for label, pairs in (("small", SMALL), ("large", ((0, 0),))):
        e.do(f"br label %{label}")
        e.label(label)
        e.do(f"%i_{label} = phi i64 [0, %{before}], [%j_{label}, %{label}]")
        for one in "ab":
            e.do(f"%{one}_{label} = phi ptr [%{one}, %{before}], [%{one}1_{label}, %{label}]")
        held: list[int | None] = [None, None]
        for pair in pairs:
            for operand, one in enumerate("ab"):
                if pair[operand] != held[operand]:
                    load(one, pair[operand], f"%{one}_{label}")
            held = [*pair]
            for i, j in sums:
                tiles = f"i8 {2 * i + j}, i8 {4 + i}, i8 {6 + j}"
                e.do(f"call void @llvm.x86.tdpbf16ps({tiles})")
                if label == "small":
                    for _ in range(BITS):
                        next(others, None)
        for _ in others:  # what is left
            pass
        for one in "ab":
            e.do(f"%{one}1_{label} = getelementptr i8, ptr %{one}_{label}, i64 {BRICK}")
        e.do(f"%j_{label} = add i64 %i_{label}, 1")
        more = e.let(f"icmp slt i64 %j_{label}, %steps")
        e.do(f"br i1 {more}, label %{label}, label %{label}_done")
        e.label(f"{label}_done")
        before = f"{label}_done"
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


UNIT_KERNELS = (
    "begin", "end", "limits", "turn", "write",
    *(f"split_{kind}" for kind in ("rows", "columns", "rows_turned", "columns_turned")),
    *(f"multiply_{rows}_{columns}" for rows in (1, 2) for columns in (1, 2)),
    *(f"multiply_packing_{operand}_{kind}" for operand in "ab" for kind in ("rows", "columns")),
)  # fmt: skip
"""The kernels by name, in the order of their places in a table."""


def unit_kernels(machine: Machine) -> list[str]:
    """The text of all of them, or nothing where the CPU has no such unit."""
    if not machine.unit:
        return []
    config = ", ".join(f"i8 {byte}" for byte in CONFIG)
    tile = "i8 immarg"
    return [
        f"@tiles = private constant [64 x i8] [{config}], align 64",
        "declare void @llvm.x86.ldtilecfg(ptr)",
        "declare void @llvm.x86.tilerelease()",
        f"declare void @llvm.x86.tilezero({tile})",
        f"declare void @llvm.x86.tileloadd64({tile}, ptr, i64)",
        f"declare void @llvm.x86.tilestored64({tile}, ptr, i64)",
        f"declare void @llvm.x86.tdpbf16ps({tile}, {tile}, {tile})",
        *(f"declare i32 @llvm.vector.reduce.{which}.v{SIDE}i32({WORDS})" for which in ("umin", "umax")),
        *(f"declare i32 @llvm.{which}.i32(i32, i32)" for which in ("umin", "umax")),
        *(f"declare {WORDS} @llvm.{which}.v{SIDE}i32({WORDS}, {WORDS})" for which in ("umin", "umax")),
        switch("unit_begin", "call void @llvm.x86.ldtilecfg(ptr @tiles)"),
        switch("unit_end", "call void @llvm.x86.tilerelease()"),
        limits("unit_limits"),
        turn("unit_turn"),
        write("unit_write"),
        split("unit_split_rows", along=True, turned=False),
        split("unit_split_columns", along=False, turned=False),
        split("unit_split_rows_turned", along=True, turned=True),
        split("unit_split_columns_turned", along=False, turned=True),
        *(
            multiply(f"unit_multiply_{rows}_{columns}", rows, columns)
            for rows in (1, 2)
            for columns in (1, 2)
        ),
        *(
            multiply_packing(f"unit_multiply_packing_{operand}_{kind}", operand, along=kind == "rows")
            for operand in "ab"
            for kind in ("rows", "columns")
        ),
    ]
