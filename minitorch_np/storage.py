"""Flat memory and the version counter: what the views of one tensor share."""

import sys
from collections.abc import Callable
from typing import ClassVar, Self, overload

import numpy as np
from numpy.typing import NDArray

from minitorch_np.flight import Log
from minitorch_np.form import NUMPYS_OWN

__all__ = [
    "UNSHARED", "UNWRITTEN", "UntypedStorage", "VersionCounter", "allocate", "empty_cache",
    "memory_stats", "reset_peak_memory_stats", "storage_of", "storage_over",
    "unwritten", "wrap_array",
]  # fmt: skip

ALIGNMENT = 64
"""Bytes. One cache line, and the widest vector register; PyTorch's CPU allocator uses the same."""

_PAGE = 1 << 12
_KEPT_AT_MOST = 1 << 28
"""Bytes of dead storages that are kept for the next ones of their size."""

Bytes = NDArray[np.uint8]


class VersionCounter:
    """The number of in-place writes so far, shared by every view of the memory (not by `.data`).

    Source: c10/core/TensorImpl.h, VariableVersion.
    """

    __slots__ = ("epoch", "log", "memory", "value")

    value: int

    log: Log | None
    """Who wrote, and from where, while the flight recorder is on."""

    epoch: int
    """Which function transform ran when the memory was made; 0 where none differentiated."""

    memory: "UntypedStorage | bool"
    """Whether two tensors over one small array count with this one, a result and what its node
    keeps of it; then their storage, once somebody asked for it."""

    def __init__(self, memory: bool = False) -> None:
        self.value = self.epoch = 0
        self.log = None
        self.memory = memory


def unwritten() -> VersionCounter:
    """A new counter of no writes."""
    return VersionCounter()


UNWRITTEN = VersionCounter()
"""Stands for the counter of a tensor that has none."""


_SHOWN, _LENT = 1, 2


