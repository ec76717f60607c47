"""Reductions: dimensions folded into one value each."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.loops import reduce
from minitorch_np.op import composite, op
from minitorch_np.shapes import Shape, wrap_dims
from minitorch_np.tensor import Tensor

__all__ = ["sum", "sum_to_size"]

Array = NDArray[np.generic]
Dims = int | Sequence[int] | None


def dims_of(dim: Dims, ndim: int) -> tuple[int, ...]:
    """The wrapped dims of a reduction; None and () mean all of them."""
    if dim is None:
        return tuple(range(ndim))
    given = (dim,) if isinstance(dim, int) else tuple(dim)
    return wrap_dims(given, ndim) or tuple(range(ndim))


def widened(input: Tensor, dtype: Dtype | None) -> Dtype:
    """The dtype in which sums and products are taken: integers and bools as int64."""
    return dtype or (input.dtype if input.dtype.is_floating_point else dtypes.int64)


@op("reduction", node=lambda dim: "SumBackward0" if dim is None else "SumBackward1")
def sum(
    input: Tensor,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The sum over `dim`, or over everything. Source: ATen/native/ReduceOps.cpp sum."""
    dims = dims_of(dim, input.ndim)
    kind = widened(input, dtype)
    return reduce(lambda a, axes: np.add.reduce(a, axes), input, dims, keepdim, dtype=kind, out=out)


sum.vjp(input=lambda g, input_shape, dim, keepdim: spread(g, input_shape, dim, keepdim))


def spread(g: Tensor, shape: Shape, dim: Dims, keepdim: bool) -> Tensor:
    """A reduction's gradient, expanded over the dims that were reduced."""
    if dim is not None and not keepdim:
        for d in sorted(dims_of(dim, len(shape))):
            g = g.unsqueeze(d)
    return g.expand(shape)


@composite(variadic="size")
def sum_to_size(input: Tensor, size: Shape) -> Tensor:
    """The tensor summed to `size`, undoing a broadcast. Source: ATen/ExpandUtils.h sum_to."""
    shape = tuple(size)
    if shape == input.sizes:
        return input
    lead = input.ndim - len(shape)
    dims = [*range(lead), *[i for i in range(lead, input.ndim) if shape[i - lead] == 1 != input.sizes[i]]]
    total = sum(input, dims, True) if dims else input
    return total.view(shape) if lead else total
