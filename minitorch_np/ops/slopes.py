"""How a p-norm distance changes with a difference: the slope, of arrays and as ops, and its curve.

`gap` are differences, `dist` the distances that they are part of, shaped to broadcast. Where the
distance is 0, so is what is made here. Source: aten/src/ATen/native/cpu/DistanceOpsKernel.cpp.
"""

import math

import numpy as np
from numpy.typing import NDArray

from minitorch_np.ops.copy import zeros_like
from minitorch_np.tensor import Tensor

__all__: list[str] = []

Array = NDArray[np.generic]


def slope(gap: Array, dist: Array, p: float) -> Array:
    """The derivative of the p-norm `dist` by each of its differences `gap`, of arrays."""
    sign = np.sign(gap)
    if p == 0:
        return np.zeros_like(gap)
    if p == 1:
        return sign
    if math.isinf(p):
        return np.where(np.abs(gap) == dist, sign, np.zeros_like(sign))
    if p == 2:
        values = np.divide(gap, dist)
    else:
        order = gap.dtype.type(p - 1)
        values = np.multiply(sign, np.power(np.abs(gap), order))
        values = np.divide(values, np.power(dist, order))
    lost = (dist == 0) | (gap == 0) if p < 1 else dist == 0
    return np.where(lost, np.zeros_like(values), values)


def _kept(t: Tensor, gap: Tensor, dist: Tensor, p: float) -> Tensor:
    """`t`, and 0 where the distance is 0, or what would be 0 to a negative power."""
    lost = dist == 0
    return t.masked_fill(lost | (gap == 0) if p < 2 else lost, 0)


def slope_of(gap: Tensor, dist: Tensor, p: float) -> Tensor:
    """`slope` of tensors, made of ops, so that it has a derivative itself."""
    if p == 0:
        return zeros_like(gap)
    if p == 1:
        return gap.sgn()
    if math.isinf(p):
        return gap.sgn() * (gap.abs() == dist)
    if p == 2:
        return _kept(gap / dist, gap, dist, p)
    return _kept(gap.sgn() * (gap.abs() / dist).pow(p - 1), gap, dist, p)


def curve_of_gap(gap: Tensor, dist: Tensor, p: float) -> Tensor:
    """The derivative of the slope by the difference, while the distance stands still."""
    if p in (0, 1) or math.isinf(p):
        return zeros_like(gap)
    if p == 2:
        return _kept(dist.reciprocal().expand_as(gap), gap, dist, p)
    return _kept((p - 1) * (gap.abs() / dist).pow(p - 2) / dist, gap, dist, p)


def curve_of_dist(gap: Tensor, dist: Tensor, p: float) -> Tensor:
    """The derivative of the slope by the distance, while the difference stands still."""
    if p in (0, 1) or math.isinf(p):
        return zeros_like(gap)
    return _kept(slope_of(gap, dist, p) * (1 - p) / dist, gap, dist, p)
