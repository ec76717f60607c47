"""Every registered op under vmap: by its rule, or one by one, as a loop over the examples.

Forward with all tensors batched and with each alone, and backward with a batch of first gradients.
What vmap refuses, PyTorch's refuses with the same text.
"""

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np.tensor import Tensor
from tests import samples
from tests.oracle import assert_same, ours, plain, tensors_in, twin, values
from tests.samples import Sample

LABELLED = [(name, s) for name, s in samples.labelled() if not s.random]
SIZE = 3

OWN = {
    "_histogramdd_from_bin_cts": "PyTorch names histogramdd, and that it has no rule",
    "conjugated": "PyTorch calls it conj_physical",
    "nonzero_matrix-2": "PyTorch names nonzero_numpy, and that it has no rule",
}
"""Samples that are refused in other words."""

SAMPLED = pytest.mark.parametrize("name, s", [pytest.param(n, s, id=n) for n, s in LABELLED])


def batch(t: torch.Tensor, seed: int) -> torch.Tensor:
    """A tensor and others of its elements in another order; integers, maybe places, stay."""
    if not t.dtype.is_floating_point:
        return torch.stack([t] * SIZE)
    generator = torch.Generator().manual_seed(seed)
    others = [
        t.flatten()[torch.randperm(t.numel(), generator=generator)].reshape(t.shape)
        for _ in range(SIZE - 1)
    ]
    return torch.stack([t, *others])


def own(tensors: list[torch.Tensor]) -> list[Tensor]:
    """Our tensors with the same elements."""
    return [ours(t.detach().clone()) for t in tensors]


def check_batched(name: str, s: Sample, given: list[torch.Tensor], which: set[int]) -> None:
    """Compare vmap over some tensors with a loop, or its refusal with PyTorch's."""
    stacked = [batch(t, i) if i in which else t for i, t in enumerate(given)]
    dims = tuple([0 if i in which else None for i in range(len(given))])
    refusal: Exception | None = None
    found: list[Any] = []
    try:
        found = tensors_in(minitorch_np.vmap(lambda *t: s.f(minitorch_np, *t), dims)(*own(stacked)))
    except Exception as error:  # noqa: BLE001  # compared with PyTorch's
        refusal = error
    if refusal is not None:
        with pytest.raises(type(refusal)) as theirs:
            torch.vmap(lambda *t: s.f(torch, *t), dims)(*stacked)
        assert name in OWN or plain(str(refusal)) == str(theirs.value)
        return
    rows = [
        tensors_in(
            s.f(minitorch_np, *own([t[at] if i in which else t for i, t in enumerate(stacked)]))
        )
        for at in range(SIZE)
    ]
    for nr, one in enumerate(found):
        close(values(one), np.stack([values(row[nr]) for row in rows]))


def close(a: Any, b: Any) -> None:
    """Assert that arrays are equal but for the order in which floats were added."""
    assert (a.shape, a.dtype) == (b.shape, b.dtype)
    if a.dtype.kind == "f":
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-5)
    else:
        np.testing.assert_array_equal(a, b)


@SAMPLED
def test_every_op_is_a_loop_over_the_examples(name: str, s: Sample) -> None:
    dtype = samples.usual(s)
    given = [t.detach() for t in samples.inputs(s, dtype)]
    if not given or not samples.accepts(s, dtype):
        pytest.skip("PyTorch does not run it, or there is nothing to batch")
    everything = set(range(len(given)))
    ways = [everything] + ([{i} for i in everything] if len(given) > 1 else [])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for which in ways:
            check_batched(name, s, given, which)


OTHER_STRIDES = {"mvlgamma", "squeeze_copy", "squeeze_copy-2", "squeeze_copy-3", "t_copy"}
"""Samples whose batch PyTorch lays out otherwise."""

OTHER_VALUES = {"as_strided_": "PyTorch's view of an example cannot change its geometry in place"}


@SAMPLED
@pytest.mark.parametrize("dim", [0, -1])
def test_every_op_is_what_it_is_in_torch(name: str, s: Sample, dim: int) -> None:
    dtype = samples.usual(s)
    given = [t.detach() for t in samples.inputs(s, dtype)]
    if not given or name in OTHER_VALUES or not samples.accepts(s, dtype):
        pytest.skip("PyTorch does not run it, or there is nothing to batch")
    stacked = [batch(t, i).movedim(0, dim) for i, t in enumerate(given)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            theirs = tensors_in(torch.vmap(lambda *t: s.f(torch, *t), dim)(*map(twin, stacked)))
        except Exception:  # noqa: BLE001  # compared above
            pytest.skip("PyTorch refuses it")
        mine = tensors_in(
            minitorch_np.vmap(lambda *t: s.f(minitorch_np, *t), dim)(*map(ours, stacked))
        )
    by_rule = not any("performance drop" in str(one.message) for one in caught)
    for a, t in zip(mine, theirs, strict=True):
        stride = by_rule and name not in OTHER_STRIDES
        assert_same(a, t, stride=stride, meta=False, tol=(1e-4, 1e-4))


@SAMPLED
def test_every_gradient_takes_a_batch(name: str, s: Sample) -> None:
    if samples.derivatives(s) < 1:
        pytest.skip("it has no gradient")
    if name == "as_strided_scatter":
        pytest.skip("its gradient is that op, which has no rule in PyTorch, and none here")
    inputs = [ours(t) for t in samples.inputs(s, torch.float64)]
    leaves = [t for t in inputs if t.requires_grad]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outputs = [t for t in tensors_in(s.f(minitorch_np, *inputs)) if t.requires_grad]
        if not outputs:
            pytest.skip("it has no gradient in float64")
        rng = np.random.default_rng(0)
        first = [
            minitorch_np.from_numpy(rng.standard_normal((SIZE, *t.shape))).to(t.dtype)
            for t in outputs
        ]
        options: dict[str, Any] = {"retain_graph": True, "allow_unused": True}
        rows = [
            minitorch_np.autograd.grad(outputs, leaves, [g[at] for g in first], **options)
            for at in range(SIZE)
        ]
        found = minitorch_np.autograd.grad(outputs, leaves, first, is_grads_batched=True, **options)
    for nr, one in enumerate(found):
        if one is not None:
            close(values(one), np.stack([values(row[nr]) for row in rows]))
