"""rrelu against PyTorch's, its slopes drawn bit for bit."""

import math

import pytest
import torch

from tests.oracle import same, sample

LAID_OUT = [lambda x: x, lambda x: x.t(), lambda x: x[:, ::2]]
HALF = (4e-3, 4e-3)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("inplace", [True, False])
@pytest.mark.parametrize("laid_out", LAID_OUT)
@pytest.mark.parametrize("bounds", [(1 / 8, 1 / 3), (-1, 2)])
def test_same_as_torch(dtype, training, inplace, laid_out, bounds):
    def f(torch, x):
        torch.manual_seed(3)
        x = laid_out(x)
        return torch.nn.functional.rrelu(x.clone() if inplace else x, *bounds, training, inplace)

    x = sample(6, 8, dtype=dtype)
    same(f, x, second=dtype is torch.float64, tol=HALF if dtype.itemsize == 2 else None)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("inplace", [True, False])
@pytest.mark.parametrize(
    "bounds", [(0.5, 0.2), (math.inf, 1), (math.nan, 1), (0, math.nan), (0, 3e39)]
)
def test_errors(training, inplace, bounds):
    for dtype in (torch.float32, torch.int64, torch.bool):
        same(
            lambda torch, x: torch.nn.functional.rrelu(x, *bounds, training, inplace),
            sample(3, dtype=dtype, grad=False),
        )
        same(
            lambda torch, x: torch.nn.functional.rrelu(x, training=training, inplace=inplace),
            sample(3, dtype=dtype, grad=False),
        )


def test_its_own_generator():
    def f(torch, x):
        generator = torch.Generator().manual_seed(5)
        return torch.rrelu(x, 0.1, 0.9, True, generator), torch.rand(2, generator=generator)

    same(f, sample(4, 5))
