"""The copies that bring a panel of A or B into the order in which a tile reads it, as LLVM IR.

A tile wants, for each k, the elements of one row of its panel side by side. What lies in memory is
one of three things, and each has its kernel: rows already side by side (`copy`), columns that are
(`transpose`, on squares of vectors in registers), or neither (`gather`). So any strides cost about
what contiguous ones do, and no operand is ever copied as a whole.

Half types become float32 on the way: a panel is packed once and read many times, so converting here
costs next to nothing, and all that follows computes in float32.
"""

from collections.abc import Iterator, Sequence

from .emitter import Emitter, interleavings, size_of

PACK_PARAMETERS = "i64 %k, i64 %n, ptr %src, i64 %k_step, i64 %n_step, ptr %dst, i64 %dst_step"


def widened(e: Emitter, source: str, value: str) -> str:
    """A vector of `source` as one of e's type.

    bfloat16 is the upper half of a float32. float16 has its fields at other places and a bias less
    by 112: shifted into place and multiplied by 2**112 it is right, subnormal numbers too, except
    that infinity and NaN must be given the largest exponent. In integers, for not every CPU has an
    instruction for it.
    """
    if source == e.element:
        return value
    i = f"<{e.lanes} x i32>"
    word = e.let(f"zext <{e.lanes} x i16> {value} to {i}")

    def all_lanes(number: int) -> str:
        return "<" + ", ".join([f"i32 {number}"] * e.lanes) + ">"

    if source == "bfloat":
        shifted = e.let(f"shl {i} {word}, {all_lanes(16)}")
        return e.let(f"bitcast {i} {shifted} to {e.vector}")
    magnitude = e.let(f"shl {i} {e.let(f'and {i} {word}, {all_lanes(0x7FFF)}')}, {all_lanes(13)}")
    sign = e.let(f"shl {i} {e.let(f'and {i} {word}, {all_lanes(0x8000)}')}, {all_lanes(16)}")
    power = "<" + ", ".join(["float 0x46F0000000000000"] * e.lanes) + ">"
    value = e.let(f"bitcast {i} {magnitude} to {e.vector}")
    bits = e.let(f"bitcast {e.vector} {e.let(f'fmul {e.vector} {value}, {power}')} to {i}")
    special = e.let(f"icmp uge {i} {magnitude}, {all_lanes(31 << 23)}")
    top = e.let(f"select {e.mask} {special}, {i} {all_lanes(0x7F800000)}, {i} zeroinitializer")
    bits = e.let(f"or {i} {e.let(f'or {i} {bits}, {top}')}, {sign}")
    return e.let(f"bitcast {i} {bits} to {e.vector}")


def pack_rows(name: str, element: str, source: str, lanes: int, gather: bool) -> str:
    """dst[k, :] = src[k, :n] for n up to one vector, padded with zeros.

    Neighbours in a row of src are one element apart, or with `gather` any n_step apart.
    """
    e = Emitter(element, lanes)
    raw = e.of(element if source == element else "i16", e.lanes)
    e.label("entry")
    mask = e.lanes_below("%n")
    whole = e.let(f"icmp eq i64 %n, {e.lanes}")
    ahead = e.let("mul i64 %k_step, 8")
    e.do(f"br i1 {whole}, label %full, label %partial")
    for block in ("full", "partial"):
        e.label(block)
        e.do(f"br label %{block}_loop")
        e.label(f"{block}_loop")
        e.do(f"%i_{block} = phi i64 [0, %{block}], [%j_{block}, %{block}_body]")
        e.do(f"%src_{block} = phi ptr [%src, %{block}], [%src1_{block}, %{block}_body]")
        e.do(f"%dst_{block} = phi ptr [%dst, %{block}], [%dst1_{block}, %{block}_body]")
        e.do(f"%more_{block} = icmp slt i64 %i_{block}, %k")
        e.do(f"br i1 %more_{block}, label %{block}_body, label %end")
        e.label(f"{block}_body")
        if gather:
            value = raw.gather(f"%src_{block}", "%n_step", mask)
        else:
            e.prefetch(e.at(f"%src_{block}", ahead))
            value = raw.load(f"%src_{block}", mask if block == "partial" else None)
        e.store(widened(e, source, value), f"%dst_{block}")
        e.do(f"%j_{block} = add i64 %i_{block}, 1")
        e.do(f"%src1_{block} = getelementptr i8, ptr %src_{block}, i64 %k_step")
        e.do(f"%dst1_{block} = getelementptr i8, ptr %dst_{block}, i64 %dst_step")
        e.do(f"br label %{block}_loop")
    e.label("end")
    return e.function(name, PACK_PARAMETERS)


