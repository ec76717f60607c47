"""Layers that models are made of, at the sizes of small models, beside PyTorch: one way and both.

`elementwise` has what a step is made of, all on one matrix; here are convolutions, pools, norms,
recurrent layers, attention, images sampled at points, and the sums over edges that networks on
graphs take. Forward without a graph, then forward and backward to all that a case learns from.
None has a target. With BEFORE, the folder of another checkout, its engine takes turns with them.
"""

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.machine import settle
from benchmarks.overhead import loaded
from benchmarks.timing import OURS, Row, take_turns

__all__ = ["CASES", "Case", "rows"]

Torch = Any
Tensor = Any
Case = Callable[[Torch], tuple[Callable[..., object], Sequence[Tensor]]]
"""Of a library, a function and the tensors to call it with; a module's parameters are leaves too.

Inputs that take gradients are those of floating point.
"""


def normal(t: Torch, *shape: int, seed: int = 0) -> Tensor:
    """Standard normal numbers, the same in every library."""
    return t.from_numpy(np.random.default_rng(seed).standard_normal(shape, np.float32))


def whole(t: Torch, below: int, *shape: int, seed: int = 0) -> Tensor:
    """Random integers from 0, the same in every library."""
    return t.from_numpy(np.random.default_rng(seed).integers(0, below, shape))


def module(make: Callable[[Torch], Any], *shape: int, last: bool = False) -> Case:
    """A module called with a tensor of a shape; with `last`, in channels_last memory."""

    def case(t: Torch) -> tuple[Callable[..., object], Sequence[Tensor]]:
        layer, x = make(t), normal(t, *shape)
        if last:
            layer, x = (one.to(memory_format=t.channels_last) for one in (layer, x))
        return layer, (x,)

    return case


def function(call: Callable[..., object], *shapes: tuple[int, ...]) -> Case:
    """A function of the library and of tensors of these shapes."""

    def case(t: Torch) -> tuple[Callable[..., object], Sequence[Tensor]]:
        tensors = [normal(t, *shape, seed=i) for i, shape in enumerate(shapes)]
        return (lambda *given: call(t, *given)), tensors

    return case


def among(
    call: Callable[..., object], below: int, index: tuple[int, ...], *shapes: tuple[int, ...]
) -> Case:
    """A function of the library, of random indices, and of tensors of these shapes."""

    def case(t: Torch) -> tuple[Callable[..., object], Sequence[Tensor]]:
        at = whole(t, below, *index)
        tensors = [normal(t, *shape, seed=i) for i, shape in enumerate(shapes)]
        return (lambda *given: call(t, at, *given)), tensors

    return case


IMAGES = (8, 16, 28, 28)
SEQUENCE = (16, 20, 64)
EDGES, POINTS, WIDTH = 4096, 512, 32

