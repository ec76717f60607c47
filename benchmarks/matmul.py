"""Matrix products beside NumPy's OpenBLAS and PyTorch's MKL, and beside what the CPU can do at all.

    python -m benchmarks matmul

All candidates run on one thread, on the same operands, and write into a result that exists. GFLOP/s
counts a multiply-add as two. The peak is that of a loop which only multiplies and adds registers.
"""

import ctypes
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

import ml_dtypes
import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.timing import OURS, Row, Timing, take_turns
from minitorch_np import kernels
from minitorch_np.kernels import compiler, emitter

try:
    import torch as _torch
except ImportError:
    _torch = None
torch: Any = _torch
bfloat16: Any = cast(Any, ml_dtypes).bfloat16

SUITE = "matmul"
OPENBLAS, MKL = "OpenBLAS", "MKL"
Array = np.ndarray[tuple[int, ...], np.dtype[Any]]


class Case(NamedTuple):
    """(M, K) times (K, N), `batch` times; `layout` has a letter for each operand.

    n lies row by row, t is a transposed view, s has a step in both dimensions.
    """

    name: str
    m: int
    k: int
    n: int
    layout: str = "nn"
    batch: int = 0


SQUARES = [Case(f"square {n}", n, n, n) for n in (4, 16, 32, 64, 128, 256, 512, 1024, 2048)]
VECTORS = [
    Case("row times matrix", 1, 784, 256),
    Case("row times matrix.T", 1, 784, 256, "nt"),
    Case("matrix times column", 256, 784, 1),
    Case("matrix.T times column", 256, 784, 1, "tn"),
    Case("outer", 256, 1, 784),
]
OTHERS = [
    Case("batch of 64 squares of 16", 16, 16, 16, batch=64),
    Case("batch of 32 x 64 x 64, transposed", 64, 32, 64, "nt", batch=32),
    Case("square 256, steps in both", 256, 256, 256, "ss"),
    Case("64 x 784 -> 256, steps in both", 64, 784, 256, "sn"),
]
HALVES = [Case("square 64", 64, 64, 64), Case("64 x 784 -> 256 forward", 64, 784, 256, "nt")]


def layer(batch: int, inputs: int, outputs: int) -> list[Case]:
    """The three products of a Linear layer: forward, and both gradients."""
    name = f"{batch} x {inputs} -> {outputs}"
    return [
        Case(f"{name} forward", batch, inputs, outputs, "nt"),
        Case(f"{name} d weight", outputs, batch, inputs, "tn"),
        Case(f"{name} d input", batch, outputs, inputs),
    ]


LAYERS = [
    case
    for batch in (64, 128, 512)
    for inputs, outputs in ((784, 256), (256, 128), (128, 10))
    for case in layer(batch, inputs, outputs)
]


def aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Zeros that start at a cache line. NumPy's own start 16 bytes after one, or anywhere: then
    each vector of 64 bytes lies on two lines, and luck would decide who wins.
    """
    size = int(np.prod(shape)) * dtype.itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype).reshape(shape)


def operand(
    random: np.random.Generator, shape: tuple[int, ...], layout: str, dtype: np.dtype[Any]
) -> Array:
    """Normal numbers, laid out as a letter of `Case.layout` says."""
    *batch, rows, columns = shape
    if layout == "t":
        view = aligned((*batch, columns, rows), dtype).swapaxes(-1, -2)
    elif layout == "s":
        view = aligned((*batch, rows * 2, columns * 2), dtype)[..., ::2, ::2]
    else:
        view = aligned(shape, dtype)
    view[...] = random.standard_normal(shape).astype(dtype)
    return view


def as_tensor(array: Array) -> Any:
    """PyTorch's tensor on the same memory; bfloat16 crosses as int16."""
    assert torch is not None
    if array.dtype == bfloat16:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def row(case: Case, dtype: Any, seconds: float, peak: float) -> Row:
    """One case in one dtype. Half types have no OpenBLAS."""
    random, dtype = np.random.default_rng(0), np.dtype(dtype)
    batch = (case.batch,) if case.batch else ()
    a = operand(random, (*batch, case.m, case.k), case.layout[0], dtype)
    b = operand(random, (*batch, case.k, case.n), case.layout[1], dtype)
    shape = (*batch, case.m, case.n)
    outs = [aligned(shape, dtype) for _ in range(3)]
    multiply = kernels.bmm if batch else kernels.mm
    runs: dict[str, Callable[[], object]] = {OURS: lambda: multiply(a, b, outs[0])}
    half = dtype.itemsize == 2
    if half:  # summed in float32, rounded once
        wide = aligned(shape, np.dtype(np.float32))
        runs[OURS] = lambda: (multiply(a, b, wide), np.copyto(outs[0], wide, casting="unsafe"))
    else:
        runs[OPENBLAS] = lambda: np.matmul(a, b, out=outs[1])
    if torch is not None and torch.backends.mkl.is_available():
        x, y, z = (as_tensor(t) for t in (a, b, outs[2]))
        product = torch.bmm if batch else torch.mm
        runs["PyTorch" if half else MKL] = lambda: product(x, y, out=z)
    times = take_turns(runs, seconds, least=3)
    matrices = max(case.batch, 1)
    flop = 2.0 * matrices * case.m * case.n * case.k
    elements = matrices * (case.m * case.k + case.k * case.n + case.m * case.n)
    reached = flop / times[OURS].best
    facts: dict[str, float | str] = {"GFLOP/s": round(reached / 1e9, 1)}
    if peak:
        facts["% of FMA peak"] = round(100 * reached / peak, 1)
    return Row(
        SUITE, f"{case.name}, {dtype.name}", times, flop, dtype.itemsize * elements,
        targets=targets(case, half), facts=facts,
    )  # fmt: skip


