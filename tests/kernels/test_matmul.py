"""The matrix product against NumPy's, within the rounding error that a product may have."""

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from platform import machine

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided

from minitorch_np import kernels
from minitorch_np.kernels import cpu as cpus
from minitorch_np.kernels import family
from minitorch_np.kernels import matmul as products
from minitorch_np.kernels.blocking import (
    DOT_BYTES,
    DOT_COLUMNS,
    DOT_ROWS,
    KC,
    MC_ROWS,
    NC,
    NEAR_COLUMNS,
    NEAR_ROWS,
    PAGE,
    SHALLOW,
)
from minitorch_np.kernels.matmul import ALONE, UNIT

from .matrices import (
    GUARD,
    HALVES,
    RESULTS,
    SOURCES,
    STARTS,
    Make,
    assert_product,
    normal,
    python,
    stepped,
    transposed,
)

FLOATS = ("float32", "float64")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = kernels.get_num_threads()
    kernels.set_num_threads(1)
    yield
    kernels.set_num_threads(before)


def check(
    m: int, k: int, n: int, dtype: str, make_a: Make = normal, make_b: Make = normal,
    make_out: Make = normal, batch: tuple[int, ...] = (),
) -> None:  # fmt: skip
    """Stores and adds, and leaves the neighbours of `out` alone."""
    random = np.random.default_rng(m * 10007 + k * 101 + n)
    a = make_a((*batch, m, k), dtype, random)
    b = make_b((*batch, k, n), dtype, random)
    out = make_out((*batch, m, n), dtype, random)
    multiply = kernels.bmm if batch else kernels.mm
    owner = out if out.base is None else out.base
    old, around = out.copy(), owner.copy()
    multiply(a, b, out, alpha=-0.5, beta=1.0)
    assert_product(out, a, b, alpha=-0.5, added=old)
    out[...] = np.nan
    multiply(a, b, out)
    assert_product(out, a, b)
    out[...] = old
    np.testing.assert_array_equal(owner, around)


MACHINE = family.host_machine()
LANES = MACHINE.vector_bytes // 4
SIZES = sorted(
    {1, 2, 3, 4, 5, 7, 13}
    | {MACHINE.rows, MACHINE.rows + 1, LANES - 1, LANES, LANES + 1, 2 * LANES + 1, 3 * LANES}
)


@pytest.mark.parametrize("dtype", FLOATS)
def test_sizes_around_the_tiles(dtype: str) -> None:
    for make_b in (normal, transposed):
        for m, k, n in product(SIZES, (1, 2, LANES - 1, LANES, LANES + 3, 4 * LANES), SIZES):
            check(m, k, n, dtype, normal, make_b)


@pytest.mark.parametrize("dtype", FLOATS)
def test_dot_products_do_not_depend_on_their_neighbours(dtype: str) -> None:
    """However rows and columns were dealt out, each sum is the same tree."""
    random = np.random.default_rng(13)
    a = normal((DOT_ROWS, 5 * LANES + 3), dtype, random)
    b = transposed((5 * LANES + 3, 70), dtype, random)
    whole = np.empty((DOT_ROWS, 70), dtype)
    kernels.mm(a, b, whole)
    assert_product(whole, a, b)
    for m, n in product(range(1, DOT_ROWS + 1), (2, 3, 5, 6, 7, DOT_COLUMNS, 69)):
        part = np.empty((m, n), dtype)
        kernels.mm(a[-m:], b[:, :n], part)
        assert part.tobytes() == whole[-m:, :n].tobytes()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("make_b", SOURCES)
@pytest.mark.parametrize("make_a", SOURCES)
def test_strides(make_a: Make, make_b: Make, dtype: str) -> None:
    for m, k, n in ((1, 37, 41), (3, 19, 70), (41, 37, 1), (47, 53, 2), (31, 17, 67), (5, 1, 6)):
        check(m, k, n, dtype, make_a, make_b)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("make_out", RESULTS)
def test_strides_of_the_result(make_out: Make, dtype: str) -> None:
    for make_a, make_b in product((normal, transposed, stepped), repeat=2):
        for m, k, n in ((1, 37, 41), (3, 19, 70), (41, 37, 1), (31, 17, 67), (1, 33, 1)):
            check(m, k, n, dtype, make_a, make_b, make_out)
            check(m, k, n, dtype, make_a, make_b, make_out, batch=(3,))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("make", [normal, transposed, stepped])
