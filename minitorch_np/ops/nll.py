"""Losses against class indices: nll_loss and cross_entropy.

Classes lie along dimension 1, or 0 where there is no batch; a target is an index or, for
cross_entropy, a probability a class.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, kernels, notes, strides
from minitorch_np.casts import as_dtype, assign
from minitorch_np.form import Form, Plans, form_of
from minitorch_np.loops import finish, not_implemented
from minitorch_np.op import composite, op
from minitorch_np.ops.binary import div_scalar
from minitorch_np.ops.copy import zeros_like
from minitorch_np.ops.loss import check_constant, check_reduction
from minitorch_np.ops.softmax import log_softmax_along
from minitorch_np.quiet import quiet, run_quietly
from minitorch_np.tensor import Tensor, blank, empty, owning

__all__: list[str] = []

Array = NDArray[Any]


class NllLoss(NamedTuple):
    """A loss and the sum of the weights of its targets (0 for the reduction 'none')."""

    output: Tensor
    total_weight: Tensor


def check_target(input: Tensor, target: Tensor, weight: Tensor | None) -> None:
    """Raise torch's errors for shapes and dtypes that do not belong together.

    Source: ATen/native/LossNLL.cpp, LossNLL2d.cpp.
    """
    shape, n = list(input.sizes), input.sizes[min(1, input.ndim - 1)]
    of_shape = ""
    if input.ndim == 4:
        if target.ndim != 3:
            raise RuntimeError(
                "only batches of spatial targets supported (3D tensors) but got targets of "
                f"dimension: {target.ndim}"
            )
        if [shape[0], *shape[2:]] != list(target.sizes):
            raise RuntimeError(f"size mismatch (got input: {shape} , target: {list(target.sizes)}")
    else:
        if target.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if input.ndim == 1 and target.ndim == 1 and target.sizes[0] != 1:
            raise ValueError(
                f"For 1D input, 1D target must have size 1, but got target size: {target.sizes[0]}"
            )
        if input.ndim == 2 and (not target.ndim or shape[0] != target.sizes[0]):
            raise RuntimeError(f"size mismatch (got input: {shape}, target: {list(target.sizes)})")
        of_shape = (
            f" but got weight tensor of shape: {list(weight.sizes) if weight is not None else []}"
        )
    if weight is not None and (weight.ndim != 1 or weight.sizes[0] != n):
        every = f"{n} classes" if of_shape else "or no classes"
        raise RuntimeError(
            f"weight tensor should be defined either for all {every}"
            + (f" or no classes{of_shape}" if of_shape else "")
        )
    if target.dtype not in (dtypes.int64, dtypes.uint8):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {target.dtype.aten_name}"
        )
    if not input.dtype.is_floating_point:
        raise not_implemented("nll_loss_out_frame", input.dtype)
    if weight is not None and weight.dtype is not input.dtype:
        raise RuntimeError(
            f"expected scalar type {input.dtype.aten_name} but found {weight.dtype.aten_name}"
        )


def cube(a: Array) -> Array:
    """Classes of a batch of positions: (C), (N, C) or (N, C, d1, ...) as (N, C, L)."""
    if a.ndim == 2:
        return a[:, :, None]
    return a[None, :, None] if a.ndim == 1 else a.reshape(*a.shape[:2], math.prod(a.shape[2:]))


def targets(input: Tensor, target: Tensor) -> Array:
    """Target indices as (N, L), int64."""
    a = target.array if target.dtype is dtypes.int64 else target.array.astype(np.int64)
    if a.ndim == 1:
        return a.reshape(-1, 1)
    rows = input.sizes[0] if input.ndim > 1 else 1
    return a.reshape(rows, math.prod(input.sizes[2:]))


def class_weights(weight: Tensor | None, compute: np.dtype[Any]) -> Array:
    """The weight of each class; none where all are 1."""
    if weight is None:
        return _NO_WEIGHTS[compute]
    return weight.array if weight.array.dtype is compute else weight.array.astype(compute)


_NO_WEIGHTS: dict[np.dtype[Any], Array] = {
    kind: np.empty(0, kind) for kind in (np.dtype(np.float32), np.dtype(np.float64))
}
_NO_LOSSES = {kind: np.empty((0, 0), kind) for kind in _NO_WEIGHTS}


def check_classes(wrong: int, index: Array, input: Tensor) -> None:
    """Raise IndexError where a loop stopped at a target that is no class."""
    if wrong >= 0:
        error = IndexError(f"Target {index.reshape(-1)[wrong]} is out of bounds.")
        error.add_note(notes.classes(input.sizes[min(input.ndim, 2) - 1]))
        raise error


def nll_node(input: Tensor) -> str:
    """The name of PyTorch's node for vectors and for images of classes."""
    return "NllLoss2DBackward0" if input.ndim == 4 else "NllLossBackward0"


