"""What backward() and grad() are given, and hooks return, that PyTorch refuses or treats so."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.oracle import same, sample

Case = Callable[[Any, Any], Any]

REFUSED: dict[str, Case] = {
    "a number": lambda torch, x: (x * 2).backward(2),
    "numbers": lambda torch, x: (x * 2).backward([1, 2, 3]),
    "text": lambda torch, x: torch.autograd.backward("abc"),
    "too few": lambda torch, x: torch.autograd.backward([x.sum(), x.sum()], [torch.ones(())]),
    "too many": lambda torch, x: torch.autograd.backward(x.sum(), [torch.ones(())] * 2),
    "no inputs": lambda torch, x: torch.autograd.grad(x.sum(), []),
    "inputs that are none": lambda torch, x: torch.autograd.grad(x.sum(), "x"),
    "inputs of backward": lambda torch, x: x.sum().backward(inputs=["x"]),
    "inputs without gradient": lambda torch, x: x.sum().backward(inputs=[torch.ones(3)]),
    "one gradient for two": lambda torch, x: torch.autograd.grad([x, x], x, [torch.ones(2, 3)]),
    "both names": lambda torch, x: torch.autograd.backward(
        x.sum(), torch.ones(()), grad_variables=torch.ones(())
    ),
    "a flag that is none": lambda torch, x: x.requires_grad_(1),
    "a flag of what is no leaf": lambda torch, x: setattr(x * 2, "requires_grad", True),
    "scalar's graph, twice": lambda torch, x: _twice(x * 2),
}

TAKEN: dict[str, Case] = {
    "old name": lambda torch, x: torch.autograd.backward(x.sum(), grad_variables=torch.ones(())),
    "only_inputs": lambda torch, x: torch.autograd.grad(x.sum(), x, only_inputs=False),
    "positions": lambda torch, x: torch.autograd.grad(
        x.sum(), [torch.ones(2, requires_grad=True)], None, None, False, True, True, False, False
    ),
}


def _twice(y: Any) -> None:
    y.sum().backward()
    y.sum().backward()


@pytest.mark.parametrize("case", [*REFUSED.values(), *TAKEN.values()], ids=[*REFUSED, *TAKEN])
def test_arguments(case: Case) -> None:
    same(case, sample(2, 3), grad=False)


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("layout", ["contiguous", "transposed"])
def test_backward_into_leaves_and_others(keep: bool, layout: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        seen: list[int] = []
        x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad._version))
        y = x * 2
        z = (y * y).sum()
        z.backward(inputs=[y, x], retain_graph=True)
        first = x.grad
        z.backward(inputs=[x], retain_graph=True)
        kept = y.grad.clone()
        z.backward(inputs=[y], retain_graph=keep)
        return first is x.grad, seen, x.grad, kept, y.grad, y.retains_grad

    same(f, sample(2, 3, layout=layout), grad=False)


def test_backward_into_what_was_gone_through() -> None:
    def f(torch: Any, x: Any) -> Any:
        y = x * 2
        y.sum().backward(inputs=[y])
        y.sum().backward(inputs=[y])

    same(f, sample(3), grad=False)


RETURNED: dict[str, Callable[[Any], Any]] = {
    "number": lambda g: 3,
    "other dtype": lambda g: g.double(),
    "other shape": lambda g: g[0],
    "fits": lambda g: g * 2,
}


@pytest.mark.parametrize("hook", RETURNED.values(), ids=RETURNED)
@pytest.mark.parametrize("leaf", [False, True])
def test_what_hooks_return(hook: Callable[[Any], Any], leaf: bool) -> None:
    def f(torch: Any, x: Any) -> Any:
        y = x * 2
        (x if leaf else y).register_hook(hook)
        y.sum().backward()
        return x.grad

    same(f, sample(2, 3), grad=False)


def test_what_hooks_behind_a_leaf_return() -> None:
    def f(torch: Any, x: Any, result: Any) -> Any:
        x.register_post_accumulate_grad_hook(lambda p: result)
        x.sum().backward()
        return x.grad

    same(f, sample(3), 3, grad=False)
    same(f, sample(3), None, grad=False)


WRITES: dict[str, Case] = {
    "in place": lambda torch, y: y.mul_(3),
    "to a view": lambda torch, y: y[0].mul_(3),
    "twice": lambda torch, y: y.mul_(3).exp_(),
    "geometry": lambda torch, y: y.t_(),
    "cut off": lambda torch, y: y.detach_().requires_grad_(),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_retained_gradient_follows_its_tensor(write: Case) -> None:
    def f(torch: Any, x: Any) -> Any:
        y = x * 2
        y.retain_grad()
        write(torch, y)
        y.sum().backward()
        return y.retains_grad, y.grad, x.grad

    same(f, sample(2, 3), grad=False)


def test_a_retained_gradient_follows_a_view() -> None:
    def f(torch: Any, x: Any) -> Any:
        base = x * 2
        y = base[0]
        y.retain_grad()
        base.mul_(2)
        (y * 3).sum().backward()
        return y.grad, x.grad

    same(f, sample(2, 3), grad=False)


GRADIENTS = {
    "shape": lambda torch, x: torch.zeros(3, 2),
    "dtype": lambda torch, x: torch.zeros(2, 3, dtype=torch.int64),
    "both": lambda torch, x: torch.zeros(1, dtype=torch.float64),
    "number": lambda torch, x: 3,
    "itself": lambda torch, x: x,
    "fits": lambda torch, x: torch.ones(2, 3),
    "none": lambda torch, x: None,
}


@pytest.mark.parametrize("make", GRADIENTS.values(), ids=GRADIENTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.int64])
def test_assigned_gradients(make: Case, dtype: torch.dtype) -> None:
    def f(torch: Any, x: Any) -> Any:
        x.grad = make(torch, x)
        return x.grad

    same(f, sample(2, 3, dtype=dtype), grad=False)


def test_deleted_gradient() -> None:
    def f(torch: Any, x: Any) -> Any:
        x.sum().backward()
        del x.grad
        return x.grad

    same(f, sample(3), grad=False)
