"""addmm and its kin against torch: scales, broadcasting, in-place, errors."""

import numpy as np
import pytest
import torch

from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample

HALF_SUM = (2e-2, 4e-2)
"""PyTorch rounds some half products on the way, where ours are rounded once."""

CASES = {
    "addmm": ((3, 5), (3, 4), (4, 5)),
    "addmv": ((3,), (3, 4), (4,)),
    "addr": ((3, 4), (3,), (4,)),
    "baddbmm": ((2, 3, 5), (2, 3, 4), (2, 4, 5)),
    "addbmm": ((3, 5), (2, 3, 4), (2, 4, 5)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", CASES)
def test_layouts(name: str, layout: str) -> None:
    c, a, b = CASES[name]
    for other in LAYOUTS:
        same(
            lambda t, c, x, y: getattr(t, name)(c, x, y, beta=2, alpha=3),
            sample(*c, layout=other), sample(*a, layout=layout),
            sample(*b, layout=LAYOUTS[(LAYOUTS.index(layout) + LAYOUTS.index(other)) % 5]),
            second=True,
        )  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_dtypes(name: str, dtype: torch.dtype) -> None:
    tol = HALF_SUM if dtype in FLOATING[:2] else None
    inputs = [sample(*shape, dtype=dtype) for shape in CASES[name]]
    same(lambda t, *x: getattr(t, name)(*x), *inputs, tol=tol)
    if dtype is not torch.bool:
        same(lambda t, *x: getattr(t, name)(*x, beta=2, alpha=3), *inputs, tol=tol)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("scales", [(0, 1), (1, 0), (0, 0), (0.5, -2.0), (1, 2)])
def test_scales(name: str, scales: tuple[float, float]) -> None:
    beta, alpha = scales
    c, a, b = CASES[name]
    same(
        lambda t, c, x, y: getattr(t, name)(c, x, y, beta=beta, alpha=alpha),
        sample(*c), sample(*a), sample(*b), second=True,
    )  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_beta_zero_ignores_nan(name: str) -> None:
    c, a, b = CASES[name]
    same(
        lambda t, c, x, y: getattr(t, name)(c, x, y, beta=0),
        torch.full(c, float("nan")), sample(*a), sample(*b),
    )  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_broadcast_input(name: str) -> None:
    c, a, b = CASES[name]
    for shape in {(1,) * len(c), c[-1:], (1,), (), (*c[:-1], 1)}:
        f = lambda t, c, x, y: getattr(t, name)(c, x, y)  # noqa: E731
        same(f, sample(*shape), sample(*a), sample(*b), second=True)


@pytest.mark.parametrize("name", CASES)
def test_inplace(name: str) -> None:
    c, a, b = CASES[name]
    same(
        lambda t, c, x, y: getattr(c * 1.0, f"{name}_")(x, y, beta=2, alpha=3),
        sample(*c), sample(*a), sample(*b), second=True,
    )  # fmt: skip
    same(
        lambda t, c, x, y: getattr(c, f"{name}_")(x, y),
        sample(*c, grad=False, layout="sliced"), sample(*a, grad=False), sample(*b, grad=False),
    )  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_out(name: str) -> None:
    shapes = CASES[name]

    def f(make):
        return lambda t, *x: getattr(t, name)(*x, out=make(t))

    inputs = [sample(*s, grad=False) for s in shapes]
    same(f(lambda t: t.empty(0)), *inputs)
    same(f(lambda t: t.zeros(2, 2)), *inputs)


@pytest.mark.parametrize("name", CASES)
def test_empty(name: str) -> None:
    for drop in (2, 3, 4, 5):
        shapes = [tuple(0 if n == drop else n for n in s) for s in CASES[name]]
        f = lambda t, *x: getattr(t, name)(*x, beta=2)  # noqa: E731
        same(f, *[sample(*s) for s in shapes])


@pytest.mark.parametrize("name", ["addmm", "addmv", "baddbmm"])
@pytest.mark.parametrize("seed", range(4))
def test_mismatches(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(12):
        shapes = [list(s) for s in CASES[name]]
        at = int(rng.integers(3))
        if rng.random() < 0.5:
            shapes[at] = shapes[at][: int(rng.integers(len(shapes[at]) + 1))]
        else:
            shapes[at][int(rng.integers(len(shapes[at])))] = 7
        same(lambda t, *x: getattr(t, name)(*x), *[sample(*s) for s in shapes])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("at", range(3))
def test_dtypes_must_agree(name: str, at: int) -> None:
    dtypes = [torch.float32] * 3
    dtypes[at] = torch.float64
    inputs = [sample(*s, dtype=d) for s, d in zip(CASES[name], dtypes, strict=True)]
    same(lambda t, *x: getattr(t, name)(*x), *inputs)
