"""backward() and grad(): what flows, what accumulates, and what is refused."""

import contextlib
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch

import minitorch_np
from tests.oracle import ours, same, sample


def test_gradients_meet_in_pytorchs_order() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        a = x * y
        b = a + x
        return a * b + b * y, b

    same(f, sample(2, 3), sample(3), second=True)


@pytest.mark.parametrize("layout", ["contiguous", "transposed", "sliced"])
def test_grad_has_the_leafs_strides(layout: str) -> None:
    same(lambda torch, x, y: (x * y).sum(), sample(3, 4, layout=layout), sample(3, 4))
    same(lambda torch, x: x.expand(5, 3, 4) * 2, sample(3, 4, layout=layout))
    same(lambda torch, x: x.sum(), sample(3, 4, layout=layout))


def test_accumulates_until_zeroed() -> None:
    def f(torch: Any, x: Any) -> Any:
        (x * x).sum().backward()
        first = x.grad
        kept = first.clone()
        (x * 3).sum().backward()
        return kept, x.grad, x.grad is first, x.grad._version

    same(f, sample(4), grad=False)


def test_grad_given_is_not_aliased() -> None:
    def f(torch: Any, x: Any, g: Any) -> Any:
        (x * 1).backward(g)
        y = x.view(6)
        y.backward(g.view(6))
        return x.grad, x.grad.data_ptr() == g.data_ptr()

    same(f, sample(2, 3), sample(2, 3, grad=False, seed=1), grad=False)


