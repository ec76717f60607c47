"""Adam and AdamW. Source: torch/optim/adam.py, adamw.py."""

from functools import lru_cache
from typing import Any

import numpy as np

from minitorch_np.graph.inplace import bump
from minitorch_np.kernels.large import loop
from minitorch_np.ops.creation import zeros, zeros_like
from minitorch_np.ops.power import maximum
from minitorch_np.optim.flat import Array, counted_up, flat, numbers_as
from minitorch_np.optim.optimizer import (
    Closure,
    Group,
    Loss,
    Optimizer,
    ParamsT,
    State,
    check_capturable,
    check_fused,
    counted,
    differentiable_step,
    evaluated,
    scalar_dtype,
    to_scalar,
    value_of,
    with_grads,
)
from minitorch_np.optim.options import check_not_negative
from minitorch_np.tensor import Tensor

__all__ = ["Adam", "AdamW"]


def _check_tensors(name: str, value: Tensor | float, foreach: bool) -> None:
    """Raise for an option given as a tensor where it may not be."""
    if not isinstance(value, Tensor):
        return
    if foreach:
        raise ValueError(
            f"{name} as a Tensor is not supported for capturable=False and foreach=True"
        )
    if value.numel() != 1:
        raise ValueError(f"Tensor {name} must be 1-element")


class Adam(Optimizer):
    """p -= lr * m / (sqrt(v) + eps): m, v averages of g and g^2 that forget by betas, unbiased.

    `amsgrad` divides by the largest v so far. `weight_decay` adds to g, or, decoupled (AdamW),
    shrinks p itself.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        refused = bool(foreach) and not capturable
        _check_tensors("lr", lr, refused)
        check_not_negative(lr=lr, eps=eps)
        for nr, beta in enumerate((betas[0], betas[1])):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {nr}: {beta}")
        check_not_negative(weight_decay=weight_decay)
        if not any(all(isinstance(beta, kind) for beta in betas) for kind in (float, Tensor)):
            raise ValueError("betas must be either both floats or both Tensors")
        for nr, beta in enumerate(betas):
            _check_tensors(f"betas[{nr}]", beta, refused)
        defaults: dict[str, Any] = {
            "lr": lr, "betas": (to_scalar(betas[0]), to_scalar(betas[1])), "eps": eps,
            "weight_decay": weight_decay, "amsgrad": amsgrad, "maximize": maximize,
            "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)

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
                step = counted_up(state["step"])
                if _at_once(parameter, grad, state, group, step):
                    continue
                grad = _decayed(parameter, grad, group)
                _averaged(state, grad, group)
                if group["differentiable"]:
                    _change_in_graph(parameter, state, group)
                else:
                    _change(parameter, state, group)
        return loss

    def _state_of(self, parameter: Tensor, group: Group) -> State:
        state = self.state[parameter]
        if not state:
            state["step"] = zeros((), dtype=scalar_dtype(group["fused"]))
            names = ["exp_avg", "exp_avg_sq", *(["max_exp_avg_sq"] if group["amsgrad"] else [])]
            for name in names:
                state[name] = zeros_like(parameter)
        if group["differentiable"] and state["step"].requires_grad:
            raise RuntimeError("`requires_grad` is not supported for `step` in differentiable mode")
        if group["foreach"] and isinstance(group["lr"], Tensor) and not group["capturable"]:
            raise RuntimeError(
                "lr as a Tensor is not supported for capturable=False and foreach=True"
            )
        return state


def _at_once(parameter: Tensor, grad: Tensor, state: State, group: Group, step: float) -> bool:
    """Whether one loop over memory made the step, with the bits that the ops would give."""
    if group["amsgrad"]:
        return False
    arrays = flat(parameter, grad, state["exp_avg"], state["exp_avg_sq"])
    if arrays is None:
        return False
    decay = group["weight_decay"]
    decoupled = group["decoupled_weight_decay"] and decay != 0
    beta1, beta2 = group["betas"]
    given = _numbers(
        arrays[0].dtype, step, value_of(group["lr"]), value_of(beta1), value_of(beta2),
        group["eps"], decay, decoupled,
    )  # fmt: skip
    if given[2] >= 0.5:  # lerp starts from its other end then
        return False
    loop("steps.adam", given.dtype)(*arrays, given)
    for written in (parameter, state["exp_avg"], state["exp_avg_sq"]):
        bump(written)
    if decoupled:
        bump(parameter)
    return True


@lru_cache(maxsize=16)
def _numbers(
    dtype: np.dtype[Any], step: float, lr: float, beta1: float, beta2: float, eps: float,
    decay: float, decoupled: bool,
) -> Array:  # fmt: skip
    """The numbers of a step as the loop takes them; the next parameter has the same."""
    numbers = (
        1 - lr * decay if decoupled else 1.0, 0.0 if decoupled else decay, 1 - beta1, beta2,
        1 - beta2, (1 - beta2**step) ** 0.5, eps, -lr / (1 - beta1**step),
    )  # fmt: skip
    return numbers_as(dtype, numbers)


def _decayed(parameter: Tensor, grad: Tensor, group: Group) -> Tensor:
    """The gradient with weight decay, or the parameter shrunk in place."""
    decay = group["weight_decay"]
    if decay == 0:
        return grad
    if group["decoupled_weight_decay"]:
        parameter.mul_(1 - to_scalar(group["lr"]) * decay)
        return grad
    return grad.add(parameter, alpha=decay)


def _averaged(state: State, grad: Tensor, group: Group) -> None:
    """Take a gradient into the averages."""
    beta1, beta2 = group["betas"]
    weight = 1 - beta1
    if isinstance(weight, Tensor):
        weight = weight.to(grad.dtype)
    state["exp_avg"].lerp_(grad, weight)
    state["exp_avg_sq"].mul_(beta2).addcmul_(grad, grad, value=value_of(1 - beta2))


def _change(parameter: Tensor, state: State, group: Group) -> None:
    """Move the parameter."""
    beta1, beta2 = group["betas"]
    step = value_of(state["step"])
    bias_correction1 = 1 - beta1**step
    bias_correction2 = 1 - beta2**step
    step_size = to_scalar(group["lr"]) / bias_correction1
    square = state["exp_avg_sq"]
    if group["amsgrad"]:
        square = maximum(state["max_exp_avg_sq"], square, out=state["max_exp_avg_sq"])
    denom = (square.sqrt() / bias_correction2**0.5).add_(group["eps"])
    parameter.addcdiv_(state["exp_avg"], denom, value=-value_of(step_size))


def _change_in_graph(parameter: Tensor, state: State, group: Group) -> None:
    """Move the parameter by recorded ops, the step count being a tensor there."""
    beta1, beta2 = group["betas"]
    step = state["step"]
    step_size = (to_scalar(group["lr"]) / (1 - beta1**step)).neg()
    root = (1 - beta2**step).sqrt()
    square = state["exp_avg_sq"]
    if group["amsgrad"]:
        largest = state["max_exp_avg_sq"]
        square = largest.copy_(maximum(largest.clone(), square))
    denom = (square.sqrt() / (root * step_size)).add_(group["eps"] / step_size)
    parameter.addcdiv_(state["exp_avg"].clone(), denom)


_OPTIONS = {
    "amsgrad": False, "maximize": False, "foreach": None, "capturable": False,
    "differentiable": False, "decoupled_weight_decay": False, "fused": None,
}  # fmt: skip
"""Options that checkpoints of old versions lack."""


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters and stays out of the averages.

    Source: Loshchilov, Hutter 2017.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
