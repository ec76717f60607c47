"""dtypes against the installed torch: every pair of operands, every limit, every message."""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Callable, Iterator
from functools import partial

import ml_dtypes
import numpy as np
import pytest
import torch

from minitorch_np import dtypes
from minitorch_np.dtypes import ALL, dtype
from tests.oracle import same

PAIRS = list(itertools.product(ALL, repeat=2))
NUMBERS: list[bool | int | float] = [True, 2, 2.5]


def theirs(d: dtype) -> torch.dtype:
    found = getattr(torch, d.name)
    assert isinstance(found, torch.dtype)
    return found


def raised(f: Callable[[], object]) -> tuple[type[Exception], str]:
    with pytest.raises((TypeError, ValueError)) as info:
        f()
    return info.type, str(info.value)


@pytest.fixture
def defaults() -> Iterator[None]:
    ours, torchs = dtypes.get_default_dtype(), torch.get_default_dtype()
    yield
    dtypes.set_default_dtype(ours)
    torch.set_default_dtype(torchs)


@pytest.mark.parametrize("d", ALL, ids=repr)
def test_facts(d: dtype) -> None:
    t = theirs(d)
    assert repr(d) == str(d) == repr(t)
    assert d.itemsize == t.itemsize == d.np.itemsize
    assert d.is_floating_point == t.is_floating_point
    assert d.is_complex == t.is_complex
    assert d.is_signed == t.is_signed
    assert d.category == (0 if t == torch.bool else 2 if t.is_floating_point else 1)
    halves = (dtypes.float16, dtypes.bfloat16)
    assert d.compute == (np.dtype(np.float32) if d in halves else d.np)
    with pytest.raises(AttributeError):
        d.anything = 1  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("d", ALL, ids=repr)
def test_one_instance(d: dtype) -> None:
    assert copy.copy(d) is copy.deepcopy([d])[0] is pickle.loads(pickle.dumps(d)) is d


def test_aliases() -> None:
    for name in ("short", "int", "long", "half", "float", "double"):
        ours = getattr(dtypes, name if hasattr(dtypes, name) else name + "_")
        assert theirs(ours) is getattr(torch, name)


@pytest.mark.parametrize(("a", "b"), PAIRS, ids=repr)
def test_promotion(a: dtype, b: dtype) -> None:
    assert repr(dtypes.promote_types(a, b)) == repr(torch.promote_types(theirs(a), theirs(b)))
    assert dtypes.can_cast(a, b) == torch.can_cast(theirs(a), theirs(b))


def operands() -> list[tuple[str, dtype, object]]:
    """(group, dtype, torch's operand): dimensioned and 0-d tensors of every dtype, and numbers."""
    found: list[tuple[str, dtype, object]] = []
    for d in ALL:
        found.append(("dims", d, torch.ones(2, dtype=theirs(d))))
        found.append(("zero", d, torch.ones((), dtype=theirs(d))))
    return found + [("wrapped", dtypes.of_number(n), n) for n in NUMBERS]


def combined(*groups: tuple[str, dtype]) -> dtype:
    state: dict[str, dtype | None] = {"dims": None, "zero": None, "wrapped": None}
    for group, d in groups:
        before = state[group]
        state[group] = d if before is None else dtypes.promote_types(before, d)
    return dtypes.combine(**state)


@pytest.mark.usefixtures("defaults")
@pytest.mark.parametrize("default", ["float32", "float64", "bfloat16"])
def test_result_type_of_all_pairs(default: str) -> None:
    dtypes.set_default_dtype(getattr(dtypes, default))
    torch.set_default_dtype(getattr(torch, default))
    for (group_a, a, x), (group_b, b, y) in itertools.product(operands(), repeat=2):
        expected = torch.result_type(x, y)  # pyright: ignore[reportArgumentType, reportCallIssue]
        assert repr(combined((group_a, a), (group_b, b))) == repr(expected), (x, y)


