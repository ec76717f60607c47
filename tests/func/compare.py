"""`alike(f, *inputs)`: one function under both libraries, where only the graph's nodes may differ.

A transform's results have the nodes of whatever ops it ran, and we run other ones than PyTorch; so
names of nodes are left out, and whether there is a history, and the gradients, are compared.
"""

from collections.abc import Callable
from typing import Any

import torch

import minitorch_np
from tests.oracle import Outcome, assert_same, assert_same_error, ours, tensors_in, twin

__all__ = ["alike"]

THEIRS = ("performance drop", "torch.jit.script")
"""Of which warnings: PyTorch's of its missing rules, and of what it imports for some."""


def alike(
    f: Callable[..., Any],
    *inputs: Any,
    stride: bool = True,
    tol: tuple[float, float] | None = None,
) -> None:
    """Assert that `f(library, *inputs)` gives equal values, strides, flags and gradients."""
    theirs = [twin(x) if isinstance(x, torch.Tensor) else x for x in inputs]
    mine = [ours(x) if isinstance(x, torch.Tensor) else x for x in inputs]
    t, a = Outcome(f, torch, theirs), Outcome(f, minitorch_np, mine)
    if assert_same_error(a, t):
        return
    assert a.warnings == [w for w in t.warnings if not any(text in w[1] for text in THEIRS)]
    assert_same(a.result, t.result, stride=stride, meta=False, tol=tol)
    pairs = list(zip(tensors_in(a.result), tensors_in(t.result), strict=True))
    for x, y in pairs:
        assert x.requires_grad == y.requires_grad
        assert x.is_leaf == y.is_leaf
    for x, y in zip(mine, theirs, strict=True):
        if isinstance(y, torch.Tensor):
            assert_same(x, y, "input afterwards", meta=False)
    outs = [(x, y) for x, y in pairs if y.grad_fn is not None]
    leaves = [
        (x, y)
        for x, y in zip(mine, theirs, strict=True)
        if isinstance(y, torch.Tensor) and y.requires_grad
    ]
    if outs and leaves:
        got = minitorch_np.autograd.grad(
            [x.sin().sum() for x, _ in outs], [x for x, _ in leaves], allow_unused=True
        )
        wanted = torch.autograd.grad(
            [y.sin().sum() for _, y in outs], [y for _, y in leaves], allow_unused=True
        )
        for x, y in zip(got, wanted, strict=True):
            assert (x is None) == (y is None)
            if y is not None:
                assert_same(x, y, "gradient", stride=False, meta=False, tol=tol)
