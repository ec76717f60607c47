"""Distinct elements, and elements counted or placed among boundaries. None of them has a gradient.

Source: aten/src/ATen/native/Unique.cpp, Bucketization.cpp, SummaryOps.cpp and Histogram.cpp.
"""

import math
import warnings
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.flight import depth
from minitorch_np.loops import finish, not_implemented, quietly, rounded
from minitorch_np.op import composite, op
from minitorch_np.ops.extremes import values_of
from minitorch_np.shapes import wrap_dim
from minitorch_np.strides import permuted
from minitorch_np.tensor import Number, Tensor

__all__ = ["bincount", "bucketize", "histc", "searchsorted", "unique", "unique_consecutive"]

Array = NDArray[np.generic]
Values = NDArray[Any]
Indices = NDArray[np.int64]
Real = NDArray[np.float64]
"""NumPy's stubs order real numbers alone; any dtype comes here."""


def _result(array: Array, like: Tensor | None = None) -> Tensor:
    kind = dtypes.int64 if like is None else like.dtype
    return finish(np.asarray(array), kind, None)


def refuse(name: str) -> NoReturn:
    """Raise PyTorch's error for a gradient that its table of derivatives calls not implemented."""
    raise NotImplementedError(f"the derivative for '{name}' is not implemented.")


@op("contiguous", method=False)
def _unique2(input: Tensor) -> tuple[Tensor, ...]:
    """The distinct elements in order, the index of each element's own, and how many there are."""
    values, inverse, counts = np.unique(
        values_of(input), return_inverse=True, return_counts=True, equal_nan=False
    )
    return (
        _result(values, input), _result(inverse.reshape(input.sizes)), _result(counts),
    )  # fmt: skip


_unique2.vjp(input=lambda g: refuse("_unique2"))
_unique2.jvp("refused")


@op("contiguous", method=False)
def unique_dim(input: Tensor, dim: int) -> tuple[Tensor, ...]:
    """The distinct slices along `dim` in order, the index of each slice's own, and counts.

    Source: _unique_dim_cpu_template, aten/src/ATen/native/Unique.cpp.
    """
    if 0 in input.sizes:
        return _of_no_slices(input, dim)
    values, inverse, counts = np.unique(
        values_of(input), return_inverse=True, return_counts=True, axis=dim
    )
    slices = _moved(np.moveaxis(values, dim, 0), input, dim)
    return (slices, _result(inverse.reshape(-1)), _result(counts))


def _moved(slices: Array, input: Tensor, dim: int) -> Tensor:
    """Slices along `dim`, which lie one after another in memory."""
    moved = _result(slices, input)
    back = [*range(1, dim + 1), 0, *range(dim + 1, input.ndim)]
    seen = moved.alias(permuted(moved.sizes, back), permuted(moved.strides, back), 0)
    seen.base = None
    return seen


def _counts(array: Values, bins: int, low: float, high: float, dtype: Dtype) -> Values:
    """How many elements fall into each bin, found by division, each step in the dtype.

    Source: histogramdd_linear, aten/src/ATen/native/cpu/HistogramKernel.cpp.
    """

    def kept(values: Values) -> Values:
        return values.astype(dtype.np).astype(dtype.compute)

    least, most, count = kept(np.array([low, high, bins]))
    within = array[(array >= least) & (array <= most)]
    at = kept(kept(kept(within - least) * count) / kept(most - least)).astype(np.int64)
    return np.bincount(np.minimum(at, bins - 1), minlength=bins)


def _of_no_slices(input: Tensor, dim: int) -> tuple[Tensor, ...]:
    if input.sizes[dim]:
        raise RuntimeError(
            "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied"
        )
    if input.sizes.count(0) > 1:
        raise RuntimeError(
            "Number of zero sized dimensions is more than one, so unique cannot be applied "
        )
    none = np.empty(0, np.int64)
    return (_result(values_of(input), input), _result(none), _result(none))


unique_dim.vjp(input=lambda g: refuse("unique_dim"))
unique_dim.jvp("refused")

Distinct = Tensor | tuple[Tensor, ...]


def _asked(found: tuple[Tensor, ...], inverse: bool, counts: bool) -> Distinct:
    wanted = [found[0], *([found[1]] if inverse else []), *([found[2]] if counts else [])]
    return tuple(wanted) if len(wanted) > 1 else wanted[0]


