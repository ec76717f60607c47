"""Compiles the loops that wait for the types of their first call, by calling each on a few ones."""

import inspect

import numpy as np

from . import (
    bessel,
    broadcast,
    channels,
    copies,
    ctc,
    cylinder,
    decay,
    distances,
    elementwise,
    gamma,
    incomplete,
    modes,
    permutation,
    places,
    polynomials,
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

__all__ = ["LOOPS", "build"]

LOOPS = {steps: ("float32", "float64"), polynomials: ("float32", "float64")}
"""Modules whose compiled functions take flat arrays and numbers, and the dtypes of the arrays."""

ANNOTATED = (
    bessel, broadcast, channels, copies, ctc, cylinder, decay, distances, elementwise, gamma,
    incomplete, modes, permutation, places, reductions, remainders, resampling, sampling, scans,
    smooth, softmax,
)  # fmt: skip
"""Modules that build what they have, most of them from annotations."""


def example(annotation: object, dtype: str) -> object:
    """An argument of the annotated type: arrays are of `dtype`, and so is a `Real` number."""
    if annotation is int or annotation is bool or annotation is float:
        return annotation(1)
    if annotation == Real:
        return np.dtype(dtype).type(1)
    return np.ones(64, dtype)


def build() -> None:
    """Every compiled function of `LOOPS`, and of `ANNOTATED`."""
    for module in ANNOTATED:
        module.build()
    for module, dtypes in LOOPS.items():
        for function in vars(module).values():
            python = getattr(function, "py_func", None)
            # what has no cache of its own is a part of others
            if (
                python is None
                or python.__module__ != module.__name__
                or not function.stats.cache_path
            ):
                continue
            kinds = [p.annotation for p in inspect.signature(python).parameters.values()]
            for dtype in dtypes:
                function(*[example(kind, dtype) for kind in kinds])
