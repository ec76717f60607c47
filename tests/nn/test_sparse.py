"""Embedding layers against PyTorch's."""

from typing import Any

import pytest
import torch

from tests.oracle import same, sample

OPTIONS: list[dict[str, Any]] = [
    {}, {"padding_idx": 2}, {"padding_idx": -1}, {"max_norm": 1.0}, {"norm_type": 1, "max_norm": 1},
    {"scale_grad_by_freq": True}, {"padding_idx": 7}, {"padding_idx": -8}, {"sparse": False},
]  # fmt: skip


def learnt(module: Any, *given: Any) -> Any:
    """The result, the gradient, the table, and how it is printed."""
    out = module(*given)
    (out * out.detach().exp()).sum().backward()
    return out, module.weight.grad, module.weight.detach(), repr(module)


@pytest.mark.parametrize("options", OPTIONS)
def test_embedding(options: dict[str, Any]) -> None:
    def f(torch: Any, x: Any) -> Any:
        torch.manual_seed(1)
        return learnt(torch.nn.Embedding(7, 5, **options), x)

    same(f, torch.tensor([[1, 2, 2], [6, 0, 1]]), grad=False)


@pytest.mark.parametrize("mode", ["sum", "mean", "max", "none"])
@pytest.mark.parametrize("options", OPTIONS)
def test_embedding_bag(options: dict[str, Any], mode: str) -> None:
    def f(torch: Any, x: Any, offsets: Any) -> Any:
        torch.manual_seed(1)
        first = learnt(torch.nn.EmbeddingBag(7, 5, mode=mode, **options), x, offsets)
        return first, learnt(torch.nn.EmbeddingBag(7, 5, mode=mode, **options), x.view(2, 3))

    same(f, torch.tensor([1, 2, 2, 6, 0, 1]), torch.tensor([0, 0, 3]), grad=False)


@pytest.mark.parametrize("freeze", [True, False])
def test_from_pretrained(freeze: bool) -> None:
    def f(torch: Any, weight: Any) -> Any:
        one = torch.nn.Embedding.from_pretrained(weight, freeze, padding_idx=1, max_norm=2.0)
        bag = torch.nn.EmbeddingBag.from_pretrained(weight, freeze, mode="sum", max_norm=2.0)
        return one.weight, one.weight.requires_grad, bag.weight, repr(one), repr(bag)

    same(f, sample(4, 3, grad=False))
    same(f, sample(4, grad=False))
    same(lambda torch, weight: torch.nn.Embedding(3, 3, _weight=weight), sample(4, 3, grad=False))
