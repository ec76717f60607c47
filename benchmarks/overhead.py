"""What an op costs on tensors so small that arithmetic costs nothing, beside PyTorch.

    python -m benchmarks.overhead [--seconds 0.2] [--json FILE]

Both run in one process on one thread and take turns; each reports its fastest run. A ratio below 1
says that ours is faster.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

import minitorch_np

CASES: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "add a number": lambda x, y: x + 1.5,
    "mul": lambda x, y: x * y,
    "relu": lambda x, y: x.relu(),
    "sum": lambda x, y: x.sum(),
    "view": lambda x, y: x.view(-1),
    "transpose": lambda x, y: x.transpose(0, 1),
    "getitem": lambda x, y: x[0],
    "matmul": lambda x, y: x.mm(y),
    "forward and backward": lambda x, y: (x * y).sum().backward() if x.requires_grad else None,
}


def fastest(f: Callable[[], Any], runs: int) -> float:
    """Seconds of one of `runs` calls in a row."""
    begin = time.perf_counter()
    for _ in range(runs):
        f()
    return (time.perf_counter() - begin) / runs


def measured(name: str, graph: bool, seconds: float) -> dict[str, str | float | bool]:
    """One case, ours and PyTorch's in turns."""
    case = CASES[name]
    pairs: list[tuple[Any, Any]] = []
    for library in (minitorch_np, torch):
        x = library.ones(4, 4, requires_grad=graph)
        pairs.append((x, library.ones(4, 4)))
    for x, y in pairs:
        case(x, y)  # kernels are loaded, recorders compiled
    best = [float("inf"), float("inf")]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for side, (x, y) in enumerate(pairs):
            best[side] = min(best[side], fastest(lambda x=x, y=y: case(x, y), 200))
    ours, theirs = best
    return {
        "case": name,
        "graph": graph,
        "microseconds": round(ours * 1e6, 2),
        "microseconds_torch": round(theirs * 1e6, 2),
        "ratio": round(ours / theirs, 2),
    }


def main() -> None:
    """Prints the table, and writes it as JSON if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.2, help="time for each row")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write the rows")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    minitorch_np.set_num_threads(1)
    rows: list[dict[str, str | float | bool]] = []
    for graph in (False, True):
        for name in CASES:
            if name == "forward and backward" and not graph:
                continue
            row = measured(name, graph, arguments.seconds)
            rows.append(row)
            print(
                f"{row['case']:22} {'with graph' if graph else 'no graph':10} "
                f"{row['microseconds']:>7} us  PyTorch {row['microseconds_torch']:>7}  "
                f"ratio {row['ratio']:.2f}",
                flush=True,
            )
    if arguments.json is not None:
        result = {"torch": torch.__version__, "rows": rows}
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
