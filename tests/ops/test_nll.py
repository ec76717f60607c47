"""nll_loss and cross_entropy against torch.nn.functional."""

import itertools

import pytest
import torch

from tests.oracle import FLOATING, LAYOUTS, same, sample

REDUCTIONS = ["none", "mean", "sum"]


def of(name, **options):
    """The loss under either library."""
    return lambda t, *a: getattr(t.nn.functional, name)(*a, **options)


def case(*shape, seed=0, dtype=torch.float32, layout="contiguous"):
    """Scores of `shape` and one class index for each place."""
    x = sample(*shape, dtype=dtype, layout=layout, seed=seed)
    classes = shape[min(1, len(shape) - 1)]
    places = (shape[:1] + shape[2:]) if len(shape) > 1 else ()
    generator = torch.Generator().manual_seed(seed)
    return x, torch.randint(0, classes, places, generator=generator)


SHAPES = [(5,), (4, 5), (0, 5), (2, 5, 3), (2, 5, 3, 2), (2, 3, 2, 2, 2), (1, 1)]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
def test_values_and_both_derivatives(name, reduction):
    for shape in SHAPES:
        x, y = case(*shape, dtype=torch.float64)
        same(of(name, reduction=reduction), x, y, second=True)
        weight = sample(shape[min(1, len(shape) - 1)], low=0.2, grad=False, dtype=torch.float64)
        same(of(name, reduction=reduction), x, y, weight, second=True)
    for layout in LAYOUTS:
        same(of(name, reduction=reduction), *case(4, 5, layout=layout))
        images = case(2, 5, 3, 2, layout=layout)
        # nll_loss goes backward only where zeros_like of the scores is contiguous
        same(of(name, reduction=reduction), *images, grad=name == "cross_entropy")
        same(
            lambda t, x, y: t.autograd.grad(of(name, reduction=reduction)(t, x, y).sum(), x),
            *images,
        )
    for dtype in FLOATING:
        # log_softmax rounds its gradient to a half type in another place
        loose = (4e-3, 1e-4) if dtype is torch.float16 else None
        same(of(name, reduction=reduction), *case(4, 5, dtype=dtype), grad_tol=loose)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ["nll_loss", "cross_entropy"])
def test_ignored_targets(name, reduction):
    x, y = case(4, 5)
    weight = sample(5, low=0.2, grad=False)
    for ignored in ([0, 2], [0, 1, 2, 3]):
        marked = y.clone()
        marked[ignored] = -100
        same(of(name, reduction=reduction), x, marked)
        same(of(name, reduction=reduction), x, marked, weight)
    same(of(name, reduction=reduction, ignore_index=int(y[0])), x, y, weight)
    same(of(name, reduction=reduction), *case(4, 5)[:1], y.to(torch.uint8))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("label_smoothing", [0.1, 1.0])
def test_label_smoothing(reduction, label_smoothing):
    f = of("cross_entropy", reduction=reduction, label_smoothing=label_smoothing)
    weight = sample(5, low=0.2, grad=False)
    for shape in [(4, 5), (2, 5, 3), (5,)]:
        x, y = case(*shape)
        same(f, x, y, second=True)
        same(f, x, y, weight)
    x, y = case(4, 5)
    y[1] = -100
    same(f, x, y)
    same(f, x, y, weight)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("label_smoothing", [0.0, 0.2])
def test_class_probabilities(reduction, label_smoothing):
    f = of("cross_entropy", reduction=reduction, label_smoothing=label_smoothing)
    for shape in [(4, 5), (2, 5, 3), (5,), (0, 5)]:
        x, p = sample(*shape), sample(*shape, low=0, high=1, seed=3)
        same(f, x, p, second=True)
        same(f, x, p, sample(5, low=0.2, grad=False))


def test_refusals():
    x, y = case(2, 3)
    scores = sample(2, 3)
    targets = [
        torch.tensor([0, 5]), torch.tensor([0, -1]), torch.tensor([0]), torch.tensor([[0, 1]]),
        torch.tensor([0, 1], dtype=torch.int32), torch.tensor([0.0, 1.0]), torch.tensor(1),
    ]  # fmt: skip
    for name, target in itertools.product(("nll_loss", "cross_entropy"), targets):
        same(of(name), scores, target)
    for name in ("nll_loss", "cross_entropy"):
        for weight in (torch.ones(2), torch.ones(3, dtype=torch.float64), torch.ones(1, 3)):
            same(of(name), x, y, weight)
        same(of(name, reduction="most"), x, y)
        same(of(name), sample(), torch.tensor(0))
        # torch takes a target of shape (1) without a batch, but cannot go backward from it
        same(of(name), sample(3), torch.tensor([1]), grad=False)
        same(of(name), sample(3), torch.tensor([1, 2]))
        same(of(name), sample(2, 3, 4), torch.zeros(2, 5, dtype=torch.int64))
        same(of(name), sample(2, 3, 4, 4), torch.zeros(2, 4, 5, dtype=torch.int64))
        same(of(name), sample(2, 3, 4, 4), torch.zeros(2, 4, dtype=torch.int64))
    same(of("nll_loss"), x.detach().long(), y)
    p = sample(2, 3, low=0, high=1)
    same(of("cross_entropy", ignore_index=1), x, p)
    same(of("cross_entropy"), x, torch.ones(2, 3, dtype=torch.int64))
    same(of("cross_entropy"), x, p, torch.ones(2))
    same(of("cross_entropy", label_smoothing=2.0), x, y)
    same(of("cross_entropy", label_smoothing=2.0), x, p)
