"""Adam and AdamW against PyTorch's, for 20 steps with each option."""

import pytest

from tests.optim.steps import same_error, same_steps
from tests.oracle import same

OPTIONS = [
    {},
    {"lr": 0.1, "betas": (0.5, 0.9)},
    {"amsgrad": True},
    {"weight_decay": 0.1},
    {"maximize": True, "amsgrad": True, "weight_decay": 0.1, "eps": 1e-3},
    {"foreach": True},
    {"fused": True},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_same_as_torch(name, options, dtype):
    if options.get("fused") and dtype == "bfloat16":
        pytest.skip("PyTorch's fused kernel rounds half types less often")
    tol = {"float32": (2e-6, 1e-6), "float64": None, "bfloat16": (0.1, 2e-2)}[dtype]
    same_steps(lambda torch, p: getattr(torch.optim, name)(p, **options), dtype=dtype, tol=tol)


def test_decoupled_weight_decay():
    same_steps(lambda torch, p: torch.optim.Adam(p, weight_decay=0.1, decoupled_weight_decay=True))


def test_options_as_tensors():
    same_steps(lambda torch, p: torch.optim.Adam(p, lr=torch.tensor(0.1)))
    same_steps(lambda torch, p: torch.optim.Adam(p, betas=(torch.tensor(0.5), torch.tensor([0.9]))))


@pytest.mark.parametrize(
    "options",
    [
        {"lr": -1},
        {"eps": -1},
        {"betas": (1.0, 0.9)},
        {"betas": (0.9, -0.1)},
        {"betas": (0, 0)},
        {"weight_decay": -1},
        {"fused": True, "foreach": True},
        {"fused": True, "differentiable": True},
    ],
)
@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_errors(name, options):
    same_error(lambda torch, p: getattr(torch.optim, name)(p, **options))


@pytest.mark.parametrize(
    "make",
    [
        lambda torch, p: torch.optim.Adam(p, lr=torch.ones(2)),
        lambda torch, p: torch.optim.Adam(p, lr=torch.tensor(0.1), foreach=True),
        lambda torch, p: torch.optim.Adam(p, betas=(torch.tensor(0.5), 0.9)),
        lambda torch, p: torch.optim.Adam(p, betas=(torch.ones(2) / 2, torch.tensor(0.9))),
        lambda torch, p: torch.optim.Adam(
            p, betas=(torch.tensor(0.5), torch.tensor(0.9)), foreach=True
        ),
    ],
)
def test_errors_of_tensors(make):
    same_error(make)


def test_capturable_needs_a_device():
    same_steps(lambda torch, p: torch.optim.Adam(p, capturable=True))


@pytest.mark.parametrize("amsgrad", [False, True])
def test_differentiable(amsgrad):
    def f(torch):
        w = torch.rand(3, generator=torch.Generator().manual_seed(0)).requires_grad_()
        p = w * 1
        p.retain_grad()
        p.grad = (w * 2).detach()
        optimizer = torch.optim.Adam([p], lr=0.1, differentiable=True, amsgrad=amsgrad)
        optimizer.step()
        optimizer.step()
        (p * p).sum().backward()
        return w.grad, {str(k): v.detach() for k, v in optimizer.state[p].items()}

    same(f)


def test_older_checkpoints_count_in_numbers():
    def f(torch):
        p = torch.nn.Parameter(torch.ones(2))
        optimizer = torch.optim.Adam([p])
        p.grad = torch.ones(2)
        optimizer.step()
        state = optimizer.state_dict()
        state["state"][0]["step"] = 1
        del state["param_groups"][0]["amsgrad"]
        optimizer.load_state_dict(state)
        optimizer.step()
        return p, optimizer.state[p]["step"], optimizer.param_groups[0]["amsgrad"]

    same(f)
