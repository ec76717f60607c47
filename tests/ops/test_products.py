"""mm, bmm, mv, dot, vdot against torch: values, layouts of gradients, errors."""

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np import backends, kernels
from tests.oracle import DTYPES, FLOATING, INTEGRAL, LAYOUTS, arrange, ours, same, sample

CASES = {
    "mm": (lambda t, x, y: t.mm(x, y), (3, 4), (4, 5)),
    "bmm": (lambda t, x, y: t.bmm(x, y), (2, 3, 4), (2, 4, 5)),
    "mv": (lambda t, x, y: t.mv(x, y), (3, 4), (4,)),
    "dot": (lambda t, x, y: t.dot(x, y), (7,), (7,)),
    "vdot": (lambda t, x, y: t.vdot(x, y), (7,), (7,)),
}
HALF_SUM = (2e-2, 2e-2)
"""PyTorch rounds some half products on the way, where ours are rounded once."""


@pytest.mark.parametrize("first", LAYOUTS)
@pytest.mark.parametrize("second", LAYOUTS)
@pytest.mark.parametrize("name", CASES)
def test_layouts(name: str, first: str, second: str) -> None:
    f, a, b = CASES[name]
    same(f, sample(*a, layout=first), sample(*b, layout=second, seed=1), second=True)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_dtypes(name: str, dtype: torch.dtype) -> None:
    f, a, b = CASES[name]
    tol = HALF_SUM if dtype in FLOATING[:2] else None
    same(f, sample(*a, dtype=dtype), sample(*b, dtype=dtype, seed=1), tol=tol)


@pytest.mark.parametrize("dtype", INTEGRAL, ids=str)
def test_integers_wrap(dtype: torch.dtype) -> None:
    big = torch.iinfo(dtype).max // 2
    x = torch.full((2, 3), big, dtype=dtype)
    same(lambda t, x: t.mm(x, x.t()), x, exact=True)


@pytest.mark.parametrize(
    ("a", "b"),
    [((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (3, 0)), ((0, 0), (0, 0)), ((1, 1), (1, 1))],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.bool, torch.float16])
def test_empty(a: tuple[int, int], b: tuple[int, int], dtype: torch.dtype) -> None:
    same(lambda t, x, y: t.mm(x, y), sample(*a, dtype=dtype), sample(*b, dtype=dtype))
    same(
        lambda t, x, y: t.bmm(x, y),
        sample(2, *a, dtype=dtype), sample(2, *b, dtype=dtype),
    )  # fmt: skip
    same(lambda t, x, y: t.mv(x, y), sample(*a, dtype=dtype), sample(a[1], dtype=dtype))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("seed", range(4))
def test_mismatches(name: str, seed: int) -> None:
    f, _, _ = CASES[name]
    rng = np.random.default_rng(seed)
    for _ in range(12):
        a = tuple(int(n) for n in rng.integers(1, 4, rng.integers(0, 4)))
        b = tuple(int(n) for n in rng.integers(1, 4, rng.integers(0, 4)))
        kinds = [torch.float32, torch.float64, torch.int64, torch.bool, torch.float16]
        p, q = (kinds[i] for i in rng.choice(5, 2, p=[0.6, 0.1, 0.1, 0.1, 0.1]))
        same(f, sample(*a, dtype=p), sample(*b, dtype=q), tol=HALF_SUM)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    "make",
    [
        lambda t: t.empty(0), lambda t: t.zeros(2, 2), lambda t: t.empty(0, dtype=t.float64),
        lambda t: t.zeros(1, 1).expand(3, 5),
    ],
)  # fmt: skip
def test_out(name: str, make: object) -> None:
    _, a, b = CASES[name]

    def g(t, x, y):
        out = make(t)
        assert getattr(t, name)(x, y, out=out) is out
        return out

    same(g, sample(*a, grad=False), sample(*b, grad=False))


def test_out_keeps_its_layout() -> None:
    same(
        lambda t, x, y, out: t.mm(x, y, out=out),
        sample(3, 4, grad=False), sample(4, 5, grad=False),
        sample(3, 5, grad=False, layout="sliced"),
    )  # fmt: skip


def test_out_does_not_record() -> None:
    same(lambda t, x, y: t.mm(x, y, out=t.empty(0)), sample(2, 2), sample(2, 2))


def test_sum_of_half_types_is_not_stuck() -> None:
    x = torch.ones(1, 1000, dtype=torch.bfloat16)
    same(lambda t, x: t.mm(x, x.t()), x, exact=True)


def test_gradient_of_a_column_major_factor_is_column_major() -> None:
    x, y = sample(3, 4, layout="transposed"), sample(4, 5, layout="transposed", seed=1)
    a, b = ours(x), ours(y)
    out = minitorch_np.mm(a, b)
    got = minitorch_np.autograd.grad([out], [a, b], [ours(sample(3, 5, grad=False))])
    assert [g.stride() for g in got] == [(1, 3), (1, 4)]


@pytest.mark.parametrize("backend", ["numba", "numpy"])
def test_backends_agree(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "matmul", backend)
    before = kernels.matmul.calls
    x, y = sample(17, 33, layout="transposed"), sample(33, 9, layout="sliced")
    same(lambda t, x, y: t.mm(x, y), x, y, second=True)
    same(lambda t, x, y: t.addmm(t.ones(9), x, y, alpha=2, beta=3), x, y)
    same(lambda t, x: t.bmm(x, x.transpose(1, 2)), sample(3, 5, 7))
    same(lambda t, x: t.mm(x, x.t()), sample(3, 5, dtype=torch.int32))
    same(lambda t, x: t.mm(x, x.t()), arrange(sample(3, 5, dtype=torch.float16), "sliced"))
    assert (kernels.matmul.calls > before) == (backend == "numba")


def test_unknown_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "matmul", "fortran")
    x = ours(sample(2, 2))
    with pytest.raises(ValueError, match="not 'fortran'"):
        minitorch_np.mm(x, x)


def test_a_half_product_overflows_without_a_warning() -> None:
    for dtype in (torch.float16, torch.bfloat16):
        big = torch.full((2, 2), 3e4, dtype=dtype)
        same(lambda torch, a: a @ a, big * (1 if dtype is torch.float16 else 1e30))
