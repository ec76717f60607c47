"""Rprop. Source: torch/optim/rprop.py."""

from typing import Any

from minitorch_np.ops.creation import full_like, zeros_like
from minitorch_np.optim.optimizer import Group, ParamsT, State, value_of
from minitorch_np.optim.options import check_lr, check_not_negative
from minitorch_np.optim.single import SingleTensor
from minitorch_np.tensor import Tensor

__all__ = ["Rprop"]


class Rprop(SingleTensor):
    """p -= s * sign(g): s, by element, grows while g keeps its sign, and shrinks where it turns.

    Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning", 1993.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_lr(lr)
        check_not_negative(lr=lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults: dict[str, Any] = {
            "lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable, "capturable": capturable,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _started(self, parameter: Tensor, grad: Tensor, group: Group) -> State:
        return {
            "prev": zeros_like(parameter),
            "step_size": full_like(grad, value_of(group["lr"])),
        }

    def _change(self, parameter: Tensor, grad: Tensor, state: State, group: Group) -> None:
        shrink, grow = group["etas"]
        # in a graph mul keeps the last gradient for the way back, and it is written to below
        last = state["prev"].clone() if group["differentiable"] else state["prev"]
        factor = grad.mul(last).sign()
        factor[factor.gt(0)] = grow
        factor[factor.lt(0)] = shrink
        factor[factor.eq(0)] = 1
        size = state["step_size"].mul_(factor).clamp_(*group["step_sizes"])
        grad = grad.clone()
        grad[factor.eq(shrink)] = 0
        parameter.addcmul_(grad.sign(), size, value=-1)
        state["prev"].copy_(grad)
