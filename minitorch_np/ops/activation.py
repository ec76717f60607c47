"""Activation functions: each op beside its `_backward` op, as ATen pairs them."""

import math

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, strides
from minitorch_np.loops import CPP_NAMES, SCALAR_NAMES, not_implemented, pointwise, rounded, scalar
from minitorch_np.op import composite, op
from minitorch_np.ops.conditional import where_self
from minitorch_np.ops.copy import zeros_like
from minitorch_np.ops.special import error_function
from minitorch_np.tensor import Number, Tensor

__all__ = ["relu", "threshold", "selu", "celu", "prelu", "hardshrink"]

Array = NDArray[np.generic]


def need_floating(input: Tensor, kernel: str) -> None:
    """Raise ATen's error for a dtype that is not floating point."""
    if not input.dtype.is_floating_point:
        raise not_implemented(kernel, input.dtype)


def need_number(input: Tensor, kernel: str) -> None:
    """Raise ATen's error for bools."""
    if input.dtype is dtypes.bool_:
        raise not_implemented(kernel, input.dtype)


@op("elementwise", inplace=True)
def relu(input: Tensor) -> Tensor:
    """`max(input, 0)`; its derivative at 0 is 0. Source: ATen/native/Activation.cpp relu."""
    if input.dtype is dtypes.bool_:
        raise NotImplementedError("Boolean inputs not supported for relu")
    return pointwise(lambda a, o: np.maximum(a, 0, o), input)
