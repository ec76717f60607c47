"""Form: one shape, one stride and one dtype, of which there is one object, with what follows.

Ops on tensors that have the same Form object need not compare shapes, choose a result's stride or
count its bytes: all of that was found out when the form was first met.
"""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from minitorch_np import strides
from minitorch_np.dtypes import FLOATING
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.shapes import Shape, Size, numel
from minitorch_np.strides import Stride

__all__ = ["NUMPYS_OWN", "Form", "Plans", "form_of"]

T = TypeVar("T")

NUMPYS_OWN = 1 << 14
"""Bytes up to which the memory of a result is NumPy's own: it keeps small blocks itself."""

_BRIEF = 1 << 18
"""Bytes over which a loop takes so little time that Python's lock may be kept meanwhile."""

_MOST = 10_000
"""Forms, and plans of each op, that are kept; then all are forgotten, and met again as new."""


class Form:
    """Facts about every tensor of one shape, stride (in elements) and dtype, wherever it starts.

    Made by `form_of` alone, so that forms are compared with `is`. Two that are equal may be two
    objects once many were met: then a longer way is taken, to the same result.
    """

    __slots__ = ("alike", "alone", "beside", "brief", "contiguous", "count", "dims", "dtype",
                 "each", "expects", "in_order", "nbytes", "order", "packed", "shape", "size",
                 "steps", "stride", "swift", "uniform")  # fmt: skip

    alike: "Form | None"
    """What an elementwise op makes of floating tensors that all have this form, when NumPy may
    allocate the result; None where it may not: large, half, integer, 0-d, or not dense."""
    beside: "Form | None"
    """The same of a tensor of this form and a number, which differs in dims of size 1."""
    alone: "Form | None"
    """This form where it is that of one floating number without dims: NumPy makes a scalar of
    those, not an array, so that the result must be there before."""
    swift: int | None
    """Which of the loops of `kernels.small` takes tensors of this form: 0 that for float32, 1 that
    for float64; None where none does."""
    each: int | None
    """The same of those of them that take one element after another, and so longer tensors."""
    dims: NDArray[np.int64] | None
    """The shape as compiled code reads it, once a new ndarray of this form was asked for that NumPy
    allocates, and that lies in the order of its dims."""
    expects: tuple[tuple[Shape, Dtype]]
    """What a node whose one output has this form expects as its gradient; integers have none, and
    to ask for theirs is the error that `refusals.blame` words."""
    nbytes: int
    """Of all elements. What lies between them is not counted."""
    steps: Stride
    """The stride in bytes, as NumPy counts."""
    count: int
    """The number of elements."""
    size: Size
    """The shape as users are given it."""
    contiguous: bool
    """Whether the stride is just that of a new row-major tensor, in dims of size 1 as well."""
    brief: bool
    """Whether a new ndarray of this shape and dtype, as NumPy's functions return it, may be all
    the memory of a tensor of this form: small, in C order, not empty and no scalar of NumPy's."""
    in_order: bool
    """Whether the elements lie row by row with nothing between them, which is what `is_contiguous`
    asks: dims of size 1 may have any stride."""
    packed: Shape | None
    """The shape from the slowest dim to the fastest where the elements are dense, else None."""
    uniform: bool
    """Whether one element stands for all, as the gradient of a sum's terms does."""
    order: tuple[int, ...] | None
    """The dims of `packed` in the order of `shape`; None where that is the same."""

    def __init__(self, shape: Shape, stride: Stride, dtype: Dtype) -> None:
        size = dtype.itemsize
        self.shape = shape
        self.stride = stride
        self.dtype = dtype
        if dtype.is_floating_point:
            self.expects = ((shape, dtype),)
        self.size = Size(shape)
        self.count = numel(shape)
        self.nbytes = self.count * size
        self.steps = tuple([s * size for s in stride])
        self.uniform = stride.count(0) == len(shape) > 0
        self.packed, self.order = shape, None
        self.contiguous = stride == strides.contiguous(shape)
        self.in_order = self.contiguous or strides.is_contiguous(shape, stride)
        self.brief = self.contiguous and shape != () and 0 < self.nbytes <= NUMPYS_OWN
        if not self.in_order:
            self.packed, self.order = _packed(shape, stride)
        self.alike = self.beside = self.alone = self.swift = self.each = self.dims = None
        if dtype.category != FLOATING or dtype.is_half:
            return
        if not shape:
            self.alone = self
            self.swift = self.each = size // 8
        elif 0 < self.nbytes <= NUMPYS_OWN and self.packed is not None:
            own = (shape, stride)
            self.alike = self._with(strides.elementwise(shape, (own,)))
            self.beside = self._with(strides.elementwise(shape, (own, ((), ()))))
            if self.contiguous and self.alike is self:
                self.swift = self.each = size // 8
        elif self.contiguous and 0 < self.nbytes <= _BRIEF:
            self.each = size // 8

    def _with(self, stride: Stride) -> "Form":
        return self if stride == self.stride else form_of(self.shape, stride, self.dtype)

    def __repr__(self) -> str:
        return f"Form({self.shape}, {self.stride}, {self.dtype})"


def _packed(shape: Shape, stride: Stride) -> tuple[Shape | None, tuple[int, ...] | None]:
    """`Form.packed` and `Form.order` of what is not contiguous."""
    if not strides.is_dense(shape, stride):
        return None, None
    slowest = sorted(range(len(shape)), key=lambda d: (-stride[d], d))
    back = [0] * len(shape)
    for to, source in enumerate(slowest):
        back[source] = to
    return tuple([shape[d] for d in slowest]), tuple(back)


_known: dict[tuple[Shape, Stride, Dtype], Form] = {}


def form_of(shape: Shape, stride: Stride, dtype: Dtype) -> Form:
    """The form of this shape, stride (in elements) and dtype."""
    key = (shape, stride, dtype)
    found = _known.get(key)
    if found is None:
        if len(_known) >= _MOST:
            _known.clear()
            for plans in _everywhere:  # of forms that nobody meets again
                plans.clear()
        # 1.0 and True are found under the key of 1, so whoever comes first must leave plain ints
        plain = tuple([int(n) for n in shape]), tuple([int(n) for n in stride])
        found = _known[key] = Form(*plain, dtype)
    return found


class Plans(dict[object, T]):
    """What an op decided, by the forms and the other arguments that decide it.

    Holds a bounded number, for a loop over slices asks for new ones all the time; and is forgotten
    with the forms.
    """

    def __init__(self) -> None:
        super().__init__()
        _everywhere.append(self)

    def keep(self, key: object, plan: T) -> None:
        """Remember one, and first forget all where there are too many."""
        if len(self) >= _MOST:
            self.clear()
        self[key] = plan


_everywhere: list[Plans[Any]] = []
"""All that there are: they belong to ops, and stay."""
