"""Normal numbers drawn until they lie in an interval. Source: torch/nn/init.py trunc_normal_."""

import math
import warnings

from minitorch_np.flight import depth
from minitorch_np.graph.modes import no_grad
from minitorch_np.ops.copy import copy_
from minitorch_np.ops.creation import empty_like
from minitorch_np.ops.sampling import normal_, uniform_
from minitorch_np.random import Generator
from minitorch_np.tensor import Tensor

__all__ = ["trunc_normal_"]

_ENOUGH = 0.3
"""The probability of the interval above which whole normal samples are drawn and drawn again."""


def _normal_below(x: float) -> float:
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """`tensor` filled with normal numbers; those outside [a, b] are drawn again."""
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of "
            "values may be incorrect.",
            stacklevel=depth(),
        )
    with no_grad():
        inside = _normal_below((b - mean) / std) - _normal_below((a - mean) / std)
        if inside > _ENOUGH:
            _from_normal(tensor, mean, std, a, b, generator)
        else:
            _from_uniform(tensor, mean, std, a, b, generator)
    return tensor


def _from_normal(
    tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None
) -> None:
    # the bounds as the dtype has them, so that a rounded bound is inside
    low, high = tensor.new_tensor(a).item(), tensor.new_tensor(b).item()
    result = normal_(tensor, mean, std, generator=generator)
    while True:
        outside = (result < low) | (result > high)
        if not outside.any():
            break
        again = normal_(empty_like(result), mean, std, generator=generator)
        result = again.where(outside, result)
    if result is not tensor:
        copy_(tensor, result)


def _from_uniform(
    tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None
) -> None:
    """Uniform candidates, each accepted with the probability of its density over the highest."""
    mode = max(a, min(mean, b))
    peak = -0.5 * ((mode - mean) / std) ** 2
    candidates, chance = empty_like(tensor), empty_like(tensor)

    def refused() -> Tensor:
        candidates.sub_(mean).div_(std).pow_(2).mul_(-0.5).sub_(peak)
        return uniform_(chance, generator=generator).log_().gt(candidates)

    copy_(candidates, uniform_(tensor, a, b, generator=generator))
    pending, result = refused(), tensor
    while pending.any():
        uniform_(candidates, a, b, generator=generator)
        result = candidates.where(pending, result)
        pending = refused().where(pending, pending)
    if result is not tensor:
        copy_(tensor, result)
