"""torch.linalg: norms, products, powers, exponentials, diagonals and the QR factors."""

from collections.abc import Sequence
from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.guard import guard_all
from minitorch_np.ops.copy import moved
from minitorch_np.ops.linalg import matmul, matrix_power
from minitorch_np.ops.matrix import linalg_cross as cross
from minitorch_np.ops.matrix import linalg_vander as vander
from minitorch_np.ops.matrix import qr
from minitorch_np.ops.matrix_exp import matrix_exp as _matrix_exp
from minitorch_np.ops.multi_dot import multi_dot, vecdot
from minitorch_np.ops.norm import check_out, matrix_norm, vector_norm
from minitorch_np.ops.slicing import diagonal as _diagonal
from minitorch_np.tensor import Number, Tensor

__all__ = [
    "cross", "diagonal", "matmul", "matrix_exp", "matrix_norm", "matrix_power", "multi_dot", "norm",
    "qr", "vander", "vecdot", "vector_norm",
]  # fmt: skip


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonals of matrices (..., M, N), a view: `torch.diagonal` of the last two dims."""
    return _diagonal(A, offset, dim1, dim2)


def matrix_exp(input: Tensor) -> Tensor:
    """The exponential of square matrices (..., N, N): `torch.matrix_exp`."""
    return _matrix_exp(input)


def norm(
    input: Tensor,
    ord: Number | str | None = None,
    dim: int | Sequence[int] | None = None,
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """A vector norm of a vector or along one dim, a matrix norm of a matrix or over two.

    Without `ord`, the 2-norm of all elements.
    Source: linalg_norm, aten/src/ATen/native/LinearAlgebra.cpp.
    """
    check_out("linalg.norm", out, dtype or input.dtype)
    return moved(_norm(input, ord, dim, keepdim, dtype), out)


def _norm(
    input: Tensor,
    ord: Number | str | None,
    dim: int | Sequence[int] | None,
    keepdim: bool,
    dtype: Dtype | None,
) -> Tensor:
    """The norm that the arguments ask for."""
    if ord is None:
        return vector_norm(input, 2.0, dim, keepdim, dtype=dtype)
    if isinstance(ord, str):
        axes = (-2, -1) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
        return matrix_norm(input, ord, axes, keepdim, dtype=dtype)
    if dim is None and input.ndim not in (1, 2):
        raise RuntimeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. "
            f"Got {input.ndim}D."
        )
    if dim is not None and not isinstance(dim, int) and len(dim) not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dim)}"
        )
    axes = dim if dim is not None else tuple(range(input.ndim))
    if isinstance(axes, int) or len(axes) == 1:
        return vector_norm(input, ord, axes, keepdim, dtype=dtype)
    return matrix_norm(input, ord, tuple(axes), keepdim, dtype=dtype)


guard_all(globals(), "linalg")


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
