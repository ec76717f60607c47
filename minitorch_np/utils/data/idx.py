"""The IDX files that MNIST comes in, read without torch or torchvision.

A file is a magic number (two zero bytes, a code for the element type, the number of dimensions),
one big-endian int32 per dimension, then the elements, big-endian. Source: LeCun, Cortes and Burges,
The MNIST database of handwritten digits, "The IDX file format".
"""

import gzip
import os
import zlib
from pathlib import Path

import numpy as np

from minitorch_np import dtypes
from minitorch_np.tensor import Tensor, stored

__all__ = ["read_idx"]

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | os.PathLike[str], shape: tuple[int, ...] | None = None) -> Tensor:
    """The array in an IDX file, plain or `.gz`, in the dtype it was written in.

    Raises: ValueError naming the file and what was expected, where it is truncated, corrupt or
    something else, or does not have `shape`.
    """
    file = Path(path)
    raw = file.read_bytes()
    if file.suffix == ".gz":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{file}: expected a whole gzip file; {error}") from error
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] not in _TYPES:
        raise ValueError(f"{file}: expected an IDX magic number, found {raw[:4].hex()!r}")
    kind = np.dtype(_TYPES[raw[2]])
    header = 4 + 4 * raw[3]
    if len(raw) < header:
        raise ValueError(f"{file}: expected {header} bytes of header, found {len(raw)}")
    sizes = tuple(np.frombuffer(raw[4:header], ">i4").tolist())
    if shape is not None and sizes != shape:
        raise ValueError(f"{file}: expected the dimensions {shape}, found {sizes}")
    size = header + int(np.prod(sizes, dtype=np.int64)) * kind.itemsize
    if min(sizes, default=0) < 0 or len(raw) != size:
        raise ValueError(f"{file}: expected {size} bytes for dimensions {sizes}, found {len(raw)}")
    values = np.frombuffer(raw, kind, offset=header).reshape(sizes).astype(kind.newbyteorder("="))
    return stored(values, dtypes.from_numpy(values.dtype))
