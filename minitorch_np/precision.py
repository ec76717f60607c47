"""What torch lets products lose of float32's digits. Source: ATen/Context.cpp."""

import warnings

from minitorch_np.devices import type_name
from minitorch_np.flight import depth

__all__ = ["get_float32_matmul_precision", "set_float32_matmul_precision"]

_PRECISIONS = ("highest", "high", "medium")

_precision = "highest"


def set_float32_matmul_precision(precision: str) -> None:
    """How much of float32 products may be lost for speed: nothing at 'highest', more at 'high' and
    'medium'. Here nothing is, whatever it says.

    Warns: of any other word, which changes nothing. Raises: RuntimeError for what is no str.
    """
    global _precision
    if not isinstance(precision, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        told = f"expects a str, but got {type_name(precision)}"
        raise RuntimeError(f"set_float32_matmul_precision {told}")
    if precision in _PRECISIONS:
        _precision = precision
        return
    warnings.warn(
        f"{precision} is not one of 'highest', 'high', or 'medium'; the current"
        "setFloat32MatmulPrecision call has no effect.",
        stacklevel=depth(),
    )


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was told last."""
    return _precision
