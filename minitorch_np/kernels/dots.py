"""Dot products as vector LLVM IR: a tile of C whose lanes go along k, and a single one.

`microkernel` lays lanes along the columns of C. Where those are few, lanes are idle; and rows of B
must lie side by side, which the transposed weight of a layer does not offer. Here a vector of A's
row is multiplied with one of B's column: both are read as they lie, and each element of C has a
vector of sums of its own. The price is to add its lanes up, once for the whole of k.

    AVX-512, 4 x 4 products   8 loads   16 multiply-adds in 8 cycles
    and at the end of k       30 shuffles and 15 additions for 16 elements of C
"""

from collections.abc import Sequence

from .emitter import Emitter, Machine, interleavings, size_of
from .microkernel import (
    LINE,
    PRODUCT_PARAMETERS,
    TILE_PARAMETERS,
    first_of_tiles,
    last_of_tiles,
    write_tile,
)

__all__ = ["DOTS", "dot", "dots", "sides_of_dots"]

DOTS = 4
"""Columns, and at most rows, of a tile of dot products; and the sums of a single one. One row has
just enough sums to hide a multiply-add's latency.
"""

DOT_AHEAD = 512
"""Bytes by which a dot product of doubles asks for its operands in advance."""


def dots(name: str, element: str, machine: Machine, rows: int, columns: int) -> str:
    """What `tile` does, for rows of A and columns of B that are contiguous along k: `rows` of them
    and up to `columns`, b_step from one to the next. Each sum is the same tree of its lanes,
    whatever the rows and columns.
    """
    size = size_of(element)
    e = Emitter(element, machine.vector_bytes // size)
    e.label("entry")
    last = e.let("sub i64 %columns, 1")
    b: list[str] = []
    for j in range(columns):  # what is no column repeats the last one, and is not stored
        inside = e.let(f"icmp slt i64 {j}, %columns")
        column = e.let(f"select i1 {inside}, i64 {j}, i64 {last}")
        b.append(e.at("%b", e.let(f"mul i64 {column}, %b_step")))
    e.do("br label %again")
    first_of_tiles(e)
    a = [e.at("%a", e.let(f"mul i64 %a_row, {r}")) for r in range(rows)]
    e.do("br label %loop")
    sums = products(e, a, b)
    few = e.of(element, DOTS)
    for r, total in enumerate(summed(e, sums)):
        few.do(f"%s{r}_0 = {total}")
    write_tile(few, rows, 1)
    last_of_tiles(e)
    return e.function(name, TILE_PARAMETERS)


def products(e: Emitter, a: Sequence[str], b: Sequence[str]) -> list[str | None]:
    """The loop over k, from %again to %done: a vector of sums for each row at `a` and each column
    at `b`, and for what is missing of `DOTS` columns None.
    """
    cells = [(r, j) for r in range(len(a)) for j in range(len(b))]
    e.label("loop")
    e.do("%i = phi i64 [0, %again], [%i1, %body]")
    for r, j in cells:
        e.do(f"%p{r}_{j} = phi {e.vector} [zeroinitializer, %again], [%q{r}_{j}, %body]")
    e.do(f"%i1 = add i64 %i, {e.lanes}")
    e.do("%more = icmp sle i64 %i1, %k")
    e.do("br i1 %more, label %body, label %rest")
    e.label("rest")
    e.do("%any = icmp slt i64 %i, %k")
    e.do("br i1 %any, label %part, label %done")
    for block, after, then in (("body", "q", "loop"), ("part", "u", "done")):
        e.label(block)
        mask = None if block == "body" else e.lanes_below(e.let("sub i64 %k, %i"))
        offset = e.let(f"mul i64 %i, {size_of(e.element)}")
        row = [e.load(e.at(one, offset), mask) for one in a]
        # float32 seldom lies beyond L2, and where a vector is half a line, asking takes too long
        if block == "body" and e.element == "double" and e.lanes * size_of(e.element) == LINE:
            for one in a if len(a) > 1 else b:
                e.prefetch(e.at(e.at(one, offset), DOT_AHEAD))
        for j in range(len(b)):
            column = e.load(e.at(b[j], offset), mask)
            for r in range(len(a)):
                e.do(f"%{after}{r}_{j} = {e.fused(row[r], column, f'%p{r}_{j}')}")
        e.do(f"br label %{then}")
    e.label("done")
    sums: list[str | None] = [None] * (DOTS * len(a))
    for r, j in cells:
        phi = f"phi {e.vector} [%p{r}_{j}, %rest], [%u{r}_{j}, %part]"
        sums[r * DOTS + j] = e.let(phi)
    return sums


def summed(e: Emitter, vectors: Sequence[str | None]) -> list[str]:
    """Operations that give the sums of the vectors' lanes, `DOTS` in a vector, in their order.

    A round adds the halves of vector i to those of vector i + n/2, and lets the results take turns
    in one vector: after log2(lanes) rounds each lane is the sum of one vector.
    """
    orders = interleavings(e.lanes)
    whole: list[str] = []
    for first in range(0, len(vectors), e.lanes):
        current, half = [*vectors[first : first + e.lanes]], e.lanes // 2
        while half:
            following: list[str | None] = []
            for i in range(min(half, len(current))):
                pair = [x for x in current[i::half] if x is not None]
                turns = [e.let(e.shuffled(pair[0], pair[-1], one)) for one in orders if pair]
                following.append(e.let(f"fadd {e.vector} {', '.join(turns)}") if pair else None)
            current, half = following, half // 2
        whole += [x for x in current if x is not None]
    if e.lanes < DOTS:
        pairs = zip(whole[::2], whole[1::2], strict=True)
        return [e.shuffled(x, y, range(DOTS)) for x, y in pairs]
    parts = [range(at, at + DOTS) for at in range(0, e.lanes, DOTS)]
    return [e.shuffled(x, x, part) for x in whole for part in parts][: len(vectors) // DOTS]


def dot(name: str, element: str, machine: Machine) -> str:
    """C[0, 0] = alpha * sum of a[k] * b[k] + beta * S[0, 0], both contiguous along k; the other
    strides are not looked at.

    Several sums, for one would wait for each of its multiply-adds.
    """
    size = size_of(element)
    e = Emitter(element, machine.vector_bytes // size)
    e.label("entry")
    e.do("br label %loop")
    e.label("loop")
    e.do("%i = phi i64 [0, %entry], [%i1, %body]")
    for u in range(DOTS):
        e.do(f"%s{u} = phi {e.vector} [zeroinitializer, %entry], [%t{u}, %body]")
    e.do(f"%i1 = add i64 %i, {e.lanes * DOTS}")
    e.do("%more = icmp sle i64 %i1, %k")
    e.do("br i1 %more, label %body, label %rest")
    for block, sums in (("body", "t"), ("rest", "r")):
        e.label(block)
        for u in range(DOTS):
            at = e.let(f"add i64 %i, {u * e.lanes}")
            mask = None if block == "body" else e.lanes_below(e.let(f"sub i64 %k, {at}"))
            offset = e.let(f"mul i64 {at}, {size}")
            a, x = e.load(e.at("%a", offset), mask), e.load(e.at("%b", offset), mask)
            e.do(f"%{sums}{u} = {e.fused(a, x, f'%s{u}')}")
        if block == "body":
            e.do("br label %loop")
    total = "%r0"
    for u in range(1, DOTS):
        total = e.let(f"fadd {e.vector} {total}, %r{u}")
    # reassoc: the lanes are summed as a tree
    value = e.let(
        f"call reassoc {element} @llvm.vector.reduce.fadd.{e.suffix}"
        f"({element} -0.0, {e.vector} {total})"
    )
    old = e.let(f"load {element}, ptr %s, align 1")
    fresh = e.let("fcmp oeq double %beta, 0.0")
    old = e.let(f"select i1 {fresh}, {element} 0.0, {element} {old}")
    old = e.let(f"fmul {element} {e.narrowed('%beta')}, {old}")
    value = e.let(
        f"call {element} @llvm.fmuladd.{e.suffix[-3:]}"
        f"({element} {e.narrowed('%alpha')}, {element} {value}, {element} {old})"
    )
    e.do(f"store {element} {value}, ptr %c, align 1")
    return e.function(name, PRODUCT_PARAMETERS)


def sides_of_dots() -> list[tuple[int, int]]:
    """Columns and rows of the kernels of `dots`, in the order of their places."""
    return [(n, r) for n in (DOTS - 1, DOTS) for r in range(1, DOTS + 1)]
