"""Custom functions: what they record, save, return and refuse."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle import same, sample

Case = Callable[..., Any]


def double(torch: Any, **own: Any) -> Any:
    """A Function that doubles its first argument, with other methods in `own`."""

    def forward(ctx: Any, x: Any, *rest: Any) -> Any:
        return x * 2

    def backward(ctx: Any, g: Any) -> Any:
        return (g * 2, *[None] * (len(ctx.needs_input_grad) - 1))

    methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    methods |= {
        name: staticmethod(f) if callable(f) and not isinstance(f, staticmethod) else f
        for name, f in own.items()
    }
    return type("Double", (torch.autograd.Function,), methods)


def outcomes(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returns, or the class and text of what it raises."""
    found = []
    for call in calls:
        try:
            found.append(call())
        except Exception as error:  # noqa: BLE001  # compared with the other library's
            found.append(f"{type(error).__name__}: {error}")
    return found


# --- saving


def exp(torch: Any, **own: Any) -> Any:
    """exp, which saves its argument and its result."""

    def forward(ctx: Any, x: Any) -> Any:
        y = x.exp()
        ctx.save_for_backward(x, None, y)
        return y

    def backward(ctx: Any, g: Any) -> Any:
        return g * ctx.saved_tensors[2]

    return double(torch, **{"forward": forward, "backward": backward, **own})


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


# --- the ctx and the node


def test_the_node_is_the_ctx() -> None:
    def f(torch: Any, x: Any) -> Any:
        kept = []

        def forward(ctx: Any, x: Any, n: int) -> Any:
            kept.append(ctx)
            ctx.mine = [1, 2]
            return x * 2

        F = double(torch, forward=forward)
        y = F.apply(x * 1, 3)
        node = y.grad_fn
        return [
            node is kept[0], node.mine, node.name(), type(node).__name__, type(node).__module__,
            node._forward_cls is F, type(node) is F._backward_cls, node.needs_input_grad,
            [(fn.name(), nr) for fn, nr in node.next_functions], node.metadata, node.requires_grad,
            isinstance(node, torch.autograd.graph.Node),
            isinstance(node, torch.autograd.function.BackwardCFunction),
            repr(node).split(" at ")[0], node.saved_tensors,
            (node.to_save, node.dirty_tensors, node.non_differentiable, node.saved_for_forward),
            node.apply(torch.ones(3)), repr(y).rpartition("grad_fn")[2],
        ]  # fmt: skip

    same(f, sample(3), grad=False)


def test_needs_input_grad() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        seen = []

        def forward(ctx: Any, *args: Any) -> Any:
            seen.append(ctx.needs_input_grad)
            return args[0] * 1

        def backward(ctx: Any, g: Any) -> Any:
            seen.append(ctx.needs_input_grad)
            return (g, *[None] * (len(ctx.needs_input_grad) - 1))

        F = double(torch, forward=forward, backward=backward)
        F.apply(x, 3, y, [x], None).sum().backward()
        F.apply(y, x * 1, "x")
        with torch.no_grad():
            F.apply(x, y)
        torch.autograd.grad(F.apply(x, x).sum(), x)
        F.apply(y, x).grad_fn.needs_input_grad = None
        return seen, x.grad

    same(f, sample(3), sample(3, grad=False), grad=False)


def test_what_is_recorded_inside() -> None:
    def f(torch: Any, x: Any) -> Any:
        modes = []

        def forward(ctx: Any, x: Any) -> Any:
            modes.append((torch.is_grad_enabled(), x.requires_grad))
            inner = x * 2
            with torch.enable_grad():
                outer = x * 2
            return outer, inner, outer.grad_fn is not None

        def backward(ctx: Any, g: Any, h: Any, _: Any) -> Any:
            modes.append((torch.is_grad_enabled(), g.requires_grad))
            return g * 2

        F = double(torch, forward=forward, backward=backward)
        a, b, c = F.apply(x)
        a.sum().backward(retain_graph=True)
        torch.autograd.grad((a * b).sum(), x, create_graph=True)
        with torch.no_grad():
            F.apply(x)
        return modes, a, b, c

    same(f, sample(3), grad=False)


