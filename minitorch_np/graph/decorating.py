"""Context managers as decorators: of functions, of generators, with or without parentheses.

Source: torch/utils/_contextlib.py.
"""

import functools
import inspect
import sys
import types
import warnings
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, Self, TypeVar, cast

__all__ = ["Decorator"]

P = ParamSpec("P")
R = TypeVar("R")
A = Any
Fresh = Callable[[], AbstractContextManager[Any]]

_CLASS = (
    "Decorating classes is deprecated and will be disabled in future versions. You should only "
    "decorate functions or methods. To preserve the current behavior of class decoration, you can "
    "directly decorate the `__init__` method and nothing else."
)


class Decorator:
    """A context manager that decorates, too: each call of the function enters a `clone()`."""

    def clone(self) -> Self:
        """Another of these."""
        return type(self)()

    def __enter__(self) -> None:
        raise NotImplementedError

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        raise NotImplementedError

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        if inspect.isclass(function):
            warnings.warn(_CLASS, FutureWarning, stacklevel=2)
            kind: Callable[..., Any] = function
            made = self._around(lambda *args, **kwargs: kind(*args, **kwargs))  # noqa: PLW0108  # its name
            return cast("Callable[P, R]", made)
        return cast("Callable[P, R]", self._around(function))

    def _around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function inside of the context, under the context's name in a traceback."""
        fresh = cast(Fresh, self.clone)
        if inspect.isgeneratorfunction(function):
            made = _generator(fresh, function)
        else:

            @functools.wraps(function)
            def decorated(*args: A, **kwargs: A) -> A:
                with fresh():
                    return function(*args, **kwargs)

            made = decorated
        name = type(self).__name__
        body = cast(types.FunctionType, made)
        body.__code__ = body.__code__.replace(co_name=name, co_qualname=name)
        return made


def _generator(
    fresh: Fresh, function: Callable[..., Generator[Any, Any, Any]]
) -> Callable[..., Generator[Any, Any, Any]]:
    """A generator function whose body runs in the context, and what it yields to does not."""

    @functools.wraps(function)
    def decorated(*args: A, **kwargs: A) -> Generator[Any, Any, Any]:
        inner = function(*args, **kwargs)
        try:
            with fresh():
                response = inner.send(None)
            while True:
                try:
                    request = yield response
                except GeneratorExit:
                    with fresh():
                        inner.close()
                    raise
                except BaseException:  # noqa: BLE001  # the caller's, for the generator to handle
                    with fresh():
                        response = inner.throw(cast(BaseException, sys.exc_info()[1]))
                else:
                    with fresh():
                        response = inner.send(request)
        except StopIteration as end:
            return end.value

    return decorated
