"""Softmax and its logarithm, with PyTorch's nodes of the first and the second derivative.

Source: aten/src/ATen/native/SoftMax.cpp and cpu/SoftMaxKernel.cpp.
"""

import numpy as np
from numpy.typing import NDArray

from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.loops import converted, exact_result_for, finish, not_implemented, quietly
from minitorch_np.op import composite, op
from minitorch_np.shapes import wrap_dim
from minitorch_np.tensor import Tensor

__all__ = ["log_softmax", "softmax"]

Array = NDArray[np.generic]


def _array(t: Tensor) -> Array:
    array = converted(t, t.dtype)
    assert isinstance(array, np.ndarray)
    return array


def _ready(name: str, input: Tensor, dim: int, out: Tensor | None) -> int:
    """The wrapped dim, after the checks that both ops share."""
    d = wrap_dim(dim, input.ndim)
    if out is not None:
        _ = exact_result_for(out, input.sizes, input.dtype)
    if not input.dtype.is_floating_point:
        raise not_implemented(name, input.dtype)
    return d


def _softmax(a: Array, dim: int) -> Array:
    most = np.maximum.reduce(a, dim, keepdims=True)
    values = np.subtract(a, most)
    np.exp(values, out=values)
    np.divide(values, np.add.reduce(values, dim, keepdims=True), out=values)
    return values


def _log_softmax(a: Array, dim: int) -> Array:
    most = np.maximum.reduce(a, dim, keepdims=True)
    values = np.subtract(a, most)
    np.subtract(values, np.log(np.add.reduce(np.exp(values), dim, keepdims=True)), out=values)
    return values


@op("contiguous", method=False, node="SoftmaxBackward0")
def _softmax_forward(
    input: Tensor, dim: int, half_to_float: bool = False, *, out: Tensor | None = None
) -> Tensor:
    """exp(input) over its sum along `dim`."""
    d = _ready("softmax_lastdim_kernel_impl", input, dim, out)
    if not input.numel() or not input.ndim:
        return finish(np.ones(input.sizes, input.dtype.np), input.dtype, out)
    return finish(quietly(_softmax, _array(input), d), input.dtype, out)
