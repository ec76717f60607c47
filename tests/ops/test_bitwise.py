"""Bits and shifts against torch."""

import itertools

import pytest
import torch

from tests.oracle import DTYPES, INTEGRAL, LAYOUTS, same, sample

BITS = ["bitwise_and", "bitwise_or", "bitwise_xor"]
SHIFTS = ["bitwise_left_shift", "bitwise_right_shift"]


def of(op):
    return lambda t, x, y: getattr(t, op)(x, y)


@pytest.mark.parametrize("op", BITS + SHIFTS)
def test_every_pair_of_dtypes(op):
    for one, other in itertools.product(DTYPES, DTYPES):
        x, y = sample(6, dtype=one, low=-9, high=9), sample(6, dtype=other, low=0, high=5)
        same(of(op), x, y)
        same(of(op), x, y[0])
        same(lambda t, x, y: getattr(x, op)(y), x, y)


@pytest.mark.parametrize("op", BITS + SHIFTS)
@pytest.mark.parametrize("number", [0, 1, -1, True, 3, 7, 8, 63, 64, 1.5, -5])
def test_numbers(op, number):
    for dtype in DTYPES:
        x = sample(6, dtype=dtype, low=-9, high=9)
        same(of(op), x, number)
        same(of(op), number, x)


@pytest.mark.parametrize("op", BITS + SHIFTS)
def test_strides_in_place_and_out(op):
    for one, other in itertools.product(LAYOUTS, LAYOUTS):
        x = sample(2, 3, 4, layout=one, dtype=torch.int64)
        same(of(op), x, sample(2, 3, 4, layout=other, dtype=torch.int64, low=0))
    for dtype in INTEGRAL:
        same(lambda t, x: getattr(x, f"{op}_")(1), sample(3, dtype=dtype))
    same(
        lambda t, x, y: getattr(t, op)(x, 2, out=y),
        sample(3, dtype=torch.int8),
        torch.zeros(3, dtype=torch.int32),
    )


def test_not():
    for dtype in DTYPES:
        same(lambda t, x: t.bitwise_not(x), sample(4, dtype=dtype))
        same(lambda t, x: x.bitwise_not_(), sample(4, dtype=dtype, grad=False))
