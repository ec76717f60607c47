"""Names that errors tell of a call: `Conv2d.__init__() missing 1 required positional argument`.

Python names the class that a method was written in. Here modules share constructors where PyTorch
writes one for each, and Module is put together from several classes; errors name neither.
"""

import types
from collections.abc import Mapping

from minitorch_np.nn.module import Module

__all__ = ["name_constructors", "name_methods"]

_SHARED = {
    "AdaptiveAvgPoolNd": "_AdaptiveAvgPoolNd", "AdaptiveMaxPoolNd": "_AdaptiveMaxPoolNd",
    "LPPoolNd": "_LPPoolNd", "MaxPoolNd": "_MaxPoolNd", "NormBase": "_BatchNorm",
    "ReducedLoss": "_Loss", "WeightedLoss": "_WeightedLoss", "_Dropout": "_DropoutNd",
    "_InstanceNorm": "_InstanceNorm",
}  # fmt: skip
"""Classes whose constructor several modules share in PyTorch, too, and their names there."""


def name_methods(kind: type) -> None:
    """Let the methods that a class has of the classes it is put together from be named its own."""
    for part in kind.__mro__[1:-1]:
        for name, method in vars(part).items():
            if isinstance(method, types.FunctionType):
                method.__qualname__ = f"{kind.__name__}.{name}"


def name_constructors(space: Mapping[str, object]) -> None:
    """Give each module of a namespace that inherits its constructor one of its own name."""
    for kind in space.values():
        if isinstance(kind, type) and issubclass(kind, Module) and "__init__" not in vars(kind):
            owner = next(base for base in kind.__mro__ if "__init__" in vars(base))
            inherited = vars(owner)["__init__"]
            if owner.__name__ in _SHARED:
                inherited.__qualname__ = f"{_SHARED[owner.__name__]}.__init__"
            elif owner.__name__ not in space:
                setattr(kind, "__init__", _named(inherited, f"{kind.__name__}.__init__"))  # noqa: B010  # a checker minds the assignment


def _named(function: types.FunctionType, qualname: str) -> types.FunctionType:
    """The function once more, under another name."""
    made = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__,
        function.__closure__,
    )  # fmt: skip
    made.__kwdefaults__ = function.__kwdefaults__
    made.__annotations__, made.__doc__ = function.__annotations__, function.__doc__
    made.__module__, made.__qualname__ = function.__module__, qualname
    return made
