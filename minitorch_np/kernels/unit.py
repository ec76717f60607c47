"""The CPU's matrix unit as LLVM IR: float32 products from bfloat16 ones, as exact and faster.

Intel's AMX has eight tile registers of 16 rows of 64 bytes, and one instruction that multiplies a
tile of 16 x 32 bfloat16 with one of 32 x 16 and adds the 16 x 16 products, in float32, to a third:
8,192 multiply-adds in 16 cycles, where two units of AVX-512 do 1,024.

bfloat16 has 8 significant bits, float32 has 24: three times as many. So each float32 is the exact
sum of three bfloat16, a = a1 + a2 + a3, each some 2**-8 of the one before, and

    a b  =  a1 b1  +  a1 b2 + a2 b1  +  a1 b3 + a2 b2 + a3 b1  +  (a2 b3 + a3 b2 + a3 b3)

A product of two bfloat16 is exact in float32. The last three terms are left out: they are 2**-23 of
the whole at most and 2**-26 in the mean, less than the 2**-25 by which a product in float32 is
rounded. What remains is six products for one, at sixteen times the rate: 2.7 times the speed of the
vector units, less what splitting costs. The method is Henry, Tang and Heinecke's, "Leveraging the
bfloat16 Artificial Intelligence Datatype For Higher-Precision Computations" (2019).

Sums are as good as those of multiply-adds only if they are rounded as seldom. So the five small
products of a block of K are added first, while the sum is still small, then those of a1 b1: the
roundings that matter are one for each k, or fewer. Errors are smaller than those of the vectors'
chains, as a test holds.

Half types go the same way, with fewer parts: float16 has 11 bits, so two, and all four products are
exact; bfloat16 is one, and multiplied as it is.

What the unit does not do as IEEE 754 says: numbers below 2**-126 are zero to it, and the parts of
an infinity would be NaN. Operands for which that matters are multiplied by vectors: whoever packs
them notes their limits, or `limits` looks for those before (see `united`).
"""

import itertools
from collections.abc import Iterable, Iterator

from .emitter import Emitter, declarations, size_of
from .microkernel import TILE_PARAMETERS, first_of_tiles, last_of_tiles, write_tile
from .packing import transposed
from .splitting import (
    PAIRS,
    PARTS,
    SIDE,
    STEP,
    TILE_BYTES,
    WORDS,
    ZEROS,
    Seen,
    brick,
    judged,
    limits,
    packed,
    places,
    split,
)

__all__ = ["UNIT_KERNELS", "unit_name", "unit_text"]

SMALL = {1: (), 2: ((0, 1), (1, 1), (1, 0)), 3: ((0, 2), (0, 1), (1, 1), (1, 0), (2, 0))}
"""The products but the largest, as parts of A and B, by how many parts there are: from each to the
next one factor stays.
"""
LARGE = ((0, 0),)

CONFIG = bytes([1, 0, *[0] * 14, *[64, 0] * 8, *[0] * 16, *[16] * 8, *[0] * 8])
"""Palette 1: eight tiles of 16 rows of 64 bytes."""

MULTIPLY = "i64 %steps, ptr %a, ptr %b, ptr %c, i64 %c_row"
PACKING = MULTIPLY + ", i64 %k, ptr %src, i64 %step, ptr %seen"
BITS = 15
"""Pieces of the next step that are packed after a multiplication, where a loop has one pair of
parts; where it has more, they share them.
"""
TURN = "ptr %src, ptr %dst"


def switch(name: str, operation: str) -> str:
    """A function of one operation: what gives the unit its tiles, or takes them away."""
    return f"define void @float_{name}() {{\n  {operation}\n  ret void\n}}"


def multiply(name: str, source: str, rows: int, columns: int) -> str:
    """C = A @ B for a panel of A of so many strips, and one of B: packed by `split`."""
    product = Product(PARTS[source], rows, columns)
    product.begin()
    product.finish()
    return product.e.function(name, MULTIPLY)


def multiply_packing(name: str, source: str, operand: str, *, along: bool) -> str:
    """The same for panels of two strips and two steps or more, of which that of `operand`, a or b,
    is packed meanwhile, but for its first step: K numbers of 32 rows at `src`, `step` bytes apart,
    or with not `along` K rows of 32 numbers.

    So the unit multiplies while vectors are split, and memory is waited for less.
    """
    product = Product(PARTS[source], 2, 2)
    product.begin()
    product.e.do("%but_one = sub i64 %steps, 1")
    seen = Seen(product.e)
    step = next_step(product.e, source, operand, along, seen)
    product.loop("packing", "%but_one", step, seen=seen)
    seen.store()
    product.finish()
    return product.e.function(name, PACKING)


