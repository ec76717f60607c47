"""prelu against torch: shapes of the weight, its gradients, the corner, refusals."""

import pytest
import torch

from minitorch_np.tensor import Tensor
from tests.oracle import same, sample


@pytest.mark.parametrize("shape, weights", [
    ((2, 3, 4), (3,)), ((2, 3), (1,)), ((3,), (1,)), ((), (1,)), ((2, 3), ()), ((2, 3), (2,)),
    ((2, 3), (1, 1)), ((3,), (3,)), ((0, 3), (3,)), ((), ()), ((), (2,)),
])  # fmt: skip
def test_prelu(shape, weights):
    same(lambda t, x, w: t.prelu(x, w), sample(*shape), sample(*weights, seed=1), second=True)
    same(lambda t, x, w: x.prelu(w), sample(*shape, layout="reversed"), sample(*weights))


def test_prelu_at_zero():
    same(
        lambda t, x, w: t.prelu(x, w), torch.tensor([0.0, -0.0, 1.0], requires_grad=True), sample(1)
    )


def test_refuses_another_dtype():
    same(lambda t, x, w: t.prelu(x, w), sample(2, 3), sample(1, dtype=torch.float64))


def test_is_a_method_as_in_torch():
    assert hasattr(Tensor, "prelu") == hasattr(torch.Tensor, "prelu")
