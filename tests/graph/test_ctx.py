"""The ctx of a custom function, which is its node: what it shows, and whose its names are."""

from typing import Any

from tests.graph.functions import double, outcomes
from tests.oracle import same, sample


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


def test_attributes_of_any_name() -> None:
    names = (
        "order edges expects results active packed saved saves outputs scalars run release hooked "
        "name shape record theirs prepared derived boxed variable"
    ).split()

    def f(torch: Any, x: Any) -> Any:
        seen: list[Any] = []

        def forward(ctx: Any, x: Any) -> Any:
            for nr, name in enumerate(names):
                setattr(ctx, name, [nr])
            ctx.save_for_backward(x)
            return x * 2, x * 3

        def backward(ctx: Any, g: Any, h: Any) -> Any:
            seen.append([getattr(ctx, name) for name in names])
            ctx.order.append("more")
            ctx.run = "again"
            seen.append(ctx.saved_tensors[0] is x)
            return g * 2 + h * 3

        a, b = double(torch, forward=forward, backward=backward).apply(x)
        a.grad_fn.register_hook(lambda gi, go: seen.append((gi, go)))
        y = (a * b).sum()
        y.backward(retain_graph=True)
        y.backward()
        return (
            seen,
            x.grad,
            repr(a).rpartition("grad_fn")[2],
            [fn.name() for fn, _ in a.grad_fn.next_functions],
        )

    same(f, sample(3), grad=False)
