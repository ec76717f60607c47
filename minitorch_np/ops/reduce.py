"""Sums and their kin: dimensions folded into one value each.

Source: aten/src/ATen/native/ReduceOps.cpp; rules from torch/csrc/autograd/FunctionsManual.cpp.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, kernels, strides
from minitorch_np.casts import read_by_loops
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.form import Form, Plans, form_of
from minitorch_np.graph.modes import Creation, is_grad_enabled, state
from minitorch_np.kernels.large import MANY, SHORT, fold, folded, loop
from minitorch_np.loops import (
    check_dtype,
    check_overlap,
    finish,
    not_implemented,
    quietly,
    reduce,
)
from minitorch_np.op import Swift, composite, op
from minitorch_np.ops.join import cat
from minitorch_np.ops.view import expand, unsqueeze
from minitorch_np.overloads import unfitting
from minitorch_np.quiet import quiet
from minitorch_np.shapes import Shape, is_expandable, need_bool, reduced, wrap_dim, wrap_dims
from minitorch_np.tensor import Tensor, blank, empty, method, stored, view_of

__all__ = [
    "all", "any", "count_nonzero", "logsumexp", "mean", "nansum", "prod", "sum",
]  # fmt: skip

Array = NDArray[np.generic]
Dims = int | Sequence[int] | None

_IN_PAIRS = 128
"""Terms that NumPy adds up without halving them first."""

LONG = 256
"""Terms from which float32 sums across rows are taken in float64."""


MAX_DIMS = 64
"""Of a tensor that is reduced: as many as an integer has bits."""


def dims_of(dim: Dims, ndim: int) -> tuple[int, ...]:
    """The wrapped dims of a reduction; None and () mean all of them."""
    if ndim > MAX_DIMS:
        raise RuntimeError(f"only tensors with up to {MAX_DIMS} dims are supported")
    if dim is None:
        return _ALL[ndim] if ndim < len(_ALL) else tuple(range(ndim))
    if isinstance(dim, int):
        return (wrap_dim(dim, ndim),) if ndim else wrap_dims((dim,), ndim)[:0]
    wrapped = wrap_dims(tuple(dim), ndim)
    return wrapped if wrapped and ndim else tuple(range(ndim))


_ALL = tuple([tuple(range(ndim)) for ndim in range(5)])
"""The dims of small tensors, so that a full reduction need not count them."""


def everything(dim: Dims) -> bool:
    """Whether `dim` stands for all dims without naming one."""
    return dim is None or (not isinstance(dim, int) and not len(dim))


def count(shape: Shape, dim: Dims) -> int:
    """The number of elements that become one."""
    n = 1
    for d in dims_of(dim, len(shape)):
        n *= shape[d]
    return n


def widened(input: Tensor, dtype: Dtype | None) -> Dtype:
    """The dtype in which sums and products are taken: integers and bools as int64."""
    return dtype or (input.dtype if input.dtype.is_floating_point else dtypes.int64)


def summed_dtype(input: Tensor, dtype: Dtype | None, out: Tensor | None) -> Dtype:
    """The dtype of a sum: the one asked for, that of `out`, or the widened one."""
    if out is None:
        return widened(input, dtype)
    kind = dtype or out.dtype
    check_dtype(out, kind)
    return kind


def summands(input: Tensor, kind: Dtype) -> Tensor:
    """The elements as a sum in `kind` takes them: rounded to a half type before, not only after."""
    if kind.is_half and input.dtype is not kind:
        return stored(quietly(input.array.astype, kind.np), kind)
    return input


def total(a: Array, axes: tuple[int, ...]) -> Array:
    """The sum over `axes`.

    NumPy sums in pairs along the fastest axis alone, and one after the other along the rest;
    PyTorch sums in pairs always. Long float32 sums of the second kind are taken in float64.
    """
    if a.size >= MANY:
        values = large_total(a, axes, "sum")
        if values is not None:
            return values
    if a.size >= LONG and a.dtype == np.float32 and axes != (a.ndim - 1,):
        many = 1
        for axis in axes:
            many *= a.shape[axis]
        if many >= LONG and not (len(axes) == a.ndim and a.flags.c_contiguous):
            return np.add.reduce(a, axes, dtype=np.float64)
    return np.add.reduce(a, axes)


def large_total(a: Array, axes: tuple[int, ...], name: str) -> Array | None:
    """The 'sum', the 'nansum' or the sum of 'squares' over `axes` by a compiled loop, or None."""
    if a.ndim == 2 and len(axes) == 1 and a.flags.f_contiguous:
        a, axes = a.T, (1 - axes[0],)
    sizes = folded(a, axes)
    if sizes is None or (name == "squares" and sizes[2] > 1):
        return None
    values = np.empty(a.shape[: min(axes)] + a.shape[max(axes) + 1 :], a.dtype)
    if sizes[2] == 1:
        loop(f"reductions.{name}_rows")(a, values)
    else:
        loop("reductions.columns")(a, values, sizes[2], name == "sum", 0, sizes[2])
    return values


_folds = Plans[tuple[tuple[int, ...], Form]]()
"""By ufunc, form, dim and keepdim of a reduction that NumPy makes in one call: its dims, and the
result's form."""


