"""Arguments that were not given, and how the others were: what Python refuses before any code runs.

Where several arguments are asked for, they have a default that stands for none, for Python's own
error for what is missing has other words than torch's.
"""

import dis
import inspect
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar, cast

from minitorch_np.overloads import missing_text, refusal

__all__ = ["MISSING", "Missing", "as_given", "demanding", "refused"]

F = TypeVar("F", bound=Callable[..., object])


class Missing:
    """What an argument that was not given is; whatever is done with it is a TypeError.

    `function` is one without a recorder, which would say what is missing: this does, then.
    """

    __slots__ = ("function",)

    def __init__(self, function: types.FunctionType | None = None) -> None:
        self.function = function

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]  # it has none
        """Raises: whoever asks what this is, as `isinstance` does, learns that it is missing."""
        self.refuse()

    def refuse(self, *_: object) -> NoReturn:
        """Raise torch's TypeError, of all that was not given to the function that runs."""
        raise TypeError if self.function is None else _missing_of(self.function)


for _use in (
    "add bool call eq float ge getattr getitem gt hash index int iter le len lt mul ne neg radd "
    "repr rmul rsub str sub"
).split():
    setattr(Missing, f"__{_use}__", Missing.refuse)

MISSING = Missing()


def _missing_of(function: types.FunctionType) -> TypeError:
    """What is missing in the call of `function` that is under way."""
    frame = sys._getframe(2)  # pyright: ignore[reportPrivateUsage]  # as in flight.py
    while frame.f_code is not function.__code__ and frame.f_back is not None:
        frame = frame.f_back
    parameters = inspect.signature(function).parameters
    values = {name: frame.f_locals.get(name, p.default) for name, p in parameters.items()}
    args, kwargs = as_given(parameters, values, frame)
    count, _ = _call_in(frame.f_back)
    # the call of a method does not count the tensor itself
    method = 0 <= count == len(args) + len(kwargs) - 1
    told = refusal(function.__name__, args[1:] if method else args, kwargs, method)
    return told or TypeError(f"{function.__name__}(){missing_in(parameters, values)}")


def missing_in(parameters: Mapping[str, inspect.Parameter], values: Mapping[str, object]) -> str:
    """What torch says of the first argument that is missing, and of those behind it."""
    needed = [
        n for n, p in parameters.items()
        if p.default is p.empty and n in values and p.kind is not p.VAR_KEYWORD
    ]  # fmt: skip
    first = [isinstance(values[name], Missing) for name in needed].index(True)
    return missing_text(needed[first:])


def refused(
    called: str,
    parameters: Mapping[str, inspect.Parameter],
    arguments: Mapping[str, object],
    method: bool,
    frame: types.FrameType,
) -> TypeError | None:
    """torch's error for the arguments of the function that a frame runs, where its parser does not
    take them; positions do not count the tensor itself where a method was called."""
    args, kwargs = as_given(parameters, arguments, frame)
    told = refusal(called, args[1:] if method else args, kwargs, method)
    if told is None and any(isinstance(value, Missing) for value in arguments.values()):
        first = next(iter(parameters))
        needed = {n: v for n, v in arguments.items() if not (method and n == first)}
        return TypeError(f"{called}(){missing_in(parameters, needed)}")
    return told


def demanding(function: F) -> F:
    """A function that says in torch's words which of its arguments are missing, where Python would
    say it before anything of it runs. Where one argument is asked for, Python's words do."""
    made = cast(types.FunctionType, function)
    signature = inspect.signature(function)
    needed = [p for p in signature.parameters.values() if p.default is p.empty]
    several = [p for p in needed if p.kind is p.POSITIONAL_OR_KEYWORD]
    if len(several) > 1:
        made.__defaults__ = (Missing(made),) * len(several) + (made.__defaults__ or ())
        cast(Any, made).__signature__ = signature
    return function


def as_given(
    parameters: Mapping[str, inspect.Parameter],
    arguments: Mapping[str, object],
    frame: types.FrameType,
) -> tuple[list[object], dict[str, object]]:
    """Arguments as they were given to the function of a frame, as far as that can be seen: without
    defaults, by name behind a gap, or where the call says so."""
    args: list[object] = []
    _, by_name = _call_in(frame.f_back)
    kwargs: dict[str, object] = {name: arguments[name] for name in by_name if name in arguments}
    if kwargs.get("out", 0) is None:  # handed on
        del kwargs["out"]
    gap = False
    for name, value in arguments.items():
        parameter = parameters[name]
        if name in kwargs or isinstance(value, Missing) or value is parameter.default:
            gap = True
        elif parameter.kind is parameter.VAR_KEYWORD:
            kwargs.update(cast("dict[str, object]", value))
        elif gap or parameter.kind is parameter.KEYWORD_ONLY:
            kwargs[name] = value
        else:
            args.append(value)
    return args, kwargs


def _call_in(frame: types.FrameType | None) -> tuple[int, tuple[str, ...]]:
    """How many arguments the call has that a frame is in the middle of, and the names of the last
    ones; (-1, ()) where it is no plain call."""
    while frame is not None and frame.f_code.co_name == "_unbuilt":  # an op's first call
        frame = frame.f_back
    count, names = -1, ()
    if frame is None:
        return count, names
    for step in dis.get_instructions(frame.f_code):
        if step.offset > frame.f_lasti:  # which may be behind the caches of the call
            break
        count = -1
        if step.opname == "KW_NAMES":
            names = frame.f_code.co_consts[step.arg or 0]
        elif step.opname == "LOAD_CONST" and sys.version_info >= (3, 13):
            names = step.argval if isinstance(step.argval, tuple) else ()
        elif step.opname in ("CALL", "CALL_KW"):
            count = step.arg or 0
        elif step.opname != "PRECALL":
            names = ()
    return count, cast("tuple[str, ...]", names) if count >= 0 else ()
