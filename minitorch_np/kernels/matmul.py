"""Matrix products on ndarrays: `mm` and `bmm`, of float32, float64, half types and integers.

Here is what stands between an ndarray and the compiled loops of `blocking`: which loops fit a
dtype, the scratch that each thread packs into, and who shares the work. A call on small matrices
costs less than the arithmetic of a 16 x 16 product, so what can be decided once per dtype and
thread is.
"""

import functools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from . import microkernel, threads
from .blocking import KC, MC_PANELS, MISMATCH, NC, PAGE, TOO_STRIDED, loops
from .compiler import (
    array_type,
    c_function,
    cache_folder,
    call_int,
    entry_point,
    float64,
    int64,
    table_type,
)

Matrix = np.ndarray[tuple[int, ...], np.dtype[Any]]
Table = np.ndarray[tuple[int], np.dtype[np.int64]]
Entry = Callable[[Matrix, Matrix, Matrix, Matrix, int, int, float, float, int, int], int]
Work = tuple[Entry, int, int]
"""An entry, and what it is called with: the addresses of the loops and of this thread's table."""

calls = 0
"""Products computed here since import."""


def mm_entry(
    a: Matrix, b: Matrix, c: Matrix, s: Matrix, code: int, table: int,
    alpha: float, beta: float, first: int, last: int,
) -> int:  # fmt: skip
    """`loops` for matrices: passes addresses and strides. MISMATCH if the shapes disagree."""
    m, n, k = c.shape[0], c.shape[1], a.shape[1]
    if a.shape[0] != m or b.shape[1] != n or b.shape[0] != k:
        return MISMATCH
    if s.shape[0] != m or s.shape[1] != n:
        return MISMATCH
    return call_int(
        code,
        (
            table, 1, m, n, k,
            a.ctypes.data, 0, a.strides[0], a.strides[1],
            b.ctypes.data, 0, b.strides[0], b.strides[1],
            c.ctypes.data, 0, c.strides[0], c.strides[1],
            s.ctypes.data, 0, s.strides[0], s.strides[1],
            alpha, beta, first, last,
        ),
    )  # fmt: skip


def bmm_entry(
    a: Matrix, b: Matrix, c: Matrix, s: Matrix, code: int, table: int,
    alpha: float, beta: float, first: int, last: int,
) -> int:  # fmt: skip
    """`loops` for batches, of which a or b may hold one matrix for all."""
    batch, m, n, k = c.shape[0], c.shape[1], c.shape[2], a.shape[2]
    if a.shape[1] != m or b.shape[2] != n or b.shape[1] != k:
        return MISMATCH
    if (a.shape[0] != 1 and a.shape[0] != batch) or (b.shape[0] != 1 and b.shape[0] != batch):
        return MISMATCH
    if s.shape[0] != batch or s.shape[1] != m or s.shape[2] != n:
        return MISMATCH
    a_batch = a.strides[0] if a.shape[0] != 1 else 0
    b_batch = b.strides[0] if b.shape[0] != 1 else 0
    return call_int(
        code,
        (
            table, batch, m, n, k,
            a.ctypes.data, a_batch, a.strides[1], a.strides[2],
            b.ctypes.data, b_batch, b.strides[1], b.strides[2],
            c.ctypes.data, c.strides[0], c.strides[1], c.strides[2],
            s.ctypes.data, s.strides[0], s.strides[1], s.strides[2],
            alpha, beta, first, last,
        ),
    )  # fmt: skip


def integer_entry(
    a: Matrix, b: Matrix, c: Matrix, s: Matrix, _code: int, _table: int,
    alpha: float, beta: float, _first: int, _last: int,
) -> int:  # fmt: skip
    """A batch of products in integers, which wrap around as in C; alpha and beta are int64."""
    batch, m, n, k = c.shape[0], c.shape[1], c.shape[2], a.shape[2]
    if a.shape[1] != m or b.shape[2] != n or b.shape[1] != k or s.shape != c.shape:
        return MISMATCH
    if (a.shape[0] != 1 and a.shape[0] != batch) or (b.shape[0] != 1 and b.shape[0] != batch):
        return MISMATCH
    for t in range(batch):
        ta, tb = t % a.shape[0], t % b.shape[0]
        for i in range(m):
            for j in range(n):
                c[t, i, j] = beta * s[t, i, j] if beta != 0 else 0
            for p in range(k):
                x = alpha * a[ta, i, p]
                for j in range(n):
                    c[t, i, j] += x * b[tb, p, j]
    return 0


