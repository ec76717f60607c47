"""Products by the CPU's matrix unit, each way there is, against exact ones and against vectors."""

import os
import sys
from itertools import cycle, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minitorch_np import kernels
from minitorch_np.kernels import matmul as products
from minitorch_np.kernels.emitter import host_machine
from minitorch_np.kernels.matmul import ALL, ALONE
from minitorch_np.kernels.operands import MISMATCH, TOO_STRIDED, UNBUILT
from minitorch_np.kernels.splitting import SIDE, STEP
from minitorch_np.kernels.united import (
    ASK,
    MOST_KEPT,
    MOST_STEPS,
    UNIT_PLAIN,
    UNIT_TURNED,
    VECTORS,
)

from .matrices import (
    GUARD,
    HALVES,
    RESULTS,
    STARTS,
    DType,
    Make,
    assert_product,
    constant,
    embedded,
    normal,
    python,
    stepped,
    transposed,
    unaligned,
)
from .test_matmul import one_thread

pytestmark = [
    pytest.mark.skipif(not host_machine().unit, reason="this CPU has no matrix unit"),
    pytest.mark.usefixtures(one_thread.__name__),
]

HERE = products.PerThread()
UNIT = (UNIT_PLAIN, UNIT_TURNED)
SINGLE = np.dtype("float32")
DTYPES = (SINGLE, *HALVES)
SOURCES: list[Make] = [normal, transposed, embedded, unaligned]
BLOCK = MOST_STEPS * STEP
"""The longest block of K."""


def multiply(
    way: int, a: np.ndarray, b: np.ndarray, out: np.ndarray,
    alpha: float = 1.0, beta: float = 0.0, start: np.ndarray | None = None,
) -> int:  # fmt: skip
    """`mm`, by a way of the caller's choice."""
    start = out if start is None else start
    kind, a, b = products.checked(a, b, out, start)
    if kind not in HERE.units:
        HERE.add_unit(kind)
    entry, code, table = HERE.added[2][kind]
    return entry(a, b, out, code, table, alpha, beta, way, start)


def way(a: np.ndarray, b: np.ndarray) -> int:
    """The one that is taken."""
    return multiply(ASK, a, b, np.empty((a.shape[0], b.shape[1]), "f4"))


