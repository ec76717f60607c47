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


CHANNELS = ["Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]


@pytest.mark.parametrize("name", CHANNELS)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("inplace", [True, False])
def test_channels_and_alpha(name, training, inplace):
    if training and not same_draws():
        pytest.skip("PyTorch draws from MKL's generator here")

    def f(torch, x):
        torch.manual_seed(0)
        layer = getattr(torch.nn, name)(0.3, inplace).train(training)
        return layer(x * 2), repr(layer)

    for ndim in range(6):  # warnings and errors about dims are compared, too
        same(f, sample(*(2, 3, 4, 2, 3)[:ndim]))


@pytest.mark.parametrize("name", CHANNELS)
def test_probabilities(name):
    same(lambda torch: repr(getattr(torch.nn, name)(1.5)))
    function = {"AlphaDropout": "alpha_dropout", "FeatureAlphaDropout": "feature_alpha_dropout"}
    called = function.get(name, name.lower())
    same(lambda torch: getattr(torch.nn.functional, called)(torch.ones(2, 2, 2, 2), -0.5))
