"""Who multiplies matrices: our kernel, or NumPy's matmul as a second opinion.

`backends.matmul = "numpy"` switches every product of the engine; "numba" is the default.
"""

from typing import Any, NoReturn

import numpy as np

from minitorch_np import kernels
from minitorch_np.absent import absent

__all__ = ["matmul", "product"]

Matrices = np.ndarray[tuple[int, ...], np.dtype[Any]]

matmul: str = "numba"
"""'numba' or 'numpy'."""


def product(
    a: Matrices, b: Matrices, out: Matrices, *, alpha: float = 1, accumulate: bool = False
) -> None:
    """out = alpha * a @ b, plus out if accumulate: of (M, K) and (K, N), or of batches of them.

    All of one dtype, float32, float64 or integers (which wrap); any strides. `out` overlaps neither
    operand. Raises: ValueError where the switch has an unknown value.
    """
    if matmul == "numba":
        multiply = kernels.mm if out.ndim == 2 else kernels.bmm
        multiply(a, b, out, alpha=alpha, accumulate=accumulate)
    elif matmul == "numpy":
        values = np.matmul(a, b)
        if alpha != 1:
            values *= out.dtype.type(alpha)
        if accumulate:
            out += values
        else:
            out[...] = values
    else:
        raise ValueError(f"backends.matmul is 'numba' or 'numpy', not {matmul!r}")


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
