"""Comparison and logic: results are bools, and nothing here has a gradient.

Only the in-place forms keep floats (`x.eq_(y)`), and those send back contiguous zeros.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, strides
from minitorch_np.dtypes import bool_, float32, float64
from minitorch_np.graph.modes import WATCHERS
from minitorch_np.kernels.large import MANY, Compiled
from minitorch_np.loops import (
    Kernel,
    blank_like,
    common_dtype,
    converted,
    filling,
    pointwise,
    quietly,
    rounded,
)
from minitorch_np.op import Recorded, alias, composite, op
from minitorch_np.ops.copy import wiped
from minitorch_np.ops.factory import need_tensor
from minitorch_np.quiet import quiet, run_quietly
from minitorch_np.tensor import Number, Tensor, empty

__all__ = [
    "eq", "ne", "lt", "le", "gt", "ge", "not_equal", "less", "less_equal", "greater",
    "greater_equal", "logical_not", "logical_and", "logical_or", "logical_xor", "isnan", "isinf",
    "isfinite", "isposinf", "isneginf", "isreal", "signbit", "equal", "isclose", "allclose",
]  # fmt: skip


Array = NDArray[Any]
P = ParamSpec("P")
R = TypeVar("R")


def overload(name: str) -> Callable[[Tensor | Number], str]:
    """The name of PyTorch's node: overload 0 compares with a number, 1 with a tensor."""
    return lambda other: f"{name}Backward{int(isinstance(other, Tensor))}"


def comparison(name: str, f: np.ufunc) -> Callable[[Callable[P, R]], Recorded[P, R]]:
    """Register an op that compares as a function of NumPy's does."""
    return op(
        "elementwise", inplace=True, node=overload(name), refuses="", discrete=True,
        into=filling(f), whole=True,
    )  # fmt: skip


def compared(f: np.ufunc, input: Tensor, other: Tensor | Number, out: Tensor | None) -> Tensor:
    """`f` of the operands in their common dtype, as bools."""
    half = input.dtype.is_half  # of a number there is none: it cannot come first
    if half and not isinstance(other, Tensor):
        other = rounded(other, input.dtype)
    if out is input and input.dtype.is_floating_point:
        return pointwise(_ZEROS_AND_ONES[f], input, other, result=input.dtype, out=out)
    return pointwise(f, input, other, result=bool_, out=out)


def _zeros_and_ones(f: np.ufunc) -> Kernel:
    """`f` written as numbers, without an array of bools in between."""
    return Compiled(f"elementwise.{f.__name__}", lambda a, b, o: f(a, b, out=o, casting="unsafe"))


_ZEROS_AND_ONES: dict[np.ufunc, Kernel] = {
    f: _zeros_and_ones(f)
    for f in (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal)
}


