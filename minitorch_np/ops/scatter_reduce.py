"""Values combined where indices meet: scatter_reduce element by element, index_reduce by slices.

What several values for one place become is their 'sum', 'prod', 'mean', 'amin' or 'amax'; with
`include_self` the value that was there counts too, else only where no value arrives.
Source: aten/src/ATen/native/TensorAdvancedIndexing.cpp, cpu/ScatterGatherKernel.cpp.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np.dtypes import bool_, int64
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.flight import depth
from minitorch_np.loops import not_implemented, quietly
from minitorch_np.op import op
from minitorch_np.ops.compare import eq
from minitorch_np.ops.copy import zeros_like
from minitorch_np.ops.creation import ones_like
from minitorch_np.ops.index_dim import check_slices, result
from minitorch_np.ops.points import (
    LEAST,
    MOST,
    PRODUCT,
    SUM,
    WRITE,
    Places,
    combined,
    first_outside,
    flat_memory,
    lines,
    loops_reach,
    places,
)
from minitorch_np.ops.scatter import at_least_1d, dim_places, indices_in, part, prepared
from minitorch_np.shapes import wrap_dim
from minitorch_np.tensor import Tensor

__all__ = ["index_reduce", "scatter_reduce"]

Array = NDArray[Any]

_UFUNCS = {
    "sum": np.add, "prod": np.multiply, "mean": np.add, "amin": np.minimum, "amax": np.maximum,
}  # fmt: skip


def neutral(reduce: str, dtype: Dtype) -> np.generic:
    """What changes nothing when it is combined with an element."""
    if reduce in ("sum", "mean", "prod"):
        return dtype.np.type(reduce == "prod")
    low = reduce == "amax"
    if dtype.is_floating_point:
        return dtype.np.type(-np.inf if low else np.inf)
    if dtype is bool_:
        return np.bool_(not low)
    limits = np.iinfo(dtype.name)
    return dtype.np.type(limits.min if low else limits.max)


def combine(
    target: Tensor, dim: int, index: Places, source: Array, reduce: str, self: bool, wide: bool
) -> None:
    """Combine `source` with the elements of `target` that an index of its shape names, in order.

    With `wide`, half types are combined in float32 and rounded once. Integers are divided downwards
    for a mean.
    """
    if looped(target, dim, index, source, reduce, self):
        return
    memory, dtype = flat_memory(target), target.dtype
    at = dim_places(target, dim, index)
    if dim:  # slice by slice, so that those that come later are combined later
        at, source = np.moveaxis(at, dim, 0), np.moveaxis(source, dim, 0)
    at, source = at.ravel(), source.ravel()
    if not self:
        memory[at] = neutral(reduce, dtype)
    work = memory.astype(np.float32) if wide and dtype.is_half else memory
    _UFUNCS[reduce].at(work, at, source.astype(work.dtype))
    if work is not memory:
        memory[at] = work[at].astype(memory.dtype)
    if reduce == "mean":
        count = np.full(memory.shape, 1 if self else 0, dtype.np)
        np.add.at(count, at, dtype.np.type(1))
        divide = np.true_divide if dtype.is_floating_point else np.floor_divide
        memory[at] = divide(memory[at], count[at]).astype(memory.dtype)


_KINDS = {"sum": SUM, "prod": PRODUCT, "mean": SUM, "amin": LEAST, "amax": MOST}


def looped(target: Tensor, dim: int, index: Places, source: Array, reduce: str, self: bool) -> bool:
    """Whether compiled loops did what `combine` does."""
    out = target.array
    if not loops_reach(index.size, out) or (reduce == "mean" and target.dtype is int64):
        return False
    if not self:
        nothing = np.full(index.shape, neutral(reduce, target.dtype))
        if not combined(WRITE, out, dim, index, nothing):
            return False
    if not combined(_KINDS[reduce], out, dim, index, source):
        return False
    if reduce == "mean":
        np.true_divide(out, counted(out, dim, index, self), out=out)
    return True


def counted(target: Array, dim: int, index: Places, self: bool) -> Array:
    """How many values each mean is of, 1 for none, in a shape that broadcasts to the target's."""
    at = lines(index, dim)
    n = target.shape[dim]
    if not at.outward and not at.inward:
        count = np.bincount(at.places.ravel(), minlength=n) + self
        found = count.astype(target.dtype).reshape(-1, *(1,) * (target.ndim - dim - 1))
    else:
        found = np.full(target.shape, self, target.dtype)
        _ = combined(SUM, found, dim, index, np.ones(index.shape, target.dtype))
    return found if self else np.maximum(found, target.dtype.type(1))