@composite()
def unique(
    input: Tensor,
    sorted: bool = True,  # always so, as on PyTorch's CPU
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Distinct:
    """The distinct elements (or slices along `dim`), always in order; every NaN is distinct."""
    if dim is None:
        return _asked(_unique2(input), return_inverse, return_counts)
    return _asked(unique_dim(input, wrap_dim(dim, input.ndim)), return_inverse, return_counts)


@op("contiguous", method=False, node="UniqueConsecutiveBackward0")
def consecutive(input: Tensor, dim: int | None = None) -> tuple[Tensor, ...]:
    """One element (or slice along `dim`) of each run of equal ones, the run of each, and the runs'
    lengths. Source: unique_consecutive_cpu, aten/src/ATen/native/Unique.cpp."""
    if dim is not None:
        return _slices_in_runs(input, wrap_dim(dim, input.ndim))
    flat = values_of(input).reshape(-1)
    starts = np.ones(flat.shape, np.bool_)
    starts[1:] = flat[1:] != flat[:-1]
    runs = np.cumsum(starts) - 1
    lengths = np.bincount(runs) if len(runs) else runs
    return (_result(flat[starts], input), _result(runs.reshape(input.sizes)), _result(lengths))


consecutive.vjp(input=lambda g: refuse("unique_consecutive"))
consecutive.jvp("refused")


def _slices_in_runs(input: Tensor, dim: int) -> tuple[Tensor, ...]:
    if 0 in input.sizes:
        return _of_no_slices(input, dim)
    slices = np.moveaxis(values_of(input), dim, 0)
    n = len(slices)
    rows = slices.reshape(n, -1)
    starts = np.ones(n, np.bool_)
    starts[1:] = (rows[1:] != rows[:-1]).any(-1)
    runs = np.cumsum(starts) - 1
    return (_moved(slices[starts], input, dim), _result(runs), _result(np.bincount(runs)))


@composite(python=True)
def unique_consecutive(
    input: Tensor,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Distinct:
    """The flattened elements, or the slices along `dim`, with runs of equal ones cut to one."""
    return _asked(consecutive(input, dim), return_inverse, return_counts)


Side = Literal["left", "right"]


def _placed(boundaries: Tensor, values: Real, side: Side, sorter: Indices | None) -> Array:
    rows: Real = values_of(boundaries)  # pyright: ignore[reportAssignmentType]  # checked to be numbers
    if rows.ndim == 1:
        return np.searchsorted(rows, values, side, sorter)
    result = np.empty(values.shape, np.int64)
    for at in np.ndindex(*rows.shape[:-1]):
        order = None if sorter is None else sorter[at]
        result[at] = np.searchsorted(rows[at], values[at], side, order)
    return result


def warn_of_copy(name: str, t: Tensor) -> None:
    """PyTorch's warning about an argument that does not lie in rows."""
    if not t.is_contiguous():
        warnings.warn(
            f"torch.searchsorted(): {name} tensor is non-contiguous, this will lower the "
            "performance due to extra data copy when converting non-contiguous tensor to "
            f"contiguous, please use contiguous {name} tensor if possible. This message will only "
            "appear once per program.",
            stacklevel=depth(),
        )


@op("contiguous", method=False, differentiable=False)
def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | Number,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The index at which each element would enter its ascending row, before (or after) equals."""
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(
            f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}"
        )
    if right and side == "left":
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left "
            "while right was True"
        )
    given = values_of(input) if isinstance(input, Tensor) else np.asarray(input)
    values: Real = given  # pyright: ignore[reportAssignmentType]  # checked to be numbers
    if sorted_sequence.ndim > 1 and sorted_sequence.sizes[:-1] != values.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
            "dimensions of boundaries tensor and input value tensor must match, but we got "
            f"boundaries tensor {list(sorted_sequence.sizes)} and input value tensor "
            f"{list(values.shape)}"
        )
    kind = dtypes.int32 if out_int32 else dtypes.int64
    if out is not None and out.dtype is not kind:
        raise RuntimeError(
            "torch.searchsorted(): output tensor's dtype is wrong, it can only be Int(int32) or "
            "Long(int64) depending on whether out_int32 flag is True, but we got output tensor's "
            f"dtype {out.dtype.aten_name} and out_int32 flag is {out_int32}"
        )
    if sorted_sequence.dtype is dtypes.bool_:
        raise not_implemented("searchsorted_out_cpu", sorted_sequence.dtype)
    if isinstance(input, Tensor):
        warn_of_copy("input value", input)
    warn_of_copy("boundary", sorted_sequence)
    at = "right" if right or side == "right" else "left"
    places = _placed(
        sorted_sequence, values, at, None if sorter is None else sorter.array.astype(np.int64)
    )
    return finish(np.asarray(places), kind, out)


@composite(method=False)
def bucketize(
    input: Tensor | Number,
    boundaries: Tensor,
    *,
    out_int32: bool = False,
    right: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """The number of boundaries below each element (with `right`: not above it)."""
    if boundaries.ndim != 1:
        raise RuntimeError(
            "boundaries tensor must be 1 dimension, but got dim(" + f"{boundaries.ndim})"
        )
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


@op("contiguous", differentiable=False)
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often 0, 1, 2, ... occur in a vector, or the sums of their weights."""
    if input.dtype.is_floating_point or input.dtype is dtypes.bool_:
        raise not_implemented("bincount_cpu", input.dtype)
    if input.ndim != 1 or (input.numel() and input.array.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if input.dtype.category != 1:
        raise not_implemented("bincount_cpu", input.dtype)
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if weights is not None and weights.sizes != input.sizes:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    kind = dtypes.int64
    if weights is not None:
        kind = dtypes.float32 if weights.dtype is dtypes.float32 else dtypes.float64
    held = None if weights is None else weights.array.astype(np.float64)
    return finish(np.bincount(input.array.astype(np.int64), held, minlength), kind, None)


@op("contiguous", differentiable=False)
def histc(
    input: Tensor, bins: int = 100, min: Number = 0, max: Number = 0, *, out: Tensor | None = None
) -> Tensor:
    """How many elements fall into each of `bins` equal parts of [min, max]; by default of the range
    that the elements have."""
    if bins > 0 and max < min:
        raise RuntimeError("torch.histc: max must be larger than min")
    if not input.dtype.is_floating_point:
        kernel = "linspace_cpu" if input.dtype is dtypes.bool_ else "histogram_cpu"
        raise not_implemented(kernel, input.dtype)
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    if out is not None and out.dtype is not input.dtype:
        raise RuntimeError(
            "torch.histogram: input tensor and hist tensor should have the same dtype, but got "
            f"input {input.dtype.cpp_name} and hist {out.dtype.cpp_name}"
        )
    array = values_of(input).reshape(-1)
    low, high = float(rounded(min, input.dtype)), float(rounded(max, input.dtype))
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low:g}, {high:g}] is not finite")
    if low == high:
        low, high = low - 1, high + 1
    counts = quietly(_counts, array, bins, low, high, input.dtype)
    return finish(counts, input.dtype, out, apart=False)
