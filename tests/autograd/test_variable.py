"""Variable, which makes a tensor and of which every tensor is one."""

from typing import Any

import pytest

from tests.oracle import same, sample


@pytest.mark.parametrize(
    "f",
    [
        lambda torch, x: torch.autograd.Variable(x),
        lambda torch, x: torch.autograd.Variable(x.t(), requires_grad=True),
        lambda torch, x: torch.autograd.Variable(x * 2, True).is_leaf,
        lambda torch, x: torch.autograd.Variable(),
        lambda torch, x: torch.autograd.Variable(requires_grad=True),
        lambda torch, x: torch.autograd.Variable(data=x, volatile=True),
        lambda torch, x: torch.autograd.Variable(x.long(), requires_grad=True),
        lambda torch, x: torch.autograd.Variable([1.0]),
        lambda torch, x: torch.autograd.Variable(3),
        lambda torch, x: torch.autograd.variable.Variable is torch.autograd.Variable,
        lambda torch, x: [isinstance(v, torch.autograd.Variable) for v in (x, x.sum(), 3, None)],
        lambda torch, x: isinstance(torch.nn.Parameter(x.detach()), torch.autograd.Variable),
        lambda torch, x: type(torch.autograd.Variable(x)) is torch.Tensor,
    ],
)
def test_variable(f: Any) -> None:
    same(f, sample(2, 3), grad=False)


def test_it_counts_the_same_writes() -> None:
    def f(torch: Any, x: Any) -> Any:
        y = x.detach()
        made = torch.autograd.Variable(y, requires_grad=True)
        y.add_(1)
        (made * made).sum().backward()
        return made._version, made.grad, made

    same(f, sample(3), grad=False)
