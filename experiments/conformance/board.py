"""The scoreboard: what became of every case, counted by op and property."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from experiments.conformance.examine import COLUMNS

__all__ = ["AMBER", "COLOURS", "GREEN", "NONE", "RED", "Case", "Cell", "Row", "row_of", "totals"]

GREEN, AMBER, RED, NONE = "green", "amber", "red", ""
COLOURS = (GREEN, AMBER, RED)


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison that failed: which sample of which dtype, and how it differs."""

    column: str
    dtype: str
    sample: int
    twin: bool
    """Whether the sample's tensors were spread out in memory."""
    difference: str
    reason: str = ""
    """Why it is known to differ; '' where it is not."""
    elements: int = 0


@dataclass(slots=True)
class Cell:
    """One property of one op: in how many cases it held, differed as known, and failed."""

    held: int = 0
    known: int = 0
    failed: int = 0
    first: str = ""
    reason: str = ""

    @property
    def colour(self) -> str:
        """Red where something failed, amber where all that differs is known."""
        if self.failed:
            return RED
        if self.known:
            return AMBER
        return GREEN if self.held else NONE


@dataclass(slots=True)
class Row:
    """One op: its properties, the failing sample that is easiest to read, and what was tried."""

    op: str
    family: str
    dtypes: list[str]
    cases: int
    cells: dict[str, Cell]
    code: str = ""
    """The first failing sample, for both libraries."""
    surplus: list[str] = field(default_factory=list[str])
    """Listed differences that were tried and agree."""

    @property
    def colour(self) -> str:
        """The worst of its cells."""
        found = {cell.colour for cell in self.cells.values()}
        return next((c for c in (RED, AMBER, GREEN) if c in found), NONE)

    def as_json(self) -> dict[str, Any]:
        """The row as plain data, with the colours it has."""
        made = asdict(self)
        made["colour"] = self.colour
        for name, cell in self.cells.items():
            made["cells"][name]["colour"] = cell.colour
        return made


def row_of(
    op: str, family: str, dtypes: Sequence[str], held: Mapping[str, int], failures: Iterable[Case],
    cases: int,
) -> Row:  # fmt: skip
    """The row of an op from how often each property held, and all that did not."""
    cells = {name: Cell(held.get(name, 0)) for name in COLUMNS}
    for case in failures:
        cell = cells[case.column]
        if case.reason:
            cell.known += 1
            cell.reason = cell.reason or case.reason
        else:
            cell.failed += 1
        if not cell.first or (cell.failed == 1 and not case.reason):
            spread = ", spread" if case.twin else ""
            cell.first = f"{case.dtype}, sample {case.sample}{spread}: {case.difference}"
    return Row(op, family, list(dtypes), cases, cells)


def totals(rows: Iterable[Row]) -> dict[str, Counter[str]]:
    """Of each family, how many ops have which colour; the sum of all under 'all'."""
    found: dict[str, Counter[str]] = {}
    for row in rows:
        for name in (row.family, "all"):
            found.setdefault(name, Counter())[row.colour or GREEN] += 1
    whole = found.pop("all", Counter())
    return {**dict(sorted(found.items())), "all": whole}
