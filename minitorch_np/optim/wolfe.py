"""A line search for a step that meets the strong Wolfe conditions. Source: torch/optim/lbfgs.py.

Lengths and slopes may be tensors of no dimensions, which round as the parameters do.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from minitorch_np.tensor import Tensor

__all__ = ["Point", "strong_wolfe"]

Real = Any
"""A number, or a tensor that is one."""

_DECREASE, _FLATTEN = 1e-4, 0.9
"""The parts of the first slope by which the loss must fall and below which the slope must get."""
_NARROWEST = 1e-9


class Point(NamedTuple):
    """What is known at a length `t` along the direction: loss, gradient, and the slope there."""

    t: Real
    loss: float
    grad: Tensor
    slope: Real


def cubic_minimum(a: Point, b: Point, bounds: tuple[Real, Real] | None = None) -> Real:
    """Where the cubic through two points with these slopes is least, kept within the bounds."""
    low, high = bounds or ((a.t, b.t) if a.t <= b.t else (b.t, a.t))
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1**2 - a.slope * b.slope
    if square < 0:
        return (low + high) / 2.0
    d2 = square.sqrt()
    if a.t <= b.t:
        least = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    else:
        least = a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2))
    return min(max(least, low), high)


def strong_wolfe(
    at: Callable[[Real], Point], t: Real, start: Point, direction: Tensor, most: int
) -> tuple[Point, int]:
    """A point that falls and flattens enough, or the best of `most` tries, and how many there were.

    Nocedal and Wright, "Numerical Optimization", algorithms 3.5 and 3.6.
    """
    new, tries = at(t), 0
    before = start
    while tries < most:
        if _too_high(new, start) or (tries > 1 and new.loss >= before.loss):
            break
        if abs(new.slope) <= -_FLATTEN * start.slope:
            return new, tries + 1
        if new.slope >= 0:
            break
        bounds = (new.t + 0.01 * (new.t - before.t), new.t * 10)
        t = cubic_minimum(before, new, bounds)
        before, new, tries = new, at(t), tries + 1
    else:
        before = start  # nothing was bracketed
    return _narrowed(at, [before, new], start, direction, tries, most)


def _too_high(point: Point, start: Point) -> bool:
    return bool(point.loss > start.loss + _DECREASE * point.t * start.slope)


def _order(bracket: list[Point]) -> tuple[int, int]:
    """Which end is the lower one, and which the other."""
    return (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)


def _narrowed(
    at: Callable[[Real], Point],
    bracket: list[Point],
    start: Point,
    direction: Tensor,
    tries: int,
    most: int,
) -> tuple[Point, int]:
    """The lower end of a bracket, after narrowing it around a point that will do."""
    longest = direction.abs().max()
    stalled = False
    low, high = _order(bracket)
    while tries < most:
        if abs(bracket[1].t - bracket[0].t) * longest < _NARROWEST:
            break
        t, stalled = _inner(bracket, stalled)
        new, tries = at(t), tries + 1
        if _too_high(new, start) or new.loss >= bracket[low].loss:
            bracket[high] = new
            low, high = _order(bracket)
            continue
        done = abs(new.slope) <= -_FLATTEN * start.slope
        if not done and new.slope * (bracket[high].t - bracket[low].t) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = new
        if done:
            break
    return bracket[low], tries + 1


def _inner(bracket: list[Point], stalled: bool) -> tuple[Real, bool]:
    """A length within a bracket, and whether it is near an end: not twice running."""
    t = cubic_minimum(bracket[0], bracket[1])
    first, last = min(bracket[0].t, bracket[1].t), max(bracket[0].t, bracket[1].t)
    margin = 0.1 * (last - first)
    if min(last - t, t - first) >= margin:
        return t, False
    if stalled or t >= last or t <= first:
        return (last - margin if abs(t - last) < abs(t - first) else first + margin), False
    return t, True
