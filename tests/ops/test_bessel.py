"""bessel.py against PyTorch: overflow in each dtype, tiny arguments, and signs."""

import pytest
import torch

from tests.oracle import same

EDGES = [
    0.0, -0.0, 1e-20, -1e-20, 8.0, -8.0, 8.5, 88.7, 88.8, 90.0, 709.0, 711.0, -90.0, 1e30,
    float("inf"), float("-inf"), float("nan"),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", ["i0", "i0e", "i1", "i1e"])
def test_values_and_slopes(name, dtype):
    x = torch.cat([torch.tensor(EDGES), torch.linspace(-20, 20, 81)]).to(dtype)
    # exp in float32 is off by units of 1e-7 times its argument, in PyTorch's vectorised one too
    tol = {2: (2e-2, 1e-2), 4: (1e-5, 1e-5), 8: None}[dtype.itemsize]
    same(lambda torch, x: getattr(torch.special, name)(x), x, tol=tol)
    small = x[x.abs() < 20].requires_grad_()
    same(
        lambda torch, x: getattr(torch.special, name)(x),
        small, tol=tol, grad_tol=tol and (tol[0], 2e-1), second=dtype is torch.float64,
    )  # fmt: skip


def test_integers_become_floats_but_not_in_place():
    x = torch.arange(-3, 4)
    same(lambda torch, x: torch.i0(x), x)
    same(lambda torch, x: torch.special.i1e(x > 0), x)
    same(lambda torch, x: x.i0_(), x)