@op("contiguous", method=False, node=nll_node, graded=1)
def nll_loss_forward(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, ignore_index: int
) -> NllLoss:
    """Minus the log-probability of each target times its class's weight, reduced.

    The mean is over the weights of the targets that are not ignored, nan if all are.
    Source: ATen/native/LossNLL.cpp nll_loss_forward, LossNLL2d.cpp.
    """
    name = "nll_loss2d_forward" if input.ndim == 4 else "nll_loss_forward"
    check_constant(name, "weight", weight)
    key = (input.form, target.form, None if weight is None else weight.form)
    found = _checked.get(key)
    if found is None:
        check_target(input, target, weight)
        usual = input.ndim == 2 and target.dtype is dtypes.int64 and not input.dtype.is_half
        compute = input.dtype.compute
        empties = _NO_LOSSES[compute], _NO_WEIGHTS[compute]
        loop = kernels.losses.nll_vectors(compute) if usual else kernels.losses.nll(compute)
        found = (form_of((), (), input.dtype), usual, loop, *empties)
        _checked.keep(key, found)
    form, usual, loop, losses, weights = found
    compute = input.dtype.compute
    if usual:
        index, values = target.array, input.array
    else:
        index, values = targets(input, target), cube(input.array)
        values = values if values.dtype is compute else as_dtype(values, compute)
    each = reduction == "none"
    if each:
        losses = np.empty(index.shape if index.ndim == 2 else (index.size, 1), compute)
    if weight is not None:
        weights = class_weights(weight, compute)
    total, summed = np.empty((), compute), np.empty((), compute)
    mean = 1 if reduction == "mean" else 0  # a bool would take longer to pass on
    wrong = loop(values, index, weights, ignore_index, losses, total, summed, mean)
    if wrong >= 0:
        check_classes(wrong, index, input)
    if each:
        summed[...] = 0
        shape = target.sizes if input.ndim != 1 else ()
        return NllLoss(finish(losses.reshape(shape), input.dtype, None), _one(summed, form))
    return NllLoss(_one(total, form), _one(summed, form))


def _one(a: Array, form: Form) -> Tensor:
    """The tensor of a 0-d array, rounded if its dtype is narrower."""
    return owning(form, a if a.dtype is form.dtype.np else a.astype(form.dtype.np))


_checked = Plans[tuple[Form, bool, Callable[..., int], Array, Array]]()
"""By the forms of an input, a target and a weight that belong together: that of their loss, whether
the loop takes vectors of classes and their targets as they are, the loop, and what stands for no
losses and for no weights."""


nll_loss_forward.vjp(
    input=lambda g_output, input, target, weight, reduction, ignore_index, total_weight: (
        nll_loss_backward(g_output, input, target, weight, reduction, ignore_index, total_weight)
    )
)
nll_loss_forward.jvp(
    input=lambda t, target, weight, reduction, ignore_index: nll_loss_forward(
        t, target, weight, reduction, ignore_index
    )[0]
)


def nll_backward_node(input: Tensor) -> str:
    """The name of PyTorch's node for the gradient of `nll_node`'s."""
    return "NllLoss2DBackwardBackward0" if input.ndim == 4 else "NllLossBackwardBackward0"


