"""What every function that makes a tensor shares: its options, and the checks of sizes and numbers.

Source: torch/csrc/utils/python_arg_parser.cpp, aten/src/ATen/EmptyTensor.cpp.
"""

import math
import operator
from collections.abc import Sequence
from typing import Final, NoReturn, TypedDict, cast

import numpy as np

from minitorch_np import dtypes
from minitorch_np.casts import clear
from minitorch_np.devices import device, type_name
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.form import Form, Plans, form_of
from minitorch_np.graph.inplace import bump, refuse_leaf
from minitorch_np.graph.modes import WATCHERS, state
from minitorch_np.memory_format import (
    channels_last,
    contiguous_format,
    memory_format,
    preserve_format,
)
from minitorch_np.refusals import underive
from minitorch_np.shapes import Shape, listed, refuse_negative
from minitorch_np.strides import Stride, contiguous
from minitorch_np.tensor import INFERENCE, Number, Tensor, blank, empty, plain

__all__ = [
    "AS_IT_IS", "LikeOptions", "Options", "SizedOptions", "checked_number", "converted_number",
    "dtype_of", "finished", "in_format", "layout", "option_dtype", "prepared",
    "shape_of", "strided", "usual", "written",
]  # fmt: skip


class layout:
    """How a tensor keeps its elements; `strided`, the only one here, is memory plus strides."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


strided: Final = layout("strided")


class Options(TypedDict, total=False):
    """torch's keyword arguments of every factory function."""

    dtype: Dtype | type | None
    layout: layout | None
    device: device | str | None
    pin_memory: bool | None
    requires_grad: bool


class SizedOptions(Options, total=False):
    """The same, with the size by its name."""

    size: Sequence[int]


class LikeOptions(Options, total=False):
    """The same for `zeros_like` and its kin."""

    memory_format: memory_format | None


_LARGEST: Final = 2**63 - 1
_PYTHON_TYPES: Final[dict[object, Dtype]] = {
    float: dtypes.float64, int: dtypes.int64, bool: dtypes.bool_
}  # fmt: skip


def refuse(name: str, argument: str, wanted: str, value: object, position: int = 0) -> NoReturn:
    """Raise torch's TypeError for an argument of the wrong type."""
    place = f" (position {position})" if position else ""
    raise TypeError(
        f"{name}(): argument '{argument}'{place} must be {wanted}, not {type_name(value)}"
    )


def need_tensor(name: str, argument: str, value: object, position: int = 1) -> None:
    """Raise torch's TypeError for a value that is no tensor."""
    if not isinstance(value, Tensor):
        refuse(name, argument, "Tensor", value, position)


def shape_of(name: str, given: Sequence[object], options: Options | None = None) -> Shape:
    """The shape meant by the positional arguments of `zeros(2, 3)` or `zeros((2, 3))`."""
    if options is not None and "size" in options:
        return sizes_of(name, cast(SizedOptions, options).pop("size"))
    if not given:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    if len(given) == 1:
        one = given[0]
        if not isinstance(one, (int, bool)) and is_index(one):
            one = operator.index(cast(int, one))
        return (one,) if type(one) is int else sizes_of(name, one)
    if isinstance(given[0], (list, tuple)):
        raise TypeError(f"{name}() takes 1 positional argument but {len(given)} were given")
    return sizes_of(name, given)


def sizes_of(name: str, size: object, argument: str = "size", position: int = 1) -> Shape:
    """The shape of a size given as one sequence."""
    if not isinstance(size, (tuple, list)):
        refuse(name, argument, "tuple of ints", size, position)
    items = cast("Sequence[object]", size)
    for n in items:
        if type(n) is not int:
            break
    else:  # as nearly always
        return cast(Shape, tuple(items))
    if items and not is_index(items[0]):
        raise TypeError(
            f"{name}(): argument '{argument}' (position {position}) must be tuple of ints, but "
            f"found element of type {type_name(items[0])} at pos 0"
        )
    for at, item in enumerate(items):
        if not is_index(item) and not isinstance(item, bool):  # of which only the first is refused
            raise TypeError(
                f"{name}(): argument '{argument}' failed to unpack the object at pos {at + 1} with "
                f'error "type must be tuple of ints,but got {type_name(item)}"'
            )
    return tuple([int(operator.index(cast(int, item))) for item in items])


