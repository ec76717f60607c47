"""What PyTorch answered, frozen, and whether this engine still answers so: no torch is needed.

`python -m minitorch_np.testing.conformance [OP ...]` runs calls of PyTorch's own op database that
were recorded with their values, dtypes, shapes, strides, offsets, aliases, gradients and errors.
"""

import base64
import importlib.resources
import json
import lzma
import math
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from minitorch_np import dtypes
from minitorch_np.shapes import Size
from minitorch_np.storage import allocate
from minitorch_np.tensor import Tensor, over

__all__ = ["Case", "Frozen", "check", "load", "main"]

Json = Any
"""What the file holds: numbers, texts, lists, and a mapping of one key for all else."""
Value = Any
"""What an op takes or returns."""

TOLERANCE = {
    "float16": (4e-3, 4e-3),
    "bfloat16": (3e-2, 3e-2),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
}
"""(relative, absolute) by dtype; PyTorch's kernels round half types between their steps."""
SEED = 1234

LIBRARY: Value = sys.modules["minitorch_np"]
"""The namespace that calls are looked up in: whole, for this module is nobody's import."""


@dataclass(frozen=True, slots=True)
class Case:
    """One call, and what PyTorch made of it: results or an error, and gradients."""

    op: str
    call: str
    """The dotted name of the function, below the package."""
    args: Sequence[Json] = ()
    kwargs: Mapping[str, Json] = field(default_factory=dict[str, Json])
    result: Json = None
    error: str = ""
    alias: Sequence[Sequence[int]] = ()
    """Pairs of a result and an input that share memory."""
    cotangents: Sequence[Json] = ()
    grads: Sequence[Json] = ()
    loose: float = 1.0
    """How many times the tolerance is allowed."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A recording: the version of PyTorch, and its cases."""

    torch: str
    cases: list[Case]


def load(version: str = "2.15") -> Frozen:
    """The recording made with a version of PyTorch. Raises: FileNotFoundError."""
    name = f"torch-{version}.json.xz"
    folder = importlib.resources.files("minitorch_np.testing") / "frozen"
    found = json.loads(lzma.decompress((folder / name).read_bytes()))
    return Frozen(found["torch"], [Case(**case) for case in found["cases"]])


def thawed(value: Json) -> Value:
    """The value that a piece of the file stands for."""
    if isinstance(value, list):
        return [thawed(v) for v in cast("list[Json]", value)]
    if not isinstance(value, dict):
        return value
    ((kind, of),) = cast("dict[str, Json]", value).items()
    if kind == "tensor":
        return _tensor(*of)
    if kind == "tuple":
        return tuple([thawed(v) for v in of])
    if kind == "dict":
        return {k: thawed(v) for k, v in of.items()}
    if kind == "slice":
        return slice(*[thawed(v) for v in of])
    if kind == "size":
        return Size(of)
    return ... if kind == "ellipsis" else getattr(LIBRARY, of)


def _tensor(
    dtype: str, shape: list[int], stride: list[int], offset: int, raw: str, wants: bool
) -> Tensor:
    data = base64.b64decode(raw)
    storage = allocate(len(data))
    storage.bytes()[:] = np.frombuffer(data, np.uint8)
    kind = next(d for d in dtypes.ALL if d.name == dtype)
    made = over(storage, tuple(shape), tuple(stride), offset, kind)
    if wants:
        made.requires_grad = True
    return made


def tensors_in(value: Value) -> list[Tensor]:
    """Every tensor in a value of any nesting."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        return tensors_in(list(cast("Mapping[str, Value]", value).values()))
    if isinstance(value, (tuple, list)):
        return [t for v in cast("Sequence[Value]", value) for t in tensors_in(v)]
    return []


def check(case: Case) -> str:
    """How a case differs from what PyTorch answered, in words; '' where it does not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _checked(case)


