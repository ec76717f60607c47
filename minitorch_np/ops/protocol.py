"""What Python and NumPy expect of a tensor on the first day: numbers, lists, arrays, text."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import printing
from minitorch_np.tensor import Number, Tensor, method

__all__ = ["is_floating_point", "is_tensor", "numel"]

Array = NDArray[np.generic]


@method
def item(self: Tensor) -> Number:
    """The only element as a Python number. Raises: RuntimeError where there are more or none."""
    if self.numel() != 1:
        raise RuntimeError(
            f"a Tensor with {self.numel()} elements cannot be converted to Scalar"
        )
    return python_values(self).item()


@method
def tolist(self: Tensor) -> Number | list[object]:
    """The elements as nested lists of Python numbers."""
    return python_values(self).tolist()


def python_values(tensor: Tensor) -> Array:
    """The elements in a dtype that turns to Python numbers: bfloat16 as float32."""
    array = tensor.array
    return array if array.dtype.kind != "V" and array.dtype.name != "bfloat16" else array.astype(np.float32)


@method
def numpy(self: Tensor, *, force: bool = False) -> Array:
    """The elements as an ndarray over the same memory."""
    if self.requires_grad:
        if not force:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
            )
    if self.dtype.name == "bfloat16":
        raise TypeError("Got unsupported ScalarType BFloat16")
    return self.array.view()


@method
def __repr__(self: Tensor) -> str:
    meta = self.grad_fn
    return printing.tensor_repr(
        self.array,
        self.dtype,
        requires_grad=self.requires_grad,
        grad_fn_name=None if meta is None else meta.name(),
    )


def is_tensor(obj: object) -> bool:
    """Whether `obj` is a tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are floating point numbers."""
    return input.dtype.is_floating_point


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()
