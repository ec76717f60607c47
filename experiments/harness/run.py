"""What `make run` does: experiments on our engine beside PyTorch, a folder of results for each.

First each engine alone, then ours in lock-step with the others: as many programs at once as there
are cores for, each in a process of its own. So an engine's seconds are those of one core while the
others are busy; benchmarks/ has times taken with nothing else running.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from experiments.harness import runner
from experiments.harness.console import Screen
from experiments.harness.engines import Engine
from experiments.harness.environment import cores
from experiments.harness.free import FreeRun
from experiments.harness.report import write_html
from experiments.harness.results import Picture, Results, write_json
from experiments.harness.runner import Options
from experiments.harness.several import Found, Job, in_turn, several


def run(
    names: Sequence[str], ours: Engine, others: Sequence[Engine], data: Any, options: Options,
    screen: Screen, found: dict[str, Results], finished: Callable[[Results], None],
) -> None:  # fmt: skip
    """Puts the results of each experiment into `found`, and hands them on once they are complete.

    They are written to their folders, also when the run breaks off.
    """
    jobs = [Job(n, e.name, e.device, e.tf32) for n in names for e in (*others, ours)]
    jobs += [Job(n, e.name, e.device, e.tf32, beside=True) for n in names for e in others]
    cast, left = runner.cast(data, options.dtype), set(jobs)

    def done(job: Job, what: Found, whole: bool) -> None:
        name = job.experiment
        results = found.get(name) or runner.started(name, ours, others, data, options)
        found[name] = results
        if isinstance(what, FreeRun):
            results.free[job.engine] = what
        else:
            results.comparisons[job.engine] = what
        if whole:
            left.discard(job)
        results.complete = all(job.experiment != name for job in left)
        if results.complete:
            results.pictures = drawn(results, options)
            write(results, options)
            finished(results)

    try:
        if (most := cores() // options.threads) > 1:
            several(jobs, cast, options, screen, most, done)
        else:
            in_turn(jobs, [ours, *others], cast, options, screen, done)
    except BaseException as error:
        for results in found.values():
            if not results.complete:
                results.error = runner.told(error)
                write(results, options)
        raise


def folder_of(results: Results, options: Options) -> Path:
    """The folder of a run, made if it is not there."""
    folder = options.out / results.experiment
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def drawn(results: Results, options: Options) -> list[Picture]:
    """The pictures of a run, in place of an earlier one's."""
    folder = folder_of(results, options)
    for stale in folder.glob("*.png"):
        stale.unlink()
    return runner.draw(results, folder)


def write(results: Results, options: Options) -> None:
    """results.json and report.html."""
    folder = folder_of(results, options)
    write_json(results, folder)
    write_html(results, folder)
