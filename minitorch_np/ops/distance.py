"""Distances: between rows of one matrix or of two, between pairs of vectors, and angles.

Source: aten/src/ATen/native/Distance.cpp, cpu/DistanceOpsKernel.cpp.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, strides
from minitorch_np.graph.modes import no_grad
from minitorch_np.kernels.large import MANY, loop
from minitorch_np.loops import common_dtype, not_implemented, quietly
from minitorch_np.op import composite, op
from minitorch_np.ops.copy import zeros, zeros_like
from minitorch_np.ops.join import cat
from minitorch_np.ops.linalg import matmul
from minitorch_np.ops.norm import norm_backward, norm_pushed, vector_norm
from minitorch_np.ops.scalar import add_scalar
from minitorch_np.ops.slopes import curve_of_dist, curve_of_gap, slope, slope_of
from minitorch_np.ops.view import broadcast_tensors
from minitorch_np.shapes import Shape, broadcast
from minitorch_np.tensor import Tensor, empty

__all__ = ["cdist", "cosine_similarity", "pairwise_distance", "pdist"]

Array = NDArray[Any]


@op("reduction", method=False, node="NormBackward1", aten="norm")
def norm_along(input: Tensor, p: float, dim: tuple[int, ...], keepdim: bool) -> Tensor:
    """The p-norm along a dim, as C++ calls it: `vector_norm` with a node of another name."""
    return vector_norm(input.untracked(), p, dim, keepdim)


norm_along.vjp(
    input=lambda g, input, p, out, dim, keepdim: norm_backward(g, input, p, out, dim, keepdim)
)
norm_along.jvp(
    input=lambda t, input, p, out, dim, keepdim: norm_pushed(t, input, p, out, dim, keepdim)
)


@composite(method=False)
def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The p-norm of `x1 - x2 + eps` along the last dim: (N, D) or (D) to (N) or ()."""
    last = max(x1.ndim, x2.ndim) - 1
    return norm_along(add_scalar(x1 - x2, eps), float(p), (last,), keepdim)


