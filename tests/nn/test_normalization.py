"""Layer, group and root mean square normalisation layers against PyTorch's."""

from typing import Any

import pytest

from tests.oracle import same, sample

LAYERS = {
    "layer": lambda nn: nn.LayerNorm(4),
    "layer of two dims": lambda nn: nn.LayerNorm([4, 4], eps=0.1),
    "layer without a bias": lambda nn: nn.LayerNorm((4,), bias=False),
    "layer without parameters": lambda nn: nn.LayerNorm(4, elementwise_affine=False),
    "group": lambda nn: nn.GroupNorm(2, 4),
    "group without a bias": lambda nn: nn.GroupNorm(2, 4, bias=False, eps=0.1),
    "group without parameters": lambda nn: nn.GroupNorm(4, 4, affine=False),
    "rms": lambda nn: nn.RMSNorm(4),
    "rms of two dims": lambda nn: nn.RMSNorm((4, 4), eps=0.1),
    "rms without parameters": lambda nn: nn.RMSNorm(4, elementwise_affine=False),
    "wrong": lambda nn: nn.LayerNorm(5),
    "wrong groups": lambda nn: nn.GroupNorm(3, 4),
}


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS.keys())
def test_layers(make: Any) -> None:
    def f(torch: Any, x: Any) -> Any:
        module = make(torch.nn)
        out = module(x)
        (out * out.detach().exp()).sum().backward()
        grads = [p.grad for p in module.parameters()]
        return out, grads, x.grad, dict(module.state_dict()), repr(module)

    same(f, sample(2, 4, 4), grad=False, tol=(1e-5, 1e-4))


@pytest.mark.parametrize("shape", [(2, 6, 3), (2, 5, 3, 4), (2, 4, 2, 2, 3), (2, 3), (0, 3, 2)])
def test_local_response_norm(shape: tuple[int, ...]) -> None:
    def f(torch: Any, x: Any) -> Any:
        first = torch.nn.LocalResponseNorm(3)
        second = torch.nn.LocalResponseNorm(2, alpha=0.5, beta=1.5, k=2.0)
        return first(x), second(x), repr(second)

    same(f, sample(*shape))