def at_once(f: np.ufunc, input: Tensor, dim: Dims, keepdim: bool) -> Tensor | None:
    """A reduction by `f` of a tensor and a dim that `remembered` knows; None of others."""
    if (dim is None or type(dim) is int) and (keepdim is False or keepdim is True):
        known = _folds.get((f, input.form, dim, keepdim))  # 1, 1.0 and True are one key
        if known is not None:
            dims, form = known
            done = blank(form)
            quiet.run(f.reduce, input.array, dims, None, done.nd, keepdim)
            return done
    return None


def remembered(f: np.ufunc, input: Tensor, dim: Dims, keepdim: bool, done: Tensor) -> Tensor:
    """A reduction; and that NumPy alone makes the same is kept, if there are few elements, and of a
    dtype in which `f` gives the result."""
    if (dim is None or type(dim) is int) and input.form.count < MANY and not input.dtype.is_half:
        dims = dims_of(dim, len(input.sizes))
        _folds.keep((f, input.form, dim, keepdim), (dims, done.form))
    return done


_sums = Plans[tuple[tuple[int, ...], Form, int]]()
"""By form, dim and keepdim of a sum that is one call: its dims, the result's form, and how many
columns a compiled loop takes side by side (1 for rows). Few terms are NumPy's: 0, or a key of
`_SMALL`, which has loops for them once compiled code is loaded."""

_ROWS, _COLUMNS = -1, -2
_SMALL = {_ROWS: Swift("sum_rows"), _COLUMNS: Swift("sum_columns")}
"""Sums in NumPy's order."""


def _columns_at_once(input: Tensor, dims: tuple[int, ...]) -> int | None:
    """The number for `_sums`, None where `total` has more to decide."""
    many = 1
    for d in dims:
        many *= input.sizes[d]
    if input.numel() < MANY:
        if many >= LONG or input.dtype.is_half:
            return None
        last = input.ndim - 1
        if input.form.swift is None or not dims or len(dims) not in (1, input.ndim):
            return 0
        if len(dims) == input.ndim or dims[0] == last:
            return _ROWS if many <= _IN_PAIRS else 0
        return 0 if dims[0] else _COLUMNS
    sizes = folded(input.array, dims)
    return None if sizes is None else sizes[2]


