"""Counted tensors: arange, linspace, logspace, and the identity matrix.

Source: aten/src/ATen/native/RangeFactories.cpp, cpu/RangeFactoriesKernel.cpp.
"""

import math
import warnings
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from minitorch_np import boxmuller, dtypes, strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.flight import depth
from minitorch_np.guard import guarded
from minitorch_np.loops import holding, quietly
from minitorch_np.ops.factory import (
    Options,
    converted_number,
    finished,
    is_index,
    option_dtype,
    prepared,
    usual,
)
from minitorch_np.overloads import unfitting
from minitorch_np.shapes import listed
from minitorch_np.tensor import Number, Tensor, plain

__all__ = ["arange", "eye", "linspace", "logspace"]

Array = NDArray[np.generic]
F64 = NDArray[np.float64]


@guarded
def arange(
    start: Number | Tensor | None = None,
    end: Number | Tensor | None = None,
    step: Number | Tensor = 1,
    *,
    out: Tensor | None = None,
    **options: Unpack[Options],
) -> Tensor:
    """Numbers from `start` to below `end` in steps: ceil((end - start) / step) of them.

    With one number, that is `end`. int64 where all are integers, else of the default dtype.
    """
    low, high = (0, start) if end is None else (start, end)
    if out is None and type(low) is int and type(high) is int and type(step) is int and step == 1:
        form = usual((high - low,), options, dtypes.int64)
        if form is not None and form.dtype is dtypes.int64 and low >= -_END and high < _END:
            return finished(holding(np.arange(low, high), form), options)
    first, last, by = _range_numbers(start, end, step)
    dtype = _range_dtype("arange", options, out, first, last, by)
    n = _arange_size(first, last, by, dtype)
    old, was = ((), n) if out is None else (out.sizes, out.numel())
    shape = old if out is not None and was == n else (n,)
    tensor = apart(prepared("arange", shape, options, out, dtype), out)
    if was not in (0, n):
        warnings.warn(_RESIZED.format(listed(old), was, n, n), UserWarning, stacklevel=depth())
    quietly(_store, tensor, quietly(_counted, first, by, n, dtype).reshape(shape))
    return finished(tensor, options, out, "arange")


_END = 2**63
"""Of int64."""

_RESIZED = (
    "The number of elements in the out tensor of shape {} is {} which does not match the computed "
    "number of elements {}. Note that this may occur as a result of rounding error. The out tensor "
    "will be resized to a tensor of shape ({},)."
)


def _range_numbers(*given: Number | Tensor | None) -> tuple[Number, Number, Number]:
    """Where to start, where to end, and the step. Raises: TypeError for what is no number."""
    start, end, step = given if given[1] is not None else (0, *given[::2])
    try:
        return plain(0 if start is None else start), plain(end), plain(step)
    except TypeError:
        positional = [x for x in (start if given[1] is not None else None, end) if x is not None]
        raise unfitting("arange", *positional, *([] if step == 1 else [step])) from None


def _range_dtype(name: str, options: Options, out: Tensor | None, *numbers: Number) -> Dtype:
    dtype = option_dtype(name, options) or (out.dtype if out is not None else None)
    if dtype is None:
        if any(isinstance(x, float) for x in numbers):
            return dtypes.get_default_dtype()
        return dtypes.int64
    _refuse_bool(f"{name}_cpu", dtype)
    return dtype


def _refuse_bool(kernel: str, dtype: Dtype) -> None:
    if dtype is dtypes.bool_:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtype.aten_name}'")


def _check_bounds(start: Number, end: Number, step: Number) -> None:
    if not step:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start:g} -> {end:g}")
    if (step > 0 and end < start) or (step < 0 and end > start):
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")


