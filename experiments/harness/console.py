"""The terminal: progress bars and tables where there is one, plain lines where output is piped."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from experiments.harness.lockstep import EPOCH, START, STATE, UPDATE
from experiments.harness.verdict import VERDICTS

STYLES = dict(zip(VERDICTS, ("green", "green", "cyan", "yellow", "bold red"), strict=True))
# A piped run says it is alive this often, in seconds.
PULSE = 20.0
ROWS = 16
# Of more free-running curves there is one line for all.
CURVES = 6
# Below so many columns a terminal shows the tables without these, and so does not break names.
NARROW = {80: {"step", "steps"}, 56: {"engine", "ratio"}}


def counts(name: str) -> bool:
    """Whether a call of `observe` counts as a step; what starts or ends one does not again."""
    return name not in (START, STATE, UPDATE, EPOCH)


class Tick:
    """Counts the steps of one phase; `show` gets it, and how many more there are."""

    def __init__(self, title: str, total: int | None, show: Callable[["Tick", int], None]) -> None:
        self.count = 0
        # Seconds of CPU time, where another process spends them.
        self.cpu: float | None = None
        self.title, self._total, self._show = title, total, show
        self._start = self._said = time.monotonic()
        self._before = time.process_time()

    def __call__(self, name: str) -> None:
        """One call of `observe`."""
        if counts(name):
            self.add(1)

    def add(self, steps: int) -> None:
        """So many steps more."""
        self.count += steps
        self._show(self, steps)

    def line(self) -> str:
        """How far the phase is, in words."""
        seconds = time.monotonic() - self._start
        of = f" of {self._total}" if self._total else ""
        rate = self.count / seconds if seconds > 0 else 0.0
        text = f"{self.title}: {self.count}{of} steps, {rate:.0f} a second"
        if self._total and 0 < self.count < self._total:
            text += f", {(self._total - self.count) / rate:.0f} s left"
        return text

    def due(self) -> bool:
        """Whether it is time for a plain line again."""
        if time.monotonic() - self._said < PULSE:
            return False
        self._said = time.monotonic()
        return True

    def finished(self) -> str:
        """The phase's last line."""
        seconds = time.monotonic() - self._start
        cpu = time.process_time() - self._before if self.cpu is None else self.cpu
        steps = f"{self.count} steps in " if self.count else ""
        return f"{self.title}: {steps}{seconds:.1f} s ({cpu:.1f} s of CPU time)"


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:.0f}/s", style="progress.data.speed")


class Screen:
    """Where a run shows what it does: `stream`, a terminal or not."""

    def __init__(self, stream: TextIO | None = None, *, terminal: bool | None = None) -> None:
        self.console = Console(file=stream or sys.stdout, highlight=False, force_terminal=terminal)
        self._progress: Progress | None = None

    @property
    def rich(self) -> bool:
        return self.console.is_terminal

    def say(self, text: str, style: str = "") -> None:
        """One line, never wrapped when piped; in a terminal what wraps keeps its indent."""
        if self.rich:
            indent = len(text) - len(text.lstrip())
            self.console.print(
                Padding(Text(text.strip(), style=style), (0, 0, 0, indent), expand=False)
            )
        else:
            print(text, file=self.console.file, flush=True)

    @contextlib.contextmanager
    def phase(self, title: str, total: int | None) -> Iterator[Tick]:
        """A counter for one phase of a run, shown while it lasts; several may last at once."""
        if not self.rich:
            tick = Tick(title, total, self._tell)
            yield tick
            self.say(tick.finished())
            return
        if self._progress is None:
            self._progress = self._bars()
            self._progress.start()
        progress, task = self._progress, self._progress.add_task(title, total=total)
        tick = Tick(title, total, lambda _, steps: progress.advance(task, steps))
        try:
            yield tick
        finally:
            progress.remove_task(task)
            if not progress.tasks:
                progress.stop()
                self._progress = None
        self.say(tick.finished(), style="dim")

    def _tell(self, tick: Tick, steps: int) -> None:
        del steps
        if tick.due():
            self.say(tick.line())

    def _bars(self) -> Progress:
        columns = [TextColumn("{task.description}"), MofNCompleteColumn(), _Rate()]
        if self.console.width >= max(NARROW):
            columns[1:1] = [BarColumn()]
            columns[:0] = [SpinnerColumn()]
            columns.append(TimeElapsedColumn())
        left = TimeRemainingColumn(compact=True)
        return Progress(*columns, left, console=self.console, transient=True)

    def results(self, found: Mapping[str, Any]) -> None:
        """The tables of one run, from the content of its results.json."""
        self.say("")
        self.say(headline(found), style=STYLES.get(found["verdict"] or "", ""))
        if found["error"]:
            self.say(f"  not complete: {found['error']}", style="yellow")
        engines = {k: v for k, v in found["engines"].items() if v["seconds"] is not None}
        self._table(
            ("engine", "accuracy", "loss", "seconds"),
            [(name, *engine_cells(values)) for name, values in engines.items()],
        )
        rows = sorted(found["verdicts"], key=severity)
        self._table(
            ("quantity", "engine", "verdict", "ratio", "step", "steps"),
            [verdict_cells(row) for row in rows[:ROWS]],
        )
        if len(rows) > ROWS:
            self.say(f"  and {len(rows) - ROWS} quantities more, none of them worse")
        for line in notes(found):
            self.say(f"  {line}")

    def _table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        if not rows:
            return
        if self.rich:  # the report has the rest
            hidden = {
                name for width in NARROW if self.console.width < width for name in NARROW[width]
            }
            kept = [i for i, name in enumerate(header) if i == 0 or name not in hidden]
            header, rows = [header[i] for i in kept], [[row[i] for i in kept] for row in rows]
        if not self.rich:
            widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
            for row in [header, *rows]:
                self.say(
                    "  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
                )
            return
        table = Table(box=None, header_style="bold", pad_edge=True)
        for name in header:
            numeric = name in ("accuracy", "loss", "seconds", "ratio", "step", "steps")
            table.add_column(
                name, justify="right" if numeric else "left",
                no_wrap=name != "quantity", overflow="fold",
            )  # fmt: skip
        for row in rows:
            table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in row))
        self.console.print(table)


