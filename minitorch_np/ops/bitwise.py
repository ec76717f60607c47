"""Bits of integers and bools: and, or, exclusive or, not, shifts. Nothing here has a gradient."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.loops import common_dtype, exactly, pointwise, refuse_kernel
from minitorch_np.op import op
from minitorch_np.tensor import Number, Tensor

__all__ = [
    "bitwise_not", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift",
    "bitwise_right_shift",
]  # fmt: skip

Array = NDArray[Any]


def check_bits(kernel: str, *operands: Tensor | Number, out: Tensor | None) -> None:
    """Raise ATen's error for floating point operands."""
    dtype = common_dtype(*operands)
    if dtype.is_floating_point:
        refuse_kernel(kernel, dtype, *operands, out=out)


@op("elementwise", inplace=True, differentiable=False, refuses="leaf")
def bitwise_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Every bit flipped; of bools, the opposite."""
    if out is None or out.dtype is input.dtype:
        check_bits("bitwise_not_cpu", input, out=out)
    return exactly(np.invert, input, out=out)


@op("elementwise", inplace=True, differentiable=False, refuses="leaf")
def bitwise_and(
    input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor:
    """The bits set in both operands."""
    check_bits("bitwise_and_cpu", input, other, out=out)
    return pointwise(np.bitwise_and, input, other, out=out)


@op("elementwise", inplace=True, differentiable=False, refuses="leaf")
def bitwise_or(
    input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor:
    """The bits set in either operand."""
    check_bits("bitwise_or_cpu", input, other, out=out)
    return pointwise(np.bitwise_or, input, other, out=out)


@op("elementwise", inplace=True, differentiable=False, refuses="leaf")
def bitwise_xor(
    input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor:
    """The bits set in exactly one operand."""
    check_bits("bitwise_xor_cpu", input, other, out=out)
    return pointwise(np.bitwise_xor, input, other, out=out)


def check_shift(kernel: str, *operands: Tensor | Number, out: Tensor | None) -> None:
    """Raise ATen's error for operands that are no integers."""
    dtype = common_dtype(*operands)
    if dtype.category != dtypes.INTEGER:
        refuse_kernel(kernel, dtype, *operands, out=out)


def _too_far(b: Array, o: Array) -> Array:
    """Where a shift is negative or leaves no bit: C has no answer, ATen's is that of many steps."""
    return (b < 0) | (b >= 8 * o.dtype.itemsize)


def _left(a: Array, b: Array, o: Array) -> None:
    np.copyto(o, np.where(_too_far(b, o), 0, np.left_shift(a, b)), casting="unsafe")


def _right(a: Array, b: Array, o: Array) -> None:
    last = o.dtype.type(8 * o.dtype.itemsize - 1)
    values = np.right_shift(a, np.where(_too_far(b, o), last, b))
    if o.dtype.kind == "u":
        values = np.where(_too_far(b, o), 0, values)
    np.copyto(o, values, casting="unsafe")


@op("elementwise", inplace=True, differentiable=False, refuses="leaf")
def bitwise_left_shift(
    input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor:
    """The bits moved `other` places up; 0 for a shift that leaves none.

    Source: ATen/native/cpu/BinaryOpsKernel.cpp lshift_kernel.
    """
    check_shift("lshift_cpu", input, other, out=out)
    return pointwise(_left, input, other, out=out)


@op("elementwise", inplace=True, differentiable=False, refuses="leaf")
def bitwise_right_shift(
    input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor:
    """The bits moved `other` places down, copying the sign.

    Source: ATen/native/cpu/BinaryOpsKernel.cpp rshift_kernel.
    """
    check_shift("rshift_cpu", input, other, out=out)
    return pointwise(_right, input, other, out=out)