@comparison("Eq", np.equal)
def eq(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """Whether each element equals `other`'s. Source: ATen/native/BinaryOps.cpp eq."""
    return compared(np.equal, input, other, out)


eq.vjp(
    input=lambda g, input_shape, input_dtype: wiped(input_shape, input_dtype),
    other=lambda g, other_shape, other_dtype: wiped(other_shape, other_dtype),
)


@comparison("Ne", np.not_equal)
def ne(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """Whether each element differs from `other`'s. Source: ATen/native/BinaryOps.cpp ne."""
    return compared(np.not_equal, input, other, out)


ne.vjp(
    input=lambda g, input_shape, input_dtype: wiped(input_shape, input_dtype),
    other=lambda g, other_shape, other_dtype: wiped(other_shape, other_dtype),
)


@comparison("Lt", np.less)
def lt(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is less than `other`'s. Source: ATen/native/BinaryOps.cpp lt."""
    return compared(np.less, input, other, out)


lt.vjp(
    input=lambda g, input_shape, input_dtype: wiped(input_shape, input_dtype),
    other=lambda g, other_shape, other_dtype: wiped(other_shape, other_dtype),
)


@comparison("Le", np.less_equal)
def le(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is at most `other`'s. Source: ATen/native/BinaryOps.cpp le."""
    return compared(np.less_equal, input, other, out)


le.vjp(
    input=lambda g, input_shape, input_dtype: wiped(input_shape, input_dtype),
    other=lambda g, other_shape, other_dtype: wiped(other_shape, other_dtype),
)


@comparison("Gt", np.greater)
def gt(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is greater than `other`'s. Source: ATen/native/BinaryOps.cpp gt."""
    return compared(np.greater, input, other, out)


gt.vjp(
    input=lambda g, input_shape, input_dtype: wiped(input_shape, input_dtype),
    other=lambda g, other_shape, other_dtype: wiped(other_shape, other_dtype),
)


@comparison("Ge", np.greater_equal)
def ge(input: Tensor, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is at least `other`'s. Source: ATen/native/BinaryOps.cpp ge."""
    return compared(np.greater_equal, input, other, out)


ge.vjp(
    input=lambda g, input_shape, input_dtype: wiped(input_shape, input_dtype),
    other=lambda g, other_shape, other_dtype: wiped(other_shape, other_dtype),
)


_logical_not = Compiled("elementwise.logical_not", np.logical_not)
_logical_and = Compiled("elementwise.logical_and", np.logical_and)
_logical_or = Compiled("elementwise.logical_or", np.logical_or)
_logical_xor = Compiled("elementwise.logical_xor", np.logical_xor)


@op("elementwise", inplace=True, differentiable=False, into=filling(_logical_not), whole=True)
def logical_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is zero. Source: ATen/native/UnaryOps.cpp logical_not."""
    return pointwise(_logical_not, input, result=bool_, out=out, casts=False)


@op("elementwise", inplace=True, differentiable=False, into=filling(_logical_and), whole=True)
def logical_and(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether both elements are nonzero. Source: ATen/native/BinaryOps.cpp logical_and."""
    need_tensor("logical_and", "input", input)
    need_tensor("logical_and", "other", other, 2)
    return pointwise(_logical_and, input, other, result=bool_, out=out, casts=False)


@op("elementwise", inplace=True, differentiable=False, into=filling(_logical_or), whole=True)
def logical_or(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether either element is nonzero. Source: ATen/native/BinaryOps.cpp logical_or."""
    need_tensor("logical_or", "input", input)
    need_tensor("logical_or", "other", other, 2)
    return pointwise(_logical_or, input, other, result=bool_, out=out, casts=False)


@op("elementwise", inplace=True, differentiable=False, into=filling(_logical_xor), whole=True)
def logical_xor(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether exactly one element is nonzero. Source: ATen/native/BinaryOps.cpp logical_xor."""
    need_tensor("logical_xor", "input", input)
    need_tensor("logical_xor", "other", other, 2)
    return pointwise(_logical_xor, input, other, result=bool_, out=out, casts=False)


@op("elementwise", differentiable=False, into=filling(np.isnan), whole=True)
def isnan(input: Tensor) -> Tensor:
    """Whether each element is not a number. Source: ATen/native/TensorCompare.cpp isnan."""
    return pointwise(np.isnan, input, result=bool_)


def _compared_stride(input: Tensor) -> strides.Stride:
    """The stride of `abs(input) == number`, which two ops choose one after the other."""
    shape = input.sizes
    absolute = strides.elementwise(shape, ((shape, input.strides),))
    return strides.elementwise(shape, ((shape, absolute), ((), ())))


@op("elementwise", differentiable=False, into=filling(np.isinf), whole=True)
def isinf(input: Tensor) -> Tensor:
    """Whether each element is infinite. Source: ATen/native/TensorCompare.cpp isinf."""
    out = blank_like(input, bool_)
    if input.dtype.is_floating_point:  # abs(input) == inf, for the strides
        out = empty(input.sizes, _compared_stride(input), bool_)
    return pointwise(np.isinf, input, out=out, result=bool_)


@op("elementwise", differentiable=False, into=filling(np.isfinite), whole=True)
def isfinite(input: Tensor) -> Tensor:
    """Whether each element is finite. Source: ATen/native/TensorCompare.cpp isfinite."""
    out = blank_like(input, bool_)
    if input.dtype.is_floating_point:  # (input == input) * (abs(input) != inf), for the strides
        shape = input.sizes
        itself = strides.elementwise(shape, ((shape, input.strides), (shape, input.strides)))
        stride = strides.elementwise(shape, ((shape, itself), (shape, _compared_stride(input))))
        out = empty(shape, stride, bool_)
    return pointwise(np.isfinite, input, out=out, result=bool_)


def check_bool(name: str, out: Tensor | None) -> None:
    """Raise torch's error for an `out` that is not bool."""
    if out is not None and out.dtype is not bool_:
        raise RuntimeError(f"{name} does not support non-boolean outputs.")


@op("elementwise", differentiable=False)
def isposinf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is +inf. Source: ATen/native/TensorCompare.cpp isposinf."""
    check_bool("isposinf", out)
    return pointwise(lambda a, o: np.equal(a, np.inf, o), input, result=bool_, out=out)


@op("elementwise", differentiable=False)
def isneginf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is -inf. Source: ATen/native/TensorCompare.cpp isneginf."""
    check_bool("isneginf", out)
    return pointwise(lambda a, o: np.equal(a, -np.inf, o), input, result=bool_, out=out)


@op("elementwise", differentiable=False)
def isreal(input: Tensor) -> Tensor:
    """True everywhere: there is no complex dtype here."""
    return pointwise(lambda a, o: o.fill(True), input, out=blank_like(input, bool_), result=bool_)


@op("elementwise", differentiable=False)
def signbit(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element has its sign bit set, -0.0 included; of bools, never.

    Source: ATen/native/UnaryOps.cpp signbit.
    """
    check_bool("signbit", out)
    if input.dtype is bool_:
        return pointwise(lambda a, o: o.fill(False), input, result=bool_, out=out)
    if not input.dtype.is_floating_point:
        return pointwise(lambda a, o: np.less(a, 0, o), input, result=bool_, out=out)
    return pointwise(np.signbit, input, result=bool_, out=out)


@composite()
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether both have the same shape and, in their common dtype, equal elements."""
    if input.is_batch or other.is_batch:
        raise RuntimeError(
            "Batching rule not implemented for aten::equal. We could not generate a fallback."
        )
    if input.sizes != other.sizes:
        return False
    dtype = input.dtype
    if other.dtype is dtype and not dtype.is_half:
        return hold_all(quiet.run(np.equal, input.array, other.array))
    dtype = common_dtype(input, other)
    a, b = converted(input, dtype), converted(other, dtype)
    return hold_all(quietly(np.equal, a, b))


def hold_all(truths: Array) -> bool:
    """Whether all are true: counting takes a third of the time of `all` where there are few."""
    return bool(np.count_nonzero(truths) == truths.size)


def check_close(input: Tensor, other: Tensor, rtol: float, atol: float) -> None:
    """Raise torch's errors of isclose."""
    need_tensor("isclose", "input", input)
    need_tensor("isclose", "other", other, 2)
    if input.dtype is not other.dtype:
        mine, theirs = input.dtype.aten_name, other.dtype.aten_name
        raise RuntimeError(f"{mine} did not match {theirs}")
    if not rtol >= 0:
        raise RuntimeError(f"rtol must be greater than or equal to zero, but got {rtol:g}")
    if not atol >= 0:
        raise RuntimeError(f"atol must be greater than or equal to zero, but got {atol:g}")


@composite()
def isclose(
    input: Tensor,
    other: Tensor,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: bool = False,
) -> Tensor:
    """Whether each `|input - other| <= atol + rtol * |other|`.

    Source: ATen/native/TensorCompare.cpp isclose.
    """
    check_close(input, other, rtol, atol)
    rtol, atol = float(rtol), float(atol)
    input, other = input.detach(), other.detach()
    close = eq(input, other)
    if equal_nan and input.dtype.is_floating_point:
        close = close.logical_or(isnan(input).logical_and(isnan(other)))
    if rtol == 0 and atol == 0:
        return close
    if not input.dtype.is_floating_point:
        wide = dtypes.get_default_dtype()
        input, other = input.to(wide), other.to(wide)
    allowed = (other * rtol).abs() + atol
    error = (input - other).abs()
    return close.logical_or(isfinite(error).logical_and(error <= allowed))


@composite()
def allclose(
    input: Tensor,
    other: Tensor,
    rtol: float = 1e-05,
    atol: float = 1e-08,
    equal_nan: bool = False,
) -> bool:
    """Whether every `|input - other| <= atol + rtol * |other|`.

    Source: ATen/native/TensorCompare.cpp allclose.
    """
    if input.is_batch or other.is_batch:
        raise RuntimeError(
            "vmap over torch.allclose isn't supported yet. Please file an issue at "
            "https://github.com/pytorch/pytorch/issues if you need this feature."
        )
    if not WATCHERS:
        check_close(input, other, rtol, atol)
        form, kind = input.form, input.dtype
        if form.shape == other.sizes and form.count < MANY and kind in (float32, float64):
            a, b = input.array, other.array
            return run_quietly(_are_close, a, b, float(rtol), float(atol), equal_nan)
    return hold_all(isclose(input, other, rtol, atol, equal_nan).array)


def _are_close(a: Array, b: Array, rtol: float, atol: float, equal_nan: bool) -> bool:
    """Whether all elements are close, by the steps of `isclose`, which nobody watches."""
    close = a == b
    if equal_nan:
        close |= np.isnan(a) & np.isnan(b)
    if (rtol == 0 and atol == 0) or hold_all(close):
        return hold_all(close)
    error = np.abs(a - b)
    return hold_all(close | (np.isfinite(error) & (error <= np.abs(b * rtol) + atol)))


not_equal = alias(ne, "not_equal")
less = alias(lt, "less")
less_equal = alias(le, "less_equal")
greater = alias(gt, "greater")
greater_equal = alias(ge, "greater_equal")