CASES: dict[str, Case] = {
    "conv2d 3x3": module(lambda t: t.nn.Conv2d(16, 32, 3, padding=1), *IMAGES),
    "conv2d 3x3, one channel": module(lambda t: t.nn.Conv2d(1, 16, 3), 32, 1, 28, 28),
    "conv2d 1x1": module(lambda t: t.nn.Conv2d(16, 64, 1), *IMAGES),
    "conv2d 3x3, stride 2": module(lambda t: t.nn.Conv2d(16, 32, 3, 2, 1), *IMAGES),
    "conv2d 3x3, channels_last": module(
        lambda t: t.nn.Conv2d(16, 32, 3, padding=1), *IMAGES, last=True
    ),
    "conv2d depthwise": module(lambda t: t.nn.Conv2d(16, 16, 3, padding=1, groups=16), *IMAGES),
    "conv2d depthwise, channels_last": module(
        lambda t: t.nn.Conv2d(16, 16, 3, padding=1, groups=16), *IMAGES, last=True
    ),
    "conv2d 4 groups": module(lambda t: t.nn.Conv2d(16, 32, 3, padding=1, groups=4), *IMAGES),
    "conv2d 5x5, dilation 2": module(
        lambda t: t.nn.Conv2d(16, 16, 5, padding=4, dilation=2), *IMAGES
    ),
    "conv1d": module(lambda t: t.nn.Conv1d(64, 64, 5, padding=2), 16, 64, 100),
    "conv3d": module(lambda t: t.nn.Conv3d(4, 8, 3, padding=1), 2, 4, 12, 14, 14),
    "conv_transpose2d": module(lambda t: t.nn.ConvTranspose2d(16, 8, 4, 2, 1), 8, 16, 14, 14),
    "max_pool2d": module(lambda t: t.nn.MaxPool2d(2), *IMAGES),
    "max_pool2d 3x3, stride 1": module(lambda t: t.nn.MaxPool2d(3, 1, 1), *IMAGES),
    "max_pool2d, channels_last": module(lambda t: t.nn.MaxPool2d(2), *IMAGES, last=True),
    "avg_pool2d": module(lambda t: t.nn.AvgPool2d(2), *IMAGES),
    "adaptive_avg_pool2d 1": module(lambda t: t.nn.AdaptiveAvgPool2d(1), *IMAGES),
    "adaptive_avg_pool2d 7": module(lambda t: t.nn.AdaptiveAvgPool2d(7), *IMAGES),
    "adaptive_max_pool2d 7": module(lambda t: t.nn.AdaptiveMaxPool2d(7), *IMAGES),
    "batch_norm 2d": module(lambda t: t.nn.BatchNorm2d(16), *IMAGES),
    "batch_norm 2d, eval": module(lambda t: t.nn.BatchNorm2d(16).eval(), *IMAGES),
    "batch_norm 2d, channels_last": module(lambda t: t.nn.BatchNorm2d(16), *IMAGES, last=True),
    "batch_norm 1d": module(lambda t: t.nn.BatchNorm1d(256), 64, 256),
    "group_norm": module(lambda t: t.nn.GroupNorm(4, 16), *IMAGES),
    "instance_norm": module(lambda t: t.nn.InstanceNorm2d(16, affine=True), *IMAGES),
    "layer_norm": module(lambda t: t.nn.LayerNorm(64), *SEQUENCE),
    "rms_norm": module(lambda t: t.nn.RMSNorm(64), *SEQUENCE),
    "lstm": module(lambda t: t.nn.LSTM(64, 64, batch_first=True), *SEQUENCE),
    "lstm, 2 layers, both directions": module(
        lambda t: t.nn.LSTM(64, 32, 2, batch_first=True, bidirectional=True), *SEQUENCE
    ),
    "lstm, one of a batch": module(lambda t: t.nn.LSTM(16, 16), 20, 1, 16),
    "gru": module(lambda t: t.nn.GRU(64, 64, batch_first=True), *SEQUENCE),
    "rnn": module(lambda t: t.nn.RNN(64, 64, batch_first=True), *SEQUENCE),
    "lstm cell": module(lambda t: t.nn.LSTMCell(64, 64), 16, 64),
    "gru cell": module(lambda t: t.nn.GRUCell(64, 64), 16, 64),
    "multihead attention": function(
        lambda t, x, w, b, o: t.nn.functional.multi_head_attention_forward(
            x, x, x, 64, 4, w, b, None, None, False, 0.0, o, None, need_weights=False
        )[0],
        (20, 16, 64), (192, 64), (192,), (64, 64),
    ),
    "scaled_dot_product_attention": function(
        lambda t, q, k, v: t.nn.functional.scaled_dot_product_attention(q, k, v),
        (8, 4, 64, 16), (8, 4, 64, 16), (8, 4, 64, 16),
    ),
    "scaled_dot_product_attention, causal": function(
        lambda t, q, k, v: t.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True),
        (8, 4, 64, 16), (8, 4, 64, 16), (8, 4, 64, 16),
    ),
    "transformer encoder layer": module(
        lambda t: t.nn.TransformerEncoderLayer(64, 4, 128, 0.0, batch_first=True), *SEQUENCE
    ),
    "bilinear": function(
        lambda t, x, y, w: t.nn.functional.bilinear(x, y, w), (64, 20), (64, 30), (16, 20, 30)
    ),
    "embedding_bag": among(
        lambda t, at, w: t.nn.functional.embedding_bag(at, w, mode="mean"),
        1000, (64, 20), (1000, 32),
    ),
    "grid_sample": function(
        lambda t, x, at: t.nn.functional.grid_sample(x, at.tanh(), align_corners=False),
        (8, 3, 28, 28), (8, 28, 28, 2),
    ),
    "grid_sample of a small map": function(
        lambda t, x, at: t.nn.functional.grid_sample(x, at.tanh(), align_corners=False),
        (1, 2, 7, 7), (1, 5, 5, 2),
    ),
    "grid_sample bicubic, border": function(
        lambda t, x, at: t.nn.functional.grid_sample(x, at.tanh(), "bicubic", "border", False),
        (8, 3, 28, 28), (8, 28, 28, 2),
    ),
    "grid_sample 3d": function(
        lambda t, x, at: t.nn.functional.grid_sample(x, at.tanh(), align_corners=False),
        (2, 3, 10, 12, 14), (2, 8, 8, 8, 3),
    ),
    "affine_grid": function(
        lambda t, theta: t.nn.functional.affine_grid(theta, [8, 3, 28, 28], align_corners=False),
        (8, 2, 3),
    ),
    "interpolate nearest": function(
        lambda t, x: t.nn.functional.interpolate(x, scale_factor=2), IMAGES
    ),
    "interpolate bilinear": function(
        lambda t, x: t.nn.functional.interpolate(
            x, scale_factor=2, mode="bilinear", align_corners=False
        ),
        IMAGES,
    ),
    "interpolate bicubic": function(
        lambda t, x: t.nn.functional.interpolate(
            x, scale_factor=2, mode="bicubic", align_corners=False
        ),
        IMAGES,
    ),
    "pixel_shuffle": function(lambda t, x: t.nn.functional.pixel_shuffle(x, 2), IMAGES),
    "unfold": function(lambda t, x: t.nn.functional.unfold(x, 3, padding=1), IMAGES),
    "fold": function(
        lambda t, x: t.nn.functional.fold(x, (28, 28), 3, padding=1), (8, 16 * 9, 784)
    ),
    "pad reflect": function(lambda t, x: t.nn.functional.pad(x, (2, 2, 2, 2), "reflect"), IMAGES),
    "cross_entropy of images": among(
        lambda t, at, x: t.nn.functional.cross_entropy(x, at), 10, (8, 28, 28), (8, 10, 28, 28)
    ),
    "ctc_loss": among(
        lambda t, at, x: t.nn.functional.ctc_loss(
            x.log_softmax(2), at + 1, t.tensor([50] * 16), t.tensor([10] * 16)
        ),
        19, (16, 10), (50, 16, 20),
    ),
    "index_add of edges": among(
        lambda t, at, x, y: x.index_add(0, at, y), POINTS, (EDGES,), (POINTS, WIDTH), (EDGES, WIDTH)
    ),
    "index_add of numbers": among(
        lambda t, at, x, y: x.index_add(0, at, y), POINTS, (EDGES,), (POINTS,), (EDGES,)
    ),
    "scatter_add of edges": among(
        lambda t, at, x, y: x.scatter_add(0, at.unsqueeze(1).expand(-1, WIDTH), y),
        POINTS, (EDGES,), (POINTS, WIDTH), (EDGES, WIDTH),
    ),
    "scatter_add of numbers": among(
        lambda t, at, x, y: x.scatter_add(0, at, y), POINTS, (EDGES,), (POINTS,), (EDGES,)
    ),
    "scatter_reduce sum of edges": among(
        lambda t, at, x, y: x.scatter_reduce(0, at.unsqueeze(1).expand(-1, WIDTH), y, "sum"),
        POINTS, (EDGES,), (POINTS, WIDTH), (EDGES, WIDTH),
    ),
    "scatter_reduce mean of edges": among(
        lambda t, at, x, y: x.scatter_reduce(0, at.unsqueeze(1).expand(-1, WIDTH), y, "mean"),
        POINTS, (EDGES,), (POINTS, WIDTH), (EDGES, WIDTH),
    ),
    "scatter_reduce amax of numbers": among(
        lambda t, at, x, y: x.scatter_reduce(0, at, y, "amax"),
        POINTS, (EDGES,), (POINTS,), (EDGES,),
    ),
    "x[edges]": among(lambda t, at, x: x[at], POINTS, (EDGES,), (POINTS, WIDTH)),
    "index_put_ accumulate": among(
        lambda t, at, x, y: x.index_put((at,), y, accumulate=True),
        POINTS, (EDGES,), (POINTS, WIDTH), (EDGES, WIDTH),
    ),
    "bincount": among(lambda t, at: t.bincount(at, minlength=POINTS), POINTS, (EDGES,)),
    "one_hot": among(lambda t, at: t.nn.functional.one_hot(at, 10), 10, (512,)),
    "unique": among(lambda t, at: t.unique(at), POINTS, (EDGES,)),
    "sort of numbers": function(lambda t, x: x.sort(), (EDGES,)),
    "sort of short rows": function(lambda t, x: x.sort(1), (256, 20)),
    "argsort of integers": among(lambda t, at: at.argsort(stable=True), POINTS, (EDGES,)),
    "topk of classes": function(lambda t, x: x.topk(5, 1), (128, 100)),
    "topk of numbers": function(lambda t, x: x.topk(10), (EDGES,)),
    "cdist": function(lambda t, x, y: t.cdist(x, y), (128, 16), (256, 16)),
    "cosine_similarity": function(
        lambda t, x, y: t.nn.functional.cosine_similarity(x, y), (256, 64), (256, 64)
    ),
    "einsum of heads": function(
        lambda t, q, k: t.einsum("bqhd,bkhd->bhqk", q, k), (4, 32, 4, 16), (4, 32, 4, 16)
    ),
    "searchsorted": function(
        lambda t, x, y: t.searchsorted(x.sort()[0], y), (POINTS,), (EDGES,)
    ),
    "multinomial": function(lambda t, x: t.multinomial(x.softmax(1), 1), (256, 50)),
    "nonzero": function(lambda t, x: (x > 0).nonzero(), (256, 64)),
    "x[mask]": function(lambda t, x: x[x > 0], (256, 64)),
}  # fmt: skip
"""In the order of the table."""


