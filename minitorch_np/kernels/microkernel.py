"""The innermost loops of a matrix product, written as vector LLVM IR.

Everything that must run at the speed of the machine is here: a tile of C kept in registers, the
copies that bring a panel of A or B into the order in which that tile reads it, and a dot product.
The loops around them are in `matmul`.

LLVM does not turn scalar loops into register tiles (they reach a tenth of the peak), so the tiles
are spelled out: each function below returns the text of one IR function with its vectors and fused
multiply-adds explicit. One text serves every CPU: the vector's width comes from the host, and LLVM
picks the instructions.

A kernel is a C function of 64-bit integers (addresses, strides in bytes, counts), and is known to
its callers by address.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .compiler import host_features, host_triple, loaded


class Machine(NamedTuple):
    """What the host's vector unit allows: bytes in a vector, and the rows of the largest tile."""

    vector_bytes: int
    rows: int


class Kernels(NamedTuple):
    """Addresses of one dtype's kernels, and the sizes their callers must know.

    `tile` is ordered by width, then by rows: `tile[(vectors - 1) * rows + r - 1]` updates r rows of
    `vectors` vectors, and is 0 where that tile would not fit into the registers. `lanes` counts the
    elements of a vector.
    """

    itemsize: int
    lanes: int
    rows: int
    copy: int
    transpose: int
    gather: int
    dot: int
    dots: int
    tile: tuple[int, ...]


DOTS = 4
"""Columns that the `dots` kernel advances together: enough independent sums to hide a
multiply-add's latency.
"""

MAX_VECTORS = 4
"""Vectors in the widest tile. Only flat tiles are that wide."""


def host_machine() -> Machine:
    """The vector unit of this CPU.

    A tile of 14 rows and 2 vectors leaves 4 of 32 registers for operands, one of 6 rows 4 of 16.
    """
    features = host_features()
    if features.get("avx512f", False):
        return Machine(64, 14)
    if features.get("avx2", False) and features.get("fma", False):
        return Machine(32, 6)
    is_arm = host_triple().startswith(("aarch64", "arm64"))
    return Machine(16, 14 if is_arm else 6)


class Emitter:
    """The text of an IR function: `let` names each new value, so that kernels read as a list of
    operations.
    """

    def __init__(self, element: str, lanes: int) -> None:
        self.element, self.lanes = element, lanes
        self.vector, self.mask = f"<{lanes} x {element}>", f"<{lanes} x i1>"
        self.suffix = f"v{lanes}{'f32' if element == 'float' else 'f64'}"
        self.lines: list[str] = []
        self.count = 0

    def let(self, operation: str) -> str:
        """Name of a new value that holds the result of `operation`."""
        self.count += 1
        self.lines.append(f"  %v{self.count} = {operation}")
        return f"%v{self.count}"

    def do(self, operation: str) -> None:
        """Appends an operation with no result."""
        self.lines.append(f"  {operation}")

    def label(self, name: str) -> None:
        """Starts the basic block `name`."""
        self.lines.append(f"{name}:")

    def at(self, base: str, offset: str | int) -> str:
        """Address `offset` bytes after `base`."""
        return self.let(f"getelementptr i8, ptr {base}, i64 {offset}")

    def splat(self, value: str, of: str | None = None) -> str:
        """A vector with `value` in every lane."""
        of = of or self.element
        kind = f"<{self.lanes} x {of}>"
        first = self.let(f"insertelement {kind} poison, {of} {value}, i64 0")
        return self.let(
            f"shufflevector {kind} {first}, {kind} poison, <{self.lanes} x i32> zeroinitializer"
        )

    def lanes_below(self, count: str) -> str:
        """Mask of the lanes whose number is less than `count`."""
        wide = f"<{self.lanes} x i64>"
        numbers = ", ".join(f"i64 {lane}" for lane in range(self.lanes))
        return self.let(f"icmp slt {wide} <{numbers}>, {self.splat(count, 'i64')}")

    def load(self, address: str, mask: str | None = None) -> str:
        """A vector from memory; lanes outside `mask` are 0 and are not touched."""
        if mask is None:
            return self.let(f"load {self.vector}, ptr {address}, align 1")
        return self.let(
            f"call {self.vector} @llvm.masked.load.{self.suffix}.p0(ptr {address}, i32 1, "
            f"{self.mask} {mask}, {self.vector} zeroinitializer)"
        )

    def store(self, value: str, address: str, mask: str | None = None) -> None:
        """A vector to memory; lanes outside `mask` are not touched."""
        if mask is None:
            self.do(f"store {self.vector} {value}, ptr {address}, align 1")
        else:
            self.do(
                f"call void @llvm.masked.store.{self.suffix}.p0({self.vector} {value}, "
                f"ptr {address}, i32 1, {self.mask} {mask})"
            )

    def multiply_add(self, a: str, b: str, c: str) -> str:
        """a * b + c, fused where the CPU has the instruction."""
        v = self.vector
        return self.let(f"call {v} @llvm.fmuladd.{self.suffix}({v} {a}, {v} {b}, {v} {c})")

    def function(self, name: str, parameters: str) -> str:
        """The finished text."""
        head = f"define void @{self.element}_{name}({parameters}) {{"
        return "\n".join([head, *self.lines, "  ret void", "}"])


