"""Calls of custom functions: results, views, writes in place, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.graph.functions import double, outcomes, writing
from tests.oracle import same, sample


def written(base: Any) -> Any:
    """A view of `base`, which is written to after it was made."""
    view = base[1:]
    base.add_(1)
    return view


FORWARDS: dict[str, Callable[..., Any]] = {
    "a tuple of one": lambda torch, x, y: (x * 2,),
    "two": lambda torch, x, y: (x * 2, y * 3),
    "a list": lambda torch, x, y: [x * 2, y * 3],
    "a number among them": lambda torch, x, y: (x * 2, 3, None, "text", y * 3),
    "a dict": lambda torch, x, y: {"a": x * 2},
    "nothing": lambda torch, x, y: None,
    "an empty tuple": lambda torch, x, y: (),
    "an argument": lambda torch, x, y: x,
    "both arguments": lambda torch, x, y: (x, y),
    "an argument twice": lambda torch, x, y: (x, x),
    "an argument and a result": lambda torch, x, y: (x, y * 2),
    "a view": lambda torch, x, y: x.view(3),
    "views": lambda torch, x, y: x.view(3, 1).unbind(0),
    "two views": lambda torch, x, y: (x[1:], y[:2]),
    "a view of a result": lambda torch, x, y: (x * 2)[1:],
    "a detached argument": lambda torch, x, y: x.detach(),
    "integers": lambda torch, x, y: (x * 2).long(),
    "integers and not": lambda torch, x, y: ((x * 2).long(), y * 2),
    "an expanded one": lambda torch, x, y: x.expand(2, 3),
    "a result twice": lambda torch, x, y: (lambda z: (z, z))(x * 2),
    "a double": lambda torch, x, y: (x.double(), y * 2),
    "a view written to inside": lambda torch, x, y: written((x * 2).clone()),
}


def described(torch: Any, out: Any, x: Any, y: Any) -> Any:
    """What can be seen of a result."""
    if isinstance(out, (tuple, list)):
        return [described(torch, one, x, y) for one in out]
    if not isinstance(out, torch.Tensor):
        return out
    base = [name for name, t in (("x", x), ("y", y)) if out._base is t]
    return [out, out.requires_grad, out.is_leaf, out._is_view(), base, out is x, out.output_nr]


@pytest.mark.parametrize("needs", ["both", "x", "y", "neither", "no_grad"])
@pytest.mark.parametrize("case", FORWARDS)
def test_what_forward_returns(case: str, needs: str) -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        seen = []

        def backward(ctx: Any, *grads: Any) -> Any:
            seen.append([None if g is None else g.clone() for g in grads])
            return x.detach() * 1, y.detach() * 2

        def forward(ctx: Any, x: Any, y: Any) -> Any:
            return FORWARDS[case](torch, x, y)

        F = double(torch, forward=forward, backward=backward)
        with torch.set_grad_enabled(needs != "no_grad"):
            out = F.apply(x, y)
        facts = described(torch, out, x, y)
        several = out if isinstance(out, (tuple, list)) else (out,)
        tensors = [t for t in several if isinstance(t, torch.Tensor)]
        for t in tensors:
            if t.requires_grad and t.grad_fn is not None:
                (t * 2).sum().backward(retain_graph=True)
        written = [outcomes(lambda t=t: t.mul_(2).grad_fn.name()) for t in tensors]
        return facts, seen, x.grad, y.grad, written

    x = sample(3, grad=needs in ("both", "x", "no_grad"))
    y = sample(3, seed=1, grad=needs in ("both", "y"))
    same(f, x, y, grad=False)


@pytest.mark.parametrize("case", ["an argument", "a view", "two views", "both arguments"])
def test_views_of_views(case: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        base = x * 1
        a, b = base[0], base[1]

        def forward(ctx: Any, x: Any, y: Any) -> Any:
            return FORWARDS[case](torch, x, y)

        F = double(torch, forward=forward, backward=lambda ctx, *g: (a.detach(), b.detach()))
        out = F.apply(a, b)
        out = out if isinstance(out, tuple) else (out,)
        facts = [(t._base is base, t._version, t.grad_fn.name()) for t in out]
        base.mul_(2)
        return facts, [outcomes(lambda t=t: t.grad_fn.name(), lambda t=t: t.sum()) for t in out]

    same(f, sample(2, 3), grad=False)


def test_marked_as_not_differentiable() -> None:
    def f(torch: Any, x: Any) -> Any:
        seen = []

        def forward(ctx: Any, x: Any) -> Any:
            values, indices = x.sort()
            half = x / 2
            ctx.mark_non_differentiable(indices, half, x)
            ctx.save_for_backward(indices, half, values)
            return values, indices, half, x

        def backward(ctx: Any, *grads: Any) -> Any:
            seen.extend(grads)
            indices, half, values = ctx.saved_tensors
            seen.extend([half.requires_grad, values.requires_grad])
            return torch.zeros_like(grads[0]).scatter(0, indices, grads[0])

        F = double(torch, forward=forward, backward=backward)
        outs = F.apply(x)
        outs[0].backward(torch.tensor([1.0, 2.0, 3.0]))
        return described(torch, outs, x, x), seen, x.grad

    same(f, sample(3), grad=False)


PLACES: dict[str, Callable[[Any], Any]] = {
    "a leaf": lambda x: x,
    "an op": lambda x: x * 1,
    "a constant": lambda x: x.detach().clone(),
    "a view of a leaf": lambda x: x[1:],
    "a view of an op": lambda x: (x * 1)[1:],
    "a view of a view": lambda x: (x * 1)[1:][:2],
    "one of several views": lambda x: (x * 1).unbind(0)[1],
    "a detached leaf": lambda x: x.detach(),
    "a view of a constant": lambda x: x.detach().clone()[1:],
}


@pytest.mark.parametrize("dirty", [True, False])
@pytest.mark.parametrize("case", PLACES)
def test_writing_to_an_argument(case: str, dirty: bool) -> None:
    def f(torch: Any, x: Any) -> Any:
        a = PLACES[case](x)
        base = a._base
        y = writing(torch, dirty).apply(a)
        facts = [y is a, y._version, y._is_view(), y._base is base, y.requires_grad, y]
        if base is not None:
            facts += [base.grad_fn.name() if base.grad_fn else None, base]
        if y.requires_grad:
            (y * y).sum().backward()
        return facts, x.grad

    same(f, sample(4, 3), grad=False)


def test_writing_to_a_view_made_without_grad() -> None:
    def f(torch: Any, x: Any) -> Any:
        base = x * 1
        with torch.no_grad():
            view = base[1:]
        return writing(torch).apply(view)

    same(f, sample(4), grad=False)


def test_the_base_and_other_views_see_the_write() -> None:
    def f(torch: Any, x: Any, c: Any) -> Any:
        base = x * 1
        one, other = base[1:], base[:3]
        y = writing(torch).apply(one)
        base.mul(c).sum().backward()
        return y, base, other, x.grad, base.grad_fn.name(), other.grad_fn.name()

    same(f, sample(4), sample(4, seed=2, grad=False), grad=False)


def test_hooks_and_gradients_of_what_is_written_to() -> None:
    def f(torch: Any, x: Any) -> Any:
        seen: list[Any] = []
        a = x * 1
        a.retain_grad()
        a.register_hook(lambda g: seen.append(("before", g.clone())))
        y = writing(torch).apply(a)
        y.register_hook(lambda g: seen.append(("after", g.clone())))
        y.sum().backward()
        return seen, a.grad, x.grad, a.retains_grad

    same(f, sample(3), grad=False)


DIRTY: dict[str, Callable[..., Any]] = {
    "not returned": lambda ctx, x, y: (ctx.mark_dirty(x), x * 2)[1],
    "one not returned": lambda ctx, x, y: (ctx.mark_dirty(x, y), x)[1],
    "no argument": lambda ctx, x, y: (lambda z: (ctx.mark_dirty(z), z)[1])(x * 2),
    "a view of an argument": lambda ctx, x, y: (lambda z: (ctx.mark_dirty(z), z)[1])(x[:1]),
    "a view of no argument": lambda ctx, x, y: (lambda z: (ctx.mark_dirty(z), z)[1])((x * 2)[:1]),
    "both": lambda ctx, x, y: (ctx.mark_dirty(x, y), (x, y))[1],
    "both, turned round": lambda ctx, x, y: (ctx.mark_dirty(x, y), (y, x))[1],
    "and another": lambda ctx, x, y: (ctx.mark_dirty(x), (x, y * 2))[1],
    "and saved": lambda ctx, x, y: (ctx.mark_dirty(x), ctx.save_for_backward(x, y), x)[2],
    "and without a gradient": lambda ctx, x, y: (
        ctx.mark_dirty(x), ctx.mark_non_differentiable(x), (x, y * 2))[2],
    "twice": lambda ctx, x, y: (ctx.mark_dirty(x, x), x)[1],
    "returned twice": lambda ctx, x, y: (ctx.mark_dirty(x), (x, x))[1],
}  # fmt: skip


@pytest.mark.parametrize("of", ["ops", "views", "constants", "one constant"])
@pytest.mark.parametrize("case", DIRTY)
def test_what_may_be_marked_as_dirty(case: str, of: str) -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        if of == "ops":
            a, b = x * 1, y * 1
        elif of == "views":
            a, b = (x * 1)[:], (y * 1)[:]
        elif of == "constants":
            a, b = x.detach().clone(), y.detach().clone()
        else:
            a, b = x.detach().clone(), y * 1
        seen = []

        def backward(ctx: Any, *grads: Any) -> Any:
            seen.append([None if g is None else g.clone() for g in grads])
            seen.append([(t._version, t.requires_grad, t) for t in ctx.saved_tensors])
            return grads[0] * 2, grads[-1] * 3

        F = double(torch, forward=DIRTY[case], backward=backward)
        out = F.apply(a, b)
        out = out if isinstance(out, tuple) else (out,)
        facts = [(t is a, t is b, t._version, t.requires_grad, t._is_view(), t) for t in out]
        total = sum([(t * (n + 2)).sum() for n, t in enumerate(out)])
        if total.requires_grad:
            total.backward()
        return facts, seen, x.grad, y.grad, a._version

    same(f, sample(3), sample(3, seed=1), grad=False)


def test_no_gradient_for_a_view_that_was_written_to() -> None:
    def f(torch: Any, x: Any) -> Any:
        base = x * 1
        writing(torch, backward=lambda ctx, g: None).apply(base[1:])
        base.sum().backward()
        return x.grad

    same(f, sample(3), grad=False)


APART: dict[str, Callable[[Any, Any, Any], None]] = {
    "saved": lambda ctx, inputs, output: ctx.save_for_backward(*inputs),
    "saved for jvp": lambda ctx, inputs, output: ctx.save_for_forward(*inputs),
    "not saved": lambda ctx, inputs, output: None,
    "dirty": lambda ctx, inputs, output: ctx.mark_dirty(*inputs),
    "no gradient": lambda ctx, inputs, output: ctx.mark_non_differentiable(*inputs),
    "no gradient, saved": lambda ctx, inputs, output: (
        ctx.mark_non_differentiable(*inputs), ctx.save_for_backward(*inputs)),
    "a number": lambda ctx, inputs, output: ctx.save_for_backward(3),
}  # fmt: skip


@pytest.mark.parametrize("needs", [True, False])
@pytest.mark.parametrize("case", APART)
def test_an_argument_returned_apart(case: str, needs: bool) -> None:
    def f(torch: Any, x: Any) -> Any:
        a = x * 1
        F = double(torch, forward=lambda x: x, setup_context=APART[case])
        y = F.apply(a)
        return y, y is a, y._version, y._is_view(), y.requires_grad

    same(f, sample(3, grad=needs), grad=False)


@pytest.mark.parametrize("passive", [True, False])
@pytest.mark.parametrize("needs", [True, False])
def test_a_result_with_a_history_of_its_own(needs: bool, passive: bool) -> None:
    def f(torch: Any, x: Any, w: Any) -> Any:
        def forward(ctx: Any, x: Any) -> Any:
            with torch.enable_grad():
                made = w * 3
            if passive:
                ctx.mark_non_differentiable(made)
            return x * 2, made

        F = double(torch, forward=forward, backward=lambda ctx, g, h: g * 2 + h)
        out, made = F.apply(x)
        if needs:
            (out.sum() + made.sum()).backward()
        return made, made.requires_grad, made.is_leaf, x.grad, w.grad

    same(f, sample(3, grad=needs), sample(3, seed=1), grad=False)


def test_a_constant_that_is_written_to_loses_its_gradient() -> None:
    def f(torch: Any, x: Any, w: Any) -> Any:
        a = torch.ones(3)
        a.grad = torch.ones(3)

        def forward(ctx: Any, a: Any, w: Any) -> Any:
            ctx.mark_dirty(a)
            return a.mul_(w)

        y = double(torch, forward=forward, backward=lambda ctx, g: (g, g * 3)).apply(a, w)
        before = a.grad
        y.sum().backward()
        return before, y is a, a.is_leaf, w.grad

    same(f, sample(3), sample(3, seed=1), grad=False)
