"""State dicts against PyTorch's, and PyTorch's own loaded as they are."""

import copy
from collections import OrderedDict

import numpy as np
import pytest
import torch

import minitorch_np
from tests.oracle import ours, same, sample, values


def net(torch, bias=True, **options):
    """Parameters shared and absent, buffers of both kinds, one of no dimensions."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(OrderedDict(
        a=torch.nn.Linear(3, 2, bias=bias, **options), b=torch.nn.ReLU(), c=torch.nn.PReLU()
    ))  # fmt: skip
    module.register_buffer("mean", torch.ones(2))
    module.register_buffer("hidden", torch.ones(2), persistent=False)
    module.register_buffer("count", torch.tensor(3))
    return module


@pytest.mark.parametrize(
    "f",
    [
        lambda torch, m: dict(m.state_dict()),
        lambda torch, m: dict(m.state_dict(prefix="p.")),
        lambda torch, m: dict(m.state_dict(keep_vars=True)),
        lambda torch, m: [(k, dict(v)) for k, v in m.state_dict()._metadata.items()],
        lambda torch, m: type(m.state_dict()).__mro__[-2] is dict,
        lambda torch, m: m.state_dict(destination={}) and None,
        lambda torch, m: list(m.state_dict({}, "p.", True)),
        lambda torch, m: m.state_dict()["mean"].add_(1) is None or m.mean,
        lambda torch, m: m.load_state_dict(3),
    ],
)
def test_saving(f):
    same(lambda torch: f(torch, net(torch)))


CHANGES = [
    lambda torch, s: s,
    lambda torch, s: s.pop("mean") and s,
    lambda torch, s: {**s, "extra": torch.ones(1), "a.b.c": torch.ones(1), "z.w": torch.ones(1)},
    lambda torch, s: {**s, "a.weight": torch.ones(3, 2), "mean": torch.ones(2, dtype=torch.int64)},
    lambda torch, s: {**s, "a.weight": 3},
    lambda torch, s: {**s, "count": torch.tensor([7])},
    lambda torch, s: {**s, "hidden": torch.zeros(2)},
    lambda torch, s: {k: v.double() for k, v in s.items()},
    lambda torch, s: {k: v for k, v in s.items() if k != "a.bias"},
    lambda torch, s: {**s, "_extra_state": 3},
    lambda torch, s: {"extra": torch.ones(1)},
]


@pytest.mark.parametrize("assign", [False, True])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_loading(change, strict, assign):
    def f(torch):
        module, other = net(torch), net(torch)
        with torch.no_grad():
            for p in other.parameters():
                p.mul_(2)
        state = change(torch, other.state_dict())
        keys = module.load_state_dict(state, strict=strict, assign=assign)
        return repr(keys), list(keys), dict(module.state_dict(keep_vars=True))

    same(f)


def test_shared_memory_after_assignment():
    def f(torch):
        module, other = net(torch), net(torch)
        module.load_state_dict(other.state_dict(), assign=True)
        with torch.no_grad():
            other.a.weight.zero_()
        return module.a.weight, isinstance(module.a.weight, torch.nn.Parameter)

    same(f)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("assign", [False, True])
@pytest.mark.parametrize("keep_vars", [False, True])
def test_a_torch_state_dict(dtype, assign, keep_vars):
    theirs = net(torch, dtype=dtype)
    mine = net(minitorch_np)
    assert repr(mine.load_state_dict(theirs.state_dict(keep_vars=keep_vars), assign=assign)) == (
        "<All keys matched successfully>"
    )
    for (name, p), (_, q) in zip(
        theirs.state_dict().items(), mine.state_dict().items(), strict=True
    ):
        expected = p if assign or not p.is_floating_point() else p.float()
        assert str(q.dtype) == str(expected.dtype), name
        np.testing.assert_array_equal(
            values(q).astype(np.float64), values(expected).astype(np.float64), err_msg=name
        )
    assert isinstance(mine.a.weight, minitorch_np.nn.Parameter)


def test_a_torch_state_dict_of_other_shapes():
    def message(module, state):
        with pytest.raises(RuntimeError) as caught:
            module.load_state_dict(state)
        return str(caught.value)

    state = torch.nn.Sequential(torch.nn.Linear(3, 5)).state_dict()
    assert message(net(minitorch_np), state) == message(net(torch), state)


def test_hooks():
    def f(torch):
        seen = []
        module = net(torch)

        def after(module, state, prefix, metadata):
            seen.append((prefix, list(state), metadata))
            state["more"] = torch.ones(1)

        module.a.register_state_dict_pre_hook(lambda m, prefix, keep: seen.append((prefix, keep)))
        module.a.register_state_dict_post_hook(after)
        module.a.register_load_state_dict_pre_hook(
            lambda m, state, prefix, *rest: seen.append((prefix, sorted(state), rest))
        )
        module.register_load_state_dict_post_hook(
            lambda m, keys: keys.unexpected_keys.remove("more")
        )
        keys = module.load_state_dict(module.state_dict(prefix="", keep_vars=False))
        return seen, list(keys)

    same(f)


@pytest.mark.parametrize(
    "register",
    [
        lambda m: m.register_state_dict_post_hook(lambda *args: {}),
        lambda m: m.register_load_state_dict_post_hook(lambda m, keys: keys),
    ],
)
def test_hooks_that_return_something(register):
    def f(torch):
        module = net(torch)
        register(module)
        module.load_state_dict(module.state_dict())

    same(f)


def test_extra_state():
    def f(torch):
        class Extra(torch.nn.Module):
            def get_extra_state(self):
                return {"x": 3}

            def set_extra_state(self, state):
                self.x = state["x"]

        a, b = torch.nn.Sequential(Extra()), torch.nn.Sequential(Extra())
        b.load_state_dict(a.state_dict())
        state = copy.copy(a.state_dict())
        del state["0._extra_state"]
        return b[0].x, list(a.state_dict()), b.load_state_dict(state, strict=False).missing_keys

    same(f)


def test_torch_loads_ours():
    mine, theirs = net(minitorch_np), net(torch)
    with minitorch_np.no_grad():
        mine.a.weight.mul_(3)
    state = {name: torch.from_numpy(t.numpy()) for name, t in mine.state_dict().items()}
    theirs.load_state_dict(state)
    np.testing.assert_array_equal(theirs.a.weight.detach().numpy(), values(mine.a.weight))


def test_an_inplace_copy_is_counted():
    def f(torch):
        module = net(torch)
        module.load_state_dict(module.state_dict())
        return module.a.weight._version, module.mean._version

    same(f)
    assert ours(sample(1)).requires_grad
