"""Products of matrices and vectors: mm, bmm, mv, dot.

No operand is ever copied into another layout: the kernel reads any strides.
Source: aten/src/ATen/native/LinearAlgebra.cpp and Blas.cpp.
"""

import numpy as np

from minitorch_np import backends, notes, strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.dtypes import in_64_bits
from minitorch_np.form import Form, Plans, form_of
from minitorch_np.graph.modes import Creation, state
from minitorch_np.loops import Array, exact_result_for, not_implemented, quietly
from minitorch_np.op import op
from minitorch_np.ops.binary import scaled
from minitorch_np.shapes import Shape, noted, numel, wrap_dim
from minitorch_np.strides import Stride
from minitorch_np.tensor import Number, Tensor, blank, empty, view_of

__all__ = ["bmm", "dot", "mm", "mv", "vdot"]


def destination(shape: Shape, dtype: Dtype, out: Tensor | None, *, apart: bool = True) -> Tensor:
    """A new row-major tensor, or `out` made ready, whose elements must lie `apart`."""
    if out is None:
        return empty(shape, strides.contiguous(shape), dtype)
    return exact_result_for(out, shape, dtype, apart=apart)


def multiply(
    a: Array,
    b: Array,
    target: Array,
    dtype: Dtype,
    *,
    name: str,
    beta: Number = 0,
    alpha: Number = 1,
    start: Array | None = None,
) -> None:
    """target = beta * start + alpha * a @ b, half types summed in float32 and rounded once.

    A beta of 0 ignores `start`, NaN and all. Raises: NotImplementedError for bool.
    """
    beta, alpha = in_64_bits(beta), in_64_bits(alpha)
    if not target.size:
        return
    if dtype.category == 0 and a.shape[-1]:
        raise NotImplementedError(f"\"{name}\" not implemented for 'Bool'")
    if dtype.category == 1:
        alpha, beta = int(alpha), int(beta)
    wide = np.empty(target.shape, np.float32) if dtype.is_half else target
    if start is None or beta == 0:
        start, beta = None, 0
    elif not dtype.is_floating_point or dtype.is_half or not _apart(start, target):
        _ = quietly(np.multiply, start, wide.dtype.type(beta), wide)
        start, beta = wide, 1
    if a.shape[-1]:
        backends.product(a, b, wide, alpha=alpha, beta=beta, start=start)
    elif start is None:
        wide.fill(0)
    elif start is not wide or beta != 1:
        _ = quietly(np.multiply, start, wide.dtype.type(beta), wide)
    if wide is not target:
        quietly(np.copyto, target, wide, "unsafe")


def _apart(start: Array, target: Array) -> bool:
    """Whether each element of `start` can still be read when its place in `target` is written."""
    return start is target or not np.may_share_memory(start, target)


def check_mm(name: str, left: Tensor, right: Tensor, names: tuple[str, str]) -> None:
    """Nothing, when two matrices multiply. Raises: RuntimeError with torch's names of them."""
    for t, called in ((left, names[0]), (right, "mat2")):
        if len(t.sizes) != 2:
            raise RuntimeError(f"{name}: {called} must be a matrix, got {t.ndim}-D tensor")
    (m, k), (k2, n) = left.sizes, right.sizes
    if k != k2:
        text = f"{name}: mat1 and mat2 shapes cannot be multiplied ({m}x{k} and {k2}x{n})"
        raise noted(RuntimeError(text), notes.product(left.sizes, right.sizes))


def is_plain(product: Tensor, left: Tensor) -> bool:
    """Whether a product is neither of a half type, nor of integers, nor empty."""
    kind = product.dtype
    if not kind.is_floating_point or kind.is_half:
        return False
    return product.form.nbytes > 0 and left.form.nbytes > 0


