"""embedding_bag against PyTorch, beyond the table of samples."""

from typing import Any

import pytest
import torch

from tests.oracle import FLOATING, same, sample

INDICES = torch.tensor([0, 2, 4, 4, 1, 1])
OFFSETS = torch.tensor([0, 2, 2, 5])


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("mode", [0, 1, 2])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("padding", [None, 4, -1, 0])
def test_all_results(
    dtype: torch.dtype, grad: bool, mode: int, last: bool, padding: int | None
) -> None:
    def f(torch: Any, w: Any, i: Any, o: Any) -> Any:
        found = torch.embedding_bag(w, i, o, False, mode, False, None, last, padding)
        return found if not (mode == 2 and not grad) else found[:3]  # PyTorch leaves it as it was

    tol = (2e-2, 2e-2) if dtype.itemsize == 2 else None
    w = sample(5, 3, dtype=dtype, grad=grad)
    offsets = torch.tensor([0, 2, 2, 6]) if last else OFFSETS
    same(f, w, INDICES, offsets, tol=tol)
    same(f, w, INDICES.int(), offsets.int(), tol=tol)
    same(f, w, INDICES.int(), offsets, tol=tol)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("options", [
    {}, {"scale_grad_by_freq": True}, {"max_norm": 1.0}, {"max_norm": 2, "norm_type": 1},
    {"padding_idx": 1}, {"sparse": False},
])  # fmt: skip
def test_functional(mode: str, options: dict[str, Any]) -> None:
    def f(torch: Any, w: Any, i: Any, o: Any) -> Any:
        F = torch.nn.functional
        bags = F.embedding_bag(i, w * 1, o, mode=mode, **options)
        return bags, F.embedding_bag(i.view(2, 3), w * 1, mode=mode, **options)

    same(f, sample(5, 3), INDICES, OFFSETS)


@pytest.mark.parametrize("layout", ["contiguous", "transposed"])
def test_per_sample_weights(layout: str) -> None:
    def f(torch: Any, w: Any, i: Any, o: Any, p: Any) -> Any:
        F = torch.nn.functional
        return F.embedding_bag(i, w, o, mode="sum", per_sample_weights=p)

    p = sample(6, seed=1)
    same(f, sample(5, 3, layout=layout), INDICES, OFFSETS, p)
    same(f, sample(5, 3, layout=layout, grad=False), INDICES, OFFSETS, p)


def second(torch: Any, w: Any, p: Any, which: int) -> Any:
    """A gradient of a gradient, which there is none of."""
    out = torch.embedding_bag(w, torch.tensor([0, 1]), torch.tensor([0]), per_sample_weights=p)[0]
    cotangent = torch.ones(1, 3, requires_grad=True)
    grads = torch.autograd.grad(out, [w, p], cotangent, create_graph=True)
    names = [g.grad_fn.name() for g in grads]
    return names, torch.autograd.grad(grads[which].sum(), cotangent)


@pytest.mark.parametrize("which", [0, 1])
def test_no_second_derivative(which: int) -> None:
    same(lambda torch, w, p: second(torch, w, p, which), sample(5, 3), sample(2))


