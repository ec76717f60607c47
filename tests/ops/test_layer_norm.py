"""layer_norm and rms_norm against PyTorch, beyond the table of samples."""

from typing import Any

import pytest
import torch

import minitorch_np
from minitorch_np.nn import functional as F
from tests.oracle import same, sample


def through(torch: Any, *given: Any) -> Any:
    """Layer normalisation over the last two dims."""
    return torch.nn.functional.layer_norm(given[0], given[0].shape[1:], *given[1:])


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 1, 1), (0, 3, 2), (40, 12, 16), (3, 70, 90)])
def test_layer_norm(shape: tuple[int, ...]) -> None:
    t = sample(*shape)
    w, b = sample(*shape[1:], seed=1), sample(*shape[1:], seed=2)
    for given in [(t,), (t, w), (t, None, b), (t, w, b)]:
        same(through, *given, grad_tol=(1e-5, 1e-4))
    double = [x.detach().double().requires_grad_() for x in (t, w, b)]
    same(through, *double, second=t.numel() < 1000)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_float_parameters_beside_halves(dtype: torch.dtype) -> None:
    def f(torch: Any, x: Any, w: Any) -> Any:
        return torch.native_layer_norm(x, (4,), w, None, 1e-5)

    tol = (1e-2, 1e-2)
    same(f, sample(2, 3, 4, dtype=dtype), sample(4), tol=tol)
    same(f, sample(2, 3, 4, dtype=dtype), sample(4, dtype=dtype), tol=tol)


REFUSED = {
    "no dims": lambda torch, x, w: torch.layer_norm(x, ()),
    "weight": lambda torch, x, w: torch.layer_norm(x, (4,), w),
    "bias": lambda torch, x, w: torch.layer_norm(x, (4,), None, w),
    "input": lambda torch, x, w: torch.layer_norm(x, (3, 3)),
    "short": lambda torch, x, w: torch.layer_norm(x, (1, 2, 3, 4)),
    "integers": lambda torch, x, w: torch.layer_norm(x.long(), (4,)),
    "an int": lambda torch, x, w: torch.nn.functional.layer_norm(x, 4),
    "a double weight": lambda torch, x, w: torch.layer_norm(x, (3,), w.double()),
    "a float weight": lambda torch, x, w: torch.layer_norm(x.mT.double(), (3,), w),
    "rms weight": lambda torch, x, w: torch.rms_norm(x, (4,), w),
    "rms input": lambda torch, x, w: torch.rms_norm(x, (3, 3)),
    "rms integers": lambda torch, x, w: torch.rms_norm(x.long(), (4,)),
    "rms no dims": lambda torch, x, w: torch.rms_norm(x, []),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_refusals(body: Any) -> None:
    same(body, sample(2, 3, 4), sample(3))


@pytest.mark.parametrize("eps", [None, 0.1])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_rms_norm(dtype: torch.dtype, eps: float | None) -> None:
    def f(torch: Any, x: Any, *w: Any) -> Any:
        return torch.nn.functional.rms_norm(x, (3, 4), *w, eps=eps)

    tol = None if dtype in (torch.float32, torch.float64) else (2e-2, 2e-2)
    given = sample(2, 3, 4, dtype=dtype), sample(3, 4, dtype=dtype, seed=1)
    same(f, given[0], tol=tol)
    same(f, *given, tol=tol)
    same(f, sample(2, 3, 4, dtype=dtype), sample(3, 4, seed=1), tol=tol)  # warns of dtypes


def test_a_gradient_is_one_node() -> None:
    x, w = minitorch_np.ones(2, 3, requires_grad=True), minitorch_np.ones(3, requires_grad=True)
    out = F.layer_norm(x, (3,), w)
    of_x, of_w = minitorch_np.autograd.grad(out.sum(), [x, w], create_graph=True)
    assert of_x.grad_fn is of_w.grad_fn
    assert minitorch_np.native_layer_norm(x, (3,), w, None, 1e-5)[1].grad_fn is None
