"""Verdicts on arrays with a known estimate."""

import math

import numpy as np
import pytest

from experiments.harness.verdict import Judgement, Tally, Value, judge

SIGMA = 1e-6
ONES = np.ones((2, 3), np.float32)


def value(values, *, plain=SIGMA**2, fence=None, stride=(3, 1), dtype="float32"):
    def array(v):
        return None if v is None else np.broadcast_to(np.asarray(v, float), values.shape)

    return Value(values, stride, dtype, array(plain), array(fence))


def moved(sigmas):
    values = ONES.astype(np.float64)
    values[1, 2] += sigmas * SIGMA
    return value(values)


@pytest.mark.parametrize(
    ("sigmas", "verdict"),
    [
        (0, "bit-equal"),
        (7, "within rounding"),
        (9, "suspect"),
        (79, "suspect"),
        (81, "wrong"),
        (math.nan, "wrong"),
        (math.inf, "wrong"),
    ],
)
def test_ratio_decides(sigmas, verdict):
    judgement = judge(moved(0), moved(sigmas))
    assert judgement.verdict == verdict
    if 0 < sigmas < 100:
        assert judgement.ratio == pytest.approx(sigmas / 8, rel=1e-3)
        assert judgement.index == (1, 2)


def test_event_only_thanks_to_the_fence():
    fence = np.zeros((2, 3))
    fence[1, 2] = 1e-4
    ours = value(ONES.astype(np.float64), fence=fence)
    assert judge(ours, moved(1000)).verdict == "event"
    assert judge(ours, moved(5)).verdict == "within rounding"
    assert judge(ours, moved(1e7)).verdict == "wrong"
    elsewhere = ONES.astype(np.float64)
    elsewhere[0, 0] += 1000 * SIGMA
    assert judge(ours, value(elsewhere)).verdict == "wrong"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (value(ONES, stride=(1, 2)), "stride (3, 1) against (1, 2)"),
        (value(ONES, dtype="float64"), "dtype float32 against float64"),
        (value(ONES[:1]), "shape (2, 3) against (1, 3)"),
    ],
)
def test_equal_values_of_another_layout_are_wrong(other, reason):
    judgement = judge(value(ONES), other)
    assert (judgement.verdict, judgement.ratio, judgement.reason) == ("wrong", math.inf, reason)


def test_zeros_of_two_signs_and_nans():
    zeros = np.zeros((2, 3), np.float32)
    assert judge(value(zeros, plain=None), value(-zeros)).verdict == "within rounding"
    nans = np.full((2, 3), np.nan, np.float32)
    assert judge(value(nans, plain=None), value(nans)).verdict == "bit-equal"


def test_any_difference_from_an_exact_value_is_wrong():
    assert judge(value(ONES, plain=None), value(ONES + np.float32(1e-7))).verdict == "wrong"


def test_loose_estimate_is_told():
    assert judge(value(ONES, plain=1e-4), value(ONES)).loose
    assert not judge(value(ONES), value(ONES)).loose


def test_tally_keeps_the_worst_and_where():
    tally = Tally("w", "torch-cpu")
    for step, (verdict, ratio) in enumerate(
        [("within rounding", 0.5), ("suspect", 2.0), ("within rounding", 0.9), ("suspect", 1.5)]
    ):
        tally.add(Judgement(verdict, ratio, reason=str(step)), step)
    assert (tally.verdict, tally.ratio, tally.step, tally.note) == ("suspect", 2.0, 1, "1")
    assert tally.counts["within rounding"] == 2
    assert tally.counts["suspect"] == 2
