"""What tensors show inside transforms, and what may not be asked of them there."""

from collections.abc import Callable
from typing import Any

import pytest
import torch as real

from tests.func.compare import alike
from tests.oracle import sample

X = sample(2, 3, grad=False)
TRACKED = sample(2, 3, grad=True)


def shown(f: Callable[..., Any]) -> Callable[..., str]:
    """What `f` shows by the function it is given."""

    def run(torch: Any, *given: Any) -> str:
        texts: list[str] = []

        def show(t: Any) -> Any:
            texts.append(repr(t).replace("minitorch_np", "torch"))
            return t

        f(torch, show, *given)
        return "\n".join(texts)

    return run


PROGRAMS: dict[str, Callable[..., Any]] = {
    "grad": lambda torch, show, x: torch.func.grad(lambda t: show(t.sin()).sum())(x),
    "its input": lambda torch, show, x: torch.func.grad(lambda t: show(t).sum())(x),
    "a number": lambda torch, show, x: torch.func.grad(lambda t: show(t.sum()))(x),
    "captured": lambda torch, show, x: torch.func.grad(lambda t: (show(x) * t).sum())(x),
    "grad of grad": lambda torch, show, x: torch.func.grad(
        lambda s: torch.func.grad(lambda t: (show(t) * show(t.sin()) * show(s)).sum())(s).sum()
    )(x),
    "a constant within": lambda torch, show, x: torch.func.grad(
        lambda s: torch.func.grad(lambda t: (show(t) + show(t * 2)).sum())(x).sum() + s.sum()
    )(x),
    "vjp": lambda torch, show, x: torch.func.vjp(lambda t: show(show(t) * 2), x),
    "jvp": lambda torch, show, x: torch.func.jvp(lambda t: show(show(t) * 2), (x,), (x,)),
    "jvp of grad": lambda torch, show, x: torch.func.jvp(
        torch.func.grad(lambda t: show(show(t).sin()).sum()), (x,), (x,)
    ),
    "vmap": lambda torch, show, x: torch.vmap(lambda t: show(show(t) * 2), 1)(x),
    "vmap of vmap": lambda torch, show, x: torch.vmap(torch.vmap(lambda t: show(t * 2)))(x),
    "vmap of grad": lambda torch, show, x: torch.vmap(
        torch.func.grad(lambda t: show(show(t).sin()).sum())
    )(x),
    "grad of vmap": lambda torch, show, x: torch.func.grad(
        lambda s: torch.vmap(lambda t: show(show(t).sin()))(s).sum()
    )(x),
    "vmap of jvp": lambda torch, show, x: torch.vmap(
        lambda s: torch.func.jvp(lambda t: show(show(t).sin()), (s,), (s,))
    )(x),
    "jacrev": lambda torch, show, x: torch.func.jacrev(lambda t: show(show(t).sin()))(x),
    "hessian": lambda torch, show, x: torch.func.hessian(lambda t: show(t).pow(3).sum())(x[0]),
    "after": lambda torch, show, x: show(torch.func.grad(lambda t: t.sin().sum())(x)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_levels_that_follow_a_tensor(name: str) -> None:
    alike(lambda torch, x: shown(PROGRAMS[name])(torch, x), X)


def test_in_a_text() -> None:
    def f(torch: Any, x: Any) -> list[str]:
        texts: list[str] = []

        def loss(t: Any) -> Any:
            texts.append(f"{t[0, 0]} {t[1]}".replace("minitorch_np", "torch"))
            return t.sum()

        torch.func.grad(loss)(x)
        return texts

    alike(f, X)
    alike(lambda torch, x: torch.vmap(lambda t: f"{t.sum()}")(x), X)


REFUSED: dict[str, Callable[..., Any]] = {
    "requires_grad_": lambda t: t.sin().requires_grad_(),
    "requires_grad_ off": lambda t: t.requires_grad_(False),
    "retain_grad": lambda t: t.sin().retain_grad(),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("transform", ["grad", "vjp", "jvp", "vmap"])
def test_what_only_a_tape_of_the_users_knows(transform: str, name: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        def body(t: Any) -> Any:
            REFUSED[name](t)
            return t.sum()

        if transform == "jvp":
            return torch.func.jvp(body, (x,), (x,))
        if transform == "vjp":
            return torch.func.vjp(body, x)[0]
        return getattr(torch.func, transform)(body)(x)

    alike(f, X)


def test_inputs_that_are_integers() -> None:
    alike(lambda torch, x: torch.func.grad(lambda t: t.sum())(x), real.arange(3))
