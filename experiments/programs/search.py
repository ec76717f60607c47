"""Programs from a seed, and the shortest part of one that still shows a difference."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from experiments.programs.lockstep import Abandoned, Difference, Line, Lockstep, same_text
from experiments.programs.vocabulary import (
    DIMS,
    DTYPES,
    FORMS,
    INDICES,
    KINDS,
    NUMBERS,
    WRITING,
    leaf,
)

__all__ = ["Finding", "difference", "filled", "program", "shrunk", "within", "written"]

LENGTHS = (6, 8, 10, 12, 14, 16, 20, 30)
"""How many statements a program may have."""
IN_INFERENCE = ("view", "write", "named", "scatter")
"""Kinds of statements for inference mode; what makes tensors there makes inference tensors, which
PyTorch's composites take for others, and which want a gradient without any way to have it."""

USES = re.compile(r"\bhooked\(|\bh\.|\b[A-Z]\w+\.apply\(")
"""What has its names from `custom.py`."""

Alike = Callable[[str, str], bool]


class Finding(NamedTuple):
    """A program, and how the libraries differ at its end."""

    lines: list[Line]
    kind: str
    text: str
    each: bool
    """Whether everything was compared after each statement, or only at the end."""


def statement(
    kind: str, rng: random.Random, shapes: dict[str, tuple[int, ...]], fresh: int
) -> Line:
    """A statement of a kind about tensors of the program; `fresh` numbers the first new name."""
    form = leaf(rng) if kind == "leaf" else rng.choice(FORMS[kind])
    x = chosen(rng, list(shapes))
    places = {
        "index": rng.choice(INDICES), "x": x, "y": fellow(rng, x, shapes),
        "z": fellow(rng, x, shapes), "new": f"t{fresh}", "new2": f"t{fresh + 1}",
        "d": rng.choice(DIMS), "n": rng.choice(NUMBERS), "dtype": rng.choice(DTYPES),
    }  # fmt: skip
    return filled(form, kind, places)


def filled(form: str, kind: str, places: Mapping[str, str]) -> Line:
    """A statement with its places filled, the subscript first, which has places of its own."""
    text = form.replace("{index}", places["index"])
    others = tuple(places[p] for p in ("y", "z") if f"{{{p}}}" in text)
    for place, value in places.items():
        text = text.replace(f"{{{place}}}", value)
    writes = kind in WRITING or (kind == "custom" and ("Dirty" in text or "_(" in text))
    return Line(text, kind, places["x"] if writes else "", others)


def chosen(rng: random.Random, names: Sequence[str]) -> str:
    """One of the tensors, a late one rather than an early one."""
    return names[-1 - min(int(rng.expovariate(0.35)), len(names) - 1)]


def fellow(rng: random.Random, x: str, shapes: dict[str, tuple[int, ...]]) -> str:
    """Another tensor, mostly one of the same shape."""
    alike = [name for name, shape in shapes.items() if shape == shapes[x]]
    return rng.choice(alike if rng.random() < 0.6 else list(shapes))


def program(seed: int, alike: Alike = same_text) -> Finding | None:
    """The difference that a program shows, which grows by a statement at a time; None for none."""
    rng = random.Random(seed)
    step = Lockstep(alike)
    each = rng.random() < 0.6
    lines: list[Line] = []
    kinds, weights = list(KINDS), list(KINDS.values())
    fresh = 0
    try:
        for at in range(rng.choice(LENGTHS)):
            kind = "leaf" if at < 2 or not step.shapes else rng.choices(kinds, weights)[0]
            line = statement(kind, rng, step.shapes or {"": ()}, fresh)
            fresh += 2
            lines.append(within(line, mode(rng)) if at > 1 else line)
            step.run(lines[-1])
            step.compare(histories=each)
        step.compare()
    except Difference as found:
        return Finding(lines, found.kind, str(found), each)
    except Abandoned:
        return None
    finally:
        step.close()
    return None


def mode(rng: random.Random) -> str:
    """A context that sets the grad mode, mostly none."""
    chance = rng.random()
    if chance > 0.12:
        return ""
    return "no_grad" if chance > 0.04 else "inference_mode" if chance > 0.015 else "enable_grad"


def within(line: Line, context: str) -> Line:
    """A statement in a context, where it may stand there."""
    copies = line.kind == "view" and re.search(
        r"\[|reshape|flatten|contiguous|dtype|view\(torch", line.text
    )
    if not context or (context == "inference_mode" and (copies or line.kind not in IN_INFERENCE)):
        return line
    rest = line.text.removeprefix("with ")
    joint = ": " if rest == line.text else ", "
    return line._replace(text=f"with torch.{context}(){joint}{rest}")


def difference(
    lines: Sequence[Line], each: bool, alike: Alike = same_text
) -> tuple[str, str, int] | None:
    """The first difference that a program shows: its kind, its text, and after how many lines."""
    step = Lockstep(alike)
    at = 0
    try:
        for at, line in enumerate(lines):  # noqa: B007  # told where it stopped
            step.run(line)
            step.compare(histories=each)
        step.compare()
    except Difference as found:
        return found.kind, str(found), at + 1
    except Abandoned:
        return None
    finally:
        step.close()
    return None


def shrunk(found: Finding, alike: Alike = same_text) -> Finding:
    """The finding with every line left out that it does without."""
    lines, text = found.lines, found.text
    size = max(1, len(lines) // 2)
    while True:
        smaller = False
        for start in range(len(lines) - size, -1, -size):
            fewer = lines[:start] + lines[start + size :]
            again = difference(fewer, found.each, alike)
            if again is not None and again[0] == found.kind:
                lines, text, smaller = fewer[: again[2]], again[1], True
                break
        if not smaller:
            if size == 1:
                return found._replace(lines=lines, text=text)
            size //= 2


def written(found: Finding) -> str:
    """The finding as code that runs with either library."""
    head = ["import torch  # or: import minitorch_np as torch"]
    text = "\n".join(line.text for line in found.lines)
    if "log" in text or USES.search(text):
        head.append("log = []")
    if USES.search(text):
        head.append("from experiments.programs.custom import names")
        head.append("globals().update(names(torch, log))")
    when = "" if found.each else ", histories looked at only then"
    return "\n".join([*head, *[line.text for line in found.lines], f"# {found.text}{when}"])
