"""Conversion of whole modules against PyTorch's."""

import pytest

from tests.oracle import same, sample


def net(torch):
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.PReLU())
    module.register_buffer("count", torch.ones(2, dtype=torch.int64))
    module.register_buffer("mean", torch.ones(2, 3, 4, 5))
    return module


CONVERSIONS = [
    lambda torch, m: m.double(),
    lambda torch, m: m.half(),
    lambda torch, m: m.bfloat16(),
    lambda torch, m: m.float(),
    lambda torch, m: m.cpu(),
    lambda torch, m: m.to(torch.float64),
    lambda torch, m: m.to("cpu"),
    lambda torch, m: m.to("cpu", torch.float16),
    lambda torch, m: m.to(torch.ones(1, dtype=torch.float64)),
    lambda torch, m: m.to(dtype=torch.float64, device="cpu"),
    lambda torch, m: m.to(memory_format=torch.channels_last),
    lambda torch, m: m.to(torch.int64),
    lambda torch, m: m.type(torch.float64),
    lambda torch, m: m.requires_grad_(False),
]


@pytest.mark.parametrize("convert", CONVERSIONS)
def test_same_as_torch(convert):
    def f(torch, x):
        module = net(torch)
        module(x).backward(torch.ones(4, 2))
        before = [id(p) for p in module.parameters()]
        changed = convert(torch, module)
        tensors = [*module.parameters(), *module.buffers()]
        kept = [id(p) for p in module.parameters()] == before
        return changed is module, kept, tensors, [p.grad for p in module.parameters()]

    same(f, sample(4, 3, grad=False))


@pytest.mark.parametrize("to_none", [True, False])
def test_zero_grad(to_none):
    def f(torch, x):
        module = net(torch)
        module(x).backward(torch.ones(4, 2))
        grads = [p.grad for p in module.parameters()]
        module.zero_grad(set_to_none=to_none)
        return [p.grad is None for p in module.parameters()], grads

    same(f, sample(4, 3, grad=False))


def test_training_goes_on_in_another_dtype():
    def f(torch, x):
        module = net(torch)
        module(x).backward(torch.ones(4, 2))
        module.double()
        module(x.double()).backward(torch.ones(4, 2, dtype=torch.float64))
        return [p.grad for p in module.parameters()]

    same(f, sample(4, 3, grad=False))


def test_to_empty():
    def f(torch):
        module = net(torch).to_empty(device="cpu")
        return [(p.shape, p.stride()) for p in [*module.parameters(), *module.buffers()]]

    same(f)
