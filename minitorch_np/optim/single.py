"""What optimizers share that change each parameter by itself."""

from typing import Any, ClassVar

from minitorch_np.ops.creation import zeros
from minitorch_np.optim.optimizer import (
    Closure,
    Group,
    Loss,
    Optimizer,
    State,
    check_capturable,
    counted,
    differentiable_step,
    evaluated,
    scalar_dtype,
    with_grads,
)
from minitorch_np.tensor import Tensor

__all__ = ["SingleTensor"]


class SingleTensor(Optimizer):
    """An optimizer whose step is, for each parameter with a gradient, one `_change`.

    Its state begins with the count of steps and what `_started` adds.
    """

    _options: ClassVar[dict[str, Any]] = {
        "foreach": None, "maximize": False, "differentiable": False, "capturable": False,
    }  # fmt: skip
    """Options that checkpoints of old versions lack."""
    _captured: ClassVar[str] = "params and state_steps"
    _on_xla: ClassVar[bool] = True

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in self._options.items():
                group.setdefault(name, value)
            for parameter in group["params"]:
                counted(self.state.get(parameter, {}), group)

    @differentiable_step
    def step(self, closure: Closure | None = None) -> Loss | None:
        """Change every parameter that has a gradient, once; the loss, if a closure computes it."""
        loss = evaluated(closure)
        for group in self.param_groups:
            for parameter, grad in with_grads(group):
                state = self.state[parameter]
                if not state:
                    state["step"] = zeros((), dtype=scalar_dtype())
                    state.update(self._started(parameter, grad, group))
                check_capturable(group.get("capturable", False), self._captured, self._on_xla)
                state["step"].add_(1)
                self._change(parameter, grad, state, group)
        return loss

    def _started(self, parameter: Tensor, grad: Tensor, group: Group) -> State:
        raise NotImplementedError

    def _change(self, parameter: Tensor, grad: Tensor, state: State, group: Group) -> None:
        raise NotImplementedError
