"""The base of all optimizers against PyTorch's: groups, state dicts, hooks."""

import copy
import pickle
import sys

import numpy as np
import pytest
import torch

import minitorch_np
from tests.optim.steps import parameters
from tests.oracle import same, values


def opt(torch, groups=None, **options):
    params = parameters(torch)
    return torch.optim.SGD(groups(params) if groups else params, lr=0.1, momentum=0.9, **options)


@pytest.mark.parametrize("option", [1, 0, None, "yes"])
def test_a_step_in_no_mode(option):
    """What is no bool is refused by the first step, which leaves everything as it was."""

    def run(torch, p):
        p.grad = torch.ones_like(p)
        optimizer = torch.optim.SGD([p], lr=0.1, differentiable=option)
        with pytest.raises(TypeError) as error:
            optimizer.step()
        return str(error.value), torch.is_grad_enabled(), p.detach()

    same(lambda torch: run(torch, torch.nn.Parameter(torch.full((2,), 0.5))))


@pytest.mark.parametrize(
    "f",
    [
        lambda torch, p: torch.optim.SGD(p[0]),
        lambda torch, p: torch.optim.SGD([]),
        lambda torch, p: torch.optim.SGD([3]),
        lambda torch, p: torch.optim.SGD([p[0] * 2]),
        lambda torch, p: repr(torch.optim.SGD([p[0], p[0]])),
        lambda torch, p: torch.optim.SGD([{"params": p[0]}, {"params": p[0]}]),
        lambda torch, p: torch.optim.SGD([{"params": {p[0]}}]),
        lambda torch, p: torch.optim.SGD([{"params": p}]).add_param_group([p[0]]),
        lambda torch, p: repr(torch.optim.SGD({p[0]})),
        lambda torch, p: torch.optim.SGD([("a", p[0]), p[1]]),
        lambda torch, p: torch.optim.SGD([("a", p[0])]).add_param_group({"params": p[1]}),
        lambda torch, p: torch.optim.SGD([p[0]]).add_param_group({"params": [("a", p[1])]}),
        lambda torch, p: torch.optim.SGD([("a", p[0]), ("b", p[1])]).state_dict(),
        lambda torch, p: repr(
            torch.optim.SGD([{"params": p[:1], "lr": 3}, {"params": p[1:], "name": "b"}])
        ),
        lambda torch, p: torch.optim.SGD(p).state_dict(),
        lambda torch, p: torch.optim.SGD(p).defaults,
        lambda torch, p: torch.optim.Optimizer(p, {}).step(),
        lambda torch, p: torch.optim.SGD(p).step(lambda: 3.0),
        lambda torch, p: torch.optim.SGD(p).step(lambda: torch.is_grad_enabled()),
        lambda torch, p: torch.optim.Optimizer(p, {"lr": 3}).param_groups[0]["lr"],
    ],
)
def test_same_as_torch(f):
    same(lambda torch: f(torch, parameters(torch)))


@pytest.mark.parametrize("to_none", [True, False])
def test_zero_grad(to_none):
    def f(torch):
        params = parameters(torch)
        (params[0] * 2).sum().backward(create_graph=True)
        grad = params[0].grad
        torch.optim.SGD(params).zero_grad(set_to_none=to_none)
        return params[0].grad is None, grad.detach(), params[1].grad is None

    same(f)


