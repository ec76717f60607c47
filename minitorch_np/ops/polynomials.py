"""Orthogonal polynomials: of a degree, a number or a tensor, at a number or a tensor.

PyTorch differentiates none of them. Source: aten/src/ATen/native/BinaryOps.cpp and Math.h.
"""

from minitorch_np import dtypes
from minitorch_np.kernels.large import of_flat
from minitorch_np.loops import common_dtype, not_implemented, pointwise
from minitorch_np.op import op
from minitorch_np.tensor import Number, Tensor

__all__ = [
    "special_chebyshev_polynomial_t", "special_chebyshev_polynomial_u",
    "special_chebyshev_polynomial_v", "special_chebyshev_polynomial_w",
    "special_hermite_polynomial_h", "special_hermite_polynomial_he",
    "special_laguerre_polynomial_l", "special_legendre_polynomial_p",
    "special_shifted_chebyshev_polynomial_t", "special_shifted_chebyshev_polynomial_u",
    "special_shifted_chebyshev_polynomial_v", "special_shifted_chebyshev_polynomial_w",
]  # fmt: skip

Operand = Tensor | Number


def _polynomials(
    name: str, loop: str, x: Operand, n: Operand, out: Tensor | None, *numbers: int
) -> Tensor:
    """The polynomials that a loop makes, told by `numbers` which."""
    dtype = common_dtype(x, n)
    if dtype.is_half:
        raise not_implemented(f"{name}_cpu", dtype)
    kernel = of_flat(f"polynomials.{loop}", None, *numbers)
    return pointwise(kernel, x, n, out=out, floating=True)


def _chebyshev(kind: str, x: Operand, n: Operand, out: Tensor | None, shifted: int) -> Tensor:
    name = f"{'shifted_' if shifted else ''}chebyshev_polynomial_{kind}"
    closed = (6, 8, 8, 8, 6, 6, 6, 4)["tuvw".index(kind) + 4 * shifted]
    return _polynomials(name, "chebyshev", x, n, out, "tuvw".index(kind), shifted, closed)


def _hermite(name: str, x: Operand, n: Operand, out: Tensor | None, scale: int) -> Tensor:
    """Hermite polynomials, nan of degrees that would overflow anyway."""
    dtype = common_dtype(x, n)
    if not dtype.is_floating_point:
        dtype = dtypes.get_default_dtype()
    most = 128 if dtype is dtypes.float32 else 512
    return _polynomials(f"hermite_polynomial_{name}", "hermite", x, n, out, scale, most)


@op("elementwise", method=False, differentiable=False)
def special_chebyshev_polynomial_t(x: Operand, n: Operand, *, out: Tensor | None = None) -> Tensor:
    """Chebyshev polynomials of the first kind and of degrees `n` at `x`."""
    return _chebyshev("t", x, n, out, 0)


@op("elementwise", method=False, differentiable=False)
def special_chebyshev_polynomial_u(x: Operand, n: Operand, *, out: Tensor | None = None) -> Tensor:
    """Chebyshev polynomials of the second kind and of degrees `n` at `x`."""
    return _chebyshev("u", x, n, out, 0)


@op("elementwise", method=False, differentiable=False)
def special_chebyshev_polynomial_v(x: Operand, n: Operand, *, out: Tensor | None = None) -> Tensor:
    """Chebyshev polynomials of the third kind and of degrees `n` at `x`."""
    return _chebyshev("v", x, n, out, 0)


@op("elementwise", method=False, differentiable=False)
def special_chebyshev_polynomial_w(x: Operand, n: Operand, *, out: Tensor | None = None) -> Tensor:
    """Chebyshev polynomials of the fourth kind and of degrees `n` at `x`."""
    return _chebyshev("w", x, n, out, 0)


@op("elementwise", method=False, differentiable=False)
def special_shifted_chebyshev_polynomial_t(
    x: Operand, n: Operand, *, out: Tensor | None = None
) -> Tensor:
    """Chebyshev polynomials of the first kind and of degrees `n` at `2 * x - 1`."""
    return _chebyshev("t", x, n, out, 1)


@op("elementwise", method=False, differentiable=False)
def special_shifted_chebyshev_polynomial_u(
    x: Operand, n: Operand, *, out: Tensor | None = None
) -> Tensor:
    """Chebyshev polynomials of the second kind and of degrees `n` at `2 * x - 1`."""
    return _chebyshev("u", x, n, out, 1)


@op("elementwise", method=False, differentiable=False)
def special_shifted_chebyshev_polynomial_v(
    x: Operand, n: Operand, *, out: Tensor | None = None
) -> Tensor:
    """Chebyshev polynomials of the third kind and of degrees `n` at `2 * x - 1`."""
    return _chebyshev("v", x, n, out, 1)


@op("elementwise", method=False, differentiable=False)
def special_shifted_chebyshev_polynomial_w(
    x: Operand, n: Operand, *, out: Tensor | None = None
) -> Tensor:
    """Chebyshev polynomials of the fourth kind and of degrees `n` at `2 * x - 1`."""
    return _chebyshev("w", x, n, out, 1)


@op("elementwise", method=False, differentiable=False)
def special_hermite_polynomial_h(x: Operand, n: Operand, *, out: Tensor | None = None) -> Tensor:
    """The physicists' Hermite polynomials of degrees `n` at `x`."""
    return _hermite("h", x, n, out, 2)


@op("elementwise", method=False, differentiable=False)
def special_hermite_polynomial_he(x: Operand, n: Operand, *, out: Tensor | None = None) -> Tensor:
    """The probabilists' Hermite polynomials of degrees `n` at `x`."""
    return _hermite("he", x, n, out, 1)


@op("elementwise", method=False, differentiable=False)
def special_laguerre_polynomial_l(x: Operand, n: Operand, *, out: Tensor | None = None) -> Tensor:
    """Laguerre polynomials of degrees `n` at `x`."""
    return _polynomials("laguerre_polynomial_l", "laguerre", x, n, out)


@op("elementwise", method=False, differentiable=False)
def special_legendre_polynomial_p(x: Operand, n: Operand, *, out: Tensor | None = None) -> Tensor:
    """Legendre polynomials of degrees `n` at `x`."""
    return _polynomials("legendre_polynomial_p", "legendre", x, n, out)
