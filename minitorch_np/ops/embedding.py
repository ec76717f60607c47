"""Rows of a table, looked up by index; and the rows of the identity. Source: aten/src/ATen/native,
Embedding.cpp and Onehot.cpp.
"""

from operator import index

import numpy as np
from numpy.typing import NDArray

from minitorch_np import strides
from minitorch_np.dtypes import bool_, int64
from minitorch_np.form import form_of
from minitorch_np.graph.modes import WATCHERS
from minitorch_np.graph.saved import legacy_type
from minitorch_np.loops import quietly
from minitorch_np.op import composite, op
from minitorch_np.ops.compare import eq
from minitorch_np.ops.copy import zeros
from minitorch_np.ops.index_dim import rows_of
from minitorch_np.ops.norm import norm
from minitorch_np.ops.points import Places, add_at, first_outside, is_index, places
from minitorch_np.ops.ranges import arange
from minitorch_np.shapes import in_int64
from minitorch_np.tensor import Tensor, stored

__all__ = ["embedding", "embedding_renorm_", "one_hot"]

Array = NDArray[np.generic]


def type_of(t: Tensor) -> str:
    """The name of a dtype in the errors of embeddings."""
    return "CPUBoolType" if t.dtype is bool_ else legacy_type(t)


@op("contiguous", method=False)
def embedding(
    weight: Tensor,
    indices: Tensor,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of `weight`, (K, D), that `indices`, of any shape, names: (*indices.shape, D).

    The gradient of row `padding_idx` is 0; `scale_grad_by_freq` divides that of each row by the
    number of times it was looked up. Gradients are always dense here. Raises: IndexError.
    """
    del padding_idx, scale_grad_by_freq, sparse  # the gradient's alone
    if len(weight.sizes) != 2:
        raise RuntimeError("'weight' must be 2-D")
    if not is_index(indices):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got {type_of(indices)} instead (while "
            "checking arguments for embedding)"
        )
    shape = (*indices.sizes, weight.sizes[1])
    at = places(indices)
    if first_outside(at, 0, weight.sizes[0]) is not None:
        raise IndexError("index out of range in self")
    return rows_of(weight, 0, at, form_of(shape, strides.contiguous(shape), weight.dtype))


embedding.vjp(
    weight=lambda g, indices, weight_shape, padding_idx, scale_grad_by_freq: (
        embedding_dense_backward(g, indices, weight_shape[0], padding_idx, scale_grad_by_freq)
    ),
    indices=None,
)
embedding.jvp("linear")


@op("contiguous", method=False)
def embedding_dense_backward(
    grad_output: Tensor,
    indices: Tensor,
    num_weights: int,
    padding_idx: int,
    scale_grad_by_freq: bool,
) -> Tensor:
    """The gradient of the table: each row gets those of all its uses, added in order."""
    out = zeros(grad_output, (num_weights, grad_output.sizes[-1]))
    at = places(indices).ravel()
    rows = grad_output.array.reshape(at.size, grad_output.sizes[-1])
    if padding_idx >= 0:
        used = at != padding_idx
        at, rows = at[used], rows[used]
    if scale_grad_by_freq and at.size:
        rows = quietly(scaled_rows, rows, at)
    quietly(add_at, out, [at], rows)
    return out


def scaled_rows(rows: Array, at: Places) -> Array:
    """Gradients of rows, each divided by the number of times its row was looked up."""
    scale = (1.0 / np.bincount(at)[at]).astype(np.float32 if rows.itemsize < 8 else np.float64)
    return np.multiply(rows, scale[:, None]).astype(rows.dtype)


def embedding_again(g: Tensor, indices: Tensor, padding_idx: int) -> Tensor:
    """The gradient of an embedding's gradient: rows of `g`, and zeros for padding."""
    rows = g.index_select(0, indices.reshape(-1)).view((*indices.sizes, g.sizes[-1]))
    return rows if padding_idx < 0 else rows.masked_fill((indices == padding_idx).unsqueeze(-1), 0)


embedding_dense_backward.vjp(grad_output=embedding_again, indices=None)
embedding_dense_backward.jvp("linear")


@op("like", method=False)
def embedding_renorm_(input: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> Tensor:
    """Scales each row that `indices` names and whose norm is greater than `max_norm` down to it.

    Raises: RuntimeError where the table is no matrix; IndexError.
    """
    where = "(while checking arguments for embedding_renorm_)"
    if input.ndim != 2:
        raise RuntimeError(
            f"Expected 2-dimensional tensor, but got {input.ndim}-dimensional tensor for argument "
            f"#1 'self' {where}"
        )
    if not is_index(indices):
        raise RuntimeError(
            "Expected tensor for argument #2 'indices' to have one of the following scalar types: "
            f"Long, Int; but got {type_of(indices)} instead {where}"
        )
    at, n = np.unique(places(indices)), input.sizes[0]
    wrong = first_outside(at, -n, n)
    if wrong is not None:
        raise IndexError(
            f"select(): index {wrong} out of range for tensor of size {list(input.sizes)} at "
            "dimension 0"
        )
    if not input.dtype.is_floating_point:
        raise NotImplementedError(
            "norm(): input dtype should be either floating point or complex. Got "
            f"{input.dtype.aten_name} instead."
        )
    rows, compute = input.array, input.dtype.compute
    norms = norm(input.detach()[at.tolist()], norm_type, 1).array.astype(np.float64)
    for row, length in zip(at.tolist(), norms.tolist(), strict=True):
        if length > max_norm:
            factor = compute.type(max_norm / (length + 1e-7))
            rows[row] = (rows[row].astype(compute) * factor).astype(rows.dtype)
    return input


embedding_renorm_.vjp(indices=None)


@composite(method=False)
def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """Indices (*) as int64 rows (*, num_classes) with a single 1; -1 means the largest plus 1.

    Source: aten/src/ATen/native/Onehot.cpp, functorch/BatchRulesDecompositions.cpp.
    """
    if input.dtype is not int64:
        kind = "" if input.is_batch else " of type LongTensor"
        raise RuntimeError(f"one_hot is only applicable to index tensor{kind}.")
    num_classes = in_int64(index(num_classes))
    if input.is_batch:  # of which nobody looks at the elements
        if num_classes <= 0:
            raise RuntimeError(
                "When vmap-ing torch.nn.functional.one_hot, please provide an explicit positive "
                "num_classes argument."
            )
    elif not input.numel():
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
    else:
        if np.minimum.reduce(input.array, None) < 0:
            raise RuntimeError("Class values must be non-negative.")
        largest = int(np.maximum.reduce(input.array, None))
        if num_classes == -1:
            num_classes = largest + 1
        elif largest >= num_classes:
            raise RuntimeError("Class values must be smaller than num_classes.")
    if WATCHERS:
        return eq(input.unsqueeze(-1), arange(num_classes)).to(int64).contiguous()
    return stored(np.equal.outer(input.array, np.arange(num_classes)), int64)
