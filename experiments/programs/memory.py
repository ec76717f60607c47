"""Memory that tensors share: whether writes to it are promised, and what dtypes read of it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import minitorch_np
from experiments.programs.facts import unlike_values
from minitorch_np.strides import is_dense

__all__ = ["address", "mixed", "overlaps_itself", "reconciled"]


def address(t: torch.Tensor) -> int:
    """Which storage a tensor has; the address of its memory is 0 where there is none."""
    return t.untyped_storage()._cdata  # pyright: ignore[reportPrivateUsage]


def places(t: torch.Tensor) -> NDArray[np.int64]:
    """Where in the storage each element is."""
    found = np.full(1, t.storage_offset(), np.int64)
    for n, step in zip(t.shape, t.stride(), strict=True):
        found = (found[:, None] + np.arange(n) * step).reshape(-1)
    return found


def overlaps_itself(t: torch.Tensor) -> bool:
    """Whether two elements are at one place."""
    found = places(t)
    return len(np.unique(found)) < len(found)


def mixed(target: torch.Tensor, read: torch.Tensor, strict: bool) -> bool:
    """Whether reading one tensor while the other is written to is nobody's promise."""
    if target is read:
        return strict
    a, b = target.detach(), read.detach()
    if address(a) != address(b) or not (a.numel() and b.numel()):
        return False
    if a.dtype != b.dtype:
        return True
    if not np.isin(places(a), places(b)).any():
        return False
    if strict:
        return True
    if (a.shape, a.stride(), a.storage_offset()) == (b.shape, b.stride(), b.storage_offset()):
        return False
    return not (is_dense(tuple(a.shape), a.stride()) and is_dense(tuple(b.shape), b.stride()))


def reconciled(pairs: Sequence[tuple[Any, Any]], coarse: str) -> str | None:
    """How memory differs that is read in several dtypes; None where it is the same now.

    What is rounded otherwise as a float is quite another integer. So such memory is compared as the
    floats that it holds in some dtype, and then takes PyTorch's bytes in both libraries.
    """
    shared: dict[int, list[tuple[Any, Any]]] = defaultdict(list)
    for mine, theirs in pairs:
        shared[address(theirs)].append((mine, theirs))
    for group in shared.values():
        dtypes = {str(theirs.dtype).removeprefix("torch.") for _, theirs in group}
        mine, theirs = group[0]
        memory, other = mine.untyped_storage(), theirs.untyped_storage()
        if len(dtypes) == 1 or memory.nbytes() != other.nbytes() or not other.nbytes():
            continue
        here = memory.bytes()
        # of a copy, for PyTorch does not move memory that NumPy looked at
        there = torch.empty(0, dtype=torch.uint8).set_(other).clone().numpy()
        if here.tobytes() == there.tobytes():
            continue
        found = [unlike_memory(here, there, name, coarse) for name in dtypes]
        if all(found):
            return f"memory that is read as {sorted(dtypes)}: {found[0]}"
        here[:] = there
    return None


def unlike_memory(
    mine: NDArray[np.uint8], theirs: NDArray[np.uint8], dtype: str, coarse: str
) -> str | None:
    """How bytes differ as elements of a dtype."""
    kind = getattr(minitorch_np, dtype).np
    whole = len(mine) // kind.itemsize * kind.itemsize
    return unlike_values(mine[:whole].view(kind), theirs[:whole].view(kind), dtype, coarse)
