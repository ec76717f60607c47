"""Modules called with other tensors, and several models stacked into one."""

from typing import Any

import pytest

from tests.func.compare import alike
from tests.oracle import sample

X = sample(5, 3, grad=False)


def net(torch: Any, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))


def call(torch: Any, x: Any, tensors: Any, **options: Any) -> Any:
    return torch.func.functional_call(net(torch), tensors, x, **options)


def test_other_tensors() -> None:
    alike(lambda torch, x: call(torch, x, {"0.weight": torch.ones(4, 3)}), X)
    alike(
        lambda torch, x: call(
            torch, (x,), ({"0.weight": torch.ones(4, 3)}, {"2.bias": torch.zeros(2)})
        ),
        X,
    )
    alike(lambda torch, x: call(torch, x, {"0.new": torch.ones(2)}), X)
    alike(lambda torch, x: call(torch, None, {}, kwargs={"input": x}), X)

    def after(torch: Any, x: Any) -> Any:
        m = net(torch)
        before = m[0].weight
        torch.func.functional_call(m, {"0.weight": torch.ones(4, 3), "0.new": x}, x)
        return m[0].weight is before, hasattr(m[0], "new"), list(dict(m.named_parameters()))

    alike(after, X)


def test_what_it_refuses() -> None:
    twice = ({"0.weight": 0}, {"0.weight": 0})
    for tensors in (3, (3,), twice, {"9.weight": 0}, {"0.weight": 0}, {"0.weight.a": 0}):
        alike(lambda torch, x: call(torch, x, tensors), X)
    alike(
        lambda torch, x: call(
            torch, x, {"0.weight": torch.ones(4, 3), "a": torch.ones(2)}, strict=True
        ),
        X,
    )


def test_buffers_that_the_module_writes_to() -> None:
    def f(torch: Any, x: Any) -> Any:
        m = torch.nn.BatchNorm1d(3)
        given = {name: t.clone() for name, t in m.named_buffers()}
        out = torch.func.functional_call(m, given, x)
        return out.detach(), list(given.values()), m.running_mean

    alike(f, X)


@pytest.mark.parametrize("tie_weights", [True, False])
@pytest.mark.parametrize("names", [("0.weight",), ("1.weight",), ("0.weight", "1.weight")])
def test_tied_weights(tie_weights: bool, names: tuple[str, ...]) -> None:
    def f(torch: Any, x: Any) -> Any:
        torch.manual_seed(0)
        m = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 3))
        m[1].weight = m[0].weight
        given = {name: torch.ones(3, 3) for name in names}
        return torch.func.functional_call(m, given, x, tie_weights=tie_weights)

    alike(f, X)


def test_an_ensemble() -> None:
    def f(torch: Any, x: Any) -> Any:
        models = [net(torch, seed) for seed in range(3)]
        parameters, buffers = torch.func.stack_module_state(models)
        each = torch.vmap(
            lambda p, b, x: torch.func.functional_call(models[0], (p, b), x), (0, 0, None)
        )
        return each(parameters, buffers, x), list(parameters.values()), list(parameters)

    alike(f, X, stride=False)
    for models in (
        lambda torch: [],
        lambda torch: [net(torch), net(torch).eval()],
        lambda torch: [net(torch), torch.nn.Linear(2, 2)],
        lambda torch: [net(torch), net(torch).requires_grad_(False)],
    ):
        alike(lambda torch: torch.func.stack_module_state(models(torch)))


def test_gradients_of_a_module() -> None:
    def f(torch: Any, x: Any) -> Any:
        m = net(torch)
        parameters = {name: p.detach() for name, p in m.named_parameters()}

        def loss(p, x):
            return (torch.func.functional_call(m, p, (x,)) ** 2).sum()

        each = torch.vmap(torch.func.grad(loss), (None, 0))(parameters, x)
        rows = torch.func.jacrev(lambda p: torch.func.functional_call(m, p, (x,)))(parameters)
        return list(each.values()), list(rows.values())

    alike(f, X, stride=False)
