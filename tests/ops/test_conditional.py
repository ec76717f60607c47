"""where, masked_fill, clamp and nan_to_num against torch."""

import itertools

import numpy as np
import pytest
import torch

from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample

NAN, inf = float("nan"), float("inf")


def test_where_strides_and_derivatives():
    def f(t, c, x, y):
        return t.where(c, x, y)

    for one, other, third in itertools.product(LAYOUTS, LAYOUTS, ("contiguous", "reversed")):
        c = sample(2, 3, 4, dtype=torch.bool, layout=third)
        same(f, c, sample(2, 3, 4, layout=one), sample(2, 3, 4, layout=other, seed=1))
    c = sample(2, 1, dtype=torch.bool)
    same(f, c, sample(3), sample(2, 3, seed=1), second=True)
    same(f, c, sample(), 0.0)
    same(f, c, 1, sample(2, 3))
    same(f, c, sample(4), sample(3))
    same(f, torch.zeros(0, dtype=torch.bool), sample(1), sample(0))
    same(lambda t, c, x, y: x.where(c, y), c, sample(2, 3), sample(2, 3, seed=1))
    same(lambda t, c, x: x.where(c, 2), c, sample(2, 3))
    same(f, torch.tensor([True, False]), torch.tensor([1.0, 2.0], requires_grad=True),
         torch.tensor([NAN, NAN], requires_grad=True))  # fmt: skip


def test_where_dtypes():
    c = torch.tensor([True, False, True])
    for one, other in itertools.product(DTYPES, DTYPES):
        x, y = sample(3, dtype=one, grad=False), sample(3, dtype=other, seed=1, grad=False)
        same(lambda t, c, x, y: t.where(c, x, y), c, x, y)
        same(lambda t, c, x, y: t.where(c, x, y), c, x, y[0])
    for number in (1, 1.5, True, -1):
        for dtype in DTYPES:
            same(lambda t, c, x, n: t.where(c, x, n), c, sample(3, dtype=dtype), number)
        for other in (1, 0.5, False):
            same(lambda t, c, n, m: t.where(c, n, m), c, number, other)
    for dtype in DTYPES:
        same(lambda t, c: t.where(c, 1.0, 0.0), sample(3, dtype=dtype))
    same(lambda t, c, x, o: t.where(c, x, x, out=o), c, sample(3, grad=False), torch.zeros(3))
    same(lambda t, c, x: t.where(c, x, -x, out=x), c, sample(3, grad=False))


def test_masked_fill():
    mask = torch.tensor([[True, False, True]])
    for layout in LAYOUTS:
        x = sample(2, 3, layout=layout)
        same(lambda t, x, m: t.masked_fill(x, m, 2.5), x, mask, second=True)
        same(lambda t, x, m: (x * 1).masked_fill_(m, 2.5), x, mask, second=True)
        same(lambda t, x, m, v: x.masked_fill(m, v), x, mask, sample())
        same(lambda t, x, m, v: (x * 1).masked_fill_(m, v), x, mask, sample())
    same(lambda t, x, m: x.masked_fill(m, 0), sample(3), mask.expand(2, 3))
    for dtype in DTYPES:
        for value in (1, 2.5, True, -1, 1000):
            same(lambda t, x, m, v: x.masked_fill(m, v), sample(2, 3, dtype=dtype), mask, value)
        same(
            lambda t, x, m: x.masked_fill(m, 0), sample(2, 3), sample(2, 3, dtype=dtype, grad=False)
        )
    for bad in (sample(1), sample(2, 3)):
        same(lambda t, x, m, v: x.masked_fill(m, v), sample(2, 3), mask, bad)
    same(lambda t, x, m: x.masked_fill_(m, 0), sample(3, grad=False), mask.expand(2, 3))
    same(lambda t, x, m: x.masked_fill_(m, 0), sample(1, 3, grad=False).expand(2, 3), mask)
    same(lambda t, x, m: x.masked_fill_(m, 0), sample(2, 3), mask)


LIMITS = [(0, 1), (-0.5, 0.5), (None, 0.3), (0.3, None), (1, -1), (NAN, 1), (-1, 300), (None, None)]


@pytest.mark.parametrize("low, high", LIMITS)
def test_clamp_to_numbers(low, high):
    for layout in LAYOUTS:
        same(lambda t, x: t.clamp(x, low, high), sample(2, 3, 4, layout=layout), second=True)
    for dtype in DTYPES:
        same(lambda t, x: x.clip(min=low, max=high), sample(5, dtype=dtype))
        same(lambda t, x: x.clamp_(min=low, max=high), sample(5, dtype=dtype, grad=False))
        if low is not None:
            same(lambda t, x: x.clamp_min(low), sample(5, dtype=dtype))
        if high is not None:
            same(lambda t, x: t.clamp_max(x, high), sample(5, dtype=dtype))
    edges = torch.tensor([0.0, 1.0, -0.5, 0.5, 0.3, NAN, float("inf"), -1.0], requires_grad=True)
    same(lambda t, x: t.clamp(x, low, high), edges)


