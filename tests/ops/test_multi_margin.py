"""Margins between classes against PyTorch's: shapes, weights, targets that are no classes."""

import pytest
import torch

from tests.oracle import same, sample

REDUCTIONS = ["mean", "sum", "none"]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize(
    "shape, target",
    [
        ((3, 4), [0, 1, 2]),
        ((3, 4), [0, 1, 5]),
        ((3, 4), [0, -1, 2]),
        ((3, 4), [0, 1]),
        ((3, 0), [0, 1, 2]),
        ((3, 4, 2), [0, 1, 2]),
        ((4,), 1),
        ((4,), [1]),
        ((), 0),
    ],
)
def test_one_target(reduction, p, shape, target):
    def f(torch, x, t):
        return torch.nn.functional.multi_margin_loss(x, t, p, 0.7, reduction=reduction)

    same(f, sample(*shape, dtype=torch.float64), torch.tensor(target))


@pytest.mark.parametrize(
    "weight",
    [
        torch.ones(3),
        torch.ones(4),
        torch.ones(4, 1),
        torch.rand(4, dtype=torch.float64),
        torch.ones(4, dtype=torch.float64, requires_grad=True),
    ],
)
def test_weights(weight):
    def f(torch, x, t, w):
        return torch.nn.functional.multi_margin_loss(x, t, weight=w)

    same(f, sample(3, 4, dtype=torch.float64), torch.tensor([0, 1, 2]), weight)


@pytest.mark.parametrize("name", ["multi_margin_loss", "multilabel_margin_loss"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.int64, torch.float32])
@pytest.mark.parametrize("index", [torch.int32, torch.int64])
def test_dtypes(name, dtype, index):
    shape = (3, 4) if name.startswith("multilabel") else (3,)
    same(
        lambda torch, x, t: getattr(torch.nn.functional, name)(x, t),
        sample(3, 4, dtype=dtype),
        torch.zeros(shape, dtype=index),
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    "shape, target",
    [
        ((2, 4), [[0, 1, -1, 2], [1, 3, 0, 0]]),
        ((2, 4), [[0, 1, -1, 2], [1, 5, 0, 0]]),
        ((2, 4), [[0, 1, -1, 2], [1, -2, 0, 0]]),
        ((2, 4), [[-1, 1, 2, 2], [1, 1, 1, 1]]),
        ((2, 4), [[0, 1, -1, 2]]),
        ((4,), [[0, 1, -1, 2]]),
        ((4,), [0, 1, -1, 2]),
        ((2, 2, 4), [0]),
        ((), 0),
        ((), [0]),
    ],
)
def test_several_targets(reduction, shape, target):
    def f(torch, x, t):
        return torch.nn.functional.multilabel_margin_loss(x, t, reduction=reduction)

    same(f, sample(*shape, dtype=torch.float64), torch.tensor(target))


def test_no_rows():
    """Each loss: of their mean PyTorch returns what the memory held."""
    same(
        lambda torch, x, t: torch.nn.functional.multilabel_margin_loss(x, t, reduction="none"),
        sample(0, 4),
        torch.zeros(0, 4, dtype=torch.int64),
    )


@pytest.mark.parametrize("name", ["multi_margin_loss", "multilabel_margin_loss"])
def test_no_second_derivative(name):
    def f(torch, x):
        target = [0, 1, 2] if name == "multi_margin_loss" else [[0, -1, 0], [1, -1, 0], [2, -1, 0]]
        loss = getattr(torch.nn.functional, name)(x, torch.tensor(target))
        (g,) = torch.autograd.grad(loss, x, create_graph=True)
        assert g.grad_fn.name() == "torch::autograd::NotImplemented"
        return torch.autograd.grad(g.sum(), x)

    same(f, sample(3, 3, dtype=torch.float64))
