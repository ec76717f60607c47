"""Curves within their units in the last place of PyTorch's float64 results."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np import kernels
from minitorch_np.kernels import large
from minitorch_np.kernels.cpu import has, host_triple
from minitorch_np.ops import special

FUNCTIONS: dict[str, tuple[Callable[[Any, Any], Any], float, float, float]] = {
    "exp": (lambda t, x: t.exp(x), -87, 88, 1.1),
    "expm1": (lambda t, x: t.nn.functional.elu(x), -30, -1e-6, 1.1),
    "sigmoid": (lambda t, x: t.sigmoid(x), -80, 80, 2.5),
    "softplus": (lambda t, x: t.nn.functional.softplus(x), -80, 80, 2.1),
    "logit": (lambda t, x: t.logit(x), 0.6, 0.9999, 4.1),
    "erf": (lambda t, x: t.erf(x), -5, 5, 1.1),
    "erfc": (lambda t, x: t.erfc(x), -9, 9, 5.1),
    "sin": (lambda t, x: t.sin(x), -8192, 8192, 1.7),
    "cos": (lambda t, x: t.cos(x), -8192, 8192, 1.7),
    "sin, nearby": (lambda t, x: t.sin(x), -7, 7, 1.6),
    "cos, nearby": (lambda t, x: t.cos(x), -7, 7, 1.6),
    "sin, far away": (lambda t, x: t.sin(x), 8000, 1e9, 1.1),
    "cos, far away": (lambda t, x: t.cos(x), -1e9, -8000, 1.1),
    "erfinv": (lambda t, x: t.erfinv(x), -0.99, 0.99, 5.1),
}
"""The op, its range, and the units that it may be off."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_units_in_the_last_place(name):
    f, low, high, most = FUNCTIONS[name]
    x = np.linspace(low, high, 300_001).astype(np.float32)
    assert x.size >= large.MANY
    got = f(minitorch_np, minitorch_np.tensor(x)).numpy()
    exact = f(torch, torch.from_numpy(x).double()).numpy()
    units = np.abs(got - exact) / np.spacing(np.abs(exact.astype(np.float32)))
    assert units.max() < most


@pytest.mark.parametrize("name", ["sin", "cos"])
@pytest.mark.parametrize("far", [False, True])
def test_special_angles(name: str, far: bool) -> None:
    """Zeros keep their sign, and multiples of pi what is left of them."""
    x = np.full(large.MANY, 1e30 if far else 1.0, np.float32)
    special = [0.0, -0.0, 1e-45, -1e-45, 1e-30, np.nan, *(np.pi / 2 * np.arange(-9, 9))]
    if far:
        special += [np.inf, -np.inf]
    x[: len(special)] = special
    got = getattr(minitorch_np.tensor(x), name)().numpy()
    expected = getattr(torch.from_numpy(x), name)().numpy()
    known = ~np.isnan(expected)
    assert np.array_equal(np.isnan(got), ~known)
    assert np.array_equal(np.signbit(got[known]), np.signbit(expected[known]))
    np.testing.assert_allclose(got, expected, rtol=2e-7)
    inplace = minitorch_np.tensor(x)
    getattr(inplace, f"{name}_")()
    assert inplace.numpy().tobytes() == got.tobytes()


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_far_angles_do_not_touch_the_others(name: str) -> None:
    """Else the bits would depend on how threads part the array."""
    x = np.linspace(-8192, 8192, 3 * large.MANY).astype(np.float32)
    one = x.copy()
    one[7] = 1e9
    got = [getattr(minitorch_np.tensor(each), name)().numpy() for each in (x, one)]
    assert got[0][7] != got[1][7]
    got[0][7] = got[1][7]
    assert got[0].tobytes() == got[1].tobytes()


