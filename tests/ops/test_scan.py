"""cumsum, cumprod, cummax, cummin, logcumsumexp, diff against torch."""

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np import kernels
from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample

NAMES = ["cumsum", "cumprod", "cummax", "cummin", "logcumsumexp"]
HALF = (1e-2, 1e-2)
"""PyTorch rounds gradients of half types at every step."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_dims(name: str, layout: str) -> None:
    for shape in [(5,), (2, 3), (2, 3, 4), (1, 3), (), (0,), (2, 0)]:
        for dim in range(-1, max(len(shape), 1)):
            x = sample(*shape, layout=layout, dtype=torch.float64)
            second = name != "logcumsumexp" and shape != ()
            same(lambda t, x: getattr(t, name)(x, dim), x, second=second)
    x = sample(2, 3, layout=layout)
    same(lambda t, x: getattr(x, name)(1), x)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(name: str, dtype: torch.dtype) -> None:
    tol = HALF if dtype in FLOATING[:2] else None
    same(lambda t, x: getattr(x, name)(1), sample(3, 4, dtype=dtype), tol=tol)
    if name in ("cumsum", "cumprod"):
        ours = str(dtype).removeprefix("torch.")
        for given in (torch.float32, torch.int32, torch.bool):
            x = sample(3, 4, dtype=given, grad=False)
            same(lambda t, x: getattr(x, name)(0, dtype=getattr(t, ours)), x, tol=HALF)


@pytest.mark.parametrize("name", NAMES)
def test_special_values(name: str) -> None:
    inf, nan = float("inf"), float("nan")
    for row in [[1.0, nan, 2.0, nan], [inf, 1.0, -inf], [3.0, 3.0, 1.0, 3.0], [-inf, -inf, 0.0]]:
        same(lambda t, x: getattr(t, name)(x, 0), torch.tensor(row))
    if name.startswith("cum"):
        same(lambda t, x: getattr(t, name)(x, 0), torch.tensor([3.0, 3.0, 1.0], requires_grad=True))


@pytest.mark.parametrize("zeros", [(1,), (0,), (1, 2), (0, 1, 3), (3,), (0, 4)])
def test_cumprod_with_zeros(zeros: tuple[int, ...]) -> None:
    x = sample(2, 4, low=0.5)
    with torch.no_grad():
        x.view(-1)[list(zeros)] = 0
    same(lambda t, x: t.cumprod(x, 1), x)
    same(lambda t, x: t.cumprod(x, 0), x, second=True)


@pytest.mark.parametrize("name", NAMES)
def test_errors_and_out(name: str) -> None:
    same(lambda t, x: getattr(t, name)(x, 2), sample(2, 3))
    same(lambda t, x: getattr(t, name)(x, 1), sample())
    x = sample(2, 3, grad=False)
    if name in ("cummax", "cummin"):
        same(lambda t, x: getattr(t, name)(x, 0, out=(t.empty(0), t.empty(0, dtype=t.int64))), x)
    else:
        same(lambda t, x: getattr(t, name)(x, 0, out=t.empty(0)), x)
        same(lambda t, x: getattr(t, name)(x, 0, out=t.zeros(4)), x)


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_inplace(name: str) -> None:
    same(lambda t, x: getattr(x * 1, f"{name}_")(0), sample(2, 3), second=True)
    same(lambda t, x: getattr(x, f"{name}_")(0), sample(2, 3, dtype=torch.int32))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("inner", [1, 2, 3, 4, 5, 8])
@pytest.mark.parametrize("name", ["cumsum", "cumprod", "cumsum_", "cumprod_", "cummax", "cummin"])
def test_narrow_columns(name: str, inner: int, dtype: torch.dtype) -> None:
    x = sample(3, 1500, inner, grad=False, dtype=dtype)
    x[0, 70], x[1, 700, 0], x[2, 9, -1], x[2, 12, -1] = 0.0, torch.nan, torch.inf, -torch.inf
    for given in (x, x.view(4500, inner), x.view(-1, 5, inner), x.mT, x[:, ::2]):
        same(lambda t, x: getattr(x, name)(-2), given, exact=True)


def test_long_cumsum() -> None:
    same(lambda t, x: x.cumsum(0), sample(5000, low=0))


def test_diff() -> None:
    for shape in [(5,), (2, 3), (1,), (0,), ()]:
        for n in (0, 1, 2, 7, -1):
            same(lambda t, x: t.diff(x, n), sample(*shape), second=True)
    same(lambda t, x: x.diff(dim=0), sample(3, 4, layout="transposed"))
    same(lambda t, x, y: t.diff(x, prepend=y, append=x), sample(2, 3), sample(2, 1))
    same(lambda t, x, y: t.diff(x, prepend=y), sample(2, 3), sample(3))
    same(lambda t, x: t.diff(x), sample(7, dtype=torch.bool))
    same(lambda t, x: t.diff(x, dim=2), sample(2, 3))


@pytest.mark.parametrize("n", [0, 1, -1])
def test_diff_of_what_is_joined(n: int) -> None:
    more = {"prepend": sample(2, 3), "append": sample(1, 3)}
    for options in ({"prepend": more["prepend"]}, {"append": more["append"]}, more):
        same(
            lambda t, x, *joined, names=tuple(options): t.diff(
                x, n, 0, **dict(zip(names, joined, strict=True))
            ),
            sample(4, 3, layout="transposed"),
            *options.values(),
        )
    same(lambda t, x, y: t.diff(x, n, 0, prepend=y), sample(4, 3), sample(2, 2))
    same(lambda t, x, y: t.diff(x, n, 1, append=y), sample(4, 3), sample(2, 2))
    same(lambda t, x, y: t.diff(x, n, 3, append=y), sample(4, 3), sample(3))
    same(lambda t, x, y: t.diff(x, n, append=y), sample(), sample(3))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_scans_met_before_are_as_those_that_were_not(name, dtype, layout):
    for shape in ((3, 4), (2, 3, 4), (5,), (1, 1), (0, 3), (), (70, 70)):
        x = sample(*shape, dtype=dtype, layout=layout, grad=False)
        for dim in (0, -1, 1, 3) if shape == (70, 70) else (0, -1, 1, True, 3):
            for _ in range(3):
                same(lambda t, x, dim: getattr(x, name)(dim), x, dim, exact=shape != (70, 70))


@pytest.mark.parametrize("dtype", FLOATING)
def test_sums_start_at_a_positive_zero(dtype):
    x = torch.tensor([[-0.0, -0.0], [-0.0, 1.0], [-1.0, 1.0]], dtype=dtype)
    for dim in (0, 1):
        for _ in range(3):
            same(lambda t, x, dim: (x.cumsum(dim), 1 / x.cumsum(dim)), x, dim, exact=True)


def test_few_sums_by_a_loop_and_by_numpy_are_the_same(monkeypatch):
    x = minitorch_np.from_numpy(np.random.default_rng(0).standard_normal((2, 9, 5)).astype("f"))
    x[0, 3] = float("inf")
    x[1, 4] = float("nan")
    for t in (x, x.double()):
        for dim in range(3):
            waiting = [t.cumsum(dim) for _ in range(2)]
            _ = x[0].mm(x[0].t())  # loads compiled code
            assert kernels.waiting == []
            for found in (*waiting, t.cumsum(dim)):
                assert found.numpy().tobytes() == t.cumsum(dim).numpy().tobytes()
            monkeypatch.setattr(kernels, "waiting", [print])
            assert found.numpy().tobytes() == t.cumsum(dim).numpy().tobytes()
            monkeypatch.undo()
