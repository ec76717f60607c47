"""Normalisation, embedding, attention and recurrent layers."""

from typing import Any

import torch

from tests.samples.spec import In, Sample, one, whole, x

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


def bags(torch: Any, w: Any, i: Any, o: Any, p: Any) -> Any:
    """Weighed sums of bags of rows."""
    F = torch.nn.functional
    return F.embedding_bag(i, w, o, mode="sum", per_sample_weights=p.contiguous())


EMBEDDED = [
    one("_embedding_bag", bags, x(5, 3), whole(0, 4, 4, 1), whole(0, 1), x(4)),
    one(
        "_embedding_bag",
        lambda torch, w, i: torch.nn.functional.embedding_bag(i, w, mode="max"),
        x(5, 3), whole([0, 4], [4, 1]),
    ),
    one(
        "_embedding_bag_forward_only",
        lambda torch, w, i, o: torch.nn.functional.embedding_bag(i, w, o),
        x(5, 3, grad=False), whole(0, 4, 4, 1), whole(0, 1),
    ),
    one(
        "embedding_renorm_",
        lambda torch, w, i: torch.embedding_renorm_(w.clone(), i, 0.5, 2.0),
        x(5, 3, grad=False), whole(0, 4, 4),
    ),
]  # fmt: skip


def attended(torch: Any, q: Any, k: Any, v: Any) -> Any:
    """Attention by the fused kernel, which takes the last dim to be packed."""
    given = [t.contiguous() for t in (q, k, v)]
    return torch._scaled_dot_product_flash_attention_for_cpu(*given)[0]


ATTENDED = [
    one(
        "_scaled_dot_product_flash_attention_for_cpu",
        attended,
        x(2, 2, 3, 4, low=-1, high=1), x(2, 2, 5, 4, low=-1, high=1), x(2, 2, 5, 4),
    ),
    one("_safe_softmax", lambda torch, x: torch._safe_softmax(x, -1), x(2, 3)),
]  # fmt: skip


def single(*shape: int) -> In:
    """A float32 tensor, which oneDNN's layers are of."""
    return In(shape, -1.0, 1.0, torch.float32)


def remembered(torch: Any, *given: Any) -> Any:
    """A layer of an LSTM from its end on, which takes what lies packed; the results that PyTorch
    shows the inside of are its own."""
    options = True, [], 2, 4, 1, True, False, False, True
    return torch.mkldnn_rnn_layer(*[t.contiguous() for t in given], *options)[:3]


RECURRENT = [
    one(
        "mkldnn_rnn_layer", remembered,
        single(3, 2, 3), single(16, 3), single(16, 4), single(16), single(16), single(2, 4),
        single(2, 4),
    )
]  # fmt: skip

SAMPLES: list[Sample] = [*NORMALIZED, *EMBEDDED, *ATTENDED, *RECURRENT]

BACKWARD: dict[str, str] = {
    "_embedding_bag_backward": "_embedding_bag",
    "_embedding_bag_per_sample_weights_backward": "_embedding_bag",
    "_scaled_dot_product_flash_attention_for_cpu_backward": (
        "_scaled_dot_product_flash_attention_for_cpu"
    ),
    "mkldnn_rnn_layer_backward": "mkldnn_rnn_layer",
    "native_batch_norm_backward": "native_batch_norm",
    "native_group_norm_backward": "native_group_norm",
    "native_layer_norm_backward": "native_layer_norm",
}
