"""Circular and hyperbolic functions and their inverses, in radians, element by element."""

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from minitorch_np.kernels.large import Compiled, Vectors
from minitorch_np.loops import pointwise
from minitorch_np.op import alias, op
from minitorch_np.ops.copy import number_like
from minitorch_np.tensor import Tensor

__all__ = [
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh",
]  # fmt: skip

Array = NDArray[Any]


_sin, _cos = Compiled("smooth.sin", np.sin), Compiled("smooth.cos", np.cos)


@op("elementwise", inplace=True, quick=np.sin)
def sin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sine."""
    return pointwise(_sin, input, out=out, floating=True)


sin.vjp(input=lambda g, input: g * input.cos())


@op("elementwise", inplace=True, quick=np.cos)
def cos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The cosine."""
    return pointwise(_cos, input, out=out, floating=True)


cos.vjp(input=lambda g, input: g * -input.sin())


@op("elementwise", inplace=True, quick=np.tan)
def tan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The tangent."""
    return pointwise(_tan, input, out=out, floating=True)


_tan = Vectors("transcendental.tan", np.tan)


tan.vjp(input=lambda g, out: g * (1 + out.pow(2)))


@op("elementwise", inplace=True, quick=np.arcsin)
def asin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle in [-pi/2, pi/2] whose sine is given; nan outside [-1, 1]."""
    return pointwise(_asin, input, out=out, floating=True)


_asin = Vectors("transcendental.asin", np.arcsin)


asin.vjp(input=lambda g, input: g * (-input * input + 1).rsqrt())


@op("elementwise", inplace=True, quick=np.arccos)
def acos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle in [0, pi] whose cosine is given; nan outside [-1, 1]."""
    return pointwise(_acos, input, out=out, floating=True)


_acos = Vectors("transcendental.acos", np.arccos)


acos.vjp(input=lambda g, input: g * -((-input * input + 1).rsqrt()))


@op("elementwise", inplace=True, quick=np.arctan)
def atan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle in [-pi/2, pi/2] whose tangent is given."""
    return pointwise(_atan, input, out=out, floating=True)


_atan = Vectors("transcendental.atan", np.arctan)


atan.vjp(input=lambda g, input: g / (input * input + 1))


@op("elementwise", inplace=True, quick=np.sinh)
def sinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic sine."""
    return pointwise(_sinh, input, out=out, floating=True)


_sinh = Vectors("transcendental.sinh", np.sinh)


sinh.vjp(input=lambda g, input: g * input.cosh())


@op("elementwise", inplace=True, quick=np.cosh)
def cosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic cosine."""
    return pointwise(_cosh, input, out=out, floating=True)


_cosh = Vectors("transcendental.cosh", np.cosh)


cosh.vjp(input=lambda g, input: g * input.sinh())


@op("elementwise", inplace=True, quick=np.tanh)
def tanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic tangent."""
    return pointwise(np.tanh, input, out=out, floating=True)


tanh.vjp(input=lambda g, out: tanh_backward(g, out))


def _tanh_slope(g: Array, y: Array, out: Array | None = None) -> Array:
    return np.multiply(g, 1 - y * y, out)


@op("elementwise", method=False, quick=_tanh_slope)
def tanh_backward(grad_output: Tensor, output: Tensor) -> Tensor:
    """The gradient of tanh from that of its result. Source: BinaryOpsKernel.cpp."""
    return pointwise(_tanh_backward, grad_output, output)


_tanh_backward = Compiled("smooth.tanh_backward", _tanh_slope)


tanh_backward.vjp(
    grad_output=lambda g, output: tanh_backward(g, output),
    output=lambda g, grad_output, output: g * (-2 * output * grad_output),
)


def underived(name: str) -> NoReturn:
    """Raise: there is no rule for the in-place form. Source: tools/autograd/derivatives.yaml."""
    raise NotImplementedError(f"the derivative for 'inplace version of {name}' is not implemented.")


@op(
    "elementwise",
    inplace=True,
    node=lambda inplace: f"AsinhBackward{int(inplace)}",
    quick=np.arcsinh,
)
def asinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of the hyperbolic sine."""
    return pointwise(_asinh, input, out=out, floating=True)


_asinh = Vectors("transcendental.asinh", np.arcsinh)


asinh.vjp(input=lambda g, input: g * (input.pow(2) + 1).rsqrt())
asinh.vjp_(input=lambda g: underived("asinh"))
asinh.jvp_("refused")


@op(
    "elementwise",
    inplace=True,
    node=lambda inplace: f"AcoshBackward{int(inplace)}",
    quick=np.arccosh,
)
def acosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of the hyperbolic cosine; nan below 1."""
    return pointwise(_acosh, input, out=out, floating=True)


_acosh = Vectors("transcendental.acosh", np.arccosh)


acosh.vjp(input=lambda g, input: g * (input.pow(2) - 1).rsqrt())
acosh.vjp_(input=lambda g: underived("acosh"))
acosh.jvp_("refused")


@op(
    "elementwise",
    inplace=True,
    node=lambda inplace: f"AtanhBackward{int(inplace)}",
    quick=np.arctanh,
)
def atanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of the hyperbolic tangent; nan outside [-1, 1]."""
    return pointwise(_atanh, input, out=out, floating=True)


_atanh = Vectors("transcendental.atanh", np.arctanh)


def _from_one(t: Tensor) -> Tensor:
    return number_like(t, 1).sub_(t)


atanh.vjp(input=lambda g, input: g * 1 / _from_one(input.pow(2)))
atanh.vjp_(input=lambda g: underived("atanh"))
atanh.jvp_("refused")

arcsin = alias(asin, "arcsin")
arccos = alias(acos, "arccos")
arctan = alias(atan, "arctan")
arcsinh = alias(asinh, "arcsinh")
arccosh = alias(acosh, "arccosh")
arctanh = alias(atanh, "arctanh")
