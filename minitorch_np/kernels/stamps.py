"""Stamps: compiled code that makes objects with slots and fills them, all in one call.

A function of Python that makes an object looks up its type, calls it, and stores one field after
another; compiled code copies words. A stamp is not written but cut from such a function: that is
called once, with examples whose fields are marks, each an object of its own. Where a mark turns up
in what was made, that field is a copy of an argument, or of a field of one; what else has slots was
made as well; and what is left is constant. A field of an example that the function set is one that
the stamp sets. Where arguments are not like the examples, the stamp asks the function itself.
"""

import ctypes
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np.dtypes import dtype as Dtype

from .fastcall import (
    API,
    COUNTING,
    POSSIBLE,
    WORD,
    Words,
    address,
    entered,
    numpy_function,
    words_of,
)
from .fastcall import build as compiled
from .press import LARGEST, press, press_blank

__all__ = ["POSSIBLE", "Switch", "blank", "cut", "example", "kept", "places"]

Make = Callable[..., Any]
"""A function that makes something."""

Switch = NDArray[np.int64]
"""One word. While it is not 0, stamps ask the functions that they were cut from."""

_NEW_FROM_DESCR = 94
"""The number of PyArray_NewFromDescr in NumPy's table."""

_new: Callable[[type], object] = object.__new__

kept: list[object] = []
"""What stamps name by address."""