def by(chosen: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    out = np.full((a.shape[0], b.shape[1]), np.nan, "f4")
    assert multiply(chosen, a, b, out) == 0
    return out


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("chosen", UNIT)
@pytest.mark.parametrize("make_b", SOURCES)
@pytest.mark.parametrize("make_a", SOURCES)
def test_strides(make_a: Make, make_b: Make, chosen: int, dtype: DType) -> None:
    random = np.random.default_rng(1)
    for m, k, n in ((32, 64, 32), (47, 53, 17), (16, 33, 40), (70, 97, 101), (33, 32, 64)):
        a, b = make_a((m, k), dtype, random), make_b((k, n), dtype, random)
        assert_product(by(chosen, a, b), a.astype("f4"), b.astype("f4"))


SIZES = [
    (1, 1, 1),
    (SIDE, STEP, SIDE),
    (SIDE + 1, STEP + 1, 2 * SIDE + 1),
    (4 * SIDE, BLOCK + 1, 3 * SIDE),
    (3 * SIDE - 1, 2 * BLOCK + 37, 4 * SIDE + 3),
    (MOST_KEPT, BLOCK, MOST_KEPT),
    (MOST_KEPT + 5, 3 * STEP - 1, MOST_KEPT + 40),
    (2 * SIDE, 2 * STEP, 3 * MOST_KEPT),
]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("chosen", UNIT)
@pytest.mark.parametrize("size", SIZES)
def test_sizes_around_the_blocks(size: tuple[int, int, int], chosen: int, dtype: DType) -> None:
    m, k, n = size
    random = np.random.default_rng(2)
    for make_a, make_b in product((normal, transposed), repeat=2):
        a, b = make_a((m, k), dtype, random), make_b((k, n), dtype, random)
        assert_product(by(chosen, a, b), a.astype("f4"), b.astype("f4"))


@pytest.mark.parametrize("kind", STARTS)
@pytest.mark.parametrize("make_out", RESULTS[:3])
@pytest.mark.parametrize("chosen", UNIT)
def test_any_start_is_added(chosen: int, make_out: Make, kind: str) -> None:
    random = np.random.default_rng(3)
    for m, k, n in ((33, 40, 50), (48, BLOCK + 9, 32)):
        a, b = normal((m, k), "f4", random), transposed((k, n), "f4", random)
        shape, steps = STARTS[kind](m, n)
        memory = random.standard_normal(shape).astype("f4")
        start = np.lib.stride_tricks.as_strided(memory, (m, n), tuple(4 * step for step in steps))
        out = make_out((m, n), "f4", random)
        owner = out if out.base is None else out.base
        out[...] = 0
        around = owner.copy()
        out[...] = np.nan
        assert multiply(chosen, a, b, out, alpha=0.5, beta=-2.0, start=start) == 0
        assert_product(out, a, b, alpha=0.5, added=-2 * start)
        old = out.copy()
        assert multiply(chosen, a, b, out, beta=1.0) == 0
        assert_product(out, a, b, added=old)
        out[...] = 0
        np.testing.assert_array_equal(owner, around)


def test_the_bits_of_an_element_depend_on_its_row_and_column_alone() -> None:
    random = np.random.default_rng(4)
    a, b = normal((150, 700), "f4", random), normal((700, 130), "f4", random)
    whole = by(UNIT_PLAIN, a, b)
    for rows, columns in product((slice(17, 50), slice(64, 150)), (slice(3, 100), slice(129, 130))):
        part = by(UNIT_PLAIN, a[rows], b[:, columns])
        assert part.tobytes() == whole[rows, columns].tobytes()


@pytest.mark.parametrize("chosen", UNIT)
def test_whole_numbers_are_exact(chosen: int) -> None:
    """Products of 20 bits need two parts of both factors; their sums fit into float32."""
    random = np.random.default_rng(5)
    a, b = (random.integers(-1023, 1024, shape) for shape in ((50, 16), (16, 70)))
    expected = a @ b
    assert abs(expected).max() > 2**20
    found = by(chosen, a.astype("f4"), b.astype("f4"))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("chosen", UNIT)
def test_all_24_bits_take_part(chosen: int) -> None:
    """A float32 times a power of two is itself, to the last bit of its last part."""
    random = np.random.default_rng(6)
    a = normal((64, 64), "f4", random)
    b = np.diag(np.float32(2.0) ** random.integers(-20, 20, 64)).astype("f4")
    expected = a * np.diag(b)
    assert by(chosen, a, b).tobytes() == expected.tobytes()
    assert by(chosen, b, a).tobytes() == (np.diag(b)[:, None] * a).tobytes()


@pytest.mark.parametrize("chosen", UNIT)
def test_what_is_left_out_of_a_product_is_less_than_its_rounding(chosen: int) -> None:
    random = np.random.default_rng(12)
    a, b = normal((300, 1), "f4", random), normal((1, 300), "f4", random)
    exact = a.astype("f8") * b
    error = abs(by(chosen, a, b) / exact - 1)
    assert error.max() < 2.0**-22
    assert error.mean() < 2 * abs((a * b) / exact - 1).mean()


def test_rounding_is_no_worse_than_that_of_vectors() -> None:
    random = np.random.default_rng(7)
    for k in (64, 400, 1500):
        a, b = normal((64, k), "f4", random), transposed((k, 64), "f4", random)
        exact = a.astype("f8") @ b.astype("f8")
        errors = [np.sqrt(((by(w, a, b) - exact) ** 2).mean()) for w in (*UNIT, VECTORS)]
        assert max(errors[:2]) < errors[2]


LARGE = (64, 256, 256)
"""A product that goes to the unit."""


def operands() -> tuple[np.ndarray, np.ndarray]:
    m, k, n = LARGE
    random = np.random.default_rng(8)
    return tuple(random.uniform(1, 2, shape).astype("f4") for shape in ((m, k), (k, n)))  # pyright: ignore[reportReturnType]


@pytest.mark.parametrize(
    ("in_a", "in_b"),
    [
        (np.inf, 1),
        (1, -np.inf),
        (np.nan, 1),
        (3.4e38, 1),
        (2.0**64, 2.0**63),
        (2.0**-110, 1),
        (1, 2.0**-149),
        (2.0**-60, -(2.0**-60)),
    ],
)
def test_what_the_unit_would_get_wrong_goes_to_vectors(in_a: float, in_b: float) -> None:
    a, b = operands()
    assert way(a, b) in UNIT
    a[40, 200], b[200, 37] = in_a, in_b
    assert way(a, b) == VECTORS
    out = np.empty((a.shape[0], b.shape[1]), "f4")
    with np.errstate(all="ignore"):
        kernels.mm(a, b, out)
        assert out.tobytes() == by(VECTORS, a, b).tobytes()


@pytest.mark.parametrize(
    ("in_a", "in_b"),
    [(0.0, -0.0), (2.0**-96, 4.0), (2.0**-48, 2.0**-48), (2.0**60, 2.0**55), (3e30, 1e-20)],
)
def test_what_the_unit_gets_right_stays_there(in_a: float, in_b: float) -> None:
    a, b = operands()
    a[40, 200], b[200, 37] = in_a, in_b
    assert way(a, b) in UNIT
    out = np.empty((a.shape[0], b.shape[1]), "f4")
    kernels.mm(a, b, out)
    assert_product(out, a, b)


BITS = {
    "float32": (
        0x7F800000, 0x7FFFFFFF, 0x7FFF8000, 0x7F800001, 0x7F7FFFFF, 0x7F7F7FFF, 0x7E7F7FFF,
        0x7E7F8000, 0x7EFF7FFF, 0x7EFF8000, 0x00000001, 0x00007FFF, 0x00008000, 0x007FFFFF,
        0x00800000, 0x0BFF7FFF, 0x0BFF8000, 0x0C000000, 0x0F7F8000, 0x0F7F7FFF, 0x0F800000,
    ),
    "float16": (0x7C00, 0x7FFF, 0x7C01, 0x7BFF, 0x0001, 0x03FF, 0x0400),
    "bfloat16": (
        0x7F80, 0x7FFF, 0x7F81, 0x7F7F, 0x7EFF, 0x0001, 0x0080, 0x0BFF, 0x0C00, 0x0F7F, 0x0F80,
    ),
}  # fmt: skip
"""Numbers of each type around the limits of what the unit is given, and NaN."""


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("make_b", SOURCES[:2])
@pytest.mark.parametrize("make_a", SOURCES[:2])
def test_who_packs_sees_what_a_pass_before_would(make_a: Make, make_b: Make, dtype: DType) -> None:
    """Wherever the number lies, and whether C may be written over or not."""
    random = np.random.default_rng(11)
    m, k, n = 8 * SIDE + 3, BLOCK + 2 * STEP + 5, 11 * SIDE + 9
    a, b = make_a((m, k), dtype, random), make_b((k, n), dtype, random)
    start = normal((m, n), "f4", random)
    out, onto = np.empty((2, m, n), "f4")
    sign = 1 << 8 * a.itemsize - 1
    places = cycle([(0, 0), (-1, -1), (SIDE, STEP), (-1, 40), (5, BLOCK + STEP)])
    for bits, matrix in product(BITS[str(dtype)], (a, b.T)):
        place = next(places)
        old = matrix[place]
        matrix[place] = np.array(bits | sign * (bits % 2), f"u{a.itemsize}").view(dtype)[()]
        with np.errstate(all="ignore"):
            chosen = way(a, b)
            kernels.mm(a, b, out)
            assert out.tobytes() == by(chosen, a, b).tobytes(), hex(bits)
            onto[...] = start
            for target in (out, onto):
                first = start if target is out else onto
                assert multiply(ALL, a, b, target, beta=1.0, start=first) == 0
            expected = start.copy()
            assert multiply(chosen, a, b, expected, beta=1.0) == 0
            assert out.tobytes() == onto.tobytes() == expected.tobytes(), hex(bits)
        matrix[place] = old
    assert way(a, b) in UNIT


def test_zeros_alone_have_no_limits() -> None:
    a, b = operands()
    a[...], b[...] = 0.0, 2.0**100
    out = np.empty((a.shape[0], b.shape[1]), "f4")
    assert way(a, b) in UNIT
    kernels.mm(a, b, out)
    assert not out.any()


@settings(max_examples=100, deadline=None)
@given(
    exponents=st.tuples(*[st.integers(-149, 127)] * 4),
    seed=st.integers(0, 1000),
    dtype=st.sampled_from(DTYPES),
)
def test_any_numbers(exponents: tuple[int, int, int, int], seed: int, dtype: DType) -> None:
    """Two sizes in each operand, from the smallest number to the largest."""
    random = np.random.default_rng(seed)
    m, k, n = LARGE
    made: list[np.ndarray] = []
    with np.errstate(all="ignore"):
        for shape, (one, other) in zip(
            ((m, k), (k, n)), (exponents[:2], exponents[2:]), strict=True
        ):
            sizes = np.where(random.random(shape) < 0.5, 2.0**one, 2.0**other)
            made.append((random.uniform(-1, 1, shape) * sizes).astype(dtype))
        a, b = made
        out = np.empty((m, n), "f4")
        kernels.mm(a, b, out)
        expected = by(VECTORS, a, b)
        a, b = a.astype("f4"), b.astype("f4")
        if np.isfinite(expected).all() and np.isfinite(abs(a) @ abs(b)).all():
            assert_product(out, a, b)
        else:
            assert out.tobytes() == expected.tobytes()


@pytest.mark.parametrize("special", [1.0, np.inf, 2.0**-120])
def test_bits_do_not_depend_on_threads(special: float) -> None:
    """Not even where what vectors must do lies in one thread's part."""
    random = np.random.default_rng(9)
    a, b = normal((300, 200), "f4", random), transposed((200, 310), "f4", random)
    a[290, 3] = special
    assert ALONE < 300 * 200 * 310
    found: set[bytes] = set()
    for count in (1, 2, 3):
        kernels.set_num_threads(count)
        out = np.full((300, 310), np.nan, "f4")
        kernels.mm(a, b, out)
        found.add(out.tobytes())
    assert len(found) == 1
    assert (way(a, b) == VECTORS) == (special != 1.0)


def test_a_batch_goes_one_way() -> None:
    random = np.random.default_rng(10)
    a, b = normal((3, 64, 256), "f4", random), normal((3, 256, 64), "f4", random)
    out = np.empty((3, 64, 64), "f4")
    kernels.bmm(a, b, out)
    expected = np.stack([by(way(x, y), x, y) for x, y in zip(a, b, strict=True)])
    assert out.tobytes() == expected.tobytes()
    a[1, 2, 3] = np.inf
    kernels.bmm(a, b, out)
    assert out[2].tobytes() == by(VECTORS, a[2], b[2]).tobytes()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_small_and_scattered_products_stay_with_vectors(dtype: DType) -> None:
    random = np.random.default_rng(11)
    for m, k, n in ((8, 500, 500), (500, 8, 500), (500, 500, 8), (24, 24, 24)):
        assert way(normal((m, k), dtype, random), normal((k, n), dtype, random)) == VECTORS
    a, b = normal((200, 200), dtype, random), normal((200, 200), dtype, random)
    assert way(a, b) in UNIT
    for make in (stepped, constant):
        assert way(a, make((200, 200), dtype, random)) == VECTORS
        assert way(make((200, 200), dtype, random), b) == VECTORS


GUARDED = f"""{GUARD}
from minitorch_np.kernels import matmul as products
from minitorch_np.kernels.united import UNIT_PLAIN, UNIT_TURNED

random = np.random.default_rng(0)
here = products.PerThread()
for dtype in ("f4", "f2"):
    kind = "half" if dtype == "f2" else np.dtype("f4")
    here.add_unit(kind)
    entry, code, table = here.matrix[kind]
    for m, k, n in ((32, 64, 32), (17, 33, 35), (48, 70, 65), (64, 100, 33)):
        for turn_a in (False, True):
            for turn_b in (False, True):
                a = random.standard_normal((k, m) if turn_a else (m, k)).astype(dtype)
                b = random.standard_normal((n, k) if turn_b else (k, n)).astype(dtype)
                a, b = guarded(a.T if turn_a else a), guarded(b.T if turn_b else b)
                words = (x.view("u2") if dtype == "f2" else x for x in (a, b))
                x, y = words
                for way in (UNIT_PLAIN, UNIT_TURNED):
                    out = guarded(np.zeros((m, n), "f4"))
                    assert entry(x, y, out, code, table, 1.0, 0.0, way) == 0
                    exact = a.astype("f8") @ b.astype("f8")
                    np.testing.assert_allclose(out, exact, rtol=1e-3, atol=1e-4)
print("within bounds")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs mprotect")
def test_reads_and_writes_stay_within_the_arrays() -> None:
    assert python(GUARDED) == "within bounds"


def test_a_process_that_may_not_use_tiles_does_without() -> None:
    code = """
from types import SimpleNamespace
from minitorch_np.kernels import cpu
refusing = SimpleNamespace(syscall=lambda *numbers: -1)
cpu.ctypes = SimpleNamespace(CDLL=lambda name: refusing)
cpu.has_matrix_unit.cache_clear()
from minitorch_np.kernels.emitter import host_machine
print(host_machine().unit)
"""
    assert python(code) == "False"
    assert python(code, MINITORCH_NP_CPU="avx512") == "False"


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*fork.*:RuntimeWarning")  # JAX's, where that is loaded
def test_a_child_may_use_tiles() -> None:
    a, b = operands()
    expected = by(UNIT_PLAIN, a, b)
    child = os.fork()
    if child == 0:
        os._exit(0 if by(UNIT_PLAIN, a, b).tobytes() == expected.tobytes() else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_ways_are_no_counts() -> None:
    """`most` is a count, or a way; what is returned is one of them, or what went wrong."""
    ways, wrong = {ASK, VECTORS, *UNIT}, {TOO_STRIDED, MISMATCH, UNBUILT}
    assert len(ways | wrong) == 7
    assert max(ways | wrong) < 0 < ALL
