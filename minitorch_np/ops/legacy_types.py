"""The names that tensors had by their dtype, which older programs make them by: `LongTensor(2, 3)`.

Source: torch/csrc/tensor/python_tensor.cpp.
"""

import warnings
from typing import Any

from minitorch_np import dtypes
from minitorch_np.absent import absent
from minitorch_np.devices import device as Device
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.flight import depth
from minitorch_np.graph.saved import LEGACY
from minitorch_np.ops.factory import strided
from minitorch_np.ops.from_data import of_dtype
from minitorch_np.tensor import Tensor

__all__ = [
    "BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor",
    "HalfTensor", "IntTensor", "LongTensor", "ShortTensor", "set_default_tensor_type",
    "tensortype",
]  # fmt: skip


class tensortype(type):
    """The type of such a name. Calling one makes a tensor of its dtype, of sizes or of data, and
    tensors of its dtype are its instances, though their type is `Tensor`."""

    dtype: Dtype
    layout = strided
    is_cuda = False
    is_sparse = False

    def __new__(cls, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> "tensortype":
        """Raises: TypeError for one that derives from another."""
        for base in bases:
            raise TypeError(f"type 'torch.{base.__name__}' is not an acceptable base type")
        return super().__new__(cls, name, bases, space)

    def __call__(cls, *args: object, device: "Device | str | None" = None) -> Tensor:
        return of_dtype(cls.dtype, args, device)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype


def _named(dtype: Dtype) -> tensortype:
    """The name of the tensors of a dtype."""
    name = f"{dtype.aten_name}Tensor"
    space = {"__module__": "minitorch_np", "__doc__": f"Tensors of {dtype}.", "dtype": dtype}
    return tensortype(name, (), space)


BFloat16Tensor = _named(dtypes.bfloat16)
BoolTensor = _named(dtypes.bool_)
ByteTensor = _named(dtypes.uint8)
CharTensor = _named(dtypes.int8)
DoubleTensor = _named(dtypes.float64)
FloatTensor = _named(dtypes.float32)
HalfTensor = _named(dtypes.float16)
IntTensor = _named(dtypes.int32)
LongTensor = _named(dtypes.int64)
ShortTensor = _named(dtypes.int16)


def set_default_tensor_type(t: tensortype | str, /) -> None:
    """Nothing; makes the dtype of such a type, or of one named as "torch.DoubleTensor", that of new
    tensors of Python floats. Deprecated, with a warning: `set_default_dtype` does the same.

    Raises: TypeError for what is no type of floating tensors, AttributeError for an unknown name.
    """
    if isinstance(t, str):
        if t not in LEGACY and t != "torch.Tensor":
            raise absent("minitorch_np", t.partition(".")[2])
        dtype = LEGACY.get(t)
    else:
        dtype = t.dtype if isinstance(t, tensortype) else None  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
    if dtype is None:
        raise TypeError(
            "invalid type object: only floating-point types are supported as the default type"
        )
    text = (
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use "
        "torch.set_default_dtype() and torch.set_default_device() as alternatives."
    )
    warnings.warn(text, UserWarning, stacklevel=depth())
    dtypes.set_default_dtype(dtype)