def test_result_type_of_triples() -> None:
    # result_type takes two operands, so the third group comes in as what the last two make of it.
    for d, z, n in itertools.product(ALL, ALL, NUMBERS):
        wide = torch.ones(2, dtype=theirs(d))
        narrow = torch.ones((), dtype=theirs(z))
        one = dtypes.combine(None, z, dtypes.of_number(n))
        assert repr(one) == repr(torch.result_type(narrow, n))
        expected = torch.result_type(wide, torch.ones((), dtype=theirs(one)))
        assert repr(dtypes.combine(d, z, dtypes.of_number(n))) == repr(expected)


@pytest.mark.usefixtures("defaults")
def test_default_dtype() -> None:
    assert repr(dtypes.get_default_dtype()) == repr(torch.get_default_dtype())
    for d in ALL:
        if d.is_floating_point:
            dtypes.set_default_dtype(d)
            torch.set_default_dtype(theirs(d))
            assert repr(dtypes.get_default_dtype()) == repr(torch.get_default_dtype())
            assert repr(dtypes.of_number(1.5)) == repr(torch.tensor(1.5).dtype)
        else:
            expected = raised(partial(torch.set_default_dtype, theirs(d)))
            assert raised(partial(dtypes.set_default_dtype, d)) == expected
    for wrong in ("float32", 3):
        expected = raised(lambda w=wrong: torch.set_default_dtype(w))  # pyright: ignore[reportArgumentType]
        assert raised(lambda w=wrong: dtypes.set_default_dtype(w)) == expected  # pyright: ignore[reportArgumentType]


def test_numbers() -> None:
    for n in (True, False, 0, -5, 2**62, 0.5, float("nan")):
        assert repr(dtypes.of_number(n)) == repr(torch.tensor(n).dtype)


@pytest.mark.parametrize("kind", "? u1 i1 i2 i4 i8 f2 f4 f8 q >i1".split())
def test_from_numpy(kind: str) -> None:
    array = np.zeros(2, kind)
    assert repr(dtypes.from_numpy(array.dtype)) == repr(torch.from_numpy(array).dtype)


@pytest.mark.parametrize("kind", ["U3", ">U3", "O", "M8[s]", "g", "i4,f4", ">f4", ">i8", "bf16"])
def test_from_numpy_refuses(kind: str) -> None:
    array = np.zeros(2, ml_dtypes.bfloat16 if kind == "bf16" else kind)
    expected = raised(lambda: torch.from_numpy(array))
    assert raised(lambda: dtypes.from_numpy(array.dtype)) == expected


@pytest.mark.parametrize("d", ALL, ids=repr)
@pytest.mark.parametrize("limits", ["finfo", "iinfo"])
def test_limits(limits: str, d: dtype) -> None:
    ours, torchs = getattr(dtypes, limits), getattr(torch, limits)
    if (limits == "finfo") != d.is_floating_point or d is dtypes.bool_:
        assert raised(lambda: ours(d)) == raised(lambda: torchs(theirs(d)))
        return
    a, b = ours(d), torchs(theirs(d))
    assert repr(a) == repr(b)
    for name in (n for n in dir(b) if not n.startswith("_")):
        assert getattr(a, name) == getattr(b, name), name
    assert a == ours(d)
    assert hash(a) == hash(ours(d))
    assert a != 3


@pytest.mark.usefixtures("defaults")
def test_limits_of_the_default() -> None:
    dtypes.set_default_dtype(dtypes.float64)
    torch.set_default_dtype(torch.float64)
    assert repr(dtypes.finfo()) == repr(torch.finfo())
    assert raised(lambda: dtypes.finfo(3)) == raised(lambda: torch.finfo(3))  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_what_is_no_dtype():
    same(lambda torch: torch.promote_types(torch.int8, 3))
    same(lambda torch: torch.promote_types("int8", torch.int8))
    same(lambda torch: torch.can_cast(torch.int8, "int8"))
    same(lambda torch: torch.can_cast(3, torch.int8))
