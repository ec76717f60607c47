"""grad, grad_and_value and vjp: alone, within one another, and with vmap on either side."""

from typing import Any

import pytest

from tests.func.compare import alike
from tests.oracle import sample

X, W = sample(5, 3, grad=False), sample(4, 3, grad=False)
XG, WG = sample(5, 3), sample(4, 3)


THIRD = (1e-4, 1e-3)
"""Third derivatives of float32 add up the rounding of many terms of either sign."""


def loss(w: Any, x: Any) -> Any:
    return (w @ x).sin().sum()


def test_grad() -> None:
    for x in (X, XG):
        alike(lambda torch, x: torch.func.grad(lambda x: (x * x).sin().sum())(x), x)
    for x in (X[0, 0], XG[0, 0]):
        alike(lambda torch, x: torch.func.grad(torch.func.grad(lambda x: x**3))(x), x)
    alike(lambda torch, x, w: torch.func.grad(lambda x: (x @ w.t()).sin().sum())(x), X, WG)
    alike(lambda torch, x, w: torch.func.grad(lambda x: w.sum())(x), X, W)
    alike(lambda torch, x, w: torch.func.grad(lambda x, w: x.sum(), (0, 1))(x, w), X, W)


def test_grad_and_value() -> None:
    def f(x: Any, w: Any) -> Any:
        return (x @ w.t()).sin().sum(), (x, [w * 2])

    for argnums in (0, 1, -1, (0, 1), (1,)):
        for x in (X, XG):
            alike(
                lambda torch, x, w: torch.func.grad_and_value(f, argnums, has_aux=True)(x, w), x, W
            )
    alike(lambda torch, x: torch.func.grad_and_value(lambda x: x.sum())(x), X)
    alike(lambda torch, x, w: torch.func.grad_and_value(lambda x: w.sum())(x), X, WG)
    alike(lambda torch, x: torch.func.grad(lambda x: (x.sum(), x), has_aux=True)(x), XG)


def test_arguments_in_structures() -> None:
    alike(
        lambda torch, x, w: torch.func.grad(lambda d: (d["x"] @ d["w"][0].t()).sin().sum())(
            {"x": x, "w": [w]}
        ),
        X, W,
    )  # fmt: skip
    alike(lambda torch, x, w: torch.func.grad(lambda x, *, w: (x @ w.t()).sum())(x, w=w), X, W)


@pytest.mark.parametrize(
    "f, options",
    [
        (lambda x: x, {}),
        (lambda x: None, {}),
        (lambda x: 3, {}),
        (lambda x: x.sum(), {"argnums": 2}),
        (lambda x: x.sum(), {"argnums": ()}),
        (lambda x: x.sum(), {"argnums": (0, 0)}),
        (lambda x: x.sum(), {"argnums": (0.5,)}),
        (lambda x: x.sum(), {"argnums": "a"}),
        (lambda x: x.sum(), {"has_aux": True}),
        (lambda x: x.sum().backward(), {}),
    ],
)
def test_what_grad_refuses(f: Any, options: Any) -> None:
    alike(lambda torch, x: torch.func.grad(f, **options)(x), X)


def test_what_has_no_gradient() -> None:
    alike(lambda torch, x: torch.func.grad(lambda x: x.sum())(x.long()), X)
    alike(lambda torch: torch.func.grad(lambda x: x)(3))


def test_grad_mode() -> None:
    def inside(torch: Any, x: Any) -> Any:
        def f(x: Any) -> Any:
            with torch.no_grad():
                c = x**2
            return (x - c).sum()

        return torch.func.grad(f)(x)

    def outside(torch: Any, x: Any) -> Any:
        with torch.no_grad():
            return torch.func.grad(lambda x: (x**2).sum())(x), torch.is_grad_enabled()

    def within_inference(torch: Any, x: Any) -> Any:
        with torch.inference_mode():
            return torch.func.grad(lambda x: (x**2).sum())(x).clone().sum().item()

    for x in (X, XG):
        alike(inside, x)
        alike(outside, x)
    alike(within_inference, X)


