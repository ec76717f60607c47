"""max, min, amax, amin, aminmax, argmax, argmin against torch: ties, NaN, errors."""

import itertools

import pytest
import torch

from tests.oracle import DTYPES, LAYOUTS, same, sample

TIES = torch.tensor([[1.0, 3.0, 3.0], [3.0, 1.0, 1.0]])
NAN = torch.tensor([[1.0, float("nan"), 3.0], [float("nan"), 1.0, float("nan")]])
DIMS = [None, 0, 1, -1]
NAMES = ["max", "min", "amax", "amin", "argmax", "argmin"]


def call(t, name, x, dim, keepdim=False):
    """The op over everything, or along `dim`."""
    return getattr(t, name)(x) if dim is None else getattr(t, name)(x, dim, keepdim)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dim", DIMS, ids=str)
def test_dims(name: str, dim: int | None) -> None:
    for shape in [(2, 3), (3, 1), (2, 3, 4), (4,), ()]:
        for keepdim in (False, True):
            same(lambda t, x: call(t, name, x, dim, keepdim), sample(*shape), second=True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dim", DIMS, ids=str)
def test_ties_and_nan(name: str, dim: int | None) -> None:
    for x in (
        TIES,
        NAN,
        torch.zeros(3, 3),
        torch.tensor([0.0, -0.0]),
        torch.full((2, 2), -torch.inf),
    ):
        same(lambda t, x: call(t, name, x, dim), x.clone().requires_grad_())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(name: str, layout: str) -> None:
    for dim in (None, 0, 1, 2):
        same(lambda t, x: call(t, name, x, dim), sample(2, 3, 4, layout=layout))


@pytest.mark.parametrize("name", [*NAMES, "aminmax"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(name: str, dtype: torch.dtype) -> None:
    same(lambda t, x: getattr(t, name)(x), sample(3, 4, dtype=dtype))
    same(lambda t, x: getattr(x, name)(dim=0), sample(3, 4, dtype=dtype))


@pytest.mark.parametrize("name", ["amax", "amin"])
@pytest.mark.parametrize("dim", [(), (0, 1), (-1, 0), (0, 0), (0, 5)], ids=str)
def test_several_dims(name: str, dim: tuple[int, ...]) -> None:
    for keepdim in (False, True):
        same(lambda t, x: getattr(t, name)(x, dim, keepdim), sample(2, 3, 4), second=True)
        same(lambda t, x: getattr(t, name)(x, dim, keepdim), TIES.clone().requires_grad_())


@pytest.mark.parametrize("x", [TIES, NAN, torch.randn(2, 3)])
def test_aminmax(x: torch.Tensor) -> None:
    for keepdim, dim in itertools.product((False, True), DIMS):
        same(lambda t, x: t.aminmax(x, dim=dim, keepdim=keepdim), x.clone().requires_grad_())
        same(lambda t, x: t.aminmax(x, dim=dim).max, x.clone().requires_grad_())


@pytest.mark.parametrize("name", [*NAMES, "aminmax"])
def test_empty(name: str) -> None:
    for shape in [(0,), (0, 3), (2, 0, 3)]:
        same(lambda t, x: getattr(t, name)(x), sample(*shape))
        for dim in range(len(shape)):
            same(lambda t, x: getattr(t, name)(x, dim=dim), sample(*shape))
            same(lambda t, x: getattr(t, name)(x, dim=dim, keepdim=True), sample(*shape))


@pytest.mark.parametrize("name", [*NAMES, "aminmax"])
def test_errors(name: str) -> None:
    for dim in (2, -3):
        same(lambda t, x: getattr(t, name)(x, dim=dim), sample(2, 3))
    same(lambda t, x: getattr(t, name)(x, dim=1), sample())


@pytest.mark.parametrize("name", ["max", "min"])
def test_binary_form(name: str) -> None:
    same(lambda t, x, y: getattr(t, name)(x, y), sample(2, 3), sample(3, seed=1), second=True)
    same(lambda t, x, y: getattr(x, name)(y), TIES.clone().requires_grad_(), TIES.flip(0))
    same(lambda t, x: getattr(t, name)(x, (0, 1)), sample(2, 3))


@pytest.mark.parametrize("name", ["max", "min"])
def test_out_of_a_dim(name: str) -> None:
    def f(make):
        return lambda t, x: getattr(t, name)(x, 0, out=make(t))

    x = sample(2, 3, grad=False)
    same(f(lambda t: (t.empty(0), t.empty(0, dtype=t.int64))), x)
    same(f(lambda t: (t.zeros(2), t.zeros(2, dtype=t.int64))), x)
    same(f(lambda t: (t.empty(0, dtype=t.float64), t.empty(0, dtype=t.int64))), x)
    same(f(lambda t: (t.empty(0), t.empty(0))), x)


@pytest.mark.parametrize("name", ["amax", "amin", "argmax", "argmin"])
def test_out(name: str) -> None:
    x = sample(2, 3, grad=False)
    for kind in ("float32", "float64", "int64"):
        for shape in ((0,), (3,), (2,)):
            f = lambda t, x: getattr(t, name)(x, 0, out=t.zeros(shape, dtype=getattr(t, kind)))  # noqa: E731
            same(f, x)


def test_names_and_repr() -> None:
    same(lambda t, x: repr(x.max(0)), sample(2, 3, grad=False))
    same(lambda t, x: repr(t.aminmax(x)), sample(2, 3, grad=False))
    same(lambda t, x: x.min(1).indices, sample(2, 3))
    same(lambda t, x: x.max(1).values, sample(2, 3), second=True)


def test_aminmax_of_many_dims() -> None:
    x = torch.ones([1] * 65)
    for dim in (0, -1, 70):
        same(lambda t, x, dim=dim: t.aminmax(x, dim=dim), x)
