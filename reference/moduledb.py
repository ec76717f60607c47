"""PyTorch's database of its own layers: how each is made, what it takes, and what it refuses.

The database is a private module of torch, so nothing else here names it. Read with PyTorch 2.15.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch

from reference.opdb import Sample, private, seed

__all__ = ["Layer", "Use", "layers"]

MODULE = "torch.testing._internal.common_modules"


@dataclass(frozen=True, slots=True)
class Use:
    """One layer made, and one call of it."""

    args: tuple[Any, ...]
    """The constructor's."""
    kwargs: dict[str, Any]
    call: Sample

    def spread(self) -> "Use":
        """The use with the tensors of the call, not the constructor's, spread out in memory."""
        args, kwargs = map(_spread, (self.call.args, self.call.kwargs))
        return replace(self, call=replace(self.call, args=args, kwargs=kwargs))


def _spread(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return private("torch.testing._internal.common_utils").noncontiguous_like(value)
    if isinstance(value, dict):
        return {key: _spread(v) for key, v in value.items()}
    return type(value)(map(_spread, value)) if isinstance(value, (list, tuple)) else value


@dataclass(frozen=True, slots=True)
class Layer:
    """One entry of the database. `info` is torch's own object; ask it only through this class."""

    name: str
    """torch's dotted name, without `torch`."""
    info: Any

    @property
    def full_name(self) -> str:
        """The name: a layer has one entry."""
        return self.name

    @property
    def function(self) -> type[torch.nn.Module]:
        """The class."""
        return self.info.module_cls

    @property
    def twice(self) -> bool:
        """Whether PyTorch has a second derivative."""
        return bool(self.info.supports_gradgrad)

    @property
    def modes(self) -> tuple[bool, ...]:
        """The values of `training` that make a difference."""
        return (True, False) if self.info.train_and_eval_differ else (True,)

    def uses(self, dtype: torch.dtype, training: bool) -> Iterator[Use]:
        """The samples of a dtype and a mode, with gradients wanted. Seeded."""
        seed(0)
        found = self.info.module_inputs_func(
            self.info, device="cpu", dtype=dtype, requires_grad=True, training=training
        )
        return map(_use, found)

    def refused(self, dtype: torch.dtype) -> Iterator[Use]:
        """What PyTorch refuses, when the layer is made or when it is called."""
        if self.info.module_error_inputs_func is None:
            return
        seed(0)
        for error in self.info.module_error_inputs_func(
            self.info, device="cpu", dtype=dtype, requires_grad=True, training=True
        ):
            yield _use(error.module_error_input)


def _use(found: Any) -> Use:
    made, given = found.constructor_input, found.forward_input
    args, kwargs = (given.args, given.kwargs) if given is not None else ((), {})
    call = Sample(tuple(args), dict(kwargs), lambda result: result, getattr(found, "desc", ""))
    return Use(tuple(made.args), dict(made.kwargs), call)


@cache
def layers() -> tuple[Layer, ...]:
    """All entries. Raises ImportError where this torch has no such module."""
    return tuple(Layer(info.name, info) for info in private(MODULE).module_db)
