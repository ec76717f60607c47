"""PyTorch's database of its own optimizers: with which options they run, and what they refuse.

The database is a private module of torch, so nothing else here names it. Read with PyTorch 2.15.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch

from reference.opdb import private, seed

__all__ = ["Optimizer", "Refused", "optimizers"]

MODULE = "torch.testing._internal.common_optimizers"


@dataclass(frozen=True, slots=True)
class Refused:
    """What PyTorch refuses or warns of: parameters (None for any), options, and when."""

    params: Any
    options: dict[str, Any]
    at_step: bool


@dataclass(frozen=True, slots=True)
class Optimizer:
    """One entry of the database. `info` is torch's own object; ask it only through this class."""

    full_name: str
    """torch's dotted name, without `torch`."""
    info: Any

    @property
    def function(self) -> type[torch.optim.Optimizer]:
        """The class."""
        return self.info.optim_cls

    @property
    def groups(self) -> bool:
        """Whether there can be several groups of parameters."""
        return bool(self.info.supports_param_groups)

    @property
    def matrices(self) -> bool:
        """Whether parameters must have two dims."""
        return self.function is torch.optim.Muon

    @property
    def closure(self) -> bool:
        """Whether each step evaluates the loss several times."""
        return bool(self.info.step_requires_closure)

    @property
    def forms(self) -> tuple[dict[str, Any], ...]:
        """The ways of computing a step that can be chosen on a CPU."""
        if self.closure:
            return ({"max_iter": 4},)  # 20 magnify rounding to anything
        found: list[dict[str, Any]] = [{}]
        if "foreach" in self.info.supported_impls:
            found += [{"foreach": False}, {"foreach": True}]
        if "cpu" in self.info.supports_fused_on:
            found.append({"fused": True})
        return tuple(found)

    def options(self) -> list[dict[str, Any]]:
        """What the constructor is given beside the parameters."""
        return [dict(one.kwargs) for one in self.info.optim_inputs_func("cpu")]

    def refused(self, dtype: torch.dtype) -> Iterator[Refused]:
        """What PyTorch refuses or warns of. Seeded."""
        seed(0)
        for error in self.info.optim_error_inputs_func("cpu", dtype):
            given = error.optimizer_error_input
            yield Refused(given.params, dict(given.kwargs), error.error_on.name == "STEP_ERROR")


@cache
def optimizers() -> tuple[Optimizer, ...]:
    """All entries. Raises ImportError where this torch has no such module."""
    return tuple(Optimizer(f"optim.{info.name}", info) for info in private(MODULE).optim_db)
