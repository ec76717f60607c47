"""torch.special: functions of mathematical physics and of statistics, and names for others."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.guard import guard_all
from minitorch_np.ops.bessel import i0
from minitorch_np.ops.bessel import special_i0e as i0e
from minitorch_np.ops.bessel import special_i1 as i1
from minitorch_np.ops.bessel import special_i1e as i1e
from minitorch_np.ops.cylinder import special_airy_ai as airy_ai
from minitorch_np.ops.cylinder import special_bessel_j0 as bessel_j0
from minitorch_np.ops.cylinder import special_bessel_j1 as bessel_j1
from minitorch_np.ops.cylinder import special_bessel_y0 as bessel_y0
from minitorch_np.ops.cylinder import special_bessel_y1 as bessel_y1
from minitorch_np.ops.cylinder import special_modified_bessel_i0 as modified_bessel_i0
from minitorch_np.ops.cylinder import special_modified_bessel_i1 as modified_bessel_i1
from minitorch_np.ops.cylinder import special_modified_bessel_k0 as modified_bessel_k0
from minitorch_np.ops.cylinder import special_modified_bessel_k1 as modified_bessel_k1
from minitorch_np.ops.cylinder import special_scaled_modified_bessel_k0 as scaled_modified_bessel_k0
from minitorch_np.ops.cylinder import special_scaled_modified_bessel_k1 as scaled_modified_bessel_k1
from minitorch_np.ops.cylinder import special_spherical_bessel_j0 as spherical_bessel_j0
from minitorch_np.ops.gamma import digamma
from minitorch_np.ops.gamma import digamma as psi
from minitorch_np.ops.gamma import igamma as gammainc
from minitorch_np.ops.gamma import igammac as gammaincc
from minitorch_np.ops.gamma import lgamma as gammaln
from minitorch_np.ops.gamma import mvlgamma as multigammaln
from minitorch_np.ops.gamma import special_polygamma as polygamma
from minitorch_np.ops.gamma import special_zeta as zeta
from minitorch_np.ops.polynomials import special_chebyshev_polynomial_t as chebyshev_polynomial_t
from minitorch_np.ops.polynomials import special_chebyshev_polynomial_u as chebyshev_polynomial_u
from minitorch_np.ops.polynomials import special_chebyshev_polynomial_v as chebyshev_polynomial_v
from minitorch_np.ops.polynomials import special_chebyshev_polynomial_w as chebyshev_polynomial_w
from minitorch_np.ops.polynomials import special_hermite_polynomial_h as hermite_polynomial_h
from minitorch_np.ops.polynomials import special_hermite_polynomial_he as hermite_polynomial_he
from minitorch_np.ops.polynomials import special_laguerre_polynomial_l as laguerre_polynomial_l
from minitorch_np.ops.polynomials import special_legendre_polynomial_p as legendre_polynomial_p
from minitorch_np.ops.polynomials import (
    special_shifted_chebyshev_polynomial_t as shifted_chebyshev_polynomial_t,
)
from minitorch_np.ops.polynomials import (
    special_shifted_chebyshev_polynomial_u as shifted_chebyshev_polynomial_u,
)
from minitorch_np.ops.polynomials import (
    special_shifted_chebyshev_polynomial_v as shifted_chebyshev_polynomial_v,
)
from minitorch_np.ops.polynomials import (
    special_shifted_chebyshev_polynomial_w as shifted_chebyshev_polynomial_w,
)
from minitorch_np.ops.power import xlogy
from minitorch_np.ops.probability import special_entr as entr
from minitorch_np.ops.probability import special_log_ndtr as log_ndtr
from minitorch_np.ops.probability import special_ndtr as ndtr
from minitorch_np.ops.probability import special_ndtri as ndtri
from minitorch_np.ops.probability import special_xlog1py as xlog1py
from minitorch_np.ops.reduce import logsumexp
from minitorch_np.ops.softmax import log_softmax, softmax
from minitorch_np.ops.special import erf, erfc, erfinv
from minitorch_np.ops.special import special_erfcx as erfcx
from minitorch_np.ops.unary import exp2, expm1, log1p, logit, round, sinc
from minitorch_np.ops.unary import sigmoid as expit

__all__ = [
    "airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "chebyshev_polynomial_t",
    "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w", "digamma",
    "entr", "erf", "erfc", "erfcx", "erfinv", "exp2", "expit", "expm1", "gammainc", "gammaincc",
    "gammaln", "hermite_polynomial_h", "hermite_polynomial_he", "i0", "i0e", "i1", "i1e",
    "laguerre_polynomial_l", "legendre_polynomial_p", "log1p", "log_ndtr", "log_softmax", "logit",
    "logsumexp", "modified_bessel_i0", "modified_bessel_i1", "modified_bessel_k0",
    "modified_bessel_k1", "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round",
    "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "shifted_chebyshev_polynomial_t",
    "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w", "sinc", "softmax", "spherical_bessel_j0", "xlog1py", "xlogy",
    "zeta",
]  # fmt: skip

guard_all(globals(), "special")


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
