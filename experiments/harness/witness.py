"""Watching the other engine's ops, to see which of the units on the fence really flipped."""

from collections import Counter
from typing import Any

import numpy as np

from experiments.harness.rounding import Array, Fence, Ledger, array, tensors_in
from experiments.harness.watch import settled


class Witness:
    """Keeps, of the calls in which our units stood on a fence, what decides in the other engine.

    Both engines run one program, so that the n-th call of an op on one side is the n-th on the
    other. Ours has run first, and `ledger` holds its fences; off between observed steps.
    """

    def __init__(self, library: Any, ledger: Ledger) -> None:
        self.library = library
        self.active = True
        self._ledger = ledger
        self._calls: Counter[str] = Counter()
        self._seen: dict[tuple[str, int, str | int], Array] = {}

    def clear(self) -> None:
        """Forgets what it saw, as Ledger.clear does, at the start of a step."""
        self._calls.clear()
        self._seen.clear()

    def follow(
        self, name: str, args: dict[str, Any], run: Any, *, view: bool, pointwise: bool
    ) -> Any:
        """The op's result."""
        del view, pointwise
        name, _ = settled(name)
        self._calls[name] += 1
        here = name, self._calls[name]
        wanted = {f.decides for f in self._ledger.fences if (f.op, f.number) == here}
        for decides in wanted & args.keys():
            self._keep((*here, decides), args[decides])
        result = run(args)
        for number, tensor in enumerate(tensors_in(result)):
            if number in wanted:
                self._keep((*here, number), tensor)
        return result

    def _keep(self, place: tuple[str, int, str | int], tensor: Any) -> None:
        self._seen[place] = array(tensor).astype(np.float64)

    def flipped(self, fence: Fence) -> Array:
        """Of each of the fence's units, whether the engines are on different sides of it."""
        theirs = self._seen.get((fence.op, fence.number, fence.decides))
        if theirs is None or theirs.shape != fence.values.shape:
            return np.zeros(len(fence.units), bool)
        differ = fence.side(fence.values) != fence.side(theirs)
        return differ[tuple(fence.units.T)]
