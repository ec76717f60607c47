"""OneCycleLR: rates that rise and fall once, momentum the other way.

Source: torch/optim/lr_scheduler.py; Smith, Topin 2017.
"""

import math
from typing import Any, Literal

from minitorch_np.optim.optimizer import Optimizer
from minitorch_np.optim.scheduling import (
    LR,
    LRScheduler,
    has_beta1,
    per_group,
    set_momentum,
    start_momentum,
)

__all__ = ["OneCycleLR"]


def _total_steps(total: int | None, epochs: int | None, per_epoch: int | None) -> int:
    if total is not None:
        if total <= 0 or not isinstance(total, int):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise ValueError(f"Expected positive integer total_steps, but got {total}")
        return total
    if epochs is None or per_epoch is None:
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    for name, n in (("epochs", epochs), ("steps_per_epoch", per_epoch)):
        if not isinstance(n, int) or n <= 0:  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise ValueError(f"Expected positive integer {name}, but got {n}")
    return epochs * per_epoch


def _phase(end: float, lr: tuple[str, str], momentum: tuple[str, str]) -> dict[str, Any]:
    """One stretch: the step it ends at, and the options of a group it goes from and to."""
    return {
        "end_step": end,
        "start_lr": lr[0],
        "end_lr": lr[1],
        "start_momentum": momentum[0],
        "end_momentum": momentum[1],
    }


def _phases(total: int, start: float, three: bool) -> list[dict[str, Any]]:
    rise, fall = ("initial_lr", "max_lr"), ("max_lr", "initial_lr")
    down, up = ("max_momentum", "base_momentum"), ("base_momentum", "max_momentum")
    first = _phase(float(start * total) - 1, rise, down)
    if not three:
        return [first, _phase(total - 1, ("max_lr", "min_lr"), up)]
    return [
        first,
        _phase(float(2 * start * total) - 2, fall, up),
        _phase(total - 1, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum")),
    ]


def _annealed(kind: str, start: LR, end: LR, part: float) -> LR:
    """Where one is after a fraction of the way, along a cosine or a line."""
    if kind == "cos":
        return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)
    return (end - start) * part + start


class OneCycleLR(LRScheduler):
    """The rate from max_lr / div_factor up to max_lr, then down to 1 / final_div_factor of where it
    began, in `total_steps`; call `step` after each batch.

    The first `pct_start` of the steps rise. `three_phase` falls first to the beginning, then below.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        if not isinstance(optimizer, Optimizer):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        if pct_start < 0 or pct_start > 1 or not isinstance(pct_start, float):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._anneal_func_type = anneal_strategy
        largest = per_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for lr, group in zip(largest, optimizer.param_groups, strict=True):
                group["initial_lr"] = lr / div_factor
                group["max_lr"] = lr
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._start_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _start_momentum(
        self, base: float | list[float], largest: float | list[float], last_epoch: int
    ) -> None:
        self.use_beta1 = has_beta1(self.optimizer)
        most = per_group("max_momentum", self.optimizer, largest)
        least = per_group("base_momentum", self.optimizer, base)
        if last_epoch == -1:
            start_momentum(self.optimizer, least, most, self.use_beta1)

    def get_lr(self) -> list[LR]:
        """The next rates, group by group; sets the momentum, too."""
        self._check_within_step()
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"Tried to step {step} times. The specified number of total steps is "
                f"{self.total_steps}"
            )
        start = 0.0
        phase = self._schedule_phases[0]
        for phase in self._schedule_phases:
            if step <= phase["end_step"] or phase is self._schedule_phases[-1]:
                break
            start = phase["end_step"]
        part = (step - start) / (phase["end_step"] - start)
        rates: list[LR] = []
        for group in self.optimizer.param_groups:
            first, last = group[phase["start_lr"]], group[phase["end_lr"]]
            rates.append(_annealed(self._anneal_func_type, first, last, part))
            if self.cycle_momentum:
                first, last = group[phase["start_momentum"]], group[phase["end_momentum"]]
                value = _annealed(self._anneal_func_type, first, last, part)
                set_momentum(group, value, self.use_beta1)
        return rates