PRODUCT_PARAMETERS = (
    "i64 %k, ptr %a, i64 %a_step, ptr %b, i64 %b_step, ptr %c, i64 %c_step, "
    "i64 %columns, i64 %accumulate, double %alpha"
)
PACK_PARAMETERS = "i64 %k, i64 %n, ptr %src, i64 %k_step, i64 %n_step, ptr %dst, i64 %dst_step"


def tile(name: str, element: str, machine: Machine, rows: int, vectors: int) -> str:
    """C[rows, columns] = alpha * A @ B, plus C if accumulate, with the whole tile in registers.

    Step k reads `rows` neighbours at a + k * a_step and `vectors` vectors at b + k * b_step; only
    `columns` columns of C are touched. Each element of C is one chain of multiply-adds in the order
    of k, whatever the tile: so results do not depend on how a product was cut into tiles.
    """
    size = 4 if element == "float" else 8
    lanes = machine.vector_bytes // size
    e = Emitter(element, lanes)
    cells = [(r, v) for r in range(rows) for v in range(vectors)]
    e.label("entry")
    e.do("br label %loop")
    e.label("loop")
    e.do("%i = phi i64 [0, %entry], [%i1, %body]")
    e.do("%pa = phi ptr [%a, %entry], [%pa1, %body]")
    e.do("%pb = phi ptr [%b, %entry], [%pb1, %body]")
    for r, v in cells:
        e.do(f"%s{r}_{v} = phi {e.vector} [zeroinitializer, %entry], [%t{r}_{v}, %body]")
    e.do("%more = icmp slt i64 %i, %k")
    e.do("br i1 %more, label %body, label %done")
    e.label("body")
    b = [e.load(e.at("%pb", v * machine.vector_bytes)) for v in range(vectors)]
    for r in range(rows):
        a = e.splat(e.let(f"load {element}, ptr {e.at('%pa', r * size)}, align 1"))
        for v in range(vectors):
            e.do(
                f"%t{r}_{v} = call {e.vector} @llvm.fmuladd.{e.suffix}"
                f"({e.vector} {a}, {e.vector} {b[v]}, {e.vector} %s{r}_{v})"
            )
    e.do("%i1 = add i64 %i, 1")
    e.do("%pa1 = getelementptr i8, ptr %pa, i64 %a_step")
    e.do("%pb1 = getelementptr i8, ptr %pb, i64 %b_step")
    e.do("br label %loop")
    e.label("done")
    alpha = e.splat(e.let(f"fptrunc double %alpha to {element}") if size == 4 else "%alpha")
    add = e.let("icmp ne i64 %accumulate, 0")
    whole = e.let(f"icmp eq i64 %columns, {vectors * lanes}")
    e.do(f"br i1 {whole}, label %full, label %partial")
    for block in ("full", "partial"):
        e.label(block)
        masks: list[str | None] = [None] * vectors
        if block == "partial":
            masks = [e.lanes_below(e.let(f"sub i64 %columns, {v * lanes}")) for v in range(vectors)]
        for r in range(rows):
            row = e.at("%c", e.let(f"mul i64 %c_step, {r}"))
            for v in range(vectors):
                address = e.at(row, v * machine.vector_bytes)
                old = e.load(address, masks[v])
                # C may be uninitialised: what is not added must not be multiplied by 0 either
                old = e.let(f"select i1 {add}, {e.vector} {old}, {e.vector} zeroinitializer")
                e.store(e.multiply_add(alpha, f"%s{r}_{v}", old), address, masks[v])
        e.do("br label %end")
    e.label("end")
    return e.function(name, PRODUCT_PARAMETERS)


