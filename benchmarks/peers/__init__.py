"""The same training step in every library: an MLP with ReLU, cross-entropy, SGD or Adam.

A peer is a function from a Problem to a `step()` that trains once on its batch and returns the
loss. What is not installed or does not work here is left out by name, with the reason.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import machine
from benchmarks.timing import OURS

__all__ = ["Problem", "Step", "built", "largest_difference", "library", "number", "problem"]

Array = NDArray[Any]
Step = Callable[[], object]

RATE = {"SGD": 0.001, "Adam": 0.0001}
MOMENTUM, BETAS, EPS = 0.9, (0.9, 0.999), 1e-8
CHECKED = 20
"""Steps for which the losses of a peer are compared before it is timed."""
# Twenty steps let rounding grow; a wrong formula differs in the second digit from the first on.
ROUNDING = 2e-3


@dataclass(frozen=True)
class Problem:
    """Weights (out, in) and biases of each layer, a batch, and the optimizer's name.

    The labels (10, N) take turns: what can be learned once is learned in a few steps, and then
    gradients vanish, and denormal numbers are timed.
    """

    weights: Sequence[tuple[Array, Array]]
    images: Array
    labels: Array
    optimizer: str

    @property
    def sizes(self) -> list[int]:
        """Features: of the input, then of each layer."""
        return [self.weights[0][0].shape[1], *[len(bias) for _, bias in self.weights]]

    @property
    def flop(self) -> float:
        """Of the products of one step: forward, and both gradients but the input's."""
        pairs = [a * b for a, b in pairwise(self.sizes)]
        return 2.0 * len(self.images) * (3 * sum(pairs) - pairs[0])

    def copies(self) -> list[tuple[Array, Array]]:
        """Weights and biases that may be written to."""
        return [(weight.copy(), bias.copy()) for weight, bias in self.weights]


def problem(
    batch: int, optimizer: str, sizes: Sequence[int] = (784, 256, 128, 10), seed: int = 0
) -> Problem:
    """Random images in [0, 1] and labels, and weights as nn.Linear draws them."""
    random = np.random.default_rng(seed)
    weights: list[tuple[Array, Array]] = []
    for inputs, outputs in pairwise(sizes):
        bound = inputs**-0.5
        weight = random.uniform(-bound, bound, (outputs, inputs)).astype(np.float32)
        weights.append((weight, random.uniform(-bound, bound, outputs).astype(np.float32)))
    images = random.random((batch, sizes[0]), np.float32)
    labels = (random.integers(0, 10, batch) + np.arange(10)[:, None]) % sizes[-1]
    return Problem(weights, images, labels, optimizer)


def library(name: str) -> Any:
    """A module by its name. Raises ImportError saying that it is not installed, or left out."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or name).partition(".")[0]
        raise ImportError(f"{missing} is not installed, or left out") from error


def number(loss: Any) -> float:
    """A loss as a number, whatever type the library gives it."""
    return float(loss.item() if hasattr(loss, "item") else loss)


def largest_difference(losses: Sequence[float], expected: Sequence[float]) -> float:
    """The largest difference of two loss curves, as a part of the largest loss."""
    differences = [abs(a - b) for a, b in zip(losses, expected, strict=True)]
    return max(differences) / max(expected)


def built(
    makers: Mapping[str, Callable[[Problem], Step]], what: Problem, judge: str
) -> tuple[dict[str, Step], dict[str, str], float]:
    """Steps of the peers that work, reasons of those that do not, and the largest difference.

    Each has trained CHECKED steps, with the losses of `judge` but for rounding: only what computes
    the same is worth timing. Where ours fails, so does this.
    """
    steps: dict[str, Step] = {}
    skipped: dict[str, str] = {}
    losses: dict[str, list[float]] = {}
    for name, make in makers.items():
        if name in machine.LEFT_OUT:
            skipped[name] = "left out"
            continue
        try:
            step = make(what)
            losses[name] = [number(step()) for _ in range(CHECKED)]
            steps[name] = step
        except ImportError as error:
            skipped[name] = str(error)
        except Exception as error:
            if name == OURS:
                raise
            skipped[name] = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    expected = losses.get(judge) or next(iter(losses.values()))
    differences = {name: largest_difference(one, expected) for name, one in losses.items()}
    for name, difference in differences.items():
        if not difference <= ROUNDING:  # NaN too
            skipped[name] = f"its losses differ by {difference:.1e} from those of {judge}"
            del steps[name]
    return steps, skipped, max((differences[name] for name in steps), default=0.0)
