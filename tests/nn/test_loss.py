"""Loss modules against PyTorch's."""

import pytest
import torch

from tests.oracle import same, sample

PAIRS = ["L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss", "KLDivLoss", "BCEWithLogitsLoss"]


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("reduction", ["none", "mean", "sum", "nope", "batchmean"])
def test_two_tensors(name, reduction):
    def f(torch, x, y):
        return getattr(torch.nn, name)(reduction=reduction)(x, y)

    same(f, sample(4, 3), sample(4, 3, seed=1, low=0.1, high=0.9))
    same(lambda torch: repr(getattr(torch.nn, name)(reduction=reduction)))


@pytest.mark.parametrize("name", PAIRS)
def test_shapes_that_differ(name):
    same(lambda torch, x, y: getattr(torch.nn, name)()(x, y), sample(4, 3), sample(3, low=0.1))


@pytest.mark.parametrize("name", [*PAIRS[:3], "BCELoss", "NLLLoss", "CrossEntropyLoss"])
@pytest.mark.parametrize("old", [(True, None), (False, None), (None, False), (True, True)])
def test_older_options(name, old):
    same(lambda torch: getattr(torch.nn, name)(size_average=old[0], reduce=old[1]).reduction)


@pytest.mark.parametrize(
    "f",
    [
        lambda nn, x, y: nn.SmoothL1Loss(beta=0.3)(x, y),
        lambda nn, x, y: nn.SmoothL1Loss(beta=0.0)(x, y),
        lambda nn, x, y: nn.HuberLoss(delta=0.3)(x, y),
        lambda nn, x, y: nn.HuberLoss(delta="a"),
        lambda nn, x, y: nn.KLDivLoss(reduction="sum", log_target=True)(x, y),
        lambda nn, x, y: nn.KLDivLoss(reduction="batchmean")(x, y),
        lambda nn, x, y: nn.BCELoss()(x.sigmoid(), y),
        lambda nn, x, y: nn.BCELoss(weight=y.detach()[0])(x.sigmoid(), y),
        lambda nn, x, y: nn.BCELoss(reduction="sum")(x.sigmoid(), y[0]),
        lambda nn, x, y: nn.BCELoss()(x * 3, y),
        lambda nn, x, y: nn.BCEWithLogitsLoss(pos_weight=y.detach()[0])(x, y),
        lambda nn, x, y: nn.BCEWithLogitsLoss(weight=y.detach())(x, y),
        lambda nn, x, y: nn.BCEWithLogitsLoss()(x, y[0]),
        lambda nn, x, y: nn.functional.mse_loss(x, y, weight=y),
        lambda nn, x, y: nn.functional.l1_loss(x, y, weight=y, reduction="sum"),
        lambda nn, x, y: nn.functional.huber_loss(x, y, weight=y),
        lambda nn, x, y: nn.functional.huber_loss(x, y, weight=y, reduction="none"),
        lambda nn, x, y: nn.functional.mse_loss(x, y, weight=y[0]),
        lambda nn, x, y: nn.functional.l1_loss(x, y, weight=y, reduction="nope"),
        lambda nn, x, y: nn.functional.mse_loss(x, y, reduction="elementwise_mean"),
        lambda nn, x, y: nn.functional.kl_div(x, y, reduce=False),
        lambda nn, x, y: list(nn.BCEWithLogitsLoss(pos_weight=y.detach()).state_dict()),
    ],
)
def test_options(f):
    same(
        lambda torch, x, y: f(torch.nn, x, y),
        sample(4, 3),
        sample(4, 3, seed=1, low=0.1, high=0.9),
    )


CLASSES = [
    {},
    {"reduction": "sum"},
    {"reduction": "none"},
    {"ignore_index": 1},
    {"reduction": "nope"},
]


@pytest.mark.parametrize("options", [*CLASSES, {"label_smoothing": 0.1}])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy(options, weighted):
    def f(torch, x, y, w):
        weight = w if weighted else None
        loss = torch.nn.CrossEntropyLoss(weight=weight, **options)
        return loss(x, y), list(loss.state_dict()), repr(loss)

    target = torch.tensor([0, 1, 2, 1])
    same(f, sample(4, 3), target, sample(3, low=0.1, grad=False))
    probabilities = sample(4, 3, low=0.0, high=1.0, seed=2)
    if "ignore_index" not in options:
        same(f, sample(4, 3), probabilities, sample(3, low=0.1, grad=False))


@pytest.mark.parametrize("options", CLASSES)
@pytest.mark.parametrize("weighted", [False, True])
def test_nll(options, weighted):
    def f(torch, x, y, w):
        loss = torch.nn.NLLLoss(weight=w if weighted else None, **options)
        return loss(x.log_softmax(1), y)

    same(f, sample(4, 3), torch.tensor([0, 1, 2, 1]), sample(3, low=0.1, grad=False))
