"""Small loops: NumPy's bits, which loop runs when, and how arrays come into compiled code."""

import subprocess
import sys
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np.form import Plans
from minitorch_np.kernels.large import Compiled, loop
from minitorch_np.op import REGISTRY, Swift
from minitorch_np.ops import binary
from minitorch_np.ops import reduce as reductions
from minitorch_np.ops.conditional import between_numbers as clamped
from minitorch_np.ops.fused import _lerp_by as mixed
from minitorch_np.ops.unary import logistic
from tests.oracle import same

UFUNCS: dict[str, Any] = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "negative": np.negative, "reciprocal_root": lambda a: 1 / np.sqrt(a),
    "relu": lambda a: np.maximum(np.zeros((), a.dtype), a),
}  # fmt: skip
UNARY = ("negative", "reciprocal_root", "relu")
SWIFT = {name: one for name, one in REGISTRY.items() if one.plan.swift}
SPECIAL = [0.0, -0.0, 1.0, -1.5, 1e-45, -1e-310, 3e38, 1e308, float("inf"), -float("inf")]
SPECIAL += [float("nan"), 2.0, 1 / 3]


@pytest.fixture(autouse=True)
def compiled() -> None:
    x = minitorch_np.ones(2, 2)
    _ = x.mm(x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", UFUNCS)
def test_bits_are_numpys(name: str, dtype: str) -> None:
    with np.errstate(all="ignore"):
        pairs = np.array(list(product(SPECIAL, repeat=2))).astype(dtype)
        random = np.random.default_rng(0).standard_normal((2, 333)).astype(dtype)
        for a, b in (pairs.T.copy(), random):
            given = (a,) if name in UNARY else (a, b)
            expected = UFUNCS[name](*given)
            out = np.full_like(a, 7)
            loop(f"small.{name}", a.dtype)(*given, out)
            for x, y in ((out, expected), (np.signbit(out), np.signbit(expected))):
                kept = ~np.isnan(expected)
                assert np.array_equal(x[kept], y[kept])
            assert np.array_equal(np.isnan(out), np.isnan(expected))
            loop(f"small.{name}", a.dtype)(*given, given[-1])  # in place
            assert given[-1].tobytes() == out.tobytes()


def test_kernels_said_to_be_alike_are() -> None:
    """What NumPy makes of few elements is what the loop makes, which takes them once loaded."""
    with np.errstate(all="ignore"):
        a, b = np.array(list(product(SPECIAL, repeat=2))).astype(np.float32).T.copy()
    limits = [None, *SPECIAL[:4], 2.0, float("inf")]
    unary = [clamped(minitorch_np.float32, *ends) for ends in product(limits, repeat=2)]
    binary = [mixed(weight) for weight in (0.0, -0.0, 0.25, 0.5, 0.75, 1.0, -2.5, 1e30)]
    for given, kernels in (((a,), unary), ((a, b), binary)):
        for kernel in kernels:
            assert isinstance(kernel, Compiled)
            assert kernel.alike
            out, expected = np.full((2, *a.shape), 7, np.float32)
            with np.errstate(all="ignore"):
                kernel.otherwise(*given, expected)
            assert kernel.walk(given, out)
            nan = np.isnan(expected)
            assert np.array_equal(np.isnan(out), nan)
            assert out[~nan].tobytes() == expected[~nan].tobytes()


def test_kernels_that_are_not_alike_leave_few_elements_to_numpy() -> None:
    a = np.ones(4, np.float32)
    assert not logistic.walk((a,), a)
    assert not clamped(minitorch_np.float32, 0, 1).walk((np.frombuffer(a.tobytes(), "f"),), a)


def test_every_swift_op_has_its_loop() -> None:
    assert {one.plan.swift for one in SWIFT.values()} == set(UFUNCS)
    for one in SWIFT.values():
        assert one.source  # built by now
        for function in (one.function, one.bound):
            assert isinstance(function.__globals__["swift"], Swift), one


@pytest.mark.parametrize("name", [n for n in SWIFT if not n.endswith("_")])
def test_swift_ops(name: str) -> None:
    """Of one form and of several, with a graph and without; `same` compares gradients, too."""

    def f(t: Any, x: Any, y: Any) -> Any:
        given = (x,) if REGISTRY[name].plan.swift in UNARY else (x, y)
        return getattr(t, name)(*given)

    for x, y in (
        (torch.randn(3, 4), torch.randn(3, 4)),
        (torch.randn(3, 4).double(), torch.randn(3, 4).double()),
        (torch.randn(4, 3).t(), torch.randn(4, 3).t()),
        (torch.randn(3, 4), torch.randn(4)),
        (torch.randn(3, 8)[:, ::2], torch.randn(3, 8)[:, ::2]),
        (torch.randn(3, 4), torch.randn(3, 4).double()),
        (torch.randn(0, 4), torch.randn(0, 4)),
        (torch.randn(3, 4), torch.randn(4, 3).t()),
        (torch.randn(70, 70), torch.randn(70, 70)),
    ):
        same(f, x, y, grad=False)
        same(f, x.requires_grad_(), y.requires_grad_())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("nbytes", [1 << 14, 1 << 18])
@pytest.mark.parametrize("name", [n for n in SWIFT if not n.endswith("_")])
def test_the_longest_that_they_take_and_longer_ones(name: str, nbytes: int, dtype: str) -> None:
    """To the bit: which loop takes a tensor must not show."""
    with np.errstate(over="ignore"):
        a, b = np.array(list(product(SPECIAL, repeat=2))).astype(dtype).T
    count = nbytes // a.dtype.itemsize
    for n in (count, count + 1):
        found: list[Any] = []
        for lib in (minitorch_np, torch):
            given = [lib.from_numpy(np.resize(each, n)) for each in (a, b)]
            x = given[0].requires_grad_()
            out = getattr(lib, name)(*given[: 1 if SWIFT[name].plan.swift in UNARY else 2])
            out.backward(given[1])
            found.append((out.detach().numpy(), x.grad.numpy()))
        for ours, theirs in zip(*found, strict=True):
            nan = np.isnan(theirs)
            assert np.array_equal(np.isnan(ours), nan)
            assert ours[~nan].tobytes() == theirs[~nan].tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_gradient_that_is_the_same_everywhere_scales_a_factor(dtype: str) -> None:
    """As a sum's is: values, to the bit, and strides beside PyTorch's."""
    with np.errstate(over="ignore"):
        values = np.array(list(product(SPECIAL, repeat=2))).astype(dtype).T
    for shape in ((338,), (2, 169), (1, 338), (338, 1), (1, 1), (1,), (3, 5, 7), (80, 90), (0, 3)):
        for factor in SPECIAL:
            found: list[Any] = []
            for lib in (minitorch_np, torch):
                x, y = (lib.from_numpy(np.resize(v, shape)).requires_grad_() for v in values)
                (x * y).sum().backward(lib.tensor(factor, dtype=getattr(lib, dtype)))
                found += [(t.grad.numpy(), t.grad.stride()) for t in (x, y)]
            for (ours, strides), (theirs, expected) in zip(found[:2], found[2:], strict=True):
                nan = np.isnan(theirs)
                assert np.array_equal(np.isnan(ours), nan)
                assert ours[~nan].tobytes() == theirs[~nan].tobytes()
                assert strides == expected
    assert binary._SCALE


@pytest.mark.parametrize("name", [n for n in SWIFT if n.endswith("_")])
def test_what_may_not_be_written_is_not(name: str) -> None:
    for values in (np.arange(6.0), np.arange(6.0, dtype=np.float32)):
        values.flags.writeable = False
        with pytest.warns(UserWarning, match="not writable"):
            x = minitorch_np.from_numpy(values)
        given = () if REGISTRY[name].plan.swift in UNARY else (x.clone(),)
        with pytest.raises(ValueError, match="read-only"):
            getattr(x, name)(*given)
        assert values.tolist() == list(range(6))


def test_numba_is_loaded_by_a_product_and_not_before() -> None:
    code = (
        "import sys, minitorch_np as m\n"
        "x = m.ones(2, 2)\n"
        "y = (x + x) * x - x / x + (-x).relu()\n"
        "assert 'numba' not in sys.modules\n"
        "x.mm(x)\n"
        "assert 'numba' in sys.modules\n"
        "assert ((x + x) * x - x / x + (-x).relu()).tolist() == y.tolist()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_loops_take_any_shape_as_flat() -> None:
    for shape in ((), (1,), (0, 3), (2, 3, 4), (1, 1, 5)):
        a = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
        out = np.full(shape, 9, np.float32)
        loop("small.negative", a.dtype)(a, out)
        assert out.tobytes() == (-a).tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_are_numpys(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of rows, columns and all, bit by bit; the second sum of a form goes by the loop."""
    monkeypatch.setattr(reductions, "_sums", Plans())
    random = np.random.default_rng(5)
    for n, m in [*product((1, 2, 3, 7, 9), (1, 4, 8, 31, 130)), (128, 3), (1, 128), (129, 2)]:
        a = (random.standard_normal((n, m)) * 10.0 ** random.integers(-3, 4, (n, m))).astype(dtype)
        for values in (a, np.where(a < 0, np.inf, a).astype(dtype), np.full_like(a, -0.0)):
            x = minitorch_np.from_numpy(values)
            for dim, keepdim in product((None, 0, 1), (False, True)):
                expected = np.add.reduce(values, dim, keepdims=keepdim)
                for found in (x.sum(dim, keepdim) for _ in range(2)):
                    assert found.numpy().tobytes() == expected.tobytes()
                    assert found.shape == expected.shape


def test_which_sums_small_loops_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reductions, "_sums", Plans())
    taken: list[tuple[object, ...]] = []
    for key, loops in list(reductions._SMALL.items()):
        noted = {0: lambda a, _, name=loops.name: taken.append((name, *a.shape))}
        monkeypatch.setitem(reductions._SMALL, key, noted)
    for shape, dim in (
        ((3, 5), None), ((3, 5), 1), ((3, 5), 0), ((2, 3, 5), 1), ((2, 3, 5), 2), ((5,), 0),
        ((2, 129), 1), ((70, 70), 0),
    ):  # fmt: skip
        x = minitorch_np.ones(*shape)
        for _ in range(2):
            _ = x.sum(dim)
    rows, columns = "sum_rows", "sum_columns"
    expected = [(rows, 3, 5), (rows, 3, 5), (columns, 3, 5), (rows, 2, 3, 5), (rows, 5)]
    assert taken == expected
    halves, turned = minitorch_np.ones(3, 5).half(), minitorch_np.ones(5, 3).t()
    for x in (halves, turned, minitorch_np.ones(3, 5).long()):
        for _ in range(2):
            _ = x.sum(1)
    assert taken == expected


class Foreign:
    """An operand that no tensor knows, and that knows what to do with one."""

    def __radd__(self, other: object) -> str:
        return "added"

    __rsub__ = __rmul__ = __rtruediv__ = __radd__


@pytest.mark.parametrize("sign", ["+", "-", "*", "/"])
def test_operators_leave_foreign_operands_to_their_class(sign: str) -> None:
    def f(t: Any) -> Any:
        x, names = t.tensor([1.0, 2.0]), {"f": Foreign()}

        def of(text: str) -> Any:
            return eval(f"x {sign} {text}", {"x": x, "np": np, **names})

        return of("f"), of("np.float32(3)"), of("np.int64(2)"), of("True"), of("2.5"), of("x")

    same(f)


@pytest.mark.parametrize("sign", ["+", "-", "*", "/"])
@pytest.mark.parametrize("operand", ["'x'", "None", "[1.0]", "object"])
def test_operators_refuse_as_pytorch_does(sign: str, operand: str) -> None:
    same(lambda t: eval(f"x {sign} {operand}", {"x": t.ones(2)}))
