"""Programs that fail end in the same class and text in both libraries."""

import pytest
import torch

import minitorch_np
from tests import versions
from tests.errors.known import KNOWN
from tests.errors.table import PROGRAMS, distinct, failure

PINNED = versions.VERSION == (2, 15)
CASES = [
    pytest.param(program, id=f"{name}-{at}")
    for name, programs in PROGRAMS.items()
    for at, program in enumerate(programs)
]
ALL = [program for programs in PROGRAMS.values() for program in programs]


@pytest.mark.skipif(not PINNED, reason="the texts are those of PyTorch 2.15")
@pytest.mark.parametrize("program", CASES)
def test_fails_as_in_pytorch(program: str) -> None:
    theirs, ours = failure(torch, program), failure(minitorch_np, program)
    assert theirs, "PyTorch does not refuse it"
    # a misspelt program fails in both libraries alike
    assert not theirs.startswith(("NameError", "SyntaxError", "UnboundLocalError"))
    if program in KNOWN:
        assert ours != theirs, "it agrees, and its reason can go"
    else:
        assert ours == theirs


@pytest.mark.skipif(not PINNED, reason="the texts are those of PyTorch 2.15")
def test_the_failures_are_many_and_apart() -> None:
    assert len(set(ALL)) == len(ALL) or len(ALL) - len(set(ALL)) < 10
    assert set(KNOWN) <= set(ALL)
    texts = [failure(torch, program) for program in ALL if program not in KNOWN]
    assert len(distinct(texts)) >= 800


def test_a_difference_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    program = "x.numpy()"
    assert failure(torch, program) == failure(minitorch_np, program)

    def refuse(_: object) -> None:
        raise ValueError("Can't call numpy()")

    monkeypatch.setattr(minitorch_np.Tensor, "numpy", refuse)
    assert failure(torch, program) != failure(minitorch_np, program)
