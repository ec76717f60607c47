"""Results as tables: coloured in a terminal, plain aligned text where output is piped."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from benchmarks.results import Target, spread, targets
from benchmarks.timing import OURS, Row, Timing

__all__ = ["Screen", "amount", "portion"]

HEADER = ("case", "candidate", "best", "median", "spread", "ratio", "target")
SCALES = {
    "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")),
    "B": ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "B")),
}


def amount(value: float, unit: str = "s") -> str:
    """Three digits and a unit of fitting size: "1.24 ms"."""
    scales = SCALES[unit]
    scale, name = next((one for one in scales if value >= one[0]), scales[-1])
    digits = value / scale
    return f"{digits:.{2 if digits < 10 else 1 if digits < 100 else 0}f} {name}"


def portion(ratio: float) -> str:
    """A ratio with two digits after the point, or as many as a small one needs."""
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.4f}"


class Screen:
    """Where a run shows what it does: `stream`, a terminal or not."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.console = Console(file=stream, highlight=False)

    def say(self, text: str, style: str = "") -> None:
        """One line; never wrapped when piped."""
        if self.console.is_terminal:
            self.console.print(Text(text, style=style))
        else:
            print(text, file=self.console.file, flush=True)

    @contextlib.contextmanager
    def busy(self, title: str) -> Iterator[Callable[[str], None]]:
        """Says in a terminal which row was done last, while a suite runs."""
        if not self.console.is_terminal:
            yield lambda case: None
            return
        # No spinner: the thread that turns it would run while candidates are timed.
        with Live(Text("  ..."), console=self.console, auto_refresh=False, transient=True) as line:
            yield lambda case: line.update(Text(f"  {title}: {case} done"), refresh=True)

    def suite(self, rows: Sequence[Row]) -> None:
        """The table of one suite, and below it who did not run, and whatever else was found."""
        if not rows:
            return
        lines = [line for row in rows for line in lines_of(row)]
        if self.console.is_terminal:
            self._table(lines)
        else:
            widths = [max(map(len, column)) for column in zip(HEADER, *lines, strict=True)]
            for line in [HEADER, *lines]:
                cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
                self.say(("  " + "  ".join(cells)).rstrip())
        for text in notes(rows):
            self.say(f"  {text}", "dim")

    def _table(self, lines: Sequence[Sequence[str]]) -> None:
        table = Table(box=None, header_style="bold")
        for name in HEADER:
            table.add_column(
                name, justify="left" if name in ("case", "candidate", "target") else "right"
            )
        for line in lines:
            missed = line[-1].endswith("missed")
            style = "yellow" if missed else "green" if line[-1] else ""
            table.add_row(*line[:-2], Text(line[-2], style=style), Text(line[-1], style=style))
        self.console.print(table)


def lines_of(row: Row) -> list[tuple[str, ...]]:
    """A line for each candidate, ours first; the case stands on the first."""
    bounds = {target.against: target for target in targets(row)}
    names = sorted(row.times, key=lambda name: name != OURS)
    lines: list[tuple[str, ...]] = []
    for i, name in enumerate(names):
        ours = name == OURS
        ratio = "" if ours or OURS not in row.times else portion(row.ratio(name))
        said = bound(bounds.get("" if ours else name), row.unit)
        lines.append((row.case if i == 0 else "", name, *cells(row.times[name], row), ratio, said))
    return lines


def cells(timing: Timing, row: Row) -> tuple[str, str, str]:
    """Least, middle and spread of a candidate as text; one measurement has no spread."""
    best = amount(timing.best, row.unit)
    if timing.runs == 1:
        return best, "", ""
    return best, amount(timing.median, row.unit), f"{spread(timing):.0%}"


def bound(target: Target | None, unit: str) -> str:
    """What ours may take at most, and whether that holds."""
    if target is None:
        return ""
    limit = portion(target.bound) if target.against else amount(target.bound, unit)
    return f"{limit} {'held' if target.held else 'missed'}"


def notes(rows: Sequence[Row]) -> list[str]:
    """Facts by row, and each reason for which a candidate did not run once."""
    reasons: dict[str, None] = {}
    lines: list[str] = []
    for row in rows:
        reasons |= dict.fromkeys(f"{name}: not run: {why}" for name, why in row.skipped.items())
        if row.facts:
            facts = ", ".join(
                f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
                for name, value in row.facts.items()
            )
            lines.append(f"{row.case}: {facts}")
    return [*lines, *reasons]
