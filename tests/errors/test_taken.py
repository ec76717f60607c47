"""What goes wrong inside an op is never blamed on arguments that PyTorch takes.

Each call of PyTorch's database is made to fail in the first op that it comes to, then in the
second: its own error must come out, and not that of a parser that would refuse the arguments.
"""

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import minitorch_np
from experiments.conformance import scope
from experiments.conformance.bridge import Unshared, counterpart, mapped, ours
from minitorch_np.graph.modes import OpMode, RegisteredOp
from minitorch_np.op import REGISTRY
from reference.opdb import Entry, Sample

ENTRIES = {e.full_name: e for e in scope.in_scope() if e.dtypes}
SAMPLES = 3


class Broken(Exception):
    """What the op that is made to fail raises."""


class Breaking(OpMode):
    """Lets so many ops run, and breaks the next."""

    def __init__(self, left: int) -> None:
        self.left = left

    def __op__(
        self, op: RegisteredOp, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> object:
        """The result of the op, or Broken."""
        self.left -= 1
        if self.left < 0:
            raise Broken
        return op(*args, **kwargs)


def forms(entry: Entry, sample: Sample) -> Iterator[Callable[..., Any]]:
    """Our function for an entry, and the method of its name."""
    yield counterpart(entry.function, entry.name)
    if sample.args and hasattr(minitorch_np.Tensor, entry.name) and entry.method:
        yield getattr(minitorch_np.Tensor, entry.name)


def call(function: Callable[..., Any], sample: Sample) -> None:
    """Calls a function as a program would: a call by `*` does not tell what was named."""
    args = mapped(sample.args, ours, to_ours=True)
    given = {f"a{nr}": value for nr, value in enumerate(args)}
    named = mapped(sample.kwargs, ours, to_ours=True)
    text = ", ".join([*given, *[f"{name}=k_{name}" for name in named]])
    space = given | {f"k_{name}": value for name, value in named.items()} | {"function": function}
    exec(compile(f"function({text})", "<call>", "exec"), space)


def blamed(function: Callable[..., Any], sample: Sample, nr: int) -> Exception | None:
    """What comes out of a call whose op `nr` fails, if that is not the op's own error."""
    with Breaking(nr):
        try:
            call(function, sample)
        except Broken:
            pass
        except Exception as error:  # noqa: BLE001  # whatever it is
            return error
    return None


@pytest.mark.parametrize("name", ENTRIES)
def test_the_error_is_the_ops_own(name: str) -> None:
    entry = ENTRIES[name]
    for sample in itertools.islice(entry.samples(entry.dtypes[0]), SAMPLES):
        try:
            functions = list(forms(entry, sample))
            mapped([sample.args, sample.kwargs], ours, to_ours=True)
        except (Unshared, AttributeError):
            continue
        with warnings.catch_warnings(action="ignore"):
            for function, nr in itertools.product(functions, range(2)):
                error = blamed(function, sample, nr)
                if error is not None:
                    with pytest.raises(type(error)):  # it fails anyway
                        call(function, sample)


def test_another_error_is_noticed() -> None:
    with Breaking(0), pytest.raises(Broken):
        minitorch_np.ones(2, 3).sum(0)
    with Breaking(0), pytest.raises(TypeError, match="received an invalid combination"):
        REGISTRY["sum"].bound(minitorch_np.ones(2, 3), "a")
