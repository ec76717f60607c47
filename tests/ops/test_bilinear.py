"""bilinear against PyTorch's: layouts, second derivatives, shapes and dtypes that do not agree."""

import pytest
import torch

from tests.oracle import same, sample

ONES = torch.ones


def f(torch, *given):
    return torch.nn.functional.bilinear(*given)


@pytest.mark.parametrize("batch", [(), (2,), (0,), (2, 6)])
@pytest.mark.parametrize("bias", [True, False])
def test_same_as_torch(batch, bias):
    shapes = [(*batch, 3), (*batch, 4), (5, 3, 4), *([(5,)] if bias else [])]
    given = [sample(*shape, dtype=torch.float64, seed=i) for i, shape in enumerate(shapes)]
    same(f, *given, second=True)


@pytest.mark.parametrize("held", [1, 7, 25])
def test_some_outputs_at_a_time(held, monkeypatch):
    """As many as may be held; what is left over at the end is less."""
    monkeypatch.setattr("minitorch_np.ops.bilinear.HELD", held)
    given = [sample(*shape, dtype=torch.float64, seed=i) for i, shape in enumerate(SHAPES)]
    same(f, *given, second=True)


SHAPES = [(2, 3), (2, 4), (5, 3, 4)]


def test_transposed():
    given = [sample(2, 6, 3), sample(6, 2, 4), sample(5, 4, 3)]
    same(lambda torch, a, b, w: f(torch, a.transpose(0, 1), b, w.transpose(1, 2)), *given)


@pytest.mark.parametrize(
    "given",
    [
        (ONES(2, 3).long(), ONES(2, 3, 4), ONES(5, 3, 4)),
        (ONES(2, 3), ONES(2, 4), ONES(5, 3, 4), ONES(5).long()),
        (ONES(2, 3).double(), ONES(2, 4), ONES(5, 3, 4).half()),
        (ONES(2, 3).int(), ONES(2, 4).char(), ONES(5, 3, 4).bool()),
        (ONES(2, 3).byte(), ONES(2, 4).short(), ONES(5, 3, 4).bfloat16()),
        (ONES(2, 3), ONES(2, 2, 4), ONES(5, 3, 4)),
        (ONES(2, 3), ONES(3, 4), ONES(5, 4, 4)),
        (ONES(2, 3), ONES(2, 4), ONES(5, 4, 4)),
        (ONES(2, 3), ONES(2, 4), ONES(5, 3, 5), ONES(3)),
        (ONES(2, 3), ONES(2, 4), ONES(5, 3, 4), ONES(4)),
        (ONES(2, 3), ONES(2, 4), ONES(5, 3, 4), ONES(5, 1)),
        (ONES(2, 3), ONES(2, 4), ONES(5, 3, 4), ONES(())),
        (ONES(2, 3), ONES(2, 4), ONES(5, 3)),
        (ONES(()), ONES(()), ONES(5, 3, 4)),
        (ONES(2, 0), ONES(2, 4), ONES(5, 0, 4)),
        (ONES(2, 3), ONES(2, 4), ONES(0, 3, 4)),
        (ONES(2, 3).bool(), ONES(2, 4).bool(), ONES(5, 3, 4).bool()),
    ],
)
def test_errors_and_edges(given):
    same(f, *given)
