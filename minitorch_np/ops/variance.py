"""Variance and standard deviation, computed in float64 and rounded once, as PyTorch does.

Source: std_var_out, aten/src/ATen/native/ReduceOps.cpp; WelfordOps, native/SharedReduceOps.h.
"""

import math
import warnings

import numpy as np
from numpy.typing import NDArray

from minitorch_np.flight import depth
from minitorch_np.form import Form, Plans
from minitorch_np.kernels.large import MANY, dense, folded, loop
from minitorch_np.loops import finish, quietly
from minitorch_np.op import op
from minitorch_np.ops.copy import zeros
from minitorch_np.ops.reduce import Dims, count, dims_of, everything, restored, spread, total
from minitorch_np.quiet import run_quietly
from minitorch_np.shapes import need_bool, numel, reduced
from minitorch_np.tensor import Number, Tensor, blank

__all__ = ["std", "std_mean", "var", "var_mean"]

Array = NDArray[np.generic]


def correction_of(dim: Dims | bool, unbiased: bool | None, correction: Number | None) -> Number:
    """What is subtracted from the number of elements, of the three ways to say it."""
    if isinstance(dim, bool):
        unbiased = dim
    if correction is not None:
        return correction
    if unbiased is None:
        return 1
    need_bool(unbiased)
    return int(unbiased)


def named(dim: Dims | bool, keepdim: bool = False) -> Dims:
    """The dims; a bool in their place is `unbiased`, and all dims are meant.

    Raises: TypeError where dims are to be kept that none names; recorders have PyTorch's words.
    """
    if not isinstance(dim, bool):
        return dim
    if keepdim:
        raise TypeError
    return None


def moments(
    name: str, input: Tensor, dim: Dims, keepdim: bool, correction: Number, root: bool
) -> tuple[Array, Array]:
    """The variances (their roots, if asked) and the means, in float64 and the result's shape.

    Distances are from the mean in float64, but for a single number from the mean in the input's
    dtype. Source: std_var_all_cpu, ReduceOps.cpp.
    """
    if not input.dtype.is_floating_point:
        what = name if name.endswith("mean") else "std and var"
        raise NotImplementedError(f"{what} only support floating point and complex dtypes")
    dims = dims_of(dim, input.ndim)
    if keepdim is not False:
        need_bool(keepdim)
    shape = reduced(input.sizes, dims, keepdim)
    n = count(input.sizes, dims)
    if (0 if 0 in shape else n) - correction <= 0:
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the "
            "reduction factor (input numel divided by output numel).",
            UserWarning,
            stacklevel=depth(),
        )

    freedom = np.float64(max(0, n - correction))  # nan as 0
    alone = numel(shape) == 1 and not input.dtype.is_half and not name.endswith("mean")

    def f() -> tuple[Array, Array]:
        given = input.array
        if alone and input.ndim and dense(given):
            middle = own_mean(given, dims, n)
            apart = loop("reductions.spread")(given, float(middle.item()))
            spreads: Array = np.asarray(apart / freedom)
            return (np.sqrt(spreads) if root else spreads).reshape(shape), middle.reshape(shape)
        spreads, middle = spreads_of(given, dims, n, alone, freedom, root)
        return spreads.reshape(shape), middle.reshape(shape)

    return quietly(f)


def spreads_of(
    given: Array, dims: tuple[int, ...], n: int, alone: bool, freedom: np.float64, root: bool
) -> tuple[Array, Array]:
    """The variances, or their roots, and the means; `alone` is for a single number."""
    sizes = None if alone else folded(given, dims)
    if sizes is None:
        wide = given.astype(np.float64)
        middle = own_mean(given, dims, n) if alone else mean_of(wide, dims, n)
        np.subtract(wide, middle, out=wide)
        np.multiply(wide, wide, out=wide)
        apart = np.add.reduce(wide, dims)
    else:
        apart, middle = apart_by_loop(given, sizes)
    spreads = np.true_divide(apart, freedom)
    return np.sqrt(spreads) if root else spreads, middle


