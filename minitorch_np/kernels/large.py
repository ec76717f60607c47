"""Which arrays compiled loops walk, and which are left to NumPy.

Loops take float32 alone, in one piece of memory, many elements of it: small tensors gain nothing
from them, and a program that has no others never loads numba.
"""

import functools
import math
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
from numpy.lib.introspect import opt_func_info
from numpy.typing import NDArray

from minitorch_np import kernels
from minitorch_np.kernels import threads
from minitorch_np.kernels.shares import pointwise, sharing
from minitorch_np.quiet import quietly

__all__ = [
    "MANY", "Beside", "Compiled", "Vectors", "dense", "fold", "folded", "in_doubles", "kept",
    "loop", "of_flat", "one_by_one", "walked",
]  # fmt: skip

Array = NDArray[Any]
P = ParamSpec("P")
R = TypeVar("R")

Kernel = (
    Callable[[Array, Array], object]
    | Callable[[Array, Array, Array], object]
    | Callable[[Array, Array, Array, Array], object]
)
"""Takes the inputs and, last, the array to write."""

MANY = 4096
"""Elements from which a compiled loop is faster than NumPy, its longer way to start included."""

SHORT = 16
"""Elements of a row, or a matrix, up to which many are walked side by side: a loop takes longer to
start than to walk so few."""

FLOAT, BOOL = np.dtype(np.float32), np.dtype(np.bool_)


def loop(name: str, dtype: np.dtype[Any] | None = None) -> Callable[..., Any]:
    """The compiled function `module.function`, whose module is loaded when first asked for, and
    which shares its work between threads; `dtype` is that of its arrays, if it takes several.

    It takes arrays of any shape as if they were flat, so nothing may lie between their elements.
    Neither that nor their dtypes are looked at.
    """
    key = name if dtype is None else (name, dtype)
    found = _found.get(key)
    if found is None:
        module, _, function = name.partition(".")
        marked = getattr(getattr(kernels, module), function)
        found = _found[key] = sharing(marked, kernels.compiler.straight(marked, dtype))
    return found


_found: dict[str | tuple[str, np.dtype[Any]], Callable[..., Any]] = {}
threads.forgetting.append(_found)


def dense(a: Array) -> bool:
    """Whether loops can walk an array: many float32 in C order."""
    return a.size >= MANY and a.dtype == FLOAT and a.flags.carray


def walked(arrays: tuple[Array, ...], ones: int = 0) -> list[Array] | None:
    """The arrays as loops can walk them together, element by element, or None where they cannot.

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
            flat.append(a)
            continue
        if not isinstance(a, np.ndarray) or a.shape != out.shape or a.dtype != FLOAT:  # pyright: ignore[reportUnnecessaryIsInstance]  # numbers pass as well
            if k < len(arrays) - 1 or a.dtype != BOOL:
                return None
        whole = a.T if turned else a
        if not whole.flags.carray:
            return None
        flat.append(whole)
    return flat


def folded(a: Array, axes: tuple[int, ...]) -> tuple[int, int, int] | None:
    """(outer, n, inner), the sizes before, of and after neighbouring `axes`, of an array that loops
    can fold: row by row where inner is 1, else all columns side by side. None for another."""
    return fold(a.shape, axes) if dense(a) else None


def fold(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, int, int] | None:
    """`folded`, by the shape of an array that is not empty."""
    if not axes:
        return None
    first, last = min(axes), max(axes)
    if last - first + 1 != len(axes):
        return None
    outer, inner = math.prod(shape[:first]), math.prod(shape[last + 1 :])
    return outer, math.prod(shape) // (outer * inner), inner


class Beside:
    """`f` of arrays of different shapes: by a compiled loop, where the second is one row or one
    column for all. `kind` is the loop's name for `f`."""

    __slots__ = ("f", "kind")

    def __init__(self, f: np.ufunc, kind: int) -> None:
        self.f, self.kind = f, kind

    def __call__(self, a: Array, b: Array, out: Array) -> None:
        """Write `out`."""
        if not (dense(out) and a.dtype == b.dtype == FLOAT and self.walk(a, b, out)):
            pointwise(self.f, (a, b), out)

    def walk(self, a: Array, b: Array, out: Array) -> bool:
        """Whether the loop wrote `out`; all have its dtype, float32 or a half type."""
        if a.shape != out.shape or not (a.flags.carray and b.flags.carray and out.flags.carray):
            return False
        n = out.shape[-1]
        if b.size == n == b.shape[-1]:
            name = "broadcast.row"
        elif b.ndim == out.ndim and b.shape == (*out.shape[:-1], 1):
            name = "broadcast.column"
        else:
            return False
        loop(name, None if out.dtype == FLOAT else out.dtype)(a, b, out, self.kind)
        return True


