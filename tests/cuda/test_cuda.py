"""Ours on the CPU beside PyTorch on a GPU: every op once per dtype, every experiment in lock-step.

Each test skips itself where PyTorch sees no GPU. MINITORCH_CUDA_TESTS_ON=cpu runs the same code
with PyTorch on the CPU in the GPU's place, which shows that it works before a GPU is at hand.
"""

import os
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

import minitorch_np
from experiments import data
from experiments.harness import engines, runner
from experiments.harness.engines import Engine
from experiments.harness.lockstep import lockstep
from experiments.harness.verdict import BIT_EQUAL, EVENT, WITHIN
from minitorch_np.tensor import Tensor
from tests import samples, versions
from tests.oracle import DTYPES, assert_values, ours, tensors_in
from tests.samples import Sample

pytestmark = pytest.mark.cuda

DEVICE = os.environ.get("MINITORCH_CUDA_TESTS_ON", "cuda")

TOLERANCE = {
    "float16": (4e-3, 4e-3),
    "bfloat16": (3e-2, 3e-2),
    "float32": (2e-5, 2e-5),
    "float64": (1e-7, 1e-7),
}
"""(relative, absolute) by dtype. A GPU adds in another order, and CUDA documents errors of up to 4
units in the last place for the float32 functions of one argument; inputs are of size 1 to 5."""

FINE = {BIT_EQUAL, WITHIN, EVENT}

NAMING = {
    "argmax", "argmin", "argsort", "cummax", "cummin", "kthvalue", "max_dim", "median_dim",
    "min_dim", "nanmedian_dim", "sort", "topk",
}  # fmt: skip
"""Ops whose integers name elements: equal ones may be named by any of their indices."""


def names_equals(s: Sample, dtype: torch.dtype, i: int, count: int) -> bool:
    """Whether result `i` of a sample holds indices, and the inputs, being integers, have ties."""
    return s.op in NAMING and not dtype.is_floating_point and i == min(1, count - 1)


@pytest.fixture(autouse=True)
def gpu():
    """A GPU whose float32 products are float32 products."""
    if DEVICE == "cuda" and not torch.cuda.is_available():
        pytest.skip("PyTorch sees no CUDA GPU here")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer versions have a second spelling, and say so
        before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


def results(s: Sample, library: Any, given: list[Any], cotangents: list[Any] | None) -> list[Any]:
    """Every tensor that a sample returns, then the gradient of each input that has one."""
    out = tensors_in(s.f(library, *given))
    roots = [t for t in out if t.requires_grad]
    leaves = [t for t in given if t.requires_grad]
    if not roots or not leaves or cotangents is None:
        return out
    weights = [cotangents[i] for i, t in enumerate(out) if t.requires_grad]
    return out + list(library.autograd.grad(roots, leaves, weights, allow_unused=True))


def weights_for(out: list[torch.Tensor]) -> list[torch.Tensor]:
    """A random cotangent for each result."""
    generator = torch.Generator().manual_seed(7)
    drawn = [torch.randn(t.shape, generator=generator, dtype=torch.float64) for t in out]
    return [w.to(t.dtype) for w, t in zip(drawn, out, strict=True)]


def moved(t: torch.Tensor) -> torch.Tensor:
    """A tensor of the same geometry on the device."""
    return t.detach().to(DEVICE).requires_grad_(t.requires_grad)


def attempt(s: Sample, dtype: torch.dtype, layouts: tuple[str, ...]) -> list[Any] | str:
    """(ours, PyTorch's on the device, PyTorch's on the CPU) for each result; none where the CPU
    refuses, and what the device says where it refuses alone."""
    given = samples.inputs(s, dtype, (2, 3), layouts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # compared on the CPU
        try:
            there = tensors_in(s.f(torch, *given))
            cotangents = weights_for(there)
            there = results(s, torch, given, cotangents)
        except Exception:  # noqa: BLE001  the CPU tests compare what we say then
            return []
        try:
            theirs = results(s, torch, [moved(t) for t in given], [moved(w) for w in cotangents])
        except Exception as error:  # noqa: BLE001  whichever way the device says no
            return f"refused for {dtype}: {error}"
        mine = results(s, minitorch_np, [ours(t) for t in given], [ours(w) for w in cotangents])
    return list(zip(mine, theirs, there, strict=True))


def judge(s: Sample, dtype: torch.dtype, layouts: tuple[str, ...] = ()) -> list[str]:
    """Where PyTorch on the device parts from PyTorch on the CPU: refusals, and other strides."""
    found = attempt(s, dtype, layouts)
    if isinstance(found, str):
        assert dtype is not torch.float32, found  # CUDA lacks products of integers, for one
        return [found]
    remarks: list[str] = []
    for i, (a, t, c) in enumerate(found):
        where = f"result {i} for {dtype}, {layouts}"
        assert (a is None) == (t is None), f"{where}: {a} != {t}"
        if t is None:
            continue
        assert isinstance(a, Tensor), f"{where}: {type(a)}"
        assert str(a.dtype) == str(t.dtype), f"{where}: dtype {a.dtype} != {t.dtype}"
        assert tuple(a.shape) == tuple(t.shape), f"{where}: shape {a.shape} != {t.shape}"
        if t.stride() != c.stride():
            remarks.append(f"{where}: stride {t.stride()} on {DEVICE}, {c.stride()} on the CPU")
        else:
            assert a.stride() == t.stride(), f"{where}: stride {a.stride()} != {t.stride()}"
        if not s.random and not names_equals(s, dtype, i, len(found)):
            tol = TOLERANCE.get(str(t.dtype).removeprefix("torch."))
            coarse = TOLERANCE.get(str(dtype).removeprefix("torch."))
            assert_values(
                a, t.detach().cpu(), where, False, max(tol, coarse) if tol and coarse else tol
            )
    return remarks


@pytest.mark.parametrize("name, s", [pytest.param(n, s, id=n) for n, s in samples.labelled()])
def test_op(name, s, record_property):
    remarks: list[str] = []
    for dtype in DTYPES:
        how = versions.unlike(name, str(dtype).removeprefix("torch."))
        remarks += [how] if how else judge(s, dtype)
    how = versions.unlike(name, "layouts")
    remarks += [how] if how else judge(s, samples.usual(s), ("transposed",))
    for remark in remarks:
        record_property("remark", remark)


@pytest.fixture(scope="module")
def digits() -> data.Data:
    """The first 50 batches of the digits at hand; nothing is downloaded."""
    found = data.mnist(Path(os.environ.get("MINITORCH_DATA") or "data"))
    found = found or data.digits("tests download nothing")
    return found._replace(
        train_images=found.train_images[:12800], train_labels=found.train_labels[:12800]
    )


@pytest.mark.parametrize("name", runner.EXPERIMENTS)
def test_lockstep(name, digits):
    party = Engine(f"torch-{DEVICE}", torch, "reference", DEVICE)

    def run(engine: Engine, observe: Any) -> Any:
        return engine.program(name).main(digits, device=engine.device, epochs=1, observe=observe)

    tallies = lockstep(engines.ours(), party, run).tallies.values()
    assert tallies
    unlike = {
        t.quantity: (t.verdict, t.ratio, t.step, t.note) for t in tallies if t.verdict not in FINE
    }
    assert unlike == {}
