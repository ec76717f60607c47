"""Products built from other ops: matmul, linear, inner, outer, tensordot, kron, matrix_power.

Source: aten/src/ATen/native/LinearAlgebra.cpp and Linear.cpp.
"""

from collections.abc import Sequence
from typing import cast

from minitorch_np import notes, strides
from minitorch_np.dtypes import can_cast
from minitorch_np.graph.inplace import bump, refuse_gradient
from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.loops import check_dtype
from minitorch_np.op import composite, op
from minitorch_np.ops.addmm import addmm
from minitorch_np.ops.copy import moved, plus
from minitorch_np.ops.products import dot, mm, mv
from minitorch_np.ops.ranges import eye
from minitorch_np.ops.view import unsafe_view
from minitorch_np.shapes import broadcast, listed, numel
from minitorch_np.tensor import Tensor

__all__ = [
    "ger", "inner", "kron", "matmul", "matrix_power", "outer", "tensordot",
]  # fmt: skip


@op("view", method=False, node="SqueezeBackward4")
def squeezed(input: Tensor, dim: int) -> Tensor:
    """A fresh result without a dim of size 1: `squeeze_` as it ends ATen's composites."""
    if input.sizes[dim] != 1:
        return input
    shape, stride = list(input.sizes), list(input.strides)
    del shape[dim], stride[dim]
    seen = input.alias(tuple(shape), tuple(stride), input.offset)
    seen.base = None
    bump(seen)  # PyTorch does it in place
    return seen


squeezed.vjp(input=lambda g, input_shape, dim: g.unsqueeze(dim) if input_shape[dim] == 1 else g)


def _should_fold(input: Tensor, other: Tensor, out: Tensor | None) -> bool:
    """Whether the batch of the larger operand joins its rows, which turns bmm into mm.

    Always if the smaller one needs a gradient: as a batch it would have a gradient per matrix, to
    be summed. Else only if that costs no copy. Source: should_fold.
    """
    large, small = (input, other) if input.ndim >= other.ndim else (other, input)
    if large.ndim < 3 or small.ndim > 2:
        return False
    if small.requires_grad and out is None:
        return True
    if input.ndim == 2:
        return False
    shape, stride = list(large.sizes), list(large.strides)
    if large is other:
        shape[-1], shape[-2], stride[-1], stride[-2] = shape[-2], shape[-1], stride[-2], stride[-1]
    if 0 in shape:
        return True
    rows = numel(tuple(shape[:-1]))
    return strides.view(tuple(shape), tuple(stride), (rows, shape[-1])) is not None


def _folded(input: Tensor, other: Tensor) -> Tensor:
    """The product as one mm or mv: the larger operand seen as a matrix."""
    turn = other.ndim > input.ndim
    large = other.transpose(-2, -1) if turn else input
    small = (input.t() if input.ndim == 2 else input) if turn else other
    shape = large.sizes[:-1]
    matrix = large.reshape(numel(shape), large.sizes[-1])
    if small.ndim == 1:
        return unsafe_view(mv(matrix, small), shape)
    product = unsafe_view(mm(matrix, small), (*shape, small.sizes[1]))
    return product.transpose(-2, -1).contiguous() if turn else product


def _batched(input: Tensor, other: Tensor) -> Tensor:
    """The product as one bmm over the broadcast batch."""
    if input.ndim == other.ndim == 3 and input.sizes[0] != other.sizes[0]:
        if input.sizes[0] == 1 and input.requires_grad:
            return matmul(input.squeeze(0), other)
        if other.sizes[0] == 1 and other.requires_grad:
            return matmul(input, other.squeeze(0))
    rows = input.sizes[-2] if input.ndim > 1 else 1
    batch = broadcast(input.sizes[:-2], other.sizes[:-2])
    many = numel(batch)
    left = input.expand((*batch, rows, input.sizes[-1])).reshape(many, rows, input.sizes[-1])
    shape = (*batch, rows) if input.ndim > 1 else batch
    if other.ndim == 1:
        k = other.sizes[0]
        right = other.expand((*batch, k)).reshape(many, k).unsqueeze(2)
        return unsafe_view(left.bmm(right).squeeze(-1), shape)
    k, columns = other.sizes[-2:]
    right = other.expand((*batch, k, columns)).reshape(many, k, columns)
    return unsafe_view(left.bmm(right), (*shape, columns))


