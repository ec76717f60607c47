"""What a second thread gains: one op of each family that shares its work, on large tensors.

The targets say that nothing may be lost. What is gained depends on the machine: least where memory
is the limit, as in a sum, and most where arithmetic is; and two cores must be free.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import minitorch_np
from benchmarks.timing import OURS, Row, summary
from minitorch_np import kernels

__all__ = ["rows"]

ONE = "one thread"
COUNT = 2
TURN = 3
"""Calls between two changes of the number of threads, of which the first is not timed."""
LEAST = 6
"""Calls that are timed even where they take longer than there is time."""
MOST = 1.05
"""The most that two threads may take of one's time."""

F: Any = minitorch_np.nn.functional
Case = Callable[["Inputs"], Any]


class Inputs:
    """Tensors of some megabytes; `image` is a batch of images, `points` where they are sampled."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)

        def normal(*shape: int) -> Any:
            return minitorch_np.tensor(random.standard_normal(shape, np.float32))

        self.a, self.b, self.row = normal(1024, 1024), normal(1024, 1024), normal(1024)
        self.image, self.channels = normal(4, 32, 64, 64), normal(32)
        self.points = normal(4, 64, 64, 2) / 2
        self.table = normal(4096, 256)
        self.words = minitorch_np.tensor(random.integers(0, 4096, (4096,)))
        self.places = minitorch_np.tensor(random.integers(0, 1024, (1024, 1024)))
        self.p = minitorch_np.tensor(random.uniform(0.1, 0.9, (256, 256)).astype(np.float32))


def learnt(f: Callable[["Inputs", Any], Any], name: str) -> Case:
    """The gradient of `f` by one of the inputs; the way there is timed with it."""

    def case(t: Inputs) -> Any:
        x = getattr(t, name).detach().requires_grad_()
        out = f(t, x)
        out.backward(minitorch_np.ones_like(out))
        return x.grad

    return case


CASES: dict[str, Case] = {
    "add": lambda t: t.a + t.b,
    "relu": lambda t: minitorch_np.relu(t.a),
    "gelu": lambda t: F.gelu(t.a),
    "times a row": lambda t: t.a * t.row,
    "to bfloat16": lambda t: t.a.bfloat16(),
    "sum of rows": lambda t: t.a.sum(1),
    "sum of columns": lambda t: t.a.sum(0),
    "logsumexp": lambda t: t.a.logsumexp(1),
    "softmax": lambda t: t.a.softmax(1),
    "softmax of columns": lambda t: t.a.softmax(0),
    "log_softmax, learnt": learnt(lambda t, a: a.log_softmax(1), "a"),
    "layer_norm": lambda t: F.layer_norm(t.a, (1024,), t.row, t.row),
    "layer_norm, learnt": learnt(lambda t, a: F.layer_norm(a, (1024,), t.row, t.row), "a"),
    "batch_norm": lambda t: F.batch_norm(t.image, None, None, t.channels, t.channels, True),
    "cumsum": lambda t: t.a.cumsum(1),
    "sort": lambda t: t.a[:128].sort(1),
    "topk": lambda t: t.a.topk(5),
    "gather": lambda t: t.a.gather(1, t.places),
    "embedding": lambda t: F.embedding(t.words, t.table),
    "max_pool2d": lambda t: F.max_pool2d(t.image, 2),
    "max_pool2d, learnt": learnt(lambda t, image: F.max_pool2d(image, 2), "image"),
    "bilinear": lambda t: F.interpolate(t.image, scale_factor=2, mode="bilinear"),
    "bilinear, learnt": learnt(
        lambda t, image: F.interpolate(image, scale_factor=2, mode="bilinear"), "image"
    ),
    "grid_sample": lambda t: F.grid_sample(t.image, t.points, align_corners=False),
    "lgamma": lambda t: minitorch_np.lgamma(t.p),
    "erfinv": lambda t: minitorch_np.erfinv(t.a / 8),
    "cdist": lambda t: minitorch_np.cdist(t.a[:, :64], t.b[:, :64]),
}


def each_of(call: Callable[[], object], before: list[float], after: list[float]) -> None:
    """Adds the seconds of some calls on one thread, and on several."""
    for count, found in ((1, before), (COUNT, after)):
        kernels.set_num_threads(count)
        for k in range(TURN):
            start = time.perf_counter()
            call()
            if k:
                found.append(time.perf_counter() - start)


def rows(seconds: float) -> Iterator[Row]:
    """A row for each family: ours on two threads, beside ours on one."""
    inputs, threads = Inputs(), kernels.get_num_threads()
    try:
        for name, case in CASES.items():
            times: dict[str, list[float]] = {ONE: [], OURS: []}
            end = time.perf_counter() + seconds
            while time.perf_counter() < end or len(times[OURS]) < LEAST:
                each_of(lambda case=case: case(inputs), times[ONE], times[OURS])
            found = {who: summary(times[who]) for who in (OURS, ONE)}
            yield Row("threads", name, found, targets={ONE: MOST})
    finally:
        kernels.set_num_threads(threads)
