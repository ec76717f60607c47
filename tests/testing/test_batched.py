"""gradcheck of batches: what vmap makes of gradients and tangents, and torch's words for it.

torch's own check runs an older vmap, which knows nothing of a Function's rule for batches, so the
words are compared with the constants that it prints.
"""

from typing import Any

import pytest
from torch.autograd.gradcheck import FAILED_BATCHED_GRAD_MSG, FAILED_BATCHED_GRAD_MSG_FWD_AD

from minitorch_np.autograd import Function, gradcheck, gradgradcheck
from minitorch_np.nn.functional import linear
from minitorch_np.testing import GradcheckError
from tests.oracle import ours, sample


class Doubled(Function):
    """The identity, but twice that under vmap."""

    @staticmethod
    def forward(g: Any) -> Any:
        return g.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def vmap(info: Any, in_dims: Any, g: Any) -> Any:
        return g * 2, in_dims[0]


class Identity(Function):
    """The identity, whose gradient and tangent double under vmap."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Any) -> Any:
        return x.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return Doubled.apply(g)

    @staticmethod
    def jvp(ctx: Any, g: Any) -> Any:
        return Doubled.apply(g)


@pytest.mark.parametrize(
    "text, checks",
    [
        (FAILED_BATCHED_GRAD_MSG, {"check_batched_grad": True}),
        (
            FAILED_BATCHED_GRAD_MSG_FWD_AD,
            {"check_forward_ad": True, "check_batched_forward_grad": True},
        ),
    ],
)
def test_what_differs_is_said_in_torchs_words(text: str, checks: dict[str, bool]) -> None:
    x = ours(sample(3))
    assert gradcheck(Identity.apply, x.double(), check_forward_ad=True)
    with pytest.raises(GradcheckError) as caught:
        gradcheck(Identity.apply, x.double(), **checks)
    assert str(caught.value).startswith(f"For output 0 and input 0:\n\n{text}\n\nGot:\ntensor(")


def test_what_vmap_refuses_is_said() -> None:
    x = ours(sample(3)).double()
    checks = {"check_forward_ad": True, "check_batched_forward_grad": True}
    with pytest.raises(GradcheckError, match=r"^While computing batched gradients, got: vmap: It"):
        gradcheck(lambda x: x * x.sum().item() ** 0, x, check_backward_ad=False, **checks)


def test_what_agrees_passes() -> None:
    x, w = ours(sample(3, 4)).double(), ours(sample(2, 4)).double()

    def net(x: Any, w: Any) -> Any:
        return linear(x, w).tanh(), x.sum(0)

    checks = {"check_batched_grad": True, "check_batched_forward_grad": True}
    assert gradcheck(net, (x, w), check_forward_ad=True, **checks)
    assert gradgradcheck(net, (x, w), check_batched_grad=True)
