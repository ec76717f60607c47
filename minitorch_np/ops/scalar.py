"""A tensor and a number, as ATen's own code combines them: autograd has other names for that.

Beside `binary.div_scalar`. Source: aten/src/ATen/native/BinaryOps.cpp, the overloads for Scalar.
"""

import numpy as np

from minitorch_np.loops import pointwise
from minitorch_np.op import op
from minitorch_np.ops.binary import combined
from minitorch_np.tensor import Number, Tensor

__all__: list[str] = []


@op("elementwise", method=False, node="AddBackward1")
def add_scalar(input: Tensor, other: Number) -> Tensor:
    """`input + other`."""
    return combined(np.add, input, other, 1, None)


add_scalar.vjp(input=lambda g: g)


@op("elementwise", method=False, node="MulBackward1")
def mul_scalar(input: Tensor, other: Number) -> Tensor:
    """`input * other`."""
    return pointwise(np.multiply, input, other)


mul_scalar.vjp(input=lambda g, other: mul_scalar(g, other))