@op("contiguous", into=backends.plain)
def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of (N, K) and (K, M): (N, M). Source: addmm_impl_cpu_."""
    check_mm("mm", input, mat2, ("self", "mat2"))
    done = destination((input.sizes[0], mat2.sizes[1]), input.dtype, out)
    if input.dtype is not mat2.dtype:
        raise RuntimeError(
            "expected m1 and m2 to have the same dtype, but got: "
            f"{input.dtype.cpp_name} != {mat2.dtype.cpp_name}"
        )
    multiply(input.array, mat2.array, done.array, done.dtype, name="addmm_impl_cpu_")
    return done


mm.vjp(
    input=lambda g, mat2, input_shape, input_stride: mm_mat1_backward(
        g, mat2, input_shape, input_stride
    ),
    mat2=lambda g, input, mat2_shape, mat2_stride: mm_mat2_backward(
        g, input, mat2_shape, mat2_stride
    ),
)
mm.jvp("linear")


def mm_mat1_backward(
    g: Tensor, mat2: Tensor, shape: Shape, stride: Stride, alpha: Number = 1
) -> Tensor:
    """The gradient of the left factor: column-major if the factor was.

    Source: mm_mat1_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    turned = stride[0] == 1 and stride[1] == shape[0]
    if alpha == 1 and not state.route:
        key = (g.form, mat2.form, turned)
        forms = _of_first.get(key) or _forms(_of_first, key, g, mat2, shape)
        if forms is not None:
            if turned:
                return _turned(mat2.array, g.array.T, forms)
            return _product(g.array, mat2.array.T, forms)
    if turned:
        return times(mat2.mm(g.t()).t(), alpha)
    return times(g.mm(mat2.t()), alpha)


def mm_mat2_backward(
    g: Tensor, mat1: Tensor, shape: Shape, stride: Stride, alpha: Number = 1
) -> Tensor:
    """The gradient of the right factor: column-major if the factor was.

    Source: mm_mat2_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    turned = stride[0] == 1 and stride[1] == shape[0]
    if alpha == 1 and not state.route:
        key = (g.form, mat1.form, turned)
        forms = _of_second.get(key) or _forms(_of_second, key, g, mat1, shape)
        if forms is not None:
            if turned:
                return _turned(g.array.T, mat1.array, forms)
            return _product(mat1.array.T, g.array, forms)
    if turned:
        return times(g.t().mm(mat1).t(), alpha)
    return times(mat1.t().mm(g), alpha)


Forms = tuple[Form, Form]
"""Of the product that is computed, and of its transpose."""


_of_first, _of_second = Plans[Forms](), Plans[Forms]()
"""The forms of the gradients of left and of right factors: by those of `g` and of the other factor,
and by whether the factor was column-major."""


def _forms(
    known: Plans[Forms], key: tuple[Form, Form, bool], g: Tensor, other: Tensor, of: Shape
) -> Forms | None:
    """The forms of the gradient of a factor `of` a shape, for `known`; None where the kernel may
    not stand for its ops."""
    if not is_plain(g, other) or g.dtype is not other.dtype:
        return None
    shape = of[::-1] if key[2] else of
    form = form_of(shape, strides.contiguous(shape), g.dtype)
    forms = form, form_of(shape[::-1], form.stride[::-1], g.dtype)
    known.keep(key, forms)
    return forms


def _product(left: Array, right: Array, forms: Forms) -> Tensor:
    """The product of two matrices."""
    done = blank(forms[0])
    backends.plain(left, right, done.array)
    return done


def _turned(left: Array, right: Array, forms: Forms) -> Tensor:
    """The transposed view of a product of two matrices."""
    view = view_of(_product(left, right, forms), forms[1], 0)
    view.creation = Creation.NO_GRAD_MODE
    return view


def times(t: Tensor, factor: Number) -> Tensor:
    """`factor` times `t`, or `t` itself for 1. Source: maybe_multiply, FunctionsManual.cpp."""
    if type(factor) is int and factor == 1:
        return t
    product = scaled(t, factor)
    assert isinstance(product, Tensor)
    return product


def check_bmm(left: Tensor, right: Tensor) -> Shape:
    """The shape of a batch of products. Raises: RuntimeError when the batches do not multiply."""
    for t, called in ((left, "batch1"), (right, "batch2")):
        if t.ndim != 3:
            raise RuntimeError(f"{called} must be a 3D tensor")
    batch, rows, inner_size = left.sizes
    if right.sizes[:2] != (batch, inner_size):
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{batch}, {inner_size}] but got: [{right.sizes[0]}, {right.sizes[1]}]."
        )
    return (batch, rows, right.sizes[2])


@op("contiguous", into=backends.product)
def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The products of (B, N, K) and (B, K, M): (B, N, M). Source: bmm_out_or_baddbmm_."""
    shape = check_bmm(input, mat2)
    done = destination(shape, mat2.dtype, out, apart=False)
    if input.dtype is not mat2.dtype and numel(shape):
        if input.dtype.category == 0:
            raise not_implemented("bmm", input.dtype)
        raise RuntimeError(
            f"expected scalar type {input.dtype.aten_name} but found {mat2.dtype.aten_name}"
        )
    multiply(input.array, mat2.array, done.array, done.dtype, name="bmm")
    return done


