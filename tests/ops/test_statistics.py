"""statistics.py against PyTorch: the places of modes, weights of covariances, nan, refusals."""

import pytest
import torch

from tests.oracle import DTYPES, same, sample


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [5, 16, 17, 100, 3000])
def test_places_of_modes_are_those_of_an_unstable_sort(dtype, n):
    x = sample(3, n, low=0, high=9).detach().floor().to(dtype)
    same(lambda torch, x: torch.mode(x, 1), x)
    same(lambda torch, x: x.mode(0, True), x)


def test_modes_of_rows_with_nan_and_of_large_integers():
    x = torch.tensor([[float("nan"), 1.0, float("nan"), 2.0], [2.0, float("nan"), 2.0, 1.0]])
    same(lambda torch, x: torch.mode(x), x)
    same(lambda torch, x: torch.mode(x), torch.tensor([2**60, 2**60 + 1, 2**60 + 1]))


def test_results_of_mode_that_are_given():
    x = torch.rand(3, 4)
    for shape, keepdim in (
        ((3,), False),
        ((3, 1), False),
        ((3,), True),
        ((3, 1), True),
        ((7,), False),
    ):
        same(
            lambda torch, x, s=shape, k=keepdim: torch.mode(
                x, 1, k, out=(torch.zeros(s), torch.zeros(s, dtype=torch.int64))
            ),
            x,
        )
    same(lambda torch, x: torch.mode(x, out=(torch.zeros(3), torch.zeros(3))), x)
    same(lambda torch, x: torch.mode(x, out=(torch.zeros(3).double(), torch.zeros(3).long())), x)


def test_modes_of_nothing_and_of_one():
    same(lambda torch, x: torch.mode(x, 0), torch.rand(0, 3))
    same(lambda torch, x: torch.mode(x, 1), torch.rand(0, 3))
    same(lambda torch, x: torch.mode(x, 2), torch.rand(0, 3))
    same(lambda torch, x: torch.mode(x), torch.tensor(3.0, requires_grad=True))


def test_means_without_nan():
    x = torch.tensor([[1.0, float("nan"), 3.0], [float("nan")] * 3], requires_grad=True)
    same(lambda torch, x: (torch.nanmean(x), x.nanmean(1), x.nanmean(0, True)), x)
    same(lambda torch, x: torch.nanmean(x, (0, 1), dtype=torch.float64), x)
    same(lambda torch, x: torch.nanmean(x, 0, out=torch.zeros(3)), x.detach())
    same(lambda torch, x: torch.nanmean(x.long()), x.detach())


def test_weights_of_covariances():
    x, f, a = sample(3, 4, dtype=torch.float64), torch.tensor([1, 2, 0, 3]), torch.rand(4).double()
    for correction in (0, 1, 2):
        same(lambda torch, x, c=correction: torch.cov(x, correction=c), x, second=True)
        same(lambda torch, x, f, c=correction: torch.cov(x, correction=c, fweights=f), x, f)
        same(lambda torch, x, a, c=correction: torch.cov(x, correction=c, aweights=a), x, a)
        same(
            lambda torch, x, f, a, c=correction: x.cov(correction=c, fweights=f, aweights=a),
            x, f, a,
        )  # fmt: skip


def test_one_observation_is_overwritten():
    x = torch.rand(3, 1)
    same(lambda torch, x: torch.cov(x, fweights=torch.tensor([2])), x)
    same(lambda torch, x: torch.cov(x, aweights=torch.tensor([0.5])), x)
    same(lambda torch, x: torch.cov(x), x)
    same(lambda torch, x: torch.cov(x, fweights=torch.tensor([2])), x.mul(9).long())


def test_refusals():
    x = torch.rand(2, 3)
    same(lambda torch, x: torch.cov(x.unsqueeze(0)), x)
    same(lambda torch, x: torch.corrcoef(x.unsqueeze(0)), x)
    same(lambda torch, x: torch.cov(x > 0), x)
    for weights in (
        torch.ones(2, 3).long(),
        torch.ones(3),
        torch.ones(2).long(),
        -torch.ones(3).long(),
    ):
        same(lambda torch, x, w: torch.cov(x, fweights=w), x, weights)
        same(lambda torch, x, w: torch.cov(x, aweights=w.double()), x, weights)
        same(lambda torch, x, w: torch.cov(x, aweights=w), x, weights)
    same(lambda torch, x: torch.cov(x, fweights=torch.zeros(3).long()), x)
    same(lambda torch, x: torch.corrcoef(x[:1]), x)
