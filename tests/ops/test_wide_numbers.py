"""Ints of more bits than PyTorch takes, as numbers, counts, places and sizes of ops."""

import warnings
from typing import Any

import pytest
import torch

import minitorch_np

VALUES = {
    "2**63 - 1": 2**63 - 1, "2**63": 2**63, "2**64 - 1": 2**64 - 1, "2**64": 2**64,
    "10**40": 10**40, "10**400": 10**400, "-2**63": -(2**63), "-2**63 - 1": -(2**63) - 1,
}  # fmt: skip
NUMBERS = """
x + v; v + x; x * v; x - v; v - x; x / v; x // v; x % v; v ** x; x > v; x == v; x < v; x != v;
x.clone().add_(v); x.clone().mul_(v); lib.add(x, x, alpha=v); x.clone().fill_(v);
x.masked_fill(mask, v); lib.where(mask, x, v); lib.full((2,), v); lib.full_like(x, v);
x.scatter(0, place, v); x.index_fill(0, place, v); x & v; x | v; x << v; lib.fmod(x, v);
lib.remainder(x, v); lib.nn.functional.leaky_relu(x.float(), v); lib.copysign(x, v); lib.tensor(v);
lib.lerp(x.float(), x.float(), v); lib.celu(x.float(), v); x.float().norm(v);
lib.renorm(x.float().view(1, 3), v, 0, 1); lib.addcdiv(x.float(), x.float(), x.float(), value=v);
lib.isclose(x, x, atol=v)
"""
COUNTS = """
x.sum(v); x.cumsum(v); x.unsqueeze(v); x.narrow(0, v, 1); x.topk(v); x.split(v); lib.cat([x, x], v);
lib.triu(x.view(1, 3), v); x[v]; x.roll(v) if v > 0 else None; x.chunk(v) if v > 2**63 else None;
x.unsafe_split(v); lib.split(x, v); lib.randint(0, v, (2,)).shape; lib.randint(v, 3, (2,)).shape;
lib.randint(0, v, (2,), dtype=lib.float32).shape; lib.randint_like(x.long(), v).shape;
x.long().random_(v).shape; lib.nn.functional.one_hot(x.long() * 0, v) if abs(v) >= 2**63 else None;
lib.nn.functional.cross_entropy(x.float(), place[0], ignore_index=v);
lib.nn.functional.avg_pool2d(x.float().view(1, 1, 3), 1, divisor_override=v);
lib.clamp(x, 0, v); lib.clamp(x, v, 5); lib.clamp(x, v, v); lib.clamp(x, v); lib.clamp(x, max=v);
x.clone().clamp_(0, v); x.clamp_min(v); lib.nn.functional.hardtanh(x, 0, v) if v > 0 else None;
lib.nn.functional.hardtanh(x, v, 2**64 - 1) if v < 2**64 else None
"""
SIZES = """
x.reshape(v); x.expand(v, 3) if v > 0 else None; x.repeat(v) if v > 0 else None; x.view(v);
x.view((v,)); x.view(3, v); x.split([v]); x.unflatten(0, (v, 1))
"""


def told(lib: Any, source: str, value: int, dtype: str) -> str:
    """What an expression gives, or the error that it raises; PyTorch may go on about its source."""
    x = lib.tensor([1, 2, 3], dtype=getattr(lib, dtype))
    names = {"lib": lib, "x": x, "v": value}
    names |= {"mask": lib.tensor([True, False, True]), "place": lib.tensor([0])}
    try:
        with warnings.catch_warnings(action="ignore"):
            return repr(eval(source, names)).replace("minitorch_np.", "torch.")
    except (ArithmeticError, IndexError, RuntimeError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}".removesuffix('"')


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("source", [each.strip() for each in (NUMBERS + ";" + COUNTS).split(";")])
def test_numbers_and_counts(source: str, value: str) -> None:
    for dtype in ("float32", "int64", "uint8"):
        ours, theirs = (told(lib, source, VALUES[value], dtype) for lib in (minitorch_np, torch))
        assert ours == theirs, dtype


@pytest.mark.parametrize("value", ["2**64", "10**40", "10**400", "-2**63 - 1"])
@pytest.mark.parametrize("source", [each.strip() for each in SIZES.split(";")])
def test_sizes(source: str, value: str) -> None:
    ours, theirs = (told(lib, source, VALUES[value], "float32") for lib in (minitorch_np, torch))
    assert ours == theirs


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8", "uint8", "int64", "bool"])
def test_what_where_chooses_must_fit(dtype: str) -> None:
    for value in ("1e6", "1e39", "3e300", "float('inf')", "300", "-1", "-300", "True", "1.5"):
        source = f"lib.where(mask, x, {value})"
        ours, theirs = (told(lib, source, 0, dtype) for lib in (minitorch_np, torch))
        assert ours == theirs, value
