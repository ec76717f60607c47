"""SGD against PyTorch's, for 20 steps with each option."""

import pytest

from tests.optim.steps import same_error, same_steps, stepped
from tests.oracle import same

OPTIONS = [
    {},
    {"momentum": 0.9},
    {"momentum": 0.9, "dampening": 0.5},
    {"momentum": 0.9, "nesterov": True},
    {"weight_decay": 0.1},
    {"maximize": True},
    {"momentum": 0.9, "weight_decay": 0.1, "nesterov": True, "maximize": True},
    {"foreach": True, "momentum": 0.9},
    {"fused": True, "momentum": 0.9},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16"])
def test_same_as_torch(options, dtype):
    if options.get("fused") and dtype.endswith("16"):
        pytest.skip("PyTorch's fused kernel rounds half types less often")
    # 20 steps: one rounding each
    tol = {
        "float32": (2e-6, 1e-6),
        "float64": None,
        "bfloat16": (0.1, 2e-2),
        "float16": (1e-2, 2e-3),
    }
    same_steps(lambda torch, p: torch.optim.SGD(p, lr=0.1, **options), dtype=dtype, tol=tol[dtype])


def test_first_steps_are_exact():
    def f(torch):
        return stepped(lambda torch, p: torch.optim.SGD(p, lr=0.5), steps=1)(torch)

    same(f, exact=True)


def test_lr_as_tensor():
    same_steps(lambda torch, p: torch.optim.SGD(p, lr=torch.tensor([0.1]), momentum=0.5))


@pytest.mark.parametrize(
    "options",
    [
        {"lr": -1},
        {"momentum": -1},
        {"weight_decay": -1},
        {"nesterov": True},
        {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
        {"fused": True, "foreach": True},
        {"fused": True, "differentiable": True},
    ],
)
def test_errors(options):
    same_error(lambda torch, p: torch.optim.SGD(p, **options))


def test_lr_of_two_elements():
    same_error(lambda torch, p: torch.optim.SGD(p, lr=torch.ones(2)))


def test_differentiable():
    def f(torch):
        w = torch.rand(3, generator=torch.Generator().manual_seed(0)).requires_grad_()
        p = w * 1
        p.retain_grad()
        p.grad = (w * 2).detach()
        torch.optim.SGD([p], lr=0.1, differentiable=True).step()
        (p * p).sum().backward()
        return w.grad

    same(f)
