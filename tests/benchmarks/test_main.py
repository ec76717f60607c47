"""The command: what it prints where, and its exit statuses."""

import io
import json
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import benchmarks
from benchmarks import __main__ as command
from benchmarks import charts, machine
from benchmarks.console import Screen
from benchmarks.timing import OURS, Row, Timing

Suite = Callable[..., None]


def row(ours: float, case: str = "one") -> Row:
    times = {OURS: Timing(ours, ours, ours, ours, 9), "peer": Timing(1.0, 1.0, 1.0, 1.0, 9)}
    return Row("fake", case, times, targets={"peer": 0.5})


@pytest.fixture
def suite(monkeypatch: Any) -> Suite:
    """Makes a suite of a function of rows, and leaves this process's threads alone."""
    monkeypatch.setattr(machine, "pin", lambda: None)

    def add(rows: Callable[[float], Iterator[Row]], name: str = "fake") -> None:
        module = types.ModuleType(f"benchmarks.{name}")
        module.rows = rows  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, f"benchmarks.{name}", module)
        monkeypatch.setitem(benchmarks.SUITES, name, "made for a test")

    return add


def test_a_run_shows_its_rows_and_targets(suite: Suite, capsys: Any) -> None:
    suite(lambda seconds: iter([row(seconds), row(0.25, "two")]))
    assert command.main(["fake", "--seconds", "0.75"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    lines = [line.split() for line in out.splitlines()]
    assert ["one", OURS, "750", "ms", "750", "ms", "0%"] in lines
    assert ["peer", "1.00", "s", "1.00", "s", "0%", "0.75", "0.50", "missed"] in lines
    assert ["peer", "1.00", "s", "1.00", "s", "0%", "0.25", "0.50", "held"] in lines
    assert "targets: 1 held, 1 missed\n  fake: one: 0.75 of peer, at most 0.5\n" in out


def test_strict(suite: Suite) -> None:
    suite(lambda seconds: iter([row(0.6)]))
    assert command.main(["fake", "--strict"]) == 1
    suite(lambda seconds: iter([row(0.4)]))
    assert command.main(["fake", "--strict"]) == 0


def test_against(suite: Suite, tmp_path: Path, capsys: Any) -> None:
    file = str(tmp_path / "old.json")
    suite(lambda seconds: iter([row(0.4)]))
    assert command.main(["fake", "--json", file]) == 0
    assert json.loads(Path(file).read_text())["environment"]["cores"] >= 1
    assert command.main(["fake", "--against", file]) == 0
    assert "slower than before: none" in capsys.readouterr().out
    suite(lambda seconds: iter([row(0.5)]))
    assert command.main(["fake", "--against", file]) == 1
    assert "fake: one: 1.25 times what it took beside peer" in capsys.readouterr().out


def test_interrupted(suite: Suite, tmp_path: Path, capsys: Any) -> None:
    def rows(seconds: float) -> Iterator[Row]:
        yield row(0.4, "before")
        raise KeyboardInterrupt

    suite(rows)
    file = tmp_path / "rows.json"
    assert command.main(["fake", "--json", str(file)]) == 130
    assert [one["case"] for one in json.loads(file.read_text())["rows"]] == ["before"]
    said = capsys.readouterr()
    assert "before" in said.out
    assert said.err == "interrupted: the rows above are what there is\n"


def test_a_suite_that_cannot_run_is_named(suite: Suite, capsys: Any) -> None:
    def rows(seconds: float) -> Iterator[Row]:
        raise ImportError("peer is not installed")
        yield

    suite(rows)
    assert command.main(["fake"]) == 0
    assert "not run: peer is not installed" in capsys.readouterr().out


def test_a_suite_that_breaks_off_stops_no_other(suite: Suite, capsys: Any, tmp_path: Path) -> None:
    def rows(seconds: float) -> Iterator[Row]:
        yield row(0.4, "before")
        raise TypeError("a fault")

    suite(rows)
    suite(lambda seconds: iter([row(0.4, "after")]), "next")
    file = tmp_path / "rows.json"
    assert command.main(["fake", "next", "--json", str(file)]) == 1
    said = capsys.readouterr()
    assert "broke off: TypeError: a fault" in said.out and said.out.count("broke off: fake\n") == 1
    assert [one["case"] for one in json.loads(file.read_text())["rows"]] == ["before", "after"]
    assert 'raise TypeError("a fault")' in said.err


def test_what_runs_by_default_and_when_all_is_asked_for() -> None:
    assert command.named(None) == [n for n in benchmarks.SUITES if n not in benchmarks.OPTIONAL]
    assert command.named(["all"]) == list(benchmarks.SUITES)
    assert command.named(["step", "overhead", "step"]) == ["step", "overhead"]


def test_a_picture_of_growth(tmp_path: Path) -> None:
    times = {OURS: Timing(1, 1, 1, 1, 9), "peer": Timing(2, 2, 2, 2, 9)}
    cases = ["batch 4", "batch 16", "width 16, batch 64", "depth 2, width 128"]
    drawn = charts.draw([Row("scaling", case, times) for case in cases], tmp_path)
    assert {p.name for p in drawn} >= {"scaling.png", "scaling.svg", "ratios-scaling.png"}


def test_plots(suite: Suite, tmp_path: Path) -> None:
    counted = Row("fake", "counted", row(0.4).times, flop=1e9, nbytes=1e7)
    suite(lambda seconds: iter([row(0.4), counted]))
    assert command.main(["fake", "--plot", str(tmp_path)]) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        f"{stem}.{suffix}" for stem in ("ratios-fake", "roofline") for suffix in ("svg", "png")
    }


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["nonsense"], "no suite 'nonsense'; there are matmul, "),
        (["--seconds", "x"], "--seconds"),
        (["--seconds", "-1"], "--seconds"),
        (["--nonsense"], "No such option"),
        (["--against", "/nowhere/old.json"], "--against /nowhere/old.json: No such file"),
        (["--json", "/dev/null/x/rows.json"], "--json /dev/null/x: "),
        (["--plot", "/dev/null/x"], "--plot /dev/null/x: "),
    ],
)
def test_nonsense_is_one_line(arguments: list[str], words: str, capsys: Any) -> None:
    assert command.main(arguments) == 2
    said = capsys.readouterr()
    [line] = said.err.splitlines()
    assert line.startswith("error: ") and words in line
    assert said.out == ""


