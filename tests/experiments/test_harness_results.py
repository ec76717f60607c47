"""What a run leaves behind: JSON by its schema, a page that stands alone, and exit statuses."""

import io
import json
import re
import types
from typing import ClassVar

import numpy as np
import pytest
import torch

from experiments import __main__ as cli
from experiments.harness import engines, results, runner
from experiments.harness import run as side_by_side
from experiments.harness.console import Screen
from experiments.harness.engines import Engine
from experiments.harness.several import in_turn
from tests.experiments.programs import half_product, training

jsonschema = pytest.importorskip("jsonschema")
SCHEMA = json.loads(results.SCHEMA.read_text(encoding="utf-8"))


class Stand(Engine):
    """An engine whose programs are given, not imported."""

    programs_given: ClassVar[dict] = {}

    def program(self, experiment):
        return types.SimpleNamespace(main=self.programs_given[self.name, experiment])


def program(library, *, fault=None, interrupt=False):
    def main(data, *, device, seed, observe, epochs=3):
        training(library, observe, steps=epochs, **(fault or {}))
        observe("epoch", 0, accuracy=0.5)
        if interrupt:
            raise KeyboardInterrupt
        return {"accuracy": 0.5, "loss": 0.25}

    return main


@pytest.fixture
def data():
    return types.SimpleNamespace(
        name="digits",
        source="a few digits",
        train_images=np.zeros((3, 4), np.float32),
        train_labels=np.zeros(3, np.int64),
        test_images=np.zeros((2, 4), np.float32),
        test_labels=np.zeros(2, np.int64),
    )


@pytest.fixture
def stand(monkeypatch, data):
    """Both engines as PyTorch, and the programs of one experiment to be set by the test."""
    ours, theirs = Stand("minitorch_np", torch, ""), Stand("torch-cpu", torch, "")
    monkeypatch.setattr(Stand, "programs_given", {})
    monkeypatch.setattr(engines, "ours", lambda: ours)
    real = engines.against
    monkeypatch.setattr(engines, "against", lambda n: [theirs] if n in ("auto", "cpu") else real(n))
    monkeypatch.setattr(runner, "load_data", lambda folder: data)
    monkeypatch.setattr(runner, "draw", lambda results, folder: [])
    monkeypatch.setattr(side_by_side, "cores", lambda: 1)  # a stand stands in this process only

    def given(mine, other):
        Stand.programs_given |= {
            ("minitorch_np", "mnist_mlp"): mine,
            ("torch-cpu", "mnist_mlp"): other,
        }

    return given


def run(tmp_path, *options):
    status = cli.main(["run", "mnist_mlp", "--out", str(tmp_path), *options])
    folder = tmp_path / "mnist_mlp"
    found = results.read_json(folder)
    jsonschema.validate(found, SCHEMA)
    return status, found, (folder / "report.html").read_text(encoding="utf-8")


def test_good_run(stand, tmp_path, capsys):
    stand(program(torch), program(torch))
    status, found, _ = run(tmp_path)
    assert status == 0
    assert found["complete"]
    assert found["verdict"] == "bit-equal"
    assert found["engines"]["torch-cpu"]["accuracy"] == 0.5
    assert found["engines"]["torch-cpu"]["seconds"] > 0
    assert found["engines"]["torch-cuda"] == {"accuracy": None, "seconds": None, "loss": None}
    assert found["data"] == {
        "which": "digits", "samples": 5, "train": 3, "test": 2, "source": "a few digits",
    }  # fmt: skip
    logits = next(v for v in found["verdicts"] if v["quantity"] == "logits")
    assert logits["counts"]["bit-equal"] == 3
    output = capsys.readouterr().out
    assert output.startswith("a few digits\n")
    assert "mnist_mlp: bit-equal" in output
    assert "\x1b" not in output


def test_page_stands_alone(stand, tmp_path):
    stand(program(torch), program(torch))
    _, found, page = run(tmp_path)
    assert not re.search(r"""(src|href)=["']?(?!data:)""", page)
    assert "@import" not in page
    for verdict in found["verdicts"]:
        assert f"<code>{verdict['quantity']}</code>" in page
    assert page.count("<section>") == page.count("</section>") > 3
    assert "<svg" in page


