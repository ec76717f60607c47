"""`python -m benchmarks`: the engine beside its peers, as tables, JSON and plots."""

import importlib
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import OPTIONAL, SUITES, machine, results
from benchmarks.console import Screen, amount
from benchmarks.timing import Row

# Exit statuses: slower than before, a suite that broke off, or a target missed when that matters;
# nonsense; interrupted.
WORSE, REFUSED, INTERRUPTED = 1, 2, 130
# Names every suite, those too that run only when they are named.
ALL = "all"

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, help=__doc__
)


class Refused(Exception):
    """A request that cannot be met; its text says why."""


def named(names: list[str] | None) -> list[str]:
    """The suites asked for, each once. Raises Refused for one that does not exist."""
    for name in names or ():
        if name not in (*SUITES, ALL):
            raise Refused(f"no suite '{name}'; there are {', '.join(SUITES)}, and {ALL}")
    if ALL in (names or ()):
        return list(SUITES)
    return list(dict.fromkeys(names or [name for name in SUITES if name not in OPTIONAL]))


def previous(path: Path | None) -> list[Row]:
    """The rows of an earlier run. Raises Refused where there are none."""
    if path is None:
        return []
    try:
        return results.read(path)[1]
    except OSError as error:
        raise Refused(f"--against {path}: {error.strerror}") from error
    except ValueError as error:
        raise Refused(f"--against: {error}") from error


def writable(folder: Path, option: str) -> None:
    """Makes a folder. Raises Refused where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"{option} {folder}: {error.strerror}") from error


def collect(name: str, seconds: float, rows: list[Row], screen: Screen) -> bool:
    """Runs a suite, adds what it yields to `rows`, and shows its table as far as it came.

    False for one that broke off: its fault is shown, and the others go on.
    """
    screen.say(f"\n{name}: {SUITES[name]}", "bold")
    before = len(rows)
    try:
        suite = importlib.import_module(f"benchmarks.{name}")
        with screen.busy(name) as tick:
            for row in suite.rows(seconds):
                rows.append(row)
                tick(row.case)
    except ImportError as error:
        screen.say(f"  not run: {error}", "yellow")
    except Exception as error:  # noqa: BLE001  # a fault in one suite is no reason to lose the others
        traceback.print_exc()
        screen.say(f"  broke off: {type(error).__name__}: {error}", "bold red")
        return False
    finally:
        screen.suite(rows[before:])
    return True


def summarise(rows: list[Row], before: list[Row], screen: Screen) -> tuple[int, int]:
    """Says which targets are missed and what became slower; how many of each."""
    found = [target for row in rows for target in results.targets(row)]
    missed = [target for target in found if not target.held]
    if found:
        screen.say(f"\ntargets: {len(found) - len(missed)} held, {len(missed)} missed", "bold")
    for one in missed:
        place = f"  {one.row.suite}: {one.row.case}: "
        if one.against:
            screen.say(f"{place}{one.found:.3g} of {one.against}, at most {one.bound:g}")
        else:
            bound, taken = amount(one.bound, one.row.unit), amount(one.found, one.row.unit)
            screen.say(f"{place}{taken}, at most {bound}")
    lost = results.slower(rows, before)
    if before:
        screen.say(f"\nslower than before: {len(lost) or 'none'}", "bold")
    for line in lost:
        screen.say(f"  {line}")
    return len(missed), len(lost)


@app.command()
def run(
    suites: Annotated[list[str] | None, typer.Argument(help="Suites, or all; see --list.")] = None,
    seconds: Annotated[float, typer.Option(min=0.0, help="Time for a row of two.")] = 0.2,
    json: Annotated[Path | None, typer.Option(help="File for the results.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Folder for pictures.")] = None,
    against: Annotated[
        Path | None, typer.Option(help="Results of an earlier run; status 1 if slower.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="A library not to load, or a candidate not to time.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Status 1 if a target is missed.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="Name the suites.")] = False,
) -> None:
    """Time the engine beside its peers, on one thread each."""
    if listing:
        for name, what in SUITES.items():
            print(f"{name:12}{what}")
        return
    wanted, before = named(suites), previous(against)
    if json is not None:
        writable(json.parent, "--json")
    if plot is not None:
        writable(plot, "--plot")
    machine.pin()
    machine.leave_out(without or ())
    screen, rows = Screen(), list[Row]()
    stamp = machine.environment(without or ())
    screen.say(machine.described_briefly(stamp))
    try:
        broken = [name for name in wanted if not collect(name, seconds, rows, screen)]
    finally:
        if json is not None:
            results.write(json, machine.environment(without or ()) | {"load": stamp["load"]}, rows)
            screen.say(f"\n{json}")
    if plot is not None:
        for path in importlib.import_module("benchmarks.charts").draw(rows, plot):
            screen.say(str(path))
    missed, lost = summarise(rows, before, screen)
    if broken:
        screen.say(f"\nbroke off: {', '.join(broken)}", "bold red")
    if broken or lost or (strict and missed):
        raise typer.Exit(WORSE)


def main(arguments: list[str] | None = None) -> int:
    """Exit status of one command line; a request that cannot be met is one line on stderr."""
    try:
        status = app(args=arguments, prog_name="python -m benchmarks", standalone_mode=False)
    except Refused as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        status = INTERRUPTED
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is None:
            raise
        print(f"error: {' '.join(usage().split())}", file=sys.stderr)
        return REFUSED
    if status == INTERRUPTED:  # typer turns KeyboardInterrupt into its status
        print("interrupted: the rows above are what there is", file=sys.stderr)
    return status if isinstance(status, int) else 0


if __name__ == "__main__":
    sys.exit(main())
