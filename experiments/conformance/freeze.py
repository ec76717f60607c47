"""Records a small part of the database, with PyTorch's answers, for where no torch is installed."""

import base64
import json
import lzma
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from experiments.conformance import scope
from experiments.conformance.bridge import Unshared, bytes_of, found_at, plain, tensors_in, twin
from experiments.conformance.bridge import mapped as mapped_over
from experiments.conformance.run import noncontiguous
from minitorch_np.testing.conformance import SEED, Case, check
from reference.opdb import VERSION, Entry, Sample, seed

__all__ = ["freeze"]

FOLDER = Path(__file__).resolve().parents[2] / "minitorch_np" / "testing" / "frozen"
SAMPLES = {torch.float32: 6, torch.float64: 2, torch.bfloat16: 1, torch.int64: 2, torch.bool: 1}
"""Samples of each dtype; an op that takes neither is recorded in the first that it takes."""
ERRORS = 2
MOST = 160
"""Elements of all arguments of a call that is recorded."""


def freeze() -> str:
    """Writes the recording; what it holds, in words."""
    cases = [case for entry in scope.in_scope() for case in recorded(entry)]
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"torch-{VERSION[0]}.{VERSION[1]}.json.xz"
    data = {"torch": torch.__version__.split("+")[0], "cases": [_slim(case) for case in cases]}
    path.write_bytes(lzma.compress(json.dumps(data, separators=(",", ":")).encode(), preset=9))
    size = path.stat().st_size
    ops = len({case.op for case in cases})
    return f"{path.name}: {len(cases)} calls of {ops} ops, {size / 1e6:.2f} MB"


def _slim(case: Case) -> dict[str, Any]:
    empty = asdict(Case("", ""))
    return {k: v for k, v in asdict(case).items() if v != empty[k]}


def recorded(entry: Entry) -> list[Case]:
    """The cases of one entry that can be written down and that the engine answers alike."""
    name = entry.full_name
    if scope.undefined(name):
        return []
    samples = [s for sample in _chosen(entry) for s in (sample, noncontiguous(sample)) if s]
    cases = [_record(entry, sample) for sample in samples]
    cases += [_record(entry, s) for s, _ in zip(entry.refused(), range(ERRORS), strict=False)]
    return [case for case in cases if case is not None and not check(case)]


def _chosen(entry: Entry) -> list[Sample]:
    """Samples that are small enough to write down, from all of them."""
    found: list[Sample] = []
    dtypes = [d for d in SAMPLES if d in entry.dtypes] or entry.dtypes[:1]
    for dtype in dtypes:
        small = [
            s for s in entry.samples(dtype)
            if sum(t.numel() for t in tensors_in([s.args, s.kwargs])) <= MOST
        ]  # fmt: skip
        count = min(len(small), SAMPLES.get(dtype, 1))
        found += [small[i * len(small) // count] for i in range(count)]
    return found


def _record(entry: Entry, sample: Sample) -> Case | None:
    """The call with what PyTorch answers; None where it cannot be written down."""
    call = _call(entry)
    try:
        args = [frozen(a) for a in sample.args]
        kwargs = {k: frozen(v) for k, v in sample.kwargs.items()}
    except (TypeError, Unshared):
        return None
    if call is None:
        return None
    case = Case(entry.full_name, call, args, kwargs)
    theirs, named = mapped_over((list(sample.args), sample.kwargs), twin, to_ours=False)
    seed(SEED)
    function = found_at(torch, call)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            result = function(*theirs, **named)
        except Exception as error:  # noqa: BLE001  recorded
            return Case(
                case.op, call, args, kwargs, error=plain(f"{type(error).__name__}: {error}")
            )
        try:
            return _answered(case, result, tensors_in([theirs, named]))
        except (TypeError, Unshared, RuntimeError):
            return None


def _answered(case: Case, result: Any, inputs: list[torch.Tensor]) -> Case:
    """The case with the result, what it shares memory with, and gradients."""
    outs = [t for t in tensors_in(result) if t.grad_fn is not None]
    leaves = [t for t in inputs if t.requires_grad]
    alias = [
        [i, j]
        for i, x in enumerate(tensors_in(result))
        for j, y in enumerate(inputs)
        if x.numel() and y.numel()
        and x.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()
    ]  # fmt: skip
    frozen_result = frozen(result)
    cotangents: list[torch.Tensor] = []
    grads: list[Any] = []
    if outs and leaves:
        generator = torch.Generator().manual_seed(7)
        cotangents = [torch.randn(t.shape, generator=generator).to(t.dtype) for t in outs]
        grads = list(torch.autograd.grad(outs, leaves, cotangents, allow_unused=True))
    return Case(
        case.op, case.call, case.args, case.kwargs, frozen_result, "", alias,
        [frozen(c) for c in cotangents], [frozen(g) for g in grads],
    )  # fmt: skip


def _call(entry: Entry) -> str | None:
    """A public name under which the entry can be called; None where it has none."""
    if found_at(torch, entry.name) is entry.function:
        return entry.name
    if getattr(torch.Tensor, entry.name, None) is entry.function:
        return f"Tensor.{entry.name}"
    return None


def frozen(value: Any) -> Any:
    """A value as JSON. Raises: TypeError where it has no place, Unshared for complex numbers."""
    if isinstance(value, torch.Tensor):
        return {"tensor": _tensor(value)}
    if isinstance(value, torch.Size):
        return {"size": list(value)}
    if isinstance(value, tuple):
        return {"tuple": [frozen(v) for v in value]}
    if isinstance(value, list):
        return [frozen(v) for v in value]
    if isinstance(value, Mapping):
        return {"dict": {k: frozen(v) for k, v in value.items()}}
    if isinstance(value, slice):
        return {"slice": [value.start, value.stop, value.step]}
    if value is ...:
        return {"ellipsis": ""}
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, torch.device) and value.type == "cpu":
        return "cpu"
    raise TypeError(f"no place for {value!r}")


def _tensor(t: torch.Tensor) -> list[Any]:
    """dtype, shape, stride, offset, the bytes up to the last element, and whether it is a leaf."""
    if t.is_complex() or t.layout is not torch.strided:
        raise Unshared(str(t.dtype))
    last = t.storage_offset() + sum((n - 1) * s for n, s in zip(t.shape, t.stride(), strict=True))
    raw: np.ndarray[Any, Any] = bytes_of(t)[: (last + 1) * t.element_size() if t.numel() else 0]
    text = base64.b64encode(raw.tobytes()).decode()
    leaf = t.requires_grad and t.is_leaf
    return [
        str(t.dtype).removeprefix("torch."), list(t.shape), list(t.stride()), t.storage_offset(),
        text, leaf,
    ]  # fmt: skip
