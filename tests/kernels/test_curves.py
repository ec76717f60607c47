"""Curves within their units in the last place of PyTorch's float64 results."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np.kernels import large

FUNCTIONS: dict[str, tuple[Callable[[Any, Any], Any], float, float, float]] = {
    "exp": (lambda t, x: t.exp(x), -87, 88, 1.1),
    "expm1": (lambda t, x: t.nn.functional.elu(x), -30, -1e-6, 1.1),
    "sigmoid": (lambda t, x: t.sigmoid(x), -80, 80, 2.5),
    "softplus": (lambda t, x: t.nn.functional.softplus(x), -80, 80, 2.1),
    "logit": (lambda t, x: t.logit(x), 0.6, 0.9999, 4.1),
    "erf": (lambda t, x: t.erf(x), -5, 5, 1.1),
    "erfc": (lambda t, x: t.erfc(x), -9, 9, 5.1),
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


def test_a_gradual_underflow_is_kept():
    x = np.linspace(-104.5, -80, large.MANY).astype(np.float32)
    got = minitorch_np.tensor(x).exp().numpy()
    assert np.abs(got - np.exp(x.astype(np.float64))).max() <= 2e-45 + 1.2e-7 * got.max()
