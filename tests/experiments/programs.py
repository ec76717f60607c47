"""Small programs that the harness is tried on, and the libraries it must follow alike."""

import numpy as np
import torch

import minitorch_np

LIBRARIES = [torch, minitorch_np]

BATCH, WIDTH, CLASSES = 24, 32, 5
RNG = np.random.default_rng(0)
IMAGES = RNG.random((BATCH, WIDTH), np.float32)
LABELS = RNG.integers(0, CLASSES, BATCH)
WEIGHTS = [
    RNG.standard_normal((n, WIDTH)).astype(np.float32) * 0.25 for n in (WIDTH, WIDTH, CLASSES)
]


def reversed_product(x, w):
    """x w^T with its terms in the opposite order: equal but for rounding."""
    return x.flip(1) @ w.flip(1).t()


def half_product(x, w):
    return (x.half() @ w.half().t()).float()


def transposed_product(x, w):
    return x @ (w if w.shape[0] == w.shape[1] else w.t())


def training(library, observe, *, product=None, reduction="mean", steps=3, state=lambda s: s):
    """Three layers trained by hand, with a product and a loss that a test can spoil."""
    product = product or (lambda x, w: x @ w.t())
    x, labels = library.from_numpy(IMAGES.copy()), library.from_numpy(LABELS.copy())
    weights = [library.from_numpy(w.copy()).requires_grad_() for w in WEIGHTS]
    names = [f"w{i}" for i in range(len(weights))]
    for step in range(steps):
        live = dict(zip(names, weights, strict=True))
        observe("state", state(step), **live)
        h = x
        for i, weight in enumerate(weights):
            h = product(h.relu() if i else h, weight)
        loss = library.nn.functional.cross_entropy(h, labels, reduction=reduction)
        for weight in weights:
            weight.grad = None
        loss.backward()
        observe("step", step, loss=loss, logits=h, **live)
        with library.no_grad():
            for weight in weights:
                weight.add_(weight.grad, alpha=-0.1)
        observe("update", step, **live)
