"""What is said of arguments that fit no overload: torch is asked with random arguments."""

import collections
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch

import minitorch_np
from experiments.conformance.bridge import plain
from minitorch_np.overloads import NUMPYS, refusal
from tests import torch_overloads, versions
from tests.torch_overloads import C

PINNED = versions.VERSION == (2, 15)
LINES = torch_overloads.TARGET.read_text().splitlines()[1:]
HEADS = [re.split("([/:])", line.partition(" ")[0]) for line in LINES]
ALONE = {name for name, *rest in HEADS if ":" in rest}
LISTED = collections.Counter([name for name, *_ in HEADS])
UNLIKE = {".norm", ".split", ".to", ".unflatten"}
"""Whose methods PyTorch wraps in Python, or that take a number for a tensor of its dtype."""
NAMES = sorted({*LISTED} - UNLIKE)


def values(library: Any) -> list[object]:
    """Arguments of many kinds; the same in both libraries."""
    matrix, number = library.ones(2, 3), library.tensor(2)
    return [
        matrix, matrix, matrix, matrix, number, library.tensor(0.5), 1, 0, 2.5, True, "a", None,
        (0, 1), [1, 0], (1, "a"), (0.5,), (matrix, matrix), library.float32, {}, "floor",
    ]  # fmt: skip


def function(name: str) -> Callable[..., Any]:
    """torch's function or method of a name in the file."""
    if name.startswith("."):
        return getattr(torch.ones(2, 3), name[1:])
    return next(getattr(s, name) for s in torch_overloads.NAMESPACES if hasattr(s, name))


def keywords(name: str) -> list[str]:
    """Names that its parameters have, also in NumPy, and one that none has."""
    lines = [line for line, head in zip(LINES, HEADS, strict=True) if head[0] == name]
    found = {p.partition(" = ")[0].rpartition(" ")[2] for line in lines for p in line.split(", ")}
    known = {n.strip("()") for n in found} - {"*", "out", "", "device", "layout"}
    return sorted(known | {n for n, own in NUMPYS.items() if own in known}) + ["foo"]


def told(name: str, args: list[object], kwargs: dict[str, object]) -> str | None:
    """What torch's parser says of a call; '' where it takes it, None where another part speaks."""
    try:
        text = torch_overloads.refusal(function(name), *args, **kwargs)
    except (RuntimeError, IndexError, ValueError):  # of arguments that it took
        return ""
    return text if not text or text.startswith(f"{name.removeprefix('.')}()") else None


@pytest.mark.skipif(not PINNED, reason="the texts are those of PyTorch 2.15")
@pytest.mark.parametrize("name", NAMES)
def test_refused_as_in_torch(name: str) -> None:
    draw = random.Random(name)
    theirs, ours, names = values(torch), values(minitorch_np), keywords(name)
    # of those that are listed alone others are deprecated, and taken all the same
    hidden = LISTED[name] == 1 and name not in ALONE
    for _ in range(60):
        picked = [draw.randrange(len(ours)) for _ in range(draw.randrange(5))]
        few = draw.sample(names, min(draw.choice([0, 0, 1, 1, 2]), len(names)))
        by_name = {n: draw.randrange(len(ours)) for n in few}
        their_names = {n: theirs[at] for n, at in by_name.items()}
        expected = told(name, [theirs[at] for at in picked], their_names)
        mine = refusal(
            name.removeprefix("."), [ours[at] for at in picked],
            {n: ours[at] for n, at in by_name.items()}, name.startswith("."),
        )  # fmt: skip
        if expected is not None and (expected or not hidden):
            assert (plain(str(mine)) if mine else "") == expected


def test_the_file_is_current() -> None:
    text = torch_overloads.TARGET.read_text()
    if text.splitlines()[0] != f"version: {torch_overloads.VERSION}":
        pytest.skip("written for another version of PyTorch")
    assert text == torch_overloads.text(), "run python -m tests.torch_overloads"


def test_the_namespaces_are_those_of_torch() -> None:
    assert all(hasattr(C, name) for name in ("_VariableFunctions", "_nn", "_linalg", "_special"))
