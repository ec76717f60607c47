"""The node of a custom function: what it saves, shows, gets and returns."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.graph.functions import double, exp, outcomes
from tests.oracle import same, sample


def test_saved_tensors_are_the_ones_that_were_saved() -> None:
    def f(torch: Any, x: Any) -> Any:
        y = exp(torch).apply(x)
        kept, nothing, result = y.grad_fn.saved_tensors
        return kept is x, nothing, result is y, result, result.grad_fn is y.grad_fn, y

    same(f, sample(3), second=True)


def test_second_derivatives() -> None:
    same(lambda torch, x: exp(torch).apply(x * 2), sample(3), second=True)
    same(lambda torch, x, y: Power.of(torch).apply(x, 3, y), sample(3), sample(3), second=True)


class Power:
    """x ** n * y, with a number between two tensors."""

    @staticmethod
    def of(torch: Any) -> Any:
        def forward(ctx: Any, x: Any, n: int, y: Any) -> Any:
            ctx.save_for_backward(x, y)
            ctx.n = n
            return x**n * y

        def backward(ctx: Any, g: Any) -> Any:
            x, y = ctx.saved_tensors
            n = ctx.n
            return g * n * x ** (n - 1) * y, None, g * x**n

        return double(torch, forward=forward, backward=backward)


WRITES: dict[str, Callable[[Any, Any], Any]] = {
    "to the argument": lambda x, y: x.detach().add_(1),
    "to the result": lambda x, y: y.detach().add_(1),
    "to the result, recorded": lambda x, y: y.add_(1),
    "to both": lambda x, y: (x.detach().add_(1), y.detach().add_(1)),
}


@pytest.mark.parametrize("case", WRITES)
@pytest.mark.parametrize("of", ["a leaf", "an op"])
def test_a_saved_tensor_that_was_written_to(case: str, of: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        x = x if of == "a leaf" else x * 2
        y = exp(torch).apply(x)
        WRITES[case](x, y)
        y.sum().backward()

    same(f, sample(3), grad=False)


def test_saved_tensors_are_gone_after_backward() -> None:
    def f(torch: Any, x: Any) -> Any:
        y = exp(torch).apply(x)
        y.sum().backward(retain_graph=True)
        again = len(y.grad_fn.saved_tensors)
        y.sum().backward()
        return [
            again,
            *outcomes(
                lambda: y.grad_fn.saved_tensors,
                lambda: y.sum().backward(),
            ),
        ]

    same(f, sample(3), grad=False)


def test_nothing_saved_goes_backward_twice() -> None:
    def f(torch: Any, x: Any) -> Any:
        y = double(torch).apply(x)
        y.sum().backward()
        y.sum().backward()
        return x.grad, *outcomes(lambda: y.grad_fn.saved_tensors)

    same(f, sample(3), grad=False)


def test_a_saved_intermediate_has_no_history() -> None:
    def f(torch: Any, x: Any) -> Any:
        def forward(ctx: Any, x: Any) -> Any:
            inner = x * 3
            ctx.save_for_backward(inner)
            return inner * 1

        def backward(ctx: Any, g: Any) -> Any:
            (inner,) = ctx.saved_tensors
            return g * 3 + inner * 0

        y = double(torch, forward=forward, backward=backward).apply(x)
        return y.grad_fn.saved_tensors[0], y

    same(f, sample(3), grad=False)


def test_a_detached_saved_tensor() -> None:
    def f(torch: Any, x: Any) -> Any:
        a = x * 2
        y = exp(torch).apply(a)
        a.detach_()
        y.sum().backward()
        return x.grad, y.grad_fn is not None

    same(f, sample(3), grad=False)


SAVED: dict[str, Callable[[Any, Any], None]] = {
    "a number": lambda ctx, x: ctx.save_for_backward(x, 3),
    "a list": lambda ctx, x: ctx.save_for_backward([x]),
    "a list as such": lambda ctx, x: setattr(ctx, "to_save", [x]),
    "twice": lambda ctx, x: (ctx.save_for_backward(x, x), ctx.save_for_backward(x)),
    "nothing": lambda ctx, x: ctx.save_for_backward(),
    "forward a number": lambda ctx, x: ctx.save_for_forward(3),
    "forward": lambda ctx, x: ctx.save_for_forward(x, None),
    "not a bool": lambda ctx, x: ctx.set_materialize_grads(3),
    "dirty a number": lambda ctx, x: ctx.mark_dirty(x, 3),
    "dirty a list": lambda ctx, x: setattr(ctx, "dirty_tensors", [x]),
    "passive a number": lambda ctx, x: ctx.mark_non_differentiable(3),
    "passive a list": lambda ctx, x: setattr(ctx, "non_differentiable", [x]),
    "shared": lambda ctx, x: ctx.mark_shared_storage((x, x)),
    "both wrong": lambda ctx, x: (ctx.mark_dirty(3), ctx.mark_non_differentiable(3)),
    "saved and dirty wrong": lambda ctx, x: (ctx.mark_dirty(3), ctx.save_for_backward(3)),
}


@pytest.mark.parametrize("needs", [True, False])
@pytest.mark.parametrize("case", SAVED)
def test_what_the_ctx_takes(case: str, needs: bool) -> None:
    def f(torch: Any, x: Any) -> Any:
        seen = []

        def forward(ctx: Any, x: Any) -> Any:
            SAVED[case](ctx, x)
            seen.append(len(ctx.saved_tensors))
            return x * 2

        y = double(torch, forward=forward).apply(x)
        fn = y.grad_fn
        return seen, y, None if fn is None else (len(fn.saved_tensors), fn.to_save)

    same(f, sample(3, grad=needs))


def test_saved_tensors_once_only() -> None:
    def f(torch: Any, x: Any, clear: Any) -> Any:
        y = exp(torch, clear_saved_tensors_on_access=clear).apply(x)
        first = y.grad_fn.saved_tensors
        return [len(first), *outcomes(lambda: len(y.grad_fn.saved_tensors), y.sum().backward)]

    same(f, sample(3), True, grad=False)
    same(f, sample(3), False, grad=False)
    same(f, sample(3), 1, grad=False)


@pytest.mark.parametrize("materialize", [True, False])
def test_missing_gradients(materialize: bool) -> None:
    def f(torch: Any, x: Any) -> Any:
        seen = []

        def forward(ctx: Any, x: Any) -> Any:
            ctx.set_materialize_grads(materialize)
            extra = (x * 4).long()
            ctx.mark_non_differentiable(extra)
            return x * 2, x.t() * 3, extra, 7, x.double()

        def backward(ctx: Any, *grads: Any) -> Any:
            seen.extend(grads)
            seen.append([g if g is None else g._version for g in grads])
            return grads[0] * 2

        a, *_ = double(torch, forward=forward, backward=backward).apply(x)
        a.sum().backward()
        return seen, x.grad

    same(f, sample(2, 3), grad=False)


RETURNED: dict[str, Callable[[Any, Any], Any]] = {
    "too few": lambda torch, g: g,
    "too many": lambda torch, g: (g, None, g, g),
    "too many Nones": lambda torch, g: (g, None, g, None, None),
    "none at all": lambda torch, g: None,
    "an empty tuple": lambda torch, g: (),
    "a list": lambda torch, g: [g, None, g],
    "all None": lambda torch, g: (None, None, None),
    "a gradient of a number": lambda torch, g: (g, g, g),
    "a number": lambda torch, g: (g, None, 3),
    "a number first": lambda torch, g: (3.0, None, g),
    "a list in it": lambda torch, g: ([g], None, g),
    "another shape": lambda torch, g: (torch.ones(4), None, g),
    "a smaller shape": lambda torch, g: (torch.ones(1), None, g),
    "a scalar": lambda torch, g: (torch.ones(()), None, g),
    "a larger shape": lambda torch, g: (torch.ones(2, 3), None, g),
    "another shape, unwanted": lambda torch, g: (g, None, torch.ones(4)),
    "another dtype": lambda torch, g: (g.double(), None, g.half()),
    "integers": lambda torch, g: (torch.ones(3, dtype=torch.int64), None, g),
    "a bool": lambda torch, g: (torch.ones(3, dtype=torch.bool), None, g),
    "itself": lambda torch, g: (g, None, g),
    "what needs a gradient": lambda torch, g: (g.clone().requires_grad_(), None, g),
    "expanded": lambda torch, g: (torch.ones(()).expand(3), None, g),
}


@pytest.mark.parametrize("case", RETURNED)
def test_what_backward_returns(case: str) -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        def backward(ctx: Any, g: Any) -> Any:
            return RETURNED[case](torch, g)

        F = double(torch, forward=lambda ctx, x, n, y: x * n * y, backward=backward)

        def once(*wanted: Any) -> Any:
            out = F.apply(x, 2, y)
            if not wanted:
                out.backward(torch.arange(3.0))
                return x.grad, y.grad
            return torch.autograd.grad(out, wanted, torch.arange(3.0), allow_unused=True)

        return outcomes(once, lambda: once(x), lambda: once(y), lambda: once(x, y))

    same(f, sample(3), sample(3, seed=1), grad=False)


def test_several_ways_to_the_same_leaf() -> None:
    def f(torch: Any, x: Any) -> Any:
        F = double(torch, forward=lambda ctx, x, y: x * y, backward=lambda ctx, g: (g, g * 3))
        F.apply(x, x).sum().backward()
        first = x.grad.clone()
        (F.apply(x, x.detach()) * x).sum().backward()
        return first, x.grad

    same(f, sample(3), grad=False)


def test_boxed_gradients() -> None:
    def f(torch: Any, x: Any, boxed: Any) -> Any:
        seen = []

        def backward(ctx: Any, *grads: Any) -> Any:
            seen.append(type(grads[0]).__name__)
            grads = grads[0] if isinstance(grads[0], list) else grads
            return grads[0] * 2 + grads[1]

        F = double(
            torch, forward=lambda ctx, x: (x * 2, x * 3), backward=backward, boxed_grads_call=boxed
        )
        a, _b = F.apply(x)
        a.sum().backward(retain_graph=True)
        return seen, x.grad, a.grad_fn.apply(torch.ones(3), torch.ones(3))

    same(f, sample(3), True, grad=False)
    same(f, sample(3), False, grad=False)
    same(f, sample(3), None, grad=False)


def test_an_error_in_backward_keeps_what_was_saved() -> None:
    def f(torch: Any, x: Any) -> Any:
        angry = [True]

        def backward(ctx: Any, g: Any) -> Any:
            if angry[0]:
                raise ValueError("angry")
            return g * ctx.saved_tensors[2]

        y = exp(torch, backward=backward).apply(x)
        found = outcomes(lambda: y.sum().backward())
        angry[0] = False
        y.sum().backward()
        return found, x.grad, torch.is_grad_enabled()

    same(f, sample(3), grad=False)


def test_backward_inside_backward() -> None:
    def f(torch: Any, x: Any) -> Any:
        def forward(ctx: Any, x: Any) -> Any:
            with torch.enable_grad():
                ctx.inner = x.detach().requires_grad_()
                ctx.out = ctx.inner.pow(3)
            return ctx.out.detach()

        def backward(ctx: Any, g: Any) -> Any:
            ctx.out.backward(g)
            return ctx.inner.grad

        double(torch, forward=forward, backward=backward).apply(x * 1).sum().backward()
        return x.grad

    same(f, sample(3), grad=False)
