"""The garbage collector rests for a time, and is then as it was."""

import gc
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from minitorch_np.unswept import Unswept


class Knot:
    """Garbage: it holds itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def _as_it_was():
    was = gc.isenabled()
    yield
    (gc.enable if was else gc.disable)()


@pytest.mark.parametrize("stay", [True, False])
def test_garbage_waits(stay):
    gc.enable()
    with Unswept(stay=stay):
        knot = weakref.ref(Knot())
        kept = [[] for _ in range(10 * gc.get_threshold()[0])]
        assert knot() is not None
    assert gc.isenabled()
    del kept
    gc.collect()
    assert knot() is None


def test_an_error_ends_it():
    gc.enable()
    with pytest.raises(ZeroDivisionError), Unswept(stay=True):
        _ = 1 / gc.isenabled()  # off: False
    assert gc.isenabled()


def test_it_dies_with_its_owner():
    gc.enable()
    owner = Unswept(stay=True)
    assert not gc.isenabled()
    del owner
    assert gc.isenabled()


def test_one_within_another():
    gc.enable()
    with Unswept(stay=False):
        with Unswept(stay=True):
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_collector_that_is_off_stays_off():
    gc.disable()
    with Unswept(stay=False):
        pass
    assert not gc.isenabled()


def test_what_others_froze_stays_frozen():
    frozen = gc.get_freeze_count()
    gc.freeze()
    try:
        with Unswept(stay=True):
            pass
        assert gc.get_freeze_count() > frozen
    finally:
        if not frozen:
            gc.unfreeze()


ENDS = """
import gc, sys
import minitorch_np
assert gc.get_count()[0] < 1000  # what stays is old: the next look is not at tens of thousands
assert gc.isenabled() and not gc.get_freeze_count()
assert "numpy.random" not in sys.modules  # nobody has drawn a number
x = minitorch_np.ones(64, 64)
x @ x
assert "numba" in sys.modules and gc.isenabled() and not gc.get_freeze_count()
print("right")
"""

FAILS = """
import gc, sys
sys.modules["ml_dtypes"] = None
try:
    import minitorch_np
except ImportError as error:
    assert "ml_dtypes" in str(error), error
else:
    raise AssertionError
assert gc.isenabled()
print("right")
"""

BLAS = """
import sys
import minitorch_np, numba, numpy
x = minitorch_np.ones(64, 64)
x @ x
assert "scipy.linalg" not in sys.modules
@numba.njit
def product(a, b):
    return numpy.dot(a, b)
a = numpy.arange(9.0).reshape(3, 3)
numpy.testing.assert_allclose(product(a, a), a @ a)
assert "scipy.linalg" in sys.modules
print("right")
"""


@pytest.mark.parametrize("program", [ENDS, FAILS, BLAS], ids=["ends", "fails", "blas"])
def test_imports(program):
    """What an import leaves, and one that fails; and that others' numba still finds its BLAS."""
    if program is BLAS:
        pytest.importorskip("scipy")
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stdout == "right\n", done.stderr
