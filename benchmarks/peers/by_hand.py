"""The step in NumPy alone, its gradients derived by hand: what no framework costs."""

from collections.abc import Callable, Sequence
from itertools import cycle

import numpy as np

from benchmarks.peers import BETAS, EPS, MOMENTUM, RATE, Array, Problem, Step

__all__ = ["Update", "adam", "numpy_by_hand", "sgd"]

Update = Callable[[Sequence[Array]], None]


def sgd(values: list[Array]) -> Update:
    """SGD with momentum, in place."""
    buffers = [np.zeros_like(value) for value in values]

    def update(gradients: Sequence[Array]) -> None:
        for value, buffer, g in zip(values, buffers, gradients, strict=True):
            buffer *= MOMENTUM
            buffer += g
            value -= np.float32(RATE["SGD"]) * buffer

    return update


def adam(values: list[Array]) -> Update:
    """Adam, in place."""
    means = [np.zeros_like(value) for value in values]
    squares = [np.zeros_like(value) for value in values]
    (a, b), count = BETAS, 0

    def update(gradients: Sequence[Array]) -> None:
        nonlocal count
        count += 1
        rate = RATE["Adam"] / (1 - a**count)
        root = (1 - b**count) ** 0.5
        for value, mean, square, g in zip(values, means, squares, gradients, strict=True):
            mean *= a
            mean += (1 - a) * g
            square *= b
            square += (1 - b) * g * g
            value -= rate * mean / (np.sqrt(square) / root + EPS)

    return update


def numpy_by_hand(what: Problem) -> Step:
    """Forward, backward and update, with the outputs' memory left to NumPy."""
    layers = what.copies()
    values = [value for layer in layers for value in layer]
    update = {"SGD": sgd, "Adam": adam}[what.optimizer](values)
    images, turns, rows = what.images, cycle(what.labels), np.arange(len(what.images))

    def step() -> object:
        inputs, labels = [images], next(turns)
        for weight, bias in layers[:-1]:
            inputs.append(np.maximum(inputs[-1] @ weight.T + bias, 0))
        weight, bias = layers[-1]
        logits = inputs[-1] @ weight.T + bias  # (N, classes)
        logits -= logits.max(1, keepdims=True)
        exps = np.exp(logits)
        sums = exps.sum(1, keepdims=True)
        loss = (np.log(sums[:, 0]) - logits[rows, labels]).mean()
        g = exps / sums
        g[rows, labels] -= 1
        g /= len(rows)
        gradients: list[Array] = []
        for i in reversed(range(len(layers))):
            gradients[:0] = [g.T @ inputs[i], g.sum(0)]
            if i:
                g = (g @ layers[i][0]) * (inputs[i] > 0)
        update(gradients)
        return loss

    return step
