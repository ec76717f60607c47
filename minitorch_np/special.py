"""torch.special: functions of mathematical physics and of statistics, and names for others."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.ops.bessel import i0
from minitorch_np.ops.bessel import special_i0e as i0e
from minitorch_np.ops.bessel import special_i1 as i1
from minitorch_np.ops.bessel import special_i1e as i1e
from minitorch_np.ops.gamma import digamma
from minitorch_np.ops.gamma import digamma as psi
from minitorch_np.ops.gamma import igamma as gammainc
from minitorch_np.ops.gamma import igammac as gammaincc
from minitorch_np.ops.gamma import lgamma as gammaln
from minitorch_np.ops.gamma import mvlgamma as multigammaln
from minitorch_np.ops.gamma import special_polygamma as polygamma
from minitorch_np.ops.gamma import special_zeta as zeta
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
    "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp2", "expit", "expm1", "gammainc",
    "gammaincc", "gammaln", "i0", "i0e", "i1", "i1e", "log1p", "log_ndtr", "log_softmax", "logit",
    "logsumexp", "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round", "sinc", "softmax",
    "xlog1py", "xlogy", "zeta",
]  # fmt: skip


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
