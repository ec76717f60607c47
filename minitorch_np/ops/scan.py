"""Running sums, products and extremes along one dimension.

Source: aten/src/ATen/native/ReduceOps.cpp and cpu/ReduceOpsKernel.cpp.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, kernels, return_types
from minitorch_np.casts import read_by_loops
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.form import Form, Plans
from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.kernels.large import MANY, fold, folded, loop
from minitorch_np.loops import (
    converted,
    exact_result_for,
    finish,
    not_implemented,
    quietly,
)
from minitorch_np.op import Swift, composite, op
from minitorch_np.ops.binary import sub
from minitorch_np.ops.compare import logical_xor
from minitorch_np.ops.copy import zeros
from minitorch_np.ops.extremes import Pair, values_of
from minitorch_np.ops.join import cat, stack
from minitorch_np.ops.reduce import summands, summed_dtype
from minitorch_np.quiet import run_quietly
from minitorch_np.shapes import Shape, reduced, wrap_dim
from minitorch_np.strides import contiguous, like
from minitorch_np.tensor import Tensor, blank, empty, stored

__all__ = ["cummax", "cummin", "cumprod", "cumsum", "diff", "logcumsumexp"]

Array = NDArray[Any]


_LOOPS: dict[np.ufunc, str] = {np.add: "sum", np.multiply: "product"}


def _scan(
    name: str, f: np.ufunc, input: Tensor, dim: int, kind: Dtype, out: Tensor | None
) -> Tensor:
    """The running result of `f`; float32 runs in float64 and rounds every step's result."""
    key = None
    if out is None and kind is input.dtype and type(dim) is int:
        key = (f, input.form, dim)
        if (known := _few.get(key)) is not None:
            return _met_again(f, input, *known)
    d = wrap_dim(dim, input.ndim)
    if kind.category == 0 and input.numel():
        raise not_implemented(f"{name}_out_cpu", kind)
    if out is not None:
        _ = exact_result_for(out, input.sizes, out.dtype, [input])
    half = kind is input.dtype and f in _LOOPS and _read_as_half(input)
    array = input.array if half else converted(summands(input, kind), kind)
    assert isinstance(array, np.ndarray)
    sizes = None
    if f in _LOOPS and (out is None or out is input) and input.ndim:
        sizes = _sizes(array, d, kind, half)
    if sizes is not None:
        done = input if out is input else empty(input.sizes, contiguous(input.sizes), kind)
        both = array, done.array
        of = kind.np if half else None
        if sizes[2] == 1:
            loop(f"scans.{_LOOPS[f]}_rows", of)(*both, sizes[1])
        else:
            loop(f"scans.{_LOOPS[f]}_columns", of)(*both, *sizes[1:], 0, sizes[2])
        return done
    if input.ndim:
        array = quietly(_by_numpy, f, array, d, kind)
    done = finish(array, kind, out)
    if key is not None and 0 < done.form.count < MANY and input.ndim and not kind.is_half:
        _few.keep(key, (d, done.form))
    return done


def _read_as_half(input: Tensor) -> bool:
    """Whether loops can read and write the many numbers of a half type where they lie."""
    many = input.form.contiguous and input.form.count >= MANY and input.array.flags.carray
    return many and read_by_loops(input.dtype.np)


def _sizes(array: Array, dim: int, kind: Dtype, half: bool) -> tuple[int, int, int] | None:
    """`folded` around `dim`, of an array that loops take: of float32, or of a half type that they
    read where it lies.
    """
    if half:
        return fold(array.shape, (dim,))
    return folded(array, (dim,)) if kind is dtypes.float32 else None


def _by_numpy(f: np.ufunc, array: Array, dim: int, kind: Dtype) -> Array:
    """The running result; of float32 in float64. Sums start at 0, so none is -0.0."""
    values = f.accumulate(array, dim, np.float64 if kind is dtypes.float32 else array.dtype)
    return np.add(values, 0, values) if f is np.add and kind.is_floating_point else values


_few = Plans[tuple[int, Form]]()
"""By ufunc, form and dim of a scan of few elements in their own dtype: the wrapped dim, and the
form of the result."""

_SUMS = Swift("running_sums")
"""Sums of few, with the bits that NumPy leaves."""


def _met_again(f: np.ufunc, input: Tensor, dim: int, form: Form) -> Tensor:
    """The running result of a tensor that `_few` knows."""
    done = blank(form)
    a, out, swift = input.array, done.array, input.form.swift
    if f is np.add and swift is not None and not kernels.waiting:
        _ = _SUMS[swift](a, out, form.shape[dim], form.stride[dim])
    else:
        run_quietly(lambda: np.copyto(out, _by_numpy(f, a, dim, form.dtype)))
    return done


@op("contiguous", inplace=True)
def cumsum(
    input: Tensor, dim: int, *, dtype: Dtype | None = None, out: Tensor | None = None
) -> Tensor:
    """The sums of the elements so far along `dim`; bools and integers count in int64."""
    return _scan("cumsum", np.add, input, dim, summed_dtype(input, dtype, out), out)


