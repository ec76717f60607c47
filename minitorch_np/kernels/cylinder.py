"""Bessel functions of orders 0 and 1, of the first and the second kind, in float64.

Source: S. L. Moshier, Methods and Programs for Mathematical Functions (1989): quotients of
polynomials around the zeros up to 5, and beyond it modulated sines and cosines. ATen's Math.h has
the same coefficients.
"""

import math

import numpy as np

from .bessel import polynomial
from .compiler import Doubles, jit, part
from .compiler import build as build_all
from .shares import each

J0_TOP = np.array([
    -4.79443220978201773821e+09, 1.95617491946556577543e+12, -2.49248344360967716204e+14,
    9.70862251047306323952e+15,
])  # fmt: skip
J0_BOTTOM = np.array([
    4.99563147152651017219e+02, 1.73785401676374683123e+05, 4.84409658339962045305e+07,
    1.11855537045356834862e+10, 2.11277520115489217587e+12, 3.10518229857422583814e+14,
    3.18121955943204943306e+16, 1.71086294081043136091e+18,
])  # fmt: skip
J0_COS_TOP = np.array([
    7.96936729297347051624e-04, 8.28352392107440799803e-02, 1.23953371646414299388e+00,
    5.44725003058768775090e+00, 8.74716500199817011941e+00, 5.30324038235394892183e+00,
    9.99999999999999997821e-01,
])  # fmt: skip
J0_COS_BOTTOM = np.array([
    9.24408810558863637013e-04, 8.56288474354474431428e-02, 1.25352743901058953537e+00,
    5.47097740330417105182e+00, 8.76190883237069594232e+00, 5.30605288235394617618e+00,
    1.00000000000000000218e+00,
])  # fmt: skip
J0_SIN_TOP = np.array([
    -1.13663838898469149931e-02, -1.28252718670509318512e+00, -1.95539544257735972385e+01,
    -9.32060152123768231369e+01, -1.77681167980488050595e+02, -1.47077505154951170175e+02,
    -5.14105326766599330220e+01, -6.05014350600728481186e+00,
])  # fmt: skip
J0_SIN_BOTTOM = np.array([
    6.43178256118178023184e+01, 8.56430025976980587198e+02, 3.88240183605401609683e+03,
    7.24046774195652478189e+03, 5.93072701187316984827e+03, 2.06209331660327847417e+03,
    2.42005740240291393179e+02,
])  # fmt: skip
J1_TOP = np.array([
    -8.99971225705559398224e+08, 4.52228297998194034323e+11, -7.27494245221818276015e+13,
    3.68295732863852883286e+15,
])  # fmt: skip
J1_BOTTOM = np.array([
    6.20836478118054335476e+02, 2.56987256757748830383e+05, 8.35146791431949253037e+07,
    2.21511595479792499675e+10, 4.74914122079991414898e+12, 7.84369607876235854894e+14,
    8.95222336184627338078e+16, 5.32278620332680085395e+18,
])  # fmt: skip
J1_COS_TOP = np.array([
    7.62125616208173112003e-04, 7.31397056940917570436e-02, 1.12719608129684925192e+00,
    5.11207951146807644818e+00, 8.42404590141772420927e+00, 5.21451598682361504063e+00,
    1.00000000000000000254e+00,
])  # fmt: skip
J1_COS_BOTTOM = np.array([
    5.71323128072548699714e-04, 6.88455908754495404082e-02, 1.10514232634061696926e+00,
    5.07386386128601488557e+00, 8.39985554327604159757e+00, 5.20982848682361821619e+00,
    9.99999999999999997461e-01,
])  # fmt: skip
J1_SIN_TOP = np.array([
    5.10862594750176621635e-02, 4.98213872951233449420e+00, 7.58238284132545283818e+01,
    3.66779609360150777800e+02, 7.10856304998926107277e+02, 5.97489612400613639965e+02,
    2.11688757100572135698e+02, 2.52070205858023719784e+01,
])  # fmt: skip
J1_SIN_BOTTOM = np.array([
    7.42373277035675149943e+01, 1.05644886038262816351e+03, 4.98641058337653607651e+03,
    9.56231892404756170795e+03, 7.99704160447350683650e+03, 2.82619278517639096600e+03,
    3.36093607810698293419e+02,
])  # fmt: skip
Y0_TOP = np.array([
    1.55924367855235737965e+04, -1.46639295903971606143e+07, 5.43526477051876500413e+09,
    -9.82136065717911466409e+11, 8.75906394395366999549e+13, -3.46628303384729719441e+15,
    4.42733268572569800351e+16, -1.84950800436986690637e+16,
])  # fmt: skip
Y0_BOTTOM = np.array([
    1.04128353664259848412e+03, 6.26107330137134956842e+05, 2.68919633393814121987e+08,
    8.64002487103935000337e+10, 2.02979612750105546709e+13, 3.17157752842975028269e+15,
    2.50596256172653059228e+17,
])  # fmt: skip
Y1_TOP = np.array([
    1.26320474790178026440e+09, -6.47355876379160291031e+11, 1.14509511541823727583e+14,
    -8.12770255501325109621e+15, 2.02439475713594898196e+17, -7.78877196265950026825e+17,
])  # fmt: skip
Y1_BOTTOM = np.array([
    5.94301592346128195359e+02, 2.35564092943068577943e+05, 7.34811944459721705660e+07,
    1.87601316108706159478e+10, 3.88231277496238566008e+12, 6.20557727146953693363e+14,
    6.87141087355300489866e+16, 3.97270608116560655612e+18,
])  # fmt: skip
QUARTER, THREE_QUARTERS = (
    0.785398163397448309615660845819875721,
    2.356194490192344928846982537459627163,
)
TWO_BY_PI, ROOT = 0.636619772367581343075535053490057448, 0.797884560802865355879892119868763737


