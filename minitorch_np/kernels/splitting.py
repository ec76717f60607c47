"""How numbers become parts of bfloat16, as LLVM IR: what the matrix unit multiplies (see `unit`).

A strip is 16 rows of A, or 16 columns of B, cut into steps of 32 along K; a step of it is a tile of
first parts, and where numbers have more parts one of second and one of third. Two strips side by
side are a panel, and a step of a panel a brick: the first parts of both, then the second, then the
third.

The unit takes pairs of neighbours in K together, and any order of K is as good as another as long
as A and B have the same: here k and k + 16 are a pair, for vectors of both merge by one shift.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import cast

from .emitter import Emitter, size_of
from .packing import transposed_by_rounds, widened

__all__ = [
    "PARTS", "SIDE", "STEP", "TILE_BYTES", "WORDS", "ZEROS",
    "brick", "limits", "packed", "places", "split",
]  # fmt: skip

SIDE = 16
"""Rows of a tile of A's, and columns of one of B's; words in a row of a tile."""
STEP = 2 * SIDE
"""Steps of k in a tile."""
PARTS = {"float": 3, "half": 2, "bfloat": 1}
"""bfloat16 in a number of each type, by its name in IR: of 24, 11 and 8 bits."""
TILE_BYTES = 4 * SIDE * SIDE

SPLIT = "i64 %k, i64 %n, ptr %src, i64 %step, ptr %dst"
LIMITS = "i64 %rows, i64 %columns, ptr %src, i64 %step, ptr %found"

WORDS = f"<{SIDE} x i32>"
ZEROS = "@zeros"
"""The address of 64 bytes of nothing."""
Place = tuple[str, str | None]
"""Where 16 numbers are, and a mask of those that are there."""


def brick(parts: int) -> int:
    """Bytes of a panel in a step."""
    return 2 * parts * TILE_BYTES


def raw(e: Emitter, source: str) -> Emitter:
    """Loads numbers of a type, half types as they lie."""
    return e if source == "float" else e.of("i16", SIDE)


def each_lane(number: int) -> str:
    """A vector of words."""
    return "<" + ", ".join([f"i32 {number}"] * SIDE) + ">"


def parts_of(e: Emitter, value: str, parts: int) -> list[str]:
    """The parts of a vector of float32, in the upper halves of words: the nearest bfloat16, and of
    the rest first its upper bits. The lower halves of all are 0.
    """
    found: list[str] = []
    for part in range(parts):
        word = e.let(f"bitcast {e.vector} {value} to {WORDS}")
        if part < parts - 1:
            if part == 0:
                word = e.let(f"add {WORDS} {word}, {each_lane(0x8000)}")
            word = e.let(f"and {WORDS} {word}, {each_lane(-0x10000)}")
            taken = e.let(f"bitcast {WORDS} {word} to {e.vector}")
            value = e.let(f"fsub {e.vector} {value}, {taken}")
        found.append(word)
    return found


def packed(
    e: Emitter, source: str, to: str, place: Callable[[int, int], Place], *, turned: bool
) -> Iterator[None]:
    """Writes a step of a strip at `to`, bit by bit, so that others may write in between.

    Row r of a tile has pairs of the 16 numbers at place(r, 0) and those at place(r, 1). `turned`,
    the tile is transposed: then these are numbers of one row along K, and columns of a B are, or
    numbers of one k, and rows of an A are.
    """
    parts, loads = PARTS[source], raw(e, source)
    places = [[e.at(to, brick(p) + 4 * SIDE * r) for r in range(SIDE)] for p in range(parts)]
    for r in range(SIDE):
        values = [widened(e, source, loads.load(*place(r, half))) for half in range(2)]
        low, high = (parts_of(e, value, parts) for value in values)
        for part, (x, y) in enumerate(zip(low, high, strict=True)):
            x = e.let(f"lshr {WORDS} {x}, {each_lane(16)}")
            both = e.let(f"bitcast {WORDS} {e.let(f'or {WORDS} {x}, {y}')} to {e.vector}")
            e.store(both, places[part][r])
        yield
    for part in range(parts if turned else 0):
        rows = [e.load(at) for at in places[part]]
        for columns in transposed_by_rounds(e, rows):
            rows = columns
            yield
        for at, row in zip(places[part], rows, strict=True):
            e.store(row, at)


def places(
    e: Emitter, source: str, first: str, base: str | Sequence[str], few: str | None = None
) -> Callable[[int, int], Place]:
    """What `packed` asks for: the step from `first` on, of %k in all. `base` has the addresses of
    16 rows that are contiguous along K, or is that of rows of K, %step bytes apart, of which lanes
    outside `few` are not touched. Beyond K there are zeros.
    """
    left = e.let(f"sub i64 %k, {first}")
    masks = [e.lanes_below(left), e.lanes_below(e.let(f"sub i64 {left}, {SIDE}"))]

    def along(r: int, half: int) -> Place:
        k = e.let(f"add i64 {first}, {half * SIDE}")
        return e.at(base[r], e.let(f"mul i64 {k}, {size_of(source)}")), masks[half]

    def across(r: int, half: int) -> Place:
        k = e.let(f"add i64 {first}, {r + half * SIDE}")
        at = e.at(cast(str, base), e.let(f"mul i64 {k}, %step"))
        inside = e.let(f"icmp slt i64 {k}, %k")
        return e.let(f"select i1 {inside}, ptr {at}, ptr {ZEROS}"), few

    return across if isinstance(base, str) else along


def split(name: str, source: str, *, along: bool, turned: bool) -> str:
    """Packs n rows of K numbers of a type (n up to 16), `step` bytes apart, as a strip; or with not
    `along`, K rows of n. k is filled up with zeros, and n with anything.
    """
    e = Emitter("float", SIDE)
    e.label("entry")
    last = e.let("sub i64 %n, 1")
    rows: list[str] = []
    for r in range(SIDE if along else 0):
        inside = e.let(f"icmp slt i64 {r}, %n")
        row = e.let(f"select i1 {inside}, i64 {r}, i64 {last}")
        rows.append(e.at("%src", e.let(f"mul i64 {row}, %step")))
    few = e.lanes_below("%n")
    e.do("br label %loop")
    e.label("loop")
    e.do("%i = phi i64 [0, %entry], [%i1, %body]")
    e.do("%to = phi ptr [%dst, %entry], [%to1, %body]")
    e.do(f"%i1 = add i64 %i, {STEP}")
    e.do(f"%to1 = getelementptr i8, ptr %to, i64 {brick(PARTS[source])}")
    e.do(f"br i1 {e.let('icmp slt i64 %i, %k')}, label %body, label %end")
    e.label("body")
    place = places(e, source, "%i", rows if along else "%src", few)
    for _ in packed(e, source, "%to", place, turned=turned):
        pass  # all at once
    e.do("br label %loop")
    e.label("end")
    return e.function(name, SPLIT)


def limits(name: str, source: str) -> str:
    """Widens what lies at `found`, two words of 32 bits: the least magnitude of all numbers but
    zeros, less one, and the largest. Of `rows` rows of `columns` neighbours, `step` bytes apart.
    """
    e = Emitter("float", SIDE)
    e.label("entry")
    e.do("br label %row")
    e.label("row")
    e.do("%r = phi i64 [0, %entry], [%r1, %rest]")
    e.do("%at = phi ptr [%src, %entry], [%at1, %rest]")
    e.do(f"%low = phi {WORDS} [{each_lane(-1)}, %entry], [%low_rest, %rest]")
    e.do(f"%high = phi {WORDS} [zeroinitializer, %entry], [%high_rest, %rest]")
    e.do("%r1 = add i64 %r, 1")
    e.do("%at1 = getelementptr i8, ptr %at, i64 %step")
    e.do(f"br i1 {e.let('icmp slt i64 %r, %rows')}, label %loop, label %end")
    e.label("loop")
    e.do("%c = phi i64 [0, %row], [%c1, %whole]")
    e.do("%here = phi ptr [%at, %row], [%here1, %whole]")
    e.do(f"%low_here = phi {WORDS} [%low, %row], [%low_whole, %whole]")
    e.do(f"%high_here = phi {WORDS} [%high, %row], [%high_whole, %whole]")
    e.do(f"%c1 = add i64 %c, {SIDE}")
    e.do(f"%here1 = getelementptr i8, ptr %here, i64 {size_of(source) * SIDE}")
    e.do(f"br i1 {e.let('icmp sle i64 %c1, %columns')}, label %whole, label %rest")
    for block, then in (("whole", "loop"), ("rest", "row")):
        e.label(block)
        mask = None if block == "whole" else e.lanes_below(e.let("sub i64 %columns, %c"))
        value = widened(e, source, raw(e, source).load("%here", mask))
        word = e.let(f"bitcast {e.vector} {value} to {WORDS}")
        size = e.let(f"and {WORDS} {word}, {each_lane(0x7FFFFFFF)}")
        less = e.let(f"sub {WORDS} {size}, {each_lane(1)}")  # zero becomes the largest of all
        for kept, value, pick in (("low", less, "umin"), ("high", size, "umax")):
            better = f"call {WORDS} @llvm.{pick}.v{SIDE}i32({WORDS} {value}, {WORDS} %{kept}_here)"
            e.do(f"%{kept}_{block} = {better}")
        e.do(f"br label %{then}")
    e.label("end")
    for kept, which, at in (("low", "umin", "%found"), ("high", "umax", e.at("%found", 4))):
        best = e.let(f"call i32 @llvm.vector.reduce.{which}.v{SIDE}i32({WORDS} %{kept})")
        old = e.let(f"load i32, ptr {at}")
        best = e.let(f"call i32 @llvm.{which}.i32(i32 {old}, i32 {best})")
        e.do(f"store i32 {best}, ptr {at}")
    return e.function(name, LIMITS)
