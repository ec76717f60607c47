"""How numbers become parts of bfloat16, as LLVM IR: what the matrix unit multiplies (see `unit`).

A strip is 16 rows of A, or 16 columns of B, cut into steps of 32 along K; a step of it is a tile of
first parts, and where numbers have more parts one of second and one of third. Two strips side by
side are a panel, and a step of a panel a brick: the first parts of both, then the second, then the
third.

The unit takes pairs of neighbours in K together, and any order of K is as good as another as long
as A and B have the same: here k and k + 16 are a pair, for vectors of both merge by one shift.

What the numbers were is noted while they are packed, for not all may be multiplied so (see `unit`):
that takes next to nothing, which a pass of its own over them does not.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import cast

from .emitter import Emitter, size_of
from .packing import transposed_by_rounds, widened

__all__ = [
    "PAIRS", "PARTS", "SEEN_BYTES", "SIDE", "STEP", "TILE_BYTES", "WORDS", "ZEROS", "Seen",
    "brick", "judged", "limits", "packed", "places", "split",
]  # fmt: skip

SIDE = 16
"""Rows of a tile of A's, and columns of one of B's; words in a row of a tile."""
STEP = 2 * SIDE
"""Steps of k in a tile."""
PARTS = {"float": 3, "half": 2, "bfloat": 1}
"""bfloat16 in a number of each type, by its name in IR: of 24, 11 and 8 bits."""
TILE_BYTES = 4 * SIDE * SIDE

SPLIT = "i64 %k, i64 %n, ptr %src, i64 %step, ptr %dst, ptr %seen"
JUDGED = "ptr %seen, ptr %found"
LIMITS = "i64 %rows, i64 %columns, ptr %src, i64 %step, ptr %found"

WORDS = f"<{SIDE} x i32>"
PAIRS = f"<{STEP} x i16>"
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
    return splat(number, WORDS)


def splat(number: int, kind: str) -> str:
    """A vector of integers that are all the same."""
    lanes, _, one = kind.strip("<>").partition(" x ")
    return "<" + ", ".join([f"{one} {number}"] * int(lanes)) + ">"


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


SEEN_BYTES = 3 * 64
"""What lies at %seen."""


class Seen:
    """What is noted of the numbers that a function packs: three vectors, which lie at %seen before
    and after.

    The first two have the least of the first parts that are not zero, less one, and the largest:
    16 bits each, of which the sign is shifted out. The third has ones in the lower halves of words
    where the parts of a number were less than the number: it was below half the smallest bfloat16,
    and its first part is zero, or it was NaN.
    """

    KINDS = (PAIRS, PAIRS, WORDS)

    def __init__(self, e: Emitter) -> None:
        self.e = e
        self.now = [
            e.let(f"load {kind}, ptr {e.at('%seen', 64 * nr)}, align 4")
            for nr, kind in enumerate(self.KINDS)
        ]

    def begin_loop(self, name: str, before: str) -> None:
        """At the head of a loop of one block, which comes after the block `before`."""
        for nr, (kind, value) in enumerate(zip(self.KINDS, self.now, strict=True)):
            self.e.do(f"%seen{nr} = phi {kind} [{value}, %{before}], [%seen{nr}_then, %{name}]")
            self.now[nr] = f"%seen{nr}"

    def end_loop(self) -> None:
        """At the end of its block."""
        for nr, (kind, value) in enumerate(zip(self.KINDS, self.now, strict=True)):
            self.e.do(f"%seen{nr}_then = bitcast {kind} {value} to {kind}")
            self.now[nr] = f"%seen{nr}_then"

    def note(self, first: str) -> None:
        """The first parts of 32 numbers."""
        e, (low, high, lost) = self.e, self.now
        size = e.let(f"shl {PAIRS} {first}, {splat(1, PAIRS)}")
        less = e.let(f"sub {PAIRS} {size}, {splat(1, PAIRS)}")  # zero becomes the largest of all
        low = e.let(picked("umin", PAIRS, low, less))
        high = e.let(picked("umax", PAIRS, high, size))
        self.now = [low, high, lost]

    def note_rest(self, word: str) -> None:
        """What 16 numbers are without their parts but the last, whose place is the upper half."""
        self.now[2] = self.e.let(f"or {WORDS} {self.now[2]}, {word}")

    def store(self) -> None:
        """Put them back to where they lay."""
        for nr, (kind, value) in enumerate(zip(self.KINDS, self.now, strict=True)):
            self.e.do(f"store {kind} {value}, ptr {self.e.at('%seen', 64 * nr)}, align 4")


def picked(which: str, kind: str, a: str, b: str) -> str:
    """The operation that takes the lesser, or the larger, in each lane."""
    suffix = kind.strip("<>").replace(" x ", "")
    return f"call {kind} @llvm.{which}.v{suffix}({kind} {a}, {kind} {b})"


def packed(
    e: Emitter, source: str, to: str, place: Callable[[int, int], Place], seen: Seen, *,
    turned: bool,
) -> Iterator[None]:  # fmt: skip
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
            both = e.let(f"or {WORDS} {x}, {y}")
            e.do(f"store {WORDS} {both}, ptr {places[part][r]}, align 64")
            if part == 0:
                seen.note(e.let(f"bitcast {WORDS} {both} to {PAIRS}"))
        for rest in (low[-1], high[-1]) if parts > 1 else ():
            seen.note_rest(rest)
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
    seen = Seen(e)
    e.do("br label %loop")
    e.label("loop")
    e.do("%i = phi i64 [0, %entry], [%i1, %loop]")
    e.do("%to = phi ptr [%dst, %entry], [%to1, %loop]")
    seen.begin_loop("loop", "entry")
    e.do(f"%i1 = add i64 %i, {STEP}")
    e.do(f"%to1 = getelementptr i8, ptr %to, i64 {brick(PARTS[source])}")
    place = places(e, source, "%i", rows if along else "%src", few)
    for _ in packed(e, source, "%to", place, seen, turned=turned):
        pass  # all at once
    seen.end_loop()
    e.do(f"br i1 {e.let('icmp slt i64 %i1, %k')}, label %loop, label %end")
    e.label("end")
    seen.store()
    return e.function(name, SPLIT)


def judged(name: str) -> str:
    """Writes to `found`, as `limits` does, what was noted of the first parts of numbers: the least
    magnitude is that of a denormal number, if any was less than its parts.
    """
    e = Emitter("float", SIDE)
    e.label("entry")
    low, high, lost = Seen(e).now
    for nr, (which, value) in enumerate((("umin", low), ("umax", high))):
        best = e.let(f"call i16 @llvm.vector.reduce.{which}.v{STEP}i16({PAIRS} {value})")
        best = e.let(f"zext i16 {best} to i32")
        if which == "umin":
            size = e.let(f"shl i32 {e.let(f'add i32 {best}, 1')}, 15")
            any_lost = e.let(f"call i32 @llvm.vector.reduce.or.v{SIDE}i32({WORDS} {lost})")
            none = e.let(f"icmp eq i32 {e.let(f'and i32 {any_lost}, 65535')}, 0")
            size = e.let(f"select i1 {none}, i32 {size}, i32 1")
            best = e.let(f"sub i32 {size}, 1")
        else:
            best = e.let(f"shl i32 {best}, 15")
        e.do(f"store i32 {best}, ptr {e.at('%found', 4 * nr)}")
    return e.function(name, JUDGED)


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
            e.do(f"%{kept}_{block} = {picked(pick, WORDS, value, f'%{kept}_here')}")
        e.do(f"br label %{then}")
    e.label("end")
    for kept, which, at in (("low", "umin", "%found"), ("high", "umax", e.at("%found", 4))):
        best = e.let(f"call i32 @llvm.vector.reduce.{which}.v{SIDE}i32({WORDS} %{kept})")
        old = e.let(f"load i32, ptr {at}")
        best = e.let(f"call i32 @llvm.{which}.i32(i32 {old}, i32 {best})")
        e.do(f"store i32 {best}, ptr {at}")
    return e.function(name, LIMITS)
