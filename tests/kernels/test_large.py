"""Compiled loops against PyTorch, in the samples of all ops, on special values and ragged sizes."""

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
from minitorch_np.kernels.compiler import Numbers
from minitorch_np.kernels.cpu import has
from tests import samples, versions
from tests.kernels.few import few
from tests.oracle import same
from tests.test_every_op import HALF, noting

MODULES = (
    "broadcast", "copies", "elementwise", "places", "reductions", "remainders", "resampling",
    "sampling", "scans", "smooth", "softmax", "transcendental",
)  # fmt: skip
INF, NAN = float("inf"), float("nan")
MODERATE = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 0.5, 3.0, -3.0, 6.0]
SPECIAL = [*MODERATE, 1e-45, -1e-38, 3e38, -3e38]
"""Results of the last four depend on the order of steps, in which torch's own kernels differ."""

FUSED = {"special_hermite_polynomial_he"}
"""What loses so many digits that it shows whether a product and a sum were rounded together."""

FINITE = [x for x in SPECIAL if abs(x) != INF]
"""For gelu, where torch's float32 kernel has nan at both infinities."""


@pytest.fixture
def any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tensors of two elements count as large."""
    few(monkeypatch)


def loops(name: str) -> dict[str, Any]:
    """The compiled functions of a module."""
    module = vars(getattr(kernels, name))
    return {
        key: value
        for key, value in module.items()
        if hasattr(value, "py_func") and value.py_func.__module__ == module["__name__"]
    }


@pytest.mark.usefixtures("any_size")
@pytest.mark.parametrize("name, s", [pytest.param(n, s, id=n) for n, s in samples.labelled()])
def test_samples(name, s):
    if name in FUSED and not has("fma"):
        pytest.skip("torch rounds products and sums together, which this CPU cannot")
    usual = samples.usual(s)
    for dtype in (usual, torch.float16, torch.bfloat16):
        if (dtype is usual or s.op in samples_of_halves) and not versions.unlike(
            name, str(dtype).removeprefix("torch.")
        ):
            noting(f"dtype {dtype}", s.f, *samples.inputs(s, dtype), tol=HALF.get(dtype))
    if not versions.unlike(name, "layouts"):
        for layouts in (("contiguous",), ("transposed",), ("transposed", "contiguous")):
            given = samples.inputs(s, usual, (2, 3, 2, 4), layouts)
            noting(f"the inputs are {layouts}", s.f, *given)


samples_of_halves = {"logit", "gelu", "softmax_along", "convert", "copy_", "sum", "cumsum"}
"""Ops whose steps ATen rounds to a half type, or that convert to one."""


def filled(size: int, shift: int = 0, special: list[float] = SPECIAL) -> torch.Tensor:
    """So many special and normal values."""
    random = np.random.default_rng(size + shift)
    values = random.standard_normal(size).astype(np.float32) * 4
    places = random.random(size) < 0.4
    values[places] = random.choice(np.float32(special), places.sum())
    return torch.from_numpy(values)


UNARY: dict[str, Callable[[Any, Any], Any]] = {
    **{
        name: lambda t, x, name=name: getattr(t, name)(x)
        for name in (
            "relu exp log sigmoid sign frac logical_not nan_to_num erf erfc erfinv logit"
        ).split()
    },
    **{
        name: lambda t, x, name=name: getattr(t.nn.functional, name)(x)
        for name in (
            "celu elu gelu hardshrink hardsigmoid hardswish hardtanh leaky_relu logsigmoid mish "
            "silu softplus softshrink"
        ).split()
    },
    **{
        name: lambda t, x, name=name: getattr(x.clone(), name)()
        for name in "abs_ ceil_ exp_ neg_ relu_ sigmoid_ trunc_".split()
    },
    "clamp": lambda t, x: x.clamp(-0.5, 2),
    "threshold": lambda t, x: t.nn.functional.threshold(x, 0.0, 2.0),
    "cube": lambda t, x: x**3,
    "float16": lambda t, x: x.to(t.float16),
    "bfloat16": lambda t, x: x.to(t.bfloat16),
    "uint8": lambda t, x: x.nan_to_num(0, 0, 0).clamp(-300, 300).to(t.uint8),
    "flip": lambda t, x: x.flip(0),
    "sum": lambda t, x: (x.sum(), x.nansum(), x.sigmoid().prod()),
    "largest": lambda t, x: (x.view(1, -1).amax(1), x.view(1, -1).amin(1)),
    "softmax": lambda t, x: (x.softmax(0), x.log_softmax(0), x.logsumexp(0)),
    "softmax of columns": lambda t, x: x.view(-1, 1).expand(-1, 3).contiguous().softmax(0),
    "scans": lambda t, x: (x.cummax(0), x.cummin(0)),
}

BINARY: dict[str, Callable[[Any, Any, Any], Any]] = {
    **{
        name: lambda t, x, y, name=name: getattr(t, name)(x, y)
        for name in (
            "copysign hypot logaddexp logaddexp2 logical_and logical_or logical_xor fmod "
            "floor_divide remainder"
        ).split()
    },
    "add": lambda t, x, y: t.add(x, y, alpha=0.3),
    "addcmul": lambda t, x, y: t.addcmul(x, y, x, value=0.3),
    "addcdiv": lambda t, x, y: t.addcdiv(x, y, x, value=0.3),
    "clamp": lambda t, x, y: t.clamp(x, y, y + 1),
    **{
        name: lambda t, x, y, name=name: getattr(x.clone(), name)(y)
        for name in "eq_ ne_ lt_ le_ gt_ ge_".split()
    },
    "fmod number": lambda t, x, y: (t.fmod(x, 1.5), t.remainder(x, -1.5), t.floor_divide(x, 0.7)),
    "huber_loss": lambda t, x, y: t.nn.functional.huber_loss(x, y, reduction="none"),
    "lerp": lambda t, x, y: (t.lerp(x, y, 0.3), t.lerp(x, y, 0.7), t.lerp(x, y, x)),
    "smooth_l1": lambda t, x, y: t.nn.functional.smooth_l1_loss(x, y, reduction="none"),
    "trunc": lambda t, x, y: t.div(x, y, rounding_mode="trunc"),
    "where": lambda t, x, y: (t.where(x > y, x, y), t.where(x > y, 1.0, y), t.where(x > y, x, 1.0)),
    "where numbers": lambda t, x, y: t.where(x > y, 1.0, 0.5),
    "row": lambda t, x, y: t.stack([x, y]) * y,
    "column": lambda t, x, y: t.maximum(t.stack([x, y]), t.stack([x[:1], y[:1]])),
}


@pytest.mark.usefixtures("any_size")
@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    for size in (*range(2, 8), 15, 16, 17, 31, 33, 63, 64, 65, 130):
        same(UNARY[name], filled(size, 0, FINITE if name == "gelu" else SPECIAL))


@pytest.mark.usefixtures("any_size")
@pytest.mark.parametrize("name", BINARY)
def test_binary(name):
    for size in (*range(2, 8), 15, 16, 17, 31, 33, 63, 64, 65, 130):
        same(BINARY[name], filled(size, 0, MODERATE), filled(size, 1, MODERATE))


EXACT = (
    "relu sign frac logical_not nan_to_num hardshrink hardsigmoid hardswish hardtanh leaky_relu "
    "softshrink abs_ ceil_ neg_ relu_ trunc_ clamp threshold cube float16 bfloat16 flip"
).split()
EXACT_OF_TWO = (
    "copysign logical_and logical_or logical_xor fmod floor_divide remainder add addcmul addcdiv "
    "clamp eq_ huber_loss lerp smooth_l1 trunc where row column"
).split()


def bits(result: Any) -> list[bytes]:
    """The bytes of each result, with every nan alike."""
    found = []
    for t in result if isinstance(result, tuple) else (result,):
        wide = t if t.dtype is minitorch_np.bool else t.to(minitorch_np.float32)
        a = wide.numpy().copy()
        if a.dtype == np.float32:
            a[np.isnan(a)] = np.nan
        found.append(a.tobytes())
    return found


@pytest.mark.parametrize("name", [*EXACT, *[f"{n} of two" for n in EXACT_OF_TWO]])
def test_arithmetic_has_the_bits_of_numpy_s(name, monkeypatch):
    two = name.removesuffix(" of two")
    f = UNARY[name] if two == name else BINARY[two]
    for size in (3, 64, 77):
        given = [minitorch_np.tensor(filled(size, k).numpy()) for k in range(1 + (two != name))]
        expected = bits(f(minitorch_np, *given))
        with monkeypatch.context() as patch:
            few(patch)
            assert bits(f(minitorch_np, *given)) == expected


@pytest.mark.usefixtures("any_size")
@pytest.mark.parametrize(
    "f",
    [
        lambda t, x, y: (x.softmax(1) * y).sum(),
        lambda t, x, y: (x.softmax(0) * y).sum(),
        lambda t, x, y: (x.log_softmax(1) * y).sum(),
        lambda t, x, y: (t.prelu(x, y[0]) * y).sum(),
        lambda t, x, y: (x.max(1)[0] * y[:, 0]).sum(),
        lambda t, x, y: (t.nn.functional.glu(x) * y[:, ::2]).sum(),
    ],
)
def test_gradients(f):
    for rows, columns in ((2, 4), (3, 70), (65, 18)):
        x, y = [filled(rows * columns, k, [0.0, 1.0]).view(rows, columns) for k in (0, 1)]
        same(f, x.requires_grad_(), y.requires_grad_(), tol=(1e-5, 1e-3))  # sums that cancel


def test_remainders_of_huge_quotients_are_left_to_c():
    a = np.full(large.MANY, 1e30, np.float32)
    b = np.float32(0.7)
    for name in ("fmod", "remainder"):
        got = getattr(minitorch_np, name)(minitorch_np.tensor(a), float(b)).numpy()
        assert (got == getattr(np, name)(a, b)).all()


def test_float16_takes_every_value_there_and_back():
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    there = minitorch_np.tensor(every).to(minitorch_np.float32)
    assert np.array_equal(there.numpy(), every.astype(np.float32), equal_nan=True)
    with np.errstate(invalid="ignore"):
        middles = np.nextafter(every.astype(np.float32), np.float32(0)) + np.float32(2**-26)
    with np.errstate(invalid="ignore"):
        beside = there.numpy() * np.float32(1.0005)
    for values in (there.numpy(), middles, beside):
        back = minitorch_np.tensor(values).to(minitorch_np.float16).numpy()
        with np.errstate(all="ignore"):
            assert np.array_equal(back, values.astype(np.float16), equal_nan=True)


def test_sums_of_many_are_as_near_as_pairwise_ones():
    random = np.random.default_rng(0)
    a = random.random((700, 1000), np.float32)
    t = minitorch_np.tensor(a)
    wide = a.astype(np.float64)
    for dim in ((0,), (1,), (0, 1)):
        assert np.allclose(t.sum(dim).numpy(), wide.sum(dim), rtol=3e-7, atol=0)


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 5, 7, 8, 9, 16, 17])
def test_narrow_columns_are_summed(columns: int) -> None:
    for rows in (1, 2, 3, 5, 8, 15, 16, 17, 33, 64, 4097):
        outer = -(-2 * large.MANY // (rows * columns))
        x = filled(outer * rows * columns, columns, [0.0, 1e-45]).view(outer, rows, columns)
        near = (1e-4, 1e-5)  # torch's own are as far from the sums in float64
        wide = x.double().sum(1).numpy()
        got = minitorch_np.tensor(x.numpy()).sum(1).numpy()
        most = x.abs().double().sum(1).numpy()
        assert (abs(got - wide) <= 5e-7 * most).all()
        x[:, ::2] = torch.where(x[:, ::2] > 2, torch.nan, x[:, ::2])
        x[-1, -1] = torch.inf
        same(lambda t, x: (x.sum(1), x.nansum(1)), x, tol=near, grad=False)


@pytest.mark.parametrize("rows, columns", [(1, 2), (2, 2), (2, 3), (4, 4), (8, 2), (5, 3), (6, 3)])
def test_exponentials_of_small_matrices(rows: int, columns: int) -> None:
    x = filled(3 * 700 * rows * columns, rows, [0.0, 90.0, -INF]).view(3, 700, rows, columns)
    x[..., 0, :] = x[..., 0, :].clamp(-5)
    y = filled(x.numel(), 1, [0.0]).view(x.shape)
    tol = (1e-5, 1e-4)  # sums that cancel
    for given in (x, x.mT.contiguous().mT):
        given = given.requires_grad_()
        same(lambda t, x, y: (x.softmax(2) * y).sum(), given, y, tol=(1e-3, 1e-4), grad_tol=tol)
        same(lambda t, x: (x.softmax(2), x.log_softmax(-2), x.logsumexp(2)), given, grad=False)
        finite = given.detach().clamp(-20).requires_grad_()
        same(lambda t, x: x.log_softmax(-2) ** 2, finite, grad_tol=tol)


@pytest.mark.parametrize("columns", [2, 5, 8, 16, 31, 32, 40])
@pytest.mark.parametrize("rows", [1, 2, 3, 7, 16, 33, 300])
def test_exponentials_of_narrow_columns(rows: int, columns: int) -> None:
    outer = -(-large.MANY // (rows * columns)) + 1
    x = filled(outer * rows * columns, rows, [0.0, 90.0, -INF, NAN]).view(outer, rows, columns)
    x[0], x[-1, -1, -1] = x[0].nan_to_num(0.5, neginf=-3.0), INF
    same(lambda t, x: (x.softmax(1), x.log_softmax(1), x.logsumexp(1)), x, grad=False)


EDGES = [0.0, -0.0, 1e-45, -1e-45, 3.4e38, -3.4e38, INF, -INF]


@pytest.mark.parametrize("sign", ["either", "below", "above"])
@pytest.mark.parametrize("nan", [None, 0x7FC00000, 0xFFC00000, 0x7FFFFFFF, 0xFFFFFFFF])
def test_extremes_of_many(sign: str, nan: int | None) -> None:
    """Bits of floats order as integers do, but for the negative ones; and a nan has a sign."""
    for special in (EDGES, [0.0, -0.0], [3.0, -3.0]):
        x = filled(3 * large.MANY, len(sign), special).view(3, -1)
        x = {"either": x, "below": -x.abs(), "above": x.abs()}[sign]
        if nan is not None:
            x[1, 77] = torch.tensor(nan, dtype=torch.int64).to(torch.int32).view(torch.float32)
        same(lambda t, x: (x.amax(), x.amin(), *x.aminmax(), x.amax(1), x.amin(1)), x, grad=False)
        same(lambda t, x: x.aminmax(dim=1), x, grad=False)


def test_a_half_type_is_read_before_its_own_memory_is_written():
    x = minitorch_np.rand(2 * large.MANY)
    half = x.view(minitorch_np.float16)[: x.numel()]
    expected = half.numpy().astype(np.float32)
    x.copy_(half)
    assert np.array_equal(x.numpy(), expected, equal_nan=True)


def test_a_target_out_of_bounds_is_named():
    labels = torch.zeros(100, dtype=torch.int64)
    labels[7], labels[9] = 50, -3
    same(lambda t, x, y: t.nn.functional.nll_loss(x, y), torch.rand(100, 50), labels)
    labels[:] = -100
    same(lambda t, x, y: t.nn.functional.nll_loss(x, y), torch.rand(100, 50), labels)


def test_small_tensors_load_no_numba():
    code = (
        "import sys, minitorch_np as m\n"
        "x = m.rand(40, 40, requires_grad=True)\n"
        "m.nn.functional.gelu(x.relu().logsumexp(1) + x[0]).sum().backward()\n"
        "assert 'numba' not in sys.modules\n"
        "m.rand(100, 100).relu()\n"
        "assert 'numba' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


PARTS = {"forceinline", "no_cpython_wrapper"}
"""The options of what is compiled into others alone."""


@pytest.mark.parametrize("name", MODULES)
def test_build_compiles_the_types_that_calls_have(name):
    """Each loop once: a call with other types than those built would compile it a second time."""
    getattr(kernels, name).build()
    for key, function in loops(name).items():
        if not PARTS & function.targetoptions.keys():
            own = [kinds for kinds in function.signatures if "float16" not in str(kinds)]
            hints = [*function.py_func.__annotations__.values()]
            several = hints.index(Numbers) if Numbers in hints else None  # one for each dtype
            known = {several is None or kinds[several].dtype for kinds in own}
            assert len(own) == len(known), (key, function.signatures)  # beside those of half types


def test_a_kernel_is_kept_for_each_sign_of_zero():
    x = torch.full((100, 100), -2.0)
    for zero in (0.0, -0.0, 0, -0.0):
        same(lambda t, x, n=zero: t.nn.functional.leaky_relu(x, n).signbit(), x)
        same(lambda t, x, n=zero: t.clamp(x, n, 1.0).signbit(), x)


def test_memory_is_looked_at_in_every_call_in_place():
    x, y = filled(10_000), filled(10_000, 1)
    for other in (y, x, y):  # of one form, so what the first call decided is known to the next
        same(lambda t, x, y: x[1:].sub_(y[:-1]), x, other)
    same(lambda t, x: x[1:].sub_(x[:-1]), x)
    same(lambda t, x: (x.mul_(x), x.t().add_(x)), x.view(100, 100))
    same(lambda t, x: x.exp_(), filled(1).expand(10_000))


def test_memory_that_is_not_aligned_is_left_to_numpy():
    a = np.arange(10_000, dtype=np.float32) - 5000
    moved = np.frombuffer(bytearray(b"." + a.tobytes()), np.uint8)[1:].view(np.float32)
    assert not moved.flags.aligned
    t = minitorch_np.from_numpy(moved)
    assert (t.relu().numpy() == np.maximum(a, 0)).all()
    assert (
        minitorch_np.nn.functional.leaky_relu(t, 0.5, inplace=True).numpy() == np.maximum(a, a / 2)
    ).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.int32, torch.float64])
def test_large_matrices_of_both_orders(dtype: torch.dtype) -> None:
    """Those that lie in the other order than the result are turned first."""
    a = (filled(300 * 260, 0, [0.0, -0.0, 3.0]) * 9).view(300, 260).to(dtype)
    b = (filled(300 * 260, 1, [0.0, 1.0]) * 9).view(260, 300).to(dtype).t()
    one = torch.tensor(2, dtype=dtype)
    for f in (
        lambda t, a, b, one: (a + b, b + a, a * one - b, a < b, t.maximum(b, a), b.sub(a, alpha=2)),
        lambda t, a, b, one: (t.where(a > b, a, b), t.addcmul(b, a, a), a.clone().mul_(b)),
        lambda t, a, b, one: (b / (a + 100), a.clone().t().add_(b.t()), a + b[:, :1], a + b[0]),
        lambda t, a, b, one: (t.add(a, b, out=t.empty(300, 260, dtype=a.dtype)), a.div(b + 50)),
        lambda t, a, b, one: a[:260, :260].clone().add_(a[:260, :260].clone().t()),
    ):
        same(f, a, b, one, grad=False)
    if dtype is torch.float32:
        same(
            lambda t, a, b: t.lerp(a, b, 0.25) * b, a.requires_grad_(), b.detach().requires_grad_()
        )
        square = a.detach()[:260]
        same(lambda t, x: x.add_(x.t()), square.clone(), grad=False)