def trainings(count, *, far=()):
    """A program of so many trainings, the loss of those in `far` twice what it is in the others."""

    def main(data, *, device, seed, observe):
        for k in range(count):
            observe("start", 0, title=f"network {k}")
            for step in range(3):
                observe("step", step, loss=torch.tensor(1.0 + (k in far)))

    return main


@pytest.mark.parametrize("count", [3, 20])
def test_every_training_has_a_chart_of_its_own(stand, tmp_path, capsys, count):
    stand(trainings(count), trainings(count, far=(2,)))
    _, found, page = run(tmp_path)
    assert [c["curve"] for c in found["free_running"]] == [f"network {k}" for k in range(count)]
    assert page.count("<svg") == count and page.count('points="46.0') == 2 * count
    assert ("curves more" in page) == (count > 9)
    assert page.count("<details>") == page.count("</details>")
    lines = [line for line in capsys.readouterr().out.splitlines() if "free-running" in line]
    if count == 3:
        assert len(lines) == 3 and "equal to the last bit" in lines[0] and "parted" in lines[2]
    else:
        (line,) = lines
        assert "(torch-cpu, 20 curves): 19 equal to the last bit, 0 never apart by" in line
        assert line.endswith("1 parted, 'network 2' first, at step 0")


def test_wrong_verdict_is_status_1(stand, tmp_path, capsys):
    stand(program(torch), program(torch, fault={"product": half_product}))
    status, found, page = run(tmp_path)
    assert status == 1
    assert found["verdict"] == "wrong"
    assert "wrong" in capsys.readouterr().out
    assert 'class="badge wrong"' in page


@pytest.mark.parametrize("broken", ["ours", "theirs"])
def test_interrupt_leaves_a_valid_partial_report(stand, tmp_path, capsys, broken):
    stand(program(torch, interrupt=broken == "ours"), program(torch, interrupt=broken == "theirs"))
    status, found, page = run(tmp_path)
    assert status == 130
    assert not found["complete"]
    assert found["error"] == "interrupted"
    assert "Not complete" in page
    report = tmp_path / "mnist_mlp" / "report.html"
    assert capsys.readouterr().err == f"interrupted; {report} holds what was done so far\n"


@pytest.mark.parametrize("cores", [1, 2])
def test_every_experiment_runs_alone_before_the_lock_steps(
    stand, tmp_path, capsys, monkeypatch, cores
):
    stand(program(torch), program(torch))
    Stand.programs_given |= {
        (engine, "dying_relu"): main for (engine, _), main in Stand.programs_given.items()
    }
    both, apart = ["mnist_mlp", "dying_relu"], []

    def processes(jobs, data, options, screen, most, done):
        apart.extend(jobs)
        assert most == 2
        in_turn(jobs, [engines.ours(), *engines.against("cpu")], data, options, screen, done)

    monkeypatch.setattr(side_by_side, "cores", lambda: cores)
    monkeypatch.setattr(side_by_side, "several", processes)
    assert cli.main(["run", *both, "--out", str(tmp_path)]) == 0
    found = [results.read_json(tmp_path / name) for name in both]
    assert [one["complete"] for one in found] == [True, True]
    said = capsys.readouterr().out.splitlines()
    phases = [line.partition(": 3 steps")[0] for line in said if ": 3 steps in " in line]
    alone = [f"{name}: {engine} alone" for name in both for engine in ("torch-cpu", "minitorch_np")]
    assert phases == alone + [f"{name}: lock-step with torch-cpu" for name in both]
    assert [str(job) for job in apart] == (phases if cores == 2 else [])


