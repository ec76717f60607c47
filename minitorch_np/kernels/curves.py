"""Exponentials, logarithms, error and circular functions of one float32, for other modules' loops.

They have neither branches nor calls, so that loops around them are vectorised, and are off by two
units in the last place at most, `erfinv` by five.
"""

# ruff: noqa: FURB136, SIM300  # min and max would not keep nan

import math

import numpy as np

from .compiler import Real, bits, fused, of_bits

F = np.float32
ZERO, HALF, ONE, TWO = F(0), F(0.5), F(1), F(2)
INF, NAN = F(np.inf), F(np.nan)
LOG2E = F(1.44269504088896341)
MAGIC = F(12582912.0)
"""1.5 * 2**23: added, it leaves the nearest integer in a float's last bits."""
MAGIC_BITS, BIAS = np.int32(0x4B400000), np.int32(127)
LN2_HIGH, LN2_LOW = F(0.693359375), F(-2.12194440e-4)
LEAST, MOST = F(-104.0), F(89.0)
"""Where exp is 0 below, and infinite above."""
E2, E3, E4 = F(5.0000001201e-1), F(1.6666665459e-1), F(4.1665795894e-2)
E5, E6, E7 = F(8.3334519073e-3), F(1.3981999507e-3), F(1.9875691500e-4)
TURNS = F(2 / math.pi)
TURN1, TURN2, TURN3 = F(1.5703125), F(0.0004837512969970703), F(7.549533620476723e-08)
TURN4, TURN5 = F(2.5632829192545614e-12), F(6.123234262925839e-17)
"""A quarter of a turn in parts; the first four have so few bits that multiples are exact."""
SIN3, SIN5, SIN7 = F(-1.6666654611e-1), F(8.3321608736e-3), F(-1.9515295891e-4)
COS4, COS6, COS8 = F(4.166664568298827e-2), F(-1.388731625493765e-3), F(2.443315711809948e-5)
ROOT_HALF = np.int32(0x3F3504F3)
MANTISSA = np.int32(0x7FFFFF)
TINY, LIFT, LIFTED = F(1.17549435e-38), F(8388608.0), F(23)
L1, L2, L3, L4 = F(0.66666662693), F(0.40000972152), F(0.28498786688), F(0.24279078841)
G1, G2, G3 = F(3.3333331174e-1), F(-2.4999993993e-1), F(2.0000714765e-1)
G4, G5, G6 = F(-1.6668057665e-1), F(1.4249322787e-1), F(-1.2420140846e-1)
G7, G8, G9 = F(1.1676998740e-1), F(-1.1514610310e-1), F(7.0376836292e-2)
LOG_HIGH, LOG_LOW = F(6.9313812256e-01), F(9.0580006145e-06)
LOG2E_HIGH, LOG2E_LOW = F(1.44287109375), F(-1.7605286103659264e-4)
LOG10E, LOG10E_HIGH, LOG10E_LOW = F(0.4342944819), F(0.434326171875), F(-3.168997174817235e-5)
LOG10_2_HIGH, LOG10_2_LOW = F(0.301025390625), F(4.605038981195214e-6)


@fused
def power_of_two(n: np.int32) -> Real:
    """2**n for a normal result."""
    return of_bits(np.int32((n + BIAS) << 23))


@fused
def scaled(p: Real, n: np.int32) -> Real:
    """p * 2**n, in two factors, for 2**n alone may be no normal number."""
    half = np.int32(n >> 1)
    return p * power_of_two(half) * power_of_two(np.int32(n - half))


@fused
def raised(r: Real, n: np.int32) -> Real:
    """exp(r) * 2**n for a small r."""
    p = E7 * r + E6
    p = p * r + E5
    p = p * r + E4
    p = p * r + E3
    p = p * r + E2
    return scaled(p * (r * r) + r + ONE, n)


@fused
def exp(x: Real) -> Real:
    """e to the power of x.

    Source: Cephes expf.c (S. Moshier): the powers of 2 apart, a polynomial for the rest.
    """
    x = LEAST if LEAST > x else x
    x = MOST if MOST < x else x
    shifted = x * LOG2E + MAGIC
    whole = shifted - MAGIC
    r = x - whole * LN2_HIGH - whole * LN2_LOW
    return raised(r, np.int32(bits(shifted) - MAGIC_BITS))


@fused
def exp2(x: Real) -> Real:
    """2 to the power of x: the nearest integer apart, for the rest r a polynomial.

    It meets (2**r - 1) / r at Chebyshev's points.
    """
    x = F(-151.0) if F(-151.0) > x else x
    x = F(129.0) if F(129.0) < x else x
    shifted = x + MAGIC
    r = x - (shifted - MAGIC)
    p = F(1.529732318034e-05) * r + F(0.0001546144469823)
    p = p * r + F(0.001333350238812)
    p = p * r + F(0.009618056678521)
    p = p * r + F(0.05550410883908)
    p = p * r + F(0.2402265092229)
    p = p * r + F(0.6931471805599)
    return scaled(p * r + ONE, np.int32(bits(shifted) - MAGIC_BITS))


