"""Programs that fail, and how: each runs as it stands where `torch` is either library.

`x` is a leaf (2, 3) that wants a gradient; `m`, `v`, `s`, `e` and `d` are ones of shape (2, 3),
(3,), (), (0, 3) and, in float64, (2, 3); `i` zeros of int64 and `b` Trues, both (2, 3).
"""

import collections
import copy
import io
import math
import operator
import pathlib
import pickle
import re
import warnings
from types import ModuleType
from typing import Any

import numpy as np

import minitorch_np
from experiments.conformance.bridge import plain
from tests.errors import (
    arguments,
    autograd,
    dtypes,
    indexing,
    mistakes,
    modules,
    nn,
    shapes,
    training,
)  # fmt: skip

__all__ = ["PROGRAMS", "distinct", "failure"]

AREAS = (arguments, autograd, shapes, indexing, dtypes, mistakes, nn, modules, training)
PROGRAMS = {
    f"{area.__name__.rpartition('.')[2]}: {name}": programs
    for area in AREAS
    for name, programs in area.GROUPS.items()
}


def names(library: ModuleType) -> dict[str, Any]:
    """What a program may use, made anew."""
    torch: Any = library
    return {
        "torch": torch, "nn": torch.nn, "F": torch.nn.functional, "optim": torch.optim,
        "data": torch.utils.data, "np": np, "io": io, "copy": copy, "math": math,
        "pickle": pickle, "pathlib": pathlib, "operator": operator, "collections": collections,
        "x": torch.ones(2, 3, requires_grad=True), "m": torch.ones(2, 3), "v": torch.ones(3),
        "s": torch.tensor(1.0), "e": torch.ones(0, 3), "d": torch.ones(2, 3).double(),
        "i": torch.zeros(2, 3).long(), "b": torch.ones(2, 3) > 0,
    }  # fmt: skip


def failure(library: ModuleType, program: str) -> str:
    """The class and text of the error that a program ends in; empty where it ends in none."""
    space = names(library)
    state = library.get_rng_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(program, "<program>", "exec"), space)
    except Exception as error:  # noqa: BLE001  # what it is compared for
        text = f"{type(error).__qualname__}: {error}"
        return plain(text) if library is minitorch_np else text
    finally:
        library.set_grad_enabled(True)
        library.set_anomaly_enabled(False)
        library.set_default_dtype(library.float32)
        library.set_rng_state(state)
    return ""


def distinct(failures: list[str]) -> set[str]:
    """Failures with their numbers taken out, each once."""
    return {re.sub(r"-?\d+(\.\d+)?", "#", one) for one in failures}
