"""The regularised incomplete gamma functions, lower and upper, in float64.

Four ways, by where (a, x) lies: a power series, its complement's series, a continued fraction, and
Temme's uniform expansion where both are large and close. Source: DLMF 8.7, 8.9, 8.11 and 8.12; the
borders between the ways are those of Cephes and SciPy, which ATen/native/Math.h has too.
"""

import math
from fractions import Fraction

import numpy as np

from .compiler import Doubles, jit, part
from .compiler import build as build_all
from .shares import each

UNIT = 1.11022302462515654042e-16
MOST_STEPS = 2000
LOG_MAX = 7.09782712893383996843e2
BIG = 4503599627370496.0
LANCZOS_G = 6.024680040776729583740234375
LANCZOS_TOP = np.array([
    0.006061842346248906525783753964555936883222, 0.5098416655656676188125178644804694509993,
    19.51992788247617482847860966235652136208, 449.9445569063168119446858607650988409623,
    6955.999602515376140356310115515198987526, 75999.29304014542649875303443598909137092,
    601859.6171681098786670226533699352302507, 3481712.15498064590882071018964774556468,
    14605578.08768506808414169982791359218571, 43338889.32467613834773723740590533316085,
    86363131.28813859145546927288977868422342, 103794043.1163445451906271053616070238554,
    56906521.91347156388090791033559122686859,
])  # fmt: skip
LANCZOS_BOTTOM = np.array([
    1.0, 66.0, 1925.0, 32670.0, 357423.0, 2637558.0, 13339535.0, 45995730.0, 105258076.0,
    150917976.0, 120543840.0, 39916800.0, 0.0,
])  # fmt: skip
"""Lanczos' approximation of gamma, scaled by exp(g); highest powers first. Source: Boost."""
ORDER = 25


