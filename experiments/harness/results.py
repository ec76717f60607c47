"""What one run of one experiment found, and its JSON; `results.schema.json` describes it."""

import dataclasses
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.harness.free import FreeRun, courses
from experiments.harness.lockstep import Comparison, Verdicts
from experiments.harness.verdict import VERDICTS, Tally

SCHEMA = Path(__file__).with_name("results.schema.json")
OURS = "minitorch_np"
ENGINES = (OURS, "torch-cpu", "torch-cuda")


@dataclass(slots=True)
class Picture:
    """A PNG below the run's folder, and what it shows."""

    path: Path
    caption: str


@dataclass(slots=True)
class Results:
    """Everything a report is made of; valid at any moment of a run, so also of a broken one."""

    experiment: str
    data: dict[str, Any]
    environment: dict[str, Any]
    settings: dict[str, Any]
    free: dict[str, FreeRun] = field(default_factory=dict)
    comparisons: dict[str, Comparison | Verdicts] = field(default_factory=dict)
    pictures: list[Picture] = field(default_factory=list)
    complete: bool = False
    error: str | None = None

    def tallies(self) -> list[Tally]:
        """Verdicts by engine, then in the order in which quantities arise."""
        return [t for c in self.comparisons.values() for t in c.tallies.values()]

    @property
    def verdict(self) -> str | None:
        """The worst verdict, or None before there is one."""
        found = [VERDICTS.index(t.verdict) for t in self.tallies()]
        return VERDICTS[max(found)] if found else None

    def courses(self) -> list[dict[str, Any]]:
        """Where the free-running curves of each engine leave ours."""
        ours = self.free.get(OURS)
        if ours is None:
            return []
        others = [run for name, run in self.free.items() if name != OURS]
        return [
            dataclasses.asdict(c) | {"largest": finite(c.largest)}
            for other in others
            for c in courses(ours, other)
        ]

    def as_json(self) -> dict[str, Any]:
        """The content of results.json."""
        return {
            "experiment": self.experiment,
            "data": self.data,
            "environment": self.environment,
            "engines": {name: self._engine(name) for name in ENGINES},
            "verdicts": [verdict_json(tally) for tally in self.tallies()],
            "complete": self.complete,
            "verdict": self.verdict,
            "observed": {
                name: {"compared": c.judged, "passed over": c.unjudged}
                for name, c in self.comparisons.items()
            },
            "settings": self.settings,
            "free_running": self.courses(),
            "error": self.error,
        }

    def _engine(self, name: str) -> dict[str, float | None]:
        run = self.free.get(name)
        if run is None:
            return {"accuracy": None, "seconds": None, "loss": None}
        return {
            "accuracy": finite(run.number("accuracy")),
            "seconds": run.seconds,
            "loss": finite(run.number("loss")),
        }


def verdict_json(tally: Tally) -> dict[str, Any]:
    """One entry of `verdicts`."""
    return {
        "quantity": tally.quantity,
        "engine": tally.engine,
        "verdict": tally.verdict,
        "ratio": finite(tally.ratio),
        "step": tally.step,
        "training": tally.training,
        "counts": dict(tally.counts),
        "estimate": finite(tally.estimate),
        "loose": tally.loose,
        "note": tally.note,
    }


def finite(value: float | None) -> float | None:
    """The number, or None where JSON has no word for it."""
    return value if value is not None and math.isfinite(value) else None


def write_whole(path: Path, text: str) -> None:
    """Writes a file so that it is never seen half written."""
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def write_json(results: Results, folder: Path) -> Path:
    """results.json in `folder`."""
    path = folder / "results.json"
    write_whole(path, json.dumps(results.as_json(), indent=2, allow_nan=False) + "\n")
    return path


def read_json(folder: Path) -> Mapping[str, Any] | None:
    """The results of the last run in `folder`, or None. Raises ValueError for another file."""
    path = folder / "results.json"
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    required = json.loads(SCHEMA.read_text(encoding="utf-8"))["required"]
    if lacking := [key for key in required if not (isinstance(found, dict) and key in found)]:
        raise ValueError(f"{path} is not of a run: it has no {lacking[0]!r}")
    return found
