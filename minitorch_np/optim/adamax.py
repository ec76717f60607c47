"""Adamax. Source: torch/optim/adamax.py."""

from typing import Any

from minitorch_np.ops.creation import zeros_like
from minitorch_np.ops.extremes import amax
from minitorch_np.ops.join import cat
from minitorch_np.ops.power import maximum
from minitorch_np.optim.optimizer import Group, ParamsT, State, to_scalar, value_of
from minitorch_np.optim.options import check_betas, check_lr, check_not_negative
from minitorch_np.optim.single import SingleTensor
from minitorch_np.tensor import Tensor

__all__ = ["Adamax"]


class Adamax(SingleTensor):
    """p -= lr / (1 - beta1^t) * m / u: m an average of g, u the largest |g| + eps so far, fading.

    Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_lr(lr)
        check_not_negative(lr=lr, eps=eps)
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay)
        defaults: dict[str, Any] = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _started(self, parameter: Tensor, grad: Tensor, group: Group) -> State:  # noqa: ARG002
        return {"exp_avg": zeros_like(parameter), "exp_inf": zeros_like(parameter)}

    def _change(self, parameter: Tensor, grad: Tensor, state: State, group: Group) -> None:
        beta1, beta2 = group["betas"]
        if group["weight_decay"] != 0:
            grad = grad.add(parameter, alpha=group["weight_decay"])
        state["exp_avg"].lerp_(grad, 1 - beta1)
        faded, size = state["exp_inf"].mul_(beta2), grad.abs().add_(group["eps"])
        if group["differentiable"]:
            both = cat([faded.unsqueeze(0), size.unsqueeze_(0)], 0)
            state["exp_inf"].copy_(amax(both, 0, keepdim=False))
        else:
            maximum(faded, size, out=faded)
        rate = to_scalar(group["lr"]) / (1 - beta1 ** value_of(state["step"]))
        parameter.addcdiv_(state["exp_avg"], state["exp_inf"], value=-value_of(rate))