def targets(case: Case, half: bool) -> dict[str, float]:
    """No shape of 32 columns or more, and none of the layers, may be far behind OpenBLAS."""
    if half or (case.n < 32 and case.n != 10):
        return {}
    return {OPENBLAS: 1.0 if case.n == 10 else 1 / 0.95}


def peak_of(element: str, seconds: float = 0.05) -> float:
    """FLOP/s of multiply-adds on registers: 16 independent sums, so that no latency shows."""
    machine = emitter.host_machine()
    size = 4 if element == "float" else 8
    sums, steps = 16 if machine.rows > 6 else 12, 50_000

    def text() -> str:
        e = emitter.Emitter(element, machine.vector_bytes // size)
        e.label("entry")
        first = e.let(f"load {e.vector}, ptr %c, align 1")
        e.do("br label %loop")
        e.label("loop")
        e.do("%i = phi i64 [0, %entry], [%i1, %loop]")
        for s in range(sums):
            e.do(f"%s{s} = phi {e.vector} [{first}, %entry], [%t{s}, %loop]")
        for s in range(sums):
            e.do(
                f"%t{s} = call {e.vector} @llvm.fmuladd.{e.suffix}"
                f"({e.vector} {first}, {e.vector} {first}, {e.vector} %s{s})"
            )
        e.do("%i1 = add i64 %i, 1")
        e.do("%more = icmp slt i64 %i1, %k")
        e.do("br i1 %more, label %loop, label %end")
        e.label("end")
        for s in range(sums):
            e.store(f"%t{s}", e.at("%c", s * machine.vector_bytes))
        head = emitter.declarations({machine.vector_bytes // size}, (element,))
        return head + "\n" + e.function("peak", "i64 %k, ptr %c")

    address = compiler.loaded(f"{element}-peak", text, None)
    call = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_void_p)(address(f"{element}_peak"))
    room = np.zeros(sums * machine.vector_bytes, np.uint8)
    at = room.ctypes.data
    best = take_turns({OURS: lambda: call(steps, at)}, seconds)[OURS].best
    return 2.0 * sums * steps * (machine.vector_bytes // size) / best


BUSY = """
import os, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {int(sys.argv[1])})
print("busy", flush=True)
while True:
    pass
"""


def each_of(call: Callable[[], object], calls: int) -> list[float]:
    """The seconds of each call."""
    found: list[float] = []
    for _ in range(calls):
        start = time.perf_counter()
        call()
        found.append(time.perf_counter() - start)
    return found


def stolen_core(size: int = 512, calls: int = 1000) -> Row:
    """The slowest hundredth of many products, while another process keeps a core busy.

    A pool that waits for the stolen core has a long tail: ours may wait half as long again as one
    thread does.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    threads = max(2, len(cores))
    random = np.random.default_rng(0)
    a, b = (random.standard_normal((size, size)).astype("float32") for _ in range(2))
    out = np.empty_like(a)
    found: dict[str, list[float]] = {OURS: [], "one thread": []}
    before = kernels.get_num_threads()
    busy = subprocess.Popen([sys.executable, "-c", BUSY, str(cores[-1])], stdout=subprocess.PIPE)
    try:
        assert busy.stdout is not None and busy.stdout.readline()
        for _ in range(calls // 20):  # short turns: the rest of the machine changes too
            for name, count in ((OURS, threads), ("one thread", 1)):
                kernels.set_num_threads(count)
                found[name] += each_of(lambda: kernels.mm(a, b, out), 20)
    finally:
        busy.kill()
        busy.wait()
        kernels.set_num_threads(before)
    times: dict[str, Timing] = {}
    facts: dict[str, float | str] = {"threads": threads}
    for name, seconds in found.items():
        p99 = statistics.quantiles(seconds, n=100)[98]
        times[name] = Timing(p99, p99, p99, p99, len(seconds))
        facts[f"median of {name}, ms"] = round(statistics.median(seconds) * 1e3, 3)
    return Row(
        SUITE, f"p99 of square {size}, a core busy", times, 2.0 * size**3,
        targets={"one thread": 1.5}, facts=facts,
    )  # fmt: skip


def rows(seconds: float) -> Iterator[Row]:
    """Every case, on one thread; the last row alone uses all cores."""
    before = kernels.get_num_threads()
    kernels.set_num_threads(1)
    before_torch = torch.get_num_threads() if torch is not None else 0
    if torch is not None:
        torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            for dtype, element in (("float32", "float"), ("float64", "double")):
                peak = peak_of(element)
                for case in SQUARES + VECTORS + LAYERS + OTHERS:
                    yield row(case, dtype, seconds, peak)
            for case in HALVES:
                for dtype in (np.float16, bfloat16):
                    yield row(case, dtype, seconds, 0.0)
            yield stolen_core()
    finally:
        kernels.set_num_threads(before)
        if torch is not None:
            torch.set_num_threads(before_torch)
