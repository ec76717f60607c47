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


FILLED = sorted(n for n, one in REGISTRY.items() if one.plan.into and hasattr(torch, n))
"""Ops of which the form of the result is known once their operands met."""


def geometries(dtype: torch.dtype) -> list[torch.Tensor]:
    """Tensors of one dtype that lie in memory in different ways."""
    x = torch.tensor(SPECIAL[:12]).nan_to_num(posinf=9, neginf=-9).view(3, 4).to(dtype)
    row, one = x[0].clone(), x[1, 1].clone()
    return [x, x.t().contiguous().t(), x[:, ::2], row, row.expand(3, 4), one, x[:0].clone()]


KINDS = [torch.float32, torch.float64, torch.float16, torch.int64, torch.bool]
SEVERAL = [1, -0.0, 0.5, 2**53 + 1, 1e300, math.inf, math.nan, True]


@pytest.mark.parametrize("name", FILLED)
@pytest.mark.parametrize("dtype", KINDS)
def test_operands_that_met_before(name: str, dtype: torch.dtype) -> None:
    many = len([kind for arg, kind in REGISTRY[name].plan.kinds.items() if arg != "out"])
    given = geometries(dtype)
    for first in given:
        for second in given[:: 1 if many > 1 else len(given)]:
            operands = (first, second, first)[:many]
            for _ in range(2):  # the second time, by what the first one left
                same(lambda t, *xs: getattr(t, name)(*xs), *operands)


@pytest.mark.parametrize("number", SEVERAL)
@pytest.mark.parametrize("name", ["eq", "ne", "lt", "le", "gt", "ge"])
def test_comparisons_with_numbers(name: str, number: Any) -> None:
    for dtype in (torch.float32, torch.float64, torch.bfloat16, torch.int8, torch.bool):
        for x in geometries(dtype):
            for _ in range(2):
                same(lambda t, x: getattr(t, name)(x, number), x)


def test_what_met_is_watched_and_recorded_as_before() -> None:
    def program(t: Any, x: Any) -> Any:
        y = x.clone().requires_grad_()
        results = [y.rsqrt(), t.addcmul(y, y, x), y > x, t.mv(y, x[0])]
        with t.no_grad():
            results += [y.rsqrt(), y > x]
        with t.inference_mode():
            results += [x.rsqrt(), x == x, x[0] * x[0, 0]]
        flags = [(r.requires_grad, r.is_inference(), r.is_leaf) for r in results]
        return t.tensor(flags), [r.grad_fn and r.grad_fn.name() for r in results]

    x = torch.rand(3, 3) + 0.5
    for _ in range(2):
        same(program, x)


@pytest.mark.parametrize("number", [0, 1, 2, 127, 128, -1, 300, 2**40, True, 1.5])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "remainder"])
def test_integers_and_numbers(name: str, number: Number) -> None:
    for dtype in (torch.int64, torch.int8, torch.uint8, torch.bool):
        for x in geometries(dtype):
            if number or name not in ("remainder", "div"):
                for _ in range(2):
                    same(lambda t, x: getattr(x, name)(number), x)