class UntypedStorage:
    """A flat run of bytes inside a buffer; dtype, shape and strides belong to its tensors.

    The buffer is a C-contiguous ndarray of whatever dtype; `start` and `length` count its bytes.
    """

    __slots__ = ("__weakref__", "_address", "_outside", "buffer", "length", "start")

    buffer: NDArray[np.generic]
    start: int
    length: int
    _address: int
    _outside: int
    """Who else looks at the memory: 0 for nobody, `_SHOWN` and `_LENT` as bits."""

    moved: "ClassVar[Callable[[UntypedStorage], None]]"
    """Lets go of what looks at the memory where it was; set by `tensor`, which knows who does."""

    def __init__(
        self, buffer: NDArray[np.generic], start: int, length: int, address: int = 0
    ) -> None:
        self.buffer = buffer
        self.start = start
        self.length = length
        self._address = address
        self._outside = 0

    def data_ptr(self) -> int:
        """The address of the first byte."""
        if not self._address:
            self._address = address_of(self.buffer) + self.start
        return self._address

    def nbytes(self) -> int:
        """The length in bytes."""
        return self.length

    def size(self) -> int:
        """The length in bytes."""
        return self.length

    def element_size(self) -> int:
        """The size of one element: 1, for untyped storage counts bytes."""
        return 1

    def bytes(self) -> Bytes:
        """The memory itself as a 1-d uint8 array: writing to it writes to every view."""
        return np.ndarray(self.length, np.uint8, self.buffer, self.start)

    def holds(self, array: NDArray[np.generic]) -> bool:
        """Whether this is the memory of a dense array, as NumPy allocated it."""
        whole = array if array.base is None else array.base
        return self.buffer is array or self.buffer.base is whole

    def resizable(self) -> bool:
        """Whether the memory may move: not where NumPy owns it or was given it."""
        return not self._outside & _LENT

    def lend(self) -> None:
        """Keep the memory where it is from now on, for somebody else looks at it."""
        self._outside |= _LENT

    def show(self) -> None:
        """Note that somebody else looks at the memory, who knows that it may move."""
        self._outside |= _SHOWN

    def seen_outside(self) -> bool:
        """Whether arrays of others may look at the memory, or did."""
        return self._outside != 0

    def resize_(self, size: int) -> "UntypedStorage":
        """This storage with `size` bytes, moved there with what fits; its tensors see the new ones.

        Raises: RuntimeError where it is not resizable.
        """
        if not isinstance(size, int):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise RuntimeError(f"resize_ expects an int, but got {type(size).__name__}")
        held = self.length
        self.move(size)
        if held:  # over no memory there is nothing to look at
            UntypedStorage.moved(self)
        return self

    def move(self, size: int) -> None:
        """`resize_`, where no tensor but the caller's looks at the memory."""
        if not self.resizable():
            raise RuntimeError("Trying to resize storage that is not resizable")
        other = allocate(size)
        kept = min(size, self.length)
        other.bytes()[:kept] = self.bytes()[:kept]
        self.buffer, self.start, self._address = other.buffer, other.start, other._address
        self.length = size
        self.recount(size)

    def recount(self, size: int) -> None:
        """Tell `memory_stats` of another size, where it counts this storage."""

    def tolist(self) -> list[int]:
        """The bytes as Python integers."""
        return self.bytes().tolist()

    def __len__(self) -> int:
        return self.length

    def __reduce__(self) -> tuple[object, ...]:
        return (_restored, (self.bytes().tobytes(),))

    def clone(self) -> "UntypedStorage":
        """A copy in memory of its own."""
        return allocate(self.length).copy_(self)

    def copy_(self, source: "UntypedStorage") -> Self:
        """This storage, with the bytes of another of its length; no version counts the write."""
        self.bytes()[:] = source.bytes()
        return self

    def fill_(self, value: int) -> Self:
        """This storage, with every byte set; no version counts the write."""
        self.bytes()[:] = value
        return self

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> "UntypedStorage": ...
    def __getitem__(self, index: int | slice) -> "int | UntypedStorage":
        if not isinstance(index, slice):
            at = index + self.length if index < 0 else index
            if not 0 <= at < self.length:
                raise IndexError(f"index {at} out of range for storage of size {self.length}")
            return int(self.bytes()[at])
        first, last, step = index.indices(self.length)
        if step != 1:
            raise RuntimeError(
                f"Trying to slice with a step of {step}, but only a step of 1 is supported"
            )
        return UntypedStorage(self.buffer, self.start + first, max(last - first, 0))

    def __setitem__(self, index: int | slice, value: int) -> None:
        self.bytes()[index] = value

    def __repr__(self) -> str:
        lines = "".join(f" {byte}\n" for byte in self.tolist())
        kind = "torch.storage.UntypedStorage(device=cpu)"
        return f"{lines}[{kind} of size {self.length}]"


def _restored(content: bytes) -> UntypedStorage:
    """A storage of its own with these bytes: what a copy, or a pickled one, becomes."""
    made = allocate(len(content))
    made.bytes()[:] = np.frombuffer(content, np.uint8)
    return made


def address_of(array: NDArray[np.generic]) -> int:
    """The address of the first element of `array`."""
    address: int = array.__array_interface__["data"][0]
    return address


def _aligned(nbytes: int) -> tuple[Bytes, int]:
    """A buffer of at least `nbytes` from its aligned start on, and that start."""
    buffer = np.empty(nbytes + ALIGNMENT, np.uint8)
    return buffer, -address_of(buffer) % ALIGNMENT


_new = UntypedStorage.__new__


def allocate(nbytes: int) -> UntypedStorage:
    """Uninitialised storage, 64-byte aligned."""
    if nbytes > NUMPYS_OWN:
        return _allocate_large(nbytes)
    return UntypedStorage(*_aligned(nbytes), nbytes)


