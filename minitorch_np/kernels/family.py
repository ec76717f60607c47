"""The kernels of one dtype: what they are, their text as a whole, and where they are found."""

from pathlib import Path
from typing import NamedTuple

from .compiler import loaded
from .dots import DOTS, dot, dots, sides_of_dots
from .emitter import Machine, declarations, host_machine, size_of
from .microkernel import MAX_VECTORS, fits, tile
from .packing import copies, packers
from .splitting import PARTS
from .unit import UNIT_KERNELS, unit_name, unit_text

__all__ = ["Kernels", "Machine", "host_machine", "load", "load_unit"]


class Kernels(NamedTuple):
    """Addresses of one dtype's kernels, and the sizes their callers must know.

    `tile` is ordered by width, then by rows: `tile[(vectors - 1) * rows + r - 1]` updates r rows of
    `vectors` vectors, and is 0 where that tile would not fit into the registers. `lanes` counts the
    elements of a vector, `vectors` those of the largest tile's rows. The copies read `source_size`
    bytes an element, the tiles `itemsize`. Those for A write panels of `a_lanes` numbers a step, or
    a multiple.
    """

    itemsize: int
    source_size: int
    lanes: int
    rows: int
    vectors: int
    a_lanes: int
    dot: int
    a_copies: tuple[int, ...]
    b_copies: tuple[int, ...]
    dots: tuple[int, ...]
    tile: tuple[int, ...]
    parts: int
    """bfloat16 in a number, for a matrix unit; 0 where there is none for it."""


def sources(element: str) -> tuple[str, ...]:
    """What can be packed for tiles of this type."""
    return ("float", "half", "bfloat") if element == "float" else ("double",)


def lanes_of_a(machine: Machine, lanes: int) -> int:
    """Numbers that are packed at once for a panel of A: a vector, or fewer where a tile has fewer
    rows.
    """
    return min(lanes, 1 << (machine.rows - 1).bit_length())


def module_text(element: str, machine: Machine) -> str:
    """All kernels of one element type, as one IR module."""
    types = (element, "i16") if element == "float" else (element,)
    lanes = machine.vector_bytes // size_of(element)
    widths = sorted({lanes, lanes_of_a(machine, lanes)})
    packed = [
        text
        for one in sources(element)
        for width in widths
        for text in packers(element, one, width)
    ]
    dotted = [dots(f"dots_{r}_{n}", element, machine, r, n) for n, r in sides_of_dots()]
    tiles = [
        tile(f"tile_{rows}_{vectors}", element, machine, rows, vectors)
        for vectors in range(1, MAX_VECTORS + 1)
        for rows in range(1, machine.rows + 1)
        if fits(machine, rows, vectors)
    ]
    head = declarations({*widths, DOTS}, types)
    return "\n\n".join([head, *packed, dot("dot", element, machine), *dotted, *tiles])


def load(source: str, folder: Path | None) -> Kernels:
    """The kernels for operands of `float`, `double`, `half` or `bfloat`, compiled for this CPU or
    found in `folder`. Half types share those of `float`, but for the copies.
    """
    machine = host_machine()
    element = "double" if source == "double" else "float"
    name = f"{element}-{machine.vector_bytes}x{machine.rows}x{machine.vectors}"
    address = loaded(name, lambda: module_text(element, machine), folder)
    tiles = tuple(
        address(f"{element}_tile_{r}_{v}") if fits(machine, r, v) else 0
        for v in range(1, MAX_VECTORS + 1)
        for r in range(1, machine.rows + 1)
    )
    size = size_of(element)
    lanes = machine.vector_bytes // size
    a_lanes = lanes_of_a(machine, lanes)
    a_copies, b_copies = (
        tuple(address(f"{element}_{name}") for name in copies(source, width))
        for width in (a_lanes, lanes)
    )
    dotted = tuple(address(f"{element}_dots_{r}_{n}") for n, r in sides_of_dots())
    parts = PARTS.get(source, 0) if machine.unit else 0
    return Kernels(
        itemsize=size,
        source_size=size_of(source),
        lanes=lanes,
        rows=machine.rows,
        vectors=machine.vectors,
        a_lanes=a_lanes,
        dot=address(f"{element}_dot"),
        a_copies=a_copies,
        b_copies=b_copies,
        dots=dotted,
        tile=tiles,
        parts=parts,
    )


def load_unit(source: str, folder: Path | None) -> tuple[int, ...]:
    """The addresses of `UNIT_KERNELS` for operands of `float`, `half` or `bfloat`."""
    address = loaded(f"unit-{source}", lambda: unit_text(source), folder)
    return tuple(address(f"float_{unit_name(kernel, source)}") for kernel in UNIT_KERNELS)
