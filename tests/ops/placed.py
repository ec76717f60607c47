"""Tensors of given values in random layouts, in both libraries at once."""

import functools
import random

import torch

from minitorch_np.strides import extent
from minitorch_np.tensor import Tensor
from tests.oracle import ours, sample
from tests.samples.spec import In

Pair = tuple[Tensor, torch.Tensor]

ODD = (0, 1, 2, 5, 100)
"""Strides that a dim of size 1 may have, which no memory depends on."""


def random_stride(shape: tuple[int, ...], rng: random.Random) -> tuple[int, ...]:
    """A stride in any order of dims, often NHWC, with gaps, expanded dims, or odd ones."""
    order = list(range(len(shape)))
    if len(shape) == 4 and rng.random() < 0.2:
        order = [0, 2, 3, 1]
    elif rng.random() < 0.8:
        rng.shuffle(order)
    stride, step = [0] * len(shape), 1
    gaps = rng.random() < 0.5
    for d in reversed(order):
        apart, behind = (rng.choice((1, 1, 2)), rng.choice((0, 0, 1))) if gaps else (1, 0)
        stride[d] = step * apart
        step *= max(shape[d] * apart + behind, 1)
    for d, n in enumerate(shape):
        if n == 1 and rng.random() < 0.5:
            stride[d] = rng.choice(ODD)
    long = [d for d, n in enumerate(shape) if n > 1]
    if long and rng.random() < 0.25:
        for d in rng.sample(long, rng.choice((1, len(long)))):
            stride[d] = 0
    return tuple(stride)


def placed(t: torch.Tensor, stride: tuple[int, ...], offset: int) -> torch.Tensor:
    """The values of `t` in this layout; along an expanded dim the first of them."""
    memory = torch.zeros(offset + extent(tuple(t.shape), stride), dtype=t.dtype)
    out = memory.as_strided(t.shape, stride, offset)
    first = tuple([slice(1 if n > 1 and not st else None) for n, st in zip(t.shape, stride)])
    out[first] = t[first]
    return out


@functools.cache
def places(shape: tuple[int, ...], count: int) -> list[tuple[tuple[int, ...], int]]:
    """At most `count` different strides and offsets of a shape, the contiguous one first."""
    rng = random.Random(f"{shape}")
    found = {(torch.empty(shape).stride(), 0): None}
    for _ in range(2 * count):
        if len(found) < count:
            found[random_stride(shape, rng), rng.choice((0, 0, 1, 3))] = None
    return list(found)


@functools.cache
def pool(spec: In, dtype: torch.dtype, seed: int, count: int) -> list[Pair]:
    """One tensor of a sample, in the layouts that every tensor of its shape has here."""
    if spec.elements is not None:
        t = torch.tensor(spec.elements, dtype=spec.dtype)
    else:
        assert spec.shape is not None
        t = sample(
            *spec.shape, dtype=spec.dtype or dtype, seed=seed, low=spec.low, high=spec.high,
            grad=False,
        )  # fmt: skip
    found = [placed(t, *place) for place in places(tuple(t.shape), count)]
    return [(ours(t), t) for t in found]
