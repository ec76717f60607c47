"""Schedules made of other schedules. Source: torch/optim/lr_scheduler.py."""

from collections.abc import Sequence
from typing import Any

from minitorch_np.optim.optimizer import Optimizer
from minitorch_np.optim.plateau import ReduceLROnPlateau
from minitorch_np.optim.scheduling import LRScheduler, values_in_groups

__all__ = ["ChainedScheduler", "Composed"]


class Composed(LRScheduler):
    """What schedules of several schedules share: a check of these, and their states in its own."""

    _schedulers: Sequence[LRScheduler]

    def _check(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler]) -> None:
        name = type(self).__name__
        for nr, one in enumerate(schedulers):
            if not hasattr(one, "optimizer"):
                raise TypeError(f"{name} at index {nr} should have `optimizer` as its attribute.")
            if isinstance(one, ReduceLROnPlateau):
                raise ValueError(
                    f"{name} does not support `ReduceLROnPlateau` scheduler as it requires "
                    "additional kwargs to be specified when calling `step`, but got one at index "
                    f"{nr} in the given schedulers sequence."
                )
            if optimizer is not one.optimizer:
                raise ValueError(
                    f"{name} expects all schedulers to belong to the same optimizer, but got "
                    f"scheduler {type(one).__name__} at index {nr} has {one.optimizer}, which is "
                    f"different from {type(optimizer).__name__}."
                )

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer; the schedules as their own state dicts."""
        state = super().state_dict()
        del state["_schedulers"]
        state["_schedulers"] = [one.state_dict() for one in self._schedulers]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned; schedules past the saved ones stay as they are."""
        states = state_dict["_schedulers"]
        self.__dict__.update({k: v for k, v in state_dict.items() if k != "_schedulers"})
        for nr, state in enumerate(states):
            self._schedulers[nr].load_state_dict(state)


class ChainedScheduler(Composed):
    """Schedules that all step at every `step`, each from the rates that the one before it set.

    It counts no epochs itself and `step` takes none. `optimizer` is that of the first schedule
    unless given.
    Raises: ValueError without schedules, for a ReduceLROnPlateau or for another optimizer's
    schedule; TypeError for what is no schedule.
    Source: torch.optim.lr_scheduler.ChainedScheduler.
    """

    def __init__(
        self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None
    ) -> None:
        if len(schedulers) < 1:
            raise ValueError(
                f"{type(self).__name__} expects at least one scheduler to be chained, but got no "
                "scheduler."
            )
        optimizer = optimizer or schedulers[0].optimizer
        self._check(optimizer, schedulers)
        self._schedulers = schedulers
        self.optimizer = optimizer
        self._last_lr = values_in_groups(optimizer, "lr")

    def step(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # as in PyTorch
        """Step every schedule, in order."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = values_in_groups(self.optimizer, "lr")
