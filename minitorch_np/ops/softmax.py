"""Softmax and its logarithm, with PyTorch's nodes of the first and the second derivative.

Source: aten/src/ATen/native/SoftMax.cpp and cpu/SoftMaxKernel.cpp.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from minitorch_np.casts import BLOCK, by_blocks
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.dtypes import float32
from minitorch_np.form import Plans
from minitorch_np.kernels.large import MANY, SHORT, folded, loop
from minitorch_np.kernels.shares import split
from minitorch_np.loops import converted, exact_result_for, finish, not_implemented, quietly
from minitorch_np.op import composite, op
from minitorch_np.shapes import wrap_dim
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor, blank, empty

__all__ = ["log_softmax", "softmax"]

Array = NDArray[np.generic]


def _array(t: Tensor) -> Array:
    array = converted(t, t.dtype)
    assert isinstance(array, np.ndarray)
    return array


def _ready(name: str, input: Tensor, dim: int, out: Tensor | None) -> int:
    """The wrapped dim, after the checks that both ops share."""
    d = wrap_dim(dim, input.ndim)
    if out is not None:
        _ = exact_result_for(out, input.sizes, input.dtype)
    if not input.dtype.is_floating_point and input.numel():
        last = "_lastdim" if d == max(input.ndim, 1) - 1 else ""
        raise not_implemented(f"{name}{last}_kernel_impl", input.dtype)
    return d


def _by_rows(name: str, dim: int, input: Tensor, other: Tensor | None = None) -> Tensor | None:
    """The result of a compiled loop along the last dim, by the loop's name; None where it cannot
    walk the tensors, or where the dim is none."""
    form = input.form
    if type(dim) is not int or (other is not None and other.form is not form):
        return None
    n = _row_lengths.get((form, dim))
    if n is None:
        last = len(form.shape) - 1
        walks = form.dtype is float32 and form.contiguous and form.nbytes and last >= 0
        n = form.shape[last] if walks and dim in (-1, last) else 0
        _row_lengths.keep((form, dim), n)
    if not n:
        return None
    done = blank(form)
    if other is None:
        loop(name)(input.array, done.array, n)
    else:
        loop(name)(input.array, other.array, done.array, n)
    return done


_row_lengths = Plans[int]()
"""The elements of a row, by form and dim; 0 where no loop walks along it."""


def _side_by_side(name: str, n: int, *matrices: Array) -> None:
    """Write the last of the arrays: many small matrices, whose columns are turned into those of one
    wide matrix."""
    *given, out = matrices
    rows = [np.ascontiguousarray(a.swapaxes(0, 1)) for a in given]
    values = np.empty_like(rows[0])
    loop(f"softmax.{name}_columns")(*rows, values, n, values.size // n, 0, values.size // n)
    out[...] = values.swapaxes(0, 1)


def _walked(name: str, dim: int, *arrays: Array) -> bool:
    """Whether a compiled loop along `dim` wrote the last of the arrays."""
    if arrays[0].size < MANY:
        return False
    sizes = [folded(a, (dim,)) for a in arrays]
    if sizes[0] is None or None in sizes:
        return False
    _, n, inner = sizes[0]
    if inner > 1 and n * inner <= SHORT:
        _side_by_side(name, n, *[a.reshape(-1, n, inner) for a in arrays])
        return True
    if inner == 1:
        loop(f"softmax.{name}_rows")(*arrays, n)
    else:
        loop(f"softmax.{name}_columns")(*arrays, n, inner, 0, inner)
    return True


def _narrow_rows(name: str, dim: int, *arrays: Array) -> bool:
    """Whether a compiled loop along the last dim wrote the last of the arrays, which are of a half
    type, some rows after others as float32."""
    first = arrays[0]
    if first.size < MANY or dim != first.ndim - 1 or not all(a.flags.carray for a in arrays):
        return False
    n = first.shape[-1]
    along = loop(f"softmax.{name}_rows")

    def by_rows(*some: Array) -> None:
        *given, out = [a.reshape(-1) for a in some]
        length = max(1, BLOCK // n) * n
        by_blocks(lambda *rows: along(*rows, n), given, [True] * len(given), out, length)

    split(by_rows, [a.reshape(-1, n) for a in arrays], 0, _COST)
    return True


_COST = 1.0
"""Nanoseconds that an element of a half type costs."""


def _softmax(a: Array, dim: int) -> Array:
    most = np.maximum.reduce(a, dim, keepdims=True)
    values = np.subtract(a, most)
    np.exp(values, out=values)
    np.divide(values, np.add.reduce(values, dim, keepdims=True), out=values)
    return values


def _log_softmax(a: Array, dim: int) -> Array:
    most = np.maximum.reduce(a, dim, keepdims=True)
    values = np.subtract(a, most)
    np.subtract(values, np.log(np.add.reduce(np.exp(values), dim, keepdims=True)), out=values)
    return values


Kernel = Callable[..., Array]


def _applied(name: str, f: Kernel, dim: int, *inputs: Tensor, out: Tensor | None = None) -> Tensor:
    """The contiguous result along `dim` of the loop `name`, or of `f`; a 0-d tensor is a row of
    one."""
    first = inputs[0]
    if not first.numel():
        return finish(np.empty(first.sizes, first.dtype.np), first.dtype, out)
    shape = first.sizes or (1,)
    if out is None and first.sizes:
        done = empty(shape, contiguous(shape), first.dtype)
        if _walked(name, dim, *[t.array for t in inputs], done.array):
            return done
        if first.dtype.is_half and _narrow_rows(name, dim, *[t.array for t in inputs], done.array):
            return done
    wide = [_array(t).reshape(shape) for t in inputs]
    values = np.empty(shape, wide[0].dtype) if first.dtype.is_half else None
    if values is None or not _walked(name, dim, *wide, values):
        values = quietly(f, *wide, dim)
    return finish(values.reshape(first.sizes), first.dtype, out)


@op("contiguous", method=False, node="SoftmaxBackward0", aten="softmax", refuses="leaf")
def softmax_along(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """exp(input) over its sum along `dim`."""
    found = _by_rows("softmax.softmax_rows", dim, input) if out is None else None
    if found is not None:
        return found
    return _applied("softmax", _softmax, _ready("softmax", input, dim, out), input, out=out)


softmax_along.vjp(input=lambda g, out, dim: softmax_backward_data(g, out, dim))
softmax_along.jvp(input=lambda t, out, dim: softmax_backward_data(t, out, dim))


@op("contiguous", method=False)
def softmax_backward_data(grad_output: Tensor, output: Tensor, dim: int) -> Tensor:
    """The gradient through a softmax: `(g - sum(g * out)) * out` along `dim`."""
    found = _by_rows("softmax.softmax_backward_rows", dim, grad_output, output)
    if found is not None:
        return found
    d = wrap_dim(dim, output.ndim)
    return _applied("softmax_backward", _softmax_slope, d, grad_output, output)


def _softmax_slope(g: Array, y: Array, dim: int) -> Array:
    values = np.multiply(g, y)
    inner = np.add.reduce(values, dim, keepdims=True)
    np.subtract(g, inner, out=values)
    np.multiply(values, y, out=values)
    return values


softmax_backward_data.vjp(
    grad_output=lambda g, output, dim: softmax_backward_data(g, output, dim),
    output=lambda g, grad_output, output, dim: (
        grad_output * g
        - (output * grad_output).sum(dim, True) * g
        - grad_output * (output * g).sum(dim, True)
    ),
)


@op("contiguous", method=False, node="LogSoftmaxBackward0", aten="log_softmax", refuses="leaf")
def log_softmax_along(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """input - log(sum(exp(input))) along `dim`."""
    found = _by_rows("softmax.log_softmax_rows", dim, input) if out is None else None
    if found is not None:
        return found
    return _applied(
        "log_softmax", _log_softmax, _ready("log_softmax", input, dim, out), input, out=out
    )


log_softmax_along.vjp(input=lambda g, out, dim: log_softmax_backward_data(g, out, dim))
log_softmax_along.jvp(input=lambda t, out, dim: t - (out.exp() * t).sum(dim, True))


@op("contiguous", method=False)
def log_softmax_backward_data(grad_output: Tensor, output: Tensor, dim: int) -> Tensor:
    """The gradient through a log_softmax: `g - exp(out) * sum(g)` along `dim`."""
    found = _by_rows("softmax.log_softmax_backward_rows", dim, grad_output, output)
    if found is not None:
        return found
    d = wrap_dim(dim, output.ndim)
    return _applied("log_softmax_backward", _log_softmax_slope, d, grad_output, output)


def _log_softmax_slope(g: Array, y: Array, dim: int) -> Array:
    values = np.exp(y)
    np.multiply(values, np.add.reduce(g, dim, keepdims=True), out=values)
    np.subtract(g, values, out=values)
    return values


log_softmax_backward_data.vjp(
    grad_output=lambda g, output, dim: g - (g * output.exp()).sum(dim, True),
    output=lambda g, grad_output, output, dim: -grad_output.sum(dim, True) * output.exp() * g,
)


@composite()
def softmax(
    input: Tensor, dim: int, dtype: Dtype | None = None, *, out: Tensor | None = None
) -> Tensor:
    """exp(input) over its sum along `dim`, converted to `dtype` first."""
    given = input if dtype is None else input.to(dtype)
    return softmax_along(given, dim, out=out)


@composite()
def log_softmax(
    input: Tensor, dim: int, dtype: Dtype | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The logarithm of `softmax`, exact where that would round to 0."""
    given = input if dtype is None else input.to(dtype)
    return log_softmax_along(given, dim, out=out)


@composite(method=False, python=True)
def softmin(input: Tensor, dim: int, dtype: Dtype | None = None) -> Tensor:
    """`softmax` of the negated input. Source: torch/nn/functional.py."""
    return softmax(-input, dim, dtype)
