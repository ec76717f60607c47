"""Gather and scatter: every element of an index tensor names a place along one dim.

`index` has as many dims as `input`; its sizes may be smaller except along `dim`. 0-d tensors count
as one element. Source: aten/src/ATen/native/TensorAdvancedIndexing.cpp, ScatterGatherChecks.h.
"""

import warnings
from typing import cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, strides
from minitorch_np.flight import depth
from minitorch_np.form import form_of
from minitorch_np.kernels.large import MANY, loop
from minitorch_np.loops import exact_result_for, number, quietly, scalar
from minitorch_np.op import composite, op
from minitorch_np.ops.copy import zeros
from minitorch_np.ops.points import (
    PRODUCT,
    SUM,
    WRITE,
    Places,
    alike_but,
    combined,
    first_outside,
    flat_memory,
    is_index,
    line_starts,
    lines,
    loops_reach,
    places,
    select_into,
)
from minitorch_np.shapes import Shape, broadcast, cached, listed, numel, wrap_dim
from minitorch_np.tensor import Number, Tensor, blank, empty, owning

__all__ = ["gather", "scatter", "scatter_add", "take_along_dim"]

Array = NDArray[np.generic]
_REDUCTIONS = {"add": np.add, "multiply": np.multiply}
_KINDS = {"add": SUM, "multiply": PRODUCT}


def at_least_1d(shape: Shape) -> Shape:
    """The shape, with 0-d counted as one element."""
    return shape or (1,)


def check_index(name: str, index: Tensor) -> None:
    """Nothing, when an index tensor has an index dtype or no elements. Raises: RuntimeError."""
    if index.numel() and not is_index(index):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")


@cached
def check_gather(sizes: Shape, dim: int, index: Shape) -> None:
    """Nothing, when an index of a shape fits a tensor of `sizes`. Raises: RuntimeError."""
    given, whole = at_least_1d(index), at_least_1d(sizes)
    if len(given) != len(whole):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    for d, (n, most) in enumerate(zip(given, whole, strict=True)):
        if d != dim and n > most:
            raise RuntimeError(
                f"Size does not match at dimension {d} expected index {listed(index)} to be "
                f"no larger than self {listed(sizes)} apart from dimension {dim}"
            )


def check_scatter(input: Tensor, dim: int, index: Tensor, src: Tensor | Number) -> None:
    """Nothing, when the shape of `index` fits `input` and `src`. Raises: RuntimeError."""
    given, whole = at_least_1d(index.sizes), at_least_1d(input.sizes)
    if 0 in given:
        return
    if len(given) != len(whole):
        raise RuntimeError("Index tensor must have the same number of dimensions as self tensor")
    wide = any(n > most for d, (n, most) in enumerate(zip(given, whole, strict=True)) if d != dim)
    if not isinstance(src, Tensor):
        if wide:
            raise RuntimeError(
                f"Expected index {listed(index.sizes)} to be no larger than self "
                f"{listed(input.sizes)} apart from dimension {dim}"
            )
        return
    if not wide:
        for d, n in enumerate(given):
            most = src.sizes[wrap_dim(d, src.ndim)] if src.sizes else 1
            wide = wide or n > most
    if len(given) != len(at_least_1d(src.sizes)):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    if wide:
        raise RuntimeError(
            f"Expected index {listed(index.sizes)} to be no larger than self "
            f"{listed(input.sizes)} apart from dimension {dim} and to be no larger size than src "
            f"{listed(src.sizes)}"
        )


def indices_in(index: Tensor, dim: int, size: int) -> Places:
    """The indices, none of which is out of bounds or counts from the end. Raises: RuntimeError."""
    array = places(index) if index.sizes else places(index).reshape(1)
    some = array
    if array.size >= MANY:  # what an expanded one repeats need not be seen again
        some = array[tuple([slice(None if s else 1) for s in array.strides])]
    wrong = first_outside(some, 0, size)
    if wrong is not None:
        raise RuntimeError(f"index {wrong} is out of bounds for dimension {dim} with size {size}")
    return array


def part(array: Array, shape: Shape, dim: int | None) -> Array:
    """The leading part of an array that an index of `shape` is about; all of `dim`."""
    whole = array.reshape(at_least_1d(array.shape))
    return whole[tuple([slice(None) if d == dim else slice(n) for d, n in enumerate(shape)])]


