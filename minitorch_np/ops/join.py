"""Joining: several tensors along one dim, old or new."""

import functools
from collections.abc import Callable, Sequence

import numpy as np

from minitorch_np import dtypes, notes, strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.form import Form, Plans
from minitorch_np.graph.modes import state
from minitorch_np.guard import guarded
from minitorch_np.loops import holding, quietly, resize_output
from minitorch_np.op import alias, composite, op
from minitorch_np.ops.copy import wiped
from minitorch_np.ops.view import atleast_1d, atleast_2d, atleast_3d, with_dim
from minitorch_np.overloads import need_tensors
from minitorch_np.shapes import Shape, noted, wrap_dim
from minitorch_np.strides import LAYOUTS, Geometry, Stride
from minitorch_np.tensor import Tensor, blank, empty

__all__ = [
    "block_diag", "cat", "column_stack", "concat", "concatenate", "dstack", "hstack", "row_stack",
    "stack", "vstack",
]  # fmt: skip

Tensors = Sequence[Tensor]


def is_skipped(shape: Shape) -> bool:
    """Whether `cat` leaves a tensor out: an empty one of one dim, whatever the others' dims are."""
    return shape == (0,)


def joined_shape(sizes: Sequence[Shape], dim: int) -> Shape:
    """The shape of a concatenation along a wrapped dim. Raises: RuntimeError where shapes differ.

    Source: aten/src/ATen/native/TensorShape.cpp, check_cat_shape_except_dim.
    """
    first = next((s for s in sizes if not is_skipped(s)), None)
    if first is None:
        return (0,)
    total = 0
    for at, shape in enumerate(sizes):
        if is_skipped(shape):
            continue
        if len(shape) != len(first):
            text = f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}"
            raise noted(RuntimeError(text), notes.several([s for s in sizes if not is_skipped(s)]))
        for d, (n, m) in enumerate(zip(first, shape, strict=True)):
            if d != dim and n != m:
                text = (
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {n} but "
                    f"got size {m} for tensor number {at} in the list."
                )
                raise noted(RuntimeError(text), notes.several(sizes, dim))
        total += shape[dim]
    return (*first[:dim], total, *first[dim + 1 :])


def joined_dtype(tensors: Tensors) -> Dtype:
    """The dtype that tensors promote to together, 0-d ones counting less."""
    dims = zero = None
    for t in tensors:
        if t.sizes:
            dims = t.dtype if dims is None else dtypes.promote_types(dims, t.dtype)
        else:
            zero = t.dtype if zero is None else dtypes.promote_types(zero, t.dtype)
    return dtypes.combine(dims, zero, None)


def check_list(name: str, tensors: Tensors) -> None:
    """Raise TypeError for a tensor where a list of them is wanted."""
    if isinstance(tensors, Tensor):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor"
        )


def check_cast(dtype: Dtype, out: Tensor | None) -> None:
    """Raise TypeError where a concatenation of `dtype` does not fit into `out`."""
    if out is not None and not dtypes.can_cast(dtype, out.dtype):
        name = out.dtype.aten_name
        raise TypeError(f"torch.cat(): input types can't be cast to the desired output type {name}")


def result(
    tensors: Tensors, shape: Shape, stride: Stride, dtype: Dtype, out: Tensor | None
) -> Tensor:
    """A new tensor for a concatenation, or `out` checked and made ready for it."""
    if out is None:
        return empty(shape, stride, dtype)
    check_cast(dtype, out)
    if out.sizes != shape:
        resize_output(out, shape, stride)
    strides.check_no_internal_overlap(out.sizes, out.strides)
    for t in tensors:
        if t.memory is out.memory:
            strides.check_no_overlap(
                (out.offset, out.sizes, out.strides), (t.offset, t.sizes, t.strides)
            )
    return out


def write_parts(out: Tensor, parts: Sequence[tuple[Shape, Tensor]], dim: int) -> Tensor:
    """`out` with each part, seen in its shape, written one after the other along `dim`."""
    start = 0
    target = out.array
    for shape, t in parts:
        where = target[(slice(None),) * dim + (slice(start, start + shape[dim]),)]
        quietly(np.copyto, where, t.array.reshape(shape), casting="unsafe")
        start += shape[dim]
    return out


