"""The parts of a run: data, each engine alone, ours beside another in lock-step, pictures."""

import importlib
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.harness.engines import Engine, Refused
from experiments.harness.environment import environment
from experiments.harness.free import FreeRun, free_run
from experiments.harness.lockstep import Comparison, Sight, lockstep
from experiments.harness.results import Picture, Results
from experiments.harness.rounding import Scale
from experiments.harness.watch import Follower

EXPERIMENTS = ("tensor_basics", "dying_relu", "mnist_mlp")
DTYPES = ("float32", "float64")
HALVES = ("float16", "bfloat16")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    seed: int = 0
    epochs: int | None = None
    dtype: str = "float32"
    out: Path = Path("runs")
    threads: int = 1


def load_data(folder: Path | None) -> Any:
    """The experiments' data. Raises Refused, naming the file, for a broken one."""
    data = importlib.import_module("experiments.data")
    try:
        return data.load(folder)
    except data.DataError as error:
        raise Refused(str(error)) from error


def cast(data: Any, dtype: str) -> Any:
    """The data with its floating arrays in `dtype`."""
    if dtype == "float32":
        return data
    return data._replace(
        **{
            name: value.astype(dtype)
            for name, value in data._asdict().items()
            if isinstance(value, np.ndarray) and value.dtype.kind == "f"
        }
    )


def describe(data: Any) -> dict[str, Any]:
    """Which data, and how many samples."""
    train, test = len(data.train_labels), len(data.test_labels)
    return {
        "which": data.name,
        "samples": train + test,
        "train": train,
        "test": test,
        "source": data.source,
    }


def summary(experiment: str) -> str:
    """The first line of an experiment's docstring, read without importing its engine."""
    path = Path(__file__).parents[1] / f"{experiment}.py"
    if not path.is_file():
        return ""
    return inspect.cleandoc(_docstring(path)).partition("\n")[0]


def _docstring(path: Path) -> str:
    ast = importlib.import_module("ast")
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def started(
    name: str, ours: Engine, others: Sequence[Engine], data: Any, options: Options
) -> Results:
    """Results of a run that has measured nothing yet."""
    return Results(
        name,
        describe(data),
        environment(options.seed, options.dtype, [ours, *others]),
        {"epochs": options.epochs, "against": [engine.name for engine in others]},
    )


def told(error: BaseException) -> str:
    """What broke a run off, in one line."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return f"{type(error).__name__}: {error}"


def alone(
    engine: Engine,
    name: str,
    record: FreeRun,
    data: Any,
    options: Options,
    tick: Callable[[str], None] = lambda name: None,
) -> None:
    """Fills a record: an experiment by one engine, timed."""
    with engine.default_dtype(options.dtype):
        free_run(engine, _program(name, data, options), record=record, tick=tick)


def compared(ours: Engine, other: Engine) -> Comparison:
    """A comparison that has judged nothing yet."""
    return Comparison(ours, other, Follower(ours.library, Scale(tf32=other.tf32)))


def beside(
    name: str,
    comparison: Comparison,
    data: Any,
    options: Options,
    tick: Callable[[Sight], None] = lambda sight: None,
) -> None:
    """Fills a comparison: an experiment by both engines in lock-step."""
    ours, other = comparison.ours, comparison.theirs
    program = _program(name, data, options)
    with ours.default_dtype(options.dtype), other.default_dtype(options.dtype):
        lockstep(ours, other, program, comparison=comparison, tick=tick)


def _program(
    name: str, data: Any, options: Options
) -> Callable[[Engine, Callable[..., None]], Any]:
    """An experiment as any engine runs it, with an observer."""

    def run(engine: Engine, observe: Callable[..., None]) -> Any:
        given = {} if options.epochs is None else {"epochs": options.epochs}
        main = engine.program(name).main
        return main(data, device=engine.device, seed=options.seed, observe=observe, **given)

    return run


def draw(results: Results, folder: Path) -> list[Picture]:
    """The experiment's pictures from what main returned, our engine's results first."""
    try:
        pictures = importlib.import_module("experiments.pictures")
    except ModuleNotFoundError as error:
        if error.name not in ("matplotlib", "experiments.pictures"):
            raise
        return []
    returned = {name: run.result for name, run in sorted(results.free.items())}
    return [
        Picture(Path(path), caption)
        for path, caption in pictures.draw(results.experiment, returned, folder)
    ]