def _arange_size(start: Number, end: Number, step: Number, dtype: Dtype) -> int:
    """The number of elements: exact for integers as int64, else through doubles."""
    _check_bounds(start, end, step)
    if dtype is dtypes.int64 and not any(isinstance(x, float) for x in (start, end, step)):
        return -((int(start) - int(end)) // int(step))
    return math.ceil((float(end) - float(start)) / float(step))


_VECTOR = 32
"""Bytes of the vectors that PyTorch's arange counts in; it unrolls them in pairs."""


def _counted(start: Number, step: Number, n: int, dtype: Dtype) -> Array:
    """start + i * step as PyTorch rounds it.

    Integers count exactly. Floats count in float64 (halves in float32) with one rounding: inside a
    vector from its first element, which is rounded to the dtype first, and past the last pair of
    vectors from `start`.
    """
    if not dtype.is_floating_point:
        return np.int64(int(start)) + np.int64(int(step)) * np.arange(n)
    lanes = _VECTOR // dtype.itemsize
    index = np.arange(n, dtype=np.float64)
    values = _fused(index, step, float(start), dtype)
    whole = n - n % (2 * lanes)
    first = _rounded(values[:whole:lanes], dtype).repeat(lanes)
    values[:whole] = _fused(index[:whole] % lanes, step, first, dtype)
    return values if dtype.itemsize > 2 else values.astype(np.float32)


def _fused(index: F64, step: Number, start: F64 | float, dtype: Dtype) -> F64:
    if dtype.itemsize == 2:
        return boxmuller.fma32(index, float(np.float32(step)), start).astype(np.float64)
    return boxmuller.fma64(index, float(step), start)


def _rounded(values: F64, dtype: Dtype) -> F64:
    """Elements of a floating dtype, in float64."""
    return values.astype(dtype.compute).astype(dtype.np).astype(np.float64)


def _store(tensor: Tensor, values: Array) -> None:
    np.copyto(tensor.array, values, casting="unsafe")


@guarded
def linspace(
    start: Number | Tensor,
    end: Number | Tensor,
    steps: int,
    *,
    out: Tensor | None = None,
    **options: Unpack[Options],
) -> Tensor:
    """`steps` numbers from `start` to `end`, evenly spaced, both ends included."""
    if not is_index(steps):
        raise unfitting("linspace", start, end, steps)
    first, last = _ends("linspace", start, end)
    tensor = _spaced("linspace", steps, options, out)
    if steps == 1:
        quietly(tensor.array.fill, converted_number(first, tensor.dtype))
    elif steps:
        values = quietly(_line, first, last, steps, tensor.dtype)
        quietly(_store, tensor, values.reshape(tensor.sizes))
    return finished(tensor, options, out, "linspace")


@guarded
def logspace(
    start: Number | Tensor,
    end: Number | Tensor,
    steps: int,
    base: float = 10.0,
    *,
    out: Tensor | None = None,
    **options: Unpack[Options],
) -> Tensor:
    """`base` to the power of `steps` evenly spaced exponents from `start` to `end`."""
    if not is_index(steps):
        raise unfitting("logspace", start, end, steps)
    first, last = _ends("logspace", start, end)
    tensor = _spaced("logspace", steps, options, out)
    if steps:
        values = quietly(_powers, first, last, steps, base, tensor.dtype)
        quietly(_store, tensor, values.reshape(tensor.sizes))
    return finished(tensor, options, out, "logspace")


def _powers(start: Number, end: Number, steps: int, base: float, dtype: Dtype) -> Array:
    """Powers of `base`, with exponents in float64 between ends that are rounded to the dtype."""
    if steps == 1:
        return np.array([_power(float(base), float(start))])
    first, last = _as_element(start, dtype), _as_element(end, dtype)
    step = (last - first) / (steps - 1)
    index = np.arange(steps)
    exponents = np.where(
        index < steps // 2, first + step * index, last - step * (steps - index - 1)
    )
    powers = np.array([_power(float(base), x) for x in exponents.tolist()])
    return powers.astype(dtype.compute) if dtype.is_floating_point else powers


def _power(base: float, exponent: float) -> float:
    """C's pow. NumPy's differs from it in the last bit where it runs vectorised."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 else math.inf
    except ValueError:
        return math.inf if base == 0 else math.nan


def _ends(name: str, start: Number | Tensor, end: Number | Tensor) -> tuple[Number, Number]:
    given = [(n, t.ndim) for n, t in (("start", start), ("end", end)) if isinstance(t, Tensor)]
    wrong = " and ".join([f"{n} with {ndim} dimension(s)" for n, ndim in given])
    if any(ndim for _, ndim in given):
        raise RuntimeError(
            f"{name} only supports 0-dimensional start and end tensors, but got {wrong}."
        )
    try:  # tensors give their numbers, and no gradient arrives at them
        first, last = [plain(t.detach() if isinstance(t, Tensor) else t) for t in (start, end)]
    except TypeError:
        raise unfitting(name, start, end, 1) from None
    return first, last


def _spaced(name: str, steps: int, options: Options, out: Tensor | None) -> Tensor:
    """The tensor to fill, of `steps` elements."""
    dtype = option_dtype(name, options)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    kind = out.dtype if out is not None else dtype
    if kind is not None and steps > 1:
        _refuse_bool(f"{name}_cpu", kind)
    shape = out.sizes if out is not None and out.numel() == steps else (int(steps),)
    return apart(prepared(name, shape, options, out), out)


def apart(tensor: Tensor, out: Tensor | None) -> Tensor:
    """The tensor to fill. Raises: RuntimeError where it is a given one that overlaps itself."""
    if out is not None:
        strides.check_no_internal_overlap(out.sizes, out.strides)
    return tensor


def _line(start: Number, end: Number, steps: int, dtype: Dtype) -> Array:
    """Evenly spaced numbers, counted from each end to the middle with one rounding.

    In float64 for integers, in float32 for the half types.
    """
    index = np.arange(steps)
    lower = index < steps // 2
    ahead = np.where(lower, index, steps - 1 - index).astype(np.float64)
    first, last = _as_element(start, dtype), _as_element(end, dtype)
    if dtype.is_floating_point and dtype.itemsize < 8:
        fma = boxmuller.fma32
        step = float(np.float32(np.float32(last - first) / np.float32(steps - 1)))
    else:
        fma = boxmuller.fma64
        step = (last - first) / (steps - 1)
    values = np.where(lower, fma(ahead, step, first), fma(ahead, -step, last))
    return values.astype(np.float32) if dtype.itemsize == 2 else values


def _as_element(value: Number, dtype: Dtype) -> float:
    """A number as it is after conversion to the dtype. Raises: RuntimeError on overflow."""
    return float(converted_number(value, dtype).item())


@guarded
def eye(
    n: int, m: int | None = None, *, out: Tensor | None = None, **options: Unpack[Options]
) -> Tensor:
    """The (n, m) matrix with ones on its diagonal and zeros elsewhere; m is n if not given.

    Source: aten/src/ATen/native/TensorFactories.cpp eye_out_cpu.
    """
    form = usual(((n, n if m is None else m),), options) if out is None else None
    if form is not None:
        columns = form.shape[1]
        flat = np.zeros(n * columns, form.dtype.np)
        flat[: columns * columns : columns + 1] = 1
        return finished(holding(flat.reshape(form.shape), form), options)
    for name, value in (("n", n), ("m", n if m is None else m)):
        if not is_index(value):
            raise unfitting("eye", n, *([] if m is None else [m]))
        if value < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {value}")
    tensor = prepared("eye", (int(n), int(n if m is None else m)), options, out)
    tensor.array.fill(0)
    np.fill_diagonal(tensor.array, 1)
    return finished(tensor, options, out, "eye")
