"""`x[...]`: subscripts taken apart into views and, if any, index tensors.

Source: torch/csrc/autograd/python_variable_indexing.cpp and aten/src/ATen/TensorIndexing.h.
"""

import operator
import warnings
from collections.abc import Sequence
from typing import NoReturn, SupportsIndex, cast

import numpy as np

from minitorch_np import dtypes
from minitorch_np.devices import type_name
from minitorch_np.flight import depth
from minitorch_np.form import Form, Plans
from minitorch_np.graph.inplace import made
from minitorch_np.graph.modes import WATCHERS, Creation, debugging, state
from minitorch_np.graph.node import is_unmet
from minitorch_np.ops.from_data import copied, inferred_dtype, is_sequence
from minitorch_np.ops.index import index
from minitorch_np.ops.slicing import select
from minitorch_np.ops.slicing import slice as sliced
from minitorch_np.ops.view import same_view, unsqueeze
from minitorch_np.shapes import Shape
from minitorch_np.tensor import Tensor, method, stored, view_of

__all__ = ["MASKS", "Index", "Subscript", "getitem", "is_usual", "long", "parts"]

Index = object
"""What may stand in a subscript: int, slice, None, Ellipsis, bool, tensor, sequence, ndarray."""

MASKS = {dtypes.uint8, dtypes.bool_}
"""The dtypes of index tensors that name elements by being true."""

_NUMBERS = {int, bool, float}
_MOST = 2**63 - 1
_TUPLE_LENGTH = 32
_NO_TUPLE = (
    "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in "
    "pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as "
    "tensor index, x[torch.tensor(seq)], which will result either in an error or a different result"
)
_OF_NO_DIM = (
    "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ "
    "to convert a 0-dim tensor to a number"
)


class Subscript:
    """A subscript being read, one index after the other.

    `view` is the tensor with all views taken so far; `dim` its dim that the next index is for;
    `indices` the index tensors, by dim, with None where a dim has none.
    """

    __slots__ = ("covered", "dim", "indices", "self", "specified", "view")

    def __init__(self, tensor: Tensor, items: Sequence[Index]) -> None:
        self.self = self.view = tensor
        self.dim = 0
        self.covered = 0
        """The dims that `indices` is about; a mask is about several."""
        self.indices: list[Tensor | None] = []
        self.specified = sum([specified_dims(item) for item in items])
        if self.specified > len(tensor.sizes):
            raise IndexError(f"too many indices for tensor of dimension {len(tensor.sizes)}")
        for at, item in enumerate(items):
            self.read(item, at)

    def read(self, item: Index, at: int) -> None:
        """Apply one index, the `at`-th of the subscript."""
        if type(item) is int and -_MOST <= item <= _MOST:
            self.select(item, at)
        elif isinstance(item, slice):
            start, stop, step = unpacked(cast("slice[object, object, object]", item))
            self.slice(start, stop, step)
        elif isinstance(item, Tensor):
            self.tensor(item, at)
        elif item is None:
            self.view = unsqueeze(self.view, self.dim)
            self.dim += 1
        elif item is Ellipsis:
            self.dim += len(self.self.sizes) - self.specified
        elif isinstance(item, bool):
            self.truth(item)
        elif isinstance(item, (int, np.integer)):
            self.select(long(cast(int, item)), at)
        else:
            self.tensor(as_index(item), at)

    def select(self, i: int, at: int) -> None:
        """Apply an integer."""
        view, dim = self.view, self.dim
        sizes = view.sizes
        n = sizes[dim] if -len(sizes) <= dim < len(sizes) else wrong_dim(sizes, dim)
        if not -n <= i < n:
            check_bounds(i, at, n)
        self.view = select(view, dim, i)

    def slice(self, start: int, stop: int, step: int) -> None:
        """Apply a slice; one that names all of a dim makes no view."""
        sizes = self.view.sizes
        size = sizes[self.dim] if self.dim < len(sizes) else _MOST
        if not (start == 0 and step == 1 and stop >= size):
            self.view = sliced(self.view, self.dim, start, stop, step)
        self.dim += 1

    def truth(self, value: bool) -> None:
        """Apply a bool: a new dim of size 1, or 0."""
        self.view = unsqueeze(self.view, self.dim)
        self.record(stored(np.zeros(int(value), np.int64), dtypes.int64))

    def tensor(self, t: Tensor | int, at: int) -> None:
        """Apply a tensor; one of an integer is an integer, one of a bool is a bool."""
        if isinstance(t, int):
            self.select(t, at)
        elif t.sizes or t.dtype.is_floating_point or t.is_batch:
            self.record(t)
        elif t.dtype in MASKS:
            self.truth(bool(t.array))
        else:
            self.select(int(t.array), at)

    def record(self, t: Tensor) -> None:
        """Note an index tensor for the next dim."""
        self.indices += [None] * (self.dim - self.covered)
        self.indices.append(t)
        self.dim += len(t.sizes) if t.dtype in MASKS else 1
        self.covered = self.dim