def test_second_backward_is_refused_only_where_something_was_saved() -> None:
    def twice(f: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
        def g(torch: Any, x: Any) -> Any:
            y = f(x)
            y.backward()
            y.backward()
            return x.grad

        return g

    same(twice(lambda x: x.sum()), sample(3), grad=False)
    same(twice(lambda x: (x * x).sum()), sample(3), grad=False)


def test_retain_graph() -> None:
    def f(torch: Any, x: Any) -> Any:
        y = (x * x).sum()
        y.backward(retain_graph=True)
        y.backward()
        return x.grad

    same(f, sample(3), grad=False)


REFUSED: dict[str, Callable[[Any, Any], Any]] = {
    "non-scalar root": lambda torch, x: (x * 2).backward(),
    "no gradient": lambda torch, x: x.detach().sum().backward(),
    "wrong shape": lambda torch, x: (x * 2).backward(torch.ones(2)),
    "unused": lambda torch, x: torch.autograd.grad(
        (x * 2).sum(), torch.ones(2, requires_grad=True)
    ),
    "no grad input": lambda torch, x: torch.autograd.grad((x * 2).sum(), torch.ones(2)),
    "integers require none": lambda torch, x: torch.tensor([1, 2]).requires_grad_(),
    "non-leaf flag": lambda torch, x: (x * 2).requires_grad_(False),
    "leaf in place": lambda torch, x: x.add_(1),
    "view of a leaf in place": lambda torch, x: x.view(-1).add_(1),
    "retain_grad": lambda torch, x: x.detach().retain_grad(),
    "hook": lambda torch, x: x.detach().register_hook(print),
    "unbound views": lambda torch, x: (x * 2).unbind(0)[0].add_(1),
    "no root": lambda torch, x: torch.autograd.grad("x", x),
    "no input": lambda torch, x: torch.autograd.grad(x.sum(), []),
    "no input for backward": lambda torch, x: x.sum().backward(inputs=[]),
    "a word for an input": lambda torch, x: torch.autograd.grad(x.sum(), "x"),
    "a number for an input": lambda torch, x: x.sum().backward(inputs=[3]),
    "an input without gradient": lambda torch, x: x.sum().backward(inputs=[torch.ones(2)]),
    "too few gradients": lambda torch, x: torch.autograd.grad([x.sum(), x.prod()], x, [None]),
    "one for two": lambda torch, x: torch.autograd.backward([x.sum()] * 2, torch.tensor(1.0)),
    "a number for a gradient": lambda torch, x: x.sum().backward(3),
    "a list of numbers": lambda torch, x: x.sum().backward([1, 1]),
    "both names": lambda torch, x: torch.autograd.backward(
        x.sum(), torch.tensor(1.0), grad_variables=torch.tensor(1.0)
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_pytorchs_text(case: str) -> None:
    same(REFUSED[case], sample(3, 2), grad=False)


def test_allow_unused_and_materialize() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        z = (x * 2).sum()
        unused = torch.autograd.grad(z, [x, y], allow_unused=True, retain_graph=True)
        zeros = torch.autograd.grad(z, [x, y], materialize_grads=True)
        return unused[0], unused[1] is None, zeros

    same(f, sample(3), sample(2), grad=False)


def test_only_the_path_to_the_inputs_runs() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        seen: list[str] = []
        a, b = x * 2, y * 3
        a.register_hook(lambda g: seen.append("a"))
        b.register_hook(lambda g: seen.append("b"))
        (g,) = torch.autograd.grad((a * b).sum(), x)
        return g, seen

    same(f, sample(3), sample(3), grad=False)


def test_gradient_of_an_intermediate() -> None:
    def f(torch: Any, x: Any) -> Any:
        a = x * 2
        b = a * a
        return torch.autograd.grad(b.sum(), [a, x])

    same(f, sample(3), grad=False)


def test_backward_with_inputs() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        (x * y).sum().backward(inputs=[x])
        return x.grad, y.grad is None

    same(f, sample(3), sample(3), grad=False)


def test_backward_with_an_intermediate_among_the_inputs() -> None:
    def f(torch: Any, x: Any) -> Any:
        y = x * 2
        seen: list[Any] = []
        x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.clone()))
        y.sum().backward(inputs=[y, x])
        (x * 3).sum().backward(inputs=x)
        return x.grad, y.grad, y.retains_grad, seen

    same(f, sample(3), grad=False)
    same(f, sample(3, 4, layout="transposed"), grad=False)


def test_a_gradient_given_for_an_input_itself_is_copied() -> None:
    def f(torch: Any, x: Any, g: Any) -> Any:
        (x * 1).backward(g, inputs=[x])
        x.grad.add_(1)
        return x.grad, g

    same(f, sample(3), sample(3, grad=False, seed=1), grad=False)


def test_old_arguments() -> None:
    same(lambda torch, x: torch.autograd.grad(x.sum(), x, only_inputs=False), sample(3))

    def f(torch: Any, x: Any) -> Any:
        torch.autograd.backward([x * 2], grad_variables=[torch.ones(3)])
        return x.grad

    same(f, sample(3), grad=False)


def test_batches_of_first_gradients() -> None:
    def f(torch: Any, x: Any, w: Any, *g: Any) -> Any:
        outputs = ((x @ w).sin(), x.sum(0))
        found = torch.autograd.grad(outputs, (x, w), g, is_grads_batched=True)
        return [one.detach() for one in found]

    x, w = sample(5, 3), sample(3, 4)
    for n in (0, 1, 6):
        same(f, x, w, sample(n, 5, 4, grad=False), sample(n, 3, grad=False), stride=False)
    same(f, x, w, sample(5, 4, grad=False), sample(3, grad=False))
    same(f, x, w, sample(2, 5, 4, grad=False), sample(3, 3, grad=False))
    same(lambda torch, x: torch.autograd.grad(x.sum(), x, is_grads_batched=True), x)

    def unused(torch: Any, x: Any, w: Any, **options: Any) -> Any:
        g = torch.ones(2, 5, 3)
        return torch.autograd.grad(x.sin(), (x, w), g, is_grads_batched=True, **options)

    same(unused, x, w)
    same(lambda torch, x, w: unused(torch, x, w, allow_unused=True), x, w)
    same(lambda torch, x, w: unused(torch, x, w, materialize_grads=True), x, w)


def test_create_graph_makes_grad_differentiable() -> None:
    def f(torch: Any, x: Any) -> Any:
        (x * x * x).sum().backward(create_graph=True)
        (x.grad * x.grad).sum().backward()
        return x.grad

    same(f, sample(3), grad=False)


def test_dtypes_of_gradients_follow_the_inputs() -> None:
    same(lambda torch, x, y: x * y, sample(3), sample(3, dtype=torch.float64))
    same(lambda torch, x, y: x * y + y, sample(3, dtype=torch.bfloat16), sample(3))


@pytest.mark.slow  # the chain is as long as it has to be
def test_a_chain_of_100_000_nodes_goes_backward() -> None:
    x = minitorch_np.ones(2, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("name", ["mul", "exp", "tanh", "relu", "sqrt", "softmax", "std", "max"])
def test_dropping_the_loss_frees_its_graph_without_the_collector(name: str) -> None:
    collected = gc.isenabled()
    ours(sample(3, 4)).softmax(1)  # while numba compiles, it holds what it compiles for
    gc.disable()
    try:
        x = ours(sample(3, 4, low=0.5))
        if name in ("softmax", "max"):
            middle = getattr(x * 2, name)(1)
        else:
            middle = x * x if name == "mul" else getattr(x * 2, name)()
        middle = middle.values if name == "max" else middle
        loss = (middle * middle).sum()
        node: Any = loss.grad_fn
        watched = [weakref.ref(loss), weakref.ref(middle)]
        while node is not None:
            watched.append(weakref.ref(node))
            node = next((n for n, _ in node.next_functions if n is not None), None)
        watched.pop()  # the leaf's own, which x keeps nothing of
        del node, middle, loss
        assert [w() for w in watched] == [None] * len(watched)
    finally:
        if collected:
            gc.enable()


FAILING: dict[str, Callable[[Any], Any]] = {
    "no rule": lambda x: x.floor_divide(2).sum().backward(),
    "view": lambda x: x.t().view(-1),
    "shapes": lambda x: x + minitorch_np.ones(7),
    "wrong type": lambda x: minitorch_np.matmul(x, "a"),
    "stale": lambda x: stale(x),
    "freed": lambda x: [x.sum().backward(), (x * x).sum().backward()],
}


def stale(x: Any) -> None:
    y = x.exp()
    y.add_(1)
    y.sum().backward()


@pytest.mark.parametrize("case", FAILING)
def test_an_error_keeps_no_tensor_alive(case: str) -> None:
    collected = gc.isenabled()
    gc.disable()
    try:
        leaf = ours(sample(3, 4))
        x = leaf * 2
        watched = [weakref.ref(x), weakref.ref(x.grad_fn)]  # type: ignore[type-var]
        with contextlib.suppress(Exception):
            FAILING[case](x)
        del x
        assert [w() for w in watched] == [None, None]
    finally:
        if collected:
            gc.enable()


def test_gradients_that_others_hold_are_left_alone() -> None:
    def f(torch: Any, x: Any, w: Any) -> Any:
        held: list[Any] = []
        y = x + 1  # hands its gradient on as it is
        y.register_hook(lambda grad: held.append(grad))
        (y * w).sum().backward()
        shared = x.grad.data_ptr() == held[0].data_ptr()
        (x * w).sum().backward()
        return shared, x.grad, held[0]

    same(f, sample(2, 3), sample(2, 3, seed=1, grad=False), grad=False)


def test_sums_leave_gradients_that_others_hold_alone() -> None:
    def f(torch: Any, x: Any, w: Any) -> Any:
        held: list[Any] = []
        y = x * 2
        z = y * 3
        last = y + 1  # recorded last, it goes first: the sum for y begins with what is held
        last.register_hook(lambda grad: held.append(grad))
        (last * w + z).sum().backward()
        return x.grad, held[0]

    same(f, sample(2, 3), sample(2, 3, seed=1, grad=False), grad=False)
