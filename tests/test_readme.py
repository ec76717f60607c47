"""README's quick start is run as it stands, under both libraries."""

import doctest
import re
from pathlib import Path

import pytest

from tools import docs

README = Path(__file__).parent.parent / "README.md"


def examples(text: str) -> doctest.TestResults:
    """The outcome of every example in a text."""
    test = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
    runner = doctest.DocTestRunner(optionflags=doctest.FAIL_FAST)
    runner.run(test)
    return doctest.TestResults(runner.failures, runner.tries)


def quick_start() -> str:
    """The first block of Python."""
    found = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_quick_start_runs() -> None:
    outcome = examples(quick_start())
    assert outcome.attempted >= 8
    assert outcome.failed == 0


def test_every_line_but_the_note_is_torchs_answer() -> None:
    text = quick_start().replace("import minitorch_np as torch", "import torch")
    with_torch = text[: text.index(">>> try:")]
    assert examples(with_torch) == doctest.TestResults(0, 7)


def test_the_programs_inside_print_what_readme_says() -> None:
    assert docs.internals() in README.read_text()


@pytest.mark.parametrize("name", ["graph", "hessian"])
def test_torch_prints_the_same(name: str, tmp_path: Path) -> None:
    text = (docs.INTERNALS / f"{name}.py").read_text()
    program = tmp_path / "program.py"
    program.write_text(
        text.replace("import minitorch_np as torch", "import torch").replace(
            "minitorch_np", "torch"
        )
    )
    assert docs.said(program) == docs.said(docs.INTERNALS / f"{name}.py")
