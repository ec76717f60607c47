"""Every layer of PyTorch's database, quickly; and that each fault of a layer is seen."""

import pytest
import torch

import minitorch_np
from experiments.conformance import scope
from experiments.conformance.board import RED
from experiments.conformance.layers import examine_layer, examine_use, layer_of, refused_use
from experiments.conformance.tally import Settings
from reference.moduledb import Use
from reference.opdb import Sample
from tests.oracle import sample

NAMES = [name for name in scope.names() if scope.family(name) == "layers"]


@pytest.mark.parametrize("name", NAMES)
def test_agrees(name):
    row = examine_layer(name, Settings(quick=True))
    assert row.cells["value"].held or row.cells["value"].known
    assert row.cells["state"].held and row.cells["repr"].held
    wrong = {c: cell.first for c, cell in row.cells.items() if cell.colour == RED}
    assert not wrong, f"{wrong}\n{row.code}"
    assert row.surplus == [], "listed as different, and agrees"


def use(*args: object, **kwargs: object) -> Use:
    """A Linear or BatchNorm1d of three inputs, called once."""
    return Use(args, kwargs, Sample((sample(5, 3),), {}, lambda result: result, ""))


def red(name: str, one: Use) -> set[str]:
    """The properties in which something differs."""
    found = examine_use(layer_of(name), one, torch.float32, True)
    return {column for column, difference in found.items() if difference}


LINEAR = minitorch_np.nn.Linear


class Doubled(LINEAR):
    """Computes something else."""

    def forward(self, input):
        return super().forward(input) * 2


class Unlucky(LINEAR):
    """Draws a number more."""

    def __init__(self, *args):
        minitorch_np.rand(1)
        super().__init__(*args)


class Unasked(LINEAR):
    """Does not train its bias."""

    def __init__(self, *args):
        super().__init__(*args)
        self.bias.requires_grad = False


class Renamed(LINEAR):
    """Says something else of itself."""

    def extra_repr(self):
        return "three to two"


class Detached(LINEAR):
    """Has no gradient for its input."""

    def forward(self, input):
        return super().forward(input.detach() + 0 * input)


@pytest.mark.parametrize(
    ("fault", "columns"),
    [
        (Doubled, {"value", "node"}), (Unlucky, {"state", "value"}), (Unasked, {"state"}),
        (Renamed, {"repr"}), (Detached, {"grad"}),
    ],
)  # fmt: skip
def test_a_fault_is_seen(monkeypatch, fault, columns):
    assert red("nn.Linear", use(3, 2)) == set()
    fault.__name__ = "Linear"
    monkeypatch.setattr(minitorch_np.nn, "Linear", fault)
    assert columns <= red("nn.Linear", use(3, 2))


def test_buffers_are_compared_after_the_call(monkeypatch):
    class Forgetful(minitorch_np.nn.BatchNorm1d):
        def forward(self, input):
            result = super().forward(input)
            self.num_batches_tracked.zero_()
            return result

    assert red("nn.BatchNorm1d", use(3)) == set()
    Forgetful.__name__ = "BatchNorm1d"
    monkeypatch.setattr(minitorch_np.nn, "BatchNorm1d", Forgetful)
    assert red("nn.BatchNorm1d", use(3)) == {"state"}


def test_a_missing_layer_is_said(monkeypatch):
    monkeypatch.delattr(minitorch_np.nn, "Linear")
    row = examine_layer("nn.Linear", Settings(quick=True))
    assert "missing: " in row.cells["value"].first


def test_refusals_are_compared(monkeypatch):
    layer = layer_of("nn.Embedding")
    refused = next(layer.refused(torch.float32))
    assert refused_use(layer, refused) == {"errors": ""}
    monkeypatch.setattr(minitorch_np.nn, "Embedding", lambda *args, **kwargs: abs)
    assert "not" in refused_use(layer, refused)["errors"]
