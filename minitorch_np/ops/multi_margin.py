"""Losses that want the scores of some classes above those of the others by a margin.

Scores are (C) or (N, C); a half type has no kernel in PyTorch either.
Source: aten/src/ATen/native/LossMultiMargin.cpp, LossMultiLabelMargin.cpp, LossMulti.h.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, strides
from minitorch_np.loops import finish, not_implemented, quietly
from minitorch_np.op import composite, op
from minitorch_np.ops.loss import check_constant, check_reduction
from minitorch_np.shapes import listed
from minitorch_np.tensor import Tensor, empty

__all__: list[str] = []

Array = NDArray[Any]


def rows_and_classes(input: Tensor) -> tuple[int, int]:
    """N and C of scores. Raises: RuntimeError for other shapes, or no classes."""
    shape = input.sizes
    if len(shape) > 2 or (shape and not shape[-1]):
        raise RuntimeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            + listed(shape)
        )
    return (shape[0] if len(shape) == 2 else 1), (shape[-1] if shape else 1)


def check_kinds(kernel: str, input: Tensor, target: Tensor) -> None:
    """Nothing, when a kernel takes these dtypes. Raises: NotImplementedError, RuntimeError."""
    if input.dtype not in (dtypes.float32, dtypes.float64):
        raise not_implemented(kernel, input.dtype)
    if target.dtype is not dtypes.int64:
        raise RuntimeError(f"expected scalar type Long but found {target.dtype.aten_name}")


def check_multi_margin(
    kernel: str, input: Tensor, target: Tensor, p: float, weight: Tensor | None
) -> tuple[Array, Array]:
    """The scores as (N, C) and the targets as (N). Raises: RuntimeError."""
    if int(p) not in (1, 2):
        raise RuntimeError("only p == 1 and p == 2 supported")
    n, c = rows_and_classes(input)
    if target.ndim > 1 or target.numel() != n:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of "
            f"input samples (batch size). Expected target size [{n}], but got "
            f"{listed(target.sizes)}. Input has shape {listed(input.sizes)}."
        )
    if weight is not None and (weight.ndim > 1 or weight.numel() != c):
        raise RuntimeError(f"inconsistent weight size, expected {c} but got {listed(weight.sizes)}")
    if input.numel():
        check_kinds(kernel, input, target)
        if weight is not None and weight.dtype is not input.dtype:
            raise RuntimeError(
                f"expected scalar type {input.dtype.aten_name} but found {weight.dtype.aten_name}"
            )
    index: Array = target.array.reshape(n)
    if np.any((index < 0) | (index >= c)):
        raise RuntimeError("target out of range")
    return input.array.reshape(n, c), index


def _over(x: Array, index: Array, margin: float) -> Array:
    """By how much each score comes too near the target's; 0 at the target."""
    own = np.take_along_axis(x, index[:, None], 1)
    over = x.dtype.type(margin) - own + x
    over[~(over > 0)] = 0  # nan, too
    np.put_along_axis(over, index[:, None], 0, 1)
    return over


def _weights(weight: Tensor | None, index: Array) -> Array | int:
    return 1 if weight is None else weight.array.reshape(-1)[index][:, None]


@op("contiguous", method=False)
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: float = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`max(0, margin - score[target] + score) ** p` over the other classes, over C, reduced.

    `weight` is by target. Raises: RuntimeError for a target that is no class.
    """
    check_reduction(reduction)
    check_constant("multi_margin_loss", "weight", weight)
    x, index = check_multi_margin("multi_margin_loss_cpu_kernel", input, target, p, weight)

    def losses() -> Array:
        over = _over(x, index, margin)
        terms = (over if p == 1 else over * over) * _weights(weight, index)
        return np.add.reduce(terms, 1) / x.dtype.type(x.shape[1])

    values = quietly(losses)
    if reduction == "none" and target.ndim:
        return finish(values, input.dtype, None)
    return finish(summed(values, reduction), input.dtype, None)


def summed(values: Array, reduction: str) -> Array:
    """The sum of losses, or their mean."""
    total = np.add.reduce(values)
    if reduction == "mean":
        total = quietly(np.true_divide, total, values.dtype.type(len(values)))
    return np.asarray(total)


multi_margin_loss.vjp(
    input=lambda g, input, target, p, margin, weight, reduction: multi_margin_loss_backward(
        g, input, target, p, margin, weight, reduction
    ),
    target=None,
    weight=None,
)
multi_margin_loss.jvp("refused")


@op("contiguous", method=False, node="torch::autograd::NotImplemented")
def multi_margin_loss_backward(
    grad_output: Tensor,
    input: Tensor,
    target: Tensor,
    p: float,
    margin: float,
    weight: Tensor | None,
    reduction: str,
) -> Tensor:
    """The gradient of multi_margin_loss with respect to its input."""
    kernel = "multi_margin_loss_backward_cpu_kernel"
    x, index = check_multi_margin(kernel, input, target, p, weight)
    norm = 1 / max(x.size if reduction == "mean" else x.shape[1], 1)

    def grads() -> Array:
        over = _over(x, index, margin)
        factor = x.dtype.type(norm)
        grad = (factor * (over > 0) if p == 1 else 2 * factor * over) * _weights(weight, index)
        np.put_along_axis(grad, index[:, None], -np.add.reduce(grad, 1, keepdims=True), 1)
        return grad * _column(grad_output)

    return _like(input, quietly(grads))


def _column(g: Tensor) -> Array:
    """A gradient of one loss, or of each row's, against (N, C)."""
    return g.array.reshape(-1, 1)


