"""Smooth functions of each element of flat float32 arrays and their gradients, in one pass each.

Every loop may work in place.
"""

# ruff: noqa: FURB136  # min and max would not keep nan

import math

import numpy as np

from . import curves
from .compiler import Doubles, Flat, Real, fused, jit, read, write
from .compiler import build as build_all
from .shares import each, shared

F = np.float32
ZERO, HALF, ONE, TWO, THREE, INF = F(0), F(0.5), F(1), F(2), F(3), F(np.inf)
ROOT_HALF, DENSITY = F(math.sqrt(0.5)), F(1 / math.sqrt(2 * math.pi))
BEND, CUBIC = F(math.sqrt(2 / math.pi)), F(0.044715)
FAR = F(8192)
LN2, LOG2E = F(math.log(2)), F(1 / math.log(2))


@each(0.6)
@jit
def exp(a: Flat, out: Flat) -> None:
    """e to the power of a."""
    for i in range(out.size):
        write(out, i, curves.exp(read(a, i)))


@each(0.6)
@jit
def log(a: Flat, out: Flat) -> None:
    """The natural logarithm."""
    for i in range(out.size):
        write(out, i, curves.log(read(a, i)))


@each(0.6)
@jit
def sin(a: Flat, out: Flat) -> None:
    """The sine."""
    circle(a, 0, out)


@each(0.6)
@jit
def cos(a: Flat, out: Flat) -> None:
    """The cosine."""
    circle(a, 1, out)


@fused
def circle(a: Flat, quarters: int, out: Flat) -> None:
    """The sine of each element and so many quarters of a turn; in doubles where that is far away.

    Only where there are such elements is each looked at, for that is no loop for vectors.
    """
    far = False
    for i in range(a.size):
        far |= abs(a[i]) > FAR
    if far:
        for i in range(a.size):
            x = a[i]
            if abs(x) > FAR:
                far_away = np.float64(x)
                out[i] = F(math.cos(far_away) if quarters else math.sin(far_away))
            else:
                out[i] = curves.circular(x, np.int32(quarters))
    else:
        for i in range(out.size):
            write(out, i, curves.circular(read(a, i), np.int32(quarters)))


@each(0.6)
@jit
def sigmoid(a: Flat, out: Flat) -> None:
    """1 / (1 + exp(-a))."""
    for i in range(out.size):
        write(out, i, curves.sigmoid(read(a, i)))


@each(0.6)
@jit
def sigmoid_backward(g: Flat, y: Flat, out: Flat) -> None:
    """g (1 - y) y."""
    for i in range(out.size):
        value = read(y, i)
        write(out, i, read(g, i) * (ONE - value) * value)


@each(0.6)
@jit
def tanh_backward(g: Flat, y: Flat, out: Flat) -> None:
    """g (1 - y y)."""
    for i in range(out.size):
        value = read(y, i)
        write(out, i, read(g, i) * (ONE - value * value))


@each(0.6)
@jit
def silu(a: Flat, out: Flat) -> None:
    """a sigmoid(a)."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, x / (ONE + curves.exp(-x)))


@each(0.6)
@jit
def silu_backward(g: Flat, a: Flat, out: Flat) -> None:
    """The gradient of `silu`."""
    for i in range(out.size):
        x = read(a, i)
        s = curves.sigmoid(x)
        write(out, i, read(g, i) * (s * (ONE + x * (ONE - s))))


@shared("pp.", "out.size // inner", 0.8)
@jit
def glu_halves(a: Flat, out: Flat, inner: int) -> None:
    """`glu` of each two neighbouring pieces of `inner` elements."""
    for at in range(0, out.size, inner):
        x, gate = a[2 * at : 2 * at + inner], a[2 * at + inner : 2 * at + 2 * inner]
        y = out[at : at + inner]
        for i in range(inner):
            write(y, i, read(x, i) * curves.sigmoid(read(gate, i)))


@shared("ppp.", "g.size // inner", 3.0)
@jit
def glu_backward(g: Flat, a: Flat, out: Flat, inner: int) -> None:
    """The gradient of `glu_halves`."""
    for at in range(0, g.size, inner):
        x, gate = a[2 * at : 2 * at + inner], a[2 * at + inner : 2 * at + 2 * inner]
        of_x, of_gate = out[2 * at : 2 * at + inner], out[2 * at + inner : 2 * at + 2 * inner]
        slope = g[at : at + inner]
        for i in range(inner):
            s = curves.sigmoid(read(gate, i))
            write(of_x, i, read(slope, i) * s)
            write(of_gate, i, read(slope, i) * (read(x, i) * s * (ONE - s)))


@each(0.6)
@jit
def logit(a: Flat, out: Flat) -> None:
    """log(a / (1 - a))."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, curves.log(x / (ONE - x)))