@op("contiguous", inplace=True)
def scatter_reduce(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor,
    reduce: str,
    *,
    include_self: bool = True,
    out: Tensor | None = None,
) -> Tensor:
    """`input` with `src` combined with what is at `index` along `dim`.

    out[index[i][j]][j] = combine(out[index[i][j]][j], src[i][j]) for dim 0.
    Source: TensorAdvancedIndexing.cpp scatter_reduce_two.
    """
    done, d, ready = prepared("scatter", input, dim, index, src, out)
    if reduce not in _UFUNCS:
        raise RuntimeError(
            f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}"
        )
    if not ready:
        return done
    at = indices_in(index, d, at_least_1d(done.sizes)[d])
    if reduce == "mean" and input.dtype is bool_:
        raise not_implemented("scatter_gather_tensor_cpu_reduce_mean", input.dtype)
    source = part(src.array, at.shape, None)
    quietly(combine, done, d, at, source, reduce, include_self, True)
    return done


scatter_reduce.vjp(
    input=lambda g, input, dim, index, src, reduce, include_self, out: scattered_over(
        g, input, dim, index, src, reduce, include_self, out
    ),
    index=None,
    src=lambda g, input, dim, index, src, reduce, include_self, out: scattered(
        g, input, dim, index, src, reduce, include_self, out
    ),
)


def scattered_over(
    g: Tensor, input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, self: bool,
    out: Tensor,
) -> Tensor:  # fmt: skip
    """The gradient of what values were scattered over.

    Source: scatter_reduce_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    if reduce == "prod":  # a zero's gradient is the product of the others
        filled = input.masked_fill(eq(input, 0), 1)
        others = filled.scatter_reduce(dim, index, src, reduce, include_self=self)
        g = g * others / filled
    elif reduce == "mean":
        g = g / arrivals(g, dim, index, src, self)
    elif reduce != "sum":
        g = eq(input, out) * shared(g, input, dim, index, src, out)
    return g if self else g.scatter(dim, index, 0)


def scattered(
    g: Tensor, input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, self: bool,
    out: Tensor,
) -> Tensor:  # fmt: skip
    """The gradient of values that were scattered."""
    if reduce == "sum":
        return g.gather(dim, index)
    if reduce == "mean":
        return g.gather(dim, index) / arrivals(g, dim, index, src, self).gather(dim, index)
    if reduce == "prod":
        zero = eq(src, 0)
        zeros = zeros_like(input).scatter_add(dim, index, zero.to(input.dtype)).gather(dim, index)
        lone = zero.bitwise_and(eq(zeros, 1))
        others = input.scatter_reduce(
            dim, index, src.masked_fill(lone, 1), reduce, include_self=self
        )
        found = (g * out).gather(dim, index) / src.masked_fill(zero, 1)
        made = (g * others).gather(dim, index).where(lone, found)
        return twice_refused(made, _TWICE) if (zeros > 1).any() else made
    best = eq(src, out.gather(dim, index))
    return best * shared(g, input, dim, index, src, out).gather(dim, index)


_TWICE = (
    "scatter_reduce(): Double backward is unsupported for src when >1 zeros in src are scattered "
    "to the same position in self"
)


def arrivals(g: Tensor, dim: int, index: Tensor, src: Tensor, self: bool) -> Tensor:
    """How many values each mean is of, 1 for none."""
    count = ones_like(g) if self else zeros_like(g)
    count = count.scatter_add(dim, index, ones_like(src))
    return count.masked_fill_(eq(count, 0), 1)


def shared(g: Tensor, input: Tensor, dim: int, index: Tensor, src: Tensor, out: Tensor) -> Tensor:
    """The gradient of an extreme, divided by how many values are equal to it."""
    best = eq(src, out.gather(dim, index)).to(input.dtype)
    return g / eq(input, out).to(input.dtype).scatter_add(dim, index, best)


@op("like", method=False, node="torch::autograd::Error")
def twice_refused(input: Tensor, text: str) -> Tensor:
    """The tensor itself, of which no gradient can be taken.

    Source: DelayedError, torch/csrc/autograd/functions/basic_ops.cpp.
    """
    del text
    return input.untracked()


def refuse(text: str) -> Tensor:
    """Raise RuntimeError."""
    raise RuntimeError(text)


twice_refused.vjp(input=lambda text: refuse(text))


@op("contiguous", inplace=True)
def index_reduce(
    input: Tensor,
    dim: int,
    index: Tensor,
    source: Tensor,
    reduce: str,
    *,
    include_self: bool = True,
    out: Tensor | None = None,
) -> Tensor:
    """`input` with each slice of `source` combined with the slice at its index along `dim`.

    Source: TensorAdvancedIndexing.cpp index_reduce_func_impl.
    """
    if reduce not in _UFUNCS or reduce == "sum":
        raise RuntimeError(
            "index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got "
            f"{reduce}."
        )
    d = wrap_dim(dim, len(input.sizes))
    check_slices("index_reduce", input, d, index, source)
    done = result(input, out, index, source)
    warnings.warn(
        "index_reduce() is in beta and the API may change at any time.",
        UserWarning,
        stacklevel=depth(),
    )
    if input.dtype is bool_:
        check_bools(len(input.sizes), reduce, include_self)
    at = places(index).reshape(-1)
    if not at.size or (len(input.sizes) > 1 and not input.numel()):
        return done
    if first_outside(at, 0, input.sizes[d] if input.sizes else 1) is not None:
        raise IndexError("index out of range in self")
    given = source.array.reshape(at_least_1d(source.sizes))
    spread = np.broadcast_to(at.reshape(-1, *(1,) * (given.ndim - d - 1)), given.shape)
    quietly(combine, done, d, spread, given, reduce, include_self, False)
    return done


def check_bools(ndim: int, reduce: str, include_self: bool) -> None:
    """Raise NotImplementedError where one of ATen's loops for index_reduce takes no bool."""
    if not include_self:
        raise not_implemented("index_reduce_func_exclude_input_init", bool_)
    if ndim <= 1:
        raise not_implemented("index_func_", bool_)
    if reduce == "mean":
        raise not_implemented("div_floor_cpu", bool_)


