"""median and nanmedian against torch."""

import pytest
import torch

from tests.oracle import DTYPES, LAYOUTS, same, sample

NAMES = ["median", "nanmedian"]
NAN = torch.tensor([[1.0, float("nan"), 3.0, 2.0], [float("nan"), 1.0, float("nan"), 5.0]])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_dims(name: str, layout: str) -> None:
    for shape in [(5,), (4,), (2, 3), (3, 4, 5)]:
        x = sample(*shape, layout=layout)
        same(lambda t, x: getattr(t, name)(x), x, second=True)
        for dim in range(-1, len(shape)):
            same(lambda t, x: getattr(x, name)(dim), x, second=True)
            same(lambda t, x: getattr(x, name)(dim, True), x)


@pytest.mark.parametrize("name", NAMES)
def test_nan_ties_and_scalars(name: str) -> None:
    for x in (NAN, NAN[:, :1], torch.tensor(2.0), torch.full((3,), torch.nan)):
        same(lambda t, x: getattr(t, name)(x), x.clone().requires_grad_())
        same(lambda t, x: getattr(t, name)(x, 0).values, x.clone(), grad=False)
        same(lambda t, x: getattr(t, name)(x, -1).values, x.clone(), grad=False)
    same(lambda t, x: getattr(t, name)(x), torch.tensor([2.0, 1.0, 2.0, 2.0], requires_grad=True))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(name: str, dtype: torch.dtype) -> None:
    x = torch.tensor([[1, 3, 2], [7, 5, 6]]).to(dtype)
    same(lambda t, x: getattr(t, name)(x), x)
    same(lambda t, x: getattr(t, name)(x, 1), x)


@pytest.mark.parametrize("name", NAMES)
def test_errors(name: str) -> None:
    same(lambda t, x: getattr(t, name)(x), sample(0))
    same(lambda t, x: getattr(t, name)(x, 0), sample(0, 3))
    same(lambda t, x: getattr(t, name)(x, 1), sample(0, 3))
    same(lambda t, x: getattr(t, name)(x, 2), sample(2, 3))
