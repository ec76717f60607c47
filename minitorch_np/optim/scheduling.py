"""What every schedule of learning rates shares. Source: torch/optim/lr_scheduler.py."""

import functools
import types
import warnings
import weakref
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from minitorch_np.optim.optimizer import Group, Optimizer, value_of
from minitorch_np.tensor import Tensor

__all__ = [
    "EPOCH_WARNING", "LR", "LRScheduler", "has_beta1", "per_group", "set_in_group", "set_momentum",
    "start_momentum", "values_in_groups",
]  # fmt: skip

LR = float | Tensor

EPOCH_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
    "possible. Please use `scheduler.step()` to step the scheduler. During the deprecation, if "
    "epoch is different from None, the closed form is used instead of the new chainable form, "
    "where available. Please open an issue if you are unable to replicate your use case: "
    "https://github.com/pytorch/pytorch/issues/new/choose."
)
_DETAILS = (
    "See more details at https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)


def per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:  # noqa: ANN401
    """One value for each parameter group, from a list of them or from one for all."""
    groups = optimizer.param_groups
    values: list[Any] = [value] * len(groups)
    if isinstance(value, (list, tuple)):
        values = list(cast("Sequence[Any]", value))
        if len(values) != len(groups):
            raise ValueError(
                f"{name} must have the same length as optimizer.param_groups. {name} has "
                f"{len(values)} values, param_groups has {len(groups)}."
            )
    return [v.clone() if isinstance(v, Tensor) else v for v in values]


def values_in_groups(optimizer: Optimizer, key: str) -> list[Any]:
    """An option of every group; tensors as copies, for the groups' own are written to."""
    values = [group[key] for group in optimizer.param_groups]
    return [v.clone() if isinstance(v, Tensor) else v for v in values]


def set_in_group(group: Group, key: str, value: LR) -> None:
    """Set an option, in place where it is a tensor."""
    if isinstance(group[key], Tensor):
        group[key].fill_(value_of(value))
    else:
        group[key] = value


def has_beta1(optimizer: Optimizer) -> bool:
    """Whether what counts as momentum is the first of the betas, not an option of that name.

    Raises: ValueError where the optimizer has neither.
    """
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ValueError(
            "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"
        )
    return "betas" in optimizer.defaults


def set_momentum(group: Group, value: LR, beta1: bool) -> None:
    """Set the momentum of a group, or the first of its betas."""
    if beta1:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value


def start_momentum(optimizer: Optimizer, least: list[Any], most: list[Any], beta1: bool) -> None:
    """Begin each group at its largest momentum, and note both ends of the range in the group."""
    for low, high, group in zip(least, most, optimizer.param_groups, strict=True):
        set_momentum(group, high, beta1)
        group["max_momentum"] = high
        group["base_momentum"] = low


class LRScheduler:
    """Sets the learning rates of an optimizer's groups, epoch by epoch: call `step` after each.

    A subclass's `get_lr` computes the next rates from those there are; a closed form, if there is
    one, computes them from the epoch alone.
    """

    _get_lr_called_within_step: bool = False
    _is_initial: bool = False
    _step_count: int
    _last_lr: list[LR]

    optimizer: Optimizer
    base_lrs: list[LR]
    last_epoch: int

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        for nr, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                lr = group["lr"]
                group.setdefault("initial_lr", lr.clone() if isinstance(lr, Tensor) else lr)
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{nr}] when resuming "
                    "scheduler with last_epoch >= 0.\nThis typically happens when:\n1. You're "
                    "trying to resume training from a checkpoint but haven't properly loaded the "
                    "optimizer state\n2. You're using last_epoch >= 0 for a fresh training run "
                    "(not recommended)"
                )
        self.base_lrs = values_in_groups(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        _watch_steps(optimizer)
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> list[LR]:
        """The rates that were set last, group by group."""
        return self._last_lr

    def get_lr(self) -> list[LR]:
        """The next rates, group by group; `step` calls this."""
        raise NotImplementedError

    def step(self, epoch: int | None = None) -> None:
        """Set the rates of the next epoch."""
        if self._step_count == 1:
            self._check_order()
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _check_order(self) -> None:
        """Warn if the optimizer made no step before the second one here."""
        if not hasattr(self.optimizer.step, "_wrapped_by_lr_sched"):
            warnings.warn(
                "Seems like `optimizer.step()` has been overridden after learning rate scheduler "
                "initialization. Please, make sure to call `optimizer.step()` before "
                f"`lr_scheduler.step()`. {_DETAILS}",
                UserWarning,
                stacklevel=3,
            )
        elif not getattr(self.optimizer, "_opt_called", False):
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch "
                "1.1.0 and later, you should call them in the opposite order: `optimizer.step()` "
                "before `lr_scheduler.step()`.  Failure to do this will result in PyTorch skipping "
                f"the first value of the learning rate schedule. {_DETAILS}",
                UserWarning,
                stacklevel=3,
            )

    def _update_lr(self, epoch: int | None = None) -> None:
        with self._within_step():
            if epoch is None:
                self.last_epoch += 1
                values = self.get_lr()
            else:
                self.last_epoch = epoch
                closed: Callable[[], list[LR]] = getattr(self, "_get_closed_form_lr", self.get_lr)
                values = closed()
        self._set_rates(values)

    def _set_rates(self, values: Sequence[LR]) -> None:
        for group, lr in zip(self.optimizer.param_groups, values, strict=True):
            set_in_group(group, "lr", lr)
        self._last_lr = values_in_groups(self.optimizer, "lr")

    @contextmanager
    def _within_step(self) -> Generator[None]:
        self._get_lr_called_within_step = True
        try:
            yield
        finally:
            self._get_lr_called_within_step = False

    def _check_within_step(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use "
                "`get_last_lr()`.",
                UserWarning,
                stacklevel=3,
            )

    def _unchanged(self) -> list[LR]:
        return values_in_groups(self.optimizer, "lr")

    def _scaled(self, factor: float) -> list[LR]:
        return [group["lr"] * factor for group in self.optimizer.param_groups]


def _watch_steps(optimizer: Optimizer) -> None:
    """Make the optimizer note that it made a step."""
    bound = cast(types.MethodType, optimizer.step)
    if hasattr(bound, "_wrapped_by_lr_sched"):
        return
    function = bound.__func__
    reference = weakref.ref(optimizer)  # it must not keep itself alive

    @functools.wraps(function)
    def stepped(*args: object, **kwargs: object) -> object:
        self = reference()
        assert self is not None
        self.__dict__["_opt_called"] = True
        return function.__get__(self, type(self))(*args, **kwargs)

    stepped.__dict__["_wrapped_by_lr_sched"] = True
    optimizer.__dict__["step"] = stepped
