"""batch_norm and instance_norm against PyTorch, beyond the table of samples."""

from typing import Any

import pytest
import torch

from tests.oracle import same, sample


def train(torch: Any, x: Any, w: Any, b: Any, mean: Any, var: Any) -> Any:
    """In training: the result, and the statistics that were moved."""
    out = torch.nn.functional.batch_norm(x, mean, var, w, b, training=True, momentum=0.3)
    return out, mean, var


def evaluate(torch: Any, x: Any, w: Any, b: Any, mean: Any, var: Any) -> Any:
    """In evaluation."""
    return torch.nn.functional.batch_norm(x, mean, var, w, b)


def instances(torch: Any, x: Any, w: Any, b: Any, mean: Any, var: Any) -> Any:
    """Instance normalisation."""
    return torch.nn.functional.instance_norm(x, mean, var, w, b), mean, var


def given(*shape: int, dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    """An input, a weight, a bias and statistics."""
    c = shape[1]
    made = [sample(*shape, dtype=dtype), sample(c, dtype=dtype, seed=1)]
    made += [sample(c, dtype=dtype, seed=2), sample(c, dtype=dtype, seed=3, grad=False)]
    return [*made, sample(c, dtype=dtype, low=0.5, seed=4, grad=False)]


SHAPES = [(4, 3), (2, 3, 4), (2, 3, 4, 5), (2, 3, 2, 2, 2), (300, 20), (6, 20, 8, 8)]


@pytest.mark.parametrize("body", [train, evaluate, instances])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layout", ["contiguous", "transposed", "channels_last"])
def test_values(body: Any, shape: tuple[int, ...], layout: str) -> None:
    x = sample(*shape)
    if layout == "channels_last" and len(shape) == 4:
        x = x.detach().to(memory_format=torch.channels_last).requires_grad_()
    if layout == "transposed":
        x = x.detach().transpose(0, -1).contiguous().transpose(0, -1).requires_grad_()
    rest = given(*shape)[1:]
    tol = (1e-4, 1e-4)  # sums over hundreds of float32 in another order
    same(body, x, *rest, tol=tol)
    same(body, x, None, None, *rest[2:], tol=tol)
    if body is not evaluate:
        same(body, x, *rest[:2], None, None, tol=tol)


@pytest.mark.parametrize("body", [train, evaluate, instances])
def test_second_derivatives(body: Any) -> None:
    same(body, *given(2, 3, 4, dtype=torch.float64), second=True)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("body", [train, evaluate])
def test_float_parameters_beside_halves(body: Any, dtype: torch.dtype) -> None:
    x = sample(2, 3, 4, dtype=dtype)
    same(body, x, *given(2, 3, 4)[1:], tol=(2e-2, 2e-2))


REFUSED = {
    "integers": lambda torch, F, x, w: F.batch_norm(x.long(), None, None, training=True),
    "one value": lambda torch, F, x, w: F.batch_norm(x[:1, :, 0], None, None, training=True),
    "weight": lambda torch, F, x, w: F.batch_norm(x, None, None, w, training=True),
    "bias": lambda torch, F, x, w: F.batch_norm(x, None, None, None, w, training=True),
    "mean": lambda torch, F, x, w: F.batch_norm(x, w, w, training=True),
    "only a mean": lambda torch, F, x, w: F.batch_norm(x, w[:3].detach(), None, training=True),
    "no mean": lambda torch, F, x, w: F.batch_norm(x, None, w),
    "no variance": lambda torch, F, x, w: F.batch_norm(x, w[:3], None),
    "eps": lambda torch, F, x, w: F.batch_norm(x, None, None, training=True, eps=0.0),
    "negative eps": lambda torch, F, x, w: F.batch_norm(x, w, w, eps=-1),
    "one dim": lambda torch, F, x, w: F.batch_norm(w, None, None, training=True),
    "two dtypes": lambda torch, F, x, w: F.batch_norm(
        x, w[:3].detach(), w[:3].detach().double(), training=True
    ),
    "a mean with a gradient": lambda torch, F, x, w: F.batch_norm(x, w[:3], w[:3], training=True),
    "a double weight": lambda torch, F, x, w: F.batch_norm(
        x, None, None, w[:3].double(), training=True
    ),
    "one position": lambda torch, F, x, w: F.instance_norm(x[:, :, :1]),
    "no statistics": lambda torch, F, x, w: F.instance_norm(x, use_input_stats=False),
    "instance weight": lambda torch, F, x, w: F.instance_norm(x, weight=w),
    "nothing": lambda torch, F, x, w: torch.native_batch_norm(
        x[:0], None, None, None, None, True, 0.1, 0.1
    ),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_refusals(body: Any) -> None:
    same(lambda torch, x, w: body(torch, torch.nn.functional, x, w), sample(2, 3, 4), sample(4))


def test_out() -> None:
    def f(torch: Any, x: Any, *out: Any) -> Any:
        found = torch.native_batch_norm(x, None, None, None, None, True, 0.1, 0.1, out=out)
        return *found, [a is b for a, b in zip(found, out, strict=True)]

    x, n = sample(2, 3, 4, grad=False), torch.empty
    same(f, x, n(0), n(0), n(0))
    same(f, x, n(4, 3, 2).transpose(0, 2), n(3), n(2))
    same(f, x, n(0), n(3).double(), n(0))
    same(f, sample(2, 3, 4), n(0), n(0), n(0))
