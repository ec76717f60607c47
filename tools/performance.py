"""What `python -m benchmarks --json` found, as Markdown: a summary, and every table and picture."""

import math
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks import SUITES
from benchmarks.charts import draw
from benchmarks.console import amount, notes, portion
from benchmarks.machine import described_briefly
from benchmarks.results import Target, read, spread, targets
from benchmarks.timing import OURS, Row

__all__ = ["full", "missed", "summary"]

CUDA = "PyTorch CUDA"
LONG = 40
"""Rows past which a table is folded."""
HEADLINES = {
    "overhead": "PyTorch",
    "everyday": "PyTorch",
    "layers": "PyTorch",
    "matmul": "OpenBLAS",
    "elementwise": "PyTorch",
}
"""Suites of many small rows, of which a summary gives the middle, and against whom."""


def machine(stamp: Mapping[str, Any]) -> str:
    """When, where and with what, in a sentence or two."""
    versions = ", ".join(f"{name} {version}" for name, version in stamp["versions"].items())
    parts = [
        f"{stamp['date'][:10]}, {stamp['cpu']}, {stamp['cores']} cores",
        f"{', '.join(stamp['features'])}; {stamp['memory_gib']} GiB; {stamp['os']}",
        f"Python {stamp['python']}, {versions}; BLAS: {stamp['blas']}",
    ]
    load = f" Load average at the start: {stamp['load'][0]}." if stamp["load"] else ""
    commit = f" Commit {stamp['commit']}." if stamp["commit"] else ""
    return f"{'; '.join(parts)}.{load}{commit}"


def sentence(text: str) -> str:
    """Text with a capital and a full stop, names left as they are."""
    return f"{text[:1].upper()}{text[1:]}."


def quickest(row: Row, prefix: str) -> str | None:
    """The quickest candidate whose name begins so; a GPU is no peer of one thread."""
    names = [name for name in row.times if name.startswith(prefix) and name != CUDA]
    return min(names, key=lambda name: row.times[name].best, default=None)


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    rule = "|" + "---|" * len(head)
    return "\n".join([f"| {' | '.join(head)} |", rule, *(f"| {' | '.join(c)} |" for c in lines)])


def cell(row: Row, name: str) -> str:
    """Our time as a part of a peer's, in bold where ours is faster, and the peer's time."""
    if name not in row.times:
        return ""
    time = amount(row.times[name].best, row.unit)
    if OURS not in row.times:
        return time
    ratio = portion(row.ratio(name))
    return f"{f'**{ratio}**' if row.ratio(name) < 1 else ratio} ({time})"


def verdict(target: Target) -> str:
    """A target in words."""
    bound = portion(target.bound) if target.against else amount(target.bound, target.row.unit)
    of = f" of {target.against}" if target.against else ""
    return f"{'held' if target.held else '**missed**'}: at most {bound}{of}"


def suite_table(rows: Sequence[Row]) -> str:
    """A row for each case, a column for each candidate that ran anywhere, and the targets."""
    peers = list(dict.fromkeys(name for row in rows for name in row.times if name != OURS))
    lines: list[list[str]] = []
    for row in rows:
        ours = row.times.get(OURS)
        mine = amount(ours.best, row.unit) if ours else ""
        if ours and ours.runs > 1:
            mine += f" ± {spread(ours) / 2:.0%}"
        said = "; ".join(verdict(target) for target in targets(row))
        lines.append([row.case, mine, *[cell(row, name) for name in peers], said])
    return table(["case", OURS, *peers, "target"], lines)


def folded(rows: Sequence[Row]) -> str:
    """The table of a suite, behind a line that opens it where it is long."""
    text = suite_table(rows)
    if len(rows) <= LONG:
        return text
    return f"<details><summary>{len(rows)} cases</summary>\n\n{text}\n\n</details>"


def summary(path: Path, gpu: Path) -> str | None:
    """The step's ratios, a line for each other suite, and what is missed; None without results."""
    if not path.is_file():
        return None
    stamp, rows = read(path)
    suites = {name: list(group) for name, group in groupby(rows, key=lambda row: row.suite)}
    others = ("NumPy", "torch.compile", "JAX", "MyGrad", "HIPS", "tinygrad")
    lines: list[list[str]] = []
    for row in suites.get("step", []):
        found = [quickest(row, prefix) for prefix in ("PyTorch", *others)]
        cells = [portion(row.ratio(name)) if name else "" for name in found]
        lines.append([row.case, amount(row.times[OURS].best), *cells])
    parts = [f"{stamp['date'][:10]}, {described_briefly(stamp)}.", ""]
    if lines:
        head = ["training step", OURS, "PyTorch eager, its fastest", *others]
        parts += ["Our time as a part of theirs, one thread each; below 1 ours is faster:", ""]
        parts += [table(head, lines), ""]
    parts += [f"- {line}" for line in headlines(suites)]
    judged = [target for row in rows for target in targets(row)]
    held = sum(target.held for target in judged)
    parts += [f"- Targets: {held} held, {len(judged) - held} missed."]
    parts += [f"- {line}" for line in gpu_lines(gpu)]
    return "\n".join([*parts, "", "[All tables and pictures](docs/performance.md)."])


