"""Circular and hyperbolic functions, their inverses, exponentials and logarithms of one float32,
computed in float64 and rounded once, for other modules' loops.

They have neither branches nor calls, so that loops around them are vectorised, and are off by less
than 0.52 units in the last place. Each polynomial meets its function, divided by what that comes to
near 0, at Chebyshev's points of its range, to 2**-30 at least.
"""

# ruff: noqa: FURB136, SIM300  # min and max would not keep nan

import math

import numpy as np

from .compiler import Real, fused, long_bits, of_long_bits

F, Word, Long = np.float32, np.int32, np.int64
INF, NAN = F(np.inf), F(np.nan)
LONG_MAGIC = 6755399441055744.0
"""1.5 * 2**52, as `MAGIC` for float64."""
MANTISSA_BITS, ONE_BITS = Long(52), Long(0x3FF0000000000000)
LOG2E, LN2 = 1 / math.log(2), math.log(2)
UPPER, UPPER_BITS, UPPER_ROOT = Long(32), Word(20), Word(0x3FE6A09E)
"""Where the upper half of a float64 begins, how much of the mantissa it holds, and that of the root
of 1/2."""
TURNS, QUARTER_HIGH, QUARTER_LOW = 2 / math.pi, 1.5707963267341256, 6.077100506506192e-11
"""A quarter of a turn in parts, the first of so few bits that its multiples are exact."""
PI, HALF_PI, FAR = math.pi, math.pi / 2, F(2**20)


@fused
def expm1_parts(x: float) -> tuple[float, float]:
    """(exp(r) - 1, 2**n), where x is r + n log(2) and r as small as can be, for |x| up to 700."""
    shifted = x * LOG2E + LONG_MAGIC
    r = x - (shifted - LONG_MAGIC) * LN2
    p = 0.0001989928484465 * r + 0.001394111889607
    p = p * r + 0.008333298470991
    p = p * r + 0.04166635277109
    p = p * r + 0.1666666671902
    p = p * r + 0.5000000047146
    p = p * r + 1.0
    return p * r, of_long_bits((long_bits(shifted) << MANTISSA_BITS) + ONE_BITS)


@fused
def expm1(x: Real) -> Real:
    """exp(x) - 1."""
    held = F(-30.0) if F(-30.0) > x else x
    held = F(89.0) if F(89.0) < held else held
    rest, power = expm1_parts(np.float64(held))
    return math.copysign(F(rest * power + (power - 1.0)), x)


@fused
def sinh(x: Real) -> Real:
    """The hyperbolic sine: (e - 1 / e) / 2 by what e = exp(x) is above 1."""
    a = abs(x)
    rest, power = expm1_parts(np.float64(F(90.0) if F(90.0) < a else a))
    above = rest * power + (power - 1.0)
    return math.copysign(F((above + above / (above + 1.0)) * 0.5), x)


@fused
def cosh(x: Real) -> Real:
    """The hyperbolic cosine."""
    a = abs(x)
    rest, power = expm1_parts(np.float64(F(90.0) if F(90.0) < a else a))
    e = rest * power + power
    return F((e + 1.0 / e) * 0.5)


@fused
def log_parts(u: float) -> tuple[np.int32, float]:
    """(k, m), where u is 2**k m and m nearest to 1, for a normal u > 0."""
    word = long_bits(u)
    k = Word(Word(Word(word >> UPPER) - UPPER_ROOT) >> UPPER_BITS)
    return k, of_long_bits(word - (Long(k) << MANTISSA_BITS))


@fused
def log1p_near(f: float) -> float:
    """log(1 + f), where 1 + f is between the roots of 1/2 and 2."""
    z = f * f
    low = (0.3333330266102 - 0.2500006237439 * f) * z + (1.000000000601 - 0.4999999941402 * f)
    mid = (0.1421229125356 - 0.1242082122424 * f) * z + (0.2000253564013 - 0.1666655557801 * f)
    high = 0.06572327550764 * z + (0.1194587816557 - 0.1162064860682 * f)
    w = z * z
    return ((high * w + mid) * w + low) * f


@fused
def log1p_long(q: float) -> float:
    """log(1 + q) for a finite q > -1."""
    k, m = log_parts(1.0 + q)
    near = k == Word(0)  # where 1 + q may have lost of q
    return np.float64(k) * LN2 + log1p_near(q if near else m - 1.0)


@fused
def log1p(x: Real) -> Real:
    """log(1 + x)."""
    result = math.copysign(F(log1p_long(np.float64(x))), x)
    if x == INF:
        result = INF
    if x == F(-1.0):
        result = -INF
    if not x >= F(-1.0):
        result = NAN
    return result


@fused
def asinh(x: Real) -> Real:
    """The inverse of the hyperbolic sine."""
    a = np.float64(abs(x))
    square = a * a
    value = log1p_long(a + square / (math.sqrt(square + 1.0) + 1.0))
    return math.copysign(F(value), x) if abs(x) < INF else x


