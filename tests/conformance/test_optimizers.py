"""Every optimizer of PyTorch's database, quickly; and that each fault of one is seen."""

import pytest
import torch

import minitorch_np
from experiments.conformance import scope
from experiments.conformance.board import RED
from experiments.conformance.optimizers import (
    examine_optimizer,
    examine_run,
    optimizer_of,
    refused_options,
)
from experiments.conformance.tally import Settings
from reference.optimdb import Refused

NAMES = [name for name in scope.names() if scope.family(name) == "optimizers"]


@pytest.mark.parametrize("name", NAMES)
def test_agrees(name):
    row = examine_optimizer(name, Settings(quick=True))
    assert all(row.cells[c].held for c in ("value", "version", "grad", "state", "repr", "errors"))
    wrong = {c: cell.first for c, cell in row.cells.items() if cell.colour == RED}
    assert not wrong, f"{wrong}\n{row.code}"
    assert row.surplus == [], "listed as different, and agrees"


SGD = minitorch_np.optim.SGD


class Twice(SGD):
    """Steps twice, and says so in its counters."""

    def step(self, closure=None):
        super().step()
        return super().step(closure)


class Rough(SGD):
    """Forgets its momentum when it is saved."""

    def state_dict(self):
        return {**super().state_dict(), "state": {}}


class Silent(SGD):
    """Says nothing of its options."""

    def __repr__(self):
        return "SGD"


class Greedy(SGD):
    """Takes the gradients away."""

    def step(self, closure=None):
        loss = super().step(closure)
        self.zero_grad()
        return loss


FAULTS = [
    (Twice, {"value", "version"}), (Rough, {"state", "value"}), (Silent, {"repr"}),
    (Greedy, {"grad"}),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "columns"), FAULTS)
def test_a_fault_is_seen(monkeypatch, fault, columns):
    def red() -> set[str]:
        run = {"lr": 0.1, "momentum": 0.9}, False
        found = examine_run(optimizer_of("optim.SGD"), run, torch.float32)
        return {column for column, difference in found.items() if difference}

    assert red() == set()
    fault.__name__ = "SGD"
    monkeypatch.setattr(minitorch_np.optim, "SGD", fault)
    assert columns <= red()


def test_refusals_are_compared(monkeypatch):
    entry, refused = optimizer_of("optim.SGD"), Refused(None, {"lr": -1.0}, False)
    assert refused_options(entry, refused) == {"errors": ""}
    monkeypatch.setattr(minitorch_np.optim, "SGD", lambda params, lr: None)
    assert "Invalid learning rate" in refused_options(entry, refused)["errors"]
