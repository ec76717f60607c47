"""Sums, means and maxima of bags of rows of a table.

A bag is a stretch of the indices: `offsets` says where each begins, and one ends where the next
begins. Source: aten/src/ATen/native/EmbeddingBag.cpp.
"""

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.dual.tensors import tangent
from minitorch_np.graph.saved import legacy_type
from minitorch_np.kernels.large import dense, loop
from minitorch_np.loops import converted, finish
from minitorch_np.op import composite, op
from minitorch_np.ops.embedding import type_of
from minitorch_np.ops.points import Places, add_at, first_outside, is_index, places
from minitorch_np.shapes import wrap_dim
from minitorch_np.tensor import Tensor, stored

__all__ = ["embedding_bag"]

Array = NDArray[Any]
Four = tuple[Tensor, Tensor, Tensor, Tensor]

SUM, MEAN, MAX = 0, 1, 2


def check_dtypes(weight: Tensor, indices: Tensor, offsets: Tensor) -> None:
    """Raise RuntimeError for dtypes that the op does not take."""
    where = "(while checking arguments for embedding_bag)"
    for name, t in (("indices", indices), ("offsets", offsets)):
        if not is_index(t):
            raise RuntimeError(
                f"Expected tensor for argument #1 '{name}' to have one of the following scalar "
                f"types: Long, Int; but got {type_of(t)} instead {where}"
            )
    if not weight.dtype.is_floating_point:
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have one of the following scalar types: "
            f"Half, BFloat16, Float, Double; but got {type_of(weight)} instead {where}"
        )


def check_weights(weight: Tensor, indices: Tensor, samples: Tensor | None, mode: int) -> None:
    """Raise RuntimeError for weights of samples that do not fit."""
    if samples is None:
        return
    if mode != SUM:
        raise RuntimeError("embedding_bag: per_sample_weights only supported with mode='sum'")
    if samples.dtype is not weight.dtype:
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have the same type as tensor for argument "
            f"#1 'per_sample_weights'; but type {legacy_type(weight)} does not equal "
            f"{legacy_type(samples)} (while checking arguments for embedding_bag)"
        )
    for fits, text in (
        (samples.ndim == 1, "per_sample_weights.value().dim() == 1"),
        (
            samples.numel() == indices.numel(),
            "per_sample_weights.value().numel() == indices.numel()",
        ),
    ):
        if not fits:
            raise RuntimeError(
                f"Expected {text} to be true, but got false.  (Could this error message be "
                "improved?  If so, please report an enhancement request to PyTorch.)"
            )


def check_offsets(indices: Tensor, offsets: Tensor) -> None:
    """Raise RuntimeError where bags do not begin at 0, or end behind the indices."""
    if not offsets.numel():
        return
    first, last, n = int(offsets.array[0]), int(offsets.array[-1]), indices.sizes[0]
    if first:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
            f"position 0. However, got {first}\n[ {legacy_type(offsets)}{{}} ]"
        )
    if last > n:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {n} but got offsets[-1] of {last}"
        )


def check_indices(at: Places, rows: int, fast: bool) -> None:
    """Raise RuntimeError for an index that names no row, in the words of the kernel that looks."""
    wrong = first_outside(at, 0, rows)
    if wrong is None:
        return
    if fast:
        nr = int(np.flatnonzero((at < 0) | (at >= rows))[0])
        raise RuntimeError(
            f"Index {nr} of input takes value {wrong} which is not in the valid range [0, {rows})"
        )
    raise RuntimeError(
        f"embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be {wrong}"
    )


def bags_of(starts: Places, n: int) -> Places:
    """The bag of each of n indices."""
    return (np.searchsorted(starts, np.arange(n), "right") - 1).astype(starts.dtype)


def bagged(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    mode: int,
    samples: Tensor | None,
    include_last_offset: bool,
    padding_idx: int,
    graded: bool,
) -> Four:
    """The bags; the bag of each index, empty where nobody needs it; bag sizes; what was largest."""
    check_dtypes(weight, indices, offsets)
    check_offsets(indices, offsets)
    check_weights(weight, indices, samples, mode)
    if include_last_offset and not offsets.numel():
        raise RuntimeError("include_last_offset: number of offset should be at least 1")
    fast = mode != MAX and padding_idx < 0 and weight.dtype is not dtypes.float64
    fast &= weight.strides[1] == 1 and (samples is None or samples.strides == (1,))
    at, every = places(indices), places(offsets)
    check_indices(at, weight.sizes[0], fast)
    starts = every[:-1] if include_last_offset else every
    bags = bags_of(starts, at.size)
    used = at != padding_idx
    if fast and include_last_offset:  # its loop ends with the last offset
        used &= np.arange(at.size) < every[-1]
    sizes = np.bincount(bags[at != padding_idx], minlength=starts.size).astype(every.dtype)
    if mode == MAX:
        values, largest = greatest(weight, at[used], bags[used], starts.size)
    else:
        factors = None if samples is None else numbers(samples)[used]
        values, largest = added(weight, at[used], bags[used], starts.size, factors), sizes
    if mode == MEAN:
        values /= np.maximum(sizes, 1).astype(values.dtype)[:, None]
    if mode == SUM:
        counted = starts.size if graded else every.size
        sizes = np.zeros(counted, every.dtype)
    if mode != MAX:
        largest = sizes
    kept = bags[:0] if mode == SUM and fast else bags
    kind = offsets.dtype
    rest = [finish(a.astype(every.dtype), kind, None) for a in (kept, sizes, largest)]
    return finish(values, weight.dtype, None), rest[0], rest[1], rest[2]


