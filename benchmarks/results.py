"""Rows as JSON, and what follows from them: targets held or missed, and what became slower."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.timing import OURS, Row, Timing

__all__ = ["Target", "read", "slower", "targets", "write"]

LEAST_SPREAD = 0.05
"""What two runs of one program differ by on a quiet machine; less is never called slower."""


@dataclass(frozen=True)
class Target:
    """One bound on a row, and how ours stands to it: both in parts of a peer's time, or units."""

    row: Row
    against: str
    bound: float
    found: float

    @property
    def held(self) -> bool:
        return self.found <= self.bound


def targets(row: Row) -> list[Target]:
    """The bounds of a row whose peers ran."""
    if OURS not in row.times:
        return []
    found = [
        Target(row, peer, bound, row.ratio(peer))
        for peer, bound in row.targets.items()
        if peer in row.times
    ]
    if row.limit:
        found.append(Target(row, "", row.limit, row.times[OURS].best))
    return found


def write(path: Path, environment: Mapping[str, object], rows: Iterable[Row]) -> None:
    """Both in a file, in folders made as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"environment": environment, "rows": [asdict(row) for row in rows]}
    path.write_text(json.dumps(content, indent=1) + "\n")


def read(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """What `write` wrote. Raises ValueError for anything else."""
    try:
        content = json.loads(path.read_text())
        rows = [
            Row(**{**row, "times": {k: Timing(**v) for k, v in row["times"].items()}})
            for row in content["rows"]
        ]
        return content["environment"], rows
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} holds no results of `python -m benchmarks`") from error


def spread(timing: Timing) -> float:
    """The range between the quarters, as a part of the middle."""
    return (timing.high - timing.low) / timing.median if timing.median else 0.0


def slower(rows: Sequence[Row], before: Sequence[Row]) -> list[str]:
    """The rows in which ours lost ground beyond the spread, each in a line.

    Against every peer that both runs have, so that one peer's luck is not ours; a row without
    peers by its own time.
    """
    old = {(row.suite, row.case): row for row in before}
    found: list[str] = []
    for row in rows:
        then = old.get((row.suite, row.case))
        if then is None or OURS not in row.times or OURS not in then.times:
            continue
        peers = [p for p in row.times if p != OURS and p in then.times]
        # Times of another moment are compared through the peers' times of the same moment.
        growth = {p: row.ratio(p) / then.ratio(p) for p in peers} or {
            OURS: row.times[OURS].best / then.times[OURS].best
        }
        least = min(growth, key=growth.__getitem__)
        timings = [one.times[name] for one in (row, then) for name in {least, OURS}]
        if growth[least] > 1 + max(LEAST_SPREAD, *map(spread, timings)):
            what = f"{growth[least]:.2f} times what it took"
            beside = "" if least == OURS else f" beside {least}"
            found.append(f"{row.suite}: {row.case}: {what}{beside}")
    return found
