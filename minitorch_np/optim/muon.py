"""Muon. Source: torch/optim/_muon.py."""

import math
from collections.abc import Callable
from typing import Any

from minitorch_np.dtypes import bfloat16
from minitorch_np.graph.modes import no_grad
from minitorch_np.ops.addmm import addmm
from minitorch_np.ops.creation import zeros_like
from minitorch_np.optim.optimizer import (
    Closure,
    Group,
    Loss,
    Optimizer,
    ParamsT,
    evaluated,
    to_scalar,
    value_of,
    with_grads,
)
from minitorch_np.optim.options import check_lr
from minitorch_np.shapes import Shape
from minitorch_np.tensor import Tensor

__all__ = ["Muon"]

_QUINTIC = (3.4445, -4.775, 2.0315)
"""Coefficients of a polynomial that drives singular values towards 1 in a few steps."""


class Muon(Optimizer):
    """p -= lr * r * o, of matrices: o is the momentum with all its singular values made about 1.

    r depends on the shape, as `adjust_lr_fn` says. Jordan et al., "Muon: An optimizer for hidden
    layers in neural networks", 2024.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = _QUINTIC,
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        check_lr(lr)
        named = {"Learning rate": lr, "momentum": momentum, "weight decay": weight_decay}
        for name, value in named.items():
            if not value >= 0.0:
                raise ValueError(f"{name} should be >= 0 but is: {value}")
        if adjust_lr_fn is not None and adjust_lr_fn not in _RATIOS:
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        defaults: dict[str, Any] = {
            "lr": lr, "weight_decay": weight_decay, "momentum": momentum, "nesterov": nesterov,
            "ns_coefficients": ns_coefficients, "eps": eps, "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }  # fmt: skip
        super().__init__(params, defaults)
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.ndim != 2:
                    raise ValueError(
                        "Muon only supports 2D parameters whereas we found a parameter with size: "
                        f"{parameter.size()}"
                    )

    @no_grad()
    def step(self, closure: Closure | None = None) -> Loss | None:
        """Change every parameter that has a gradient, once; the loss, if a closure computes it."""
        loss = evaluated(closure)
        for group in self.param_groups:
            for parameter, grad in with_grads(group):
                state = self.state[parameter]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = zeros_like(grad)
                _change(parameter, grad, state["momentum_buffer"], group)
        return loss


def _change(parameter: Tensor, grad: Tensor, buffer: Tensor, group: Group) -> None:
    lr, momentum = to_scalar(group["lr"]), group["momentum"]
    buffer.lerp_(grad, 1 - momentum)
    update = grad.lerp(buffer, momentum) if group["nesterov"] else buffer
    update = orthogonal(update, group["ns_coefficients"], group["ns_steps"], group["eps"])
    rate = lr * _RATIOS[group["adjust_lr_fn"] or "original"](parameter.sizes)
    parameter.mul_(1 - lr * group["weight_decay"])
    parameter.add_(update, alpha=-value_of(rate))


_RATIOS: dict[str, Callable[[Shape], float]] = {
    "original": lambda shape: math.sqrt(max(1, shape[0] / shape[1])),
    "match_rms_adamw": lambda shape: 0.2 * math.sqrt(max(shape)),
    "spectral_unclamped": lambda shape: math.sqrt(shape[0] / shape[1]),
}


def orthogonal(
    matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float
) -> Tensor:
    """A matrix with singular values of about 1 in the same directions, by a Newton-Schulz iteration
    in bfloat16. Raises: ValueError."""
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if matrix.ndim != 2:
        raise ValueError("Input tensor gradient must be a 2D matrix")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    tall = matrix.size(0) > matrix.size(1)
    x = matrix.to(bfloat16, copy=True)
    x = x.t() if tall else x
    x.div_(x.norm().clamp(min=eps))
    for _ in range(steps):
        gram = x.matmul(x.t())
        change = addmm(gram, gram, gram, beta=b, alpha=c)
        x = addmm(x, change, x, beta=a)
    return x.t() if tall else x
