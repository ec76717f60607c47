"""Loops over each element, beside what they stand for."""

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np.ops import binary

RANDOM = [float(n) for n in np.random.default_rng(0).integers(1, 2**24, 40)]
DIVISORS = [255.0, 0.3081, 3.0, 10.0, 6.0, -14.0, 2.0, 2.0**100, 1e30, -1e38, 2.0**-140, 5e-324]
DIVISORS += [0.0, -0.0, float("inf"), float("nan"), *RANDOM]


def different(divisor: float) -> int:
    """How many quotients have other bits than PyTorch's: of numbers of all kinds, and of those
    whose quotient lies halfway between two denormal ones."""
    random = np.random.default_rng(1)
    odd = random.integers(0, 1 << 11, 6000) * 2 + 1
    some = random.standard_normal(6000).astype(np.float32)
    edges = np.float32([0.0, -0.0, 1e-45, -3e-45, 1e-38, 3e38, np.inf, -np.inf, np.nan])
    found = 0
    for scale in (1.0, 2.0**40, 2.0**100) if divisor > 1 and divisor % 1 == 0 else (1.0,):
        with np.errstate(all="ignore"):
            by = np.float32(divisor * scale)
            ties = (odd * 2.0**-150 * np.float64(by)).astype(np.float32)
            a = np.concatenate([ties, some, np.resize(edges, 6000), -ties, some * by])
        ours = (minitorch_np.from_numpy(a) / float(by)).numpy()
        theirs = (torch.from_numpy(a) / float(by)).numpy()
        nan = np.isnan(theirs)
        found += np.count_nonzero(np.isnan(ours) != nan)
        found += np.count_nonzero(ours.view(np.int32)[~nan] != theirs.view(np.int32)[~nan])
    return found


@pytest.mark.parametrize("divisor", DIVISORS)
def test_quotients_of_one_divisor_are_rounded_once(divisor: float) -> None:
    assert not different(divisor)


def test_some_quotients_lie_halfway(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the look at what is small they would be rounded otherwise."""
    monkeypatch.setattr(binary, "_halfway_below", lambda _: np.float32(0))
    assert sum(map(different, RANDOM))
