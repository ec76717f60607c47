"""Losses against torch.nn.functional: values, both derivatives, refusals.

`nn/functional.py` adds broadcasting and its warnings; here both have one shape.
"""

import itertools

import pytest
import torch

from minitorch_np.ops import entropy, loss
from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample

CASES = {
    "mse_loss": [{}],
    "l1_loss": [{}],
    "smooth_l1_loss": [{}, {"beta": 0.3}],
    "huber_loss": [{}, {"delta": 0.4}],
    "binary_cross_entropy": [{}],
    "binary_cross_entropy_with_logits": [{}],
    "kl_div": [{}, {"log_target": True}],
}
ALL = [(name, options) for name, cases in CASES.items() for options in cases]
REDUCTIONS = ["none", "mean", "sum"]


def divergence(x, y, reduction="mean", **options):
    """torch's kl_div without the warning that nn.functional adds."""
    numbers = {"none": 0, "mean": 1, "sum": 2}
    if reduction not in numbers:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return torch.kl_div(x, y, numbers[reduction], **options)


def of(name, **options):
    """The loss under either library."""

    def f(t, *args):
        if t is not torch:
            return getattr(entropy if "entropy" in name else loss, name)(*args, **options)
        if name == "kl_div":
            return divergence(*args, **options)
        return getattr(torch.nn.functional, name)(*args, **options)

    return f


def samples(name, *shape, **options):
    """An input and a target that the loss accepts."""
    low, high = (0.05, 0.95) if name in ("binary_cross_entropy", "kl_div") else (-2, 2)
    x = sample(*shape, low=low, high=high, **options)
    low, high = (-2, 2) if "l1" in name or "mse" in name or "huber" in name else (0.05, 0.95)
    return x, sample(*shape, low=low, high=high, seed=5, **options)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name, options", ALL)
def test_values_strides_and_both_derivatives(name, options, reduction):
    f = of(name, reduction=reduction, **options)
    for one, other in itertools.product(LAYOUTS, LAYOUTS[:3]):
        x, _ = samples(name, 2, 3, 4, layout=one)
        _, y = samples(name, 2, 3, 4, layout=other)
        # the gradient of a mean is expanded before it meets the rule there
        same(f, x, y)
    for shape in [(), (3,), (2, 3), (0,)]:
        same(f, *samples(name, *shape, dtype=torch.float64), second=True)
        x, y = samples(name, *shape)
        same(f, x, y.detach(), second=True)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name, options", ALL)
def test_every_dtype(name, options, reduction):
    for dtype in DTYPES:
        loose = {torch.float16: (8e-3, 4e-3), torch.bfloat16: (4e-2, 4e-2)}.get(dtype)
        same(of(name, reduction=reduction, **options), *samples(name, 7, dtype=dtype), tol=loose)


def test_kinks():
    x = torch.tensor([0.0, 1.0, -1.0, 0.5, 3.0, float("inf"), float("nan")], requires_grad=True)
    y = torch.zeros(7)
    for name in ("l1_loss", "smooth_l1_loss", "huber_loss", "mse_loss"):
        same(of(name, reduction="none"), x, y)
    p = torch.tensor([0.0, 1.0, 0.5], requires_grad=True)
    for target in ([0.0, 1.0, 0.5], [1.0, 0.0, 1.0]):
        same(of("binary_cross_entropy"), p, torch.tensor(target))
    same(
        of("binary_cross_entropy_with_logits"),
        torch.tensor([100.0, -100.0, 0.0], requires_grad=True),
        torch.tensor([0.0, 1.0, 1.0]),
    )
    same(of("kl_div"), p, torch.tensor([0.0, 0.0, 1.0]))


def test_refusals():
    x, y = sample(2, 3), sample(2, 3, seed=1)
    same(of("smooth_l1_loss", beta=-1), x, y)
    same(of("huber_loss", delta=0), x, y)
    same(of("binary_cross_entropy"), x * 2, y)
    same(of("binary_cross_entropy"), x.abs() / 3, y.double())
    for name in CASES:
        same(of(name, reduction="most"), *samples(name, 3))
    for dtype in FLOATING:
        same(of("mse_loss"), sample(3), sample(3, dtype=dtype))
