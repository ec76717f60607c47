"""Views with the dims in another order: transposes and permutations. No data is touched."""

import warnings

from minitorch_np import shapes, strides
from minitorch_np.flight import depth
from minitorch_np.op import composite, op
from minitorch_np.ops.view import same_view
from minitorch_np.shapes import Shape, wrap_dim
from minitorch_np.tensor import Tensor, attribute

__all__ = [
    "adjoint", "moveaxis", "movedim", "permute", "swapaxes", "swapdims", "t", "transpose",
]  # fmt: skip


@op("view", planned=True)
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """The tensor with two dimensions exchanged. Source: ATen/native/TensorShape.cpp transpose."""
    order = swapped(len(input.sizes), dim0, dim1)
    return input.alias(
        strides.permuted(input.sizes, order), strides.permuted(input.strides, order), input.offset
    )


transpose.vjp(input=lambda g, dim0, dim1: g.transpose(dim0, dim1))


def swapped(ndim: int, dim0: int, dim1: int) -> list[int]:
    """The order of dims in which two have changed places."""
    d0, d1 = wrap_dim(dim0, ndim), wrap_dim(dim1, ndim)
    order = list(range(ndim))
    if ndim:
        order[d0], order[d1] = d1, d0
    return order


@composite()
def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """`transpose` under NumPy's name."""
    return transpose(input, axis0, axis1)


@composite()
def swapdims(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """`transpose` under another name."""
    return transpose(input, dim0, dim1)


@op("view", planned=True)
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; a tensor of fewer dims as it is.

    Raises: RuntimeError for more than 2 dims.
    """
    check_matrix("t", input)
    return input.alias(input.sizes[::-1], input.strides[::-1], input.offset)


t.vjp(input=lambda g: g.t())


def check_matrix(name: str, input: Tensor) -> None:
    """Raise where `t` has no meaning."""
    if input.ndim > 2:
        raise RuntimeError(
            f"{name}() expects a tensor with <= 2 dimensions, but self is {input.ndim}D"
        )


@op("view", planned=True, variadic="dims")
def permute(input: Tensor, dims: Shape) -> Tensor:
    """The tensor with its dims in the order `dims`. Source: ATen/native/TensorShape.cpp permute."""
    order = shapes.permutation(dims, len(input.sizes))
    return input.alias(
        strides.permuted(input.sizes, order), strides.permuted(input.strides, order), input.offset
    )


permute.vjp(input=lambda g, dims: g.permute(inverse(dims)))


def inverse(dims: Shape) -> Shape:
    """The order of dims that undoes `dims`."""
    back = [0] * len(dims)
    for to, source in enumerate(dims):
        back[source] = to
    return tuple(back)


@composite()
def movedim(input: Tensor, source: int | Shape, destination: int | Shape) -> Tensor:
    """The tensor with dims `source` moved to the places `destination`; the others keep their order.

    Source: aten/src/ATen/native/TensorShape.cpp movedim.
    """
    src = (source,) if isinstance(source, int) else source
    dst = (destination,) if isinstance(destination, int) else destination
    order = shapes.movement(src, dst, input.ndim)
    return permute(input, order) if input.ndim else same_view(input)


@composite()
def moveaxis(input: Tensor, source: int | Shape, destination: int | Shape) -> Tensor:
    """`movedim` under NumPy's name."""
    return movedim(input, source, destination)


def transposed_matrices(input: Tensor, name: str, zero: str) -> Tensor:
    """The transposes of a batch of matrices: `mT` and its relatives. A 0-d tensor is deprecated."""
    if not input.ndim:
        warnings.warn(f"Tensor.{name} is deprecated on 0-D tensors. {zero}", stacklevel=depth())
        return input
    if input.ndim < 2:
        raise RuntimeError(
            f"tensor.{name} is only supported on matrices or batches of matrices. "
            f"Got {input.ndim}-D tensor."
        )
    return transpose(input, -2, -1)


_IDENTITY = "This function is the identity in these cases."
_CONJUGATE = "Consider using x.conj()."


@composite()
def adjoint(input: Tensor) -> Tensor:
    """The transposes of a batch of matrices, which have no complex numbers to conjugate."""
    if not input.ndim:
        warnings.warn(f"adjoint() is deprecated on 0-D tensors. {_CONJUGATE}", stacklevel=depth())
        return input
    return transposed_matrices(input, "adjoint()", _CONJUGATE)


def reversed_dims(input: Tensor) -> Tensor:
    """The tensor with its dims in reverse order; deprecated in PyTorch but for matrices."""
    if len(input.sizes) == 2:
        return permute(input, (1, 0))
    if not input.ndim:
        warnings.warn(f"Tensor.T is deprecated on 0-D tensors. {_IDENTITY}", stacklevel=depth())
    else:
        warnings.warn(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is "
            "deprecated and it will throw an error in a future release. Consider `x.mT` to "
            "transpose batches of matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to "
            "reverse the dimensions of a tensor.",
            stacklevel=depth(),
        )
    return permute(input, tuple(range(input.ndim - 1, -1, -1)))


def transposed_matrix(input: Tensor) -> Tensor:
    """The transpose of one matrix, which has no complex numbers to conjugate."""
    if input.ndim in (0, 2):
        return transposed_matrices(input, "H", _CONJUGATE)
    more = " For batches of matrices, consider using tensor.mH" if input.ndim > 2 else ""
    raise RuntimeError(
        f"tensor.H is only supported on matrices (2-D tensors). Got {input.ndim}-D tensor.{more}"
    )


def matrices_transposed(input: Tensor) -> Tensor:
    """The transposes of a batch of matrices: the last two dims swapped."""
    return transposed_matrices(input, "mT", _IDENTITY)


def matrices_adjoint(input: Tensor) -> Tensor:
    """The transposes of a batch of matrices, which have no complex numbers to conjugate."""
    return transposed_matrices(input, "mH", _CONJUGATE)


attribute("T", reversed_dims)
attribute("H", transposed_matrix)
attribute("mT", matrices_transposed)
attribute("mH", matrices_adjoint)
