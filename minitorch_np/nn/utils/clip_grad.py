"""Gradients clipped by norm or by value. Source: torch/nn/utils/clip_grad.py.

`foreach` changes nothing here: it says how many kernels PyTorch starts.
"""

import types
import warnings
from collections.abc import Iterable

from minitorch_np.graph.modes import no_grad
from minitorch_np.loops import untrue
from minitorch_np.ops.conditional import clamp
from minitorch_np.ops.from_data import tensor as new_tensor
from minitorch_np.ops.join import stack
from minitorch_np.ops.norm import vector_norm
from minitorch_np.tensor import Tensor

__all__ = ["clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]

Tensors = Tensor | Iterable[Tensor]


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _grads(parameters: Tensors) -> list[Tensor]:
    return [p.grad for p in _listed(parameters) if p.grad is not None]


@no_grad()
def get_total_norm(
    tensors: Tensors,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,  # noqa: ARG001
) -> Tensor:
    """The norm of all elements together: the norm of the tensors' norms."""
    several = _listed(tensors)
    norm_type = float(norm_type)
    if not several:
        return new_tensor(0.0)
    total = vector_norm(stack([vector_norm(t, norm_type) for t in several]), norm_type)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, "
            "so it cannot be clipped. To disable this error and scale the gradients by the "
            "non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensors,
    max_norm: float,
    total_norm: Tensor,
    foreach: bool | None = None,  # noqa: ARG001
) -> None:
    """Scale the gradients of `parameters` so that a norm of `total_norm` becomes `max_norm`."""
    max_norm = float(max_norm)
    grads = _grads(parameters)
    if not grads:
        return
    # multiplied even where it is 1: asking first would cost more
    factor = clamp(max_norm / (total_norm + 1e-6), max=1.0)
    for grad in grads:
        grad.mul_(factor)


@no_grad()
def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all gradients together, which are scaled down to `max_norm` if it is larger."""
    several = _listed(parameters)
    if isinstance(parameters, types.GeneratorType) and not several:
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3
        )
    total = get_total_norm(_grads(several), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(several, max_norm, total, foreach)
    return total


@no_grad()
def clip_grad_value_(
    parameters: Tensors,
    clip_value: float,
    foreach: bool | None = None,  # noqa: ARG001
) -> None:
    """Keep every element of the gradients within [-clip_value, clip_value].

    Raises: RuntimeError where there is no gradient.
    """
    grads = _grads(parameters)
    limit = float(clip_value)
    if not grads:
        raise untrue("!nested_tensorlist[0].empty()")
    for grad in grads:
        grad.clamp_(min=-limit, max=limit)
