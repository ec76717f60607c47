"""The innermost loop of a matrix product as vector LLVM IR: a tile of C, in registers.

Everything that must run at the speed of the machine is here, in `dots` or in `packing`; the loops
around it are in `blocking`. A kernel is a C function of 64-bit integers (addresses, strides in
bytes, counts) and is known to its callers by address: `family` has those of a dtype.

Why a register tile: a core can start two fused multiply-adds in a cycle, but load only two vectors
in it. A loop that loads both factors of each multiply-add would wait for loads half of the time,
and one that also loads and stores C three quarters of it. So a tile of C stays in registers for the
whole loop over k. Step k takes one column of A's panel and one row of B's, and adds their outer
product: R + V loads (R scalars, each spread over a vector, and V vectors) feed R x V multiply-adds.

    AVX-512   R x V = 14 x 2    28 of 32 registers    16 loads   28 multiply-adds in 14 cycles
    AVX2              4 x 3     12 of 16               7 loads   12 multiply-adds in  6 cycles

The loads fit into the shadow of the arithmetic, and the sums are many enough: a multiply-add takes
4 cycles and two start in each, so fewer than 8 independent sums would leave the units idle. What
does not fit is arithmetic on addresses, for additions run in the same units: see `nth`. And a
step of 12 multiply-adds is so short that all that goes with it counts: see `four_steps`.
"""

from collections.abc import Mapping

from .emitter import Emitter, Machine, size_of

__all__ = [
    "LINE",
    "MAX_VECTORS",
    "PRODUCT_PARAMETERS",
    "TILE_PARAMETERS",
    "first_of_tiles",
    "fits",
    "last_of_tiles",
    "tile",
    "write_tile",
]


MAX_VECTORS = 8
"""Vectors in the widest tile. Only flat tiles are that wide."""

LINE = 64
"""Bytes that a cache fetches at once."""

AHEAD = 8
"""Steps of k by which a tile asks for its operands in advance: about 100 cycles."""

STEPS = 4
"""Steps in a turn of a loop that is unrolled."""

FEW = 12
"""Multiply-adds in a step up to which the loop is unrolled."""

State = Mapping[str, str]
"""What a loop carries: the number of the step, where A and B are, and the sums."""

PRODUCT_PARAMETERS = (
    "i64 %k, ptr %a, i64 %a_row, i64 %a_step, ptr %b, i64 %b_step, ptr %c, i64 %c_row, "
    "i64 %columns, ptr %s, i64 %s_row, i64 %s_column, double %alpha, double %beta"
)
"""C[:, :columns] = alpha * A @ B + beta * S. A beta of 0 ignores S, which may then be anything."""

MOVING = ("a", "c", "s")
"""The addresses that differ from tile to tile."""

TILE_PARAMETERS = (
    PRODUCT_PARAMETERS.replace("ptr %", "ptr %first_").replace("first_b", "b")
    + ", i64 %count"
    + "".join(f", i64 %{one}_next" for one in MOVING)
)
"""The same `count` times, each so many bytes further."""


