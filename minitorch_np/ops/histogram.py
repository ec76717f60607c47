"""Histograms of numbers and of points. Source: aten/src/ATen/native/Histogram.cpp.

Elements between two edges are counted there, those on the last edge in the last bin; elements
outside, and nan, nowhere.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, return_types
from minitorch_np.loops import not_implemented, quietly, resize_output
from minitorch_np.op import composite, op
from minitorch_np.ops.ranges import linspace
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor, stored

__all__ = ["histogram", "histogramdd"]

Array = NDArray[Any]
Edges = Sequence[Tensor]


def _check_floating(input: Tensor) -> None:
    """Raise ATen's error for a dtype that histograms are not made of."""
    if not input.dtype.is_floating_point:
        raise not_implemented("histogram_cpu", input.dtype)


def _check_edges(points: Tensor, edges: Edges) -> None:
    n = points.sizes[-1]
    if len(edges) != n:
        raise RuntimeError(
            f"torch.histogramdd: expected {n} sequences of bin edges for a {n}-dimensional "
            f"histogram but got {len(edges)}"
        )
    for d, each in enumerate(edges):
        if each.dtype is not points.dtype:
            raise RuntimeError(
                "torch.histogramdd: input tensor and bins tensors should have the same dtype, but "
                f"got input with dtype {points.dtype.cpp_name} and bins for dimension {d} with "
                f"dtype {each.dtype.cpp_name}"
            )
        if each.ndim != 1:
            raise RuntimeError(
                "torch.histogramdd: bins tensor should have one dimension, but got "
                f"{each.ndim} dimensions in the bins tensor for dimension {d}"
            )
        if not each.numel():
            raise RuntimeError(
                "torch.histogramdd: bins tensor should have at least 1 element, but got 0 elements "
                f"in the bins tensor for dimension {d}"
            )


def _check_weight(points: Tensor, weight: Tensor | None) -> None:
    if weight is None:
        return
    if weight.dtype is not points.dtype:
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor "
            f"should have the same dtype, but got input({points.dtype.cpp_name}), and "
            f"weight({weight.dtype.cpp_name})"
        )
    if points.sizes[:-1] != (weight.sizes or (1,)):
        raise RuntimeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the "
            "input tensor excluding its innermost dimension, but got input with shape "
            f"{list(points.sizes)} and weight with shape {list(weight.sizes)}"
        )


def _check_bins(counts: Sequence[int]) -> None:
    for d, n in enumerate(counts):
        if n <= 0:
            raise RuntimeError(
                f"torch.histogram(): bins must be > 0, but got {n} for dimension {d}"
            )


def _outer(points: Tensor, range: Sequence[float] | None) -> list[tuple[float, float]]:
    """The first and the last edge in each dimension of points (..., N)."""
    n = points.sizes[-1]
    if range is not None:
        if len(range) != 2 * n:
            raise RuntimeError(
                f"torch.histogramdd: for a {n}-dimensional histogram range should have {2 * n} "
                f"elements, but got {len(range)}"
            )
        ends = list(zip(range[::2], range[1::2], strict=True))
    elif points.numel():
        if points.dtype not in (dtypes.float32, dtypes.float64):
            raise not_implemented("histogramdd", points.dtype)
        rows = points.array.reshape(-1, n)
        ends = list(zip(rows.min(0).tolist(), rows.max(0).tolist(), strict=True))
    else:
        ends = [(0.0, 1.0)] * n
    for d, (low, high) in enumerate(ends):
        if not (math.isfinite(low) and math.isfinite(high)):
            raise RuntimeError(
                f"torch.histogramdd: dimension {d}'s range [{low:g}, {high:g}] is not finite"
            )
        if low > high:
            raise RuntimeError(
                f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} "
                f"for dimension {d}"
            )
        if low == high:
            ends[d] = (low - 0.5, high + 0.5)
    return ends


def _even_edges(
    points: Tensor, counts: Sequence[int], range: Sequence[float] | None
) -> list[Tensor]:
    """Edges at equal distances."""
    ends = _outer(points, range)
    return [
        linspace(low, high, n + 1, dtype=points.dtype)
        for (low, high), n in zip(ends, counts, strict=True)
    ]


def _filled(points: Array, edges: list[Array], weight: Array | None, density: bool) -> Array:
    """The histogram of points (M, N), summed up in their dtype in the order of the points."""
    counts = tuple([e.size - 1 for e in edges])
    inside = np.ones(len(points), np.bool_)
    places: list[Array] = []
    for d, e in enumerate(edges):
        x, e = points[:, d].astype(np.float64), e.astype(np.float64)
        inside &= (x >= e[0]) & (x <= e[-1])
        places.append(np.minimum(np.searchsorted(e, x, "right") - 1, counts[d] - 1))
    at = tuple([p[inside] for p in places])
    hist = np.zeros(counts, points.dtype)
    np.add.at(hist, at, np.ones((), hist.dtype) if weight is None else weight.reshape(-1)[inside])
    if density:
        hist /= hist.sum(dtype=points.dtype)
        for d, e in enumerate(edges):
            hist /= np.diff(e).reshape([-1 if k == d else 1 for k in range(len(edges))])
    return hist


