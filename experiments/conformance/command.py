"""What `python -m experiments conformance` prints and writes."""

import json
import os
import sys
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from experiments.conformance import scope
from experiments.conformance.board import AMBER, GREEN, NONE, RED, Row, totals
from experiments.conformance.examine import COLUMNS
from experiments.conformance.page import page
from experiments.conformance.run import Settings, run, stamp
from experiments.harness.console import PULSE
from experiments.harness.engines import Refused
from reference.opdb import DTYPES

__all__ = ["conformance"]

PIPED = 140
"""Columns of a table that no terminal shows."""
MARKS = {GREEN: ("●", "green"), AMBER: ("▲", "yellow"), RED: ("✗", "bold red"), NONE: ("·", "dim")}
SHORT = {
    "value": "val", "dtype": "dty", "shape": "shp", "stride": "str", "offset": "off", "node": "nod",
    "alias": "als", "version": "ver", "grad": "grd", "grad stride": "gst", "grad 2": "gr2",
    "jvp": "jvp", "in-place": "inp", "out=": "out", "method": "mth", "errors": "err",
    "state": "sta", "repr": "rep",
}  # fmt: skip


def conformance(
    names: Sequence[str], family: str | None, settings: Settings, workers: int | None,
    as_html: Path | None, as_json: Path | None,
) -> bool:  # fmt: skip
    """Compares ops and shows the board; whether all of them agree, or differ as known."""
    wanted = _wanted(names, family, settings.device)
    for dtype in settings.dtypes:
        if f"torch.{dtype}" not in map(str, DTYPES):
            raise Refused(f"--dtype takes {', '.join(str(d)[6:] for d in DTYPES)}, not '{dtype}'")
    if settings.device not in ("cpu", "cuda"):
        raise Refused(f"--device takes cpu or cuda, not '{settings.device}'")
    if settings.device == "cuda" and not torch.cuda.is_available():
        raise Refused(f"--device cuda: PyTorch {torch.__version__} sees no CUDA GPU here")
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED)
    start = time.monotonic()
    rows = _run(wanted, settings, workers or os.cpu_count() or 1, console)
    _show(rows, console)
    said = f"{len(rows)} ops, {sum(r.cases for r in rows):,} calls"
    console.print(f"{said} in {time.monotonic() - start:.0f} s", style="dim")
    data = {
        **stamp(settings.device), "quick": settings.quick, "device": settings.device,
        "totals": {k: dict(v) for k, v in totals(rows).items()},
        "rows": [row.as_json() for row in rows],
    }  # fmt: skip
    if as_json is not None:
        as_json.write_text(json.dumps(data, indent=1) + "\n")
    if as_html is not None:
        as_html.write_text(page(data))
        console.print(str(as_html))
    return not any(row.colour == RED or row.surplus for row in rows)


def _wanted(names: Sequence[str], family: str | None, device: str) -> list[str]:
    """The ops, layers and optimizers asked for; on a GPU only ops are compared.

    Raises Refused for a name or family that matches none.
    """
    there = scope.names() if device == "cpu" else [e.full_name for e in scope.in_scope()]
    found: list[str] = []
    for name in names:
        one = [n for n in there if fnmatchcase(n, name)]
        one = one or [n for n in there if n.startswith(f"{name}.")]
        one = one or [n for n in there if n == f"nn.functional.{name}"]
        if not one:
            raise Refused(_unknown(name))
        found += one
    found = list(dict.fromkeys(found if names else there))
    if family is not None:
        families = sorted({scope.family(n) or "" for n in there})
        if family not in families:
            raise Refused(f"no family '{family}'; there are {', '.join(families)}")
        found = [n for n in found if scope.family(n) == family]
    return found


def _unknown(name: str) -> str:
    if name in scope.every():
        return f"{name} is not compared: {scope.excluded(name) or 'on a GPU only ops are'}"
    return f"the databases have no op, layer or optimizer '{name}'"


class _Pulse:
    """Says on stderr, now and then, how far a run is whose output is piped."""

    def __init__(self, total: int) -> None:
        self.total, self.count, self.said = total, 0, time.monotonic()

    def __call__(self, row: Row) -> None:  # noqa: ARG002  # told of each row
        """One op more."""
        self.count += 1
        if time.monotonic() - self.said > PULSE:
            self.said = time.monotonic()
            print(f"compared {self.count} of {self.total} ops", file=sys.stderr, flush=True)


def _run(wanted: Sequence[str], settings: Settings, workers: int, console: Console) -> list[Row]:
    if not console.is_terminal:
        return run(wanted, settings, workers, _Pulse(len(wanted)))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn())  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("comparing", total=len(wanted))

        def done(row: Row) -> None:
            progress.update(task, advance=1, description=row.op[-30:])

        return run(wanted, settings, workers, done)


def _show(rows: Sequence[Row], console: Console) -> None:
    """The totals, and the rows that are not all green; every row where few were asked for."""
    shown = [r for r in rows if r.colour not in (GREEN, NONE) or r.surplus]
    if len(rows) <= 12:
        shown = list(rows)
    if shown:
        console.print(_table(shown))
    for row in shown:
        _explain(row, console)
    board = Table("family", GREEN, AMBER, RED, "share", box=None, pad_edge=False)
    for name, count in totals(rows).items():
        share = count[GREEN] / max(1, sum(count.values()))
        board.add_row(name, *(str(count[c] or "") for c in (GREEN, AMBER, RED)), f"{share:.0%}")
    console.print(board)


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("op", no_wrap=True, min_width=24)
    for name in COLUMNS:
        table.add_column(SHORT[name])
    for row in rows:
        marks = [Text(*MARKS[row.cells[c].colour]) for c in COLUMNS]
        table.add_row(row.op, *marks)
    return table


def _explain(row: Row, console: Console) -> None:
    """Why a row is not green, in words and in code."""
    for name, cell in row.cells.items():
        if cell.colour == RED:
            console.print(
                Text(f"{row.op}: {name} ({cell.failed} cases): {cell.first}"[:400]), soft_wrap=True
            )
        elif cell.colour == AMBER:
            console.print(Text(f"{row.op}: {name}: known: {cell.reason}"), style="yellow")
    for one in row.surplus:
        console.print(Text(f"{row.op}: listed as different, and agrees: {one}"), style="bold red")
    if row.code:
        console.print(Text(_indented(row.code)), style="dim", soft_wrap=True)
    sys.stdout.flush()


def _indented(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.splitlines())