@fused
def elu_of(x: Real, below: Real, above: Real, inner: Real) -> Real:
    """One element of `elu`."""
    low = x if x < ZERO else ZERO
    falling = below * curves.expm1_below(low * inner)
    return falling if x < ZERO else x * above


@each(0.6)
@jit
def elu(a: Flat, out: Flat, below: Real, above: Real, inner: Real) -> None:
    """above * a where positive, below * (exp(inner * a) - 1) elsewhere; inner is positive."""
    for i in range(out.size):
        write(out, i, elu_of(read(a, i), below, above, inner))


@each(0.6)
@jit
def elu_backward(g: Flat, a: Flat, out: Flat, below: Real, above: Real, inner: Real) -> None:
    """The gradient of `elu` from its input."""
    for i in range(out.size):
        x = read(a, i)
        low = x if x < ZERO else ZERO
        falling = inner * (below * curves.exp(low * inner))
        write(out, i, read(g, i) * (falling if x <= ZERO else above))


@each(0.6)
@jit
def elu_result_backward(g: Flat, y: Flat, out: Flat, below: Real, above: Real, inner: Real) -> None:
    """The gradient of `elu` from its result."""
    for i in range(out.size):
        x = read(y, i)
        write(out, i, read(g, i) * (inner * (x + below) if x <= ZERO else above))


@fused
def normal_below(x: Real) -> Real:
    """The chance that a standard normal number is below x; nan times -inf there, as in ATen."""
    return (curves.erf_near(x * ROOT_HALF) + ONE) * HALF


@shared("pp..", "out.size", 2.0)
@jit
def single_error(a: Flat, out: Flat, top: Doubles, bottom: Doubles) -> None:
    """The error function as `ops.special` has it, with those bits: x times the quotient of two
    polynomials of x squared with these coefficients, highest first, which are of one degree."""
    for i in range(out.size):
        x = np.float64(read(a, i))
        if x < -4.0:
            x = -4.0
        elif x > 4.0:
            x = 4.0
        square, above, below = x * x, top[0], bottom[0]
        for k in range(1, top.size):
            above = above * square + top[k]
            below = below * square + bottom[k]
        write(out, i, F(x * (above / below)))


@each(0.6)
@jit
def gelu(a: Flat, out: Flat) -> None:
    """a times the chance that a standard normal number is below it."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, x * normal_below(x))


@each(0.6)
@jit
def gelu_backward(g: Flat, a: Flat, out: Flat) -> None:
    """The gradient of `gelu`."""
    for i in range(out.size):
        x = read(a, i)
        density = curves.exp(x * x * -HALF) * DENSITY
        write(out, i, read(g, i) * (normal_below(x) + x * density))


@fused
def bent(x: Real) -> Real:
    """tanh of gelu's cubic, by the sigmoid of twice it."""
    return TWO * curves.sigmoid(TWO * BEND * (x + CUBIC * x * x * x)) - ONE


@each(0.6)
@jit
def gelu_tanh(a: Flat, out: Flat) -> None:
    """`gelu`, by a tanh close to the chance."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, HALF * x * (ONE + bent(x)))


@each(0.6)
@jit
def gelu_tanh_backward(g: Flat, a: Flat, out: Flat) -> None:
    """The gradient of `gelu_tanh`."""
    for i in range(out.size):
        x = read(a, i)
        t = bent(x)
        inner = BEND * (ONE + THREE * CUBIC * x * x)
        slope = HALF * (ONE + t) + HALF * x * (ONE - t * t) * inner
        write(out, i, read(g, i) * slope)


@fused
def tanh_of_softplus(x: Real) -> Real:
    """tanh(log(1 + exp(x))), a quotient of polynomials of exp(x); 1 where that would overflow."""
    e = curves.exp(F(20) if x > F(20) else x)
    n = e * (e + TWO)
    return n / (n + TWO)


@each(0.6)
@jit
def mish(a: Flat, out: Flat) -> None:
    """a tanh(log(1 + exp(a)))."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, x * tanh_of_softplus(x))


