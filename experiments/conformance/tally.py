"""What a run is asked for, and the counts that become a row of the board."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch

from experiments.conformance import scope
from experiments.conformance.board import Case, Row, row_of
from experiments.conformance.bridge import tensors_in
from experiments.conformance.compare import Differences
from experiments.conformance.examine import COLUMNS

__all__ = ["DEVICES", "FEW", "QUICK", "Settings", "Tally", "few", "numbered"]

QUICK = ("float32", "bfloat16", "int64", "bool")
"""The dtypes of a quick run; an op that takes none of them is tried in its first."""
LARGE = 100_000
"""Elements of a sample that takes too long for a quick run."""
DEVICES = "PyTorch on the GPU parts from PyTorch on the CPU, which the engine follows"
FEW = 8
"""The samples of a dtype in a quick run, evenly from all of the database's; ours come on top."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked for: all or a few samples, of which dtypes, of which one."""

    quick: bool = False
    dtypes: tuple[str, ...] = ()
    sample: int | None = None
    device: str = "cpu"

    @property
    def whole(self) -> bool:
        """Whether nothing but the number of samples is restricted."""
        return not self.dtypes and self.sample is None and self.device == "cpu"


def numbered(items: Sequence[Item], settings: Settings) -> list[tuple[int, Item]]:
    """Those of an entry's samples that the settings ask for, with their numbers."""
    samples = list(enumerate(items))
    if settings.sample is not None:
        return samples[settings.sample : settings.sample + 1]
    if not settings.quick:
        return samples
    ours = [(n, one) for n, one in samples if getattr(one, "by_hand", False)]
    theirs = samples[: len(samples) - len(ours)]
    small = [(n, one) for n, one in theirs if elements(one) <= LARGE]
    return few(small or theirs[:1]) + ours


def elements(item: object) -> int:
    """How many elements the tensors of a sample have."""
    arguments = [getattr(item, "args", ()), getattr(item, "kwargs", {})]
    return sum(t.numel() for t in tensors_in(arguments))


def few(samples: list[Item], most: int = FEW) -> list[Item]:
    """At most so many of the samples, evenly from all of them."""
    if len(samples) <= most:
        return samples
    at = {round(i * (len(samples) - 1) / (most - 1)) for i in range(most)}
    return [samples[i] for i in sorted(at)]


class Tally:
    """How often each property of an entry held, and every case in which one did not."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.held: Counter[str] = Counter()
        self.failures: list[Case] = []
        self.count = 0
        self.first: Case | None = None
        """The first that nothing explains."""

    def add(
        self, found: Differences, dtype: str, number: int, *, spread: bool = False,
        elements: int = 0, apart: Collection[str] = (),
    ) -> list[Case]:  # fmt: skip
        """Counts what one call showed; the cases that nothing explains.

        `apart` are the properties in which PyTorch's own devices differ.
        """
        wrong: list[Case] = []
        for column, difference in found.items():
            if not difference:
                self.held[column] += 1
                continue
            reason = scope.reason(self.name, column, dtype)
            reason = reason or (DEVICES if column in apart else "")
            case = Case(column, dtype, number, spread, difference, reason, elements)
            self.failures.append(case)
            if not reason:
                wrong.append(case)
                self.first = self.first or case
        return wrong

    def again(self, case: Case) -> str:
        """The command that compares the sample of a case alone."""
        which = f" --dtype {case.dtype} --sample {case.sample}" if case.dtype != "any" else ""
        return f"python -m experiments conformance {self.name}{which}"

    @property
    def missing(self) -> bool:
        """Whether there is no counterpart to compare with."""
        return bool(self.failures) and self.failures[0].difference.startswith("missing")

    def row(self, dtypes: Sequence[torch.dtype], settings: Settings) -> Row:
        """The row of the board."""
        named = [str(d).removeprefix("torch.") for d in dtypes]
        family = scope.family(self.name) or ""
        made = row_of(self.name, family, named, self.held, self.failures, self.count)
        made.code = self.again(self.first) if self.first else ""
        made.surplus += surplus(self.name, self.held, self.failures, settings)
        return made


def surplus(
    name: str, held: Mapping[str, int], failures: Sequence[Case], settings: Settings
) -> list[str]:
    """The listed differences of an entry that this run would have shown, and did not."""
    if not settings.whole:
        return []
    found: list[str] = []
    for known in scope.differences():
        if not known.is_of(name) or known.some_cpus or (known.full and settings.quick):
            continue
        columns = [c for c in COLUMNS if known.covers(name, c, "*")]
        tried = any(held.get(c) for c in columns) or any(f.column in columns for f in failures)
        if tried and not any(known.covers(name, f.column, f.dtype) for f in failures):
            found.append(f"{known.property}: {known.reason}")
    return found
