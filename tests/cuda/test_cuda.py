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

COARSE = {"float16": (4e-2, 4e-2), "bfloat16": (3e-1, 3e-1)}
"""The same for ops in whose kernels a GPU sums half types as such."""

SUMMED_AS_HALVES = {"cat", "grid_sampler_2d", "grid_sampler_3d"}

LACKING = {
    "_histogramdd_from_bin_cts": "there is no kernel",
    "_histogramdd_from_bin_tensors": "there is no kernel",
    "_scaled_dot_product_flash_attention_for_cpu": "it is the CPU's",
    "channel_shuffle": "its view cannot be had of a transposed tensor",
    "histogram": "there is no kernel",
}
"""Ops that a GPU refuses in float32, too, and why."""

WRONG = {("embedding_renorm_", "transposed"): "wrong: a row's elements are taken for neighbours"}
"""Where PyTorch on the GPU is wrong."""

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
    """Where PyTorch on the device parts from PyTorch on the CPU: refusals, dtypes, geometry."""
    found = attempt(s, dtype, layouts)
    if isinstance(found, str):
        assert dtype is not torch.float32 or s.op in LACKING, found
        return [found]
    how = WRONG.get((s.op, " ".join(layouts)))
    if how:
        return [how]
    remarks: list[str] = []
    for i, (a, t, c) in enumerate(found):
        where = f"result {i} for {dtype}, {layouts}"
        assert (a is None) == (t is None), f"{where}: {a} != {t}"
        if t is None:
            continue
        assert isinstance(a, Tensor), f"{where}: {type(a)}"
        mine, there, here = facts(a), facts(t), facts(c)
        for fact, found_there in there.items():
            if found_there != here[fact]:
                told = f"{fact} {found_there} on {DEVICE}, {here[fact]} on the CPU"
                remarks.append(f"{where}: {told}")
            else:
                told = f"{where}: {fact} {mine[fact]} != {found_there}"
                assert mine[fact] == found_there, told
        if not (s.random or names_equals(s, dtype, i, len(found))) and t.shape == c.shape:
            assert_values(a, t.detach().cpu().to(c.dtype), where, False, tolerance(s, dtype, c))
    return remarks


def facts(t: Any) -> dict[str, str]:
    """What two tensors agree in before their values are compared."""
    return {"dtype": str(t.dtype), "shape": str(tuple(t.shape)), "stride": str(t.stride())}


def tolerance(s: Sample, dtype: torch.dtype, result: torch.Tensor) -> tuple[float, float] | None:
    """(relative, absolute) of a result: the coarser of its own dtype's and of the inputs'."""
    table = TOLERANCE | COARSE if s.op in SUMMED_AS_HALVES else TOLERANCE
    own = table.get(str(result.dtype).removeprefix("torch."))
    given = table.get(str(dtype).removeprefix("torch."))
    return max(own, given) if own and given else own


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
