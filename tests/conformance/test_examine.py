"""The suite itself: each property goes red when its fault is planted, and only then."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import minitorch_np
from experiments import __main__ as command
from experiments.conformance import examine as examining
from experiments.conformance import run, scope
from experiments.conformance.board import AMBER, GREEN, RED, Case, row_of, totals
from experiments.conformance.bridge import Unshared, counterpart, mapped, ours, rebound, values
from experiments.conformance.call import WIDE
from experiments.conformance.exact import is_rounding, near
from experiments.conformance.examine import COLUMNS, Call, examine, refusal
from experiments.conformance.page import page
from experiments.conformance.snippet import snippet
from experiments.conformance.tally import DEVICES, FEW, Tally, numbered
from minitorch_np.dual.recipe import RECIPES
from minitorch_np.op import REGISTRY
from minitorch_np.tensor import Tensor
from reference.opdb import Entry, Sample
from tests.oracle import sample


def call(name: str, *args: object, **kwargs: object) -> Call:
    """One call of an op of the database."""
    return Call(run.entry_of(name), Sample(args, kwargs, lambda result: result, ""))


def red(found: dict[str, str]) -> set[str]:
    """The properties in which something differs."""
    return {name for name, difference in found.items() if difference}


X = sample(3, 4)
EXP, TRANSPOSE = minitorch_np.exp, minitorch_np.transpose


def counted(x: Tensor) -> Tensor:
    """exp, which writes to its input on the way."""
    with minitorch_np.no_grad():
        x.detach().mul_(1)
    return EXP(x)


def scribbled(x: Tensor) -> Tensor:
    """exp, which writes to its input and counts nothing."""
    result = EXP(x)
    x.array[...] = 0
    return result


FAULTS = {
    "value": lambda x: EXP(x) + 1,
    "dtype": lambda x: EXP(x).double(),
    "shape": lambda x: EXP(x)[:2],
    "stride": lambda x: EXP(x).t().contiguous().t(),
    "offset": lambda x: minitorch_np.cat([EXP(x)[:1], EXP(x)])[1:],
    "node": lambda x: EXP(x) * 1,
    "alias": lambda x: x.copy_(EXP(x)) if not x.requires_grad else x.data.copy_(EXP(x)),
    "version": counted,
    "grad": lambda x: EXP(x.detach()) + x - x.detach(),
}


def test_what_inputs_hold_afterwards_is_compared(monkeypatch):
    monkeypatch.setattr(minitorch_np, "exp", scribbled)
    assert "afterwards" in examine(call("exp", X.detach()))["version"]


@pytest.mark.parametrize("column", FAULTS)
def test_a_fault_is_seen(monkeypatch, column):
    assert red(examine(call("exp", X))) == set()
    monkeypatch.setattr(minitorch_np, "exp", FAULTS[column])
    assert column in red(examine(call("exp", X)))


def test_faults_of_forms_are_seen(monkeypatch):
    monkeypatch.setattr(Tensor, "exp", lambda x: EXP(x) + 1)
    monkeypatch.setattr(Tensor, "exp_", lambda x: x.copy_(EXP(x) + 1))
    assert red(examine(call("exp", X.detach()))) == {"method", "in-place"}
    monkeypatch.undo()
    monkeypatch.setattr(minitorch_np, "exp", lambda x, out=None: EXP(x) if out is None else out)
    assert red(examine(call("exp", X.detach()))) == {"out="}
    monkeypatch.setattr(Tensor, "exp_", EXP)
    assert "in-place" in red(examine(call("exp", X.detach())))


def test_faults_of_views_are_seen(monkeypatch):
    assert red(examine(call("transpose", X, 0, 1))) == set()
    monkeypatch.setattr(minitorch_np, "transpose", lambda *a: TRANSPOSE(*a).clone())
    assert {"alias", "node"} <= red(examine(call("transpose", X, 0, 1)))


def test_a_second_derivative_is_seen(monkeypatch):
    def straight(x: Tensor) -> Tensor:
        slope = EXP(x).detach()
        return slope + slope * (x - x.detach())

    monkeypatch.setattr(minitorch_np, "exp", straight)
    found = examine(call("exp", X))
    assert "grad 2" in red(found) and "grad" not in red(found)


@pytest.fixture
def undecided():
    """exp anew, for how an op passes tangents on is decided once."""
    RECIPES.pop(REGISTRY["exp"], None)
    yield
    RECIPES.pop(REGISTRY["exp"], None)


@pytest.mark.usefixtures("undecided")
@pytest.mark.parametrize(
    ("rule", "seen"),
    [(lambda t: t, ""), ("refused", "raised NotImplementedError: Trying to use")],
)
def test_a_tangent_is_seen(monkeypatch, rule, seen):
    monkeypatch.setattr(REGISTRY["exp"].plan, "jvps", {"input": rule})
    found = examine(call("exp", X))
    assert red(found) == {"jvp"}
    assert found["jvp"].startswith(seen)


def test_what_is_refused_is_compared(monkeypatch):
    bad = call("transpose", X, 0, 5)
    assert red(refusal(bad)) == set()
    monkeypatch.setattr(minitorch_np, "transpose", lambda x, a, b: TRANSPOSE(x, a % 2, b % 2))
    assert refusal(bad)["errors"].startswith("did not raise, not IndexError: Dimension out of")


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.delattr(minitorch_np, "exp")
    assert examine(call("exp", X))["value"].startswith("missing: ")


def test_a_call_that_only_torch_has_arguments_for_is_left_out():
    assert examine(call("exp", X.detach().to(torch.complex64))) == {}
    with pytest.raises(Unshared, match="complex64"):
        ours(X.detach().to(torch.complex64))


def test_counterparts():
    assert counterpart(torch.add, "add") is minitorch_np.add
    assert counterpart(torch.Tensor.add) is Tensor.add
    twice = rebound(lambda x: torch.mul(x, 2))
    assert (values(twice(minitorch_np.ones(2))) == 2).all()
    given = mapped((torch.float32, [X], torch.Size([2])), ours, to_ours=True)
    assert given[0] is minitorch_np.float32
    assert isinstance(given[1][0], Tensor) and given[2] == (2,)


def test_rows_have_the_worst_colour_of_their_cells():
    held = dict.fromkeys(("value", "stride"), 3)
    known = Case("stride", "float32", 0, False, "stride (1,), not (2,)", "a reason")
    assert row_of("f", "g", [], held, [], 3).colour == GREEN
    assert row_of("f", "g", [], held, [known], 3).colour == AMBER
    failed = Case("value", "float32", 1, True, "1.0 at [0], not 2.0")
    row = row_of("f", "g", [], held, [known, failed], 3)
    assert row.colour == RED and row.cells["value"].first.startswith("float32, sample 1, spread")
    assert totals([row])["all"] == Counter({RED: 1})


def test_snippets_run_with_either_library():
    text = snippet(
        run.entry_of("add"), Sample((X, 2.0), {"alpha": 3}, lambda r: r, ""), "", "again"
    )
    results = []
    for library in ("torch", "minitorch_np as torch"):
        names: dict[str, object] = {}
        exec(text.replace("import torch  #", f"import {library}  #"), names)
        results.append(values(names["result"]))
    assert (results[0] == results[1]).all()
    large = Sample((sample(20, 20),), {}, lambda r: r, "")
    assert snippet(run.entry_of("exp"), large, "", "again").startswith("again")


def test_known_differences_must_differ(monkeypatch):
    listed = scope.Difference("exp", "value", "a reason")
    monkeypatch.setattr(scope, "differences", lambda: (listed,))
    assert run.examine_op("exp", run.Settings(quick=True)).surplus == ["value: a reason"]


def test_the_page_holds_every_row_and_asks_for_nothing(tmp_path, capsys):
    out, html = tmp_path / "board.json", tmp_path / "board.html"
    arguments = ["conformance", "exp", "hash_tensor", "--quick", "--workers", "1"]
    assert command.main([*arguments, "--json", str(out), "--html", str(html)]) == 0
    data = json.loads(out.read_text())
    assert [row["op"] for row in data["rows"]] == ["exp", "hash_tensor"]
    assert {row["colour"] for row in data["rows"]} == {GREEN, AMBER}
    text = html.read_text()
    assert text == page(data)
    assert text.count("data-family=") == 2 and "http" not in text
    assert all(column in text for column in COLUMNS)
    assert "hash_tensor: value: known:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no_such_op"], "the databases have no op, layer or optimizer 'no_such_op'"),
        (["nn.LazyConv1d"], "nn.LazyConv1d is not compared: lazy layers"),
        (["linalg.svd"], "linalg.svd is not compared: decompositions"),
        (["--family", "none"], "no family 'none'; there are activation, "),
        (["exp", "--dtype", "complex64"], "--dtype takes float64, "),
        (["exp", "--device", "tpu"], "--device takes cpu or cuda, not 'tpu'"),
    ],
)
def test_requests_that_cannot_be_met(capsys, arguments, told):
    assert command.main(["conformance", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_entries_know_their_forms():
    entry = run.entry_of("add")
    assert isinstance(entry, Entry) and entry.takes_out and entry.twice
    assert [s.args[0].dtype for s in entry.samples(torch.float32)][:1] == [torch.float32]


def test_rounding_is_judged_by_float64(monkeypatch):
    entry = run.entry_of("addr")
    (halves,) = list(entry.samples(torch.bfloat16))[3:4]
    assert "value" not in red(examine(Call(entry, halves)))
    with monkeypatch.context() as patch:
        patch.setattr(examining, "forgiven", lambda call: set())
        assert "value" in red(examine(Call(entry, halves)))
    right = minitorch_np.addr
    monkeypatch.setattr(minitorch_np, "addr", lambda *a, **k: right(*a, **k) * 1.25)
    assert "value" in red(examine(Call(entry, halves)))


@pytest.mark.parametrize(
    ("mine", "theirs", "fine"),
    [
        ([1.0], [1.0], True),
        ([1.0 + 3e-6], [1.0 - 1e-6], True),  # four times as far at most
        ([1.0 + 5e-6], [1.0 - 1e-6], False),
        ([1.0], [1.1], False),  # PyTorch's own answer is no rounding of it
        ([np.nan], [1.0], False),
        ([np.nan], [np.nan], True),
    ],
)
def test_nearness(mine, theirs, fine):
    exact = np.array([1.0 if theirs[0] == theirs[0] else np.nan])
    assert near(np.array(mine), np.array(theirs), exact, 2.0**-24) is fine


def test_differences_of_numbers_are_told_from_others():
    assert is_rounding("result: -0.28 at [3, 3], not -3.1e-05")
    assert is_rounding("gradient 0: 104.0 at [], not 103.5")
    assert not is_rounding("result: nan at [0], not 1.0")
    assert not is_rounding("result: stride (1,), not (2,)")
    assert not is_rounding("raised RuntimeError: no, not a result")


def test_the_databases_leave_torchs_flags_alone():
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = before


def test_quick_runs_keep_the_corners():
    theirs = [Sample((X,), {}, lambda r: r, str(n)) for n in range(50)]
    ours_too = [*theirs, Sample((X,), {}, lambda r: r, "tie", by_hand=True)]
    kept = numbered(ours_too, run.Settings(quick=True))
    assert len(kept) == FEW + 1
    assert kept[-1][0] == 50 and kept[-1][1].by_hand
    assert [n for n, _ in numbered(theirs, run.Settings(quick=True))] == [n for n, _ in kept[:-1]]


@pytest.mark.parametrize(
    "here, apart",
    [
        ({"value": "", "stride": ""}, {"value"}),  # the CPU agrees: the GPU alone differs
        ({"value": "1.0 at [0], not 3.0"}, set()),  # ours differs from both
        ({"stride": ""}, set()),  # the CPU was not asked
    ],
)
def test_what_a_gpu_alone_differs_in(monkeypatch, here, apart):
    on_gpu = {"value": "1.0 at [0], not 2.0", "stride": ""}
    monkeypatch.setattr(run, "examine", lambda call: here if call.device == "cpu" else on_gpu)
    assert run.parted(replace(call("exp", X), device="cuda"), on_gpu) == apart
    assert run.parted(call("exp", X), on_gpu) == frozenset()
    tally = Tally("exp")
    wrong = tally.add(on_gpu, "float32", 0, apart=apart)
    assert [case.reason for case in tally.failures] == [DEVICES if apart else ""]
    assert len(wrong) == 1 - len(apart)


def test_a_comparison_that_breaks_off_is_a_red_row(monkeypatch):
    def broken(name, settings):
        raise RuntimeError(f"no {name} today")

    monkeypatch.setattr(run, "examine_any", broken)
    rows = run.run(["exp", "log"], run.Settings(quick=True), 1, lambda row: None)
    assert [(row.op, row.colour) for row in rows] == [("exp", RED), ("log", RED)]
    assert "broke off: RuntimeError: no log today" in rows[1].cells["value"].first


def test_a_gpu_that_the_database_sees_is_the_cpu_to_ours(monkeypatch):
    one = Call(run.entry_of("zeros_like"), Sample((X,), {"device": "cuda"}, lambda r: r, ""))
    assert red(examine(one)) == set()


def test_second_derivatives_of_much_are_left_out():
    wide = torch.empty(WIDE).requires_grad_()
    assert call("exp", X).twice and not call("exp", wide).twice


STOPPED = """
import os, signal, threading
from experiments.conformance.run import Settings, run

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the suite was started by
    threading.Timer(1, os.killpg, (0, signal.SIGINT)).start()  # while the others start
    try:
        run(["exp", "log", "sin"], Settings(quick=True), 2, lambda _: None)
    except KeyboardInterrupt:
        print("stopped")
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no groups of processes on this platform")
def test_ctrl_c_ends_all_processes_and_one_of_them_says_so(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(STOPPED)
    done = subprocess.run(
        [sys.executable, program],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(run.__file__).parents[2])},
        start_new_session=True,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("stopped\n", "", 0)