bmm.vjp(
    input=lambda g, mat2: g.bmm(mat2.transpose(1, 2)),
    mat2=lambda g, input: input.transpose(1, 2).bmm(g),
)
bmm.jvp("linear")


def check_mv(input: Tensor | None, mat: Tensor, vec: Tensor, out: Tensor | None = None) -> None:
    """Nothing, when mat @ vec can be added to `input`, or without one written to `out`.

    Raises: RuntimeError.
    """
    into = 1 if input is None else input.ndim
    if mat.ndim != 2 or vec.ndim != 1 or into > 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {into}, {mat.ndim}, {vec.ndim}")
    rows = mat.sizes[0] if input is None else (input.sizes or (1,))[0]
    if mat.sizes[1] != vec.sizes[0] or rows not in (mat.sizes[0], 1):
        if not into:
            raise IndexError("Dimension specified as 0 but tensor has no dimensions")
        raise RuntimeError(
            f"size mismatch, got input ({mat.sizes[0] if input is None else rows}), "
            f"mat ({mat.sizes[0]}x{mat.sizes[1]}), vec ({vec.sizes[0]})"
        )
    first = next(t for t in (input, out, vec) if t is not None)
    if not first.dtype is mat.dtype is vec.dtype:
        names = [t.dtype.aten_name for t in (first, mat, vec)]
        raise RuntimeError(
            "addmv input tensors must have the same dtype, but got "
            f"{names[0]}, {names[1]}, and {names[2]}"
        )


def _mv(a: Array, b: Array, out: Array) -> None:
    """out = a @ b, of vectors as columns."""
    backends.plain(a, b[:, None], out[:, None])


@op("contiguous", into=_mv)
def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of (N, K) and (K,): (N,). Source: ATen/native/Blas.cpp mv."""
    _ = wrap_dim(0, input.ndim, False)
    fits = out is not None and out.ndim < 2 and out.numel() in (1, *input.sizes[:1])
    check_mv(None, input, vec, out if fits else None)
    done = destination((input.sizes[0],), vec.dtype, out, apart=False)
    multiply(
        input.array, vec.array[:, None], done.array[:, None], done.dtype, name="addmv_impl_cpu"
    )
    return done


mv.vjp(input=lambda g, vec: g.outer(vec), vec=lambda g, input: input.t().mv(g))
mv.jvp("linear")


def _dot(input: Tensor, other: Tensor, out: Tensor | None) -> Tensor:
    if out is not None:  # first, for it may be an input, and is resized before that is looked at
        if out.dtype is not input.dtype:
            raise RuntimeError(
                f"result dtype {out.dtype.aten_name} does not match input dtype "
                f"{input.dtype.aten_name}"
            )
        out = destination((), input.dtype, out)
    if input.ndim != 1 or other.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {input.ndim}D and {other.ndim}D tensors")
    if input.dtype is not other.dtype:
        raise RuntimeError(
            "dot : expected both vectors to have same dtype, but found "
            f"{input.dtype.aten_name} and {other.dtype.aten_name}"
        )
    n, m = input.sizes[0], other.sizes[0]
    if n != m:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{n}] and src [{m}] to have the same "
            f"number of elements, but got {n} and {m} elements respectively"
        )
    done = empty((), (), input.dtype) if out is None else out
    multiply(
        input.array[None], other.array[:, None], done.array[None, None], done.dtype, name="dot"
    )
    return done


def _dot_of(a: Array, b: Array, out: Array) -> None:
    """out = a @ b, of a row and a column."""
    backends.plain(a[None], b[:, None], out[None, None])


@op("contiguous", into=_dot_of)
def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sum of the products of two vectors of one length. Source: ATen/native/Blas.cpp dot."""
    return _dot(input, tensor, out)


dot.vjp(input=lambda g, tensor: g * tensor, tensor=lambda g, input: g * input)
dot.jvp("linear")


@op("contiguous")
def vdot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`dot`, for there is no complex dtype here. Source: ATen/native/Blas.cpp vdot."""
    return _dot(input, other, out)


vdot.vjp(input=lambda g, other: g * other, other=lambda g, input: g * input)
vdot.jvp("linear")
