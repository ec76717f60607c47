"""RMSprop. Source: torch/optim/rmsprop.py."""

from typing import Any

from minitorch_np.ops.creation import zeros, zeros_like
from minitorch_np.optim.optimizer import (
    Closure,
    Group,
    Loss,
    Optimizer,
    ParamsT,
    State,
    check_capturable,
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

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """p -= lr * g / (sqrt(v) + eps): v an average of g^2 that forgets by alpha.

    `centered` subtracts the square of the average of g from v. With `momentum`, p moves by a
    buffer that the quotients are added to.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check_not_negative(
            lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha
        )
        defaults: dict[str, Any] = {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

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
                state = self._state_of(parameter, group)
                check_capturable(group["capturable"])
                state["step"].add_(1)
                if group["weight_decay"] != 0:
                    grad = grad.add(parameter, alpha=group["weight_decay"])
                _change(parameter, grad, state, group)
        return loss

    def _state_of(self, parameter: Tensor, group: Group) -> State:
        state = self.state[parameter]
        if not state:
            state["step"] = zeros((), dtype=scalar_dtype())
            state["square_avg"] = zeros_like(parameter)
            if group["momentum"] > 0:
                state["momentum_buffer"] = zeros_like(parameter)
            if group["centered"]:
                state["grad_avg"] = zeros_like(parameter)
        return state


def _change(parameter: Tensor, grad: Tensor, state: State, group: Group) -> None:
    """Take a gradient into the averages, and move the parameter."""
    alpha, eps = group["alpha"], group["eps"]
    lr = value_of(to_scalar(group["lr"]))
    square = state["square_avg"].mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
    if group["centered"]:
        mean = state["grad_avg"].lerp_(grad, 1 - alpha)
        root = square.addcmul(mean, mean, value=-1).sqrt_()
    else:
        root = square.sqrt()
    # in a graph sqrt keeps its result for the way back: it must not be written to
    root = root.add(eps) if group["differentiable"] else root.add_(eps)
    if group["momentum"] > 0:
        buffer = state["momentum_buffer"].mul_(group["momentum"]).addcdiv_(grad, root)
        parameter.add_(buffer, alpha=-lr)
    else:
        parameter.addcdiv_(grad, root, value=-lr)


_OPTIONS = {
    "momentum": 0, "centered": False, "foreach": None, "maximize": False, "differentiable": False,
    "capturable": False,
}  # fmt: skip
"""Options that checkpoints of old versions lack."""
