"""Products of matrices and vectors."""

from minitorch_np import kernels, strides
from minitorch_np.op import op
from minitorch_np.tensor import Tensor, empty

__all__ = ["mm"]


@op("contiguous")
def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of (N, K) and (K, M): (N, M). Source: ATen/native/LinearAlgebra.cpp mm."""
    shape = (input.sizes[0], mat2.sizes[1])
    done = empty(shape, strides.contiguous(shape), input.dtype)
    kernels.mm(input.array, mat2.array, done.array)
    return done


mm.vjp(input=lambda g, mat2: g.mm(mat2.transpose(0, 1)), mat2=lambda g, input: input.transpose(0, 1).mm(g))
