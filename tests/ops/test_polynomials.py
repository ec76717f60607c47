"""polynomials.py against PyTorch: ends of intervals, degrees of every kind, numbers, refusals."""

import pytest
import torch

from tests.oracle import same

KINDS = [f"{s}chebyshev_polynomial_{k}" for s in ("", "shifted_") for k in "tuvw"]
KINDS += ["hermite_polynomial_h", "hermite_polynomial_he"]
KINDS += ["laguerre_polynomial_l", "legendre_polynomial_p"]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_degrees_and_ends(name, dtype):
    inf, nan = float("inf"), float("nan")
    points = torch.tensor([-1.0, 0.0, 1.0, 0.5, 0.25, -0.3, 0.9, 1.5, -2.0, nan], dtype=dtype)
    degrees = torch.tensor([-3.0, 0, 1, 2, 2.7, 5, 6, 8, 9, 10, 25, inf, nan], dtype=dtype)
    x, n = torch.meshgrid(points, degrees, indexing="ij")
    # float32 cosines of large angles
    tol = (2e-5, 1e-4) if dtype is torch.float32 else None
    same(lambda torch, x, n: getattr(torch.special, name)(x, n), x, n, tol=tol)


@pytest.mark.parametrize("name", KINDS)
def test_numbers_dtypes_and_refusals(name):
    x = torch.tensor([0.2, 0.7, -1.0], requires_grad=True)
    same(lambda torch, x: getattr(torch.special, name)(x, 3), x)
    same(lambda torch, n: getattr(torch.special, name)(0.3, n), torch.arange(3))
    same(lambda torch, n: getattr(torch.special, name)(n, n > 0), torch.arange(3))
    same(lambda torch, x: getattr(torch.special, name)(x.half(), 3), x)
    same(lambda torch: getattr(torch.special, name)(2, 3))
    for n in (127, 128, 129, 512, 513):
        same(lambda torch, x, n=n: getattr(torch.special, name)(x.double(), n)[:1] * 0, x)