def _by_one_call(
    array: Array, known: tuple[tuple[int, ...], Form, int], keepdim: bool
) -> Tensor | None:
    """A sum that `_sums` knows; None where the loop cannot read the array as it lies."""
    axes, form, wide = known
    if wide <= 0:
        done = blank(form)
        if wide and not kernels.waiting:
            _ = _SMALL[wide][array.itemsize // 8](array, done.nd)
        else:
            quiet.run(np.add.reduce, array, axes, None, done.nd, keepdim)
        return done
    if not array.flags.carray:  # read-only or misaligned
        return None
    done = blank(form)
    if wide == 1:
        loop("reductions.sum_rows")(array, done.array)
    else:
        loop("reductions.columns")(array, done.array, wide, True, 0, wide)
    return done


def _narrow_sum(input: Tensor, dims: tuple[int, ...], keepdim: bool) -> Tensor | None:
    """The sum of many of a half type by a compiled loop that reads it; None where none does."""
    a = input.array
    if a.size < MANY or not read_by_loops(a.dtype):
        return None
    axes = dims
    if a.ndim == 2 and len(dims) == 1 and a.flags.f_contiguous:
        a, axes = a.T, (1 - dims[0],)
    sizes = fold(a.shape, axes) if a.flags.carray else None
    if sizes is None or (sizes[2] > 1 and sizes[1] <= _DEEP):
        return None
    shape = reduced(input.sizes, dims, keepdim)
    done = empty(shape, strides.reduction(shape), input.dtype)
    if sizes[2] == 1:
        loop("reductions.sum_rows", a.dtype)(a, done.array)
    else:
        loop("reductions.columns", a.dtype)(a, done.array, sizes[2], True, 0, sizes[2])
    return done


_DEEP = 64
"""As in kernels.reductions: rows up to which `columns` adds to its result, which may not be of a
half type then."""


def few_summed(terms: Array, form: Form, dim: Dims, keepdim: bool) -> Tensor | None:
    """The sum of few terms that lie as a tensor of this contiguous form; None if no sum of such a
    tensor was noted."""
    if (dim is None or type(dim) is int) and (keepdim is False or keepdim is True):
        known = _sums.get((form, dim, keepdim))
        if known is not None and known[2] <= 0:
            return _by_one_call(terms, known, keepdim)
    return None


def noted_sum(input: Tensor, dim: Dims, keepdim: bool, done: Tensor) -> Tensor:
    """A sum, or what became of it; and how it is made by one call, if it can be, is kept."""
    if dim is None or type(dim) is int:
        dims = dims_of(dim, len(input.sizes))
        wide = _columns_at_once(input, dims)
        if wide is not None:
            _sums.keep((input.form, dim, keepdim), (dims, done.form, wide))
    return done


@op("reduction", node=lambda dim, keepdim: f"SumBackward{0 if dim is None and not keepdim else 1}")
def sum(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The sum over `dim`, or over everything; bools and integers count in int64."""
    if keepdim is not False and keepdim is not True:  # 1 is the same key as True
        need_bool(keepdim)
    if dtype is None and out is None and (dim is None or type(dim) is int):
        known = _sums.get((input.form, dim, keepdim))
        if known is not None:
            done = _by_one_call(input.array, known, keepdim)
            if done is not None:
                return done
    dims = dims_of(dim, len(input.sizes))
    if dtype is None and out is None and input.dtype.is_floating_point:
        if input.dtype.is_half and (done := _narrow_sum(input, dims, keepdim)) is not None:
            return done
        return noted_sum(
            input, dim, keepdim, reduce(total, input, dims, keepdim, dtype=input.dtype)
        )
    kind = summed_dtype(input, dtype, out)
    return reduce(total, summands(input, kind), dims, keepdim, dtype=kind, out=out)


sum.vjp(input=lambda g, input_shape, dim, keepdim: spread(g, input_shape, dim, keepdim))
sum.jvp("linear")


def restored(t: Tensor, ndim: int, dim: Dims, keepdim: bool) -> Tensor:
    """A reduction's result with its reduced dims back, of size 1. Source: unsqueeze_multiple."""
    if keepdim or everything(dim) or not ndim:
        return t
    for d in sorted(dims_of(dim, ndim)):
        t = unsqueeze(t, d)
    return t


def spread(g: Tensor, shape: Shape, dim: Dims, keepdim: bool) -> Tensor:
    """A reduction's gradient, expanded over the dims that were reduced. Source: sum_backward."""
    return expand(restored(g, len(shape), dim, keepdim), shape)


_without_rows = Plans[Form]()
"""The forms of tensors without their first dimension."""


@method
def rows_summed(input: Tensor) -> Tensor:
    """The sum over the first dimension, as it undoes the broadcast of a bias: a view of a sum that
    kept it, recorded as PyTorch records it."""
    if state.route:
        return sum(input, 0, True).view(input.sizes[1:])
    known = _sums.get((input.form, 0, True))
    kept = None if known is None else _by_one_call(input.array, known, True)
    if kept is None:
        kept = sum(input, 0, True)
    form = _without_rows.get(kept.form)
    if form is None:
        form = form_of(kept.sizes[1:], kept.strides[1:], kept.dtype)
        _without_rows.keep(kept.form, form)
    view = view_of(kept, form, 0)
    view.creation = Creation.NO_GRAD_MODE
    return view


@composite(variadic="size")
def sum_to_size(input: Tensor, size: Shape) -> Tensor:
    """The tensor summed to `size`, undoing a broadcast. Source: ATen/ExpandUtils.h sum_to."""
    shape = tuple(size)
    if not shape:
        return sum(input)
    if shape == input.sizes:
        return input
    lead = len(input.sizes) - len(shape)
    if lead == 1 and shape == input.sizes[1:]:
        return rows_summed(input)
    if not is_expandable(shape, input.sizes):
        raise RuntimeError(
            f"size {{{list(shape)}}} is not expandable to size {{{list(input.sizes)}}}."
        )
    dims = list(range(lead))
    dims += [i for i in range(lead, input.ndim) if shape[i - lead] == 1 != input.sizes[i]]
    summed = sum(input, dims, True) if dims else input
    return summed.view(shape) if lead else summed


@op("reduction")
def nansum(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The sum over `dim` with NaN counted as 0."""
    kind = summed_dtype(input, dtype, out)
    if dtype is None and input.dtype.is_floating_point and not kind.is_floating_point:
        raise not_implemented("nansum_cpu", kind)

    def f(a: Array, axes: tuple[int, ...]) -> Array:
        values = large_total(a, axes, "nansum")
        return total(np.where(np.isnan(a), a.dtype.type(0), a), axes) if values is None else values

    given = summands(input, kind)
    return reduce(f, given, dims_of(dim, input.ndim), keepdim, dtype=kind, out=out)


nansum.vjp(
    input=lambda g, input, dim, keepdim: (
        spread(g, input.sizes, dim, keepdim) * input.isnan().logical_not()
    )
)
nansum.jvp(input=lambda t, input, dim, keepdim: t.masked_fill(input.isnan(), 0).sum(dim, keepdim))


@op("reduction", node=lambda dim, keepdim: f"MeanBackward{0 if dim is None and not keepdim else 1}")
def mean(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The mean over `dim`, or over everything; half types round once, after the division."""
    plain = dtype is None and out is None and (dim is None or type(dim) is int)
    if plain and (keepdim is False or keepdim is True):
        known = _sums.get((input.form, dim, keepdim))
        done = None if known is None else _by_one_call(input.array, known, keepdim)
        if done is not None:
            times = input.numel() // max(1, done.numel())
            quiet.run(np.true_divide, done.array, input.array.dtype.type(times), done.array)
            return done
    kind = dtype or input.dtype
    if not kind.is_floating_point:
        which = "Input" if dtype is None else "Optional"
        raise NotImplementedError(
            f"mean(): could not infer output dtype. {which} dtype must be either a floating point "
            f"or complex dtype. Got: {kind.aten_name}"
        )
    if out is not None:  # ATen divides it in place
        if dim is None and not keepdim and not dtypes.can_cast(kind, out.dtype):
            raise RuntimeError(
                "mean.dtype_out(): input types can't be cast to the desired output type "
                f"{out.dtype.aten_name}"
            )
        if not out.dtype.is_floating_point:  # sums become a quotient, there
            raise RuntimeError(
                f"result type {dtypes.get_default_dtype().aten_name} can't be cast to the desired "
                f"output type {out.dtype.aten_name}"
            )
        check_overlap(out, ())
    dims = dims_of(dim, input.ndim)
    n = count(input.sizes, dims) if dims else 1

    def f(a: Array, axes: tuple[int, ...]) -> Array:
        return np.true_divide(total(a, axes), a.dtype.type(n))

    done = reduce(f, input, dims, keepdim, dtype=kind, out=out)
    return noted_sum(input, dim, keepdim, done) if plain else done


mean.vjp(
    input=lambda g, input_shape, dim, keepdim: (
        spread(g, input_shape, dim, keepdim) / count(input_shape, dim)
    )
)
mean.jvp("linear")


@op("reduction", node=lambda dim: f"ProdBackward{0 if dim is None else 1}")
def prod(
    input: Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The product over one dimension, or over everything."""
    if dim is not None and not isinstance(dim, int):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise unfitting("prod", input, dim)
    dims = tuple(range(input.ndim)) if dim is None else dims_of(dim, input.ndim)
    kind = summed_dtype(input, dtype, out)
    given = summands(input, kind)
    return reduce(product, given, dims, keepdim, dtype=kind, out=out)


def product(a: Array, axes: tuple[int, ...]) -> Array:
    """The product over `axes`."""
    sizes = folded(a, axes)
    return np.multiply.reduce(a, axes) if sizes is None else looped("product", a, axes, sizes)


def looped(name: str, a: Array, axes: tuple[int, ...], sizes: tuple[int, int, int]) -> Array:
    """`a` folded over `axes` by the compiled loops of a name; `sizes` are what `folded` says."""
    values = np.empty(a.shape[: min(axes)] + a.shape[max(axes) + 1 :], a.dtype)
    inner = sizes[2]
    if inner == 1:
        loop(f"reductions.{name}_rows")(a, values)
    else:
        loop(f"reductions.{name}_columns")(a, values, inner, 0, inner)
    return values


prod.vjp(
    input=lambda g, input, out, dim, keepdim: prod_backward(g, input.to(g.dtype), out, dim, keepdim)
)
prod.jvp(
    input=lambda t, input, out, dim, keepdim: prod_pushed(t, input.to(t.dtype), out, dim, keepdim)
)


def prod_pushed(t: Tensor, input: Tensor, out: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    """The tangent of a product: each element's times the product of all others, summed."""
    slope = prod_backward(out.new_ones(out.sizes), input, out, dim, keepdim)
    return (slope * t).sum(dim, keepdim)


def prod_backward(g: Tensor, input: Tensor, out: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    """The gradient of a product: a division, or two running products where a factor is 0."""
    if not input.ndim:
        return g
    if dim is not None:
        d = wrap_dim(dim, input.ndim)
        g, out = (g, out) if keepdim else (g.unsqueeze(d), out.unsqueeze(d))
        if input.array.all():
            return g * (out / input)
        return _prod_around_zeros(g, input, d)
    zeros = int(np.count_nonzero(input.array == 0))
    if not zeros:
        return g * (out / input)
    if zeros > 1 and not is_grad_enabled():
        return stored(np.zeros(input.sizes, input.dtype.np), input.dtype)
    return _prod_around_zeros(g, input.contiguous().view(-1), 0).view(input.sizes)


def _prod_around_zeros(g: Tensor, input: Tensor, dim: int) -> Tensor:
    """g times the product of all other factors: of those before, and of those after."""
    size = input.sizes[dim]
    if not input.numel():
        return g.expand(input.sizes)
    if size == 1:
        return g
    ones = stored(np.ones(reduced(input.sizes, (dim,), True), input.dtype.np), input.dtype)
    before = cat([ones, input.narrow(dim, 0, size - 1)], dim)
    after = cat([ones, input.narrow(dim, 1, size - 1).flip(dim)], dim)
    return g * (before.cumprod(dim) * after.cumprod(dim).flip(dim))


def _truth(input: Tensor, dim: Dims, keepdim: bool, out: Tensor | None, name: str) -> Tensor:
    """Whether all or any elements are nonzero. uint8 answers in uint8, for history's sake."""
    f = np.logical_and if name == "all" else np.logical_or
    done = at_once(f, input, dim, keepdim) if out is None else None
    if done is not None:
        return done
    kind = dtypes.uint8 if input.dtype is dtypes.uint8 else dtypes.bool_
    if out is not None and out.dtype not in (dtypes.bool_, dtypes.uint8):
        raise RuntimeError(
            f"{name} only supports bool tensor for result, got: {out.dtype.aten_name}"
        )
    ndim = input.ndim
    none = dim is not None and not isinstance(dim, int) and not len(dim)
    dims = () if none else dims_of(dim, ndim)
    values = input.array
    if out is not None:  # a given uint8 buffer converts the elements first, and cuts fractions to 0
        values = quietly(values.astype, out.dtype.np) != 0
    elif input.dtype is not dtypes.bool_:
        values = quietly(values.astype, np.bool_)
    if keepdim is not False:
        need_bool(keepdim)
    shape = reduced(input.sizes, dims, keepdim)
    if dims or not none:
        values = f.reduce(values, dims).reshape(shape)
    done = finish(values, kind if out is None else out.dtype, out, apart=False)
    plain = out is None and input.dtype is dtypes.bool_
    return remembered(f, input, dim, keepdim, done) if plain else done


@op("reduction", differentiable=False)
def all(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """Whether every element is nonzero, over `dim` or everything. NaN is nonzero."""
    return _truth(input, dim, keepdim, out, "all")


@op("reduction", differentiable=False)
def any(
    input: Tensor, dim: Dims = None, keepdim: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """Whether some element is nonzero, over `dim` or everything. NaN is nonzero."""
    return _truth(input, dim, keepdim, out, "any")


@op("reduction", differentiable=False)
def count_nonzero(input: Tensor, dim: Dims = None) -> Tensor:
    """The number of elements that are not 0, in int64."""
    dims = dims_of(dim, input.ndim)
    values = np.add.reduce(quietly(input.array.astype, np.bool_), dims, dtype=np.int64)
    return finish(np.asarray(values), dtypes.int64, None)


@op("reduction")
def logsumexp(
    input: Tensor, dim: int | Sequence[int], keepdim: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """log(sum(exp(input))) over `dim`, safe for large values; integers give the default dtype."""
    floating = input.dtype.is_floating_point
    kind = input.dtype if floating else dtypes.get_default_dtype()
    if out is not None and not out.dtype.is_floating_point:
        raise RuntimeError(
            "logsumexp(): Expected floating point type for result tensor, but got: "
            f"{out.dtype.aten_name}"
        )
    if everything(dim) and input.ndim and input.numel() and not keepdim:
        ones = [1] * input.ndim  # ATen squeezes no dims where it should squeeze all
        raise RuntimeError(f"output with shape [] doesn't match the broadcast shape {ones}")
    if out is not None:  # ATen takes its logarithm in place
        check_overlap(out, ())

    def f(a: Array, axes: tuple[int, ...]) -> Array:
        if not a.size:
            return np.log(np.add.reduce(a, axes))
        sizes = folded(a, axes)
        if sizes is not None:
            values = np.empty(a.shape[: min(axes)] + a.shape[max(axes) + 1 :], a.dtype)
            _, n, inner = sizes
            if n * inner <= SHORT:
                a = np.ascontiguousarray(a.reshape(-1, n, inner).swapaxes(0, 1))
                inner = values.size
            if inner == 1:
                loop("reductions.logsumexp_rows")(a, values)
            else:
                loop("softmax.logsumexp_columns")(a, values, n, inner, 0, inner)
            return values
        most = np.maximum.reduce(a, axes, keepdims=True)
        most = np.where(np.isinf(most), a.dtype.type(0), most)
        summed = total(np.exp(a - most), axes)
        return np.log(summed) + most.reshape(np.shape(summed))

    return reduce(f, input, dims_of(dim, input.ndim), keepdim, dtype=kind, out=out)


logsumexp.vjp(
    input=lambda g, input, out, dim, keepdim: (
        restored(g, input.ndim, dim, keepdim)
        * (input - restored(out, input.ndim, dim, keepdim)).exp()
    )
)
logsumexp.jvp(
    input=lambda t, input, out, dim, keepdim: (
        t * (input - restored(out, input.ndim, dim, keepdim)).exp()
    ).sum(dim, keepdim)
)
