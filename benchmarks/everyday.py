"""What people call all day, on a few numbers, beside PyTorch: creation, indexing, views, losses.

`overhead` has the ops that a training step is made of, and a target; these have none, for each has
decisions of its own to take before anything is computed. With BEFORE, the folder of another
checkout, its engine takes turns with them, as there.
"""

from collections.abc import Callable, Iterator
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.machine import settle
from benchmarks.overhead import copied, loaded
from benchmarks.timing import Row, take_turns

__all__ = ["CASES", "rows"]

Torch = Any
Given = Any
Case = Callable[[Torch, Given], object]

CASES: dict[str, Case] = {
    "number times number": lambda t, x: x.one * x.one,
    "integers plus integers": lambda t, x: x.whole + x.whole,
    "integers times 2": lambda t, x: x.whole * 2,
    "plus a row": lambda t, x: x.a + x.row,
    "1 - x": lambda t, x: 1 - x.a,
    "x ** 2": lambda t, x: x.a**2,
    "x > y": lambda t, x: x.a > x.b,
    "x > 1": lambda t, x: x.a > 1,
    "x == y": lambda t, x: x.a == x.b,
    "sigmoid": lambda t, x: x.a.sigmoid(),
    "tanh": lambda t, x: x.a.tanh(),
    "gelu": lambda t, x: t.nn.functional.gelu(x.a),
    "clamp": lambda t, x: x.a.clamp(0, 1),
    "addcmul": lambda t, x: t.addcmul(x.a, x.a, x.b),
    "lerp": lambda t, x: t.lerp(x.a, x.b, 0.5),
    "where": lambda t, x: t.where(x.mask, x.a, x.b),
    "masked_fill": lambda t, x: x.a.masked_fill(x.mask, 0.0),
    "maximum": lambda t, x: t.maximum(x.a, x.b),
    "mean": lambda t, x: x.a.mean(),
    "var": lambda t, x: x.a.var(),
    "norm": lambda t, x: x.a.norm(),
    "max": lambda t, x: x.a.max(),
    "max of rows": lambda t, x: x.a.max(1),
    "argmax": lambda t, x: x.a.argmax(1),
    "all": lambda t, x: x.mask.all(),
    "softmax": lambda t, x: x.a.softmax(1),
    "cumsum": lambda t, x: x.a.cumsum(1),
    "sort": lambda t, x: x.a.sort(1),
    "topk": lambda t, x: x.a.topk(2, 1),
    "x[0, 0]": lambda t, x: x.a[0, 0],
    "x[1:3]": lambda t, x: x.a[1:3],
    "x[:, 1]": lambda t, x: x.a[:, 1],
    "x[None]": lambda t, x: x.a[None],
    "x[indices]": lambda t, x: x.a[x.at],
    "x[mask]": lambda t, x: x.a[x.mask],
    "x[0, 0] = 1": lambda t, x: x.b.__setitem__((0, 0), 1.0),
    "x[1] = row": lambda t, x: x.b.__setitem__(1, x.row),
    "index_select": lambda t, x: x.a.index_select(0, x.at),
    "gather": lambda t, x: x.a.gather(1, x.picks),
    "reshape": lambda t, x: x.a.reshape(2, 8),
    "flatten": lambda t, x: x.a.flatten(),
    "permute": lambda t, x: x.a.permute(1, 0),
    "unsqueeze": lambda t, x: x.a.unsqueeze(0),
    "squeeze": lambda t, x: x.a.squeeze(),
    "expand": lambda t, x: x.row.expand(4, 4),
    "contiguous": lambda t, x: x.a.t().contiguous(),
    "split": lambda t, x: x.a.split(2),
    "cat": lambda t, x: t.cat([x.a, x.b]),
    "stack": lambda t, x: t.stack([x.a, x.b]),
    "clone": lambda t, x: x.a.clone(),
    "detach": lambda t, x: x.a.detach(),
    "copy_": lambda t, x: x.b.copy_(x.a),
    "to float64": lambda t, x: x.a.double(),
    "item": lambda t, x: x.one.item(),
    "tolist": lambda t, x: x.a.tolist(),
    "numpy": lambda t, x: x.a.numpy(),
    "from_numpy": lambda t, x: t.from_numpy(x.array),
    "tensor of a number": lambda t, x: t.tensor(1.0),
    "tensor of a list": lambda t, x: t.tensor([1.0, 2.0, 3.0]),
    "zeros": lambda t, x: t.zeros(4, 4),
    "arange": lambda t, x: t.arange(4),
    "rand": lambda t, x: t.rand(4, 4),
    "randn": lambda t, x: t.randn(4, 4),
    "x @ row": lambda t, x: x.a @ x.row,
    "einsum": lambda t, x: t.einsum("ij,jk->ik", x.a, x.b),
    "linear": lambda t, x: t.nn.functional.linear(x.a, x.b, x.row),
    "layer_norm": lambda t, x: t.nn.functional.layer_norm(x.a, (4,)),
    "embedding": lambda t, x: t.nn.functional.embedding(x.at, x.a),
    "dropout": lambda t, x: t.nn.functional.dropout(x.a),
    "mse_loss": lambda t, x: t.nn.functional.mse_loss(x.a, x.b),
    "cross_entropy": lambda t, x: t.nn.functional.cross_entropy(x.a, x.labels),
    "conv2d": lambda t, x: t.nn.functional.conv2d(x.image, x.filters),
    "max_pool2d": lambda t, x: t.nn.functional.max_pool2d(x.image, 2),
    "shape": lambda t, x: x.a.shape,
    "len": lambda t, x: len(x.a),
}
"""Each is called with a library and with what `given` made in it."""


def given(torch: Torch) -> Given:
    """Small tensors to call the cases with; two matrices have been multiplied before."""
    a = torch.arange(16.0).view(4, 4).div(7).add(0.3)
    _ = a.mm(a)
    return SimpleNamespace(
        a=a,
        b=torch.ones(4, 4) * 1.5,
        row=torch.arange(4.0) + 0.5,
        one=torch.tensor(1.5),
        whole=torch.ones(4, 4, dtype=torch.int64),
        mask=a > 1,
        at=torch.tensor([0, 2, 1]),
        picks=torch.tensor([[0, 1], [2, 3], [3, 2], [1, 0]]),
        labels=torch.tensor([1, 2, 0, 3]),
        image=torch.ones(1, 2, 8, 8),
        filters=torch.ones(3, 2, 3, 3),
        array=np.ones((4, 4), np.float32),
    )


def rows(seconds: float) -> Iterator[Row]:
    """A row for each case."""
    engines, skipped = loaded()
    tensors = {name: given(torch) for name, torch in engines.items()}
    for case, f in CASES.items():
        calls = {n: partial(copied(f), torch, tensors[n]) for n, torch in engines.items()}
        settle()
        yield Row("everyday", case, take_turns(calls, seconds), skipped=skipped)
