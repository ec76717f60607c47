"""index_put and the strides of what index tensors give, against PyTorch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle import DTYPES, FLOATING, LAYOUTS, arrange, same, sample

PUT: list[Callable[..., Any]] = [
    lambda torch, x, y, i: x.index_put((i,), y),
    lambda torch, x, y, i: x.index_put([i], y, accumulate=True),
    lambda torch, x, y, i: torch.index_put(x, (i, i), y[:, 0], True),
    lambda torch, x, y, i: torch.index_put(x, (i, i, i), y[0, 0]),
    lambda torch, x, y, i: (x * 1).index_put_((i,), y[:1]),
    lambda torch, x, y, i: (x * 1).index_put_((i,), y[0, 0, 0], True),
    lambda torch, x, y, i: (x * 1).index_put_((i.int(), i[:, None]), y[:, :1], accumulate=True),
    lambda torch, x, y, i: (x * 1)[1:].index_put_((i * 0, i), y[:, 0], accumulate=True),
    lambda torch, x, y, i: x.index_put((x > 0,), torch.tensor(2.0)),
    lambda torch, x, y, i: x.index_put((x > 0,), y.sum(), accumulate=True),
    lambda torch, x, y, i: x.index_put((x.detach()[:, :, 0] > 0,), y[0, :1], True),
    lambda torch, x, y, i: x.transpose(0, 2).index_put((i,), y.transpose(1, 2)[:1], True),
]


@pytest.mark.parametrize("nr", range(len(PUT)))
def test_index_put(nr: int) -> None:
    i = torch.tensor([1, 0, -1, 1])
    x, y = sample(2, 2, 4), sample(4, 2, 4, seed=3)
    if nr == len(PUT) - 1:
        y = sample(4, 2, 2, seed=3)
    same(PUT[nr], x, y, i, second=True)
    same(PUT[nr], arrange(x, "transposed"), arrange(y, "reversed"), i)


@pytest.mark.parametrize("columns", [1, 200])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_accumulates_in_order(dtype: torch.dtype, columns: int) -> None:
    random = np.random.default_rng(0)
    x = torch.zeros(5, columns).to(dtype)
    y = torch.from_numpy(random.standard_normal((30, columns)) * 3).to(dtype)
    i = torch.from_numpy(random.integers(-5, 5, 30))
    same(lambda torch, x, y, i: x.index_put((i,), y, True), x, y, i, exact=True)
    same(lambda torch, x, y, i: x.clone().index_put_((i,), y[0, 0], True), x, y, i, exact=True)
    same(lambda torch, x, y, i: x.index_put((i, i % columns), y[:, 0], True), x, y, i, exact=True)


REFUSED: list[Callable[..., Any]] = [
    lambda torch, x, i: x.index_put((i, i, i), x),
    lambda torch, x, i: x.index_put((i + 9,), x[0]),
    lambda torch, x, i: x.index_put((i - 9,), x[0], True),
    lambda torch, x, i: x.index_put((i,), torch.ones(7)),
    lambda torch, x, i: x.index_put((i,), x.double()[0]),
    lambda torch, x, i: x.index_put((i.float(),), x[0]),
    lambda torch, x, i: x.index_put((None, i), x[:, :1]),
    lambda torch, x, i: x.detach().index_put_((i,), x.detach()),
    lambda torch, x, i: x.index_put_((i,), x[0]),
    lambda torch, x, i: x.index_put((i, torch.zeros(3, dtype=torch.int64)), x[0]),
    lambda torch, x, i: x.index_put((torch.ones(3, dtype=torch.bool),), x[0]),
    lambda torch, x, i: x.index_put((torch.ones(2, 9, dtype=torch.bool),), torch.tensor(1.0)),
]


@pytest.mark.parametrize("nr", range(len(REFUSED)))
def test_refused(nr: int) -> None:
    same(REFUSED[nr], sample(2, 4), torch.tensor([1, 0]))


def test_saved_indices_are_checked() -> None:
    def run(torch: Any, x: Any, i: Any) -> Any:
        out = x.index_put((i,), x[0])
        i += 0
        return out

    same(run, sample(2, 4), torch.tensor([1, 0]))


@settings(max_examples=120, deadline=None, derandomize=True, database=None)
@given(
    shape=st.lists(st.integers(0, 4), min_size=2, max_size=5).map(tuple),
    order=st.randoms(use_true_random=False),
    named=st.lists(
        st.sampled_from([None, "1", "b1", "1b", "11", "bb", "", "t"]), min_size=1, max_size=5
    ),
    dtype=st.sampled_from([torch.int64, torch.int32]),
    layout=st.sampled_from(LAYOUTS),
)
def test_strides(
    shape: Any, order: Any, named: list[str | None], dtype: torch.dtype, layout: str
) -> None:
    """The strides of index tensors decide too: expanded, transposed, of several ranks."""
    dims = list(range(len(shape)))
    order.shuffle(dims)
    x = arrange(sample(*shape, grad=False), layout).permute(dims)

    def run(torch: Any, x: Any) -> Any:
        kind = torch.int32 if dtype is globals()["torch"].int32 else torch.int64
        made = {
            None: slice(None), "1": torch.zeros(3, dtype=kind),
            "b1": torch.zeros(3, dtype=kind).expand(2, 3),
            "1b": torch.zeros(2, 1, dtype=kind).expand(2, 3), "11": torch.zeros(2, 3, dtype=kind),
            "bb": torch.zeros((), dtype=kind).expand(2, 3), "": torch.zeros(1, dtype=kind)[:, None],
            "t": torch.zeros(3, 2, dtype=kind).t(),
        }  # fmt: skip
        return x[tuple([made[n] for n in named])]

    same(run, x, exact=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64], ids=str)
def test_many_places_named_a_few_times(dtype: torch.dtype) -> None:
    random = np.random.default_rng(1)
    x = torch.from_numpy(random.standard_normal((300, 20)) * 3).to(dtype)
    y = torch.from_numpy(random.standard_normal((600, 20)) * 3).to(dtype)
    i = torch.from_numpy(random.integers(-300, 300, 600))
    same(lambda torch, x, y, i: x.index_put((i,), y, True), x, y, i, exact=True)
    # contiguous values: PyTorch adds in the order of their memory, which decides on rounding
    same(
        lambda torch, x, y, i: x.t().index_put((i[:20, None] % 20, i), y.reshape(20, 600), True),
        x, y, i, exact=True,
    )  # fmt: skip


MANY_PUTS: list[Callable[..., Any]] = [
    lambda torch, x, i, j: x[i],
    lambda torch, x, i, j: x[:, i],
    lambda torch, x, i, j: x[:, :, i.view(40, -1)],
    lambda torch, x, i, j: x[i, j],
    lambda torch, x, i, j: x[:, i, j],
    lambda torch, x, i, j: x[i, :, j],
    lambda torch, x, i, j: x[i, j, i],
    lambda torch, x, i, j: x[i.int() - 12],
    lambda torch, x, i, j: x.transpose(0, 2)[i, j],
    lambda torch, x, i, j: x[i.view(-1, 1), j[:30]],
    lambda torch, x, i, j: x.index_put((i,), x[j].detach() * 3, accumulate=True),
    lambda torch, x, i, j: x.index_put((i,), x[0].detach(), accumulate=True),
    lambda torch, x, i, j: x.index_put((i, j), x[0, 0, :1].detach(), accumulate=True),
]


SLICES = {0, 1, 2, 5, 7, 10}
"""The calls whose indices name slices, not elements."""


@pytest.mark.parametrize("dtype", [*FLOATING, torch.int64], ids=str)
@pytest.mark.parametrize("nr", range(len(MANY_PUTS)))
def test_many(nr: int, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(nr)
    i, j = torch.randint(0, 12, (2, 840 if nr in SLICES else 4200), generator=generator)
    same(MANY_PUTS[nr], sample(12, 13, 14, dtype=dtype), i, j)
