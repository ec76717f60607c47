"""What a sample is, and the few ways in which the tables write one down."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch

__all__ = [
    "POSITIVE", "UNIT", "In", "Sample", "both", "drawn", "functions", "mask", "one", "scalar",
    "whole", "written", "x",
]  # fmt: skip

Body = Callable[..., Any]


class In(NamedTuple):
    """One tensor of a sample: its shape (None for any), range, fixed dtype, or fixed elements."""

    shape: tuple[int, ...] | None
    low: float = -2.0
    high: float = 2.0
    dtype: torch.dtype | None = None
    grad: bool = True
    elements: tuple[Any, ...] | None = None

    @property
    def of_any_shape(self) -> bool:
        """Whether a tensor of any shape will do."""
        return self.shape is None and self.elements is None


class Sample(NamedTuple):
    """A call that reaches `op` by `f(library, *tensors)`; `random` results depend on the device."""

    op: str
    f: Body
    inputs: tuple[In, ...]
    random: bool = False


def x(*shape: int, low: float = -2.0, high: float = 2.0, grad: bool = True) -> In:
    """A tensor of the dtype under test; no dims mean any shape."""
    return In(shape or None, low, high, grad=grad)


def scalar(low: float = -2.0, high: float = 2.0) -> In:
    """A 0-d tensor of the dtype under test."""
    return In((), low, high)


def whole(*elements: Any) -> In:
    """An int64 tensor of these elements, nested as `torch.tensor` takes them."""
    return In(None, dtype=torch.int64, grad=False, elements=hashable(elements))


def hashable(nested: Any) -> Any:
    """Lists as tuples, within one another."""
    return tuple(map(hashable, nested)) if isinstance(nested, (list, tuple)) else nested


def mask(*shape: int) -> In:
    """A bool tensor."""
    return In(shape or None, dtype=torch.bool, grad=False)


def functions(names: str, *given: In) -> Iterator[Sample]:
    """`torch.name(*tensors)` for each name."""
    for name in names.split():
        yield Sample(name, lambda torch, *t, n=name: getattr(torch, n)(*t), given)


def written(names: str, *given: In) -> Iterator[Sample]:
    """`x.clone().name(*rest)` for each name: in place, on no leaf."""
    for name in names.split():
        yield Sample(name, lambda torch, x, *t, n=name: getattr(x.clone(), n)(*t), given)


def both(names: str, *given: In) -> Iterator[Sample]:
    """Each name as a function, and in place."""
    yield from functions(names, *given)
    yield from written(" ".join(f"{n}_" for n in names.split()), *given)


def drawn(name: str, f: Body, *given: In) -> Sample:
    """A sample that draws from the generator, seeded first."""

    def seeded(torch: Any, *t: Any) -> Any:
        torch.manual_seed(0)
        return f(torch, *t)

    return Sample(name, seeded, given, random=True)


def one(name: str, f: Body, *given: In) -> Sample:
    """A sample of one op."""
    return Sample(name, f, given)


UNIT = {"low": 0.1, "high": 0.9}
POSITIVE = {"low": 0.5, "high": 3.0}
