"""gradcheck of forward mode: what passes, what is refused, and in which words."""

import re

import pytest
import torch as real

from experiments.conformance import pushing  # noqa: F401  # loads what would warn in a test
from tests.oracle import same, sample

x, y = (sample(2, 3, seed=n, dtype=real.float64) for n in (1, 2))


def custom(torch, slope):
    """A square whose jvp multiplies by `slope(x)`."""

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return x * x

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_forward(*inputs)
            ctx.save_for_backward(*inputs)

        @staticmethod
        def jvp(ctx, t):
            return slope(ctx.saved_tensors[0], t)

        @staticmethod
        def backward(ctx, g):
            return 2 * ctx.saved_tensors[0] * g

    return Square.apply


def backward_only(torch):
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return 2 * x

        @staticmethod
        def backward(ctx, g):
            return 2 * g

    return Twice.apply


def told(error):
    """An error in words, but for the signs of zeros, and how torch's Jacobian was filled."""
    text = re.sub(r"-0\.(0*)(?=[,\]])", r"0.\1", str(error))
    text = text.replace(", grad_fn=<CopySlices>", "")
    return f"{type(error).__name__}: " + re.sub(r"\s+", " ", text).replace("[ ", "[")


FUNCTIONS = {
    "right": lambda torch: lambda a, b: (a * b).sin() / b.exp(),
    "several": lambda torch: lambda a, b: (a @ b.t(), a.sum(), b.sort()[0]),
    "one is not used": lambda torch: lambda a, b: (a.cumprod(1), b * 2),
    "one is detached": lambda torch: lambda a, b: (a * b.detach(), a.exp()),
    "a jvp of one's own": lambda torch: lambda a, b: custom(torch, lambda x, t: 2 * x * t)(a) * b,
    "a wrong jvp": lambda torch: lambda a, b: custom(torch, lambda x, t: 3 * x * t)(a) * b,
    "a wrong backward": lambda torch: lambda a, b: a * b + a.exp().detach(),
    "no jvp": lambda torch: lambda a, b: backward_only(torch)(a) * b,
    "no rule": lambda torch: lambda a, b: torch.nn.functional.pdist(a) * b.sum(),
    "nothing smooth": lambda torch: lambda a, b: (a > b).to(a.dtype),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("fast, backward", [(False, False), (True, False), (False, True)])
def test_gradcheck(name, fast, backward):
    def f(torch, a, b):
        try:
            return torch.autograd.gradcheck(
                FUNCTIONS[name](torch), (a, b), check_forward_ad=True, check_backward_ad=backward,
                fast_mode=fast, check_undefined_grad=True,
            )  # fmt: skip
        except (RuntimeError, NotImplementedError) as error:
            return told(error)

    same(f, x, y)


@pytest.mark.parametrize("fast", [False, True])
def test_a_missing_tangent_that_is_not_zero(fast):
    """A rule that takes a missing tangent for ones."""

    def f(torch, a, b):
        class Sum(torch.autograd.Function):
            @staticmethod
            def forward(ctx, a, b):
                ctx.set_materialize_grads(False)
                return a + b

            @staticmethod
            def jvp(ctx, t, u):
                return t + (1 if u is None else u) if t is not None else u

            @staticmethod
            def backward(ctx, g):
                return g, g

        try:
            return torch.autograd.gradcheck(
                Sum.apply, (a, b), check_forward_ad=True, check_backward_ad=False, fast_mode=fast
            )
        except RuntimeError as error:
            return type(error).__name__, str(error.args[0])

    same(f, x, y)


@pytest.mark.parametrize("name", ["right", "several", "a wrong backward"])
def test_gradgradcheck(name):
    def f(torch, a, b):
        cotangents = [torch.ones_like(t) for t in _outputs(FUNCTIONS[name](torch)(a, b))]
        try:
            return torch.autograd.gradgradcheck(
                FUNCTIONS[name](torch), (a, b), [c.requires_grad_() for c in cotangents],
                check_fwd_over_rev=True, check_rev_over_rev=False, check_undefined_grad=False,
            )  # fmt: skip
        except RuntimeError as error:
            return told(error)

    same(f, x, y)


def _outputs(out):
    return out if isinstance(out, tuple) else (out,)