def next_step(e: Emitter, source: str, operand: str, along: bool, seen: Seen) -> Iterator[None]:
    """Packs the step after %i_packing."""
    first = e.let(f"mul i64 {e.let('add i64 %i_packing, 1')}, {STEP}")
    for strip in range(2):
        rows = [e.let(f"mul i64 %step, {strip * SIDE + r}") for r in range(SIDE if along else 0)]
        base = [e.at("%src", row) for row in rows] or e.at("%src", size_of(source) * SIDE * strip)
        to = e.at(f"%{operand}_packing", brick(PARTS[source]) + strip * TILE_BYTES)
        place = places(e, source, first, base)
        yield from packed(e, source, to, place, seen, turned=along == (operand == "b"))


class Product:
    """The text of a function that multiplies panels of so many strips."""

    def __init__(self, parts: int, rows: int, columns: int) -> None:
        self.e = Emitter("float", SIDE)
        self.parts, self.rows, self.columns = parts, rows, columns
        self.sums = [(i, j) for i in range(rows) for j in range(columns)]
        self.before, self.at = "entry", ("0", "%a", "%b")
        """The block before, and where its loop ended."""

    def begin(self) -> None:
        """Sums of zero; and C is asked for, which arrives while they grow."""
        e = self.e
        e.label("entry")
        for row in range(self.rows * SIDE):
            at = e.at("%c", e.let(f"mul i64 %c_row, {row}"))
            for column in range(self.columns):
                e.prefetch(e.at(at, column * 64), write=True)
        for i, j in self.sums:
            e.do(f"call void @llvm.x86.tilezero(i8 {2 * i + j})")

    def loop(
        self, name: str, until: str, meanwhile: Iterable[None] = (), *, seen: Seen | None = None,
        large: bool = False,
    ) -> None:  # fmt: skip
        """The small products, or the `large` one, of steps up to %until, from where the loop before
        ended. What comes `meanwhile` is written between them, and notes what it has `seen`.
        """
        e, others = self.e, iter(meanwhile)
        pairs = LARGE if large or self.parts == 1 else SMALL[self.parts]
        kinds, names = ("i64", "ptr", "ptr"), [f"{one}_{name}" for one in "iab"]
        e.do(f"br label %{name}")
        e.label(name)
        for kind, one, first in zip(kinds, names, self.at, strict=True):
            e.do(f"%{one} = phi {kind} [{first}, %{self.before}], [%next_{one}, %{name}]")
        if seen is not None:
            seen.begin_loop(name, self.before)
        held: list[int | None] = [None, None]
        for pair in pairs:
            for operand, one in enumerate("ab"):
                if pair[operand] != held[operand]:
                    self.load(one, pair[operand], f"%{one}_{name}")
            held = [*pair]
            for i, j in self.sums:
                e.do(f"call void @llvm.x86.tdpbf16ps(i8 {2 * i + j}, i8 {4 + i}, i8 {6 + j})")
                for _ in range(BITS // len(pairs)):
                    next(others, None)
        for _ in others:
            pass  # what is left
        if seen is not None:
            seen.end_loop()
        for one in names[1:]:
            e.do(f"%next_{one} = getelementptr i8, ptr %{one}, i64 {brick(self.parts)}")
        e.do(f"%next_{names[0]} = add i64 %{names[0]}, 1")
        more = e.let(f"icmp slt i64 %next_{names[0]}, {until}")
        e.do(f"br i1 {more}, label %{name}, label %{name}_done")
        e.label(f"{name}_done")
        self.before, self.at = f"{name}_done", tuple(f"%next_{one}" for one in names)

    def load(self, operand: str, part: int, panel: str) -> None:
        """A part of a step of a panel into tiles."""
        for strip in range(self.rows if operand == "a" else self.columns):
            at = self.e.at(panel, (2 * part + strip) * TILE_BYTES)
            tile = strip + (4 if operand == "a" else 6)
            self.e.do(f"call void @llvm.x86.tileloadd64(i8 {tile}, ptr {at}, i64 64)")

    def finish(self) -> None:
        """The steps that are left, the large products of all, and the sums into C."""
        e = self.e
        self.loop("rest", "%steps")
        if self.parts > 1:
            self.at = ("0", "%a", "%b")
            self.loop("large", "%steps", large=True)
        for i, j in self.sums:
            at = e.at(e.at("%c", e.let(f"mul i64 %c_row, {i * SIDE}")), j * 64)
            e.do(f"call void @llvm.x86.tilestored64(i8 {2 * i + j}, ptr {at}, i64 %c_row)")


def turn(name: str) -> str:
    """Transposes 32 x 32 sums."""
    e = Emitter("float", SIDE)
    e.label("entry")
    row = 2 * SIDE * 4
    for i in range(2):
        for j in range(2):
            rows = [e.load(e.at("%src", (i * SIDE + r) * row + j * SIDE * 4)) for r in range(SIDE)]
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


SPLITS = {
    "rows": (True, False), "columns": (False, False),
    "rows_turned": (True, True), "columns_turned": (False, True),
}  # fmt: skip
"""Whether a kernel finds what it packs along K, and whether it transposes it."""

UNIT_KERNELS = (
    "begin", "end", "turn", "write", "limits", "judged",
    *(f"split_{kind}" for kind in SPLITS),
    *(f"multiply_{rows}_{columns}" for rows in (1, 2) for columns in (1, 2)),
    *(f"multiply_packing_{operand}_{kind}" for operand in "ab" for kind in ("rows", "columns")),
)  # fmt: skip
"""The kernels for a type, in the order of their places in a table."""


def unit_name(kernel: str, source: str) -> str:
    """What a kernel for operands of a type is called."""
    return f"unit_{kernel}_{source}"


def unit_text(source: str) -> str:
    """All kernels for one type of operands, as one IR module."""
    config = ", ".join(f"i8 {byte}" for byte in CONFIG)
    tile, best = "i8 immarg", ("umin", "umax")
    texts = [
        declarations({SIDE}, ("float", "i16")),
        f"@tiles = private constant [64 x i8] [{config}], align 64",
        f"{ZEROS} = private constant [64 x i8] zeroinitializer, align 64",
        "declare void @llvm.x86.ldtilecfg(ptr)",
        "declare void @llvm.x86.tilerelease()",
        f"declare void @llvm.x86.tilezero({tile})",
        f"declare void @llvm.x86.tileloadd64({tile}, ptr, i64)",
        f"declare void @llvm.x86.tilestored64({tile}, ptr, i64)",
        f"declare void @llvm.x86.tdpbf16ps({tile}, {tile}, {tile})",
        *(f"declare i32 @llvm.vector.reduce.{one}.v{SIDE}i32({WORDS})" for one in best),
        *(f"declare i32 @llvm.{one}.i32(i32, i32)" for one in best),
        *(f"declare {WORDS} @llvm.{one}.v{SIDE}i32({WORDS}, {WORDS})" for one in best),
        *(f"declare {PAIRS} @llvm.{one}.v{STEP}i16({PAIRS}, {PAIRS})" for one in best),
        *(f"declare i16 @llvm.vector.reduce.{one}.v{STEP}i16({PAIRS})" for one in best),
        f"declare i32 @llvm.vector.reduce.or.v{SIDE}i32({WORDS})",
        switch(unit_name("begin", source), "call void @llvm.x86.ldtilecfg(ptr @tiles)"),
        switch(unit_name("end", source), "call void @llvm.x86.tilerelease()"),
        turn(unit_name("turn", source)),
        write(unit_name("write", source)),
        limits(unit_name("limits", source), source),
        judged(unit_name("judged", source)),
    ]
    for kind, (along, turned) in SPLITS.items():
        name = unit_name(f"split_{kind}", source)
        texts.append(split(name, source, along=along, turned=turned))
    for rows, columns in itertools.product((1, 2), repeat=2):
        name = unit_name(f"multiply_{rows}_{columns}", source)
        texts.append(multiply(name, source, rows, columns))
    for operand, kind in itertools.product("ab", ("rows", "columns")):
        name = unit_name(f"multiply_packing_{operand}_{kind}", source)
        texts.append(multiply_packing(name, source, operand, along=kind == "rows"))
    return "\n\n".join(texts)
