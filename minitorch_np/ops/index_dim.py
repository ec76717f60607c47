"""Whole slices along one dim, named by a 1-d tensor of indices: selected, added, copied, filled.

Source: aten/src/ATen/native/TensorAdvancedIndexing.cpp.
"""

import warnings
from typing import cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, strides
from minitorch_np.flight import depth
from minitorch_np.form import Form, form_of
from minitorch_np.loops import exact_result_for, quietly
from minitorch_np.op import op
from minitorch_np.ops.copy import zeros
from minitorch_np.ops.points import (
    SUM,
    Places,
    add_at,
    combined,
    first_outside,
    is_index,
    loops_reach,
    places,
    select_into,
)
from minitorch_np.ops.scatter import as_element, check_apart
from minitorch_np.shapes import Shape, listed, wrap_dim
from minitorch_np.strides import Overlap
from minitorch_np.tensor import Number, Tensor, blank, empty, owning, stored

__all__ = ["index_add", "index_copy", "index_fill", "index_select"]

Array = NDArray[np.generic]


@op("contiguous")
def index_select(input: Tensor, dim: int, index: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The slices along `dim` that `index`, (N) or 0-d, names: N of them. None may be negative."""
    d = wrap_dim(dim, len(input.sizes))
    if len(index.sizes) > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if not input.sizes and index.numel() != 1:
        raise RuntimeError(
            f"index_select(): Index to scalar can have only 1 value, got {index.numel()} value(s)"
        )
    if not is_index(index):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    if out is not None and out.dtype is not input.dtype:
        raise RuntimeError("index_select(): self and result must have the same scalar type")
    shape = input.sizes and (*input.sizes[:d], index.numel(), *input.sizes[d + 1 :])
    at = places(index).ravel()
    if out is None:
        form = form_of(shape, strides.contiguous(shape), input.dtype)
        check_selected(input, d, at, True)
        return rows_of(input, d, at, form)
    strides.check_no_internal_overlap(out.sizes, out.strides)
    check_apart(out, input, index)
    done = exact_result_for(out, shape, input.dtype)
    check_selected(input, d, at, done.form.in_order)
    if at.size and done.form.nbytes:
        select_into(input.array, d, at, done.array)
    return done


def check_selected(input: Tensor, dim: int, at: Places, in_order: bool) -> None:
    """Nothing, when all indices are in bounds; three of ATen's paths have texts of their own, one
    of which is for results whose elements lie `in_order`."""
    if not at.size:
        return
    n = input.sizes[dim] if input.sizes else 1
    if n == 0 and len(input.sizes) > 1:
        raise RuntimeError("index_select(): self indexing axis dim should be positive")
    wrong = first_outside(at, 0, n)
    if wrong is None:
        return
    if len(input.sizes) > 1 and (not input.numel() or (dim == 1 and in_order)):
        raise RuntimeError(f"INDICES element is out of DATA bounds, id={wrong} axis_dim={n}")
    raise IndexError("index out of range in self")


def rows_of(input: Tensor, dim: int, at: Places, form: Form) -> Tensor:
    """A new tensor of a contiguous form: the slices that indices, known to be in bounds, name."""
    if form.brief and input.form.in_order:
        return owning(form, input.array.take(at, dim))
    out = blank(form)
    if form.count:
        select_into(input.array, dim, at, out.array)
    return out


index_select.vjp(
    input=lambda g, input_shape, dim, index: zeros(g, input_shape).index_add_(dim, index, g),
    index=None,
)
index_select.jvp("linear")


def check_slices(name: str, input: Tensor, dim: int, index: Tensor, source: Tensor) -> None:
    """Nothing, when `source` holds one slice of `input` for each index. Raises.

    Source: index_func_meta_impl.
    """
    count = index.numel()
    if len(index.sizes) > 1:
        raise IndexError(
            f"{name}_(): Index is supposed to be a vector, but got dim: {index.ndim} with type: "
            f"{index.dtype.aten_name} and size: {listed(index.sizes)}"
        )
    if not is_index(index):
        raise RuntimeError(
            f"{name}_(): Expected dtype int32/int64 for index but got: {index.dtype.aten_name}"
        )
    if input.dtype is not source.dtype:
        raise RuntimeError(
            f"{name}_(): self ({input.dtype.aten_name}) and source "
            f"({source.dtype.aten_name}) must have the same scalar type"
        )
    if dim and dim >= len(source.sizes):
        raise RuntimeError(
            f"{name}_(): Indexing dim {dim} is out of bounds of the source tensor with dim "
            f"{source.ndim}"
        )
    given = source.sizes[dim] if source.sizes else 1
    if count != given:
        if not source.sizes:  # ATen asks for its size to say so
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        raise RuntimeError(
            f"{name}_(): Number of indices ({count}) should be equal to source.size(dim): "
            f"({given}), for dim: {dim}"
        )
    if without(input.sizes, dim) != without(source.sizes, dim) or input.ndim != source.ndim:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. "
            f"Got self.shape = {listed(input.sizes)} source.shape = {listed(source.sizes)}"
        )


def without(shape: Shape, dim: int) -> Shape:
    """A shape without one dim."""
    return (*shape[:dim], *shape[dim + 1 :])


def result(input: Tensor, out: Tensor | None, *others: Tensor) -> Tensor:
    """A contiguous copy of `input`, or `out` with its values; `input` itself when it is `out`."""
    if out is None:
        done = empty(input.sizes, strides.contiguous(input.sizes), input.dtype)
    else:
        done = exact_result_for(out, input.sizes, input.dtype, [input])
        check_apart(done, *others)
    if done is not input:
        np.copyto(done.array, input.array)
    return done


@op("contiguous", inplace=True)
def index_add(
    input: Tensor,
    dim: int,
    index: Tensor,
    source: Tensor,
    *,
    alpha: Number = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`input` with `alpha` times each slice of `source` added at its index along `dim`.

    A slice named twice gets both. Source: index_add_cpu_out.
    """
    d = wrap_dim(dim, len(input.sizes))
    check_slices("index_add", input, d, index, source)
    done = result(input, out, index, source)
    n = input.sizes[d] if input.sizes else 1
    at = places(index).reshape(-1)
    wrong = first_outside(at, 0, n)
    if len(input.sizes) > 1:
        if not input.numel():
            return done
        if wrong is not None:
            raise RuntimeError(f"index {wrong} is out of bounds for dimension {d} with size {n}")
    elif wrong is not None:
        raise IndexError("index out of range in self")
    if alpha == 1 and input.sizes and loops_reach(source.numel(), done.array):
        spread = np.broadcast_to(at.reshape(-1, *(1,) * (len(input.sizes) - d - 1)), source.sizes)
        if combined(SUM, done.array, d, spread, source.array):
            return done
    order = [d, *[i for i in range(len(input.sizes)) if i != d]] if input.sizes else []
    given = source.array.transpose(order) if order else source.array.reshape(1)
    # what ATen hands to scatter_add, which sums half types in float32
    outer = len(input.sizes) > 1 and d in (0, len(input.sizes) - 1)
    wide = outer and alpha == 1 and index.dtype is dtypes.int64
    factor = as_element(alpha, input) if alpha != 1 else None
    quietly(add_scaled, seen_in(done, order), at, given, factor, wide)
    return done


def seen_in(t: Tensor, order: list[int]) -> Tensor:
    """A tensor with its dims in another order; 0-d as one element."""
    if not order:
        return t.alias((1,), (1,), t.offset)
    return t.alias(strides.permuted(t.sizes, order), strides.permuted(t.strides, order), t.offset)


def add_scaled(
    target: Tensor, at: Places, values: Array, alpha: np.generic | None, wide: bool
) -> None:
    """Add `alpha * values` at the indices of the first dim; `wide` sums half types in float32."""
    if alpha is not None:
        values = np.multiply(values, alpha, dtype=values.dtype)
    add_at(target, [at], values, wide=wide)


index_add.vjp(
    input=lambda g: g,
    index=None,
    source=lambda g, dim, index, source, alpha: scaled(
        slices_of(g, dim, index, source.sizes), alpha
    ),
)
index_add.jvp("joint")


def scaled(g: Tensor, alpha: Number) -> Tensor:
    """`alpha` times a gradient."""
    return g if alpha == 1 else g * alpha


def slices_of(g: Tensor, dim: int, index: Tensor, shape: Shape) -> Tensor:
    """The slices of a gradient that `index` names, in the shape of the tensor they came from."""
    if not shape:
        return g.index_select(dim, index.squeeze(0) if index.sizes else index)
    return g.index_select(dim, index).expand(shape)


@op("contiguous", inplace=True)
def index_copy(
    input: Tensor, dim: int, index: Tensor, source: Tensor, *, out: Tensor | None = None
) -> Tensor:
    """`input` with each slice of `source` written at its index along `dim`.

    Source: index_copy meta function.
    """
    d = wrap_dim(dim, len(input.sizes))
    check_copied(input, d, index, source)
    done = result(input, out, index, source)
    n = input.sizes[d] if input.sizes else 1
    at = places(index).reshape(-1)
    check_restrided(done, d, at.size)
    if not done.numel():
        return done
    wrong = first_outside(at, 0, n)
    if wrong is not None:
        raise IndexError(
            f"index_copy_(): index {wrong} is out of bounds for dimension {d} with size {n}"
        )
    if done.sizes:
        done.array[(*(slice(None),) * d, at)] = source.array
    else:
        done.array[...] = source.array.reshape(())
    return done


def check_copied(input: Tensor, dim: int, index: Tensor, source: Tensor) -> None:
    """Nothing, when `source` holds one slice of `input` for each index. Raises."""
    count, name = index.numel(), "index_copy_(): "
    if len(index.sizes) > 1:
        raise IndexError(f"{name}Index should have dimension 1 or 0 (got {index.ndim})")
    if not source.sizes and count != 1:
        raise IndexError(
            f"{name}When source is scalar, index should have one element (got {count})"
        )
    if source.sizes and input.sizes and source.ndim != input.ndim:
        raise IndexError(
            f"{name}When source and destination are not scalars, their dimensionality must match. "
            f"Source dimensionality ({source.ndim}), destination dimensionality ({input.ndim})"
        )
    if index.dtype is not dtypes.int64:
        raise RuntimeError(
            f"{name}Expected a long tensor for index, but got {index.dtype.aten_name}"
        )
    if input.dtype is not source.dtype:
        raise RuntimeError(
            f"{name}self and source expected to have the same dtype, but got (self) "
            f"{input.dtype.aten_name} and (source) {source.dtype.aten_name}"
        )
    mine, given = without(input.sizes, dim), without(source.sizes, dim)
    if mine != given:
        raise RuntimeError(
            f"{name}Source/destination tensor must have same slice shapes. Destination slice "
            f"shape: {spaced(mine)} at dimension {dim} and source slice shape: {spaced(given)} at "
            "dimension 0."
        )
    if source.sizes and count != source.sizes[dim]:
        raise IndexError(
            f"{name}Number of indices ({count}) should be equal to source.size(dim) "
            f"({source.sizes[dim]})"
        )


def check_restrided(t: Tensor, dim: int, count: int) -> None:
    """Nothing, when `t` fits its memory with `count` as size of `dim`, where it stands still.

    ATen's kernels walk the tensor so. Raises: RuntimeError for a dim of size 0.
    """
    if t.sizes:
        shape = (*t.sizes[:dim], count, *t.sizes[dim + 1 :])
        steps = (*t.strides[:dim], 0, *t.strides[dim + 1 :])
        strides.check_strided(shape, steps, t.offset, t.dtype.itemsize, t.memory.length)


def spaced(shape: Shape) -> str:
    """A shape as a C++ stream prints a vector."""
    return " ".join([str(n) for n in shape])


index_copy.vjp(
    index=None,
    input=lambda g, dim, index: g.index_fill(dim, index, 0),
    source=lambda g, dim, index, source: slices_of(g, dim, index, source.sizes),
)
index_copy.jvp("joint")


def fill_node(value: Number | Tensor) -> str:
    """The name of PyTorch's node for each overload of index_fill."""
    return f"IndexFillBackward{int(isinstance(value, Tensor))}"


def filled(input: Tensor, dim: int, index: Tensor, value: Number | Tensor) -> Tensor:
    """`input` with `value` written to the slices that `index` names. Source: index_fill_."""
    if isinstance(value, Tensor):
        if value.sizes:
            raise RuntimeError(
                "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value.ndim} dimension(s)."
            )
        value = cast(Number, value.array.item())
    if isinstance(value, complex):
        raise RuntimeError(
            "index_fill_(): Converting complex Scalar to non-complex type is not supported"
        )
    if index.dtype is not dtypes.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    check_apart(input, index)
    if strides.internal_overlap(input.sizes, input.strides) is Overlap.YES:
        warnings.warn(_EXPANDED, UserWarning, stacklevel=depth())
    if not input.sizes and index.numel() == 0:
        return input
    d = wrap_dim(dim, len(input.sizes))
    if len(index.sizes) > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    element = as_element(value, input)
    n = input.sizes[d] if input.sizes else 1
    at = places(index).reshape(-1)
    check_restrided(input, d, at.size)
    if 0 in input.sizes[:d] + input.sizes[d + 1 :]:
        return input
    wrong = first_outside(at, -n, n)
    if wrong is not None:
        raise IndexError(f"index {wrong} is out of bounds for dimension {d} with size {n}")
    if input.sizes:
        input.array[(*(slice(None),) * d, at)] = element
    elif at.size:
        input.array[...] = element
    return input


_EXPANDED = (
    "Use of index_fill_ on expanded tensors is deprecated. Please clone() the tensor before "
    "performing this operation. This also applies to advanced indexing e.g. tensor[mask] = scalar"
)


@op("like", node=fill_node)
def index_fill(input: Tensor, dim: int, index: Tensor, value: Number | Tensor) -> Tensor:
    """A copy with `value` in the slices along `dim` that `index` names."""
    out = empty(input.sizes, strides.like(input.sizes, input.strides), input.dtype)
    np.copyto(out.array, input.array)
    return filled(out, dim, index, value)


@op("like", node=fill_node)
def index_fill_(input: Tensor, dim: int, index: Tensor, value: Number | Tensor) -> Tensor:
    """This tensor with `value` written to the slices along `dim` that `index` names."""
    return filled(input, dim, index, value)


def distinct(index: Tensor) -> Tensor:
    """The different indices, in order."""
    values = np.unique(index.array)
    return stored(values, index.dtype)


index_fill.vjp(
    index=None,
    input=lambda g, dim, index: g.index_fill(dim, index, 0),
    value=lambda g, dim, index: g.index_select(dim, distinct(index)).sum(),
)
index_fill.jvp("joint")
index_fill_.vjp(
    index=None,
    input=lambda g, dim, index: g.index_fill(dim, index, 0),
    value=lambda g, dim, index: g.index_select(dim, distinct(index)).sum(),
)
index_fill_.jvp("joint")
