"""Products added to a tensor: addmm, addmv, addbmm, baddbmm, addr.

Source: aten/src/ATen/native/LinearAlgebra.cpp and Blas.cpp.
"""

import numpy as np

from minitorch_np import backends, strides
from minitorch_np.form import Form, Plans
from minitorch_np.loops import (
    Array,
    check_overlap,
    common_dtype,
    converted,
    quietly,
    result_for,
)
from minitorch_np.op import op
from minitorch_np.ops.products import (
    check_bmm,
    check_mm,
    check_mv,
    destination,
    is_plain,
    mm_mat1_backward,
    mm_mat2_backward,
    multiply,
    times,
)
from minitorch_np.shapes import Shape, listed, wrap_dim
from minitorch_np.tensor import Number, Tensor, blank, empty

__all__ = ["addbmm", "addmm", "addmv", "addr", "baddbmm"]


_sums = Plans[Form]()
"""The forms of sums that the kernel makes from the operands as they are."""


@op("contiguous", inplace=True)
def addmm(
    input: Tensor,
    mat1: Tensor,
    mat2: Tensor,
    *,
    beta: Number = 1,
    alpha: Number = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`beta * input + alpha * mat1 @ mat2`, input broadcast to the product's shape."""
    if out is None and beta == 1 and alpha == 1:
        found = _sums.get((input.form, mat1.form, mat2.form))
        if found is not None:
            start = input.array
            if start.shape not in (found.shape, found.shape[1:]):
                start = np.broadcast_to(start, found.shape)
            done = blank(found)
            backends.added(mat1.array, mat2.array, done.array, start)
            return done
    _check_dtypes(input, mat1, mat2)
    check_mm("addmm", mat1, mat2, ("self", "mat2"))
    shape = (mat1.sizes[0], mat2.sizes[1])
    done = _added_to(input, shape, out)
    multiply(
        mat1.array, mat2.array, done.array, done.dtype,
        name="addmm_impl_cpu_", beta=beta, alpha=alpha, start=_expanded(input, shape),
    )  # fmt: skip
    if out is None and is_plain(done, mat1):
        _sums.keep((input.form, mat1.form, mat2.form), done.form)
    return done


addmm.vjp(
    input=lambda g, beta: times(g, beta),
    mat1=lambda g, mat2, mat1_shape, mat1_stride, alpha: mm_mat1_backward(
        g, mat2, mat1_shape, mat1_stride, alpha
    ),
    mat2=lambda g, mat1, mat2_shape, mat2_stride, alpha: mm_mat2_backward(
        g, mat1, mat2_shape, mat2_stride, alpha
    ),
)
addmm.jvp(
    input=lambda t, beta: times(t, beta),
    mat1=lambda t, mat2, alpha: times(t.mm(mat2), alpha),
    mat2=lambda t, mat1, alpha: times(mat1.mm(t), alpha),
)


def _check_dtypes(input: Tensor, mat1: Tensor, mat2: Tensor) -> None:
    for t, called in ((input, "self"), (mat1, "mat1")):
        if t.dtype is not mat2.dtype:
            raise RuntimeError(
                f"{called} and mat2 must have the same dtype, but got "
                f"{t.dtype.aten_name} and {mat2.dtype.aten_name}"
            )


def _added_to(input: Tensor, shape: Shape, out: Tensor | None) -> Tensor:
    """Where `input + product` goes; in place nothing may grow."""
    _check_inplace(input, shape, out)
    if out is None:
        _check_expands(input, shape)
    elif out is not input and len(shape) == 2:  # torch copies `input` there first
        _check_expands(input, shape)
        check_overlap(out, [input])
    return destination(shape, input.dtype, out)


def _check_inplace(input: Tensor, shape: Shape, out: Tensor | None) -> None:
    """Raise RuntimeError for an input that would have to grow in place. Source: check_inplace."""
    if out is input and input.sizes != shape:
        raise RuntimeError(
            f"Bad in-place call: input tensor size {listed(input.sizes)} and output tensor size "
            f"{listed(shape)} should match"
        )


def _check_expands(input: Tensor, shape: Shape) -> None:
    """Raise RuntimeError where `input` does not broadcast to `shape`."""
    if input.ndim > len(shape):
        raise RuntimeError(
            f"expand(torch.{input.dtype.aten_name}Tensor{{{listed(input.sizes)}}}, "
            f"size={listed(shape)}): the number of sizes provided ({len(shape)}) must be greater "
            f"or equal to the number of dimensions in the tensor ({input.ndim})"
        )
    _ = strides.expand(input.sizes, input.strides, shape)


def _expanded(t: Tensor, shape: Shape) -> Array:
    if t.sizes == shape:
        return t.array
    return t.alias(shape, strides.expand(t.sizes, t.strides, shape), t.offset).array


@op("contiguous", inplace=True)
def baddbmm(
    input: Tensor,
    batch1: Tensor,
    batch2: Tensor,
    *,
    beta: Number = 1,
    alpha: Number = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`beta * input + alpha * batch1 @ batch2`, matrix by matrix."""
    places = ((batch1, 0), (batch1, 1), (batch2, 2))
    wanted = tuple([t.sizes[wrap_dim(d, t.ndim, False)] for t, d in places])
    _check_expands(input, wanted)
    if input.dtype is not batch1.dtype:
        names = [t.dtype.cpp_name for t in (input, batch1, batch2)]
        raise RuntimeError(
            f"Input dtypes must be the same, got: input {names[0]}, batch1: {names[1]}, "
            f"batch2: {names[2]}"
        )
    shape = check_bmm(batch1, batch2)
    if out is input and input.dtype is not batch2.dtype:
        names = input.dtype.cpp_name, batch2.dtype.cpp_name
        raise RuntimeError(
            f"Bad in-place call: input tensor dtype {names[0]} and output tensor dtype {names[1]} "
            "should match"
        )
    if batch1.dtype is not batch2.dtype:
        raise RuntimeError(
            f"expected scalar type {batch1.dtype.aten_name} but found {batch2.dtype.aten_name}"
        )
    done = _added_to(input, shape, out)
    multiply(
        batch1.array, batch2.array, done.array, done.dtype,
        name="baddbmm", beta=beta, alpha=alpha, start=_expanded(input, shape),
    )  # fmt: skip
    return done


baddbmm.vjp(
    input=lambda g, beta: times(g, beta),
    batch1=lambda g, batch2, alpha: times(g.bmm(batch2.transpose(1, 2)), alpha),
    batch2=lambda g, batch1, alpha: times(batch1.transpose(1, 2).bmm(g), alpha),
)
baddbmm.jvp(
    input=lambda t, beta: times(t, beta),
    batch1=lambda t, batch2, alpha: times(t.bmm(batch2), alpha),
    batch2=lambda t, batch1, alpha: times(batch1.bmm(t), alpha),
)


def _check_batches(batch1: Tensor, batch2: Tensor) -> None:
    """Raise RuntimeError where matrices of two batches do not pair, in `addbmm`'s own words."""
    if batch1.ndim == batch2.ndim == 3:
        (count, _, inner), (others, rows, columns) = batch1.sizes, batch2.sizes
        if count != others:
            raise RuntimeError(
                f"batch1 and batch2 must have same number of batches, got {count} and {others}"
            )
        if inner != rows:
            raise RuntimeError(
                f"Incompatible matrix sizes for bmm ({batch1.sizes[1]}x{inner} and "
                f"{rows}x{columns})"
            )


@op("contiguous", inplace=True)
def addbmm(
    input: Tensor,
    batch1: Tensor,
    batch2: Tensor,
    *,
    beta: Number = 1,
    alpha: Number = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`beta * input + alpha * (the sum over the batch of batch1 @ batch2)`."""
    places = ((batch1, 1), (batch2, 2))
    _check_expands(input, tuple([t.sizes[wrap_dim(d, t.ndim, False)] for t, d in places]))
    _check_batches(batch1, batch2)
    _, rows, columns = check_bmm(batch1, batch2)
    _check_dtypes(input if out is None else out, batch1, batch2)
    start, factor = _expanded(input, (rows, columns)), beta
    if out is not None and out.sizes != (rows, columns):  # without a warning, and in place too
        start = start.copy() if out is input else start
        out.restride((rows, columns), strides.contiguous((rows, columns)), out.offset)
    done = _added_to(input, (rows, columns), out)
    for a, b in zip(batch1.array, batch2.array, strict=True):  # rounds after each, as PyTorch does
        multiply(
            a, b, done.array, done.dtype,
            name="addmm_impl_cpu_", beta=factor, alpha=alpha, start=start,
        )  # fmt: skip
        start, factor = done.array, 1
    if not len(batch1.array):
        quietly(np.multiply, start, factor, out=done.array, casting="unsafe")
    return done


addbmm.vjp(
    input=lambda g, beta: times(g, beta),
    batch1=lambda g, batch1_shape, batch2, alpha: times(
        g.unsqueeze(0).expand(batch1_shape[0], *g.shape).bmm(batch2.transpose(1, 2)), alpha
    ),
    batch2=lambda g, batch1, alpha: times(
        batch1.transpose(1, 2).bmm(g.unsqueeze(0).expand(batch1.shape[0], *g.shape)), alpha
    ),
)
addbmm.jvp(
    input=lambda t, beta: times(t, beta),
    batch1=lambda t, batch2, alpha: times(t.bmm(batch2).sum(0), alpha),
    batch2=lambda t, batch1, alpha: times(batch1.bmm(t).sum(0), alpha),
)


@op("contiguous", inplace=True)
def addmv(
    input: Tensor,
    mat: Tensor,
    vec: Tensor,
    *,
    beta: Number = 1,
    alpha: Number = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`beta * input + alpha * mat @ vec`. Source: ATen/native/Blas.cpp addmv."""
    check_mv(input, mat, vec)
    shape = (mat.sizes[0],)
    _check_inplace(input, shape, out)
    done = destination(shape, vec.dtype, out)
    multiply(
        mat.array, vec.array[:, None], done.array[:, None], done.dtype, name="addmv_impl_cpu",
        beta=beta, alpha=alpha, start=_expanded(input, shape)[:, None],
    )  # fmt: skip
    return done


addmv.vjp(
    input=lambda g, beta: times(g, beta),
    mat=lambda g, vec, alpha: times(g.outer(vec), alpha),
    vec=lambda g, mat, alpha: times(mat.t().mv(g), alpha),
)
addmv.jvp(
    input=lambda t, beta: times(t, beta),
    mat=lambda t, vec, alpha: times(t.mv(vec), alpha),
    vec=lambda t, mat, alpha: times(mat.mv(t), alpha),
)


@op("elementwise", inplace=True)
def addr(
    input: Tensor,
    vec1: Tensor,
    vec2: Tensor,
    *,
    beta: Number = 1,
    alpha: Number = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`beta * input + alpha * outer(vec1, vec2)`, input broadcast. Source: addr."""
    for t, called in ((vec1, "vec1"), (vec2, "vec2")):
        if t.ndim != 1:
            raise RuntimeError(f"addr: Expected 1-D argument {called}, but got {t.ndim}-D")
    shape = (vec1.sizes[0], vec2.sizes[0])
    dtype = common_dtype(input, vec1, vec2)
    if out is not input:
        _check_expands(input, shape)
    elif input.ndim != 2:
        raise RuntimeError(f"2D tensor expected, got {input.ndim}D tensor for input")
    elif input.sizes != shape:
        raise RuntimeError(
            f"size mismatch, input: {listed(input.sizes)}, v1: {listed(vec1.sizes)}, "
            f"v2: {listed(vec2.sizes)}"
        )
    column = ((shape[0], 1), (vec1.strides[0], 1))
    operands = ((shape, strides.expand(input.sizes, input.strides, shape)), column)
    layout = strides.elementwise(shape, (*operands, ((1, shape[1]), (1, vec2.strides[0]))))
    done = (
        empty(shape, layout, dtype)
        if out is None
        else result_for(out, shape, dtype, [input, vec1, vec2])
    )
    a, b = converted(vec1, dtype), converted(vec2, dtype)
    kind = dtype.compute.type
    assert isinstance(a, np.ndarray) and isinstance(b, np.ndarray)
    values = quietly(np.multiply, kind(alpha) * a[:, None], b[None])
    if beta != 0:
        start = quietly(_expanded(input, shape).astype, dtype.compute)
        values = quietly(np.add, quietly(np.multiply, start, kind(beta)), values)
    quietly(np.copyto, done.array, values, casting="unsafe")
    return done


addr.vjp(
    input=lambda g, beta: times(g, beta),
    vec1=lambda g, vec2, alpha: times(g.mv(vec2), alpha),
    vec2=lambda g, vec1, alpha: times(g.t().mv(vec1), alpha),
)
addr.jvp(
    vec1=lambda t, vec2, alpha: times(t.outer(vec2), alpha),
    vec2=lambda t, vec1, alpha: times(vec1.outer(t), alpha),
)