REFUSED = {
    "floating indices": lambda torch, F, w, i, o: F.embedding_bag(i.float(), w, o),
    "floating offsets": lambda torch, F, w, i, o: F.embedding_bag(i, w, o.float()),
    "integers": lambda torch, F, w, i, o: F.embedding_bag(i, w.long(), o),
    "a late start": lambda torch, F, w, i, o: F.embedding_bag(i, w, o + 1),
    "a late end": lambda torch, F, w, i, o: F.embedding_bag(i, w, o * 2),
    "no offsets": lambda torch, F, w, i, o: F.embedding_bag(i, w),
    "empty offsets": lambda torch, F, w, i, o: F.embedding_bag(
        i, w, o[:0], include_last_offset=True
    ),
    "out of bounds": lambda torch, F, w, i, o: F.embedding_bag(i + 3, w, o),
    "negative": lambda torch, F, w, i, o: F.embedding_bag(i - 3, w, o),
    "doubles": lambda torch, F, w, i, o: F.embedding_bag(i + 3, w.double(), o),
    "maxima": lambda torch, F, w, i, o: F.embedding_bag(i + 3, w, o, mode="max"),
    "padding": lambda torch, F, w, i, o: F.embedding_bag(i, w, o, padding_idx=5),
    "negative padding": lambda torch, F, w, i, o: F.embedding_bag(i, w, o, padding_idx=-6),
    "a row": lambda torch, F, w, i, o: F.embedding_bag(i, w[0], o),
    "a cube": lambda torch, F, w, i, o: F.embedding_bag(i.view(1, 2, 3), w),
    "offsets of two dims": lambda torch, F, w, i, o: F.embedding_bag(i, w, o.view(2, 2)),
    "mode": lambda torch, F, w, i, o: F.embedding_bag(i, w, o, mode="x"),
    "sparse": lambda torch, F, w, i, o: F.embedding_bag(i, w, o, mode="max", sparse=True),
    "frequency": lambda torch, F, w, i, o: F.embedding_bag(
        i, w, o, mode="max", scale_grad_by_freq=True
    ),
    "weighed means": lambda torch, F, w, i, o: F.embedding_bag(
        i, w, o, per_sample_weights=i.float()
    ),
    "weights of doubles": lambda torch, F, w, i, o: F.embedding_bag(
        i, w, o, mode="sum", per_sample_weights=i.double()
    ),
    "few weights": lambda torch, F, w, i, o: F.embedding_bag(
        i, w, o, mode="sum", per_sample_weights=o.float()
    ),
    "mode 7": lambda torch, F, w, i, o: torch.embedding_bag(w, i, o, mode=7),
    "weighed mode": lambda torch, F, w, i, o: torch.embedding_bag(
        w, i, o, mode=1, per_sample_weights=i.float()
    ),
    "weights of two dims": lambda torch, F, w, i, o: torch.embedding_bag(
        w, i, o, per_sample_weights=i.float()[:, None]
    ),
    "a row for ATen": lambda torch, F, w, i, o: torch.embedding_bag(w[0], i, o),
    "offsets for ATen": lambda torch, F, w, i, o: torch.embedding_bag(w, i, o.view(2, 2)),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_refusals(body: Any) -> None:
    def f(torch: Any, *given: Any) -> Any:
        return body(torch, torch.nn.functional, *given)

    same(f, sample(5, 3), INDICES, OFFSETS)


NORMED = {
    "rows": lambda torch, w, i: torch.embedding_renorm_(w, i, 1.0, 2.0),
    "the first norm": lambda torch, w, i: torch.embedding_renorm_(w, i, 1.0, 1.0),
    "a large norm": lambda torch, w, i: torch.embedding_renorm_(w, i, 100.0, 2.0),
    "out of bounds": lambda torch, w, i: torch.embedding_renorm_(w, i + 9, 1.0, 2.0),
    "negative": lambda torch, w, i: torch.embedding_renorm_(w, i - 9, 1.0, 2.0),
    "bools": lambda torch, w, i: torch.embedding_renorm_(w, i.bool(), 1.0, 2.0),
    "a row": lambda torch, w, i: torch.embedding_renorm_(w[0], i, 1.0, 2.0),
    "integers": lambda torch, w, i: torch.embedding_renorm_(w.long(), i, 1.0, 2.0),
    "floats": lambda torch, w, i: torch.nn.functional.embedding(i.float(), w, max_norm=1.0),
    "embedding": lambda torch, w, i: torch.nn.functional.embedding(i, w, max_norm=1.0),
}


@pytest.mark.parametrize("body", NORMED.values(), ids=NORMED.keys())
@pytest.mark.parametrize("grad", [True, False])
def test_renorm(body: Any, grad: bool) -> None:
    same(body, sample(5, 3, grad=grad), INDICES)