@composite(method=False)
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors along `dim`; norms count as `eps` at least."""
    dtype = common_dtype(x1, x2)
    if not dtype.is_floating_point:
        raise RuntimeError(
            "expected common dtype to be floating point, yet common dtype is " + dtype.aten_name
        )
    if not eps >= 0:
        raise RuntimeError(f"eps must be non-negative, got: {eps:g}")
    a, b = [t if t.dtype.is_floating_point else t.to(dtype) for t in (x1, x2)]
    a, b = broadcast_tensors(a, b) if a.sizes != b.sizes else (a, b)
    sizes = [vector_norm(t, 2, dim, True).clone() for t in (a, b)]
    with no_grad():
        for size in sizes:
            size.clamp_min_(eps)
    return ((a / sizes[0]) * (b / sizes[1])).sum(dim)


_MODES = {
    "use_mm_for_euclid_dist_if_necessary": 0,
    "use_mm_for_euclid_dist": 1,
    "donot_use_mm_for_euclid_dist": 2,
}
_ROWS = 25
"""Rows above which Euclidean distances come from a matrix product, unless the mode forbids it."""


@composite(method=False, python=True)
def cdist(
    x1: Tensor,
    x2: Tensor,
    p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
) -> Tensor:
    """The p-norm distances of all rows: (*, P, M) and (*, R, M) to (*, P, R).

    For p 2 a matrix product makes them of more than 25 rows, which is less exact.
    Source: torch/functional.py cdist.
    """
    if compute_mode not in _MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    mode = _MODES[compute_mode]
    check_rows(x1, x2)
    many = x1.sizes[-2] > _ROWS or x2.sizes[-2] > _ROWS
    if p == 2 and (mode == 1 or (mode == 0 and many)) and x1.numel() and x2.numel():
        batch = check_cdist(x1, x2, p)
        product = math.prod(batch)
        a, b = x1, x2
        if product != 1:
            a, b = [
                t.expand((*batch, *t.sizes[-2:])).contiguous().view((product, *t.sizes[-2:]))
                for t in (x1, x2)
            ]
        return euclidean_dist(a, b).view((*batch, x1.sizes[-2], x2.sizes[-2]))
    return cdist_forward(x1, x2, float(p))


def check_rows(x1: Tensor, x2: Tensor) -> None:
    """Nothing, when both have rows, of one length. Raises: RuntimeError."""
    for name, t in (("X1", x1), ("X2", x2)):
        if t.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {t.ndim}D")
    if x1.sizes[-1] != x2.sizes[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1.sizes[-1]} X2: {x2.sizes[-1]}"
        )


def check_cdist(x1: Tensor, x2: Tensor, p: float) -> Shape:
    """The shape of the batch that both broadcast to. Raises: RuntimeError."""
    for name, t in (("X1", x1), ("X2", x2)):
        if not t.dtype.is_floating_point:
            raise RuntimeError(
                f"cdist only supports floating-point dtypes, {name} got: {t.dtype.aten_name}"
            )
    if not p >= 0:
        raise RuntimeError("cdist only supports non-negative p values")
    return broadcast(x1.sizes[:-2], x2.sizes[:-2])


def batched(t: Tensor, batch: Shape) -> Array:
    """Rows of all of a batch, as (B, P, M)."""
    shape = (*batch, *t.sizes[-2:])
    # only where it must be: what is spread cannot be written to, and loops do not take it
    spread = t.array if t.sizes == shape else np.broadcast_to(t.array, shape)
    return spread.reshape(math.prod(batch), *t.sizes[-2:])


@op("contiguous", method=False, node="CdistBackward0", aten="_cdist_forward")
def cdist_forward(x1: Tensor, x2: Tensor, p: float) -> Tensor:
    """The distances of `cdist`, each summed by itself."""
    batch = check_cdist(x1, x2, p)
    shape = (*batch, x1.sizes[-2], x2.sizes[-2])
    done = empty(shape, strides.contiguous(shape), x1.dtype)
    if not done.numel():
        return done
    if not x1.sizes[-1]:
        return done.zero_()
    check_kinds("cdist", x1, x2)
    quietly(_measure, batched(x1, batch), batched(x2, batch), p, done.array)
    return done


def check_kinds(kernel: str, x1: Tensor, x2: Tensor) -> None:
    """Nothing, when both are float32 or both float64. Raises: RuntimeError."""
    if x1.dtype.is_half:
        raise not_implemented(kernel, x1.dtype)
    if x1.dtype is not x2.dtype:
        raise RuntimeError(
            f"expected scalar type {x1.dtype.aten_name} but found {x2.dtype.aten_name}"
        )


_AT_ONCE = 1 << 16
"""Differences that are held at one time."""


def stretches(rows: int, each: int) -> Iterator[slice]:
    """So many rows at a time that what `each` of them takes stays in the cache."""
    step = max(1, _AT_ONCE // max(each, 1))
    for start in range(0, rows, step):
        yield slice(start, start + step)


def measured(gap: Array, p: float) -> Array:
    """The p-norm along the last axis."""
    size = np.abs(gap)
    if p == 0:
        return np.count_nonzero(size, -1).astype(gap.dtype)
    if p == 1:
        return np.add.reduce(size, -1)
    if p == 2:
        return np.sqrt(np.add.reduce(np.multiply(size, size), -1))
    if math.isinf(p):
        return np.maximum.reduce(size, -1)
    order = gap.dtype.type(p)
    return np.power(np.add.reduce(np.power(size, order), -1), 1 / order)


def by_loop(p: float, x: Array, y: Array, *others: Array) -> bool:
    """Whether compiled loops take the rows `x` and `y`, and what belongs to them."""
    many = len(x) * y.size >= MANY and p in (1, 2)
    return many and all(t.dtype == np.float32 and t.flags.carray for t in (x, y, *others))


def _measure(a: Array, b: Array, p: float, out: Array) -> None:
    flat = out.reshape(len(a), a.shape[1], b.shape[1])
    for x, y, o in zip(a, b, flat, strict=True):
        if by_loop(p, x, y, o):
            loop("distances.measure")(x, y, o, x.shape[1], int(p == 2))
            continue
        for at in stretches(len(x), y.size):
            o[at] = measured(np.subtract(x[at, None], y[None]), p)


cdist_forward.vjp(
    x1=lambda g, x1, x2, p, out: cdist_backward(g.contiguous(), x1, x2, p, out),
    x2=lambda g, x1, x2, p, out: cdist_backward(g.mT.contiguous(), x2, x1, p, out.mT.contiguous()),
)
cdist_forward.jvp("refused")


@op("contiguous", method=False, node="CdistBackwardBackward0", aten="_cdist_backward")
def cdist_backward(grad_output: Tensor, x1: Tensor, x2: Tensor, p: float, cdist: Tensor) -> Tensor:
    """The gradient of `cdist` with respect to `x1`, spread over the batch.

    Where two rows are one, it is 0.
    """
    batch = broadcast(x1.sizes[:-2], x2.sizes[:-2])
    shape = (*batch, *x1.sizes[-2:])
    if not (x1.sizes[-2] and x2.sizes[-2] and x1.sizes[-1] and math.prod(batch)):
        return zeros_like(x1)
    done = empty(shape, strides.contiguous(shape), x1.dtype)
    quietly(
        _turn_back, batched(x1, batch), batched(x2, batch), batched(grad_output, batch),
        batched(cdist, batch), p, done.array,
    )  # fmt: skip
    return done


def _turn_back(a: Array, b: Array, g: Array, dist: Array, p: float, out: Array) -> None:
    flat = out.reshape(a.shape)
    for x, y, weight, d, o in zip(a, b, g, dist, flat, strict=True):
        if by_loop(p, x, y, weight, d, o):
            o[...] = 0
            rows = [t.reshape(-1) for t in (x, y, weight, d, o)]
            loop("distances.turn_back")(*rows, x.shape[1], int(p == 2))
            continue
        for at in stretches(len(x), y.size):
            gap = np.subtract(x[at, None], y[None])
            slopes = slope(gap, d[at, :, None], p)
            o[at] = np.add.reduce(np.multiply(slopes, weight[at, :, None]), 1)


def _gap(x1: Tensor, x2: Tensor) -> Tensor:
    return x1.unsqueeze(-2) - x2.unsqueeze(-3)


def _bent(
    g: Tensor, grad_output: Tensor, x1: Tensor, x2: Tensor, p: float, cdist: Tensor
) -> Tensor:
    """By pair of rows and by column, the change of the gradient with the difference there."""
    bend = curve_of_gap(_gap(x1, x2), cdist.unsqueeze(-1), p)
    return g.unsqueeze(-2) * grad_output.unsqueeze(-1) * bend


cdist_backward.vjp(
    grad_output=lambda g, x1, x2, p, cdist: (
        g.unsqueeze(-2) * slope_of(_gap(x1, x2), cdist.unsqueeze(-1), p)
    ).sum(-1),
    x1=lambda g, grad_output, x1, x2, p, cdist: _bent(g, grad_output, x1, x2, p, cdist).sum(-2),
    x2=lambda g, grad_output, x1, x2, p, cdist: -_bent(g, grad_output, x1, x2, p, cdist).sum(-3),
    cdist=lambda g, grad_output, x1, x2, p, cdist: grad_output * (
        g.unsqueeze(-2) * curve_of_dist(_gap(x1, x2), cdist.unsqueeze(-1), p)
    ).sum(-1),
)  # fmt: skip


@op("contiguous", method=False, aten="_euclidean_dist")
def euclidean_dist(x1: Tensor, x2: Tensor) -> Tensor:
    """Euclidean distances by one matrix product: |a - b|^2 is |a|^2 - 2 ab + |b|^2."""
    a, b = x1.untracked(), x2.untracked()
    sizes = [t.pow(2).sum(-1, True) for t in (a, b)]
    ones = [zeros(t, t.sizes).fill_(1) for t in sizes]
    left = cat([a.mul(-2), sizes[0], ones[0]], -1)
    right = cat([b, ones[1], sizes[1]], -1)
    return matmul(left, right.mT).clamp_min_(0).sqrt_()


def _ratio(g: Tensor, out: Tensor) -> Tensor:
    return (g / out).masked_fill_(out == 0, 0)


def _euclidean_back(g: Tensor, x1: Tensor, x2: Tensor, out: Tensor) -> Tensor:
    ratio = _ratio(g, out)
    return x1 * ratio.sum(-1, True) - ratio.matmul(x2)


def _euclidean_back_second(g: Tensor, x1: Tensor, x2: Tensor, out: Tensor) -> Tensor:
    ratio = _ratio(g, out)
    return x2 * ratio.sum(-2, False).unsqueeze(-1) - ratio.mT.matmul(x1)


euclidean_dist.vjp(x1=_euclidean_back, x2=_euclidean_back_second)
euclidean_dist.jvp("refused")


@composite(method=False)
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norm distances of each pair of different rows, in order: (N, M) to (N (N - 1) / 2)."""
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    if not input.dtype.is_floating_point:
        raise RuntimeError("pdist only supports floating-point dtypes")
    if not p >= 0:
        raise RuntimeError("pdist only supports non-negative p values")
    return pdist_forward(input.contiguous(), float(p))


