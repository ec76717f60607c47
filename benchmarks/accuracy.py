"""Time until 97.8% of the test images are told right, from the first weights, by training alone.

Evaluation after each epoch counts. It takes minutes, so it runs only when it is named.
"""

import time
from collections.abc import Iterator

from benchmarks.digits import digits
from benchmarks.epoch import RATE, Training, candidates
from benchmarks.machine import settle
from benchmarks.timing import Row, Timing, summary

__all__ = ["rows"]

ENOUGH, EPOCHS = 0.978, 20


def until(training: Training) -> tuple[Timing | None, str]:
    """Seconds until the accuracy is reached, or None; and how it went in words."""
    accuracy, start = 0.0, time.perf_counter()
    for epoch in range(1, EPOCHS + 1):
        accuracy = training.epoch()
        if accuracy >= ENOUGH:
            return summary([time.perf_counter() - start]), f"{accuracy:.2%} after epoch {epoch}"
    return None, f"only {accuracy:.2%} after {EPOCHS} epochs"


def rows(seconds: float) -> Iterator[Row]:  # noqa: ARG001  # it takes what it takes
    """A row for each optimizer, each candidate once."""
    data = digits()
    for optimizer in RATE:
        trainings, skipped = candidates(data, optimizer)
        settle()
        outcomes = {name: until(training) for name, training in trainings.items()}
        yield Row(
            "accuracy",
            f"{data.name}, {optimizer}, to {ENOUGH:.1%}",
            {name: took for name, (took, _) in outcomes.items() if took},
            facts={name: words for name, (_, words) in outcomes.items()},
            skipped=skipped,
        )
