"""`python -m experiments`: the experiments on our engine beside PyTorch, and what came out."""

import contextlib
import importlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from experiments.harness import calibrate as calibration
from experiments.harness import cuda as gpu
from experiments.harness import engines, results, runner
from experiments.harness.console import Screen
from experiments.harness.engines import Refused
from experiments.harness.run import run as side_by_side

# Exit statuses: a verdict is wrong; a request cannot be met; interrupted.
WRONG, REFUSED, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="The three experiments on minitorch_np, side by side with PyTorch.",
)

Names = Annotated[list[str] | None, typer.Argument(help="Experiments; all of them by default.")]
Out = Annotated[Path, typer.Option(help="Folder of the runs.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads of each engine.")]
# The generators take seeds modulo 2^32.
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of both engines.")]


def named(names: list[str] | None) -> list[str]:
    """The experiments asked for, each once. Raises Refused for one that does not exist."""
    for name in names or ():
        if name not in runner.EXPERIMENTS:
            raise Refused(f"no experiment '{name}'; there are {', '.join(runner.EXPERIMENTS)}")
    return list(dict.fromkeys(names or runner.EXPERIMENTS))


def writable(out: Path, names: Sequence[str]) -> None:
    """Makes the folders of the runs. Raises Refused where they cannot be, or take no file."""
    for folder in [out / name for name in names]:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            raise Refused(f"--out {folder}: {error.strerror}") from error


class Interrupted(Exception):
    """Ctrl-C in a run that leaves a partial report; its text says where."""


@contextlib.contextmanager
def reporting(written: Callable[[], list[Path]]) -> Iterator[None]:
    """A context that turns Ctrl-C into Interrupted, which names the partial reports written."""
    try:
        yield
    except KeyboardInterrupt as error:
        reports = [str(path) for path in written()]
        told = (
            f"{', '.join(reports)} {'holds' if len(reports) == 1 else 'hold'} what was done so far"
        )
        raise Interrupted(*([told] if reports else [])) from error


@app.command()
def run(
    names: Names = None,
    against: Annotated[str, typer.Option(help="PyTorch on: cpu, cuda, cpu,cuda or auto.")] = "auto",
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    seed: Seed = 0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Epochs; as published by default.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder in torchvision's layout ($MINITORCH_DATA, ./data).")
    ] = None,
    out: Out = Path("runs"),
    threads: Threads = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Results as JSON on stdout.")] = False,
) -> None:
    """Run experiments on both engines: reports below --out, status 1 if a verdict is wrong."""
    wanted = named(names)
    if dtype in runner.HALVES:
        raise Refused(f"--dtype {dtype}: Adam's eps of 1e-8 is lost in it; take float32 or float64")
    if dtype not in runner.DTYPES:
        raise Refused(f"--dtype takes {', '.join(runner.DTYPES)}, not '{dtype}'")
    if data is not None and not data.is_dir():
        raise Refused(f"--data {data}: no such folder")
    others = engines.against(against)
    ours = engines.ours()
    writable(out, wanted)
    engines.pin(threads, [ours, *others])
    screen = Screen(sys.stderr if as_json else sys.stdout)
    loaded = runner.load_data(data)
    screen.say(loaded.source)
    options = runner.Options(seed=seed, epochs=epochs, dtype=dtype, out=out, threads=threads)

    def page(one: results.Results) -> Path:
        return out / one.experiment / "report.html"

    def finished(one: results.Results) -> None:
        screen.results(one.as_json())
        screen.say(f"  {page(one)}")

    runs: dict[str, results.Results] = {}
    with reporting(lambda: [page(one) for one in runs.values() if not one.complete]):
        side_by_side(wanted, ours, others, loaded, options, screen, runs, finished)
    found = [runs[name].as_json() for name in wanted]
    if as_json:
        print(json.dumps(found if len(found) > 1 else found[0], indent=2))
    if any(one["verdict"] == "wrong" for one in found):
        raise typer.Exit(WRONG)


@app.command()
def cuda(
    seed: Seed = 0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Epochs; as published by default.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder in torchvision's layout ($MINITORCH_DATA, ./data).")
    ] = None,
    out: Out = Path("runs"),
    threads: Threads = 1,
) -> None:
    """Compare with PyTorch on CUDA: all cuda tests, all experiments with TF32 off and on."""
    if data is not None and not data.is_dir():
        raise Refused(f"--data {data}: no such folder")
    engines.pin(threads, [engines.ours(), *engines.against("cuda")])
    writable(out, ["cuda"])
    screen = Screen(sys.stdout)
    loaded = runner.load_data(data)
    screen.say(loaded.source)
    options = runner.Options(seed=seed, epochs=epochs, out=out, threads=threads)
    report = out / "cuda" / "report.html"
    with reporting(lambda: [report]):
        session = gpu.compare(engines.ours(), loaded, options, screen)
    screen.say(f"{report}, after {session.seconds:.0f} s")
    if session.failed:
        raise typer.Exit(WRONG)