@op("contiguous", method=False, node="PdistBackward0", aten="_pdist_forward")
def pdist_forward(input: Tensor, p: float) -> Tensor:
    """The distances of `pdist`."""
    n, m = input.sizes
    shape = (n * (n - 1) // 2 if n > 1 else 0,)
    done = empty(shape, strides.contiguous(shape), input.dtype)
    if not m:
        return done.zero_()
    if n > 1:
        check_kinds("pdist", input, input)
        quietly(_measure_pairs, input.array, p, done.array)
    return done


def _measure_pairs(a: Array, p: float, out: Array) -> None:
    at = 0
    for i in range(len(a) - 1):
        rest = a[i + 1 :]
        out[at : at + len(rest)] = measured(np.subtract(a[i], rest), p)
        at += len(rest)


pdist_forward.vjp(input=lambda g, input, p, out: pdist_backward(g, input, p, out))
pdist_forward.jvp("refused")


@op("contiguous", method=False, node="PdistBackwardBackward0", aten="_pdist_backward")
def pdist_backward(grad_output: Tensor, input: Tensor, p: float, pdist: Tensor) -> Tensor:
    """The gradient of `pdist`: each distance's, added to one row and taken from the other."""
    check_kinds("pdist_backward", input, input)
    done = zeros(input, input.sizes)
    if done.numel() and len(input.array) > 1:
        quietly(_turn_pairs, input.array, grad_output.array, pdist.array, p, done.array)
    return done


def _turn_pairs(a: Array, g: Array, dist: Array, p: float, out: Array) -> None:
    at = 0
    for i in range(len(a) - 1):
        rest = a[i + 1 :]
        pairs = slice(at, at + len(rest))
        gap = np.subtract(a[i], rest)
        slopes = np.multiply(slope(gap, dist[pairs, None], p), g[pairs, None])
        out[i] = np.add(out[i], np.add.reduce(slopes, 0))
        out[i + 1 :] = np.subtract(out[i + 1 :], slopes)
        at += len(rest)


def _pairs(input: Tensor) -> tuple[Tensor, Tensor]:
    """The indices of the first and of the second row of each pair."""
    first, second = np.triu_indices(input.sizes[0], 1)
    return _indices(first), _indices(second)


def _indices(a: NDArray[np.intp]) -> Tensor:
    made = empty((a.size,), (1,), dtypes.int64)
    made.array[...] = a
    return made


def _apart(t: Tensor) -> Tensor:
    """The difference of the two rows of each pair."""
    first, second = _pairs(t)
    return t.index_select(0, first) - t.index_select(0, second)


def _pairs_bent(g: Tensor, grad_output: Tensor, input: Tensor, p: float, pdist: Tensor) -> Tensor:
    bend = curve_of_gap(_apart(input), pdist.unsqueeze(-1), p)
    change = _apart(g) * grad_output.unsqueeze(-1) * bend
    first, second = _pairs(input)
    return zeros(g, g.sizes).index_add(0, first, change).index_add(0, second, change, alpha=-1)


pdist_backward.vjp(
    grad_output=lambda g, input, p, pdist: (
        _apart(g) * slope_of(_apart(input), pdist.unsqueeze(-1), p)
    ).sum(-1),
    input=_pairs_bent,
    pdist=lambda g, grad_output, input, p, pdist: grad_output * (
        _apart(g) * curve_of_dist(_apart(input), pdist.unsqueeze(-1), p)
    ).sum(-1),
)  # fmt: skip
