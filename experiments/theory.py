"""What mean-field theory says of variance in a deep network, in NumPy alone.

A pre-activation z of a wide layer is close to normal with mean 0. If the next layer's weights have
mean 0 and variance s / fan_in, its pre-activations have variance s E[f(z)^2], and a gradient that
comes back through it is multiplied by s E[f'(z)^2] (for as many inputs as outputs).
Source: He et al. 2015, arXiv:1502.01852; Schoenholz et al. 2017, arXiv:1611.01232.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# fan_in times the variance of a weight, in a layer with as many inputs as outputs.
SCALES = {"Xavier": 1.0, "He uniform": 2.0, "He normal": 2.0, "default": 1 / 3}

# A grid without 0, where the ReLU has its kink.
_GRID = np.linspace(-8, 8, 4000)
_NORMAL = np.exp(-(_GRID**2) / 2) / np.exp(-(_GRID**2) / 2).sum()


class Flow(NamedTuple):
    """Variance of every layer's pre-activations, and of the gradients there, first layer first."""

    forward: Array
    backward: Array


def activated(name: str, z: Array) -> tuple[Array, Array]:
    """Values and slopes of ReLU or Tanh."""
    if name == "ReLU":
        return np.maximum(z, 0), (z > 0).astype(z.dtype)
    return np.tanh(z), 1 - np.tanh(z) ** 2


def predicted(init: str, activation: str, first: float, last_gradient: float, depth: int) -> Flow:
    """Variances through `depth` layers, from that of the first layer's pre-activations onwards and
    from that of the last layer's gradients backwards.
    """
    forward, slopes = [first], []
    for _ in range(depth - 1):
        value, slope = activated(activation, _GRID * np.sqrt(forward[-1]))
        forward.append(SCALES[init] * float(_NORMAL @ value**2))
        slopes.append(SCALES[init] * float(_NORMAL @ slope**2))
    backward = last_gradient * np.cumprod([1.0, *reversed(slopes)])[::-1]
    return Flow(np.array(forward), backward)
