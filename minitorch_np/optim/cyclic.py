"""CyclicLR: rates that rise and fall again and again, momentum the other way.

Source: torch/optim/lr_scheduler.py; Smith 2017, Cyclical Learning Rates.
"""

import math
import types
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from minitorch_np.optim.optimizer import Optimizer
from minitorch_np.optim.scheduling import (
    LR,
    LRScheduler,
    has_beta1,
    per_group,
    set_in_group,
    set_momentum,
    start_momentum,
)

__all__ = ["CyclicLR"]

Scale = Callable[[float], float]


# Functions of the module, not lambdas, so that a schedule can be pickled.
def _constant(_: float) -> float:
    return 1.0


def _halved(cycle: float) -> float:
    return 1 / (2.0 ** (cycle - 1))


def _power(gamma: float, iteration: float) -> float:
    return gamma**iteration


class CyclicLR(LRScheduler):
    """The rate on a line from `base_lr` up to `max_lr` in `step_size_up` steps, down in
    `step_size_down` (as many unless given), and again; call `step` after each batch.

    The height of a cycle stays ('triangular'), halves with each ('triangular2'), or is multiplied
    by gamma at each step ('exp_range'); or `scale_fn` of the number of the cycle, from 1, or of the
    step ('iterations') says how much of it is left. Momentum, or beta1, goes from `max_momentum`
    down to `base_momentum` as the rate rises.
    Raises: ValueError for an unknown mode, a list that does not fit the groups, or an optimizer
    without momentum where `cycle_momentum`.
    Source: torch.optim.lr_scheduler.CyclicLR.
    """

    _scale_fn_ref: Scale

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
        gamma: float = 1.0,
        scale_fn: Scale | None = None,
        scale_mode: Literal["cycle", "iterations"] = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        if not isinstance(optimizer, Optimizer):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        least = per_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for lr, group in zip(least, optimizer.param_groups, strict=True):
                set_in_group(group, "lr", lr)
        self.max_lrs: list[LR] = per_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        down = up if step_size_down is None else float(step_size_down)
        self.total_size = up + down
        self.step_ratio = up / self.total_size
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        self._init_scale_fn()
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = has_beta1(optimizer)
            self.base_momentums: list[LR] = per_group("base_momentum", optimizer, base_momentum)
            self.max_momentums: list[LR] = per_group("max_momentum", optimizer, max_momentum)
            if last_epoch == -1:
                start_momentum(optimizer, self.base_momentums, self.max_momentums, self.use_beta1)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = least  # not the groups' initial_lr: an earlier schedule may have set that

    def _init_scale_fn(self) -> None:
        """Choose by mode; a function given beside a mode wins over it."""
        if self._scale_fn_custom is not None:
            return
        if self.mode == "exp_range":
            self._scale_fn_ref, self.scale_mode = partial(_power, self.gamma), "iterations"
        elif self.mode in ("triangular", "triangular2"):
            self._scale_fn_ref = _constant if self.mode == "triangular" else _halved
            self.scale_mode = "cycle"

    def scale_fn(self, x: float) -> float:
        """The part of its height that a cycle has: `x` is its number, from 1, or the step."""
        custom = self._scale_fn_custom
        return self._scale_fn_ref(x) if custom is None else custom(x)

    def get_lr(self) -> list[LR]:
        """The next rates, group by group; sets the momentum, too."""
        self._check_within_step()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        part = 1.0 + self.last_epoch / self.total_size - cycle
        rises = part <= self.step_ratio
        height = part / self.step_ratio if rises else (part - 1) / (self.step_ratio - 1)
        at = cycle if self.scale_mode == "cycle" else self.last_epoch
        rates = [
            low + (high - low) * height * self.scale_fn(at)
            for low, high in zip(self.base_lrs, self.max_lrs, strict=True)
        ]
        if self.cycle_momentum:
            momenta = [
                high - (high - low) * height * self.scale_fn(at)
                for low, high in zip(self.base_momentums, self.max_momentums, strict=True)
            ]
            for group, momentum in zip(self.optimizer.param_groups, momenta, strict=True):
                set_momentum(group, momentum, self.use_beta1)
        return rates

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and functions; of a callable object, its attributes."""
        state = super().state_dict()
        state.pop("_scale_fn_ref", None)
        custom = state.pop("_scale_fn_custom")
        saved = custom is not None and not isinstance(custom, types.FunctionType)
        state["_scale_fn_custom"] = custom.__dict__.copy() if saved else None
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned; a function stays the one there is.

        Takes an entry out of `state_dict`, as PyTorch does: load a copy to load it twice.
        """
        attributes = state_dict.pop("_scale_fn_custom")
        super().load_state_dict(state_dict)
        if attributes is not None:
            self._scale_fn_custom.__dict__.update(attributes)
        self._init_scale_fn()
