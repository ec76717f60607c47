"""Which data load() takes, and every kind of file it refuses."""

import gzip
import hashlib
import threading
import time
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest

from experiments import data
from experiments.data import DataError, Idx

SHAPES = {
    "train-images-idx3-ubyte": (6, 4, 4),
    "train-labels-idx1-ubyte": (6,),
    "t10k-images-idx3-ubyte": (3, 4, 4),
    "t10k-labels-idx1-ubyte": (3,),
}


def content(shape: tuple[int, ...]) -> bytes:
    """An IDX file of these dimensions, made here because the real one is no part of the tests."""
    values = np.random.default_rng(len(shape)).integers(1, 10, shape, np.uint8)
    header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">i4").tobytes()
    return header + values.tobytes()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small MNIST in torchvision's layout, which FILES describes."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    files = {}
    for name, shape in SHAPES.items():
        (raw / name).write_bytes(content(shape))
        files[name] = Idx(shape, hashlib.md5(content(shape)).hexdigest())
    monkeypatch.setattr(data, "FILES", files)
    return tmp_path


@pytest.fixture
def no_download(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that a download was asked for; each fails at once."""
    asked: list[Path] = []

    def refuse(folder: Path) -> str:
        asked.append(folder)
        return "no network"

    monkeypatch.setattr(data, "download", refuse)
    return asked


def test_arrays(folder: Path) -> None:
    loaded = data.load(folder)
    assert loaded.name == "MNIST" and str(folder) in loaded.source
    pixels = np.frombuffer(content((6, 4, 4)), np.uint8, offset=16).reshape(6, 16)
    assert loaded.train_images.dtype == np.float32 and loaded.train_labels.dtype == np.int64
    np.testing.assert_array_equal(loaded.train_images, pixels.astype(np.float32) / np.float32(255))
    assert loaded.test_images.shape == (3, 16) and loaded.test_labels.shape == (3,)
    assert loaded.side == 4
    assert all(a.flags.writeable and a.flags.c_contiguous for a in loaded[2:])


def test_gzipped_files_read_the_same(folder: Path) -> None:
    plain = data.load(folder)
    for path in list((folder / "MNIST" / "raw").iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    for a, b in zip(plain[2:], data.load(folder)[2:]):
        np.testing.assert_array_equal(a, b)


whole = content((6, 4, 4))
BROKEN = {
    "empty": (b"", "expected the magic number 00000803, found nothing"),
    "magic": (content((6,)), "expected the magic number 00000803, found 00000801"),
    "text": (b"<html>not found</html>", "expected the magic number 00000803, found 3c68746d"),
    "header": (whole[:9], r"expected the dimensions \(6, 4, 4\), found a header of 9 bytes"),
    "dimensions": (content((5, 4, 4)), r"expected the dimensions \(6, 4, 4\), found \(5, 4, 4\)"),
    "truncated": (whole[:-7], "expected 112 bytes, found 105"),
    "too long": (whole + b"\0", "expected 112 bytes, found 113"),
    "corrupt": (whole[:-1] + bytes([whole[-1] ^ 1]), "expected the MD5 [0-9a-f]{32} .*, found "),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_by_name(case: str, folder: Path, no_download: list[Path]) -> None:
    raw, text = BROKEN[case]
    path = folder / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(raw)
    with pytest.raises(DataError, match=f"{path.name}: {text}"):
        data.load(folder)
    assert not no_download


def test_a_broken_gzip_is_refused_by_name(folder: Path) -> None:
    path = folder / "MNIST" / "raw" / "t10k-labels-idx1-ubyte"
    packed = gzip.compress(path.read_bytes())
    path.unlink()
    for raw in (packed[:-5], b"plain", packed[:12] + b"\xff" + packed[13:]):
        path.with_name(f"{path.name}.gz").write_bytes(raw)
        with pytest.raises(DataError, match=rf"{path.name}\.gz: expected a whole gzip file"):
            data.load(folder)


@pytest.mark.parametrize("name", SHAPES)
def test_a_missing_file_is_refused_by_name(name: str, folder: Path) -> None:
    (folder / "MNIST" / "raw" / name).unlink()
    with pytest.raises(DataError, match=f"{name}: expected this file"):
        data.load(folder)


def test_without_files_the_digits_serve_and_say_why(
    tmp_path: Path, no_download: list[Path]
) -> None:
    loaded = data.load(tmp_path)
    assert no_download == [tmp_path]
    assert loaded.name == "digits" and "no network" in loaded.source
    assert loaded.train_images.shape == (1437, 64) and loaded.test_images.shape == (360, 64)
    assert loaded.train_images.min() == 0 and loaded.train_images.max() == 1
    assert set(loaded.test_labels) == set(range(10)) == set(loaded.train_labels)
    for a, b in zip(loaded[2:], data.digits()[2:]):
        np.testing.assert_array_equal(a, b)


def test_a_download_is_used(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "elsewhere"

    def fetch(target: Path) -> None:
        (folder / "MNIST").rename(target / "MNIST")

    place.mkdir()
    monkeypatch.setattr(data, "download", fetch)
    assert data.load(place).name == "MNIST"


def test_the_folder_is_the_environments_or_data(
    folder: Path, monkeypatch: pytest.MonkeyPatch, no_download: list[Path]
) -> None:
    monkeypatch.setenv("MINITORCH_DATA", str(folder))
    assert data.load().name == "MNIST"
    monkeypatch.delenv("MINITORCH_DATA")
    monkeypatch.chdir(folder / "MNIST")
    data.load()
    assert no_download == [Path("data")]


def test_a_server_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang(url: str, **_: object) -> None:
        release.wait(5)
        raise URLError(url)

    monkeypatch.setattr(data, "CONNECT_SECONDS", 0.05)
    monkeypatch.setattr(data.urllib.request, "urlopen", hang)
    start = time.monotonic()
    assert "no answer" in (data.unreachable(["https://example.invalid/"]) or "")
    assert time.monotonic() - start < 2
    release.set()


def test_why_no_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(url: str, **_: object) -> None:
        raise URLError(f"no route to {url}")

    monkeypatch.setattr(data.urllib.request, "urlopen", fail)
    assert data.unreachable(["a", "b"]) == "no route to b"


def test_a_failed_download_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class MNIST:
        mirrors, resources = ("https://example.invalid/",), (("first.gz", "md5"),)

        def __init__(self, root: str, *, download: bool) -> None:
            (Path(root) / "MNIST" / "raw").mkdir(parents=True)
            (Path(root) / "MNIST" / "raw" / "train-images-idx3-ubyte.gz").write_bytes(b"half")
            raise RuntimeError("the connection broke")

    module = type("module", (), {"MNIST": MNIST})
    monkeypatch.setattr(data, "unreachable", lambda _: None)
    monkeypatch.setattr(data.importlib, "import_module", lambda _: module)
    assert data.download(tmp_path) == "the connection broke"
    assert not list(tmp_path.iterdir())
