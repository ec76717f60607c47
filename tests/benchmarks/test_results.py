"""Rows in a file, targets, and what became slower."""

import dataclasses
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.console import amount, lines_of, notes
from benchmarks.timing import OURS, Row, Timing


def timing(best: float, spread: float = 0.0) -> Timing:
    return Timing(best, best, best, best * (1 + spread), 10)


def row(ours: float, spread: float = 0.0, **peers: float) -> Row:
    times = {OURS: timing(ours, spread)} | {name: timing(t) for name, t in peers.items()}
    return Row("suite", "case", times)


FULL = Row(
    "suite", "case", {OURS: timing(1.0), "p": timing(2.0)}, 10.0, 20.0, {"p": 0.4, "q": 1.0},
    limit=2.0, facts={"words": "yes", "number": 1.5}, skipped={"q": "is not installed"},
)  # fmt: skip


def test_file_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.json"
    results.write(path, {"cpu": "some"}, [FULL])
    assert results.read(path) == ({"cpu": "some"}, [FULL])


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"environment": {}, "rows": [{"a": 1}]}'])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "results.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="holds no results"):
        results.read(path)


def test_targets_of_those_that_ran() -> None:
    found = results.targets(FULL)
    assert [(one.against, one.bound, one.found, one.held) for one in found] == [
        ("p", 0.4, 0.5, False),
        ("", 2.0, 1.0, True),
    ]
    assert results.targets(dataclasses.replace(FULL, times={"p": timing(2.0)})) == []


@pytest.mark.parametrize(
    "now, before, slower",
    [
        (row(1.0, p=1.0), row(1.0, p=1.0), False),
        (row(1.2, p=1.0), row(1.0, p=1.0), True),
        (row(2.0, p=2.0), row(1.0, p=1.0), False),  # the machine is slower, not we
        (row(1.2, 0.5, p=1.0), row(1.0, p=1.0), False),  # within the spread
        (row(1.2, p=1.0), row(1.0, 0.5, p=1.0), False),
        (row(1.2, p=1.0, q=1.2), row(1.0, p=1.0, q=1.0), False),  # not against q
        (row(1.04, p=1.0), row(1.0, p=1.0), False),  # less than runs differ by
        (row(1.2), row(1.0), True),
        (row(1.2, p=1.0), row(1.0, q=1.0), True),  # no peer in common: its own time
    ],
)
def test_slower(now: Row, before: Row, slower: bool) -> None:
    assert bool(results.slower([now], [before])) == slower


def test_a_new_case_is_not_slower() -> None:
    assert results.slower([row(9.0)], [dataclasses.replace(row(1.0), case="other")]) == []


@pytest.mark.parametrize(
    "value, unit, text",
    [
        (1.234e-9, "s", "1.23 ns"),
        (4.56e-5, "s", "45.6 us"),
        (0.789, "s", "789 ms"),
        (2.0, "s", "2.00 s"),
        (0.0, "s", "0.00 ns"),
        (3 * 2.0**20, "B", "3.00 MiB"),
        (12.0, "B", "12.0 B"),
    ],
)
def test_amount(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text


def test_lines_of_a_row() -> None:
    ours, peer = lines_of(FULL)
    assert ours == ("case", OURS, "1.00 s", "1.00 s", "0%", "", "2.00 s held")
    assert peer == ("", "p", "2.00 s", "2.00 s", "0%", "0.50", "0.40 missed")
    assert notes([FULL, FULL]) == [
        *["case: words yes, number 1.5"] * 2,
        "q: not run: is not installed",
    ]