def _like(input: Tensor, values: Array) -> Tensor:
    """Values by row and class in the shape of the scores, contiguous."""
    return finish(values.reshape(input.sizes), input.dtype, None)


class MultilabelMarginLoss(NamedTuple):
    """A loss, and which classes are targets: 1 or 0, in the shape of the targets."""

    output: Tensor
    is_target: Tensor


def check_multilabel(kernel: str, input: Tensor, target: Tensor) -> tuple[Array, Array]:
    """The scores and the targets as (N, C). Raises: RuntimeError."""
    n, c = rows_and_classes(input)
    fits = target.sizes == (n, c) if input.ndim == 2 else target.ndim <= 1 and target.numel() == c
    if not fits:
        raise RuntimeError(
            f"inconsistent target size: {listed(target.sizes)} for input of size: "
            f"{listed(input.sizes)}"
        )
    index = target.array.reshape(n, c)
    if input.numel():
        if index.min() < -1 or index.max() >= c:
            place = 2 if kernel.endswith("forward_out_frame") else 3
            raise RuntimeError(f"argument #{place} 'target' is out of range")
        check_kinds(kernel, input, target)
    return input.array.reshape(n, c), index


def _marked(index: Array) -> tuple[Array, Array]:
    """Which places name a target - those before the first -1 - and which classes are named."""
    named = np.logical_and.accumulate(index >= 0, 1)
    marked = np.zeros(index.shape, np.bool_)
    rows, places = np.nonzero(named)
    marked[rows, index[rows, places]] = True
    return named, marked


def _contests(x: Array, index: Array) -> Iterator[tuple[Array, Array, Array]]:
    """For each place of a target: the rows that have one, their targets, and by how much each
    class that is none comes too near."""
    named, marked = _marked(index)
    for place in range(index.shape[1]):
        rows = np.flatnonzero(named[:, place])
        if not rows.size:
            return
        own = index[rows, place]
        over = np.maximum(1 - x[rows, own][:, None] + x[rows], 0)
        over[marked[rows]] = 0
        yield rows, own, over


@op("contiguous", method=False, node="MultilabelMarginLossBackward0", graded=1)
def multilabel_margin_loss_forward(
    input: Tensor, target: Tensor, reduction: str
) -> MultilabelMarginLoss:
    """`max(0, 1 - score[target] + score)` of each target and each class that is none, over C.

    Targets of a row end before the first -1. The loss is reduced.
    """
    check_reduction(reduction)
    x, index = check_multilabel("multilabel_margin_loss_forward_out_frame", input, target)
    is_target = empty(target.sizes, strides.contiguous(target.sizes), input.dtype).zero_()
    losses = np.zeros(len(x), x.dtype)
    if x.size:
        is_target.array.reshape(index.shape)[...] = _marked(index)[1]
        quietly(_add_up, x, index, losses)
    if reduction == "none" and target.ndim > 1:
        return MultilabelMarginLoss(finish(losses, input.dtype, None), is_target)
    total = summed(losses, reduction) if x.size else np.zeros((), x.dtype)
    return MultilabelMarginLoss(finish(total, input.dtype, None), is_target)


def _add_up(x: Array, index: Array, losses: Array) -> None:
    for rows, _, over in _contests(x, index):
        losses[rows] += np.add.reduce(over, 1)
    losses /= x.dtype.type(x.shape[1])


multilabel_margin_loss_forward.vjp(
    input=lambda g_output, input, target, reduction, is_target: multilabel_margin_loss_backward(
        g_output, input, target, reduction, is_target
    ),
    target=None,
)
multilabel_margin_loss_forward.jvp("refused")


@op("contiguous", method=False, node="torch::autograd::NotImplemented")
def multilabel_margin_loss_backward(
    grad_output: Tensor, input: Tensor, target: Tensor, reduction: str, is_target: Tensor
) -> Tensor:
    """The gradient of multilabel_margin_loss with respect to its input."""
    del is_target  # `target` says it too
    x, index = check_multilabel("multilabel_margin_loss_backward_out_frame", input, target)
    norm = 1 / max(x.size if reduction == "mean" else x.shape[1], 1)

    def grads() -> Array:
        grad = np.zeros(x.shape, x.dtype)
        for rows, own, over in _contests(x, index):
            pushed = x.dtype.type(norm) * (over > 0)
            grad[rows] += pushed
            grad[rows, own] -= np.add.reduce(pushed, 1)
        return grad * _column(grad_output)

    return _like(input, quietly(grads))


@composite(method=False, python=True)
def multilabel_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """The loss of `multilabel_margin_loss_forward` alone."""
    return multilabel_margin_loss_forward(input, target, reduction)[0]