def wrong_dim(sizes: Shape, dim: int) -> NoReturn:
    """Raise torch's error for an index beyond the last dim."""
    n = len(sizes)
    raise IndexError(
        f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})"
    )


def check_bounds(i: int, dim: int, n: int) -> None:
    """Nothing, when an index is within a dim of size `n`. Raises: IndexError."""
    if not -n <= i < n:
        raise IndexError(f"index {i} is out of bounds for dimension {dim} with size {n}")


def specified_dims(item: Index) -> int:
    """How many dims of the tensor an index is about; masks in sequences count as one."""
    if type(item) is int:
        return 1
    if isinstance(item, Tensor):
        return len(item.sizes) if item.dtype in MASKS else 1
    return 0 if item is None or item is Ellipsis or item is True or item is False else 1


def long(value: SupportsIndex) -> int:
    """A Python integer that fits in 64 bits. Raises: ValueError."""
    i = operator.index(value)
    if not -_MOST - 1 <= i <= _MOST:
        raise ValueError("Overflow when unpacking long long")
    return i


def unpacked(item: "slice[object, object, object]") -> tuple[int, int, int]:
    """Start, stop and step of a slice, clamped to 64 bits. Raises: ValueError, TypeError."""
    step = 1 if item.step is None else bound(item.step)
    if step == 0:
        raise ValueError("slice step cannot be zero")
    start = (0 if step > 0 else _MOST) if item.start is None else bound(item.start)
    stop = (_MOST if step > 0 else -_MOST - 1) if item.stop is None else bound(item.stop)
    if step < 0:
        raise ValueError("step must be greater than zero")
    return start, stop, step


def bound(value: object) -> int:
    """A bound of a slice, clamped to 64 bits."""
    if type(value) is int and -_MOST <= value <= _MOST:
        return value
    if not hasattr(type(value), "__index__"):
        raise TypeError("slice indices must be integers or None or have an __index__ method")
    return min(max(operator.index(cast(int, value)), -_MOST - 1), _MOST)


def as_index(item: Index) -> Tensor | int:
    """A tensor from a tensor, a sequence or an ndarray; an integer from what acts as one.

    Sequences make masks of bools and uint8, and int64 of everything else: floats are cut.
    """
    if isinstance(item, Tensor):
        return item
    kind = type(item)
    if kind is list and {int}.issuperset(map(type, cast("list[object]", item))) and item:
        numbers = cast("list[int]", item)
        if min(numbers) >= -_MOST and max(numbers) <= _MOST:
            return stored(np.array(numbers, np.int64), dtypes.int64)
    if isinstance(item, np.ndarray) or is_sequence(item):
        data = cast(object, item)
        kind = inferred_dtype(data)
        return copied(data, kind if kind in MASKS else dtypes.int64)
    if isinstance(item, np.bool_):
        invalid(cast(object, item))
    try:
        return long(operator.index(cast(int, item)))
    except TypeError:
        invalid(item)