def test_inference_mode() -> None:
    def f(torch: Any, x: Any) -> Any:
        with torch.inference_mode():
            y = double(torch).apply(x)
            z = torch.ones(3)
            w = double(torch, forward=lambda ctx, x: x).apply(z)
        saving = double(torch, forward=lambda ctx, x, z: (ctx.save_for_backward(z), x * 2)[1])
        return [y, y.is_inference(), w.is_inference(), *outcomes(lambda: saving.apply(x, z))]

    same(f, sample(3), grad=False)


# --- results


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


# --- gradients


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

        found = outcomes(once, lambda: once(x), lambda: once(y), lambda: once(x, y))
        return found

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
        a, b = F.apply(x)
        a.sum().backward(retain_graph=True)
        return seen, x.grad, a.grad_fn.apply(torch.ones(3), torch.ones(3))

    same(f, sample(3), True, grad=False)
    same(f, sample(3), False, grad=False)
    same(f, sample(3), None, grad=False)


def test_once_differentiable() -> None:
    def f(torch: Any, x: Any) -> Any:
        once = torch.autograd.function.once_differentiable

        def backward(ctx: Any, g: Any, h: Any) -> Any:
            return g * 2 + h, None, h * 1

        F = double(torch, forward=lambda ctx, x, n, y: (x * 2, y * 1), backward=once(backward))
        a, b = F.apply(x, 3, x * 1)
        plain = torch.autograd.grad(a.sum(), x, retain_graph=True)
        (g,) = torch.autograd.grad((a * b).sum(), x, create_graph=True)
        names = [g.grad_fn.name(), [fn.name() for fn, _ in g.grad_fn.next_functions]]
        return [plain, g, names, backward.__name__, *outcomes(lambda: g.sum().backward())]

    same(f, sample(3), grad=False)


def test_once_differentiable_with_one_result() -> None:
    def f(torch: Any, x: Any) -> Any:
        once = torch.autograd.function.once_differentiable
        F = double(torch, backward=once(lambda ctx, g: g * 2))
        (g,) = torch.autograd.grad(F.apply(x).pow(2).sum(), x, create_graph=True)
        return [g, g.grad_fn.name(), *outcomes(lambda: torch.autograd.grad(g.sum(), x))]

    same(f, sample(3), grad=False)


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


# --- writing in place


def writing(torch: Any, dirty: bool = True, **own: Any) -> Any:
    """A Function that doubles its first argument in place."""

    def forward(ctx: Any, x: Any, *rest: Any) -> Any:
        x.mul_(2)
        if dirty:
            ctx.mark_dirty(x)
        return x

    return double(torch, **{"forward": forward, **own})


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


# --- setup_context, jvp, vmap


def test_forward_and_context_apart() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        seen: list[Any] = []

        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            seen.append(
                [type(inputs).__name__, len(inputs), inputs[0] is x, torch.is_grad_enabled()]
            )
            a, n, b = inputs
            ctx.n = n
            ctx.save_for_backward(a, b, output)

        def backward(ctx: Any, g: Any) -> Any:
            a, b, out = ctx.saved_tensors
            return g * b * ctx.n, None, g * a * ctx.n

        F = double(
            torch, forward=lambda a, n, b: a * n * b, setup_context=setup_context, backward=backward
        )
        return F.apply(x, 3, y), seen

    same(f, sample(3), sample(3, seed=1), second=True)


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


