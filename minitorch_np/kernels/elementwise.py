"""Arithmetic on each element of flat float32 arrays, where NumPy would pass over memory twice or
more, or calls a function of C for each. Every loop may work in place.

Results have the bits of NumPy's: whatever rounds, rounds as in the ops of the same name.
"""

# ruff: noqa: FURB136  # min and max would not keep nan

import math

import numpy as np

from .compiler import Flat, Mask, Real, inlined, jit, read, write
from .compiler import build as build_all
from .shares import each, shared

F = np.float32
ZERO, HALF, ONE, THREE, SIX, INF = F(0), F(0.5), F(1), F(3), F(6), F(np.inf)
EPSILON = F(1e-12)
BLOCK = 1024
"""Elements that stay in the first cache from one look at them to the next."""


@each()
@jit
def relu(a: Flat, out: Flat) -> None:
    """max(a, 0), nan kept."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, ZERO if x < ZERO else x)


@each()
@jit
def rsqrt(a: Flat, out: Flat) -> None:
    """1 / sqrt(a), each rounded."""
    for i in range(out.size):
        write(out, i, ONE / F(math.sqrt(read(a, i))))


@each()
@jit
def threshold(a: Flat, out: Flat, limit: Real, value: Real) -> None:
    """a, or value where a <= limit."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, value if x <= limit else x)


@each()
@jit
def leaky_relu(a: Flat, out: Flat, slope: Real) -> None:
    """a where positive, slope * a elsewhere."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, x if x > ZERO else x * slope)


@each()
@jit
def clamp(a: Flat, out: Flat, low: Real, high: Real) -> None:
    """a raised to low, then lowered to high; nan kept."""
    for i in range(out.size):
        x = read(a, i)
        x = low if x < low else x
        write(out, i, high if x > high else x)


@each()
@jit
def clamp_each(a: Flat, low: Flat, high: Flat, out: Flat) -> None:
    """`clamp` with limits of each element's own; nan wherever one is."""
    for i in range(out.size):
        x, least, most = read(a, i), read(low, i), read(high, i)
        x = x if x != x or x > least else least
        write(out, i, x if x != x or x < most else most)


@each()
@jit
def over(a: Flat, out: Flat, divisor: Real, inverse: float, least: Real) -> None:
    """a / divisor, whose inverse comes in float64: the bits of a division, in a third of its time.

    A quotient of two numbers of 24 bits that is none of 24 bits itself lies at least 2**-49 of its
    size from where rounding changes, and the product in float64 is 2**-52 off at most. But a
    quotient that is denormal has fewer bits, and may lie just there: so numbers below `least` are
    looked for, and their block is divided. It is 0 for divisors of which no quotient does.
    """
    for at in range(0, out.size, BLOCK):
        x, y = a[at : at + BLOCK], out[at : at + BLOCK]
        small = 0
        for i in range(y.size if least > ZERO else 0):
            size = abs(read(x, i))
            small |= (size < least) & (size > ZERO)
        if small:
            for i in range(y.size):
                write(y, i, read(x, i) / divisor)
        else:
            for i in range(y.size):
                write(y, i, F(float(read(x, i)) * inverse))


@each()
@jit
def hardsigmoid(a: Flat, out: Flat) -> None:
    """a / 6 + 1 / 2 within [0, 1]."""
    for i in range(out.size):
        x = read(a, i) + THREE
        x = ZERO if x < ZERO else x
        write(out, i, (SIX if x > SIX else x) / SIX)


@each()
@jit
def hardswish(a: Flat, out: Flat) -> None:
    """a times hardsigmoid(a)."""
    for i in range(out.size):
        x = read(a, i)
        y = x + THREE
        y = ZERO if y < ZERO else y
        write(out, i, x * (SIX if y > SIX else y) / SIX)