index_reduce.vjp(
    input=lambda g, input, dim, index, source, reduce, include_self, out: reduced_over(
        g, input, dim, index, source, reduce, include_self, out
    ),
    index=None,
    source=lambda g, input, dim, index, source, reduce, include_self, out: reduced(
        g, input, dim, index, source, reduce, include_self, out
    ),
)
index_reduce.jvp("refused")


def reduced_over(
    g: Tensor, input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, self: bool,
    out: Tensor,
) -> Tensor:  # fmt: skip
    """The gradient of what slices were combined with.

    Source: index_reduce_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    if reduce == "prod":
        filled = input.masked_fill(eq(input, 0), 1)
        others = filled.index_reduce(dim, index, source, reduce, include_self=self)
        g = g * others / filled
    elif reduce == "mean":
        g = g / slice_arrivals(g, dim, index, source, self)
    else:
        best = eq(input, out).to(input.dtype)
        g = best * slice_shared(g, input, dim, index, source, out)
    return g if self else g.index_fill(dim, index, 0)


def reduced(
    g: Tensor, input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, self: bool,
    out: Tensor,
) -> Tensor:  # fmt: skip
    """The gradient of slices that were combined with others."""
    if reduce == "mean":
        count = slice_arrivals(g, dim, index, source, self)
        return g.index_select(dim, index) / count.index_select(dim, index)
    if reduce == "prod":
        zero = eq(source, 0)
        zeros = zeros_like(input).index_add(dim, index, zero.to(input.dtype))
        zeros = zeros.index_select(dim, index)
        lone = zero.bitwise_and(eq(zeros, 1))
        others = input.index_reduce(
            dim, index, source.masked_fill(lone, 1), reduce, include_self=self
        )
        found = (g * out).index_select(dim, index) / source.masked_fill(zero, 1)
        made = (g * others).index_select(dim, index).where(lone, found)
        return twice_refused(made, _SLICES_TWICE) if (zeros > 1).any() else made
    best = eq(source, out.index_select(dim, index)).to(input.dtype)
    return best * slice_shared(g, input, dim, index, source, out).index_select(dim, index)


_SLICES_TWICE = (
    "index_reduce(): Double backward is unsupported for source when >1 zeros in source are "
    "scattered to the same position in self"
)


def slice_arrivals(g: Tensor, dim: int, index: Tensor, source: Tensor, self: bool) -> Tensor:
    """How many slices each mean is of, 1 for none."""
    count = ones_like(g) if self else zeros_like(g)
    count = count.index_add(dim, index, ones_like(source))
    return count.masked_fill_(eq(count, 0), 1)


def slice_shared(
    g: Tensor, input: Tensor, dim: int, index: Tensor, source: Tensor, out: Tensor
) -> Tensor:
    """The gradient of an extreme, divided by how many values are equal to it."""
    best = eq(source, out.index_select(dim, index)).to(input.dtype)
    return g / eq(input, out).to(input.dtype).index_add(dim, index, best)