def test_a_gradual_underflow_is_kept():
    x = np.linspace(-104.5, -80, large.MANY).astype(np.float32)
    got = minitorch_np.tensor(x).exp().numpy()
    assert np.abs(got - np.exp(x.astype(np.float64))).max() <= 2e-45 + 1.2e-7 * got.max()


def test_the_error_function_is_the_same_once_compiled_code_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 4.0, -4.0, 1e-40])
    tens = 10.0 ** np.linspace(-45, 38, 1000)
    x = np.concatenate([ends, np.linspace(-5, 5, 100_000), tens, -tens]).astype(np.float32)
    _ = kernels.compiler  # which loads it
    monkeypatch.setattr(kernels, "waiting", [print])
    before = special.single_error_function(x)
    monkeypatch.setattr(kernels, "waiting", [])
    assert special.single_error_function(x).tobytes() == before.tobytes()


TRANSCENDENTAL: dict[str, tuple[np.ufunc, float]] = {
    "exp2": (np.exp2, 1.1),
    "expm1": (np.expm1, 0.52),
    "log2": (np.log2, 2.0),
    "log10": (np.log10, 2.0),
    "log1p": (np.log1p, 0.52),
    "tan": (np.tan, 0.52),
    "asin": (np.arcsin, 0.52),
    "acos": (np.arccos, 0.52),
    "atan": (np.arctan, 0.52),
    "sinh": (np.sinh, 0.52),
    "cosh": (np.cosh, 0.52),
    "asinh": (np.arcsinh, 0.52),
    "acosh": (np.arccosh, 0.52),
    "atanh": (np.arctanh, 0.52),
    "atan2": (np.arctan2, 0.52),
}
"""NumPy's name of each function, and the units that its loop may be off on a CPU without FMA."""

BOUNDS = [0, 1e-45, 1e-38, 1.2e-38, 1e-20, 0.5, 0.99999994, 1, 1.0000001, 2, 10, 88.72284, 88.7229]
BOUNDS += [89.4, 89.5, 126, 127.99999, 128, 149, 149.5, 150, 151, 1048576, 1e6, 1e10, 3.4028235e38]
BOUNDS += [np.inf, np.nan]


def operands(name: str, x: np.ndarray) -> list[np.ndarray]:
    """The arrays of a function: that of angles takes two, whose elements all meet."""
    if name != "atan2":
        return [np.resize(x, max(x.size, large.MANY))]
    return [np.resize(np.repeat(x, x.size), large.MANY), np.resize(np.tile(x, x.size), large.MANY)]


def looped(name: str, *arrays: np.ndarray) -> np.ndarray:
    """What the loop writes."""
    out = np.empty_like(arrays[0])
    large.loop(f"transcendental.{name}")(*arrays, out)
    return out


def same_ends(got: np.ndarray, expected: np.ndarray) -> None:
    """Assert that nan, infinities and signs, those of zeros too, are where they should be."""
    known = ~np.isnan(expected)
    assert np.array_equal(np.isnan(got), ~known)
    assert np.array_equal(np.signbit(got[known]), np.signbit(expected[known]))
    infinite = np.isinf(got) | np.isinf(expected)
    assert np.array_equal(got[infinite], expected[infinite])


@pytest.mark.parametrize("name", TRANSCENDENTAL)
@pytest.mark.parametrize("numbers", ["all", "moderate"])
def test_transcendental_units_in_the_last_place(name: str, numbers: str) -> None:
    """Of numbers of every size and sign, nan among them, and of those around 1."""
    generator = np.random.default_rng(0)
    if numbers == "all":
        words = np.arange(0, 2**32, 4099, dtype=np.uint64).astype(np.uint32)
        x, y = words.view(np.float32), generator.permutation(words).view(np.float32)
    else:
        x, y = generator.normal(0, 2, (2, 300_000)).astype(np.float32)
    given = [y, x] if name == "atan2" else [x]
    got = looped(name, *given)
    exact = getattr(torch, name)(*[torch.from_numpy(a).double() for a in given])
    single = exact.float().numpy()
    same_ends(got, single)
    known = np.isfinite(single)
    off = np.abs(got[known] - exact.numpy()[known])
    assert (off / np.spacing(np.abs(single[known]))).max() < TRANSCENDENTAL[name][1]


