"""nll_loss and its gradient, target by target.

Arrays are (N, C, L): N of a batch, C classes, L positions; targets (N, L). Of any strides.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .compiler import Indices, array_type, entry_point, float64, int64, part

Array = np.ndarray[tuple[int, int, int], np.dtype[Any]]
Targets = np.ndarray[tuple[int, int], np.dtype[np.int64]]
Matrix = np.ndarray[tuple[int, int], np.dtype[Any]]
Flat = np.ndarray[tuple[int], np.dtype[Any]]
One = np.ndarray[tuple[()], np.dtype[Any]]


def nll_loop(
    input: Array,
    target: Targets,
    weight: Flat,
    ignored: int,
    losses: Matrix,
    loss: One,
    total_weight: One,
    mean: int,
) -> int:
    """Writes -weight * input at each target, 0 where it is ignored, to `losses` if it has room.

    `loss` becomes their sum or mean, `total_weight` the sum of the weights, added up in float64. A
    `weight` of no elements is 1 for all. Returns -1, or the place of the first target that is no
    class.
    """
    classes, each = input.shape[1], losses.size > 0
    zero, one = loss.dtype.type(0), loss.dtype.type(1)
    total = weights = 0.0
    for i in range(target.shape[0]):
        for j in range(target.shape[1]):
            at = target[i, j]
            found = w = zero
            if at != ignored:
                if at < 0 or at >= classes:
                    return int(i * target.shape[1] + j)
                w = weight[at] if weight.size > 0 else one
                found = -input[i, at, j] * w
            total += found
            weights += w
            if each:
                losses[i, j] = found
    loss[()], total_weight[()] = total / weights if mean != 0 else total, weights
    return -1


_nll_part = part(nll_loop)


def nll_vectors_loop(
    input: Matrix,
    target: Indices,
    weight: Flat,
    ignored: int,
    losses: Matrix,
    loss: One,
    total_weight: One,
    mean: int,
) -> int:
    """`nll_loop` for (N, C) and targets (N): adding dims here takes no time."""
    cube, targets = input[:, :, None], target[:, None]
    return _nll_part(cube, targets, weight, ignored, losses, loss, total_weight, mean)


def nll_backward_loop(
    g: float, each: Matrix, target: Targets, weight: Flat, ignored: int, result: Array
) -> int:
    """Writes -weight * g at each target to `result`, which is 0; g is in `each` if it has room.

    Returns -1, or the place of the first target that is no class.
    """
    classes, one = result.shape[1], result.dtype.type(1)
    same = result.dtype.type(g)
    for i in range(target.shape[0]):
        for j in range(target.shape[1]):
            at = target[i, j]
            if at != ignored:
                if at < 0 or at >= classes:
                    return int(i * target.shape[1] + j)
                w = weight[at] if weight.size > 0 else one
                result[i, at, j] = -w * (each[i, j] if each.size > 0 else same)
    return -1


def nll_vectors_backward_loop(
    g: One, total_weight: One, target: Indices, weight: Flat, ignored: int, result: Matrix,
    mean: int,
) -> int:  # fmt: skip
    """`nll_backward_loop` for (N, C), targets (N) and a loss that is one number: writes zeros as
    well, and divides g by the weights' sum where it was a mean."""
    classes, one = result.shape[1], result.dtype.type(1)
    same = g[()] / total_weight[()] if mean != 0 else g[()]
    for i in range(target.shape[0]):
        for c in range(classes):
            result[i, c] = 0
        at = target[i]
        if at != ignored:
            if at < 0 or at >= classes:
                return int(i)
            result[i, at] = -(weight[at] if weight.size > 0 else one) * same
    return -1


@functools.cache
def nll(dtype: np.dtype[Any]) -> Callable[..., int]:
    """`nll_loop` for float32 or float64."""
    cube, flat, targets = _types(dtype)
    one = array_type(dtype, 0, writable=True)
    losses = array_type(dtype, 2, writable=True)
    return entry_point(nll_loop, cube, targets, flat, int64, losses, one, one, int64)


@functools.cache
def nll_vectors(dtype: np.dtype[Any]) -> Callable[..., int]:
    """`nll_vectors_loop` for float32 or float64."""
    matrix, flat = [array_type(dtype, n, writable=False) for n in (2, 1)]
    target = array_type(np.dtype(np.int64), 1, writable=False)
    losses, one = [array_type(dtype, n, writable=True) for n in (2, 0)]
    return entry_point(nll_vectors_loop, matrix, target, flat, int64, losses, one, one, int64)


@functools.cache
def nll_backward(dtype: np.dtype[Any]) -> Callable[..., int]:
    """`nll_backward_loop` for float32 or float64."""
    _, flat, targets = _types(dtype)
    grad, to = array_type(dtype, 2, writable=False), array_type(dtype, 3, writable=True)
    return entry_point(nll_backward_loop, float64, grad, targets, flat, int64, to)


@functools.cache
def nll_vectors_backward(dtype: np.dtype[Any]) -> Callable[..., int]:
    """`nll_vectors_backward_loop` for float32 or float64."""
    one, flat = [array_type(dtype, n, writable=False) for n in (0, 1)]
    target = array_type(np.dtype(np.int64), 1, writable=False)
    to = array_type(dtype, 2, writable=True)
    return entry_point(nll_vectors_backward_loop, one, one, target, flat, int64, to, int64)


def _types(dtype: np.dtype[Any]) -> tuple[object, object, object]:
    cube, flat = array_type(dtype, 3, writable=False), array_type(dtype, 1, writable=False)
    return cube, flat, array_type(np.dtype(np.int64), 2, writable=False)


def build() -> None:
    """Compile everything here."""
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        nll(dtype)
        nll_vectors(dtype)
        nll_backward(dtype)
        nll_vectors_backward(dtype)
