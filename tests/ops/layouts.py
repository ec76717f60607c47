"""Every layout that permute and slicing reach from a (2, 3, 4) storage, in both libraries at once.

Values are their own storage index, so equal values mean equal memory.
"""

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

import minitorch_np
from minitorch_np.tensor import Tensor
from tests.oracle import ours, plain

Pair = tuple[Tensor, torch.Tensor]


def _geometries() -> Iterator[tuple[Sequence[int], Sequence[int], int]]:
    base = torch.arange(24).view(2, 3, 4)
    for order in itertools.permutations(range(3)):
        t = base.permute(order)
        for cuts in itertools.product(
            *[
                [slice(i, j, k) for i in range(n) for j in range(i, n + 1) for k in (1, 2)]
                for n in t.shape
            ]
        ):
            cut = t[cuts]
            yield tuple(cut.shape), cut.stride(), cut.storage_offset()


@functools.cache
def pairs() -> list[Pair]:
    """Our tensor and torch's of each of some 1,700 layouts, over the 24 integers of one storage.

    Offsets are thinned out: each (shape, stride) comes with its first and its last one.
    """
    places: dict[tuple[Any, Any], list[int]] = {}
    for shape, stride, offset in _geometries():
        places.setdefault((shape, stride), []).append(offset)
    base = torch.arange(24)
    mine = ours(base)
    found: list[Pair] = []
    for (shape, stride), offsets in places.items():
        found += [
            (mine.alias(shape, stride, offset), base.as_strided(shape, stride, offset))
            for offset in {min(offsets), max(offsets)}
        ]
    return found


def _outcome(f: Callable[..., Any], library: Any, t: Any) -> Any:
    try:
        result = f(library, t)
    except Exception as error:  # noqa: BLE001 - compared with the other library's
        return f"{type(error).__name__}: {plain(str(error))}"
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _facts(t: Any) -> tuple[Any, ...]:
    return tuple(t.shape), tuple(t.stride()), t.storage_offset()


def on_every_layout(f: Callable[..., Any], shares: bool = True, every: int = 1) -> None:
    """Assert that `f(library, t)` has the same geometry, values and errors on every layout.

    With `shares` every result is a view, so its geometry is all there is to compare. `every` thins
    the layouts out, for ops that are slow.
    """
    for a, t in pairs()[::every]:
        mine, theirs = _outcome(f, minitorch_np, a), _outcome(f, torch, t)
        told = _facts(t), mine, theirs
        if isinstance(mine, str) or isinstance(theirs, str):
            assert mine == theirs, told
            continue
        assert [_facts(x) for x in mine] == [_facts(y) for y in theirs], told
        for x, y in zip(mine, theirs, strict=True):
            if shares and y.numel():
                assert x.memory is a.memory, ("a copy", *told)
            else:
                shared = y.untyped_storage().data_ptr() == t.untyped_storage().data_ptr()
                assert not y.numel() or (x.memory is a.memory) == shared, ("aliasing", *told)
                assert np.array_equal(x.array, y.numpy()), told
