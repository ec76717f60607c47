"""The table of edges: both libraries answer alike, the page is current, a fault is noticed."""

import json
import platform
from pathlib import Path

import pytest
import torch

import minitorch_np
from experiments.conformance import edges
from experiments.conformance.edge_rows import GROUPS, KNOWN, MACHINE
from tests import versions

EXPRESSIONS = [one for expressions in GROUPS.values() for one in expressions]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "edges.md"
PINNED = versions.VERSION == (2, 15)


@pytest.mark.skipif(not PINNED, reason="the table is of PyTorch 2.15")
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_answered_as_pytorch_does(expression: str) -> None:
    (row,) = edges.compared({"": [expression]})
    assert (row.ours == row.cpu) is not bool(row.known), f"{row.ours}, not {row.cpu}"
    # a misspelt expression fails under both libraries alike
    assert not row.cpu.startswith(("AttributeError", "NameError", "SyntaxError"))


def test_expressions_are_told_apart() -> None:
    assert len(set(EXPRESSIONS)) == len(EXPRESSIONS)
    assert {*KNOWN, *MACHINE} <= set(EXPRESSIONS)


@pytest.mark.skipif(not PINNED, reason="the page is of PyTorch 2.15")
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="casts are x86-64's")
def test_the_page_is_current() -> None:
    table = PAGE.read_text().partition("<!-- edges -->\n")[2].partition("\n<!-- /edges -->")[0]
    assert table == edges.markdown(), "make docs ARGS=edges"


def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the first of equal elements have a maximum's whole gradient."""
    amax = minitorch_np.Tensor.amax
    monkeypatch.setattr(minitorch_np.Tensor, "amax", lambda x: x.max(0).values)
    assert minitorch_np.Tensor.amax is not amax


def test_a_difference_is_noticed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expression = "grad(lambda x: x.amax(), [1., 3., 3.])"
    monkeypatch.setattr(edges, "compared", lambda cuda=None, compared=edges.compared: compared(
        {"Ties": [expression, "tensor(-0.) + 0."]}, cuda))  # fmt: skip
    assert edges.edges("cpu", None)
    planted(monkeypatch)
    assert not edges.edges("cpu", None)
    assert f"{expression}: [0.0, 1.0, 0.0], not [0.0, 0.5, 0.5]" in capsys.readouterr().out
    assert "| **`[0.0, 1.0, 0.0]`** | `[0.0, 0.5, 0.5]` |" in edges.markdown()
    monkeypatch.setitem(KNOWN, expression, "planted")
    assert edges.edges("cpu", None)
    assert "differs: planted." in edges.markdown()


def test_a_known_difference_that_agrees_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOWN, "tensor(-0.) + 0.", "it does not")
    (row,) = edges.failed(edges.compared({"": ["tensor(-0.) + 0.", "tensor(-0.) == 0."]}))
    assert row.expression == "tensor(-0.) + 0."


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("tensor(0.1), tensor(0.1, dtype=torch.float64)", "0.1; 0.1 float64"),
        ("tensor(2.**24), tensor(-0.)", "16777216.0; -0.0"),
        ("tensor([[1, 2]], dtype=torch.int8)", "[[1, 2]] int8"),
        ("torch.zeros(2, 0)", "[[], []] of shape (2, 0)"),
        ("tensor([2., 1.]).min(0)", "1.0; 1"),
        ("tensor(1.) == 1", "True"),
        ("grad(torch.mul, 2., 3.)", "3.0; 2.0"),
        ("tensor([])[0]", "IndexError: index 0 is out of bounds for dimension 0 with size 0"),
    ],
)
def test_answers_are_written_alike(expression: str, text: str) -> None:
    assert edges.answer(torch, expression) == text
    assert edges.answer(minitorch_np, expression) == text


def test_what_a_gpu_answered_has_a_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = GROUPS["Ties"][:2]
    monkeypatch.setattr(edges, "compared", lambda cuda, compared=edges.compared: compared(
        {"Ties": [first, second, "tensor(5) | 2", "tensor(1)"]}, cuda))  # fmt: skip
    record = tmp_path / "edges.json"
    assert edges.markdown(record).splitlines()[1] == "PyTorch on a GPU: not run."
    answers = {
        first: {"cpu": "[0.0, 0.5, 0.5]", "cuda": "[0.0, 0.5, 0.5]"},
        "tensor(5) | 2": {"cpu": "7", "cuda": "8"},
        "tensor(1)": {"cpu": "2", "cuda": "2"},
    }
    found = {"card": "a card", "torch": "2.15.0", "date": "2026-01-02", "rows": answers}
    record.write_text(json.dumps(found))
    lines = edges.markdown(record).splitlines()
    assert lines[1] == (
        "PyTorch on a GPU: a card, PyTorch 2.15.0, 2026-01-02; it answers 1 otherwise than the "
        "same version on the CPU."
    )
    assert lines[3] == "| Ties | ours | PyTorch CPU | PyTorch CUDA |"
    assert [line.rpartition(" | ")[2] for line in lines[5:]] == [
        "`[0.0, 0.5, 0.5]` |", "not run |", "**`8`** |", "**`2`** ‡ |",
    ]  # fmt: skip
    assert "`tensor(5) \\| 2`" in lines[7]


def test_the_record_names_every_expression(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edges, "compared", lambda cuda=None, compared=edges.compared: compared(
        {"Kinks": ["grad(torch.relu, 0.)"]}, cuda))  # fmt: skip
    file = tmp_path / "edges.json"
    assert edges.edges("cpu", file)
    found = json.loads(file.read_text())
    assert found["rows"] == {"grad(torch.relu, 0.)": {"ours": "0.0", "cpu": "0.0", "cuda": None}}
    assert found["device"] == "cpu" and found["torch"] == torch.__version__


def test_devices_are_refused() -> None:
    with pytest.raises(edges.Refused, match="--device takes cpu or cuda, not 'tpu'"):
        edges.edges("tpu", None)
    if not torch.cuda.is_available():
        with pytest.raises(edges.Refused, match="sees no CUDA GPU here"):
            edges.edges("cuda", None)
