"""reality.py against PyTorch: what is the tensor itself, angles, and what is refused."""

import pytest
import torch

from tests.oracle import DTYPES, same


@pytest.mark.parametrize("dtype", DTYPES)
def test_real_tensors_are_their_own_conjugates(dtype):
    x = torch.tensor([1, 0, 2]).to(dtype)
    for name in ("conj", "conj_physical", "real", "resolve_conj", "resolve_neg"):
        same(lambda torch, x, n=name: getattr(torch, n)(x), x)
    same(lambda torch, x: (x.conj(), x.real, x.conj_physical(), x.resolve_neg()), x)
    same(lambda torch, x: (x.is_conj(), torch.is_neg(x)), x)
    same(lambda torch, x: torch.angle(x), x)


def test_written_conjugates():
    x = torch.rand(3, requires_grad=True)
    same(lambda torch, x: x.clone().conj_physical_(), x)
    same(lambda torch, x: torch.conj_physical(x, out=torch.zeros(3)), x.detach())
    same(lambda torch, x: torch.conj_physical(x, out=torch.zeros(3)), x, grad=False)
    same(
        lambda torch, x: torch.conj_physical(x, out=torch.zeros(3, dtype=torch.float64)), x.detach()
    )


def test_angles_of_signed_zeros_and_infinities():
    some = [-1.0, -0.0, 0.0, 1.0, float("nan"), float("-inf"), float("inf")]
    same(lambda torch, x: torch.angle(x), torch.tensor(some, requires_grad=True))
    same(lambda torch, x: torch.angle(x, out=torch.zeros(7, dtype=torch.int64)), torch.tensor(some))


def test_no_imaginary_part():
    same(lambda torch, x: torch.imag(x), torch.rand(2))
    same(lambda torch, x: x.imag, torch.rand(2))