def trained(torch, optimizer, steps=3):
    for _ in range(steps):
        for group in optimizer.param_groups:
            for p in group["params"]:
                p.grad = (torch.rand(*p.shape) - 0.3).to(p.dtype)
        optimizer.step()
    return optimizer


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_state_dict_of_torch(name):
    options = {"momentum": 0.9} if name in ("SGD", "RMSprop") else {}
    theirs = trained(torch, getattr(torch.optim, name)(parameters(torch), **options))
    mine = getattr(minitorch_np.optim, name)(parameters(minitorch_np), **options)
    mine.load_state_dict(theirs.state_dict())
    again = mine.state_dict()
    assert repr(mine) == repr(theirs)
    assert again["param_groups"] == theirs.state_dict()["param_groups"]
    for number, state in theirs.state_dict()["state"].items():
        assert list(again["state"][number]) == list(state)
        for key, value in state.items():
            got = again["state"][number][key]
            assert str(got.dtype) == str(value.dtype)
            np.testing.assert_array_equal(values(got), values(value))
            assert got.data_ptr() != value.data_ptr(), "two engines would count one step"
    theirs_p = [p for g in theirs.param_groups for p in g["params"]]
    mine_p = [p for g in mine.param_groups for p in g["params"]]
    for p, q in zip(theirs_p, mine_p, strict=True):
        q.data = minitorch_np.from_numpy(p.detach().numpy().copy())
        p.grad = torch.ones(p.shape)
        q.grad = minitorch_np.ones(q.shape)
    theirs.step()
    mine.step()
    for p, q in zip(theirs_p, mine_p, strict=True):
        np.testing.assert_allclose(values(q), values(p), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s,
        lambda s: s["param_groups"].pop() and s,
        lambda s: s["param_groups"][0]["params"].pop() and s,
        lambda s: s["state"].update({"mine": 3}) or s,
        lambda s: s["param_groups"][0].update(lr=7, new=3) or s,
        lambda s: {
            **s,
            "state": {
                k: {n: v.double() for n, v in each.items()} for k, each in s["state"].items()
            },
        },
    ],
)
def test_load_state_dict(change):
    def f(torch):
        one = trained(torch, opt(torch))
        other = opt(torch)
        other.load_state_dict(change(one.state_dict()))
        state = other.state_dict()
        return repr(other), state["param_groups"], {str(k): v for k, v in state["state"].items()}

    same(f)


def test_loaded_state_is_shared_in_one_engine():
    def f(torch):
        one = trained(torch, opt(torch))
        other = opt(torch)
        other.load_state_dict(one.state_dict())
        p, q = one.param_groups[0]["params"][0], other.param_groups[0]["params"][0]
        return one.state[p]["momentum_buffer"] is other.state[q]["momentum_buffer"]

    same(f)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_copies(copied):
    def f(torch):
        one = trained(torch, opt(torch))
        other = trained(torch, copied(one))
        return [p.detach() for p in other.param_groups[0]["params"]], repr(other)

    same(f)


def test_hooks():
    def f(torch):
        seen = []
        optimizer = opt(torch)

        def note(name):
            return lambda *args: seen.append((name, len(args)))

        where = sys.modules[f"{torch.__name__}.optim.optimizer"]  # torch.optim hides it
        handles = [
            where.register_optimizer_step_pre_hook(note("all before")),
            where.register_optimizer_step_post_hook(note("all after")),
            optimizer.register_step_pre_hook(note("before")),
            optimizer.register_step_post_hook(note("after")),
            optimizer.register_state_dict_pre_hook(note("saving")),
            optimizer.register_state_dict_post_hook(note("saved")),
            optimizer.register_state_dict_post_hook(note("saved first"), prepend=True),
            optimizer.register_load_state_dict_pre_hook(note("loading")),
            optimizer.register_load_state_dict_post_hook(note("loaded")),
        ]
        trained(torch, optimizer, 1)
        optimizer.load_state_dict(optimizer.state_dict())
        for handle in handles:
            handle.remove()
        trained(torch, optimizer, 1)
        optimizer.state_dict()
        return seen

    same(f)


@pytest.mark.parametrize(
    "hook, closure",
    [
        (lambda o, args, kwargs: ((lambda: 5.0,), {}), None),
        (lambda o, args, kwargs: None, None),
    ],
)
def test_a_hook_changes_arguments(hook, closure):
    def f(torch):
        optimizer = opt(torch)
        optimizer.register_step_pre_hook(
            lambda o, args, kwargs: (
                None
                if (changed := hook(o, args, kwargs)) is None
                else ((o, *changed[0]), changed[1])
            )
        )
        return optimizer.step(closure) if closure else optimizer.step()

    same(f)


def test_an_optimizer_of_ones_own():
    def f(torch):
        class Sign(torch.optim.Optimizer):
            def __init__(self, params):
                super().__init__(params, {"lr": 0.1})

            def step(self, closure=None):
                with torch.no_grad():
                    for group in self.param_groups:
                        for p in group["params"]:
                            if p.grad is not None:
                                p.sub_(p.grad.sign() * group["lr"])

        seen = []
        optimizer = Sign(parameters(torch))
        optimizer.register_step_post_hook(lambda *args: seen.append(3))
        trained(torch, optimizer)
        return [p.detach() for p in optimizer.param_groups[0]["params"]], seen

    same(f)


def test_state_holds_the_default_dtype():
    def f(torch):
        torch.set_default_dtype(torch.float64)
        try:
            optimizer = trained(torch, torch.optim.Adam(parameters(torch)), 1)
        finally:
            torch.set_default_dtype(torch.float32)
        return [s["step"] for s in optimizer.state.values()]

    same(f)