@fused
def exp_of_sum(high: Real, low: Real) -> Real:
    """exp(high + low) for a `low` too small to count in their float32 sum."""
    high = LEAST if LEAST > high else high
    shifted = high * LOG2E + MAGIC
    whole = shifted - MAGIC
    r = high - whole * LN2_HIGH - whole * LN2_LOW + low
    return raised(r, np.int32(bits(shifted) - MAGIC_BITS))


@fused
def expm1_below(x: Real) -> Real:
    """exp(x) - 1 for x <= 0, exact near 0."""
    if x < F(-30.0):
        x = F(-30.0)
    shifted = x * LOG2E + MAGIC
    whole = shifted - MAGIC
    r = x - whole * LN2_HIGH
    r = r - whole * LN2_LOW
    p = E7 * r + E6
    p = p * r + E5
    p = p * r + E4
    p = p * r + E3
    p = p * r + E2
    p = p * (r * r) + r
    scale = power_of_two(np.int32(bits(shifted) - MAGIC_BITS))
    return p * scale + (scale - ONE)


@fused
def log_parts(u: Real, more: Real) -> Real:
    """log(u) + more for a normal u > 0.

    Source: FreeBSD's e_logf.c (Sun Microsystems): u as 2**k (1 + f), near 1.
    """
    moved = np.int32(bits(u) - ROOT_HALF)
    k = F(np.int32(moved >> 23))
    f = of_bits(np.int32((moved & MANTISSA) + ROOT_HALF)) - ONE
    s = f / (TWO + f)
    z = s * s
    w = z * z
    rest = z * (L1 + w * L3) + w * (L2 + w * L4)
    half = HALF * f * f
    return s * (half + rest) + (k * LOG_LOW + more) - half + f + k * LOG_HIGH


@fused
def log_terms(x: Real) -> tuple[Real, Real, Real, Real]:
    """(k, f, z, p), where a positive x is 2**k (1 + f), near 1, z is f squared, and log(1 + f) is
    f - z / 2 + f z p.

    Source: Cephes logf.c (S. Moshier), without a division.
    """
    tiny = x < TINY
    moved = np.int32(bits(x * LIFT if tiny else x) - ROOT_HALF)
    k = F(np.int32(moved >> 23)) - (LIFTED if tiny else ZERO)
    f = of_bits(np.int32((moved & MANTISSA) + ROOT_HALF)) - ONE
    z = f * f
    p = G9 * f + G8
    p = p * f + G7
    p = p * f + G6
    p = p * f + G5
    p = p * f + G4
    p = p * f + G3
    p = p * f + G2
    p = p * f + G1
    return k, f, z, p


@fused
def log_at_ends(x: Real, result: Real) -> Real:
    """The result, but what a logarithm is where x is no positive number."""
    if x == INF:
        result = INF
    if x == ZERO:
        result = -INF
    if not x >= ZERO:
        result = NAN
    return result


@fused
def log(x: Real) -> Real:
    """The natural logarithm."""
    k, f, z, p = log_terms(x)
    return log_at_ends(x, p * (f * z) + k * LN2_LOW - HALF * z + f + k * LN2_HIGH)


@fused
def log2(x: Real) -> Real:
    """The logarithm to base 2, exact for powers of 2."""
    k, f, z, p = log_terms(x)
    bend = p * (f * z) - HALF * z
    return log_at_ends(x, bend * LOG2E + f * LOG2E_LOW + f * LOG2E_HIGH + k)


@fused
def log10(x: Real) -> Real:
    """The logarithm to base 10."""
    k, f, z, p = log_terms(x)
    low = (p * (f * z) - HALF * z) * LOG10E + k * LOG10_2_LOW
    return log_at_ends(x, low + f * LOG10E_LOW + f * LOG10E_HIGH + k * LOG10_2_HIGH)


@fused
def log1p_within(x: Real) -> Real:
    """log(1 + x) for 0 <= x <= 1, exact near 0; nan for nan."""
    u = ONE + x
    result = log_parts(u, (x - (u - ONE)) / u)
    return result if x == x else x


@fused
def sigmoid(x: Real) -> Real:
    """1 / (1 + exp(-x)): where exp overflows it is 0, as it should be."""
    return ONE / (ONE + exp(-x))


@fused
def softplus(x: Real) -> Real:
    """log(1 + exp(x)) without overflow."""
    return (x if x > ZERO else ZERO if x == x else x) + log1p_within(exp(-abs(x)))


@fused
def erf(x: Real) -> Real:
    """The error function.

    Source: N. Juffa, "Efficient implementation of the error function", Stack Overflow 35148199: a
    polynomial up to 0.92, beyond it 1 - exp(a polynomial).
    """
    a = abs(x)
    s = a * a
    r = F(-1.72853470e-5) * a + F(3.83197126e-4)
    u = F(-3.88396438e-3) * a + F(2.42546219e-2)
    r = r * s + u
    r = r * a + F(-1.06777877e-1)
    r = r * a + F(-6.34846687e-1)
    r = r * a + F(-1.28717512e-1)
    far = ONE - exp(r * a - a)
    r = F(-5.96761703e-4) * s + F(4.99119423e-3)
    r = r * s + F(-2.67681349e-2)
    r = r * s + F(1.12819925e-1)
    r = r * s + F(-3.76125336e-1)
    r = r * s + F(1.28379166e-1)
    near = r * a + a
    return math.copysign(far if a > F(0.921875) else near, x)


