"""The first 50 steps of every experiment beside PyTorch on the CPU: as they are, and with a fault
planted in PyTorch's side.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
import torch

from experiments import data
from experiments.harness import engines, runner
from experiments.harness.engines import Engine
from experiments.harness.lockstep import STEP, Comparison, Sight, lockstep
from experiments.harness.rounding import Scale
from experiments.harness.verdict import BIT_EQUAL, EVENT, WITHIN, WRONG, Tally
from experiments.harness.watch import Follower

Verdicts = Callable[..., dict[str, Tally]]

STEPS = 50
# So that the first steps are of every network of dying_relu, dead and alive, and both optimizers.
EPOCHS = {"dying_relu": {"epochs": 6}, "mnist_mlp": {"epochs": 5}}


class Enough(Exception):
    """Ends a run after its first steps."""


@pytest.fixture(scope="module")
def digits() -> data.Data:
    return data.digits()


@pytest.fixture(scope="module")
def first_steps(digits: data.Data) -> Verdicts:
    """A function from an experiment to the verdicts of its first steps."""

    def run(engine: Engine, observe: Any, name: str) -> Any:
        return engine.program(name).main(digits, observe=observe, **EPOCHS.get(name, {}))

    def tallies(name: str, limit: int = STEPS) -> dict[str, Tally]:
        ours, (theirs,) = engines.ours(), engines.against("cpu")
        comparison = Comparison(ours, theirs, Follower(ours.library, Scale()))
        steps = 0

        def tick(sight: Sight) -> None:
            nonlocal steps
            steps += sight.name == STEP
            if steps == limit:
                raise Enough

        with contextlib.suppress(Enough):
            lockstep(ours, theirs, lambda e, o: run(e, o, name), comparison=comparison, tick=tick)
        assert name == "tensor_basics" or steps == limit
        return comparison.tallies

    return tallies


@pytest.mark.slow  # two engines train, and rounding is followed in float64
@pytest.mark.parametrize("name", runner.EXPERIMENTS)
def test_every_quantity_agrees(name: str, first_steps: Verdicts) -> None:
    tallies = first_steps(name)
    assert len(tallies) > 20
    unlike = {
        quantity: (tally.verdict, tally.ratio, tally.step, tally.note)
        for quantity, tally in tallies.items()
        if tally.verdict not in (BIT_EQUAL, WITHIN, EVENT)
    }
    assert unlike == {}


def summed_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cross-entropy without its 1/N."""
    whole = torch.nn.functional.cross_entropy
    monkeypatch.setattr(
        torch.nn.functional, "cross_entropy", lambda x, t: whole(x, t, reduction="sum")
    )


def other_stride(monkeypatch: pytest.MonkeyPatch) -> None:
    """`repeat` whose result holds the right values in another order of memory."""
    whole = torch.Tensor.repeat
    monkeypatch.setattr(torch.Tensor, "repeat", lambda t, *n: whole(t, *n).mT.contiguous().mT)


def long_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """SGD with steps that are too long by a hundredth."""
    whole = torch.optim.SGD.step

    def step(optimizer: torch.optim.SGD) -> None:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad.mul_(1.01)
        whole(optimizer)

    monkeypatch.setattr(torch.optim.SGD, "step", step)


@pytest.mark.parametrize(
    ("name", "plant", "shown_by"),
    [
        ("tensor_basics", other_stride, {"digit: repeat"}),
        ("dying_relu", summed_loss, {"SGD.loss", "SGD.layers.4.bias.grad", "SGD.layers.4.bias"}),
        ("mnist_mlp", long_step, {"SGD.fc1.weight", "SGD.optimizer.0.momentum_buffer"}),
    ],
)
def test_a_planted_fault_is_wrong(
    name: str,
    plant: Callable[[pytest.MonkeyPatch], None],
    shown_by: set[str],
    first_steps: Verdicts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch)
    wrong = {quantity for quantity, t in first_steps(name, 3).items() if t.verdict == WRONG}
    assert shown_by <= wrong
    if name == "tensor_basics":
        assert wrong == shown_by
