"""What complex numbers have, of real ones: angles, conjugates, real parts.

Source: aten/src/ATen/native/UnaryOps.cpp, ComplexHelper.h.
"""

import math
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from minitorch_np.loops import other_dtype, pointwise
from minitorch_np.op import composite, op
from minitorch_np.ops.creation import zeros_like
from minitorch_np.tensor import Tensor, attribute

__all__ = [
    "angle", "conj", "conj_physical", "conj_physical_", "imag", "is_conj", "is_neg", "real",
    "resolve_conj", "resolve_neg",
]  # fmt: skip

Array = NDArray[Any]


def _angle(a: Array, o: Array) -> None:
    values = np.where(a < 0, math.pi, np.where(np.isnan(a), a, 0))
    np.copyto(o, values, casting="unsafe")


@op("elementwise")
def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """pi for negative numbers, 0 for others, nan for nan."""
    return pointwise(_angle, input, out=out, floating=True)


angle.vjp(input=lambda g, input: zeros_like(input))


@composite()
def conj(input: Tensor) -> Tensor:
    """The tensor itself: real numbers are their own conjugates."""
    return input


@composite()
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself, which never waits to be conjugated."""
    return input


@composite()
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself, which never waits to be negated."""
    return input


@composite()
def is_conj(input: Tensor) -> bool:
    """False: only complex tensors wait to be conjugated."""
    return False


@composite()
def is_neg(input: Tensor) -> bool:
    """False: only views of complex tensors wait to be negated."""
    return False


@composite(method=False)
def real(input: Tensor) -> Tensor:
    """The tensor itself: real numbers have no other part."""
    return input


@composite(method=False)
def imag(input: Tensor) -> NoReturn:
    """Raise TypeError: real numbers have no imaginary part."""
    raise TypeError("imag is not implemented for tensors with non-complex dtypes.")


@op("elementwise", node="ConjPhysicalBackward1")
def conj_physical_(input: Tensor) -> Tensor:
    """This tensor, as it is."""
    return input


conj_physical_.vjp(input=lambda g: g)


@composite()
def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The tensor itself, or a copy of it in `out`."""
    if out is None:
        return input
    return conjugated(input, out=out)


@op("elementwise", method=False, differentiable=False, aten="conj_physical", refuses="leaf")
def conjugated(input: Tensor, *, out: Tensor) -> Tensor:
    """A copy of `input` in `out`, of the same dtype."""
    if out.dtype is not input.dtype:
        raise other_dtype(out, input.dtype)
    return pointwise(lambda a, o: np.copyto(o, a), input, out=out)


attribute("imag", imag)
