"""Who multiplies matrices: our kernel, or NumPy's matmul as a second opinion.

`backends.matmul = "numpy"` switches every product of the engine; "numba" is the default.
"""

from typing import Any, NoReturn

import numpy as np

from minitorch_np import kernels
from minitorch_np.absent import absent
from minitorch_np.backends import cuda, cudnn, mps

__all__ = ["added", "cuda", "cudnn", "matmul", "mps", "plain", "product"]

Matrices = np.ndarray[tuple[int, ...], np.dtype[Any]]

matmul: str = "numba"
"""'numba' or 'numpy'."""


def plain(a: Matrices, b: Matrices, out: Matrices) -> None:
    """out = a @ b, as `product`: of real matrices of one dtype."""
    if matmul != "numba" or not kernels.small_product(a, b, out):
        product(a, b, out)


def added(a: Matrices, b: Matrices, out: Matrices, start: Matrices) -> None:
    """out = start + a @ b, as `product`: of real matrices of one dtype; start may be one row."""
    if matmul != "numba" or not kernels.small_product(a, b, out, start):
        product(a, b, out, 1, 1, start)


def product(
    a: Matrices,
    b: Matrices,
    out: Matrices,
    alpha: float = 1.0,
    beta: float = 0.0,
    start: Matrices | None = None,
) -> None:
    """out = alpha * a @ b + beta * start: of (M, K) and (K, N), or of batches of them.

    All of one dtype, float32, float64 or integers (which wrap), or half types into float32; any
    strides. `start` has out's shape. `out` overlaps neither operand, and `start` not at all or
    wholly. Raises: ValueError where the switch has an unknown value.
    """
    if matmul == "numba":
        multiply = kernels.mm if out.ndim == 2 else kernels.bmm
        multiply(a, b, out, alpha, beta, start)
    elif matmul == "numpy":
        values = np.matmul(a.astype(out.dtype), b.astype(out.dtype))
        if alpha != 1:
            values *= out.dtype.type(alpha)
        if beta != 0:
            values += out.dtype.type(beta) * (out if start is None else start)
        out[...] = values
    else:
        raise ValueError(f"backends.matmul is 'numba' or 'numpy', not {matmul!r}")


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
