"""WeightedRandomSampler: PyTorch's draws from the same seed; test_dataloader.py has the others."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import same

WEIGHTS: dict[str, Any] = {
    "a list": [0.1, 0.9, 0.4, 0.7, 3.0, 0.6],
    "a tuple of integers": (1, 0, 5, 2),
    "an array": np.array([0.5, 0.25, 1e-3, 7.0], np.float32),
    "zeros between": [0.0, 1.0, 0.0, 0.0, 2.0, 1e-30, 4.0],
    "many": [float(i % 17) for i in range(300)],
}


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("own", [True, False])
def test_draws(name: str, replacement: bool, own: bool) -> None:
    def f(torch: Any) -> Any:
        torch.manual_seed(3)
        generator = torch.Generator().manual_seed(5) if own else None
        count = 40 if replacement else 2
        sampler = torch.utils.data.WeightedRandomSampler(
            WEIGHTS[name], count, replacement, generator
        )
        passes = [list(sampler) for _ in range(4)]
        assert {type(i) for drawn in passes for i in drawn} == {int}
        left = torch.rand(2, generator=generator), torch.rand(2)
        return passes, len(sampler), sampler.weights, left

    same(f)


def test_draws_with_the_first_index() -> None:
    def f(torch: Any) -> Any:
        torch.manual_seed(3)
        passing = iter(torch.utils.data.WeightedRandomSampler([1.0, 2.0, 3.0], 5))
        before = torch.rand(1)
        next(passing)
        return before, torch.rand(1), list(passing)

    same(f)


def test_weights_are_those_of_the_tensor() -> None:
    def f(torch: Any) -> Any:
        torch.manual_seed(3)
        weights = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
        sampler = torch.utils.data.WeightedRandomSampler(weights, 5)
        weights.copy_(torch.tensor([0.0, 0.0, 1.0]))
        return list(sampler), sampler.num_samples, sampler.replacement, sampler.generator

    same(f)


@pytest.mark.parametrize("batch_size", [None, 1, 4])
@pytest.mark.parametrize("own", [True, False])
def test_through_a_loader(batch_size: Any, own: bool) -> None:
    def f(torch: Any) -> Any:
        data = torch.utils.data
        torch.manual_seed(3)
        generator = torch.Generator().manual_seed(5) if own else None
        source = data.TensorDataset(torch.arange(12.0).view(6, 2), torch.arange(6))
        sampler = data.WeightedRandomSampler([1, 2, 3, 4, 5, 6], 10, generator=generator)
        loader = data.DataLoader(source, batch_size, sampler=sampler, generator=generator)
        return len(loader), list(loader), list(loader), torch.rand(2)

    same(f)


def test_signature() -> None:
    def f(torch: Any) -> Any:
        parameters = inspect.signature(torch.utils.data.WeightedRandomSampler).parameters
        return [(p.name, str(p.kind), repr(p.default)) for p in parameters.values()]

    same(f)


REFUSED: dict[str, Callable[[Any], Any]] = {
    "no samples": lambda W: W([1.0], 0),
    "fewer than none": lambda W: W([1.0], -2),
    "half a sample": lambda W: W([1.0], 1.5),
    "a truth for a number": lambda W: W([1.0], True),
    "no truth": lambda W: W([1.0], 1, 1),
    "both": lambda W: W([[1.0]], 0, None),
    "a matrix": lambda W: W([[1.0, 2.0]], 1),
    "a number": lambda W: W(2.0, 1),
    "no weight": lambda W: list(W([0.0, 0.0], 1)),
    "a negative weight": lambda W: list(W([1.0, -1.0], 1)),
    "an infinite weight": lambda W: list(W([1.0, float("inf")], 1)),
    "more than there are": lambda W: list(W([1.0, 2.0], 3, False)),
    "nothing to draw from": lambda W: list(W([], 1)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_as_pytorch_refuses(name: str) -> None:
    same(lambda torch: REFUSED[name](torch.utils.data.WeightedRandomSampler))
