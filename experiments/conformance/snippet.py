"""A failing sample as a few lines of code that run with either library."""

import inspect
import math
from collections.abc import Callable
from typing import Any

import torch

from experiments.conformance.bridge import found_at
from reference.opdb import Entry, Sample

__all__ = ["snippet"]

MOST = 64
"""Elements that are written out."""


def snippet(entry: Entry, sample: Sample, difference: str, again: str) -> str:
    """The call as code; `again` is the command that repeats it, for tensors too large to write."""
    lines = ["import torch  # or: import minitorch_np as torch"]
    names: dict[int, str] = {}
    try:
        arguments = [_text(a, names, lines) for a in sample.args]
        arguments += [f"{k}={_text(v, names, lines)}" for k, v in sample.kwargs.items()]
    except ValueError:
        return f"{again}\n# {difference}"
    call = f"{_called(entry)}({', '.join(arguments)})"
    return "\n".join([*lines, f"result = {call}", f"# {difference}"])


def _called(entry: Entry) -> str:
    """The function by its public name, or as the database writes it."""
    if found_at(torch, entry.name) is entry.function:
        return f"torch.{entry.name}"
    source = _lambda(entry.function)
    return f"({source})" if source else f"torch.Tensor.{entry.name}"


def _lambda(function: Callable[..., Any]) -> str:
    """The text of a lambda in the database, '' where it cannot be had."""
    try:
        text = " ".join(inspect.getsource(function).split())
    except (OSError, TypeError):
        return ""
    start = text.find("lambda")
    return text[start:].rstrip(",") if start >= 0 and text.startswith("op=") else ""


def _text(value: Any, names: dict[int, str], lines: list[str]) -> str:
    if isinstance(value, torch.Tensor):
        if id(value) not in names:
            names[id(value)] = name = f"x{len(names)}"
            lines.append(f"{name} = {_tensor(value)}")
        return names[id(value)]
    if isinstance(value, (list, tuple)):
        inner = ", ".join(_text(v, names, lines) for v in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    if callable(value) and not isinstance(value, torch.dtype):
        raise ValueError("no text for a function")
    if isinstance(value, (torch.device, str)):
        return repr(str(value))
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    return str(value)


def _tensor(t: torch.Tensor) -> str:
    """Code that makes the tensor, in its layout."""
    if t.numel() > MOST:
        raise ValueError("too large to write out")
    with torch.no_grad():
        data = str(t.tolist()).replace("nan", "float('nan')").replace("inf", "float('inf')")
        text = f"torch.tensor({data}, dtype={t.dtype})"
        if not t.is_contiguous():
            text = (
                f"torch.empty_strided({tuple(t.shape)}, {t.stride()}, dtype={t.dtype})"
                f".copy_({text})"
            )
    return f"{text}.requires_grad_()" if t.requires_grad else text
