"""Numbers taken apart and put together: exponents, neighbours, steps, common divisors.

Source: aten/src/ATen/native/BinaryOps.cpp, UnaryOps.cpp and their kernels in native/cpu.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, return_types
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.modes import no_grad
from minitorch_np.loops import (
    blank_like,
    common_dtype,
    not_implemented,
    pointwise,
    quietly,
    refuse_kernel,
    result_for,
)
from minitorch_np.op import op
from minitorch_np.ops.copy import wiped
from minitorch_np.ops.creation import full
from minitorch_np.ops.power import pow
from minitorch_np.tensor import Tensor

__all__ = ["frexp", "gcd", "heaviside", "lcm", "ldexp", "nextafter"]

Array = NDArray[Any]


def promoted(input: Tensor, other: Tensor) -> Dtype:
    """The dtype of two tensors together; numbers are refused."""
    _ = input.sizes, other.sizes
    return common_dtype(input, other)


def _next(a: Array, b: Array, o: Array) -> None:
    np.nextafter(a, b, o)


def _next_of(dtype: Dtype) -> Callable[[Array, Array, Array], None]:
    """The kernel of a half type, whose neighbours are found in its own bits."""

    def kernel(a: Array, b: Array, o: Array) -> None:
        low, high = np.asarray(a).astype(dtype.np), np.asarray(b).astype(dtype.np)
        # of equal numbers, such as zeros of both signs, C takes the second
        found = np.where(low == high, high, np.nextafter(low, high))
        np.copyto(o, found, casting="unsafe")

    return kernel


@op("elementwise", inplace=True)
def nextafter(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number next to `input` that its dtype has, towards `other`.

    Raises: NotImplementedError for integers.
    """
    dtype = promoted(input, other)
    if not dtype.is_floating_point:
        refuse_kernel("nextafter_cpu", dtype, input, other, out=out)
    kernel = _next_of(dtype) if dtype.is_half else _next
    return pointwise(kernel, input, other, out=out)


nextafter.vjp(
    input=lambda g, input, other: g.where(input != other, 0),
    other=lambda g, other_shape, other_dtype: wiped(other_shape, other_dtype),
)


def _step(a: Array, b: Array, o: Array) -> None:
    np.copyto(o, np.where(a == 0, b, a > 0), casting="unsafe")


@op("elementwise", inplace=True, node="torch::autograd::NotImplemented", refuses="leaf")
def heaviside(input: Tensor, values: Tensor, *, out: Tensor | None = None) -> Tensor:
    """0 below zero, 1 above, and `values` at zero; it has no derivative in PyTorch either."""
    if input.dtype is not values.dtype or (out is not None and out.dtype is not input.dtype):
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    return pointwise(_step, input, values, out=out)


def _power_of_two(input: Tensor, other: Tensor) -> Tensor:
    """`2 ** other`, of a dtype that `input` decides as well."""
    if not input.dtype.is_floating_point or input.dtype is dtypes.float32:
        return pow(2.0, other)
    return full((), 2.0, dtype=input.dtype).pow(other)


def _load(input: Tensor, other: Tensor, out: Tensor) -> Tensor:
    """The floating numbers `input` with the integers `other` added to their exponents."""
    if other.dtype is dtypes.bool_:
        raise not_implemented("ldexp_cpu_exp", other.dtype)

    def kernel(a: Array, _: Array, o: Array) -> None:
        exponent = np.broadcast_to(other.array.astype(np.int32), o.shape)
        np.copyto(o, np.ldexp(a, exponent), casting="unsafe")

    return pointwise(kernel, input, other, out=out, common=input.dtype)