def half_name(dtype: np.dtype[Any]) -> str | None:
    """LLVM's name of a half type. NumPy knows bfloat16 by its name only."""
    return {"float16": "half", "bfloat16": "bfloat"}.get(dtype.name)


@functools.cache
def entry_of(dtype: np.dtype[Any], ndim: int) -> Entry:
    """The compiled function for matrices (ndim 2) or batches (3) of operands of a dtype. Raises:
    TypeError for a dtype that has none.
    """
    half = half_name(dtype) is not None
    real = dtype.kind == "f" and dtype.itemsize in (4, 8)
    if not dtype.isnative or not (real or half or dtype.kind in "iu"):
        raise TypeError(f"no matrix product of {dtype}")
    if not (real or half) and ndim == 2:
        batched = entry_of(dtype, 3)

        def one(a: Matrix, b: Matrix, c: Matrix, s: Matrix, *rest: Any) -> int:
            return batched(a[None], b[None], c[None], s[None], *rest)

        return one
    stored, summed = (np.dtype("u2"), np.dtype("f4")) if half else (dtype, dtype)
    function = mm_entry if ndim == 2 else bmm_entry
    number = float64
    if not (real or half):
        function, number = integer_entry, int64
    source, start = (array_type(d, ndim, writable=False) for d in (stored, summed))
    result = array_type(summed, ndim, writable=True)
    rest = (int64, int64, number, number, int64, int64)
    return entry_point(function, source, source, result, start, *rest)


@functools.cache
def loops_address() -> int:
    """Where the compiled `loops` are."""
    return c_function(loops, table_type, *[int64] * 20, float64, float64, int64, int64)


@functools.cache
def kernels_of(dtype: np.dtype[Any]) -> microkernel.Kernels:
    """The kernels for operands of a dtype, kept beside numba's files between runs."""
    source = half_name(dtype) or ("float" if dtype.itemsize == 4 else "double")
    return microkernel.load(source, cache_folder())


