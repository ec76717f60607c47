"""RAdam. Source: torch/optim/radam.py."""

from typing import Any, ClassVar

from minitorch_np.ops.creation import zeros_like
from minitorch_np.optim.nadam import decayed
from minitorch_np.optim.optimizer import Group, ParamsT, State, to_scalar, value_of
from minitorch_np.optim.options import check_betas, check_lr, check_not_negative
from minitorch_np.optim.single import SingleTensor
from minitorch_np.tensor import Tensor

__all__ = ["RAdam"]


class RAdam(SingleTensor):
    """Adam whose first steps do not divide by the average of g^2, which is not yet to be trusted.

    Liu et al., "On the Variance of the Adaptive Learning Rate and Beyond", 2020.
    """

    _options: ClassVar[dict[str, Any]] = {
        "foreach": None, "maximize": False, "differentiable": False,
        "decoupled_weight_decay": False, "capturable": False,
    }  # fmt: skip

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
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
        check_not_negative(weight_decay=weight_decay)
        defaults: dict[str, Any] = {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "maximize": maximize, "foreach": foreach, "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _started(self, parameter: Tensor, grad: Tensor, group: Group) -> State:  # noqa: ARG002
        return {"exp_avg": zeros_like(parameter), "exp_avg_sq": zeros_like(parameter)}

    def _change(self, parameter: Tensor, grad: Tensor, state: State, group: Group) -> None:
        beta1, beta2 = group["betas"]
        lr, step = to_scalar(group["lr"]), value_of(state["step"])
        grad = decayed(parameter, grad, group, lr)
        mean = state["exp_avg"].lerp_(grad, 1 - beta1)
        square = state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
        unbiased = 1 - beta2**step
        change = (mean / (1 - beta1**step)) * lr
        longest = 2 / (1 - beta2) - 1
        length = longest - 2 * step * (beta2**step) / unbiased
        if length > 5.0:
            root = square.sqrt()
            # in a graph sqrt keeps its result for the way back: it must not be written to
            root = root.add(group["eps"]) if group["differentiable"] else root.add_(group["eps"])
            change = change * (unbiased**0.5 / root) * rectified(length, longest)
        parameter.add_(change, alpha=-1.0)


def rectified(length: float, longest: float) -> float:
    """How much of a step to take when the average has seen `length` steps of at most `longest`."""
    seen = (length - 4) * (length - 2) * longest
    return (seen / ((longest - 4) * (longest - 2) * length)) ** 0.5
