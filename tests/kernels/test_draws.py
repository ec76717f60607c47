"""Compiled draws: the bits of NumPy's way, and the same state of the generator afterwards."""

import subprocess
import sys

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np import boxmuller
from minitorch_np.kernels.cpu import has
from minitorch_np.kernels.large import loop
from minitorch_np.mersenne import Mersenne
from minitorch_np.random import Generator, _each  # pyright: ignore[reportPrivateUsage]

SIZES = (0, 1, 2, 15, 16, 17, 31, 32, 623, 624, 700, 5000)


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


def untempered(word: int) -> int:
    """The word of the state that is drawn as `word`: each step of tempering, undone."""
    word ^= word >> 18
    word ^= word << 15 & 0xEFC6_0000
    undone = word
    for _ in range(4):  # seven more bits are right each time
        undone = word ^ (undone << 7 & 0x9D2C_5680)
    return undone ^ undone >> 11 ^ undone >> 22


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


@pytest.mark.parametrize(
    "draw",
    [
        *("g.words(n)", "g.words64(n)", "g.floats(n)", "g.doubles(n)", "g.random_(n, m.float64)"),
        *("g.uniform(n, m.float32, -0.3, 1.7)", "g.uniform(n, m.float32, 3.0, 3.0)"),
        *("g.uniform(n, m.float32, 0.25, 0.250001)", "g.uniform(n, m.float32, -0.0, 0.0)"),
        *("g.words(1).size and g.doubles(n)", "g.words(623).size and g.words64(n)"),
        *("g.uniform(n, m.bfloat16, -0.3, 1.7)", "g.uniform(n, m.float16, 1.0, 1.002)"),
    ],
)
def test_uniform_numbers(monkeypatch: pytest.MonkeyPatch, draw: str) -> None:
    both(monkeypatch, draw)


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float32"])
def test_integers(monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    for bounds in ("0, 10", "3, 4", "7, 250"):
        both(monkeypatch, f"g.integers(n, {bounds}, m.{dtype})")
    for bounds in (
        "-5, 9",
        "-(1 << 63), -(1 << 63) + 9",
        "(1 << 63) - 9, (1 << 63) - 1",
        "0, 1 << 30",
    ):
        both(monkeypatch, f"g.integers(n, {bounds}, m.int64)")


@pytest.mark.parametrize("dtype", "bool uint8 int8 int16 int32 float16 bfloat16 float32".split())
def test_integers_of_all_that_a_dtype_holds(monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    both(monkeypatch, f"g.random_(n, m.{dtype})")


def test_remainders_of_words_that_are_nearly_multiples() -> None:
    sizes = [1, 2, 3, 7, 65537, 2**16 - 1, 2**24 + 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32]
    for size in sizes:
        whole = [k * size for k in (1, 2, 3, 2**32 // size // 2, 2**32 // size)]
        words = [w + d for w in whole for d in (-1, 0, 1) if 0 <= w + d < 2**32]
        state = np.array([*map(untempered, words), *[0] * (624 - len(words)), 0], np.uint32)
        out = np.empty(len(words), np.int64)
        loop("draws.integers")(state, out, -5, size)
        assert out.tolist() == [w % size - 5 for w in words], size


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
    """From words that are chosen; each is a radius once, and an angle."""
    ends = [0, 1, 2, 0xFF_FFFF, 0xFF_FFFE, 0x7F_FFFF, 0x80_0000, 0x40_0000, 0xFF00_0000]
    words = ends + list(reversed(ends)) + ends[:-2] + [5] * 7
    state = np.array([*map(untempered, words), *[0] * (624 - len(words)), 0], np.uint32)
    drawn = np.empty(32, np.uint64)
    loop("draws.words")(state.copy(), drawn)
    assert drawn.tolist() == words
    out = np.empty(32, np.float32)
    loop("draws.normal")(state, out, 0.5, 2.0)
    uniform = (np.array(words) & 0xFF_FFFF).astype(np.float32) * np.float32(2.0**-24)
    assert out.tobytes() == boxmuller.block_normal32(uniform, 0.5, 2.0).tobytes()


def test_what_is_rounded_to_the_end_is_the_start() -> None:
    """The largest number below 1 times a small span is rounded up to the end of the interval."""
    state = np.array([untempered(0xFF_FFFF)] * 624 + [0], np.uint32)
    out = np.empty(3, np.float32)
    loop("draws.uniform")(state, out, 1.0, 1.0 + 2**-20)
    assert out.tolist() == [1.0] * 3


@pytest.mark.skipif(not has("fma"), reason="rounds twice in one case in 2^29, which this is")
@pytest.mark.parametrize("low", [2.0**-80, -(2.0**-80)])
def test_scaling_rounds_once(low: float) -> None:
    """Halfway between two float32, but for a bound so small that the sum in float64 has lost it."""
    state = np.array([untempered(2**23 + 1)] * 624 + [0], np.uint32)
    out = np.empty(2, np.float32)
    loop("draws.uniform")(state, out, low, 1.5)
    assert out.tolist() == [0.75 + (2.0**-23 if low > 0 else 2.0**-24)] * 2


@pytest.mark.parametrize("name", ["exp", "log", "log1p", "tan"])
def test_functions_of_the_c_library(name: str) -> None:
    x = np.random.RandomState(0).rand(5000) * 10.0 ** np.random.RandomState(1).randint(-9, 4, 5000)
    theirs = boxmuller.EACH[name](x)
    assert _each(name, x).tobytes() == theirs.tobytes()
    assert _each("exp", np.full(5000, 1e4)).min() == np.inf


@pytest.mark.parametrize("name", ["uniform_", "normal_"])
def test_draws_go_right_into_a_tensor(name: str) -> None:
    """Of float32 in C order, whose memory may be a part of another's; all others get a copy."""
    for view in ("x", "x[1]", "x[:, :3]", "x.t()", "x.t()[:4]", "x[5:5]", "x[:1].t()"):
        for dtype in (torch.float32, torch.float64, torch.bfloat16):
            a, b = torch.zeros(40, 7, dtype=dtype), minitorch_np.zeros(40, 7)
            b = b.to(getattr(minitorch_np, str(dtype).partition(".")[2]))
            for library, x in ((torch, a), (minitorch_np, b)):
                library.manual_seed(11)
                for _ in range(3):
                    getattr(eval(view, {"x": x}), name)(0.25, 2.5)
            assert a.float().numpy().tobytes() == b.float().numpy().tobytes(), (view, dtype)
            assert torch.get_rng_state().tolist() == minitorch_np.get_rng_state().tolist()


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
