"""All kinds of hooks at once: a log of their calls, in PyTorch's order."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.graph.functions import Log, outcomes
from tests.oracle import same, sample


def everywhere(log: Log, name: str, t: Any) -> None:
    """Every kind of hook there is, twice, on a tensor and its node."""
    for nr in (1, 2):
        t.register_hook(log.tensor(f"{name} tensor {nr}"))
        if t.grad_fn is not None:
            t.grad_fn.register_prehook(log.node(f"{name} prehook {nr}"))
            t.grad_fn.register_hook(log.node(f"{name} hook {nr}"))
        else:
            t.register_post_accumulate_grad_hook(
                lambda p, nr=nr: log.append((f"{name} accumulated {nr}", p.grad.clone()))
            )
        if nr == 1 and t.grad_fn is not None:
            t.retain_grad()


def graph(torch: Any, x: Any, y: Any) -> dict[str, Any]:
    """A small graph with a fork, a join, a broadcast and a node of several outputs."""
    a = x * 2
    b = (a + y).sin()
    one, other = torch.stack([a, b]).unbind(0)
    c = one * other + a
    return {"x": x, "y": y, "a": a, "b": b, "one": one, "c": c, "end": c.sum()}


@pytest.mark.parametrize(
    "wanted", [None, ["x"], ["a"], ["y", "b"], ["x", "a", "one"], ["c"], ["end"]]
)
@pytest.mark.parametrize("how", ["backward", "grad", "create_graph"])
def test_every_kind_of_hook(how: str, wanted: list[str] | None) -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        log = Log()
        parts = graph(torch, x, y)
        for name, t in parts.items():
            everywhere(log, name, t)
        end = parts["end"]
        inputs = [parts[name] for name in wanted or ["x", "y"]]
        if how == "backward":
            end.backward(inputs=None if wanted is None else inputs)
            grads = [t.grad for t in parts.values()]
        else:
            found = torch.autograd.grad(end, inputs, create_graph=how == "create_graph")
            grads = [(g.requires_grad, g.detach()) for g in found]
        return log, grads, [t.grad for t in parts.values()]

    same(f, sample(2, 3), sample(3, seed=1), grad=False)


@pytest.mark.parametrize("wanted", [None, ["x"], ["a"], ["x", "a"], ["c", "x"], ["b", "a"]])
@pytest.mark.parametrize("how", ["backward", "grad"])
def test_replaced_gradients(how: str, wanted: list[str] | None) -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        log = Log()
        parts = graph(torch, x, y)
        a, b, c = parts["a"], parts["b"], parts["c"]
        a.register_hook(log.tensor("a", lambda g: g * 2))
        a.register_hook(log.tensor("a again", lambda g: g + 1))
        a.retain_grad()
        x.register_hook(log.tensor("x", lambda g: g * 3))
        b.grad_fn.register_prehook(log.node("b pre", lambda gs: (gs[0] * 5,)))
        b.grad_fn.register_hook(log.node("b", lambda gi, go: (gi[0] * 7,)))
        c.grad_fn.register_hook(log.node("c", lambda gi, go: (None, gi[1])))
        inputs = [parts[name] for name in wanted or ["x", "y"]]
        if how == "backward":
            parts["end"].backward(inputs=None if wanted is None else inputs)
            return log, [t.grad for t in parts.values()]
        found = torch.autograd.grad(parts["end"], inputs, allow_unused=True)
        return log, found, a.grad

    same(f, sample(2, 3), sample(3, seed=1), grad=False)


def test_hooks_on_outputs_of_one_node() -> None:
    def f(torch: Any, x: Any) -> Any:
        log = Log()
        one, two, three = (x * 1).unbind(0)
        two.register_hook(log.tensor("two"))
        one.register_hook(log.tensor("one", lambda g: g * 2))
        three.register_hook(log.tensor("three"))
        two.retain_grad()
        one.retain_grad()
        three.retain_grad()
        one.register_hook(log.tensor("one again"))
        one.grad_fn.register_prehook(log.node("prehook"))
        one.grad_fn.register_hook(log.node("hook"))
        (one + two).sum().backward(retain_graph=True)
        log.append([one.grad, two.grad, three.grad])
        one.sum().backward()
        return log, [one.grad, two.grad, three.grad], x.grad

    same(f, sample(3, 2), grad=False)


RETURNED: dict[str, Callable[[Any, Any], Any]] = {
    "a list": lambda torch, gs: list(gs),
    "too few": lambda torch, gs: gs[:-1],
    "too many": lambda torch, gs: (*gs, None),
    "a number": lambda torch, gs: (3, *gs[1:]),
    "another shape": lambda torch, gs: (torch.ones(4), *gs[1:]),
    "another dtype": lambda torch, gs: (gs[0].double(), *gs[1:]),
    "None": lambda torch, gs: (None,) * len(gs),
    "one for None": lambda torch, gs: (gs[0],) * len(gs),
    "a tensor": lambda torch, gs: gs[0],
    "a plain tuple": lambda torch, gs: tuple(gs),
}


@pytest.mark.parametrize("kind", ["prehook", "hook"])
@pytest.mark.parametrize("case", RETURNED)
def test_what_node_hooks_may_return(case: str, kind: str) -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        def hook(gs: Any, *_: Any) -> Any:
            return RETURNED[case](torch, gs)

        out = x * y
        getattr(out.grad_fn, f"register_{kind}")(hook)
        out.sum().backward()
        return x.grad, y.grad

    same(f, sample(3), sample(3, seed=1), grad=False)
    same(f, sample(3), sample(3, seed=1, grad=False), grad=False)
    same(f, sample(2, 3), sample(3, seed=1), grad=False)


@pytest.mark.parametrize("result", [None, 3, (), (1,), "x"])
def test_hooks_on_the_node_of_a_leaf(result: Any) -> None:
    def f(torch: Any, x: Any) -> Any:
        log = Log()
        y = x * 2
        node = y.grad_fn.next_functions[0][0]
        node.register_prehook(log.node("prehook", lambda gs: (gs[0] * 3,)))
        node.register_prehook(log.node("prehook again"))
        node.register_hook(log.node("hook", lambda *gs: result))
        x.register_hook(log.tensor("tensor", lambda g: g + 1))
        x.register_post_accumulate_grad_hook(lambda p: log.append(("accumulated", p.grad.clone())))
        found = outcomes(lambda: y.sum().backward(retain_graph=True))
        log.append(x.grad)
        return found, log, outcomes(lambda: torch.autograd.grad(y.sum(), x)), x.grad

    same(f, sample(3), grad=False)


AFTER: dict[str, Callable[[Any, Any], Any]] = {
    "nothing": lambda torch, p: None,
    "a number": lambda torch, p: 3,
    "a tensor": lambda torch, p: p.detach() * 2,
    "itself": lambda torch, p: p,
    "another shape": lambda torch, p: torch.ones(7),
    "another dtype": lambda torch, p: p.double(),
    "no gradient left": lambda torch, p: setattr(p, "grad", None),
    "written to": lambda torch, p: p.grad.mul_(2) and None,
}


@pytest.mark.parametrize("case", AFTER)
def test_what_hooks_after_accumulation_return(case: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        log: list[Any] = []

        def hook(p: Any) -> Any:
            log.append((p is x, p.grad.clone(), torch.is_grad_enabled()))
            return AFTER[case](torch, p) if len(log) < 3 else None

        def second(p: Any) -> None:
            log.append((p is x, None if p.grad is None else p.grad.clone(), p.shape))

        x.register_post_accumulate_grad_hook(hook)
        x.register_post_accumulate_grad_hook(second)
        found = outcomes(lambda: (x * 2).sum().backward())
        return found, log, x.grad, x.register_post_accumulate_grad_hook(hook).id > 0

    same(f, sample(1 if case == "written to" else 3), grad=False)


WRITES: dict[str, Callable[[Any], Any]] = {
    "to itself": lambda t: t["y"].mul_(3),
    "to its base": lambda t: t["base"].mul_(3),
    "to a view of it": lambda t: t["y"][:1].mul_(3),
    # whose new history PyTorch makes at once, and we when it is looked at
    "to another view": lambda t: t["other"].mul_(3).grad_fn,
}


@pytest.mark.parametrize("case", WRITES)
def test_hooks_before_and_after_a_write(case: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        log = Log()
        base = x * 2
        t = {"base": base, "y": base[1:], "other": base[2:]}
        for when in ("before", "after"):
            for name, one in t.items():
                one.register_hook(log.tensor(f"{name} {when}"))
                one.grad_fn.register_hook(log.node(f"{name} {when}, node"))
            if when == "before":
                t["y"].retain_grad()
                t["base"].retain_grad()
                WRITES[case](t)
        facts = [(n, one.retains_grad, one._backward_hooks is None) for n, one in t.items()]
        (t["y"].sum() + t["base"].sum() * 2 + t["other"].sum() * 3).backward()
        return facts, log, x.grad, t["y"].grad, t["base"].grad

    same(f, sample(4), grad=False)


def test_hooks_on_a_leaf_and_its_views() -> None:
    def f(torch: Any, x: Any) -> Any:
        log = Log()
        view = x[1:]
        x.register_hook(log.tensor("x", lambda g: g * 2))
        view.register_hook(log.tensor("view", lambda g: g * 3))
        (x.sum() + (view * 2).sum()).backward()
        x.register_hook(log.tensor("x again"))
        (x * view.sum()).sum().backward()
        return log, x.grad, view._backward_hooks is None, len(x._backward_hooks)

    same(f, sample(4), grad=False)


def test_hooks_see_the_mode_of_the_walk() -> None:
    def f(torch: Any, x: Any) -> Any:
        log: list[Any] = []

        def see(name: str) -> Callable[..., Any]:
            def hook(*gs: Any) -> None:
                g = gs[0][0] if isinstance(gs[0], tuple) and gs[0] else gs[0]
                log.append((name, torch.is_grad_enabled(), getattr(g, "requires_grad", None)))

            return hook

        def once(create: bool) -> None:
            y = x * x
            y.register_hook(see("tensor"))
            y.grad_fn.register_hook(see("node"))
            y.grad_fn.register_prehook(see("prehook"))
            torch.autograd.grad(y.pow(2).sum(), x, create_graph=create)

        once(False)
        once(True)
        return log

    same(f, sample(3), grad=False)


def test_a_hook_that_raises() -> None:
    def f(torch: Any, x: Any) -> Any:
        def angry(g: Any) -> Any:
            raise ValueError("angry")

        y = x.exp()
        handle = y.register_hook(angry)
        found = outcomes(lambda: y.sum().backward(), lambda: torch.is_grad_enabled())
        handle.remove()
        return [*found, *outcomes(lambda: y.sum().backward()), x.grad]

    same(f, sample(3), grad=False)


def test_a_hook_that_goes_backward() -> None:
    def f(torch: Any, x: Any) -> Any:
        log: list[Any] = []

        def hook(g: Any) -> None:
            with torch.enable_grad():
                inner = torch.ones(2, requires_grad=True)
                (inner * 3).sum().backward()
            log.append((inner.grad, torch.is_grad_enabled()))

        y = x * 2
        y.register_hook(hook)
        (y * y).sum().backward()
        return log, x.grad

    same(f, sample(3), grad=False)


def test_hooks_are_refused() -> None:
    for needs in (True, False):
        x = sample(3, grad=needs)
        same(lambda torch, x: x.register_hook(print).remove(), x, grad=False)
        same(lambda torch, x: x.register_post_accumulate_grad_hook(print).remove(), x, grad=False)
        same(lambda torch, x: x.retain_grad(), x, grad=False)
        same(lambda torch, x: (x * 2).register_hook(print).remove(), x, grad=False)
        same(lambda torch, x: (x * 2).retain_grad(), x, grad=False)


@pytest.mark.parametrize("hook", [3, None, "x"])
def test_what_is_no_function(hook: Any) -> None:
    def f(torch: Any, x: Any) -> Any:
        y = x * 2
        y.register_hook(hook)
        y.sum().backward()

    same(f, sample(3), grad=False)


def test_two_tensors_of_one_gradient() -> None:
    def f(torch: Any, x: Any) -> Any:
        log = Log()
        y = x * 2
        y.register_hook(log.tensor("y", lambda g: g * 2))
        torch.autograd.backward([y, y.sum()], [torch.ones(3), None])
        return log, x.grad

    same(f, sample(3), grad=False)


def test_hooks_on_a_view_that_no_gradient_reaches() -> None:
    def f(torch: Any, x: Any) -> Any:
        log = Log()
        with torch.no_grad():
            view = x[1:]
        view.register_hook(log.tensor("view"))
        (view.sum() + x.sum()).backward()
        return log, x.grad, len(view._backward_hooks), view.is_leaf, view.requires_grad

    same(f, sample(3), grad=False)


def test_roots_that_lead_nowhere_are_left_alone() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        log = Log()
        a, b = x.exp(), y.exp()
        for name, t in (("a", a), ("b", b)):
            everywhere(log, name, t)
        torch.autograd.backward([a, b], [torch.ones(3)] * 2, inputs=[x])
        log.append("again")
        b.backward(torch.ones(3))
        return log, x.grad, y.grad

    same(f, sample(3), sample(3, seed=1), grad=False)


def test_the_first_gradient_has_the_dtype_of_its_root() -> None:
    def f(torch: Any, x: Any) -> Any:
        log = Log()
        y = x * 2
        everywhere(log, "y", y)
        y.backward(torch.ones(3, dtype=torch.float64))
        return log, x.grad

    same(f, sample(3), grad=False)