def tile(name: str, element: str, machine: Machine, rows: int, vectors: int) -> str:
    """C[rows, columns] = alpha * A @ B + beta * S, with the whole tile in registers; and `count`
    times that, for a call takes a third as long as a tile of 10 steps.

    Step k reads `rows` numbers at a + k * a_step, a_row apart, and `vectors` vectors at
    b + k * b_step; only `columns` columns of C are touched. Each element of C is one chain of
    multiply-adds in the order of k, whatever the tile: so results do not depend on how a product
    was cut into tiles.
    """
    e = Emitter(element, machine.vector_bytes // size_of(element))
    cells = [f"{r}_{v}" for r in range(rows) for v in range(vectors)]
    first = {"i": "0", "pa": "%a", "pb": "%b"} | {f"s{cell}": "zeroinitializer" for cell in cells}
    after = {"i": "%i1", "pa": "%pa1", "pb": "%pb1"} | {f"s{cell}": f"%t{cell}" for cell in cells}
    e.label("entry")
    multiples(e, "%a_row", rows)
    by_fours = rows > 1 and (vectors == 1 or machine.sums <= FEW)
    if by_fours:
        multiples(e, "%a_step", STEPS)
        multiples(e, "%b_step", STEPS)
    e.do("br label %again")
    first_of_tiles(e)
    ask_for_c(e, rows, vectors)
    a_ahead, b_ahead = e.let(f"mul i64 %a_step, {AHEAD}"), e.let(f"mul i64 %b_step, {AHEAD}")
    came = {"start": first}
    if by_fours:
        came = four_steps(e, rows, vectors, first)
    else:
        e.do("br label %loop")
    e.label("loop")
    carried(e, "", came | {"body": after})
    e.do("%more = icmp slt i64 %i, %k")
    e.do("br i1 %more, label %body, label %done")
    e.label("body")
    row = vectors * machine.vector_bytes
    for line in range(0, row if rows > 1 else 0, LINE):  # one row reads B as fast as it comes
        e.prefetch(e.at(e.at("%pb", b_ahead), line))
    e.prefetch(e.at("%pa", a_ahead))
    b = [e.load(e.at("%pb", v * machine.vector_bytes)) for v in range(vectors)]
    for r in range(rows):
        a = e.splat(e.let(f"load {element}, ptr {nth(e, '%pa', '%a_row', r)}, align 1"))
        for v in range(vectors):
            e.do(f"%t{r}_{v} = {e.fused(a, b[v], f'%s{r}_{v}')}")
    e.do("%i1 = add i64 %i, 1")
    e.do("%pb1 = getelementptr i8, ptr %pb, i64 %b_step")
    e.do("%pa1 = getelementptr i8, ptr %pa, i64 %a_step")
    e.do("br label %loop")
    e.label("done")
    write_tile(e, rows, vectors)
    last_of_tiles(e)
    return e.function(name, TILE_PARAMETERS)


def first_of_tiles(e: Emitter) -> None:
    """Begins the block %again, which each tile of a stripe enters by."""
    e.label("again")
    e.do("%tiles = phi i64 [%count, %entry], [%tiles_left, %end]")
    for one in MOVING:
        e.do(f"%{one} = phi ptr [%first_{one}, %entry], [%{one}_following, %end]")


def last_of_tiles(e: Emitter) -> None:
    """Goes on from %end with the next tile, or leaves."""
    for one in MOVING:
        e.do(f"%{one}_following = getelementptr i8, ptr %{one}, i64 %{one}_next")
    e.do("%tiles_left = sub i64 %tiles, 1")
    e.do(f"br i1 {e.let('icmp sgt i64 %tiles_left, 0')}, label %again, label %finished")
    e.label("finished")


def carried(e: Emitter, suffix: str, came: Mapping[str, State]) -> State:
    """What a loop carries, under names that end in `suffix`; `came` has its values by the blocks
    that lead to it.
    """
    kinds = {"i": "i64", "pa": "ptr", "pb": "ptr"}
    names = list(next(iter(came.values())))
    for name in names:
        values = ", ".join(f"[{state[name]}, %{block}]" for block, state in came.items())
        e.do(f"%{name}{suffix} = phi {kinds.get(name, e.vector)} {values}")
    return {name: f"%{name}{suffix}" for name in names}


def multiples(e: Emitter, stride: str, count: int) -> None:
    """The odd multiples of a stride below `count`, which `nth` asks for. Frozen, or LLVM would add
    them up at each step.
    """
    for odd in range(3, count, 2):
        e.do(f"{stride}{odd} = freeze i64 {e.let(f'mul i64 {stride}, {odd}')}")


def nth(e: Emitter, first: str, stride: str, n: int) -> str:
    """The place n strides after the first: an odd multiple of the stride, which stays in a
    register, times 1, 2, 4 or 8, by which x86's loads multiply by themselves. An addition for each
    row would take the place of a multiply-add now and then: 5 percent of the time.
    """
    if n == 0:
        return first
    shift = (n & -n).bit_length() - 1
    odd = n >> shift
    stride = stride if odd == 1 else f"{stride}{odd}"
    return e.at(first, e.let(f"shl i64 {stride}, {shift}") if shift else stride)


def ask_for_c(e: Emitter, rows: int, vectors: int) -> None:
    """Asks for the tile of C, which is not needed before the loop is done, and arrives meanwhile;
    not where the loop is as short as the asking.
    """
    e.do(f"br i1 {e.let(f'icmp sgt i64 %k, {2 * AHEAD}')}, label %ask, label %start")
    e.label("ask")
    for r in range(rows):
        row = e.at("%c", e.let(f"mul i64 %c_row, {r}"))
        for line in range(0, vectors * e.lanes * size_of(e.element), LINE):
            e.prefetch(e.at(row, line), write=True)
    e.do("br label %start")
    e.label("start")


def four_steps(e: Emitter, rows: int, vectors: int, first: State) -> dict[str, State]:
    """The steps of a tile by fours, where the neighbours of a number of A are one step or one row
    away, as they are in a packed panel: then the places of those are parts of the instructions.
    Returns what `carried` is to go on with.

    A tile of one vector has a multiply-add for each load, and finding the next row's address at
    each step takes as long as either. A step of 12 multiply-adds has 7 loads, and counting, going
    on and asking ahead were 7 instructions more: nothing that a core with time to spare would
    notice, but two programs often share one core, and each has half of its 6 instructions a cycle.
    Nor does it ask ahead: these loops read along lines, which any CPU guesses.
    """
    size = size_of(e.element)
    fours = e.let(f"and i64 %k, {-STEPS}")
    e.do(f"br i1 {e.let(f'icmp eq i64 %a_step, {size}')}, label %along, label %other")
    e.label("other")
    e.do(f"br i1 {e.let(f'icmp eq i64 %a_row, {size}')}, label %across, label %loop")
    came = {"other": first}
    for block, before in (("along", "start"), ("across", "other")):
        after = {name: f"%{name}_{block}_next" for name in first}
        e.label(block)
        now = carried(e, f"_{block}", {before: first, f"{block}_body": after})
        more = e.let(f"icmp slt i64 {now['i']}, {fours}")
        e.do(f"br i1 {more}, label %{block}_body, label %loop")
        e.label(f"{block}_body")
        total = dict(now)
        for step in range(STEPS):
            b_row = nth(e, now["pb"], "%b_step", step)
            b = [e.load(e.at(b_row, v * e.lanes * size)) for v in range(vectors)]
            for r in range(rows):
                if block == "along":
                    at = e.at(nth(e, now["pa"], "%a_row", r), step * size)
                else:
                    at = e.at(nth(e, now["pa"], "%a_step", step), r * size)
                a = e.splat(e.let(f"load {e.element}, ptr {at}, align 1"))
                for v in range(vectors):
                    cell = f"s{r}_{v}"
                    sums = e.fused(a, b[v], total[cell])
                    if step < STEPS - 1:
                        total[cell] = e.let(sums)
                    else:
                        e.do(f"{after[cell]} = {sums}")
        e.do(f"{after['i']} = add i64 {now['i']}, {STEPS}")
        for moving in ("pa", "pb"):
            stride = e.let(f"shl i64 %{moving[1]}_step, {STEPS.bit_length() - 1}")
            e.do(f"{after[moving]} = getelementptr i8, ptr {now[moving]}, i64 {stride}")
        e.do(f"br label %{block}")
        came[block] = now
    return came


def write_tile(e: Emitter, rows: int, vectors: int) -> None:
    """The sums %s{row}_{vector} into C: by whole vectors or masked ones, with or without S.

    What lies in C is never read unless it is S: memory not written yet may hold NaN, and NaN times
    0 is NaN. A bias added here costs one load a vector, or a row if that has one number; added in a
    pass of its own, C would be written, read and written.
    """
    size, wide = size_of(e.element), vectors * e.lanes
    alpha, beta = e.splat(e.narrowed("%alpha")), e.splat(e.narrowed("%beta"))
    c, s = (
        [e.at(one, e.let(f"mul i64 {one}_row, {r}")) for r in range(rows)] for one in ("%c", "%s")
    )
    e.do(f"br i1 {e.let('fcmp oeq double %beta, 0.0')}, label %fresh, label %added")
    e.label("fresh")
    e.do(f"br i1 {e.let('fcmp oeq double %alpha, 1.0')}, label %plain, label %fresh_part")
    e.label("added")
    e.do(f"br i1 {e.let(f'icmp eq i64 %s_column, {size}')}, label %near, label %not_near")
    e.label("not_near")
    e.do(f"br i1 {e.let('icmp eq i64 %s_column, 0')}, label %level, label %far_part")
    for kind in ("plain", "near", "level"):
        e.label(kind)
        whole = e.let(f"icmp eq i64 %columns, {wide}")
        e.do(f"br i1 {whole}, label %{kind}_whole, label %{kind}_part")
    blocks = (
        "plain_whole near_whole level_whole plain_part near_part level_part fresh_part far_part"
    )
    for block in blocks.split():
        e.label(block)
        kind, _, extent = block.partition("_")
        masks: list[str | None] = [None] * vectors
        if extent == "part":
            masks = [
                e.lanes_below(e.let(f"sub i64 %columns, {v * e.lanes}")) for v in range(vectors)
            ]
        for r in range(rows):
            scalar = e.let(f"load {e.element}, ptr {s[r]}, align 1") if kind == "level" else ""
            for v in range(vectors):
                first, value = v * e.lanes, f"%s{r}_{v}"
                old = ""
                if kind == "near":
                    old = e.load(e.at(s[r], first * size), masks[v])
                elif kind == "level":
                    old = e.splat(scalar)
                elif kind == "far":
                    place = e.at(s[r], e.let(f"mul i64 %s_column, {first}"))
                    old = e.gather(place, "%s_column", masks[v] or "")
                if old:
                    start = e.let(f"fmul {e.vector} {beta}, {old}")
                    value = e.multiply_add(alpha, value, start)
                elif kind == "fresh":
                    value = e.let(f"fmul {e.vector} {alpha}, {value}")
                e.store(value, e.at(c[r], first * size), masks[v])
        e.do("br label %end")
    e.label("end")


def fits(machine: Machine, rows: int, vectors: int) -> bool:
    """Whether a tile leaves room for its operands: no more sums than the largest tile has. Tiles
    that no loop asks for are left out.
    """
    sums = rows * vectors
    return rows <= machine.rows and sums <= machine.sums and (vectors <= 4 or rows == 1)
