"""softmax, log_softmax, softmin against torch, with second derivatives."""

import pytest
import torch

import minitorch_np
from minitorch_np.ops.softmax import softmin as our_softmin
from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample

NAMES = ["softmax", "log_softmax"]
HALF = (4e-3, 1e-3)
"""PyTorch keeps some of a half type's intermediate values in it; ours are rounded once."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4), (2, 0, 3), (), (1, 1), (2, 3, 2, 2)])
def test_every_dim(name: str, shape: tuple[int, ...]) -> None:
    for dim in range(-max(len(shape), 1), max(len(shape), 1)):
        for layout in LAYOUTS:
            same(lambda t, x: getattr(t, name)(x, dim), sample(*shape, layout=layout), second=True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(name: str, dtype: torch.dtype) -> None:
    x = sample(2, 3, dtype=dtype)
    tol = HALF if dtype is torch.float16 else None
    same(lambda t, x: getattr(x, name)(0), x, tol=tol)
    same(lambda t, x: getattr(x, name)(1), x, tol=tol)
    same(lambda t, x: getattr(t, name)(x, 1, dtype=t.float32), x)
    same(lambda t, x: getattr(x, name)(-1, t.float64), x, second=dtype in FLOATING)
    same(lambda t, x: getattr(x, name)(0), sample(0, 3, dtype=dtype))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "values",
    [
        [1e4, -1e4, 0.0], [float("inf"), 0.0, 1.0], [float("-inf"), 0.0, 1.0],
        [float("-inf")] * 3, [float("nan"), 0.0, 1.0], [88.0, 89.0, 90.0], [-1000.0, -1001.0, 0],
    ],
)  # fmt: skip
def test_extremes(name: str, values: list[float]) -> None:
    same(lambda t, x: getattr(t, name)(x, 0), torch.tensor(values, requires_grad=True))


@pytest.mark.parametrize("name", NAMES)
def test_errors(name: str) -> None:
    same(lambda t, x: getattr(t, name)(x, 2), sample(2, 3))
    same(lambda t, x: getattr(t, name)(x, -3), sample(2, 3))
    same(lambda t, x: getattr(t, name)(x, 1), sample())
    same(lambda t, x: getattr(t, name)(x, 0, dtype=t.int64), sample(2, 3))


@pytest.mark.parametrize("name", NAMES)
def test_out(name: str) -> None:
    x = sample(2, 3, grad=False, layout="transposed")
    same(lambda t, x: getattr(t, name)(x, 1, out=t.empty(0)), x)
    same(lambda t, x: getattr(t, name)(x, 1, out=t.zeros(3, 2).t()), x)
    same(lambda t, x: getattr(t, name)(x, 1, out=t.empty(0, dtype=t.float64)), x)
    same(lambda t, x: getattr(t, name)(x, 1, out=t.zeros(4)), x)


def test_softmin() -> None:
    def softmin(t, x):
        return our_softmin(x, 1) if t is minitorch_np else torch.nn.functional.softmin(x, 1)

    same(softmin, sample(2, 3), second=True)


@pytest.mark.parametrize("name", NAMES)
def test_long_rows(name: str) -> None:
    same(lambda t, x: getattr(t, name)(x, 1), sample(3, 5000, low=-20, high=20))
    same(lambda t, x: getattr(t, name)(x, 0), sample(5000, 3, low=-20, high=20))