def one_way(t: Torch, case: Case) -> Callable[[], object]:
    """A call of a case that records nothing; weights are the same in every library."""
    t.manual_seed(0)
    f, tensors = case(t)

    def call() -> object:
        with t.no_grad():
            return f(*tensors)

    return call


def both_ways(t: Torch, case: Case) -> Callable[[], object] | None:
    """A call of a case and back, to its inputs and parameters; None where nothing is learned."""
    t.manual_seed(0)
    f, tensors = case(t)
    leaves = [x.requires_grad_() for x in tensors if x.is_floating_point()]
    leaves += list(f.parameters()) if isinstance(f, t.nn.Module) else []
    out = first(f(*tensors))
    if not leaves or not out.requires_grad:
        return None
    g = normal(t, *out.shape, seed=9)

    def call() -> None:
        for leaf in leaves:
            leaf.grad = None
        first(f(*tensors)).backward(g)

    return call


def first(out: Any) -> Tensor:
    """The result that goes backward: a layer's output rather than its state."""
    return out[0] if isinstance(out, tuple) else out


def rows(seconds: float, only: str = "") -> Iterator[Row]:
    """Each case one way, then both ways."""
    engines, skipped = loaded()
    settle()
    for name, case in CASES.items():
        if only not in name:
            continue
        for title, way in ((name, one_way), (f"{name}, forward and backward", both_ways)):
            calls = {who: way(t, case) for who, t in engines.items()}
            ready = {who: call for who, call in calls.items() if call is not None}
            if ready:
                yield Row("layers", title, take_turns(ready, seconds), skipped=skipped)


def main() -> None:
    """Prints the ratios as they come, and the geometric mean."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.1, help="time for each row")
    parser.add_argument("--only", default="", metavar="WORD", help="rows whose name holds it")
    arguments = parser.parse_args()
    logs: list[float] = []
    for one in rows(arguments.seconds, arguments.only):
        ours, theirs = (one.times[who].best * 1e6 for who in (OURS, "PyTorch"))
        logs.append(math.log(one.ratio("PyTorch")))
        ratio = f"ratio {one.ratio('PyTorch'):.2f}"
        before = f"  of before {one.ratio('before'):.2f}" if "before" in one.times else ""
        print(f"{one.case:56} {ours:>9.1f} us  PyTorch {theirs:>9.1f}  {ratio}{before}", flush=True)
    print(f"{len(logs)} rows, geometric mean {math.exp(sum(logs) / len(logs)):.2f}")


if __name__ == "__main__":
    main()