@op("contiguous", method=False, node=nll_backward_node)
def nll_loss_backward(
    grad_output: Tensor,
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    reduction: str,
    ignore_index: int,
    total_weight: Tensor,
) -> Tensor:
    """The gradient of nll_loss: minus the weight at each target, zeros elsewhere."""
    weights_form = None if weight is None else weight.form
    kind = (grad_output.form, input.form, target.form, weights_form, total_weight.form)
    found = _vectors.get(kind)
    if found is None and _are_vectors(grad_output, input, target, weight, total_weight):
        form = form_of(input.sizes, strides.contiguous(input.sizes), input.dtype)
        compute = input.dtype.compute
        found = form, kernels.losses.nll_vectors_backward(compute), _NO_WEIGHTS[compute]
        _vectors.keep(kind, found)
    if found is not None and reduction != "none":
        form, loop, weights = found
        grad = blank(form)
        index, g, total = target.array, grad_output.array, total_weight.array
        if weight is not None:
            weights = weight.array
        mean = 1 if reduction == "mean" else 0
        wrong = loop(g, total, index, weights, ignore_index, grad.array, mean)
        check_classes(wrong, index, input)
        return grad
    # ATen has two kernels: that of images starts from zeros_like, and wants it contiguous
    stride = strides.contiguous(input.sizes)
    if input.ndim == 4 and strides.like(input.sizes, input.strides) != stride:
        raise RuntimeError("grad_input must be contiguous")
    dtype = input.dtype
    compute = dtype.compute
    grad = empty(input.sizes, stride, dtype)
    index, each = targets(input, target), _NO_LOSSES[compute]
    g = 0.0
    if grad_output.sizes:
        each = np.reshape(grad_output.array.astype(compute), index.shape)
    else:
        g = grad_output.array[()]
        if reduction == "mean":  # as numbers of NumPy's, which divide by zero as floats do
            g = quiet.run(np.true_divide, g, total_weight.array)
    wide = grad.array if dtype.np is compute else np.empty(grad.sizes, compute)
    wide.fill(0)  # a loop over any strides would take ten times as long
    weights = class_weights(weight, compute)
    loop = kernels.losses.nll_backward(compute)
    check_classes(loop(float(g), each, index, weights, ignore_index, cube(wide)), index, input)
    if wide is not grad.array:
        run_quietly(assign, grad.array, wide)
    return grad


def _are_vectors(
    grad_output: Tensor, input: Tensor, target: Tensor, weight: Tensor | None, total_weight: Tensor
) -> bool:
    """Whether the loop for vectors of classes takes the arguments of nll_loss_backward."""
    dtype = input.dtype
    if dtype.is_half or input.ndim != 2 or target.sizes != input.sizes[:1]:
        return False
    scalars = grad_output.form is total_weight.form and not grad_output.sizes
    fit = grad_output.dtype is dtype and (weight is None or weight.dtype is dtype)
    return scalars and fit and target.dtype is dtypes.int64


_vectors = Plans[tuple[Form, Callable[..., int], Array]]()
"""By the forms of a loss, an input, a target, a weight and its sum, where the loop for vectors of
classes takes them: that of the gradient, the loop, and what stands for no weights."""


nll_loss_backward.vjp(
    total_weight=None,
    grad_output=lambda g, target, weight, reduction, ignore_index: nll_loss_forward(
        g, target, weight, reduction, ignore_index
    )[0],
    input=lambda g: zeros_like(g),
)