cumsum.vjp(input=lambda g, dim: cumsum_backward(g, dim))
cumsum.jvp("linear")


def cumsum_backward(g: Tensor, dim: int) -> Tensor:
    """The running sum of the gradients from the end."""
    if g.numel() <= 1 or g.shape[dim] == 1:
        return g
    return g.flip(dim).cumsum(dim).flip(dim)


@op("contiguous", inplace=True)
def cumprod(
    input: Tensor, dim: int, *, dtype: Dtype | None = None, out: Tensor | None = None
) -> Tensor:
    """The products of the elements so far along `dim`; bools and integers count in int64."""
    return _scan("cumprod", np.multiply, input, dim, summed_dtype(input, dtype, out), out)


cumprod.vjp(input=lambda g, input, out, dim: cumprod_backward(g, input, out, dim))


def cumprod_backward(g: Tensor, input: Tensor, out: Tensor, dim: int) -> Tensor:
    """The gradient of running products: a division, or around zeros a product of the others."""
    if input.numel() <= 1 or input.shape[dim] == 1:
        return g
    d = wrap_dim(dim, input.ndim)
    if input.array.all():
        return cumsum_backward(out * g, d) / input
    if not (is_grad_enabled() or g.is_batch):
        return stored(quietly(_around_zeros, values_of(g), values_of(input), d), g.dtype)
    n = input.sizes[d]
    ones = stored(np.ones(reduced(g.sizes, (d,), True), g.dtype.np), g.dtype)
    slices: list[Tensor] = []
    for k in range(n):  # the products from k on with the k-th factor left out
        before = input.narrow(d, 0, k).prod(d, True) if k else ones
        rest = [before]
        if k < n - 1:
            rest.append(before * input.narrow(d, k + 1, n - k - 1).cumprod(d))
        slices.append((g.narrow(d, k, n - k) * cat(rest, d)).sum(d))
    return stack(slices, d)


def _around_zeros(g: Array, x: Array, dim: int) -> Array:
    """In linear time: elements before a row's first zero divide, the zero itself takes the products
    without it up to the next one, and whatever follows has none."""
    seen = np.cumsum(x == 0, dim)
    first = (x == 0) & (seen == 1)
    without = np.multiply.accumulate(np.where(first, x.dtype.type(1), x), dim)
    contributions = np.where(seen <= 1, g * without, 0)
    before = _reversed_sum(np.where(seen == 0, contributions, 0), dim)
    at = _reversed_sum(np.where(seen == 1, contributions, 0), dim)
    return np.where(seen == 0, before / x, np.where(first, at, 0))


def _reversed_sum(a: Array, dim: int) -> Array:
    return np.flip(np.add.accumulate(np.flip(a, dim), dim), dim)


def _check_type(out: Tensor, dtype: Dtype) -> None:
    """Raise RuntimeError where `out` has another dtype. Source: TensorUtils.cpp."""
    if out.dtype is not dtype:
        expected, found = dtype.aten_name, out.dtype.aten_name
        raise RuntimeError(f"expected scalar_type {expected} but found {found}")


def _running(
    name: str, f: np.ufunc, input: Tensor, dim: int, out: Pair | None
) -> tuple[Tensor, Tensor]:
    """The extremes so far and where they are: of equal ones, or NaN, the last."""
    if not input.ndim and dim not in (0, -1):
        raise IndexError(f"{name}(): Expected reduction dim -1 or 0 for scalar but got {dim}")
    d = wrap_dim(dim, input.ndim)
    half = out is None and _read_as_half(input)
    array = input.array if half else values_of(input)
    sizes = _sizes(array, d, input.dtype, half) if input.ndim else None
    if sizes is not None:
        pair = [
            empty(input.sizes, contiguous(input.sizes), dtype)
            for dtype in (input.dtype, dtypes.int64)
        ]
        values, indices = [t.array for t in pair]
        three = array, values, indices
        sign = np.float32(1 if f is np.maximum else -1)
        of = input.dtype.np if half else None
        if sizes[2] == 1:
            loop("scans.extreme_rows", of)(*three, sizes[1], sign)
        else:
            loop("scans.extreme_columns", of)(*three, *sizes[1:], sign, 0, sizes[2])
        if out is None:
            return pair[0], pair[1]
    elif input.ndim and input.numel():
        so_far = quietly(f.accumulate, array, d)
        column: Shape = (-1, *(1,) * (array.ndim - d - 1))
        places = np.arange(input.sizes[d]).reshape(column)
        hit = (array == so_far) | (array != array)
        indices = np.maximum.accumulate(np.where(hit, places, 0), d)
        values = np.take_along_axis(array, indices, d)
    else:
        values, indices = array, np.zeros(array.shape, np.int64)
    if out is not None:
        kinds = (input.dtype, dtypes.int64)
        for t, kind in zip(out, kinds, strict=True):
            _check_type(t, kind)
        for t, kind in zip(out, kinds, strict=True):
            _ = exact_result_for(t, input.sizes, kind, apart=False)
    first, second = out if out is not None else (None, None)
    first_done = finish(values, input.dtype, first, apart=False)
    return first_done, finish(indices, dtypes.int64, second, apart=False)


