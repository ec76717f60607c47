"""Everything that can be told from a tensor, of either library, as plain values to compare."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from experiments.conformance.bridge import plain, values
from experiments.conformance.compare import TOLERANCE

__all__ = ["Facts", "facts", "history", "unlike", "unlike_values"]

Facts = dict[str, Any]
Array = NDArray[Any]
DERIVED = "derivative"
"""Marks a node that going backward has left; how a derivative is computed is not compared, but what
it is, and its own derivative."""
DEPTH = 4
"""How many nodes down a history is compared."""
SLACK = 8
"""So many times what one op's result is allowed, for a whole program; and as much of 1, for numbers
of about 1 may cancel."""


def attempt(look: Callable[[], Any]) -> Any:
    """What a look gives, or the error that it raises."""
    try:
        return look()
    except Exception as error:  # noqa: BLE001  # compared with the other library's
        return f"{type(error).__name__}: {plain(str(error))}"


def history(node: Any, depth: int = DEPTH) -> str:
    """A node and those below it: names, and which output of each a gradient comes for."""
    if node is None:
        return "-"
    name = str(node.name())
    if DERIVED in node.metadata:
        return DERIVED
    if not depth:
        return name
    below = [f"{nr}:{history(child, depth - 1)}" for child, nr in node.next_functions]
    return f"{name}({', '.join(below)})"


def named(tensor: Any, names: Mapping[str, Any]) -> str:
    """Which of the known tensors a tensor is."""
    if tensor is None:
        return "-"
    return next((name for name, known in names.items() if known is tensor), "unnamed")


def facts(t: Any, names: Mapping[str, Any], *, history_too: bool = True) -> Facts:
    """What is to be seen of a tensor; `names` has the program's tensors, for its base."""
    found: Facts = {
        "dtype": str(t.dtype), "shape": tuple(t.shape), "stride": tuple(t.stride()),
        "offset": t.storage_offset(), "version": attempt(lambda: t._version),
        "class": type(t).__name__,
    }  # fmt: skip
    if history_too:
        found["history"] = attempt(lambda: history(t.grad_fn))
        found["is_leaf"] = attempt(lambda: t.is_leaf)
        found["output_nr"] = t.output_nr
        found["retains_grad"] = t.retains_grad
        found["requires_grad"] = t.requires_grad
        found["base"] = named(t._base, names)
        found["is_inference"] = t.is_inference()
    # a copy, for NumPy would own the memory of a tensor that it looks at, and rule out resize_
    found["values"] = values(t.detach().clone() if isinstance(t, torch.Tensor) else t)
    if history_too and (found["is_leaf"] is True or t.retains_grad):
        g = t.grad
        found["grad"] = None if g is None else facts(g, names)
    return found


def unlike(a: Facts, t: Facts, where: str, coarse: str = "float64") -> str | None:
    """The first thing in which two tensors' facts differ, None where they are alike.

    `coarse` is the dtype that the values may have been rounded to before.
    """
    for key, theirs in t.items():
        mine = a[key]
        if key == "values":
            found = unlike_values(mine, theirs, str(t["dtype"]), coarse)
            if found:
                return f"{where}: {found}"
        elif key == "grad" and mine is not None and theirs is not None:
            found = unlike(mine, theirs, f"{where}.{key}", coarse)
            if found:
                return found
        elif mine != theirs:
            return f"{where}.{key}: {shown(mine)} is not {shown(theirs)}"
    return None


def shown(value: Any) -> str:
    """A fact in few words."""
    if isinstance(value, dict):
        return "a tensor"
    return str(value)


def unlike_values(mine: Array, theirs: Array, dtype: str, coarse: str) -> str | None:
    """How values differ by more than rounding."""
    if mine.shape != theirs.shape:
        return f"shape {mine.shape} is not {theirs.shape}"
    if mine.tobytes() == theirs.tobytes():
        return None
    name = dtype.removeprefix("torch.")
    if name not in TOLERANCE:
        return None if np.array_equal(mine, theirs) else f"values {mine} are not {theirs}"
    rtol, _ = max(TOLERANCE[name], TOLERANCE[coarse])
    x, y = mine.astype(np.float64), theirs.astype(np.float64)
    with np.errstate(all="ignore"):
        near = np.abs(x - y) <= SLACK * rtol * (1 + np.abs(y))
    fine = near | (x == y) | (np.isnan(x) & np.isnan(y))
    return None if fine.all() else f"values {x.tolist()} are not {y.tolist()}"


def unlike_logs(mine: Sequence[Any], theirs: Sequence[Any], where: str = "log") -> str | None:
    """How what hooks have seen differs."""
    if len(mine) != len(theirs):
        return f"{where}: {len(mine)} entries are not {len(theirs)}"
    for i, (a, t) in enumerate(zip(mine, theirs, strict=True)):
        at = f"{where}[{i}]"
        if type(t) in (list, tuple):
            found = unlike_logs(a, t, at)
        elif isinstance(t, torch.Tensor):
            found = unlike(facts(a, {}, history_too=False), facts(t, {}, history_too=False), at)
        else:
            found = None if a == t else f"{at}: {a} is not {t}"
        if found:
            return found
    return None
