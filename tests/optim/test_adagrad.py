"""Adagrad against PyTorch's, for 20 steps with each option."""

import pytest

from tests.optim.steps import same_error, same_steps

OPTIONS = [
    {},
    {"lr_decay": 0.1},
    {"weight_decay": 0.1},
    {"initial_accumulator_value": 0.5},
    {"maximize": True, "eps": 1e-3},
    {"foreach": True},
    {"fused": True},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_as_torch(options, dtype):
    tol = (2e-6, 1e-6) if dtype == "float32" else None
    same_steps(lambda torch, p: torch.optim.Adagrad(p, **options), dtype=dtype, tol=tol)


@pytest.mark.parametrize(
    "options",
    [
        *[
            {name: -1}
            for name in ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps")
        ],
        {"fused": True, "foreach": True},
        {"fused": True, "differentiable": True},
    ],
)
def test_errors(options):
    same_error(lambda torch, p: torch.optim.Adagrad(p, **options))


def test_state_is_there_before_the_first_step():
    same_steps(lambda torch, p: torch.optim.Adagrad(p), steps=0)
