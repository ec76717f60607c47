"""Derivatives of sampled functions. Source: gradient, aten/src/ATen/native/ReduceOps.cpp."""

from collections.abc import Sequence

from minitorch_np import dtypes
from minitorch_np.op import composite
from minitorch_np.ops.binary import div_scalar
from minitorch_np.ops.join import cat
from minitorch_np.ops.scalar import mul_scalar
from minitorch_np.ops.scan import diff
from minitorch_np.ops.slicing import slice
from minitorch_np.shapes import wrap_dim, wrap_dims
from minitorch_np.tensor import Number, Tensor

__all__ = ["gradient"]

Spacing = Number | Sequence[Number] | Sequence[Tensor]


def _check(input: Tensor, given: int | None, dim: Sequence[int] | None, edge_order: int) -> None:
    """Raise torch's errors; `given` is the number of spacings where some were."""
    if input.dtype is dtypes.uint8:
        raise NotImplementedError("torch.gradient does not support uint8 input.")
    if given is not None and dim is None and given not in (1, input.ndim):
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar, or a list of length "
            f"equal to 'self.dim() = {input.ndim}', since dim argument was not given, but got a "
            f"list of length {given}"
        )
    if given is not None and dim is not None and given != len(dim):
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim "
            f"arguments to have the same length, but got a spacing argument of length {given} and "
            f"a dim argument of length {len(dim)}."
        )
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    if dim is not None:
        _ = wrap_dims(tuple(dim), input.ndim)
    for d in range(input.ndim) if dim is None else dim:
        if input.size(d) < edge_order + 1:
            raise RuntimeError(
                "torch.gradient expected each dimension size to be at least edge_order+1"
            )


def _evenly(f: Tensor, step: Number, d: int, edge_order: int) -> Tensor:
    """The derivative along `d` of samples at equal distances."""

    def at(start: int, stop: int | None = None) -> Tensor:
        return slice(f, d, start, stop)

    center = div_scalar(at(2) - at(0, -2), step)
    if edge_order == 1:
        first = div_scalar(at(1, 2) - at(0, 1), step)
        last = div_scalar(at(-1) - at(-2, -1), step)
    else:
        first = mul_scalar(at(0, 1), -1.5) + mul_scalar(at(1, 2), 2) - mul_scalar(at(2, 3), 0.5)
        last = mul_scalar(at(-3, -2), 0.5) - mul_scalar(at(-2, -1), 2) + mul_scalar(at(-1), 1.5)
        first, last = div_scalar(first, step), div_scalar(last, step)
    return cat([first, div_scalar(center, 2), last], d)


def _unevenly(f: Tensor, x: Tensor, d: int, edge_order: int) -> Tensor:
    """The derivative along `d` of samples at points `x`."""

    def at(start: int, stop: int | None = None) -> Tensor:
        return slice(f, d, start, stop)

    shape = [1] * f.ndim
    shape[d] = -1
    steps = diff(x, 1, 0)
    left, right = slice(steps, 0, 0, -1), slice(steps, 0, 1)
    a = (-right / (left * (left + right))).reshape(shape)
    b = ((right - left) / (left * right)).reshape(shape)
    c = (left / (right * (left + right))).reshape(shape)
    center = a * at(0, -2) + b * at(1, -1) + c * at(2)
    if edge_order == 1:
        first = (at(1, 2) - at(0, 1)) / steps[0]
        last = (at(-1) - at(-2, -1)) / steps[-1]
        return cat([first, center, last], d)
    h, k = steps[0], steps[1]
    a = -(mul_scalar(h, 2.0) + k) / (h * (h + k))
    b = (h + k) / (h * k)
    c = -h / (k * (h + k))
    first = a * at(0, 1) + b * at(1, 2) + c * at(2, 3)
    h, k = steps[-1], steps[-2]
    a = h / (k * (h + k))
    b = -(h + k) / (h * k)
    c = (mul_scalar(h, 2) + k) / (h * (h + k))
    last = a * at(-3, -2) + b * at(-2, -1) + c * at(-1)
    return cat([first, center, last], d)


@composite(method=False)
def gradient(
    input: Tensor,
    *,
    spacing: Spacing | None = None,
    dim: int | Sequence[int] | None = None,
    edge_order: int = 1,
) -> tuple[Tensor, ...]:
    """The derivatives of a sampled function along each of `dim`, of all dims by default.

    `spacing` is the distance between samples, in all dims or one for each, or the coordinates of
    the samples in each. `edge_order` 2 takes three samples at the ends instead of two.
    """
    asked = [dim] if isinstance(dim, int) else dim
    axes = list(range(input.ndim)) if asked is None else list(asked)
    steps: list[Number | Tensor]
    if isinstance(spacing, Sequence):
        steps = list(spacing)
        given = len(steps)
    else:
        steps = [1.0 if spacing is None else spacing] * len(axes)
        given = None if spacing is None else len(axes)
    _check(input, given, asked, edge_order)
    found: list[Tensor] = []
    for d, step in zip(axes, steps, strict=False):
        along = wrap_dim(d, input.ndim)
        if not isinstance(step, Tensor):
            found.append(_evenly(input, step, along, edge_order))
            continue
        if step.ndim != 1:
            raise RuntimeError(
                "torch.gradient expected each element of spacing to have one dimension, but got an "
                f"element with {step.ndim} dimensions!"
            )
        found.append(_unevenly(input, step, along, edge_order))
    return tuple(found)
