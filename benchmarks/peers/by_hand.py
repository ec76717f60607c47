"""The step with its gradients derived by hand: in NumPy alone, and over this engine's kernels.

What no framework costs; the second says how far any tape over these kernels could come.
"""

from collections.abc import Callable, Sequence
from itertools import cycle

import numpy as np

from benchmarks.peers import BETAS, EPS, MOMENTUM, RATE, Array, Problem, Step
from minitorch_np import kernels
from minitorch_np.kernels.large import loop

__all__ = ["Update", "adam", "kernels_by_hand", "numpy_by_hand", "sgd"]

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


def compiled_sgd(values: list[Array]) -> Update:
    """SGD with momentum, each parameter in one loop."""
    buffers = [np.zeros(value.size, value.dtype) for value in values]
    numbers = np.array((-RATE["SGD"], 0, MOMENTUM, 1), values[0].dtype)
    step = loop("steps.sgd_momentum", numbers.dtype)

    def update(gradients: Sequence[Array]) -> None:
        for value, buffer, g in zip(values, buffers, gradients, strict=True):
            step(value, g, buffer, numbers, False)

    return update


def compiled_adam(values: list[Array]) -> Update:
    """Adam, each parameter in one loop."""
    means = [np.zeros(value.size, value.dtype) for value in values]
    squares = [np.zeros(value.size, value.dtype) for value in values]
    (a, b), count = BETAS, 0
    step = loop("steps.adam", values[0].dtype)

    def update(gradients: Sequence[Array]) -> None:
        nonlocal count
        count += 1
        root, pace = (1 - b**count) ** 0.5, -RATE["Adam"] / (1 - a**count)
        numbers = np.array((1, 0, 1 - a, b, 1 - b, root, EPS, pace), values[0].dtype)
        for value, mean, square, g in zip(values, means, squares, gradients, strict=True):
            step(value, g, mean, square, numbers)

    return update


def kernels_by_hand(what: Problem) -> Step:
    """Forward, backward and update by this engine's kernels, into memory that is there before."""
    layers = what.copies()
    values = [value for layer in layers for value in layer]
    update = {"SGD": compiled_sgd, "Adam": compiled_adam}[what.optimizer](values)
    images, turns, rows = what.images, cycle(what.labels), np.arange(len(what.images))
    outputs = [np.empty((len(rows), len(bias)), np.float32) for _, bias in layers]
    above = [np.empty_like(output) for output in outputs]
    gradients = [np.empty_like(value) for value in values]

    def step() -> object:
        labels, h = next(turns), images
        for (weight, bias), out in zip(layers, outputs, strict=True):
            kernels.mm(h, weight.T, out, beta=1.0, start=np.broadcast_to(bias, out.shape))
            h = out if out is outputs[-1] else np.maximum(out, 0, out=out)
        logits = outputs[-1]
        logits -= logits.max(1, keepdims=True)
        exps = np.exp(logits)
        sums = exps.sum(1, keepdims=True)
        loss = (np.log(sums[:, 0]) - logits[rows, labels]).mean()
        g = exps / sums
        g[rows, labels] -= 1
        g /= len(rows)
        for i in reversed(range(len(layers))):
            below = outputs[i - 1] if i else images
            kernels.mm(g.T, below, gradients[2 * i])
            np.sum(g, 0, out=gradients[2 * i + 1])
            if i:
                kernels.mm(g, layers[i][0], above[i - 1])
                g = np.multiply(above[i - 1], below > 0, out=above[i - 1])
        update(gradients)
        return loss

    return step