@pytest.mark.parametrize(
    ("m", "k", "n"),
    [
        (MC_ROWS + 5, KC + 1, 45),
        (NEAR_ROWS + 1, 2 * KC + 3, NEAR_COLUMNS + 1),
        (NEAR_ROWS + 1, 67, 96),
        (NEAR_ROWS + 1, PAGE // 4, NEAR_COLUMNS + 1),
        (MC_ROWS + 5, SHALLOW, 131),
        (19, 23, NC + 37),
        (3, KC + 5, NC + 1),
        (NC + 5, 3, 4),
        (67, 64, 10),
        (10, 65, 131),
        (DOT_ROWS, DOT_BYTES // 16, 41),
        (41, DOT_BYTES // 64, DOT_COLUMNS),
    ],
)
def test_sizes_around_the_blocks(m: int, k: int, n: int, make: Make, dtype: str) -> None:
    check(m, k, n, dtype, make, make)
    check(m, k, n, dtype, normal, make)


@settings(max_examples=150, deadline=None)
@given(
    sizes=st.tuples(*[st.integers(0, 80)] * 3),
    batch=st.sampled_from([(), (1,), (4,)]),
    makes=st.tuples(st.sampled_from(SOURCES), st.sampled_from(SOURCES), st.sampled_from(RESULTS)),
    dtype=st.sampled_from(FLOATS),
)
def test_any(
    sizes: tuple[int, int, int], batch: tuple[int, ...], makes: tuple[Make, Make, Make], dtype: str
) -> None:
    check(*sizes, dtype, *makes, batch=batch)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kind", STARTS)
@pytest.mark.parametrize("make_out", RESULTS)
def test_any_start_is_added(make_out: Make, kind: str, dtype: str) -> None:
    """Scaled, whatever its strides, and the result's place may have held anything."""
    random = np.random.default_rng(8)
    for m, k, n in ((1, 9, 40), (40, 9, 1), (17, 2 * KC + 1, 35), (64, 33, 10), (3, 70, 64)):
        a, b = normal((m, k), dtype, random), transposed((k, n), dtype, random)
        shape, steps = STARTS[kind](m, n)
        memory = random.standard_normal(shape).astype(dtype)
        start = as_strided(memory, (m, n), tuple(step * memory.itemsize for step in steps))
        out = make_out((m, n), dtype, random)
        out[...] = np.nan
        kernels.mm(a, b, out, alpha=0.5, beta=-2.0, start=start)
        assert_product(out, a, b, alpha=0.5, added=-2 * start)
        batch = np.full((2, m, n), np.nan, dtype)
        kernels.bmm(a[None], b[None], batch, beta=1.0, start=np.broadcast_to(start, (2, m, n)))
        for one in batch:
            assert_product(one, a, b, added=start)


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize(
    ("make_out", "dtype"), [*product(RESULTS, [*FLOATS, "float16"]), (transposed, "int32")]
)
def test_a_row_is_every_rows_start(make_out: Make, dtype: str, step: int) -> None:
    """With the bits that the row gives when it is repeated."""
    random = np.random.default_rng(12)
    into = np.dtype("f4" if dtype == "float16" else dtype)
    for m, k, n in ((1, 9, 40), (17, 3, 35), (64, 33, 10), (300, 90, 150)):
        a, b = (3 * normal(shape, "f8", random) for shape in ((m, k), (k, n)))
        row = (3 * normal((n * step,), "f8", random)).astype(into)[::step]
        found, expected = (make_out((m, n), into, random) for _ in range(2))
        for out, start in ((found, row), (expected, np.broadcast_to(row, (m, n)))):
            out[...] = 77
            kernels.mm(a.astype(dtype), b.astype(dtype), out, alpha=2, beta=3, start=start)
        assert found.tobytes() == expected.tobytes()
        assert np.allclose(found, 2 * (a.astype(dtype) @ b.astype(dtype)) + 3.0 * row, 0.1, 0.1)


def test_a_start_times_zero_is_not_looked_at() -> None:
    a, out = np.ones((20, 20), "f4"), np.full((20, 20), np.nan, "f4")
    kernels.mm(a, a, out, beta=0.0, start=np.full((20, 20), np.inf, "f4"))
    assert (out == 20).all()


def test_a_start_of_another_shape_or_dtype_is_refused() -> None:
    a = np.ones((4, 4), "f4")
    with pytest.raises(ValueError, match="do not multiply"):
        kernels.mm(a, a, a.copy(), beta=1.0, start=np.ones((1, 4), "f4"))
    with pytest.raises(ValueError, match="do not multiply"):
        kernels.mm(a, a, a.copy(), beta=1.0, start=np.ones(5, "f4"))
    with pytest.raises(TypeError):
        kernels.mm(a, a, a.copy(), beta=1.0, start=np.ones((4, 4), "f8"))


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("make_b", SOURCES)
@pytest.mark.parametrize("make_a", SOURCES)
def test_half_types_are_read_exactly(make_a: Make, make_b: Make, dtype: np.dtype) -> None:
    """float32 sums of numbers converted on the way, whatever the strides."""
    random = np.random.default_rng(9)
    for m, k, n in ((1, 37, 41), (41, 37, 1), (64, 33, 10), (31, 2 * KC + 1, 67), (2, 50, 3)):
        a, b = make_a((m, k), dtype, random), make_b((k, n), dtype, random)
        out = np.full((m, n), np.nan, "f4")
        kernels.mm(a, b, out)
        assert_product(out, a.astype("f4"), b.astype("f4"))


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("turned", [False, True])
def test_every_half_number_becomes_its_float32(dtype: np.dtype, turned: bool) -> None:
    """Subnormal numbers, infinities and NaN too: each of the 65,536, times 1."""
    every = np.arange(2**16, dtype=np.uint16).view(dtype)
    column = every.reshape(-1, 64).T if turned else every.reshape(64, -1)
    out = np.empty(column.shape, "f4")
    for row, to in zip(column, out, strict=True):
        kernels.mm(np.ones((1, 1), dtype), row[None], to[None])
    expected = column.astype("f4")
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("dtype", [*FLOATS, "int64"])
def test_empty(dtype: str) -> None:
    for m, k, n in product((0, 3), (0, 2), (0, 5)):
        a, b = np.ones((m, k), dtype), np.ones((k, n), dtype)
        out = np.full((m, n), 7, dtype)
        kernels.mm(a, b, out, beta=1.0)
        np.testing.assert_array_equal(out, np.full((m, n), 7 + k))
        kernels.mm(a, b, out)
        np.testing.assert_array_equal(out, np.full((m, n), k))
        batched = np.full((2, m, n), 7, dtype)
        kernels.bmm(np.stack([a, a]), np.stack([b, b]), batched)
        np.testing.assert_array_equal(batched, np.full((2, m, n), k))
    none = np.empty((0, 3, 5), dtype)
    kernels.bmm(np.ones((0, 3, 2), dtype), np.ones((0, 2, 5), dtype), none)


def test_nothing_is_added_to_what_was_not_there() -> None:
    """The result may hold anything before: NaN times 0 would be NaN."""
    out = np.full((40, 40), np.nan, "f4")
    kernels.mm(np.ones((40, 0), "f4"), np.ones((0, 40), "f4"), out)
    assert (out == 0).all()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("m", "k", "n"), [(2, 40, 3), (33, 70, 65), (1, 50, 40)])
@pytest.mark.parametrize("make", [normal, transposed, stepped])
def test_nan_and_inf_reach_exactly_their_rows_and_columns(
    make: Make, m: int, k: int, n: int, dtype: str
) -> None:
    random = np.random.default_rng(5)
    a, b = make((m, k), dtype, random), make((k, n), dtype, random)
    a[0, k // 2], b[k // 3, n - 1], a[m - 1, 0] = np.nan, np.inf, -np.inf
    out = np.empty((m, n), dtype)
    kernels.mm(a, b, out)
    with np.errstate(invalid="ignore"):
        expected = a @ b
    np.testing.assert_array_equal(np.isnan(out), np.isnan(expected))
    np.testing.assert_array_equal(np.isposinf(out), np.isposinf(expected))
    np.testing.assert_array_equal(np.isneginf(out), np.isneginf(expected))


@pytest.mark.parametrize("dtype", FLOATS)
def test_broadcast_batches(dtype: str) -> None:
    random = np.random.default_rng(1)
    a, b = normal((6, 9, 17), dtype, random), normal((17, 21), dtype, random)
    out = np.empty((6, 9, 21), dtype)
    for second in (b[None], np.broadcast_to(b, (6, 17, 21))):
        out[...] = np.nan
        kernels.bmm(a, second, out)
        assert_product(out, a, np.broadcast_to(b, (6, 17, 21)))
    kernels.bmm(a[:1], np.broadcast_to(b, (6, 17, 21)), out)
    assert_product(out, np.broadcast_to(a[:1], a.shape), np.broadcast_to(b, (6, 17, 21)))
    kernels.bmm(a[::-2][::-1], b[None], out[:3])  # any positive batch stride
    assert_product(out[:3], a[::-2][::-1], np.broadcast_to(b, (3, 17, 21)))
    turned = np.empty((21, 6, 9), dtype).transpose(1, 2, 0)
    kernels.bmm(a, b[None], turned)
    assert_product(turned, a, np.broadcast_to(b, (6, 17, 21)))


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
)
def test_integers_wrap(dtype: str) -> None:
    info = np.iinfo(dtype)
    random = np.random.default_rng(3)
    a = random.integers(info.min, info.max, (2, 7, 12), dtype, endpoint=True)
    b = random.integers(info.min, info.max, (2, 12, 5), dtype, endpoint=True)
    old = random.integers(info.min, info.max, (2, 7, 5), dtype, endpoint=True)
    out = old.copy()
    kernels.bmm(a, b, out)
    np.testing.assert_array_equal(out, a @ b)
    out[...] = old
    kernels.mm(a[1], b[1, :, ::2], out[1, :, ::2], alpha=3, beta=1)
    np.testing.assert_array_equal(
        out[1, :, ::2], old[1, :, ::2] + (a[1] @ b[1, :, ::2]) * np.array(3, dtype)
    )


def test_exact_for_wide_integers() -> None:
    a = np.array([[2**62 + 1, 3]])
    out = np.empty((1, 1), np.int64)
    kernels.mm(a, np.array([[1], [0]]), out, alpha=1)
    assert out.item() == 2**62 + 1


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("batch", "m", "k", "n"),
    [
        (1, 400, 300, 290),
        (1, 70, 900, 1200),
        (1, 1500, 600, 37),
        (5, 130, 140, 150),
        (1, 2, 2000, 1999),
        (1, 130, 1000, 100),
        (1, 1025, 900, 12),
        (1, 24, 900, 1030),
    ],
)
def test_bits_do_not_depend_on_threads(batch: int, m: int, k: int, n: int, dtype: str) -> None:
    assert batch * m * k * n > max(ALONE, 2 * UNIT)
    random = np.random.default_rng(2)
    a, b = normal((batch, m, k), dtype, random), transposed((batch, k, n), dtype, random)
    results: list[bytes] = []
    for count in (1, 2, 3, 7):
        kernels.set_num_threads(count)
        out = np.full((batch, m, n), np.nan, dtype)
        kernels.bmm(a, b, out)
        results.append(out.tobytes())
    assert_product(out, a, b)
    assert len(set(results)) == 1


@pytest.mark.parametrize("shape", [(20, 30, 40), (160, 170, 180)])
def test_several_threads_at_once(shape: tuple[int, int, int]) -> None:
    kernels.set_num_threads(2)
    m, k, n = shape
    random = np.random.default_rng(4)
    a, b = normal((8, m, k), "float32", random), transposed((8, k, n), "float32", random)
    alone = np.empty((8, m, n), "float32")
    kernels.bmm(a, b, alone)
    together = np.empty_like(alone)
    barrier = threading.Barrier(4)

    def work(first: int) -> None:
        barrier.wait()
        for _ in range(20):
            for i in range(first, 8, 4):
                together[i] = np.nan
                kernels.mm(a[i], b[i], together[i])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    np.testing.assert_array_equal(together, alone)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*fork.*:RuntimeWarning")  # JAX's, where that is loaded
def test_works_after_a_fork() -> None:
    """The threads of the pool do not exist in a child."""
    kernels.set_num_threads(2)
    a, out = np.ones((300, 300), "f4"), np.empty((300, 300), "f4")
    kernels.mm(a, a, out)
    child = os.fork()
    if child == 0:
        out[...] = 0
        kernels.mm(a, a, out)
        os._exit(0 if (out == 300).all() else 1)
    assert os.waitpid(child, 0)[1] == 0


NARROW = """
import sys
import numpy as np
from minitorch_np import kernels
from minitorch_np.kernels import matmul as products
from minitorch_np.kernels import family

machine = family.Machine(*map(int, sys.argv[1:4]), sys.argv[4] == "True")
how = sys.argv[5:]
if how == ["patch"]:
    family.host_machine = lambda: machine
assert family.host_machine() == machine
if how == ["as elsewhere"]:
    sys.exit(print("right"))
random = np.random.default_rng(0)
for dtype, size in (("f4", 4), ("f8", 8)):
    for m, k, n in ((1, 1, 1), (3, 17, 41), (17, 33, 7), (31, 5, 3), (90, 600, 66), (15, 9, 66)):
        for turn_a in (False, True):
            for step in (1, 2):
                a = random.standard_normal((k, m) if turn_a else (m, k)).astype(dtype)
                a = a.T if turn_a else a
                b = random.standard_normal((n, k * step)).astype(dtype).T[::step]
                for b in (b, np.ascontiguousarray(b)):
                    out = np.full((m, n), np.nan, dtype)
                    kernels.mm(a, b, out)
                    np.testing.assert_allclose(out, a @ b, rtol=1e-3, atol=1e-4)
    assert kernels.matmul.kernels_of(np.dtype(dtype)).lanes == machine.vector_bytes // size
print("right")
"""


@pytest.mark.skipif(machine() not in ("x86_64", "AMD64"), reason="names x86 CPUs")
@pytest.mark.parametrize(
    ("cpu", "vector_bytes", "rows", "vectors", "unit"),
    [
        ("amx", 64, 14, 2, True),
        ("avx512", 64, 14, 2, False),
        ("avx2", 32, 4, 3, False),
        ("sse", 16, 6, 2, False),
    ],
)
def test_cpus_by_name(cpu: str, vector_bytes: int, rows: int, vectors: int, unit: bool) -> None:
    """Every width of vectors computes the same, compiled for a CPU that has no wider ones; that of
    this CPU is what all other tests run."""
    if not all(cpus.host_features().get(f, False) for f in cpus.NAMED[cpu][1]):
        pytest.skip(f"this CPU has no {cpu}")
    if unit and not cpus.has_matrix_unit():
        pytest.skip("this process may not use the matrix unit")
    named = family.Machine(vector_bytes, rows, vectors, unit)
    how = ["as elsewhere"] if named == family.host_machine() else []
    done = python(NARROW, *map(str, named), *how, MINITORCH_NP_CPU=cpu)
    assert done == "right"


def test_registers_of_arm() -> None:
    """Short vectors and many registers: NEON, as far as this CPU can tell."""
    assert python(NARROW, "16", "14", "2", "False", "patch") == "right"


def test_an_unknown_cpu_is_refused() -> None:
    code = "from minitorch_np import kernels; kernels.mm"
    with pytest.raises(subprocess.CalledProcessError) as caught:
        python(code, MINITORCH_NP_CPU="sse9")
    assert "MINITORCH_NP_CPU is one of amx, avx512, avx2, sse" in caught.value.stderr


GUARDED = f"""{GUARD}
from minitorch_np import kernels

random = np.random.default_rng(0)
for dtype in ("f4", "f8"):
    for m, k, n in ((3, 17, 41), (17, 33, 7), (1, 19, 50), (31, 5, 3), (2, 67, 3), (15, 9, 66)):
        for turn_a in (False, True):
            for turn_b in (False, True):
                a = random.standard_normal((k, m) if turn_a else (m, k)).astype(dtype)
                b = random.standard_normal((n, k) if turn_b else (k, n)).astype(dtype)
                a, b = guarded(a.T if turn_a else a), guarded(b.T if turn_b else b)
                out = guarded(np.zeros((m, n), dtype))
                kernels.mm(a, b, out)
                np.testing.assert_allclose(out, a @ b, rtol=1e-3, atol=1e-4)
print("within bounds")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs mprotect")
def test_reads_and_writes_stay_within_the_arrays() -> None:
    """Each array ends where a page that may not be touched begins."""
    assert python(GUARDED) == "within bounds"


def test_calls_are_counted() -> None:
    a, out = np.ones((2, 2), "f4"), np.empty((2, 2), "f4")
    before = products.calls
    kernels.mm(a, a, out)
    kernels.bmm(a[None], a[None], out[None])
    assert products.calls == before + 2


def test_shapes_that_disagree_are_refused() -> None:
    a, b = np.ones((2, 3), "f4"), np.ones((3, 4), "f4")
    for wrong in ((a, a, b), (a, b, np.empty((4, 2), "f4")), (a, b, np.empty((2, 3), "f4"))):
        with pytest.raises(ValueError, match="do not multiply"):
            kernels.mm(*wrong)
        with pytest.raises(ValueError, match="do not multiply"):
            kernels.bmm(*(x[None] for x in wrong))
    with pytest.raises(ValueError, match="do not multiply"):
        kernels.bmm(np.ones((2, 2, 3), "f4"), np.ones((3, 3, 4), "f4"), np.ones((3, 2, 4), "f4"))


def test_other_dtypes_are_refused() -> None:
    for dtype in HALVES:
        half = np.ones((2, 2), dtype)
        with pytest.raises(TypeError):
            kernels.mm(half, half, half.copy())
        with pytest.raises(TypeError):
            kernels.bmm(half[None], half[None], half[None].copy())
    swapped = np.ones((2, 2), ">f4")
    with pytest.raises(TypeError):
        kernels.mm(swapped, swapped, swapped.copy())
    with pytest.raises(TypeError):
        kernels.mm(np.ones((2, 2), "c8"), np.ones((2, 2), "c8"), np.ones((2, 2), "c8"))
    single = np.ones((2, 2), "f4")
    with pytest.raises(TypeError):
        kernels.mm(single, single.astype("f8"), single.copy())
    with pytest.raises(TypeError, match="2 dims"):
        kernels.mm(single, np.float32([1, 2]), single.copy())


def test_strides_of_single_rows_and_columns_are_ignored() -> None:
    """NumPy leaves any number there."""
    values = np.arange(1.0, 9.0, dtype="f4")
    row = as_strided(values, (1, 8), (12345, 4))
    column = as_strided(values, (8, 1), (4, 54321))
    out = np.empty((8, 8), "f4")
    kernels.mm(column, row, out)
    np.testing.assert_array_equal(out, np.outer(values, values))
    inner = as_strided(np.empty(1, "f4"), (1, 1), (999, 777))
    kernels.mm(row, column, inner)
    assert inner.item() == (values**2).sum()


def test_num_threads_must_be_positive() -> None:
    with pytest.raises(RuntimeError, match="set_num_threads expects a positive integer"):
        kernels.set_num_threads(0)


def test_numba_is_imported_when_first_needed() -> None:
    seen = "print('numba' in sys.modules)"
    code = f"import sys, minitorch_np.kernels as k; {seen}; k.mm; {seen}"
    assert python(code).split() == ["False", "True"]


def test_num_threads_come_from_the_environment() -> None:
    code = "import minitorch_np.kernels as k; print(k.get_num_threads())"
    assert python(code, OMP_NUM_THREADS="3") == "3"
    assert int(python(code, OMP_NUM_THREADS="many")) >= 1


@pytest.mark.parametrize("n", [8, 64, 300])
def test_a_product_holds_nothing_when_it_is_done(n: int) -> None:
    """Memory that is held until the next collection cannot be used again by the next product."""
    a, b, out = (np.ones((n, n), np.float32) for _ in range(3))
    turned = np.ones((n, 2 * n), np.float32)[:, ::2].T
    gc.disable()
    try:
        for to in (out, turned):
            before = [sys.getrefcount(x) for x in (a, b, to)]
            kernels.mm(a, b, to)
            assert [sys.getrefcount(x) for x in (a, b, to)] == before
    finally:
        gc.enable()