def test_list_imports_nothing_that_starts_threads() -> None:
    program = (
        "import sys; from benchmarks.__main__ import main; status = main(['--list']); "
        "sys.exit(status or any(name in sys.modules for name in ('numpy', 'torch')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(benchmarks.SUITES)


def test_pin_and_leave_out_hold_in_a_process() -> None:
    program = (
        "from benchmarks import machine; machine.pin(); machine.leave_out(['torch']); "
        "import threadpoolctl, minitorch_np as m; machine.settle(); "
        "assert m.get_num_threads() == 1; "
        "assert all(p['num_threads'] == 1 for p in threadpoolctl.threadpool_info()); "
        "stamp = machine.environment(['torch']); assert stamp['pinned']['NPROC'] == '1'; "
        "assert stamp['without'] == ['torch'] and 'PyTorch' not in stamp['blas']; import torch"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "import of torch halted" in done.stderr


def test_in_a_terminal_no_thread_runs_beside_the_candidates(suite: Suite, monkeypatch: Any) -> None:
    seen: list[int] = []
    text = io.StringIO()

    def rows(seconds: float) -> Iterator[Row]:
        for case in ("one", "two"):
            seen.append(threading.active_count())
            yield row(0.4, case)

    suite(rows)
    before = threading.active_count()
    screen = Screen()
    screen.console = Console(file=text, force_terminal=True, width=100)
    monkeypatch.setattr(command, "Screen", lambda: screen)
    assert command.main(["fake"]) == 0
    assert seen == [before, before]
    assert "fake: one done" in text.getvalue() and "\x1b[32m0.50 held" in text.getvalue()
