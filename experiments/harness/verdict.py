"""From two values and the estimate of their difference to a verdict; pure functions of arrays."""

import math
from dataclasses import dataclass, field

import numpy as np

from experiments.harness.rounding import WIDTH, Array

BIT_EQUAL = "bit-equal"
WITHIN = "within rounding"
EVENT = "event"
SUSPECT = "suspect"
WRONG = "wrong"
# From best to worst.
VERDICTS = (BIT_EQUAL, WITHIN, EVENT, SUSPECT, WRONG)
# An estimate above this part of the quantity's norm says little, and the report says so.
LOOSE = 1e-3


@dataclass(frozen=True, slots=True)
class Judgement:
    """Verdict on one quantity at one step.

    `ratio` is |difference| / (8 sigma) where it is largest, at `index`; infinite where the estimate
    is zero or shapes, strides or dtypes differ, which `reason` then names. `estimate` is the norm
    of the estimated error over the norm of the quantity.
    """

    verdict: str
    ratio: float
    index: tuple[int, ...] = ()
    difference: float = 0.0
    estimate: float = 0.0
    reason: str = ""

    @property
    def loose(self) -> bool:
        return self.estimate > LOOSE


@dataclass(frozen=True, slots=True)
class Value:
    """What is compared of a tensor: values, stride, dtype name, and the estimate's channels."""

    values: Array
    stride: tuple[int, ...] = ()
    dtype: str = ""
    plain: Array | None = field(default=None, repr=False)
    fence: Array | None = field(default=None, repr=False)


def judge(ours: Value, theirs: Value) -> Judgement:
    """Verdict on our value against theirs; the estimate is taken from ours.

    A unit that flips moves what it feeds by its whole contribution, no more: that is one sigma of
    `fence`, a ratio of 1/8. What is left of the 8 is for layers that stretch one shift more than
    its square tells, and for several flips that meet.
    """
    for what, a, b in (
        ("shape", ours.values.shape, theirs.values.shape),
        ("stride", ours.stride, theirs.stride),
        ("dtype", ours.dtype, theirs.dtype),
    ):
        if a != b:
            return Judgement(WRONG, math.inf, reason=f"{what} {a} against {b}")
    if same_bits(ours.values, theirs.values):
        return Judgement(BIT_EQUAL, 0.0, estimate=_relative(ours))
    plain, at, difference = _worst(ours, theirs, ours.plain)
    if plain <= 1:
        return Judgement(WITHIN, plain, at, difference, _relative(ours))
    if ours.fence is not None:
        allowed = ours.fence + (0.0 if ours.plain is None else ours.plain)
        ratio, at, difference = _worst(ours, theirs, allowed)
        if ratio <= 1:
            return Judgement(EVENT, ratio, at, difference, _relative(ours))
        plain = ratio
    verdict = SUSPECT if plain <= 10 else WRONG
    return Judgement(verdict, plain, at, difference, _relative(ours))


def same_bits(a: Array, b: Array) -> bool:
    """Whether two arrays hold the same values bit for bit; any NaN equals any NaN."""
    if a.dtype != b.dtype or a.dtype.kind != "f":
        return np.array_equal(a, b)
    kind = f"u{a.dtype.itemsize}"
    a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)  # of one dimension at least
    unlike = a.view(kind) != b.view(kind)
    return not unlike.any() or bool(np.isnan(a[unlike]).all() and np.isnan(b[unlike]).all())


def _worst(
    ours: Value, theirs: Value, variance: Array | None
) -> tuple[float, tuple[int, ...], float]:
    """Largest |difference| / (8 sigma), its index, and the difference there."""
    a, b = ours.values, theirs.values
    with np.errstate(all="ignore"):
        difference = np.asarray(np.subtract(a, b, dtype=np.float64))
        np.abs(difference, out=difference)
        if not np.isfinite(difference.sum()):
            # A NaN or infinity on one side only is no rounding.
            difference[(a == b) | (np.isnan(a) & np.isnan(b))] = 0.0
            difference[~np.isfinite(difference)] = np.inf
        ratio = np.asarray(np.zeros(a.shape) if variance is None else np.sqrt(variance))
        ratio *= WIDTH
        np.divide(difference, ratio, out=ratio)
        undefined = np.isnan(ratio)
        if undefined.any():
            ratio[undefined] = np.where(difference[undefined] == 0, 0.0, np.inf)
    if ratio.size == 0:
        return 0.0, (), 0.0
    at = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    return float(ratio[at]), tuple(int(i) for i in at), float(difference[at])


def _relative(value: Value) -> float:
    total = sum(float(v.sum()) for v in (value.plain, value.fence) if v is not None)
    if total == 0:
        return 0.0
    values = value.values.astype(np.float64).ravel()
    norm = float(np.vdot(values, values)) ** 0.5
    if not math.isfinite(norm):
        norm = float(np.linalg.norm(values[np.isfinite(values)]))
    return math.sqrt(total) / norm if norm > 0 else math.inf


@dataclass(slots=True)
class Tally:
    """Verdicts of one quantity over all observed steps: the worst, where it fell, and how many."""

    quantity: str
    engine: str
    verdict: str = BIT_EQUAL
    ratio: float = 0.0
    step: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VERDICTS, 0))
    loose: int = 0
    estimate: float = 0.0
    note: str = ""
    training: str = ""

    def add(self, judgement: Judgement, step: int, note: str = "", training: str = "") -> None:
        """Counts one more judgement in; if it is the worst so far, where it fell and `note` too."""
        rank = VERDICTS.index(judgement.verdict)
        first = not any(self.counts.values())
        worst = VERDICTS.index(self.verdict)
        if first or rank > worst or (rank == worst and judgement.ratio > self.ratio):
            self.verdict, self.step = judgement.verdict, step
            self.note, self.training = note or judgement.reason, training
        self.ratio = max(self.ratio, judgement.ratio)
        self.counts[judgement.verdict] += 1
        self.loose += judgement.loose
        self.estimate = max(self.estimate, judgement.estimate)
