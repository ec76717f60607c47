"""Regular backward hooks: what they see, what they change, and when PyTorch warns of them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle import same, sample

FORWARDS: dict[str, Callable[[Any, Any], Any]] = {
    "one op": lambda torch, x: x * 2,
    "two ops": lambda torch, x: (x * 2).exp(),
    "two outputs": lambda torch, x: (x * 2, x * 3),
    "a list": lambda torch, x: [x * 2, x * 3],
    "a dict": lambda torch, x: {"a": 1, "b": x * 2},
    "nested": lambda torch, x: ([x * 2],),
    "no gradient": lambda torch, x: x.detach() * 2,
}


def first(result: Any) -> Any:
    """The first tensor of a result."""
    while isinstance(result, (tuple, list, dict)):
        result = result["b"] if isinstance(result, dict) else result[0]
    return result


@pytest.mark.parametrize("case", FORWARDS)
def test_what_regular_hooks_see(case: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        class Layer(torch.nn.Module):  # type: ignore[misc]
            def forward(self, x: Any) -> Any:
                return FORWARDS[case](torch, x)

        seen: list[Any] = []
        layer = Layer()
        layer.register_backward_hook(lambda m, gi, go: seen.append((m is layer, gi, go)))
        layer.register_backward_hook(
            lambda m, gi, go: tuple(g * 2 if g is not None else g for g in gi)
        )
        out = first(layer(x * 1))
        if out.requires_grad:
            out.sum().backward()
        return seen, x.grad

    same(f, sample(3), grad=False)


def test_an_argument_that_is_no_tensor() -> None:
    def f(torch: Any, x: Any) -> Any:
        class Layer(torch.nn.Module):  # type: ignore[misc]
            def forward(self, x: Any, by: int) -> Any:
                return x * by

        layer = Layer()
        layer.register_backward_hook(lambda m, gi, go: None)
        return layer(x, 3)

    same(f, sample(3))


def test_the_two_kinds_exclude_each_other() -> None:
    def f(torch: Any, *kinds: str) -> Any:
        layer = torch.nn.ReLU()
        for kind in kinds:
            getattr(layer, kind)(lambda m, gi, go: None).remove()
        return len(layer._backward_hooks)

    full, regular = "register_full_backward_hook", "register_backward_hook"
    for kinds in ((full, full), (regular, regular), (full, regular), (regular, full)):
        same(lambda torch: f(torch, *kinds))


def test_a_dead_module_is_named() -> None:
    def f(torch: Any, x: Any) -> Any:
        layer = torch.nn.ReLU()
        layer.register_backward_hook(lambda m, gi, go: None)
        out = layer(x).sum()
        del layer
        out.backward()

    same(f, sample(3), grad=False)
