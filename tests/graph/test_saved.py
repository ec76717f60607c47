"""Tensors kept for backward, after their history was cut off in place or their flag was set."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle import same, sample


def both(torch: Any, x: Any, f: Callable[[Any], Any], change: Callable[[Any], Any]) -> Any:
    """The gradient of `x` through `f` of something computed, which `change` sees before."""
    y = x * 2
    z = f(y)
    change(y)
    z.sum().backward()
    return x.grad


SAVING: dict[str, Callable[[Any], Any]] = {
    "argument": lambda y: y.sin(),
    "both arguments": lambda y: y * y,
    "shape alone": lambda y: y.sum(0),
    "result": lambda y: y.exp(),
    "write": lambda y: y.clone().mul_(y),
    "write to a view": lambda y: y.clone()[0].mul_(y[1]),
    "view": lambda y: y[0].sin(),
}


@pytest.mark.parametrize("f", SAVING.values(), ids=SAVING)
def test_detached_in_place(f: Callable[[Any], Any]) -> None:
    x = sample(2, 3)
    for change in (
        lambda y: y.detach_(),
        lambda y: y.detach_().requires_grad_(),
        lambda y: y.add_(1).detach_(),
        lambda y: y.detach(),
    ):
        same(lambda torch, x, change=change: both(torch, x, f, change), x, grad=False)


@pytest.mark.parametrize("name", ["exp", "pow", "max", "sqrt"])
def test_result_written_to(name: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        y = x.pow(x) if name == "pow" else getattr(x, name)()
        y.detach().add_(1)
        y.sum().backward()

    same(f, sample(3, low=1), grad=False)


def test_result_detached_in_place() -> None:
    def f(torch: Any, x: Any) -> Any:
        y = (x * 2).exp()
        z = y.sum()
        y.detach_()
        z.backward()
        return x.grad

    same(f, sample(3), grad=False)


def test_leaf_detached_in_place() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        z = x * y
        x.detach_()
        z.sum().backward()
        return x.grad, y.grad

    same(f, sample(3), sample(3), grad=False)
    same(f, sample(3, grad=False), sample(3), grad=False)


def test_detached_after_a_write_that_gave_it_a_history() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        z = x * y
        x.mul_(y).detach_()
        z.sum().backward()

    same(f, sample(3, grad=False), sample(3), grad=False)


def test_nodes_recorded_later_are_fine() -> None:
    def f(torch: Any, x: Any) -> Any:
        h = x.new_zeros(3)
        for _ in range(3):
            h = (h * x + 1).tanh()
            h.backward(torch.ones(3))
            h.detach_()
        return x.grad

    same(f, sample(3), grad=False)


@pytest.mark.parametrize("turned", [False, True])
def test_a_kept_result_has_the_results_own_memory(turned: bool) -> None:
    """Whoever asks for it first: neither is there before."""

    def run(torch: Any, x: Any) -> Any:
        found = []
        for first in (0, 1):
            y = (x.t() if turned else x).exp()
            both = y, y.grad_fn._saved_result
            one, other = both[first].untyped_storage(), both[1 - first].untyped_storage()
            one.fill_(0)
            found.append((one.data_ptr() == other.data_ptr(), both[0], both[1], y._version))
            y.untyped_storage().resize_(400)
            y.untyped_storage().fill_(0)
            found.append((both[0], both[1]))
        y = x.exp()
        y.untyped_storage().resize_(400)
        y.untyped_storage().fill_(0)  # before anybody asks for what is kept
        found.append(y.grad_fn._saved_result)
        return found

    same(run, sample(3, 4), grad=False)


def test_a_kept_result_stays_where_data_is_replaced() -> None:
    def run(torch: Any, x: Any) -> Any:
        y = x.exp()
        y.data = torch.zeros(3, 4)
        z = y * 1
        return y.grad_fn._saved_result.untyped_storage().data_ptr() == y.data_ptr(), z, y

    same(run, sample(3, 4))
