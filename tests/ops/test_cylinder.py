"""cylinder.py against PyTorch: where each way of computing begins, poles, infinities, slopes."""

import pytest
import torch

from tests.oracle import same

EDGES = [
    0.0, -0.0, 1e-6, 1e-30, 0.5, 2.0, 2.0001, 2.09, -2.09, 2.1, 5.0, 5.0001, -5.0001, 8.0, 8.1,
    8.33, 25.0, 88.0, 100.0, 103.0, 104.0, 700.0, -3.0, -30.0, float("inf"), float("-inf"),
    float("nan"),
]  # fmt: skip

SMOOTH = ["bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1"]
SMOOTH += [f"modified_bessel_{n}" for n in ("i0", "i1", "k0", "k1")]
OTHERS = ["scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "spherical_bessel_j0"]
OTHERS += ["airy_ai"]

LOOSE = (2e-5, 1e-5)
"""For float32: the arguments of exp and cos lose digits in PyTorch that ours keep in float64."""


@pytest.mark.parametrize("name", [*SMOOTH, *OTHERS])
def test_values(name):
    x = torch.cat([torch.tensor(EDGES).double(), torch.linspace(-12, 12, 97).double()])
    same(lambda torch, x: getattr(torch.special, name)(x), x)
    near = x[(x.abs() < 30) & (x.abs() > 1e-3)].float()
    same(lambda torch, x: getattr(torch.special, name)(x), near, tol=LOOSE)


@pytest.mark.parametrize("name", [*SMOOTH, *OTHERS])
def test_slopes(name):
    x = torch.tensor([0.3, 1.5, 2.5, 6.0, 11.0, 0.0], dtype=torch.float64, requires_grad=True)
    same(lambda torch, x: getattr(torch.special, name)(x), x, second=True)


@pytest.mark.parametrize("name", [*SMOOTH, *OTHERS])
def test_dtypes(name):
    x = torch.arange(-2, 4)
    for dtype in (torch.int32, torch.bool, torch.float16, torch.bfloat16):
        same(lambda torch, x: getattr(torch.special, name)(x), x.to(dtype), tol=LOOSE)
