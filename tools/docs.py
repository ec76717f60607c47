"""Writes the generated parts of README.md: outputs of the commands, op tables, pictures.

Each part stands between `<!-- NAME -->` and `<!-- /NAME -->` and is written by the function of that
name here. `python -m tools.docs` runs `make run` and `make test` first and takes as long as they
do; `python -m tools.docs ops results` writes only the parts named. What `make cuda` found is read
from runs/cuda, where it may have been brought from a machine with a GPU; what `make bench` found,
from runs/bench, for README and, in full, for docs/performance.md. docs/edges.md is computed when
asked for. A part of which there is nothing new to say is kept.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import minitorch_np
from experiments.conformance.edges import markdown
from experiments.conformance.tally import DEVICES
from experiments.harness.results import OURS
from experiments.harness.runner import EXPERIMENTS
from minitorch_np.op import COMPOSITES, REGISTRY
from tools.performance import full, missed, summary

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
RUNS = ROOT / "runs"
BENCH = RUNS / "bench"
PICTURES = ROOT / "docs" / "pictures"
PERFORMANCE = ROOT / "docs" / "performance.md"
AVX2 = ROOT / "docs" / "performance-avx2.md"
EDGES = ROOT / "docs" / "edges.md"
DEVICES_PAGE = ROOT / "docs" / "devices.md"
INTERNALS = ROOT / "docs" / "internals"


def transcript(*command: str) -> str:
    """What a command prints, as a reader would paste it. Raises when it fails."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(
            f"{' '.join(command)} ended with status {done.returncode}:\n{done.stdout}{done.stderr}"
        )
    text = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
    return text.replace(str(ROOT), ".").strip()


def fenced(text: str) -> str:
    """Text as a block of code."""
    return f"```text\n{text}\n```"


def run() -> str:
    """The whole output of `make run`."""
    return fenced(transcript("make", "--silent", "run"))


def test() -> str:
    """The last lines of `make test`."""
    lines = transcript("make", "--silent", "test").splitlines()
    return fenced("\n".join(lines[-2:]))