def temme() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The coefficients (ORDER, ORDER) of Temme's expansion in powers of 1/a and eta, from exact
    fractions. Source: DLMF 8.12.9 to 8.12.13."""
    n = 3 * ORDER + 2
    bend = [Fraction(0), Fraction(1)]  # of mu in powers of eta, where eta**2 / 2 = mu - log(1 + mu)
    for k in range(2, n + 1):
        crossed = sum((bend[j] * bend[k + 1 - j] for j in range(2, k)), Fraction(0))
        bend.append(bend[k - 1] / (k + 1) - crossed / 2)
    row = [Fraction(-1, 3), *[(k + 2) * bend[k + 2] for k in range(1, n - 1)]]
    first, rows, odd = row, [row], 1
    for k in range(1, ORDER):
        odd *= 2 * k + 1
        stirling = odd * bend[2 * k + 1] * (-1) ** k
        row = [stirling * first[m] + (m + 2) * row[m + 2] for m in range(len(row) - 2)]
        rows.append(row)
    return np.array([[float(c) for c in each[:ORDER]] for each in rows])


TEMME = temme()


@part
def lanczos(x: float) -> float:
    """gamma(x), scaled by exp(g) and by powers."""
    top = bottom = 0.0
    if x > 1:
        y = 1 / x
        for k in range(12, -1, -1):
            top = top * y + LANCZOS_TOP[k]
            bottom = bottom * y + LANCZOS_BOTTOM[k]
    else:
        for k in range(13):
            top = top * x + LANCZOS_TOP[k]
            bottom = bottom * x + LANCZOS_BOTTOM[k]
    return top / bottom


@part
def density(a: float, x: float) -> float:
    """x**a exp(-x) / gamma(a), the factor of both series and of the fraction."""
    if math.fabs(a - x) > 0.4 * math.fabs(a):
        power = a * math.log(x) - x - math.lgamma(a)
        return 0.0 if power < -LOG_MAX else math.exp(power)
    base = a + LANCZOS_G - 0.5
    value = math.sqrt(base / math.e) / lanczos(a)
    if a < 200 and x < 200:
        return value * (math.exp(a - x) * (x / base) ** a)
    part = (x - a - LANCZOS_G + 0.5) / base
    return value * math.exp(a * (math.log1p(part) - part) + x * (0.5 - LANCZOS_G) / base)


@part
def lower_series(a: float, x: float) -> float:
    """The lower function by its power series. Source: DLMF 8.11.4."""
    factor = density(a, x)
    if factor == 0:
        return 0.0
    rising, term, total = a, 1.0, 1.0
    for _ in range(MOST_STEPS):
        rising += 1
        term *= x / rising
        total += term
        if term <= UNIT * total:
            break
    return total * factor / a


@part
def upper_series(a: float, x: float) -> float:
    """The upper function for small x, without cancellation. Source: DLMF 8.7.3."""
    power, total = 1.0, 0.0
    for n in range(1, MOST_STEPS):
        power *= -x / n
        term = power / (a + n)
        total += term
        if math.fabs(term) <= UNIT * math.fabs(total):
            break
    log = math.log(x)
    rest = -math.expm1(a * log - math.lgamma(1 + a))
    return rest - math.exp(a * log - math.lgamma(a)) * total


@part
def upper_fraction(a: float, x: float) -> float:
    """The upper function by a continued fraction, whose convergents are kept in scale.

    Source: DLMF 8.9.2.
    """
    factor = density(a, x)
    if factor == 0:
        return 0.0
    y = 1 - a
    z = x + y + 1
    p0, q0, p1, q1 = 1.0, x, x + 1, z * x
    value = p1 / q1
    for c in range(1, MOST_STEPS + 1):
        y += 1
        z += 2
        p0, p1 = p1, p1 * z - p0 * (y * c)
        q0, q1 = q1, q1 * z - q0 * (y * c)
        change = 1.0
        if q1 != 0:
            found = p1 / q1
            change = math.fabs((value - found) / found)
            value = found
        if math.fabs(p1) > BIG:
            p0, p1, q0, q1 = p0 / BIG, p1 / BIG, q0 / BIG, q1 / BIG
        if change <= UNIT:
            break
    return value * factor


@part
def uniform(a: float, x: float, sign: float) -> float:
    """Temme's expansion of the upper function, or with sign -1 of the lower one. Source: DLMF 8.12.

    Each sum ends where its terms no longer count, or begin to grow.
    """
    sigma = (x - a) / a
    eta = math.copysign(math.sqrt(max(-2 * (math.log1p(sigma) - sigma), 0.0)), sigma)
    total, scale, last = 0.0, 1.0, np.inf
    for k in range(ORDER):
        value, power = TEMME[k, 0], 1.0
        for n in range(1, ORDER):
            power *= eta
            term = TEMME[k, n] * power
            value += term
            if math.fabs(term) < UNIT * math.fabs(value):
                break
        step = value * scale
        if math.fabs(step) > last:
            break
        total += step
        if math.fabs(step) < UNIT * math.fabs(total):
            break
        last = math.fabs(step)
        scale /= a
    tail = math.exp(-0.5 * a * eta * eta) * total / math.sqrt(2 * math.pi * a)
    return 0.5 * math.erfc(sign * eta * math.sqrt(a / 2)) + sign * tail


@part
def near(a: float, x: float) -> bool:
    """Whether a is large and x close to it."""
    apart = math.fabs(x - a) / a
    return (20 < a < 200 and apart < 0.3) or (a > 200 and apart < 4.5 / math.sqrt(a))


@part
def upper(a: float, x: float) -> float:
    """1 - `lower`, accurate where that is close to 1."""
    if x < 0 or a < 0:
        return np.nan
    if a == 0:
        return 0.0 if x > 0 else np.nan
    if x == 0:
        return 1.0
    if math.isinf(a):
        return np.nan if math.isinf(x) else 1.0
    if math.isinf(x):
        return 0.0
    if near(a, x):
        return uniform(a, x, 1.0)
    if x > 1.1:
        return 1 - lower_series(a, x) if x < a else upper_fraction(a, x)
    below = -0.4 / math.log(x) if x <= 0.5 else x * 1.1
    return 1 - lower_series(a, x) if below < a else upper_series(a, x)


@part
def lower(a: float, x: float) -> float:
    """The chance that a gamma-distributed number of shape a is below x; nan for negative ones."""
    if x < 0 or a < 0:
        return np.nan
    if a == 0:
        return 1.0 if x > 0 else np.nan
    if x == 0:
        return 0.0
    if math.isinf(a):
        return np.nan if math.isinf(x) else 0.0
    if math.isinf(x):
        return 1.0
    if near(a, x):
        return uniform(a, x, -1.0)
    return 1 - upper(a, x) if x > 1 and x > a else lower_series(a, x)


@each(100)
@jit
def igamma(a: Doubles, x: Doubles, out: Doubles) -> None:
    """`lower` of each two elements."""
    for i in range(out.size):
        out[i] = lower(a[i], x[i])


@each(100)
@jit
def igammac(a: Doubles, x: Doubles, out: Doubles) -> None:
    """`upper` of each two elements."""
    for i in range(out.size):
        out[i] = upper(a[i], x[i])


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
