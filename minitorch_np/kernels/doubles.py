"""Functions of each float64 by the C library, in place: NumPy's own differ in the last bit."""

import math

from .compiler import Doubles, jit, rounded_once
from .compiler import build as build_all
from .shares import each


@each(15)
@jit
def exp(a: Doubles) -> None:
    """e to the power of each, infinite on overflow."""
    for i in range(a.size):
        a[i] = math.exp(a[i])


@each(15)
@jit
def log(a: Doubles) -> None:
    """The natural logarithm."""
    for i in range(a.size):
        a[i] = math.log(a[i])


@each(15)
@jit
def log1p(a: Doubles) -> None:
    """The logarithm of 1 + a."""
    for i in range(a.size):
        a[i] = math.log1p(a[i])


@each(15)
@jit
def tan(a: Doubles) -> None:
    """The tangent."""
    for i in range(a.size):
        a[i] = math.tan(a[i])


@each(0.5)
@jit
def multiply_add(a: Doubles, by: float, plus: float) -> None:
    """a * by + plus, rounded once: on a CPU that has no such instruction, by the C library."""
    for i in range(a.size):
        a[i] = rounded_once(a[i], by, plus)


def build() -> None:
    """Compile everything here."""
    build_all(globals())
