"""sort, argsort, topk, kthvalue against torch."""

import itertools

import numpy as np
import pytest
import torch

from minitorch_np import kernels
from minitorch_np.dtypes import float32
from minitorch_np.kernels.large import MANY
from minitorch_np.tensor import stored
from tests.oracle import DTYPES, LAYOUTS, arrange, same, sample

NAN = torch.tensor(
    [[1.0, float("nan"), 3.0, -2.0], [float("inf"), 1.0, float("nan"), -float("inf")]]
)
TIES = torch.tensor([[2, 1, 2, 1], [3, 3, 3, 0]])


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("descending", [False, True])
def test_sort(layout: str, descending: bool) -> None:
    for shape in [(5,), (2, 3), (2, 3, 4), (), (0,), (2, 0), (1, 3)]:
        for dim in range(-1, max(len(shape), 1)):
            x = sample(*shape, layout=layout)
            same(lambda t, x: t.sort(x, dim, descending), x, second=True)
            same(lambda t, x: x.sort(dim=dim, descending=descending, stable=True), x)
            same(lambda t, x: t.argsort(x, dim, descending), x)
    same(lambda t, x: t.sort(x, 1, descending), sample(2, 3, 4, 5, layout="channels_last"))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(dtype: torch.dtype) -> None:
    x = torch.tensor([[1, 3, 2, 0], [7, 5, 6, 4]]).to(dtype)
    for f in (
        lambda t, x: x.sort(), lambda t, x: x.sort(stable=True, descending=True),
        lambda t, x: x.argsort(), lambda t, x: t.msort(x),
    ):  # fmt: skip
        same(f, x)
    if dtype is not torch.bool:
        same(lambda t, x: x.topk(2), x)
        same(lambda t, x: x.kthvalue(2), x)


@pytest.mark.parametrize("x", [NAN, TIES, TIES.bool()], ids=["nan", "ties", "bool"])
@pytest.mark.parametrize("descending", [False, True])
def test_nan_and_ties(x: torch.Tensor, descending: bool) -> None:
    same(lambda t, x: x.sort(stable=True, descending=descending), x)
    same(lambda t, x: x.argsort(stable=True, descending=descending), x)
    same(lambda t, x: x.sort(0, descending).values, x)


@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_topk(largest: bool, layout: str) -> None:
    for shape in [(5,), (2, 3), (3, 3, 4)]:
        for dim in range(-1, len(shape)):
            for k in (0, 1, 3):
                if k <= shape[dim]:
                    x = sample(*shape, layout=layout)
                    same(lambda t, x: t.topk(x, k, dim, largest), x, second=True)
    same(lambda t, x: x.topk(2, largest=largest).values, NAN)


@pytest.mark.parametrize("x", [NAN, TIES, TIES.repeat(1, 20)], ids=["nan", "ties", "long"])
@pytest.mark.parametrize("largest", [False, True])
def test_which_of_equal_elements(x: torch.Tensor, largest: bool) -> None:
    for k in range(1, x.shape[-1] + 1):
        for ordered in (True, False):
            same(lambda t, x: x.topk(k, -1, largest, ordered), x)
    for k in range(1, x.shape[-1] + 1):
        same(lambda t, x: x.kthvalue(k), x)
    same(lambda t, x: x.topk(1, 0, largest), x)
    same(lambda t, x: x.topk(0, 0, largest, False), x)


def test_topk_errors_and_out() -> None:
    for k in (4, -1):
        same(lambda t, x: x.topk(k), sample(2, 3))
        same(lambda t, x: x.topk(k), sample())
    same(lambda t, x: x.topk(1), sample())
    same(lambda t, x: x.topk(1, 2), sample(2, 3))
    same(
        lambda t, x: t.topk(x, 2, out=(t.empty(0), t.empty(0, dtype=t.int64))),
        sample(2, 3, grad=False),
    )  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_kthvalue(layout: str) -> None:
    for shape in [(5,), (2, 3), (2, 3, 4)]:
        for dim in range(-1, len(shape)):
            for k in (1, 2, 3):
                for keepdim in (False, True):
                    x = sample(*shape, layout=layout)
                    if k <= shape[dim]:
                        same(lambda t, x: t.kthvalue(x, k, dim, keepdim), x, second=True)


def test_kthvalue_errors() -> None:
    for k in (0, 4):
        same(lambda t, x: x.kthvalue(k), sample(2, 3))
    same(lambda t, x: x.kthvalue(1), sample())
    same(lambda t, x: x.kthvalue(1), sample(2, 0))
    same(lambda t, x: x.kthvalue(1, 3), sample(2, 3))


def test_sort_out_and_repr() -> None:
    x = sample(2, 3, grad=False)
    same(lambda t, x: t.sort(x, out=(t.empty(0), t.empty(0, dtype=t.int64))), x)
    same(lambda t, x: repr(x.sort()), x)