def numbers(t: Tensor) -> Array:
    """The elements, to compute with."""
    return np.asarray(converted(t, t.dtype))


def rows_of(weight: Tensor, at: Places) -> Array:
    """Rows of a table, to compute with."""
    return weight.array[at].astype(weight.dtype.compute)


def added(weight: Tensor, at: Places, bags: Places, count: int, factors: Array | None) -> Array:
    """Sums of so many bags, of rows times factors if there are any."""
    if dense(weight.array):
        out = np.zeros((count, weight.sizes[1]), np.float32)
        by = np.ones(at.size, np.float32) if factors is None else np.ascontiguousarray(factors)
        rows = [np.ascontiguousarray(a, np.int64) for a in (at, bags)]
        loop("places.add_rows")(weight.array, *rows, by, out, weight.sizes[1])
        return out
    rows = rows_of(weight, at)
    if factors is not None:
        rows = rows * factors[:, None]
    return summed(rows, bags, (count, weight.sizes[1]), weight)


def summed(rows: Array, at: Places, shape: tuple[int, int], like: Tensor) -> Array:
    """Rows added at places; those of halves in float32."""
    kind = dtypes.float32 if like.dtype.is_half else like.dtype
    sums = stored(np.zeros(shape, rows.dtype), kind)
    add_at(sums, [at], rows)
    return sums.array


def greatest(weight: Tensor, at: Places, bags: Places, count: int) -> tuple[Array, Places]:
    """The largest of each column of so many bags, and which row it is of; the first of equals."""
    out = np.zeros((count, weight.sizes[1]), weight.dtype.compute)
    largest = np.zeros(out.shape, at.dtype)
    if dense(weight.array):
        rows = [np.ascontiguousarray(a, np.int64) for a in (at, bags)]
        found = np.zeros(out.shape, np.int64)
        loop("places.largest_rows")(weight.array, *rows, out, found, weight.sizes[1])
        return out, found.astype(at.dtype, copy=False)
    rows = rows_of(weight, at)
    firsts = np.flatnonzero(np.diff(bags, prepend=-1))
    turn = np.arange(at.size) - np.repeat(firsts, np.diff(firsts, append=at.size))
    for k in range(int(turn.max(initial=-1)) + 1):  # all bags at once: their firsts, their seconds
        some = np.flatnonzero(turn == k)
        bag, row = bags[some], rows[some]
        more = row > out[bag] if k else np.ones(row.shape, np.bool_)
        out[bag] = np.where(more, row, out[bag])
        largest[bag] = np.where(more, at[some][:, None], largest[bag])
    return out, largest


@op("contiguous", method=False, graded=1)
def _embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int = -1,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """`embedding_bag` where the table learns."""
    del scale_grad_by_freq, sparse  # the gradient's alone
    return bagged(
        weight, indices, offsets, mode, per_sample_weights, include_last_offset, padding_idx, True
    )


_embedding_bag.vjp(
    weight=lambda g_result0, indices, offsets, result1, result2, result3, weight_shape,
    scale_grad_by_freq, mode, sparse, per_sample_weights, padding_idx: _embedding_bag_backward(
        g_result0, indices, offsets, result1, result2, result3, weight_shape[0],
        scale_grad_by_freq, mode, sparse, per_sample_weights, padding_idx,
    ),
    per_sample_weights=lambda g_result0, weight, indices, offsets, result1, mode, padding_idx: (
        _embedding_bag_per_sample_weights_backward(
            g_result0, weight, indices, offsets, result1, mode, padding_idx
        )
    ),
    indices=None,
    offsets=None,
)  # fmt: skip
_embedding_bag.jvp("refused")


