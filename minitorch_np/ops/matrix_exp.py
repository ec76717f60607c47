"""The matrix exponential: a Taylor polynomial of the halved matrix, squared as often as halved.

Source: aten/src/ATen/native/LinearAlgebra.cpp linalg_matrix_exp, which follows P. Bader, S. Blanes
and F. Casas, Computing the Matrix Exponential with an Optimized Taylor Polynomial Approximation
(2019): the polynomials of degree 1, 2, 4, 8, 12 and 18 cost 0 to 5 products.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from minitorch_np import backends, strides
from minitorch_np.loops import converted, pointwise, quietly
from minitorch_np.op import op
from minitorch_np.ops.copy import clone
from minitorch_np.ops.view import view
from minitorch_np.shapes import numel
from minitorch_np.tensor import Tensor, empty

__all__ = ["matrix_exp"]

Array = NDArray[Any]

BOUNDS: Final = {
    4: (
        1.192092800768788e-07, 5.978858893805233e-04, 5.116619363445086e-02,
        5.800524627688768e-01, 1.461661507209034e00, 3.010066362817634e00,
    ),
    8: (
        2.220446049250313e-16, 2.580956802971767e-08, 3.397168839976962e-04,
        4.991228871115323e-02, 2.996158913811580e-01, 1.090863719290036e00,
    ),
}  # fmt: skip
"""By the size of an element, the largest norm for which the polynomial of each degree will do."""

TWELVE: Final = (
    (9.0198e-16, 0.46932117595418237389, -0.20099424927047284052, -0.04623946134063071740),
    (5.31597895759871264183, 1.19926790417132231573, 0.01179296240992997031,
     0.01108844528519167989),
    (0.18188869982170434744, 0.05502798439925399070, 0.09351590770535414968,
     0.00610700528898058230),
    (-2.0861320e-13, -0.13181061013830184015, -0.02027855540589259079, -0.00675951846863086359),
)  # fmt: skip
"""Rows of factors of I, A, A^2 and A^3 from which the polynomial of degree 12 is built."""

EIGHTEEN: Final = (
    (0.0, -1.00365581030144618291e-01, -8.02924648241156932449e-03, -8.92138498045729985177e-04,
     0.0),
    (0.0, 3.97849749499645077844e-01, 1.36783778460411720168e00, 4.98289622525382669416e-01,
     -6.37898194594723280150e-04),
    (-1.09676396052962061844e01, 1.68015813878906206114e00, 5.71779846478865511061e-02,
     -6.98210122488052056106e-03, 3.34975017086070470649e-05),
    (-9.04316832390810593223e-02, -6.76404519071381882256e-02, 6.75961301770459654925e-02,
     2.95552570429315521194e-02, -1.39180257516060693404e-05),
    (0.0, 0.0, -9.23364619367118555360e-02, -1.69364939002081722752e-02,
     -1.40086798182036094347e-05),
)  # fmt: skip
"""Rows of factors of I, A, A^2, A^3 and A^6 for degree 18."""


@op("contiguous", node="LinalgMatrixExpBackward0", aten="linalg_matrix_exp")
def matrix_exp(input: Tensor) -> Tensor:
    """The exponential of square matrices (..., N, N); half types are computed in float32.

    The gradient is a corner of the exponential of a matrix of twice the size.
    """
    if input.ndim < 2:
        raise RuntimeError("linalg.matrix_exp: The input tensor A must have at least 2 dimensions.")
    rows, n = input.sizes[-2:]
    if rows != n:
        raise RuntimeError(
            "linalg.matrix_exp: A must be batches of square matrices, but they are "
            f"{rows} by {n} matrices"
        )
    if not input.dtype.is_floating_point:
        raise NotImplementedError(
            "linalg.matrix_exp: Expected a floating point or complex tensor as input. Got "
            + input.dtype.aten_name
        )
    if n == 0:
        return clone(input.untracked())
    if n == 1:
        return pointwise(np.exp, input, floating=True)
    if input.numel():
        _ = view(input.untracked(), (-1, n, n))  # ATen's refusal of batches that it cannot see so
    out = empty(input.sizes, strides.contiguous(input.sizes), input.dtype)
    wide = np.asarray(converted(input, input.dtype)).astype(input.dtype.compute)
    batch = wide.reshape(numel(input.sizes[:-2]), n, n)
    out.array[...] = quietly(exponentials, batch).reshape(input.sizes)
    return out


matrix_exp.vjp(input=lambda g, input: matrix_exp_backward(g, input))


def matrix_exp_backward(g: Tensor, input: Tensor) -> Tensor:
    """The upper right corner of exp([[A^T, g], [0, A^T]]).

    Source: differential_analytic_matrix_function, torch/csrc/autograd/FunctionsManual.cpp, after
    R. Mathias, A Chain Rule for Matrix Functions and Applications (1996).
    """
    n = input.sizes[-1]
    turned = input.transpose(-2, -1)
    block = g.new_zeros((*input.sizes[:-2], 2 * n, 2 * n))
    _ = block.narrow(-2, 0, n).narrow(-1, 0, n).copy_(turned)
    _ = block.narrow(-2, n, n).narrow(-1, n, n).copy_(turned)
    _ = block.narrow(-2, 0, n).narrow(-1, n, n).copy_(g)
    return matrix_exp(block).narrow(-2, 0, n).narrow(-1, n, n)


def exponentials(a: Array) -> Array:
    """The exponentials of matrices (B, N, N), each by the lowest degree that its 1-norm allows."""
    norms = np.abs(a).sum(-2).max(-1, initial=0)
    bounds: Array = np.array(BOUNDS[a.itemsize], a.dtype)
    degrees = np.add.reduce(norms[:, None] > bounds[:-1], -1)
    out = np.empty_like(a)
    for degree, polynomial in enumerate(POLYNOMIALS):
        chosen = degrees == degree
        if chosen.any():
            out[chosen] = polynomial(a[chosen])
    chosen = (degrees == len(POLYNOMIALS)) | np.isnan(norms)
    if chosen.any():
        out[chosen] = squared(a[chosen], norms[chosen] / bounds[-1])
    return out


def squared(a: Array, excess: Array) -> Array:
    """Exponentials of matrices whose norms are `excess` times what the polynomial is good for."""
    finite = np.isfinite(excess)
    halvings = np.where(finite, np.maximum(np.ceil(np.log2(excess)), 0), 0).astype(np.int64)
    out = eighteen(np.ldexp(a, -halvings[:, None, None]))
    for step in range(halvings.max(initial=0)):
        rest = halvings > step
        out[rest] = product(out[rest], out[rest])
    out[~finite] = np.nan
    return out


def product(a: Array, b: Array) -> Array:
    """The products of two batches of matrices."""
    out = np.empty_like(a)
    backends.product(a, b, out)
    return out


def combined(terms: list[Array], *factors: float) -> Array:
    """The sum of terms, each times its factor."""
    kind = terms[0].dtype.type
    total = terms[0] * kind(factors[0])
    for term, factor in zip(terms[1:], factors[1:], strict=True):
        total += term * kind(factor)
    return total


def identity(a: Array) -> Array:
    """The identity, once for each of the matrices."""
    return np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape)


def one(a: Array) -> Array:
    """I + A."""
    return identity(a) + a


def two(a: Array) -> Array:
    """I + A + A^2 / 2."""
    return combined([identity(a), a, product(a, a)], 1, 1, 0.5)


def four(a: Array) -> Array:
    """I + A + A^2 (I / 2 + A / 6 + A^2 / 24)."""
    terms = [identity(a), a, product(a, a)]
    rest = product(terms[2], combined(terms, 1 / 2, 1 / 6, 1 / 24))
    return combined([*terms[:2], rest], 1, 1, 1)


def eight(a: Array) -> Array:
    """The polynomial of degree 8 in three products."""
    root = math.sqrt(177)
    x = 2 / 3
    terms = [identity(a), a, product(a, a)]
    fourth = product(terms[2], combined(terms[1:], x * (1 + root) / 88, x * (1 + root) / 352))
    rest = product(
        combined([terms[2], fourth], x, 1),
        combined(
            [*terms, fourth],
            (-271 + 29 * root) / (315 * x), (-11 + 11 * root) / (1260 * x),
            (-99 + 11 * root) / (5040 * x), (89 - root) / (5040 * x),
        ),
    )  # fmt: skip
    return combined([*terms, rest], 1, 1, (857 - 58 * root) / 630, 1)


def twelve(a: Array) -> Array:
    """The polynomial of degree 12 in four products."""
    square = product(a, a)
    terms = [identity(a), a, square, product(a, square)]
    p, q, r, s = [combined(terms, *row) for row in TWELVE]
    sixth = r + product(s, s)
    return p + product(q + sixth, sixth)


def eighteen(a: Array) -> Array:
    """The polynomial of degree 18 in five products."""
    square = product(a, a)
    cube = product(a, square)
    terms = [identity(a), a, square, cube, product(cube, cube)]
    p, q, r, s, t = [combined(terms, *row) for row in EIGHTEEN]
    ninth = s + product(p, t)
    return q + product(r + ninth, ninth)


POLYNOMIALS: Final = (one, two, four, eight, twelve)
"""Those for small norms, in the order of `BOUNDS`; above them, `eighteen` and squarings."""
