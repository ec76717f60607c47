"""The images the experiments train on, as NumPy arrays: MNIST, or scikit-learn's digits."""

import gzip
import hashlib
import importlib
import os
import socket
import tempfile
import threading
import urllib.request
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CONNECT_SECONDS = 10.0


class DataError(ValueError):
    """A data file that is truncated, corrupt or something else; the text names it."""


class Data(NamedTuple):
    """Training and test images, (N, pixels) float32 in [0, 1], with labels (N,) int64 in 0..9.

    `name` is "MNIST" or "digits"; `source` says in one line which data these are and why.
    """

    name: str
    source: str
    train_images: NDArray[np.float32]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.float32]
    test_labels: NDArray[np.int64]

    @property
    def side(self) -> int:
        """Height and width of an image in pixels: 28 for MNIST, 8 for the digits."""
        return round(self.train_images.shape[1] ** 0.5)


class Idx(NamedTuple):
    """What one IDX file must hold: its dimensions, and the MD5 of its bytes without gzip."""

    shape: tuple[int, ...]
    md5: str


# MNIST as torchvision lays it out, below MNIST/raw/.
FILES: Mapping[str, Idx] = {
    "train-images-idx3-ubyte": Idx((60000, 28, 28), "6bbc9ace898e44ae57da46a324031adb"),
    "train-labels-idx1-ubyte": Idx((60000,), "a25bea736e30d166cdddb491f175f624"),
    "t10k-images-idx3-ubyte": Idx((10000, 28, 28), "2646ac647ad5339dbf082846283269ea"),
    "t10k-labels-idx1-ubyte": Idx((10000,), "27ae3e4e09519cfbb04c329615203637"),
}


def read_idx(path: Path, expected: Idx) -> NDArray[np.uint8]:
    """Unsigned bytes of one IDX file, plain or `.gz`, in the dimensions that are expected.

    The file is a magic number (two zeros, 8 for unsigned bytes, the number of dimensions), one
    big-endian int32 per dimension, then the elements.
    Raises: DataError, naming the file and what was expected, where anything differs.
    """
    shape, md5 = expected
    raw = path.read_bytes()
    if path.suffix == ".gz":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path}: expected a whole gzip file; {error}") from error
    magic = bytes([0, 0, 8, len(shape)])
    if raw[:4] != magic:
        raise DataError(
            f"{path}: expected the magic number {magic.hex()}, found {raw[:4].hex() or 'nothing'}"
        )
    header = 4 + 4 * len(shape)
    size = header + int(np.prod(shape))
    if len(raw) < header:
        raise DataError(
            f"{path}: expected the dimensions {shape}, found a header of {len(raw)} bytes"
        )
    found = tuple(np.frombuffer(raw, ">i4", len(shape), 4).tolist())
    if found != shape:
        raise DataError(f"{path}: expected the dimensions {shape}, found {found}")
    if len(raw) != size:
        raise DataError(f"{path}: expected {size} bytes, found {len(raw)}")
    digest = hashlib.md5(raw, usedforsecurity=False).hexdigest()
    if digest != md5:
        raise DataError(f"{path}: expected the MD5 {md5} of MNIST's file, found {digest}")
    return np.frombuffer(raw, np.uint8, offset=header).reshape(shape)


def mnist(folder: Path) -> Data | None:
    """MNIST from the files below `folder`, or None where it has none of them.

    Raises: DataError for a missing, truncated, corrupt or wrong file.
    """
    raw = folder / "MNIST" / "raw"
    paths = [raw / name if (raw / name).is_file() else raw / f"{name}.gz" for name in FILES]
    if not any(path.is_file() for path in paths):
        return None
    arrays: list[NDArray[np.uint8]] = []
    for path, expected in zip(paths, FILES.values(), strict=True):
        if not path.is_file():
            raise DataError(
                f"{path.with_suffix('')}: expected this file (or .gz) beside the others"
            )
        arrays.append(read_idx(path, expected))
    images, labels = (
        [a.reshape(len(a), -1).astype(np.float32) / np.float32(255) for a in arrays[::2]],
        [a.astype(np.int64) for a in arrays[1::2]],
    )
    source = f"{len(labels[0]):,} training and {len(labels[1]):,} test images of 28x28"
    return Data(
        "MNIST", f"MNIST: {source}, from {folder}", images[0], labels[0], images[1], labels[1]
    )


def digits(reason: str = "asked for") -> Data:
    """scikit-learn's 1,797 handwritten digits of 8x8, four fifths of them for training."""
    bunch = importlib.import_module("sklearn.datasets").load_digits()  # a second, so only here
    order = np.random.default_rng(0).permutation(len(bunch.target))
    images = (bunch.data[order] / 16).astype(np.float32)
    labels = bunch.target[order].astype(np.int64)
    cut = len(labels) * 4 // 5
    source = f"{cut:,} training and {len(labels) - cut:,} test images of 8x8 ({reason})"
    return Data(
        "digits",
        f"scikit-learn's digits: {source}",
        images[:cut],
        labels[:cut],
        images[cut:],
        labels[cut:],
    )


def unreachable(urls: list[str]) -> str | None:
    """Why none of `urls` answers within CONNECT_SECONDS all told, or None when one does."""
    reasons: list[str] = []
    answered = threading.Event()

    def ask() -> None:
        for url in urls:
            try:
                with urllib.request.urlopen(url, timeout=CONNECT_SECONDS):
                    reasons.clear()
                    break
            except (OSError, ValueError) as error:
                reasons.append(str(getattr(error, "reason", error)))
        answered.set()

    # In a thread, because no timeout of Python's ends the look-up of a name.
    threading.Thread(target=ask, daemon=True).start()
    if not answered.wait(CONNECT_SECONDS):
        return f"no answer in {CONNECT_SECONDS:.0f} seconds"
    return reasons[-1] if reasons else None


def download(folder: Path) -> str | None:
    """Why torchvision could not put MNIST below `folder`, or None when it is there."""
    try:
        source = importlib.import_module("torchvision.datasets").MNIST
    except (ImportError, RuntimeError, OSError) as error:
        return f"torchvision does not import: {error}"
    first, _ = source.resources[0]
    if reason := unreachable([mirror + first for mirror in source.mirrors]):
        return reason
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(CONNECT_SECONDS)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Moved into place only when whole: an interrupted download must not look like data.
        with tempfile.TemporaryDirectory(dir=folder) as partial:
            source(partial, download=True)
            (Path(partial) / "MNIST").rename(folder / "MNIST")
    except (OSError, RuntimeError) as error:
        return str(error)
    finally:
        socket.setdefaulttimeout(before)
    return None


def load(folder: str | os.PathLike[str] | None = None) -> Data:
    """MNIST from `folder`, else downloaded into it, else scikit-learn's digits.

    `folder` is in torchvision's layout; None means $MINITORCH_DATA, or ./data where that is unset.
    Raises: DataError for a file that is there but is not MNIST's.
    """
    place = Path(folder or os.environ.get("MINITORCH_DATA") or "data")
    if data := mnist(place):
        return data
    if reason := download(place):
        return digits(f"no MNIST in {place}; download: {reason}")
    return mnist(place) or digits(f"no MNIST in {place} after its download")
