"""Vector norms: every norm that PyTorch computes without a decomposition.

Source: aten/src/ATen/native/LinearAlgebra.cpp linalg_vector_norm, linalg_matrix_norm;
torch/functional.py norm; norm_backward, torch/csrc/autograd/FunctionsManual.cpp.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.modes import no_grad
from minitorch_np.kernels.large import MANY
from minitorch_np.loops import check_dtype, exact_result_for, pointwise, reduce
from minitorch_np.op import composite, op
from minitorch_np.ops.copy import moved
from minitorch_np.ops.extremes import amax, amin
from minitorch_np.ops.reduce import (
    Dims,
    dims_of,
    everything,
    few_summed,
    large_total,
    noted_sum,
    restored,
    total,
)
from minitorch_np.quiet import quiet
from minitorch_np.shapes import wrap_dim, wrap_dims
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Number, Tensor, empty, method

__all__ = ["dist", "norm", "renorm"]

Array = NDArray[np.generic]


def _check(input: Tensor, ord: Number, dim: Dims, dtype: Dtype | None) -> Dtype:
    name = "linalg.vector_norm"
    if not input.dtype.is_floating_point:
        raise NotImplementedError(
            f"{name}: Expected a floating point or complex tensor as input. "
            f"Got {input.dtype.aten_name}"
        )
    if dtype is not None:
        if not dtype.is_floating_point:
            raise RuntimeError(
                f"{name}: dtype should be floating point or complex, but got {dtype.aten_name}"
            )
        if dtypes.promote_types(input.dtype, dtype) is not dtype:
            raise RuntimeError(
                f"{name}: the dtype of the input ({input.dtype.aten_name}) should be "
                "convertible without narrowing to the specified dtype "
                f"({dtype.aten_name})"
            )
    if not input.numel() and (ord == math.inf or ord < 0):
        text = f"{ord:g}"
        if everything(dim):
            raise RuntimeError(
                f"{name} cannot compute the {text} norm on an empty tensor because the operation "
                "does not have an identity"
            )
        for d in dims_of(dim, input.ndim):
            if not input.sizes[d]:
                raise RuntimeError(
                    f"{name} cannot compute the {text} norm on the dimension {d}because this "
                    "dimension is empty and the operation does not have an identity"
                )
    return dtype or input.dtype


@op("reduction", method=False, node="LinalgVectorNormBackward0", aten="linalg_vector_norm")
def vector_norm(
    input: Tensor,
    ord: Number = 2,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """(sum |x|^ord)^(1/ord) over `dim`; the largest |x| for inf, the nonzero ones counted for 0."""
    form = input.form
    few = dtype is None and out is None and form.contiguous and form.count < MANY
    if few and ord == 2:
        squares = quiet.run(np.multiply, input.array, input.array)
        done = few_summed(squares, form, dim, keepdim)
        if done is not None:
            quiet.run(np.sqrt, done.array, done.array)
            return done
    kind = _check(input, ord, dim, dtype)
    if out is not None:
        check_dtype(out, kind)
    p = float(dtypes.in_64_bits(ord))

    def f(a: Array, axes: tuple[int, ...]) -> Array:
        if p == 2:
            squares = large_total(a, axes, "squares")
            return np.sqrt(total(np.multiply(a, a), axes) if squares is None else squares)
        size = np.abs(a)
        if math.isinf(p):
            return (
                (np.maximum if p > 0 else np.minimum).reduce(size, axes)
                if a.size
                else (np.add.reduce(size, axes))
            )
        if p == 1:
            return total(size, axes)
        if p == 0:
            return total((size != 0).astype(a.dtype), axes)
        return np.power(total(np.power(size, a.dtype.type(p)), axes), a.dtype.type(1 / p))

    done = reduce(f, input, dims_of(dim, input.ndim), keepdim, dtype=kind, out=out)
    return noted_sum(input, dim, keepdim, done) if few else done


vector_norm.vjp(
    input=lambda g, input, ord, out, dim, keepdim: norm_backward(g, input, ord, out, dim, keepdim)
)
vector_norm.jvp(
    input=lambda t, input, ord, out, dim, keepdim: norm_pushed(t, input, ord, out, dim, keepdim)
)


def norm_pushed(
    t: Tensor, input: Tensor, ord: Number, out: Tensor, dim: Dims, keepdim: bool
) -> Tensor | None:
    """The tangent of a norm: the gradient's part along `t`, summed."""
    gradient = norm_backward(out.new_ones(out.sizes), input, ord, out, dim, keepdim)
    if gradient is None:
        return None
    return (gradient * t).sum(dims_of(dim, input.ndim), keepdim)


