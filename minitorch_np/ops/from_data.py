"""Tensors from Python and NumPy data: `tensor`, `as_tensor`, `from_numpy` and their kin.

Source: torch/csrc/utils/tensor_new.cpp, torch/csrc/utils/tensor_numpy.cpp.
"""

import math
import operator
import warnings
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final, Unpack, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.devices import device
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.flight import depth
from minitorch_np.form import Form, Plans, form_of
from minitorch_np.graph.modes import no_grad
from minitorch_np.guard import guarded
from minitorch_np.ops.factory import (
    Options,
    check_device,
    dtype_of,
    element,
    finished,
    fits,
    is_index,
    option_dtype,
    prepared,
    refuse,
    sizes_of,
    type_name,
)
from minitorch_np.quiet import quiet
from minitorch_np.shapes import Shape, Size
from minitorch_np.storage import wrap_array
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor, blank, empty, method, over

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["as_tensor", "asarray", "from_numpy", "frombuffer", "tensor"]

Array = NDArray[np.generic]
_MAX_DIMS: Final = 128
_SLOW_LIST: Final = (
    "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting "
    "the list to a single numpy.ndarray with numpy.array() before converting to a tensor."
)
_COPY_CONSTRUCT: Final = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than {}(sourceTensor)."
)


def from_numpy(ndarray: Array) -> Tensor:
    """A tensor over the memory of `ndarray`: writing to one writes to the other.

    Raises: TypeError for what is no ndarray or has a dtype that torch lacks, ValueError for a
    negative stride or one that is no multiple of the element's size.
    """
    return wrapped(ndarray, True)


def wrapped(ndarray: Array, warn: bool) -> Tensor:
    """`from_numpy`, with or without its warning about an array that may not be written to."""
    if not isinstance(ndarray, np.ndarray):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise TypeError(f"expected np.ndarray (got {type_name(ndarray)})")
    if warn and not ndarray.flags.writeable:
        warnings.warn(_READ_ONLY, UserWarning, stacklevel=depth())
    key = ndarray.shape, ndarray.strides, ndarray.dtype
    form = _wrapped.get(key)
    if form is None:
        form = _form_over(ndarray)
        _wrapped.keep(key, form)
    return finished(over(wrap_array(ndarray), form.shape, form.stride, 0, form.dtype), {})


_wrapped = Plans[Form]()
"""The forms of tensors over arrays, by shape, strides and dtype of the array."""


