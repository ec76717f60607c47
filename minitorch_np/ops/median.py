"""Lower medians: of an even number of elements the smaller one of the two in the middle.

Source: aten/src/ATen/native/Sorting.cpp.
"""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import return_types
from minitorch_np.dtypes import int64
from minitorch_np.graph.saved import legacy_type
from minitorch_np.kernels.large import MANY
from minitorch_np.loops import finish, not_implemented, quietly
from minitorch_np.op import composite, op
from minitorch_np.ops.extremes import (
    Indices,
    Pair,
    check_dim,
    picked,
    picked_backward,
    selected,
    shared,
    shared_backward,
    values_of,
)
from minitorch_np.shapes import wrap_dim
from minitorch_np.tensor import Tensor

__all__ = ["median", "nanmedian"]

Array = NDArray[Any]


def _middle(array: Array, skip_nan: bool) -> tuple[Array, Indices]:
    """The lower medians along the last axis and their indices, both with that axis of size 1."""
    if array.size >= MANY and array.dtype == np.float32:
        found = _lone_middle(array)
        if found is not None:
            return found
    order = np.argsort(array, -1, kind="stable")
    n = array.shape[-1]
    real = array.dtype.kind == "f"
    nans = np.isnan(array).sum(-1, keepdims=True) if real else np.zeros((), np.int64)
    # NaN sorts last: it is the median unless skipped, and then the rest is what has one
    if skip_nan:
        rank = cast(Indices, np.maximum(n - nans - 1, 0) // 2)
    else:
        rank = cast(Indices, np.where(nans > 0, n - nans, (n - 1) // 2))
    rank = np.broadcast_to(rank, (*array.shape[:-1], 1))
    index = np.take_along_axis(order, rank, -1)
    return np.take_along_axis(array, index, -1), index


def _lone_middle(array: Array) -> tuple[Array, Indices] | None:
    """`_middle` by a partition, or None where a median is not alone, or is NaN."""
    rank = (array.shape[-1] - 1) // 2
    if np.isnan(array).any():
        return None
    values = np.partition(array, rank)[..., rank : rank + 1]
    hits = array == values
    if np.count_nonzero(hits) != values.size:
        return None
    return values, np.argmax(hits, -1, keepdims=True)


def _median_all(input: Tensor, skip_nan: bool) -> Tensor:
    if input.dtype.category == 0:
        raise not_implemented("median_cpu", input.dtype)
    if not input.numel():
        return finish(quietly(np.asarray(np.nan).astype, input.dtype.np), input.dtype, None)
    array = values_of(input).reshape(-1)
    n = array.size
    nans = int(np.count_nonzero(np.isnan(array))) if array.dtype.kind == "f" else 0
    # NaN sorts last: it is the median unless skipped, and then the rest is what has one
    rank = max(n - nans - 1, 0) // 2 if skip_nan else n - nans if nans else (n - 1) // 2
    return finish(np.partition(array, rank)[rank], input.dtype, None)


def _check_types(input: Tensor, values: Tensor, indices: Tensor) -> None:
    """Raise RuntimeError for results of another dtype. Source: checkScalarType, checkSameType."""
    if indices.dtype is not int64:
        found = "CPUBoolType" if indices.dtype.category == 0 else legacy_type(indices)
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have scalar type Long; but got "
            f"{found} instead (while checking arguments for median)"
        )
    if values.dtype is not input.dtype:
        raise RuntimeError(
            "Expected tensor for 'values' to have the same type as tensor for argument #2 'self'; "
            f"but type {legacy_type(values)} does not equal {legacy_type(input)} (while checking "
            "arguments for median)"
        )


def _median_dim(
    name: str, input: Tensor, dim: int, keepdim: bool, out: Pair | None
) -> tuple[Tensor, Tensor]:
    if out is not None:
        _check_types(input, *out)
    d = wrap_dim(dim, input.ndim)
    check_dim("median", input.sizes, d)
    if not input.ndim:
        return selected(input, np.zeros((), np.int64), d, keepdim, out)
    if input.dtype.category == 0:
        raise not_implemented("median_out", input.dtype)
    _, index = _middle(np.moveaxis(values_of(input), d, -1), name == "nanmedian")
    return selected(input, np.moveaxis(index, -1, d), d, keepdim, out)


@op("reduction", method=False, node="MedianBackward0")
def median_all(input: Tensor) -> Tensor:
    """The lower median of everything; NaN if one is there."""
    return _median_all(input, False)


median_all.vjp(input=lambda g, input, out: shared_backward(g, input, out))
median_all.jvp(input=lambda t, input, out: shared(t, input, out))


@op("reduction", method=False, node="NanmedianBackward0")
def nanmedian_all(input: Tensor) -> Tensor:
    """The lower median of everything that is not NaN."""
    return _median_all(input, True)


nanmedian_all.vjp(input=lambda g, input, out: shared_backward(g, input, out))
nanmedian_all.jvp(input=lambda t, input, out: shared(t, input, out))


@op("reduction", method=False, node="MedianBackward1", aten="median")
def median_dim(
    input: Tensor, dim: int, keepdim: bool = False, *, out: Pair | None = None
) -> return_types.median:
    """The lower medians along `dim` and where they stand first."""
    return return_types.median(*_median_dim("median", input, dim, keepdim, out))


median_dim.vjp(
    input=lambda g_values, indices, input_shape, dim, keepdim: picked_backward(
        g_values, indices, input_shape, dim, keepdim
    )
)
median_dim.jvp(input=lambda t, dim, keepdim, indices: picked(t, indices, dim, keepdim))


@op("reduction", method=False, node="NanmedianBackward1", aten="nanmedian")
def nanmedian_dim(
    input: Tensor, dim: int, keepdim: bool = False, *, out: Pair | None = None
) -> return_types.nanmedian:
    """The lower medians of what is not NaN along `dim`, and where they stand first."""
    return return_types.nanmedian(*_median_dim("nanmedian", input, dim, keepdim, out))


nanmedian_dim.vjp(
    input=lambda g_values, indices, input_shape, dim, keepdim: picked_backward(
        g_values, indices, input_shape, dim, keepdim
    )
)
nanmedian_dim.jvp(input=lambda t, dim, keepdim, indices: picked(t, indices, dim, keepdim))


@composite()
def median(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Pair | None = None
) -> Tensor | return_types.median:
    """The lower median of everything, or (values, indices) along `dim`."""
    return median_all(input) if dim is None else median_dim(input, dim, keepdim, out=out)


@composite()
def nanmedian(
    input: Tensor, dim: int | None = None, keepdim: bool = False, *, out: Pair | None = None
) -> Tensor | return_types.nanmedian:
    """The lower median of what is not NaN, or (values, indices) along `dim`."""
    return nanmedian_all(input) if dim is None else nanmedian_dim(input, dim, keepdim, out=out)
