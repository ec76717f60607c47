"""Matrix products on ndarrays: `mm` and `bmm`, of float32, float64, half types and integers.

How a product runs at the speed of the arithmetic is told in four files, best read in this order:
`microkernel` (why a tile of C stays in registers), `packing` (how its operands come into the order
that it reads), `blocking` (why the loops around it are ordered as they are) and `dots` (what small
products do instead). Where the CPU has a matrix unit there is a faster way for large ones: `unit`
(how float32 is multiplied exactly by it), `splitting` and `united`.

Here is what stands between an ndarray and those loops: which of them fit a dtype, the scratch that
each thread packs into, and who shares the work. A call on small matrices costs less than a 16 x 16
product, so what can be decided once per dtype and thread is.
"""

import functools
import itertools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from . import family, threads
from .blocking import KC, MC_ROWS, NC, loops
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
from .microkernel import MAX_VECTORS
from .operands import (
    MISMATCH,
    PAGE,
    TILE,
    TOO_STRIDED,
    UNBUILT,
    UNIT_LOOPS,
)
from .united import ASK, SCRATCH_BYTES, united

Matrix = np.ndarray[tuple[int, ...], np.dtype[Any]]
Table = np.ndarray[tuple[int], np.dtype[np.int64]]
Operands = np.dtype[Any] | str
"""What is multiplied: a dtype, or LLVM's name of a half type, whose arrays come as uint16."""
Entry = Callable[..., int]
Work = tuple[Entry, int, int]
"""An entry, and what it is called with: the addresses of the loops and of this thread's table."""

ALONE = 2_000_000
"""Multiply-adds up to which one thread is fastest."""
UNIT = 1_000_000
"""Multiply-adds in the least work that is given to a thread."""
GRAIN = 64
"""Rows or columns that threads do not part."""
ALL = 2**63 - 1
"""More multiply-adds than any product takes."""

calls: int = 0
"""Products computed here since import."""


def mm_entry(
    a: Matrix, b: Matrix, c: Matrix, code: int, table: int, alpha: float, beta: float, most: int
) -> int:
    """`loops` for matrices: passes addresses and strides. MISMATCH if the shapes disagree."""
    m, n, k = c.shape[0], c.shape[1], a.shape[1]
    if a.shape[0] != m or b.shape[1] != n or b.shape[0] != k:
        return MISMATCH
    return call_int(
        code,
        (
            table, 1, m, n, k,
            a.ctypes.data, 0, a.strides[0], a.strides[1],
            b.ctypes.data, 0, b.strides[0], b.strides[1],
            c.ctypes.data, 0, c.strides[0], c.strides[1],
            c.ctypes.data, 0, c.strides[0], c.strides[1],
            alpha, beta, most,
        ),
    )  # fmt: skip


def added_entry(
    a: Matrix, b: Matrix, c: Matrix, code: int, table: int, alpha: float, beta: float, most: int,
    s: Matrix,
) -> int:  # fmt: skip
    """`mm_entry` with a start other than c: apart from it, for each array passed takes 0.1 us. It
    is a matrix, or one row for all.
    """
    m, n, k = c.shape[0], c.shape[1], a.shape[1]
    if a.shape[0] != m or b.shape[1] != n or b.shape[0] != k:
        return MISMATCH
    if s.shape[0] != (m if s.ndim == 2 else n) or s.shape[-1] != n:
        return MISMATCH
    return call_int(
        code,
        (
            table, 1, m, n, k,
            a.ctypes.data, 0, a.strides[0], a.strides[1],
            b.ctypes.data, 0, b.strides[0], b.strides[1],
            c.ctypes.data, 0, c.strides[0], c.strides[1],
            s.ctypes.data, 0, s.strides[0] * (s.ndim - 1), s.strides[-1],
            alpha, beta, most,
        ),
    )  # fmt: skip


def bmm_entry(
    a: Matrix, b: Matrix, c: Matrix, code: int, table: int, alpha: float, beta: float, most: int,
    s: Matrix,
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
            alpha, beta, most,
        ),
    )  # fmt: skip