@op("elementwise", inplace=True)
def ldexp(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`input * 2 ** other`: for integers `other` exactly so, in the dtype of a floating `input`.

    Then the result starts as `empty_like(input)`, and grows with a warning where it broadcasts.
    """
    _ = other.sizes  # numbers are refused
    if out is not None and not out.dtype.is_floating_point:
        raise RuntimeError(f"ldexp can't be cast to the desired output type {out.dtype.aten_name}")
    exact = input.dtype.is_floating_point and not other.dtype.is_floating_point
    if exact and (out is None or out.dtype is input.dtype):
        return _load(input, other, blank_like(input) if out is None else out)
    with no_grad():
        return pointwise(np.multiply, input, _power_of_two(input, other), out=out)


ldexp.vjp(
    input=lambda g, other: g * pow(2.0, other),
    other=lambda g, out: g * out * math.log(2),
)

Parts = tuple[Tensor, Tensor]


def _check_parts(input: Tensor, out: Parts) -> None:
    """Raise torch's error for results of another dtype."""
    mantissa, exponent = (t.dtype for t in out)
    if mantissa is not input.dtype:
        raise RuntimeError(
            f"torch.frexp() expects mantissa to have dtype {input.dtype.cpp_name} "
            f"but got {mantissa.cpp_name}"
        )
    if exponent is not dtypes.int32:
        raise RuntimeError(
            f"torch.frexp() expects exponent to have int dtype but got {exponent.cpp_name}"
        )


@op("elementwise")
def frexp(input: Tensor, *, out: Parts | None = None) -> return_types.frexp:
    """Mantissas with sizes in [1/2, 1), and int32 exponents: `input = mantissa * 2 ** exponent`.

    Of 0, infinities and nan the mantissa is the number itself, and the exponent 0.
    """
    if not input.dtype.is_floating_point:
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    if out is not None:
        _check_parts(input, out)
    wide = input.array.astype(input.dtype.compute, copy=False)
    mantissa, exponent = quietly(np.frexp, wide)
    made = out
    if made is None:
        made = blank_like(input), blank_like(input, dtypes.int32)
    for t, values in zip(made, (mantissa, exponent), strict=True):
        result_for(t, input.sizes, t.dtype, [input])
        t.array[...] = values
    return return_types.frexp(*made)


frexp.vjp(input=lambda g_mantissa, exponent: g_mantissa / exponent.exp2())


def divisor(a: Array, b: Array) -> Array:
    """Common divisors by Euclid's algorithm, with C's remainders: the smallest integer of a dtype
    has no opposite, and so may leave a negative one."""
    a, b = np.abs(np.atleast_1d(a)), np.abs(np.atleast_1d(b))
    live = a != 0
    while live.any():
        a[live], b[live] = np.fmod(b[live], a[live]), a[live]
        live = a != 0
    return b


def _gcd(a: Array, b: Array, o: Array) -> None:
    a, b = np.broadcast_arrays(a, b)
    np.copyto(o, divisor(a, b).reshape(o.shape))


def _lcm(a: Array, b: Array, o: Array) -> None:
    a, b = np.broadcast_arrays(a, b)
    wide = np.int32 if o.dtype.itemsize < 4 else o.dtype  # as C computes
    common = divisor(a, b).astype(wide)
    safe = np.where(common == 0, 1, common)
    x = a.astype(wide)
    parts = (x - np.fmod(x, safe)) // safe
    values = np.where(common == 0, 0, np.abs(parts * b.astype(wide)))
    np.copyto(o, values.reshape(o.shape), casting="unsafe")


def _of_integers(name: str, input: Tensor, other: Tensor, out: Tensor | None) -> Tensor:
    dtype = promoted(input, other)
    if dtype.category != dtypes.INTEGER:
        refuse_kernel(f"{name}_cpu", dtype, input, other, out=out)
    return pointwise(_gcd if name == "gcd" else _lcm, input, other, out=out)


@op("elementwise", inplace=True, differentiable=False, refuses="leaf")
def gcd(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The greatest common divisor of two integers; of 0 and 0 it is 0."""
    return _of_integers("gcd", input, other, out)


@op("elementwise", inplace=True, differentiable=False, refuses="leaf")
def lcm(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The least common multiple of two integers, 0 where one of them is 0."""
    return _of_integers("lcm", input, other, out)
