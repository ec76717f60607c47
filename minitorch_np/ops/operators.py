"""Python's operators on tensors, one line each. Source: torch/_tensor.py and its C bindings."""

from collections.abc import Callable

from minitorch_np.op import REGISTRY
from minitorch_np.ops import binary
from minitorch_np.tensor import Tensor

__all__: list[str] = []


def operator(name: str, function: Callable[..., object], reflected: bool = False) -> None:
    """Bind `function` as a Python operator that leaves foreign operands to their own class."""

    def bound(self: Tensor, other: object) -> object:
        try:
            return function(other, self) if reflected else function(self, other)
        except TypeError:
            if isinstance(other, (Tensor, bool, int, float)):
                raise
            return NotImplemented

    bound.__name__ = bound.__qualname__ = name
    bound.__doc__ = function.__doc__
    setattr(Tensor, name, bound)


operator("__add__", binary.add)
operator("__radd__", binary.add, reflected=True)
operator("__mul__", binary.mul)
operator("__rmul__", binary.mul, reflected=True)
operator("__iadd__", REGISTRY["add_"].function)
operator("__imul__", REGISTRY["mul_"].function)
