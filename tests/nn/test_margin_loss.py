"""Losses with a margin, of distributions and of sequences as modules, against PyTorch's."""

import pytest
import torch

from tests.oracle import same, sample

X, Y, Z = (sample(3, 4, dtype=torch.float64, seed=i) for i in range(3))
LABELS = torch.tensor([1.0, -1, 1], dtype=torch.float64)
CALLS = {
    "SoftMarginLoss": (X, LABELS[:, None]),
    "MultiMarginLoss": (X, torch.tensor([0, 1, 2])),
    "TripletMarginLoss": (X, Y, Z),
    "TripletMarginWithDistanceLoss": (X, Y, Z),
    "CTCLoss": (
        sample(5, 2, 4, dtype=torch.float64), torch.tensor([[1, 2], [2, 3]]), (5, 4), (2, 2),
    ),
    "PoissonNLLLoss": (X, Y),
    "GaussianNLLLoss": (X, Y, sample(3, 4, dtype=torch.float64, low=0.1, seed=4)),
    "MultiLabelMarginLoss": (X, torch.tensor([[1, -1, 0, 0], [0, 1, 2, -1], [-1, 0, 0, 0]])),
    "MultiLabelSoftMarginLoss": (X, Y),
    "HingeEmbeddingLoss": (X, LABELS[:, None]),
    "MarginRankingLoss": (X, Y, LABELS[:, None].expand(3, 4)),
    "CosineEmbeddingLoss": (X, Y, LABELS),
}  # fmt: skip
OPTIONS = {
    "MultiMarginLoss": [{"p": 2, "margin": 0.7}, {"p": 3}, {"margin": 2.0}],
    "TripletMarginLoss": [{"margin": 0.5, "p": 1.0, "swap": True}, {"margin": -1}],
    "TripletMarginWithDistanceLoss": [{"margin": 0.5, "swap": True}, {"margin": 0}],
    "CTCLoss": [{"blank": 1, "zero_infinity": True}],
    "PoissonNLLLoss": [{"log_input": False, "full": True, "eps": 1e-3}],
    "GaussianNLLLoss": [{"full": True, "eps": 0.5}],
    "HingeEmbeddingLoss": [{"margin": 0.3}],
    "MarginRankingLoss": [{"margin": 0.3}],
    "CosineEmbeddingLoss": [{"margin": 0.3}],
}


@pytest.mark.filterwarnings("ignore")  # logarithms of negative rates
@pytest.mark.parametrize("name", list(CALLS))
@pytest.mark.parametrize("reduction", ["mean", "sum", "none", "other"])
def test_same_as_torch(name, reduction):
    for options in ({}, *OPTIONS.get(name, [])):

        def f(torch, *given, options=options):
            loss = getattr(torch.nn, name)(**options, reduction=reduction)
            return loss(*given), repr(loss), list(loss.state_dict())

        same(f, *CALLS[name])


@pytest.mark.parametrize("name", ["MultiMarginLoss", "MultiLabelSoftMarginLoss"])
@pytest.mark.parametrize("shape", [(4,), (2, 2)])
def test_weights(name, shape):
    def f(torch, *given):
        loss = getattr(torch.nn, name)(weight=torch.ones(*shape, dtype=torch.float64) * 2)
        return loss(*given), loss.state_dict()

    same(f, *CALLS[name])


@pytest.mark.parametrize("p", [1.0, 2.0])
def test_distances(p):
    same(lambda torch, *t: torch.nn.PairwiseDistance(p, keepdim=True)(*t), X, Y)
    same(lambda torch, *t: torch.nn.CosineSimilarity(dim=0)(*t), X, Y)
    same(
        lambda torch, *t: torch.nn.TripletMarginWithDistanceLoss(
            distance_function=torch.nn.PairwiseDistance(p)
        )(*t),
        X, Y, Z,
    )  # fmt: skip


@pytest.mark.parametrize("var", [1.0, -1.0, (3, 1), (3,), (2,), (3, 4), (1, 4)])
def test_variances(var):
    def f(torch, x, y, v):
        return torch.nn.functional.gaussian_nll_loss(x, y, v)

    same(f, X, Y, var if isinstance(var, float) else torch.ones(var, dtype=torch.float64))
    if not isinstance(var, float):
        same(f, X, Y, -torch.ones(var, dtype=torch.float64))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bias": True, "reduction": "none", "ignore_index": 1},
        {"out_features": (2,), "bias": True},
        {"label_smoothing": 0.1},
        {"label_smoothing": 1.5},
    ],
)
def test_linear_cross_entropy(options):
    def f(torch, x, y):
        torch.manual_seed(0)
        loss = torch.nn.LinearCrossEntropyLoss(4, 5, dtype=torch.float64, **options)
        return loss(x, y), repr(loss), list(loss.parameters()), list(loss.state_dict())

    shape = (3, 2) if "out_features" in options else (3,)
    same(f, X, torch.ones(shape, dtype=torch.int64))
    same(lambda torch: torch.nn.LinearCrossEntropyLoss(4, 5, weight=torch.ones(4)))
