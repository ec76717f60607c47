"""Adafactor against PyTorch's, for 20 steps with each option."""

import pytest

from tests.optim.steps import same_error, same_steps
from tests.oracle import same

OPTIONS = [
    {},
    {"lr": 0.1, "beta2_decay": -0.5},
    {"eps": (1e-3, 0.1)},
    {"d": 2.0, "weight_decay": 0.1},
    {"maximize": True},
    {"foreach": True},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_as_torch(options, dtype):
    tol = (1e-5, 3e-5) if dtype == "float32" else None
    same_steps(lambda torch, p: torch.optim.Adafactor(p, **options), dtype=dtype, tol=tol)


@pytest.mark.parametrize(
    "options",
    [
        {"lr": -1},
        {"beta2_decay": 0.1},
        {"eps": (-1, 1e-3)},
        {"eps": (None, -1)},
        {"d": 0.0},
        {"weight_decay": -1},
    ],
)
def test_errors(options):
    same_error(lambda torch, p: torch.optim.Adafactor(p, **options))


def test_rates_that_are_tensors():
    same_error(lambda torch, p: torch.optim.Adafactor(p, lr=torch.ones(2)))
    same_steps(lambda torch, p: torch.optim.Adafactor(p, lr=torch.tensor(0.1)), tol=(1e-5, 1e-5))


def test_checkpoints_of_old_versions():
    def f(torch):
        p = torch.nn.Parameter(torch.ones(3))
        optimizer = torch.optim.Adafactor([p], lr=0.1)
        p.grad = torch.ones(3)
        optimizer.step()
        saved = optimizer.state_dict()
        for option in ("foreach",):
            saved["param_groups"][0].pop(option)
        for name in ("step",):
            saved["state"][0][name] = float(saved["state"][0][name])
        optimizer.load_state_dict(saved)
        optimizer.step()
        return p, optimizer.state_dict()["param_groups"], list(optimizer.state[p].values())

    same(f)
