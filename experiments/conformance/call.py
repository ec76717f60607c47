"""A call of the database as each library gets it, and what becomes of it there."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

import minitorch_np
from experiments.conformance.bridge import counterpart, mapped, ours, plain, tensors_in, twin
from experiments.conformance.compare import FACTS
from reference.moduledb import Layer
from reference.opdb import Entry, Sample, seed

__all__ = ["SEED", "WIDE", "Call", "Side", "chosen", "cotangents"]

SEED = 1234
WIDE = 500_000
"""Elements of the arguments from which second derivatives are left to the smaller samples: at a
million, those of grid_sampler_3d take either library a hundred times as long as its values."""


@dataclass(frozen=True, slots=True)
class Call:
    """A sample as both libraries get it: each time from fresh copies of its tensors."""

    entry: Entry | Layer
    sample: Sample
    undefined: bool = False
    """Whether the values of the result are whatever memory held."""
    tolerance: tuple[float, float] | None = None
    unsafe: bool = False
    """Whether PyTorch must not be given an `out=` of other strides."""
    brief: bool = False
    """Whether the method, forward mode, and `out=` but for one that fits, are left out: a quick run
    has them from the same tensors as they lie next to one another."""
    device: str = "cpu"
    """Where PyTorch computes. On a GPU only results and gradients are compared."""

    @property
    def twice(self) -> bool:
        """Whether second derivatives are compared."""
        elements = sum(t.numel() for t in tensors_in([self.sample.args, self.sample.kwargs]))
        return self.entry.twice and elements < WIDE

    @property
    def facts(self) -> tuple[str, ...]:
        """What results are compared by."""
        return FACTS[1:] if self.undefined else FACTS


class Side:
    """One library's arguments and what it made of them."""

    def __init__(self, call: Call, mine: bool, change: Callable[[Any], Any] | None = None) -> None:
        convert = ours if mine else partial(twin, device=call.device)
        self.library: Any = minitorch_np if mine else torch
        self.device = call.device
        self.args = list(mapped(call.sample.args, convert, to_ours=mine))
        self.kwargs: dict[str, Any] = mapped(call.sample.kwargs, convert, to_ours=mine)
        if "device" in self.kwargs:  # a GPU, where the database sees one
            self.kwargs["device"] = "cpu" if mine else call.device
        self.inputs = tensors_in([self.args, self.kwargs])
        if change is not None:
            self.args[0] = change(self.args[0])
        self.result: Any = None
        self.error: Exception | None = None

    def run(self, function: Callable[..., Any], **more: Any) -> None:
        """Calls the function, with the same random numbers on either side."""
        self.seed()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self.result = function(*self.args, **self.kwargs, **more)
            except Exception as error:  # noqa: BLE001  compared with the other library's
                self.error = error

    def seed(self) -> None:
        """Both libraries draw the same random numbers after it."""
        if self.library is minitorch_np:
            minitorch_np.manual_seed(SEED)
        else:
            seed(SEED, self.device)

    @property
    def message(self) -> str:
        """The exception as one line, or ''."""
        return "" if self.error is None else plain(f"{type(self.error).__name__}: {self.error}")


def chosen(call: Call, result: Any, mine: bool) -> list[Any]:
    """The tensors of a result that are differentiated."""
    choose = call.sample.chosen
    try:
        return tensors_in((counterpart(choose) if mine else choose)(result))
    except (AttributeError, TypeError, IndexError, KeyError):
        return tensors_in(result)


def cotangents(like: Sequence[tuple[Sequence[int], torch.dtype]]) -> list[torch.Tensor]:
    """Random cotangents of these shapes and dtypes, the same every time."""
    generator = torch.Generator().manual_seed(7)
    return [
        torch.randn(tuple(shape), generator=generator, dtype=torch.float64).to(dtype)
        for shape, dtype in like
    ]
