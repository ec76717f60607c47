"""The functional namespace against PyTorch's, for what no module covers."""

import pytest
import torch

import minitorch_np
from tests.oracle import same, sample


@pytest.mark.parametrize("name", minitorch_np.nn.functional.__all__)
def test_every_name_is_torchs(name):
    assert hasattr(torch.nn.functional, name)


@pytest.mark.parametrize(
    "f",
    [
        lambda F, x: F.relu6(x),
        lambda F, x: F.hardsigmoid(x),
        lambda F, x: F.hardswish(x),
        lambda F, x: F.hardshrink(x),
        lambda F, x: F.softshrink(x),
        lambda F, x: F.hardsigmoid(x * 1, inplace=True),
        lambda F, x: F.hardswish(x * 1, inplace=True),
        lambda F, x: F.hardtanh(x, 1, -1),
        lambda F, x: F.softmin(x, 1),
        lambda F, x: F.softmin(x),
        lambda F, x: F.softmax(x[0]),
        lambda F, x: F.softmax(x, 1, dtype=None),
        lambda F, x: F.normalize(x),
        lambda F, x: F.normalize(x, 1.0, 0),
        lambda F, x: F.relu_(x * 1),
        lambda F, x: F.selu_(x.detach() * 1),
        lambda F, x: F.leaky_relu_(x.detach() * 1, 0.1),
    ],
)
def test_same_as_torch(f):
    same(lambda torch, x: f(torch.nn.functional, x), sample(4, 3))


@pytest.mark.parametrize("classes", [-1, 0, 3, 6])
@pytest.mark.parametrize("data", [[0, 2, 1], [[0, 1], [2, 0]], 1, [], [-1], [0.5], [[0, 5, 2]]])
def test_one_hot(data, classes):
    same(lambda torch, t: torch.nn.functional.one_hot(t, classes), tensor_of(data))
    same(lambda torch, t: torch.nn.functional.one_hot(t.t(), classes), tensor_of([[0, 1, 2]] * 2))


def tensor_of(data):
    return torch.tensor(data, dtype=torch.int64 if data == [] else None)
