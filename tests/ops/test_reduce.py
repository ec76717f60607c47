"""Sums, means, products, truths, logsumexp against torch."""

import warnings

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np.form import Plans
from minitorch_np.ops import reduce
from tests.oracle import DTYPES, FLOATING, LAYOUTS, same, sample

NAMES = ["sum", "nansum", "mean", "logsumexp", "all", "any", "count_nonzero", "prod"]
DIMS = [None, 0, -1, 1, (0, 1), (-1, 0), (), (0, 1, 2)]
HALF = (4e-3, 4e-3)
"""PyTorch rounds some gradients of half types twice."""


def takes(name: str, dim: object) -> bool:
    """Whether the op has an overload for this kind of `dim`."""
    if name == "prod":
        return dim is None or isinstance(dim, int)
    return not (name == "logsumexp" and (dim is None or dim == ()))


def call(t, name, x, dim, keepdim=False, **kw):
    """The op as a user would call it for this `dim`."""
    if dim is None:
        return getattr(t, name)(x, **kw)
    if name == "count_nonzero":
        return t.count_nonzero(x, dim, **kw)
    return getattr(t, name)(x, dim, keepdim, **kw)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dim", DIMS, ids=str)
def test_dims(name: str, dim: object) -> None:
    if not takes(name, dim):
        return
    for shape in [(2, 3, 4), (1, 3), (2, 1, 3), (4,), (), (0, 3), (2, 0, 3)]:
        for keepdim in (False, True):
            f = lambda t, x: call(t, name, x, dim, keepdim)  # noqa: E731
            same(f, sample(*shape), second=name != "prod")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(name: str, layout: str) -> None:
    for dim in DIMS:
        if takes(name, dim):
            same(lambda t, x: call(t, name, x, dim), sample(2, 3, 4, layout=layout))
    f = lambda t, x: call(t, name, x, (1, 3) if takes(name, (1,)) else 1)  # noqa: E731
    same(f, sample(2, 3, 4, 2, layout="channels_last"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(name: str, dtype: torch.dtype) -> None:
    tol = HALF if dtype in FLOATING[:2] else None
    for dim in (None, 0):
        if takes(name, dim):
            same(lambda t, x: call(t, name, x, dim), sample(3, 4, dtype=dtype), tol=tol)


@pytest.mark.parametrize("name", ["sum", "nansum", "mean", "prod"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtype_argument(name: str, dtype: torch.dtype) -> None:
    ours = str(dtype).removeprefix("torch.")
    for given in (torch.float32, torch.int64, torch.bfloat16, torch.bool):
        x = sample(3, 4, dtype=given, grad=False)
        same(lambda t, x: getattr(x, name)(dtype=getattr(t, ours)), x, tol=HALF)
        same(lambda t, x: getattr(x, name)(1, dtype=getattr(t, ours)), x, tol=HALF)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", [
    lambda t: t.empty(0), lambda t: t.zeros(5), lambda t: t.empty(4, dtype=t.float64),
    lambda t: t.empty(4, dtype=t.int64), lambda t: t.empty(4, dtype=t.bool),
    lambda t: t.zeros(8)[::2], lambda t: t.empty(4, dtype=t.uint8),
])  # fmt: skip
def test_out(name: str, make: object) -> None:
    if name != "count_nonzero":
        same(lambda t, x: getattr(t, name)(x, 0, out=make(t)), sample(3, 4, grad=False))
        same(
            lambda t, x: getattr(t, name)(x, 0, out=make(t)),
            sample(3, 4, grad=False, dtype=torch.int64),
        )  # fmt: skip


@pytest.mark.parametrize("name", ["sum", "mean", "logsumexp", "prod", "nansum"])
def test_out_does_not_record(name: str) -> None:
    same(lambda t, x: getattr(t, name)(x, 0, out=t.empty(0)), sample(3, 4))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dim", [2, -3, (0, 0), (0, -2), (0, 2)], ids=str)
def test_dim_errors(name: str, dim: object) -> None:
    if takes(name, dim):
        same(lambda t, x: call(t, name, x, dim), sample(2, 3))
        if isinstance(dim, int):
            same(lambda t, x: call(t, name, x, 1), sample())


@pytest.mark.parametrize("name", NAMES)
def test_special_values(name: str) -> None:
    inf, nan = float("inf"), float("nan")
    x = torch.tensor([[inf, 1.0], [-inf, 2.0], [nan, 0.0], [inf, -inf], [0.0, -0.0]])
    for dim in (None, 0, 1):
        if takes(name, dim):
            same(lambda t, x: call(t, name, x, dim), x.clone().requires_grad_())


@pytest.mark.parametrize("zeros", [(), (1,), (1, 4), (0, 1, 2), (0, 3)])
def test_prod_with_zeros(zeros: tuple[int, ...]) -> None:
    x = sample(2, 3, low=0.5)
    with torch.no_grad():
        x.view(-1)[list(zeros)] = 0
    for dim in (None, 0, 1):
        same(lambda t, x: call(t, "prod", x, dim), x)
        if len(zeros) < 2:
            same(lambda t, x: call(t, "prod", x, dim), x, second=True)


@pytest.mark.parametrize("dtype", FLOATING[:2], ids=str)
def test_half_types_add_up_wide(dtype: torch.dtype) -> None:
    x = torch.ones(1000, dtype=dtype)
    same(lambda t, x: (x.sum(), x.mean(), x.view(500, 2).sum(0)), x, exact=True)


@pytest.mark.parametrize("shape", [(20000, 3), (3, 20000), (50, 40, 30)])
def test_long_sums(shape: tuple[int, ...]) -> None:
    x = sample(*shape, low=0)
    for dim in range(len(shape)):
        same(lambda t, x: (x.sum(dim), x.mean(dim), x.logsumexp(dim)), x)
    same(lambda t, x: (x.sum(), x.mean()), x)
    same(lambda t, x: (x.sum(), x.mean()), sample(*shape, low=0, layout="reversed"))


def test_sum_to_size() -> None:
    for shape in [(2, 3), (1, 3), (2, 1), (3,), (1,), ()]:
        same(lambda t, x: x.sum_to_size(shape), sample(2, 3), second=True)
    same(lambda t, x: x.sum_to_size(2, 3), sample(4, 2, 3))


def test_long_sums_across_rows_do_not_drift() -> None:
    same(lambda t, x: (x.sum(0), x.mean(0)), torch.full((200000, 2), 0.1), tol=(1e-6, 0))


def test_prod_takes_one_dim():
    same(lambda torch, x: torch.prod(x, (0, 1)), sample(2, 3))


def test_logsumexp_over_no_dims() -> None:
    for shape in [(2, 3), (4,), (1, 1), (), (0,), (2, 0)]:
        for keepdim in (False, True):
            same(lambda torch, x, k=keepdim: torch.logsumexp(x, (), k), sample(*shape))


@pytest.mark.parametrize("name", ["sum", "prod", "nansum"])
def test_integers_wrap_around(name: str) -> None:
    for dtype in ("int8", "uint8", "int16", "int32"):
        for dim in (None, 0, (0, 1)) if name != "prod" else (None, 0):
            where = () if dim is None else (dim,)
            same(
                lambda t, x, where=where, dtype=dtype: getattr(x, name)(
                    *where, dtype=getattr(t, dtype)
                ),
                torch.full((30, 7), 1003),
            )


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "argmax", "any", "var", "logsumexp"])
@pytest.mark.parametrize("flag", [1, 0, "a", np.True_, np.False_])
def test_a_flag_that_is_no_bool_is_refused_every_time(name, flag):
    def f(torch, x):
        getattr(x, name)(0, keepdim=True)
        getattr(x, name)(0, keepdim=False)
        return getattr(x, name)(0, keepdim=flag)

    same(f, sample(2, 3), grad=False)