@each()
@jit
def hardshrink(a: Flat, out: Flat, n: Real) -> None:
    """a outside [-n, n], 0 within."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, ZERO if abs(x) <= n else x)


@each()
@jit
def softshrink(a: Flat, out: Flat, n: Real) -> None:
    """a moved n towards 0, and 0 * a within [-n, n]."""
    for i in range(out.size):
        x = read(a, i)
        y = x - n if x > n else x * ZERO
        write(out, i, x + n if x < -n else y)


@shared("p.p", "a.size // weights.size")
@jit
def prelu(a: Flat, weights: Flat, out: Flat) -> None:
    """a where positive, weights * a elsewhere; the weights in turns along a row."""
    n = weights.size
    for row in range(out.size // n):
        x, y = a[row * n : row * n + n], out[row * n : row * n + n]
        for i in range(n):
            value = read(x, i)
            write(y, i, value if value > ZERO else read(weights, i) * value)


@shared("p.pp", "a.size // weights.size")
@jit
def prelu_input_backward(a: Flat, weights: Flat, g: Flat, out: Flat) -> None:
    """g where a is positive, weights * g elsewhere; the weights in turns along a row."""
    n = weights.size
    for at in range(0, out.size, n):
        x, slope, y = a[at : at + n], g[at : at + n], out[at : at + n]
        for i in range(n):
            value = read(slope, i)
            write(y, i, value if read(x, i) > ZERO else read(weights, i) * value)


@each()
@jit
def prelu_weight_backward(a: Flat, g: Flat, out: Flat) -> None:
    """0 where a is positive, a * g elsewhere."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, ZERO if x > ZERO else x * read(g, i))


@each()
@jit
def sign(a: Flat, out: Flat) -> None:
    """-1, 0 or 1; 0 for nan."""
    for i in range(out.size):
        x = read(a, i)
        up = ONE if x > ZERO else ZERO
        write(out, i, -ONE if x < ZERO else up)


@each()
@jit
def frac(a: Flat, out: Flat) -> None:
    """a without its integer part."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, x - np.trunc(x))


@each()
@jit
def neg(a: Flat, out: Flat) -> None:
    """-a."""
    for i in range(out.size):
        write(out, i, -read(a, i))


@each()
@jit
def absolute(a: Flat, out: Flat) -> None:
    """|a|."""
    for i in range(out.size):
        write(out, i, abs(read(a, i)))


@each()
@jit
def square(a: Flat, out: Flat) -> None:
    """a * a."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, x * x)


@each()
@jit
def ceil(a: Flat, out: Flat) -> None:
    """The smallest integers at or above a."""
    for i in range(out.size):
        write(out, i, np.ceil(read(a, i)))


@each()
@jit
def trunc(a: Flat, out: Flat) -> None:
    """a without fractions."""
    for i in range(out.size):
        write(out, i, np.trunc(read(a, i)))


@each()
@jit
def nan_to_num(a: Flat, out: Flat, nan: Real, most: Real, least: Real) -> None:
    """a with other numbers for nan, inf and -inf."""
    for i in range(out.size):
        x = read(a, i)
        y = nan if x != x else x
        y = most if x == INF else y
        write(out, i, least if x == -INF else y)


@each()
@jit
def logical_not(a: Flat, out: Mask) -> None:
    """Whether a is 0."""
    for i in range(out.size):
        write(out, i, read(a, i) == ZERO)


@each()
@jit
def logical_and(a: Flat, b: Flat, out: Mask) -> None:
    """Whether neither is 0."""
    for i in range(out.size):
        write(out, i, (read(a, i) != ZERO) & (read(b, i) != ZERO))


@each()
@jit
def logical_or(a: Flat, b: Flat, out: Mask) -> None:
    """Whether one is not 0."""
    for i in range(out.size):
        write(out, i, (read(a, i) != ZERO) | (read(b, i) != ZERO))


@each()
@jit
def logical_xor(a: Flat, b: Flat, out: Mask) -> None:
    """Whether just one is not 0."""
    for i in range(out.size):
        write(out, i, (read(a, i) != ZERO) ^ (read(b, i) != ZERO))


@each()
@jit
def equal(a: Flat, b: Flat, out: Flat) -> None:
    """1 where a == b, else 0."""
    for i in range(out.size):
        write(out, i, ONE if read(a, i) == read(b, i) else ZERO)


@each()
@jit
def not_equal(a: Flat, b: Flat, out: Flat) -> None:
    """1 where a != b, else 0."""
    for i in range(out.size):
        write(out, i, ONE if read(a, i) != read(b, i) else ZERO)


