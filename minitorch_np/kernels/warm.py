"""Compiles the loops that wait for the types of their first call, by calling each on a few ones."""

import inspect
from collections.abc import Callable
from functools import partial
from types import ModuleType

import numpy as np

from . import (
    bessel,
    broadcast,
    channels,
    copies,
    ctc,
    cylinder,
    decay,
    depthwise,
    distances,
    elementwise,
    gamma,
    incomplete,
    modes,
    permutation,
    places,
    polynomials,
    pools,
    reductions,
    remainders,
    resampling,
    sampling,
    scans,
    smooth,
    softmax,
    steps,
)
from .compiler import Real

__all__ = ["LOOPS", "builders"]

LOOPS = {steps: ("float32", "float64"), polynomials: ("float32", "float64")}
"""Modules whose compiled functions take flat arrays and numbers, and the dtypes of the arrays."""

ANNOTATED = (
    bessel, broadcast, channels, copies, ctc, cylinder, decay, depthwise, distances, elementwise,
    gamma, incomplete, modes, permutation, places, pools, reductions, remainders, resampling,
    sampling, scans, smooth, softmax,
)  # fmt: skip
"""Modules that build what they have, most of them from annotations."""


def example(annotation: object, dtype: str) -> object:
    """An argument of the annotated type: arrays are of `dtype`, and so is a `Real` number."""
    if annotation is int or annotation is bool or annotation is float:
        return annotation(1)
    if annotation == Real:
        return np.dtype(dtype).type(1)
    return np.ones(64, dtype)


def builders() -> dict[str, Callable[[], None]]:
    """What compiles every function of a module, by the module's name."""
    found: dict[str, Callable[[], None]] = {_named(module): module.build for module in ANNOTATED}
    for module, dtypes in LOOPS.items():
        found[_named(module)] = partial(_build_flat, module, dtypes)
    return found


def _named(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def _build_flat(module: ModuleType, dtypes: tuple[str, ...]) -> None:
    """Every compiled function of a module of `LOOPS`."""
    for function in vars(module).values():
        python = getattr(function, "py_func", None)
        # what has no cache of its own is a part of others
        if python is None or python.__module__ != module.__name__ or not function.stats.cache_path:
            continue
        kinds = [p.annotation for p in inspect.signature(python).parameters.values()]
        for dtype in dtypes:
            function(*[example(kind, dtype) for kind in kinds])
