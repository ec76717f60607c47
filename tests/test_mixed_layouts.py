"""Strides of every op's results and gradients, each tensor of a call in a layout of its own.

Only geometry is compared, for values are compared elsewhere; where torch raises, so must we.
"""

import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch

import minitorch_np
from tests.ops.placed import Pair, pool
from tests.oracle import tensors_in
from tests.samples import LAYOUTS, SAMPLES, labelled, usual
from tests.samples.spec import In, Sample, x

CALLS, SHAPED, GRADIENTS, EACH = 300, 150, 40, 60
"""Calls of a sample, of one whose tensors may have any shape (`test_all_layouts` has more of them),
gradients of one, and the layouts of each tensor if there are several."""

SHAPES = [(2, 3, 2, 4), (2, 1, 3, 4), (2, 3, 4), (1, 2, 1, 3), (2, 3), (2, 0, 3), (3,)]
"""Shapes of the tensors of which any will do: images, single channels, nothing at all."""

SAMPLED = pytest.mark.parametrize(
    "name, s", [pytest.param(n, s, id=n) for n, s in labelled([*SAMPLES, *LAYOUTS])]
)


def shaped(given: In, shape: tuple[int, ...]) -> In:
    """A tensor of a sample, of this shape if any will do."""
    return given._replace(shape=shape) if given.of_any_shape else given


def calls(name: str, s: Sample, count: int) -> Iterator[list[Pair]]:
    """The tensors of different calls: layouts drawn for each, now and then one for all."""
    rng = random.Random(name)
    dtype = usual(s, torch.float64)
    fixed = not any(i.of_any_shape for i in s.inputs)
    each_count = CALLS if fixed and len(s.inputs) == 1 else EACH
    seen: set[tuple[int, ...]] = set()
    for _ in range(count):
        which = 0 if fixed else rng.randrange(len(SHAPES))
        pools = [
            pool(shaped(given, SHAPES[which]), dtype, seed, each_count)
            for seed, given in enumerate(s.inputs)
        ]
        at = [rng.randrange(len(p)) for p in pools]
        if rng.random() < 0.2:
            at = [at[0] % len(p) for p in pools]
        if (key := (which, *at)) not in seen:
            seen.add(key)
            yield [p[i] for p, i in zip(pools, at, strict=True)]


def facts(t: Any) -> tuple[Any, ...] | None:
    """Shape, stride and offset; None for no gradient."""
    return None if t is None else (tuple(t.shape), t.stride(), t.storage_offset())


def results(library: Any, s: Sample, given: list[Any]) -> list[Any] | None:
    """Every tensor that a call returns, None for an exception."""
    try:
        return tensors_in(s.f(library, *given))
    except Exception:  # noqa: BLE001 - both must raise; texts are compared elsewhere
        return None


def geometry(found: list[Any] | None) -> list[Any] | None:
    """The facts of each tensor."""
    return None if found is None else [facts(t) for t in found]


@pytest.mark.filterwarnings("ignore")
@SAMPLED
def test_results(name: str, s: Sample) -> None:
    ran = False
    for given in calls(name, s, SHAPED if all(i.of_any_shape for i in s.inputs) else CALLS):
        mine = geometry(results(minitorch_np, s, [a for a, _ in given]))
        theirs = geometry(results(torch, s, [t for _, t in given]))
        assert mine == theirs, [facts(t) for _, t in given]
        ran |= theirs is not None
    assert ran, "every call raised"


def gradients(library: Any, out: list[Any], leaves: list[Any], weights: list[Any]) -> Any:
    """The geometry of each leaf's gradient, None for an exception."""
    try:
        return geometry(list(library.autograd.grad(out, leaves, weights, allow_unused=True)))
    except Exception:  # noqa: BLE001 - both must raise; texts are compared elsewhere
        return None


@pytest.mark.filterwarnings("ignore")
@SAMPLED
def test_gradients(name: str, s: Sample) -> None:
    rng = random.Random(name)
    for given in calls(name, s, GRADIENTS):
        pairs = [
            (a.detach().requires_grad_(), t.detach().requires_grad_())
            if i.grad and t.is_floating_point() else (a, t)
            for i, (a, t) in zip(s.inputs, given, strict=True)
        ]  # fmt: skip
        mine = results(minitorch_np, s, [a for a, _ in pairs])
        theirs = results(torch, s, [t for _, t in pairs])
        assert geometry(mine) == geometry(theirs), [facts(t) for _, t in given]
        ends = [p for p in zip(mine or [], theirs or [], strict=True) if p[1].grad_fn]
        leaves = [p for p in pairs if p[1].requires_grad]
        if not ends or not leaves:
            continue
        weights = [
            rng.choice(pool(x(*t.shape)._replace(shape=tuple(t.shape)), t.dtype, 0, EACH))
            for _, t in ends
        ]
        a, t = (
            gradients(library, *([p[side] for p in several] for several in (ends, leaves, weights)))
            for side, library in enumerate((minitorch_np, torch))
        )
        assert a == t, ([facts(t) for _, t in given], [facts(w) for _, w in weights])
