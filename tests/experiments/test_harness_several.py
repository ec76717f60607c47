"""Lock-steps in processes of their own: their verdicts, also where something ends them."""

import io
import multiprocessing

import pytest

from experiments import data
from experiments.harness import runner
from experiments.harness.console import Screen, Tick
from experiments.harness.free import FreeRun
from experiments.harness.several import Found, Job, several
from experiments.harness.verdict import BIT_EQUAL, WRONG

BASICS = Job("tensor_basics", "torch-cpu", beside=True)
LONG = Job("mnist_mlp", "torch-cpu", beside=True)
ALONE = LONG._replace(beside=False)


class Impatient(Screen):
    """Interrupts the run when the first steps are done."""

    calm = False
    first = ""

    def _tell(self, tick: Tick, steps: int) -> None:
        super()._tell(tick, steps)
        if steps and not self.calm:
            self.calm, Impatient.first = True, tick.title
            raise KeyboardInterrupt


def run(jobs, done, screen=Screen):
    silent = screen(io.StringIO(), terminal=False)
    several(jobs, data.digits(), runner.Options(), silent, 2, done)


@pytest.mark.slow  # engines start anew in processes
def test_an_interrupt_leaves_what_every_job_had():
    seen: dict[Job, tuple[Found, bool]] = {}
    with pytest.raises(KeyboardInterrupt):
        run([LONG, ALONE], lambda job, *what: seen.update({job: what}), Impatient)
    assert [whole for _, whole in seen.values()] == [False] * len(seen)
    [(found, _)] = [what for job, what in seen.items() if str(job) == Impatient.first]
    if isinstance(found, FreeRun):
        assert found.steps["SGD.loss"] and found.seconds is None
    else:
        assert found.judged > 0
        assert WRONG not in {tally.verdict for tally in found.tallies.values()}
    assert not multiprocessing.active_children()


@pytest.mark.slow  # as above
def test_a_job_that_breaks_is_raised_and_ends_the_others():
    seen = []
    with pytest.raises(ModuleNotFoundError, match=r"experiments\.none") as caught:
        run([BASICS._replace(experiment="none"), LONG], lambda *what: seen.append(what))
    assert any("in _done" in note for note in caught.value.__notes__)
    assert [whole for *_, whole in seen] == [False, False]
    assert not multiprocessing.active_children()


@pytest.mark.slow  # as above
def test_a_process_that_is_killed_has_no_verdict():
    seen: list[tuple[Job, Found, bool]] = []

    def done(*what):
        seen.append(what)
        for process in multiprocessing.active_children():
            process.kill()

    with pytest.raises(RuntimeError, match="mnist_mlp: lock-step with torch-cpu: the process died"):
        run([BASICS, LONG], done)
    assert [(job, whole) for job, _, whole in seen] == [(BASICS, True), (LONG, False)]
    assert {tally.verdict for tally in seen[0][1].tallies.values()} == {BIT_EQUAL}