@part
def wave_0(x: float, shift: float) -> float:
    """J0 beyond 5, and with a shift of a quarter turn Y0."""
    z = 25.0 / (x * x)
    cosine = polynomial(z, J0_COS_TOP) / polynomial(z, J0_COS_BOTTOM)
    sine = 5.0 / x * (polynomial(z, J0_SIN_TOP) / polynomial(z, J0_SIN_BOTTOM))
    c, s = math.cos(x - QUARTER), math.sin(x - QUARTER)
    value = cosine * s + sine * c if shift else cosine * c - sine * s
    return value * ROOT / math.sqrt(x)


@part
def wave_1(x: float, shift: float) -> float:
    """J1 beyond 5, and with a shift of a quarter turn Y1."""
    z = 5.0 / x * (5.0 / x)
    cosine = polynomial(z, J1_COS_TOP) / polynomial(z, J1_COS_BOTTOM)
    sine = 5.0 / x * (polynomial(z, J1_SIN_TOP) / polynomial(z, J1_SIN_BOTTOM))
    c, s = math.cos(x - THREE_QUARTERS), math.sin(x - THREE_QUARTERS)
    value = cosine * s + sine * c if shift else cosine * c - sine * s
    return value * ROOT / math.sqrt(x)


@part
def j0_at(x: float) -> float:
    """The function of the first kind and order 0."""
    x = math.fabs(x)
    if x > 5 or math.isnan(x):
        return wave_0(x, 0.0)
    z = x * x
    if x < 1e-5:
        return 1 - z / 4
    zeros = (z - 5.78318596294678452118) * (z - 30.4712623436620863991)
    return zeros * polynomial(z, J0_TOP) / polynomial(z, J0_BOTTOM)


@part
def j1_at(x: float) -> float:
    """The function of the first kind and order 1."""
    y = math.fabs(x)
    if y > 5 or math.isnan(y):
        value = wave_1(y, 0.0)
    else:
        z = y * y
        zeros = (z - 14.6819706421238932572) * (z - 49.2184563216946036703)
        value = polynomial(z, J1_TOP) / polynomial(z, J1_BOTTOM) * y * zeros
    return -value if x < 0 else value


@part
def y0_at(x: float) -> float:
    """The function of the second kind and order 0: -inf at 0, nan below."""
    if x == 0:
        return -np.inf
    if x < 0:
        return np.nan
    if x > 5 or math.isnan(x):
        return wave_0(x, 1.0)
    z = x * x
    return polynomial(z, Y0_TOP) / polynomial(z, Y0_BOTTOM) + TWO_BY_PI * math.log(x) * j0_at(x)


@part
def y1_at(x: float) -> float:
    """The function of the second kind and order 1: -inf at 0, nan below."""
    if x == 0:
        return -np.inf
    if x < 0:
        return np.nan
    if x > 5 or math.isnan(x):
        return wave_1(x, 1.0)
    z = x * x
    smooth = x * (polynomial(z, Y1_TOP) / polynomial(z, Y1_BOTTOM))
    return smooth + TWO_BY_PI * (j1_at(x) * math.log(x) - 1 / x)


@each(20)
@jit
def j0(a: Doubles, out: Doubles) -> None:
    """`j0_at` each element."""
    for i in range(out.size):
        out[i] = j0_at(a[i])


@each(20)
@jit
def j1(a: Doubles, out: Doubles) -> None:
    """`j1_at` each element."""
    for i in range(out.size):
        out[i] = j1_at(a[i])


@each(20)
@jit
def y0(a: Doubles, out: Doubles) -> None:
    """`y0_at` each element."""
    for i in range(out.size):
        out[i] = y0_at(a[i])


@each(20)
@jit
def y1(a: Doubles, out: Doubles) -> None:
    """`y1_at` each element."""
    for i in range(out.size):
        out[i] = y1_at(a[i])


@each(20)
@jit
def spherical(a: Doubles, out: Doubles) -> None:
    """sin(a) / a, by its series around 0."""
    for i in range(out.size):
        x = a[i]
        if math.isinf(x):
            out[i] = 0.0
        elif math.fabs(x) < 0.5:
            term = total = 1.0
            for k in range(1, 7):
                term *= -x * x / ((2 * k) * (2 * k + 1))
                total += term
            out[i] = total
        else:
            out[i] = math.sin(x) / x


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
