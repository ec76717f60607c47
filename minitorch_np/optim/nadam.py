"""NAdam. Source: torch/optim/nadam.py."""

from typing import Any, ClassVar

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
from minitorch_np.optim.options import check_betas, check_lr, check_not_negative
from minitorch_np.optim.single import SingleTensor
from minitorch_np.tensor import Tensor

__all__ = ["NAdam"]


class NAdam(SingleTensor):
    """Adam that looks ahead: the average of g is mixed with g itself, as in Nesterov's momentum.

    The mix warms up by `momentum_decay`. Dozat, "Incorporating Nesterov Momentum into Adam", 2016.
    """

    _options: ClassVar[dict[str, Any]] = {
        "maximize": False, "foreach": None, "capturable": False, "differentiable": False,
        "decoupled_weight_decay": False,
    }  # fmt: skip
    _captured = "params, mu_products and state_steps"

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check_not_negative(lr=lr, eps=eps)
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay, momentum_decay=momentum_decay)
        defaults: dict[str, Any] = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for parameter in group["params"]:
                kept = self.state.get(parameter, {})
                if kept and not isinstance(kept["mu_product"], Tensor):
                    kept["mu_product"] = tensor(kept["mu_product"], dtype=scalar_dtype())

    def _started(self, parameter: Tensor, grad: Tensor, group: Group) -> State:  # noqa: ARG002
        return {
            "mu_product": ones((), dtype=scalar_dtype()),
            "exp_avg": zeros_like(parameter),
            "exp_avg_sq": zeros_like(parameter),
        }

    def _change(self, parameter: Tensor, grad: Tensor, state: State, group: Group) -> None:
        beta1, beta2 = group["betas"]
        lr, step, product = to_scalar(group["lr"]), value_of(state["step"]), state["mu_product"]
        grad = decayed(parameter, grad, group, lr)
        mu, ahead = [
            beta1 * (1.0 - 0.5 * (0.96 ** (t * group["momentum_decay"]))) for t in (step, step + 1)
        ]
        product *= mu
        mean = state["exp_avg"].lerp_(grad, 1 - beta1)
        square = state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        root = square.div(1 - beta2**step).sqrt()
        if group["differentiable"]:
            root = root.add(group["eps"])
            following = product * ahead
            parameter.addcdiv_(grad * (-lr * (1.0 - mu) / (1.0 - product)), root)
            parameter.addcdiv_(mean * (-lr * ahead / (1.0 - following)), root)
            return
        root.add_(group["eps"])
        now = value_of(product)
        own = -lr * (1.0 - mu) / (1.0 - now)
        parameter.addcdiv_(grad, root, value=value_of(own))
        parameter.addcdiv_(mean, root, value=value_of(-lr * ahead / (1.0 - now * ahead)))


def decayed(parameter: Tensor, grad: Tensor, group: Group, lr: Tensor | float) -> Tensor:
    """The gradient with weight decay added, or, decoupled, as it is, and the parameter shrunk."""
    if group["weight_decay"] == 0:
        return grad
    if group["decoupled_weight_decay"]:
        parameter.mul_(1 - lr * group["weight_decay"])
        return grad
    return grad.add(parameter, alpha=group["weight_decay"])
