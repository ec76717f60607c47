"""torch.autograd.Variable, from the time when a tensor by itself had no gradient.

Source: torch/autograd/variable.py, torch/csrc/autograd/python_legacy_variable.cpp.
"""

import warnings
from typing import cast

from minitorch_np.devices import type_name
from minitorch_np.dtypes import get_default_dtype
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor, empty

__all__ = ["Variable", "VariableMeta"]


class VariableMeta(type):
    """The class of Variable: every tensor is an instance of that."""

    def __instancecheck__(cls, other: object) -> bool:
        return isinstance(other, Tensor)


class Variable(metaclass=VariableMeta):
    """`Variable(data)` is a new tensor over the memory of `data`, a leaf, as `data.detach()` is.

    `volatile` has no effect but a warning. Raises: TypeError for data that is no tensor.
    """

    def __new__(
        cls, data: Tensor | None = None, requires_grad: bool = False, volatile: bool = False
    ) -> "Variable":
        """The tensor; an empty one without `data`."""
        if volatile:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.",
                UserWarning,
                stacklevel=2,
            )
        if data is None:
            data = empty((0,), contiguous((0,)), get_default_dtype())
        if not isinstance(data, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(f"Variable data has to be a tensor, but got {type_name(data)}")
        made = data.detach()
        if requires_grad and not made.dtype.is_floating_point:
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients"
            )
        if requires_grad:
            made.requires_grad = True
        return cast(Variable, made)
