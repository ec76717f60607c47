"""Compiled loops: ndarrays in, ndarrays out. The only folder that imports numba.

numba costs 0.3 s to import, so a kernel's module is loaded when its name is first used.
"""

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from minitorch_np.unswept import Unswept

from .threads import get_num_threads, set_num_threads

if TYPE_CHECKING:
    from . import compiler, cpu, edges, losses, matmul, stamps
    from .little import small_product
    from .matmul import bmm, mm

__all__ = [
    "bmm", "compiler", "cpu", "edges", "get_num_threads", "losses", "matmul", "mm",
    "set_num_threads", "small_product", "stamps",
]  # fmt: skip

_HOME = {"mm": "matmul", "bmm": "matmul", "small_product": "little"}
"""Module of each function."""

_MODULES = {
    "bessel", "broadcast", "channels", "compiler", "copies", "cpu", "ctc", "cylinder", "decay",
    "depthwise", "distances", "doubles", "draws", "edges", "elementwise", "gamma", "grids",
    "halves", "incomplete", "little", "losses", "matmul", "modes", "permutation", "places",
    "polynomials", "pools", "recurrent", "reductions", "remainders", "resampling", "sampling",
    "scans", "selections", "small", "smooth", "softmax", "stamps", "steps", "transcendental",
    "windows",
}  # fmt: skip
"""What is loaded when it is first asked for."""


waiting: list[Callable[[], object]] = []
"""Whom to tell when numba is loaded."""


def __getattr__(name: str) -> object:
    """The function or module `name`, kept as an attribute from then on."""
    module = _HOME.get(name, name)
    if module not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with Unswept(stay=True):
        loaded = importlib.import_module(f".{module}", __name__)
        told, waiting[:] = waiting[:], []
        for tell in told:
            tell()
    value: object = loaded if name == module else getattr(loaded, name)
    globals()[name] = value
    return value
