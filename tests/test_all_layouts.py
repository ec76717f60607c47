"""Strides of every op's results over the layouts that permute and slicing reach from (2, 3, 4).

Ops of one tensor of any shape see every layout, those of several see 300 draws of them. Only
geometry is compared, for values are compared elsewhere; where torch raises, so must we. Strides do
not depend on where a tensor starts, so each layout lies in one place.
"""

import functools
import random
from typing import Any

import pytest
import torch

import minitorch_np
from minitorch_np.tensor import Tensor
from tests.ops.layouts import pairs
from tests.oracle import ours, tensors_in
from tests.samples import LAYOUTS, SAMPLES, labelled, usual
from tests.samples.spec import In, Sample

Pair = tuple[Tensor, torch.Tensor]
DRAWS = 300

ANY = [
    pytest.param(s, id=name)
    for name, s in labelled([*SAMPLES, *LAYOUTS])
    if all(given.of_any_shape for given in s.inputs)
]
"""The samples whose tensors may have any shape."""

UNARY = [p for p in ANY if len(p.values[0].inputs) == 1]
SEVERAL = [p for p in ANY if len(p.values[0].inputs) > 1]


@functools.cache
def layouts(low: float, high: float, dtype: torch.dtype) -> list[Pair]:
    """Every layout, over 24 different numbers of a range, or over true and false."""
    base = torch.linspace(low, high, 24, dtype=torch.float64).round(decimals=3).to(dtype)
    if dtype is torch.bool:
        base = torch.arange(24) % 3 == 0
    mine = ours(base)
    places = {(a.sizes, a.strides): a.offset for a, _ in pairs()}
    return [
        (mine.alias(shape, stride, offset), base.as_strided(shape, stride, offset))
        for (shape, stride), offset in places.items()
    ]


@functools.cache
def of_shape(low: float, high: float, dtype: torch.dtype) -> dict[tuple[int, ...], list[Pair]]:
    """The same by their shape."""
    found: dict[tuple[int, ...], list[Pair]] = {}
    for pair in layouts(low, high, dtype):
        found.setdefault(pair[0].sizes, []).append(pair)
    return found


def geometry(library: Any, s: Sample, tensors: list[Any]) -> Any:
    """Shape, stride and offset of each result, None for an exception."""
    try:
        results = s.f(library, *tensors)
    except Exception:  # noqa: BLE001 - both must raise; texts are compared elsewhere
        return None
    if isinstance(results, (Tensor, torch.Tensor)):
        return tuple(results.shape), results.stride(), results.storage_offset()
    return [(tuple(r.shape), r.stride(), r.storage_offset()) for r in tensors_in(results)]


def ran_alike(s: Sample, given: list[Pair]) -> bool:
    """Whether a call, of the same geometry under both libraries, raised no exception."""
    mine = geometry(minitorch_np, s, [a for a, _ in given])
    theirs = geometry(torch, s, [t for _, t in given])
    assert mine == theirs, [(tuple(t.shape), t.stride()) for _, t in given]
    return theirs is not None


def kind(given: In, dtype: torch.dtype) -> tuple[float, float, torch.dtype]:
    """What `layouts` asks about a tensor of a sample."""
    return given.low, given.high, given.dtype or dtype


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("s", UNARY)
def test_every_layout_of_one_tensor(s: Sample) -> None:
    every = layouts(*kind(s.inputs[0], usual(s, torch.float64)))
    if s.random:  # to draw is slow
        every = every[::8]
    assert any([ran_alike(s, [pair]) for pair in every])  # noqa: C419 - all of them


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("s", SEVERAL)
def test_draws_of_layouts_for_several(s: Sample) -> None:
    rng = random.Random(s.op)
    kinds = [kind(given, usual(s, torch.float64)) for given in s.inputs]
    ran = 0
    for _ in range(DRAWS):
        given = [rng.choice(layouts(*kinds[0]))]
        for k in kinds[1:]:
            alike = rng.random() < 0.7
            given.append(rng.choice(of_shape(*k)[given[0][0].sizes] if alike else layouts(*k)))
        ran += ran_alike(s, given)
    assert ran
