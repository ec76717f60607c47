"""integration.py against PyTorch: broadcast points, dims, nothing, refusals."""

import pytest
import torch

from tests.oracle import same, sample


@pytest.mark.parametrize("name", ["trapezoid", "trapz", "cumulative_trapezoid"])
def test_steps_and_points(name):
    y, x = sample(2, 3, 4, dtype=torch.float64), sample(2, 3, 4, dtype=torch.float64, seed=3)
    for dim in (0, 1, -1):
        same(lambda torch, y, d=dim: getattr(torch, name)(y, dim=d), y, second=True)
        same(lambda torch, y, d=dim: getattr(torch, name)(y, dx=0.3, dim=d), y, second=True)
        same(lambda torch, y, x, d=dim: getattr(torch, name)(y, x, dim=d), y, x, second=True)
    same(lambda torch, y, x: getattr(torch, name)(y, x), y, x[0, 0].detach().requires_grad_())
    same(lambda torch, y, x: getattr(torch, name)(y, x, dim=0), y, x[:, 0, 0].detach())
    same(lambda torch, y, x: getattr(torch, name)(y[0], x, dim=1), y, x)


@pytest.mark.parametrize("name", ["trapezoid", "cumulative_trapezoid"])
def test_nothing_and_refusals(name):
    y = torch.rand(2, 3)
    same(lambda torch, y: getattr(torch, name)(y[:, :0]), y)
    same(lambda torch, y: getattr(torch, name)(y[:, :1]), y)
    same(lambda torch, y: getattr(torch, name)(y.long(), dx=2), y * 9)
    same(lambda torch, y: getattr(torch, name)(y > 0), y)
    same(lambda torch, y: getattr(torch, name)(y, y > 0), y)
    same(lambda torch, y: getattr(torch, name)(y, y[0, :2]), y)
    same(lambda torch, y: getattr(torch, name)(y, dim=2), y)
    same(lambda torch, y: getattr(torch, name)(y.sum()), y)
