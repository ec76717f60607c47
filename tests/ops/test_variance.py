"""var, std, var_mean, std_mean against torch, in every way to say the correction."""

import numpy as np
import pytest
import torch

from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample

NAMES = ["var", "std", "var_mean", "std_mean"]
CALLS = {
    "whole": lambda f, x: f(x),
    "dim": lambda f, x: f(x, 0),
    "last": lambda f, x: f(x, -1, keepdim=True),
    "dims": lambda f, x: f(x, (0, 1)),
    "none": lambda f, x: f(x, None),
    "unbiased": lambda f, x: f(x, False),
    "unbiased keyword": lambda f, x: f(x, unbiased=False),
    "positional": lambda f, x: f(x, 0, False, True),
    "correction": lambda f, x: f(x, 0, correction=0),
    "half": lambda f, x: f(x, 1, correction=0.5),
    "too much": lambda f, x: f(x, 1, correction=9),
    "whole correction": lambda f, x: f(x, correction=2),
    "bad dim": lambda f, x: f(x, 5),
    "twice": lambda f, x: f(x, (0, 0)),
}
INF = float("inf")
HALF = (4e-3, 4e-3)
"""PyTorch rounds gradients of half types at every step."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("call", CALLS)
def test_calls(name: str, call: str) -> None:
    for shape in [(3, 4), (1, 4), (2, 3, 2), (5, 1)]:
        same(lambda t, x: CALLS[call](getattr(t, name), x), sample(*shape), second=True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(name: str, layout: str) -> None:
    for dim in (None, 0, 2, (0, 2)):
        same(lambda t, x: getattr(t, name)(x, dim), sample(2, 3, 4, layout=layout))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(name: str, dtype: torch.dtype) -> None:
    tol = HALF if dtype in FLOATING[:2] else None
    same(lambda t, x: getattr(t, name)(x, 0), sample(3, 4, dtype=dtype), tol=tol)


@pytest.mark.parametrize("name", NAMES)
def test_empty_and_single(name: str) -> None:
    for shape in [(), (1,), (0,), (0, 3), (3, 0)]:
        same(lambda t, x: getattr(t, name)(x), sample(*shape))
        same(lambda t, x: getattr(t, name)(x, 0), sample(*shape))


@pytest.mark.parametrize("name", ["var", "std"])
def test_out_and_method(name: str) -> None:
    same(lambda t, x: getattr(x, name)(1), sample(2, 3))
    same(lambda t, x: getattr(t, name)(x, 0, out=t.empty(0)), sample(2, 3, grad=False))
    same(
        lambda t, x: getattr(t, name)(x, 0, out=t.empty(3, dtype=t.float64)),
        sample(2, 3, grad=False),
    )  # fmt: skip


def test_constant_rows_and_offsets() -> None:
    same(lambda t, x: (x.std(0), x.var(1)), torch.full((3, 3), 2.0, requires_grad=True))
    same(lambda t, x: (x + 1e4).var(0), sample(200, 2), grad=False)


@pytest.mark.parametrize("name", NAMES)
def test_equal_elements(name: str) -> None:
    for dtype in (torch.float32, torch.float64):
        for value in (0.1, 1 / 3, 2.3):
            row = torch.full((7,), value, dtype=dtype)
            for x in (row, row[:3], torch.stack([row, row * 3])):
                same(lambda t, x: getattr(t, name)(x, -1), x.requires_grad_(), exact=True)


@pytest.mark.parametrize("name", NAMES)
def test_no_dims(name: str) -> None:
    for shape in [(2, 3), (4,), ()]:
        for keepdim in (False, True):
            for correction in (0, 1, 2):
                same(
                    lambda t, x, k=keepdim, c=correction: getattr(t, name)(
                        x, dim=(), keepdim=k, correction=c
                    ),
                    sample(*shape),
                )


@pytest.mark.parametrize("layout", ["contiguous", "reversed", "sliced"])
@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("name", ["var", "std"])
def test_forms_met_before_are_as_those_that_were_not(name, dtype, layout):
    for shape in ((3, 4), (2, 3, 4), (1, 1), (1,), (), (0, 3), (3, 0)):
        x = sample(*shape, dtype=dtype, layout=layout, grad=False)
        for unbiased in (True, False):
            same(lambda t, x, unbiased: getattr(x, name)(unbiased), x, unbiased)
        for dim in (None, 0, -1, (0,), 7):
            for given in ({}, {"keepdim": True}, {"correction": 0}, {"correction": 2}):
                for _ in range(3):
                    same(lambda t, x, dim: getattr(x, name)(dim, **given), x, dim)


def test_what_is_remembered_raises_no_flags():
    x = torch.tensor([[1e30, -1e30], [float("inf"), float("nan")]])
    for _ in range(3):
        with np.errstate(all="raise"):
            same(lambda t, x: (x.var(), x.std(0), x.cumsum(0), x.double().var(1)), x)


MANY = {
    "columns": ((600, 15), 0),
    "rows": ((600, 15), 1),
    "in the middle": ((3, 500, 4), 1),
    "neighbours": ((4, 30, 50), (0, 1)),
    "all but one": ((4, 30, 50), (0, 2)),
    "one row": ((1, 6000), 1),
    "one of each": ((6000, 1), 1),
    "wide": ((9, 1100), 0),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", MANY)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_many_elements(name: str, case: str, dtype: torch.dtype) -> None:
    """Compiled loops sum the distances of float32; a large mean leaves them their bits."""
    shape, dim = MANY[case]
    x = sample(*shape, dtype=dtype, grad=False)
    same(lambda t, x: getattr(t, name)(x + 1e3, dim, correction=0), x, tol=(1e-5, 1e-6))
    same(lambda t, x: getattr(t, name)(x, dim), x.requires_grad_())


@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("size", [10, 100])
def test_equal_elements_and_no_numbers(dim: int, size: int) -> None:
    """Of an infinity that comes last the mean is infinite, of others nan; of many, in loops."""
    x = torch.full((size, size), 1 / 3)
    same(lambda t, x: t.var_mean(x, dim), x, exact=True)
    x[0], x[3, 3], x[:, 5], x[7, 7], x[-1, 6] = INF, float("nan"), 0.1, -INF, INF
    same(lambda t, x: t.var_mean(x, dim), x)
    same(lambda t, x: t.std_mean(x.double(), dim), x[1:, 1:])


@pytest.mark.parametrize("name", ["var_mean", "std_mean"])
def test_two_results_are_a_plain_tuple(name: str) -> None:
    same(lambda t, x: type(getattr(t, name)(x)) is tuple, sample(2, 3, grad=False))
    same(lambda t, x: hasattr(t.return_types, name), sample(2, 3, grad=False))
