"""Steps of optimizers, each one pass over memory where ops of their own would make four to ten.

Every operation rounds as the op of the same name does, in its order, so that a step has the bits
of the ops that it stands for. Arrays are of one dtype; the numbers of a step come as an array of
that dtype too, so that nothing is computed wider.
"""

import math
from typing import Any

import numpy as np

from .compiler import build as build_all
from .compiler import jit

Flat = np.ndarray[tuple[int], np.dtype[Any]]


@jit
def sgd(parameter: Flat, grad: Flat, numbers: Flat) -> None:
    """parameter -= lr * grad, with weight decay added to grad; numbers are (-lr, decay)."""
    pace, decay = numbers[0], numbers[1]
    decays = decay != 0
    for i in range(parameter.size):
        step = grad[i]
        if decays:
            step += decay * parameter[i]
        parameter[i] += pace * step


@jit
def sgd_momentum(parameter: Flat, grad: Flat, buffer: Flat, numbers: Flat, nesterov: bool) -> None:
    """`sgd` with a momentum buffer; numbers are (-lr, decay, momentum, 1 - dampening)."""
    pace, decay, momentum, fresh = numbers[0], numbers[1], numbers[2], numbers[3]
    decays = decay != 0
    for i in range(parameter.size):
        step = grad[i]
        if decays:
            step += decay * parameter[i]
        held = buffer[i] * momentum + fresh * step
        buffer[i] = held
        parameter[i] += pace * (step + momentum * held if nesterov else held)


@jit
def adam(parameter: Flat, grad: Flat, mean: Flat, square: Flat, numbers: Flat) -> None:
    """parameter -= step_size * mean / (sqrt(square) / root + eps), the averages renewed first.

    numbers are (kept, decay, 1 - beta1, beta2, 1 - beta2, root, eps, -step_size): `kept` times the
    parameter is decoupled decay, `decay` times it is added to the gradient. 1 - beta1 is below
    a half, where lerp starts from its first argument.
    """
    kept, decay, weight, beta, rest = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    root, eps, pace = numbers[5], numbers[6], numbers[7]
    decays = decay != 0
    for i in range(parameter.size):
        here, g = parameter[i] * kept, grad[i]
        if decays:
            g += decay * here
        m = mean[i] + weight * (g - mean[i])
        v = square[i] * beta + rest * g * g
        mean[i], square[i] = m, v
        parameter[i] = here + pace * m / (math.sqrt(v) / root + eps)


def build() -> None:
    """Compile everything ahead of use."""
    build_all(globals())
