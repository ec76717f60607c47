"""One table of calls that reach every registered op; `test_every_op` and `cuda` run it.

A sample is a body that reads as PyTorch, and what its tensors are like. `x(...)` has the dtype
under test, `whole(...)` is int64 and `mask(...)` bool whatever that is. Shapes left out may be any:
such ops are tried on several. Ops that only a gradient reaches stand in BACKWARD.
"""

import warnings
from collections.abc import Sequence

import torch

import minitorch_np.nn.functional  # noqa: F401  what the bodies call
from minitorch_np.op import REGISTRY
from tests.oracle import arrange, sample, tensors_in
from tests.samples import (
    along,
    attention,
    convolution,
    elementwise,
    losses,
    mixed,
    reductions,
    resampling,
    shapes,
    special,
)
from tests.samples.spec import Sample

__all__ = [
    "BACKWARD", "LAYOUTS", "SAMPLES", "Sample", "accepts", "derivatives", "inputs", "labelled",
    "missing", "surplus", "usual",
]  # fmt: skip

SAMPLES: list[Sample] = [
    *elementwise.POINTWISE, *elementwise.ARITHMETIC, *elementwise.ACTIVATIONS, *elementwise.LOSSES,
    *elementwise.RANDOM, *reductions.REDUCTIONS, *reductions.SCANS, *reductions.PRODUCTS,
    *shapes.VIEWS, *shapes.REARRANGED, *shapes.INDEXED, *attention.SAMPLES, *convolution.SAMPLES,
    *losses.SAMPLES, *resampling.SAMPLES, *special.SAMPLES,
]  # fmt: skip

LAYOUTS: list[Sample] = [*along.ALONG, *mixed.MIXED]
"""More samples, whose values are compared elsewhere: they are for layouts alone."""

BACKWARD = {
    **attention.BACKWARD,
    **convolution.BACKWARD,
    **losses.BACKWARD,
    **resampling.BACKWARD,
    **special.BACKWARD,
    "binary_cross_entropy_backward": "binary_cross_entropy",
    "diagonal_backward": "diagonal",
    "elu_backward": "elu",
    "embedding_dense_backward": "embedding",
    "gelu_backward": "gelu",
    "glu_backward": "glu",
    "hardshrink_backward": "hardshrink",
    "hardsigmoid_backward": "hardsigmoid",
    "hardswish_backward": "hardswish",
    "hardtanh_backward": "hardtanh",
    "huber_loss_backward": "huber_loss",
    "index_backward": "index",
    "leaky_relu_backward": "leaky_relu",
    "log_sigmoid_backward": "log_sigmoid_forward",
    "log_softmax_backward_data": "log_softmax_along",
    "logit_backward": "logit",
    "mish_backward": "mish",
    "mse_loss_backward": "mse_loss",
    "nll_loss_backward": "nll_loss_forward",
    "prelu_input_backward": "prelu_kernel",
    "prelu_weight_backward": "prelu_kernel",
    "select_backward": "select",
    "sigmoid_backward": "sigmoid",
    "silu_backward": "silu",
    "slice_backward": "slice",
    "smooth_l1_loss_backward": "smooth_l1_loss",
    "softmax_backward_data": "softmax_along",
    "softplus_backward": "softplus",
    "softshrink_backward": "softshrink",
    "tanh_backward": "tanh",
    "threshold_backward": "relu",
    "unfold_backward": "unfold",
}
"""Ops that the gradient of a sampled op runs, and which."""


def missing() -> list[str]:
    """Registered ops that no sample reaches."""
    return sorted(REGISTRY.keys() - {s.op for s in SAMPLES} - BACKWARD.keys())


def surplus() -> list[str]:
    """Names in the table that no registered op has."""
    return sorted(({s.op for s in SAMPLES} | BACKWARD.keys()) - REGISTRY.keys())


def accepts(s: Sample, dtype: torch.dtype) -> bool:
    """Whether PyTorch on the CPU runs a sample on this dtype."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            s.f(torch, *inputs(s, dtype))
    except Exception:  # noqa: BLE001  any refusal is one
        return False
    return True


def usual(s: Sample, dtype: torch.dtype = torch.float32) -> torch.dtype:
    """`dtype`, or int64 for a sample that takes no floating numbers."""
    return dtype if accepts(s, dtype) else torch.int64


def derivatives(s: Sample) -> int:
    """How often PyTorch differentiates a sample in float64: not at all, once, or twice."""
    given = inputs(s, torch.float64)
    leaves = [t for t in given if t.requires_grad]
    if not leaves or not accepts(s, torch.float64):
        return 0
    result = s.f(torch, *given)
    for order in range(2):
        out = [t for t in tensors_in(result) if t.requires_grad]
        if not out:
            return order
        weights = [torch.ones_like(t).requires_grad_() for t in out]
        try:
            result = torch.autograd.grad(out, leaves, weights, create_graph=True, allow_unused=True)
        except (RuntimeError, NotImplementedError):
            return order
        leaves = [*leaves, *weights]
    return 2


def labelled(samples: Sequence[Sample] = SAMPLES) -> list[tuple[str, Sample]]:
    """Every sample with a name of its own: that of its op, numbered from the second on."""
    count: dict[str, int] = {}
    found: list[tuple[str, Sample]] = []
    for s in samples:
        count[s.op] = count.get(s.op, 0) + 1
        found.append((s.op if count[s.op] == 1 else f"{s.op}-{count[s.op]}", s))
    return found


def inputs(
    s: Sample, dtype: torch.dtype, shape: tuple[int, ...] = (2, 3), layouts: tuple[str, ...] = ()
) -> list[torch.Tensor]:
    """A sample's tensors for one dtype; `shape` where any will do, `layouts` in turn for each."""
    made: list[torch.Tensor] = []
    for seed, spec in enumerate(s.inputs):
        if spec.elements is not None:
            made.append(torch.tensor(spec.elements, dtype=spec.dtype))
            continue
        t = sample(
            *(shape if spec.shape is None else spec.shape), dtype=spec.dtype or dtype, seed=seed,
            low=spec.low, high=spec.high, grad=spec.grad,
        )  # fmt: skip
        layout = layouts[seed % len(layouts)] if layouts else "contiguous"
        if layout == "expanded" and t.ndim:
            t = t.detach()[..., :1].expand(t.shape).requires_grad_(t.requires_grad)
        elif layout != "contiguous":
            t = arrange(t, layout)
        made.append(t)
    return made