@composite()
def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of vectors, matrices or batches of matrices; batches broadcast.

    Source: _matmul_impl.
    """
    dims = len(input.sizes), len(other.sizes)
    if dims == (2, 2) and out is None:
        return mm(input, other)
    if 0 in dims:
        raise RuntimeError(
            "both arguments to matmul need to be at least 1D, but they are "
            f"{dims[0]}D and {dims[1]}D"
        )
    if out is not None:
        return _matmul_out(input, other, out)
    if dims == (1, 1):
        return dot(input, other)
    if dims == (2, 1):
        return mv(input, other)
    if dims == (1, 2):
        return squeezed(mm(input.unsqueeze(0), other), 0)
    return _folded(input, other) if _should_fold(input, other, None) else _batched(input, other)


def refuse_wanted(name: str, *given: Tensor | None) -> None:
    """Raise RuntimeError where a gradient is wanted that a composite's `out=` cannot have."""
    if is_grad_enabled() and any(t is not None and t.requires_grad for t in given):
        refuse_gradient(name)


def _matmul_out(input: Tensor, other: Tensor, out: Tensor) -> Tensor:
    refuse_wanted("matmul", input, other, out)
    dims = (input.ndim, other.ndim)
    if dims == (1, 1):
        return dot(input, other, out=out)
    if dims == (2, 2):
        return mm(input, other, out=out)
    if dims == (2, 1):
        return mv(input, other, out=out)
    check_dtype(out, input.dtype)
    return moved(matmul(input, other), out)


@composite(method=False)
def linear(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, *, out: Tensor | None = None
) -> Tensor:
    """`input @ weight.T + bias`: (..., I) and (O, I) to (..., O). Source: Linear.cpp linear."""
    if out is not None:
        refuse_wanted("linear", input, weight, bias, out)
        check_dtype(out, input.dtype)
        return moved(linear(input, weight, bias), out)
    try:
        if bias is not None and len(input.sizes) == 2:
            return addmm(bias, input, weight.t())
        if input.ndim == 0 or weight.ndim == 0:
            raise RuntimeError(
                "both arguments to linear need to be at least 1D, but they are "
                f"{input.ndim}D and {weight.ndim}D"
            )
        if bias is not None and _is_row(bias) and input.is_contiguous():
            rows = input.reshape(numel(input.sizes[:-1]), input.sizes[-1])
            product = addmm(bias, rows, weight.t())
            return unsafe_view(product, (*input.sizes[:-1], product.sizes[1]))
        product = matmul(input, weight.t())
        return product if bias is None else plus(product, bias)
    except RuntimeError as error:
        if input.ndim and weight.ndim == 2 and input.sizes[-1] != weight.sizes[1]:
            error.__notes__ = [notes.features(input.sizes, weight.sizes)]
        elif input.dtype is not weight.dtype:
            error.add_note(notes.kinds(input.dtype.name, weight.dtype.name))
        raise


def _is_row(bias: Tensor) -> bool:
    """Whether ATen adds a bias within addmm: one row that lies without gaps."""
    long = [n for n in bias.sizes if n != 1]
    return (bias.ndim == 1 or len(long) == 1) and bias.is_contiguous()


@composite()
def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The (N, M) products of every element of (N,) with every element of (M,)."""
    for t, called in ((input, "self"), (vec2, "vec2")):
        if t.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {called}, but got {t.ndim}-D")
    return input.reshape(input.sizes[0], 1).mul(vec2, out=out)


@composite()
def ger(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`outer` by its BLAS name."""
    return outer(input, vec2, out=out)


@composite()
def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The products summed over the last dimension of both."""
    if not input.ndim or not other.ndim:
        return input.mul(other, out=out) if out is not None else input.mul(other)
    if input.sizes[-1] != other.sizes[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{listed(input.sizes)} and {listed(other.sizes)}"
        )
    return _contracted(_tensordot(input, other, [-1], [-1]), out)


@composite(method=False, python=True)
def tensordot(
    a: Tensor,
    b: Tensor,
    dims: int | Sequence[Sequence[int]] | Tensor = 2,
    out: Tensor | None = None,
) -> Tensor:
    """The products summed over `dims`: as many last dims of `a` as first dims of `b`, or a pair of
    lists. Source: torch/functional.py and Linear.cpp tensordot."""
    if isinstance(dims, Tensor):
        dims = cast("list[list[int]]", dims.tolist()) if dims.numel() > 1 else int(dims.item())
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.ndim, b.ndim):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got {dims=}")
        of_a, of_b = list(range(-dims, 0)), list(range(dims))
    else:
        of_a, of_b = list(dims[0]), list(dims[1])
    return _contracted(_tensordot(a, b, of_a, of_b), out)


def _contracted(product: Tensor, out: Tensor | None) -> Tensor:
    """A product of tensordot's, in `out` where there is one. Raises: RuntimeError."""
    if out is not None and out.dtype is not product.dtype:
        raise RuntimeError(
            f"tensordot: Expected the output tensor to have dtype {product.dtype.aten_name}, but "
            f"got an output tensor with dtype {out.dtype.aten_name}"
        )
    return moved(product, out)


