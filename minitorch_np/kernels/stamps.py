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
from collections.abc import Callable, Iterable, Iterator, Sequence
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

Place = tuple[int, ...]
"""Where something is: the number of an argument, of a field in it, of one in that; all in bytes."""

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
    asked = otherwise or function
    trial = _Trial(function, examples)
    if len(trial.made) + len(examples) > LARGEST:
        return asked
    switch = np.zeros(1, np.int64) if switch is None else switch
    stores, asks = list(trial.stores()), list(trial.asks())
    first: Any = examples[0] if examples else None  # the class to make, where one is given
    recipe = [
        len(examples), switch.ctypes.data, address(API.PyType_IsSubtype),
        address(API.PyObject_Vectorcall), id(asked), address(API.PyType_GenericAlloc),
        0 if COUNTING else address(API.Py_IncRef), address(API.Py_DecRef),
        *_listed([WORD * nr, id(type(each))] for nr, each in enumerate(examples) if _open(each)),
        *_listed(ask for ask in asks if len(ask) == _ASKED),
        *_listed(ask for ask in asks if len(ask) == _ASKED + 1),
        *_listed([0 if type(each) is first else id(type(each))] for each in trial.made),
        *_listed([*into, id(value)] for into, value, source in stores if not source),
    ]  # fmt: skip
    for depth in (1, 2, 3):
        recipe += _listed([*into, *source] for into, _, source in stores if len(source) == depth)
    recipe += _listed([id(old)] for _, _, old, _ in trial.changed)
    kept.append((asked, switch, examples, trial.made))
    return entered(press, recipe)


_ASKED = 4
"""The words that ask for a field of an argument: which, where, for what object, and whether it must
be that. To ask for a field of a field takes one more."""


class _Trial:
    """A function, called once with examples: what it made, and what it stored where."""

    def __init__(self, function: Make, examples: Sequence[object]) -> None:
        self.examples = examples
        self.fields = dict(_fields(examples))
        before = [dict(_held(each)) for each in examples]
        first: object = function(*examples)
        self.changed = [
            (nr, name, before[nr][name], value)
            for nr, each in enumerate(examples) if _open(each)
            for name, value in _held(each) if value is not before[nr][name]
        ]  # fmt: skip
        self.marks = {id(each): (WORD * nr,) for nr, each in enumerate(examples)}
        self.marks |= {id(v): place for place, v in self.fields.items() if not _constant(v)}
        self.made = list(self._found([first, *[value for *_, value in self.changed]]))

    def _found(self, found: list[object]) -> Iterator[object]:
        """What was made, from what was found on: objects with slots that no example had."""
        known = set(self.marks)
        while found:
            one = found.pop(0)
            if id(one) not in known and not isinstance(one, type) and any(_slots(type(one))):
                known.add(id(one))
                found += [value for _, value in _held(one)]
                yield one

    def stores(self) -> Iterator[tuple[Words, object, Words]]:
        """Each field that was set: its object's number and its place there, its value, and where
        that comes from, which is nowhere for a constant."""
        for nr, one in enumerate(self.made):
            for name, value in _held(one):
                yield [WORD * nr, places(type(one))[name]], value, self._source(name, value)
        for nr, name, _, value in self.changed:
            place = places(type(self.examples[nr]))[name]
            yield [WORD * (len(self.made) + nr), place], value, self._source(name, value)

    def _source(self, name: str, value: object) -> Words:
        """The number of an object, and places: of a field in it, of one in that."""
        if id(value) in self.marks:
            nr, *below = self.marks[id(value)]
            return [WORD * len(self.made) + nr, *below]
        numbers = [WORD * nr for nr, one in enumerate(self.made) if one is value]
        if not numbers and not _constant(value):
            raise TypeError(f"a stamp would store a {name} that is no argument's")
        return numbers

    def asks(self) -> Iterator[Words]:
        """What fields must be: those that are constant in an example that, those that are copied
        not None, or at least there."""
        sources = [source for _, _, source in self.stores()]
        used = {(at - WORD * len(self.made), *below) for at, *below in filter(None, sources)}
        used |= {place[:2] for place in used}
        for place, value in self.fields.items():
            if _constant(value):
                yield [*place, id(value), 1]
            elif place in used:
                yield [*place, id(None) if len(place) == 2 else 0, 0]


def _fields(examples: Sequence[object]) -> Iterator[tuple[Place, object]]:
    """What the examples hold, and what that holds, by their places."""
    for nr, each in enumerate(examples):
        for name, value in _held(each) if _open(each) else ():
            place = WORD * nr, places(type(each))[name]
            yield place, value
            for below, inner in _held(value):
                yield (*place, places(type(value))[below]), inner


def blank(function: Make, form: type, owning: Make) -> Make:
    """Compiled code that does what `function` does with a form: it calls the stamp `owning` with
    that and a new ndarray, of its `dims` and `dtype.np`. Where there are no dims, as yet or at all,
    it asks the function.
    """
    slots = places(form)
    words = [
        address(API.PyObject_Vectorcall), id(function), id(None), id(form), slots["dims"],
        slots["dtype"], places(Dtype)["np"], 0 if COUNTING else address(API.Py_IncRef),
        numpy_function(_NEW_FROM_DESCR), id(np.ndarray), compiled(press).function,
        id(words_of(owning)), address(API.Py_DecRef),
    ]  # fmt: skip
    kept.append((function, owning))
    return entered(press_blank, words)


def _open(one: object) -> bool:
    """Whether an example has fields."""
    return not isinstance(one, type) and any(_held(one))


def _constant(value: object) -> bool:
    """Whether a value is one that is not marked."""
    return value is None or type(value) in (int, bool) or (type(value) is tuple and not value)


def _listed(many: Iterable[Words]) -> Words:
    """The number of lists, and what is in them."""
    many = list(many)
    return [len(many), *itertools.chain(*many)]


def build() -> None:
    """Compile everything ahead of use."""
    for function in (press, press_blank) if POSSIBLE else ():
        _ = compiled(function)
