"""Arithmetic on arrays so small that entering a ufunc of NumPy's takes longer than the arithmetic.

A ufunc looks at the types of its arguments, at casts and at overlaps: 250 ns, where these take 50.
Results have the bits of NumPy's, for each is one operation, rounded once. They keep Python's lock:
letting go of it would take half of the time.
"""

# ruff: noqa: FURB136  # min and max would not keep nan

from .compiler import Numbers, held, read, write
from .compiler import build as build_all


@held
def add(a: Numbers, b: Numbers, out: Numbers) -> None:
    """a + b."""
    for i in range(out.size):
        write(out, i, read(a, i) + read(b, i))


@held
def subtract(a: Numbers, b: Numbers, out: Numbers) -> None:
    """a - b."""
    for i in range(out.size):
        write(out, i, read(a, i) - read(b, i))


@held
def multiply(a: Numbers, b: Numbers, out: Numbers) -> None:
    """a * b."""
    for i in range(out.size):
        write(out, i, read(a, i) * read(b, i))


@held
def divide(a: Numbers, b: Numbers, out: Numbers) -> None:
    """a / b."""
    for i in range(out.size):
        write(out, i, read(a, i) / read(b, i))


@held
def negative(a: Numbers, out: Numbers) -> None:
    """-a."""
    for i in range(out.size):
        write(out, i, -read(a, i))


@held
def relu(a: Numbers, out: Numbers) -> None:
    """max(a, 0), nan kept."""
    zero = out.dtype.type(0)
    for i in range(out.size):
        x = read(a, i)
        write(out, i, zero if x < zero else x)


def build() -> None:
    """Compile everything ahead of use."""
    build_all(globals())
