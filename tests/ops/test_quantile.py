"""quantile.py against PyTorch: every interpolation, dims, ties, nan, and refusals."""

import pytest
import torch

from tests.oracle import same, sample

MODES = ["linear", "lower", "higher", "midpoint", "nearest"]
NAN = float("nan")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
@pytest.mark.parametrize("dim", [None, 0, 1, -1])
def test_dims_and_chances(name, mode, dim):
    x = sample(3, 4, 5, dtype=torch.float64)
    for q in (0.0, 0.25, 1.0, torch.tensor(0.4).double(), torch.tensor([0.9, 0.1, 0.5]).double()):
        for keepdim in (False, True):
            same(
                lambda torch, x, q, k=keepdim: getattr(torch, name)(
                    x, q, dim, k, interpolation=mode
                ),
                x, q, second=True,
            )  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_nan_and_infinities(mode):
    x = torch.tensor([[1.0, NAN, 3.0, 2.0], [NAN] * 4, [float("inf"), 1.0, 2.0, -float("inf")]])
    for name in ("quantile", "nanquantile"):
        same(lambda torch, x, n=name: getattr(torch, n)(x, 0.5, 1, interpolation=mode), x)
        same(lambda torch, x, n=name: getattr(x, n)(0.3, interpolation=mode), x)


def test_chances_have_a_gradient():
    x, q = sample(4, 5), torch.tensor([0.3, 0.6], requires_grad=True)
    same(lambda torch, x, q: torch.quantile(x, q, 0), x, q)


def test_given_results_and_refusals():
    x, q = torch.rand(2, 3), torch.tensor([0.1, 0.2])
    same(lambda torch, x, q: torch.quantile(x, q, 1, out=torch.zeros(2, 2)), x, q)
    same(lambda torch, x, q: torch.quantile(x, q, 1, out=torch.zeros(5)), x, q)
    same(lambda torch, x, q: torch.quantile(x, q, 1, out=torch.zeros(2, 2).double()), x, q)
    same(lambda torch, x: torch.quantile(x, 1.5), x)
    same(lambda torch, x, q: torch.quantile(x, q + 1), x, q)
    same(lambda torch, x, q: torch.quantile(x, q.double()), x, q)
    same(lambda torch, x, q: torch.quantile(x, q.view(1, 2)), x, q)
    same(lambda torch, x: torch.quantile(x, 0.5, interpolation="median"), x)
    same(lambda torch, x: torch.quantile(x[:0], 0.5), x)
    same(lambda torch, x: torch.quantile(x.half(), 0.5), x)
    same(lambda torch, x: torch.quantile(x, 0.5, 2), x)
    same(lambda torch, x: torch.quantile(x.sum(), 0.5, 0, True), x)
