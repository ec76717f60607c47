"""One hook on several tensors: when it is called, and with which gradients."""

from typing import Any

import pytest

from tests.oracle import same, sample


def log_of(log: list[Any]) -> Any:
    """A hook that writes down what it is given."""

    def hook(grads: Any) -> None:
        if isinstance(grads, (list, tuple)):
            log.append([None if g is None else g.clone() for g in grads])
        else:
            log.append(grads.clone())

    return hook


@pytest.mark.parametrize("mode", ["all", "any"])
def test_what_it_sees(mode: str) -> None:
    def f(torch: Any, a: Any, b: Any) -> Any:
        log: list[Any] = []
        c, d = a * b, a + b
        handle = torch.autograd.graph.register_multi_grad_hook((a, b, c, d), log_of(log), mode=mode)
        for out, inputs in [
            (c.sum(), None), (c.sum(), (a,)), (d.sum(), None), ((c * d).sum(), None),
            ((c * d).sum(), (b,)), ((c * d).sum(), (c, a)),
        ]:  # fmt: skip
            out.backward(inputs=inputs, retain_graph=True)
            log.append("walked")
        handle.remove()
        (c * d).sum().backward()
        return log

    same(f, sample(3), sample(3, seed=1), grad=False)


@pytest.mark.parametrize("mode", ["all", "any"])
def test_with_grad(mode: str) -> None:
    def f(torch: Any, a: Any) -> Any:
        log: list[Any] = []
        b = a * 2
        c = b.exp()
        torch.autograd.graph.register_multi_grad_hook((b, c), log_of(log), mode=mode)
        torch.autograd.grad(c.sum(), a, retain_graph=True)
        torch.autograd.grad(c.sum(), b, retain_graph=True)
        torch.autograd.grad(c.sum(), c, retain_graph=True)
        return log

    same(f, sample(3), grad=False)


def test_a_leaf_with_grad() -> None:
    def f(torch: Any, a: Any, b: Any) -> Any:
        log: list[Any] = []
        torch.autograd.graph.register_multi_grad_hook((a, b), log_of(log))
        torch.autograd.grad((a * b).sum(), (a,))
        return log

    same(f, sample(3), sample(3, seed=1), grad=False)


@pytest.mark.parametrize("mode", ["all", "any", "some", None])
def test_a_tensor_that_needs_no_gradient(mode: Any) -> None:
    def f(torch: Any, a: Any, b: Any) -> Any:
        log: list[Any] = []
        torch.autograd.graph.register_multi_grad_hook((a, b), log_of(log), mode=mode)
        (a * b).sum().backward()
        return log

    same(f, sample(3), sample(3, seed=1, grad=False), grad=False)


def test_outside_of_backward() -> None:
    def f(torch: Any, a: Any) -> Any:
        torch.autograd.graph.register_multi_grad_hook((a,), print)
        [hook] = a._backward_hooks.values()
        hook(a)

    same(f, sample(3), grad=False)


def test_the_handle() -> None:
    def f(torch: Any, a: Any) -> Any:
        log: list[Any] = []
        b = a * 2
        with torch.autograd.graph.register_multi_grad_hook((a, b), log_of(log)) as handle:
            kind = type(handle).__name__
            b.sum().backward(retain_graph=True)
        b.sum().backward()
        return kind, len(handle.handles), len(handle.__getstate__()), log

    same(f, sample(3), grad=False)


@pytest.mark.parametrize("hooked", ["ab", "a", "b", "aa", "bb"])
def test_hooks_over_leaves_that_no_path_joins(hooked: str) -> None:
    def f(torch: Any, a: Any, b: Any) -> Any:
        found: list[Any] = []
        leaves = {"a": a, "b": b}
        torch.autograd.graph.register_multi_grad_hook(
            [leaves[name] for name in hooked], lambda gs: found.append(len(gs))
        )
        for out in (a, b):
            for wanted in (a, b):
                try:
                    found.append(torch.autograd.grad(out, wanted, out.detach()))
                except RuntimeError as error:
                    found.append(str(error))
        return found

    same(f, sample(2), sample(2, seed=1), grad=False)
