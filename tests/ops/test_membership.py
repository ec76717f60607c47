"""membership.py against PyTorch: mixed dtypes, numbers, nan, and refusals."""

import torch

from tests.oracle import same


def test_numbers_and_tensors():
    x, y = torch.tensor([[1.0, 2.5, float("nan")]] * 2), torch.tensor([1, 3])
    for invert in (False, True):
        same(lambda torch, x, y: torch.isin(x, y, invert=invert), x, y)
        same(lambda torch, x, y: torch.isin(y, x, assume_unique=True, invert=invert), x, y)
        same(lambda torch, x: torch.isin(x, 2.5, invert=invert), x)
        same(lambda torch, y: torch.isin(3.0, y, invert=invert), y)
    same(lambda torch, x: torch.isin(x, x), x)
    same(lambda torch, x, y: torch.isin(x, y[:0]), x, y)
    same(lambda torch, x, y: torch.isin(x.transpose(0, 1), y), x, y)


def test_given_results_and_refusals():
    x = torch.arange(3)
    same(lambda torch, x: torch.isin(x, x, out=torch.zeros(3, dtype=torch.bool)), x)
    same(lambda torch, x: torch.isin(x, x, out=torch.zeros(2, dtype=torch.bool)), x)
    same(lambda torch, x: torch.isin(x, x, out=torch.zeros(3)), x)
    same(lambda torch, x: torch.isin(x > 0, x), x)
    same(lambda torch: torch.isin(1, 2.0))
