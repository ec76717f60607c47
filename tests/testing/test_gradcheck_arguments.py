"""Every argument of gradcheck and gradgradcheck, and every way in which they fail, as in torch."""

import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import minitorch_np
from tests.oracle import Outcome, ours, plain, sample, strip_note, twin

NUMBER = re.compile(r"[-+]?(\d+\.?\d*(e[-+]?\d+)?|\.\d+|nan|inf)")


def shape(text: str) -> str:
    """A text without its numbers, and without what depends on how wide they are."""
    return re.sub(r"[\s\[\],#]+", " ", NUMBER.sub("#", strip_note(plain(text))))


def alike(f: Callable[..., Any], *inputs: torch.Tensor) -> None:
    """Assert that both libraries answer, warn and fail alike, numbers in texts aside."""
    t = Outcome(f, torch, [twin(x) for x in inputs])
    a = Outcome(f, minitorch_np, [ours(x) for x in inputs])
    assert type(a.error).__name__ == type(t.error).__name__, (a.error, t.error)
    assert shape(str(a.error)) == shape(str(t.error))
    assert a.result == t.result
    told = [[(c, shape(m)) for c, m in one.warnings] for one in (a, t)]
    assert told[0] == told[1]


def broken(
    torch: Any, backward: Callable[..., Any], forward: Callable[..., Any] = lambda x: x * x
) -> Any:
    """A function with a rule of its own, `backward(x, g)`."""

    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod
        def backward(ctx: Any, *g: Any) -> Any:
            return backward(ctx.saved_tensors[0], *g)

    return Broken.apply


def unsteady() -> Callable[..., Any]:
    """A rule that answers a little more each time."""
    calls = [0.0]

    def backward(x: Any, g: Any) -> Any:
        calls[0] += 1e-4
        return 2 * x * g * (1 + calls[0])

    return backward


CASES: dict[str, Callable[[Any, Any, dict[str, Any]], Any]] = {
    "right": lambda torch, x, o: torch.autograd.gradcheck(lambda t: t * t.sin(), (x,), **o),
    "one tensor": lambda torch, x, o: torch.autograd.gradcheck(lambda t: t.exp(), x, **o),
    "a list": lambda torch, x, o: torch.autograd.gradcheck(
        lambda t, n, u: [t * n, (t * u).sum()], [x, 3, x.detach()], **o),
    "wrong": lambda torch, x, o: torch.autograd.gradcheck(
        broken(torch, lambda x, g: x * g), x, **o),
    "slightly wrong": lambda torch, x, o: torch.autograd.gradcheck(
        broken(torch, lambda x, g: 2 * x * g + 1e-4 * g), x, **o),
    "unsteady": lambda torch, x, o: torch.autograd.gradcheck(broken(torch, unsteady()), x, **o),
    "not multiplied": lambda torch, x, o: torch.autograd.gradcheck(
        broken(torch, lambda x, g: 2 * x * g + (g == 0).all()), x, **o),
    "no output": lambda torch, x, o: torch.autograd.gradcheck(lambda t: t.detach() * 2, x, **o),
    "flat": lambda torch, x, o: torch.autograd.gradcheck(lambda t: t.detach().sign(), x, **o),
    "integers": lambda torch, x, o: torch.autograd.gradcheck(
        lambda t: (t * t, (t.detach() * 0).long()), x, **o),
    "not wanted": lambda torch, x, o: torch.autograd.gradcheck(
        lambda t: t * 2, (x.detach(), 3), **o),
    "overlapping": lambda torch, x, o: torch.autograd.gradcheck(
        lambda t: t * 2, (3, x.detach()[:1, :1].expand(2, 3).requires_grad_()), **o),
    "float32": lambda torch, x, o: torch.autograd.gradcheck(
        lambda t: t * 2, x.detach().float().requires_grad_(), eps=0.125, atol=1e-2,
        **{n: v for n, v in o.items() if n not in ("eps", "atol")}),
    "shape that depends": lambda torch, x, o: torch.autograd.gradcheck(
        lambda t: t[: 1 + int(t.detach()[0, 0] < float(x0[torch]))] * 2, (x,), **o),
    "undefined raises": lambda torch, x, o: torch.autograd.gradcheck(
        broken(torch, lambda x, *g: _no_zeros(x, *g), lambda x: (x * x, x * 3)), x, **o),
    "undefined not zero": lambda torch, x, o: torch.autograd.gradcheck(
        broken_unmaterialized(torch), x, **o),
    "second": lambda torch, x, o: torch.autograd.gradgradcheck(lambda t: t**3, x, **o),
    "second, several": lambda torch, x, o: torch.autograd.gradgradcheck(
        lambda t: (t**3, t.sin()), x, **o),
    "second, given": lambda torch, x, o: torch.autograd.gradgradcheck(
        lambda t: t**3, x, torch.ones_like(x).requires_grad_(), **o),
    "second, wrong": lambda torch, x, o: torch.autograd.gradgradcheck(
        broken(torch, lambda x, g: 2 * x.detach() * g), x, **o),
}  # fmt: skip

