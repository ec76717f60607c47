"""torch.autograd.function: what a custom Function is derived from and made with.

Source: torch/autograd/function.py; the code is in graph/function.py, below what is made of it.
"""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.autograd.nested import NestedIOFunction
from minitorch_np.graph.function import (
    BackwardCFunction,
    Function,
    FunctionCtx,
    FunctionMeta,
    InplaceFunction,
    once_differentiable,
)

__all__ = [
    "BackwardCFunction",
    "Function",
    "FunctionCtx",
    "FunctionMeta",
    "InplaceFunction",
    "NestedIOFunction",
    "once_differentiable",
]


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
