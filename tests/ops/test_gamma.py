"""gamma.py against PyTorch: poles, large and tiny arguments, negative ones, and errors."""

import pytest
import torch

from tests.oracle import FLOATING, same

EDGES = [
    0.0, -0.0, 1.0, 2.0, 10.0, -1.0, -2.5, -7.0, 0.5, 1e-7, 1e17, 1e-30, -1e-30, 3e38, -3e38,
    float("inf"), float("-inf"), float("nan"),
]  # fmt: skip

SMALL_ONES = (1e-5, 1e-4)
"""For float32: near poles ATen's sines of float32 multiples of pi differ from ours by a unit."""


def edges(dtype: torch.dtype) -> torch.Tensor:
    rest = torch.linspace(-9.75, 30, 107, dtype=dtype)
    return torch.cat([torch.tensor(EDGES, dtype=dtype), rest])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", ["lgamma", "digamma"])
def test_poles_and_limits(name, dtype):
    same(
        lambda torch, x: getattr(torch, name)(x),
        edges(dtype),
        tol=(4e-3, 1e-5) if dtype.itemsize == 2 else None,
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("n", range(6))
def test_polygamma_at_poles_and_limits(n, dtype):
    same(
        lambda torch, x: torch.polygamma(n, x),
        edges(dtype),
        tol=SMALL_ONES if dtype.itemsize == 4 else None,
    )


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("n", [33, 34, 35, 40, 99, 100, 169, 170, 171, 1000])
def test_polygamma_of_factorials_that_are_infinite(n, dtype):
    x = torch.tensor([0.1, 0.5, 1.0, 2.0, 3.0, 10.0, 100.0, 0.0], dtype=dtype)
    same(
        lambda torch, x: torch.polygamma(n, x),
        x,
        tol=(2e-2, 0) if dtype.itemsize == 2 else SMALL_ONES,
    )


@pytest.mark.parametrize("n", [2**63 - 1, 2**62, 2**32, 2**32 + 1, 2**32 + 3, 2**31])
def test_polygamma_of_more_than_32_bits(n):
    x = torch.tensor([0.5, 1.0, 3.0, -1.5], dtype=torch.float64)
    same(lambda torch, x: torch.polygamma(n, x), x)
    same(lambda torch, x: x.clone().polygamma_(n), x)


def test_numbers_without_dims():
    for value in (-4.8, 0.3, 2.5):
        x = torch.tensor(value, dtype=torch.float64, requires_grad=True)
        same(lambda torch, x: torch.polygamma(1, x), x, second=True)
        same(lambda torch, x: torch.lgamma(x), x, second=True)


def test_zeta_at_its_pole_below_it_and_at_negative_numbers():
    x = torch.tensor([1.0, 0.5, 2.0, 2.5, 3.0, 40.0, 2.0, float("nan"), float("inf")])
    for q in (1.0, 0.0, -1.0, -0.5, -2.25, 1e-3, 1e8, float("inf"), float("nan")):
        same(lambda torch, x, q=q: torch.special.zeta(x, q), x.double())
        same(lambda torch, x, q=q: torch.special.zeta(q, x), x.double())
    same(lambda torch, x: torch.special.zeta(x, 1e39), x)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
@pytest.mark.parametrize("name", ["igamma", "igammac"])
def test_incomplete_gamma_functions_where_each_way_begins(name, dtype):
    some = [0.0, 1e-8, 0.3, 0.5, 0.6, 1.0, 1.05, 1.2, 5.0, 19.0, 21.0, 25.0, 199.0, 201.0, 260.0]
    some += [1e3, 1.1e3, 3e4, -1.0, float("inf"), float("nan")]
    a, x = torch.meshgrid(torch.tensor(some).to(dtype), torch.tensor(some).to(dtype), indexing="ij")
    same(
        lambda torch, a, x: getattr(torch, name)(a, x),
        a,
        x,
        tol=(2e-3, 1e-3) if dtype.itemsize == 2 else None,
    )


def test_refusals():
    whole = torch.arange(1, 4)
    same(lambda torch, x: torch.igamma(x, x), whole)
    same(lambda torch, x: torch.igammac(x > 0, x > 1), whole)
    same(lambda torch, x: torch.polygamma(-1, x), whole)
    same(lambda torch, x: torch.mvlgamma(x, 0), whole)
    same(lambda torch, x: torch.mvlgamma(x > 0, 2), whole)
    same(lambda torch, x: x.mvlgamma_(2), whole)
    same(lambda torch, x: x.lgamma_(), whole)
    same(lambda torch: torch.special.zeta(2, 3.0))
    same(lambda torch, x: torch.special.zeta(x.half(), 2), whole)


def test_gradients_that_there_are_not():
    x = torch.rand(3, dtype=torch.float64) + 1
    for name in ("igamma", "igammac"):
        same(lambda torch, x, n=name: getattr(torch, n)(x, x), x.requires_grad_())
    same(lambda torch, x: torch.special.zeta(x, 2.0), x)


def test_names_in_special_are_those_of_torch():
    x = torch.rand(3) + 3
    same(
        lambda torch, x: (
            torch.special.gammaln(x), torch.special.psi(x), torch.special.gammainc(x, x),
            torch.special.gammaincc(x, x), torch.special.multigammaln(x, 2),
            torch.special.expit(x), torch.special.softmax(x, 0),
        ),
        x,
    )  # fmt: skip
