"""The random programs of `python -m experiments programs`: they agree, and notice faults."""

import contextlib
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from experiments.programs import command
from experiments.programs.custom import names
from experiments.programs.facts import unlike_values
from experiments.programs.lockstep import Difference, Line, Lockstep
from experiments.programs.search import difference, filled, program, shrunk, written
from experiments.programs.vocabulary import FORMS, INDICES, KINDS
from minitorch_np.graph import node
from minitorch_np.graph.modes import OpMode
from minitorch_np.op import REGISTRY
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


NEVER_WRITTEN = {
    "sgn_": "its gradient is zeros without memory in PyTorch, where writes are not counted",
}
"""In-place forms that no program has, and why."""

NEVER_SEEN = {"squeezed": "a part of products of matrices with vectors"}
"""Views that no program asks for, and why."""

VIEWS = """adjoint atleast_1d atleast_2d atleast_3d broadcast_to broadcast_tensors chunk conj
    contiguous cpu dsplit expand_as flatten hsplit imag mT mH T H meshgrid moveaxis movedim narrow
    positive ravel real reshape reshape_as resolve_conj resolve_neg split split_with_sizes
    swapaxes swapdims
    tensor_split to type_as unflatten view_as vsplit detach data unbind""".split()
"""Views that are no ops themselves."""

NO_PART_OF_A_GRAPH = """register_load_state_dict_post_hook register_load_state_dict_pre_hook
    register_state_dict_post_hook register_state_dict_pre_hook
    register_module_module_registration_hook register_module_parameter_registration_hook
    register_module_buffer_registration_hook node_creation_hook""".split()
"""Hooks on the registries and the state of modules; the last is not here."""


class Watch(OpMode):
    """Notes which ops are called."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __op__(self, op: Any, args: Any, kwargs: Any) -> Any:
        self.seen.add(op.name)
        return op(*args, **kwargs)


def leaves() -> list[Any]:
    """Tensors of several shapes and dtypes that may be written to."""
    whole = minitorch_np.arange(8.0).reshape(2, 2, 2) + 1
    square = minitorch_np.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    return [square * 1, square.long(), whole.requires_grad_() * 1, minitorch_np.tensor([1.0, 2.0])]


def called(form: str, kind: str) -> set[str]:
    """The ops that a statement calls, on some tensor or other."""
    watch = Watch()
    places = {"x": "x", "y": "y", "z": "z", "new": "n", "new2": "m", "d": "0", "n": "2"}
    for which in range(len(leaves())):
        space: dict[str, Any] = {"torch": minitorch_np, "log": []}
        space |= names(minitorch_np, space["log"])
        space |= {name: leaves()[which] for name in ("x", "y", "z")}
        for index in INDICES if "{index}" in form else ("0",):
            text = filled(form, kind, {**places, "index": index, "dtype": "float32"}).text
            with contextlib.suppress(Exception), watch, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(text, space)
    minitorch_np.set_grad_enabled(True)
    return watch.seen


def test_programs_have_every_in_place_form_and_every_view() -> None:
    forms = {(form, kind) for kind, several in FORMS.items() for form in several}
    seen = {name for form, kind in forms for name in called(form, kind)}
    written = {n for n in REGISTRY if n.endswith("_") and not n.endswith("__")}
    assert written - seen == NEVER_WRITTEN.keys()
    assert {n for n, op in REGISTRY.items() if op.plan.view} - seen == NEVER_SEEN.keys()


def test_programs_name_every_method_that_writes_or_looks() -> None:
    text = " ".join(form for several in FORMS.values() for form in several)
    words = set(re.findall(r"\w+", text))
    methods = {n for n in dir(Tensor) if n.endswith("_") and not n.startswith("_")}
    assert methods - words == NEVER_WRITTEN.keys()
    assert set(VIEWS) <= words


def test_programs_have_every_kind_of_hook() -> None:
    text = " ".join(form for several in FORMS.values() for form in several)
    words = set(re.findall(r"\w+", text))
    owners = (torch.Tensor, torch.autograd.graph.Node, torch.nn.Module, torch.nn.modules.module)
    offered = {n for owner in owners for n in dir(owner) if re.match("register_.*hook", n)}
    offered |= {n for n in torch.autograd.graph.__all__ if "hook" in n or "saved" in n}
    bare = {name for name in offered if name.removeprefix("register_") not in words}
    assert bare - words == set(NO_PART_OF_A_GRAPH)


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
