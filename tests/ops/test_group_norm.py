"""group_norm against PyTorch, beyond the table of samples."""

from typing import Any

import pytest
import torch

from tests.oracle import same, sample


def grouped(torch: Any, x: Any, *parameters: Any) -> Any:
    """Group normalisation in two groups."""
    return torch.nn.functional.group_norm(x, 2, *parameters)


@pytest.mark.parametrize("shape", [(2, 4), (3, 4, 5), (2, 4, 3, 3), (4, 32, 8, 8), (0, 4, 3)])
@pytest.mark.parametrize("last", [False, True])
def test_group_norm(shape: tuple[int, ...], last: bool) -> None:
    x, w, b = sample(*shape), sample(shape[1], seed=1), sample(shape[1], seed=2)
    if last and len(shape) == 4:
        x = x.detach().to(memory_format=torch.channels_last).requires_grad_()
    tol = (1e-4, 1e-4)  # sums over hundreds of float32 in another order
    for given in [(x,), (x, w), (x, None, b), (x, w, b)]:
        same(grouped, *given, tol=tol)


def test_second_derivatives() -> None:
    given = [sample(*s, dtype=torch.float64) for s in [(2, 4, 3), (4,), (4,)]]
    same(grouped, *given, second=True)


REFUSED = {
    "channels": lambda torch, F, x: F.group_norm(x, 3),
    "negative": lambda torch, F, x: F.group_norm(x, -1),
    "one dim": lambda torch, F, x: F.group_norm(x[0, 0], 1),
    "one value": lambda torch, F, x: F.group_norm(x[:1, :, 0], 4),
    "no channels": lambda torch, F, x: F.group_norm(x[:, :0], 2),
    "no positions": lambda torch, F, x: F.group_norm(x[:, :, :0], 2),
    "weight": lambda torch, F, x: F.group_norm(x, 2, x[0, 0]),
    "bias": lambda torch, F, x: F.group_norm(x, 2, None, x[0, 0]),
    "integers": lambda torch, F, x: F.group_norm(x.long(), 2),
    "too many samples": lambda torch, F, x: torch.native_group_norm(x, None, None, 3, 4, 3, 2, 0.1),
    "fewer than no samples": lambda torch, F, x: torch.native_group_norm(
        x, None, None, -3, 4, 3, 2, 0.1
    ),
    "of no samples": lambda torch, F, x: torch.native_group_norm(
        x[:0], None, None, 1, 4, 3, 2, 0.1
    ),
    "integers and too many samples": lambda torch, F, x: torch.native_group_norm(
        x.long(), None, None, 3, 4, 3, 2, 0.1
    ),
    "a double weight": lambda torch, F, x: F.group_norm(x, 2, x[0, :, 0].double()),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_refusals(body: Any) -> None:
    same(lambda torch, x: body(torch, torch.nn.functional, x), sample(2, 4, 3))
