"""Strides of every op's results: unary ops over every layout, binary ones over 300 pairs of them.

The layouts are those that permute and slicing reach from a (2, 3, 4) storage. Only geometry is
compared, for the values of every op are compared elsewhere; where torch raises, so must we.
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
from tests.samples import labelled
from tests.samples.spec import In, Sample

Pair = tuple[Tensor, torch.Tensor]
PAIRS = 300

OPEN = {
}
"""Where strides still differ from PyTorch's, by sample. Strict: what agrees must leave it."""


def plain(given: In) -> bool:
    """Whether an input may have any shape and is of the dtype under test."""
    return given.shape is None and given.dtype is None and given.elements is None


def chosen(count: int) -> list[Any]:
    """The samples of ops that take `count` tensors of any shape, and draw nothing."""
    return [
        pytest.param(
            s, id=name,
            marks=[pytest.mark.xfail(reason=OPEN[name], strict=True)] if name in OPEN else [],
        )
        for name, s in labelled()
        if len(s.inputs) == count and all(map(plain, s.inputs)) and not s.random
    ]  # fmt: skip


@functools.cache
def layouts(low: float, high: float) -> list[Pair]:
    """Every layout, over 24 different numbers of a range."""
    base = torch.linspace(low, high, 24, dtype=torch.float64)
    mine = ours(base)
    return [
        (
            mine.alias(a.sizes, a.strides, a.offset),
            base.as_strided(t.shape, t.stride(), t.storage_offset()),
        )
        for a, t in pairs()
    ]


def geometry(library: Any, s: Sample, tensors: list[Any]) -> Any:
    """Shape, stride and offset of each result, None for an exception."""
    try:
        results = s.f(library, *tensors)
    except Exception:  # noqa: BLE001 - both must raise; texts are compared elsewhere
        return None
    return [(tuple(r.shape), r.stride(), r.storage_offset()) for r in tensors_in(results)]


def assert_alike(s: Sample, given: list[Pair]) -> None:
    """One call has the same geometry under both libraries."""
    mine = geometry(minitorch_np, s, [a for a, _ in given])
    theirs = geometry(torch, s, [t for _, t in given])
    assert mine == theirs, [(tuple(t.shape), t.stride()) for _, t in given]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("s", chosen(1))
def test_unary_over_every_layout(s: Sample) -> None:
    for pair in layouts(s.inputs[0].low, s.inputs[0].high):
        assert_alike(s, [pair])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("s", chosen(2))
def test_binary_over_pairs_of_layouts(s: Sample) -> None:
    rng = random.Random(s.op)
    first = layouts(s.inputs[0].low, s.inputs[0].high)
    second = layouts(s.inputs[1].low, s.inputs[1].high)
    by_shape: dict[tuple[int, ...], list[Pair]] = {}
    for pair in second:
        by_shape.setdefault(tuple(pair[1].shape), []).append(pair)
    for _ in range(PAIRS):
        one = rng.choice(first)
        alike = rng.random() < 0.7
        other = rng.choice(by_shape[tuple(one[1].shape)] if alike else second)
        assert_alike(s, [one, other])
