"""Speed of the matrix product kernel beside NumPy's BLAS.

    python -m benchmarks.matmul [--threads 1] [--seconds 0.2] [--json FILE]

Both run in one process and take turns, so that a busy machine slows both; each reports its fastest
run. GFLOP/s counts a multiply-add as two. A ratio above 1 says that ours is faster.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from minitorch_np import kernels


class Case(NamedTuple):
    """(M, K) times (K, N); a letter t in `layout` says that the first or second operand is a
    transposed view.
    """

    name: str
    m: int
    k: int
    n: int
    layout: str = "nn"


SQUARES = [Case(f"square {n}", n, n, n) for n in (4, 16, 64, 128, 256, 512, 1024)]
VECTORS = [
    Case("row times matrix", 1, 784, 256),
    Case("row times matrix.T", 1, 784, 256, "nt"),
    Case("matrix times column", 256, 784, 1),
    Case("matrix.T times column", 256, 784, 1, "tn"),
]


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
    for batch in (64, 512)
    for inputs, outputs in ((784, 256), (256, 128), (128, 10))
    for case in layer(batch, inputs, outputs)
]


def fastest(run: list[Callable[[], object]], seconds: float) -> list[float]:
    """The shortest time of each function, in seconds, after taking turns for `seconds`."""
    once: list[float] = []
    for function in run:
        function()
        start = time.perf_counter()
        function()
        once.append(time.perf_counter() - start)
    inner = max(1, int(20e-6 / min(once)))  # a clock needs a few microseconds to be worth reading
    best = [float("inf")] * len(run)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for i, function in enumerate(run):
            start = time.perf_counter()
            for _ in range(inner):
                function()
            best[i] = min(best[i], (time.perf_counter() - start) / inner)
    return best


def measured(case: Case, dtype: str, seconds: float) -> dict[str, str | float]:
    """One row of the table: GFLOP/s of both, and ours over NumPy's."""
    random = np.random.default_rng(0)

    def operand(rows: int, columns: int, transposed: bool) -> np.ndarray:
        shape = (columns, rows) if transposed else (rows, columns)
        values = random.standard_normal(shape).astype(dtype)
        return values.T if transposed else values

    a = operand(case.m, case.k, case.layout[0] == "t")
    b = operand(case.k, case.n, case.layout[1] == "t")
    ours, theirs = np.empty((case.m, case.n), dtype), np.empty((case.m, case.n), dtype)
    seconds_ours, seconds_numpy = fastest(
        [lambda: kernels.mm(a, b, ours), lambda: np.matmul(a, b, out=theirs)], seconds
    )
    flop = 2e-9 * case.m * case.n * case.k
    return {
        "case": case.name,
        "dtype": dtype,
        "microseconds": round(seconds_ours * 1e6, 2),
        "gflops": round(flop / seconds_ours, 2),
        "gflops_numpy": round(flop / seconds_numpy, 2),
        "ratio": round(seconds_numpy / seconds_ours, 3),
    }


def main() -> None:
    """Prints the table, and writes it as JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help="threads for both (default 1)")
    parser.add_argument("--seconds", type=float, default=0.2, help="time for each row")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the rows")
    arguments = parser.parse_args()
    kernels.set_num_threads(arguments.threads)
    rows: list[dict[str, str | float]] = []
    with threadpool_limits(arguments.threads):
        for dtype in ("float32", "float64"):
            for case in SQUARES + VECTORS + LAYERS:
                row = measured(case, dtype, arguments.seconds)
                rows.append(row)
                print(
                    f"{row['case']:28} {dtype} {row['microseconds']:>10} us"
                    f"  {row['gflops']:>7} GFLOP/s"
                    f"  NumPy {row['gflops_numpy']:>7}  ratio {row['ratio']:.2f}",
                    flush=True,
                )
    if arguments.json is not None:
        result = {"threads": arguments.threads, "numpy": np.__version__, "rows": rows}
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
