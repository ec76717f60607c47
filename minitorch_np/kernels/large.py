"""Which arrays compiled loops walk, and which are left to NumPy.

Loops take float32 alone, in one piece of memory, many elements of it: small tensors gain nothing
from them, and a program that has no others never loads numba.
"""

import math
from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import kernels

__all__ = ["MANY", "beside", "compiled", "dense", "folded", "loop", "walked"]

Array = NDArray[Any]

Kernel = (
    Callable[[Array, Array], object]
    | Callable[[Array, Array, Array], object]
    | Callable[[Array, Array, Array, Array], object]
)
"""Takes the inputs and, last, the array to write."""

MANY = 4096
"""Elements from which a compiled loop is faster than NumPy, its longer way to start included."""

FLOAT, BOOL = np.dtype(np.float32), np.dtype(np.bool_)


def loop(name: str) -> Callable[..., Any]:
    """The compiled function `module.function`, whose module is loaded when first asked for."""
    found = _found.get(name)
    if found is None:
        module, _, function = name.partition(".")
        found = _found[name] = getattr(getattr(kernels, module), function)
    return found


_found: dict[str, Callable[..., Any]] = {}


def dense(a: Array) -> bool:
    """Whether loops can walk an array: many float32 in C order."""
    return a.size >= MANY and a.dtype == FLOAT and a.flags.carray


def walked(arrays: tuple[Array, ...], ones: int = 0) -> list[Array] | None:
    """The arrays as flat ones that loops can walk together, or None where they cannot.

    All are float32, the last one perhaps bool, of one shape, and in the same order, C's or
    Fortran's, without gaps. The first `ones` may have one element for all.
    """
    out = arrays[-1]
    if out.size < MANY:
        return None
    turned = not out.flags.c_contiguous
    flat: list[Array] = []
    for k, a in enumerate(arrays):
        if k < ones and a.size == 1 and a.dtype == FLOAT:
            flat.append(a.reshape(-1))
            continue
        if not isinstance(a, np.ndarray) or a.shape != out.shape or a.dtype != FLOAT:  # pyright: ignore[reportUnnecessaryIsInstance]  # numbers pass as well
            if k < len(arrays) - 1 or a.dtype != BOOL:
                return None
        whole = a.T if turned else a
        if not whole.flags.carray:
            return None
        flat.append(whole.reshape(-1))
    return flat


def folded(a: Array, axes: tuple[int, ...]) -> tuple[int, int, int] | None:
    """(outer, n, inner), the sizes before, of and after neighbouring `axes`, of an array that loops
    can fold, row by row (inner is 1) or `COLUMNS` and more side by side; else None."""
    if not axes or not dense(a):
        return None
    first, last = min(axes), max(axes)
    if last - first + 1 != len(axes):
        return None
    outer, inner = math.prod(a.shape[:first]), math.prod(a.shape[last + 1 :])
    n = a.size // (outer * inner)
    return (outer, n, inner) if n >= ROW and (inner == 1 or inner >= COLUMNS) else None


COLUMNS = 16
"""Columns from which they are folded side by side."""
ROW = 16
"""Elements from which a row is folded by a loop of its own."""


def beside(f: np.ufunc, kind: int) -> Callable[[Array, Array, Array], None]:
    """`f` of arrays of different shapes: by a compiled loop, where the second is one row or one
    column for all. `kind` is the loop's name for `f`."""

    def kernel(a: Array, b: Array, out: Array) -> None:
        name = None
        if out.size >= MANY and a.shape == out.shape and b.dtype == FLOAT and b.flags.carray:
            n = out.shape[-1]
            if b.size == n == b.shape[-1]:
                name = "broadcast.row"
            elif b.ndim == out.ndim and b.shape == (*out.shape[:-1], 1):
                name = "broadcast.column"
        if name is None or not (dense(a) and dense(out)):
            f(a, b, out=out)
        else:
            loop(name)(a.reshape(-1), b.reshape(-1), out.reshape(-1), kind)

    return kernel


def compiled(
    name: str, otherwise: Kernel, *numbers: float | np.generic, ones: int = 0
) -> Callable[..., None]:
    """A kernel that runs the loop `name` with `numbers` where it can, and `otherwise` elsewhere.

    The first `ones` arrays may have one element for all.
    """

    run = cast(Callable[..., object], otherwise)

    def kernel(*arrays: Array) -> None:
        flat = walked(arrays, ones) if arrays[-1].size >= MANY else None
        if flat is None:
            run(*arrays)
        else:
            loop(name)(*flat, *[np.float32(n) for n in numbers])

    return kernel
