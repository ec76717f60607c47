"""Dropouts against PyTorch's, whose draws PyTorch with MKL takes elsewhere."""

import pytest
import torch

from tests.nn.test_dropout import same_draws
from tests.oracle import same, sample

NAMES = ["dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"]
drawn = pytest.mark.skipif(not same_draws(), reason="PyTorch draws from MKL's generator here")


@drawn
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("inplace", [True, False])
@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 2), (0, 3), (6,)])
def test_same_as_torch(name, p, inplace, shape):
    def f(torch, x):
        torch.manual_seed(1)
        x = x.clone().t() if x.ndim == 2 else x.clone()
        return getattr(torch, name + "_" * inplace)(x, p, True), torch.rand(2)

    same(f, sample(*shape))


@drawn
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("p", [0.3, 1.0])
@pytest.mark.parametrize("train", [True, False])
def test_integers(name, p, train):
    def f(torch, x):
        torch.manual_seed(1)
        return getattr(torch, name)(x, p, train)

    same(f, sample(4, 5, dtype=torch.int64))


@drawn
@pytest.mark.parametrize("p", [0.3, 1.0, 0.0])
@pytest.mark.parametrize("train", [True, False, None])
def test_native(p, train):
    def f(torch, x):
        torch.manual_seed(1)
        return torch.native_dropout(x.t(), p, train)

    same(f, sample(4, 5, dtype=torch.float64), second=True)
