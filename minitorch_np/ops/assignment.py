"""`x[...] = y`: what is written where a subscript names, at once or through the views on the way.

Source: torch/csrc/autograd/python_variable_indexing.cpp and aten/src/ATen/TensorIndexing.h.
"""

from typing import NoReturn, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.devices import type_name
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.inplace import bump
from minitorch_np.graph.modes import WRITERS, debugging, state
from minitorch_np.graph.node import is_unmet
from minitorch_np.graph.saved import legacy_type, type_text
from minitorch_np.ops.index import index_put_, single_mask
from minitorch_np.ops.subscript import (
    MASKS,
    Index,
    Subscript,
    getitem,
    is_usual,
    long,
    parts,
)
from minitorch_np.ops.view import expand, unsqueeze, view
from minitorch_np.shapes import listed
from minitorch_np.strides import is_contiguous
from minitorch_np.tensor import Number, Tensor, empty, method

__all__: list[str] = []


def setitem(self: Tensor, item: Index, value: Tensor | Number) -> None:
    """Write `value`, broadcast and (unless indices are tensors) converted, where `item` names."""
    if placed(self, item, value):
        return
    number = checked_value(self, value)
    if item is False:
        return
    if item is True:
        target, indices = unsqueeze(self, 0), []
    elif not self.sizes and isinstance(item, (int, slice, np.integer)):
        getitem(self, cast(Index, item))  # raises
        return
    else:
        read = Subscript(self, parts(item))
        target, indices = read.view, read.indices
    if indices:
        if number is None:
            index_put_(target, indices, without_ones(cast(Tensor, value)))
        else:
            put_number(target, indices, number)
    elif number is None:
        copy_to(target, cast(Tensor, value))
    else:
        target.fill_(real(number, target.dtype, target.numel() == 1))


def placed(self: Tensor, item: Index, value: object) -> bool:
    """Whether `value` was written at once: one that needs no conversion to speak of, to a place
    that NumPy names as PyTorch does, and where nobody is to know of the views on the way there."""
    if WRITERS or debugging.recorder or not (is_unmet(self) or not state.write_route):
        return False
    key = key_of(self, item)
    if key is None:
        return False
    if isinstance(value, Tensor):
        fits = self.form.packed and value.dtype is self.dtype and are_apart(self, value)
        if not fits or not (is_unmet(value) or not state.write_route):
            return False
        if value.sizes != np.shape(self.array[key]):
            return False
        self.array[key] = value.array
    else:
        number = cast(Number, value)
        if type(number) not in _HELD.get(self.dtype, ()) or not -_EXACT <= number <= _EXACT:
            return False
        self.array[key] = number
    bump(self)
    return True


def key_of(self: Tensor, item: Index) -> "tuple[int | slice, ...] | NDArray[np.bool_] | None":
    """A subscript of ints and slices, or a mask of the same shape, as NumPy takes it; else None."""
    sizes = self.sizes
    if isinstance(item, Tensor):
        mask = item.dtype is dtypes.bool_ and item.sizes == sizes
        if mask and self.form.packed and are_apart(self, item):
            return cast("NDArray[np.bool_]", item.array)
        return None
    items = cast("tuple[int | slice, ...]", item if isinstance(item, tuple) else (item,))
    if len(items) > len(sizes):
        return None
    for i, n in zip(items, sizes, strict=False):
        if type(i) is int:
            if not -n <= i < n:
                return None
        elif type(i) is not slice or not is_usual(i):
            return None
    return items


def are_apart(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors certainly share no memory."""
    return a is not b and (a.store is not b.store or a.store is None)


_HELD: dict[Dtype, tuple[type[Number], ...]] = {
    dtypes.float32: (float, int), dtypes.float64: (float, int),
    dtypes.int64: (int,), dtypes.bool_: (bool,),
}  # fmt: skip
"""The numbers that NumPy converts as PyTorch does, if they are no larger than `_EXACT`."""

_EXACT = 2**53
"""Up to which a float64 holds every integer."""


def checked_value(self: Tensor, value: object) -> Number | complex | None:
    """The number to be assigned, None for a tensor. Raises: TypeError, ValueError."""
    if isinstance(value, Tensor):
        return None
    if isinstance(value, (int, np.integer)):
        return value if isinstance(value, bool) else long(cast(int, value))
    if isinstance(value, float):
        return float(value)
    if isinstance(value, complex):
        return value
    raise TypeError(f"can't assign a {type_name(value)} to a {legacy_type(self)}")


def real(number: Number | complex, dtype: Dtype, alone: bool) -> Number:
    """The number, which must not be complex. Raises: RuntimeError.

    `alone` is for one element, where half types are reached through double.
    """
    if not isinstance(number, complex):
        return number
    if dtype is dtypes.bool_:
        return bool(number)
    name = "double" if alone and dtype.is_half else dtype.c_name
    raise RuntimeError(f"value cannot be converted to type {name} without overflow")


def without_ones(value: Tensor) -> Tensor:
    """`value` without its leading dims of size 1, as NumPy allows in assignments."""
    first = next((d for d, n in enumerate(value.sizes) if n != 1), len(value.sizes))
    return view(value, value.sizes[first:]) if first else value


def copy_to(target: Tensor, value: Tensor) -> None:
    """Write `value`, broadcast, to a view. Source: copy_to in TensorIndexing.h."""
    if target.sizes == value.sizes:
        target.copy_(value)
        return
    if not value.sizes:
        target.fill_(value)
        return
    shape = value.sizes
    first = next((d for d, n in enumerate(shape) if n != 1), len(shape))
    source = view(value, shape[first:])
    if source.sizes != target.sizes:
        if len(source.sizes) > len(target.sizes):
            raise RuntimeError(
                f"expand({type_text(value)}{{{listed(source.sizes)}}}, "
                f"size={listed(target.sizes)}): the number of sizes provided "
                f"({len(target.sizes)}) must be greater or equal to the number of dimensions in "
                f"the tensor ({len(source.sizes)})"
            )
        source = expand(source, target.sizes)
    target.copy_(source)


def put_number(target: Tensor, indices: list[Tensor | None], number: Number | complex) -> None:
    """Write a number where index tensors name; one mask or one list of indices is a fill."""
    found = [t for t in indices if t is not None]
    if len(found) == 1:
        one = found[0]
        if one.dtype in MASKS:
            mask = single_mask(target, indices)
            assert mask is not None
            target.masked_fill_(mask, real(number, target.dtype, False))
            return
        if one.dtype is dtypes.int64 and is_contiguous(one.sizes, one.strides):
            if isinstance(number, complex):
                raise RuntimeError(
                    "index_fill_(): Converting complex Scalar to non-complex type is not supported"
                )
            flat = one.alias((one.numel(),), (1,), one.offset)
            target.index_fill_(len(indices) - 1, flat, number)
            return
    value = empty((), (), target.dtype)
    value.fill_(real(number, target.dtype, True))
    index_put_(target, indices, value)


def delitem(_self: Tensor, _item: Index) -> NoReturn:
    """Raise TypeError: elements cannot be deleted."""
    raise TypeError("Tensor does not support deleting items")


method(setitem, "__setitem__")
method(delitem, "__delitem__")