def _checked(case: Case) -> str:
    args, kwargs = thawed(case.args), {k: thawed(v) for k, v in case.kwargs.items()}
    inputs = tensors_in([args, kwargs])
    LIBRARY.manual_seed(SEED)
    try:
        function = LIBRARY
        for part in case.call.split("."):
            function = getattr(function, part)
        result = function(*args, **kwargs)
    except Exception as error:  # noqa: BLE001  compared with the one that PyTorch raised
        told = f"{type(error).__name__}: {error}".replace("minitorch_np", "torch")
        return "" if told == case.error else f"raised {told}, not {case.error or 'a result'}"
    if case.error:
        return f"did not raise {case.error}"
    found = list(_differences(result, thawed(case.result), "result", case.loose))
    shared = {(i, j) for i, x in enumerate(tensors_in(result)) for j, y in enumerate(inputs)
              if x.numel() and y.numel() and _place(x) == _place(y)}  # fmt: skip
    if shared != {(i, j) for i, j in case.alias}:
        found.append(f"shares memory {sorted(shared)}, not {list(case.alias)}")
    if not found and case.cotangents:
        found += _gradients(case, result, inputs)
    return found[0] if found else ""


def _place(t: Tensor) -> int:
    return t.untyped_storage().data_ptr()


def _gradients(case: Case, result: Value, inputs: Sequence[Tensor]) -> Iterator[str]:
    outs = [t for t in tensors_in(result) if t.requires_grad]
    leaves = [t for t in inputs if t.requires_grad]
    grads = LIBRARY.autograd.grad(
        outs, leaves, [thawed(c) for c in case.cotangents], allow_unused=True
    )
    for i, (mine, theirs) in enumerate(zip(grads, thawed(list(case.grads)), strict=True)):
        yield from _differences(mine, theirs, f"gradient {i}", case.loose)


def _differences(mine: Value, theirs: Value, where: str, loose: float) -> Iterator[str]:
    if isinstance(theirs, Tensor) and isinstance(mine, Tensor):
        yield from _facts(mine, theirs, where, loose)
    elif isinstance(theirs, (tuple, list)) and isinstance(mine, (tuple, list)):
        pairs = cast("Sequence[Value]", mine), cast("Sequence[Value]", theirs)
        if len(pairs[0]) != len(pairs[1]):
            yield f"{where}: {len(pairs[0])} results, not {len(pairs[1])}"
        for i, (x, y) in enumerate(zip(*pairs, strict=False)):
            yield from _differences(x, y, f"{where}[{i}]", loose)
    elif not _alike(mine, theirs):
        yield f"{where}: {mine!r}, not {theirs!r}"


def _alike(mine: Value, theirs: Value) -> bool:
    """Whether two values that are no tensors agree."""
    if isinstance(mine, float) and isinstance(theirs, float):
        both_nan = math.isnan(mine) and math.isnan(theirs)
        return both_nan or mine == theirs or abs(mine - theirs) <= 1e-5 + 1.3e-6 * abs(theirs)
    return bool(mine == theirs)


def _facts(mine: Tensor, theirs: Tensor, where: str, loose: float) -> Iterator[str]:
    for name in ("dtype", "shape", "stride", "storage_offset"):
        x, y = getattr(mine, name), getattr(theirs, name)
        x, y = (x(), y()) if callable(x) else (x, y)
        if x != y:
            yield f"{where}: {name} {x}, not {y}"
            return
    a, b = mine.array, theirs.array
    if not theirs.dtype.is_floating_point:
        fine = np.asarray(a == b)
    else:
        relative, absolute = TOLERANCE[theirs.dtype.name]
        a, b = a.astype(np.float64), b.astype(np.float64)
        with np.errstate(all="ignore"):
            close = np.abs(a - b) <= loose * (absolute + relative * np.abs(b))
        fine = close | (a == b) | (np.isnan(a) & np.isnan(b))
    if not np.all(fine):
        yield f"{where}: {np.asarray(a)[~fine][0]}, not {np.asarray(b)[~fine][0]}"


def main(names: Sequence[str]) -> int:
    """Runs the recording; status 1 if an answer differs, 2 for an op that is not in it."""
    frozen = load()
    unknown = set(names) - {case.op for case in frozen.cases}
    if unknown:
        print(f"error: no op {min(unknown)!r} in the recording", file=sys.stderr)
        return 2
    chosen = [c for c in frozen.cases if not names or c.op in names]
    differ = 0
    for case in chosen:
        told = check(case)
        if told:
            differ += 1
            print(f"{case.op}: {told}")
    ops = len({case.op for case in chosen})
    print(
        f"{len(chosen) - differ} of {len(chosen)} calls of {ops} ops answer as PyTorch "
        f"{frozen.torch} did"
    )
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
