"""Python's operators on tensors, one line each. Source: torch/_tensor.py and its C bindings."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np

from minitorch_np import dtypes
from minitorch_np.op import REGISTRY, special
from minitorch_np.ops import binary, bitwise, compare, power, unary
from minitorch_np.ops.from_data import as_tensor
from minitorch_np.ops.products import mm
from minitorch_np.tensor import Number, Tensor

__all__: list[str] = []

Binary = Callable[[Tensor, Tensor | Number], object]


def bind(name: str, bound: Callable[..., object], doc: str | None) -> None:
    """Make `bound` a special method of Tensor."""
    bound.__name__ = bound.__qualname__ = name
    bound.__doc__ = doc
    setattr(Tensor, name, bound)


def elsewhere(function: Binary, self: Tensor, other: object) -> object:
    """What becomes of an operand that is no tensor and no number of Python's: one of NumPy's is
    taken as that, and the rest is left to its own class."""
    return (
        function(self, cast(Any, other).item()) if isinstance(other, np.generic) else NotImplemented
    )


def equal_elsewhere(self: Tensor, other: object) -> object:
    """`elsewhere` of ==, which PyTorch answers for arrays, too: Python would say False for them."""
    if isinstance(other, np.ndarray):
        try:
            array = as_tensor(cast(Any, other))
        except TypeError:  # of words or objects
            return NotImplemented
        return compare.eq(self, array)
    return elsewhere(compare.eq, self, other)


def operator(name: str, function: Binary, *also: type) -> None:
    """Bind `function(self, other)`, which leaves foreign operands to their own class, but for those
    of some types."""
    operands = (Tensor, float, int, *also)

    def bound(self: Tensor, other: Tensor | Number) -> object:
        if isinstance(other, operands):
            return function(self, other)
        return elsewhere(function, self, other)

    bind(name, bound, function.__doc__)


def direct(name: str, function: Binary) -> None:
    """`operator` of an op that takes operands at once, without a function around it."""

    special(name, function, partial(elsewhere, function))


def slot(name: str, function: Binary) -> None:
    """`operator` of a number on the left: a slot in C, which checks what it is called on."""

    def bound(self: Tensor, other: Tensor | Number) -> object:
        if not isinstance(self, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # called by name
            raise TypeError(
                f"descriptor '{name}' for 'torch._C.TensorBase' objects doesn't apply to a "
                f"'{type(self).__name__}' object"
            )
        if isinstance(other, (Tensor, float, int)):  # pyright: ignore[reportUnnecessaryIsInstance]  # as above
            return function(self, other)
        return elsewhere(function, self, other)

    bind(name, bound, function.__doc__)


def reflected(
    name: str, function: Callable[[Tensor | Number, Tensor], object], *also: type
) -> None:
    """Bind `function(other, self)`, for an operand on the left that is no tensor."""

    def turned(self: Tensor, other: Tensor | Number) -> object:
        try:
            return function(other, self)
        except TypeError:
            return NotImplemented

    operator(name, turned, *also)
    getattr(Tensor, name).__doc__ = function.__doc__


def inplace(name: str, function: str) -> None:
    """Bind the in-place op named `function`."""
    operator(name, REGISTRY[function].function)


def unary_operator(name: str, function: Callable[[Tensor], Tensor]) -> None:
    """Bind `function(self)`."""

    def bound(self: Tensor) -> Tensor:
        return function(self)

    bind(name, bound, function.__doc__)


def invert(input: Tensor) -> Tensor:
    """Every bit flipped; of bools, the opposite. Source: torch/csrc/autograd python_variable."""
    if input.dtype.category == dtypes.FLOATING:
        raise TypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
        )
    return bitwise.bitwise_not(input)


def quotient_of(other: Tensor | Number, input: Tensor) -> Tensor:
    """`other / input`, by way of the reciprocal as PyTorch has it."""
    return input.reciprocal() * other


def difference_of(other: Tensor | Number, input: Tensor) -> Tensor:
    """`other - input`."""
    return binary.rsub(input, other)


def product(input: Tensor, other: Tensor | Number) -> object:
    """The matrix product; of numbers there is none."""
    if not isinstance(other, Tensor):
        return NotImplemented
    if len(input.sizes) == 2 and len(other.sizes) == 2:  # at once where matmul would come to it
        return mm(input, other)
    return input.matmul(other)


def reflected_product(other: Tensor | Number, input: Tensor) -> object:
    """The matrix product of a tensor on the left with this one; of numbers there is none."""
    return product(other, input) if isinstance(other, Tensor) else NotImplemented


direct("__add__", binary.add)
slot("__radd__", binary.add)
direct("__sub__", binary.sub)
reflected("__rsub__", difference_of)
direct("__mul__", binary.mul)
slot("__rmul__", binary.mul)
direct("__truediv__", binary.div)
reflected("__rtruediv__", quotient_of, np.ndarray)
reflected("__rdiv__", quotient_of, np.ndarray)
operator("__floordiv__", binary.floor_divide)
reflected("__rfloordiv__", binary.floor_divide)
operator("__mod__", binary.remainder)
reflected("__rmod__", binary.remainder)
operator("__pow__", power.pow)
reflected("__rpow__", power.pow)
operator("__matmul__", product)
reflected("__rmatmul__", reflected_product)
operator("__and__", bitwise.bitwise_and)
slot("__rand__", bitwise.bitwise_and)
operator("__or__", bitwise.bitwise_or)
slot("__ror__", bitwise.bitwise_or)
operator("__xor__", bitwise.bitwise_xor)
slot("__rxor__", bitwise.bitwise_xor)
operator("__lshift__", bitwise.bitwise_left_shift)
reflected("__rlshift__", bitwise.bitwise_left_shift)
operator("__rshift__", bitwise.bitwise_right_shift)
reflected("__rrshift__", bitwise.bitwise_right_shift)

special("__eq__", compare.eq, equal_elsewhere)
direct("__ne__", compare.ne)
direct("__lt__", compare.lt)
direct("__le__", compare.le)
direct("__gt__", compare.gt)
direct("__ge__", compare.ge)

inplace("__iadd__", "add_")
inplace("__isub__", "sub_")
inplace("__imul__", "mul_")
inplace("__itruediv__", "div_")
inplace("__ifloordiv__", "floor_divide_")
inplace("__imod__", "remainder_")
inplace("__ipow__", "pow_")
inplace("__iand__", "bitwise_and_")
inplace("__ior__", "bitwise_or_")
inplace("__ixor__", "bitwise_xor_")
inplace("__ilshift__", "bitwise_left_shift_")
inplace("__irshift__", "bitwise_right_shift_")

unary_operator("__neg__", unary.neg)
unary_operator("__pos__", unary.positive)
unary_operator("__abs__", unary.abs)
unary_operator("__invert__", invert)