def test_interrupt_before_there_is_a_report_promises_none(stand, tmp_path, monkeypatch, capsys):
    def interrupt(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "load_data", interrupt)
    assert cli.main(["run", "--out", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_exception_in_a_program_surfaces_and_is_reported(stand, tmp_path):
    def broken(data, *, device, seed, observe):
        raise ZeroDivisionError("planted")

    stand(broken, program(torch))
    with pytest.raises(ZeroDivisionError, match="planted"):
        cli.main(["run", "mnist_mlp", "--out", str(tmp_path)])
    found = results.read_json(tmp_path / "mnist_mlp")
    jsonschema.validate(found, SCHEMA)
    assert found["error"] == "ZeroDivisionError: planted"


def test_json_alone_on_stdout(stand, tmp_path, capsys):
    stand(program(torch), program(torch))
    run(tmp_path, "--json", "--epochs", "2", "--seed", "7")
    found = json.loads(capsys.readouterr().out)
    assert found["settings"]["epochs"] == 2
    assert found["environment"]["seed"] == 7
    assert found["environment"]["threads"] == {"minitorch_np": 1, "torch-cpu": 1}
    assert sum(found["verdicts"][-1]["counts"].values()) <= 2


def test_show_prints_the_last_run(stand, tmp_path, capsys):
    stand(program(torch), program(torch))
    run(tmp_path)
    capsys.readouterr()
    assert cli.main(["show", "--out", str(tmp_path)]) == 0
    assert "mnist_mlp: bit-equal" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["run", "nonsense"], "no experiment 'nonsense'"),
        (["run", "--against", "tpu"], "--against takes cpu, cuda"),
        (["run", "--dtype", "int8"], "--dtype takes float32"),
        (["run", "--dtype", "float16"], "--dtype float16: Adam's eps"),
        (["run", "--dtype", "bfloat16"], "--dtype bfloat16: Adam's eps"),
        (["run", "--threads", "0"], "--threads"),
        (["run", "--epochs", "0"], "--epochs"),
        (["run", "--seed", "x"], "--seed"),
        (["run", "--seed", "4294967296"], "--seed"),
        (["run", "--nonsense"], "--nonsense"),
        (["run", "--data", "/nowhere"], "no such folder"),
        (["run", "--out", "/dev/null/runs"], "runs/tensor_basics: Not a directory"),
        (["nonsense"], "nonsense"),
        (["show", "--out", "/nowhere"], "no runs below"),
    ],
)
def test_request_that_cannot_be_met_is_one_line_and_status_2(stand, capsys, arguments, text):
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert text in captured.err


def test_an_output_folder_that_is_a_file_is_one_line_and_status_2(tmp_path, capsys):
    (tmp_path / "dying_relu").touch()
    assert cli.main(["run", "--out", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"error: --out {tmp_path / 'dying_relu'}: File exists\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "is not JSON"), ("{", "is not JSON"), ("[]", "no 'experiment'"), ("{}", "no 'exp")],
)
def test_show_of_a_damaged_file_is_one_line_and_status_2(tmp_path, capsys, text, words):
    (tmp_path / "mnist_mlp").mkdir()
    (tmp_path / "mnist_mlp" / "results.json").write_text(text)
    assert cli.main(["show", "--out", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1 and words in captured.err


def test_missing_gpu_asked_for_by_name_is_one_line_and_status_2(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert cli.main(["run", "--against", "cpu,cuda"]) == 2
    assert "sees no CUDA GPU" in capsys.readouterr().err
    assert [e.name for e in engines.against("auto")] == ["torch-cpu"]


def test_list_names_every_experiment(capsys):
    assert cli.main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(runner.EXPERIMENTS)


@pytest.mark.parametrize("width", [36, 60, 100])
def test_a_terminal_is_filled_and_not_overrun(stand, tmp_path, capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    stand(program(torch), program(torch, fault={"product": half_product}))
    _, found, _ = run(tmp_path)
    capsys.readouterr()
    stream = io.StringIO()
    screen = Screen(stream, terminal=True)
    screen.results(found)
    with screen.phase("mnist_mlp: lock-step", 4) as tick:
        tick("step")
        screen._progress.refresh()
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue()).replace("\r", "\n").split("\n")
    assert max(map(len, lines)) <= width
    assert any(line.startswith(" w0.grad ") and "wrong" in line for line in lines)
    assert any("1/4" in line and "/s" in line for line in lines)
    assert "…" not in "".join(lines)
    (header,) = [line for line in lines if line.startswith(" quantity ")]
    assert [name in header for name in (" ratio", " steps")] == [width >= 56, width >= 80]


def test_progress_in_a_terminal_has_rate_and_time_left(tmp_path):
    stream = io.StringIO()
    screen = Screen(stream, terminal=True)
    with screen.phase("ours alone", 4) as tick:
        for _ in range(3):
            tick("state")
            tick("step")
    assert tick.count == 3
    assert "3 steps" in stream.getvalue()
    assert "/s" in stream.getvalue()