def scratch(kernels: microkernel.Kernels) -> tuple[Matrix, Matrix]:
    """Room for a packed block of A, and of B. A transpose runs over the end by less than a square
    of lanes.
    """
    row = -(-kernels.rows // kernels.lanes) * kernels.lanes * kernels.itemsize
    panel = microkernel.MAX_VECTORS * kernels.lanes * kernels.itemsize
    a = (MC_PANELS * KC + kernels.lanes) * row
    b = (NC * kernels.itemsize + panel) * KC + kernels.lanes * panel
    return np.empty(a + PAGE, np.uint8), np.empty(b + PAGE, np.uint8)


class Ready(dict["np.dtype[Any]", Work]):
    """By dtype of the operands: the entry for ndim, and what it needs in this thread."""

    def __init__(self, ndim: int) -> None:
        super().__init__()
        self.ndim = ndim
        self.kept: list[Matrix] = []

    def __missing__(self, dtype: np.dtype[Any]) -> Work:
        entry = entry_of(dtype, self.ndim)
        work = entry, 0, 0
        if dtype.kind not in "iu":
            work = entry, loops_address(), self.table(kernels_of(dtype))
        self[dtype] = work
        return work

    def table(self, k: microkernel.Kernels) -> int:
        """Address of what `loops` read. It and its scratch live as long as this object."""
        buffers = scratch(k)
        starts = [-(-buffer.ctypes.data // PAGE) * PAGE for buffer in buffers]
        head = (*starts, k.itemsize, k.source_size, k.lanes, k.rows)
        table = np.array((*head, k.copy, k.transpose, k.gather, k.dot, k.dots, *k.tile), np.int64)
        self.kept += [*buffers, table]
        return table.ctypes.data


class PerThread(threading.local):
    """What each thread owns, so that several may multiply at once."""

    def __init__(self) -> None:
        self.matrix = Ready(2)
        self.batch = Ready(3)


_here = PerThread()


def mm(
    a: Matrix, b: Matrix, out: Matrix, *,
    alpha: float = 1.0, beta: float = 0.0, start: Matrix | None = None,
) -> None:  # fmt: skip
    """out = alpha * a @ b + beta * start: (M, K), (K, N), (M, N), with any strides but negative.

    `start` has out's shape and dtype, and may be expanded; left out it is `out` itself. A beta of 0
    ignores it. All are of one dtype, except that float16 and bfloat16 go into a float32 `out`.
    `out` must not overlap the operands. Integers wrap.
    Raises: ValueError if the shapes disagree, TypeError for other dtypes.
    """
    global calls
    calls += 1
    dtype = a.dtype
    if start is None:
        start = out
    if not (dtype is b.dtype and dtype is out.dtype and dtype is start.dtype):
        a, b = checked(a, b, out, start)
    entry, code, table = _here.matrix[dtype]
    left = entry(a, b, out, start, code, table, alpha, beta, 0, -1)
    if left:
        finish(left, dtype, a, b, out, start, alpha, beta)


def bmm(
    a: Matrix, b: Matrix, out: Matrix, *,
    alpha: float = 1.0, beta: float = 0.0, start: Matrix | None = None,
) -> None:  # fmt: skip
    """out[i] = alpha * a[i] @ b[i] + beta * start[i]: (B or 1, M, K), (B or 1, K, N), (B, M, N).

    A batch stride of 0 repeats a matrix. See `mm` for the rest.
    """
    global calls
    calls += 1
    dtype = a.dtype
    if start is None:
        start = out
    if not (dtype is b.dtype and dtype is out.dtype and dtype is start.dtype):
        a, b = checked(a, b, out, start)
    entry, code, table = _here.batch[dtype]
    left = entry(a, b, out, start, code, table, alpha, beta, 0, -1)
    if left:
        finish(left, dtype, a, b, out, start, alpha, beta)


def checked(a: Matrix, b: Matrix, out: Matrix, start: Matrix) -> tuple[Matrix, Matrix]:
    """The operands as the entry takes them: half types as uint16. It does not check types itself.

    Raises: TypeError where dtypes differ.
    """
    half = half_name(a.dtype) is not None
    if a.dtype != b.dtype or out.dtype != start.dtype:
        raise TypeError(f"no matrix product of {a.dtype} and {b.dtype} from {start.dtype}")
    if out.dtype != (np.float32 if half else a.dtype):
        raise TypeError(f"no matrix product of {a.dtype} into {out.dtype}")
    return (a.view(np.uint16), b.view(np.uint16)) if half else (a, b)


def finish(
    left: int, dtype: np.dtype[Any], a: Matrix, b: Matrix, out: Matrix, start: Matrix,
    alpha: float, beta: float,
) -> None:  # fmt: skip
    """What an entry left undone: a product that threads can share, or one into an `out` that tiles
    cannot write.
    """
    if left == MISMATCH:
        raise ValueError(f"shapes {a.shape} and {b.shape} do not multiply into {out.shape}")
    into = np.empty(out.shape, out.dtype) if left == TOO_STRIDED else out
    # no closure, which would hold itself, and with it the arrays until the next collection
    task = functools.partial(run_units, (a, b, into, start), dtype, (alpha, beta))
    if left == TOO_STRIDED:
        task(0, -1)
        out[...] = into
    else:
        threads.run(task, left)


def run_units(
    arrays: tuple[Matrix, Matrix, Matrix, Matrix], dtype: np.dtype[Any],
    factors: tuple[float, float], first: int, last: int,
) -> None:  # fmt: skip
    """The units [first, last) of a product, by the thread that calls; all of them for (0, -1)."""
    ready = _here.matrix if arrays[2].ndim == 2 else _here.batch
    entry, code, table = ready[dtype]
    again = entry(*arrays, code, table, *factors, first, last)
    if again > 0:
        threads.run(functools.partial(run_units, arrays, dtype, factors), again)


def build() -> None:
    """Compiles all that `mm` and `bmm` can need."""
    integers = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
    for name in ("float32", "float64", "float16", *integers):
        for ready in (_here.matrix, _here.batch):
            _ = ready[np.dtype(name)]
