"""Hooks on tensors: when they run, what they change, and in which order."""

from typing import Any

import pytest

from tests.graph.functions import Log
from tests.oracle import same, sample


def test_a_hook_sees_and_replaces_the_gradient() -> None:
    def f(torch: Any, x: Any) -> Any:
        seen: list[Any] = []
        y = x * 2
        y.register_hook(lambda g: seen.append(g.clone()))
        y.register_hook(lambda g: g * 10)
        x.register_hook(lambda g: g + 1)
        (y * y).sum().backward()
        return seen, x.grad

    same(f, sample(3), grad=False)


RETURNED: dict[str, Any] = {
    "a number": lambda torch, g: 3,
    "another shape": lambda torch, g: torch.ones(4),
    "a broadcast shape": lambda torch, g: torch.ones(1),
    "another dtype": lambda torch, g: g.double(),
}


@pytest.mark.parametrize("case", RETURNED)
def test_what_a_hook_may_not_return(case: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        x.register_hook(lambda g: RETURNED[case](torch, g))
        (x * 2).sum().backward()

    same(f, sample(3), grad=False)


def test_a_removed_hook_runs_no_more() -> None:
    def f(torch: Any, x: Any) -> Any:
        handle = x.register_hook(lambda g: g * 100)
        handle.remove()
        handle.remove()
        with x.register_hook(lambda g: g * 100):
            pass
        (x * 2).sum().backward()
        return x.grad

    same(f, sample(3), grad=False)


def test_retained_gradients() -> None:
    def f(torch: Any, x: Any) -> Any:
        y = x * 2
        y.retain_grad()
        y.retain_grad()
        y.register_hook(lambda g: g * 3)
        (y * y).sum().backward()
        return y.grad, y.retains_grad, x.grad

    same(f, sample(3), grad=False)


def test_after_accumulation() -> None:
    def f(torch: Any, x: Any) -> Any:
        seen: list[Any] = []
        x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.clone()))
        (x * 2).sum().backward()
        (x * 3).sum().backward()
        return seen

    same(f, sample(3), grad=False)
    same(lambda torch, x: (x * 2).register_post_accumulate_grad_hook(print), sample(3))


def test_reading_grad_of_an_intermediate_warns() -> None:
    same(lambda torch, x: (x * 2).grad, sample(3))


def test_setting_grad() -> None:
    def f(torch: Any, x: Any) -> Any:
        x.grad = torch.ones(3)
        (x * 2).sum().backward()
        first = x.grad.clone()
        x.grad = None
        x.grad = torch.ones(3)
        del x.grad
        return first, x.grad

    same(f, sample(3), grad=False)
    same(lambda torch, x: setattr(x, "grad", 3), sample(3))
    same(lambda torch, x: setattr(x, "grad", x), sample(3))


def test_in_place_leaves_hooks_with_the_old_history() -> None:
    def f(torch: Any, x: Any) -> Any:
        seen: list[str] = []
        y = x * 2
        y.register_hook(lambda g: seen.append("before"))
        y.mul_(3)
        y.register_hook(lambda g: seen.append("after"))
        y.sum().backward()
        return seen, x.grad

    same(f, sample(3), grad=False)


def test_hooks_that_take_themselves_or_others_off() -> None:
    def f(torch: Any, x: Any) -> Any:
        log = Log()
        y = x * 2
        handles: dict[str, Any] = {}

        def first(g: Any) -> Any:
            log.append("first")
            handles["first"].remove()
            handles["second"].remove()
            y.register_hook(log.tensor("late"))
            return g * 2

        def second(g: Any) -> Any:
            log.append("second")
            return g * 3

        handles["first"] = y.register_hook(first)
        handles["second"] = y.register_hook(second)
        y.sum().backward(retain_graph=True)
        log.append(x.grad.clone())
        y.sum().backward()
        return log, x.grad

    same(f, sample(3), grad=False)


def test_node_hooks_taken_off_during_the_walk() -> None:
    def f(torch: Any, x: Any) -> Any:
        log = Log()
        y = x * 2
        z = y * 3
        late = y.grad_fn.register_hook(log.node("y"))
        pre = y.grad_fn.register_prehook(log.node("y pre"))
        z.grad_fn.register_hook(log.node("z", lambda *gs: (late.remove(), pre.remove())[0]))
        z.grad_fn.register_hook(
            log.node("z later", lambda *gs: y.register_hook(log.tensor("new")) and None)
        )
        z.sum().backward()
        return log, x.grad

    same(f, sample(3), grad=False)
