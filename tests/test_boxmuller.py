"""Rounding of the elementary functions, against exact arithmetic and against PyTorch's kernels."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minitorch_np import boxmuller

needs_avx2 = pytest.mark.skipif(
    torch.backends.cpu.get_cpu_capability() not in ("AVX2", "AVX512"),
    reason="PyTorch's float32 normal numbers take another kernel without AVX2",
)
doubles = st.floats(-1e9, 1e9, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-9)
singles = st.floats(-1e9, 1e9, width=32, allow_subnormal=False)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(doubles, doubles, doubles)
def test_fma64_rounds_once(a, b, c):
    # exact arithmetic is the oracle: PyTorch shows its fused products only inside its samplers
    exact = float(Fraction(a) * Fraction(b) + Fraction(c))
    assert boxmuller.fma64(np.array([a]), b, c)[0] == exact


def test_fma64_keeps_what_the_product_loses():
    a = 1 + 2.0**-52
    assert boxmuller.fma64(np.array([a]), a, -(1 + 2.0**-51))[0] == 2.0**-104


@settings(max_examples=500, deadline=None, derandomize=True)
@given(singles, singles, singles)
def test_fma32_rounds_once(a, b, c):
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    ours = Fraction(float(boxmuller.fma32(np.array([a]), b, c)[0]))
    near = np.float32(float(ours))
    for other in (np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))):
        assert abs(ours - exact) <= abs(Fraction(float(other)) - exact)


@pytest.mark.parametrize("lost", [2.0**-80, -(2.0**-80), 0.0])
def test_fma32_heeds_what_its_sum_loses(lost):
    a = 1 + 2.0**-23  # times 1.5: halfway between two float32, of which the second one is even
    ours = boxmuller.fma32(np.array([a, -a, 2.0]), 1.5, np.array([lost, -lost, lost]))
    nearer = 1.5 + (2.0**-23 if lost < 0 else 2.0**-22)
    assert ours.tolist() == [nearer, -nearer, 3.0]


def test_log32_and_sincos32_are_accurate():
    x = np.linspace(2.0**-24, 1, 100_001, dtype=np.float32)
    np.testing.assert_allclose(boxmuller.log32(x), np.log(x.astype(np.float64)), rtol=3e-7)
    theta = np.linspace(0, 2 * math.pi, 100_001, dtype=np.float32).astype(np.float64)
    sin, cos = boxmuller.sincos32(theta)
    np.testing.assert_allclose(sin, np.sin(theta), rtol=0, atol=2e-7)
    np.testing.assert_allclose(cos, np.cos(theta), rtol=0, atol=2e-7)


@needs_avx2
@pytest.mark.parametrize("blocks", [1, 512, 1300])
def test_block_normal32(blocks):
    n = 16 * blocks
    uniform = torch.rand(n, generator=torch.Generator().manual_seed(blocks)).numpy()
    theirs = torch.empty(n).normal_(-0.7, 1.9, generator=torch.Generator().manual_seed(blocks))
    ours = boxmuller.block_normal32(uniform, -0.7, 1.9)
    np.testing.assert_array_equal(ours, theirs.numpy(), strict=True)


@pytest.mark.parametrize("blocks", [1, 300])
def test_block_normal64(blocks):
    n, kind = 16 * blocks, torch.float64
    generators = [torch.Generator().manual_seed(blocks) for _ in range(2)]
    uniform = torch.rand(n, dtype=kind, generator=generators[0]).numpy()
    theirs = torch.empty(n, dtype=kind).normal_(-0.7, 1.9, generator=generators[1])
    ours = boxmuller.block_normal64(uniform, -0.7, 1.9)
    np.testing.assert_array_equal(ours, theirs.numpy(), strict=True)


@pytest.mark.parametrize("name", ["log", "exp", "tan", "log1p"])
def test_functions_of_the_c_library(name):
    x = np.random.RandomState(0).rand(3, 40)
    ours = boxmuller.EACH[name](x)
    assert ours.shape == x.shape
    assert ours.ravel().tolist() == [getattr(math, name)(v) for v in x.ravel().tolist()]


def test_exp_overflows_to_infinity():
    np.testing.assert_array_equal(boxmuller.EACH["exp"](np.array([1e4, -1e4])), [math.inf, 0])