def apart_by_loop(
    given: Array, sizes: tuple[int, int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The sums of squared distances from the means, and those; `sizes` are what `folded` says."""
    outer, _, inner = sizes
    middle, apart = np.empty(outer * inner), np.empty(outer * inner)
    if inner == 1:
        loop("reductions.spread_rows")(given, middle, apart)
    else:
        loop("reductions.spread_columns")(given, middle, apart, inner, 0, inner)
    return apart, middle


_few = Plans[tuple[Form, tuple[tuple[int, ...], int, bool, np.float64]]]()
"""By form, dim, keepdim and correction, where there are few elements and nothing to warn of: the
form of the result, and what `spreads_of` asks for."""


def one_moment(
    name: str,
    input: Tensor,
    dim: Dims,
    keepdim: bool,
    correction: Number,
    root: bool,
    out: Tensor | None,
) -> Tensor:
    """The variances over `dim`, or their roots, as a tensor."""
    plain = out is None and (dim is None or type(dim) is int) and type(keepdim) is bool
    key = (input.form, dim, keepdim, correction)
    if plain and (known := _few.get(key)) is not None:
        done = blank(known[0])
        run_quietly(_write_spreads, done.array, input.array, known[1], root)
        return done
    values, _ = moments(name, input, dim, keepdim, correction, root)
    done = finish(values, input.dtype, out, apart=False)
    if plain and input.form.count < MANY and not input.dtype.is_half:
        dims = dims_of(dim, input.ndim)
        n = count(input.sizes, dims)
        if n > correction and done.form.count:
            alone = done.form.count == 1
            _few.keep(key, (done.form, (dims, n, alone, np.float64(n - correction))))
    return done


def _write_spreads(
    out: Array, given: Array, facts: tuple[tuple[int, ...], int, bool, np.float64], root: bool
) -> None:
    np.copyto(out, spreads_of(given, *facts, root)[0].reshape(out.shape))


def own_mean(a: Array, dims: tuple[int, ...], n: int) -> Array:
    """The means over `dims`, rounded to the dtype of `a`."""
    return np.true_divide(total(a, dims), a.dtype.type(n))


def mean_of(wide: Array, dims: tuple[int, ...], n: int) -> Array:
    """The means over `dims`, which are kept.

    Equal elements are exactly their mean, as in Welford's recurrence: the distances from the first
    one are summed. And as there, it is nan where any element before the last is infinite.
    """
    if not n:
        return np.add.reduce(wide, dims, keepdims=True) / np.float64(0)
    first = end_of(wide, dims, slice(1))
    first = np.where(np.isfinite(first), first, 0)
    middle = first + np.add.reduce(wide - first, dims, keepdims=True) / np.float64(n)
    if np.isfinite(middle).all():
        return middle
    last = ~np.isfinite(end_of(wide, dims, slice(-1, None)))
    before = np.add.reduce(~np.isfinite(wide), dims, keepdims=True) - last
    return np.where(before, np.nan, middle)


def end_of(a: Array, dims: tuple[int, ...], end: slice) -> Array:
    """The slice `end` of each of `dims`."""
    return a[tuple([end if d in dims else slice(None) for d in range(a.ndim)])]


@op("reduction")
def var(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Number | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The variance over `dim`: squared distances from the mean, summed, divided by n - correction.

    `unbiased` True or False is a correction of 1 or 0, and may stand in the place of `dim`.
    """
    less = correction_of(dim, unbiased, correction)
    return one_moment("var", input, named(dim, keepdim), keepdim, less, False, out)


var.vjp(
    input=lambda g, input, dim, unbiased, keepdim, correction: var_backward(
        g, input, named(dim), keepdim, correction_of(dim, unbiased, correction)
    )
)


def var_backward(g: Tensor, input: Tensor, dim: Dims, keepdim: bool, correction: Number) -> Tensor:
    """2 / (n - correction) * g * (input - mean); what is not finite there is not finite here."""
    whole = not input.ndim or dim is None
    # of no dims the size is 1 here, though everything was reduced. Source: _safe_size
    freedom = (1 if everything(dim) and not whole else count(input.sizes, dim)) - correction
    if not whole and not keepdim and input.ndim > 1:
        g = restored(g, input.ndim, dim, keepdim)
    if not whole:
        factor = 2.0 / freedom if freedom else math.inf
        return factor * g * (input - input.mean(dim, True))
    middle = input.mean()
    if freedom > 0:
        return (2.0 / freedom) * g * (input - middle)
    nan, inf = zeros(g, ()).fill_(math.nan), zeros(g, ()).fill_(math.inf)
    return g * nan.where(input == middle, inf)


def var_pushed(t: Tensor, input: Tensor, dim: Dims, keepdim: bool, correction: Number) -> Tensor:
    """The tangent of the variance. Source: torchgen's derivatives.yaml, var.correction."""
    return var_backward(t, input, dim, True, correction).sum(dim, keepdim)


var.jvp(
    input=lambda t, input, dim, unbiased, keepdim, correction: var_pushed(
        t, input, named(dim), keepdim, correction_of(dim, unbiased, correction)
    )
)


@op("reduction")
def std(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Number | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The standard deviation over `dim`: the root of the variance. See `var`."""
    less = correction_of(dim, unbiased, correction)
    return one_moment("std", input, named(dim, keepdim), keepdim, less, True, out)


std.vjp(
    input=lambda g, input, out, dim, unbiased, keepdim, correction: std_backward(
        g, input, out, named(dim), keepdim, correction_of(dim, unbiased, correction)
    )
)


def std_backward(
    g: Tensor, input: Tensor, out: Tensor, dim: Dims, keepdim: bool, correction: Number
) -> Tensor:
    """The variance's gradient over twice the deviation; 0 where that is 0."""
    g_var = (g / (out * 2)).masked_fill_(out.eq(0), 0)
    return var_backward(g_var, input, dim, keepdim, correction)


def std_pushed(
    t: Tensor, input: Tensor, out: Tensor, dim: Dims, keepdim: bool, correction: Number
) -> Tensor:
    """The variance's tangent over twice the deviation; 0 where that is 0."""
    pushed = var_pushed(t, input, dim, keepdim, correction)
    return (pushed / (out * 2)).masked_fill_(out.eq(0), 0)


std.jvp(
    input=lambda t, input, out, dim, unbiased, keepdim, correction: std_pushed(
        t, input, out, named(dim), keepdim, correction_of(dim, unbiased, correction)
    )
)


@op("reduction", method=False)
def var_mean(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Number | None = None,
) -> tuple[Tensor, Tensor]:
    """The variances and the means over `dim`. See `var`."""
    less = correction_of(dim, unbiased, correction)
    values, middle = moments("var_mean", input, named(dim, keepdim), keepdim, less, False)
    return finish(values, input.dtype, None), finish(middle, input.dtype, None)


var_mean.vjp(
    input=lambda g_result0, g_result1, input, dim, unbiased, keepdim, correction, wanted: (
        with_mean(
            g_result0 is not None and wanted[0] and var_backward(
                g_result0, input, named(dim), keepdim, correction_of(dim, unbiased, correction)
            ),
            g_result1, input, named(dim), keepdim,
        )
    )
)  # fmt: skip
var_mean.jvp(
    input=lambda t, input, dim, unbiased, keepdim, correction: (
        var_pushed(t, input, named(dim), keepdim, correction_of(dim, unbiased, correction)),
        t.mean(named(dim), keepdim),
    )
)


def with_mean(
    grad: Tensor | bool, g_mean: Tensor | None, input: Tensor, dim: Dims, keepdim: bool
) -> list[Tensor | None]:
    """The gradient, if there is one, and that of the mean, if one has come for it.

    Source: var_mean_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    whole = grad if isinstance(grad, Tensor) else None
    if g_mean is not None:
        part = spread(g_mean, input.sizes, dim, keepdim) / count(input.sizes, dim)
        whole = part if whole is None else whole + part
    return [whole]


@op("reduction", method=False)
def std_mean(
    input: Tensor,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: Number | None = None,
) -> tuple[Tensor, Tensor]:
    """The standard deviations and the means over `dim`. See `var`."""
    less = correction_of(dim, unbiased, correction)
    values, middle = moments("std_mean", input, named(dim, keepdim), keepdim, less, True)
    return finish(values, input.dtype, None), finish(middle, input.dtype, None)


std_mean.vjp(
    input=lambda g_result0, g_result1, input, result0, dim, unbiased, keepdim, correction, wanted: (
        with_mean(
            g_result0 is not None and wanted[0] and std_backward(
                g_result0, input, result0, named(dim), keepdim,
                correction_of(dim, unbiased, correction),
            ),
            g_result1, input, named(dim), keepdim,
        )
    )
)  # fmt: skip

std_mean.jvp(
    input=lambda t, input, result0, dim, unbiased, keepdim, correction: (
        std_pushed(
            t, input, result0, named(dim), keepdim, correction_of(dim, unbiased, correction)
        ),
        t.mean(named(dim), keepdim),
    )
)