@functools.cache
def places(kind: type) -> dict[str, int]:
    """Where an object has each of its slots, in bytes: found by looking for what was stored there.

    The types above a class come first in memory, so their slots are the same in all below them.
    """
    found: dict[str, int] = {}
    for name in _slots(kind):
        probe, mark = _new(kind), object()
        setattr(probe, name, mark)
        words = (ctypes.c_int64 * (kind.__basicsize__ // WORD)).from_address(id(probe))
        found[name] = WORD * list(words).index(id(mark))
    return found


def _slots(kind: type) -> Iterator[str]:
    for each in kind.__mro__:
        for name in cast("Sequence[str]", vars(each).get("__slots__", ())):
            if not name.startswith("__"):
                yield name


def _held(one: object) -> Iterator[tuple[str, object]]:
    """The slots of an object that are set, and what they hold."""
    for name in _slots(type(one)):
        try:
            yield name, getattr(one, name)
        except AttributeError:
            continue


def example(kind: type, **fields: object) -> Any:  # noqa: ANN401  # of that type
    """An object with these slots set, and a mark in each where none are named."""
    made = _new(kind)
    for name in fields or _slots(kind):
        setattr(made, name, fields.get(name) if fields else object())
    return made


def cut(
    function: Make, *examples: object, otherwise: Make | None = None, switch: Switch | None = None
) -> Make:
    """Compiled code that does what `function` does with arguments that are like the examples.

    A field that is None or a number in an example must be so in an argument, and those that are
    copied must be there and not be None. Other arguments are for `otherwise`, or else for the
    function, which is returned as it is where it takes too many. It must return what it made, and
    may store nothing but marks, None, (), bools and ints.
    """
    paths = dict(_paths(examples))
    before = [dict(_held(each)) for each in examples]
    first: object = function(*examples)
    changed = {
        (nr, name): (before[nr][name], value)
        for nr, each in enumerate(examples) if _open(each)
        for name, value in _held(each) if value is not before[nr][name]
    }  # fmt: skip
    made = list(_made([first, *[value for _, value in changed.values()]], paths))
    if len(made) + len(examples) > LARGEST:
        return otherwise or function
    numbers = {id(each): nr for nr, each in enumerate(made)}
    fields = [(WORD * nr, each, name, v) for nr, each in enumerate(made) for name, v in _held(each)]
    for (nr, name), (_, value) in changed.items():
        fields.append((WORD * (len(made) + nr), examples[nr], name, value))
    copied: list[list[Words]] = [[], [], [], []]
    for into, each, name, value in fields:
        source = [WORD * numbers[id(value)]] if id(value) in numbers else []
        if id(value) in paths:
            nr, *below = paths[id(value)]
            source = [WORD * len(made) + nr, *below]
        if not source and not _constant(value):
            raise TypeError(f"{function.__name__} stores a {name} that is no argument's")
        copied[len(source)].append([into, places(type(each))[name], *(source or [id(value)])])
    asked = otherwise or function
    switch = np.zeros(1, np.int64) if switch is None else switch
    used = [[at - WORD * len(made), *field] for many in copied[2:] for _, _, at, *field in many]
    asks = list(_asks(examples, before, [place[:2] for place in used]))
    asks += [[*place, 0, 0] for place in used if len(place) > 2]
    recipe = [
        len(examples), switch.ctypes.data, *[address(function) for function in (
            API.PyType_IsSubtype, API.PyObject_Vectorcall)], id(asked),
        address(API.PyType_GenericAlloc), 0 if COUNTING else address(API.Py_IncRef),
        address(API.Py_DecRef),
        *_listed([[WORD * at, id(type(each))] for at, each in enumerate(examples) if _open(each)]),
        *_listed([each for each in asks if len(each) == 4]),
        *_listed([each for each in asks if len(each) == 5]),
        *_listed([[0 if (type(each),) == examples[:1] else id(type(each))] for each in made]),
        *[word for many in copied for word in _listed(many)],
        *_listed([[id(old)] for old, _ in changed.values()]),
    ]  # fmt: skip
    kept.append((asked, switch, made))
    return entered(press, recipe)


def blank(function: Make, form: type, owning: Make) -> Make:
    """Compiled code that does what `function` does with a form: it calls the stamp `owning` with
    that and a new ndarray, of its `dims` and `dtype.np`. Where there are no dims, as yet or at all,
    it asks the function.
    """
    slots = places(form)
    words = [
        address(API.PyObject_Vectorcall), id(function), id(None), id(form), slots["dims"],
        slots["dtype"], places(Dtype)["np"], 0 if COUNTING else address(API.Py_IncRef),
        numpy_function(_NEW_FROM_DESCR), id(np.ndarray), id(words_of(owning)),
        address(API.Py_DecRef),
    ]  # fmt: skip
    kept.append((function, owning))
    return entered(press_blank, words)


def _open(one: object) -> bool:
    """Whether an example has fields."""
    return not isinstance(one, type) and any(_held(one))


def _made(found: list[object], known: Mapping[int, object]) -> Iterator[object]:
    """What was made, from what was found on: objects with slots that no example had."""
    seen = set(known)
    while found:
        one = found.pop(0)
        if id(one) not in seen and not isinstance(one, type) and any(_slots(type(one))):
            seen.add(id(one))
            found += [value for _, value in _held(one)]
            yield one


def _paths(examples: Sequence[object]) -> Iterator[tuple[int, Words]]:
    """Where each mark is: the place of an argument, of a field in it, and of a field in that."""
    for at, each in enumerate(examples):
        yield id(each), [WORD * at]
        for name, value in _held(each) if _open(each) else ():
            if not _constant(value):
                first = [WORD * at, places(type(each))[name]]
                yield id(value), first
                for below, inner in _held(value):
                    yield id(inner), [*first, places(type(value))[below]]


def _constant(value: object) -> bool:
    return value is None or value == () or type(value) in (int, bool)


def _asks(
    examples: Sequence[object], before: Sequence[Mapping[str, object]], copied: Sequence[Words]
) -> Iterator[Words]:
    """Which fields must be what they are in an example, and which must not be None: the copied."""
    for at, each in enumerate(examples):
        for name, value in before[at].items() if _open(each) else ():
            place = [WORD * at, places(type(each))[name]]
            if _constant(value):
                yield [*place, id(value), 1]
                continue
            if place in copied:
                yield [*place, id(None), 0]
            for below, inner in _held(value):
                if _constant(inner):
                    yield [*place, places(type(value))[below], id(inner), 1]


def _listed(many: Iterable[Words]) -> Words:
    """The number of lists, and what is in them."""
    many = list(many)
    return [len(many), *itertools.chain(*many)]


def build() -> None:
    """Compile everything ahead of use."""
    for function in (press, press_blank) if POSSIBLE else ():
        _ = compiled(function)
