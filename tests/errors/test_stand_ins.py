"""What stands for numbers: tensors of no dims and NumPy's ints, which PyTorch takes; floats for
ints, ints for flags and other things, which it mostly refuses.

Each call of PyTorch's database is made once more with these for its numbers, one argument at a
time. Where PyTorch takes them, ours gives what it gives for Python's.
"""

import itertools
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from operator import is_
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from experiments.conformance import scope
from experiments.conformance.bridge import Unshared, counterpart, mapped, ours
from reference.opdb import Sample

OTHERS = {
    "max.reduction_with_dim", "min.reduction_with_dim", "__getitem__", "histogramdd", "gradient",
}  # fmt: skip
"""Entries in which a tensor means something else."""
ENTRIES = {
    e.full_name: e
    for e in scope.in_scope()
    if e.dtypes and e.full_name not in OTHERS and not e.full_name.startswith("empty")
}
SAMPLES = 3

Given = tuple[list[Any], dict[str, Any]]
STAND_INS: list[tuple[type, Callable[[ModuleType, Any], object]]] = [
    (int, lambda library, n: library.tensor(n)),
    (int, lambda _, n: np.int64(n)),
    (float, lambda library, x: library.tensor(x, dtype=library.float64)),
]
"""What takes the place of Python's numbers of a type."""


def replaced(value: Any, kind: type, stand_in: Callable[[Any], object]) -> Any:
    """A value with something else for its numbers; itself if it has none."""
    if type(value) is kind:
        return stand_in(value)
    if type(value) not in (tuple, list):
        return value
    several = [replaced(one, kind, stand_in) for one in value]
    return value if all(map(is_, several, value)) else type(value)(several)


def variants(
    args: Any, kwargs: Any, kind: type, stand_in: Callable[[Any], object]
) -> Iterator[Given]:
    """The arguments with something else for the numbers of each in turn."""
    for at, value in enumerate(args):
        other = replaced(value, kind, stand_in)
        if at and other is not value:
            yield [*args[:at], other, *args[at + 1 :]], dict(kwargs)
    for name, value in kwargs.items():
        other = replaced(value, kind, stand_in)
        if other is not value:
            yield [*args], {**kwargs, name: other}


def told(result: Any) -> Any:
    """Shape, strides, dtype and bits of each tensor of a result; other things as text."""
    if isinstance(result, (tuple, list)):
        return [told(each) for each in result]
    if not isinstance(result, minitorch_np.Tensor):
        return repr(result)
    values = result.detach().contiguous().view(minitorch_np.uint8) if result.numel() else result
    shape = (*result.shape, *result.stride())
    assert all(type(n) is int for n in shape)
    return shape, result.dtype, values.tolist()


def taken(function: Any, given: Given, library: ModuleType) -> Any:
    library.manual_seed(1)
    args, kwargs = given
    return function(*args, **kwargs)


def pairs(sample: Sample) -> Iterator[tuple[Given, Given, Given]]:
    """What PyTorch is called with, what ours is, and what ours is with Python's numbers."""
    args, kwargs = mapped([sample.args, sample.kwargs], ours, to_ours=True)
    for kind, stand_in in STAND_INS:
        theirs = variants(sample.args, sample.kwargs, kind, partial(stand_in, torch))
        mine = variants(args, kwargs, kind, partial(stand_in, minitorch_np))
        for one, other in zip(theirs, mine, strict=True):
            yield one, other, ([*args], kwargs)


@pytest.mark.parametrize("name", ENTRIES)
def test_what_stands_for_a_number_is_taken(name: str) -> None:
    entry = ENTRIES[name]
    for sample in itertools.islice(entry.samples(entry.dtypes[0]), SAMPLES):
        with warnings.catch_warnings(action="ignore"):
            try:
                function = counterpart(entry.function, entry.name)
                found = list(pairs(sample))
            except (Unshared, AttributeError):
                continue
            for theirs, mine, plain in found:
                try:
                    taken(entry.function, theirs, torch)
                    expected = told(taken(function, plain, minitorch_np))
                except Exception:  # noqa: BLE001  # PyTorch does not take it, or ours has none
                    continue
                assert told(taken(function, mine, minitorch_np)) == expected, mine[1:]


