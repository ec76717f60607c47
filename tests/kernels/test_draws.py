"""Compiled draws: the bits of NumPy's way, and the same state of the generator afterwards."""

import ctypes
import subprocess
import sys

import numpy as np
import pytest

import minitorch_np
from minitorch_np import boxmuller
from minitorch_np.kernels.large import loop
from minitorch_np.mersenne import Mersenne
from minitorch_np.random import Generator

SIZES = (0, 1, 2, 15, 16, 17, 31, 32, 700, 5000)


@pytest.fixture(autouse=True)
def compiled() -> None:
    x = minitorch_np.ones(2, 2)
    _ = x.mm(x)


def always(_: Mersenne, __: int) -> bool:
    """Whether loops draw: they do."""
    return True


def never(_: Mersenne, __: int) -> bool:
    """They do not."""
    return False


def both(monkeypatch: pytest.MonkeyPatch, draw: str) -> None:
    """Two draws of each size from equal generators, by compiled loops and without them."""
    for n in SIZES:
        found: list[tuple[bytes, ...]] = []
        for answer in (always, never):
            monkeypatch.setattr(Mersenne, "compiled", answer)
            g = Generator().manual_seed(n)
            drawn = [eval(draw, {"g": g, "n": n, "m": minitorch_np}) for _ in range(2)]
            found.append((*[a.tobytes() for a in drawn], g.state_bytes().tobytes()))
        assert found[0] == found[1], n


@pytest.mark.parametrize("draw", ["g.floats(n)", "g.doubles(n)"])
def test_uniform_numbers(monkeypatch: pytest.MonkeyPatch, draw: str) -> None:
    both(monkeypatch, draw)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float32"])
def test_integers(monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    for bounds in ("0, 10", "3, 4", "7, 250"):
        both(monkeypatch, f"g.integers(n, {bounds}, m.{dtype})")
    for bounds in ("-5, 9", "-(1 << 63), -(1 << 63) + 9", "(1 << 63) - 9, 1 << 63", "0, 1 << 30"):
        both(monkeypatch, f"g.integers(n, {bounds}, m.int64)")


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("given", ["", "-0.7, 1.9", "1e38, 1e38", "0.0, 0.0"])
@pytest.mark.parametrize("contiguous", [True, False])
def test_normal_numbers(
    monkeypatch: pytest.MonkeyPatch, dtype: str, given: str, contiguous: bool
) -> None:
    both(
        monkeypatch, f"g.normal(n, m.{dtype}, {given + ',' * bool(given)} contiguous={contiguous})"
    )


def test_numbers_at_the_ends_of_the_interval() -> None:
    """From an engine whose words are chosen; each is a radius once, and an angle."""
    ends = [0, 1, 2, 0xFF_FFFF, 0xFF_FFFE, 0x7F_FFFF, 0x80_0000, 0x40_0000, 0xFF00_0000]
    words = ends + list(reversed(ends)) + ends[:-2] + [5] * 7
    left = iter(words)
    engine = ctypes.CFUNCTYPE(ctypes.c_uint32)(lambda: next(left))
    out = np.empty(32, np.float32)
    address = ctypes.cast(engine, ctypes.c_void_p).value
    loop("draws.normal")(address, 0, out, 0.5, 2.0)
    uniform = (np.array(words) & 0xFF_FFFF).astype(np.float32) * np.float32(2.0**-24)
    assert out.tobytes() == boxmuller.block_normal32(uniform, 0.5, 2.0).tobytes()


def test_small_draws_load_no_numba() -> None:
    code = (
        "import sys, minitorch_np as m\n"
        "def draw():\n"
        "    m.manual_seed(3)\n"
        "    return [f(n).tolist() for f in (m.rand, m.randn) for n in (3, 20, 20, 3)]\n"
        "before = draw()\n"
        "assert 'numba' not in sys.modules\n"
        "x = m.ones(2, 2)\n"
        "x.mm(x)\n"
        "assert 'numba' in sys.modules\n"
        "assert draw() == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