FOLDS = {
    name: (lambda t, x, dim, name=name: getattr(t, name)(x, dim))
    for name in "sum nansum mean prod amax amin logsumexp softmax log_softmax cumsum cumprod "
    "cummax".split()
} | {"norm": lambda t, x, dim: t.linalg.vector_norm(x, 2, dim)}


@pytest.mark.parametrize("name", FOLDS)
@pytest.mark.parametrize(
    "shape, dim",
    [((1367, 3), 0), ((1367, 3), 1), ((410, 10), 0), ((130, 67, 2), 1), ((600, 2, 4), 1),
     ((5000, 1), 0), ((1, 5000), 0)],
    ids=str,
)  # fmt: skip
def test_few_columns_or_short_rows_of_many_elements(
    name: str, shape: tuple[int, ...], dim: int
) -> None:
    f = FOLDS[name]
    x = torch.rand(shape, generator=torch.Generator().manual_seed(3)) * 2 - 1
    if name in ("prod", "cumprod"):
        x = 1 + x / 100
    same(lambda t, x: f(t, x, dim), x, tol=(2e-6, 1e-5), grad=False)
    odd = x.clone()
    for k, value in enumerate((torch.nan, torch.inf, -torch.inf, -0.0)):
        odd.view(-1)[k * 37 % odd.numel()] = value
    same(lambda t, x: f(t, x, dim), odd, tol=(2e-6, 1e-5), grad=False)
    for _ in range(2):  # what was remembered of the first call
        same(lambda t, x: f(t, x.double().float(), dim), x, tol=(2e-6, 1e-5), grad=False)