@pytest.mark.parametrize("op", ["clamp", "clamp_min", "clamp_max"])
def test_clamp_to_tensors(op):
    def f(t, x, *limits):
        return getattr(t, op)(x, *limits)

    n = 2 if op == "clamp" else 1
    for one, other in itertools.product(LAYOUTS, LAYOUTS):
        limits = [sample(2, 3, 4, layout=other, seed=i + 1) for i in range(n)]
        same(f, sample(2, 3, 4, layout=one), *limits)
    for shapes in [((2, 3), (3,), (2, 1)), ((), (), ()), ((3,), (2, 3), ())]:
        tensors = [sample(*s, seed=i, dtype=torch.float64) for i, s in enumerate(shapes)]
        same(f, *tensors[: n + 1], second=True)
    for one, other in itertools.product(DTYPES, DTYPES):
        same(f, sample(4, dtype=one), *[sample(4, dtype=other, seed=i + 1) for i in range(n)])
    ties = torch.tensor([0.0, 1.0, 2.0, NAN], requires_grad=True)
    same(
        f,
        ties,
        *[torch.tensor([0.0, 2.0, 2.0, 1.0], requires_grad=True)] * 1,
        *[torch.tensor([1.0, 1.0, 2.0, NAN], requires_grad=True)] * (n - 1),
    )
    same(lambda t, x, y: t.clamp(x, max=y), sample(3), sample(3, seed=1))
    same(lambda t, x, y: (x * 1).clamp_(min=y), sample(3), sample(3, seed=1))


def test_nan_to_num_strides():
    for dtype in FLOATING:
        for layout in LAYOUTS:
            same(lambda t, x: t.nan_to_num(x), sample(2, 3, 4, dtype=dtype, layout=layout))
    same(lambda t, x: t.nan_to_num(x), sample(1, 4).expand(3, 4))


@pytest.mark.parametrize("low, high", [(1, None), (None, 2), (1, 2), (True, 2.0)])
def test_clamp_takes_limits_of_one_kind(low, high):
    x, y = sample(3), sample(3, seed=1)
    same(lambda torch, x, y: torch.clamp(x, y if low is None else low, y), x, y)
    same(lambda torch, x, y: torch.clamp(x, y, y if high is None else high), x, y)


@pytest.mark.parametrize("default", [torch.float32, torch.float64])
@pytest.mark.parametrize("dtype", DTYPES)
def test_where_met_again(dtype, default):
    """The second time, what follows from the forms is known; and what does not, is not."""

    def f(t, c, x, y):
        before = t.get_default_dtype()
        t.set_default_dtype(getattr(t, str(default).removeprefix("torch.")))
        try:
            others = [y, 1, 2.5, True, NAN, -0.0, y[0], y.sum(), x.double(), x[:1]]
            return [[t.where(c, x, z), t.where(c, z, x), t.where(c, 1, z)] for z in others]
        finally:
            t.set_default_dtype(before)

    for layout in LAYOUTS:
        for kind in (torch.bool, torch.uint8):
            c = sample(2, 3, 4, dtype=torch.bool, layout=layout, seed=2).to(kind)
            known = {"dtype": dtype, "layout": layout, "grad": kind is torch.bool}  # else it warns
            x, y = sample(2, 3, 4, **known), sample(2, 3, 4, seed=1, **known)
            for _ in range(2):
                same(f, c, x, y)
            same(f, ~c if kind is torch.bool else 1 - c, y, x)


def test_where_met_again_refuses_and_aliases_nothing():
    def f(t, c, x):
        first = t.where(c, x, x)
        second = t.where(c, x, x)
        second += 1
        third = t.where(c, x, first, out=t.empty(0))
        return first, second, third, x

    same(f, sample(3, 4, dtype=torch.bool), sample(3, 4, grad=False))
    for bad in (torch.ones(3, 4), torch.ones(3, 4, dtype=torch.int64)):
        for _ in range(2):
            same(lambda t, c, x: t.where(c, x, 1.0), bad, sample(3, 4))


@pytest.mark.parametrize("dtype", DTYPES)
def test_fills_met_again(dtype):
    numbers = [0.0, -0.0, 2, 2**24 + 1, 1e300, -inf, NAN, True, 1e-46, 3.4028235e38]
    for layout in LAYOUTS:
        x = sample(3, 4, dtype=dtype, layout=layout, grad=False)
        mask = sample(3, 4, dtype=torch.bool, layout="reversed")
        for value in numbers * 2:
            for t, m in ((x, mask), (x[0], mask), (x, mask[0]), (x[0, 0], mask), (x[:0], mask[:0])):
                with np.errstate(all="raise"):
                    same(lambda _, t, m: t.masked_fill(m, value), t, m, exact=True)
        same(lambda _, t, m: t.masked_fill(m, t[0, 0]), x, mask)
    same(lambda _, t, m: (t.masked_fill(m, 1.5), t), sample(3, 4), mask)


@pytest.mark.parametrize(
    "low, high", [(0, 1), (None, -0.0), (0.0, None), (NAN, 1), (2, 1), (True, 2)]
)
def test_clamp_met_again(low, high):
    for dtype in DTYPES:
        x = sample(3, 4, dtype=dtype)
        for _ in range(3):
            same(lambda t, x: (x.clamp(low, high), x.clamp(max=high, min=low)), x, exact=True)
    x = torch.tensor([[-0.0, 0.0, NAN], [float("inf"), -1.0, 1.5]])
    for t in (x, x.t(), x[:, 1:], x[0, 0]):
        same(lambda _, x: (x.clamp(low, high), 1 / x.clamp(low, high)), t, exact=True)
