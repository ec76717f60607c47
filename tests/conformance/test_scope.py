"""The tables of the conformance suite: nothing falls between them, nothing in them is stale."""

from experiments.conformance import scope
from experiments.conformance.examine import COLUMNS
from reference.corners import CORNERS
from reference.opdb import DTYPES
from reference.refused import REFUSED


def test_every_entry_has_a_place():
    names = scope.every()
    assert [n for n in names if scope.excluded(n) is None and scope.family(n) is None] == []
    assert 500 <= len(scope.in_scope()) <= 550
    assert 100 <= sum(scope.family(n) == "layers" for n in scope.names()) <= 120
    assert 14 <= sum(scope.family(n) == "optimizers" for n in scope.names()) <= 16


def test_every_pattern_matches_an_entry():
    assert scope.unused() == []


def test_what_is_written_by_hand_is_about_entries():
    in_scope = {e.full_name for e in scope.in_scope()}
    assert set(CORNERS) <= in_scope
    assert set(REFUSED) <= in_scope


def test_names_are_unique():
    names = scope.every()
    assert len(names) == len(set(names))


def test_excluded_families_have_a_reason():
    assert all(table["reason"] for table in scope.tables()["excluded"])


def test_known_differences_are_about_something():
    names = scope.names()
    dtypes = [str(d).removeprefix("torch.") for d in DTYPES] + ["any"]
    for known in scope.every_difference():
        assert known.reason
        assert any(known.is_of(name) for name in names), known
        assert any(scope.matches(column, [known.property]) for column in COLUMNS), known
        assert any(scope.matches(dtype, known.dtypes.split()) for dtype in dtypes), known


def test_differences_hold_for_versions_from_one_on_and_before_another(monkeypatch):
    known = scope.Difference("exp", "value", "told", since="2.12", before="2.15")
    found = []
    for version in ((2, 11), (2, 12), (2, 14), (2, 15)):
        monkeypatch.setattr(scope, "VERSION", version)
        found.append(known.here)
    assert found == [False, True, True, False]
    assert scope.Difference("exp", "value", "told").here
