"""Normalisation, embedding, attention and recurrent layers."""

from typing import Any

from tests.samples.spec import Sample, one, x

__all__ = ["BACKWARD", "SAMPLES"]


def batch(torch: Any, x: Any, w: Any, b: Any) -> Any:
    """Batch normalisation by the batch.

    PyTorch's gradient reads a weight as if it were contiguous.
    """
    return torch.native_batch_norm(x, w.contiguous(), b, None, None, True, 0.1, 1e-5)


def running(torch: Any, x: Any, *rest: Any) -> Any:
    """Batch normalisation by running statistics."""
    return torch.native_batch_norm(x, *[t.contiguous() for t in rest], False, 0.1, 1e-5)


def group(torch: Any, x: Any, w: Any, b: Any) -> Any:
    """Group normalisation of (2, 4, 3)."""
    return torch.native_group_norm(x, w, b, 2, 4, 3, 2, 1e-5)


NORMALIZED = [
    one(
        "native_layer_norm",
        lambda torch, x, w, b: torch.native_layer_norm(x, (4,), w, b, 0.1),
        x(2, 3, 4), x(4), x(4),
    ),
    one(
        "native_layer_norm",
        lambda torch, x: torch.native_layer_norm(x, (3, 4), None, None, 1e-5),
        x(2, 3, 4),
    ),
    one("native_batch_norm", batch, x(2, 3, 4), x(3), x(3)),
    one("native_batch_norm", batch, x(2, 3, 4, 2), x(3), x(3)),
    one(
        "native_batch_norm",
        running,
        x(4, 3), x(3), x(3), x(3, grad=False), x(3, low=0.5, grad=False),
    ),
    one("native_group_norm", group, x(2, 4, 3), x(4), x(4)),
    one(
        "native_group_norm",
        lambda torch, x: torch.native_group_norm(x, None, None, 2, 4, 6, 2, 1e-5)[0],
        x(2, 4, 2, 3),
    ),
]  # fmt: skip

SAMPLES: list[Sample] = [*NORMALIZED]

BACKWARD: dict[str, str] = {
    "native_batch_norm_backward": "native_batch_norm",
    "native_group_norm_backward": "native_group_norm",
    "native_layer_norm_backward": "native_layer_norm",
}
