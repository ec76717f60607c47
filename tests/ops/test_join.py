import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from tests.ops.layouts import pairs
from tests.oracle import DTYPES, LAYOUTS, same, sample

JOINS: dict[str, Callable[..., Any]] = {
    "cat": lambda torch, x, y: torch.cat([x, y]),
    "cat_dim": lambda torch, x, y: torch.cat((x, y, x), -1),
    "concat": lambda torch, x, y: torch.concat([x, y], dim=1),
    "concatenate": lambda torch, x, y: torch.concatenate([x, y]),
    "cat_one": lambda torch, x, y: torch.cat([y]),
    "stack": lambda torch, x, y: torch.stack([x, y]),
    "stack_dim": lambda torch, x, y: torch.stack((x, y, y), -1),
    "hstack": lambda torch, x, y: torch.hstack([x, y]),
    "vstack": lambda torch, x, y: torch.vstack([x, y]),
    "row_stack": lambda torch, x, y: torch.row_stack([x, y]),
    "dstack": lambda torch, x, y: torch.dstack([x, y]),
    "column_stack": lambda torch, x, y: torch.column_stack([x, y]),
}


@pytest.mark.parametrize("name", JOINS)
def test_joins(name: str) -> None:
    f = JOINS[name]
    for shape in [(2, 3), (2, 3, 4)]:
        same(f, sample(*shape), sample(*shape, seed=1), second=True, exact=True)
    same(
        lambda torch, x, y: f(torch, x * x, x * y), sample(2, 3), sample(2, 3, seed=1), second=True
    )
    same(f, sample(2, 3), sample(2, 3, seed=1, grad=False))
    same(f, sample(2, 0), sample(2, 0, seed=1))


@pytest.mark.parametrize("name", ["hstack", "vstack", "dstack", "column_stack", "stack", "cat"])
def test_vectors_and_scalars(name: str) -> None:
    same(JOINS[name], sample(3), sample(3, seed=1))
    same(JOINS[name], sample(), sample(seed=1))


@pytest.mark.parametrize("name", ["cat_dim", "stack_dim", "column_stack"])
def test_layouts(name: str) -> None:
    for a, b in itertools.product(LAYOUTS, LAYOUTS):
        same(JOINS[name], sample(2, 3, 4, layout=a), sample(2, 3, 4, seed=1, layout=b))


@pytest.mark.parametrize("name", ["cat", "cat_dim", "stack", "stack_dim"])
def test_pairs_of_layouts(name: str) -> None:
    rng = random.Random(0)
    by_shape: dict[Any, Any] = {}
    for pair in pairs():
        by_shape.setdefault(pair[0].sizes, []).append(pair)
    for _ in range(300):
        (a, t), (b, u) = rng.choices(rng.choice(list(by_shape.values())), k=2)
        mine, theirs = JOINS[name](minitorch_np, a, b), JOINS[name](torch, t, u)
        assert (mine.sizes, mine.strides) == (tuple(theirs.shape), theirs.stride())
        assert np.array_equal(mine.array, theirs.numpy())


def test_channels_last() -> None:
    for a, b in itertools.product(["contiguous", "channels_last", "sliced"], repeat=2):
        x, y = sample(2, 3, 2, 4, layout=a), sample(2, 3, 2, 4, seed=1, layout=b)
        for name in ("cat", "cat_dim", "stack"):
            same(JOINS[name], x, y)
    x = sample(2, 3, 4).detach().permute(0, 2, 1)
    same(JOINS["stack"], x, x)
    same(lambda torch, x: torch.stack([x, x], 1), x)


def test_promotion() -> None:
    for a, b in itertools.product(DTYPES, DTYPES):
        same(
            JOINS["cat"],
            sample(2, 3, dtype=a, low=0),
            sample(2, 3, dtype=b, low=0, seed=1),
            second=True,
        )
        same(JOINS["stack"], sample(2, dtype=a, low=0), sample(2, dtype=b, low=0, seed=1))
        same(JOINS["stack"], sample(dtype=a, low=0), sample(dtype=b, low=0, seed=1))


def test_empty_vectors_are_left_out() -> None:
    e = torch.zeros(0, requires_grad=True)
    same(lambda torch, e, x: torch.cat([e, x, e], 1), e, sample(2, 3))
    same(lambda torch, e, x: torch.cat([e, e]), e, e)
    same(lambda torch, e, x: torch.cat([e, e], 1), e, e)
    same(lambda torch, e, x: torch.cat([e, x]), e.detach().double(), sample(2, 3))


