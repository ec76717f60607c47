"""Every op of PyTorch's database, quickly: a few samples of four dtypes, and what it refuses."""

import pytest

from experiments.conformance import scope
from experiments.conformance.board import RED
from experiments.conformance.run import Settings, examine_op

NAMES = [e.full_name for e in scope.in_scope()]


@pytest.mark.parametrize("name", NAMES)
def test_agrees(name):
    row = examine_op(name, Settings(quick=True))
    wrong = {c: cell.first for c, cell in row.cells.items() if cell.colour == RED}
    assert not wrong, f"{wrong}\n{row.code}"
    assert row.surplus == [], "listed as different, and agrees"
