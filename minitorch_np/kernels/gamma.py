"""The logarithm of the gamma function, its derivatives, and Hurwitz' zeta function, in float64.

Source: S. L. Moshier, Methods and Programs for Mathematical Functions (1989), and his Cephes
library, whose ranges and constants ATen/native/Math.h uses as well.
"""

import math

import numpy as np

from .compiler import Doubles, jit, part
from .compiler import build as build_all
from .shares import each

PSI_OF_TEN = 2.25175258906672110764
BERNOULLI = np.array([1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12])
"""B(2k) / (2k), the series of digamma for large arguments."""
RISING = np.array([
    12.0, -720.0, 30240.0, -1209600.0, 47900160.0, -1.8924375803183791606e9, 7.47242496e10,
    -2.950130727918164224e12, 1.1646782814350067249e14, -4.5979787224074726105e15,
    1.8152105401943546773e17, -7.1661652561756670113e18,
])  # fmt: skip
"""(2k)! / B(2k), the series of zeta beyond the terms that are added up."""
UNIT = 1.11022302462515654042e-16


@part
def log_gamma(x: float) -> float:
    """log |gamma(x)|: inf at 0 and at negative integers."""
    return math.lgamma(x)


@part
def psi(x: float) -> float:
    """The derivative of `log_gamma`: infinite at 0, nan at negative integers.

    Below 0 by reflection, up to 10 by recurrence, then by its asymptotic series.
    """
    if x == 0:
        return math.copysign(np.inf, -x)
    reflected = 0.0
    if x < 0:
        if x == np.trunc(x):  # math.trunc makes an integer, for which x may be too large
            return np.nan
        # the fraction first: a multiple of pi would lose it
        reflected = math.pi / math.tan(math.pi * (x - np.trunc(x)))
        x = 1 - x
    total = 0.0
    while x < 10:
        total -= 1 / x
        x += 1
    if x == 10:
        return total + PSI_OF_TEN - reflected
    tail = 0.0
    if x < 1e17:
        z = 1 / (x * x)
        for k in range(6, -1, -1):
            tail = tail * z + BERNOULLI[k]
        tail *= z
    return total + math.log(x) - 0.5 / x - tail - reflected


@part
def hurwitz(x: float, q: float) -> float:
    """The sum of 1 / (k + q)**x over k from 0 on: inf at x = 1 and at poles, nan below.

    Nine terms and more, until q has passed 9, then Euler and Maclaurin's formula for the rest.
    """
    if x == 1:
        return np.inf
    if x < 1:
        return np.nan
    if q <= 0:
        if q == np.floor(q):  # math.floor makes an integer
            return np.inf
        if x != np.floor(x):
            return np.nan
    total, at, term, count = q**-x, q, 0.0, 0
    while count < 9 or at <= 9:
        count += 1
        at += 1
        term = at**-x
        total += term
        if -UNIT * total < term < UNIT * total:
            return total
    total += term * at / (x - 1) - 0.5 * term
    factor, k = 1.0, 0.0
    for i in range(12):
        factor *= x + k
        term /= at
        step = factor * term / RISING[i]
        total += step
        if math.fabs(step / total) < UNIT:
            return total
        factor *= x + k + 1
        term /= at
        k += 2
    return total


@each(20)
@jit
def lgamma(a: Doubles, out: Doubles) -> None:
    """`log_gamma` of each element."""
    for i in range(out.size):
        out[i] = log_gamma(a[i])


@each(20)
@jit
def digamma(a: Doubles, out: Doubles) -> None:
    """`psi` of each element."""
    for i in range(out.size):
        out[i] = psi(a[i])


@each(200)
@jit
def zeta(a: Doubles, b: Doubles, out: Doubles) -> None:
    """`hurwitz` of each two elements."""
    for i in range(out.size):
        out[i] = hurwitz(a[i], b[i])


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
