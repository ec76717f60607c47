"""Writes torch's signatures to minitorch_np/overloads.txt: `python -m tests.torch_overloads`.

Of each function and method that is here, too, and has several; of a call that fits none of them,
PyTorch's error lists them all.
"""

import re
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch

import minitorch_np
from minitorch_np.op import ALIASES, COMPOSITES, REGISTRY
from tests.torch_names import VERSION

C: Any = getattr(torch, "_C")  # noqa: B009  # no name of it is public
NAMESPACES: list[Any] = [C._VariableFunctions, C._nn, C._linalg, C._special]
TARGET = Path(minitorch_np.__file__).with_name("overloads.txt")
UNKNOWN = dict.fromkeys([f"unknown_{nr}" for nr in range(40)], 1)
LEAD = "received an invalid combination of arguments"


def signatures(function: Callable[..., Any]) -> list[str]:
    """The signatures of a function, empty where it has one, or is none of C++."""
    told = refusal(function, **UNKNOWN)
    listed: list[str] = re.findall(r"^ \* (.*)$", told, re.MULTILINE)
    if listed or LEAD not in told:
        return listed
    # of a single one that is shown, it said that the keywords are unknown
    return [refusal(function, *[object()] * 40).partition("but expected ")[2]]


def refusal(function: Callable[..., Any], *args: object, **kwargs: object) -> str:
    """The text with which a function refuses its arguments."""
    try:
        with warnings.catch_warnings(action="ignore"):  # an overload may be deprecated
            function(*args, **kwargs)
    except TypeError as error:
        return str(error)
    return ""


def lines() -> Iterator[str]:
    """A name and a signature each; the name of a method has a dot in front."""
    ours = {*REGISTRY, *COMPOSITES, *ALIASES, *vars(minitorch_np)}
    for name in sorted(ours):
        found = [getattr(space, name) for space in NAMESPACES if hasattr(space, name)]
        yield from [f"{name} {s}" for s in (signatures(found[0]) if found else ())]
    methods = {*dir(minitorch_np.Tensor)} & {*dir(C.TensorBase)}
    for name in sorted(methods):
        method = getattr(C.TensorBase, name)
        if callable(method) and not name.startswith("__"):
            yield from [f".{name} {s}" for s in signatures(partial(method, torch.ones(1)))]


def text() -> str:
    """The version, then one line a signature."""
    return "\n".join([f"version: {VERSION}", *lines()]) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text())