def _form_over(ndarray: Array) -> Form:
    """The form of a tensor over the memory of `ndarray`; raises as `from_numpy`."""
    size = ndarray.itemsize
    for step in ndarray.strides:
        if size and step % size:
            raise ValueError(
                "given numpy array strides not a multiple of the element byte size. Copy the numpy "
                "array to reallocate the memory."
            )
    for step in ndarray.strides:
        if step < 0:
            raise ValueError(
                "At least one stride in the given numpy array is negative, and tensors with "
                "negative strides are not currently supported. (You can probably work around this "
                "by making a copy of your array  with array.copy().) "
            )
    dtype = dtypes.from_numpy(ndarray.dtype)
    return form_of(ndarray.shape, tuple([step // size for step in ndarray.strides]), dtype)


_READ_ONLY: Final = (
    "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. "
    "This means writing to this tensor will result in undefined behavior. You may want to copy the "
    "array to protect its data or make it writable before converting it to a tensor. This type of "
    "warning will be suppressed for the rest of this program."
)


@guarded
def frombuffer(
    buffer: object,
    *,
    dtype: Dtype,
    count: int = -1,
    offset: int = 0,
    requires_grad: bool = False,
) -> Tensor:
    """A vector over the memory of an object with Python's buffer protocol, from the byte `offset`
    on: `count` elements, or all that are left.

    Raises: ValueError where the object has no such memory or too little of it, RuntimeError where
    it does not lie in one piece. Source: tensor_frombuffer, torch/csrc/utils/tensor_new.cpp.
    """
    kind = dtype_of("frombuffer", dtype)
    if kind is None:
        refuse("frombuffer", "dtype", "torch.dtype", dtype)
    for name, value in (("count", count), ("offset", offset)):
        if not is_index(value):
            refuse("frombuffer", name, "int", value)
    try:
        memory = memoryview(cast("Buffer", buffer))
    except TypeError:
        raise ValueError("object does not implement Python buffer protocol.") from None
    if not memory.c_contiguous:
        raise RuntimeError(
            "could not retrieve a contiguous buffer from the given object (non-contiguous buffers "
            "are not supported)"
        )
    check_part(memory.nbytes, kind.itemsize, count, offset)
    if memory.readonly:
        warnings.warn(_READ_ONLY_BUFFER, UserWarning, stacklevel=depth())
    array = np.frombuffer(memory, kind.np, count if count > 0 else -1, offset)
    made = over(wrap_array(array), array.shape, (1,), 0, kind)
    return finished(made, {"requires_grad": requires_grad})


def check_part(size: int, itemsize: int, count: int, offset: int) -> None:
    """Raise ValueError unless so many bytes have `count` elements, all if negative, at `offset`."""
    if not size or not count:
        raise ValueError(f"both buffer length ({size}) and count ({count}) must not be 0")
    if not 0 <= offset < size:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length "
            f"({size} bytes) minus 1"
        )
    left = size - offset
    if count < 0 and left % itemsize:
        raise ValueError(
            f"buffer length ({left} bytes) after offset ({offset} bytes) must be a multiple of "
            f"element size ({itemsize})"
        )
    if count * itemsize > left:
        raise ValueError(
            f"requested buffer length ({count} * {itemsize} bytes) after offset ({offset} bytes) "
            f"must not be greater than actual buffer length ({size} bytes)"
        )


_READ_ONLY_BUFFER: Final = (
    "The given buffer is not writable, and PyTorch does not support non-writable tensors. This "
    "means you can write to the underlying (supposedly non-writable) buffer using the tensor. You "
    "may want to copy the buffer to protect its data or make it writable before converting it to a "
    "tensor. This type of warning will be suppressed for the rest of this program."
)


def tensor(data: object, **options: Unpack[Options]) -> Tensor:
    """A copy of `data`: a number, nested sequences of numbers, an ndarray, or a tensor (warns).

    Without `dtype`: ints make int64, floats the default dtype, bools bool, NumPy's their own;
    mixed ones promote.
    """
    dtype = option_dtype("tensor", options)
    if isinstance(data, Tensor):
        warnings.warn(_COPY_CONSTRUCT.format("torch.tensor"), UserWarning, stacklevel=depth())
    return finished(copied(data, dtype), options)


@method
def new_tensor(self: Tensor, data: object, **options: Unpack[Options]) -> Tensor:
    """A copy of `data` as a tensor of this tensor's dtype."""
    dtype = option_dtype("new_tensor", options)
    if isinstance(data, Tensor):
        warnings.warn(_COPY_CONSTRUCT.format("tensor.new_tensor"), UserWarning, stacklevel=depth())
    return finished(copied(data, dtype or self.dtype), options)


def copied(data: object, dtype: Dtype | None) -> Tensor:
    """A tensor of its own with the values of `data`; of `dtype`, or of the dtype they suggest."""
    if isinstance(data, Tensor):
        return converted(data, dtype, copy=True)
    if isinstance(data, np.ndarray):
        return converted(wrapped(cast(Array, data), False), dtype, copy=True)
    return from_sequence(data, dtype)


def _of_one_kind(data: object, shape: Shape, dtype: Dtype | None) -> Tensor | None:
    """Nested lists of numbers of one type, as NumPy writes them without a look at each; None for
    what else there is, ints that are too large among it."""
    items: Sequence[object] = [data]
    for n in shape:
        if not _LISTS.issuperset(map(type, items)):
            return None
        rows = cast("Sequence[Sequence[object]]", items)
        if set(map(len, rows)) != {n}:
            return None
        items = rows[0] if len(rows) == 1 else list(chain.from_iterable(rows))
    kinds = set(map(type, items))
    kind = kinds.pop() if len(kinds) == 1 else object
    suggested = _OF_TYPE.get(kind)
    if kind is float:
        suggested = dtype or dtypes.get_default_dtype()
        if suggested is not dtypes.float32 and suggested is not dtypes.float64:
            return None
    if suggested is None or dtype not in (None, suggested):
        return None
    made = blank(form_of(shape, contiguous(shape), suggested))
    try:
        quiet.run(made.array.__setitem__, ..., data)
    except OverflowError:
        return None
    return made


_LISTS = frozenset([list, tuple, range])


def converted(source: Tensor, dtype: Dtype | None, copy: bool) -> Tensor:
    """`source` in another dtype, without history when it is a copy."""
    if not copy:
        return source if dtype is None else source.to(dtype)
    with no_grad():
        return source.to(dtype or source.dtype, copy=True)


def from_sequence(data: object, dtype: Dtype | None) -> Tensor:
    """A tensor of the numbers in nested sequences."""
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type_name(data)}'")
    shape = sequence_shape(data)
    usual = _of_one_kind(data, shape, dtype)
    if usual is not None:
        return usual
    kind = dtype or inferred_dtype(data)
    made = empty(shape, contiguous(shape), kind)
    if 0 in shape:
        return made
    items: list[object] = []
    _collect(data, shape, 0, items)
    made.array[...] = _elements(items, kind).reshape(shape)
    return made


def is_sequence(value: object) -> bool:
    """Whether `value` has a length and items by index, as C's PySequence_Check sees it."""
    if isinstance(value, (list, tuple)):
        return True
    kind = type(value)
    if isinstance(value, (int, float, Tensor, dict, np.generic)):
        return False
    return hasattr(kind, "__getitem__") and hasattr(kind, "__len__")


def sequence_shape(data: object) -> Shape:
    """The shape of nested sequences, read along their first items."""
    sizes: list[int] = []
    while is_sequence(data):
        items = cast("Sequence[object]", data)
        n = len(items)
        sizes.append(n)
        if len(sizes) > _MAX_DIMS:
            raise ValueError(f"too many dimensions '{type_name(data)}'")
        if not n:
            break
        data = items[0]
    return tuple(sizes)


def inferred_dtype(data: object) -> Dtype:
    """The dtype that a number, or everything in nested sequences, suggests."""
    found = _OF_TYPE.get(cast(type, type(data)))
    if found is not None:
        return found
    if isinstance(data, np.ndarray):
        return dtypes.from_numpy(cast(Array, data).dtype)
    if isinstance(data, np.generic):
        return dtypes.from_numpy(cast(np.generic, data).dtype)
    if isinstance(data, float):
        return dtypes.get_default_dtype()
    if isinstance(data, int):
        return dtypes.int64
    if isinstance(data, Tensor):
        return data.dtype
    if isinstance(data, complex):
        raise TypeError("minitorch_np has no complex dtype")
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type_name(data)}'")
    if not is_sequence(data):
        name = "torch.dtype" if isinstance(data, Dtype) else type_name(data)
        raise RuntimeError(f"Could not infer dtype of {name}")
    return _inferred_of(cast("Sequence[object]", data))


