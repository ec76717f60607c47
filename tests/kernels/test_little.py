"""Small products: the bits of the others, and which are none."""

from itertools import product
from typing import Any

import numpy as np
import pytest

import minitorch_np
from minitorch_np import backends, kernels
from minitorch_np.kernels import little

pytestmark = pytest.mark.skipif(not little.POSSIBLE, reason="this Python has no such functions")

ONE = np.ones((2, 2), np.float32)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["CC", "CF", "FC", "FF"])
def test_bits_are_those_of_mm(dtype: Any, order: str) -> None:
    rng = np.random.default_rng(0)
    for m, n, k in product((1, 2, 5, 16, 33), (1, 3, 10, 16, 64), (1, 4, 7, 100)):
        a = np.array(rng.standard_normal((m, k)), dtype, order=order[0])
        b = np.array(rng.standard_normal((k, n)), dtype, order=order[1])
        row, whole = rng.standard_normal(n).astype(dtype), rng.standard_normal((m, n)).astype(dtype)
        for start in (None, row, whole, whole.T.copy().T, np.broadcast_to(row, (m, n))):
            given = () if start is None else (start,)
            got, expected = np.full((m, n), 7, dtype), np.full((m, n), 9, dtype)
            assert kernels.small_product(a, b, got, *given) is True
            kernels.mm(a, b, expected, 1, 0 if start is None else 1, start)
            assert got.tobytes() == expected.tobytes()


def test_strides_and_columns() -> None:
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((3, 20, 30)).astype(np.float32)
    a, b = wide[0, ::2, 1::3], wide[1, ::2, ::2]
    out, expected = np.zeros((10, 15), np.float32), np.zeros((10, 15), np.float32)
    assert kernels.small_product(a, b, out)
    kernels.mm(a, b, expected)
    assert out.tobytes() == expected.tobytes()
    turned = np.zeros((15, 10), np.float32).T
    assert kernels.small_product(a, b, turned)
    np.testing.assert_array_equal(turned, expected)


@pytest.mark.parametrize(
    "given",
    [
        (), (ONE,), (ONE, ONE), (1, 2, 3), (ONE, ONE, None), (ONE,) * 5,
        (ONE, ONE, ONE.astype("f8")), (ONE.astype("f8"), ONE, ONE),
        (ONE.astype("i8"),) * 3, (ONE.astype("f2"),) * 3, (ONE.astype(">f4"),) * 3,
        (ONE[:1], ONE, ONE), (ONE, ONE[:1], ONE), (ONE, ONE, ONE[:1]), (ONE, ONE[:, :1], ONE),
        (ONE[0], ONE, ONE), (ONE, ONE[0], ONE), (ONE, ONE, ONE[0]), (ONE[None], ONE, ONE),
        (ONE, ONE, ONE, ONE[:1]), (ONE, ONE, ONE, ONE[0, :1]), (ONE, ONE, ONE, ONE[None]),
        (ONE, ONE, ONE, np.float32(1)), (ONE, ONE, ONE, ONE.astype("f8")),
        (ONE[:0], ONE, ONE[:0]), (ONE[:, :0], ONE[:0], ONE), (ONE[:, :0], ONE, ONE),
        (np.ones((100, 100), "f4"),) * 3, (ONE, ONE, np.ones((4, 4), "f4")[::2, ::2]),
        (minitorch_np.ones(2, 2),) * 3,
    ],
)  # fmt: skip
def test_others_are_left_alone(given: tuple[Any, ...]) -> None:
    before = [np.array(each) for each in given if isinstance(each, np.ndarray)]
    count = little.count()
    assert kernels.small_product(*given) is False
    assert little.count() == count
    for each, was in zip([g for g in given if isinstance(g, np.ndarray)], before, strict=True):
        np.testing.assert_array_equal(each, was)


@pytest.mark.parametrize("switch", ["numba", "numpy"])
def test_the_switch_decides(switch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "matmul", switch)
    x, bias = minitorch_np.rand(3, 4, requires_grad=True), minitorch_np.rand(3)
    for _ in range(3):  # the second time, forms are known
        before = little.count()
        y = minitorch_np.addmm(bias, x, x.t())
        (y.mm(x) * 2).sum().backward()
    assert (little.count() - before) == 6 * (switch == "numba")


def test_an_unknown_switch_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    x = minitorch_np.rand(3, 3)
    _ = x.mm(x), x.mm(x)
    monkeypatch.setattr(backends, "matmul", "other")
    with pytest.raises(ValueError, match="other"):
        x.mm(x)


def test_tables_are_counted_words() -> None:
    """The address of a word that counts: it must be the one that compiled code writes to."""
    out, before = np.empty((2, 2), np.float32), little.count()
    assert kernels.small_product(ONE, ONE, out)
    assert little.count() == before + 1
    assert out.tolist() == [[2, 2], [2, 2]]
