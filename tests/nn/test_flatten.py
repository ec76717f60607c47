"""Flatten and Unflatten against PyTorch's."""

import pytest

from tests.oracle import same, sample


@pytest.mark.parametrize(
    "make",
    [
        lambda nn: nn.Flatten(),
        lambda nn: nn.Flatten(0, 1),
        lambda nn: nn.Flatten(-2),
        lambda nn: nn.Flatten(2, 1),
        lambda nn: nn.Unflatten(1, (2, 2)),
        lambda nn: nn.Unflatten(1, [2, -1]),
        lambda nn: nn.Unflatten(1, (3, 2)),
        lambda nn: nn.Unflatten(1, 3),
        lambda nn: nn.Unflatten(1, (2, 2.0)),
    ],
)
def test_same_as_torch(make):
    same(lambda torch, x: make(torch.nn)(x), sample(2, 4, 3))
    same(lambda torch, x: make(torch.nn)(x), sample(2, 4, 3, layout="reversed"))
    same(lambda torch: repr(make(torch.nn)))