def _counted(points: Tensor, edges: Edges, weight: Tensor | None, density: bool) -> Tensor:
    """The histogram as a tensor."""
    rows = points.array.reshape(-1, points.sizes[-1])
    sorted_edges = [e.array for e in edges]
    held = None if weight is None else weight.array
    return stored(quietly(_filled, rows, sorted_edges, held, density), points.dtype)


Pair = tuple[Tensor, Tensor]


def _check_results(input: Tensor, out: Pair) -> None:
    for t, name, ending in ((out[0], "hist", ""), (out[1], "bin_edges", " for dimension 0")):
        if t.dtype is not input.dtype:
            raise RuntimeError(
                f"torch.histogram: input tensor and {name} tensor should have the same dtype, but "
                f"got input {input.dtype.cpp_name} and {name} {t.dtype.cpp_name}{ending}"
            )


@op("contiguous", node="torch::autograd::NotImplemented", refuses="leaf")
def histogram(
    input: Tensor,
    bins: Tensor | int = 100,
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
    out: Pair | None = None,
) -> return_types.histogram:
    """How many elements, or how much of their `weight`, fall between each two edges; the edges.

    `bins` are the edges, or how many bins there are between the ends of `range`, by default the
    extremes of `input`. With `density` the histogram's integral is 1.
    """
    points = input.detach().reshape(input.numel(), 1)
    held = None if weight is None else weight.detach().reshape(weight.numel())
    if isinstance(bins, Tensor):
        _check_edges(points, [bins])
        _check_weight(points, held)
    counts = [bins.numel() - 1 if isinstance(bins, Tensor) else bins]
    if out is not None:
        _check_results(input, out)
    _check_bins(counts)
    if isinstance(bins, Tensor):
        [edges] = [bins.detach().clone()]
    else:
        [edges] = _even_edges(points, counts, range)
        _check_weight(points, held)
    _check_floating(input)
    found = _counted(points, [edges], held, density), edges
    if out is None:
        return return_types.histogram(*found)
    for t, values in ((out[1], found[1]), (out[0], found[0])):
        if t.sizes != values.sizes:
            resize_output(t, values.sizes, contiguous(values.sizes))
        t.array[...] = values.array
    return return_types.histogram(*out)


@op("contiguous", method=False, node="torch::autograd::NotImplemented", refuses="leaf")
def _histogramdd_from_bin_tensors(
    input: Tensor, bins: Edges, *, weight: Tensor | None = None, density: bool = False
) -> Tensor:
    """The histogram of points (..., N) with the given edges in each dimension."""
    return _of_points(input, bins, weight, density)


@op("contiguous", method=False, node="torch::autograd::NotImplemented", refuses="leaf")
def _histogramdd_from_bin_cts(
    input: Tensor,
    bins: Sequence[int],
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Tensor:
    """The histogram of points (..., N) with so many bins of equal size in each dimension."""
    return _of_points(input, _bin_edges(input, bins, range), weight, density)


def _of_points(input: Tensor, edges: Edges, weight: Tensor | None, density: bool) -> Tensor:
    _check_edges(input, edges)
    _check_weight(input, weight)
    _check_bins([e.numel() - 1 for e in edges])
    _check_floating(input)
    return _counted(input, edges, weight, density)


def _bin_edges(input: Tensor, bins: Sequence[int], range: Sequence[float] | None) -> list[Tensor]:
    """The edges of so many bins in each dimension of points (..., N)."""
    if len(bins) != input.sizes[-1]:
        raise RuntimeError(
            "histogramdd: The size of bins must be equal to the innermost dimension of the input."
        )
    return _even_edges(input, bins, range)


@composite(method=False)
def histogramdd(
    input: Tensor,
    bins: int | Sequence[int] | Edges,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> return_types.histogramdd:
    """How many points (..., N) fall between each two edges in each dimension, and the edges.

    `bins` are the edges of each dimension, or numbers of bins: see `histogram`. `range` holds the
    two ends for each dimension.
    """
    if input.ndim < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    given = [bins] * input.sizes[-1] if isinstance(bins, int) else list(bins)
    edges = [e for e in given if isinstance(e, Tensor)]
    if edges:
        hist = _histogramdd_from_bin_tensors(input, edges, weight=weight, density=density)
        return return_types.histogramdd(hist, tuple(edges))
    counts = [n for n in given if isinstance(n, int)]
    edges = _bin_edges(input, counts, range)
    hist = _histogramdd_from_bin_cts(input, counts, range=range, weight=weight, density=density)
    return return_types.histogramdd(hist, tuple(edges))
