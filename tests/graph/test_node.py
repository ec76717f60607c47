"""Nodes: their hooks, what they kept and how it is read, and the caller's metadata."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch

import minitorch_np
from minitorch_np.graph import node
from tests.oracle import same, sample


def test_hooks_around_a_node() -> None:
    def f(torch: Any, x: Any) -> Any:
        seen: list[Any] = []
        y = x * x
        handle = y.grad_fn.register_prehook(lambda go: (go[0] * 3,))
        y.grad_fn.register_hook(lambda gi, go: seen.extend([len(gi), go[0].clone()]))
        y.grad_fn.register_hook(lambda gi, go: (gi[0] * 2, None))
        y.sum().backward(retain_graph=True)
        handle.remove()
        y.sum().backward()
        return seen, x.grad

    same(f, sample(3), grad=False)


def test_hooks_on_the_node_of_a_leaf() -> None:
    def f(torch: Any, x: Any) -> Any:
        seen: list[Any] = []
        y = x * x
        leaf = y.grad_fn.next_functions[0][0]
        leaf.register_hook(lambda gi, go: seen.extend([gi, go[0].clone(), x.grad.clone()]))
        leaf.register_prehook(lambda go: (go[0] * 2,))
        y.sum().backward()
        return seen, x.grad

    same(f, sample(3), grad=False)


RETURNED: dict[str, Callable[[Any], Any]] = {
    "a number": lambda torch: 3,
    "a list": lambda torch: [torch.ones(3)],
    "a tensor": lambda torch: torch.ones(3) * 5,
    "another shape": lambda torch: (torch.ones(4),),
    "another dtype": lambda torch: (torch.ones(3, dtype=torch.float64),),
    "too many": lambda torch: (torch.ones(3), torch.ones(3)),
    "None": lambda torch: (None,),
}


@pytest.mark.parametrize("case", RETURNED)
def test_what_a_hook_on_a_node_may_return(case: str) -> None:
    def before(torch: Any, x: Any) -> Any:
        y = x * 2
        y.grad_fn.register_prehook(lambda go: RETURNED[case](torch))
        y.sum().backward()
        return x.grad

    def after(torch: Any, x: Any) -> Any:
        y = x.exp()
        y.grad_fn.register_hook(lambda gi, go: RETURNED[case](torch))
        y.sum().backward()
        return x.grad

    same(before, sample(3), grad=False)
    same(after, sample(3), grad=False)


def test_what_a_node_kept_is_read_as_in_pytorch() -> None:
    same(lambda torch, x, y: (x * y).grad_fn._saved_self, sample(3), sample(3, seed=1))
    same(lambda torch, x: x.exp().grad_fn._saved_result, sample(3))
    same(lambda torch, x: x.mean(0).grad_fn._saved_self_sym_sizes, sample(2, 3))
    same(lambda torch, x: (x * 2).grad_fn._saved_nothing, sample(3))


def test_what_a_node_kept_is_checked_when_it_is_read() -> None:
    def freed(torch: Any, x: Any) -> Any:
        y = x * x
        y.sum().backward()
        return y.grad_fn._saved_self

    def written(torch: Any, x: Any) -> Any:
        y = x * 2
        z = y.exp()
        z.add_(1)
        return z.grad_fn.next_functions[0][0]._saved_result

    same(freed, sample(3), grad=False)
    same(written, sample(3), grad=False)


SCALARS: dict[str, Callable[[Any, Any], Any]] = {
    "mul": lambda torch, x: x * 2,
    "div": lambda torch, x: x / 2,
    "rdiv": lambda torch, x: 2 / x,
    "add": lambda torch, x: x + 2,
    "pow": lambda torch, x: x**2,
    "clamp": lambda torch, x: x.clamp(0, 1),
    "where": lambda torch, x: torch.where(x > 0, x, 2.0),
    "remainder": lambda torch, x: x % 2,
    "in place": lambda torch, x: (x * 1).mul_(3),
}


@pytest.mark.parametrize("case", SCALARS)
def test_a_second_backward_through_an_op_with_a_number(case: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        y = SCALARS[case](torch, x).sum()
        y.backward()
        y.backward()
        return x.grad

    same(f, sample(3), grad=False)


def test_metadata() -> None:
    def f(torch: Any, x: Any) -> Any:
        node = (x * 2).grad_fn
        node.metadata["a"] = 1
        return node.metadata

    same(f, sample(3))


def test_names_that_nodes_have_not() -> None:
    same(lambda torch, x: (x * 2).grad_fn.nonsense, sample(3))
    assert not hasattr(torch.nn.Parameter(torch.ones(1)).grad_fn, "nonsense")


def test_threads_that_use_a_leaf_first_find_one_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread comes while the node is made: it waits for that, and makes none."""
    leaf = minitorch_np.ones(2, requires_grad=True)
    ends: list[Any] = []
    others: list[threading.Thread] = []

    class Slow(node.AccumulateGrad):
        __slots__ = ()

        def __init__(self, variable: Any) -> None:
            if not others:
                others.append(threading.Thread(target=lambda: ends.append(leaf * 2)))
                others[0].start()
                others[0].join(0.2)  # it is done by then, where nothing holds it up
            super().__init__(variable)

    monkeypatch.setattr(node, "AccumulateGrad", Slow)
    ends.append(leaf * 3)
    others[0].join()
    made = [end.grad_fn.next_functions[0][0] for end in ends]
    assert len(made) == 2
    assert made[0] is made[1]
