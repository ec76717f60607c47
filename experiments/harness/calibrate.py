"""How large rounding errors really are beside their estimates: what the constant C rests on."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from experiments.harness.engines import Engine
from experiments.harness.rounding import WIDTH, C, Scale, array
from experiments.harness.watch import Follower, watching

WIDTHS = (784, 256, 128, 10)
BATCH = 256


def lines(ours: Engine, theirs: Engine, steps: int, seed: int) -> Iterator[str]:
    """The largest |error| / sigma of each kind of quantity, for either engine, and the margin.

    Errors are measured against the same step in float64, sigma is taken with C = 1: what is printed
    is the part of C x 8 that this step needed.
    """
    needed = 0.0
    for engine in (ours, theirs):
        largest: dict[str, float] = {}
        for step in range(steps):
            for name, ratio in measure(engine, seed + step).items():
                largest[name] = max(largest.get(name, 0.0), ratio)
        for name, ratio in largest.items():
            yield f"{engine.name:14}{name:20}{ratio:8.2f} sigma"
        needed = max(needed, *largest.values())
    allowed = C * WIDTH
    yield (
        f"largest {needed:.2f} sigma at C = 1; C = {C:g} allows {allowed:g}: "
        f"margin {allowed / needed:.1f}"
    )


def measure(engine: Engine, seed: int) -> dict[str, float]:
    """Largest |error| / sigma by quantity in one training step, against the step in float64."""
    follower = Follower(engine.library, Scale(c=1.0))
    with watching(follower):
        rounded = _step(engine.library, seed, "float32")
    follower.active = False
    exact = _step(engine.library, seed, "float64")
    found: dict[str, float] = {}
    for name, tensor in rounded.items():
        noise = follower.ledger.read(tensor)
        error = np.abs(array(tensor).astype(np.float64) - array(exact[name]))
        # The estimate is of two engines that err alike.
        sigma = np.sqrt(noise.total(error.shape) / 2)
        settled = np.ones(error.shape, bool) if noise.fence is None else noise.fence == 0
        ratio = np.divide(error, sigma, out=np.zeros(error.shape), where=settled & (sigma > 0))
        found[name] = float(ratio.max(initial=0.0))
    return found


def _step(library: Any, seed: int, dtype: str) -> dict[str, Any]:
    """One step of a classifier on inputs like images: mostly zeros, nowhere negative."""
    rng = np.random.default_rng(seed)
    images = rng.random((BATCH, WIDTHS[0])) * (rng.random((BATCH, WIDTHS[0])) < 0.2)
    labels = library.from_numpy(rng.integers(0, WIDTHS[-1], BATCH))
    shapes = list(pairwise(WIDTHS))
    made = [rng.standard_normal((n, m)) * np.sqrt(2 / m) for m, n in shapes]
    # A sum of terms of one sign errs most for its size.
    made[0][: WIDTHS[1] // 4] = np.abs(made[0][: WIDTHS[1] // 4])

    def leaf(values: Any) -> Any:
        return library.from_numpy(values.astype(np.float32).astype(dtype)).requires_grad_()

    weights = [leaf(w) for w in made]
    biases = [leaf(np.zeros(len(w))) for w in made]
    functional = library.nn.functional
    x = library.from_numpy(images.astype(np.float32).astype(dtype))
    quantities: dict[str, Any] = {}
    for i, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        x = functional.linear(functional.relu(x) if i else x, weight, bias)
        quantities[f"layer {i + 1}"] = x
    loss = functional.cross_entropy(x, labels)
    loss.backward()
    quantities["loss"] = loss
    for i, weight in enumerate(weights):
        quantities[f"weight {i + 1} gradient"] = weight.grad
    for i, bias in enumerate(biases):
        quantities[f"bias {i + 1} gradient"] = bias.grad
    return quantities
