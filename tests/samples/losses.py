"""Losses, distances, dropout and bilinear products."""

from collections.abc import Iterator
from typing import Any

from tests.samples.spec import In, Sample, drawn, one, whole, x

__all__ = ["BACKWARD", "SAMPLES"]


def losses(name: str, *given: In, op: str | None = None, **options: Any) -> Iterator[Sample]:
    """The loss in `nn.functional`, with each reduction."""
    for reduction in ("mean", "sum", "none"):
        yield one(
            op or name,
            lambda torch, *t, r=reduction: getattr(torch.nn.functional, name)(
                *t, reduction=r, **options
            ),
            *given,
        )


def distances() -> Iterator[Sample]:
    """Distances of rows, for each kind of norm."""
    for p in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, float("inf")):
        yield one("cdist_forward", lambda torch, a, b, p=p: torch.cdist(a, b, p), x(3, 4), x(2, 4))
        yield one("pdist_forward", lambda torch, a, p=p: torch.pdist(a, p), x(4, 3))
    yield one("cdist_forward", lambda torch, a, b: torch.cdist(a, b), x(2, 1, 3, 4), x(3, 2, 4))
    yield one(
        "euclidean_dist",
        lambda torch, a, b: torch.cdist(a, b, compute_mode="use_mm_for_euclid_dist"),
        x(3, 4),
        x(2, 4),
    )
    yield one(
        "norm_along",
        lambda torch, a, b: torch.nn.functional.pairwise_distance(a, b),
        x(3, 4),
        x(3, 4),
    )


LOGITS, CLASSES = x(3, 4), whole(1, 3, 0)
LABELS = whole([1, -1, 0, 0], [0, 2, 3, -1], [-1, 0, 0, 0])


def sequences() -> Iterator[Sample]:
    """Labels of sequences: side by side, one after another, repeated, and too many."""
    for targets, sizes, zero in (
        ([[1, 2], [3, 3]], (2, 2), False),
        ([1, 2, 3], (2, 1), True),
        ([[1, 2, 3], [1, 1, 1]], (0, 3), True),
    ):
        yield one(
            "ctc_loss_forward",
            # labels are no input: PyTorch follows them wherever they lead
            lambda torch, a, t=targets, n=sizes, z=zero: torch.nn.functional.ctc_loss(
                a.log_softmax(2), torch.tensor(t), (5, 3), n, reduction="sum", zero_infinity=z
            ),
            x(5, 2, 4),
        )


def chunked() -> Iterator[Sample]:
    """The loss of a linear layer, two rows at a time."""
    for reduction, op in (
        ("mean", "linear_cross_entropy_chunked"),
        ("none", "linear_cross_entropy_chunked_rows"),
    ):
        for target in ((1, 3, 0), (1, -100, 0)):
            yield one(
                op,
                lambda torch, a, w, b, t=target, r=reduction: (
                    torch.nn.functional.linear_cross_entropy(
                        a, w, torch.tensor(t), linear_bias=b, reduction=r, options=twos(torch)
                    )
                ),
                x(3, 2),
                x(4, 2),
                x(4),
            )


def twos(torch: Any) -> Any:
    """Options for two rows at a time, gradients being kept."""
    return torch.nn.LinearCrossEntropyOptions(allow_retain_graph=True, batch_chunk_size=2)


SAMPLES: list[Sample] = [
    *losses("soft_margin_loss", x(), x(grad=False)),
    *losses("multi_margin_loss", LOGITS, CLASSES),
    *losses("multi_margin_loss", LOGITS, CLASSES, p=2, margin=0.7),
    one(
        "multi_margin_loss",
        lambda torch, a, t, w: torch.nn.functional.multi_margin_loss(a, t, weight=w),
        LOGITS,
        CLASSES,
        x(4, grad=False),
    ),
    *losses("multilabel_margin_loss", LOGITS, LABELS, op="multilabel_margin_loss_forward"),
    *distances(),
    *sequences(),
    one(
        "trilinear",
        lambda torch, a, b, w: torch.nn.functional.bilinear(a, b, w),
        x(2, 3),
        x(2, 4),
        x(5, 3, 4),
    ),
    *chunked(),
    drawn("native_dropout", lambda torch, a: torch.native_dropout(a, 0.3, True), x()),
    one("native_dropout", lambda torch, a: torch.native_dropout(a, 0.3, False), x()),
    one("rrelu_with_noise", lambda torch, a: torch.nn.functional.rrelu(a), x()),
    one("rrelu_with_noise_", lambda torch, a: torch.nn.functional.rrelu_(a.clone()), x()),
    drawn("rrelu_with_noise", lambda torch, a: torch.rrelu(a, 0.2, 0.3, training=True), x()),
    drawn("rrelu_with_noise_", lambda torch, a: torch.rrelu_(a.clone(), 0.2, 0.3, True), x()),
]

BACKWARD: dict[str, str] = {
    "cdist_backward": "cdist_forward",
    "ctc_loss_backward": "ctc_loss_forward",
    "multi_margin_loss_backward": "multi_margin_loss",
    "multilabel_margin_loss_backward": "multilabel_margin_loss_forward",
    "native_dropout_backward": "native_dropout",
    "pdist_backward": "pdist_forward",
    "rrelu_with_noise_backward": "rrelu_with_noise",
    "soft_margin_loss_backward": "soft_margin_loss",
}
