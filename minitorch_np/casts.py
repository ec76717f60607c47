"""Values moved from one dtype to another, as PyTorch converts them; by compiled loops where there
are many and NumPy is slow at it, as it is with half types.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, kernels
from minitorch_np.kernels.large import FLOAT, MANY, Compiled, loop
from minitorch_np.quiet import quietly

__all__ = [
    "BLOCK", "TURNED", "as_dtype", "assign", "by_blocks", "clear", "flat", "large_copy",
    "large_fill", "narrow_loop", "read_by_loops", "single",
]  # fmt: skip

Array = NDArray[Any]


def as_dtype(source: Array, to: np.dtype[Any]) -> Array:
    """A copy of `source` in another dtype, in the same order."""
    if source.size >= MANY and (source.dtype, to) in _CASTS:
        made = np.empty_like(source, to)
        if large_copy(made, source):
            return made
    return source.astype(to)


def assign(target: Array, source: Array) -> None:
    """Write `source` to `target`, converted as PyTorch does, which is not always as NumPy does.

    Half types are reached through float32, so that a float64 is rounded twice, and uint8 through
    int64, so that large floats wrap. Source: c10/util/TypeCast.h.
    """
    if target.size >= MANY and (large_copy(target, source) or large_fill(target, source)):
        return
    old, new = source.dtype, target.dtype
    if old != new:
        if not _HALVES.isdisjoint((old, new)):
            source = single(source)
            if target.size >= MANY and large_copy(target, source):
                return
        if new == np.uint8 and source.dtype.kind == "f":
            source = source.astype(np.int64)
    target[...] = source


def single(source: Array) -> Array:
    """A copy as float32, in memory of its own: NumPy's casts read what they have written before,
    where both lie in the same."""
    wide = np.empty_like(source, FLOAT)
    if source.size < MANY or not large_copy(wide, source):
        np.copyto(wide, source, casting="unsafe")
    return wide


def large_copy(target: Array, source: Array) -> bool:
    """Whether a compiled loop wrote `source` to `target`: a transposed one, or in another dtype."""
    if source.shape != target.shape:
        return False
    if not target.flags.carray:
        target, source = target.T, source.T
    old, new = source.dtype, target.dtype
    name = _CASTS.get((old, new))
    if (name is None and old != new) or not target.flags.carray:
        return False
    if np.may_share_memory(source, target):
        return False
    if name is None:
        turned = target.ndim == 2 and old.itemsize == 4 and source.T.flags.carray
        if turned and target.size >= TURNED and min(target.shape) > 1:
            words = source.T.view(np.int32), target.view(np.int32)
            loop("copies.transpose")(*words, target.shape[0], 0, target.shape[0])
            return True
        return False
    if not source.flags.carray:
        return False
    loop(name)(*[a.view(np.uint16) if a.itemsize == 2 else a for a in (source, target)])
    return True


def large_fill(target: Array, source: Array) -> bool:
    """Whether a compiled loop wrote the one number in `source` to all of `target`."""
    if source.ndim or target.itemsize != 4:
        return False
    whole = target if target.flags.c_contiguous else target.T
    if not whole.flags.carray:
        return False
    word = source.astype(target.dtype).view(np.int32)
    loop("copies.fill")(whole.view(np.int32), word.item())
    return True


def clear(target: Array) -> None:
    """Write 0 to all of `target`; as bytes, in one piece, which the C library does fastest."""
    if target.size >= MANY and target.flags.c_contiguous:
        target = target.reshape(-1).view(np.uint8)
    target.fill(0)


_HALVES = {dtypes.float16.np, dtypes.bfloat16.np}
"""Those that are reached through float32."""

TURNED = 1 << 16
"""Elements from which a transposed copy goes by tiles."""

_CASTS: dict[tuple[np.dtype[Any], np.dtype[Any]], str] = {
    (FLOAT, dtypes.bfloat16.np): "copies.to_bfloat16",
    (dtypes.bfloat16.np, FLOAT): "copies.of_bfloat16",
    (FLOAT, np.dtype(np.float16)): "copies.to_float16",
    (np.dtype(np.float16), FLOAT): "copies.of_float16",
    (FLOAT, np.dtype(np.uint8)): "copies.to_uint8",
    (np.dtype(np.uint8), FLOAT): "copies.of_uint8",
    (FLOAT, np.dtype(np.bool_)): "copies.to_bool",
}
"""The conversions that NumPy is slow at."""


def flat(a: Array) -> Array | None:
    """An array in C's or in Fortran's order as one of one dim, which shares its memory."""
    if a.flags.carray:
        return a.reshape(-1)
    return a.T.reshape(-1) if a.T.flags.carray else None


@functools.cache
def read_by_loops(dtype: np.dtype[Any]) -> bool:
    """Whether loops can be compiled for a half type: float16 needs a CPU that converts it."""
    return dtype == dtypes.bfloat16.np or (dtype == np.float16 and kernels.cpu.has("f16c"))


def narrow_loop(
    f: object, given: Sequence[Any], are_many: Sequence[bool], target: Array
) -> Callable[[], object] | None:
    """The call of a compiled loop that computes an elementwise kernel of flat arrays of one half
    type and of numbers in one pass; None where there is no such loop."""
    half = target.dtype
    if not read_by_loops(half):
        return None
    numbers: Sequence[Any] = ()
    if isinstance(f, Compiled):
        name = _OF_BITS.get(f.name, f.name if f.name.startswith("elementwise.") else None)
        numbers = f.numbers
        if not all(are_many):
            return None
    elif all(are_many):
        name = _OF_HALVES.get(f)
    elif len(given) == 2:
        name = (_WITH_NUMBER if are_many[0] else _OF_NUMBER).get(f)
        n = quietly(FLOAT.type, given[1 if are_many[0] else 0])
        numbers = [-n if f is np.subtract and are_many[0] else n]
        given = given[:1] if are_many[0] else given[1:]
    else:
        name = None
    return None if name is None else lambda: loop(name, half)(*given, target, *numbers)


_OF_HALVES: dict[object, str] = {
    np.add: "halves.add", np.subtract: "halves.subtract", np.multiply: "halves.multiply",
    np.true_divide: "halves.divide",
}  # fmt: skip
"""The loops of two arrays."""

_WITH_NUMBER: dict[object, str] = {
    np.add: "halves.add_number", np.subtract: "halves.add_number",
    np.multiply: "halves.multiply_number",
}  # fmt: skip
"""Those of an array and a number, of which `add_number` takes the opposite of what is taken off."""

_OF_NUMBER: dict[object, str] = {
    np.add: "halves.add_number", np.subtract: "halves.subtract_from_number",
    np.multiply: "halves.multiply_number",
}  # fmt: skip
"""Those of a number and an array."""

_OF_BITS = {"elementwise.neg": "halves.neg", "elementwise.absolute": "halves.absolute"}
"""Those that need not know what the bits mean."""


BLOCK = 1 << 14
"""Elements of a half type that are computed at a time: as float32, some of these lie in the second
cache."""


def by_blocks(
    f: Callable[..., object], given: Sequence[Any], are_many: Sequence[bool], target: Array,
    length: int = BLOCK,
) -> None:  # fmt: skip
    """An elementwise kernel on block after block of flat arrays of half types, as float32, and on
    numbers: so what is read and written stays near."""
    widen, narrow = (loop(_CASTS[pair]) for pair in ((target.dtype, FLOAT), (FLOAT, target.dtype)))
    rooms = [np.empty(length, FLOAT) if many else None for many in are_many]
    last = np.empty(length, FLOAT)
    for at in range(0, target.size, length):
        block = slice(at, at + length)
        here: list[Any] = []
        for room, a in zip(rooms, given, strict=True):
            if room is None:
                here.append(a)
            else:
                part = a[block]
                here.append(room[: part.size])
                widen(part, here[-1])
        part = target[block]
        f(*here, last[: part.size])
        narrow(last[: part.size], part)
