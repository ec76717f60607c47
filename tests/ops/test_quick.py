"""Ops on small tensors, which skip what others need: the bits are those of the longer way."""

import math
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np.op import REGISTRY
from minitorch_np.tensor import Number, Tensor, stored
from tests.oracle import same

QUICK = sorted(n for n, one in REGISTRY.items() if one.plan.quick and one.plan.name == n)
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, math.inf, -math.inf, math.nan, 1e-40, 3e38, -7.75]
NUMBERS: list[Number] = [0, 1, 2, 3, -1, -2, 0.5, -0.5, 1.7, -0.0, math.inf, -math.inf, math.nan]
"""As exponents too, some of which have kernels of their own."""


def operands(name: str, kind: Any) -> list[Tensor]:
    """Every pair of special numbers for two operands, each of them for one."""
    dtype = getattr(minitorch_np, np.dtype(kind).name)
    grid = np.meshgrid(np.asarray(SPECIAL, kind), np.asarray(SPECIAL, kind))
    wanted = [k for n, k in REGISTRY[name].plan.kinds.items() if n != "out"]
    return [stored(np.ascontiguousarray(a), dtype) for a in grid][: len(wanted)]


def bits(t: Any) -> bytes:
    """The elements as they are in memory, but one nan for all."""
    return np.where(np.isnan(t.array), t.array.dtype.type(np.nan), t.array).tobytes()


def longer(name: str, *given: Tensor | Number) -> bytes:
    """The op of views that are no dense tensors, and so never take the shorter way."""
    made: Any = REGISTRY[name].function(
        *[x.expand((2, *x.sizes)) if isinstance(x, Tensor) else x for x in given]
    )
    return bits(made[0])


def check(name: str, *given: Any) -> None:
    assert given[0].form.alike is not None or given[0].form.alone is not None
    expected = longer(name, *given)
    assert bits(REGISTRY[name].function(*given)) == expected
    if f"{name}_" in REGISTRY:
        assert bits(REGISTRY[f"{name}_"].function(given[0].clone(), *given[1:])) == expected


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("name", QUICK)
def test_small_tensors_have_the_bits_of_the_longer_way(name: str, kind: Any) -> None:
    given = operands(name, kind)
    check(name, *given)
    if len(given) == 2 and list(REGISTRY[name].plan.kinds.values())[1] == "maybe":
        for n in NUMBERS:
            check(name, given[0], n)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("name", QUICK)
def test_single_numbers_have_the_bits_of_the_longer_way(name: str, kind: Any) -> None:
    given = [t.view(-1).unbind() for t in operands(name, kind)]
    for each in zip(*given, strict=True):
        check(name, *[t.clone() for t in each])
    if len(given) == 2 and list(REGISTRY[name].plan.kinds.values())[1] == "maybe":
        for x in given[0][: len(SPECIAL)]:
            for n in NUMBERS:
                check(name, x.clone(), n)


@pytest.mark.parametrize("rows", [1, 40])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_only_half_types_refuse_exponents_that_they_do_not_hold(
    dtype: torch.dtype, rows: int
) -> None:
    x = torch.tensor(SPECIAL[:10]).repeat(rows, 20).to(dtype)
    same(lambda torch, x: x.pow(1e300), x)
    same(lambda torch, x: x.clone().pow_(-1e39), x)
