"""Weights of the binary cross-entropies against torch; the losses themselves are in test_loss."""

import itertools

import pytest
import torch

import minitorch_np.nn.functional  # noqa: F401  what the bodies call
from tests.oracle import arrange, same, sample

REDUCTIONS = ["none", "mean", "sum"]


def probabilities(*shape: int, seed: int = 0) -> torch.Tensor:
    return sample(*shape, low=0.05, high=0.95, seed=seed)


def weights(*shape: int, seed: int = 8) -> torch.Tensor:
    return sample(*shape, low=0.2, grad=False, seed=seed)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_weights(reduction):
    def entropy(t, x, y, w):
        return t.nn.functional.binary_cross_entropy(x, y, w, reduction=reduction)

    def logits(t, x, y, w, p):
        return t.nn.functional.binary_cross_entropy_with_logits(
            x, y, w, reduction=reduction, pos_weight=p
        )

    x, y = probabilities(2, 3), probabilities(2, 3, seed=5)
    same(entropy, x, y, weights(3), second=True)
    for weight, positive in itertools.product((weights(3), None), (weights(3, seed=9), None)):
        same(logits, x, y, weight, positive, second=True)


@pytest.mark.parametrize(
    "shape, weight",
    [
        ((2, 1, 2), (2, 2, 2)), ((2, 3), (1, 2, 3)), ((1, 2), (3, 2)), ((0, 2), (1, 0, 2)),
        ((1, 2), (0, 2)), ((2, 3), (4,)),
    ],
)  # fmt: skip
def test_weights_larger_than_the_loss_are_refused(shape, weight):
    x, y, w = probabilities(*shape), probabilities(*shape, seed=5), weights(*weight)
    same(lambda t, x, y, w: t.nn.functional.binary_cross_entropy(x, y, w), x, y, w)
    logits = lambda t, *x: t.nn.functional.binary_cross_entropy_with_logits(*x)  # noqa: E731
    same(logits, x, y, w)
    positive = lambda t, x, y, w: logits(t, x, y, None, None, None, "mean", w)  # noqa: E731
    same(positive, x, y, w)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(), (0,), (3, 4), (1, 5, 1), (2, 1, 3, 2)])
def test_logits_of_any_layout(shape, reduction):
    def logits(t, x, y):
        return t.nn.functional.binary_cross_entropy_with_logits(x, y, reduction=reduction)

    x, y = sample(*shape), probabilities(*shape, seed=5)
    for layouts in (("contiguous",) * 2, ("transposed",) * 2, ("sliced", "contiguous")):
        if len(shape) > 1:
            x, y = (arrange(t, layout) for t, layout in zip((x, y), layouts, strict=True))
        same(logits, x, y)
        same(logits, x.detach(), y.detach())
        same(logits, x.detach().half(), y.detach().half(), tol=(2e-3, 2e-3))


def test_many_logits():
    """The compiled loop's ends, and gradients through it."""
    x = torch.linspace(-120, 120, 5003)
    ends = [0.0, -0.0, 1e-45, 88.8, -88.8, float("inf"), -float("inf"), float("nan")]
    x[: len(ends)] = torch.tensor(ends)
    y = probabilities(5003, seed=5).detach()
    y[100:200], y[200:300] = 0.0, 1.0

    def logits(t, x, y):
        return t.nn.functional.binary_cross_entropy_with_logits(x, y, reduction="none")

    same(logits, x, y)
    same(lambda t, x, y: logits(t, x, y).mean(), x[8:].requires_grad_(), y[8:].requires_grad_())
    same(logits, x.detach().double(), y.double())
