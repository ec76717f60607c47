"""Losses with a margin: of scores that rank, of labels 1 and -1, of triplets, of angles.

All but the first are made of other ops, in ATen's order of steps, which tells strides and nodes.
Source: aten/src/ATen/native/Loss.cpp.
"""

import numpy as np

from minitorch_np.dtypes import float32
from minitorch_np.memory_format import contiguous_format
from minitorch_np.op import composite, op
from minitorch_np.ops.compare import eq, ne
from minitorch_np.ops.conditional import clamp_min, where_self
from minitorch_np.ops.copy import number_like
from minitorch_np.ops.creation import ones_like, zeros_like
from minitorch_np.ops.distance import pairwise_distance
from minitorch_np.ops.loss import averaged, check_constant, check_reduction, folded, reduced
from minitorch_np.ops.power import minimum
from minitorch_np.ops.unary import exp, neg
from minitorch_np.shapes import listed
from minitorch_np.tensor import Tensor

__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "triplet_margin_loss",
]  # fmt: skip


@op("elementwise", method=False)
def soft_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """`log(1 + exp(-target * input))`, reduced; targets are 1 or -1."""
    check_reduction(reduction)
    check_constant("soft_margin_loss", "target", target)
    if input.dtype.is_half:  # rounded once
        loss = neg(input.untracked()).to(float32).mul_(target).exp_().add_(1.0).log_()
        loss = loss.to(input.dtype)
    else:
        loss = neg(input.untracked()).mul_(target).exp_().add_(1.0).log_()
    return folded(loss, reduction)


soft_margin_loss.vjp(
    input=lambda g, input, target, reduction: soft_margin_loss_backward(
        g, input, target, reduction
    ),
    target=None,
)
soft_margin_loss.jvp("transposed")


@op("elementwise", method=False)
def soft_margin_loss_backward(
    grad_output: Tensor, input: Tensor, target: Tensor, reduction: str
) -> Tensor:
    """The gradient of soft_margin_loss with respect to its input; it lies as `target * input`.

    Half types are rounded after each step, as ATen does here.
    """
    z = exp(neg(target) * input.untracked())
    grad = (target * z).to(input.dtype).mul_(-averaged(reduction, input.numel()))
    return grad.div_(z.add_(1)).mul_(grad_output.untracked())


def _soft_margin_curve(g: Tensor, input: Tensor, target: Tensor, reduction: str) -> Tensor:
    z = (input * -target).exp()
    one_more = z + 1
    curve = g * (target * target) * z / (one_more * one_more)
    return curve / input.numel() if reduction == "mean" else curve


def _soft_margin_again(
    g: Tensor, grad_output: Tensor, input: Tensor, target: Tensor, reduction: str
) -> Tensor:
    if reduction == "none":
        return soft_margin_loss_backward(g, input, target, reduction)
    whole = soft_margin_loss_backward(ones_like(grad_output), input, target, reduction)
    return (whole * g).sum()


soft_margin_loss_backward.vjp(
    grad_output=_soft_margin_again,
    input=lambda g, grad_output, input, target, reduction: _soft_margin_curve(
        g * grad_output, input, target, reduction
    ),
    target=None,
)


@composite(method=False)
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: str = "mean"
) -> Tensor:
    """`max(0, -target * (input1 - input2) + margin)`, reduced: a target 1 ranks `input1` first."""
    lead = input1 - input2
    return reduced((-target * lead + margin).clamp_min_(0), reduction)


@composite(method=False)
def hinge_embedding_loss(
    input: Tensor, target: Tensor, margin: float = 1.0, reduction: str = "mean"
) -> Tensor:
    """`input` for targets 1 and `max(0, margin - input)` for targets -1, reduced."""
    zeros = zeros_like(input, memory_format=contiguous_format)
    apart = (number_like(input, margin) - input).clamp_min_(0)
    far = where_self(ne(target, 1), apart, zeros)
    near = where_self(ne(target, -1), input, zeros)
    return reduced(far + near, reduction)


_EPSILON = float(np.float32(1e-12))
"""What is added to the square of a length; C++ has it as a float."""


@composite(method=False)
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: str = "mean"
) -> Tensor:
    """`1 - cos` for targets 1 and `max(0, cos - margin)` for targets -1, reduced.

    (N, D), (N, D) and targets (N), or (D), (D) and ().
    """
    dim = target.ndim
    if dim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if input1.ndim != dim + 1:
        raise RuntimeError(
            f"{dim}D target tensor expects {dim + 1}D input tensors, but found inputs with sizes "
            f"{listed(input1.sizes)} and {listed(input2.sizes)}."
        )
    both = (input1 * input2).sum(dim)
    first = (input1 * input1).sum(dim) + _EPSILON
    second = (input2 * input2).sum(dim) + _EPSILON
    cosine = both / (first * second).sqrt_()
    zeros = zeros_like(cosine, memory_format=contiguous_format)
    alike = number_like(cosine, 1) - cosine
    unlike = (cosine - margin).clamp_min_(0)
    near = where_self(eq(target, 1), alike, zeros)
    far = where_self(eq(target, -1), unlike, zeros)
    return reduced(near + far, reduction)


@composite(method=False)
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`max(0, margin + d(anchor, positive) - d(anchor, negative))`, reduced; d is a p-norm.

    With `swap` the nearer of `anchor` and `positive` counts as what is kept from `negative`.
    """
    a, b, c = anchor.ndim, positive.ndim, negative.ndim
    if not a == b == c:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {a}D, positive {b}D, and negative {c}D inputs"
        )
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced(clamp_min(margin + near - far, 0), reduction)
