"""RAdam against PyTorch's, for 20 steps with each option."""

import pytest

from tests.optim.steps import same_error, same_steps
from tests.oracle import same

OPTIONS = [
    {},
    {"betas": (0.5, 0.9)},
    {"weight_decay": 0.1, "maximize": True},
    {"weight_decay": 0.1, "decoupled_weight_decay": True},
    {"eps": 1e-3},
    {"foreach": True},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_as_torch(options, dtype):
    tol = (1e-5, 3e-5) if dtype == "float32" else None
    same_steps(lambda torch, p: torch.optim.RAdam(p, **options), dtype=dtype, tol=tol)


@pytest.mark.parametrize(
    "options",
    [{"betas": (1.0, 0.9)}, {"betas": (0.9, -0.1)}, {"lr": -1}, {"eps": -1}, {"weight_decay": -1}],
)
def test_errors(options):
    same_error(lambda torch, p: torch.optim.RAdam(p, **options))


def test_rates_that_are_tensors():
    same_error(lambda torch, p: torch.optim.RAdam(p, lr=torch.ones(2)))
    same_steps(lambda torch, p: torch.optim.RAdam(p, lr=torch.tensor(0.1)), tol=(1e-5, 1e-5))
    same_steps(lambda torch, p: torch.optim.RAdam(p, capturable=True))


def test_differentiable():
    def f(torch):
        w = torch.rand(3, generator=torch.Generator().manual_seed(0)).requires_grad_()
        p = w * 1
        p.retain_grad()
        p.grad = (w * 2).detach()
        optimizer = torch.optim.RAdam([p], lr=0.1, differentiable=True)
        optimizer.step()
        p.grad = (w * 3 - 1).detach()
        optimizer.step()
        (p * p).sum().backward()
        return w.grad

    same(f)


def test_checkpoints_of_old_versions():
    def f(torch):
        p = torch.nn.Parameter(torch.ones(3))
        optimizer = torch.optim.RAdam([p], lr=0.1)
        p.grad = torch.ones(3)
        optimizer.step()
        saved = optimizer.state_dict()
        for option in (
            "foreach",
            "maximize",
            "differentiable",
            "capturable",
            "decoupled_weight_decay",
        ):
            saved["param_groups"][0].pop(option)
        for name in ("step",):
            saved["state"][0][name] = float(saved["state"][0][name])
        optimizer.load_state_dict(saved)
        optimizer.step()
        return p, optimizer.state_dict()["param_groups"], list(optimizer.state[p].values())

    same(f)
