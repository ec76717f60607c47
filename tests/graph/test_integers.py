"""Integers where a gradient is wanted: who refuses, who has a history, and who has none."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests import versions
from tests.oracle import INTEGRAL, same, sample

NAMES = ["sum", "prod", "nansum", "cumsum", "cumprod"]


def dtype_of(torch: Any, like: Any) -> Any:
    """The dtype of the same name in a library."""
    return getattr(torch, str(like).removeprefix("torch."))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.bool, torch.float64])
def test_results_of_another_dtype(name: str, dtype: torch.dtype) -> None:
    def f(torch: Any, x: Any) -> Any:
        return getattr(x, name)(0, dtype=dtype_of(torch, dtype))

    if dtype.is_floating_point or not versions.unlike(name, "integers"):
        same(f, sample(2, 3))
        same(f, sample(2, 3, grad=False))
    same(lambda torch, x: getattr(x, name)(0, dtype=torch.float16), sample(2, 3), tol=(4e-3, 4e-3))


WRITES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "fill_": lambda torch, x, v: x.fill_(v),
    "fill": lambda torch, x, v: torch.fill(x, v),
    "masked_fill_": lambda torch, x, v: x.masked_fill_(x > 1, v),
    "masked_fill": lambda torch, x, v: x.masked_fill(x > 1, v),
    "index_fill_": lambda torch, x, v: x.index_fill_(0, torch.tensor([0]), v),
    "fill_ of a view": lambda torch, x, v: (x[0].fill_(v), x),
    "setitem": lambda torch, x, v: (x.__setitem__(0, v), x)[1],
    "copy_": lambda torch, x, v: x.copy_(v),
    "add_": lambda torch, x, v: x.add_(v),
    "eq_": lambda torch, x, v: x.eq_(v),
    "where": lambda torch, x, v: torch.where(x > 1, x, v),
    "full_like": lambda torch, x, v: torch.full_like(x, v),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("dtype", [*INTEGRAL, torch.bool, torch.float32])
def test_a_value_with_a_gradient(write: Callable[..., Any], dtype: torch.dtype) -> None:
    value = torch.tensor(1.5, requires_grad=True)
    same(write, torch.tensor([[0, 1], [2, 3]]).to(dtype), value, grad=False)


def test_a_view_of_integers_with_a_history() -> None:
    def f(torch: Any, x: Any, v: Any) -> Any:
        part = x[0]
        part.fill_(v)
        return part.grad_fn.name(), x.grad_fn.name(), part.requires_grad, x.requires_grad

    same(f, torch.ones(2, 3, dtype=torch.int64), torch.tensor(1.5, requires_grad=True), grad=False)


def test_going_on_with_integers_that_have_a_history() -> None:
    def f(torch: Any, x: Any, v: Any) -> Any:
        return x.fill_(v).sum()

    same(f, torch.ones(3, dtype=torch.int64), torch.tensor(1.5, requires_grad=True), grad=False)


def test_conversions_have_no_history() -> None:
    same(lambda torch, x: (x.long(), x.int() * x, x > 0, x.view(torch.int32)), sample(3))