@each()
@jit
def less(a: Flat, b: Flat, out: Flat) -> None:
    """1 where a < b, else 0."""
    for i in range(out.size):
        write(out, i, ONE if read(a, i) < read(b, i) else ZERO)


@each()
@jit
def less_equal(a: Flat, b: Flat, out: Flat) -> None:
    """1 where a <= b, else 0."""
    for i in range(out.size):
        write(out, i, ONE if read(a, i) <= read(b, i) else ZERO)


@each()
@jit
def greater(a: Flat, b: Flat, out: Flat) -> None:
    """1 where a > b, else 0."""
    for i in range(out.size):
        write(out, i, ONE if read(a, i) > read(b, i) else ZERO)


@each()
@jit
def greater_equal(a: Flat, b: Flat, out: Flat) -> None:
    """1 where a >= b, else 0."""
    for i in range(out.size):
        write(out, i, ONE if read(a, i) >= read(b, i) else ZERO)


@each()
@jit
def copysign(a: Flat, b: Flat, out: Flat) -> None:
    """|a| with the sign of b."""
    for i in range(out.size):
        write(out, i, math.copysign(read(a, i), read(b, i)))


@each()
@jit
def add_scaled(a: Flat, b: Flat, out: Flat, factor: Real) -> None:
    """a + factor * b."""
    for i in range(out.size):
        write(out, i, read(a, i) + factor * read(b, i))


@each()
@jit
def addcmul(a: Flat, b: Flat, c: Flat, out: Flat, value: Real) -> None:
    """a + value * b * c."""
    for i in range(out.size):
        write(out, i, read(a, i) + value * read(b, i) * read(c, i))


@each()
@jit
def addcdiv(a: Flat, b: Flat, c: Flat, out: Flat, value: Real) -> None:
    """a + value * b / c."""
    for i in range(out.size):
        write(out, i, read(a, i) + value * read(b, i) / read(c, i))


@inlined
def mixed(a: Real, b: Real, weight: Real) -> Real:
    """The point between a and b, counted from the nearer of them."""
    step = b - a
    near = a + weight * step
    return near if abs(weight) < HALF else b - step * (ONE - weight)


@each()
@jit
def lerp(a: Flat, b: Flat, out: Flat, weight: Real) -> None:
    """The points at `weight` between a and b."""
    for i in range(out.size):
        write(out, i, mixed(read(a, i), read(b, i), weight))


@each()
@jit
def lerp_each(a: Flat, b: Flat, weight: Flat, out: Flat) -> None:
    """`lerp` with weights of each element's own."""
    for i in range(out.size):
        write(out, i, mixed(read(a, i), read(b, i), read(weight, i)))


@each()
@jit
def cube(a: Flat, out: Flat) -> None:
    """a * a * a."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, x * x * x)


@each()
@jit
def div_trunc(a: Flat, b: Flat, out: Flat) -> None:
    """a / b rounded towards 0."""
    for i in range(out.size):
        write(out, i, np.trunc(read(a, i) / read(b, i)))


@each()
@jit
def hypot(a: Flat, b: Flat, out: Flat) -> None:
    """The root of a ** 2 + b ** 2, in float64; infinite where one is, whatever the other."""
    for i in range(out.size):
        x, y = abs(read(a, i)), abs(read(b, i))
        wide_x, wide_y = np.float64(x), np.float64(y)
        root = F(math.sqrt(wide_x * wide_x + wide_y * wide_y))
        write(out, i, INF if (x == INF) | (y == INF) else root)


@each()
@jit
def threshold_backward(a: Flat, g: Flat, out: Flat, limit: Real) -> None:
    """g where a is above the limit, or nan."""
    for i in range(out.size):
        write(out, i, ZERO if read(a, i) <= limit else read(g, i))


@each()
@jit
def leaky_relu_backward(a: Flat, g: Flat, out: Flat, slope: Real) -> None:
    """g where a is positive, slope * g elsewhere."""
    for i in range(out.size):
        x = read(g, i)
        write(out, i, x if read(a, i) > ZERO else x * slope)


@each()
@jit
def inside_backward(g: Flat, a: Flat, out: Flat, low: Real, high: Real) -> None:
    """g, but 0 where a is at a limit or beyond."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, ZERO if (x <= low) | (x >= high) else read(g, i))