def test_vjp() -> None:
    for x in (X, XG):
        alike(
            lambda torch, x, w: torch.func.vjp(lambda x, w: x @ w.t(), x, w)[1](torch.ones(5, 4)),
            x,
            W,
        )
        alike(lambda torch, x: torch.func.vjp(lambda x: x.sin(), x)[0], x)
        alike(lambda torch, x: torch.func.vjp(lambda x: (x.sin(), x), x, has_aux=True)[2], x)
    alike(
        lambda torch, x: torch.func.vjp(lambda d: {"a": d["x"] * 2, "b": d["x"].sum()}, {"x": x})[
            1
        ]({"a": torch.ones(5, 3), "b": torch.tensor(1.0)}),
        X,
    )
    alike(
        lambda torch, x, w: torch.func.vjp(lambda x: x @ w.t(), x)[1](w.sum() * torch.ones(5, 4)),
        X,
        WG,
    )

    def again(torch: Any, x: Any) -> Any:
        _, pull = torch.func.vjp(lambda x: x.sin() * x, x)
        return pull(torch.ones(5, 3)), pull(2 * torch.ones(5, 3))

    alike(again, X)


def test_what_vjp_refuses() -> None:
    alike(lambda torch, x: torch.func.vjp(lambda x: x * 2, x)[1](torch.ones(3)), X)
    alike(lambda torch, x: torch.func.vjp(lambda x: {"a": x}, x)[1](torch.ones(5, 3)), X)
    alike(lambda torch, x: torch.func.vjp(lambda x: x.long(), x), X)
    alike(lambda torch, x: torch.func.vjp(lambda x: None, x), X)
    alike(lambda torch, x: torch.func.vjp(lambda x: [x, 3], x), X)
    alike(lambda torch, x: torch.func.vjp(lambda x: x, 3), X)
    alike(lambda torch, x: torch.func.vjp(lambda x: x, x, has_aux=True), X)


def test_with_vmap() -> None:
    for w in (W, WG):
        alike(
            lambda torch, w, x: torch.vmap(torch.func.grad(loss), in_dims=(None, 0))(w, x), w, X,
            stride=False,
        )  # fmt: skip
        alike(
            lambda torch, w, x: torch.func.grad(
                lambda w: torch.vmap(lambda x: loss(w, x))(x).sum()
            )(w),
            w,
            X,
        )

    def squares(torch: Any, w: Any, x: Any) -> Any:
        each = torch.vmap(torch.func.grad(loss), in_dims=(None, 0))
        return torch.func.grad(lambda w: (each(w, x) ** 2).sum())(w)

    alike(squares, W, X, tol=THIRD)
    alike(squares, WG, X, tol=THIRD)
    alike(
        lambda torch, w, x: torch.vmap(
            torch.vmap(torch.func.grad(lambda w, x: (w * x).sin().sum()), (0, None)), (None, 0)
        )(w, x),
        W, X, stride=False,
    )  # fmt: skip

    def third(torch):
        return torch.func.grad(torch.func.grad(torch.func.grad(lambda x: x.sin())))

    alike(lambda torch, x: torch.vmap(torch.vmap(third(torch)))(x), X)
    alike(lambda torch, x, w: torch.vmap(torch.func.grad(lambda x: w.sum()))(x), X, W)


def test_vjp_of_a_batch_of_cotangents() -> None:
    alike(
        lambda torch, x, w: torch.vmap(torch.func.vjp(lambda x: (x @ w.t()).sin(), x)[1])(
            torch.ones(6, 5, 4)
        ),
        X, W,
    )  # fmt: skip
    alike(
        lambda torch, x: torch.vmap(
            lambda x: torch.vmap(torch.func.vjp(lambda x: x.sin() * x.sum(), x)[1])(torch.eye(3))[0]
        )(x),
        X, stride=False,
    )  # fmt: skip


def test_flags_inside() -> None:
    def f(torch: Any, x: Any) -> Any:
        seen: list[Any] = []

        def g(x: Any) -> Any:
            y = x * 2
            seen.append([x.requires_grad, x.is_leaf, y.requires_grad, y.grad_fn is None])
            return y.sum()

        torch.func.grad(g)(x)
        torch.vmap(torch.func.grad(g))(x)
        torch.func.grad(lambda x: torch.vmap(g)(x).sum())(x)
        return seen

    alike(f, X)


def test_writes_in_place() -> None:
    def f(x: Any) -> Any:
        y = x * 2
        y[0].mul_(3)
        return y.sin().sum()

    alike(lambda torch, x: torch.func.grad(f)(x), X)
    alike(lambda torch, x: torch.vmap(torch.func.grad(f))(x), X)
    alike(lambda torch, x: torch.func.grad(lambda x: x.mul_(2).sum())(x), X)


def test_hooks_on_saved_tensors() -> None:
    def f(torch: Any, x: Any) -> Any:
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            return torch.func.grad(lambda x: x.sin().sum())(x)

    def within(torch: Any, x: Any) -> Any:
        def g(x: Any) -> Any:
            with torch.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
                return x.sin().sum()

        return torch.func.vjp(g, x)[0]

    alike(f, X)
    alike(within, X)