P0, P1, P2 = F(1.128379168146), F(1.669037597438e-01), F(5.093858775881e-02)
P3, P4, P5 = F(2.956037765119e-03), F(3.057620446434e-04), F(-2.884930503310e-07)
P6, Q1, Q2 = F(-4.483873846953e-08), F(4.812479779810e-01), F(1.055588749896e-01)
Q3, Q4, Q5 = F(1.349145468392e-02), F(1.039872673458e-03), F(4.100093857860e-05)
Q6, FLAT = F(-6.200644740999e-07), F(3.8325069)


@fused
def erf_near(x: Real) -> Real:
    """The error function within 4e-7, half as long: by `ops.special.single_error_function`'s
    quotient, and exactly 1 from where float32 has nothing nearer."""
    s = x * x
    p, q = P6 * s + P5, Q6 * s + Q5
    p, q = p * s + P4, q * s + Q4
    p, q = p * s + P3, q * s + Q3
    p, q = p * s + P2, q * s + Q2
    p, q = p * s + P1, q * s + Q1
    p, q = p * s + P0, q * s + ONE
    result = x * (p / q)
    return math.copysign(ONE, x) if abs(x) > FLAT else result


HEAD = np.int32(-4096)


@fused
def erfc(x: Real) -> Real:
    """1 - erf(x), relatively accurate for large x.

    (1 + 2a) exp(a * a) erfc(a) is a polynomial of (a - 2) / (a + 2), here interpolated at
    Chebyshev's points; its form is N. Juffa's, see `erf`. The square is taken in two parts: a head
    that is exact, and the rest.
    """
    a = abs(x)
    a = F(10.06) if a > F(10.06) else a
    q = (a - TWO) / (a + TWO)
    p = F(-0.0004095358932) * q + F(-0.001241445585)
    p = p * q + F(0.001320682008)
    p = p * q + F(0.008642927343)
    p = p * q + F(-0.008061706447)
    p = p * q + F(-0.05420780117)
    p = p * q + F(0.164055546)
    p = p * q + F(-0.166031072)
    p = p * q + F(-0.09276399091)
    p = p * q + F(1.276978388)
    head = of_bits(np.int32(bits(a) & HEAD))
    tail = p / (ONE + TWO * a) * exp_of_sum(-(head * head), -((a - head) * (a + head)))
    return TWO - tail if x < ZERO else tail


@fused
def erfinv(x: Real) -> Real:
    """The inverse of erf: infinite at -1 and 1, nan beyond.

    Source: M. Giles, Approximating the erfinv function, GPU Computing Gems (2011).
    """
    w = -log((ONE - x) * (ONE + x))
    c = w - F(2.5)
    p = F(2.81022636e-08) * c + F(3.43273939e-07)
    p = p * c + F(-3.5233877e-06)
    p = p * c + F(-4.39150654e-06)
    p = p * c + F(0.00021858087)
    p = p * c + F(-0.00125372503)
    p = p * c + F(-0.00417768164)
    p = p * c + F(0.246640727)
    p = p * c + F(1.50140941)
    c = F(math.sqrt(w)) - F(3.0)
    r = F(-0.000200214257) * c + F(0.000100950558)
    r = r * c + F(0.00134934322)
    r = r * c + F(-0.00367342844)
    r = r * c + F(0.00573950773)
    r = r * c + F(-0.0076224613)
    r = r * c + F(0.00943887047)
    r = r * c + F(1.00167406)
    r = r * c + F(2.83297682)
    result = (p if w < F(5.0) else r) * x
    return math.copysign(INF, x) if abs(x) == ONE else result


@fused
def circular(x: Real, quarters: np.int32) -> Real:
    """sin(x + quarters * pi / 2) for |x| up to 8192.

    Source: Cephes sinf.c (S. Moshier): whole quarters of a turn apart, here in five parts and with
    what rounding loses kept; a polynomial for the rest.
    """
    shifted = x * TURNS + MAGIC
    whole = shifted - MAGIC
    n = np.int32(bits(shifted) - MAGIC_BITS + quarters)
    high = x - whole * TURN1 - whole * TURN2
    most = high - whole * TURN3
    lost = (high - most) - whole * TURN3
    r = most - (whole * TURN4 + whole * TURN5 - lost)
    z = r * r
    odd = r + r * (z * ((SIN7 * z + SIN5) * z + SIN3))
    even = ONE - HALF * z + z * z * ((COS8 * z + COS6) * z + COS4)
    value = even if n & np.int32(1) else odd
    value = r if (z == ZERO) & (n & np.int32(1) == 0) else value  # which keeps -0.0
    return of_bits(np.int32(bits(value) ^ ((n & np.int32(2)) << np.int32(30))))
