"""The whole of `python -m experiments cuda`, with PyTorch on the CPU in a GPU's place."""

import io
import json
from pathlib import Path
from types import ModuleType

import pytest
import torch

from experiments import __main__ as cli
from experiments import data
from experiments.harness import cuda, engines, results, runner
from experiments.harness.console import Screen

jsonschema = pytest.importorskip("jsonschema")
SCHEMA = json.loads(results.SCHEMA.read_text(encoding="utf-8"))
# One small experiment, and one test, are enough to go everywhere.
SMALL = {"names": ("tensor_basics",), "selection": ("tests/cuda", "-k", "test_op and sigmoid")}


@pytest.fixture
def flags() -> list[bool]:
    """TF32 as it was before, restored by the code under test."""
    return [engines.tf32(torch)["matmul"]]


def session(tmp_path: Path, **given: object) -> cuda.Session:
    options = runner.Options(out=tmp_path)
    screen = Screen(io.StringIO(), terminal=False)
    return cuda.compare(
        engines.ours(), data.digits(), options, screen, device="cpu", **(SMALL | given)
    )


@pytest.mark.slow  # a pytest of its own starts, in a process of its own
@pytest.mark.parametrize("cores", [1, cuda.ROOM], ids=["tests first", "tests beside"])
def test_all_of_it_on_the_cpu(
    tmp_path: Path, flags: list[bool], cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuda, "cores", lambda: cores)
    one = session(tmp_path)
    found = json.loads((tmp_path / "cuda" / "results.json").read_text(encoding="utf-8"))
    assert found == one.as_json()
    assert found["complete"] and found["error"] is None
    assert found["tests"]["passed"] >= 1
    assert [(run["experiment"], run["tf32"]) for run in found["runs"]] == [
        ("tensor_basics", False),
        ("tensor_basics", True),
    ]
    for run in found["runs"]:
        jsonschema.validate({k: v for k, v in run.items() if k != "tf32"}, SCHEMA)
        assert run["verdict"] == "bit-equal"
        assert run["environment"]["tf32"] == {"matmul": run["tf32"], "cudnn": run["tf32"]}
        assert run["engines"]["torch-cuda"]["seconds"] > 0
    assert engines.tf32(torch)["matmul"] == flags[0]
    page = (tmp_path / "cuda" / "report.html").read_text(encoding="utf-8")
    assert "TF32 off" in page and "TF32 on" in page and "data:image/png" in page


def test_tests_that_fail_are_named(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(
        '<testsuites><testsuite><testcase classname="a" name="one"><properties>'
        '<property name="remark" value="refused"/></properties></testcase>'
        '<testcase classname="a" name="two"><failure message="no&#10;more"/></testcase>'
        '<testcase classname="a" name="three"><skipped/></testcase></testsuite></testsuites>'
    )
    assert cuda.junit(path) == {
        "passed": 1,
        "failed": 1,
        "skipped": 1,
        "failures": [{"test": "a::two", "text": "no"}],
        "remarks": [{"test": "a::one", "text": "refused"}],
    }
    assert cuda.junit(tmp_path / "none") == {}


@pytest.mark.parametrize("where", [(runner, "alone"), (cuda, "several")])
def test_interrupt_leaves_a_valid_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: tuple[ModuleType, str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cuda, "tests", lambda *_: {"passed": 1, "failed": 0, "skipped": 0,
                                                  "failures": [], "remarks": [],
                                                  "seconds": 1.0})  # fmt: skip
    monkeypatch.setattr(*where, interrupt)
    with pytest.raises(KeyboardInterrupt):
        session(tmp_path)
    found = json.loads((tmp_path / "cuda" / "results.json").read_text(encoding="utf-8"))
    assert (found["complete"], found["error"]) == (False, "interrupted")
    assert {run["error"] for run in found["runs"]} == {"interrupted"}
    assert "Not complete" in (tmp_path / "cuda" / "report.html").read_text(encoding="utf-8")


def test_without_a_gpu_it_is_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert cli.main(["cuda"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1
    assert "sees no CUDA GPU" in captured.err
