"""Curves within their units in the last place of PyTorch's float64 results."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np import kernels
from minitorch_np.kernels import large
from minitorch_np.ops import special

FUNCTIONS: dict[str, tuple[Callable[[Any, Any], Any], float, float, float]] = {
    "exp": (lambda t, x: t.exp(x), -87, 88, 1.1),
    "expm1": (lambda t, x: t.nn.functional.elu(x), -30, -1e-6, 1.1),
    "sigmoid": (lambda t, x: t.sigmoid(x), -80, 80, 2.5),
    "softplus": (lambda t, x: t.nn.functional.softplus(x), -80, 80, 2.1),
    "logit": (lambda t, x: t.logit(x), 0.6, 0.9999, 4.1),
    "erf": (lambda t, x: t.erf(x), -5, 5, 1.1),
    "erfc": (lambda t, x: t.erfc(x), -9, 9, 5.1),
    "sin": (lambda t, x: t.sin(x), -8192, 8192, 1.7),
    "cos": (lambda t, x: t.cos(x), -8192, 8192, 1.7),
    "sin, nearby": (lambda t, x: t.sin(x), -7, 7, 1.6),
    "cos, nearby": (lambda t, x: t.cos(x), -7, 7, 1.6),
    "sin, far away": (lambda t, x: t.sin(x), 8000, 1e9, 1.1),
    "cos, far away": (lambda t, x: t.cos(x), -1e9, -8000, 1.1),
    "erfinv": (lambda t, x: t.erfinv(x), -0.99, 0.99, 5.1),
}
"""The op, its range, and the units that it may be off."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_units_in_the_last_place(name):
    f, low, high, most = FUNCTIONS[name]
    x = np.linspace(low, high, 300_001).astype(np.float32)
    assert x.size >= large.MANY
    got = f(minitorch_np, minitorch_np.tensor(x)).numpy()
    exact = f(torch, torch.from_numpy(x).double()).numpy()
    units = np.abs(got - exact) / np.spacing(np.abs(exact.astype(np.float32)))
    assert units.max() < most


@pytest.mark.parametrize("name", ["sin", "cos"])
@pytest.mark.parametrize("far", [False, True])
def test_special_angles(name: str, far: bool) -> None:
    """Zeros keep their sign, and multiples of pi what is left of them."""
    x = np.full(large.MANY, 1e30 if far else 1.0, np.float32)
    special = [0.0, -0.0, 1e-45, -1e-45, 1e-30, np.nan, *(np.pi / 2 * np.arange(-9, 9))]
    if far:
        special += [np.inf, -np.inf]
    x[: len(special)] = special
    got = getattr(minitorch_np.tensor(x), name)().numpy()
    expected = getattr(torch.from_numpy(x), name)().numpy()
    known = ~np.isnan(expected)
    assert np.array_equal(np.isnan(got), ~known)
    assert np.array_equal(np.signbit(got[known]), np.signbit(expected[known]))
    np.testing.assert_allclose(got, expected, rtol=2e-7)
    inplace = minitorch_np.tensor(x)
    getattr(inplace, f"{name}_")()
    assert inplace.numpy().tobytes() == got.tobytes()


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_far_angles_do_not_touch_the_others(name: str) -> None:
    """Else the bits would depend on how threads part the array."""
    x = np.linspace(-8192, 8192, 3 * large.MANY).astype(np.float32)
    one = x.copy()
    one[7] = 1e9
    got = [getattr(minitorch_np.tensor(each), name)().numpy() for each in (x, one)]
    assert got[0][7] != got[1][7]
    got[0][7] = got[1][7]
    assert got[0].tobytes() == got[1].tobytes()


def test_a_gradual_underflow_is_kept():
    x = np.linspace(-104.5, -80, large.MANY).astype(np.float32)
    got = minitorch_np.tensor(x).exp().numpy()
    assert np.abs(got - np.exp(x.astype(np.float64))).max() <= 2e-45 + 1.2e-7 * got.max()


def test_the_error_function_is_the_same_once_compiled_code_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 4.0, -4.0, 1e-40])
    tens = 10.0 ** np.linspace(-45, 38, 1000)
    x = np.concatenate([ends, np.linspace(-5, 5, 100_000), tens, -tens]).astype(np.float32)
    _ = kernels.compiler  # which loads it
    monkeypatch.setattr(kernels, "waiting", [print])
    before = special.single_error_function(x)
    monkeypatch.setattr(kernels, "waiting", [])
    assert special.single_error_function(x).tobytes() == before.tobytes()
