"""The table of planted faults keeps up with the source. `make mutants` runs it."""

from collections import Counter

from experiments.conformance import scope
from tools import mutants


def test_every_text_is_there_once():
    assert list(mutants.stale()) == []


def test_every_fault_names_ops_that_are_compared():
    names = {e.full_name for e in scope.in_scope()}
    for one in mutants.mutants():
        assert set(one.ops.split()) <= names, one
        assert one.old != one.new


def test_every_kind_of_fault_is_there():
    kinds = Counter(one.kind for one in mutants.mutants())
    assert set(kinds) >= {
        "zero gradient", "swapped axes", "missing broadcast sum", "dropped 1/N", "wrong tie rule",
        "stale stride", "off-by-one offset", "missing version bump", "wrong promotion",
    }  # fmt: skip


def test_a_request_for_no_fault_is_refused(capsys):
    assert mutants.main(["no such file"]) == 2
    assert "no fault" in capsys.readouterr().err