@op("contiguous")
def cummax(input: Tensor, dim: int, *, out: Pair | None = None) -> return_types.cummax:
    """The largest elements so far along `dim` and the indices where they stand last."""
    return return_types.cummax(*_running("cummax", np.maximum, input, dim, out))


cummax.vjp(
    input=lambda g_values, input, indices, dim: extreme_so_far_backward(
        g_values, input, indices, dim
    )
)
cummax.jvp(input=lambda t, dim, indices: t.gather(dim, indices))


@op("contiguous")
def cummin(input: Tensor, dim: int, *, out: Pair | None = None) -> return_types.cummin:
    """The smallest elements so far along `dim` and the indices where they stand last."""
    return return_types.cummin(*_running("cummin", np.minimum, input, dim, out))


cummin.vjp(
    input=lambda g_values, input, indices, dim: extreme_so_far_backward(
        g_values, input, indices, dim
    )
)
cummin.jvp(input=lambda t, dim, indices: t.gather(dim, indices))


def extreme_so_far_backward(g: Tensor, input: Tensor, indices: Tensor, dim: int) -> Tensor:
    """The gradients added up where each extreme stands; without elements the input itself."""
    if not input.numel():
        return input
    return zeros(g, input.sizes).scatter_add(dim, indices, g)


@op("contiguous")
def logcumsumexp(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """The logarithms of the sums of exp(elements) so far along `dim`, safe for large values."""
    _ = wrap_dim(dim, input.ndim)
    if out is not None:
        _check_type(out, input.dtype)
    if not input.dtype.is_floating_point and input.numel():
        raise not_implemented("logcumsumexp_out_cpu", input.dtype)
    return _scan("logcumsumexp", np.logaddexp, input, dim, input.dtype, out)


logcumsumexp.vjp(input=lambda g, input, out, dim: logcumsumexp_backward(g, input, out, dim))
logcumsumexp.jvp(input=lambda t, input, dim: _weighted_so_far(t, input, dim))


def _weighted_so_far(t: Tensor, input: Tensor, dim: int) -> Tensor:
    """The means of `t` so far, weighted by exp(input). Source: logcumsumexp_jvp, ATen's eps."""
    if not input.numel():
        return t.clone()
    weight = (input - input.amax(dim, True)).exp()
    return (weight * t).cumsum(dim) / (weight.cumsum(dim) + 1e-13)


def logcumsumexp_backward(g: Tensor, input: Tensor, out: Tensor, dim: int) -> Tensor:
    """The gradient in logarithms, its positive and its negative part apart.

    Source: logcumsumexp_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    if not g.ndim or not g.numel():
        return g
    least = dtypes.finfo(g.dtype).min
    size = g.abs().log()

    def part(wanted: Tensor) -> Tensor:
        log = size.masked_fill(wanted.logical_not(), least)
        return ((log - out).flip(dim).logcumsumexp(dim).flip(dim) + input).exp()

    return part(g > 0) - part(g < 0)


def check_joinable(input: Tensor, other: Tensor, dim: int) -> None:
    """Nothing, when diff may join them along `dim`. Raises: RuntimeError where shapes differ."""
    if other.ndim != input.ndim:
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    for i, (size, found) in enumerate(zip(input.sizes, other.sizes, strict=True)):
        if i != dim and size != found:
            raise RuntimeError(
                "diff expects the shape of tensor to prepend or append to match that of input "
                f"except along the differencing dimension; input.size({i}) = {size}, but got "
                f"tensor.size({i}) = {found}"
            )


@composite()
def diff(
    input: Tensor,
    n: int = 1,
    dim: int = -1,
    prepend: Tensor | None = None,
    append: Tensor | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The n-th differences of neighbours along `dim`; of bools, whether they differ.

    With `n` 0 a copy of `input`, without what is to be joined to it.
    Source: diff, aten/src/ATen/native/ReduceOps.cpp.
    """
    if not input.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    d = wrap_dim(dim, input.ndim) if n or prepend is not None or append is not None else 0
    for t in (prepend, append):
        if t is not None:
            check_joinable(input, t, d)
    if n == 0:
        if out is not None and out.dtype is not input.dtype:
            found, expected = out.dtype.aten_name, input.dtype.aten_name
            raise RuntimeError(f"expected scalar_type {expected} but found {found}")
        same = empty(input.sizes, like(input.sizes, input.strides), input.dtype)
        return (same if out is None else out.resize_(input.sizes)).copy_(input)
    parts = [t for t in (prepend, input, append) if t is not None]
    joined = cat(parts, d) if len(parts) > 1 else input
    step = logical_xor if input.dtype.category == 0 else sub
    steps = min(n, joined.sizes[d])
    for at in range(steps):
        size = max(joined.sizes[d] - 1, 0)
        later, earlier = joined.narrow(d, joined.sizes[d] - size, size), joined.narrow(d, 0, size)
        joined = step(later, earlier, out=out if at == steps - 1 else None)
    return joined