_OF_TYPE: Final[dict[type, Dtype]] = {int: dtypes.int64, bool: dtypes.bool_}


def _inferred_of(items: Sequence[object]) -> Dtype:
    if not len(items):
        return dtypes.get_default_dtype()
    kinds = set(map(type, items)) if isinstance(items, (list, tuple)) else {object}
    if kinds <= {int, float, bool}:
        if float in kinds:
            return dtypes.get_default_dtype()
        return dtypes.int64 if int in kinds else dtypes.bool_
    result: Dtype | None = None
    for at in range(len(items)):
        item = items[at]
        if item is items:
            raise TypeError("new(): self-referential lists are incompatible")
        kind = inferred_dtype(item)
        result = kind if result is None else dtypes.promote_types(result, kind)
    assert result is not None
    return result


def _collect(data: object, shape: Shape, dim: int, found: list[object]) -> None:
    """Append the items at the depth of `shape`, checking every length on the way."""
    if dim == len(shape):
        found.append(data)
        return
    if not isinstance(data, (list, tuple)):
        try:
            data = list(cast("Sequence[object]", data))
        except TypeError:
            raise TypeError("not a sequence") from None
    items = cast("Sequence[object]", data)
    if len(items) != shape[dim]:
        raise ValueError(
            f"expected sequence of length {shape[dim]} at dim {dim} (got {len(items)})"
        )
    if np.ndarray in set(map(type, items)):
        for item in items:
            if isinstance(item, np.ndarray):
                warnings.warn(_SLOW_LIST, UserWarning, stacklevel=depth())
    if dim + 1 == len(shape):
        found.extend(items)
    else:
        for item in items:
            _collect(item, shape, dim + 1, found)


