"""unique, searchsorted, bucketize, bincount, histc against torch."""

import itertools

import pytest
import torch

from tests.oracle import DTYPES, LAYOUTS, same, sample


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_unique(dtype: torch.dtype) -> None:
    x = torch.tensor([[2, 1, 2], [0, 1, 0]]).to(dtype)
    for inverse, counts in itertools.product((False, True), repeat=2):
        f = lambda t, x: t.unique(x, return_inverse=inverse, return_counts=counts)  # noqa: E731
        same(f, x)
        f = lambda t, x: x.unique_consecutive(inverse, counts)  # noqa: E731
        same(f, x)
        for dim in (0, 1, -1):
            f = lambda t, x: t.unique(x, True, inverse, counts, dim)  # noqa: E731
            same(f, x)


def test_unique_layouts_empty_and_nan() -> None:
    for layout in LAYOUTS:
        same(lambda t, x: t.unique(x, return_inverse=True), sample(2, 3, layout=layout, grad=False))
    same(lambda t, x: t.unique(x, return_counts=True), torch.tensor([1.0, torch.nan, torch.nan]))
    for shape in [(0,), ()]:
        same(lambda t, x: t.unique(x, return_inverse=True), sample(*shape, grad=False))
    same(lambda t, x: t.unique(x, dim=3), sample(2, 3, grad=False))
    for shape in [(1, 2, 0), (0, 2, 0), (0, 2, 1)]:
        for dim in (0, 1, 2):
            f = lambda t, x: t.unique(x, True, True, True, dim)  # noqa: E731
            same(f, sample(*shape, grad=False))


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.float16], ids=str)
def test_searchsorted(right: bool, dtype: torch.dtype) -> None:
    rows = torch.tensor([[1, 2, 2, 5], [0, 3, 4, 4]]).to(dtype)
    values = torch.tensor([[2, 0, 9], [4, 3, 5]]).to(dtype)
    same(lambda t, r, v: t.searchsorted(r, v, right=right), rows, values)
    same(lambda t, r, v: t.searchsorted(r[0], v, right=right, out_int32=True), rows, values)
    same(lambda t, r: t.searchsorted(r[0], 2, right=right), rows)
    same(lambda t, r, v: t.bucketize(v, r[0], right=right), rows, values)
    same(lambda t, r, v: t.searchsorted(r, v, side="right" if right else "left"), rows, values)


def test_searchsorted_errors() -> None:
    rows, values = sample(2, 3, grad=False), sample(3, 4, grad=False)
    same(lambda t, r, v: t.searchsorted(r, v), rows, values)
    same(lambda t, r, v: t.searchsorted(r[0], v, side="up"), rows, values)
    same(lambda t, r, v: t.searchsorted(r[0], v, right=True, side="left"), rows, values)
    same(lambda t, r, v: t.bucketize(v, r), rows, values)


def test_bincount() -> None:
    x = torch.tensor([1, 3, 1, 0])
    for dtype in (torch.int64, torch.uint8, torch.int32):
        same(lambda t, x: t.bincount(x), x.to(dtype))
        same(lambda t, x: x.bincount(minlength=7), x.to(dtype))
    for weights in (torch.float32, torch.float64, torch.int64):
        same(lambda t, x, w: t.bincount(x, w), x, sample(4, dtype=weights, grad=False))
    for bad in (x - 1, x.view(2, 2), x.float()):
        same(lambda t, x: t.bincount(x), bad)
    same(lambda t, x: t.bincount(x, minlength=-1), x)
    same(lambda t, x: t.bincount(x), torch.zeros(0, dtype=torch.int64))


def test_histc() -> None:
    x = sample(40, grad=False)
    same(lambda t, x: t.histc(x), x)
    same(lambda t, x: t.histc(x, 5), x)
    same(lambda t, x: t.histc(x, bins=4, min=-1, max=1), x)
    same(lambda t, x: t.histc(x, 3), torch.ones(4))
    same(lambda t, x: t.histc(x, 0), x)


def test_runs_of_slices():
    x = torch.tensor([[1, 1, 2, 2], [1, 1, 2, 1], [1, 1, 2, 1]])
    for dim in (0, 1, -1):
        same(lambda torch, x, d=dim: torch.unique_consecutive(x, True, True, d), x)
        same(lambda torch, x, d=dim: x.float().unique_consecutive(dim=d), x)
    cube = x.view(3, 2, 2)
    same(lambda torch, x: torch.unique_consecutive(x, return_inverse=True, dim=1), cube)
    same(lambda torch, x: torch.unique_consecutive(x[:0], True, True, 0), x)
    same(lambda torch, x: torch.unique_consecutive(x[:0], dim=1), x)
    same(lambda torch, x: torch.unique_consecutive(x[:0, :0], dim=1), x)
    same(lambda torch, x: torch.unique_consecutive(x, dim=2), x)
    same(lambda torch, x: torch.unique_consecutive(x, dim=0), x.float().requires_grad_())