def test_topk_of_few_elements_is_the_same_once_compiled_code_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elements = [0.0, -0.0, 1.0, -1.0, float("inf"), -float("inf"), float("nan"), 2.0]
    rows = list(itertools.permutations(range(8)))[::331]
    x = stored(np.array(elements, np.float32)[rows], float32)
    clean = stored(np.array(elements, np.float32)[[2, 3, 4, 5, 7]], float32)
    assert x.numel() < MANY
    _ = kernels.compiler  # which loads it
    for t, k, largest in itertools.product((x, x.t(), clean), (1, 3, 4), (True, False)):
        for dim in range(t.ndim):
            monkeypatch.setattr(kernels, "waiting", [print])
            before = t.topk(k, dim, largest)
            monkeypatch.setattr(kernels, "waiting", [])
            after = t.topk(k, dim, largest)
            assert after.indices.tolist() == before.indices.tolist()
            assert after.values.numpy().tobytes() == before.values.numpy().tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_zeros_of_both_signs_and_what_is_picked_of_them(dtype: torch.dtype) -> None:
    x = torch.tensor([[0.0, -0.0, 1.0], [-0.0, 0.0, -1.0], [2.0, 2.0, -2.0]]).to(dtype)
    for layout in ("contiguous", "reversed", "sliced"):
        arranged = arrange(x, layout)
        for dim in (0, 1):
            same(lambda t, x: 1 / t.sort(x, dim)[0].double(), arranged)
            same(lambda t, x: 1 / t.max(x, dim)[0].double(), arranged)
            same(lambda t, x: 1 / t.min(x, dim, True)[0].double(), arranged)
            same(lambda t, x: 1 / t.kthvalue(x, 2, dim)[0].double(), arranged)
            if dtype is not torch.bool:
                same(lambda t, x: t.argmax(x, dim), arranged)
                same(lambda t, x: t.topk(x, 2, dim)[0].double(), arranged)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_many_with_ties(dtype: torch.dtype, descending: bool) -> None:
    """Few values often, zeros and NaN of both signs among them: which bits come where."""
    values = torch.tensor([0.0, -0.0, NAN[0, 1], -NAN[0, 1], 1e-8, -1e-8, 3, -3, *NAN[1, [0, 3]]])
    torch.manual_seed(1)
    few = values[torch.randint(len(values), (7, 20, 60))].to(dtype)
    for x in (few, few.mT, sample(7, 20, 60, dtype=dtype, grad=False), few.reshape(-1)):
        for dim in range(x.ndim):
            same(lambda t, x, dim=dim: t.sort(x, dim, descending), x, exact=True)
            same(lambda t, x, dim=dim: x.sort(dim=dim, descending=descending).values.signbit(), x)
            same(lambda t, x, dim=dim: x.sort(dim=dim, descending=descending).indices, x)
    x = sample(9, 800, dtype=dtype)
    same(lambda t, x: t.sort(x, 1, descending), x)


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_where_equal_elements_come(
    dtype: torch.dtype, loaded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of up to 16 are sorted by insertion; longer ones not, unless they are to be stable."""
    if not loaded:
        monkeypatch.setattr(kernels, "waiting", [print])
    torch.manual_seed(2)
    for n in (16, 17, 40, 200):
        x = torch.randint(0, 2 if dtype is torch.bool else 7, (3, n)).to(dtype)
        for way in (False, True):
            same(lambda t, x, way=way: t.sort(x, 1, way), x)
            same(lambda t, x, way=way: x.mT.sort(0, way), x)
            same(lambda t, x, way=way: t.argsort(x, 1, way), x)
            same(lambda t, x, way=way: t.sort(x, dim=1, descending=way, stable=True), x)
        same(lambda t, x: t.msort(x.mT), x)
        same(lambda t, x: x[0, 3].expand(50).sort(descending=True), x)


@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool, torch.float32], ids=str)
def test_integers_sorted_by_their_digits(dtype: torch.dtype) -> None:
    torch.manual_seed(3)
    for n in (32_767, 32_768):
        x = torch.randint(0, 90, (n,)).to(dtype)
        same(lambda t, x: t.sort(x), x)
        same(lambda t, x: t.sort(x, descending=True), x)
        same(lambda t, x: t.sort(x.view(1, -1)), x)


def test_what_is_refused_of_arguments_by_stars() -> None:
    def by_stars(t, x):
        out = t.zeros(2, 3, dtype=t.int64), t.zeros(2, 3)
        named = {"dim": 0, "descending": True, "stable": True, "out": out}
        return t.sort(x, **named)

    same(by_stars, sample(2, 3, grad=False))
