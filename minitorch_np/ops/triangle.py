"""Triangles of matrices, their indices, and grids of coordinates."""

import itertools
import operator
import warnings
from collections.abc import Callable, Sequence
from typing import Unpack, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, kernels, strides
from minitorch_np.dtypes import int64
from minitorch_np.flight import depth
from minitorch_np.graph.modes import writes
from minitorch_np.guard import guarded
from minitorch_np.kernels.large import dense, loop
from minitorch_np.loops import resize_output
from minitorch_np.op import composite, op
from minitorch_np.ops.factory import (
    Options,
    checked_number,
    finished,
    is_index,
    option_dtype,
    prepared,
    refuse,
)
from minitorch_np.ops.join import stack
from minitorch_np.overloads import need_tensors
from minitorch_np.shapes import in_int64, listed, need_int
from minitorch_np.tensor import Number, Tensor, blank, empty, stored

__all__ = [
    "cartesian_prod", "combinations", "meshgrid", "tril", "tril_indices", "triu", "triu_indices",
]  # fmt: skip

Array = NDArray[np.generic]


@op("contiguous", inplace=True)
def tril(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Each matrix (..., N, M) with zeros above `diagonal`, counted from the main one upwards.

    Source: aten/src/ATen/native/TriangularOps.cpp.
    """
    return _triangle("tril", np.tril, input, diagonal, out)


tril.vjp(input=lambda g, diagonal: g.tril(diagonal))
tril.jvp("linear")


@op("contiguous", inplace=True)
def triu(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Each matrix (..., N, M) with zeros below `diagonal`, counted from the main one upwards.

    Source: aten/src/ATen/native/TriangularOps.cpp.
    """
    return _triangle("triu", np.triu, input, diagonal, out)


triu.vjp(input=lambda g, diagonal: g.triu(diagonal))
triu.jvp("linear")


@composite()
def fill_diagonal_(input: Tensor, fill_value: Number, wrap: bool = False) -> Tensor:
    """This matrix, or cube, with `fill_value` on its main diagonal.

    With `wrap` a matrix of more rows than columns gets another diagonal below each, a row between
    them. Raises: RuntimeError for fewer than two dims, and for a cube of unequal sides.
    Source: aten/src/ATen/native/Fill.cpp.
    """
    value = checked_number("fill_diagonal_", "fill_value", fill_value, 1)
    if not isinstance(wrap, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        refuse("fill_diagonal_", "wrap", "bool", wrap, 2)
    writes("fill_diagonal_", input, value, wrap)
    shape, offset = input.sizes, input.storage_offset()
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    rows, columns, step = *shape[:2], sum(input.strides)
    count = min(rows, columns)
    input.as_strided((count,), (step,), offset).fill_(value)
    if wrap and len(shape) == 2 and rows > columns + 1:
        rest = -(-input.numel() // (columns + 1)) - count
        offset += input.strides[0] * (columns + 1)
        input.as_strided((rest,), (step,), offset).fill_(value)
    return input


def _triangle(
    name: str, f: Callable[..., Array], input: Tensor, diagonal: int, out: Tensor | None
) -> Tensor:
    if type(diagonal) is not int and not is_index(diagonal):
        refuse(name, "diagonal", "int", diagonal, 2)
    form, diagonal = input.form, in_int64(operator.index(diagonal))
    if form.swift == 0 and out is None and len(form.shape) > 1 and not kernels.waiting:
        done = blank(form)
        _by_loop(name, input.array, done.array, diagonal)
        return done
    if input.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")
    rows, columns = input.sizes[-2:]
    diagonal = max(-rows, min(diagonal, columns))  # NumPy counts on from it
    if out is input and dense(input.array):
        _by_loop(name, input.array, input.array, diagonal)
        return input
    if out is input:  # zeros alone are written, for elements may share memory
        outside = np.logical_not(f(np.ones(input.sizes[-2:], np.bool_), diagonal))
        input.array[..., outside] = 0
        return input
    if out is None:
        out = empty(input.sizes, strides.contiguous(input.sizes), input.dtype)
    else:
        if out.dtype is not input.dtype:
            raise RuntimeError(
                f"Expected out tensor to have dtype {input.dtype.cpp_name}, but got "
                f"{out.dtype.cpp_name} instead"
            )
        if out.sizes != input.sizes:
            resize_output(out, input.sizes, strides.contiguous(input.sizes))
    if dense(input.array) and dense(out.array):
        _by_loop(name, input.array, out.array, diagonal)
    else:
        out.array[...] = f(input.array, diagonal)
    return out


def _by_loop(name: str, a: Array, out: Array, diagonal: int) -> None:
    rows, columns = a.shape[-2:]
    diagonal = max(-rows, min(diagonal, columns))  # beyond, nothing changes
    loop("copies.triangle")(a, out, rows, columns, diagonal, name == "tril", a is not out)


@guarded
def tril_indices(row: int, col: int, offset: int = 0, **options: Unpack[Options]) -> Tensor:
    """The (2, N) rows and columns of the lower triangle of a (row, col) matrix, row by row."""
    return _indices("tril_indices", np.tril, row, col, offset, options)


@guarded
def triu_indices(row: int, col: int, offset: int = 0, **options: Unpack[Options]) -> Tensor:
    """The (2, N) rows and columns of the upper triangle of a (row, col) matrix, row by row."""
    return _indices("triu_indices", np.triu, row, col, offset, options)


def _indices(
    name: str, f: Callable[..., Array], row: int, col: int, offset: int, options: Options
) -> Tensor:
    need_int(offset)
    for which, n in (("row", row), ("col", col)):
        if n < 0:
            raise RuntimeError(f"{which} must be non-negative, got{n}")
    dtype = option_dtype(name, options) or dtypes.int64
    if dtype not in (dtypes.int64, dtypes.int32, dtypes.int16):
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtype.aten_name}'")
    rows, columns = np.nonzero(f(np.ones((row, col), np.bool_), offset))
    tensor = prepared(name, (2, len(rows)), options, None, dtype)
    tensor.array[0], tensor.array[1] = rows, columns
    return finished(tensor, options)


def meshgrid(
    *tensors: Tensor | Sequence[Tensor], indexing: str | None = None
) -> tuple[Tensor, ...]:
    """Views of 1-d tensors, each expanded along the dimensions of the others.

    'ij' gives them the shape (len(first), len(second), ...), 'xy' exchanges those two sizes.
    Source: aten/src/ATen/native/TensorShape.cpp meshgrid.
    """
    first = tensors[0] if len(tensors) == 1 else None
    given = list(first if isinstance(first, (list, tuple)) else cast("Sequence[Tensor]", tensors))
    if indexing is None:
        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing "
            "argument.",
            UserWarning,
            stacklevel=depth(),
        )
    _check_grid(given)
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(
            f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
        )
    swap = indexing == "xy" and len(given) >= 2
    if swap:
        given[0], given[1] = given[1], given[0]
    shape = tuple([t.numel() for t in given])
    grids = [
        t.view((*[1] * at, shape[at], *[1] * (len(shape) - at - 1))).expand(shape)
        for at, t in enumerate(given)
    ]
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


def _check_grid(tensors: Sequence[Tensor]) -> None:
    need_tensors(tensors)
    if not tensors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    for t in tensors:
        if t.dtype is not tensors[0].dtype:
            raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    for t in tensors:
        if t.ndim > 1:
            raise RuntimeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {t}"
            )


@composite(method=False, python=True)
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Every way to take one element of each 1-d tensor, a row each; of one tensor, that tensor.

    Source: aten/src/ATen/native/Itertools.cpp.
    """
    need_tensors(tensors)
    for t in tensors:
        if t.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {listed(t.sizes)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([t.flatten() for t in meshgrid(*tensors, indexing="ij")], 1)


@composite(method=False)
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Every choice of `r` elements of a 1-d tensor, a row each, in the order of their indices.

    Source: aten/src/ATen/native/Itertools.cpp.
    """
    if input.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {listed(input.sizes)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if not r:
        return empty((0,), (1,), input.dtype)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = list(choose(range(input.sizes[0]), r))
    return input[stored(np.array(rows, np.int64).reshape(-1, r), int64)].contiguous()
