"""Functions of each float32 that NumPy has in vectors on few CPUs, in loops that are vectorised on
all.

Every loop may work in place.
"""

import math

import numpy as np

from . import curves, wide
from .compiler import Flat, jit, read, write
from .compiler import build as build_all
from .shares import each


@each(0.5)
@jit
def exp2(a: Flat, out: Flat) -> None:
    """2 to the power of a."""
    for i in range(out.size):
        write(out, i, curves.exp2(read(a, i)))


@each(1.2)
@jit
def expm1(a: Flat, out: Flat) -> None:
    """exp(a) - 1."""
    for i in range(out.size):
        write(out, i, wide.expm1(read(a, i)))


@each(0.8)
@jit
def log2(a: Flat, out: Flat) -> None:
    """The logarithm to base 2."""
    for i in range(out.size):
        write(out, i, curves.log2(read(a, i)))


@each(0.9)
@jit
def log10(a: Flat, out: Flat) -> None:
    """The logarithm to base 10."""
    for i in range(out.size):
        write(out, i, curves.log10(read(a, i)))


@each(1.5)
@jit
def log1p(a: Flat, out: Flat) -> None:
    """log(1 + a)."""
    for i in range(out.size):
        write(out, i, wide.log1p(read(a, i)))


@each(1.8)
@jit
def sinh(a: Flat, out: Flat) -> None:
    """The hyperbolic sine."""
    for i in range(out.size):
        write(out, i, wide.sinh(read(a, i)))


@each(1.5)
@jit
def cosh(a: Flat, out: Flat) -> None:
    """The hyperbolic cosine."""
    for i in range(out.size):
        write(out, i, wide.cosh(read(a, i)))


@each(3.5)
@jit
def asinh(a: Flat, out: Flat) -> None:
    """The inverse of the hyperbolic sine."""
    for i in range(out.size):
        write(out, i, wide.asinh(read(a, i)))


@each(2.5)
@jit
def acosh(a: Flat, out: Flat) -> None:
    """The inverse of the hyperbolic cosine."""
    for i in range(out.size):
        write(out, i, wide.acosh(read(a, i)))


@each(2.5)
@jit
def atanh(a: Flat, out: Flat) -> None:
    """The inverse of the hyperbolic tangent."""
    for i in range(out.size):
        write(out, i, wide.atanh(read(a, i)))


@each(1.4)
@jit
def asin(a: Flat, out: Flat) -> None:
    """The inverse of the sine."""
    for i in range(out.size):
        write(out, i, wide.asin(read(a, i)))


@each(1.3)
@jit
def acos(a: Flat, out: Flat) -> None:
    """The inverse of the cosine."""
    for i in range(out.size):
        write(out, i, wide.acos(read(a, i)))


@each(1.8)
@jit
def atan(a: Flat, out: Flat) -> None:
    """The inverse of the tangent."""
    for i in range(out.size):
        write(out, i, wide.atan(read(a, i)))


@each(2.5)
@jit
def atan2(a: Flat, b: Flat, out: Flat) -> None:
    """The angle of the point (b, a)."""
    for i in range(out.size):
        write(out, i, wide.atan2(read(a, i), read(b, i)))


@each(1.3)
@jit
def tan(a: Flat, out: Flat) -> None:
    """The tangent; by the C library where that is far away.

    Only where there are such elements is each looked at, for that is no loop for vectors.
    """
    far = False
    for i in range(a.size):
        far |= abs(a[i]) > wide.FAR
    if far:
        for i in range(a.size):
            x = a[i]
            if abs(x) > wide.FAR:
                out[i] = math.tan(np.float64(x))
            else:
                out[i] = wide.tan(x)
    else:
        for i in range(out.size):
            write(out, i, wide.tan(read(a, i)))


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