ERRORS: dict[str, Callable[..., Any]] = {
    "cat_nothing": lambda torch, x: torch.cat([]),
    "cat_scalar": lambda torch, x: torch.cat([x, x.sum()]),
    "cat_dims": lambda torch, x: torch.cat([x, x.select(0, 0)]),
    "cat_sizes": lambda torch, x: torch.cat([x, x, x.t()]),
    "cat_dim": lambda torch, x: torch.cat([x, x], 2),
    "cat_tensor": lambda torch, x: torch.cat(x),
    "cat_element": lambda torch, x: torch.cat([x, 3]),
    "stack_nothing": lambda torch, x: torch.stack([]),
    "stack_sizes": lambda torch, x: torch.stack([x, x, x.t()]),
    "stack_dim": lambda torch, x: torch.stack([x, x], 4),
    "stack_tensor": lambda torch, x: torch.stack(x),
    "hstack": lambda torch, x: torch.hstack([]),
    "vstack": lambda torch, x: torch.vstack([]),
    "dstack": lambda torch, x: torch.dstack([]),
    "column_stack": lambda torch, x: torch.column_stack([]),
    "hstack_sizes": lambda torch, x: torch.hstack([x, x.t()]),
    "out_grad": lambda torch, x: torch.cat([x], out=x.detach()),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    same(ERRORS[name], sample(2, 3))


OUTS: dict[str, Callable[..., Any]] = {
    "empty": lambda x: x.narrow(0, 0, 0).clone(),
    "right": lambda x: x.expand(2, 2, 3).reshape(4, 3),
    "strided": lambda x: x.expand(2, 2, 3).permute(2, 0, 1).reshape(3, 4).t(),
    "wrong_shape": lambda x: x.select(0, 0).clone(),
    "double": lambda x: x.expand(2, 2, 3).reshape(4, 3).double(),
    "int": lambda x: x.expand(2, 2, 3).reshape(4, 3).int(),
    "expanded": lambda x: x.select(0, 0).clone().expand(4, 3),
}


@pytest.mark.parametrize("name", OUTS)
def test_out(name: str) -> None:
    def joined(torch: Any, x: Any, join: Callable[..., Any]) -> Any:
        out = OUTS[name](x)
        return join(torch, [x, x], out=out) is out, out, out._version

    x = sample(2, 3, grad=False)
    same(lambda torch, x: joined(torch, x, lambda torch, xs, out: torch.cat(xs, out=out)), x)
    same(lambda torch, x: joined(torch, x, lambda torch, xs, out: torch.vstack(xs, out=out)), x)
    same(lambda torch, x: joined(torch, x, lambda torch, xs, out: torch.stack(xs, 1, out=out)), x)
    same(lambda torch, x: joined(torch, x, lambda torch, xs, out: torch.stack(xs, out=out)), x)


def test_out_may_not_overlap() -> None:
    same(lambda torch, x: torch.cat([x.narrow(0, 0, 2), x.narrow(0, 2, 2)], out=x), torch.ones(4))
    same(lambda torch, x: torch.cat([x], out=x), torch.ones(4))


def test_a_changed_input_is_not_needed_for_backward() -> None:
    def write(torch: Any, x: Any, y: Any) -> Any:
        a = x * 1
        joined = torch.cat([a, y])
        a.zero_()
        return joined

    same(write, sample(2, 3), sample(1, 3))


def test_block_diag() -> None:
    def run(torch: Any, *t: Any) -> Any:
        return torch.block_diag(*t)

    x = sample(2, 3)
    for given in (
        (x, sample(3, 1, seed=1), sample(4)), (sample(), x), (sample(0), x), (x, sample(2, 0)),
        (x.detach().t().requires_grad_(),), (x.detach().int(), sample(2).detach().double()), (),
        (x, sample(2, 1, 1)), (x, 1),
    ):  # fmt: skip
        same(run, *given, second=True)


@pytest.mark.parametrize("name", ["cat", "stack"])
@pytest.mark.parametrize("dim", [0, 1, 2, -1, -2])
def test_joins_met_before_are_as_those_that_were_not(name: str, dim: int) -> None:
    def join(torch: Any, x: Any, y: Any) -> Any:
        made = getattr(torch, name)([x, y, x], dim)
        before = made.clone()
        x.add_(1)
        made.view(-1).mul_(2)
        return made, made.untyped_storage().nbytes(), made._version, made._base is None, before

    for shape in ((2, 3), (), (4,), (1, 1), (0, 2), (2, 3, 4), (70, 70)):
        for one, other in itertools.product(LAYOUTS, ("contiguous", "reversed")):
            x = sample(*shape, layout=one, grad=False)
            y = sample(*shape, layout=other, seed=1, grad=False)
            for _ in range(2):
                same(join, x, y, exact=True)
            same(lambda torch, x, y: getattr(torch, name)((x, y), dim), x, y.requires_grad_())