def headlines(suites: Mapping[str, Sequence[Row]]) -> list[str]:
    """A line for each suite that can be said in one."""
    lines: list[str] = []
    for name, peer in HEADLINES.items():
        ratios = sorted(r.ratio(peer) for r in suites.get(name, []) if {OURS, peer} <= {*r.times})
        if ratios:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            won = sum(ratio < 1 for ratio in ratios)
            lines.append(
                f"{name}: {portion(mean)} of {peer}'s time in the geometric mean of {len(ratios)} "
                f"cases, from {portion(ratios[0])} to {portion(ratios[-1])}; faster in {won}"
            )
    for row in suites.get("loading", []):
        faster = {n: 1 / row.ratio(n) for n in row.times if n != OURS}
        said = ", ".join(f"{factor:.3g} times {name}'s rate" for name, factor in faster.items())
        lines.append(f"loading, {row.case}: {said}")
    for row in [*suites.get("epoch", []), *suites.get("accuracy", [])]:
        said = [f"{amount(timing.best)} {name}" for name, timing in row.times.items()]
        lines.append(f"{row.suite}, {row.case}: {', '.join(said)}")
    for name in ("startup", "memory"):
        said = [f"{r.case} {amount(r.times[OURS].best, r.unit)}" for r in suites.get(name, [])
                if OURS in r.times]  # fmt: skip
        if said:
            lines.append(f"{name}: {', '.join(said)}")
    return lines


def gpu_lines(path: Path) -> list[str]:
    """What PyTorch takes on a GPU, from the results of a machine that has one."""
    if not path.is_file():
        return []
    stamp, rows = read(path)
    return [
        f"{stamp['gpu']}, {stamp['date'][:10]}: {row.suite}, {row.case}: {CUDA} "
        f"{amount(row.times[CUDA].best)}, ours on its CPU ({stamp['cpu']}) "
        f"{amount(row.times[OURS].best)}"
        for row in rows
        if {OURS, CUDA} <= {*row.times}
    ]


def missed(path: Path) -> str:
    """How many targets hold, and a line for each that does not."""
    judged = [target for row in read(path)[1] for target in targets(row)]
    lines = [f"Targets: {sum(target.held for target in judged)} of {len(judged)} held.", ""]
    for one in judged:
        if not one.held:
            found = portion(one.found) if one.against else amount(one.found, one.row.unit)
            lines.append(f"- {one.row.suite}, {one.row.case}: {found}; {verdict(one)}")
    return "\n".join(lines)


def full(path: Path, gpu: Path, pictures: Path | None) -> str | None:
    """Every table with its notes and picture; None without results. Pictures go to `pictures`, or
    are left out."""
    if not path.is_file():
        return None
    stamp, rows = read(path)
    drawn = drawn_into(pictures, rows) if pictures else {}
    parts = [machine(stamp), ""]
    parts += [f"Pinned: {', '.join(f'{k}={v}' for k, v in stamp['pinned'].items())}.", ""]
    if "roofline" in drawn:
        parts += [f"![roofline](pictures/{drawn['roofline']})", ""]
    for suite, group in groupby(rows, key=lambda row: row.suite):
        own = list(group)
        parts += [f"## {suite}", "", sentence(SUITES.get(suite, suite)), "", folded(own)]
        parts += ["", *(f"- {line}" for line in notes(own)), ""]
        for stem in (suite, f"ratios-{suite}"):
            if stem in drawn:
                parts += [f"![{stem}](pictures/{drawn[stem]})", ""]
    lines = gpu_lines(gpu)
    if lines:
        parts += ["## On a GPU", "", *(f"- {line}" for line in lines)]
    return "\n".join(parts).strip()


def drawn_into(folder: Path, rows: Sequence[Row]) -> dict[str, str]:
    """The names of the pictures of these rows, copied to `folder`, by what they show."""
    folder.mkdir(parents=True, exist_ok=True)
    names: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as drawing:
        for path in draw(rows, Path(drawing)):
            if path.suffix == ".png":
                names[path.stem] = f"performance-{path.name}"
                shutil.copyfile(path, folder / names[path.stem])
    return names
