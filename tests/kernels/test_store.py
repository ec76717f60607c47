"""Machine code on disk: found again, never found by the wrong reader, never half written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from minitorch_np import kernels
from minitorch_np.kernels import cpu, store
from minitorch_np.kernels.__main__ import BUILDERS

PRODUCT = """
import numpy as np
from minitorch_np import kernels
from minitorch_np.kernels import store
a = np.arange(300.0, dtype="f4").reshape(20, 15)
out = np.empty((20, 20), "f4")
kernels.mm(a, a.T, out)
np.testing.assert_allclose(out, a @ a.T)
print("right", *sorted(path.name for path in store.built))
"""


def start(cache: Path, code: str = PRODUCT, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: "subprocess.Popen[str]") -> tuple[list[str], str]:
    """The names of the files that a process built, and what it said on stderr."""
    out, err = process.communicate()
    assert process.returncode == 0, err
    first, *names = out.split()
    assert first == "right"
    return names, err


def files(cache: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in cache.rglob("*") if p.is_file()}


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    return content[:-50] + bytes([content[-50] ^ 1]) + content[-49:]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that several processes have filled at once."""
    cache = tmp_path_factory.mktemp("cache")
    results = [finished(process) for process in [start(cache) for _ in range(3)]]
    assert any(names for names, _ in results)
    return cache


def test_processes_that_start_together_leave_a_whole_cache(full: Path) -> None:
    assert finished(start(full)) == ([], "")
    assert not [name for name in files(full) if not name.endswith((".o", ".bin"))]


def test_damaged_files_are_built_again(full: Path) -> None:
    """By turns cut off in the middle, and with a bit that is another; all but the slowest to build,
    which another test damages."""
    every = sorted(path for path in full.rglob("*") if path.is_file())
    damaged = [path for path in every if not path.name.startswith("blocking.loops")]
    for n, path in enumerate(damaged):
        path.write_bytes([cut, flipped][n % 2](path.read_bytes()))
    names, err = finished(start(full))
    assert names == [path.name for path in damaged]
    assert len(every) == 6
    [line] = err.splitlines()
    assert line.startswith("minitorch_np: building kernels")
    assert finished(start(full)) == ([], "")


def test_an_empty_file_is_damaged(tmp_path: Path) -> None:
    store.save(tmp_path / "x.o", b"code")
    for content in (b"", b"\0" * 31, b"\0" * 99):
        (tmp_path / "x.o").write_bytes(content)
        assert store.saved(tmp_path / "x.o") is None


def test_a_file_under_another_name_is_not_loaded(full: Path) -> None:
    """Each is sealed with its name: whole code of another function would crash as well."""
    [loops] = full.rglob("blocking.loops-*.bin")
    [entry] = full.rglob("matmul.mm_entry-*.bin")
    loops.write_bytes(entry.read_bytes())
    names, _ = finished(start(full))
    assert names == [loops.name]


def test_each_cpu_has_files_of_its_own(full: Path) -> None:
    if not cpu.has("avx2"):
        pytest.skip("needs a CPU whose code is not that of sse")
    before = files(full)
    folders = {path.parent for path in full.rglob("*.o")}
    names, _ = finished(start(full, MINITORCH_NP_CPU="sse"))
    assert len(names) == len(before)
    assert finished(start(full)) == ([], "")
    assert len({path.parent for path in full.rglob("*.o")}) == len(folders) + 1


def test_another_source_has_other_files(tmp_path: Path) -> None:
    """What an older source left is deleted; what other CPUs or versions left is not."""
    here = store.folder(tmp_path, "this cpu")
    prefix = here.name.removesuffix(store.source())
    old, other = tmp_path / f"{prefix}0123", tmp_path / "kernels-89ab-0123"
    for folder in (old, other):
        folder.mkdir()
        (folder / "x.o").touch()
    assert store.folder(tmp_path, "this cpu") == here
    assert not old.exists()
    assert (other / "x.o").exists()
    assert store.folder(tmp_path, "that cpu") != here


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store.save(tmp_path / "file" / "folder" / "x.o", b"code")
    assert store.saved(tmp_path / "file" / "folder" / "x.o") is None


def test_what_is_saved_is_found(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.o"
    store.save(path, b"code")
    assert store.saved(path) == b"code"
    assert store.saved(path.with_name("y.o")) is None
    assert [p.name for p in path.parent.iterdir()] == ["x.o"]


SOME = ("matmul", "steps", "stamps", "edges", "little", "draws", "small")


@pytest.mark.slow  # LLVM compiles dozens of loops
def test_the_command_builds_each_kernel_once(full: Path) -> None:
    """All that some modules would compile later; a second run finds nothing to do."""
    command = [sys.executable, "-m", "minitorch_np.kernels", "build", *SOME]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(full)}
    first, second = (
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    )
    assert first.stderr == second.stderr == ""
    *lines, last = first.stdout.splitlines()
    built = {Path(line.removeprefix("built ")).name for line in lines}
    assert last.startswith(f"{len(built)} kernel files built in ")
    for name in ("steps.adam", "draws.uniform", "matmul.bmm_entry"):
        assert any(file.startswith(name) for file in built), name
    assert second.stdout.startswith("nothing to build: all kernels lie in ")
    assert finished(start(full, USE_ALL)) == ([], "")


def test_every_module_with_loops_is_built() -> None:
    folder = Path(kernels.__file__).parent
    texts = {path.stem: path.read_text() for path in folder.glob("*.py")}
    assert {name for name, text in texts.items() if "\n@jit" in text} <= BUILDERS.keys()
    entered = {name for name, text in texts.items() if "return entered(" in text}
    assert entered == {"stamps", "edges", "little"} <= BUILDERS.keys()


def test_the_command_names_its_modules() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "minitorch_np.kernels", "build", "nonsense"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("usage: python -m minitorch_np.kernels build [MODULE ...]\n")
    assert "softmax" in ran.stderr


USE_ALL = """
import minitorch_np as torch
from minitorch_np.kernels import store
x = torch.randn(64, 100, requires_grad=True)
for kind in (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64):
    y = x.to(kind)
    torch.mm(y, y.t())
    torch.bmm(y[None], y.t()[None])
x.backward(torch.rand(64, 100))
torch.optim.Adam([x]).step()
print("right", *sorted(path.name for path in store.built))
"""