def invalid(item: Index) -> NoReturn:
    """Raise torch's error for an index of the wrong type."""
    raise IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
        f"indices (got {type_name(item)})"
    ) from None


def is_tuple(item: Index) -> bool:
    """Whether a subscript that is no tuple stands for one: a short sequence with more than numbers.

    PyTorch warns of these, and says that it will change.
    """
    if isinstance(item, (Tensor, np.ndarray)) or not is_sequence(item):
        return False
    items = cast("Sequence[object]", item)
    if len(items) >= _TUPLE_LENGTH:
        return False
    if isinstance(items, list) and _NUMBERS.issuperset(map(type, items)):
        return False
    for at in range(len(items)):
        one = items[at]
        if one is None or one is Ellipsis or isinstance(one, (Tensor, slice)) or is_sequence(one):
            warnings.warn(_NO_TUPLE, UserWarning, stacklevel=depth())
            return True
    return False


def parts(item: Index) -> Sequence[Index]:
    """The indices of a subscript."""
    if isinstance(item, tuple):
        return cast("tuple[object, ...]", item)
    if isinstance(item, Tensor):
        return (item,)
    return tuple(cast("Sequence[object]", item)) if is_tuple(item) else (item,)


def getitem(self: Tensor, item: Index) -> Tensor:
    """The elements that a subscript names: a view, unless there are index tensors or bools."""
    if type(item) is int and self.sizes and -self.sizes[0] <= item < self.sizes[0]:
        return select(self, 0, item)
    kind = type(item)
    if kind is int or isinstance(item, np.integer):
        i = long(cast(int, item))
        sizes = self.sizes
        if not sizes:
            if not i:
                raise IndexError(_OF_NO_DIM)
            check_bounds(i, 0, 0)
        check_bounds(i, 0, sizes[0])
        return select(self, 0, i)
    if kind is slice:
        start, stop, step = unpacked(cast("slice[object, object, object]", item))
        if not self.sizes:
            _ = self.grad_fn  # which may be refused, and is asked for first
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
        return sliced(self, 0, start, stop, step)
    if isinstance(item, Tensor) and item.sizes and specified_dims(item) <= len(self.sizes):
        return index(self, [item])
    if item is None:
        return unsqueeze(self, 0)
    if item is Ellipsis:
        return same_view(self)
    key = None
    if isinstance(item, tuple) and not (WATCHERS or debugging.recorder):
        if is_unmet(self) or not state.route:
            key = view_key(self.form, cast("tuple[object, ...]", item))
            if (known := _views.get(key)) is not None:
                view = view_of(self, known[0], self.offset + known[1])
                if not state.route:
                    made(view, Creation.NO_GRAD_MODE)
                return view
    read = Subscript(self, parts(cast(Index, item)))
    if read.indices:
        return index(read.view, read.indices)
    view = same_view(self) if read.view is self else read.view
    if key is not None:
        _views.keep(key, (view.form, view.offset - self.offset))
    return view


_views = Plans[tuple[Form, int]]()
"""The form of each view that was taken of a form, and how far behind the tensor's it starts: where
nothing is recorded, nobody needs the views on the way there."""


def view_key(form: Form, items: tuple[Index, ...]) -> tuple[object, ...] | None:
    """What decides on a view of a tensor of some form; None where it may be no view, or where what
    is named compares equal to something else, as 1 and True."""
    key: list[object] = [form]
    for item in items:
        if isinstance(item, slice):
            cut = cast("slice[object, object, object]", item)
            if not is_usual(cut):
                return None
            key.append((cut.start, cut.stop, cut.step))
        elif type(item) is int or item is None or item is Ellipsis:
            key.append(item)
        else:
            return None
    return tuple(key)


def is_usual(item: "slice[object, object, object]") -> bool:
    """Whether a slice is one of ints that goes forward."""
    start, stop, step = item.start, item.stop, item.step
    if not (step is None or (type(step) is int and step > 0)):
        return False
    return (start is None or type(start) is int) and (stop is None or type(stop) is int)


method(getitem, "__getitem__")
