"""AdaptiveLogSoftmaxWithLoss against PyTorch's: draws, targets in every cluster, predictions."""

import pytest
import torch

from tests.oracle import same, sample


def f(torch, x, target, *args, **options):
    torch.manual_seed(3)
    layer = torch.nn.AdaptiveLogSoftmaxWithLoss(*args, **options)
    out = layer(x, target)
    out.loss.backward()
    many = [layer.log_prob(x), layer.predict(x), layer.predict(x[:1])] if x.ndim > 1 else []
    layer.reset_parameters()
    return out, [p.grad for p in layer.parameters()], many, list(layer.parameters()), repr(layer)


@pytest.mark.parametrize("head_bias", [True, False])
@pytest.mark.parametrize("targets", [[0, 5, 19, 3, 8, 14, 1], [0, 3, 1, 2, 0, 1, 2], [19] * 7])
def test_same_as_torch(head_bias, targets):
    same(
        lambda torch, x, y: f(torch, x, y, 16, 20, [4, 8, 15], 2.0, head_bias),
        sample(7, 16, dtype=torch.float32), torch.tensor(targets), grad=False,
    )  # fmt: skip


def test_one_sample():
    given = sample(16), torch.tensor(5)
    same(lambda torch, x, y: f(torch, x, y, 16, 20, [4]), *given, grad=False)


@pytest.mark.parametrize("target", [[0, 20], [0, -1], [0], [[0]], 1])
def test_targets_that_do_not_fit(target):
    same(lambda torch, x, y: f(torch, x, y, 16, 20, [4]), sample(2, 16), torch.tensor(target))


@pytest.mark.parametrize("cutoffs", [[], [3, 2], [0], [20], [3, 3], [2.5]])
def test_cutoffs_that_part_nothing(cutoffs):
    same(lambda torch: repr(torch.nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs)))
