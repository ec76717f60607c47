"""ASGD against PyTorch's, for 20 steps with each option."""

import pytest

from tests.optim.steps import same_error, same_steps
from tests.oracle import same

OPTIONS = [
    {},
    {"t0": 5},
    {"lambd": 0.1, "alpha": 0.5},
    {"weight_decay": 0.1, "maximize": True},
    {"foreach": True, "t0": 3, "lambd": 0.1},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_as_torch(options, dtype):
    tol = (1e-5, 3e-5) if dtype == "float32" else None
    same_steps(lambda torch, p: torch.optim.ASGD(p, **options), dtype=dtype, tol=tol)


@pytest.mark.parametrize(
    "options", [{"lr": -1}, {"lambd": -1}, {"alpha": -1}, {"weight_decay": -1}]
)
def test_errors(options):
    same_error(lambda torch, p: torch.optim.ASGD(p, **options))


def test_rates_that_are_tensors():
    same_error(lambda torch, p: torch.optim.ASGD(p, lr=torch.ones(2)))
    same_steps(lambda torch, p: torch.optim.ASGD(p, lr=torch.tensor(0.1)), tol=(1e-5, 1e-5))
    same_steps(lambda torch, p: torch.optim.ASGD(p, capturable=True))


def test_differentiable():
    def f(torch):
        w = torch.rand(3, generator=torch.Generator().manual_seed(0)).requires_grad_()
        p = w * 1
        p.retain_grad()
        p.grad = (w * 2).detach()
        optimizer = torch.optim.ASGD([p], lr=0.1, differentiable=True)
        optimizer.step()
        p.grad = (w * 3 - 1).detach()
        optimizer.step()
        (p * p).sum().backward()
        return w.grad

    same(f)


def test_checkpoints_of_old_versions():
    def f(torch):
        p = torch.nn.Parameter(torch.ones(3))
        optimizer = torch.optim.ASGD([p], lr=0.1)
        p.grad = torch.ones(3)
        optimizer.step()
        saved = optimizer.state_dict()
        for option in ("foreach", "maximize", "differentiable", "capturable"):
            saved["param_groups"][0].pop(option)
        for name in ("step", "eta", "mu"):
            saved["state"][0][name] = float(saved["state"][0][name])
        optimizer.load_state_dict(saved)
        optimizer.step()
        return p, optimizer.state_dict()["param_groups"], list(optimizer.state[p].values())

    same(f)
