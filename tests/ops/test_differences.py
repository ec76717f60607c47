"""differences.py against PyTorch: spacings of every kind, both orders at the ends, refusals."""

import pytest
import torch

from tests.oracle import same, sample


@pytest.mark.parametrize("edge_order", [1, 2])
def test_spacings(edge_order):
    f, x = sample(4, 5, dtype=torch.float64), torch.tensor([0.0, 1.0, 1.5, 4.0]).double()
    y = torch.tensor([0.0, 0.5, 1.5, 2.0, 7.0]).double()

    def check(**given):
        same(lambda torch, f: torch.gradient(f, edge_order=edge_order, **given), f, second=True)

    check()
    check(dim=0)
    check(dim=(1, 0))
    check(spacing=0.5)
    check(spacing=2, dim=-1)
    check(spacing=[0.5, 3])
    check(spacing=[0.5], dim=1)
    for dim, spacing in ((None, [x, y]), ((1, 0), [y, x]), (0, [x])):
        same(
            lambda torch, f, *s, d=dim: torch.gradient(
                f, spacing=list(s), dim=d, edge_order=edge_order
            ),
            f, *spacing, second=True,
        )  # fmt: skip
    same(lambda torch, f: torch.gradient(f.long(), edge_order=edge_order), f.detach() * 9)


def test_refusals():
    f = torch.rand(3, 3)
    same(lambda torch, f: torch.gradient(f.to(torch.uint8)), f)
    same(lambda torch, f: torch.gradient(f > 0), f)
    same(lambda torch, f: torch.gradient(f, spacing=[1.0, 2.0, 3.0]), f)
    same(lambda torch, f: torch.gradient(f, spacing=[1.0, 2.0], dim=0), f)
    same(lambda torch, f: torch.gradient(f, edge_order=3), f)
    same(lambda torch, f: torch.gradient(f, dim=(1, 1)), f)
    same(lambda torch, f: torch.gradient(f, dim=3), f)
    same(lambda torch, f: torch.gradient(f[:1]), f)
    same(lambda torch, f: torch.gradient(f[:2], edge_order=2), f)
    same(lambda torch, f: torch.gradient(f, spacing=[f, f]), f)
