"""torch's own names of losses, whose reductions are numbers."""

import pytest
import torch

from tests.oracle import same, sample

X, Y, Z = (sample(3, 4, dtype=torch.float64, seed=i, low=0.1) for i in range(3))
LABELS = torch.tensor([1.0, -1, 1], dtype=torch.float64)
CALLS = {
    "margin_ranking_loss": (X, Y, LABELS[:, None].expand(3, 4), 0.5),
    "hinge_embedding_loss": (X, LABELS[:, None], 0.5),
    "cosine_embedding_loss": (X, Y, LABELS, 0.5),
    "triplet_margin_loss": (X, Y, Z, 0.5, 1.0, 1e-3, True),
    "poisson_nll_loss": (X, Y, False, True, 1e-3),
    "kl_div": (X, Y),
    "binary_cross_entropy_with_logits": (X, Y, None, Z.detach()),
    "ctc_loss": (
        sample(5, 2, 4, dtype=torch.float64), torch.tensor([[1, 2], [2, 3]]), (5, 4), (2, 2), 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(CALLS))
@pytest.mark.parametrize("reduction", [0, 1, 2, 7])
def test_same_as_torch(name, reduction):
    same(lambda torch, *t: getattr(torch, name)(*t, reduction), *CALLS[name])


@pytest.mark.parametrize("name", [n for n in CALLS if n != "poisson_nll_loss"])
def test_losses_are_not_reduced_by_default(name):
    same(lambda torch, *t: getattr(torch, name)(*t), *CALLS[name])


def test_logarithms_for_targets():
    same(lambda torch, x, y: torch.kl_div(x, y, 2, log_target=True), X, Y)
