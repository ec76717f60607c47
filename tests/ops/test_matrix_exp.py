"""The matrix exponential against torch: each degree, batches of several, gradients, errors."""

import pytest
import torch

from tests.oracle import LAYOUTS, same, sample

SCALES = [0.0, 1e-17, 1e-8, 1e-6, 1e-4, 1e-2, 0.1, 0.3, 0.8, 3.0, 9.0]
"""Of which each lands in another polynomial, or in other squarings."""


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("scale", SCALES)
def test_each_degree(scale: float, dtype: torch.dtype) -> None:
    x = sample(3, 3, dtype=dtype, grad=False) * scale
    same(lambda t, x: t.matrix_exp(x), x.requires_grad_(), tol=(2e-4, 1e-5))


def test_batch_of_all_degrees() -> None:
    scales = torch.tensor(SCALES, dtype=torch.float64)[:, None, None]
    x = sample(len(SCALES), 4, 4, dtype=torch.float64, grad=False) * scales / 4
    same(lambda t, x: x.matrix_exp(), x.requires_grad_(), second=True, tol=(1e-8, 1e-8))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout: str) -> None:
    for shape in [(2, 2), (3, 2, 2), (1, 1), (4, 1, 1), (0, 0), (2, 0, 0), (0, 3, 3), (2, 3, 2, 2)]:
        x = sample(*shape, layout=layout, dtype=torch.float64)
        same(lambda t, x: t.linalg.matrix_exp(x), x, second=True, tol=(1e-8, 1e-8))


def test_overflow() -> None:
    for value in (1e10, 1e30, float("nan"), float("inf")):
        same(lambda t, x: t.matrix_exp(x), torch.full((2, 2), value))


def test_errors() -> None:
    for x in (torch.ones(()), torch.ones(3), torch.ones(3, 2), torch.ones(2, 2, dtype=torch.int64)):
        same(lambda t, x: t.matrix_exp(x), x)
    same(lambda t, x: t.matrix_exp(x), torch.ones(2, 3, 2, 2).transpose(0, 1))