x0: dict[Any, float] = {}
"""The first element of the input, by library."""


def _no_zeros(x: Any, a: Any, b: Any) -> Any:
    if not bool(a.any()) and bool(b.any()):
        raise RuntimeError("zeros")
    return 2 * x * a + 3 * b


def broken_unmaterialized(torch: Any) -> Any:
    """A function that adds something where a gradient never arrived."""

    class Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.set_materialize_grads(False)
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return torch.ones_like(x) if g is None else 2 * x * g

    return Broken.apply


OPTIONS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "fast": {"fast_mode": True},
    "quiet": {"raise_exception": False},
    "loose": {"atol": 1e-2, "rtol": 1e-1},
    "tight": {"atol": 1e-12, "rtol": 1e-12},
    "fast and tight": {"atol": 1e-14, "rtol": 1e-14, "fast_mode": True},
    "steady enough": {"nondet_tol": 1e-2, "atol": 1e-1},
    "fast, steady enough": {"nondet_tol": 1e-2, "atol": 1e-1, "fast_mode": True},
    "undefined unchecked": {"check_undefined_grad": False},
    "dtypes": {"check_grad_dtypes": True},
    "masked": {"masked": True},
    "large step": {"eps": 1e-3, "atol": 1e-4},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("case", CASES)
def test_answers(case: str, options: dict[str, Any]) -> None:
    def run(torch: Any, x: Any) -> Any:
        x0[torch] = x.detach()[0, 0].item()
        torch.manual_seed(0)
        return CASES[case](torch, x, options)

    if "tight" in str(options) or options.get("atol", 1) < 1e-10:
        x = torch.arange(1, 7, dtype=torch.float64).view(2, 3) / 7
    else:
        x = sample(2, 3, dtype=torch.float64, low=0.5)
    alike(run, x.detach().requires_grad_())


def test_generators_are_left_alone_or_used_alike() -> None:
    def run(torch: Any, x: Any, check: str, fast: bool) -> Any:
        torch.manual_seed(4)
        getattr(torch.autograd, check)(lambda t: t.exp(), x, fast_mode=fast)
        return torch.rand(3).tolist()

    for check in "gradcheck", "gradgradcheck":
        for fast in True, False:
            alike(
                lambda torch, x, c=check, f=fast: run(torch, x, c, f),
                sample(2, 3, dtype=torch.float64),
            )


REFUSED: list[dict[str, Any]] = [
    {"check_backward_ad": False},
    {"check_batched_grad": True, "check_backward_ad": False, "check_forward_ad": True},
    {"check_batched_forward_grad": True},
]


@pytest.mark.parametrize("options", REFUSED, ids=str)
def test_arguments_that_do_not_go_together(options: dict[str, Any]) -> None:
    alike(
        lambda torch, x: torch.autograd.gradcheck(lambda t: t * 2, x, **options),
        sample(2, dtype=torch.float64),
    )


@pytest.mark.parametrize(
    "options",
    [
        {"check_rev_over_rev": False},
        {"check_rev_over_rev": False, "check_fwd_over_rev": True},
        {"check_rev_over_rev": False, "check_fwd_over_rev": True, "check_undefined_grad": False,
         "check_batched_grad": True},
    ],
    ids=str,
)  # fmt: skip
def test_arguments_of_gradgradcheck_that_do_not_go_together(options: dict[str, Any]) -> None:
    alike(
        lambda torch, x: torch.autograd.gradgradcheck(lambda t: t**3, x, **options),
        sample(2, dtype=torch.float64),
    )


def test_cotangents_that_are_not_contiguous() -> None:
    def run(torch: Any, x: Any) -> Any:
        seen: list[bool] = []

        def f(t: Any) -> Any:
            y = t**3
            y.register_hook(lambda g: seen.append(g.is_contiguous()))
            return y

        torch.autograd.gradgradcheck(f, x, gen_non_contig_grad_outputs=True)
        return all(seen), any(seen)

    alike(run, sample(3, 2, dtype=torch.float64))


def test_inputs_are_left_as_they_were() -> None:
    x = ours(sample(2, 3, dtype=torch.float64))
    before = x.detach().clone()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for fast in True, False:
            assert minitorch_np.autograd.gradcheck(lambda t: t.exp().sin(), x, fast_mode=fast)
    assert x.detach().tolist() == before.tolist()
    assert x.grad is None
