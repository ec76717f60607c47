"""Functions that are built from ops, behind one each that refuses arguments as torch does.

What goes wrong inside such a function is said in the words of whatever met it first. PyTorch would
have parsed the arguments before: where it refuses them, its error is raised instead. A guard has
the parameters of its function, so a call costs one Python frame more; it is compiled at its first
call, as the recorders of ops are.
"""

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import CO_VARARGS, CO_VARKEYWORDS
from typing import Any, TypeVar, cast

from minitorch_np.missing import MISSING, SEVERAL, Given, refuse_as_torch, unpacked
from minitorch_np.overloads import NUMPYS, parsed, refuse
from minitorch_np.recorder import call_text, odd_text, parameters_text, surplus_text
from minitorch_np.tensor import method as bind

__all__ = ["guard_all", "guarded", "guarded_method"]

F = TypeVar("F", bound=Callable[..., object])


class Guard:
    """A function, the name that is called, and whether as a method."""

    __slots__ = ("function", "method", "name", "own", "parameters")

    parameters: Mapping[str, inspect.Parameter]
    """Those of the function, once it is built."""

    def __init__(self, own: Callable[..., object], name: str, method: bool) -> None:
        self.own = own
        self.name = name
        self.method = method
        made = types.FunctionType(_unbuilt.__code__, {"guard": self, "build": _build}, name)
        made.__qualname__, made.__module__, made.__doc__ = name, own.__module__, own.__doc__
        cast(Any, made).__wrapped__ = cast(Any, made).guards = own
        self.function = made

    def unfit(self, arguments: dict[str, object]) -> dict[str, object] | None:
        """The arguments with Python's numbers for others; None where they may stay as they are.

        Raises: TypeError for what torch's parser does not take.
        """
        again = unpacked(self.parameters, arguments)
        return self.blame(TypeError(), arguments) if again is None else again

    def blame(self, error: Exception, arguments: dict[str, object]) -> dict[str, object] | None:
        """Raise torch's TypeError, if its parser does not take these arguments; or those that may
        be tried again, with ints for tensors."""
        _ = refuse_as_torch(error, self.name, self.parameters, Given(arguments), self.method)
        return unpacked(self.parameters, arguments)

    def surplus(
        self, arguments: dict[str, object], more: Sequence[object], named: Mapping[str, object]
    ) -> dict[str, object]:
        """The arguments, with those that have NumPy's names under torch's.

        Raises: TypeError for what no parameter stands for.
        """
        given = Given(arguments, more, named)
        return refuse_as_torch(
            TypeError(), self.name, self.parameters, given, self.method
        ).arguments


def _unbuilt(*args: object, **kwargs: object) -> object:
    """The body of every guard until its first call."""
    own = globals()  # which are those of one guard
    return own["build"](own["guard"])(*args, **kwargs)


def _build(guard: Guard) -> Callable[..., object]:
    """The function of a guard, with the body that was compiled for it."""
    function, signature = guard.function, inspect.signature(guard.own)
    parameters = guard.parameters = signature.parameters
    named = ", ".join([f"{name!r}: {name}" for name in parameters])
    text = f"""def {guard.name}({parameters_text(signature)}):
{surplus_text(f"guard.surplus({{{named}}}, more, named)", "guard.function")}
    if {odd_text(signature) or False}:
        again = guard.unfit({{{named}}})
        if again is not None:
            return own(**again)
    try:
        return own({call_text(signature)})
    except Exception as error:
        again = guard.blame(error, {{{named}}})
        if again is None:
            raise
    return own(**again)
"""
    space: dict[str, Any] = {"own": guard.own, "guard": guard, "SEVERAL": SEVERAL, "class_of": type}
    for p in parameters.values():
        space[f"default_{p.name}"] = MISSING if p.default is p.empty else p.default
    exec(compile(text, f"(guard of {guard.name})", "exec"), space)
    made: types.FunctionType = space[guard.name]
    function.__globals__.update(space)
    function.__defaults__, function.__kwdefaults__ = made.__defaults__, made.__kwdefaults__
    function.__code__ = made.__code__
    return function


def guarded(own: F, name: str = "", *, method: bool = False) -> F:
    """What stands in front of a function of torch's, or of a method, under its name or another."""
    name = name or cast(Any, own).__name__
    own = getattr(own, "guards", own)  # one guard is enough
    if cast(types.FunctionType, own).__code__.co_flags & (CO_VARARGS | CO_VARKEYWORDS):
        return cast(F, _any_number(own, name, method))
    return cast(F, Guard(own, name, method).function)


def guard_all(space: dict[str, Any], prefix: str) -> None:
    """Put guards before the functions that a namespace exports: there torch's parser calls them by
    another name, such as special_erf."""
    for name in space["__all__"]:
        called = f"{prefix}_{name}"
        if space[name].__name__ != called:
            space[name] = guarded(space[name], called)


def guarded_method(own: F) -> F:
    """Bind a function as the Tensor method of its name, behind a guard."""
    return bind(guarded(own, method=True))


def _any_number(own: Callable[..., object], name: str, method: bool) -> Callable[..., object]:
    """The guard of a function that takes any number of arguments."""

    @wraps(own)
    def guard(*args: object, **kwargs: object) -> object:
        try:
            return own(*args, **kwargs)
        except Exception as error:
            refuse(name, args[1:] if method else args, kwargs, error, method)
            named = {NUMPYS.get(key, key): value for key, value in kwargs.items()}
            if named.keys() != kwargs.keys() and parsed(name, method):
                return guard(*args, **named)
            again = _with_ints(own, args, kwargs)
            if again is None:
                raise
        return own(*again.args, **again.kwargs)

    return guard


def _with_ints(
    own: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
) -> inspect.BoundArguments | None:
    """The arguments of a function with ints for tensors, as `unpacked`."""
    signature = inspect.signature(own)
    bound = signature.bind(*args, **kwargs)
    again = unpacked(signature.parameters, bound.arguments)
    if again is None:
        return None
    bound.arguments.update(again)
    return bound
