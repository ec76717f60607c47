"""Function, its static methods, and once_differentiable."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

import minitorch_np
from minitorch_np.graph.function import overrides, refuse_joint, vmap_rule
from tests.graph.functions import double, exp, outcomes
from tests.oracle import same, sample


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
            a, b, _out = ctx.saved_tensors
            return g * b * ctx.n, None, g * a * ctx.n

        F = double(
            torch, forward=lambda a, n, b: a * n * b, setup_context=setup_context, backward=backward
        )
        return F.apply(x, 3, y), seen

    same(f, sample(3), sample(3, seed=1), second=True)


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
    "a property that cannot be read": lambda torch, x: double(
        torch).apply(x).grad_fn.materialize_grads,
    "a view that cannot be read": lambda torch, x: double(torch).apply(x).grad_fn._is_pure_view,
    "its old name": lambda torch, x: double(torch).apply(x).grad_fn.saved_variables,
    "a call of the node": lambda torch, x: double(torch).apply(x).grad_fn(x),
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


TRANSFORMED: dict[str, dict[str, Any]] = {
    "with the ctx": {},
    "without a rule": {"setup_context": lambda ctx, inputs, output: None},
    "with two rules": {
        "setup_context": lambda ctx, inputs, output: None,
        "vmap": lambda info, in_dims, x: (x * 2, 0),
        "generate_vmap_rule": True,
    },
}


@pytest.mark.parametrize("case", TRANSFORMED)
def test_what_transforms_refuse(case: str) -> None:
    def forward(x: Any, *rest: Any) -> Any:
        return x * 2

    def f(library: Any, x: Any) -> Any:
        F = double(library, forward=forward, **TRANSFORMED[case])
        if library is torch:
            return torch.func.vmap(F.apply)(x)
        refuse_joint(F)
        return vmap_rule(F)

    same(f, sample(3), grad=False)


def test_what_a_function_overrides() -> None:
    F = double(minitorch_np, jvp=lambda ctx, t: t, vmap=lambda info, dims, x: (x, 0))
    assert overrides(F, "jvp")
    assert not overrides(F, "setup_context")
    assert vmap_rule(F) is F.vmap
    assert vmap_rule(double(minitorch_np, generate_vmap_rule=True)) is None


def test_jvp_gets_the_ctx() -> None:
    def f(torch: Any, x: Any) -> Any:
        def forward(ctx: Any, x: Any) -> Any:
            ctx.order = 3
            return x * 2

        F = double(torch, forward=forward, jvp=lambda ctx, t: (t * 2, type(ctx).__name__))
        return F.apply(x).grad_fn.apply_jvp(x.detach())

    same(f, sample(3), grad=False)
