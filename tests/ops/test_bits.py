"""bits.py against PyTorch: extreme numbers, mixed dtypes, resized results, refusals."""

import pytest
import torch

from tests.oracle import FLOATING, INTEGRAL, same

INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize("dtype", FLOATING)
def test_neighbours_and_parts_of_extreme_numbers(dtype):
    some = [0.0, -0.0, 1.0, -1.0, 0.75, 65504.0, 1e-7, -1e-45, INF, -INF, NAN]
    x, y = torch.meshgrid(torch.tensor(some).to(dtype), torch.tensor(some).to(dtype), indexing="ij")
    same(lambda torch, x, y: torch.nextafter(x, y), x, y, exact=True)
    same(lambda torch, x: torch.frexp(x), x, exact=True)
    same(lambda torch, x, y: torch.heaviside(x, y), x, y, exact=True)


@pytest.mark.parametrize("dtype", INTEGRAL)
def test_divisors_of_extreme_integers(dtype):
    info = torch.iinfo(dtype)
    # the smallest int32 divided by -1 ends the process in PyTorch
    least = [info.min] if dtype.itemsize < 4 else [info.min + 2]
    some = torch.tensor([*least, info.min + 1, 0, 1, 6, 77, 100, 120, info.max], dtype=dtype)
    x, y = torch.meshgrid(some, some, indexing="ij")
    same(lambda torch, x, y: torch.gcd(x, y), x, y)
    if dtype.itemsize < 4:  # products of wider ones overflow, which C leaves undefined
        same(lambda torch, x, y: torch.lcm(x, y), x, y)


def test_exponents_in_every_mix_of_dtypes():
    for a in (*FLOATING, *INTEGRAL, torch.bool):
        for b in (*FLOATING, *INTEGRAL, torch.bool):
            x, y = torch.tensor([1.0, 3.0, 0.0]).to(a), torch.tensor([1.0, 4.0, 0.0]).to(b)
            same(lambda torch, x, y: torch.ldexp(x, y), x, y)
            same(lambda torch, x, y: x.ldexp_(y), x, y)


def test_exponents_far_away():
    x = torch.tensor([1.5, -0.0, 1e-40, INF, NAN], requires_grad=True)
    for n in (127, 200, -149, -150, -200, 100000):
        same(lambda torch, x, n=n: torch.ldexp(x, torch.tensor([n])), x, exact=True)


def test_a_result_that_grows_warns():
    x, n = torch.rand(3, 1), torch.arange(4)
    same(lambda torch, x, n: torch.ldexp(x, n), x, n)
    same(lambda torch, x, n: torch.ldexp(x, n), x[:0], n)


@pytest.mark.parametrize("mantissa", ["float32", "float64"])
@pytest.mark.parametrize("exponent", ["int32", "int64"])
def test_results_of_frexp_that_are_given(mantissa, exponent):
    def f(torch, x):
        kinds = getattr(torch, mantissa), getattr(torch, exponent)
        return torch.frexp(x, out=tuple(torch.zeros(2, 3, dtype=kind) for kind in kinds))

    same(f, torch.rand(2, 3))


def test_refusals():
    x, n = torch.rand(3), torch.arange(3)
    same(lambda torch, x: torch.frexp(x), n)
    same(lambda torch, x: torch.frexp(x > 0), n)
    same(lambda torch, x: torch.nextafter(x, x), n)
    same(lambda torch, x: torch.nextafter(x, 2.0), x)
    same(lambda torch, x: torch.heaviside(x, x.double()), x)
    same(lambda torch, x: x.heaviside_(x.half()), x)
    same(lambda torch, x: torch.gcd(x, x), x)
    same(lambda torch, x: torch.lcm(x > 0, x > 1), x)
    same(lambda torch, x: torch.gcd(x, 2), n)
    same(lambda torch, x: torch.gcd(x, torch.zeros(2)), n)
    same(lambda torch, x: x.ldexp_(x), n)
    same(lambda torch, x: torch.ldexp(x, x, out=torch.zeros(3, dtype=torch.bool)), x)


@pytest.mark.parametrize("dtype", FLOATING)
def test_the_neighbour_of_a_zero_of_the_other_sign(dtype):
    x = torch.tensor([0.0, -0.0], dtype=dtype)
    same(lambda torch, x, y: torch.signbit(torch.nextafter(x, y)), x, x.flip(0))