@each(0.6)
@jit
def mish_backward(g: Flat, a: Flat, out: Flat) -> None:
    """The gradient of `mish`."""
    for i in range(out.size):
        x = read(a, i)
        t = tanh_of_softplus(x)
        write(out, i, read(g, i) * (t + x * curves.sigmoid(x) * (ONE - t * t)))


@each(0.6)
@jit
def softplus(a: Flat, out: Flat, beta: Real, limit: Real) -> None:
    """log(1 + exp(beta * a)) / beta, and a where beta * a is above the limit."""
    for i in range(out.size):
        x = read(a, i)
        rising = x * beta
        write(out, i, x if rising > limit else curves.softplus(rising) / beta)


@each(0.6)
@jit
def softplus_backward(g: Flat, a: Flat, out: Flat, beta: Real, limit: Real) -> None:
    """The gradient of `softplus`."""
    for i in range(out.size):
        rising = read(a, i) * beta
        grown = curves.exp(rising)
        slope = read(g, i)
        write(out, i, slope if rising > limit else slope * grown / (grown + ONE))


@each(0.6)
@jit
def log_sigmoid(a: Flat, out: Flat) -> None:
    """log(sigmoid(a))."""
    for i in range(out.size):
        write(out, i, -curves.softplus(-read(a, i)))


@each(0.6)
@jit
def entropy_of_logits(a: Flat, y: Flat, out: Flat) -> None:
    """(1 - y) a - log(sigmoid(a))."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, (ONE - read(y, i)) * x + curves.softplus(-x))


@each(0.6)
@jit
def fading(a: Flat, out: Flat) -> None:
    """exp(-|a|)."""
    for i in range(out.size):
        write(out, i, curves.exp(-abs(read(a, i))))


@jit
def log_sigmoid_backward(g: Flat, a: Flat, z: Flat, out: Flat) -> None:
    """g sigmoid(-a), where z is exp(-|a|)."""
    for i in range(out.size):
        falling = read(z, i) / (read(z, i) + ONE)
        write(out, i, read(g, i) * (ONE - falling if read(a, i) < ZERO else falling))


@each(0.6)
@jit
def hardswish_backward(g: Flat, a: Flat, out: Flat) -> None:
    """The gradient of `hardswish`."""
    for i in range(out.size):
        x, slope = read(a, i), read(g, i)
        middle = slope * (x / THREE + HALF) if x < THREE else slope
        write(out, i, ZERO if x <= -THREE else middle)


@each(0.6)
@jit
def hardsigmoid_backward(g: Flat, a: Flat, out: Flat) -> None:
    """A sixth of g within (-3, 3)."""
    for i in range(out.size):
        x = read(a, i)
        write(out, i, read(g, i) * F(1 / 6) if (x > -THREE) & (x < THREE) else ZERO)


@each(0.6)
@jit
def erf(a: Flat, out: Flat) -> None:
    """The error function."""
    for i in range(out.size):
        write(out, i, curves.erf(read(a, i)))


@each(0.6)
@jit
def erfc(a: Flat, out: Flat) -> None:
    """1 - erf(a)."""
    for i in range(out.size):
        write(out, i, curves.erfc(read(a, i)))


@each(1.5)
@jit
def erfinv(a: Flat, out: Flat) -> None:
    """The inverse of erf."""
    for i in range(out.size):
        write(out, i, curves.erfinv(read(a, i)))


@fused
def log_of_sum(x: Real, y: Real, unit: Real) -> Real:
    """log(exp(x * unit) + exp(y * unit)) / unit."""
    most = x if x > y else y
    gap = ZERO if x == y else -abs(x - y)  # equal infinities have no difference
    return most + curves.log1p_within(curves.exp(gap * unit)) / unit


@each(0.6)
@jit
def logaddexp(a: Flat, b: Flat, out: Flat) -> None:
    """log(exp(a) + exp(b))."""
    for i in range(out.size):
        write(out, i, log_of_sum(read(a, i), read(b, i), ONE))


@each(0.6)
@jit
def logaddexp2(a: Flat, b: Flat, out: Flat) -> None:
    """log2(2 ** a + 2 ** b)."""
    for i in range(out.size):
        write(out, i, log_of_sum(read(a, i), read(b, i), LN2))


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
