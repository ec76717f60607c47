"""Stochastic gradient descent, with momentum. Source: torch/optim/sgd.py."""

from typing import Any

from minitorch_np.graph.inplace import bump
from minitorch_np.kernels.large import loop
from minitorch_np.optim.flat import flat, numbers_as
from minitorch_np.optim.optimizer import (
    Closure,
    Group,
    Loss,
    Optimizer,
    ParamsT,
    check_fused,
    differentiable_step,
    evaluated,
    to_scalar,
    value_of,
    with_grads,
)
from minitorch_np.optim.options import check_lr, check_not_negative
from minitorch_np.tensor import Tensor

__all__ = ["SGD"]


class SGD(Optimizer):
    """p -= lr * b, where b = momentum * b + (1 - dampening) * g, and g has weight_decay * p added.

    b starts as the first g, undampened. With `nesterov`, g + momentum * b takes the place of b.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_lr(lr)
        check_not_negative(nan=True, lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults: dict[str, Any] = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize, "foreach": foreach,
            "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in _OPTIONS.items():
                group.setdefault(name, value)

    @differentiable_step
    def step(self, closure: Closure | None = None) -> Loss | None:
        """Change every parameter that has a gradient, once; the loss, if a closure computes it."""
        loss = evaluated(closure)
        for group in self.param_groups:
            lr = to_scalar(group["lr"])
            numbers = (
                -value_of(lr), value_of(group["weight_decay"]), group["momentum"],
                1 - group["dampening"],
            )  # fmt: skip
            nesterov = bool(group["nesterov"])
            for parameter, grad in with_grads(group):
                if self._at_once(parameter, grad, numbers, nesterov):
                    continue
                step = self._direction(parameter, grad, group)
                if isinstance(lr, Tensor) and lr.requires_grad:
                    parameter.addcmul_(step, lr, value=-1)
                else:
                    parameter.add_(step, alpha=-value_of(lr))
        return loss

    def _at_once(
        self, parameter: Tensor, grad: Tensor, numbers: tuple[float, ...], nesterov: bool
    ) -> bool:
        """Whether one loop over memory made the step, with the bits that the ops would give.

        The numbers are those that `steps.sgd_momentum` takes.
        """
        buffer: Tensor | None = None
        if numbers[2]:
            buffer = self.state[parameter].get("momentum_buffer")
            if buffer is None:
                return False
        arrays = flat(parameter, grad) if buffer is None else flat(parameter, grad, buffer)
        if arrays is None:
            return False
        given = numbers_as(arrays[0].dtype, numbers)
        if buffer is None:
            loop("steps.sgd", given.dtype)(*arrays, given)
        else:
            loop("steps.sgd_momentum", given.dtype)(*arrays, given, nesterov)
            bump(buffer)
        bump(parameter)
        return True

    def _direction(self, parameter: Tensor, grad: Tensor, group: Group) -> Tensor:
        """What lr is multiplied with: the gradient, decayed and with momentum."""
        decay, momentum = group["weight_decay"], group["momentum"]
        if isinstance(decay, Tensor) and decay.requires_grad:
            grad = grad.addcmul_(parameter.clone(), decay)
        elif decay != 0:
            grad = grad.add(parameter, alpha=value_of(decay))
        if momentum == 0:
            return grad
        state = self.state[parameter]
        buffer: Tensor | None = state.get("momentum_buffer")
        if buffer is None:
            buffer = state["momentum_buffer"] = grad.detach().clone()
        else:
            buffer.mul_(momentum).add_(grad, alpha=1 - group["dampening"])
        return grad.add(buffer, alpha=momentum) if group["nesterov"] else buffer


_OPTIONS = {
    "nesterov": False, "maximize": False, "foreach": None, "differentiable": False, "fused": False,
}  # fmt: skip
"""Options that checkpoints of old versions lack."""