@fused
def acosh(x: Real) -> Real:
    """The inverse of the hyperbolic cosine; nan below 1."""
    above = np.float64(x) - 1.0
    result = F(log1p_long(above + math.sqrt(above * (above + 2.0))))
    if x == INF:
        result = INF
    if not x >= F(1.0):
        result = NAN
    return result


@fused
def atanh(x: Real) -> Real:
    """The inverse of the hyperbolic tangent; infinite at -1 and 1, nan beyond."""
    a = abs(x)
    d = np.float64(a)
    result = math.copysign(F(0.5 * log1p_long((d + d) / (1.0 - d))), x)
    if a == F(1.0):
        result = math.copysign(INF, x)
    if not a <= F(1.0):
        result = NAN
    return result


@fused
def tan(x: Real) -> Real:
    """The tangent for |x| up to `FAR`: quarters of a turn apart, for the rest a sine and a cosine.

    The parts of a quarter are as in FreeBSD's e_rem_pio2.c (Sun Microsystems).
    """
    d = np.float64(x)
    shifted = d * TURNS + LONG_MAGIC
    whole = shifted - LONG_MAGIC
    r = d - whole * QUARTER_HIGH - whole * QUARTER_LOW
    z = r * r
    p = 2.717338107105e-06 * z - 0.0001983920139472
    p = p * z + 0.008333328779759
    p = p * z - 0.1666666663156
    sine = (p * z + 1.0) * r
    p = 2.437974764636e-05 * z - 0.001388661709702
    p = p * z + 0.0416666166627
    p = p * z - 0.4999999961455
    cosine = p * z + 1.0
    odd = (long_bits(shifted) & Long(1)) != Long(0)
    return F((-cosine if odd else sine) / (sine if odd else cosine))


@fused
def atan_near(t: float) -> float:
    """The arc tangent for 0 <= t <= 1."""
    z = t * t
    p = 0.001057607471729 * z - 0.007030669641104
    p = p * z + 0.02191294622971
    p = p * z - 0.04392841115822
    p = p * z + 0.06685281547291
    p = p * z - 0.08785043294602
    p = p * z + 0.1105077127879
    p = p * z - 0.1427857602517
    p = p * z + 0.1999955810038
    p = p * z - 0.3333332248891
    p = p * z + 0.9999999995535
    return p * t


@fused
def atan(x: Real) -> Real:
    """The angle in [-pi/2, pi/2] whose tangent is x; beyond 1 by that of 1 / x."""
    a = np.float64(abs(x))
    steep = a > 1.0
    angle = atan_near(1.0 / a if steep else a)
    return math.copysign(F(HALF_PI - angle if steep else angle), x)


LEAST, MOST = 1e-300, 1e300


@fused
def atan2(y: Real, x: Real) -> Real:
    """The angle of the point (x, y), in [-pi, pi].

    Infinities count as `MOST`, which is one in two of them and nothing to numbers; `LEAST`, which
    is nothing but to zeros, makes the quotient of two of them 0.
    """
    a, b = np.float64(abs(y)), np.float64(abs(x))
    a, b = MOST if MOST < a else a, MOST if MOST < b else b
    steep = a > b
    angle = atan_near((b if steep else a) / ((a if steep else b) + LEAST))
    angle = HALF_PI - angle if steep else angle
    angle = PI - angle if math.copysign(F(1.0), x) < F(0.0) else angle
    return math.copysign(F(angle), y)


@fused
def asin_near(z: float) -> float:
    """asin(t) / t for 0 <= z = t * t <= 1/4."""
    p = 0.03767713734968 * z + 0.01429525675842
    p = p * z + 0.03185718869684
    p = p * z + 0.04450870952372
    p = p * z + 0.07500571380879
    p = p * z + 0.1666665763958
    return p * z + 1.000000000231


@fused
def asin(x: Real) -> Real:
    """The angle in [-pi/2, pi/2] whose sine is x, nan outside [-1, 1]; beyond 1/2 by half of the
    angle that is left."""
    a = np.float64(abs(x))
    steep = a > 0.5
    z = (1.0 - a) * 0.5 if steep else a * a
    t = math.sqrt(z) if steep else a
    angle = asin_near(z) * t
    return math.copysign(F(HALF_PI - 2.0 * angle if steep else angle), x)


@fused
def acos(x: Real) -> Real:
    """The angle in [0, pi] whose cosine is x, nan outside [-1, 1]; see `asin`."""
    d = np.float64(x)
    a = abs(d)
    steep = a > 0.5
    z = (1.0 - a) * 0.5 if steep else d * d
    t = math.sqrt(z) if steep else d
    angle = asin_near(z) * t
    far = PI - 2.0 * angle if d < 0.0 else 2.0 * angle
    return F(far if steep else HALF_PI - angle)