ODD: list[tuple[type, Callable[[Any], object]]] = [
    (int, float), (int, np.array), (int, lambda n: (n,)), (bool, int), (float, lambda x: (x,)),
]  # fmt: skip
"""What PyTorch mostly refuses in the place of Python's numbers of a type."""
TAKEN = set(
    """linspace linspace.tensor_overload logspace logspace.tensor_overload nn.functional.unfold
    histogram unique unique_consecutive linalg.vecdot nn.functional.grid_sample
    nn.functional.ctc_loss nn.functional.poisson_nll_loss nn.functional.interpolate.linear
    nn.functional.interpolate.bilinear nn.functional.interpolate.bicubic
    nn.functional.interpolate.trilinear nn.functional.max_unpool1d nn.functional.max_unpool1d.grad
    nn.functional.max_unpool2d nn.functional.max_unpool2d.grad nn.functional.max_unpool3d
    nn.functional.max_unpool3d.grad triu_indices tril_indices""".split()
)
"""Entries in which ours takes one of these: an array for an int, 1 for a flag that PyTorch's Python
hands on to an op of another name."""


@pytest.mark.parametrize("name", [name for name in ENTRIES if name not in TAKEN])
def test_what_pytorch_refuses_is_refused(name: str) -> None:
    entry = ENTRIES[name]
    for sample in itertools.islice(entry.samples(entry.dtypes[0]), SAMPLES):
        with warnings.catch_warnings(action="ignore"):
            try:
                function = counterpart(entry.function, entry.name)
                args, kwargs = mapped([sample.args, sample.kwargs], ours, to_ours=True)
            except (Unshared, AttributeError):
                continue
            for kind, other in ODD:
                theirs = variants(sample.args, sample.kwargs, kind, other)
                mine = variants(args, kwargs, kind, other)
                for one, two in zip(theirs, mine, strict=True):
                    try:
                        taken(entry.function, one, torch)
                    except TypeError:
                        with pytest.raises((TypeError, NotImplementedError)):
                            taken(function, two, minitorch_np)
                    except Exception:  # noqa: BLE001  # of the op itself
                        continue


VIEWS = ["{}.view({}, 3)", "{}.reshape(-1, {})", "{}.split({})", "{}.chunk({})", "{}.repeat({})",
         "{}.view({})[0]", "{}.unflatten(0, ({}, 3))", "{}.size({} - 2)", "{}.stride({} - 2)",
         "{}.sum({} - 2)", "{}.expand({}, -1)", "{}.roll({}, 0)", "{}.flip({} - 2)"]  # fmt: skip


@pytest.mark.parametrize("text", VIEWS)
def test_methods_take_them(text: str) -> None:
    for give in ("T.tensor(2)", "np.int64(2)"):
        found: list[str] = []
        for library in (torch, minitorch_np):
            try:
                values = eval(text.format("T.arange(6)", give), {"T": library, "np": np})
                found.append(str(values))
            except (RuntimeError, TypeError, IndexError) as error:
                found.append(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
        assert found[0] == found[1]


def test_nothing_is_drawn_twice() -> None:
    """Where a tensor stands for a number, it is read before anything is drawn."""
    for text in ("uniform_(T.tensor(1), T.tensor(2.))", "normal_(T.tensor(1.), T.tensor(2))",
                 "exponential_(T.tensor(2.))", "geometric_(T.tensor(0.5))",
                 "cauchy_(T.tensor(1.), T.tensor(2.))", "log_normal_(T.tensor(1.), T.tensor(2.))",
                 "random_(T.tensor(5))", "random_(T.tensor(2), T.tensor(5))"):  # fmt: skip
        found: list[tuple[list[float], int]] = []
        for library in (torch, minitorch_np):
            library.manual_seed(3)
            drawn = eval(f"T.zeros(5).{text}", {"T": library})
            found.append((drawn.tolist(), library.randint(1 << 40, ()).item()))
        assert found[0] == found[1], text