class _Large(UntypedStorage):
    """Storage of many pages: its memory is kept for the next of its size.

    The system would give each new page filled with zeros, at the first touch of it, and take it
    back when the storage dies; a training step allocates the same sizes over and over.
    """

    __slots__ = ("counted",)

    counted: int
    """Its length when it was made, in bytes."""

    def recount(self, size: int) -> None:
        """Tell `memory_stats` of another size."""
        _counts.freed += self.counted
        _counts.allocated += size
        self.counted = size

    def __del__(self) -> None:
        global _kept
        if _counts is None:  # pyright: ignore[reportUnnecessaryComparison]  # Python is ending
            return
        _counts.freed += self.counted
        if getrefcount(self.buffer) > UNSHARED:  # an array of NumPy's outlives us
            return
        nbytes = -(-self.length // _PAGE) * _PAGE
        if nbytes <= NUMPYS_OWN or len(self.buffer) != nbytes + ALIGNMENT:  # `resize_` was here
            return
        # Another thread may come in between: then the sum is off by one storage, no more.
        if _kept + nbytes <= _KEPT_AT_MOST:
            _kept += nbytes
            _dead.setdefault(nbytes, []).append((self.buffer, self.start, self._address))


class _Counts:
    """Bytes of large storages since import: handed out, given back, and the most at once."""

    __slots__ = ("allocated", "freed", "most")

    def __init__(self) -> None:
        self.allocated = self.freed = self.most = 0


_counts = _Counts()
getrefcount = sys.getrefcount
UNSHARED = 2
"""References to what only one attribute or list holds: its own, and the one that is counted with.
A local's would count in some versions of Python and not in others."""

_dead: dict[int, list[tuple[NDArray[np.generic], int, int]]] = {}
_kept = 0


def _allocate_large(nbytes: int) -> UntypedStorage:
    """Whole pages: those of a storage that died, if one of this size did."""
    global _kept
    whole = -(-nbytes // _PAGE) * _PAGE
    counts = _counts
    counts.allocated += nbytes
    if counts.allocated - counts.freed > counts.most:
        counts.most = counts.allocated - counts.freed
    try:
        buffer, start, address = _dead[whole].pop()
        _kept -= whole
    except (KeyError, IndexError):
        buffer, start = _aligned(whole)
        address = address_of(buffer) + start
    storage = _new(_Large)
    storage.buffer = buffer
    storage.start = start
    storage.length = storage.counted = nbytes
    storage._address = address  # pyright: ignore[reportPrivateUsage]  # of one module
    storage._outside = 0  # pyright: ignore[reportPrivateUsage]  # as above
    return storage


def storage_of(array: NDArray[np.generic]) -> UntypedStorage:
    """The storage of memory that NumPy allocated for a dense array, which only a tensor holds."""
    if not array.flags.c_contiguous:
        array = array.transpose(sorted(range(array.ndim), key=lambda d: -array.strides[d]))
    return storage_over(array, array.nbytes)


def storage_over(array: NDArray[np.generic], nbytes: int) -> UntypedStorage:
    """`storage_of` an array in C order, of so many bytes."""
    storage = _new(UntypedStorage)
    storage.buffer = array
    storage.start = storage._address = storage._outside = 0  # pyright: ignore[reportPrivateUsage]  # of one module
    storage.length = nbytes
    return storage


def empty_cache() -> None:
    """Give back to the system what dead storages left behind."""
    global _kept
    _dead.clear()
    _kept = 0


def memory_stats() -> dict[str, int]:
    """Bytes of tensors' storages, under the names of torch.cuda.memory_stats.

    `allocated_bytes.all` has what is alive (`current`), the most at once (`peak`), and the sums of
    what was handed out and given back; `reserved_bytes.all.current` adds what is kept for the next
    storages of its size. Storages of at most 16 KiB are NumPy's own affair and not counted.
    """
    alive = _counts.allocated - _counts.freed
    return {
        "allocated_bytes.all.current": alive,
        "allocated_bytes.all.peak": _counts.most,
        "allocated_bytes.all.allocated": _counts.allocated,
        "allocated_bytes.all.freed": _counts.freed,
        "reserved_bytes.all.current": alive + _kept,
    }


def reset_peak_memory_stats() -> None:
    """Let the peak of `memory_stats` start again from what is alive now."""
    _counts.most = _counts.allocated - _counts.freed


def wrap_array(array: NDArray[np.generic]) -> UntypedStorage:
    """Storage over the memory of `array`, from its first element to its last; nothing is copied.

    Strides must not be negative. Source: torch/csrc/utils/tensor_numpy.cpp.
    """
    flat = array
    if not array.flags.c_contiguous:  # so there are elements
        span = sum((n - 1) * s for n, s in zip(array.shape, array.strides, strict=True))
        items = span // array.itemsize + 1
        whole = np.lib.stride_tricks.as_strided(array, (items,), (array.itemsize,))
        flat = whole.view(np.uint8)
    storage = UntypedStorage(flat, 0, flat.nbytes)
    storage.lend()
    return storage
