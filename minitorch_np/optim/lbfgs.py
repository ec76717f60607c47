"""L-BFGS: Newton steps, with a curvature learnt on the way. Source: torch/optim/lbfgs.py."""

from collections.abc import Callable
from typing import Any

from minitorch_np.graph.modes import enable_grad, no_grad
from minitorch_np.memory_format import contiguous_format
from minitorch_np.ops.join import cat
from minitorch_np.optim.optimizer import (
    Closure,
    Group,
    Loss,
    Optimizer,
    ParamsT,
    State,
    to_scalar,
    value_of,
)
from minitorch_np.optim.options import check_lr, check_not_negative
from minitorch_np.optim.wolfe import Point, strong_wolfe
from minitorch_np.tensor import Tensor

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """Several steps for each call, every one with a new loss and gradient from the closure.

    The direction follows from the last `history_size` changes of p and g; with `line_search_fn`
    'strong_wolfe' its length is searched for, else it is lr. All parameters are one group. Liu and
    Nocedal, "On the limited memory BFGS method for large scale optimization", 1989.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
        *,
        maximize: bool = False,
    ) -> None:
        check_lr(lr)
        check_not_negative(lr=lr)
        defaults: dict[str, Any] = {
            "lr": lr, "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change,
            "history_size": history_size, "line_search_fn": line_search_fn, "maximize": maximize,
        }  # fmt: skip
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        self._params: list[Tensor] = self.param_groups[0]["params"]

    @no_grad()
    def step(self, closure: Closure) -> Loss:  # pyright: ignore[reportIncompatibleMethodOverride]  # here it is needed
        """Take up to `max_iter` steps; the loss that the closure computed first."""
        closure = enable_grad()(closure)
        if not self._params:
            return closure()
        group, state = self.param_groups[0], self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first = closure()
        state["func_evals"] += 1
        grad = self._flat_grad()
        if grad.abs().max() <= group["tolerance_grad"]:
            return first
        kept = {name: state.get(name) for name in _KEPT}
        self._iterate(closure, self._signed(first), grad, group, state, kept)
        state.update(kept)
        return first

    def _iterate(
        self,
        closure: Closure,
        loss: float,
        grad: Tensor,
        group: Group,
        state: State,
        kept: State,
    ) -> None:
        """Steps from where the loss and the gradient are these, until one of the limits is met."""
        evaluations, least = 1, group["tolerance_change"]
        for n in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            lr, new = to_scalar(group["lr"]), state["n_iter"] == 1
            if new:
                kept.update(d=grad.neg(), old_dirs=[], old_stps=[], ro=[], H_diag=1)
            else:
                weights = state.setdefault("al", [None] * group["history_size"])
                _remember(kept, grad, weights)
            _copy_gradient(kept, grad)
            before, direction = loss, kept["d"]
            kept["prev_loss"] = loss
            kept["t"] = _shorter(1.0, 1.0 / grad.abs().sum()) * lr if new else lr
            slope = grad.dot(direction)
            if slope > -least:
                return
            found = 0
            if group["line_search_fn"] is not None:
                most = group["max_eval"] - evaluations
                start = Point(0, loss, grad, slope)
                point, found = self._searched(closure, start, kept, most, group)
                loss, grad, kept["t"] = point.loss, point.grad, point.t
            self._move(kept["t"], direction)
            if group["line_search_fn"] is None and n != group["max_iter"]:
                loss, grad, found = self._signed(closure()), self._flat_grad(), 1
            evaluations += found
            state["func_evals"] += found
            if evaluations >= group["max_eval"] or grad.abs().max() <= group["tolerance_grad"]:
                return
            if direction.mul(kept["t"]).abs().max() <= least or abs(loss - before) < least:
                return

    def _searched(
        self, closure: Closure, start: Point, kept: State, most: int, group: Group
    ) -> tuple[Point, int]:
        """Where along the direction to go, and how often the closure was asked."""
        if group["line_search_fn"] != "strong_wolfe":
            raise RuntimeError("only 'strong_wolfe' is supported")
        origin = [p.clone(memory_format=contiguous_format) for p in self._params]
        direction: Tensor = kept["d"]

        def at(t: Tensor | float) -> Point:
            self._move(t, direction)
            loss, grad = self._signed(closure()), self._flat_grad()
            for parameter, values in zip(self._params, origin, strict=True):
                parameter.copy_(values)
            return Point(t, loss, grad, grad.dot(direction))

        return strong_wolfe(at, kept["t"], start, direction, most)

    def _signed(self, loss: Loss) -> float:
        """A loss as a number to make small."""
        return -float(loss) if self.param_groups[0].get("maximize", False) else float(loss)

    def _flat_grad(self) -> Tensor:
        """The gradients of all parameters as one vector."""
        parts = [
            p.new_zeros(p.numel()) if p.grad is None else p.grad.view(-1) for p in self._params
        ]
        flat = cat(parts, 0)
        return flat.neg_() if self.param_groups[0].get("maximize", False) else flat

    def _move(self, t: Tensor | float, direction: Tensor) -> None:
        """Add `t` times the direction to the parameters."""
        at = 0
        for p in self._params:
            p.add_(direction[at : at + p.numel()].view_as(p), alpha=value_of(t))
            at += p.numel()


_KEPT = ("d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss")
"""What a call leaves for the next: direction and length, the history, and the last gradient."""

_shorter: Callable[..., Tensor | float] = min


def _copy_gradient(kept: State, grad: Tensor) -> None:
    if kept["prev_flat_grad"] is None:
        kept["prev_flat_grad"] = grad.clone(memory_format=contiguous_format)
    else:
        kept["prev_flat_grad"].copy_(grad)


def _remember(kept: State, grad: Tensor, weights: list[Any]) -> None:
    """Take the last step into the history, if it tells of curvature, and choose a direction."""
    turned, step = grad.sub(kept["prev_flat_grad"]), kept["d"].mul(kept["t"])
    curvature = turned.dot(step)
    if curvature > 1e-10:
        for name, value in (("old_dirs", turned), ("old_stps", step), ("ro", 1.0 / curvature)):
            if len(kept[name]) == len(weights):
                kept[name].pop(0)
            kept[name].append(value)
        kept["H_diag"] = curvature / turned.dot(turned)
    kept["d"] = _newton(kept, grad, weights)


def _newton(kept: State, grad: Tensor, weights: list[Any]) -> Tensor:
    """The direction of a Newton step, with the inverse curvature that the history implies."""
    history = list(zip(kept["old_dirs"], kept["old_stps"], kept["ro"], strict=True))
    q = grad.neg()
    for i in range(len(history) - 1, -1, -1):
        turned, step, ro = history[i]
        weights[i] = step.dot(q) * ro
        q.add_(turned, alpha=-value_of(weights[i]))
    direction = q.mul(kept["H_diag"])
    for i, (turned, step, ro) in enumerate(history):
        back = turned.dot(direction) * ro
        direction.add_(step, alpha=value_of(weights[i] - back))
    return direction
