"""Arithmetic of two operands, broadcast against each other."""

from collections.abc import Callable

import numpy as np

from minitorch_np.loops import pointwise
from minitorch_np.op import op
from minitorch_np.tensor import Number, Tensor

__all__ = ["add", "mul"]


def scaled(t: Tensor | Number, alpha: Number) -> Tensor | Number:
    """`alpha` times `t`, or `t` itself for 1, so that the common case costs nothing."""
    return t if alpha == 1 and not isinstance(alpha, bool) else t * alpha


@op("elementwise", inplace=True)
def add(
    input: Tensor, other: Tensor | Number, *, alpha: Number = 1, out: Tensor | None = None
) -> Tensor:
    """`input + alpha * other`, broadcast. Source: ATen/native/BinaryOps.cpp add."""
    return pointwise(np.add, input, scaled(other, alpha), out=out)


add.vjp(input=lambda g: g, other=lambda g, alpha: scaled(g, alpha))


@op("elementwise", inplace=True)
def mul(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """`input * other`, broadcast. Source: ATen/native/BinaryOps.cpp mul."""
    return pointwise(np.multiply, input, other, out=out)


mul.vjp(input=lambda g, other: g * other, other=lambda g, input: g * input)