def pictures() -> str | None:
    """The pictures of the last run, copied beside the documentation, with their captions."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    parts: list[str] = []
    for folder in (RUNS / name for name in sorted(EXPERIMENTS)):
        for picture in sorted(folder.glob("*.png")):
            target = PICTURES / f"{folder.name}-{picture.name}"
            shutil.copyfile(picture, target)
            name = picture.stem.replace("_", " ").replace("-", " ")
            parts.append(f"![{folder.name}: {name}]({target.relative_to(ROOT).as_posix()})")
    return "\n\n".join(parts) or None


def verdicts(found: dict[str, Any], engine: str) -> str:
    """How often each verdict fell on an engine: "3 bit-equal, 2 event"."""
    counts: Counter[str] = Counter()
    for verdict in found["verdicts"]:
        if verdict["engine"] == engine:
            counts.update(verdict["counts"])
    told = ", ".join(f"{n:,} {name}" for name, n in counts.items() if n)
    return told or ("" if engine == OURS else "not reached")


def rows_of(found: dict[str, Any], what: str) -> list[str]:
    """A row of a Markdown table for each engine of a run; the second cell is `what`."""
    rows: list[str] = []
    for engine, numbers in found["engines"].items():
        accuracy, seconds = numbers["accuracy"], numbers["seconds"]
        if seconds is None:
            continue  # no such engine on this machine
        percent = "" if accuracy is None else f"{accuracy:.2%}"
        cells = (found["experiment"], what, engine, percent, f"{seconds:.1f}")
        rows.append(f"| {' | '.join(cells)} | {verdicts(found, engine)} |")
    return rows


def results() -> str | None:
    """Accuracy, seconds and verdicts of the last run, one row an experiment and engine."""
    rows: list[str] = []
    for name in sorted(EXPERIMENTS):
        path = RUNS / name / "results.json"
        if path.is_file():
            found = json.loads(path.read_text())
            rows += rows_of(found, found["data"]["which"])
    head = "| experiment | data | engine | accuracy | seconds | verdicts |\n" + "|---" * 6 + "|"
    return "\n".join([head, *rows]) if rows else None


def parted(remarks: list[dict[str, str]]) -> list[str]:
    """Where the GPU parts from the CPU: the ops it refuses, by dtype, and those it strides anew."""
    refused: dict[str, list[str]] = {}
    restrided: dict[str, str] = {}
    for remark in remarks:
        name, text = remark["test"].partition("[")[2].rstrip("]"), remark["text"]
        name = re.sub(r"-\d+$", "", name)  # one of several samples of an op
        if match := re.match(r"refused for torch\.(\w+)", text):
            if match[1] not in refused.setdefault(name, []):
                refused[name].append(match[1])
        elif text.startswith(("result", "wrong")):
            restrided.setdefault(name, text)
    by_dtypes: dict[str, list[str]] = {}
    for name, dtypes in refused.items():
        by_dtypes.setdefault(" ".join(dtypes), []).append(f"`{name}`")
    lines = [f"{dtypes} refused: {' '.join(sorted(ops))}" for dtypes, ops in by_dtypes.items()]
    return lines + [f"`{name}`: {text}" for name, text in restrided.items()]


def cuda() -> str | None:
    """What the last `make cuda` found, and where and when; None where there was none."""
    path = RUNS / "cuda" / "results.json"
    if not path.is_file():
        return None
    found = json.loads(path.read_text())
    env, tests = found["environment"], found["tests"]
    versions = ", ".join(f"{name} {version}" for name, version in env["versions"].items())
    epochs = {one["settings"]["epochs"] for one in found["runs"]}
    settings = "as published" if epochs == {None} else f"cut to {epochs.pop()} epoch"
    counts = f"{tests['passed']} tests passed, {tests['failed']} failed"
    lines = [
        f"{env['date']}, {env['gpu']}; {env['cpu']}, {env['cores']} cores; {versions}.",
        f"{counts} in {tests['seconds']:.0f} seconds; experiments {settings}:",
        "",
        "| experiment | products | engine | accuracy | seconds | verdicts |",
        "|---|---|---|---|---|---|",
    ]
    for one in found["runs"]:
        lines += rows_of(one, f"TF32 {'on' if one['tf32'] else 'off'}")
    summary = "Where PyTorch on the GPU parts from PyTorch on the CPU, which the engine follows"
    lines += ["", f"<details><summary>{summary}</summary>", ""]
    lines += [f"- {line}" for line in parted(tests["remarks"])]
    return "\n".join([*lines, "", "</details>"])


def ops() -> str:
    """Every registered op and composite, by the file it lives in."""
    families: dict[str, set[str]] = {}
    for name, one in REGISTRY.items():
        if not name.endswith("_") and "backward" not in name:
            families.setdefault(one.function.__module__.rpartition(".")[2], set()).add(name)
    for name, function in COMPOSITES.items():
        families.setdefault(function.__module__.rpartition(".")[2], set()).add(name)
    public = {n for names in families.values() for n in names if not n.startswith("_")}
    derived = sum(n.endswith("_") for n in REGISTRY)
    rows = [f"{len(public)} ops and composites, {derived} in-place forms:", ""]
    for family in sorted(families):
        names = " ".join(sorted(n for n in families[family] if not n.startswith("_")))
        if names:
            rows.append(textwrap.fill(f"**{family}** {names}", 100) + "  ")
    return "\n".join(rows)


def conformance() -> str | None:
    """The scoreboard's totals by family, and what is amber or red and why; None without a run."""
    path = RUNS / "conformance" / "results.json"
    if not path.is_file():
        return None
    found = json.loads(path.read_text())
    families = {k: Counter(v) for k, v in found["totals"].items() if k != "all"}
    apart = ("layers", "optimizers")
    ops = sum((c for name, c in families.items() if name not in apart), Counter[str]())
    parts = [f"{ops['green']} of {ops.total()} ops ({ops['green'] / ops.total():.1%})"]
    parts += [
        f"{families[n]['green']} of {families[n].total()} {n}" for n in apart if n in families
    ]
    kind = "a few samples of four dtypes" if found["quick"] else "all samples and dtypes"
    calls = sum(row["cases"] for row in found["rows"])
    version = found["torch"].partition("+")[0]
    lines = [
        f"Green in every column: **{', '.join(parts)}**.",
        f"PyTorch {version}, {found['date']}, {kind}, {calls:,} calls.",
        "",
        "| family | green | amber | red |",
        "|---|---|---|---|",
    ]
    for name, count in families.items():
        cells = [str(count[colour] or "") for colour in ("green", "amber", "red")]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", "<details><summary>What differs, and why</summary>", ""]
    for row in found["rows"]:
        for colour, what in (("red", "first"), ("amber", "reason")):
            cells = {c: cell for c, cell in row["cells"].items() if cell["colour"] == colour}
            if cells:
                told = next(iter(cells.values()))[what]
                lines.append(f"- {colour}: `{row['op']}` ({', '.join(cells)}): {told}")
    return "\n".join([*lines, "", "</details>"])