def _elements(items: list[object], dtype: Dtype) -> Array:
    """Numbers as a flat array of `dtype`; the common case is one call of NumPy."""
    kinds = set(map(type, items))
    if kinds <= {int, float, bool}:
        if dtype.is_floating_point and (int not in kinds):
            return _rounded(np.array(items, np.float64), dtype)
        if dtype is dtypes.bool_ and kinds == {bool}:
            return np.array(items, np.bool_)
        if dtype is dtypes.int64 and float not in kinds:
            try:
                return np.array(items, np.int64)
            except OverflowError:
                raise ValueError("Overflow when unpacking long long") from None
    return np.array([_element(item, dtype) for item in items], dtype.np)


def _rounded(values: NDArray[np.float64], dtype: Dtype) -> Array:
    """Doubles as elements of a floating dtype, half types through float32."""
    values = quiet.run(values.astype, dtype.compute)
    return quiet.run(values.astype, dtype.np) if dtype.is_half else values


def _element(item: object, dtype: Dtype) -> np.generic:
    """Any number as an element of `dtype`. Source: torch/csrc/utils/python_scalars.h."""
    if dtype.is_floating_point:
        with np.errstate(all="ignore"):
            number = math.ldexp(cast(float, item), 0)  # unlike float(), reads no strings
            return np.float64(number).astype(dtype.compute).astype(dtype.np)
    if dtype is dtypes.bool_:
        if isinstance(item, (float, np.bool_)):
            return np.bool_(cast(float, item))
        return np.bool_(operator.index(cast(int, item)))
    value = item if isinstance(item, float) else operator.index(cast(int, item))
    if not isinstance(value, float) and not -(2**63) <= value < 2**63:
        raise ValueError("Overflow when unpacking long long")
    if not fits(value, dtype):
        raise RuntimeError(f"value cannot be converted to type {dtype.name} without overflow")
    return element(value, dtype)


def legacy_tensor(*args: object, device: "device | str | None" = None) -> Tensor:
    """`Tensor(2, 3)`, uninitialised, or `Tensor(data)`: float32 whatever the data are."""
    return of_dtype(None, args, device)