def dot(name: str, element: str, machine: Machine, columns: int) -> str:
    """C[j] = alpha * sum of a[k] * b[j, k], plus C[j] if accumulate, for `columns` rows b, all
    contiguous along k.

    Reads both operands where they lie: for a matrix times a vector, packing would cost more than
    the product.
    """
    size = 4 if element == "float" else 8
    lanes = machine.vector_bytes // size
    e = Emitter(element, lanes)
    e.label("entry")
    b = [e.at("%b", e.let(f"mul i64 %b_step, {j}")) for j in range(columns)]
    e.do("br label %loop")
    e.label("loop")
    e.do("%i = phi i64 [0, %entry], [%i1, %body]")
    for j in range(columns):
        e.do(f"%s{j} = phi {e.vector} [zeroinitializer, %entry], [%t{j}, %body]")
    e.do(f"%i1 = add i64 %i, {lanes}")
    e.do("%more = icmp sle i64 %i1, %k")
    e.do("br i1 %more, label %body, label %tail")
    results: dict[str, list[str]] = {}
    for block in ("body", "tail"):
        e.label(block)
        mask = None if block == "body" else e.lanes_below(e.let("sub i64 %k, %i"))
        offset = e.let(f"mul i64 %i, {size}")
        a = e.load(e.at("%a", offset), mask)
        results[block] = []
        for j in range(columns):
            x = e.load(e.at(b[j], offset), mask)
            if block == "body":
                e.do(
                    f"%t{j} = call {e.vector} @llvm.fmuladd.{e.suffix}"
                    f"({e.vector} {a}, {e.vector} {x}, {e.vector} %s{j})"
                )
            else:
                results[block].append(e.multiply_add(a, x, f"%s{j}"))
        if block == "body":
            e.do("br label %loop")
    alpha = e.let(f"fptrunc double %alpha to {element}") if size == 4 else "%alpha"
    add = e.let("icmp ne i64 %accumulate, 0")
    for j, total in enumerate(results["tail"]):
        # reassoc: the lanes are summed as a tree
        value = e.let(
            f"call reassoc {element} @llvm.vector.reduce.fadd.{e.suffix}"
            f"({element} -0.0, {e.vector} {total})"
        )
        address = e.at("%c", e.let(f"mul i64 %c_step, {j}"))
        old = e.let(f"load {element}, ptr {address}, align 1")
        old = e.let(f"select i1 {add}, {element} {old}, {element} 0.0")
        value = e.let(
            f"call {element} @llvm.fmuladd.{e.suffix[-3:]}"
            f"({element} {alpha}, {element} {value}, {element} {old})"
        )
        e.do(f"store {element} {value}, ptr {address}, align 1")
    return e.function(name, PRODUCT_PARAMETERS)


