"""Adaptive pooling against PyTorch's: sizes, NaN, layouts of a size of 1, refusals."""

from typing import Any

import pytest
import torch

from minitorch_np import kernels
from tests.oracle import arrange, same, sample

SIZES = {1: (7,), 2: (5, 6), 3: (4, 5, 3)}


def pooled(torch: Any, x: Any, kind: str, dims: int, size: Any) -> Any:
    run = getattr(torch.nn.functional, f"adaptive_{kind}_pool{dims}d")
    return run(x, size, return_indices=True) if kind == "max" else run(x, size)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 9])
@pytest.mark.parametrize("kind", ["avg", "max"])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_sizes(dims: int, kind: str, size: int) -> None:
    for batch in ((2,), (0,), ()):
        x = sample(*batch, 3, *SIZES[dims], dtype=torch.float64)
        same(lambda torch, x: pooled(torch, x, kind, dims, size), x, second=True)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_what_is_largest(dims: int) -> None:
    x = sample(3, 2, *SIZES[dims], grad=False)
    x[0] = 1.0
    x[1, 0, ..., 1:3] = float("nan")
    x[2, 0] = -float("inf")
    for size in (1, 2, 3):
        same(lambda torch, x: pooled(torch, x, "max", dims, size), x)


@pytest.mark.parametrize("size", [(7, 7), (5, 3), (12, 31), (40, 1)])
def test_planes_in_compiled_loops(size: Any) -> None:
    """Means, their gradients and what is largest: to the last bit."""
    _ = kernels.compiler  # loaded, loops walk few elements as well
    for shape in ((3, 9, 11, 10), (2, 16, 28, 28)):
        x = sample(*shape)
        same(lambda torch, x: pooled(torch, x, "avg", 2, size), x, tol=(0, 0))
        same(lambda torch, x: pooled(torch, x, "max", 2, size), x)
        same(lambda torch, x: pooled(torch, x, "avg", 2, size), x.detach().transpose(-1, -2))
        x = x.detach()
        x[0, 0], x[1, 0, 2:5, 3:6], x[1, 1] = 1.0, float("nan"), -float("inf")
        same(lambda torch, x: pooled(torch, x, "max", 2, size), x)


@pytest.mark.parametrize("size", [1, 2, (2, 1)])
def test_channels_last(size: Any) -> None:
    for kind in ("avg", "max"):
        x = arrange(sample(2, 3, 4, 5), "channels_last")
        same(lambda torch, x: pooled(torch, x, kind, 2, size), x)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_types_of_three_dims_are_rounded_at_each_step(dtype: torch.dtype) -> None:
    x = sample(2, 3, 6, 7, 5, dtype=dtype, grad=False)
    same(lambda torch, x: pooled(torch, x, "avg", 3, (2, 3, 2)), x, exact=True)


@pytest.mark.parametrize("size", [-1, (), (2, 2), (2, 2, 2), (2, 2, 2, 2)])
@pytest.mark.parametrize("kind", ["avg", "max"])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_arguments_that_are_refused(dims: int, kind: str, size: Any) -> None:
    for shape in ((3,) * dims, (2, 3, *SIZES[dims]), (2,) * (dims + 3), (2, 0, *SIZES[dims]),
                  (2, 3, *SIZES[dims][1:], 0)):  # fmt: skip
        same(lambda torch, x: pooled(torch, x, kind, dims, size), sample(*shape))
    whole = sample(2, 3, *SIZES[dims], dtype=torch.int64)
    same(lambda torch, x: pooled(torch, x, kind, dims, 2), whole)
