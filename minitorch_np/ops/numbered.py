"""Losses as torch's own namespace has them: ATen's, whose reduction is a number.

1 is the mean, 2 the sum, and every other number leaves the losses as they are: that is the default,
for PyTorch reads the mean that its declarations name as 0.
"""

from collections.abc import Sequence

from minitorch_np.guard import guarded
from minitorch_np.ops import ctc, entropy, loss, margin
from minitorch_np.tensor import Tensor

__all__ = [
    "binary_cross_entropy_with_logits", "cosine_embedding_loss", "ctc_loss",
    "hinge_embedding_loss", "kl_div", "margin_ranking_loss", "poisson_nll_loss",
    "triplet_margin_loss",
]  # fmt: skip

_margin = margin


def _name(reduction: int) -> str:
    return {1: "mean", 2: "sum"}.get(reduction, "none")


@guarded
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """`max(0, -target * (input1 - input2) + margin)`, reduced by a number."""
    return _margin.margin_ranking_loss(input1, input2, target, margin, _name(reduction))


@guarded
def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, reduction: int = 0
) -> Tensor:
    """`input` for targets 1, `max(0, margin - input)` for targets -1, reduced by a number."""
    return _margin.hinge_embedding_loss(input, target, margin, _name(reduction))


@guarded
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: int = 0
) -> Tensor:
    """`1 - cos` for targets 1, `max(0, cos - margin)` for targets -1, reduced by a number."""
    return _margin.cosine_embedding_loss(input1, input2, target, margin, _name(reduction))


@guarded
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 0,
) -> Tensor:
    """`max(0, margin + |anchor - positive| - |anchor - negative|)`, reduced by a number."""
    return _margin.triplet_margin_loss(
        anchor, positive, negative, margin, p, eps, swap, _name(reduction)
    )


@guarded
def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: int
) -> Tensor:
    """-log of the Poisson probability of `target`, reduced by a number."""
    return loss.poisson_nll_loss(input, target, log_input, full, eps, _name(reduction))


@guarded
def kl_div(
    input: Tensor, target: Tensor, reduction: int = 0, *, log_target: bool = False
) -> Tensor:
    """`target * (log(target) - input)` of log-probabilities `input`, reduced by a number."""
    return loss.kl_div(input, target, _name(reduction), log_target=log_target)


@guarded
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: int = 0,
) -> Tensor:
    """Binary cross-entropy of sigmoid(input), in one stable step, reduced by a number."""
    return entropy.binary_cross_entropy_with_logits(
        input, target, weight, pos_weight, _name(reduction)
    )


@guarded
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: int = 0,
    zero_infinity: bool = False,
) -> Tensor:
    """-log of the probability of labels in any alignment, reduced by a number."""
    return ctc.ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank, _name(reduction), zero_infinity
    )
