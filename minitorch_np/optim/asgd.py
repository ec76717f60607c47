"""ASGD. Source: torch/optim/asgd.py."""

from typing import Any

from minitorch_np.ops.creation import ones, zeros_like
from minitorch_np.ops.from_data import tensor
from minitorch_np.optim.optimizer import (
    Group,
    ParamsT,
    State,
    scalar_dtype,
    to_scalar,
    value_of,
)
from minitorch_np.optim.options import check_lr, check_not_negative
from minitorch_np.optim.single import SingleTensor
from minitorch_np.tensor import Tensor

__all__ = ["ASGD"]


class ASGD(SingleTensor):
    """p -= eta * g, with an average of p over the steps after `t0` in the state `ax`.

    eta falls as lr / (1 + lambd * lr * t)^alpha, and p shrinks by lambd * eta. Polyak and Juditsky,
    "Acceleration of stochastic approximation by averaging", 1992.
    """

    _captured = "params, mus, etas, and state_steps"

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        check_not_negative(lr=lr, lambd=lambd, alpha=alpha, weight_decay=weight_decay)
        defaults: dict[str, Any] = {
            "lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay,
            "foreach": foreach, "maximize": maximize, "differentiable": differentiable,
            "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for parameter in group["params"]:
                kept = self.state.get(parameter, {})
                for name in ("eta", "mu") if kept else ():
                    if not isinstance(kept[name], Tensor):
                        kept[name] = tensor(kept[name], dtype=scalar_dtype())

    def _started(self, parameter: Tensor, grad: Tensor, group: Group) -> State:  # noqa: ARG002
        dtype = scalar_dtype()
        return {
            "eta": tensor(value_of(group["lr"]), dtype=dtype),
            "mu": ones((), dtype=dtype),
            "ax": zeros_like(parameter),
        }

    def _change(self, parameter: Tensor, grad: Tensor, state: State, group: Group) -> None:
        lr, lambd = to_scalar(group["lr"]), group["lambd"]
        step, eta = value_of(state["step"]), value_of(state["eta"])
        if group["weight_decay"] != 0:
            grad = grad.add(parameter, alpha=group["weight_decay"])
        if group["foreach"]:  # the same in one write
            parameter.add_(grad.add(parameter, alpha=lambd), alpha=-eta)
        else:
            parameter.mul_(1 - lambd * eta).add_(grad, alpha=-eta)
        average, mu = state["ax"], state["mu"]
        if value_of(mu) == 1:
            average.copy_(parameter)
        else:
            average.add_(parameter.sub(average).mul_(mu))
        state["eta"].fill_(value_of(lr / ((1 + lambd * lr * step) ** group["alpha"])))
        mu.fill_(1 / max(1, step - group["t0"]))
