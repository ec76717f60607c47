"""Losses with a margin against PyTorch's: dtypes that do not agree, layouts, errors."""

import pytest
import torch

from tests.oracle import same, sample

REDUCTIONS = ["mean", "sum", "none"]
ONES = torch.ones(3)


@pytest.mark.parametrize("reduction", [*REDUCTIONS, "other"])
@pytest.mark.parametrize(
    "x, y",
    [
        (ONES, torch.ones(2)),
        (ONES, torch.ones(1)),
        (torch.ones(1), ONES),
        (ONES.long(), ONES),
        (ONES.long(), ONES.long()),
        (ONES, ONES.long()),
        (ONES, ONES.double()),
        (ONES.half(), ONES.double()),
        (ONES.clone().requires_grad_(), ONES.clone().requires_grad_()),
        (ONES.bool(), ONES),
        (torch.ones(0), torch.ones(0)),
    ],
)
def test_soft_margin_of_unlike_tensors(x, y, reduction):
    same(
        lambda torch, x, y: torch.nn.functional.soft_margin_loss(x, y, reduction=reduction),
        x,
        y,
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_soft_margin_of_a_transpose(reduction):
    def f(torch, x, y):
        return torch.nn.functional.soft_margin_loss(x.t(), y, reduction=reduction)

    x, y = sample(3, 4, dtype=torch.float64), sample(4, 3, dtype=torch.float64, grad=False)
    same(f, x, y, second=True)


def test_soft_margin_overflows_as_half():
    x = torch.tensor([-9.0, 9.0, 2.0], dtype=torch.float16, requires_grad=True)
    y = torch.tensor([9.0, 9.0, -1.0], dtype=torch.float16)
    same(lambda torch, x, y: torch.nn.functional.soft_margin_loss(x, y, reduction="sum"), x, y)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("margin", [0.0, 0.5])
def test_labels_of_one_and_minus_one(reduction, margin):
    x, y = sample(3, 4, dtype=torch.float64), sample(3, 4, dtype=torch.float64, seed=1)
    labels = torch.tensor([[1.0, -1, 1, -1]] * 3, dtype=torch.float64)
    names = {"margin": margin, "reduction": reduction}
    same(
        lambda torch, x, y, t: torch.nn.functional.margin_ranking_loss(x, y, t, **names),
        x, y, labels, second=True,
    )  # fmt: skip
    same(
        lambda torch, x, t: torch.nn.functional.hinge_embedding_loss(x, t, **names),
        x, labels, second=True,
    )  # fmt: skip
    same(
        lambda torch, x, y, t: torch.nn.functional.cosine_embedding_loss(x, y, t, **names),
        x, y, labels[0, :3].clone(), second=True,
    )  # fmt: skip


@pytest.mark.parametrize("swap", [True, False])
@pytest.mark.parametrize("p", [1.0, 2.0])
def test_triplets(swap, p):
    given = [sample(3, 4, dtype=torch.float64, seed=i) for i in range(3)]
    same(
        lambda torch, *t: torch.nn.functional.triplet_margin_loss(*t, swap=swap, p=p),
        *given,
        second=True,
    )


@pytest.mark.parametrize(
    "name, shapes",
    [
        ("margin_ranking_loss", [(3,), (2,), (3,)]),
        ("margin_ranking_loss", [(3,), (1, 3), (3,)]),
        ("margin_ranking_loss", [(3,), (3,), (1,)]),
        ("cosine_embedding_loss", [(3,), (3,), (3,)]),
        ("cosine_embedding_loss", [(3,), (3,), (3, 3)]),
        ("cosine_embedding_loss", [(3, 3), (3, 3), ()]),
        ("triplet_margin_loss", [(3,), (3,), (3, 3)]),
        ("triplet_margin_with_distance_loss", [(3,), (3,), (3, 3)]),
    ],
)
def test_errors_of_shapes(name, shapes):
    given = [torch.ones(shape) for shape in shapes]
    same(lambda torch, *t: getattr(torch.nn.functional, name)(*t), *given)


def test_errors_of_options():
    given = [ONES, ONES, ONES]
    for options in ({"margin": -1}, {"reduction": "other"}):
        for name in ("triplet_margin_loss", "triplet_margin_with_distance_loss"):
            same(
                lambda torch, *t, n=name, o=options: getattr(torch.nn.functional, n)(*t, **o),
                *given,
            )
    same(lambda torch, *t: torch.nn.functional.margin_ranking_loss(*t, size_average=False), *given)


def test_bools_have_no_difference():
    same(
        lambda torch, x: torch.nn.functional.margin_ranking_loss(x, x, x),
        torch.tensor([True, False]),
    )
