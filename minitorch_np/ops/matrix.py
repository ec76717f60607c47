"""Ops on single matrices and on vectors in space: trace, cross, QR.

Source: aten/src/ATen/native/ReduceOps.cpp trace, Cross.cpp, BatchLinearAlgebra.cpp linalg_qr.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, return_types, strides
from minitorch_np.flight import depth
from minitorch_np.loops import (
    common_dtype,
    converted,
    exact_result_for,
    finish,
    not_implemented,
    quietly,
)
from minitorch_np.op import composite, op
from minitorch_np.ops.conditional import where_self
from minitorch_np.ops.creation import new_empty, new_ones
from minitorch_np.ops.join import cat
from minitorch_np.ops.scatter import check_apart
from minitorch_np.ops.slicing import diag
from minitorch_np.shapes import Shape, broadcast, wrap_dim
from minitorch_np.tensor import Tensor, empty, stored

__all__ = ["cross", "diagflat", "trace", "vander"]

Array = NDArray[Any]


@op("reduction")
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal; integers count in int64."""
    if input.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    kind = input.dtype if input.dtype.is_floating_point else dtypes.int64
    if input.dtype.category == 0:
        raise not_implemented("trace", input.dtype)
    array = converted(input, kind)
    assert isinstance(array, np.ndarray)
    return finish(np.asarray(np.add.reduce(np.diagonal(array))), kind, None)


trace.vjp(input=lambda g, input_shape: trace_backward(g, input_shape))
trace.jvp("linear")


def trace_backward(g: Tensor, shape: Shape) -> Tensor:
    """The gradient on the diagonal, 0 elsewhere."""
    diagonal = stored(np.eye(*shape, dtype=np.bool_), dtypes.bool_)
    return where_self(diagonal, g, 0)


@op("contiguous", method=False)
def linalg_cross(
    input: Tensor, other: Tensor, *, dim: int = -1, out: Tensor | None = None
) -> Tensor:
    """The vector products of vectors of 3 along `dim`, the rest broadcast."""
    if input.ndim != other.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    d = wrap_dim(dim, input.ndim)
    if not input.ndim or input.sizes[d] != 3 or other.sizes[d] != 3:
        n, m = (t.sizes[d] if t.ndim else 1 for t in (input, other))
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {n} and {m}"
        )
    kind = common_dtype(input, other)
    shape = broadcast(input.sizes, other.sizes)
    if kind is dtypes.bool_:
        raise not_implemented("cross", kind)
    if out is not None:
        _ = exact_result_for(out, shape, kind)
        check_apart(out, input, other)

    a, b = converted(input, kind), converted(other, kind)
    assert isinstance(a, np.ndarray) and isinstance(b, np.ndarray)
    a = np.moveaxis(np.broadcast_to(a, shape), d, 0)
    b = np.moveaxis(np.broadcast_to(b, shape), d, 0)

    def f() -> Array:
        rows = [a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3)]
        return np.stack(rows, d)

    return finish(quietly(f), kind, out)


linalg_cross.vjp(
    input=lambda g, other, dim: linalg_cross(other, g, dim=dim),
    other=lambda g, input, dim: linalg_cross(g, input, dim=dim),
)
linalg_cross.jvp("linear")


@composite()
def cross(
    input: Tensor, other: Tensor, dim: int | None = None, *, out: Tensor | None = None
) -> Tensor:
    """`linalg.cross` along `dim`, by default the first dimension of size 3."""
    if dim is None:
        threes = [d for d, n in enumerate(input.sizes) if n == 3]
        warnings.warn(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass "
            "the dim explicitly or simply use torch.linalg.cross.\nThe default value of dim will "
            "change to agree with that of linalg.cross in a future release.",
            UserWarning,
            stacklevel=depth(),
        )
        if not threes:
            raise RuntimeError("no dimension of size 3 in input")
        dim = threes[0]
    return linalg_cross(input, other, dim=dim, out=out)


def householder(a: Array) -> tuple[Array, Array]:
    """The Householder vectors of the QR factors (unit, below the diagonal of the result) with R on
    and above it, and their scales tau. Source: LAPACK geqr2 and larfg, by their description."""
    a = a.copy()
    rows, columns = a.shape
    taus = np.zeros(min(rows, columns), a.dtype)
    for j in range(len(taus)):
        head, tail = a[j, j], a[j + 1 :, j]
        rest = np.sqrt(np.add.reduce(tail * tail))
        if rest == 0:
            continue  # the column is done: H is the identity and the sign stays
        beta = -np.copysign(np.hypot(head, rest), head)
        taus[j] = (beta - head) / beta
        tail /= head - beta
        v = np.concatenate([np.ones(1, a.dtype), tail])
        a[j, j] = beta
        right = a[j:, j + 1 :]
        right -= (taus[j] * v)[:, None] * np.add.reduce(v[:, None] * right, 0)
    return a, taus


