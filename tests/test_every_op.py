"""Every registered op, from the one table of samples: dtypes, layouts, gradients, completeness."""

import inspect
from typing import Any

import pytest
import torch

import minitorch_np
from minitorch_np.graph.modes import OpMode
from minitorch_np.op import REGISTRY
from minitorch_np.tensor import Tensor
from minitorch_np.testing import gradcheck, gradgradcheck
from tests import samples, versions
from tests.oracle import DTYPES, ours, same, tensors_in
from tests.samples import BACKWARD, Sample

LABELLED = samples.labelled()

SAMPLED = pytest.mark.parametrize("name, s", [pytest.param(n, s, id=n) for n, s in LABELLED])


LAYOUTS = [
    ("transposed",),
    ("sliced",),
    ("reversed",),
    ("channels_last",),
    ("expanded",),
    ("transposed", "contiguous"),
    ("contiguous", "reversed", "sliced"),
    ("channels_last", "expanded"),
]
"""How the tensors of a call lie, in turn; one that needs more dims leaves a tensor as it is."""


STEPS = {
    "as_strided_scatter": "PyTorch keeps the gradient of what was written over, and no other",
    "detach": "its gradient is none on purpose",
    "embedding-2": "the row for padding learns nothing",
    "linear_cross_entropy_chunked": "it is made ahead: there is no second derivative",
    "linear_cross_entropy_chunked-2": "as linear_cross_entropy_chunked",
    "logical_and_": "PyTorch leaves the history of the tensor it writes to as it was",
    "logical_not_": "as logical_and_",
    "logical_or_": "as logical_and_",
    "logical_xor_": "as logical_and_",
}
"""Samples whose gradient is not the derivative, in PyTorch either."""

HALF = {torch.float16: (4e-3, 4e-3), torch.bfloat16: (3e-2, 3e-2)}
"""Tolerances for half types: PyTorch's kernels round intermediate results to half here and there,
ours only the result, so that sums of numbers of size 2 that cancel differ by a few units."""

MANY = 32
"""Elements up to which each element of second derivatives is compared by itself; of more, a random
combination of all, as PyTorch's own tests do."""


class Seen(OpMode):
    """Which ops ran, and which of their tensor arguments needed a gradient."""

    def __init__(self) -> None:
        self.arguments: dict[str, set[str]] = {}

    def __op__(self, op: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        bound = inspect.signature(op.function).bind(*args, **kwargs).arguments
        needed = {k for k, v in bound.items() if any(t.requires_grad for t in tensors_in(v))}
        self.arguments.setdefault(op.name, set()).update(needed)
        return op(*args, **kwargs)


def seen_in(s: Sample) -> dict[str, set[str]]:
    """What a call and its first and second derivatives run, in float64 or what the op takes."""
    given = [ours(t) for t in samples.inputs(s, samples.usual(s, torch.float64))]
    with Seen() as seen:
        out = [t for t in tensors_in(s.f(minitorch_np, *given)) if t.requires_grad]
        leaves = [t for t in given if t.requires_grad]
        order = samples.derivatives(s)
        if order:
            ones = [minitorch_np.ones_like(t).requires_grad_() for t in out]
            minitorch_np.autograd.grad(out, leaves, ones, retain_graph=True, allow_unused=True)
            found = minitorch_np.autograd.grad(
                out, leaves, ones, create_graph=True, allow_unused=True
            )
            again = [g for g in found if g is not None and g.requires_grad]
            if again and order == 2:
                minitorch_np.autograd.grad(
                    again,
                    [*leaves, *ones],
                    [minitorch_np.ones_like(g) for g in again],
                    allow_unused=True,
                )
    return seen.arguments


def test_each_op_has_a_sample_and_each_sample_an_op():
    assert samples.missing() == []
    assert samples.surplus() == []
    assert sorted(set(BACKWARD.values()) - {s.op for s in samples.SAMPLES}) == []


def test_samples_run_the_ops_they_name_with_every_argument_that_has_a_rule():
    ran: dict[str, set[str]] = {}
    unreached = []
    for name, s in LABELLED:
        seen = seen_in(s)
        if s.op not in seen:
            unreached.append(name)
        for op, arguments in seen.items():
            ran.setdefault(op, set()).update(arguments)
    assert unreached == []
    assert sorted(BACKWARD.keys() - ran.keys()) == []
    untried = {
        op: sorted(lacking)
        for op, one in REGISTRY.items()
        if op == one.plan.name and (lacking := one.plan.rules.keys() - ran.get(op, set()))
    }
    assert untried == {}


def noting(text: str, f: Any, *given: Any, **options: Any) -> None:
    """`same(f, *given)`, a failure of which says `text` too."""
    try:
        same(f, *given, **options)
    except AssertionError as error:
        error.add_note(text)
        raise


@SAMPLED
def test_dtypes(name, s):
    for dtype in DTYPES:
        if versions.unlike(name, str(dtype).removeprefix("torch.")):
            continue
        noting(f"dtype {dtype}", s.f, *samples.inputs(s, dtype), tol=HALF.get(dtype))


@SAMPLED
def test_layouts(name, s):
    if versions.unlike(name, "layouts"):
        return
    dtype = samples.usual(s)
    for layouts in LAYOUTS:
        given = samples.inputs(s, dtype, (2, 3, 2, 4), layouts)
        noting(f"the inputs are {' and '.join(layouts)}", s.f, *given)


@SAMPLED
def test_gradients_are_derivatives(name, s):
    order = samples.derivatives(s)
    if not order or s.random or name in STEPS:
        return
    given = [ours(t) for t in samples.inputs(s, torch.float64)]

    def f(*t: Tensor) -> Any:
        return [r for r in tensors_in(s.f(minitorch_np, *t)) if r.dtype is minitorch_np.float64]

    if not f(*given):
        return
    assert gradcheck(f, given)
    if order == 2:
        many = sum(t.numel() for t in given) > MANY
        assert gradgradcheck(f, given, fast_mode=many)