@pytest.mark.parametrize("name", TRANSCENDENTAL)
def test_transcendental_special_values(name: str) -> None:
    """As in PyTorch, though its log1p of -1e-45 is 0.0; in place as well."""
    bounds = np.array(BOUNDS, np.float32)
    given = operands(name, np.concatenate([bounds, -bounds]))
    got = looped(name, *given)
    tensors = [torch.from_numpy(a) for a in given]
    same_ends(got, getattr(torch, name)(*[t.double() for t in tensors]).float().numpy())
    expected = getattr(torch, name)(*tensors).numpy()
    np.testing.assert_allclose(got, expected, rtol=3e-7, atol=2e-45)
    large.loop(f"transcendental.{name}")(*given, given[0])
    assert given[0].tobytes() == got.tobytes()


@pytest.mark.parametrize("name", TRANSCENDENTAL)
def test_transcendental_bits_do_not_depend_on_threads(name: str) -> None:
    """Nor on where a part ends, or on what else is in it."""
    x, y = np.random.default_rng(0).normal(0, 2, (2, 3 * large.MANY)).astype(np.float32)
    x[7] = 1e9
    got = looped(name, x, y) if name == "atan2" else looped(name, x)
    parts = [slice(0, 5), slice(5, 1001), slice(1001, 1002), slice(1002, None)]
    for part in parts:
        some = looped(name, *[a[part].copy() for a in ((x, y) if name == "atan2" else (x,))])
        assert some.tobytes() == got[part].tobytes()


@pytest.mark.parametrize("name", TRANSCENDENTAL)
@pytest.mark.parametrize("ours", [True, False])
def test_transcendental_ops_take_the_loops_where_numpy_has_none(
    name: str, ours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "one_by_one", lambda f: ours)
    size = 4 * large.MANY
    low, high = (1, 5) if name == "acosh" else (0.1, 0.9)
    arrays = np.random.default_rng(0).uniform(low, high, (2, size)).astype(np.float32)
    given = list(arrays) if name == "atan2" else [arrays[0]]
    expected = looped(name, *given) if ours else TRANSCENDENTAL[name][0](*given)
    op = getattr(minitorch_np, name)
    tensors = [minitorch_np.tensor(a) for a in given]
    assert op(*tensors).numpy().tobytes() == expected.tobytes()
    out = minitorch_np.empty(size)
    op(*tensors, out=out)
    assert out.numpy().tobytes() == expected.tobytes()
    small = TRANSCENDENTAL[name][0](*[a[:100] for a in given])
    assert op(*[t[:100] for t in tensors]).numpy().tobytes() == small.tobytes()
    double = TRANSCENDENTAL[name][0](*[a.astype(np.float64) for a in given])
    assert op(*[t.double() for t in tensors]).numpy().tobytes() == double.tobytes()
    getattr(tensors[0], f"{name}_")(*tensors[1:])
    assert tensors[0].numpy().tobytes() == expected.tobytes()


def test_numpy_has_vectors_for_one_kind_of_cpu() -> None:
    vectors = sys.platform == "linux" and has("avx512f")
    for f, _ in TRANSCENDENTAL.values():
        assert large.one_by_one(f) is not vectors


@pytest.mark.skipif(not host_triple().startswith("x86_64"), reason="names CPUs of x86")
def test_loops_are_taken_where_the_environment_names_a_smaller_cpu() -> None:
    code = "from minitorch_np.kernels.large import one_by_one; import numpy as np\n"
    code += "assert one_by_one(np.arctan)"
    env = {**os.environ, "MINITORCH_NP_CPU": "sse"}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)
