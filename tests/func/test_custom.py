"""Custom Functions inside transforms: their own vmap, one that is derived, and none."""

from types import SimpleNamespace
from typing import Any

import pytest

from tests.func.compare import alike
from tests.oracle import sample

X, W = sample(5, 3, grad=False), sample(3, grad=False)


def functions(torch: Any) -> Any:
    """Functions of either library."""
    base = torch.autograd.Function

    class Cube(base):
        generate_vmap_rule = True

        @staticmethod
        def forward(x: Any) -> Any:
            return x**3

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 3 * ctx.saved_tensors[0] ** 2

    class Several(base):
        generate_vmap_rule = True

        @staticmethod
        def forward(x: Any, w: Any, k: int) -> Any:
            return (x * w).sum(), x + k

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(inputs[0], inputs[1])
            ctx.shape = inputs[0].shape

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            x, w = ctx.saved_tensors
            assert x.shape == ctx.shape
            return g * w + h, g * x, None

    class Own(base):
        @staticmethod
        def forward(x: Any, w: Any) -> Any:
            return x @ w

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, w = ctx.saved_tensors
            return g * w, g * x

        @staticmethod
        def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
            x, w = [
                t.expand(info.batch_size, *t.shape) if d is None else t.movedim(d, 0)
                for t, d in zip(args, in_dims, strict=True)
            ]
            return (x * w).sum(1), 0

    class Wrong(Own):
        vmap = staticmethod(lambda info, in_dims, x, w: (x, 0, 0))

    class Both(Own):
        generate_vmap_rule = True

    class Without(base):
        forward = staticmethod(lambda x: x * 2)
        setup_context = staticmethod(lambda ctx, inputs, output: None)
        backward = staticmethod(lambda ctx, g: g * 2)

    class Old(base):
        forward = staticmethod(lambda ctx, x: x * 2)
        backward = staticmethod(lambda ctx, g: g * 2)

    return SimpleNamespace(**{k: v for k, v in locals().items() if k[0].isupper()})


@pytest.mark.parametrize("x", [X, sample(5, 3)])
@pytest.mark.parametrize("in_dim", [0, 1])
def test_a_derived_rule(x: Any, in_dim: int) -> None:
    alike(lambda torch, x: torch.vmap(functions(torch).Cube.apply, in_dim)(x), x, stride=False)


def test_a_derived_rule_and_gradients() -> None:
    def cube(torch):
        return functions(torch).Cube.apply

    def second(torch):
        return torch.func.grad(torch.func.grad(cube(torch)))

    alike(lambda torch, x: torch.vmap(torch.func.grad(lambda x: cube(torch)(x).sum()))(x), X)
    alike(lambda torch, x: torch.vmap(torch.vmap(second(torch)))(x), X)
    alike(lambda torch, x: torch.func.grad(lambda x: torch.vmap(cube(torch))(x).sum())(x), X)
    alike(lambda torch, x: torch.func.jacrev(cube(torch))(x[0]), X)
    alike(lambda torch, x: torch.vmap(torch.func.jacrev(cube(torch)))(x), X, stride=False)


def test_arguments_that_all_share() -> None:
    def total(torch: Any, x: Any, w: Any) -> Any:
        several = torch.vmap(functions(torch).Several.apply, in_dims=(0, None, None))
        return sum(out.sum() for out in several(x, w, 2))

    alike(lambda torch, x, w: total(torch, x, w), X, W)
    alike(lambda torch, x, w: torch.func.grad(lambda *a: total(torch, *a), (0, 1))(x, w), X, W)


def test_a_rule_of_its_own() -> None:
    def own(torch):
        return functions(torch).Own.apply

    alike(lambda torch, x, w: torch.vmap(own(torch), (0, None))(x, w), X, W)
    alike(lambda torch, x, w: torch.vmap(torch.func.grad(own(torch)), (0, None))(x, w), X, W)
    alike(
        lambda torch, x, w: torch.func.grad(
            lambda w: torch.vmap(own(torch), (0, None))(x, w).sum()
        )(w),
        X, W,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["Wrong", "Both"])
def test_rules_that_are_none(name: str) -> None:
    alike(
        lambda torch, x, w: torch.vmap(getattr(functions(torch), name).apply, (0, None))(x, w), X, W
    )


def test_functions_without_a_rule() -> None:
    def without(torch):
        return functions(torch).Without.apply

    alike(lambda torch, x: torch.vmap(without(torch))(x), X)
    alike(lambda torch, x, w: torch.vmap(lambda x: without(torch)(w) + x)(x), X, W)
    alike(lambda torch, x: torch.func.grad(lambda x: without(torch)(x).sum())(x), X)
    alike(lambda torch, x: torch.func.jacrev(without(torch))(x[0]), X)


def test_functions_without_setup_context() -> None:
    def old(torch):
        return functions(torch).Old.apply

    alike(lambda torch, x: torch.vmap(old(torch))(x), X)
    alike(lambda torch, x: torch.func.grad(lambda x: old(torch)(x).sum())(x), X)
    alike(lambda torch, x: torch.func.jvp(old(torch), (x,), (x,)), X)