def _tensordot(a: Tensor, b: Tensor, of_a: Sequence[int], of_b: Sequence[int]) -> Tensor:
    if len(of_a) != len(of_b):
        raise RuntimeError("both dimension lists should have same length")
    if a.dtype is not b.dtype:
        raise RuntimeError("both inputs should have same dtype")
    left, right, size = a, b, 1
    for i, j in zip(of_a, of_b, strict=True):
        n, m = a.shape[i], b.shape[j]
        if m == 1:  # a broadcast dimension is summed right away
            left = left.sum(i, True, dtype=left.dtype)
        elif n == 1:
            right = right.sum(j, True, dtype=right.dtype)
        elif n != m:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {n} in dim {i} "
                f"and second has size {m} in dim {j}"
            )
        else:
            size *= n
    gone_a, gone_b = [d % a.ndim for d in of_a], [d % b.ndim for d in of_b]
    kept_a = [d for d in range(a.ndim) if d not in gone_a]
    kept_b = [d for d in range(b.ndim) if d not in gone_b]
    shape = [left.sizes[d] for d in kept_a] + [right.sizes[d] for d in kept_b]
    rows = numel(tuple(shape[: len(kept_a)]))
    columns = numel(tuple(shape[len(kept_a) :]))
    left, right = left.permute([*kept_a, *gone_a]), right.permute([*gone_b, *kept_b])
    if rows == 1 == columns:
        products = left.squeeze() * right.squeeze()
        return products.sum(dtype=products.dtype).reshape(tuple(shape))
    return mm(left.reshape(rows, size), right.reshape(size, columns)).reshape(tuple(shape))


@composite()
def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Kronecker product: every element of `input` times the whole of `other`."""
    ndim = max(input.ndim, other.ndim)
    a = (1,) * (ndim - input.ndim) + input.sizes
    b = (1,) * (ndim - other.ndim) + other.sizes
    spaced = tuple([n for size in a for n in (size, 1)])
    between = tuple([n for size in b for n in (1, size)])
    product = input.reshape(spaced).mul(other.reshape(between))
    whole = tuple([n * m for n, m in zip(a, b, strict=True)])
    if out is not None:
        refuse_wanted("mul", input, other, out)
        if not can_cast(product.dtype, out.dtype):
            raise RuntimeError(
                f"result type {product.dtype.aten_name} can't be cast to the desired output type "
                f"{out.dtype.aten_name}"
            )
    return moved(unsafe_view(product, whole), out)


@composite()
def matrix_power(input: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """The n-th power of square matrices (..., N, N), for n >= 0, by repeated squaring.

    Source: linalg_matrix_power_impl.
    """
    if input.ndim < 2:
        raise RuntimeError(
            "linalg.matrix_power: The input tensor A must have at least 2 dimensions."
        )
    if input.sizes[-1] != input.sizes[-2]:
        raise RuntimeError(
            "linalg.matrix_power: A must be batches of square matrices, but they are "
            f"{input.sizes[-2]} by {input.sizes[-1]} matrices"
        )
    if out is not None and not can_cast(input.dtype, out.dtype):
        raise RuntimeError(
            "matrix_power: Expected result to be safely castable from "
            f"{input.dtype.aten_name} dtype, but got result with dtype {out.dtype.aten_name}"
        )
    if out is not None and n > 1:
        refuse_wanted("matmul", input, out)
        check_dtype(out, input.dtype)
    if n < 0:
        raise NotImplementedError("minitorch_np: matrix_power of a power below 0")
    return moved(_power(input, n), out)


def _power(input: Tensor, n: int) -> Tensor:
    """The power by repeated squaring, each square as PyTorch takes it."""
    if n == 0:
        ones = eye(input.sizes[-1], dtype=input.dtype)
        return input.clone().copy_(ones.expand(input.sizes))
    if n == 1:
        return input.clone()
    if n == 3:
        return matmul(matmul(input, input), input)
    square: Tensor = input
    result: Tensor | None = None
    while n:
        if n & 1:
            result = square if result is None else matmul(result, square)
        n >>= 1
        if n:
            square = matmul(square, square)
    assert result is not None
    return result
