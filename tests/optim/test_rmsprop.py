"""RMSprop against PyTorch's, for 20 steps with each option."""

import pytest

from tests.optim.steps import same_error, same_steps
from tests.oracle import same

OPTIONS = [
    {},
    {"alpha": 0.5},
    {"momentum": 0.9},
    {"centered": True},
    {"weight_decay": 0.1},
    {"momentum": 0.9, "centered": True, "maximize": True, "eps": 1e-3},
    {"foreach": True},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_as_torch(options, dtype):
    # a centred root is a difference of nearly equal numbers: it magnifies the last bit
    tol = (1e-5, 3e-5) if dtype == "float32" else None
    same_steps(lambda torch, p: torch.optim.RMSprop(p, **options), dtype=dtype, tol=tol)


@pytest.mark.parametrize("name", ["lr", "eps", "momentum", "weight_decay", "alpha"])
def test_errors(name):
    same_error(lambda torch, p: torch.optim.RMSprop(p, **{name: -1}))


def test_tensors_and_capturable():
    same_error(lambda torch, p: torch.optim.RMSprop(p, lr=torch.ones(2)))
    same_steps(lambda torch, p: torch.optim.RMSprop(p, lr=torch.tensor(0.1)), tol=(1e-5, 1e-5))
    same_steps(lambda torch, p: torch.optim.RMSprop(p, capturable=True))


def test_differentiable():
    def f(torch):
        w = torch.rand(3, generator=torch.Generator().manual_seed(0)).requires_grad_()
        p = w * 1
        p.retain_grad()
        p.grad = (w * 2).detach()
        torch.optim.RMSprop([p], lr=0.1, differentiable=True).step()
        (p * p).sum().backward()
        return w.grad

    same(f)