def devices() -> None:
    """Where PyTorch's devices part, in docs/devices.md; nothing without a board of a GPU."""
    path = RUNS / "conformance" / "cuda.json"
    if not path.is_file():
        return
    found = json.loads(path.read_text())
    count = Counter(row["colour"] for row in found["rows"])
    calls = sum(row["cases"] for row in found["rows"])
    head = (
        f"{found['card']}, PyTorch {found['torch']}, {found['date']}, {calls:,} calls: "
        f"{count['green']} ops agree with the GPU, {count['amber']} with the CPU alone (or differ "
        f"for the version), {count['red']} with neither."
    )
    lines = [head, ""]
    refused: dict[str, list[str]] = {}
    otherwise: list[str] = []
    for row in found["rows"]:
        cells = {c: one for c, one in row["cells"].items() if one["reason"] == DEVICES}
        if not cells:
            continue
        dtype, _, told = next(iter(cells.values()))["first"].partition(", ")
        told = told.partition(": ")[2]
        if told.startswith("did not raise"):
            refused.setdefault(dtype, []).append(f"`{row['op']}`")
        else:
            told = told.replace("|", "\\|").partition("\n")[0]
            otherwise.append(f"| `{row['op']}` | {', '.join(cells)} | {dtype}: {told} |")
    lines += [f"- {dtype} refused: {' '.join(sorted(ops))}" for dtype, ops in refused.items()]
    lines += ["", "| op | differs in | ours and the CPU's, not the GPU's |", "|---|---|---|"]
    replace(DEVICES_PAGE, "devices", "\n".join([*lines, *otherwise]))


def performance() -> str | None:
    """A summary of the last benchmarks; docs/performance.md gets every table and picture."""
    results, gpu = BENCH / "results.json", BENCH / "cuda.json"
    body = full(results, gpu, PICTURES)
    if body is not None:
        replace(PERFORMANCE, "tables", body)
    return summary(results, gpu)


def avx2() -> None:
    """The same of a CPU with AVX2 and no more, in docs/performance-avx2.md.

    From `make bench ARGS="--json runs/bench/avx2.json"` on such a machine.
    """
    found = BENCH / "avx2.json"
    body = full(found, BENCH / "none.json", None)
    if body is not None:
        replace(AVX2, "missed", missed(found))
        replace(AVX2, "tables", body)


def growth() -> None:
    """Ops beside those of an earlier checkout, in docs/performance.md.

    From `BEFORE=folder make bench ARGS="overhead --json runs/bench/growth.json"`.
    """
    found = BENCH / "growth.json"
    if not found.exists():
        return
    lines = ["| 4x4 tensors | before | now | now / before |", "|---|---|---|---|"]
    ratios: list[float] = []
    for row in json.loads(found.read_text())["rows"]:
        now, before = (row["times"][name]["best"] for name in ("minitorch_np", "before"))
        ratios.append(now / before)
        lines.append(
            f"| {row['case']} | {before * 1e6:.2f} us | {now * 1e6:.2f} us | {ratios[-1]:.2f} |"
        )
    mean = statistics.geometric_mean(ratios)
    replace(PERFORMANCE, "growth", "\n".join([*lines, "", f"Geometric mean: {mean:.3f}."]))


def said(program: Path) -> str:
    """What a program prints; of an exception that ends it, its text and notes."""
    command = [sys.executable, program.name]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=program.parent, env=environment, capture_output=True, text=True, check=False
    )
    start = re.search(r"^\w+Error: ", done.stderr, re.MULTILINE)
    error = "" if start is None else done.stderr[start.start() :]
    lines = [textwrap.fill(line, 100) if ": one of" in line else line for line in error.split("\n")]
    return (done.stdout + "\n".join(lines)).strip()


def internals() -> str:
    """The programs of docs/internals, each with what it prints."""
    parts: list[str] = []
    for name in ("graph", "stale", "hessian"):
        program = INTERNALS / f"{name}.py"
        parts.append(f"```python\n{program.read_text()}```\n\n{fenced(said(program))}")
    return "\n\n".join(parts)


def edges() -> None:
    """What both engines answer to experiments/conformance/edge_rows.py, in docs/edges.md."""
    replace(EDGES, "edges", markdown())


PARTS: dict[str, Callable[[], str | None]] = {
    f.__name__: f
    for f in (
        run,
        test,
        results,
        cuda,
        pictures,
        conformance,
        devices,
        performance,
        avx2,
        growth,
        edges,
        internals,
        ops,
    )
}


def replace(file: Path, name: str, body: str) -> None:
    """Put `body` in the part of that name of a file."""
    text = file.read_text()
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if begin not in text:
        sys.exit(f"{file.name} has no part {name}")
    head, rest = text.split(begin, 1)
    file.write_text(f"{head}{begin}\n{body}\n{end}{rest.split(end, 1)[1]}")


def write(names: list[str]) -> None:
    """Replace the named parts of README.md that have something to say."""
    for name in names:
        body = PARTS[name]()
        if body is not None:
            replace(README, name, body)


def main() -> None:
    """Write the parts named, or all of them."""
    names = sys.argv[1:] or list(PARTS)
    unknown = [n for n in names if n not in PARTS]
    if unknown:
        sys.exit(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    write(names)
    print(f"README.md: wrote {', '.join(names)} of minitorch_np {minitorch_np.__version__}")


if __name__ == "__main__":
    main()
