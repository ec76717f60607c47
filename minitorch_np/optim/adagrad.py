"""Adagrad. Source: torch/optim/adagrad.py."""

from typing import Any

from minitorch_np.ops.creation import full_like, zeros
from minitorch_np.optim.optimizer import (
    Closure,
    Group,
    Loss,
    Optimizer,
    ParamsT,
    State,
    check_fused,
    counted,
    differentiable_step,
    evaluated,
    scalar_dtype,
    to_scalar,
    value_of,
    with_grads,
)
from minitorch_np.optim.options import check_lr, check_not_negative
from minitorch_np.tensor import Tensor

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """p -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps): s the sum of all g^2 so far."""

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        check_not_negative(
            lr=lr, lr_decay=lr_decay, weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value, eps=eps,
        )  # fmt: skip
        defaults: dict[str, Any] = {
            "lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)
        for group in self.param_groups:
            for parameter in group["params"]:
                self._state_of(parameter, group)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in _OPTIONS.items():
                group.setdefault(name, value)
            for parameter in group["params"]:
                counted(self.state.get(parameter, {}), group)

    @differentiable_step
    def step(self, closure: Closure | None = None) -> Loss | None:
        """Change every parameter that has a gradient, once; the loss, if a closure computes it."""
        loss = evaluated(closure)
        for group in self.param_groups:
            for parameter, grad in with_grads(group):
                _change(parameter, grad, self._state_of(parameter, group), group)
        return loss

    def _state_of(self, parameter: Tensor, group: Group) -> State:
        state = self.state[parameter]
        if not state:
            state["step"] = zeros((), dtype=scalar_dtype(group["fused"]))
            state["sum"] = full_like(parameter, self.defaults["initial_accumulator_value"])
        return state


def _change(parameter: Tensor, grad: Tensor, state: State, group: Group) -> None:
    """Add a gradient's square to the sum, and move the parameter."""
    step = value_of(state["step"].add_(1))
    if group["weight_decay"] != 0:
        grad = grad.add(parameter, alpha=group["weight_decay"])
    lr = to_scalar(group["lr"]) / (1 + (step - 1) * group["lr_decay"])
    root = state["sum"].addcmul_(grad, grad, value=1).sqrt()
    # in a graph sqrt keeps its result for the way back: it must not be written to
    root = root + group["eps"] if group["differentiable"] else root.add_(group["eps"])
    parameter.addcdiv_(grad, root, value=-value_of(lr))


_OPTIONS = {"foreach": None, "maximize": False, "differentiable": False, "fused": None}
"""Options that checkpoints of old versions lack."""
