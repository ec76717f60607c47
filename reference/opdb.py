"""PyTorch's database of its own ops: what each takes, samples of it, and what it refuses.

The database is a private module of torch, so nothing else here names it. Read with PyTorch 2.15;
2.11 has fewer entries of the same form.
"""

import importlib
import logging
import sys
import types
import unittest
import unittest.mock
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch

from reference.corners import corners
from reference.refused import refused

__all__ = ["DTYPES", "VERSION", "Entry", "Sample", "entries", "private", "seed"]

VERSION = tuple(int(n) for n in torch.__version__.split("+")[0].split(".")[:2])

MODULE = "torch.testing._internal.common_methods_invocations"
CORE = "torch.testing._internal.opinfo.core"

DTYPES = (
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32,
    torch.int16, torch.int8, torch.uint8, torch.bool,
)  # fmt: skip
"""The dtypes that the engine has, those compared first in front."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One call of an op: torch's arguments, and what of its result is differentiated."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    chosen: Callable[[Any], Any]
    name: str
    broadcasts: bool = False
    """Whether the first argument grows, so that no in-place form can take the call."""
    info: Any = None
    """torch's own object."""
    by_hand: bool = False
    """Whether it is one of the corners that the database leaves out."""

    def spread(self) -> "Sample":
        """The sample with its tensors spread out in memory."""
        return replace(_sample(self.info.noncontiguous()), by_hand=self.by_hand)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the database. `info` is torch's own object; ask it only through this class."""

    name: str
    """torch's dotted name."""
    variant: str
    info: Any

    @property
    def full_name(self) -> str:
        """The name, and which of its entries this is."""
        return f"{self.name}.{self.variant}" if self.variant else self.name

    @property
    def function(self) -> Callable[..., Any]:
        """What the entry calls."""
        return self.info.op

    @property
    def dtypes(self) -> tuple[torch.dtype, ...]:
        """Those of DTYPES that PyTorch takes on the CPU."""
        taken = self.info.supported_dtypes("cpu")
        return tuple(d for d in DTYPES if d in taken)

    @property
    def differentiable(self) -> bool:
        """Whether PyTorch has a derivative."""
        return bool(self.info.supports_autograd)

    @property
    def twice(self) -> bool:
        """Whether PyTorch has a second derivative."""
        return self.differentiable and bool(self.info.supports_gradgrad)

    @property
    def takes_out(self) -> bool:
        """Whether there is an `out=` form."""
        return bool(self.info.supports_out)

    @property
    def method(self) -> Callable[..., Any] | None:
        """The method form, if there is one."""
        return self.info.method_variant

    @property
    def inplace(self) -> Callable[..., Any] | None:
        """The in-place form, if there is one."""
        return self.info.inplace_variant

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other names of the same op."""
        return tuple(alias.name for alias in self.info.aliases or ())

    def samples(self, dtype: torch.dtype) -> Iterator[Sample]:
        """The samples of a dtype, with gradients wanted where there are any, then those by hand."""
        wants = self.differentiable and dtype in self.info.supported_backward_dtypes("cpu")
        seed(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = list(self.info.sample_inputs("cpu", dtype, requires_grad=wants))
        for sample in found:
            yield _sample(sample)
        for text, (first, *rest), kwargs in corners(self.full_name, dtype, wants):
            made = private(CORE).SampleInput(first, args=tuple(rest), kwargs=kwargs, name=text)
            yield replace(_sample(made), by_hand=True)

    def refused(self) -> Iterator[Sample]:
        """Calls that PyTorch refuses: the database's, then those written down by hand."""
        if self.info.error_inputs_func is not None:
            seed(0)
            for error in self.info.error_inputs("cpu"):
                yield _sample(error.sample_input)
        for args, kwargs in refused(self.full_name):
            yield Sample(args, kwargs, lambda result: result, "by hand")


def _sample(found: Any) -> Sample:
    return Sample(
        (found.input, *found.args), dict(found.kwargs), found.output_process_fn_grad, found.name,
        found.broadcasts_input, found,
    )  # fmt: skip


@cache
def entries() -> tuple[Entry, ...]:
    """All entries. Raises ImportError where this torch has no such module."""
    return tuple(Entry(i.name, i.variant_test_name, i) for i in private(MODULE).op_db)


def private(module: str) -> Any:
    """A module of torch's own tests. Raises ImportError where this torch has it not.

    On import they forbid the process to change torch's backend flags, such as TF32, ever after.
    """
    _stand_in_for_expecttest()
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # of missing CUDA
    flags = unittest.mock.patch.object(torch.backends, "disable_global_flags")
    with warnings.catch_warnings(), flags:
        warnings.simplefilter("ignore")
        found = importlib.import_module(module)
    for each in ("torch.testing._internal.common_utils", CORE):
        # with each sample it looks through the whole stack for a test of torch's own
        vars(sys.modules[each])["extract_test_fn"] = lambda: None
    return found


def seed(number: int, device: str = "cpu") -> None:
    """`torch.manual_seed`, of the CPU and of the device alone: for each kind of accelerator that
    there could be, that formats the whole stack."""
    torch.default_generator.manual_seed(number)
    if device == "cuda":
        torch.cuda.manual_seed(number)


def _stand_in_for_expecttest() -> None:
    """The modules take one class from a package that need not be installed."""
    try:
        importlib.import_module("expecttest")
    except ImportError:
        stand_in: Any = types.ModuleType("expecttest")
        stand_in.TestCase = unittest.TestCase
        sys.modules["expecttest"] = stand_in
