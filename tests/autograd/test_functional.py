"""torch.autograd.functional: Jacobians and Hessians by every strategy, and products with them."""

from typing import Any

import pytest

from tests.func.compare import alike
from tests.oracle import sample

X, W = sample(5, 3, grad=False), sample(4, 3, grad=False)
XG = sample(5, 3)
MODES: list[dict[str, Any]] = [
    {},
    {"vectorize": True},
    {"vectorize": True, "strategy": "forward-mode"},
    {"strategy": "forward-mode"},
    {"strategy": "some"},
]


def linear(x: Any, w: Any) -> Any:
    return (x @ w.t()).sin()


@pytest.mark.parametrize("mode", MODES)
def test_jacobian(mode: dict[str, Any]) -> None:
    def jacobian(torch: Any, *given: Any, **options: Any) -> Any:
        return torch.autograd.functional.jacobian(*given, **mode, **options)

    alike(lambda torch, x, w: jacobian(torch, lambda x: linear(x, w), x), X, W, stride=False)
    alike(lambda torch, x, w: jacobian(torch, linear, (x, w)), X, W, stride=False)
    alike(
        lambda torch, x, w: jacobian(torch, lambda x, w: (linear(x, w), x.sum()), (x, w)),
        X,
        W,
        stride=False,
    )
    alike(lambda torch, x: jacobian(torch, lambda x: (x.sin(), x.sum()), x), X)
    alike(lambda torch, x: jacobian(torch, lambda x: x.sin(), x, create_graph=True), XG)
    alike(lambda torch, x, w: jacobian(torch, lambda x, w: x * 2, (x, w), strict=True), X, W)
    alike(lambda torch, x, w: jacobian(torch, lambda x, w: x * 2, (x, w)), X, W, stride=False)
    alike(lambda torch, x: jacobian(torch, lambda x: x, 3), X)
    alike(lambda torch, x: jacobian(torch, lambda x: x, (x, 3)), X)
    alike(lambda torch, x: jacobian(torch, lambda x: 3, x), X)
    alike(lambda torch, x: jacobian(torch, lambda x: (x, 3), x), X)


@pytest.mark.parametrize("vectorize", [False, True])
def test_hessian(vectorize: bool) -> None:
    def hessian(torch: Any, *given: Any, **options: Any) -> Any:
        return torch.autograd.functional.hessian(*given, vectorize=vectorize, **options)

    def cube(x):
        return (x**3).sum()

    alike(
        lambda torch, x, w: hessian(torch, lambda x, w: linear(x, w).sum(), (x, w)),
        X,
        W,
        stride=False,
    )
    alike(lambda torch, x: hessian(torch, cube, x), X)
    alike(lambda torch, x: hessian(torch, cube, x, create_graph=True), XG)
    alike(lambda torch, x: hessian(torch, lambda x: x.sum(), x), X)
    alike(lambda torch, x: hessian(torch, lambda x: x.sum(), x, strict=True), X)
    alike(lambda torch, x: hessian(torch, lambda x: x, x), X)
    alike(lambda torch, x: hessian(torch, lambda x: (x.sum(),), x), X)
    alike(lambda torch, x: hessian(torch, cube, x, outer_jacobian_strategy="some"), X)
    forward = {"outer_jacobian_strategy": "forward-mode"}
    # PyTorch's result has a history there, which leads to tensors of its own
    alike(lambda torch, x: hessian(torch, cube, x, **forward).detach(), X)
    alike(lambda torch, x: hessian(torch, lambda x: x, x, **forward), X)
    alike(lambda torch, x: hessian(torch, cube, x, strict=True, **forward), X)
    alike(lambda torch, x: hessian(torch, cube, x, create_graph=True, **forward), X)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("strict", [False, True])
def test_vjp_and_jvp(create_graph: bool, strict: bool) -> None:
    options = {"create_graph": create_graph, "strict": strict}

    def refused(name: str, f: Any, *v: Any) -> None:
        alike(
            lambda torch, x, w: getattr(torch.autograd.functional, name)(f, (x, w), *v, **options),
            X,
            W,
        )

    for name, v in (("vjp", (sample(5, 4, grad=False),)), ("jvp", (X, W))):
        for x in (X, XG):
            alike(
                lambda torch, x, w, *v: getattr(torch.autograd.functional, name)(
                    linear, (x, w), v[0] if len(v) == 1 else v, **options
                ),
                x, W, *v, stride=False,
            )  # fmt: skip
        refused(name, lambda x, w: x.sum())
        refused(name, lambda x, w: x)
        refused(name, lambda x, w: (x, w), 3)

    def functional(torch):
        return torch.autograd.functional

    alike(lambda torch, x, w: functional(torch).vjp(lambda x: x, x, w, **options), X, W)
    alike(lambda torch, x, w: functional(torch).vjp(lambda x: (x, x), x, w, **options), X, W)
    alike(lambda torch, x, w: functional(torch).vjp(lambda x: (x, x), x, (x, w), **options), X, W)
    alike(lambda torch, x: functional(torch).vjp(lambda x: x.sin().sum(), x, **options), X)
    alike(lambda torch, x: functional(torch).jvp(lambda x: x.sin(), x, **options), X[0, 0])
    alike(lambda torch, x: functional(torch).jvp(lambda x: x * 2, x, x, **options), X)
    alike(lambda torch, x: functional(torch).jvp(lambda x: (x.sin(), x.sum()), x, x, **options), X)
    alike(lambda torch, x: functional(torch).jvp(lambda x: torch.ones(2), x, x, **options), X)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", ["vhp", "hvp"])
def test_products_with_hessians(name: str, create_graph: bool, strict: bool) -> None:
    def product(torch: Any, *given: Any) -> Any:
        options = {"create_graph": create_graph, "strict": strict}
        return getattr(torch.autograd.functional, name)(*given, **options)

    for x in (X, XG):
        alike(
            lambda torch, x, w: product(torch, lambda x, w: linear(x, w).sum(), (x, w), (x * 2, w)),
            x,
            W,
            stride=False,
            tol=(1e-5, 1e-5),  # the sine of a sum of 26, which the last bits of products move
        )
        alike(lambda torch, x: product(torch, lambda x: (x**3).sum(), x, torch.ones(5, 3)), x)
    for f in (lambda x: x.sum(), lambda x: (x * x).sum(), lambda x: x, lambda x: (x.sum(),)):
        alike(lambda torch, x: product(torch, f, x, torch.ones(5, 3)), X)
    alike(lambda torch, x: product(torch, lambda x: x.sin().sum(), x), X)
    alike(lambda torch, x: product(torch, lambda x: x.sin(), x), X[0, 0])
