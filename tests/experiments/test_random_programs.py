"""The random programs of `python -m experiments programs`: they agree, and notice faults."""

import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from experiments.programs import command
from experiments.programs.facts import unlike_values
from experiments.programs.lockstep import Difference, Line, Lockstep
from experiments.programs.search import difference, program, shrunk, written
from experiments.programs.vocabulary import FORMS, INDICES, KINDS
from minitorch_np.graph import node
from minitorch_np.tensor import Tensor
from tests import versions

LEAF = Line("t0 = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64).requires_grad_()")


def test_a_few_hundred_programs_agree() -> None:
    for seed in range(150):
        found = program(seed, versions.alike)
        assert found is None, written(shrunk(found, versions.alike))


def test_every_kind_of_statement_is_drawn() -> None:
    assert set(FORMS) | {"leaf"} == set(KINDS)
    assert all(KINDS.values())


@pytest.mark.parametrize("kind", FORMS)
def test_every_statement_compiles(kind: str) -> None:
    for form in FORMS[kind]:
        text = form.replace("{index}", INDICES[0])
        for place in ("x", "y", "z", "new", "new2", "d", "n", "dtype"):
            text = text.replace(f"{{{place}}}", "a")
        compile(text, form, "exec")


FAULTS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "values": (Tensor, "tanh", lambda x: x * 1),
    "version": (Tensor, "zero_", lambda x: (x.data.mul_(0), x)[1]),
    "history": (node.AccumulateGrad, "name", lambda self: "Accumulate"),
    "log": (Tensor, "register_hook", lambda self, hook: hook),
    "warning": (Tensor, "relu", lambda x: warnings.warn("!", stacklevel=1)),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_found_and_shrunk(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    owner, name, wrong = FAULTS[kind]
    monkeypatch.setattr(owner, name, wrong)
    for seed in range(1000):
        found = program(seed, versions.alike)
        if found is not None and found.kind == kind:
            break
    else:
        raise AssertionError("no program noticed")
    small = shrunk(found, versions.alike)
    assert len(small.lines) <= 5
    text = written(small)
    assert text.startswith("import torch  # or: import minitorch_np as torch\n")
    monkeypatch.undo()
    assert difference(small.lines, small.each, versions.alike) is None


def test_the_text_of_a_difference_runs_with_either_library() -> None:
    lines = [LEAF, Line("t1 = t0.tanh()"), Line("t1.register_hook(lambda g: log.append(g))")]
    found = command.Finding(lines, "values", "t1: values differ", each=True)
    code = written(found)
    exec(code, {})
    exec(code.replace("import torch", "import minitorch_np as torch"), {})


def test_errors_and_warnings_are_answers() -> None:
    step = Lockstep(versions.alike)
    step.run(LEAF)
    assert not step.run(Line("t0.mul_(2)"))
    assert step.run(Line("import warnings; warnings.warn('!')"))
    with pytest.raises(Difference, match="raised"):
        step.run(Line("torch.jit.script"))


def test_what_is_left_to_chance_is_not_run() -> None:
    step = Lockstep(versions.alike)
    for line in (LEAF, Line("t1 = t0.detach().as_strided((2, 2), (1, 1))"), Line("t2 = t0.mT")):
        step.run(line)
    assert not step.run(Line("t1.add_(1)", "write", "t1"))
    assert not step.run(Line("t1.copy_(t2)", "scatter", "t1", ("t2",)))
    assert step.run(Line("t3 = t1 + 1", "op"))


def test_values_may_differ_by_rounding() -> None:
    one = np.ones(3)
    assert unlike_values(one, one + 1e-9, "torch.float64", "float64") is None
    assert unlike_values(one, one + 1e-4, "torch.float64", "float64")
    assert unlike_values(one, one + 1e-4, "torch.float64", "float16") is None
    assert unlike_values(one * np.nan, one * np.nan, "torch.float64", "float64") is None


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.programs(5, 0)
    assert "5 programs, no difference" in capsys.readouterr().out
    monkeypatch.setattr(Tensor, "tanh", lambda x: x * 1)
    assert not command.programs(1000, 0)
    out = capsys.readouterr().out
    assert "differs" in out
    assert ".tanh()" in out


def test_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "experiments", "programs", "--count", "3", "--seed", "7"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "3 programs, no difference" in done.stdout
