"""Runs the database: which samples of an op, in how many processes, and what came of it."""

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Any

import torch

import minitorch_np
from experiments.conformance import scope
from experiments.conformance.board import Case, Row, row_of
from experiments.conformance.bridge import tensors_in
from experiments.conformance.examine import COLUMNS, Call, examine, refusal
from experiments.conformance.snippet import snippet
from reference.opdb import Entry, Sample, entries

__all__ = ["QUICK", "Settings", "examine_op", "noncontiguous", "run"]

QUICK = ("float32", "bfloat16", "int64", "bool")
"""The dtypes of a quick run; an op that takes none of them is tried in its first."""
FEW = 8
"""The samples of a dtype in a quick run, evenly from all of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked for: all or a few samples, of which dtypes, of which one."""

    quick: bool = False
    dtypes: tuple[str, ...] = ()
    sample: int | None = None
    device: str = "cpu"


def run(
    names: Sequence[str], settings: Settings, workers: int, done: Callable[[Row], object]
) -> list[Row]:
    """The rows of these ops, in the order of the names; `done` hears of each when it is there."""
    if workers == 1 or len(names) == 1:
        rows: list[Row] = []
        for name in names:
            rows.append(examine_op(name, settings))
            done(rows[-1])
        return rows
    found: dict[str, Row] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_alone) as pool:
        waiting = {pool.submit(examine_op, name, settings): name for name in names}
        try:
            for future in as_completed(waiting):
                row = found[waiting[future]] = future.result()
                done(row)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [found[name] for name in names]


def _alone() -> None:
    """Each process computes on one thread: several with several would wait for one another."""
    torch.set_num_threads(1)
    minitorch_np.set_num_threads(1)


def entry_of(name: str) -> Entry:
    """The entry of this full name."""
    return next(e for e in entries() if e.full_name == name)


def noncontiguous(sample: Sample) -> Sample | None:
    """The sample with its tensors spread out in memory; None where none of them can be."""
    tensors = tensors_in([sample.args, sample.kwargs])
    if not any(t.numel() > 1 for t in tensors):
        return None
    return sample.spread()


def chosen_dtypes(entry: Entry, settings: Settings) -> list[torch.dtype]:
    """The dtypes of an entry that the settings ask for."""
    wanted = settings.dtypes or (QUICK if settings.quick else ())
    taken = entry.dtypes
    found = [d for d in taken if not wanted or str(d).removeprefix("torch.") in wanted]
    if settings.quick and not settings.dtypes and not found:
        found = list(taken[:1])
    return found


def numbered(entry: Entry, dtype: torch.dtype, settings: Settings) -> list[tuple[int, Sample]]:
    """The samples that the settings ask for, with their numbers."""
    samples = list(enumerate(entry.samples(dtype)))
    if settings.sample is not None:
        return samples[settings.sample : settings.sample + 1]
    if settings.quick and len(samples) > FEW:
        at = {round(i * (len(samples) - 1) / (FEW - 1)) for i in range(FEW)}
        return [samples[i] for i in sorted(at)]
    return samples


def calls(entry: Entry, settings: Settings) -> Iterator[tuple[str, int, bool, Call]]:
    """Every call to compare: dtype, number, whether its tensors are spread out, the call."""
    undefined, unsafe = scope.undefined(entry.full_name), scope.unsafe(entry.full_name)
    for dtype in chosen_dtypes(entry, settings):
        name = str(dtype).removeprefix("torch.")
        tolerance = scope.tolerance(entry.full_name, name)
        for number, sample in numbered(entry, dtype, settings):
            spread = noncontiguous(sample)
            for one in (sample, *([] if spread is None else [spread])):
                yield (
                    name,
                    number,
                    one is spread,
                    Call(entry, one, undefined, tolerance, unsafe, settings.device),
                )


def examine_op(name: str, settings: Settings) -> Row:
    """Compares one op, all its properties."""
    entry = entry_of(name)
    held: Counter[str] = Counter()
    failures: list[Case] = []
    easiest: tuple[Case, Call] | None = None
    count = 0
    for dtype, number, spread, call in calls(entry, settings):
        count += 1
        elements = sum(t.numel() for t in tensors_in([call.sample.args, call.sample.kwargs]))
        for column, difference in examine(call).items():
            if not difference:
                held[column] += 1
                continue
            reason = scope.reason(name, column, dtype)
            case = Case(column, dtype, number, spread, difference, reason, elements)
            failures.append(case)
            if not reason and (easiest is None or elements < easiest[0].elements):
                easiest = case, call
        if failures and failures[0].difference.startswith("missing"):
            break
    if settings.sample is None and not settings.dtypes and settings.device == "cpu":
        _refusals(entry, held, failures)
    row = row_of(
        name, scope.family(name) or "", [str(d).removeprefix("torch.") for d in entry.dtypes], held,
        failures, count,
    )  # fmt: skip
    if easiest is not None:
        case, call = easiest
        again = f"python -m experiments conformance {name} --dtype {case.dtype}"
        row = replace(
            row, code=snippet(entry, call.sample, f"{case.column}: {case.difference}",
                              f"{again} --sample {case.sample}"),
        )  # fmt: skip
    row.surplus += surplus(name, held, failures, settings)
    return row


def _refusals(entry: Entry, held: Counter[str], failures: list[Case]) -> None:
    for number, sample in enumerate(entry.refused()):
        for column, difference in refusal(Call(entry, sample)).items():
            if difference:
                reason = scope.reason(entry.full_name, column, "any")
                failures.append(Case(column, "any", number, False, difference, reason))
            else:
                held[column] += 1


def surplus(
    name: str, held: Counter[str], failures: Sequence[Case], settings: Settings
) -> list[str]:
    """The listed differences of an op that this run would have shown, and did not."""
    if settings.dtypes or settings.sample is not None or settings.device != "cpu":
        return []
    found: list[str] = []
    for known in scope.differences():
        if not known.is_of(name) or (known.full and settings.quick):
            continue
        columns = [c for c in COLUMNS if known.covers(name, c, "*")]
        tried = any(held[c] for c in columns) or any(f.column in columns for f in failures)
        if tried and not any(known.covers(name, f.column, f.dtype) for f in failures):
            found.append(f"{known.property}: {known.reason}")
    return found


def stamp() -> dict[str, Any]:
    """When and with what the board was made."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "torch": torch.__version__,
        "minitorch_np": minitorch_np.__version__,
        "cores": os.cpu_count(),
    }
