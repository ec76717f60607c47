"""Half types of more elements than are computed at a time, in all orders: PyTorch's bits."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

import minitorch_np
from experiments.conformance.bridge import ours
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
    "abs": lambda x, _: x.abs(),
    "neg": lambda x, _: -x,
    "a number more": lambda x, _: x + 0.3,
    "a number less": lambda x, _: x - 0.3,
    "taken from a number": lambda x, _: 0.3 - x,
    "divided": lambda x, y: x / y,
    "a column": lambda x, y: x * y[:, :1],
    "divided by a row": lambda x, y: x / y[:1],
    "largest with a row": lambda x, y: x.maximum(y[:1]),
    "where": lambda x, y: (x > 0).where(x, y),
    "where a number": lambda x, _: (x > 0).where(0.3, x),
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
    exact = call != "of two types"
    same(lambda _, a, b: CALLS[call](SHAPES[order](a), SHAPES[order](b)), x, y, exact=exact)


@pytest.mark.parametrize("name", ["abs", "neg"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_signs_of_all_bits_there_are(dtype: torch.dtype, name: str) -> None:
    """Each nan keeps what it carries."""
    x = torch.arange(-(1 << 15), 1 << 15).to(torch.int16)

    def call(lib: Any, x: Any) -> Any:
        kind = getattr(lib, str(dtype).partition(".")[2])
        return getattr(x.view(kind), name)().view(lib.int16)

    same(call, x)


ROWS: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda _, x: x.sum(),
    "sum of rows": lambda _, x: x.sum(1),
    "sum of columns": lambda _, x: x.sum(0, True),
    "sum of few columns": lambda _, x: x.reshape(-1, 3).sum(0),
    "sum of short columns": lambda _, x: x[:50].sum(0),
    "running sums": lambda _, x: x.cumsum(1),
    "softmax": lambda _, x: x.softmax(1),
    "softmax of columns": lambda _, x: x.softmax(0),
    "log_softmax": lambda _, x: x.log_softmax(-1),
    "layer_norm": lambda lib, x: lib.native_layer_norm(x, x.shape[1:], x[0], x[1], 1e-5),
    "layer_norm alone": lambda lib, x: lib.native_layer_norm(x, x.shape[1:], None, None, 1e-5),
}


@pytest.mark.parametrize("call", ROWS)
@pytest.mark.parametrize("turned", [False, True], ids=["rows", "columns"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_rows_same_as_torch(dtype: torch.dtype, turned: bool, call: str) -> None:
    torch.manual_seed(2)
    x = torch.randn(300, 402).to(dtype)
    same(lambda lib, x: ROWS[call](lib, x.t() if turned else x), x, exact=False)


@pytest.mark.parametrize("backward", ["softmax", "log_softmax"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_slopes_of_rows(dtype: torch.dtype, backward: str) -> None:
    torch.manual_seed(3)
    x, g = torch.randn(2, 300, 402).to(dtype)

    def call(_: Any, x: Any, g: Any) -> Any:
        x = x.clone().requires_grad_()
        getattr(x, backward)(1).backward(g)
        return x.grad

    if backward == "softmax":
        same(call, x, g, exact=False)
        return
    # torch is farther from the exact gradient than the tolerance, and ours is nearer than torch
    exact = call(torch, x.double(), g.double())
    got, theirs = call(minitorch_np, ours(x), ours(g)), call(torch, x, g)
    assert got.stride() == theirs.stride()
    off, theirs_off = ((t.double() - exact).abs() for t in (torch.from_dlpack(got), theirs))
    assert off.max() <= theirs_off.max()
    assert off.mean() <= theirs_off.mean()


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("k", [1, 5, 9, 30, 400, 640])
@pytest.mark.parametrize("kind", ["float16", "bfloat16", "few numbers", "ascending"])
def test_which_of_equal_elements(kind: str, k: int, largest: bool) -> None:
    torch.manual_seed(4)
    x = torch.randn(31, 640)
    if kind == "few numbers":
        x = (x * 2).round()
        x[3, ::7], x[5] = float("nan"), 0.0
        x[5, ::3] = -0.0
    elif kind == "ascending":
        x = torch.arange(640.0).div(3, rounding_mode="floor").repeat(31, 1)
    else:
        x = x.to(getattr(torch, kind))
    same(lambda _, x: tuple(x.topk(k, 1, largest)), x)
    same(lambda _, x: tuple(x.topk(k, 1, largest, False)), x)
    same(lambda _, x: tuple(x.kthvalue(k, 1)), x)
    same(lambda _, x: tuple(x.t().kthvalue(k, 0)), x)
