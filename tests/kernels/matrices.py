"""Matrices that lie in memory in all ways, what their product may be, and how programs are run."""

import os
import subprocess
import sys
from collections.abc import Callable

import ml_dtypes
import numpy as np

DType = str | np.dtype
Make = Callable[[tuple[int, ...], DType, np.random.Generator], np.ndarray]


def normal(shape: tuple[int, ...], dtype: DType, random: np.random.Generator) -> np.ndarray:
    return random.standard_normal(shape).astype(dtype)


def transposed(shape: tuple[int, ...], dtype: DType, random: np.random.Generator) -> np.ndarray:
    return normal((*shape[:-2], shape[-1], shape[-2]), dtype, random).swapaxes(-1, -2)


def embedded(shape: tuple[int, ...], dtype: DType, random: np.random.Generator) -> np.ndarray:
    """A slice whose every neighbour is NaN, so that a read outside it shows."""
    whole = np.full((*shape[:-2], shape[-2] * 2 + 1, shape[-1] + 7), np.nan, dtype)
    view = whole[..., 1::2, 3:-4]
    view[...] = normal(shape, dtype, random)
    return view


def stepped(shape: tuple[int, ...], dtype: DType, random: np.random.Generator) -> np.ndarray:
    """No dimension is contiguous."""
    whole = np.full((*shape[:-2], shape[-2] * 2, shape[-1] * 3), np.nan, dtype)
    view = whole[..., ::2, ::3]
    view[...] = normal(shape, dtype, random)
    return view


def equal_rows(shape: tuple[int, ...], dtype: DType, random: np.random.Generator) -> np.ndarray:
    return np.broadcast_to(normal((1, shape[-1]), dtype, random), shape)


def equal_columns(shape: tuple[int, ...], dtype: DType, random: np.random.Generator) -> np.ndarray:
    return np.broadcast_to(normal((shape[-2], 1), dtype, random), shape)


def constant(shape: tuple[int, ...], dtype: DType, random: np.random.Generator) -> np.ndarray:
    return np.broadcast_to(normal((), dtype, random), shape)


def unaligned(shape: tuple[int, ...], dtype: DType, random: np.random.Generator) -> np.ndarray:
    data = b"x" + normal(shape, dtype, random).tobytes()
    return np.frombuffer(data, dtype, offset=1).reshape(shape)


SOURCES: list[Make] = [
    normal,
    transposed,
    embedded,
    stepped,
    equal_rows,
    equal_columns,
    constant,
    unaligned,
]
RESULTS: list[Make] = [normal, transposed, embedded, stepped]

HALVES = (np.dtype("float16"), np.dtype(ml_dtypes.bfloat16))

STARTS: dict[str, Callable[[int, int], tuple[tuple[int, int], tuple[int, int]]]] = {
    "row": lambda m, n: ((1, n), (0, 1)),
    "column": lambda m, n: ((m, 1), (1, 0)),
    "number": lambda m, n: ((1, 1), (0, 0)),
    "matrix": lambda m, n: ((m, n), (n, 1)),
    "columns": lambda m, n: ((m, n), (1, m)),
    "stepped": lambda m, n: ((m, 3 * n), (3 * n, 3)),
}
"""How a start of shape (m, n) lies in memory: the shape of that, and strides in elements."""


def assert_product(
    out: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    *,
    alpha: float = 1.0,
    added: np.ndarray | None = None,
) -> None:
    """|error| <= (K + 3) u (|alpha| |A| |B| + |C|), the bound for sums in any order (Higham,
    section 3.5).
    """
    exact = alpha * np.matmul(a.astype("f8"), b.astype("f8"))
    size = abs(alpha) * np.matmul(abs(a).astype("f8"), abs(b).astype("f8"))
    if added is not None:
        exact, size = exact + added, size + abs(added.astype("f8"))
    # float64 is judged by itself: NumPy's own product may be as far off as ours
    steps = a.shape[-1] + 3 if out.dtype == np.float32 else 2 * a.shape[-1] + 6
    error = np.abs(out - exact)
    bound = steps * np.finfo(out.dtype).eps / 2 * size + np.finfo(out.dtype).tiny
    assert out.shape == exact.shape
    assert not np.isnan(out).any()
    assert (error <= bound).all(), (error / bound).max()


def python(code: str, *arguments: str, **environment: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.strip()


GUARD = """
import ctypes, mmap
import numpy as np

page = mmap.PAGESIZE
libc = ctypes.CDLL(None, use_errno=True)
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]

def guarded(values):
    memory = mmap.mmap(-1, 65 * page)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    assert libc.mprotect(start + 64 * page, page, 0) == 0
    end = np.frombuffer(memory, values.dtype, 64 * page // values.itemsize)[-values.size:]
    turned = values.flags.f_contiguous
    view = end.reshape(values.shape[::-1]).T if turned else end.reshape(values.shape)
    view[...] = values
    return view
"""
"""A program's `guarded`: an array that ends where a page that may not be touched begins."""
