"""torch.autograd.function: the names it has, and the less common switches of a ctx."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

import minitorch_np
from tests.graph.functions import double, outcomes
from tests.oracle import same, sample


def test_the_namespace() -> None:
    theirs, ours = torch.autograd.function, minitorch_np.autograd.function
    assert minitorch_np.autograd.Function is ours.Function
    assert set(ours.__all__) == set(theirs.__all__)
    for name in ours.__all__:
        kind = getattr(ours, name)
        if isinstance(kind, type):
            assert kind.__module__ == ours.__name__, name
        public = {n for n in dir(getattr(theirs, name)) if not n.startswith("_")}
        assert public <= {n for n in dir(kind) if not n.startswith("_")}, name
    assert issubclass(ours.InplaceFunction, ours.Function)


DTYPES: dict[str, Callable[[Any], Any]] = {
    "a wider one": lambda torch: (torch.float64, None),
    "any": lambda torch: (None, None),
    "a narrower one": lambda torch: (torch.float16, torch.float64),
    "too many": lambda torch: (None, None, None),
    "none": lambda torch: (),
    "a list": lambda torch: [None, None],
    "a number": lambda torch: (None, 3),
}


@pytest.mark.parametrize("needs", [True, False])
@pytest.mark.parametrize("case", DTYPES)
def test_dtypes_of_gradients(case: str, needs: bool) -> None:
    def f(torch: Any, x: Any) -> Any:
        seen: list[Any] = []

        def forward(ctx: Any, x: Any) -> Any:
            said = DTYPES[case](torch)
            if isinstance(said, tuple):
                ctx.set_output_grad_dtype(*said)
            else:
                ctx.output_grad_dtypes = said
            return x * 2, x * 3

        def backward(ctx: Any, *grads: Any) -> Any:
            seen.extend(grads)
            return grads[0].float() + grads[1].float()

        a, b = double(torch, forward=forward, backward=backward).apply(x)
        if needs:
            a.sum().backward(retain_graph=True)
            b.backward(torch.ones(3, dtype=torch.float64), retain_graph=True)
            (a.sum() + b.sum()).backward(retain_graph=True)
        return seen, x.grad

    same(f, sample(3, grad=needs), grad=False)


RESULTS: dict[str, Callable[[Any, Any], Any]] = {
    "no tensor": lambda ctx, x: (x * 2, 3),
    "integers": lambda ctx, x: (x * 2, x.long()),
    "without a gradient": lambda ctx, x: (lambda y: (ctx.mark_non_differentiable(y), (x, y))[1])(
        x * 2
    ),
    "fine": lambda ctx, x: (x * 2, x * 3),
}


@pytest.mark.parametrize("needs", [True, False])
@pytest.mark.parametrize("case", RESULTS)
def test_a_dtype_for_what_has_no_gradient(case: str, needs: bool) -> None:
    def f(torch: Any, x: Any) -> Any:
        def forward(ctx: Any, x: Any) -> Any:
            ctx.set_output_grad_dtype(None, torch.float64)
            return RESULTS[case](ctx, x)

        return double(torch, forward=forward).apply(x)[0]

    same(f, sample(3, grad=needs), grad=False)


def test_sums_so_far() -> None:
    """ctx.input_grad_buffers, at several places of several walks."""

    def f(torch: Any, x: Any, y: Any) -> Any:
        seen: list[Any] = []

        def backward(ctx: Any, g: Any) -> Any:
            sums = outcomes(lambda: ctx.input_grad_buffers)[0]
            if isinstance(sums, str):
                seen.append(sums)
                return g, None, g
            seen.append([None if s is None else s.clone() for s in sums])
            if sums[0] is None:
                return g, None, g
            sums[0].add_(g)
            return None, None, g

        F = double(torch, forward=lambda ctx, x, n, y: x * y, backward=backward)
        out = F.apply(x, 3, y)
        (out.sum() + (x * 2).sum()).backward(retain_graph=True)
        ((x * 2).sum() + out.sum()).backward(retain_graph=True)
        grads = [x.grad.clone(), y.grad.clone()]
        a, b = x * 1, y * 1
        (F.apply(a, 3, b).sum() + (a * 2).sum() + b.sum()).backward()
        late = F.apply(a, 3, b)
        (F.apply(late, 3, b) * 2).sum().backward(inputs=[x])
        torch.autograd.grad(F.apply(x, 3, y).sum() + (x * 2).sum(), x, create_graph=True)
        hooked = F.apply(x, 3, y)
        hooked.grad_fn.register_hook(lambda *gs: None)
        (hooked.sum() + (x * 2).sum()).backward()
        seen += outcomes(
            lambda: out.grad_fn.input_grad_buffers, lambda: hooked.grad_fn.input_grad_buffers
        )
        return seen, grads, x.grad, y.grad

    same(f, sample(3), sample(3, seed=1), grad=False)


def test_sums_so_far_are_the_running_node_s() -> None:
    def f(torch: Any, x: Any) -> Any:
        seen: list[Any] = []

        def backward(ctx: Any, g: Any) -> Any:
            seen.extend(outcomes(lambda: other.grad_fn.input_grad_buffers))
            sums = ctx.input_grad_buffers
            inner = torch.ones(2, requires_grad=True)
            with torch.enable_grad():
                out = (inner * 2).sum()
            seen.extend(outcomes(lambda: out.backward()))
            return None if sums[0] is not None and sums[0].add_(g) is not None else g

        F = double(torch, forward=lambda ctx, x: x * 2, backward=backward)
        other = double(torch).apply(x)
        (F.apply(x).sum() + (x * 2).sum()).backward()
        F.apply(x).sum().backward()
        return seen, x.grad

    same(f, sample(3), grad=False)


@pytest.mark.parametrize("keep", [True, False])
def test_letting_go_early(keep: bool) -> None:
    def f(torch: Any, x: Any) -> Any:
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * 2

        def backward(ctx: Any, g: Any) -> Any:
            first = ctx.saved_tensors[0] is x
            ctx.maybe_clear_saved_tensors()
            seen.extend([first, *outcomes(lambda: len(ctx.saved_tensors))])
            return g * 2

        seen: list[Any] = []
        y = double(torch, forward=forward, backward=backward).apply(x)
        y.grad_fn.maybe_clear_saved_tensors()
        y.sum().backward(retain_graph=keep)
        return seen, outcomes(lambda: len(y.grad_fn.saved_tensors)), x.grad

    same(f, sample(3), grad=False)


@pytest.mark.parametrize("value", [True, False, 3])
def test_zeros_for_what_has_no_gradient(value: Any) -> None:
    def f(torch: Any, x: Any) -> Any:
        seen: list[Any] = []

        def forward(ctx: Any, x: Any) -> Any:
            seen.append(ctx._materialize_non_diff_grads)
            ctx._materialize_non_diff_grads = value
            passive = x * 3
            ctx.mark_non_differentiable(passive)
            return x * 2, passive, x.long(), x * 4, 5

        def backward(ctx: Any, *grads: Any) -> Any:
            seen.extend(grads)
            return grads[0] * 2

        a, *_ = double(torch, forward=forward, backward=backward).apply(x)
        a.sum().backward()
        return seen, x.grad

    same(f, sample(3), grad=False)


def test_a_view_that_may_be_written_to() -> None:
    def f(torch: Any, x: Any) -> Any:
        def forward(ctx: Any, x: Any) -> Any:
            ctx._is_pure_view = True
            return x.view(3, 1)

        base = x * 1
        F = double(torch, forward=forward, backward=lambda ctx, g: g.view(3))
        view = F.apply(base)
        view.mul_(3)
        (base * base).sum().backward()
        two = double(torch, forward=lambda ctx, x, y: (forward(ctx, x), y)[0])
        return [x.grad, view.grad_fn.name(), *outcomes(lambda: two.apply(x * 1, x * 1))]

    same(f, sample(3), grad=False)


def test_a_node_is_called() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        node, views = (x * y).grad_fn, (x * 1).unbind(0)[0].grad_fn
        g = torch.tensor([1.0, 2.0, 3.0])
        return outcomes(
            lambda: node(g), lambda: (x * 2).grad_fn(g), lambda: x.exp().grad_fn(g), node,
            lambda: node(g, g), lambda: node(3), lambda: node(None), lambda: node.requires_grad,
            lambda: (x.detach() + y).grad_fn(g), lambda: views(g[0], None, g[1]),
        )  # fmt: skip

    same(f, sample(3), sample(3, seed=1), grad=False)


def test_gradients_are_checked() -> None:
    def f(torch: Any, x: Any) -> Any:
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x**3

        right = double(
            torch, forward=forward, backward=lambda ctx, g: g * 3 * ctx.saved_tensors[0] ** 2
        )
        wrong = double(torch, forward=forward)
        checks = torch.autograd.gradcheck, torch.autograd.gradgradcheck
        found = [check(right.apply, (x,)) for check in checks]
        return *found, checks[0](wrong.apply, (x,), raise_exception=False)

    same(f, sample(3, dtype=torch.float64), grad=False)


def test_layers_inside_a_function() -> None:
    """Backward that records forward again, as checkpoints do."""

    def f(torch: Any, x: Any) -> Any:
        torch.manual_seed(0)
        layer = torch.nn.Linear(3, 2)

        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return layer(x).tanh()

        def backward(ctx: Any, g: Any) -> Any:
            inner = ctx.saved_tensors[0].detach().requires_grad_()
            with torch.enable_grad():
                out = layer(inner).tanh()
            torch.autograd.backward(out, g)
            return inner.grad

        F = double(torch, forward=forward, backward=backward)
        (F.apply(F.apply(x * 1) @ layer.weight) * 3).sum().backward()
        return x.grad, layer.weight.grad, layer.bias.grad

    same(f, sample(4, 3), grad=False)
