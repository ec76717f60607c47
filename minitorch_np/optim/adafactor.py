"""Adafactor. Source: torch/optim/_adafactor.py."""

from typing import Any, ClassVar

from minitorch_np.dtypes import finfo
from minitorch_np.ops.creation import zeros_like
from minitorch_np.ops.norm import vector_norm
from minitorch_np.optim.optimizer import Group, ParamsT, State, to_scalar, value_of
from minitorch_np.optim.options import check_lr
from minitorch_np.optim.single import SingleTensor
from minitorch_np.tensor import Tensor

__all__ = ["Adafactor"]


class Adafactor(SingleTensor):
    """p -= alpha * g / sqrt(v): of a matrix's v only the means of rows and columns are kept.

    The step is relative to the size of p, and no longer than `d` on average. Shazeer and Stern,
    "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", 2018.
    """

    _options: ClassVar[dict[str, Any]] = {"foreach": None}

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        check_lr(lr)
        small, least = eps
        for name, value, fits, bound in (
            ("Learning rate", lr, lr >= 0, ">= 0"),
            ("beta2_decay", beta2_decay, beta2_decay <= 0, "<= 0"),
            ("epsilon1", small, small is None or small >= 0, ">= 0"),
            ("epsilon2", least, least >= 0, ">= 0"),
            ("Clipping threshold d", d, d >= 1, ">= 1"),
            ("weight_decay", weight_decay, weight_decay >= 0, ">= 0"),
        ):
            if not fits:
                raise ValueError(f"{name} should be {bound} but is: {value}")
        defaults: dict[str, Any] = {
            "lr": lr, "beta2_decay": beta2_decay, "eps": eps, "d": d,
            "weight_decay": weight_decay, "foreach": foreach, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, defaults)

    def _started(self, parameter: Tensor, grad: Tensor, group: Group) -> State:  # noqa: ARG002
        shape = grad.sizes
        if len(shape) < 2:
            return {"variance": zeros_like(grad)}
        return {
            "row_var": grad.new_zeros((*shape[:-1], 1)),
            "col_var": grad.new_zeros((*shape[:-2], 1, shape[-1])),
        }

    def _change(self, parameter: Tensor, grad: Tensor, state: State, group: Group) -> None:
        lr, step = to_scalar(group["lr"]), value_of(state["step"])
        small, least = _epsilons(group)
        forgets = step ** group["beta2_decay"]
        rate = min(lr, 1 / (step**0.5))
        rate = max(least, _root_mean_square(parameter)) * rate
        if group["weight_decay"] != 0:
            parameter.mul_(1 - lr * group["weight_decay"])
        update = _variance(grad, state, forgets, small).clamp_(min=small * small).rsqrt_()
        update.mul_(grad)
        clip = max(1.0, _norm(update) / ((update.numel() ** 0.5) * group["d"]))
        parameter.add_(update, alpha=-value_of(rate) / clip)


def _epsilons(group: Group) -> tuple[float, float]:
    """What is added, by default the precision of the first parameter that moves, and the least
    size that a parameter counts with."""
    small, least = group["eps"]
    if small is None:
        first = next(p for p in group["params"] if p.grad is not None)
        small = finfo(first.dtype).eps
    return small, least


def _norm(t: Tensor) -> float:
    return value_of(t.norm(2))


def _root_mean_square(t: Tensor) -> float:
    return _norm(t) / (t.numel() ** 0.5)


def _variance(grad: Tensor, state: State, forgets: float, small: float) -> Tensor:
    """The average of squares, which is that of rows times that of columns for a matrix."""
    if grad.ndim < 2:
        return state["variance"].lerp_(grad * grad, forgets).clone()
    rows = vector_norm(grad, dim=-1, keepdim=True).square_().div_(grad.size(-1))
    columns = vector_norm(grad, dim=-2, keepdim=True).square_().div_(grad.size(-2))
    row_var = state["row_var"].lerp_(rows, forgets)
    column_var = state["col_var"].lerp_(columns, forgets)
    product = row_var.matmul(column_var)
    return product.div_(row_var.mean(dim=-2, keepdim=True).clamp_(min=small))