def orthogonal(a: Array, taus: Array, columns: int) -> Array:
    """The first columns of Q, from the last reflection to the first. Source: LAPACK org2r."""
    rows = a.shape[0]
    q = np.eye(rows, columns, dtype=a.dtype)
    for j in range(len(taus) - 1, -1, -1):
        v = np.concatenate([np.ones(1, a.dtype), a[j + 1 :, j]])
        part = q[j:, j:]
        part -= (taus[j] * v)[:, None] * np.add.reduce(v[:, None] * part, 0)
    return q


@op("contiguous", method=False, node="LinalgQrBackward0")
def qr(A: Tensor, mode: str = "reduced") -> return_types.linalg_qr:
    """Q with orthonormal columns and upper triangular R, A = Q @ R, both column-major.

    (..., M, N) to (..., M, K), (..., K, N) with K = min(M, N); M for `mode` 'complete'; 'r' leaves
    Q empty. There is no gradient.
    """
    if A.ndim < 2:
        raise RuntimeError("linalg.qr: The input tensor A must have at least 2 dimensions.")
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', "
            "or 'complete'"
        )
    if A.dtype.is_half or not A.dtype.is_floating_point:
        if not A.dtype.is_floating_point:
            raise NotImplementedError(
                "linalg.qr: Expected a floating point or complex tensor as input. Got "
                + A.dtype.aten_name
            )
        raise not_implemented("geqrf_cpu", A.dtype)
    *batch, m, n = A.sizes
    k = m if mode == "complete" else min(m, n)
    q = _column_major((*batch, m, k), A)
    r = _column_major((*batch, k, n), A)
    for at in np.ndindex(*batch):
        packed, taus = quietly(householder, A.array[at])
        r.array[at] = np.triu(packed[:k])
        if mode != "r":
            q.array[at] = quietly(orthogonal, packed, taus, k)
    return return_types.linalg_qr(empty((0,), (1,), A.dtype) if mode == "r" else q, r)


def _column_major(shape: Shape, like: Tensor) -> Tensor:
    turned = (*shape[:-2], shape[-1], shape[-2])
    stride = strides.contiguous(turned)
    return empty(shape, (*stride[:-2], stride[-1], stride[-2]), like.dtype)


@composite()
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements on its diagonal number `offset`, and zeros elsewhere."""
    return diag(input.contiguous().view(-1), offset)


@composite(method=False)
def linalg_vander(x: Tensor, *, N: int | None = None) -> Tensor:  # torch's name
    """The powers 0 to N - 1 of each element, along a last dim; N is as many as there are elements.

    Source: linalg_vander, aten/src/ATen/native/BatchLinearAlgebra.cpp.
    """
    if x.dtype is dtypes.bool_ or x.dtype.is_half:
        raise NotImplementedError(
            "linalg.vander supports floating point, complex, and integer tensors, but got "
            f"{x.dtype.aten_name}"
        )
    points = x if x.ndim else x.unsqueeze(-1)
    n = points.sizes[-1] if N is None else N
    if n <= 1:
        raise RuntimeError("N must be greater than 1.")
    powers = points.unsqueeze(-1).expand((*points.sizes, n - 1)).cumprod(-1)
    return cat([new_ones(powers, (*points.sizes, 1)), powers], -1)


@composite(method=False)
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers N - 1 to 0 of each element of a vector, a row each; 0 to N - 1 if `increasing`.

    N is as many as there are elements. Integers count in int64.
    Source: vander, aten/src/ATen/native/TensorFactories.cpp.
    """
    if x.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    n = x.sizes[0] if N is None else N
    if n < 0:
        raise RuntimeError("N must be non-negative.")
    powers = new_empty(x, (x.sizes[0], n), dtype=dtypes.promote_types(x.dtype, dtypes.int64))
    if n:
        powers.select(1, 0).fill_(1)
    if n > 1:
        _ = powers.narrow(1, 1, n - 1).copy_(x.unsqueeze(1))
        _ = powers.narrow(1, 1, n - 1).copy_(powers.narrow(1, 1, n - 1).cumprod(1))
    return powers if increasing else powers.flip(1)
