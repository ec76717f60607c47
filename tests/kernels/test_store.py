"""Machine code on disk: found again, never found by the wrong reader, never half written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from minitorch_np import kernels
from minitorch_np.kernels import cpu, store
from minitorch_np.kernels.ahead import BUILDERS

LOOPS = """
import ctypes
import numpy as np
from minitorch_np.kernels import compiler, decay, family, store
x, y, total = np.linspace(0.5, 3.0, 37), np.empty(37), np.empty(1)
kinds = [ctypes.c_int64] * 12 + [ctypes.c_double] * 2
dot = ctypes.CFUNCTYPE(None, *kinds)(family.load("double", compiler.cache_folder()).dot)
a, c = x.ctypes.data, total.ctypes.data
dot(37, a, 0, 0, a, 0, c, 0, 1, c, 0, 0, 2.0, 0.0)
np.testing.assert_allclose(total, 2 * (x * x).sum())
for loop, value in ((decay.k0, 0.9244190712), (decay.k1, 1.6564411200)):
    loop(x, y, 0)
    np.testing.assert_allclose(y[0], value)
print("right", *sorted(path.name for path in store.built))
"""
"""Two loops of numba's, and a module of LLVM's: little to build, but of each kind."""


def start(cache: Path, code: str = LOOPS, **environment: str) -> "subprocess.Popen[str]":
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
    """By turns cut off in the middle, and with a bit that is another."""
    damaged = sorted(path for path in full.rglob("*") if path.is_file())
    assert {path.name.partition("-")[0] for path in damaged} > {"decay.k0", "decay.k1", "double"}
    for n, path in enumerate(damaged):
        path.write_bytes([cut, flipped][n % 2](path.read_bytes()))
    names, err = finished(start(full))
    assert names == [path.name for path in damaged]
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
    [one] = full.rglob("decay.k0-*.bin")
    [other] = full.rglob("decay.k1-*.bin")
    one.write_bytes(other.read_bytes())
    names, _ = finished(start(full))
    assert names == [one.name]


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


def run(*modules: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The command that builds ahead of time."""
    return subprocess.run(
        [sys.executable, "-m", "minitorch_np.kernels", "build", *modules],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow  # processes import numba, and compile
@pytest.mark.parametrize("processes", ["1", "2"])
def test_the_command_builds_each_kernel_once(tmp_path: Path, processes: str) -> None:
    """Each module is built in one process; a second run finds nothing to do."""
    places = {"NUMBA_CACHE_DIR": str(tmp_path), "OMP_NUM_THREADS": processes}
    first, second = (run("decay", "doubles", **places) for _ in range(2))
    assert (first.returncode, second.returncode, first.stderr, second.stderr) == (0, 0, "", "")
    *lines, last = first.stdout.splitlines()
    built = {Path(line.removeprefix("built ")) for line in lines}
    assert len(built) == len(lines)
    assert built == {*tmp_path.rglob("*.bin")}
    assert last.startswith(f"{len(built)} kernel files built in ")
    for name in ("decay.k0", "doubles.exp"):
        assert any(file.name.startswith(name) for file in built), name
    assert second.stdout.startswith("nothing to build: all kernels lie in ")


@pytest.mark.slow  # LLVM compiles dozens of loops, unless they are built already
def test_what_programs_need_is_built() -> None:
    """In the folder that all of these tests use, unlike those of other tests here."""
    done = run("matmul", "steps", "stamps", "edges", "little", "draws", "small")
    assert (done.returncode, done.stderr) == (0, "")
    process = subprocess.Popen(
        [sys.executable, "-c", USE_ALL], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert finished(process) == ([], "")


def test_every_module_with_loops_is_built() -> None:
    folder = Path(kernels.__file__).parent
    texts = {path.stem: path.read_text() for path in folder.glob("*.py")}
    assert {name for name, text in texts.items() if "\n@jit" in text} <= BUILDERS.keys()
    entered = {name for name, text in texts.items() if "return entered(" in text}
    assert entered == {"stamps", "edges", "little"} <= BUILDERS.keys()


def test_the_command_names_its_modules() -> None:
    ran = run("nonsense")
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