def headline(found: Mapping[str, Any]) -> str:
    """One line: the experiment, its worst verdict, and how many quantities have which."""
    counts = [sum(v["verdict"] == verdict for v in found["verdicts"]) for verdict in VERDICTS]
    parts = [f"{n} {verdict}" for n, verdict in zip(counts, VERDICTS, strict=True) if n]
    detail = f" ({', '.join(parts)})" if parts else ""
    return f"{found['experiment']}: {found['verdict'] or 'no verdict yet'}{detail}"


def severity(row: Mapping[str, Any]) -> tuple[int, float]:
    """A sort key that puts the worst verdict first."""
    ratio = float("inf") if row["ratio"] is None else row["ratio"]
    return -VERDICTS.index(row["verdict"]), -ratio


def number(value: float | None, form: str = ".3g") -> str:
    """A number for a table, a dash for none."""
    return "-" if value is None else format(value, form)


def engine_cells(values: Mapping[str, float | None]) -> tuple[str, str, str]:
    """Accuracy, loss and seconds of an engine as text."""
    return (
        number(values["accuracy"], ".2%"),
        number(values["loss"], ".4f"),
        number(values["seconds"], ".2f"),
    )


def verdict_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """A row of the verdicts' table as text."""
    ratio = "no bound" if row["ratio"] is None else f"{row['ratio']:.2g}"
    return (
        row["quantity"],
        row["engine"],
        row["verdict"],
        ratio,
        str(row["step"]),
        str(sum(row["counts"].values())),
    )


def place(row: Mapping[str, Any]) -> str:
    """The step of a verdict, and of which training where there are several."""
    return f"step {row['step']}" + (f" ({row['training']})" if row["training"] else "")


def notes(found: Mapping[str, Any]) -> list[str]:
    """What else a reader must know: events, loose estimates, where curves part, TF32."""
    causes: dict[tuple[str, str, str], list[str]] = {}
    for row in sorted(found["verdicts"], key=severity):
        if row["note"] and row["verdict"] in ("event", "suspect", "wrong"):
            cause = f"{row['verdict']}: {row['note']}", row["engine"], place(row)
            causes.setdefault(cause, []).append(row["quantity"])
    lines = [
        f"{note}; {engine}, {where}, in {named[0]}"
        + (f" and {len(named) - 1} more" if len(named) > 1 else "")
        for (note, engine, where), named in list(causes.items())[:6]
    ]
    loose = [row for row in found["verdicts"] if row["loose"]]
    if loose:
        worst = max(loose, key=lambda row: row["loose"])
        lines.append(
            f"the estimate passes 1e-3 of the norm in {len(loose)} quantities, most often in "
            f"{worst['quantity']} ({worst['loose']} of {sum(worst['counts'].values())} steps)"
        )
    for engine, counts in found["observed"].items():
        if passed := counts["passed over"]:
            whole = passed + counts["compared"]
            lines.append(
                f"lock-step with {engine} compared {counts['compared']:,} of {whole:,} "
                "observations: the first 200 steps and every 50th"
            )
    lines.extend(course_lines(found["free_running"]))
    tf32 = found["environment"]["tf32"]
    if tf32 is not None:
        flags = ", ".join(f"{name} {'on' if on else 'off'}" for name, on in tf32.items())
        lines.append(f"TF32 on {found['environment']['gpu']}: {flags}")
    return lines


def course_lines(courses: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where free-running curves leave ours: each in a line, or many of an engine's in one."""
    lines: list[str] = []
    for engine in dict.fromkeys(course["engine"] for course in courses):
        own = [course for course in courses if course["engine"] == engine]
        lines.extend(map(course_line, own) if len(own) <= CURVES else [crowd_line(engine, own)])
    return lines


def crowd_line(engine: str, courses: Sequence[Mapping[str, Any]]) -> str:
    """How many of an engine's curves leave ours, and which of them first."""
    same = sum(course["first_difference"] is None for course in courses)
    parted = [course for course in courses if course["parted"] is not None]
    text = (
        f"free-running ({engine}, {len(courses)} curves): {same} equal to the last bit, "
        f"{len(courses) - same - len(parted)} never apart by 1e-3 of the loss, {len(parted)} parted"
    )
    if not parted:
        return text
    first = min(parted, key=lambda course: course["parted"])
    return text + f", '{first['curve']}' first, at step {first['parted']}"


def course_line(course: Mapping[str, Any]) -> str:
    """Where a free-running curve leaves ours, in one line."""
    where = f"free-running {course['curve']} ({course['engine']}, {course['steps']} steps): "
    if course["first_difference"] is None:
        return where + "equal to the last bit"
    text = where + f"bits differ from step {course['first_difference']}"
    if course["parted"] is None:
        return text + f", never by more than {number(course['largest'], '.1e')} of the loss"
    return text + f", parted (by 1e-3 of the loss) at step {course['parted']}"
