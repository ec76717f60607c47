"""Dropout against PyTorch's, whose draws PyTorch with MKL takes elsewhere."""

import pytest
import torch

from tests.oracle import same, sample


def same_draws():
    """Whether this PyTorch draws its masks from mt19937."""
    torch.manual_seed(0)
    drawn = torch.empty(64).bernoulli_(0.5)
    torch.manual_seed(0)
    return bool((drawn == (torch.rand(64, dtype=torch.float64) < 0.5)).all())


@pytest.mark.parametrize("p", [0.0, 1.0, 0.3])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("inplace", [True, False])
def test_same_as_torch(p, training, inplace):
    if p == 0.3 and training and not same_draws():
        pytest.skip("PyTorch draws from MKL's generator here")

    def f(torch, x):
        torch.manual_seed(0)
        return torch.nn.Dropout(p, inplace).train(training)(x * 2)

    same(f, sample(8, 8))


@pytest.mark.parametrize("p", [-0.1, 1.5, 0.25])
def test_repr_and_errors(p):
    same(lambda torch: [repr(torch.nn.Dropout(p)), repr(torch.nn.Dropout(p, inplace=True))])
    same(lambda torch: torch.nn.functional.dropout(torch.ones(2), p, training=False))