def integer_entry(
    a: Matrix, b: Matrix, c: Matrix, _code: int, _table: int, alpha: float, beta: float, _most: int,
    s: Matrix,
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


HALVES = {"float16": "half", "bfloat16": "bfloat"}
"""LLVM's names of the half types. NumPy knows bfloat16 by its name only."""


@functools.cache
def entry_of(operands: Operands, kind: str) -> Entry:
    """The compiled function for operands of a dtype: for a `matrix` product, one `added` to a start
    of its own or `biased` by a row, or a `batch` of either. Raises: TypeError for a dtype that has
    none.
    """
    half = isinstance(operands, str)
    dtype = np.dtype(np.uint16) if half else operands
    real = half or (dtype.kind == "f" and dtype.itemsize in (4, 8))
    if not dtype.isnative or not (real or dtype.kind in "iu"):
        raise TypeError(f"no matrix product of {dtype}")
    if dtype.kind == "u" and not half:  # what wraps around has the same bits with a sign
        return entry_of(np.dtype(f"int{8 * dtype.itemsize}"), kind)
    if not real and kind != "batch":
        batched = entry_of(operands, "batch")

        def one(
            a: Matrix, b: Matrix, c: Matrix, code: int, table: int,
            alpha: float, beta: float, most: int, s: Matrix | None = None,
        ) -> int:  # fmt: skip
            start = c if s is None else np.broadcast_to(s, c.shape)
            return batched(a[None], b[None], c[None], code, table, alpha, beta, most, start[None])

        return one
    summed = np.dtype(np.float32) if half else dtype
    functions = {
        "matrix": mm_entry, "added": added_entry, "biased": added_entry, "batch": bmm_entry,
    }  # fmt: skip
    ndim = 3 if kind == "batch" else 2
    source = array_type(dtype, ndim, writable=False)
    start = array_type(summed, 1 if kind == "biased" else ndim, writable=False)
    result = array_type(summed, ndim, writable=True)
    number = float64 if real else int64
    types = [source, source, result, int64, int64, number, number, int64]
    if kind != "matrix":
        types.append(start)
    return entry_point(functions[kind] if real else integer_entry, *types)


@functools.cache
def loops_address() -> int:
    """Where the compiled `loops` are."""
    return c_function(loops, table_type, *[int64] * 20, float64, float64, int64)


@functools.cache
def united_address() -> int:
    """Where the compiled `united` is."""
    return c_function(united, table_type, *[int64] * 20, float64, float64, int64, int64)


@functools.cache
def unit_of(operands: Operands) -> tuple[int, ...]:
    """Where the matrix unit's kernels for operands of a dtype are."""
    return family.load_unit(operands if isinstance(operands, str) else "float", cache_folder())


@functools.cache
def kernels_of(operands: Operands) -> family.Kernels:
    """The kernels for operands of a dtype, kept beside numba's files between runs."""
    if isinstance(operands, str):
        return family.load(operands, cache_folder())
    return family.load("float" if operands.itemsize == 4 else "double", cache_folder())


def packed_step(kernels: family.Kernels) -> int:
    """Bytes from one step of a packed panel of A to the next."""
    return -(-kernels.rows // kernels.a_lanes) * kernels.a_lanes * kernels.itemsize


def scratch(kernels: family.Kernels) -> tuple[Matrix, Matrix]:
    """Room for a packed block of A, and of B. A transpose runs over the end by less than a square
    of lanes.
    """
    panel = MAX_VECTORS * kernels.lanes * kernels.itemsize
    a = MC_ROWS // kernels.rows * KC * packed_step(kernels) + kernels.lanes * panel
    b = (NC * kernels.itemsize + panel) * KC + kernels.lanes * panel
    return np.empty(a + PAGE, np.uint8), np.empty(b + PAGE, np.uint8)


class Ready(dict[Operands, Work]):
    """By dtype of the operands: the entry of a kind, and what it needs in this thread."""

    def __init__(self, kind: str, units: dict[Operands, list[int]]) -> None:
        super().__init__()
        self.kind, self.units = kind, units
        self.kept: list[Matrix] = []
        self.tables: dict[Operands, Table] = {}

    def __missing__(self, operands: Operands) -> Work:
        entry = entry_of(operands, self.kind)
        work = entry, 0, 0
        if isinstance(operands, str) or operands.kind not in "iu":
            work = entry, loops_address(), self.table(operands)
        self[operands] = work
        return work

    def table(self, operands: Operands) -> int:
        """Address of what `loops` read. It and its scratch live as long as this object."""
        k = kernels_of(operands)
        buffers = scratch(k)
        starts = [-(-buffer.ctypes.data // PAGE) * PAGE for buffer in buffers]
        shift = k.lanes.bit_length() - 1
        sizes = k.itemsize, k.source_size, k.lanes, shift, k.rows, k.vectors, k.a_lanes
        unit = k.parts, *self.units.get(operands, [0] * (TILE - UNIT_LOOPS))
        copies = *k.a_copies, *k.b_copies, k.dot, *k.dots
        table = np.array((*starts, *sizes, packed_step(k), *copies, *unit, *k.tile), np.int64)
        self.kept += [*buffers, table]
        self.tables[operands] = table
        return table.ctypes.data


class PerThread(threading.local):
    """What each thread owns, so that several may multiply at once."""

    def __init__(self) -> None:
        self.units: dict[Operands, list[int]] = {}
        """What the loops for the matrix unit need, by dtype, once they were needed."""
        self.matrix, self.batch = Ready("matrix", self.units), Ready("batch", self.units)
        self.added = {1: Ready("biased", self.units), 2: Ready("added", self.units)}
        """By the dimensions of the start."""
        self.room = np.empty(0, np.uint8)
        """What those loops pack into."""

    def add_unit(self, operands: Operands) -> None:
        """Lets products of a dtype use the matrix unit."""
        if not self.room.size:
            self.room = np.empty(SCRATCH_BYTES + PAGE, np.uint8)
        start = -(-self.room.ctypes.data // PAGE) * PAGE
        self.units[operands] = [united_address(), start, *unit_of(operands)]
        for ready in (self.matrix, *self.added.values(), self.batch):
            if operands in ready.tables:
                ready.tables[operands][UNIT_LOOPS:TILE] = self.units[operands]


_here = PerThread()


def mm(
    a: Matrix, b: Matrix, out: Matrix,
    alpha: float = 1.0, beta: float = 0.0, start: Matrix | None = None,
) -> None:  # fmt: skip
    """out = alpha * a @ b + beta * start: (M, K), (K, N), (M, N), with any strides but negative.

    `start` has out's dtype and shape, and may be expanded, or it is a row for each of out's; left
    out it is `out` itself. A beta of 0 ignores it. All are of one dtype, except that float16 and
    bfloat16 go into a float32 `out`. `out` must not overlap the operands. Integers wrap.
    Raises: ValueError if the shapes disagree, TypeError for other dtypes.
    """
    global calls
    calls += 1
    kind = a.dtype
    most = ALONE if threads.helps() else ALL
    if start is None:
        if b.dtype is not kind or out.dtype is not kind:
            kind, a, b = checked(a, b, out, out)
        entry, code, table = _here.matrix[kind]
        left = entry(a, b, out, code, table, alpha, beta, most)
    else:
        if not (kind is b.dtype and kind is out.dtype and kind is start.dtype):
            kind, a, b = checked(a, b, out, start)
        entry, code, table = _here.added[start.ndim][kind]
        left = entry(a, b, out, code, table, alpha, beta, most, start)
    if left:
        finish(left, kind, a, b, out, start, alpha, beta)


def bmm(
    a: Matrix, b: Matrix, out: Matrix,
    alpha: float = 1.0, beta: float = 0.0, start: Matrix | None = None,
) -> None:  # fmt: skip
    """out[i] = alpha * a[i] @ b[i] + beta * start[i]: (B or 1, M, K), (B or 1, K, N), (B, M, N).

    A batch stride of 0 repeats a matrix. See `mm` for the rest.
    """
    global calls
    calls += 1
    kind = a.dtype
    if start is None:
        start = out
    if not (kind is b.dtype and kind is out.dtype and kind is start.dtype):
        kind, a, b = checked(a, b, out, start)
    most = ALONE if threads.helps() else ALL
    entry, code, table = _here.batch[kind]
    left = entry(a, b, out, code, table, alpha, beta, most, start)
    if left:
        finish(left, kind, a, b, out, start, alpha, beta)


def checked(a: Matrix, b: Matrix, out: Matrix, start: Matrix) -> tuple[Operands, Matrix, Matrix]:
    """What is multiplied, and the operands as the entry takes them. It does not look at dtypes.

    Raises: TypeError where they differ.
    """
    half = HALVES.get(a.dtype.name)
    if a.dtype != b.dtype or out.dtype != start.dtype:
        raise TypeError(f"no matrix product of {a.dtype} and {b.dtype} from {start.dtype}")
    if out.dtype != (a.dtype if half is None else np.float32):
        raise TypeError(f"no matrix product of {a.dtype} into {out.dtype}")
    if half is None:
        return a.dtype, a, b
    return half, a.view(np.uint16), b.view(np.uint16)


def finish(
    left: int, kind: Operands, a: Matrix, b: Matrix, out: Matrix, start: Matrix | None,
    alpha: float, beta: float,
) -> None:  # fmt: skip
    """What an entry left undone: a product that threads can share, or one into an `out` that tiles
    cannot write.
    """
    if left == MISMATCH:
        raise ValueError(f"shapes {a.shape} and {b.shape} do not multiply into {out.shape}")
    start = out if start is None else np.broadcast_to(start, out.shape)
    into = np.empty(out.shape, out.dtype) if left == TOO_STRIDED else out

    def asked(a: Matrix, b: Matrix, place: Matrix, start: Matrix, way: int) -> int:
        entry, code, table = (_here.added[2] if place.ndim == 2 else _here.batch)[kind]
        left = entry(a, b, place, code, table, alpha, beta, way, start)
        if left != UNBUILT:
            return left
        _here.add_unit(kind)  # in this thread for the first time
        return entry(a, b, place, code, table, alpha, beta, way, start)

    if left == UNBUILT:
        _here.add_unit(kind)
        left = asked(a, b, into, start, ALONE if threads.helps() else ALL)
        if left == 0:
            return
    way = asked(a, b, into, start, ASK)  # of the whole, so that results do not depend on its parts

    def piece(a: Matrix, b: Matrix, start: Matrix) -> Callable[[Matrix], object]:
        return lambda place: asked(a, b, place, start, way)

    if left == TOO_STRIDED or threads.get_num_threads() == 1:
        piece(a, b, start)(into)
        if into is not out:
            out[...] = into
    else:
        count = max(1, min(left // UNIT, threads.PIECES * threads.get_num_threads()))
        parts = cut(a, b, into, start, count)
        threads.run([(piece(*operands), place) for *operands, place in parts])


def cut(
    a: Matrix, b: Matrix, out: Matrix, start: Matrix, count: int
) -> list[tuple[Matrix, Matrix, Matrix, Matrix]]:
    """A product in `count` parts or fewer: (a, b, start, out) each, cut across the batch or the
    longer side of out.

    At multiples of GRAIN, and none smaller than that: then each element is computed as it would be
    in the whole.
    """
    if out.ndim == 3 and out.shape[0] >= count:
        length, grain, axis = out.shape[0], 1, 0
    else:
        axis = out.ndim - (1 if out.shape[-1] >= out.shape[-2] else 2)
        length, grain = out.shape[axis], GRAIN
    grains = max(1, length // grain)
    edges = [i * grains // count * grain for i in range(count)] + [length]
    found: list[tuple[Matrix, Matrix, Matrix, Matrix]] = []
    for low, high in itertools.pairwise(edges):
        if low == high:
            continue
        here = (*[slice(None)] * axis, slice(low, high))
        left = a[here] if axis < out.ndim - 1 and a.shape[axis] == length else a
        right = b[here] if axis != out.ndim - 2 and b.shape[axis] == length else b
        found.append((left, right, start[here], out[here]))
    return found


def build() -> None:
    """Compiles all that `mm` and `bmm` can need."""
    integers = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
    for kind in (*HALVES.values(), *map(np.dtype, ("float32", "float64", *integers))):
        for ready in (_here.matrix, *_here.added.values(), _here.batch):
            _ = ready[kind]
        if kind in _here.matrix.tables and kernels_of(kind).parts > 0:
            _here.add_unit(kind)
