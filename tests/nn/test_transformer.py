"""Transformers and their layers against PyTorch's."""

import warnings
from typing import Any

import pytest
import torch

from tests.oracle import same, sample

CLOSE = (1e-3, 1e-4)
"""Several layers, each with exponentials of sums that are taken in another order."""

OPTIONS: list[dict[str, Any]] = [
    {}, {"batch_first": True}, {"norm_first": True}, {"activation": "gelu"}, {"bias": False},
    {"layer_norm_eps": 0.1}, {"activation": "tanh"},
]  # fmt: skip


def learnt(module: Any, *given: Any, **options: Any) -> Any:
    """The result, the gradients, and what the module is."""
    out = module(*given, **options)
    (out * out.detach().sin()).sum().backward()
    grads = [p.grad for p in module.parameters()]
    return out, grads, repr(module), list(module.state_dict())


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", ["TransformerEncoderLayer", "TransformerDecoderLayer"])
@pytest.mark.parametrize("batched", [True, False])
def test_layers(name: str, options: dict[str, Any], batched: bool) -> None:
    def f(torch: Any, x: Any, memory: Any) -> Any:
        torch.manual_seed(0)
        layer = getattr(torch.nn, name)(8, 2, 5, dropout=0.0, **options)
        given = (x, memory) if "Decoder" in name else (x,)
        return learnt(layer, *(given if batched else [t[0] for t in given]))

    same(f, sample(2, 2, 8), sample(2, 2, 8, seed=1), tol=CLOSE)


@pytest.mark.parametrize("options", OPTIONS[:4])
def test_transformer(options: dict[str, Any]) -> None:
    def f(torch: Any, src: Any, tgt: Any, padding: Any) -> Any:
        torch.manual_seed(0)
        made = torch.nn.Transformer(8, 2, 2, 2, 5, dropout=0.0, **options)
        mask = made.generate_square_subsequent_mask(3)
        return learnt(made, src, tgt, tgt_mask=mask, src_key_padding_mask=padding)

    padding = torch.tensor([[False, False, True]] * 3)
    same(f, sample(3, 3, 8), sample(3, 3, 8, seed=1), padding, tol=CLOSE)


@pytest.mark.parametrize("masked", ["no", "padding", "causal"])
@pytest.mark.parametrize("first", [True, False])
def test_evaluation(masked: str, first: bool) -> None:
    def f(torch: Any, x: Any, padding: Any) -> Any:
        torch.manual_seed(0)
        layer = torch.nn.TransformerEncoderLayer(8, 2, 5, batch_first=first)
        norm = torch.nn.LayerNorm(8)
        made = torch.nn.TransformerEncoder(layer, 2, norm).eval()
        given = {"src_key_padding_mask": padding} if masked == "padding" else {}
        if masked == "causal":
            given = {"mask": torch.nn.Transformer.generate_square_subsequent_mask(3)}
        with torch.no_grad(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The PyTorch API of nested tensors is in prototype")
            return made(x, **given), layer.eval()(x)

    padding = torch.tensor([[False, False, True], [False] * 3, [False, True, True]])
    same(f, sample(3, 3, 8), padding, tol=CLOSE)


def test_refusals() -> None:
    x = sample(3, 2, 8)
    same(lambda torch: torch.nn.TransformerEncoderLayer(8, 2, activation="silu"))
    same(lambda torch, x: torch.nn.Transformer(8, 2, 1, 1, 5)(x, x[:, :1]), x)
    same(lambda torch, x: torch.nn.Transformer(4, 2, 1, 1, 5)(x, x), x)
    same(lambda torch: repr(torch.nn.TransformerEncoder(torch.nn.Linear(2, 2), 1)))
