"""The gamma function's logarithm, its derivatives, zeta, and the incomplete gamma functions.

Computed in float64 by compiled loops, and rounded to the result's dtype.
Source: aten/src/ATen/native/UnaryOps.cpp, BinaryOps.cpp and Math.h.
"""

import math
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.modes import no_grad
from minitorch_np.guard import guarded
from minitorch_np.kernels.large import in_doubles
from minitorch_np.loops import (
    common_dtype,
    filling,
    not_implemented,
    pointwise,
    refuse_kernel,
    resize_output,
)
from minitorch_np.op import composite, op
from minitorch_np.ops.counting import refuse
from minitorch_np.ops.ranges import arange
from minitorch_np.strides import check_no_internal_overlap
from minitorch_np.tensor import Number, Tensor

__all__ = [
    "digamma", "igamma", "igammac", "lgamma", "mvlgamma", "polygamma", "special_polygamma",
    "numbered_polygamma",
    "special_zeta",
]  # fmt: skip

Array = NDArray[Any]


_lgamma = in_doubles("gamma.lgamma")


@op("elementwise", inplace=True, into=filling(_lgamma))
def lgamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of |gamma(input)|: inf at 0 and at negative integers."""
    return pointwise(_lgamma, input, out=out, floating=True)


lgamma.vjp(input=lambda g, input: g * digamma(input))


_digamma = in_doubles("gamma.digamma")


@op("elementwise", inplace=True, into=filling(_digamma))
def digamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The derivative of `lgamma`: infinite at 0, against its sign, and nan at negative integers."""
    return pointwise(_digamma, input, out=out, floating=True)


def _trigamma(a: Array, o: Array) -> None:
    """The derivative of digamma, to about 1e-8: three terms of its series past 6, as ATen has it.

    All in the dtype of `o`, in which pi is not pi: so poles have large values, and are not inf.
    """
    one: Any = o.dtype.type(1)
    pi: Any = o.dtype.type(math.pi)
    a = np.atleast_1d(a)
    reflected: Array = a < 0.5
    sine: Array = np.sin(pi * a)
    total = np.where(reflected, np.divide(-(pi * pi), sine * sine), np.zeros_like(sine))
    x = np.where(reflected, np.subtract(one, a), a)
    for _ in range(6):
        total = total + one / (x * x)
        x = x + one
    z = one / (x * x)
    series = one / 6 - z * (one / 30 - z * (one / 42))
    total = total + (one + one / (2 * x) + z * series) / x
    np.negative(total, total, where=reflected)
    np.copyto(o, total.reshape(o.shape))


digamma.vjp(input=lambda g, input: g * polygamma(input, 1))


_zeta = in_doubles("gamma.zeta")


def _derivative(input: Tensor, n: int, out: Tensor | None) -> Tensor:
    """Derivative number `n` of digamma."""
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    low = (_digamma, _trigamma)
    kernel = low[n] if n < 2 else partial(_higher, n, input.dtype)
    return pointwise(kernel, input, out=out, floating=True)


def _higher(n: int, dtype: Dtype, a: Array, o: Array) -> None:
    """Derivative number n >= 2, of elements of a dtype.

    Factorials of more than 34 are infinite in float32, and so are then the products with them.
    Source: calc_polygamma, aten/src/ATen/native/Math.h.
    """
    n = (n + (1 << 31)) % (1 << 32) - (1 << 31)  # ATen's loop takes an int of 32 bits
    _zeta(np.asarray(n + 1.0), a, o)
    if dtype.is_half:  # which the function has for its result, too
        o[...] = o.astype(dtype.np)
    factorial = np.exp(o.dtype.type(math.lgamma(n + 1.0) if n >= 0 else math.inf))
    np.multiply(o, factorial if n % 2 else -factorial, o)


