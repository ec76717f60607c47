"""Arguments that were not given, or that nobody asked for, and how the others were: what torch's
parser says of them.

Arguments that are asked for have a default that stands for none, for Python's own error for what
is missing has other words than torch's.
"""

import dis
import inspect
import re
import sys
import types
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import index
from typing import NamedTuple, NoReturn, SupportsIndex, cast

import numpy as np

from minitorch_np.overloads import NUMPYS, is_int, is_number, missing_text, parsed, refusal, refuse
from minitorch_np.shapes import Size
from minitorch_np.tensor import Tensor, plain

__all__ = ["MISSING", "SEVERAL", "Given", "refuse_as_torch", "unpacked", "unpacked_value"]


class Missing:
    """What an argument that was not given is; whatever is done with it is a TypeError, for which
    a recorder or a guard says what is missing."""

    __slots__ = ()

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]  # it has none
        """Raises: whoever asks what this is, as `isinstance` does, learns that it is missing."""
        self.refuse()

    def refuse(self, *_: object) -> NoReturn:
        """Raise TypeError."""
        raise TypeError


for _use in (
    "add bool call eq float ge getattr getitem gt hash index int iter le len lt mul ne neg radd "
    "repr rmul rsub str sub"
).split():
    setattr(Missing, f"__{_use}__", Missing.refuse)

MISSING = Missing()


def missing_in(parameters: Mapping[str, inspect.Parameter], values: Mapping[str, object]) -> str:
    """What torch says of the first argument that is missing, and of those behind it."""
    needed = [
        n for n, p in parameters.items()
        if p.default is p.empty and n in values and p.kind is not p.VAR_KEYWORD
    ]  # fmt: skip
    first = [isinstance(values[name], Missing) for name in needed].index(True)
    return missing_text(needed[first:])


class Given(NamedTuple):
    """What a function was called with."""

    arguments: dict[str, object]
    """The value of each parameter, which may be its default."""
    more: Sequence[object] = ()
    """What was given by position beyond them."""
    named: Mapping[str, object] = {}
    """What was given by another name than theirs."""


class Taken(NamedTuple):
    """Arguments that torch's parser takes."""

    arguments: dict[str, object]
    """The value of each parameter."""
    named: Mapping[str, object]
    """Those that were given by name."""


def refuse_as_torch(
    error: Exception,
    called: str,
    parameters: Mapping[str, inspect.Parameter],
    given: Given,
    method: bool,
) -> Taken:
    """Raise torch's error, from `error`, where its parser does not take the arguments of the
    recorder or guard that asks, else give them as it would; positions do not count the tensor
    itself of a method."""
    # the words of losses stand for the numbers that PyTorch's take
    if type(given.arguments.get("reduction")) is str:
        given = given._replace(arguments={**given.arguments, "reduction": 1})
    frame = _asking()
    args, kwargs = as_given(parameters, given, method, frame)
    if method:  # here it takes `out`, too, for other ops to give
        args = args[1:]
        kwargs.pop("out", None)
    if not given.more and _call_in(frame.f_back)[0] < 0:
        args, kwargs = _or_by_name(called, list(parameters)[method:], args, kwargs, method)
    refuse(called, args, kwargs, error, method)
    arguments = _renamed(called, parameters, given, method, error)
    if any(isinstance(value, Missing) for value in arguments.values()):
        first = next(iter(parameters))
        needed = {n: v for n, v in arguments.items() if not (method and n == first)}
        raise TypeError(f"{called}(){missing_in(parameters, needed)}") from error
    return Taken(arguments, kwargs)


def _renamed(
    called: str,
    parameters: Mapping[str, inspect.Parameter],
    given: Given,
    method: bool,
    error: Exception,
) -> dict[str, object]:
    """The arguments, those that have NumPy's names under torch's. Raises: TypeError for what no
    parameter stands for, in Python's words: PyTorch has no parser that refuses it."""
    found = dict(given.arguments)
    by_torch = parsed(called, method)
    place = f"Tensor.{called}" if method and not by_torch else called
    if given.more:
        most = [p for p in parameters.values() if p.kind is not p.KEYWORD_ONLY]
        least = len([p for p in most if p.default is p.empty])
        takes = f"from {least} to {len(most)}" if least < len(most) else f"{least}"
        s, count = "" if len(most) == 1 else "s", len(most) + len(given.more)
        text = f"{place}() takes {takes} positional argument{s} but {count} were given"
        raise TypeError(text) from error
    for name, value in given.named.items():
        own = NUMPYS.get(name, "") if by_torch else ""
        if own not in found:
            text = f"{place}() got an unexpected keyword argument '{name}'"
            raise TypeError(text) from error
        found[own] = value
    return found


