"""Writes the generated parts of README.md: outputs of both commands, op tables, pictures.

Each part stands between `<!-- NAME -->` and `<!-- /NAME -->` and is written by the function of that
name here. `python -m tools.docs` runs `make run` and `make test` first and takes as long as they
do; `python -m tools.docs ops missing` writes only the parts named.
"""

import json
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import minitorch_np
from minitorch_np.op import COMPOSITES, REGISTRY

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
RUNS = ROOT / "runs"
PICTURES = ROOT / "docs" / "pictures"


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


def pictures() -> str:
    """The pictures of the last run, copied beside the documentation, with their captions."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    parts: list[str] = []
    for folder in sorted(RUNS.iterdir()):
        results = folder / "results.json"
        if not results.exists():
            continue
        for picture in sorted(folder.glob("*.png")):
            target = PICTURES / f"{folder.name}-{picture.name}"
            shutil.copyfile(picture, target)
            name = picture.stem.replace("_", " ").replace("-", " ")
            parts.append(f"![{folder.name}: {name}]({target.relative_to(ROOT).as_posix()})")
    return "\n\n".join(parts)


def results() -> str:
    """Accuracy, seconds and verdicts of the last run, one row an experiment and engine."""
    rows = [
        "| experiment | data | engine | accuracy | seconds | verdicts |",
        "|---|---|---|---|---|---|",
    ]
    for path in sorted(RUNS.glob("*/results.json")):
        found = json.loads(path.read_text())
        counts: dict[str, dict[str, int]] = {}
        for verdict in found["verdicts"]:
            mine = counts.setdefault(verdict["engine"], {})
            for name, count in verdict["counts"].items():
                mine[name] = mine.get(name, 0) + count
        for engine, numbers in found["engines"].items():
            accuracy, seconds = numbers.get("accuracy"), numbers.get("seconds")
            if seconds is None:
                continue  # no such engine on this machine
            said = ", ".join(f"{n:,} {name}" for name, n in counts.get(engine, {}).items() if n)
            rows.append(
                f"| {found['experiment']} | {found['data']['which']} | {engine} "
                f"| {'' if accuracy is None else f'{accuracy:.2%}'} "
                f"| {'' if seconds is None else f'{seconds:.1f}'} "
                f"| {said} |"
            )
    return "\n".join(rows)


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


PARTS: dict[str, Callable[[], str]] = {f.__name__: f for f in (run, test, results, pictures, ops)}


def write(names: list[str]) -> None:
    """Replace the named parts of README.md."""
    for name in names:
        text = README.read_text()
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        if begin not in text:
            sys.exit(f"README.md has no part {name}")
        body = PARTS[name]()
        head, rest = text.split(begin, 1)
        README.write_text(f"{head}{begin}\n{body}\n{end}{rest.split(end, 1)[1]}")


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