class Compiled:
    """A kernel that runs the loop `name` with numbers where it can, and `otherwise` elsewhere."""

    __slots__ = ("alike", "name", "numbers", "ones", "otherwise")

    def __init__(
        self,
        name: str,
        otherwise: Kernel,
        *numbers: float | np.generic,
        ones: int = 0,
        alike: bool = False,
    ) -> None:
        """The first `ones` arrays may have one element for all. `alike` says that both ways have
        the same bits: then once compiled code is loaded, `walk` takes the loop for few elements."""
        self.alike = alike
        self.name = name
        self.otherwise = cast(Callable[..., object], otherwise)
        self.numbers = tuple([quietly(FLOAT.type, n) for n in numbers])
        self.ones = ones

    def __call__(self, *arrays: Array) -> None:
        """Write the last of the arrays."""
        flat = walked(arrays, self.ones) if arrays[-1].size >= MANY else None
        if flat is None:
            if isinstance(self.otherwise, np.ufunc):
                pointwise(self.otherwise, arrays[:-1], arrays[-1])
            else:
                self.otherwise(*arrays)
        else:
            loop(self.name)(*flat, *self.numbers)

    def walk(self, inputs: Sequence[Array], out: Array) -> bool:
        """Whether the loop wrote `out`; all are in C order, of one shape, and float32, or `out` of
        bools. That is known from forms, and `walked` takes longer than a loop over a few pages."""
        if out.size < MANY and (kernels.waiting or not self.alike):
            return False
        for a in inputs:
            if not a.flags.carray:  # read-only, or not aligned
                return False
        (_found.get(self.name) or loop(self.name))(*inputs, out, *self.numbers)
        return True


@functools.cache
def one_by_one(f: np.ufunc) -> bool:
    """Whether NumPy calls the C library for each float32, where `f` is of the functions that it has
    in vectors for AVX-512 on Linux alone."""
    if os.environ.get("MINITORCH_NP_CPU") and not kernels.cpu.has("avx512f"):
        return True
    found = opt_func_info(func_name=f"^{f.__name__}$", signature="float32")
    targets = [kind["current"] for kind in found.get(f.__name__, {}).values()]
    return sys.platform != "linux" or all(target.startswith("baseline") for target in targets)


class Vectors(Compiled):
    """`Compiled` where NumPy's `otherwise` goes `one_by_one`; elsewhere that has vectors, too."""

    __slots__ = ()

    def __call__(self, *arrays: Array) -> None:
        """Write the last of the arrays."""
        f = cast(np.ufunc, self.otherwise)
        if arrays[-1].size < MANY:
            f(*arrays)
        elif one_by_one(f):
            super().__call__(*arrays)
        else:
            pointwise(f, arrays[:-1], arrays[-1])

    def walk(self, inputs: Sequence[Array], out: Array) -> bool:
        """Whether the loop wrote `out`."""
        if out.size < MANY or not one_by_one(cast(np.ufunc, self.otherwise)):
            return False
        return super().walk(inputs, out)


def kept(make: Callable[P, R]) -> Callable[P, R]:
    """A maker of kernels that is asked once for equal numbers and dtypes, of which 0.0 and -0.0 are
    two, but 1 and 1.0 are one. It keeps a bounded number."""
    known: dict[object, R] = {}

    def kernel(*args: P.args, **kwargs: P.kwargs) -> R:
        assert not kwargs
        key = args
        if 0 in args:
            key = (*args, *[math.copysign(1, cast(float, x)) for x in args if x == 0])
        found = known.get(key)
        if found is None:
            if len(known) >= _MOST:
                known.clear()
            found = known[key] = make(*args, **kwargs)
        return found

    return kernel


_MOST = 1000


def in_doubles(name: str, *numbers: float) -> Callable[..., None]:
    """A kernel that runs the loop `name`, with numbers, on all elements in float64, and rounds."""
    return of_flat(name, np.dtype(np.float64), *numbers)


def of_flat(name: str, dtype: np.dtype[Any] | None, *numbers: float) -> Callable[..., None]:
    """A kernel that runs the loop `name`, with numbers, on arrays of a dtype, by default that of
    the array to write."""

    def kernel(*arrays: Array) -> None:
        out = arrays[-1]
        kind = dtype or out.dtype
        own = [np.asarray(a, out.dtype) for a in arrays[:-1]]  # a number may be infinite in it
        given = [np.ascontiguousarray(np.broadcast_to(a, out.shape), kind) for a in own]
        values = np.empty(out.shape, kind)
        loop(name, None if dtype else kind)(*given, values, *numbers)
        np.copyto(out, values, casting="unsafe")

    return kernel
