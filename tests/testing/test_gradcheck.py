"""gradcheck and gradgradcheck: right rules pass, planted faults do not."""

from typing import Any

import pytest
import torch

import minitorch_np
from minitorch_np.op import REGISTRY, op
from minitorch_np.tensor import Tensor, stored
from minitorch_np.testing import GradcheckError, gradcheck, gradgradcheck
from tests.oracle import ours, same, sample


@op("elementwise", method=False)
def cubed(input: Tensor) -> Tensor:
    """A cube whose rule forgets a factor."""
    return stored(input.array**3, input.dtype)


cubed.vjp(input=lambda g, input: g * input * input * 2)


@op("elementwise", method=False)
def squared(input: Tensor) -> Tensor:
    """A square whose second derivative is lost."""
    return stored(input.array**2, input.dtype)


squared.vjp(input=lambda g, input: g * input.detach() * 2)

for planted in ("cubed", "squared"):
    del REGISTRY[planted]  # the tests of every registered op are not about these


def inputs(*shape: int) -> Tensor:
    return ours(sample(*shape, dtype=torch.float64))


def test_right_rules_pass() -> None:
    assert gradcheck(lambda x, y: x * y + x, (inputs(2, 3), inputs(3)))
    assert gradgradcheck(lambda x, y: x * y * x, (inputs(2, 3), inputs(3)))


def test_a_wrong_rule_is_found() -> None:
    with pytest.raises(
        GradcheckError, match="Jacobian mismatch for output 0 with respect to input 0"
    ):
        gradcheck(cubed, inputs(3))
    assert not gradcheck(cubed, inputs(3), raise_exception=False)


def test_a_lost_second_derivative_is_found() -> None:
    assert gradcheck(squared, inputs(3))
    with pytest.raises(GradcheckError):
        gradgradcheck(squared, inputs(3))


def test_texts_are_torchs() -> None:
    def wrong(torch: Any, x: Any) -> Any:
        return torch.autograd.gradcheck(lambda t: t.detach(), (x,))

    same(wrong, sample(2, dtype=torch.float64), grad=False)
    same(lambda t, x: t.autograd.gradcheck(lambda y: y * 2, (x.detach(),)), sample(2), grad=False)
    same(
        lambda t: t.autograd.gradcheck(
            lambda y: (y * 2).float(), t.ones(2, dtype=t.float64, requires_grad=True)
        )
    )
    assert minitorch_np.autograd.gradcheck is gradcheck
