"""Fractional max pooling against PyTorch's: where windows start, and what is refused."""

from typing import Any

import pytest
import torch

from tests.oracle import FLOATING, same, sample

SIZES = {2: (9, 8), 3: (6, 7, 8)}


def pooled(torch: Any, x: Any, u: Any, dims: int, *args: Any) -> Any:
    run = getattr(torch.nn.functional, f"fractional_max_pool{dims}d")
    return run(x, *args, return_indices=True, _random_samples=u)


@pytest.mark.parametrize("dtype", FLOATING, ids=str)
@pytest.mark.parametrize("dims", [2, 3])
def test_where_windows_start(dims: int, dtype: torch.dtype) -> None:
    for seed in range(20):
        x = sample(2, 3, *SIZES[dims], dtype=dtype, seed=seed)
        u = sample(2, 3, dims, dtype=dtype, low=0.0, high=0.99, seed=seed, grad=False)
        same(lambda torch, x, u: pooled(torch, x, u, dims, 3, 4), x, u)
        same(lambda torch, x, u: pooled(torch, x, u, dims, (2, 3, 1)[:dims], 1), x, u)


def test_nan() -> None:
    x = sample(1, 2, 6, 6, grad=False)
    x[0, 0, 2:4, 2:4] = float("nan")
    x[0, 1] = -float("inf")
    u = sample(1, 2, 2, low=0.0, high=0.9, grad=False)
    same(lambda torch, x, u: pooled(torch, x, u, 2, 2, 3), x, u)


@pytest.mark.parametrize("args", [(9, 4), (0, 2), (2, 0), (2, -1), ((2, 2, 2, 2), 2), (2, (2,))])
@pytest.mark.parametrize("dims", [2, 3])
def test_arguments_that_are_refused(dims: int, args: Any) -> None:
    u = sample(2, 3, dims, low=0.0, high=0.9, grad=False)
    for shape in ((2, 3, *SIZES[dims]), SIZES[dims], (2, 0, *SIZES[dims]), (1,) * (dims + 3)):
        same(lambda torch, x, u: pooled(torch, x, u, dims, *args), sample(*shape), u)


@pytest.mark.parametrize("shape", [(2, 3, 4), (2, 2, 2), (1, 3, 2), (2, 3)])
def test_samples_of_another_size(shape: tuple[int, ...]) -> None:
    u = sample(*shape, low=0.0, high=0.9, grad=False)
    same(lambda torch, x, u: pooled(torch, x, u, 2, 2, 2), sample(2, 3, 5, 5), u)
    same(lambda torch, x, u: pooled(torch, x, u, 2, 2, 2), sample(2, 3, 5, 5), u.double())