def unpacked(
    parameters: Mapping[str, inspect.Parameter], arguments: Mapping[str, object]
) -> dict[str, object] | None:
    """The arguments with Python's numbers for NumPy's ints and for tensors of no dims, where the
    parameters ask for numbers: so does torch's parser take them. None where there are none.

    Asked where a type is odd, before anything is computed; and once a call has failed, for only the
    first of several was looked at.
    """
    found: dict[str, object] = {}
    for name, value in arguments.items():
        if type(value) is Missing:
            continue
        number = value
        annotation = str(parameters[name].annotation)
        if re.search(r"\b(int|float)\b", annotation):
            kinds = _INTS[:1] if "Tensor" in annotation else _INTS
            number = unpacked_value(value, kinds, any_number="float" in annotation)
        if number is not value:
            found[name] = number
    return {**arguments, **found} if found else None


SEVERAL = frozenset([tuple, list, Size])
"""The types of what is mostly given for several numbers."""

_INTS: tuple[type, ...] = np.integer, Tensor
"""What may stand for an int; a tensor not where the parameter may be one."""


def unpacked_value(
    value: object, kinds: tuple[type, ...] = _INTS, *, any_number: bool = False
) -> object:
    """Python's int, or number, for what torch takes as one, also among several; anything else as it
    is."""
    if isinstance(value, kinds):
        if is_int(value):
            return index(cast(SupportsIndex, value))
        return plain(value) if any_number and is_number(value) else value
    if isinstance(value, (tuple, list)):
        several = cast("Sequence[object]", value)
        value = cast(object, value)
        found = tuple([unpacked_value(one, kinds) for one in several])
        if any(one is not old for one, old in zip(found, several, strict=True)):
            return found
    return value


def as_given(
    parameters: Mapping[str, inspect.Parameter],
    given: Given,
    method: bool,
    frame: types.FrameType,
) -> tuple[list[object], dict[str, object]]:
    """Arguments as they were given to the function of a frame, as far as that can be seen.

    A plain call tells how many were named. Of another, such as one by a star, those that are their
    default were not given, it is supposed, and those behind such a gap by name.
    """
    count, names = _call_in(frame.f_back)
    arguments, more, named = given
    plain = count - len(names) + method if count >= 0 else len(arguments)
    known = {**arguments, **named}
    args: list[object] = []
    kwargs: dict[str, object] = {name: known[name] for name in names if name in known}
    if kwargs.get("out", 0) is None:  # handed on
        del kwargs["out"]
    gap = False
    for at, (name, value) in enumerate(arguments.items()):
        parameter = parameters[name]
        by_name = parameter.kind is parameter.KEYWORD_ONLY
        if more and not by_name:
            args.append(value)
        elif name in kwargs or isinstance(value, Missing) or (by_name and count >= 0):
            gap = True
        elif value is parameter.default and (count < 0 or at >= plain - 1):
            gap = True  # of a method that was called as a function, the last one may be none
        elif parameter.kind is parameter.VAR_KEYWORD:
            kwargs.update(cast("dict[str, object]", value))
        elif gap or by_name:
            kwargs[name] = value
        else:
            args.append(value)
    return [*args, *more], {**kwargs, **named}


def _or_by_name(
    called: str,
    names: Sequence[str],
    args: list[object],
    kwargs: dict[str, object],
    method: bool,
) -> tuple[list[object], dict[str, object]]:
    """The arguments of a call that did not tell, those behind the tensor by name where torch's
    parser takes them only so.
    """
    if refusal(called, args, kwargs, method) is None:
        return args, kwargs
    first = 0 if method else 1
    named = {**dict(zip(names[first:], args[first:], strict=False)), **kwargs}
    told = refusal(called, args[:first], named, method)
    return (args, kwargs) if told is not None else (args[:first], named)


def _asking() -> types.FrameType:
    """The frame of the recorder or guard: the nearest of generated source."""
    frame = sys._getframe(2)  # pyright: ignore[reportPrivateUsage]  # as in flight.py
    while not frame.f_code.co_filename.startswith(("<op ", "(guard of ")):
        assert frame.f_back is not None
        frame = frame.f_back
    return frame


def _call_in(frame: types.FrameType | None) -> tuple[int, tuple[str, ...]]:
    """How many arguments the call has that a frame is in the middle of, and the names of the last
    ones; (-1, ()) where it is no plain call."""
    while frame is not None and frame.f_code.co_name == "_unbuilt":  # an op's first call
        frame = frame.f_back
    return (-1, ()) if frame is None else _call_at(frame.f_code, frame.f_lasti)


@lru_cache(maxsize=256)
def _call_at(code: types.CodeType, offset: int) -> tuple[int, tuple[str, ...]]:
    """`_call_in` at an offset of bytecode: a program that tries, and fails, does so again."""
    count, names = -1, ()
    for step in dis.get_instructions(code):
        if step.offset > offset:  # which may be behind the caches of the call
            break
        count = -1
        if step.opname == "KW_NAMES":
            names = code.co_consts[step.arg or 0]
        elif step.opname == "LOAD_CONST" and sys.version_info >= (3, 13):
            names = step.argval if isinstance(step.argval, tuple) else ()
        elif step.opname in ("CALL", "CALL_KW"):
            count = step.arg or 0
            if step.opname == "CALL" and sys.version_info >= (3, 13):
                names = ()  # a tuple before it is its last argument
        elif step.opname != "PRECALL":
            names = ()
    return count, cast("tuple[str, ...]", names) if count >= 0 else ()
