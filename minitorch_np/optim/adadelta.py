"""Adadelta. Source: torch/optim/adadelta.py."""

from typing import Any

from minitorch_np.ops.creation import zeros_like
from minitorch_np.optim.optimizer import Group, ParamsT, State, to_scalar, value_of
from minitorch_np.optim.options import check_lr, check_not_negative
from minitorch_np.optim.single import SingleTensor
from minitorch_np.tensor import Tensor

__all__ = ["Adadelta"]


class Adadelta(SingleTensor):
    """p -= lr * d: d is g times the ratio of root mean squares, of past d to past g.

    Both averages forget by `rho`. Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012.
    """

    _on_xla = False

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check_not_negative(lr=lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        check_not_negative(eps=eps, weight_decay=weight_decay)
        defaults: dict[str, Any] = {
            "lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize,
            "capturable": capturable, "foreach": foreach, "differentiable": differentiable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _started(self, parameter: Tensor, grad: Tensor, group: Group) -> State:  # noqa: ARG002
        return {"square_avg": zeros_like(parameter), "acc_delta": zeros_like(parameter)}

    def _change(self, parameter: Tensor, grad: Tensor, state: State, group: Group) -> None:
        rho, eps = group["rho"], group["eps"]
        if group["weight_decay"] != 0:
            grad = grad.add(parameter, alpha=group["weight_decay"])
        square = state["square_avg"].mul_(rho).addcmul_(grad, grad, value=1 - rho)
        root = square.add(eps).sqrt_()
        delta = state["acc_delta"].add(eps).sqrt_()
        if group["differentiable"]:  # sqrt keeps its result for the way back
            delta = delta.clone()
        delta.div_(root).mul_(grad)
        state["acc_delta"].mul_(rho).addcmul_(delta, delta, value=1 - rho)
        parameter.add_(delta, alpha=-value_of(to_scalar(group["lr"])))