def norm_backward(
    g: Tensor, input: Tensor, ord: Number, out: Tensor, dim: Dims, keepdim: bool
) -> Tensor | None:
    """The gradient of a norm; 0 where the norm is 0. Ties of an infinite norm share it."""
    p = float(ord)
    if p == 0:
        return None
    if input.ndim:
        g = restored(g, input.ndim, dim, keepdim)
        out = restored(out, input.ndim, dim, keepdim)
    if p == 1:
        return input.sgn() * g
    if p == 2:
        return g * (input / out).masked_fill_(out.eq(0), 0)
    size = input.abs()
    if math.isinf(p):
        same = size.eq(out).logical_or(size.isnan())
        axes = list(dims_of(dim, input.ndim))
        return input.sgn() * ((g / same.sum(axes, True)) * same)
    if p < 1:
        scaled = input.sgn() * size.pow_(p - 1).masked_fill_(input.eq(0), 0)
        return scaled * g * out.pow(1 - p)
    scaled = input.sgn() * size.pow_(p - 1) if p < 2 else input * size.pow_(p - 2)
    return scaled * (g / out.pow(p - 1)).masked_fill_(out.eq(0), 0)


def matrix_norm(
    input: Tensor,
    ord: Number | str = "fro",
    dim: Sequence[int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Norms of matrices: 'fro'; for 1, -1 the extreme sum of a column, for inf, -inf of a row.

    The norms that need singular values (2, -2, 'nuc') are not there.
    """
    if ord not in ("fro", "nuc", 2, -2, 1, -1, math.inf, -math.inf):
        raise RuntimeError(f"linalg.matrix_norm: Order {_order(ord)} not supported.")
    if input.ndim < 2:
        raise RuntimeError(
            "linalg.matrix_norm: The input tensor A must have at least 2 dimensions."
        )
    if len(dim) != 2:
        raise RuntimeError(
            f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, dim))}"
        )
    rows, columns = wrap_dims(tuple(dim), input.ndim)
    check_out("linalg.matrix_norm", out, dtype or input.dtype)
    if ord == "fro":
        return moved(vector_norm(input, 2, (rows, columns), keepdim, dtype=dtype), out)
    if ord in ("nuc", 2, -2):
        raise NotImplementedError(f"minitorch_np: matrix norm of order {ord}")
    order = float(ord)
    first, second = (columns, rows) if math.isinf(order) else (rows, columns)
    sums = vector_norm(input, 1, first, keepdim, dtype=dtype)
    if not keepdim and first < second:
        second -= 1
    return moved((amax if order > 0 else amin)(sums, second, keepdim), out)


def check_out(name: str, out: Tensor | None, dtype: Dtype) -> None:
    """Raise RuntimeError where a norm's `out` has another dtype."""
    if out is not None and out.dtype is not dtype:
        raise RuntimeError(
            f"{name} expected out tensor dtype {dtype.aten_name} but got: {out.dtype.aten_name}"
        )


def _order(ord: Number | str) -> str:
    return ord if isinstance(ord, str) else f"{ord:g}"


@composite(method=False, python=True)
def norm(
    input: Tensor,
    p: Number | str | None = "fro",
    dim: Dims = None,
    keepdim: bool = False,
    out: Tensor | None = None,
    dtype: Dtype | None = None,
) -> Tensor:
    """The p-norm of the elements over `dim`; 'fro' is 2. Source: torch/functional.py norm."""
    if isinstance(dim, bool):
        dim = (dim,)  # as PyTorch passes on a dim, but an int alone is taken sooner here
    if isinstance(p, str):
        if p == "fro" and (dim is None or isinstance(dim, int) or len(dim) <= 2):
            return vector_norm(input, 2, dim, keepdim, dtype=dtype, out=out)
        axes = (-2, -1) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
        return matrix_norm(input, p, axes, keepdim, dtype=dtype)
    order = 2.0 if p is None else p
    return vector_norm(input, order, dim, keepdim, dtype=dtype, out=out)


def tensor_norm(
    self: Tensor,
    p: Number | str | None = "fro",
    dim: Dims = None,
    keepdim: bool = False,
    dtype: Dtype | None = None,
) -> Tensor:
    """The p-norm of the elements over `dim`; 'fro' is 2."""
    return norm(self, p, dim, keepdim, dtype=dtype)


tensor_norm.__qualname__ = "Tensor.norm"  # as its errors say
method(tensor_norm, "norm")


def _distance(input: Tensor, other: Tensor, p: Number) -> Tensor:
    apart = input - other
    if not apart.dtype.is_floating_point:
        raise NotImplementedError(
            "norm(): input dtype should be either floating point or complex. "
            f"Got {apart.dtype.aten_name} instead."
        )
    return vector_norm(apart, p)


@op("reduction")
def dist(input: Tensor, other: Tensor, p: Number = 2) -> Tensor:
    """The p-norm of `input - other`, broadcast. Source: ATen/native/Distance.cpp dist."""
    with no_grad():
        return _distance(input, other, p)


def _dist_backward(
    g: Tensor, input: Tensor, other: Tensor, p: Number, out: Tensor
) -> Tensor | None:
    return norm_backward(g, input - other, p, out, None, True)


def _negative(g: Tensor | None) -> Tensor:
    if g is None:  # of p = 0
        raise RuntimeError(
            "Expected a proper Tensor but got None (or an undefined Tensor in C++) for argument #0 "
            "'self'"
        )
    return -g


dist.vjp(
    input=lambda g, input, other, p, out: _dist_backward(g, input, other, p, out),
    other=lambda g, input, other, p, out: _negative(_dist_backward(g, input, other, p, out)),
)


def _slice_norms(input: Tensor, p: Number, dim: int) -> tuple[Tensor, list[int]]:
    """The p-norm of each slice along `dim`, of half types in float32, and the dims it is over."""
    d = wrap_dim(dim, input.ndim)
    rest = [k for k in range(input.ndim) if k != d]
    kind = dtypes.float32 if input.dtype.is_half else None
    return vector_norm(input, p, rest, True, dtype=kind), rest


@op("contiguous", inplace=True)
def renorm(
    input: Tensor, p: Number, dim: int, maxnorm: Number, *, out: Tensor | None = None
) -> Tensor:
    """The tensor with each slice along `dim` of p-norm above `maxnorm` scaled down to it.

    Source: renorm_out, aten/src/ATen/native/Normalization.cpp.
    """
    if not dtypes.in_64_bits(p) > 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if not dtypes.in_64_bits(maxnorm) >= 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if input.ndim < 2:
        raise RuntimeError(
            f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions"
        )
    if out is None:
        out = empty(input.sizes, contiguous(input.sizes), input.dtype)
    elif out is not input:
        out = exact_result_for(out, input.sizes, input.dtype, [input])
    with no_grad():
        norms, _ = _slice_norms(input, p, dim)
        factor = (maxnorm / (norms + 1e-7)).where(norms > maxnorm, 1.0).to(input.dtype)
        return pointwise(np.multiply, input, factor, out=out)


def renorm_backward(g: Tensor, input: Tensor, p: Number, dim: int, maxnorm: Number) -> Tensor:
    """The gradient of `renorm`; it itself where no slice was too long. Source: FunctionsManual."""
    norms, rest = _slice_norms(input, p, dim)
    along = (input * g).sum(rest, True, dtype=norms.dtype)
    slope = norm_backward(along, input, p, norms, rest, True)
    inverse = (norms + 1e-7).reciprocal()
    shrunk = maxnorm * inverse * (g if slope is None else g - inverse * slope)
    return shrunk.to(g.dtype).where(norms > maxnorm, g)


renorm.vjp(input=lambda g, input, p, dim, maxnorm: renorm_backward(g, input, p, dim, maxnorm))