@composite(method=False, python=True)
def nll_loss_nd(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int = -100,
) -> Tensor:
    """Minus the log-probability `input` has at each target, weighed and reduced.

    `input` is (C), (N, C) or (N, C, d1, ...), `target` (), (N) or (N, d1, ...).
    Raises: IndexError for a target that is no class. Source: LossNLL.cpp nll_loss_nd.
    """
    check_reduction(reduction)
    if len(input.sizes) == 2 and target.sizes == input.sizes[:1]:
        return nll_loss_forward(input, target, weight, reduction, ignore_index)[0]
    if not input.ndim:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if input.ndim != 1:
        batch = target.sizes[0] if target.ndim else 0
        if input.sizes[0] != batch or not target.ndim:
            raise ValueError(
                f"Expected input batch_size ({input.sizes[0]}) to match target batch_size "
                f"({batch})."
            )
    if input.ndim in (1, 2, 4):
        return nll_loss_forward(input, target, weight, reduction, ignore_index)[0]
    n, c, *rest = input.sizes
    if list(target.sizes[1:]) != rest:
        raise RuntimeError(f"Expected target size {[n, *rest]}, got {list(target.sizes)}")
    tail = (1, -1) if input.numel() else (0, 0)
    flat = input.contiguous().view((n, c, *tail))
    flat_target = target.contiguous().view((n, *((1, -1) if target.numel() else (0, 0))))
    loss = nll_loss_forward(flat, flat_target, weight, reduction, ignore_index)[0]
    return loss.view((n, *rest)) if reduction == "none" else loss


def by_class(weight: Tensor, input: Tensor) -> Tensor:
    """Weights of classes, shaped to broadcast against `input`."""
    dim = min(1, input.ndim - 1)
    return weight.view([-1 if d == dim else 1 for d in range(input.ndim)])


def soft_target_loss(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, label_smoothing: float
) -> Tensor:
    """cross_entropy against a probability a class.

    Source: LossNLL.cpp cross_entropy_loss_prob_target.
    """
    dim = min(1, input.ndim - 1)
    n = input.sizes[dim]
    if weight is not None and (weight.ndim != 1 or weight.numel() != n):
        raise RuntimeError(
            f"cross_entropy: weight tensor should be defined either for all {n} classes or no "
            f"classes but got weight tensor of shape: {list(weight.sizes)}"
        )
    logs = input.log_softmax(dim)
    if label_smoothing > 0.0:
        if label_smoothing > 1.0:
            raise RuntimeError(
                f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}"
            )
        target = target * (1 - label_smoothing) + label_smoothing / n
    products = logs * target
    if weight is not None:
        products = products * by_class(weight, input)
    if reduction == "mean":
        if not input.numel():
            return -products.sum().fill_(math.nan)
        return div_scalar(-products.sum(), input.numel() // n)
    return -products.sum() if reduction == "sum" else -products.sum(dim)


def smoothed_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    reduction: str,
    ignore_index: int,
    label_smoothing: float,
) -> Tensor:
    """cross_entropy with part of each target's probability spread over all classes.

    Source: LossNLL.cpp cross_entropy_loss_label_smoothing.
    """
    dim = min(1, input.ndim - 1)
    logs = input.log_softmax(dim)
    hard = nll_loss_nd(logs, target, weight, reduction, ignore_index)
    smooth = -(logs if weight is None else logs * by_class(weight, input)).sum(dim)
    ignored = target == ignore_index
    smooth.masked_fill_(ignored, 0.0)
    if reduction == "sum":
        smooth = smooth.sum()
    elif reduction == "mean":
        if weight is None:
            smooth = smooth.sum() / ignored.logical_not().sum()
        else:
            seen = target.masked_select(ignored.logical_not()).flatten()
            smooth = smooth.sum() / weight.gather(0, seen).sum()
    return (1 - label_smoothing) * hard + smooth * (label_smoothing / input.sizes[dim])


@composite(method=False, python=True)
def cross_entropy_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Tensor:
    """nll_loss of log_softmax: the loss of logits against class indices or probabilities.

    Targets of the input's own shape are probabilities. Source: LossNLL.cpp cross_entropy_loss.
    """
    check_reduction(reduction)
    if input.sizes == target.sizes:
        if not target.dtype.is_floating_point:
            raise RuntimeError(
                "Expected floating point type for target with class probabilities, got "
                f"{target.dtype.aten_name}"
            )
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return soft_target_loss(input, target, weight, reduction, label_smoothing)
    if label_smoothing > 0.0:
        if label_smoothing > 1.0:
            raise RuntimeError(
                f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}"
            )
        return smoothed_loss(input, target, weight, reduction, ignore_index, label_smoothing)
    logs = log_softmax_along(input, min(1, len(input.sizes) - 1))
    return nll_loss_nd(logs, target, weight, reduction, ignore_index)