def pack_rows(name: str, element: str, machine: Machine, gather: bool) -> str:
    """dst[k, :] = src[k, :n] for n up to one vector, padded with zeros.

    Neighbours in a row of src are one element apart, or with `gather` any n_step apart.
    """
    size = 4 if element == "float" else 8
    e = Emitter(element, machine.vector_bytes // size)
    e.label("entry")
    mask = e.lanes_below("%n")
    wide = f"<{e.lanes} x i64>"
    numbers = ", ".join(f"i64 {lane}" for lane in range(e.lanes))
    steps = e.let(f"mul {wide} <{numbers}>, {e.splat('%n_step', 'i64')}") if gather else ""
    whole = e.let(f"icmp eq i64 %n, {e.lanes}")
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
            places = e.let(f"getelementptr i8, ptr %src_{block}, {wide} {steps}")
            value = e.let(
                f"call {e.vector} @llvm.masked.gather.{e.suffix}.v{e.lanes}p0("
                f"<{e.lanes} x ptr> {places}, i32 1, {e.mask} {mask}, {e.vector} zeroinitializer)"
            )
        else:
            value = e.load(f"%src_{block}", mask if block == "partial" else None)
        e.store(value, f"%dst_{block}")
        e.do(f"%j_{block} = add i64 %i_{block}, 1")
        e.do(f"%src1_{block} = getelementptr i8, ptr %src_{block}, i64 %k_step")
        e.do(f"%dst1_{block} = getelementptr i8, ptr %dst_{block}, i64 %dst_step")
        e.do(f"br label %{block}_loop")
    e.label("end")
    return e.function(name, PACK_PARAMETERS)


def transposed(e: Emitter, rows: Sequence[str]) -> list[str]:
    """The columns of a square of vectors, by log2(lanes) rounds of interleaving.

    A round that interleaves row i with row i + lanes/2 rotates the bits of (row, lane) by one;
    after log2(lanes) of them rows and lanes have changed places.
    """
    half = e.lanes // 2
    low = ", ".join(f"i32 {i // 2 + e.lanes * (i % 2)}" for i in range(e.lanes))
    high = ", ".join(f"i32 {half + i // 2 + e.lanes * (i % 2)}" for i in range(e.lanes))
    current = list(rows)
    for _ in range(e.lanes.bit_length() - 1):
        following: list[str] = []
        for i in range(half):
            pair = f"{e.vector} {current[i]}, {e.vector} {current[i + half]}"
            following += [
                e.let(f"shufflevector {pair}, <{e.lanes} x i32> <{order}>") for order in (low, high)
            ]
        current = following
    return current


def pack_columns(name: str, element: str, machine: Machine) -> str:
    """dst[k, :] = src[:n, k].T for n up to one vector, where src is contiguous along k.

    Works on squares of lanes x lanes, so up to lanes - 1 rows after the last one of dst are
    overwritten. The columns after the n-th repeat it.
    """
    size = 4 if element == "float" else 8
    e = Emitter(element, machine.vector_bytes // size)
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
        offset = e.let(f"mul i64 %i, {size}")
        square = [e.load(e.at(row, offset), mask) for row in rows]
        address = e.at("%dst", e.let("mul i64 %i, %dst_step"))
        for column in transposed(e, square):
            e.store(column, address)
            address = e.at(address, "%dst_step")
        e.do(f"br label %{then}")
    e.label("end")
    return e.function(name, PACK_PARAMETERS)


def fits(machine: Machine, rows: int, vectors: int) -> bool:
    """Whether a tile leaves room for its operands: no more sums than the largest tile of two
    vectors has.
    """
    return rows * vectors <= 2 * machine.rows


def declarations(element: str, lanes: int) -> str:
    """The IR intrinsics that the kernels call."""
    e = Emitter(element, lanes)
    v, m, s, scalar = e.vector, e.mask, e.suffix, e.suffix[-3:]
    return "\n".join(
        [
            f"declare {v} @llvm.fmuladd.{s}({v}, {v}, {v})",
            f"declare {element} @llvm.fmuladd.{scalar}({element}, {element}, {element})",
            f"declare {element} @llvm.vector.reduce.fadd.{s}({element}, {v})",
            f"declare {v} @llvm.masked.load.{s}.p0(ptr, i32, {m}, {v})",
            f"declare void @llvm.masked.store.{s}.p0({v}, ptr, i32, {m})",
            f"declare {v} @llvm.masked.gather.{s}.v{lanes}p0(<{lanes} x ptr>, i32, {m}, {v})",
        ]
    )


def module_text(element: str, machine: Machine) -> str:
    """All kernels of one element type, as one IR module."""
    lanes = machine.vector_bytes // (4 if element == "float" else 8)
    packing = [
        pack_rows("copy", element, machine, gather=False),
        pack_rows("gather", element, machine, gather=True),
        pack_columns("transpose", element, machine),
    ]
    dots = [dot("dot", element, machine, 1), dot("dots", element, machine, DOTS)]
    tiles = [
        tile(f"tile_{rows}_{vectors}", element, machine, rows, vectors)
        for vectors in range(1, MAX_VECTORS + 1)
        for rows in range(1, machine.rows + 1)
        if fits(machine, rows, vectors)
    ]
    return "\n\n".join([declarations(element, lanes), *packing, *dots, *tiles])


def load(element: str, folder: Path | None) -> Kernels:
    """The kernels for `float` or `double`, compiled for this CPU or found in `folder`."""
    machine = host_machine()
    source = Path(__file__).read_bytes() + repr(machine).encode()
    address = loaded(f"{element}-kernels", lambda: module_text(element, machine), source, folder)
    prefix = f"{element}_"
    size = 4 if element == "float" else 8
    tiles = tuple(
        address(f"{prefix}tile_{r}_{v}") if fits(machine, r, v) else 0
        for v in range(1, MAX_VECTORS + 1)
        for r in range(1, machine.rows + 1)
    )
    names = ("copy", "transpose", "gather", "dot", "dots")
    addresses = [address(prefix + name) for name in names]
    return Kernels(size, machine.vector_bytes // size, machine.rows, *addresses, tile=tiles)