@each()
@jit
def outside_backward(g: Flat, a: Flat, out: Flat, n: Real) -> None:
    """g, but 0 where a is within [-n, n]."""
    for i in range(out.size):
        write(out, i, ZERO if abs(read(a, i)) <= n else read(g, i))


@each()
@jit
def square_of_difference(a: Flat, b: Flat, out: Flat) -> None:
    """(a - b) ** 2."""
    for i in range(out.size):
        x = read(a, i) - read(b, i)
        write(out, i, x * x)


@each()
@jit
def mse_backward(g: Flat, a: Flat, b: Flat, out: Flat, norm: Real) -> None:
    """norm * (a - b) * g; g may be one number for all."""
    if g.size == 1:
        one = read(g, 0)
        for i in range(out.size):
            write(out, i, (read(a, i) - read(b, i)) * norm * one)
    else:
        for i in range(out.size):
            write(out, i, (read(a, i) - read(b, i)) * norm * read(g, i))


@inlined
def entropy_slope(x: Real, y: Real, g: Real) -> Real:
    """g times the derivative of binary_cross_entropy at x."""
    below = (ONE - x) * x
    return g * (x - y) / (EPSILON if below < EPSILON else below)


@each()
@jit
def entropy_backward(g: Flat, x: Flat, y: Flat, out: Flat, norm: Real) -> None:
    """The gradient of binary_cross_entropy; g may be one number for all."""
    if g.size == 1:
        one = read(g, 0)
        for i in range(out.size):
            write(out, i, entropy_slope(read(x, i), read(y, i), one) * norm)
    else:
        for i in range(out.size):
            write(out, i, entropy_slope(read(x, i), read(y, i), read(g, i)) * norm)


@each()
@jit
def smooth_l1(a: Flat, b: Flat, out: Flat, beta: Real) -> None:
    """|a - b| less beta / 2, and a parabola where it is below a beta that is not 0."""
    for i in range(out.size):
        z = abs(read(a, i) - read(b, i))
        write(out, i, HALF * z * z / beta if z < beta else z - HALF * beta)


@inlined
def smooth_l1_slope(x: Real, beta: Real) -> Real:
    """The derivative of `smooth_l1` where a - b is x."""
    slope = ONE if x >= beta else x / beta
    return -ONE if x <= -beta else slope


@each()
@jit
def smooth_l1_backward(g: Flat, a: Flat, b: Flat, out: Flat, beta: Real, norm: Real) -> None:
    """The gradient of `smooth_l1`, for a beta that is not 0; g may be one number for all."""
    if g.size == 1:
        one = read(g, 0)
        for i in range(out.size):
            write(out, i, smooth_l1_slope(read(a, i) - read(b, i), beta) * norm * one)
    else:
        for i in range(out.size):
            write(out, i, smooth_l1_slope(read(a, i) - read(b, i), beta) * norm * read(g, i))


@each()
@jit
def huber(a: Flat, b: Flat, out: Flat, delta: Real) -> None:
    """A parabola of a - b, and lines beyond delta."""
    for i in range(out.size):
        z = abs(read(a, i) - read(b, i))
        write(out, i, HALF * z * z if z <= delta else delta * (z - HALF * delta))


@inlined
def kept(x: Real, low: Real, high: Real) -> Real:
    """x within [low, high]; nan is kept."""
    x = low if x < low else x
    return high if x > high else x


@each()
@jit
def huber_backward(g: Flat, a: Flat, b: Flat, out: Flat, delta: Real, norm: Real) -> None:
    """The gradient of `huber`; g may be one number for all."""
    if g.size == 1:
        one = read(g, 0)
        for i in range(out.size):
            write(out, i, kept(read(a, i) - read(b, i), -delta, delta) * norm * one)
    else:
        for i in range(out.size):
            write(out, i, kept(read(a, i) - read(b, i), -delta, delta) * norm * read(g, i))


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
