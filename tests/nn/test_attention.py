"""MultiheadAttention against PyTorch's."""

from typing import Any

import pytest
import torch

from tests.oracle import same, sample

CLOSE = (1e-4, 1e-5)
"""Exponentials of sums that are taken in another order."""

LAYERS: list[dict[str, Any]] = [
    {}, {"bias": False}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"batch_first": True},
    {"kdim": 4, "vdim": 6}, {"kdim": 4, "vdim": 6, "bias": False, "add_bias_kv": True},
    {"dropout": 1e-12},
]  # fmt: skip


def layer(torch: Any, **options: Any) -> Any:
    """A layer of 2 heads for 6 numbers, always with the same parameters."""
    torch.manual_seed(0)
    return torch.nn.MultiheadAttention(6, 2, **options)


@pytest.mark.parametrize("options", LAYERS)
def test_parameters(options: dict[str, Any]) -> None:
    def f(torch: Any) -> Any:
        made = layer(torch, **options)
        return dict(made.state_dict()), repr(made), [n for n, _ in made.named_parameters()]

    same(f, exact=True)


@pytest.mark.parametrize("options", LAYERS)
@pytest.mark.parametrize("call", [
    {}, {"need_weights": False}, {"average_attn_weights": False}, {"mask": "bool"},
    {"mask": "float"}, {"padding": True}, {"padding": True, "mask": "bool"},
    {"padding": True, "mask": "float", "need_weights": False},
    {"mask": "causal", "is_causal": True, "need_weights": False},
])  # fmt: skip
@pytest.mark.parametrize("kind", ["self", "memory", "three", "alone"])
def test_forward(options: dict[str, Any], call: dict[str, Any], kind: str) -> None:
    def f(torch: Any, q: Any, k: Any, v: Any, mask: Any, padding: Any) -> Any:
        module, given = layer(torch, **options), dict(call)
        which = given.pop("mask", None)
        if which == "bool":
            given["attn_mask"] = mask > 0.8
        elif which == "float":
            given["attn_mask"] = mask
        elif which == "causal":
            given["attn_mask"] = torch.nn.Transformer.generate_square_subsequent_mask(3)
        if given.pop("padding", None):
            given["key_padding_mask"] = padding if kind != "alone" else padding[0]
        if kind == "alone":
            q, k, v = q[:, 0], k[:, 0], v[:, 0]
        elif options.get("batch_first"):
            q, k, v = (t.transpose(0, 1) for t in (q, k, v))
        if options.get("kdim") is None and kind in ("self", "memory"):
            k = v = q if kind == "self" else k
        elif kind == "self" and options.get("kdim"):
            q = q * 1
        out, weights = module(q, k, v, **given)
        (out * out.detach().exp()).sum().backward()
        return out, weights, [p.grad for p in module.parameters()]

    sizes = options.get("kdim", 6), options.get("vdim", 6)
    q = sample(3, 2, 6, low=-1, high=1)
    k, v = (sample(3, 2, n, seed=i + 1, low=-1, high=1) for i, n in enumerate(sizes))
    mask = sample(3, 3, grad=False, low=-1, high=1)
    padding = torch.tensor([[False, False, True], [False, False, False]])
    same(f, q, k, v, mask, padding, tol=CLOSE)


@pytest.mark.parametrize("need", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_evaluation(need: bool, masked: bool) -> None:
    def f(torch: Any, x: Any, padding: Any) -> Any:
        module = layer(torch, batch_first=True).eval()
        given = {"key_padding_mask": padding} if masked else {}
        with torch.no_grad():
            return module(x, x, x, need_weights=need, **given)

    padding = torch.tensor([[False, False, True], [False, False, False]])
    same(f, sample(2, 3, 6, low=-1, high=1), padding, tol=CLOSE)


REFUSED = {
    "size": lambda nn, x: nn.MultiheadAttention(5, 2),
    "no heads": lambda nn, x: nn.MultiheadAttention(4, 0),
    "one dim": lambda nn, x: nn.MultiheadAttention(4, 2)(x[0, 0], x, x),
    "dims": lambda nn, x: nn.MultiheadAttention(4, 2)(x, x[0], x),
    "dims without a batch": lambda nn, x: nn.MultiheadAttention(4, 2)(x[0], x, x),
    "another size": lambda nn, x: nn.MultiheadAttention(6, 2)(x, x, x),
    "lengths": lambda nn, x: nn.MultiheadAttention(4, 2)(x, x, x[:1]),
    "mask": lambda nn, x: nn.MultiheadAttention(4, 2)(x, x, x, attn_mask=x[0]),
    "mask of three dims": lambda nn, x: nn.MultiheadAttention(4, 2)(x, x, x, attn_mask=x),
    "mask of one dim": lambda nn, x: nn.MultiheadAttention(4, 2)(x, x, x, attn_mask=x[0, 0]),
    "mask of integers": lambda nn, x: nn.MultiheadAttention(4, 2)(x, x, x, attn_mask=x[0].long()),
    "padding": lambda nn, x: nn.MultiheadAttention(4, 2)(x, x, x, key_padding_mask=x[0] > 0),
    "padding of three dims": lambda nn, x: nn.MultiheadAttention(4, 2)(
        x, x, x, key_padding_mask=x > 0
    ),
    "causal": lambda nn, x: nn.MultiheadAttention(4, 2)(x, x, x, is_causal=True),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_refusals(body: Any) -> None:
    same(lambda torch, x: body(torch.nn, x), sample(3, 2, 4))
