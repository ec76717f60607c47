"""Random programs, run by both libraries in step, drawn and shrunk by Hypothesis.

The statements are those of `experiments/programs/vocabulary.py`. After each of them every tensor
that there is gets compared: value, geometry, version, history, base, gradient, what it shares
memory with, and what hooks have seen. An error counts as an answer. `PROGRAMS=10000` runs as many.
"""

import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from experiments.programs.lockstep import Abandoned, Lockstep
from experiments.programs.search import filled, within
from experiments.programs.vocabulary import DIMS, DTYPES, FORMS, INDICES, KINDS, NUMBERS, leaf
from tests import versions

COUNT = int(os.environ.get("PROGRAMS", "300"))
CONTEXTS = st.sampled_from(("", "", "", "", "", "", "", "no_grad", "enable_grad", "inference_mode"))


class Programs(RuleBasedStateMachine):
    """One program at a time; the bundle holds the names of its tensors."""

    tensors = Bundle("tensors")

    def __init__(self) -> None:
        super().__init__()
        self.step = Lockstep(versions.alike)
        self.fresh = 0
        self.over = False

    def teardown(self) -> None:
        """All of it compared once more."""
        if not self.over:
            self.step.compare()
        self.step.close()

    def say(self, form: str, kind: str, places: dict[str, str], context: str, look: bool) -> Any:
        """Run one statement under both; the names of the tensors that it made."""
        if self.over:
            return multiple()
        new = {"new": f"t{self.fresh}", "new2": f"t{self.fresh + 1}"}
        self.fresh += 2
        before = set(self.step.shapes)
        try:
            self.step.run(within(filled(form, kind, places | new), context))
        except Abandoned:
            self.over = True
            return multiple()
        self.step.compare(histories=look)
        return multiple(*sorted(set(self.step.shapes) - before))

    @initialize(target=tensors, seeds=st.lists(st.integers(0, 10_000), min_size=2, max_size=2))
    def start(self, seeds: list[int]) -> MultipleResults[str]:
        """Tensors made of numbers."""
        names: list[str] = []
        for seed in seeds:
            form = leaf(random.Random(seed))
            names += self.say(form, "leaf", {"index": "", "x": ""}, "", True).values
        assume(names)  # some are refused by both
        return multiple(*names)


def statements(kind: str) -> Callable[..., Any]:
    """The rule that runs a statement of one kind."""

    def f(self: Programs, form: str, context: str, look: bool, **places: str) -> Any:
        return self.say(form, kind, places, context, look)

    f.__name__ = kind
    tensors = Programs.tensors
    return rule(
        target=tensors, form=st.sampled_from(FORMS[kind]), context=CONTEXTS, look=st.booleans(),
        index=st.sampled_from(INDICES), x=tensors, y=tensors, z=tensors, d=st.sampled_from(DIMS),
        n=st.sampled_from(NUMBERS), dtype=st.sampled_from(DTYPES),
    )(f)  # fmt: skip


for _kind in FORMS:
    if KINDS[_kind]:
        setattr(Programs, _kind, statements(_kind))


@pytest.mark.slow  # half a minute: every program is run twice and compared after each step
def test_random_programs() -> None:
    machine = settings(
        max_examples=COUNT, stateful_step_count=15, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Programs, settings=machine)
