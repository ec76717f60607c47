"""Writes torch's signatures to minitorch_np/overloads.txt: `python -m tests.torch_overloads`.

Of each function and method that is here, too. Where there are several, PyTorch's error for a call
that fits none of them lists them all; of a single one it is asked, parameter by parameter.
"""

import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from types import FunctionType
from typing import Any

import torch

import minitorch_np
from minitorch_np import linalg, special
from minitorch_np.op import ALIASES, COMPOSITES, REGISTRY
from minitorch_np.overloads import parameters_of
from tests.torch_names import VERSION

C: Any = getattr(torch, "_C")  # noqa: B009  # no name of it is public
NAMESPACES: list[Any] = [C._VariableFunctions, C._nn, C._linalg, C._special]
TARGET = Path(minitorch_np.__file__).with_name("overloads.txt")
UNKNOWN = dict.fromkeys([f"unknown_{nr}" for nr in range(40)], 1)
LEAD = "received an invalid combination of arguments"
STORAGE = torch.ones(1).untyped_storage()
VALID: dict[str, object] = {
    "Tensor": torch.ones(1), "tuple of Tensors": [torch.ones(1)], "int": 1, "tuple of ints": (1,),
    "float": 1.0, "tuple of floats": (1.0,), "Number": 1, "bool": True, "str": "a",
    "torch.dtype": torch.float32, "torch.device": "cpu",
    "torch.Storage": STORAGE, "torch.Generator": torch.Generator(), "torch.layout": torch.strided,
    "torch.memory_format": torch.contiguous_format, "object": torch.float32,
}  # fmt: skip
"""One value of each kind of parameter."""
OPTIONS = "dtype layout device pin_memory requires_grad memory_format generator".split()
"""What is only given by name, beside the parameters that are so in this library's functions."""
APART = {"nonzero"}
"""Of which a function written by hand takes some calls itself."""


def signatures(function: Callable[..., Any]) -> list[str]:
    """The signatures of a function behind a space, or a colon if it is alone; none outside C++."""
    if "takes no arguments (1 given)" in refusal(function, object()):
        return [": none"]
    told = refusal(function, **UNKNOWN)
    listed: list[str] = re.findall(r"^ \* (.*)$", told, re.MULTILINE)
    if listed:
        return [f" {one}" for one in listed]
    told = refusal(function, *[object()] * 40)
    if LEAD in told:
        return [f" {told.partition('but expected ')[2]}"]
    found = re.search(r"takes (?:from (\d+) to )?(\d+) positional", told)
    return single(function, int(found[1] or found[2]), int(found[2])) if found else []


def single(function: Callable[..., Any], least: int, most: int) -> list[str]:
    """The only signature of a function that takes from `least` to `most` arguments by position;
    none where it takes any object."""
    parts: list[str] = []
    values: list[object] = []
    for at in range(most):
        kind, name = asked(function, *values, object())
        if not kind:
            return []
        also = told_taken(kind, name, partial(function, *values))
        parts.append(f"{kind}{also} {name}{' = ...' if at >= least else ''}")
        values.append(VALID[kind])
    ask = partial(function, *values, **needed(function, *values))
    left = {name: object() for name in by_name() if asked(ask, **{name: object()})[1]}
    parts += ["*"] if left else []
    while left:
        kind, name = asked(ask, **left)
        del left[name]
        also = told_taken(kind, name, ask)
        parts.append(f"{kind}{also} {name}{'' if name in ask.keywords else ' = ...'}")
    return [f": ({', '.join(parts)})"]


@cache
def by_name() -> list[str]:
    """What parameters are called that are only given by name."""
    ours = [*COMPOSITES.values(), *[one.function for one in REGISTRY.values()]]
    ours += [f for space in (linalg, special) for f in vars(space).values()]
    found = [f for f in (*ours, *vars(minitorch_np).values()) if isinstance(f, FunctionType)]
    given = [p for f in found for p in inspect.signature(f).parameters.values()]
    return sorted({*OPTIONS, *[p.name for p in given if p.kind is p.KEYWORD_ONLY]})


def needed(function: Callable[..., Any], *args: object) -> dict[str, object]:
    """Values of the parameters that must be given by name."""
    found: dict[str, object] = {}
    for name in re.findall(r'"(\w+)"', refusal(function, *args)):
        found[name] = VALID[asked(function, *args, **{name: object()})[0]]
    return found


def asked(function: Callable[..., Any], *args: object, **kwargs: object) -> tuple[str, str]:
    """Kind and name of the parameter that a call has a wrong value for; empty where it has none."""
    told = refusal(function, *args, **kwargs)
    found = re.search(r"argument '(\w+)'(?: \(position \d+\))? must be ([\w. ]+?), not", told)
    return (found[2], found[1]) if found else ("", "")


def told_taken(kind: str, name: str, function: Callable[..., Any]) -> str:
    """What else a parameter takes: '[1]' one int for several, '?' None. It is given by name, for
    one that is alone takes several ints that stand apart, too."""
    taken = ""
    if kind in ("tuple of ints", "tuple of floats") and asked(function, **{name: 1})[1] != name:
        taken = "[1]"
    return taken if asked(function, **{name: None})[1] == name else f"{taken}?"


def refusal(function: Callable[..., Any], *args: object, **kwargs: object) -> str:
    """The text with which a function refuses its arguments."""
    try:
        with warnings.catch_warnings(action="ignore"):  # an overload may be deprecated
            function(*args, **kwargs)
    except TypeError as error:
        return str(error)
    except (RuntimeError, IndexError, ValueError):  # of arguments that it took
        return ""
    return ""


def overload(name: str, function: Callable[..., Any], text: str) -> str:
    """'/' and ATen's name for the overload with a signature, which writes to its tensor; '' if it
    has none. Who captured that tensor is told the name."""
    if not name.endswith("_") or name.endswith("__"):
        return ""
    kind, _, signature = text.partition(" ")
    parameters = parameters_of(signature, alone=bool(kind))
    args = [VALID[p.kind] for p in parameters if not p.keyword]
    kwargs = {p.name: VALID[p.kind] for p in parameters if p.keyword and p.default is None}
    told = ""

    def writes(x: torch.Tensor) -> torch.Tensor:
        nonlocal told
        try:
            function(*args, **kwargs)
        except RuntimeError as error:
            told = str(error)
        return x.sum()

    torch.func.grad(writes)(torch.ones(1))
    found = re.search(r"\(aten::\w+\.(\w+)\)", told)
    return f"/{found[1]}" if found else ""


def lines() -> Iterator[str]:
    """A name and a signature each; the name of a method has a dot in front."""
    ours = {*REGISTRY, *COMPOSITES, *ALIASES, *vars(minitorch_np)}
    ours |= {one.plan.aten for one in REGISTRY.values()}
    ours |= {f"linalg_{n}" for n in linalg.__all__} | {f"special_{n}" for n in special.__all__}
    for name in sorted(ours - APART):
        found = [getattr(space, name) for space in NAMESPACES if hasattr(space, name)]
        for one in signatures(found[0]) if found else ():
            yield f"{name}{overload(name, found[0], one)}{one}"
    methods = {*dir(minitorch_np.Tensor)} & {*dir(C.TensorBase)}
    for name in sorted(methods):
        method = getattr(C.TensorBase, name)
        if callable(method) and not name.startswith("__"):
            bound = partial(method, torch.ones(1))
            yield from [f".{name}{overload(name, bound, one)}{one}" for one in signatures(bound)]


def text() -> str:
    """The version, then one line a signature."""
    return "\n".join([f"version: {VERSION}", *lines()]) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text())