@op("contiguous", method=False, differentiable=False)
def _embedding_bag_forward_only(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int = -1,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """`embedding_bag` where the table does not learn."""
    del scale_grad_by_freq, sparse
    return bagged(
        weight, indices, offsets, mode, per_sample_weights, include_last_offset, padding_idx, False
    )


@op("contiguous", method=False)
def _embedding_bag_backward(
    grad: Tensor,
    indices: Tensor,
    offsets: Tensor,
    offset2bag: Tensor,
    bag_size: Tensor,
    maximum_indices: Tensor,
    num_weights: int,
    scale_grad_by_freq: bool,
    mode: int,
    sparse: bool,
    per_sample_weights: Tensor | None,
    padding_idx: int = -1,
) -> Tensor:
    """The gradient of the table, always dense here."""
    del sparse
    at, bags = places(indices), places(offset2bag)
    if not bags.size:
        bags = bags_of(places(offsets)[: bag_size.numel()], at.size)
    g = numbers(grad)
    shape = num_weights, g.shape[1]
    if mode == MAX:
        return finish(
            scattered(g, places(maximum_indices), places(bag_size), shape), grad.dtype, None
        )
    factors = np.ones(at.size, g.dtype)
    if per_sample_weights is not None:
        factors = numbers(per_sample_weights)
    if scale_grad_by_freq and at.size:
        factors = factors / np.bincount(at)[at].astype(g.dtype)
    used = at != padding_idx
    factors = factors[used]
    if mode == MEAN:  # a bag that is nothing but padding has none of the used
        factors = factors / places(bag_size)[bags[used]].astype(g.dtype)
    return finish(summed(g[bags[used]] * factors[:, None], at[used], shape, grad), grad.dtype, None)


def scattered(g: Array, largest: Places, sizes: Places, shape: tuple[int, int]) -> Array:
    """Each gradient added where the largest element came from."""
    out = np.zeros(shape, g.dtype)
    some = np.flatnonzero(sizes)
    columns = np.tile(np.arange(shape[1], dtype=np.int64), (some.size, 1))
    np.add.at(out, (largest[some], columns), g[some])
    return out


def _no_derivative(g: Tensor) -> NoReturn:
    del g
    raise NotImplementedError("the derivative for '_embedding_bag_backward' is not implemented.")


_embedding_bag_backward.vjp(
    grad=_no_derivative, indices=None, offsets=None, offset2bag=None, bag_size=None,
    maximum_indices=None, per_sample_weights=_no_derivative,
)  # fmt: skip


@op("contiguous", method=False, node="torch::autograd::NotImplemented")
def _embedding_bag_per_sample_weights_backward(
    grad: Tensor,
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    offset2bag: Tensor,
    mode: int,
    padding_idx: int = -1,
) -> Tensor:
    """The gradient of the weight of each sample: its row times the gradient of its bag."""
    del mode
    at, bags = places(indices), places(offset2bag)
    if not bags.size:
        bags = bags_of(places(offsets), at.size)
    g = numbers(grad)
    values = np.add.reduce(g[bags] * rows_of(weight, at), 1)
    values[at == padding_idx] = 0
    return finish(values, grad.dtype, None)


@composite(method=False, python=True)
def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Four:
    """Rows of `weight`, (K, D), that `indices`, (N), names, summed by bag: (B, D); and three more.

    `mode` is 0 for the sum, 1 for the mean, 2 for the maximum. The others are the bag of each
    index, bag sizes, and the rows of maxima: what the gradient needs. Source: EmbeddingBag.cpp.
    """
    for name, t, n in (("weight", weight, 2), ("offsets", offsets, 1)):
        if t.ndim != n:
            raise RuntimeError(
                f"{name} has to be a {n}D Tensor, but got Tensor of dimension {t.ndim}"
            )
    padding = -1
    if padding_idx is not None:
        n = weight.sizes[0]
        if not -n <= padding_idx < n:
            raise RuntimeError(
                f"padding_idx must be within the number of embeddings, -{n} through {n - 1}, "
                f"but got {padding_idx}"
            )
        padding = wrap_dim(padding_idx, n)
    if mode not in (SUM, MEAN, MAX):
        raise RuntimeError("`mode` must be sum, mean, or max.")
    if indices.dtype is not offsets.dtype:
        common = dtypes.promote_types(indices.dtype, offsets.dtype)
        indices, offsets = indices.to(common), offsets.to(common)
    tensors = (weight,) if per_sample_weights is None else (weight, per_sample_weights)
    learns = any(t.requires_grad or tangent(t) is not None for t in tensors)
    run = _embedding_bag if learns else _embedding_bag_forward_only
    return run(
        weight, indices.contiguous(), offsets.contiguous(), scale_grad_by_freq, mode, sparse,
        per_sample_weights, include_last_offset, padding,
    )  # fmt: skip
