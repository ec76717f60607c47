"""scaled_dot_product_attention against PyTorch: which of its ways is taken, and what it gives."""

import random
from typing import Any

import pytest
import torch

from tests.oracle import same, sample

CLOSE = (1e-5, 1e-5)
"""Exponentials of sums that are taken in another order."""


def attended(torch: Any, q: Any, k: Any, v: Any, mask: Any = None, **options: Any) -> Any:
    """Attention."""
    F = torch.nn.functional
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, **options)


def heads(*shapes: tuple[int, ...], dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    """Tensors of a range in which exponentials stay small."""
    return [sample(*s, seed=i, low=-1, high=1, dtype=dtype) for i, s in enumerate(shapes)]


FOUR = [(2, 4, 3, 6), (2, 4, 5, 6), (2, 4, 5, 6)]
OPTIONS: list[dict[str, Any]] = [
    {}, {"is_causal": True}, {"scale": 0.7}, {"scale": -0.7}, {"dropout_p": 1e-12},
    {"dropout_p": 1e-12, "is_causal": True}, {"dropout_p": 1.0},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("shapes", [
    FOUR, [s[1:] for s in FOUR], [s[2:] for s in FOUR], [(2, 3, 6), (5, 6), (5, 6)],
    [(2, 4, 3, 6), (2, 4, 5, 6), (2, 4, 5, 7)], [(1, 2, 4, 3, 6)] * 3,
    [(1, 4, 3, 6), (2, 4, 5, 6), (2, 4, 5, 6)], [(2, 1, 3, 6)] * 3,
])  # fmt: skip
def test_shapes(shapes: list[tuple[int, ...]], options: dict[str, Any]) -> None:
    def f(torch: Any, *t: Any) -> Any:
        return attended(torch, *t, **options)

    same(f, *heads(*shapes), tol=CLOSE)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("dropout_p", [0.0, 1e-12])
def test_dtypes(dtype: torch.dtype, dropout_p: float) -> None:
    def f(torch: Any, *t: Any) -> Any:
        return attended(torch, *t, dropout_p=dropout_p)

    tol = CLOSE if dtype is torch.float64 else (2e-2, 2e-2)
    same(f, *heads(*FOUR, dtype=dtype), tol=tol)


@pytest.mark.parametrize("shape", [
    (3, 5), (1, 5), (3, 1), (1, 1, 3, 5), (2, 1, 3, 5), (2, 4, 3, 5), (4, 3, 5), (1, 4, 1, 5), (5,),
])  # fmt: skip
@pytest.mark.parametrize("kind", ["bool", "float", "learnt"])
def test_masks(shape: tuple[int, ...], kind: str) -> None:
    mask = sample(*shape, grad=kind == "learnt")
    if kind == "bool":
        mask = mask > 0.5
        mask[..., :2] = False
    same(attended, *heads(*FOUR), mask, tol=CLOSE)


def test_saved() -> None:
    def f(torch: Any, q: Any, k: Any, v: Any, mask: Any) -> Any:
        node = attended(torch, q, k, v, mask).grad_fn
        return node._saved_logsumexp, node._saved_attn_mask

    same(f, *heads(*FOUR), sample(3, 5, grad=False) > 0, tol=CLOSE, grad=False)


@pytest.mark.parametrize("dropout_p", [0.0, 1e-12])
def test_grouped(dropout_p: float) -> None:
    def f(torch: Any, *t: Any) -> Any:
        return attended(torch, *t, enable_gqa=True, dropout_p=dropout_p)

    for keys, values in [(2, 2), (1, 1), (4, 4), (2, 4), (3, 3)]:
        same(f, *heads((2, 4, 3, 6), (2, keys, 5, 6), (2, values, 5, 6)), tol=CLOSE)
    same(f, *heads((4, 3, 6), (2, 5, 6), (2, 5, 6)), tol=CLOSE)


def test_layouts() -> None:
    rng = random.Random(0)
    for _ in range(60):
        given = []
        for t, shape in zip(heads(*FOUR), FOUR, strict=True):
            order = rng.sample(range(4), 4)
            back = [order.index(d) for d in range(4)]
            laid = t.detach().permute(order).contiguous().permute(back)
            if rng.random() < 0.3:
                laid = torch.cat([laid, laid], 2)[:, :, ::2]
            assert laid.shape == shape
            given.append(laid.requires_grad_())
        same(attended, *given, tol=CLOSE)


@pytest.mark.parametrize("shapes", [
    [(0, 3, 4, 6)] * 3, [(2, 3, 0, 6), (2, 3, 5, 6), (2, 3, 5, 6)],
    [(2, 3, 4, 6), (2, 3, 0, 6), (2, 3, 0, 6)], [(2, 3, 4, 0)] * 3,
])  # fmt: skip
def test_nothing(shapes: list[tuple[int, ...]]) -> None:
    same(attended, *heads(*shapes))


def test_second_derivatives() -> None:
    def f(torch: Any, *t: Any) -> Any:
        return attended(torch, *t, dropout_p=1e-12)

    same(f, *heads(*FOUR, dtype=torch.float64), second=True)
    same(lambda torch, x: torch._safe_softmax(x.log(), 1), sample(2, 3, low=0, high=1))


REFUSED = {
    "vectors": lambda torch, F, q: F.scaled_dot_product_attention(q[0, 0], q[0, 0], q[0, 0]),
    "dtypes": lambda torch, F, q: F.scaled_dot_product_attention(q, q, q.double()),
    "mask of integers": lambda torch, F, q: F.scaled_dot_product_attention(q, q, q, q.long()),
    "mask of doubles": lambda torch, F, q: F.scaled_dot_product_attention(q, q, q, q.double()),
    "two masks": lambda torch, F, q: F.scaled_dot_product_attention(q, q, q, q, is_causal=True),
    "dropout": lambda torch, F, q: F.scaled_dot_product_attention(q, q, q, dropout_p=2.0),
    "negative dropout": lambda torch, F, q: F.scaled_dot_product_attention(q, q, q, dropout_p=-1.0),
    "sizes": lambda torch, F, q: F.scaled_dot_product_attention(q, q[..., :2], q),
    "batches": lambda torch, F, q: F.scaled_dot_product_attention(q, q[:1], q[:1]),
    "mask": lambda torch, F, q: F.scaled_dot_product_attention(q, q, q, q[0, :, :2]),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_refusals(body: Any) -> None:
    same(lambda torch, q: body(torch, torch.nn.functional, q), sample(2, 4, 4), tol=CLOSE)


LONG = [(20, 20), (33, 17), (17, 33)]
"""Queries and keys of so many that compiled loops walk their scores."""


@pytest.mark.parametrize("lengths", LONG, ids=str)
@pytest.mark.parametrize("kind", ["plain", "causal", "mask", "masked out", "scale"])
def test_many_scores(lengths: tuple[int, int], kind: str) -> None:
    queries, keys = lengths

    def f(torch: Any, q: Any, k: Any, v: Any, g: Any) -> Any:
        options: dict[str, Any] = {}
        if kind == "causal":
            options["is_causal"] = True
        elif kind == "scale":
            options["scale"] = 0.3
        elif kind != "plain":
            mask = torch.zeros(queries, keys)
            mask[:, 3] = -float("inf")
            mask[2, :5] = 1.5
            if kind == "masked out":
                mask[4] = -float("inf")
            options["attn_mask"] = mask
        out = torch.nn.functional.scaled_dot_product_attention(q, k, v, **options)
        return out, torch.autograd.grad(out, (q, k, v), g)

    shapes = (3, 6, queries, 8), (3, 6, keys, 8), (3, 6, keys, 8), (3, 6, queries, 8)
    same(f, *(sample(*shape, seed=i) for i, shape in enumerate(shapes)), tol=(1e-4, 1e-5))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e30])
@pytest.mark.parametrize("causal", [False, True])
def test_many_scores_that_are_no_numbers(value: float, causal: bool) -> None:
    """One query that is off leaves the others as they are."""

    def f(torch: Any, q: Any, k: Any, v: Any) -> Any:
        q = q.clone()
        q[0, 1, 5, 2] = value
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal)

    same(f, *(sample(2, 6, 24, 8, seed=i, grad=False) for i in range(3)), tol=(1e-4, 1e-5))