@app.command("list")
def listing() -> None:
    """Name the experiments."""
    for name in runner.EXPERIMENTS:
        print(f"{name:15}{runner.summary(name)}")


@app.command()
def show(names: Names = None, out: Out = Path("runs")) -> None:
    """Show the tables of the last run."""
    screen = Screen()
    shown = False
    for name in named(names):
        try:
            found = results.read_json(out / name)
        except ValueError as error:
            raise Refused(str(error)) from error
        if found is not None:
            screen.results(found)
            shown = True
        elif names:
            raise Refused(
                f"no run of {name} below {out}; `python -m experiments run {name}` makes one"
            )
    if not shown:
        raise Refused(f"no runs below {out}; `python -m experiments run` makes some")


@app.command()
def calibrate(
    steps: Annotated[int, typer.Option(min=1, help="Training steps to measure.")] = 20,
    seed: Seed = 0,
) -> None:
    """Measure rounding against float64, and print the margin that the verdicts' constant leaves."""
    for line in calibration.lines(engines.ours(), engines.against("cpu")[0], steps, seed):
        print(line)


@app.command()
def conformance(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Ops, layers, optimizers, or patterns; all by default."),
    ] = None,
    family: Annotated[str | None, typer.Option(help="Only this family, such as layers.")] = None,
    dtype: Annotated[list[str] | None, typer.Option(help="Only this dtype; repeatable.")] = None,
    sample: Annotated[
        int | None, typer.Option(min=0, help="Only the sample of this number.")
    ] = None,
    device: Annotated[str, typer.Option(help="PyTorch on: cpu or cuda.")] = "cpu",
    quick: Annotated[bool, typer.Option("--quick", help="Four dtypes, a few samples.")] = False,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; as many as cores.")] = None,
    as_html: Annotated[
        Path | None, typer.Option("--html", help="Write the board as a page.")
    ] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Write it as JSON.")] = None,
    freeze: Annotated[
        bool, typer.Option("--freeze", help="Record answers for a torchless run.")
    ] = False,
) -> None:
    """Run PyTorch's own databases on both libraries: status 1 if something differs unexpectedly.

    They hold ops, layers (nn.Linear) and optimizers (optim.SGD).
    """
    engines.library("torch")
    if freeze:
        print(importlib.import_module("experiments.conformance.freeze").freeze())
        return
    board = importlib.import_module("experiments.conformance.command")
    settings = board.Settings(quick, tuple(dtype or ()), sample, device)
    if not board.conformance(names or (), family, settings, workers, as_html, as_json):
        raise typer.Exit(WRONG)


@app.command()
def edges(
    device: Annotated[str, typer.Option(help="Also PyTorch on: cuda.")] = "cpu",
    as_json: Annotated[Path | None, typer.Option("--json", help="Write it as JSON.")] = None,
) -> None:
    """Answer ties, kinks, NaN and other conventions under both: status 1 where one differs."""
    engines.library("torch")
    if not importlib.import_module("experiments.conformance.edges").edges(device, as_json):
        raise typer.Exit(WRONG)


@app.command()
def programs(
    count: Annotated[int, typer.Option(min=1, help="How many programs.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first; they count up.")] = 0,
) -> None:
    """Run random programs of views, writes, hooks and backward: status 1 where one differs."""
    engines.library("torch")
    if not importlib.import_module("experiments.programs.command").programs(count, seed):
        raise typer.Exit(WRONG)


def main(arguments: list[str] | None = None) -> int:
    """Exit status of one command line; a request that cannot be met is one line on stderr."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        status = app(
            args=arguments or ["--help"], prog_name="python -m experiments", standalone_mode=False
        )
    except Refused as refusal:
        print(f"error: {refusal}", file=sys.stderr)
        return REFUSED
    except (KeyboardInterrupt, Interrupted) as stop:
        print("; ".join(["interrupted", *map(str, stop.args)]), file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is None:
            raise
        print(f"error: {' '.join(usage().split())}", file=sys.stderr)
        return REFUSED
    if status == INTERRUPTED:  # typer turns KeyboardInterrupt into its status
        print("interrupted", file=sys.stderr)
    return status if isinstance(status, int) else 0


if __name__ == "__main__":
    sys.exit(main())
