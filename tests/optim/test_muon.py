"""Muon against PyTorch's, for 20 steps with each option."""

import pytest

from tests.optim.steps import same_error, same_steps
from tests.oracle import same

OPTIONS = [
    {},
    {"momentum": 0.5, "nesterov": False},
    {"weight_decay": 0.0, "lr": 0.1},
    {"ns_steps": 3, "ns_coefficients": (3.0, -4.0, 2.0)},
    {"adjust_lr_fn": "match_rms_adamw"},
    {"adjust_lr_fn": "spectral_unclamped"},
    {"adjust_lr_fn": "original", "eps": 1e-3},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_as_torch(options, dtype):
    tol = (1e-5, 3e-5) if dtype == "float32" else None
    same_steps(lambda torch, p: torch.optim.Muon(p[:1], **options), dtype=dtype, tol=tol)


@pytest.mark.parametrize(
    "options", [{"lr": -1}, {"momentum": -1}, {"weight_decay": -1}, {"adjust_lr_fn": "other"}]
)
def test_errors(options):
    same_error(lambda torch, p: torch.optim.Muon(p[:1], **options))


def test_rates_that_are_tensors():
    same_error(lambda torch, p: torch.optim.Muon(p[:1], lr=torch.ones(2)))
    same_steps(lambda torch, p: torch.optim.Muon(p[:1], lr=torch.tensor(0.1)), tol=(1e-5, 1e-5))


def test_matrices_alone():
    same_error(lambda torch, p: torch.optim.Muon(p))


@pytest.mark.parametrize("options", [{"ns_steps": 100}, {"ns_coefficients": (1.0, 2.0)}])
def test_errors_of_steps(options):
    def f(torch):
        p = torch.nn.Parameter(torch.ones(2, 3))
        p.grad = torch.ones(2, 3)
        torch.optim.Muon([p], **options).step()

    same(f)