MISSING: dict[str, Callable[[Any, Any], Any]] = {
    "forward": lambda torch, x: type("F", (torch.autograd.Function,), {}).apply(x),
    "backward": lambda torch, x: no_backward(torch).apply(x).sum().backward(),
    "setup_context": lambda torch, x: torch.autograd.Function.setup_context(None, (), None),
    "jvp": lambda torch, x: torch.autograd.Function.jvp(None, x),
    "vmap": lambda torch, x: torch.autograd.Function.vmap(None, (0,), x),
    "jvp of the node": lambda torch, x: double(torch).apply(x).grad_fn.apply_jvp(x),
    "both backward and vjp": lambda torch, x: double(
        torch, vjp=lambda ctx, g: g).apply(x).sum().backward(),
    "only vjp": lambda torch, x: no_backward(torch, vjp=lambda ctx, g: g * 5).apply(x),
    "an instance": lambda torch, x: double(torch)().name(),
    "a called instance": lambda torch, x: double(torch)()(x),
    "an inplace function": lambda torch, x: torch.autograd.function.InplaceFunction(True).inplace,
    "a forward that is no static method": lambda torch, x: legacy(torch).apply(x),
    "a called class": lambda torch, x: type(legacy(torch)(3)).__name__,
    "Function itself": lambda torch, x: torch.autograd.Function.apply(x),
    "no argument": lambda torch, x: double(torch).apply(),
    "a node that is made": lambda torch, x: double(torch)._backward_cls().saved_tensors,
    "marked twice": lambda torch, x: double(torch, forward=lambda ctx, x: (
        ctx.set_output_grad_dtype(None), ctx.set_output_grad_dtype(None))).apply(x),
    "a property that cannot be set": lambda torch, x: setattr(
        double(torch).apply(x).grad_fn, "saved_tensors", ()),
    "another": lambda torch, x: setattr(double(torch).apply(x).grad_fn, "next_functions", ()),
    "a property that cannot be read": lambda torch, x: double(torch).apply(x).grad_fn.materialize_grads,
}  # fmt: skip


def no_backward(torch: Any, **own: Any) -> Any:
    """A Function without `backward`."""
    methods = {"forward": staticmethod(lambda ctx, x: x * 2)}
    methods |= {name: staticmethod(f) for name, f in own.items()}
    return type("NoBackward", (torch.autograd.Function,), methods)


def legacy(torch: Any) -> Any:
    """A Function of the first kind."""

    class Old(torch.autograd.Function):
        def forward(self, x: Any) -> Any:
            return x * 2

        def backward(self, g: Any) -> Any:
            return g * 2

    return Old


@pytest.mark.parametrize("case", MISSING)
def test_what_is_missing_or_old(case: str) -> None:
    same(lambda torch, x: MISSING[case](torch, x), sample(3))


KEYWORDS: dict[str, Callable[[Any, Any], Any]] = {
    "the second": lambda F, x: F.apply(x, n=3),
    "both": lambda F, x: F.apply(n=3, x=x),
    "the last": lambda F, x: F.apply(x, 3, k=4),
    "with a gap": lambda F, x: F.apply(x, k=4),
    "unknown": lambda F, x: F.apply(x, z=4),
    "twice": lambda F, x: F.apply(x, 3, x=x),
    "one too many": lambda F, x: F.apply(x, 3, 4, 5, k=3),
    "one too many by position": lambda F, x: F.apply(x, 3, 4, 5),
    "none": lambda F, x: F.apply(x, 2),
    "the ctx": lambda F, x: F.apply(x, ctx=3),
}


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("case", KEYWORDS)
def test_keywords(case: str, apart: bool) -> None:
    def f(torch: Any, x: Any) -> Any:
        needs = []

        def joint(ctx: Any, x: Any, n: int = 2, k: int = 1) -> Any:
            needs.append(ctx.needs_input_grad)
            return x * n * k

        def forward(x: Any, n: int = 2, k: int = 1) -> Any:
            return x * n * k

        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            needs.append((ctx.needs_input_grad, len(inputs)))

        own = {"forward": forward, "setup_context": setup_context} if apart else {"forward": joint}
        return KEYWORDS[case](double(torch, **own), x), needs

    same(f, sample(3))


def test_attributes_of_the_class_are_no_arguments() -> None:
    def f(torch: Any, x: Any) -> Any:
        class Base(torch.autograd.Function):
            scale = 3

            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                return x * ctx._forward_cls.scale

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return g * ctx._forward_cls.scale

        class Derived(Base):
            scale = 5

        y = Derived.apply(x)
        z = Base.apply(x)
        ids = Derived._backward_cls._autograd_function_id > Base._backward_cls._autograd_function_id
        return y, z, y.grad_fn.name(), z.grad_fn.name(), ids

    same(f, sample(3))


def test_nodes_of_custom_functions_die_with_their_results() -> None:
    def f(torch: Any, x: Any) -> Any:
        import gc
        import weakref

        gc.disable()
        try:
            y = exp(torch).apply(x)
            dead = weakref.ref(y)
            node = [type(y.grad_fn).__name__]
            del y
            return dead() is None, node
        finally:
            gc.enable()

    same(f, sample(3), grad=False)
