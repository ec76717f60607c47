"""Several steps of arithmetic in one op: lerp, addcmul, addcdiv."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.kernels.large import Compiled, kept
from minitorch_np.loops import (
    common_dtype,
    exactly,
    filling,
    pointwise,
    refuse_kernel,
    scalar,
)
from minitorch_np.op import op
from minitorch_np.ops.copy import number_like
from minitorch_np.tensor import Number, Tensor

__all__ = ["lerp", "addcmul", "addcdiv"]

Array = NDArray[Any]


def _lerped(a: Array, b: Array, w: Array, o: Array) -> None:
    # from the nearer end, so that weights 0 and 1 give the ends themselves
    near = np.abs(w) < 0.5
    values = np.where(near, a + w * (b - a), b - (b - a) * (1 - w))
    np.copyto(o, values, casting="unsafe")


_lerped_each = Compiled("elementwise.lerp_each", _lerped)


@op(
    "elementwise",
    inplace=True,
    node=lambda weight: f"LerpBackward{int(isinstance(weight, Tensor))}",
)
def lerp(
    input: Tensor, end: Tensor, weight: Tensor | Number, *, out: Tensor | None = None
) -> Tensor:
    """`input + weight * (end - input)`. Source: ATen/native/Lerp.cpp, Lerp.h."""
    if type(weight) is float and input.dtype is end.dtype and input.dtype.is_floating_point:
        return pointwise(_lerp_by(weight), input, end, out=out)
    for name, t in (("end", end), ("weight", weight)):
        free = t is weight and not getattr(t, "sizes", ())  # a weight of no dims may be of another
        if isinstance(t, Tensor) and t.dtype is not input.dtype and not free:
            raise RuntimeError(
                f"expected dtype {input.dtype.cpp_name} for `{name}` but got dtype "
                f"{t.dtype.cpp_name}"
            )
    if not input.dtype.is_floating_point:
        others = (input, end, weight) if isinstance(weight, Tensor) else (input, end)
        kernel = "lerp_kernel_tensor" if isinstance(weight, Tensor) else "lerp_kernel_scalar"
        if not common_dtype(*others).is_floating_point:
            refuse_kernel(kernel, input.dtype, *others, out=out)
    if isinstance(weight, Tensor):
        run = exactly if weight.sizes else pointwise
        return run(_lerped_each, input, end, weight, out=out)
    return pointwise(_lerp_by(float(dtypes.in_64_bits(weight))), input, end, out=out)


@kept
def _lerp_by(weight: float) -> Compiled:
    return Compiled(
        "elementwise.lerp", lambda a, b, o: _lerped_by(a, b, weight, o), weight, alike=True
    )


def _lerped_by(a: Array, b: Array, weight: float, o: Array) -> None:
    w = o.dtype.type(weight)
    if np.abs(w) < 0.5:
        np.add(a, w * (b - a), o)
    else:
        np.subtract(b, (b - a) * (1 - w), o)


def _rest(weight: Tensor | Number) -> Tensor | Number:
    return number_like(weight, 1).sub_(weight) if isinstance(weight, Tensor) else 1 - weight


lerp.vjp(
    input=lambda g, weight: g * _rest(weight),
    end=lambda g, weight: g * weight,
    weight=lambda g, input, end: g * (end - input),
)


@kept
def _addcmul_by(value: Number, dtype: np.dtype[Any]) -> Compiled:
    n = dtype.type(value)
    return Compiled("elementwise.addcmul", lambda a, b, c, o: np.add(a, n * b * c, o), n)


_addcmul = Compiled("elementwise.addcmul", lambda a, b, c, o: np.add(a, b * c, o), 1.0)


@op("elementwise", inplace=True, into=filling(_addcmul))
def addcmul(
    input: Tensor,
    tensor1: Tensor,
    tensor2: Tensor,
    *,
    value: Number = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`input + value * tensor1 * tensor2`. Source: ATen/native/PointwiseOps.cpp addcmul."""
    dtype = common_dtype(input, tensor1, tensor2)
    if dtype is dtypes.bool_:
        refuse_kernel("addcmul_cpu_out", dtype, input, tensor1, tensor2, out=out)
    n = scalar(value, dtype)
    kernel = _addcmul if n == 1 else _addcmul_by(n, dtype.compute)
    return pointwise(kernel, input, tensor1, tensor2, out=out)


addcmul.vjp(
    input=lambda g: g,
    tensor1=lambda g, tensor2, value: g * (tensor2 * value),
    tensor2=lambda g, tensor1, value: g * (tensor1 * value),
)


@kept
def _addcdiv_by(value: Number, dtype: np.dtype[Any]) -> Compiled:
    n = dtype.type(value)
    return Compiled("elementwise.addcdiv", lambda a, b, c, o: np.add(a, n * b / c, o), n)


_addcdiv = Compiled("elementwise.addcdiv", lambda a, b, c, o: np.add(a, b / c, o), 1.0)


@op("elementwise", inplace=True, into=filling(_addcdiv))
def addcdiv(
    input: Tensor,
    tensor1: Tensor,
    tensor2: Tensor,
    *,
    value: Number = 1,
    out: Tensor | None = None,
) -> Tensor:
    """`input + value * tensor1 / tensor2`. Source: ATen/native/PointwiseOps.cpp addcdiv."""
    if not (tensor1.dtype.is_floating_point or tensor2.dtype.is_floating_point):
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release "
            "addcdiv will perform a true division of tensor1 and tensor2. The historic addcdiv "
            "behavior can be implemented as (input + value * torch.trunc(tensor1 / "
            "tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / "
            "tensor2) for float inputs. The future addcdiv behavior is just the latter "
            "implementation: (input + value * tensor1 / tensor2), for all dtypes."
        )
    dtype = common_dtype(input, tensor1, tensor2)
    n = scalar(value, dtype)
    kernel = _addcdiv if n == 1 else _addcdiv_by(n, dtype.compute)
    return pointwise(kernel, input, tensor1, tensor2, out=out)


addcdiv.vjp(
    input=lambda g: g,
    tensor1=lambda g, tensor2, value: g * number_like(tensor2, value).div_(tensor2),
    tensor2=lambda g, tensor1, tensor2, value: -g * (value * tensor1 / (tensor2 * tensor2)),
)