def transposed(e: Emitter, rows: Sequence[str]) -> list[str]:
    """The columns of a square of vectors."""
    (*_, columns) = transposed_by_rounds(e, rows)
    return columns


def transposed_by_rounds(e: Emitter, rows: Sequence[str]) -> Iterator[list[str]]:
    """What a square of vectors becomes in log2(lanes) rounds of interleaving, at last its columns.

    A round that interleaves row i with row i + lanes/2 rotates the bits of (row, lane) by one;
    after log2(lanes) of them rows and lanes have changed places.
    """
    half, orders = e.lanes // 2, interleavings(e.lanes)
    current = list(rows)
    for _ in range(e.lanes.bit_length() - 1):
        following: list[str] = []
        for i in range(half):
            pair = current[i], current[i + half]
            following += [e.let(e.shuffled(*pair, order)) for order in orders]
        current = following
        yield current


def pack_columns(name: str, element: str, source: str, lanes: int) -> str:
    """dst[k, :] = src[:n, k].T for n up to one vector, where src is contiguous along k.

    Works on squares of lanes x lanes, so up to lanes - 1 rows after the last one of dst are
    overwritten. The columns after the n-th repeat it.
    """
    e = Emitter(element, lanes)
    raw = e.of(element if source == element else "i16", e.lanes)
    e.label("entry")
    last = e.let("sub i64 %n, 1")
    rows: list[str] = []
    for r in range(e.lanes):
        inside = e.let(f"icmp slt i64 {r}, %n")
        row = e.let(f"select i1 {inside}, i64 {r}, i64 {last}")
        rows.append(e.at("%src", e.let(f"mul i64 {row}, %n_step")))
    e.do("br label %loop")
    e.label("loop")
    e.do("%i = phi i64 [0, %entry], [%i1, %full]")
    e.do(f"%i1 = add i64 %i, {e.lanes}")
    e.do("%more = icmp sle i64 %i1, %k")
    e.do("br i1 %more, label %full, label %rest")
    e.label("rest")
    e.do("%any = icmp slt i64 %i, %k")
    e.do("br i1 %any, label %partial, label %end")
    for block, then in (("full", "loop"), ("partial", "end")):
        e.label(block)
        mask = None if block == "full" else e.lanes_below(e.let("sub i64 %k, %i"))
        offset = e.let(f"mul i64 %i, {size_of(source)}")
        square = [widened(e, source, raw.load(e.at(row, offset), mask)) for row in rows]
        address = e.at("%dst", e.let("mul i64 %i, %dst_step"))
        for column in transposed(e, square):
            e.store(column, address)
            address = e.at(address, "%dst_step")
        e.do(f"br label %{then}")
    e.label("end")
    return e.function(name, PACK_PARAMETERS)


def copies(source: str, lanes: int) -> tuple[str, str, str]:
    """The names of the copies from a source type into panels of so many lanes a step, or a
    multiple, in the order of their places: of rows, of columns, and of anything.
    """
    return f"copy_{source}_{lanes}", f"transpose_{source}_{lanes}", f"gather_{source}_{lanes}"


def packers(element: str, source: str, lanes: int) -> list[str]:
    """The text of `copies`."""
    copy, transpose, gather = copies(source, lanes)
    return [
        pack_rows(copy, element, source, lanes, gather=False),
        pack_columns(transpose, element, source, lanes),
        pack_rows(gather, element, source, lanes, gather=True),
    ]