@pytest.mark.parametrize("dim", [None, 0, 1])
def test_sums_of_memory_that_no_loop_may_walk(dim: int | None) -> None:
    x = np.random.default_rng(5).random((700, 9), np.float32)
    exact = x.astype(np.float64).sum(dim)
    fixed = x.copy()
    fixed.flags.writeable = False
    shifted = np.frombuffer(bytearray(b"." + x.tobytes()), np.float32, offset=1).reshape(x.shape)
    for given in (x, fixed, shifted, x):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of memory that may not be written to
            found = minitorch_np.from_numpy(given).sum(dim)
        assert np.allclose(found.numpy(), exact, rtol=2e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", [None, 0, -1])
@pytest.mark.parametrize("shape", [(), (4, 3), (3, 0), (0, 3), (9, 5, 7), (64, 80), (300, 40)])
def test_a_form_met_before_has_the_same_bits(shape, dim, keepdim, dtype):
    """The second sum or mean of a form takes what the first one found out, and so does a mean after
    a sum. Memory that cannot be written to is NumPy's to walk, also where a loop is known."""
    x = sample(*shape, dtype=dtype)
    given = () if dim is None else (dim, keepdim)
    x = x.detach()
    array = x.numpy().copy()
    fixed = array.copy()
    fixed.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what cannot be written to
        mine, held = minitorch_np.from_numpy(array), minitorch_np.from_numpy(fixed)
    for name, other in (("sum", "mean"), ("mean", "sum")):
        reduce._sums.clear()
        found = [getattr(t, name)(*given) for t in (mine, mine, held)]
        reduce._sums.clear()
        getattr(mine, other)(*given)
        found.append(getattr(mine, name)(*given))
        expected = getattr(x, name)(*given)
        tol = 1e-5 if dtype is torch.float32 else 1e-12
        for each in found:
            assert each.stride() == expected.stride()
            back = torch.from_numpy(each.numpy().copy())
            torch.testing.assert_close(back, expected, rtol=tol, atol=tol, equal_nan=True)
        bits = {found[at].numpy().tobytes() for at in (0, 1, 3)}
        assert len(bits) == 1


BY_UFUNC = ["all", "any", "amax", "amin", "max", "min"]


@pytest.mark.parametrize("layout", ["contiguous", "reversed", "sliced"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BY_UFUNC)
def test_folds_met_before_are_as_those_that_were_not(name, dtype, layout):
    whole = name in ("max", "min")
    dims = [None] if whole else [None, 0, -1, (), [0]]

    def run(t, x, dim, keepdim):
        return getattr(x, name)() if dim is None else getattr(x, name)(dim, keepdim)

    for shape in ((2, 3), (), (4, 2, 3), (0, 3), (90, 90)):
        x = sample(*shape, dtype=dtype, layout=layout, grad=False)
        for dim in dims:
            for keepdim in (False, True, 1):
                if whole and keepdim is not False:
                    continue
                for _ in range(2):
                    same(run, x, dim, keepdim, exact=True)


def test_folds_met_before_keep_the_users_errors_and_nan():
    x = torch.tensor([[1.0, float("nan")], [-0.0, 0.0]])
    for _ in range(2):
        with np.errstate(all="raise"):
            for name in BY_UFUNC:
                same(lambda t, x: getattr(x, name)(), x)
                same(lambda t, x: (x == x, getattr(x == x, name)()), x)


def test_few_elements_are_remembered(monkeypatch):
    plans = Plans()
    monkeypatch.setattr(reduce, "_folds", plans)
    x = minitorch_np.ones(3, 4)
    _ = x.max(), x.amax(0, True), (x > 0).all(), (x > 0).any(1), x.min(), x.amin()
    _ = x.half().max(), x.all(), x.amax((0, 1)), x.max(out=minitorch_np.ones(()))
    assert [(f.__name__, dim, keepdim) for f, _, dim, keepdim in plans] == [
        ("maximum", None, False),
        ("maximum", 0, True),
        ("logical_and", None, False),
        ("logical_or", 1, False),
        ("minimum", None, False),
    ]
