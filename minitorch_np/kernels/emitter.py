"""Vector LLVM IR, written as text one operation a line, and the vectors that a CPU has for it.

LLVM does not turn scalar loops into register tiles (they reach a tenth of the peak), so the kernels
are spelled out, with their vectors and fused multiply-adds explicit. One text serves every CPU: the
width of a vector is a number in it, and LLVM picks the instructions.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .cpu import has, has_matrix_unit, host_triple


class Machine(NamedTuple):
    """What a CPU's units allow: bytes in a vector, the rows and vectors of the largest tile, and
    whether there is a matrix unit besides.
    """

    vector_bytes: int
    rows: int
    vectors: int
    unit: bool = False

    @property
    def sums(self) -> int:
        """Vectors of sums in the largest tile."""
        return self.rows * self.vectors


def host_machine() -> Machine:
    """The vector unit of this CPU, or of the one that `MINITORCH_NP_CPU` names.

    A tile of 14 rows and 2 vectors leaves 4 of 32 registers for operands, one of 4 rows and 3
    vectors 4 of 16. Without fused multiply-adds a product needs one more, and a tile one vector
    less.
    """
    if has("avx512f"):
        return Machine(64, 14, 2, has_matrix_unit())
    if has("avx2") and has("fma"):
        return Machine(32, 4, 3)
    is_arm = host_triple().startswith(("aarch64", "arm64"))
    return Machine(16, 14 if is_arm else 6, 2)


def size_of(element: str) -> int:
    """Bytes of a number of this type of IR. A half type is i16 in memory."""
    return {"double": 8, "float": 4, "half": 2, "bfloat": 2}[element]


def interleavings(lanes: int) -> tuple[list[int], list[int]]:
    """The lanes of two vectors in turns, as `Emitter.shuffled` counts them: of the lower halves,
    and of the upper ones.
    """
    low = [i // 2 + lanes * (i % 2) for i in range(lanes)]
    return low, [lanes // 2 + lane for lane in low]


SUFFIX = {"float": "f32", "double": "f64", "i16": "i16"}
"""How the names of LLVM's intrinsics spell a type."""


class Emitter:
    """The text of an IR function: `let` names each new value, so that kernels read as a list of
    operations.
    """

    def __init__(self, element: str, lanes: int) -> None:
        self.element, self.lanes = element, lanes
        self.vector, self.mask = f"<{lanes} x {element}>", f"<{lanes} x i1>"
        self.suffix = f"v{lanes}{SUFFIX[element]}"
        self.lines: list[str] = []

    def of(self, element: str, lanes: int) -> "Emitter":
        """Writes into the same text, with vectors of another type or length."""
        other = Emitter(element, lanes)
        other.lines = self.lines
        return other

    def let(self, operation: str) -> str:
        """Name of a new value that holds the result of `operation`."""
        name = f"%v{len(self.lines)}"
        self.lines.append(f"  {name} = {operation}")
        return name

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

    def shuffled(self, a: str, b: str, lanes: Sequence[int]) -> str:
        """The operation that picks lanes of two vectors; those of b are counted on from a's."""
        picked = ", ".join(f"i32 {lane}" for lane in lanes)
        return (
            f"shufflevector {self.vector} {a}, {self.vector} {b}, <{len(lanes)} x i32> <{picked}>"
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

    def narrowed(self, double: str) -> str:
        """A double as a scalar of the element's type."""
        return double if self.element == "double" else self.let(f"fptrunc double {double} to float")

    def prefetch(self, address: str, *, write: bool = False) -> None:
        """Asks for the cache line at an address, which need not be readable."""
        self.do(f"call void @llvm.prefetch.p0(ptr {address}, i32 {int(write)}, i32 3, i32 1)")

    def gather(self, address: str, step: str, mask: str) -> str:
        """A vector of elements `step` bytes apart; lanes outside `mask` are 0 and not touched."""
        wide = f"<{self.lanes} x i64>"
        numbers = ", ".join(f"i64 {lane}" for lane in range(self.lanes))
        steps = self.let(f"mul {wide} <{numbers}>, {self.splat(step, 'i64')}")
        places = self.let(f"getelementptr i8, ptr {address}, {wide} {steps}")
        return self.let(
            f"call {self.vector} @llvm.masked.gather.{self.suffix}.v{self.lanes}p0("
            f"<{self.lanes} x ptr> {places}, i32 1, {self.mask} {mask}, "
            f"{self.vector} zeroinitializer)"
        )

    def fused(self, a: str, b: str, c: str) -> str:
        """The operation a * b + c, rounded once where the CPU has the instruction."""
        v = self.vector
        return f"call {v} @llvm.fmuladd.{self.suffix}({v} {a}, {v} {b}, {v} {c})"

    def multiply_add(self, a: str, b: str, c: str) -> str:
        """The value of `fused`."""
        return self.let(self.fused(a, b, c))

    def function(self, name: str, parameters: str) -> str:
        """The finished text."""
        head = f"define void @{self.element}_{name}({parameters}) {{"
        return "\n".join([head, *self.lines, "  ret void", "}"])


def declarations(widths: Iterable[int], elements: tuple[str, ...]) -> str:
    """The intrinsics that kernels call, on vectors of so many elements of these types."""
    lines = ["declare void @llvm.prefetch.p0(ptr, i32, i32, i32)"]
    for lanes, element in itertools.product(sorted(widths), elements):
        e = Emitter(element, lanes)
        v, m, s, scalar = e.vector, e.mask, e.suffix, SUFFIX[element]
        lines += [
            f"declare {v} @llvm.masked.load.{s}.p0(ptr, i32, {m}, {v})",
            f"declare void @llvm.masked.store.{s}.p0({v}, ptr, i32, {m})",
            f"declare {v} @llvm.masked.gather.{s}.v{lanes}p0(<{lanes} x ptr>, i32, {m}, {v})",
        ]
        if element != "i16":
            lines += [
                f"declare {v} @llvm.fmuladd.{s}({v}, {v}, {v})",
                f"declare {element} @llvm.fmuladd.{scalar}({element}, {element}, {element})",
                f"declare {element} @llvm.vector.reduce.fadd.{s}({element}, {v})",
            ]
    return "\n".join(dict.fromkeys(lines))
