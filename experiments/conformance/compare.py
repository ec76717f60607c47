"""Property by property, whether a result of ours is torch's."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from experiments.conformance.bridge import plain, tensors_in, values
from minitorch_np.tensor import Tensor

__all__ = ["FACTS", "TOLERANCE", "Differences", "aliases", "facts", "result"]

TOLERANCE = {
    "float16": (2e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
}
"""(relative, absolute) by dtype: torch.testing's defaults, but that two units of the last place are
allowed to float16, too, for PyTorch's vectors and scalars round differently there."""

FACTS = ("value", "dtype", "shape", "stride", "offset", "node")
"""What a tensor is compared by."""

Differences = dict[str, str]
"""Of each property that was compared, the first difference in words; '' where there is none."""


def result(
    a: Any, t: Any, found: Differences, where: str, *,
    facts_of: Sequence[str] = FACTS, tolerance: tuple[float, float] | None = None,
) -> None:  # fmt: skip
    """Compares results of any nesting, and notes the first difference of each property."""
    if isinstance(t, torch.Tensor):
        if isinstance(a, Tensor):
            facts(a, t, found, where, facts_of, tolerance)
        else:
            note(found, "value", f"{where}: {type(a).__name__} is no Tensor")
    elif isinstance(t, (tuple, list)):
        _sequences(a, t, found, where, facts_of, tolerance)
    elif isinstance(t, Mapping):
        note(found, "value", "" if list(a) == list(t) else f"{where}: keys {list(a)}")
        for key in t:
            result(a[key], t[key], found, f"{where}[{key!r}]", facts_of=facts_of)
    else:
        note(found, "value", "" if alike(a, t) else f"{where}: {a!r}, not {t!r}")


def _sequences(
    a: Any, t: Any, found: Differences, where: str, facts_of: Sequence[str],
    tolerance: tuple[float, float] | None,
) -> None:  # fmt: skip
    if not isinstance(a, (tuple, list)) or len(a) != len(t):
        note(found, "value", f"{where}: {type(a).__name__}, not {len(t)} results")
        return
    if type(t).__module__ == "torch.return_types":
        fields = [n for n in dir(t) if isinstance(getattr(t, n), torch.Tensor)]
        lacking = [n for n in fields if not hasattr(a, n)]
        note(found, "value", f"{where}: no field {lacking[0]}" if lacking else "")
    for i, (x, y) in enumerate(zip(a, t, strict=True)):
        result(x, y, found, f"{where}[{i}]", facts_of=facts_of, tolerance=tolerance)


def note(found: Differences, name: str, difference: str) -> None:
    """Counts a property as compared, and keeps its first difference."""
    found[name] = found.get(name) or difference


def alike(a: Any, t: Any) -> bool:
    """Whether two values that are no tensors agree."""
    if isinstance(t, float) and isinstance(a, float):
        return a == t or (a != a and t != t) or abs(a - t) <= 1e-5 + 1.3e-6 * abs(t)
    if isinstance(t, (torch.dtype, torch.device, str)):
        return plain(str(a)) == plain(str(t))
    return bool(a == t)


def facts(
    a: Tensor, t: torch.Tensor, found: Differences, where: str, wanted: Sequence[str],
    tolerance: tuple[float, float] | None = None,
) -> None:  # fmt: skip
    """Compares two tensors by the wanted facts."""
    mine: dict[str, Any] = {
        "dtype": str(a.dtype),
        "shape": tuple(a.shape),
        "stride": a.stride(),
        "offset": a.storage_offset(),
        "node": a.grad_fn.name() if a.grad_fn else None,
    }
    theirs: dict[str, Any] = {
        "dtype": str(t.dtype),
        "shape": tuple(t.shape),
        "stride": t.stride(),
        "offset": t.storage_offset(),
        "node": t.grad_fn.name() if t.grad_fn else None,
    }
    for name in wanted:
        if name == "value":
            difference = _value(a, t, tolerance)
        else:
            same = mine[name] == theirs[name]
            difference = "" if same else f"{name} {mine[name]}, not {theirs[name]}"
        note(found, name, difference and f"{where}: {difference}")


def _value(a: Tensor, t: torch.Tensor, tolerance: tuple[float, float] | None) -> str:
    if tuple(a.shape) != tuple(t.shape) or str(a.dtype) != str(t.dtype):
        return f"a {a.dtype} of {list(a.shape)}, not a {t.dtype} of {list(t.shape)}"
    x, y = values(a), values(t)
    fine = x == y
    if t.dtype.is_floating_point and not fine.all():
        rtol, atol = tolerance or TOLERANCE[str(t.dtype).removeprefix("torch.")]
        with np.errstate(all="ignore"):
            x, y = x.astype(np.float64), y.astype(np.float64)
            fine |= np.abs(x - y) <= atol + rtol * np.abs(y)
            fine |= np.isnan(x) & np.isnan(y)
    if fine.all():
        return ""
    at = tuple(int(i) for i in np.argwhere(~fine)[0])
    return f"{x[at].item()!r} at {list(at)}, not {y[at].item()!r}"


def aliases(a: Any, t: Any, mine: Sequence[Any], theirs: Sequence[Any], found: Differences) -> None:
    """Compares which tensors share memory with which: results with inputs, and with each other."""
    ours, other = tensors_in(a), tensors_in(t)
    if len(ours) != len(other):
        note(found, "alias", f"{len(ours)} tensors, not {len(other)}")
        return
    note(found, "alias", "")
    for i, (x, y) in enumerate(zip(ours, other, strict=True)):
        for j, (p, q) in enumerate(zip(mine, theirs, strict=True)):
            _pair(x, y, p, q, f"result {i} and input {j}", found)
        for j in range(i):
            _pair(x, y, ours[j], other[j], f"results {i} and {j}", found)


def _pair(x: Any, y: Any, p: Any, q: Any, which: str, found: Differences) -> None:
    if (x is p) != (y is q):
        note(found, "alias", f"{which} are{'' if x is p else ' not'} one tensor")
    if y.numel() and q.numel():
        shared = y.untyped_storage().data_ptr() == q.untyped_storage().data_ptr()
        got = x.untyped_storage().data_ptr() == p.untyped_storage().data_ptr()
        if shared != got:
            note(found, "alias", f"{which}{'' if got else ' do not'} share memory")