def is_index(value: object) -> bool:
    """Whether torch takes `value` as an integer: ints, NumPy's, one-element integer tensors."""
    if isinstance(value, Tensor):
        return value.numel() == 1 and not value.dtype.is_floating_point
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and value.dtype.kind in "iu"
    return hasattr(value, "__index__") and not isinstance(value, (bool, np.bool_))


def checked_shape(shape: Shape, itemsize: int, name: str = "") -> None:
    """Raise for a negative size, or for more bytes than fit in an int64."""
    total = itemsize
    for n in shape:
        if n < 0:
            if name == "zeros":  # the only one that checks before it allocates
                raise RuntimeError("zeros: Dimension size must be non-negative.")
            refuse_negative(shape)
        total *= n
    if total > _LARGEST:
        raise RuntimeError(f"Storage size calculation overflowed with sizes={listed(shape)}")


def dtype_of(name: str, dtype: object) -> Dtype | None:
    """The dtype meant by a `dtype=` argument; Python's float, int and bool name one too."""
    if dtype is None or isinstance(dtype, Dtype):
        return dtype
    try:
        return _PYTHON_TYPES[dtype]
    except (KeyError, TypeError):
        refuse(name, "dtype", "torch.dtype", dtype)


def option_dtype(name: str, options: Options) -> Dtype | None:
    """The dtype among checked options.

    Raises: TypeError for an option of the wrong type, RuntimeError for a device or a layout that
    is not here.
    """
    if not options:
        return None
    for key in options:
        if key not in _KNOWN:
            raise TypeError(f"{name}() got an unexpected keyword argument '{key}'")
    dtype = dtype_of(name, options.get("dtype"))
    where = options.get("device")
    if where is not None:
        check_device(name, where)
    kind = options.get("layout")
    if kind is not None and not isinstance(kind, layout):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        refuse(name, "layout", "torch.layout", kind)
    pinned = options.get("pin_memory")
    if pinned is not None and not isinstance(pinned, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        refuse(name, "pin_memory", "bool", pinned)
    if pinned:
        raise RuntimeError("minitorch_np runs on the CPU only: there is no memory to pin")
    wants = options.get("requires_grad")
    if wants is not None and not isinstance(wants, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        refuse(name, "requires_grad", "bool", wants)
    return dtype


_KNOWN: Final = {*Options.__annotations__, "memory_format"}


def check_device(name: str, where: object) -> None:
    """Raise unless `where` names the CPU."""
    if isinstance(where, (device, str)):
        device(where)
    elif isinstance(where, int) and not isinstance(where, bool):
        raise RuntimeError(f"minitorch_np runs on the CPU only: device '{where}' is not available")
    else:
        refuse(name, "device", "torch.device", where)


def in_format(format: object, shape: Shape, name: str = "empty") -> Stride:
    """The stride of a new tensor in a memory format; None stands for contiguous."""
    if format is None or format is contiguous_format:
        return contiguous(shape)
    if not isinstance(format, memory_format):
        refuse(name, "memory_format", "torch.memory_format", format)
    if format is preserve_format:
        raise RuntimeError("unsupported memory format Preserve")
    rank = 4 if format is channels_last else 5
    if len(shape) != rank:
        raise RuntimeError(f"required rank {rank} tensor to use {format.name} format")
    return format.stride(shape)


def prepared(
    name: str,
    shape: Shape,
    options: Options,
    out: Tensor | None = None,
    default: Dtype | None = None,
    stride: Stride | None = None,
) -> Tensor:
    """An uninitialised tensor of checked shape and options, or `out` made to have that shape."""
    dtype = option_dtype(name, options)
    if out is not None:
        if dtype is not None and dtype is not out.dtype:
            raise RuntimeError(
                f"dtype {dtype.aten_name} does not match dtype of out parameter "
                f"({out.dtype.aten_name})"
            )
        checked_shape(shape, out.dtype.itemsize, name)
        if out.requires_grad and name in ("empty", "randn"):
            raise RuntimeError("cannot resize variables that require grad")
        refuse_leaf(name, out)
        if out.sizes != shape:
            out.restride(shape, contiguous(shape), out.offset)
            if name in ("empty", "randn"):  # PyTorch calls resize_
                bump(out)
        return out
    dtype = dtype or default or dtypes.get_default_dtype()
    checked_shape(shape, dtype.itemsize, name)
    if stride is not None:
        return empty(shape, stride, dtype)
    form = form_of(shape, contiguous(shape), dtype)
    _forms.keep((shape, dtype), form)
    return blank(form)


_forms = Plans[Form]()
"""Those of contiguous tensors that were made, by shape and dtype: what was found to be possible."""


def usual(given: Sequence[object], options: Options, dtype: Dtype | None = None) -> Form | None:
    """The form of a new tensor in the common case: its size is ints, or one sequence of them, as a
    tensor had before, no option asks for more than a dtype and gradients, and nobody watches.

    None means that `shape_of` and `prepared` have to look at what is given.
    """
    if WATCHERS or not given:
        return None
    if options:
        asked = options.get("dtype", dtype)
        leaf = options.get("requires_grad", False)
        if len(options) > ("dtype" in options) + ("requires_grad" in options):
            return None
        if type(leaf) is not bool or (asked is not None and type(asked) is not Dtype):
            return None
        dtype = asked or dtype
    first = given[0]
    if len(given) == 1 and isinstance(first, (tuple, list)):
        given = cast("Sequence[object]", first)
    for n in given:
        if type(n) is not int:  # 1.0 and True are found under the key of 1
            return None
    return _forms.get((cast(Shape, tuple(given)), dtype or dtypes.get_default_dtype()))


def finished(tensor: Tensor, options: Options, out: Tensor | None = None, name: str = "") -> Tensor:
    """A filled tensor with what its options and the modes of this thread say about autograd.

    What was given as `out` to the function of this `name` has no derivative any more.
    """
    if out is not None:
        leaf = out.meta is None or out.meta.grad_fn is None
        if state.grad:
            underive(f"aten::{name}", out, (out,))
        bump(out)
        if not leaf:
            return out
        out.requires_grad = False
    elif WATCHERS and state.inference:
        tensor.clock = INFERENCE
    if options and options.get("requires_grad"):
        if not tensor.dtype.is_floating_point:
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients"
            )
        tensor.requires_grad = True
    return tensor


def checked_number(name: str, argument: str, value: object, position: int = 1) -> Number:
    """A Python number from a number, a NumPy scalar or a 0-d tensor.

    Raises: TypeError for anything else.
    """
    try:
        return plain(value)
    except TypeError:
        refuse(name, argument, "Number", value, position)


def written(tensor: Tensor, value: Number) -> Tensor:
    """A new tensor with every element `value`. Raises: RuntimeError where it does not fit."""
    if type(value) is int and value == 0:
        clear(tensor.array)
        return tensor
    limit = AS_IT_IS.get((type(value), tensor.dtype))
    as_it_is = value in (0, 1) if limit is None else abs(value) <= limit
    tensor.array.fill(value if as_it_is else converted_number(value, tensor.dtype))
    return tensor


AS_IT_IS: Final[dict[tuple[type, Dtype], float]] = {
    (int, dtypes.int64): _LARGEST,
    (int, dtypes.float32): 2**53,
    (int, dtypes.float64): 2**53,
    (float, dtypes.float32): dtypes.finfo(dtypes.float32).max,
    (float, dtypes.float64): math.inf,
}
"""Up to what NumPy writes a number of Python's as PyTorch does."""


def converted_number(value: Number, dtype: Dtype) -> np.generic:
    """A number as an element of `dtype`, rounded, cut, or wrapped where an unsigned type allows.

    Raises: RuntimeError where it does not fit. Source: c10/util/TypeCast.h checked_convert.
    """
    if not fits(dtypes.in_64_bits(value), dtype):
        raise RuntimeError(f"value cannot be converted to type {dtype.c_name} without overflow")
    return element(value, dtype)


def fits(value: Number, dtype: Dtype) -> bool:
    """Whether a number can become an element of `dtype` without overflow."""
    if dtype.category == dtypes.BOOL or isinstance(value, bool):
        return True
    if dtype.is_floating_point:
        if isinstance(value, float) and not np.isfinite(value):
            return True
        return abs(value) <= dtypes.finfo(dtype).max
    if value != value:
        return False
    limits = dtypes.iinfo(dtype)
    least = limits.min
    if not dtype.is_signed and isinstance(value, int):
        least = -limits.max  # negative integers wrap, as in C; negative floats do not
    return least <= value <= limits.max


def element(value: Number, dtype: Dtype) -> np.generic:
    """A number that fits as an element of `dtype`; half types are reached through float32."""
    if dtype.category == dtypes.BOOL:
        return np.bool_(value)
    if dtype.is_floating_point:
        with np.errstate(all="ignore"):
            return np.float64(value).astype(dtype.compute).astype(dtype.np)
    return np.uint64(int(value) & 0xFFFF_FFFF_FFFF_FFFF).astype(dtype.np)