@op("elementwise")
def polygamma(input: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """Derivative number `n` of `digamma`, which is number 0; torch's function takes `n` first."""
    return _derivative(input, n, out)


polygamma.vjp(input=lambda g, n, input: g * polygamma(input, n + 1))


@op("elementwise", node="PolygammaBackward1")
def polygamma_(input: Tensor, n: int) -> Tensor:
    """In-place version of `polygamma`."""
    return _derivative(input, n, input)


polygamma_.vjp(input=lambda g, n, input: g * polygamma(input, n + 1))


@composite(method=False)
def special_polygamma(n: int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`polygamma` as a function, with the number of the derivative first."""
    return input.polygamma(n, out=out)


numbered_polygamma = guarded(special_polygamma, "polygamma")
"""`special_polygamma` under the name that it has in torch's own namespace."""


def _shifted(input: Tensor, p: int, dtype: Dtype) -> Tensor:
    """`input` less 0, 1/2, ... (p - 1) / 2, along a new last dim."""
    return arange(-p / 2.0 + 0.5, 0.5, 0.5, dtype=dtype).add(input.unsqueeze(-1))


@op("contiguous", inplace=True)
def mvlgamma(input: Tensor, p: int, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension `p`, less a constant or two.

    Source: mvlgamma, aten/src/ATen/native/UnaryOps.cpp, which rounds after each step.
    """
    if input.dtype is dtypes.bool_:
        raise RuntimeError("The input tensor may not be a boolean tensor.")
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    kind = input.dtype if input.dtype.is_floating_point else dtypes.get_default_dtype()
    if out is not None and not dtypes.can_cast(kind, out.dtype):
        raise RuntimeError(
            f"mvlgamma: result type {input.dtype.aten_name} can't be cast to the desired output "
            f"type {kind.aten_name}"
        )
    with no_grad():
        constant = p * (p - 1) * math.log(math.pi) * 0.25
        values = _shifted(input, p, kind).lgamma_().sum(-1).add_(constant)
        if out is None:
            return values
        if out.sizes != values.sizes:
            resize_output(out, values.sizes, values.strides)
        check_no_internal_overlap(out.sizes, out.strides)
        out.array[...] = values.array
        return out


mvlgamma.vjp(input=lambda g, input, p: mvlgamma_backward(g, input, p))


def mvlgamma_backward(g: Tensor, input: Tensor, p: int) -> Tensor:
    """The gradient of `mvlgamma`. Source: torch/csrc/autograd/FunctionsManual.cpp."""
    return g * _shifted(input, p, input.dtype).digamma_().sum(-1)


def zeta_node(input: Tensor | Number, other: Tensor | Number) -> str:
    """The name of PyTorch's node for each overload of zeta."""
    if not isinstance(input, Tensor):
        return "SpecialZetaBackward1"
    return f"SpecialZetaBackward{0 if isinstance(other, Tensor) else 2}"


@op("elementwise", method=False, node=zeta_node)
def special_zeta(
    input: Tensor | Number, other: Tensor | Number, *, out: Tensor | None = None
) -> Tensor:
    """Hurwitz' zeta function: the sum of 1 / (k + other)**input over k from 0 on."""
    dtype = common_dtype(input, other)
    if dtype.is_half:
        raise not_implemented("zeta_cpu", dtype)
    return pointwise(_zeta, input, other, out=out, floating=True)


special_zeta.vjp(
    input=lambda g: refuse("zeta"),
    other=lambda g, input, other: g * -input * special_zeta(input + 1.0, other),
)
special_zeta.jvp("refused")


def _incomplete(name: str, input: Tensor, other: Tensor, out: Tensor | None) -> Tensor:
    dtype = common_dtype(input, other)
    if not dtype.is_floating_point:
        refuse_kernel(f"{name}_cpu", dtype, input, other, out=out)
    return pointwise(in_doubles(f"incomplete.{name}"), input, other, out=out)


def _slope(g: Tensor, input: Tensor, other: Tensor) -> Tensor:
    return g * ((input - 1) * other.log() - other - lgamma(input)).exp()


@op("elementwise", inplace=True)
def igamma(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The regularised lower incomplete gamma function of shape `input` at `other`.

    Raises: NotImplementedError for integers; at the way back, for a gradient of `input`.
    """
    return _incomplete("igamma", input, other, out)


igamma.vjp(
    input=lambda g: refuse("igamma: input"),
    other=lambda g, input, other: _slope(g, input, other),
)
igamma.jvp("refused")


@op("elementwise", inplace=True)
def igammac(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`1 - igamma(input, other)`, accurate where that is small."""
    return _incomplete("igammac", input, other, out)


igammac.vjp(
    input=lambda g: refuse("igammac: input"),
    other=lambda g, input, other: _slope(-g, input, other),
)
igammac.jvp("refused")
