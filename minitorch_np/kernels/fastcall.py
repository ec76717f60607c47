"""Compiled functions that Python calls as it calls C's: with an array of its arguments' addresses.

numba's own way in packs the arguments into a tuple, unpacks each by its type, and makes an object
of the result: 20 ns for each argument. A function here is given the addresses of objects and reads
what it needs from where CPython and NumPy have it. It holds Python's lock.

So it must know how objects lie in memory: there are no such functions for other Pythons, nor for
builds whose objects begin with more than a count of references and a type.
"""

import ctypes
import functools
import sys
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from .compiler import c_function, call_int, inlined, int64, peek, poke

__all__ = [
    "API", "COUNTING", "DATA", "DESCR", "DIMS", "NDIM", "POSSIBLE", "STRIDES", "TYPE", "WORD",
    "Words", "address", "build", "entered", "hold", "numpy_function", "words_of",
]  # fmt: skip

Words = list[int]
Entered = Callable[[int, int, int], int]
"""What is called: its words, as `words` finds them, the addresses of the arguments, their count."""

WORD = 8
POSSIBLE = (
    sys.implementation.name == "cpython"
    and object.__basicsize__ == 2 * WORD
    and ctypes.sizeof(ctypes.c_void_p) == WORD
)
TYPE = WORD
"""Where an object has its type, behind its count of references."""

DATA, NDIM, DIMS, STRIDES, DESCR = 2 * WORD, 3 * WORD, 4 * WORD, 5 * WORD, 7 * WORD
"""Where an ndarray has its fields: PyArrayObject_fields, numpy/ndarraytypes.h, the same since NumPy
1."""

API = cast(Any, ctypes.pythonapi)
COUNTING = sys.version_info < (3, 12)
"""Whether every object counts its references: None and others do not in later versions."""


@inlined
def hold(value: int, call: int) -> int:
    """The object, with a reference more; by a `call` of Py_IncRef, where that is not 0."""
    if call == 0:
        poke(value, 0, peek(value, 0) + 1)
    else:
        _ = call_int(call, (value,))
    return value


class _Method(ctypes.Structure):
    """PyMethodDef, Include/methodobject.h."""

    _fields_ = (
        ("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )  # fmt: skip


_FASTCALL = 0x80
_new = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)(
    ("PyCFunction_NewEx", API)
)
_capsule = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", API)
)


def address(function: object) -> int:
    """Where a function of Python's own interface for C is."""
    return ctypes.cast(cast(Any, function), ctypes.c_void_p).value or 0


def numpy_function(index: int) -> int:
    """Where a function of NumPy's is, by its place in the table that extensions use: they are
    compiled with these numbers, so they stay. Source: numpy/__multiarray_api.h.
    """
    table = _capsule(cast(Any, np)._core._multiarray_umath._ARRAY_API, None)
    return int(ctypes.c_int64.from_address(table + WORD * index).value)


@functools.cache
def build(function: Entered) -> _Method:
    """What Python must know of a function, which is compiled now."""
    name = function.__name__.encode()
    return _Method(name, c_function(function, int64, int64, int64), _FASTCALL, None)


def entered(function: Entered, words: Words) -> Callable[..., Any]:
    """A function for Python that calls a compiled one with these words, which are its `__self__`.

    It is given the address of an ndarray of them, for that is what Python hands on.
    """
    return _new(ctypes.byref(build(function)), np.array(words, np.int64), None)


def words_of(function: Callable[..., Any]) -> Any:  # noqa: ANN401  # NumPy's array of int64
    """The words that an `entered` function calls with."""
    return cast(Any, function).__self__
