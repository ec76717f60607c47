"""Half types of more elements than are computed at a time, in all orders: PyTorch's bits."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from minitorch_np.casts import BLOCK
from tests.oracle import same

SHAPES = {
    "rows": lambda x: x.view(257, -1),
    "columns": lambda x: x.view(257, -1).t(),
    "channels last": lambda x: x.view(257, -1, 2, 4).permute(0, 3, 1, 2),
    "slices": lambda x: x.view(257, -1)[:, ::2],
}
CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "mul": lambda x, y: x * y,
    "mul a number": lambda x, _: x * 0.3,
    "divided by a number": lambda x, _: x / 3,
    "a number divided": lambda x, _: 3 / x,
    "sqrt": lambda x, _: x.sqrt(),
    "relu": lambda x, _: x.relu(),
    "clamp": lambda x, _: x.clamp(-0.5, 0.25),
    "maximum": lambda x, y: x.maximum(y),
    "in place": lambda x, y: x.clone().add_(y).mul_(0.3),
    "onto itself": lambda x, _: x.clone().mul_(x),
    "a row": lambda x, y: x + y[:1],
    "of two types": lambda x, y: x * y.float(),
    "from two orders": lambda x, y: x + y.contiguous(),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("order", SHAPES)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_same_as_torch(dtype: torch.dtype, order: str, call: str) -> None:
    size = 257 * 8 * (2 * BLOCK // (257 * 8) + 1)
    assert size > 2 * BLOCK
    torch.manual_seed(1)
    x, y = (torch.randn(2, size) * 3).to(dtype)
    x[5], x[BLOCK], y[BLOCK + 1], y[-1] = float("nan"), float("inf"), 0.0, -float("inf")
    exact = call not in ("a row", "of two types")
    same(lambda _, a, b: CALLS[call](SHAPES[order](a), SHAPES[order](b)), x, y, exact=exact)
