"""The page and README's summary, from results."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks import SUITES, results
from benchmarks.timing import OURS, Row, Timing
from tools import docs, performance

STAMP = {
    "date": "2026-01-02T03:04:05+00:00", "commit": "abc", "cpu": "Some CPU", "cores": 2,
    "features": ["avx2"], "memory_gib": 8.0, "os": "Linux", "python": "3.12.0",
    "versions": {"numpy": "2.4.6"}, "blas": "NumPy openblas", "gpu": "Some GPU", "load": [0.5],
    "pinned": {"OMP_NUM_THREADS": "1"}, "without": [],
}  # fmt: skip


def times(**seconds: float) -> dict[str, Timing]:
    return {
        {"ours": OURS}.get(name, name.replace("_", " ")): Timing(t, t, t, t * 1.2, 9)
        for name, t in seconds.items()
    }


STEP = Row(
    "step", "batch 1, SGD", times(ours=3e-3, PyTorch_fused=4e-3, PyTorch_foreach=5e-3,
    PyTorch_CUDA=1e-3, JAX_jit=2e-3), flop=1e6, targets={"PyTorch fused": 0.7},
    skipped={"tinygrad": "RuntimeError: no usable devices"},
)  # fmt: skip
ROWS = [
    STEP,
    Row("overhead", "add", times(ours=1e-6, PyTorch=2e-6), targets={"PyTorch": 1.0}),
    Row("overhead", "mul", times(ours=2e-6, PyTorch=1e-6), targets={"PyTorch": 1.0}),
    Row("loading", "MNIST", times(ours=1e-3, torchvision=0.2)),
    Row("epoch", "MNIST", times(ours=1.5, PyTorch_fused=2.0)),
    Row("startup", "import", times(ours=0.3), limit=0.35),
    Row("memory", "batch 1", times(ours=2.0**20, PyTorch=2.0**21), unit="B"),
]


@pytest.fixture
def found(tmp_path: Path) -> tuple[Path, Path]:
    """Results, and those of a machine with a GPU."""
    paths = tmp_path / "results.json", tmp_path / "cuda.json"
    results.write(paths[0], STAMP, ROWS)
    results.write(paths[1], STAMP, [STEP])
    return paths


def test_summary(found: tuple[Path, Path]) -> None:
    text = performance.summary(*found)
    assert text is not None
    lines = text.splitlines()
    assert lines[0].startswith(
        "2026-01-02, Some CPU, 2 cores; python 3.12.0; numpy 2.4.6; load 0.5"
    )
    # the fastest eager setting of PyTorch, not the GPU's
    assert "| batch 1, SGD | 3.00 ms | 0.75 |  |  | 1.50 |  |  |  |" in lines
    assert (
        "- overhead: 1.00 of PyTorch's time in the geometric mean of 2 cases, from 0.50 to 2.00; "
        "faster in 1" in lines
    )
    assert "- loading, MNIST: 200 times torchvision's rate" in lines
    assert "- epoch, MNIST: 1.50 s minitorch_np, 2.00 s PyTorch fused" in lines
    assert "- startup: import 300 ms" in lines
    assert "- memory: batch 1 1.00 MiB" in lines
    assert "- Targets: 2 held, 2 missed." in lines
    assert (
        "- Some GPU, 2026-01-02: step, batch 1, SGD: PyTorch CUDA 1.00 ms, ours on its CPU "
        "(Some CPU) 3.00 ms" in lines
    )
    assert "Some GPU" not in (performance.summary(found[0], Path("/nowhere")) or "")


def test_page(found: tuple[Path, Path], tmp_path: Path) -> None:
    text = performance.full(*found, tmp_path / "pictures")
    assert text is not None
    lines = text.splitlines()
    assert lines[0].endswith("Load average at the start: 0.5. Commit abc.")
    assert "Pinned: OMP_NUM_THREADS=1." in lines
    assert [line[3:] for line in lines if line.startswith("## ")] == [
        *("step", "overhead", "loading", "epoch", "startup", "memory"), "On a GPU",
    ]  # fmt: skip
    assert f"{SUITES['step'][0].upper()}{SUITES['step'][1:]}." in lines
    assert (
        "| batch 1, SGD | 3.00 ms ± 10% | **0.75** (4.00 ms) | **0.60** (5.00 ms) | 3.00 (1.00 ms) "
        "| 1.50 (2.00 ms) | **missed**: at most 0.70 of PyTorch fused |" in lines
    )
    assert "| import | 300 ms ± 10% | held: at most 350 ms |" in lines
    assert "- tinygrad: not run: RuntimeError: no usable devices" in lines
    for name in (line.split("(pictures/")[1][:-1] for line in lines if line.startswith("![")):
        assert (tmp_path / "pictures" / name).stat().st_size > 1000
    assert performance.full(Path("/nowhere"), found[1], tmp_path) is None


def test_parts_are_written(found: tuple[Path, Path], tmp_path: Path, monkeypatch: Any) -> None:
    for name in ("README", "PERFORMANCE"):
        real = getattr(docs, name)
        monkeypatch.setattr(docs, name, tmp_path / real.name)
        (tmp_path / real.name).write_text(real.read_text())
    monkeypatch.setattr(docs, "BENCH", found[0].parent)
    monkeypatch.setattr(docs, "PICTURES", tmp_path / "pictures")
    docs.write(["performance"])
    assert "| batch 1, SGD | 3.00 ms | 0.75 |" in (tmp_path / "README.md").read_text()
    page = (tmp_path / "performance.md").read_text()
    assert page.startswith("# Performance\n") and page.endswith("<!-- /tables -->\n")
    docs.write(["performance"])
    assert (tmp_path / "performance.md").read_text() == page
    monkeypatch.setattr(docs, "BENCH", tmp_path / "nothing")
    docs.write(["performance"])
    assert (tmp_path / "performance.md").read_text() == page


def test_the_page_of_another_machine(found: tuple[Path, Path], tmp_path: Path, monkeypatch: Any):
    (tmp_path / "performance-avx2.md").write_text(docs.AVX2.read_text())
    monkeypatch.setattr(docs, "AVX2", tmp_path / "performance-avx2.md")
    monkeypatch.setattr(docs, "BENCH", found[0].parent)
    before = docs.AVX2.read_text()
    docs.write(["avx2"])
    assert docs.AVX2.read_text() == before
    found[0].rename(tmp_path / "avx2.json")
    docs.write(["avx2"])
    page = docs.AVX2.read_text()
    assert "Targets: 2 of 4 held." in page
    assert "- overhead, mul: 2.00; **missed**: at most 1.00 of PyTorch" in page
    assert "| import | 300 ms ± 10% | held: at most 350 ms |" in page
    assert "(pictures/" not in page
