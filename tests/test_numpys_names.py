"""Arguments by the names that NumPy has for them: `axis`, `keepdims`, `x`, `a`, `x1`, `x2`.

PyTorch's parser takes them in each function that it has in C++, and in no other.
"""

import inspect
import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch

from experiments.conformance import compare, scope
from experiments.conformance.bridge import Unshared, counterpart
from experiments.conformance.call import Call, Side
from minitorch_np.overloads import NUMPYS
from reference.opdb import Entry, Sample
from tests.oracle import same

UNLIKE = ("__", "unique")
"""Operators have no names; `unique` is Python that leaves its arguments to helpers of its own."""
UNGIVEN = {"max.reduction_no_dim", "min.reduction_no_dim", "norm", "linalg.vector_norm"}
"""Whose first samples give none of these arguments."""
SAMPLES = 3
BY_TORCH = {own: name for name, own in reversed(NUMPYS.items())}
CALLS = """
lib.exp(x=x)
lib.exp(a=x)
lib.exp(x1=x)
lib.exp(x, x=x)
lib.add(x, x2=x)
lib.add(x1=x, x2=x, alpha=2)
lib.add(x, x, axis=1)
lib.add(x, x2=x, out=lib.empty(2, 3))
x.add(x2=x)
x.clone().add_(x2=x)
x.mul(x2=2)
x.div(x2=x, rounding_mode="floor")
x.sum(axis=0)
x.sum(axis=(0, 1), keepdims=True)
x.sum(axis=lib.tensor(0))
x.sum(axis=1.5)
x.sum(1, axis=1)
x.sum(dim=0, axis=1)
x.sum(axis=0, other=1)
lib.sum(x, (0, 1), keepdims=True)
lib.mean(a=x, axis=1, keepdims=True)
lib.max(x, axis=1, keepdims=True)
lib.max(x, x2=x)
x.std(axis=0, keepdims=True)
x.squeeze(axis=0)
lib.squeeze(input=x, axis=(0, 1))
x.unsqueeze_(axis=0)
x.softmax(0, axis=1)
lib.special.softmax(x, axis=1)
lib.nn.functional.softmax(x, axis=0)
lib.nn.functional.glu(lib.ones(2), axis=0)
lib.cat([x, x], axis=1)
lib.concat([x, x], axis=1)
lib.stack([x, x], axis=1)
lib.where(x > 0, x, x2=x)
lib.cumsum(x1=x, axis=0, x=x)
lib.norm(x, axis=0)
x.norm(axis=0)
lib.linalg.norm(x, axis=0)
lib.linalg.vector_norm(x, axis=0)
lib.split(x, 1, axis=0)
x.chunk(2, axis=0)
x.flip(axis=0)
x.exp(axis=0)
x.exp_(x=x)
lib.Tensor.sum(x, axis=0)
""".strip().splitlines()


@pytest.mark.parametrize("call", CALLS)
def test_taken_or_refused_as_in_torch(call: str) -> None:
    def run(lib: Any, x: Any) -> object:
        return eval(call, {"lib": lib, "x": x})

    same(run, torch.arange(6.0).reshape(2, 3).requires_grad_())


def renamed(given: Sample, parameters: Mapping[str, inspect.Parameter]) -> Sample | None:
    """A call with NumPy's names where there are any; None where there are none."""
    names = [n for n, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    by_place = dict(zip(names, given.args, strict=False))
    first = next(
        (at for at, name in enumerate(by_place) if at and name in BY_TORCH), len(given.args)
    )
    named = dict(itertools.islice(by_place.items(), first, None)) | given.kwargs
    if len(given.args) > len(names) or not named.keys() & BY_TORCH.keys():
        return None
    kwargs = {BY_TORCH.get(name, name): value for name, value in named.items()}
    return replace(given, args=given.args[:first], kwargs=kwargs)


def parameters_of(entry: Entry) -> Mapping[str, inspect.Parameter]:
    """Those of our function for an entry; none where there is no function."""
    try:
        return inspect.signature(counterpart(entry.function, entry.name)).parameters
    except AttributeError:
        return {}


def named_by_numpy() -> dict[str, Entry]:
    """The entries with parameters, behind the first, that have a name in NumPy."""
    given = [e for e in scope.in_scope() if e.dtypes and not e.name.startswith(UNLIKE)]
    given = [e for e in given if e.full_name not in UNGIVEN]
    return {e.full_name: e for e in given if ({*parameters_of(e)} - {"input"}) & BY_TORCH.keys()}


ENTRIES = named_by_numpy()


@pytest.mark.parametrize("name", ENTRIES)
def test_the_database_by_numpys_names(name: str) -> None:
    entry = ENTRIES[name]
    function, parameters = counterpart(entry.function, entry.name), parameters_of(entry)
    compared = False
    for given in itertools.islice(entry.samples(entry.dtypes[0]), SAMPLES):
        by_name = renamed(given, parameters)
        if by_name is None:
            continue
        call = Call(entry, by_name)
        try:
            mine, theirs = Side(call, True), Side(call, False)
        except Unshared:
            continue
        compared = True
        mine.run(function)
        theirs.run(entry.function)
        assert mine.message == theirs.message
        found: compare.Differences = {}
        compare.result(mine.result, theirs.result, found, "result", facts_of=call.facts)
        assert not any(found.values()), found
    assert compared
