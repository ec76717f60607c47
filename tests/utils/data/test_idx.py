"""The IDX reader: torch has none, so files are written here, byte by byte."""

import gzip
import struct
from pathlib import Path

import pytest

from minitorch_np.utils.data import read_idx


def idx(code: int, sizes: tuple[int, ...], body: bytes) -> bytes:
    return bytes([0, 0, code, len(sizes)]) + struct.pack(f">{len(sizes)}i", *sizes) + body


def test_reads_plain_and_gzip(tmp_path: Path) -> None:
    content = idx(8, (2, 3), bytes(range(6)))
    (tmp_path / "a").write_bytes(content)
    (tmp_path / "b.gz").write_bytes(gzip.compress(content))
    for name in ("a", "b.gz"):
        assert read_idx(tmp_path / name, (2, 3)).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_reads_big_endian_numbers(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(idx(0x0D, (2,), struct.pack(">2f", 1.5, -2.0)))
    read = read_idx(tmp_path / "f")
    assert (str(read.dtype), read.tolist()) == ("torch.float32", [1.5, -2.0])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "magic number"),
        (b"\x89PNG....", "magic number"),
        (b"\0\0\x08\x03\0\0", "header"),
        (idx(8, (2, 3), bytes(5)), "expected 18 bytes"),
        (idx(8, (2, 3), bytes(7)), "expected 18 bytes"),
        (idx(8, (3, 2), bytes(6)), "dimensions"),
    ],
)
def test_refuses_what_is_no_such_file(tmp_path: Path, content: bytes, complaint: str) -> None:
    (tmp_path / "broken").write_bytes(content)
    with pytest.raises(ValueError, match=complaint) as error:
        read_idx(tmp_path / "broken", (2, 3))
    assert "broken" in str(error.value)


def test_refuses_a_cut_gzip_file(tmp_path: Path) -> None:
    whole = gzip.compress(idx(8, (2, 3), bytes(6)))
    (tmp_path / "cut.gz").write_bytes(whole[:-6])
    with pytest.raises(ValueError, match="whole gzip"):
        read_idx(tmp_path / "cut.gz")
