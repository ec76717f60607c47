"""Runs the database: which samples of an op, in how many processes, and what came of it."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import torch

import minitorch_np
from experiments.conformance import scope
from experiments.conformance.board import Case, Row
from experiments.conformance.bridge import tensors_in
from experiments.conformance.compare import Differences
from experiments.conformance.examine import Call, examine, refusal
from experiments.conformance.layers import examine_layer
from experiments.conformance.optimizers import examine_optimizer
from experiments.conformance.snippet import snippet
from experiments.conformance.tally import QUICK, Settings, Tally, numbered
from experiments.harness.engines import allow_tf32
from reference.opdb import Entry, Sample, entries

__all__ = ["QUICK", "Settings", "examine_any", "examine_op", "noncontiguous", "run"]


def run(
    names: Sequence[str], settings: Settings, workers: int, done: Callable[[Row], object]
) -> list[Row]:
    """The rows of these ops, in the order of the names; `done` hears of each when it is there."""
    if workers == 1 or len(names) == 1:
        _exact(settings.device)
        rows: list[Row] = []
        for name in names:
            rows.append(_kept(name, settings))
            done(rows[-1])
        return rows
    found: dict[str, Row] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _alone, (settings.device,)) as pool:
        order = sorted(names, key=scope.slow, reverse=True)
        try:
            with _uninterrupted():  # which processes inherit
                waiting = {pool.submit(_kept, name, settings): name for name in order}
            for future in as_completed(waiting):
                row = found[waiting[future]] = future.result()
                done(row)
        except BaseException:
            processes = list((cast(Any, pool)._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:  # Ctrl-C has reached this one alone
                process.kill()
            raise
    return [found[name] for name in names]


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """A context in which Ctrl-C waits, and so does in processes that are started, for ever."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        _ = signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _alone(device: str) -> None:
    """Each process computes on one thread: several with several would wait for one another."""
    torch.set_num_threads(1)
    minitorch_np.set_num_threads(1)
    _exact(device)


def _exact(device: str) -> None:
    """On a GPU products of float32 are products of float32."""
    if device != "cpu":
        allow_tf32(torch, False)


def _kept(name: str, settings: Settings) -> Row:
    """`examine_any`; an op upon which the comparison itself breaks off loses no other."""
    try:
        return examine_any(name, settings)
    except Exception as error:  # noqa: BLE001  told in its row, which is red
        tally = Tally(name)
        tally.add({"value": f"the comparison broke off: {type(error).__name__}: {error}"}, "any", 0)
        return tally.row([], settings)


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


def calls(entry: Entry, settings: Settings) -> Iterator[tuple[str, int, bool, Call]]:
    """Every call to compare: dtype, number, whether its tensors are spread out, the call."""
    undefined, unsafe = scope.undefined(entry.full_name), scope.unsafe(entry.full_name)
    for dtype in chosen_dtypes(entry, settings):
        name = str(dtype).removeprefix("torch.")
        tolerance = scope.tolerance(entry.full_name, name)
        for number, sample in numbered(list(entry.samples(dtype)), settings):
            spread = noncontiguous(sample)
            for one in (sample, *([] if spread is None else [spread])):
                yield (
                    name,
                    number,
                    one is spread,
                    Call(
                        entry,
                        one,
                        undefined,
                        tolerance,
                        unsafe,
                        brief=settings.quick and one is spread,
                        device=settings.device,
                    ),
                )


def examine_any(name: str, settings: Settings) -> Row:
    """Compares one op, layer or optimizer, all its properties."""
    family = scope.family(name)
    if family == "layers":
        return examine_layer(name, settings)
    return (
        examine_optimizer(name, settings) if family == "optimizers" else examine_op(name, settings)
    )


def parted(call: Call, found: Differences) -> frozenset[str]:
    """The properties in which PyTorch on a GPU differs from ours, and on the CPU does not."""
    told = [name for name, difference in found.items() if difference]
    if call.device == "cpu" or not told:
        return frozenset()
    here = examine(replace(call, device="cpu"))
    return frozenset(name for name in told if not here.get(name, "not compared"))


def examine_op(name: str, settings: Settings) -> Row:
    """Compares one op, all its properties."""
    entry = entry_of(name)
    tally = Tally(name)
    easiest: tuple[Case, Call] | None = None
    for dtype, number, spread, call in calls(entry, settings):
        tally.count += 1
        elements = sum(t.numel() for t in tensors_in([call.sample.args, call.sample.kwargs]))
        found = examine(call)
        apart = parted(call, found)
        wrong = tally.add(found, dtype, number, spread=spread, elements=elements, apart=apart)
        if wrong and (easiest is None or elements < easiest[0].elements):
            easiest = wrong[0], call
        if tally.missing:
            break
    if settings.whole:
        for number, sample in enumerate(entry.refused()):
            tally.add(refusal(Call(entry, sample)), "any", number)
    row = tally.row(entry.dtypes, settings)
    if easiest is None:
        return row
    case, call = easiest
    return replace(
        row,
        code=snippet(entry, call.sample, f"{case.column}: {case.difference}", tally.again(case)),
    )


def stamp(device: str = "cpu") -> dict[str, Any]:
    """When and with what the board was made."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "torch": torch.__version__,
        "minitorch_np": minitorch_np.__version__,
        "cores": os.cpu_count(),
        "card": torch.cuda.get_device_name() if device == "cuda" else None,
    }