@op("suggested", method=False)
def cat(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The tensors one after the other along `dim`; empty 1-d tensors are left out.

    Sizes agree in every other dim; dtypes are promoted. Channels-last if all inputs are.
    Source: aten/src/ATen/native/TensorShape.cpp cat.
    """
    key = (tuple([t.form for t in tensors]), dim) if type(tensors) in (list, tuple) else None
    known = _cats.get(key) if out is None else None
    if known is not None:
        form, d = known
        arrays = [t.array for t in tensors]
        if form.brief:
            return holding(np.concatenate(arrays, d), form)
        done = blank(form)
        np.concatenate(arrays, d, done.array)
        return done
    check_list("cat", tensors)
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    for at, t in enumerate(tensors):
        if not t.ndim:
            raise RuntimeError(f"zero-dimensional tensor (at position {at}) cannot be concatenated")
    kept = [t for t in tensors if not is_skipped(t.sizes)]
    d = wrap_dim(dim, kept[0].ndim) if kept else 0
    dtype = joined_dtype(tensors)
    check_cast(dtype, out)
    shape = joined_shape([t.sizes for t in tensors], d)
    stride = layout(shape, [(t.sizes, t.strides) for t in tensors])
    done = result(tensors, shape, stride, dtype, out)
    if out is None and key and len(kept) == len(tensors) and _are_alike(tensors):
        _cats.keep(key, (done.form, d))
    return write_parts(done, [(t.sizes, t) for t in kept], d)


_cats = Plans[tuple[Form, int]]()
"""By the forms of tensors of one dtype, and `dim` as it was given: the form of what they make
together, and the dim."""


def _are_alike(tensors: Tensors) -> bool:
    """Whether all tensors have one dtype, so that NumPy only has to copy."""
    return all(t.dtype is tensors[0].dtype for t in tensors)


def layout(shape: Shape, operands: Sequence[Geometry]) -> Stride:
    """The stride of a concatenation."""
    rule = LAYOUTS["suggested"]
    assert rule is not None
    return rule(shape, tuple(operands))


cat.vjp(tensors=lambda g, tensors_shape, dim: cat_backward(g, tensors_shape, dim))
cat.jvp("linear")


def cat_backward(g: Tensor, sizes: Sequence[Shape], dim: int) -> list[Tensor]:
    """The part of the gradient that belongs to each tensor, as views of it."""
    d = dim % g.ndim
    parts: list[Tensor] = []
    start = 0
    for shape in sizes:
        if is_skipped(shape):
            parts.append(wiped(shape, g.dtype))
            continue
        parts.append(g.narrow(d, start, shape[d]))
        start += shape[d]
    return parts


concat, concatenate = alias(cat, "concat"), alias(cat, "concatenate")


@op("suggested", method=False)
def stack(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The tensors, all of one shape, along a new dim `dim`.

    Source: aten/src/ATen/native/TensorShape.cpp stack.
    """
    key = (tuple([t.form for t in tensors]), dim) if type(tensors) in (list, tuple) else None
    known = _stacks.get(key) if out is None else None
    if known is not None:
        form, d, one = known
        if form.brief and d < len(one) - 1:  # joined as they are, and the dim is split
            return holding(np.concatenate([t.array for t in tensors], d).reshape(form.shape), form)
        done = blank(form)
        np.concatenate([t.array.reshape(one) for t in tensors], d, done.array)
        return done
    check_list("stack", tensors)
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    d = wrap_dim(dim, tensors[0].ndim + 1)
    first = tensors[0].sizes
    for at, t in enumerate(tensors):
        if t.sizes != first:
            text = (
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 "
                f"and {list(t.sizes)} at entry {at}"
            )
            raise noted(RuntimeError(text), notes.several([t.sizes for t in tensors]))
    shape = (*first[:d], len(tensors), *first[d:])
    stride = _stacked_stride(tensors, shape, d)
    if out is not None and out.sizes != shape:  # before PyTorch looks at the dtype
        resize_output(out, shape, stride)
    done = result(tensors, shape, stride, joined_dtype(tensors), out)
    one = (*first[:d], 1, *first[d:])
    if out is None and key and _are_alike(tensors):
        _stacks.keep(key, (done.form, d, one))
    return write_parts(done, [(one, t) for t in tensors], d)


_stacks = Plans[tuple[Form, int, Shape]]()
"""As `_cats`, and the shape of each tensor with the new dim."""


def _stacked_stride(tensors: Tensors, shape: Shape, dim: int) -> Stride:
    """The stride of a stack: a concatenation along `dim` whose dim is split, or, along a new last
    dim, one of tensors with a dim more."""
    first = tensors[0].sizes
    geometries = [(t.sizes, t.strides) for t in tensors]
    if dim < len(first):
        whole = (*first[:dim], len(tensors) * first[dim], *first[dim + 1 :])
        stride = strides.view(whole, layout(whole, geometries), shape)
        assert stride is not None
        return stride
    return layout(shape, [with_dim(s, st, dim) for s, st in geometries])


stack.vjp(tensors=lambda g, dim: unstacked(g, dim) if state.grad else g.unbind(dim))
stack.jvp("linear")


def unstacked(g: Tensor, dim: int) -> list[Tensor]:
    """The parts of a gradient, each with a history of its own, as PyTorch takes them."""
    return [g.select(dim, at) for at in range(g.sizes[wrap_dim(dim, g.ndim)])]


def _several(name: str, tensors: Tensors, form: Callable[[Tensor], object]) -> list[Tensor]:
    """The tensors, each with at least so many dims."""
    check_list(name, tensors)
    if not tensors:
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    wide = [form(t) for t in tensors]
    return [t for t in wide if isinstance(t, Tensor)]


@guarded
def hstack(tensors: Tensors, *, out: Tensor | None = None) -> Tensor:
    """The tensors side by side: along dim 1, or dim 0 for vectors."""
    wide = _several("hstack", tensors, atleast_1d)
    return cat(wide, 0 if wide[0].ndim == 1 else 1, out=out)


@guarded
def vstack(tensors: Tensors, *, out: Tensor | None = None) -> Tensor:
    """The tensors below each other: along dim 0, vectors as rows."""
    return cat(_several("vstack", tensors, atleast_2d), 0, out=out)


row_stack = guarded(vstack, "row_stack")


@guarded
def dstack(tensors: Tensors, *, out: Tensor | None = None) -> Tensor:
    """The tensors behind each other: along dim 2."""
    return cat(_several("dstack", tensors, atleast_3d), 2, out=out)


@guarded
def column_stack(tensors: Tensors, *, out: Tensor | None = None) -> Tensor:
    """The tensors side by side, vectors as columns."""
    wide = _several("column_stack", tensors, lambda t: t if t.ndim > 1 else t.reshape(t.numel(), 1))
    return hstack(wide, out=out)


@op("contiguous", method=False, node="BlockDiagBackward0")
def blocks(tensors: Sequence[Tensor]) -> Tensor:
    """Zeros with the matrices one after the other on the diagonal; a vector is one row.

    Source: aten/src/ATen/native/TensorShape.cpp block_diag.
    """
    for at, t in enumerate(tensors):
        if t.ndim > 2:
            raise RuntimeError(
                "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input "
                f"{at} has {t.ndim} dimensions"
            )
    if not tensors:
        return empty((1, 0), (1, 1), dtypes.get_default_dtype())
    dtype = functools.reduce(dtypes.promote_types, [t.dtype for t in tensors])
    sizes = [matrix_shape(t.sizes) for t in tensors]
    shape = sum(n for n, _ in sizes), sum(m for _, m in sizes)
    out = empty(shape, strides.contiguous(shape), dtype)
    out.array.fill(0)
    row = column = 0
    for (n, m), t in zip(sizes, tensors, strict=True):
        part = out.array[row : row + n, column : column + m]
        quietly(np.copyto, part, t.array.reshape(n, m), casting="unsafe")
        row, column = row + n, column + m
    return out


def matrix_shape(shape: Shape) -> tuple[int, int]:
    """A shape of at most two dims as that of a matrix: a vector is one row."""
    rows, columns = (1, 1, *shape)[-2:]
    return rows, columns


blocks.vjp(tensors=lambda g, tensors_shape: blocks_backward(g, tensors_shape))
blocks.jvp("linear")


def blocks_backward(g: Tensor, sizes: Sequence[Shape]) -> list[Tensor]:
    """The part of the gradient that each matrix is in.

    Source: block_diag_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    parts: list[Tensor] = []
    row = column = 0
    for shape in sizes:
        n, m = matrix_shape(shape)
        part = g.narrow(0, row, n).narrow(1, column, m)
        for _ in range(2 - len(shape)):
            part = part.squeeze(-1)
        parts.append(part)
        # PyTorch takes no row for (0,) here, though its result has one
        row, column = row + (n if shape != (0,) else 0), column + m
    return parts


@composite(method=False, python=True)
def block_diag(*tensors: Tensor) -> Tensor:
    """Zeros with the given matrices one after the other on the diagonal; a vector is one row."""
    need_tensors(tensors)
    return blocks(tensors)