@op("contiguous")
def gather(
    input: Tensor,
    dim: int,
    index: Tensor,
    *,
    sparse_grad: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """The elements at `index` along `dim`: out[i][j] = input[index[i][j]][j] for dim 0."""
    del sparse_grad  # gradients are dense here
    d = wrap_dim(dim, len(input.sizes))
    if out is not None:
        done = exact_result_for(out, index.sizes, input.dtype)
        check_apart(done, input)
    else:
        form = form_of(index.sizes, strides.contiguous(index.sizes), input.dtype)
        if form.brief:
            at = gathered(input, d, index)
            return owning(form, flat_memory(input).take(dim_places(input, d, at)))
        done = blank(form)
    if not index.numel():
        return done
    at = gathered(input, d, index)
    if loops_reach(at.size, done.array):
        source = input.array.reshape(at_least_1d(input.sizes))
        if looked_up(source, d, at, done.array.reshape(at.shape)):
            return done
    found = flat_memory(input).take(dim_places(input, d, at))
    done.array[...] = found.reshape(index.sizes)
    return done


def gathered(input: Tensor, dim: int, index: Tensor) -> Places:
    """The indices of `gather`, which fit. Raises: RuntimeError."""
    check_index("gather", index)
    check_gather(input.sizes, dim, index.sizes)
    return indices_in(index, dim, at_least_1d(input.sizes)[dim])


def looked_up(source: Array, dim: int, index: Places, out: Array) -> bool:
    """Whether `out` was written: what an index, in bounds, names along `dim` of a `source` that
    NumPy can take whole slices of, or a compiled loop walk."""
    readable = source.dtype == out.dtype and source.flags.c_contiguous and source.flags.aligned
    if not readable or not alike_but(dim, index, source):
        return False
    at, outward, _, inward = lines(index, dim)
    n, m, inner = source.shape[dim], index.shape[dim], numel(index.shape[dim + 1 :])
    if not outward and not inward:
        select_into(source, dim, at.reshape(-1), out)
    elif not inward and inner > 1:
        first = np.arange(at.size // m, dtype=np.int64).reshape(-1, 1)
        rows: Places = at.reshape(-1, m) + first * int(n)
        source.reshape(-1, inner).take(rows, 0, out.reshape(-1, m, inner), "clip")
    elif out.dtype != np.float32 or not (outward or inner == out.size // m):
        return False
    elif inner == 1:
        loop("places.gather_rows")(source, at, out, n, m)
    else:
        loop("places.gather_columns")(source, at, out, n, m, inner)
    return True


def gather_backward(g: Tensor, input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The gradient of what was gathered from: each element's, added where it came from."""
    return zeros(g, input.sizes).scatter_add_(dim, index, g)


gather.vjp(input=gather_backward, index=None)
gather.jvp("linear")


def scatter_node(src: Tensor | Number | None, reduce: str | None) -> str:
    """The name of PyTorch's node for each overload of scatter."""
    if reduce is not None:
        return "torch::autograd::NotImplemented"
    return "ScatterBackward0" if isinstance(src, Tensor) else "ScatterBackward1"


@op("contiguous", inplace=True, node=scatter_node)
def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Tensor | Number | None = None,
    *,
    value: Number | None = None,
    reduce: str | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """`input` with `src`, a tensor or a number, written at `index` along `dim`.

    out[index[i][j]][j] = src[i][j] for dim 0; the last of several writes to a place counts.
    `reduce` ('add' or 'multiply') combines with what is there instead.
    """
    given = value if src is None else src
    if given is None:
        raise TypeError("scatter() received an invalid combination of arguments")
    if reduce is not None and isinstance(given, Tensor):
        warnings.warn(_DEPRECATED, UserWarning, stacklevel=depth())
    done, d, ready = prepared("scatter", input, dim, index, given, out)
    if reduce is not None and reduce not in _REDUCTIONS:
        raise RuntimeError("reduce argument must be either add or multiply.")
    if not ready:
        return done
    at = indices_in(index, d, at_least_1d(done.sizes)[d])
    if isinstance(given, Tensor):
        source = part(given.array, at.shape, None)
    else:
        source = np.broadcast_to(np.asarray(as_element(given, input)), at.shape)
    kind = WRITE if reduce is None else _KINDS[reduce]
    if combined(kind, done.array, d, at, source):
        return done
    if reduce is not None:
        quietly(_REDUCTIONS[reduce].at, flat_memory(done), dim_places(done, d, at), source)
    else:
        quietly(np.put_along_axis, part(done.array, at.shape, d), at, source, d)
    return done


_DEPRECATED = (
    "The reduce argument of torch.scatter with Tensor src is deprecated and will be removed in a "
    "future PyTorch release. Use torch.scatter_reduce instead for more reduction options."
)


def as_element(value: Number, input: Tensor) -> np.generic:
    """A Python number as an element of `input`. Raises: RuntimeError where it overflows."""
    kept = np.asarray(number(scalar(value, input.dtype), input.dtype))
    return cast(np.generic, quietly(kept.astype, input.dtype.np)[()])  # as () leaves a scalar


def prepared(
    name: str, input: Tensor, dim: int, index: Tensor, src: Tensor | Number, out: Tensor | None
) -> tuple[Tensor, int, bool]:
    """The result, holding `input`; the wrapped dim; and whether there is anything to write."""
    d = wrap_dim(dim, len(input.sizes))
    check_index(name, index)
    if isinstance(src, Tensor) and src.dtype is not input.dtype:
        raise RuntimeError(f"{name}(): Expected self.dtype to be equal to src.dtype")
    check_scatter(input, d, index, src)
    if out is None:
        done = empty(input.sizes, strides.contiguous(input.sizes), input.dtype)
    else:
        done = exact_result_for(out, input.sizes, input.dtype, [input])
        check_apart(done, index, src)
    if done is not input:
        np.copyto(done.array, input.array)
    return done, d, index.numel() > 0


def check_apart(out: Tensor, *others: Tensor | Number) -> None:
    """Nothing, when no other operand lies in the memory written to. Raises: RuntimeError."""
    for t in others:
        if isinstance(t, Tensor) and t.memory is out.memory:
            strides.check_no_overlap(
                (out.offset, out.sizes, out.strides), (t.offset, t.sizes, t.strides)
            )


def dim_places(target: Tensor, dim: int, index: Places) -> NDArray[np.int64]:
    """The place in `flat_memory(target)` of every element that `index` names along `dim`."""
    steps = target.strides or (1,)
    if index.size < MANY:
        wide = index.astype(np.int64, copy=False)
        starts = line_starts(index.shape, steps, dim)
        return starts + (wide if steps[dim] == 1 else wide * steps[dim])
    at = index.astype(np.int64) if steps[dim] == 1 else index.astype(np.int64) * steps[dim]
    shape: Shape = index.shape
    for d, n in enumerate(shape):
        if d != dim and n > 1:
            column: Shape = (n, *(1,) * (index.ndim - d - 1))
            at += (np.arange(n) * steps[d]).reshape(column)
    return at


def refuse_reduce(reduce: str | None, name: str) -> None:
    """Raise where PyTorch has no derivative: scatter with `reduce`."""
    if reduce is not None:
        raise RuntimeError(f"derivative for aten::{name} is not implemented")


def kept(g: Tensor, dim: int, index: Tensor, reduce: str | None, name: str = "scatter") -> Tensor:
    """The gradient of what was scattered over: nothing arrives from the places written."""
    refuse_reduce(reduce, name)
    return g.scatter(dim, index, 0)


def arrived(
    g: Tensor, dim: int, index: Tensor, reduce: str | None, name: str = "scatter"
) -> Tensor:
    """The gradient of what was scattered: that of the place it went to."""
    refuse_reduce(reduce, name)
    return g.gather(dim, index)


scatter.vjp(
    index=None,
    input=lambda g, dim, index, reduce: kept(g, dim, index, reduce),
    src=lambda g, dim, index, reduce: arrived(g, dim, index, reduce),
)
scatter.vjp_(
    index=None,
    input=lambda g, dim, index, reduce: kept(g, dim, index, reduce, "scatter_"),
    src=lambda g, dim, index, reduce: arrived(g, dim, index, reduce, "scatter_"),
)
scatter.jvp("joint")


@op("contiguous", inplace=True)
def scatter_add(
    input: Tensor, dim: int, index: Tensor, src: Tensor, *, out: Tensor | None = None
) -> Tensor:
    """`input` with `src` added at `index` along `dim`, every time that a place is named.

    out[index[i][j]][j] += src[i][j] for dim 0.
    """
    _ = src.sizes
    done, d, ready = prepared("scatter", input, dim, index, src, out)
    if ready:
        at = indices_in(index, d, at_least_1d(done.sizes)[d])
        source = part(src.array, at.shape, None)
        if not combined(SUM, done.array, d, at, source):
            quietly(add_wide, done, dim_places(done, d, at).ravel(), source.ravel())
    return done


def add_wide(target: Tensor, at: Places, values: Array) -> None:
    """Add `values` at places in memory; half types are summed in float32 and rounded once."""
    memory = flat_memory(target)
    if not target.dtype.is_half:
        np.add.at(memory, at, values)
        return
    wide = memory.astype(np.float32)
    np.add.at(wide, at, values.astype(np.float32))
    memory[at] = wide[at].astype(memory.dtype)


scatter_add.vjp(input=lambda g: g, index=None, src=lambda g, dim, index: g.gather(dim, index))
scatter_add.jvp("joint")


@composite()
def take_along_dim(
    input: Tensor, indices: Tensor, dim: int | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The elements at `indices` along `dim`, all other dims broadcast; flat without a `dim`."""
    if indices.dtype is not dtypes.int64:
        raise RuntimeError(
            "torch.take_along_dim(): dtype of indices should be Long but got "
            f"{indices.dtype.aten_name}"
        )
    if dim is None:
        return gather(input.view(-1), 0, indices.view(-1), out=out)
    if input.ndim != indices.ndim:
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            f"but got {input.ndim} dimensions for input, and {indices.ndim} dimensions for indices"
        )
    d = wrap_dim(dim, input.ndim)
    source, at = [*input.sizes], [*indices.sizes]
    source[d] = at[d] = 1
    shape = [*broadcast(tuple(source), tuple(at))]
    source, at = [*shape], [*shape]
    source[d], at[d] = input.sizes[d], indices.sizes[d]
    wrapped = indices.remainder(input.sizes[d])  # any, from either end
    return gather(input.broadcast_to(source), d, wrapped.broadcast_to(at), out=out)