def of_dtype(
    dtype: Dtype | None, args: tuple[object, ...], device: "device | str | None"
) -> Tensor:
    """What `LongTensor(*args)` makes, whose `dtype` is int64, or `Tensor`, which has none: an
    uninitialised tensor of sizes, one of data, or an alias of a tensor.

    Raises: TypeError for what is none of them, and for a tensor of another dtype.
    Source: torch/csrc/utils/tensor_new.cpp, legacy_tensor_generic_ctor_new.
    """
    if device is not None:
        check_device("new", device)
    first = args[0] if args else (0,)
    if len(args) == 1 and isinstance(first, Tensor):
        if dtype not in (None, first.dtype):
            raise TypeError(f"expected {_options_text(dtype)} (got {_options_text(first.dtype)})")
        return first.detach()
    dtype = dtype or dtypes.get_default_dtype()
    if isinstance(first, Size) or (args and type(first) is int):
        shape = sizes_of("new", first if isinstance(first, Size) else args)
        return finished(prepared("new", shape, {}, None, dtype), {})
    if not args:
        return finished(empty((0,), (1,), dtype), {})
    if isinstance(first, (bool, int, float)) or first is None:
        raise TypeError(f"new(): data must be a sequence (got {type_name(first)})")
    return finished(copied(first, dtype), {})


def _options_text(dtype: Dtype) -> str:
    """A dtype within the options that PyTorch's message shows."""
    return (
        f"TensorOptions(dtype={dtype.cpp_name}, device=cpu, layout=Strided, requires_grad=false "
        "(default), pinned_memory=false (default), memory_format=(nullopt))"
    )


def _construct(kind: type[Tensor], *args: object, **options: "device | str | None") -> Tensor:
    if kind is not Tensor:
        return object.__new__(kind)
    return legacy_tensor(*args, **options)


Tensor.__new__ = _construct  # pyright: ignore[reportAttributeAccessIssue]  # of a lower layer


def as_tensor(
    data: object, dtype: Dtype | None = None, device: "device | str | None" = None
) -> Tensor:
    """`data` as a tensor, sharing memory with a tensor or an ndarray where the dtype allows."""
    kind = dtype_of("as_tensor", dtype)
    if device is not None:
        check_device("as_tensor", device)
    if isinstance(data, Tensor):
        return converted(data, kind, copy=False)
    if isinstance(data, np.ndarray):
        return converted(wrapped(cast(Array, data), True), kind, copy=False)
    return finished(from_sequence(data, kind), {})


def asarray(
    obj: object,
    *,
    dtype: Dtype | None = None,
    device: "device | str | None" = None,
    copy: bool | None = None,
    requires_grad: bool | None = None,
) -> Tensor:
    """`obj` as a tensor: shared if it can be, copied if `copy`, an error if not `copy` and it must.

    Source: torch/csrc/utils/tensor_new.cpp asarray.
    """
    kind = dtype_of("asarray", dtype)
    if device is not None:
        check_device("asarray", device)
    if isinstance(obj, (np.ndarray, Tensor)):
        made = _aliased(
            obj if isinstance(obj, Tensor) else wrapped(cast(Array, obj), not copy), kind, copy
        )
    elif copy is False:
        raise ValueError("can't alias arbitrary sequence into a tensor.")
    else:
        made = finished(from_sequence(obj, kind), {})
    if requires_grad is None:
        if made.requires_grad:
            warnings.warn(_INHERITED, UserWarning, stacklevel=depth())
        return made
    if not made.is_leaf and not requires_grad:
        return made.detach()
    made.requires_grad = requires_grad
    return made


_INHERITED: Final = (
    "torch.asarray: unspecified requires_grad now defaults to obj.requires_grad instead of False. "
    "Pass requires_grad=False explicitly to get the old behavior and silence this warning."
)


def _aliased(source: Tensor, dtype: Dtype | None, copy: bool | None) -> Tensor:
    """`source` in `dtype`, itself or copied as `copy` demands."""
    other = dtype is not None and dtype is not source.dtype
    if copy:
        return source.to(dtype, copy=True) if other else source.clone()
    if other and copy is False:
        assert dtype is not None
        raise ValueError(
            f"can't alias tensor with dtype '{source.dtype.aten_name}' into dtype "
            f"'{dtype.aten_name}'."
        )
    return converted(source, dtype, copy=False)
