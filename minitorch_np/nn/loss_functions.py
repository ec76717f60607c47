"""Losses as functions: what PyTorch's Python adds to ATen's. Source: torch/nn/functional.py.

Two older options that stand for a `reduction`, `size_average` and `reduce`, are still taken.
"""

import warnings

from minitorch_np.flight import depth
from minitorch_np.nn.reduction import get_enum, legacy_get_string
from minitorch_np.ops import entropy, loss, nll
from minitorch_np.ops.view import broadcast_shapes, broadcast_tensors
from minitorch_np.overloads import refuse
from minitorch_np.shapes import need_int
from minitorch_np.tensor import Tensor

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "huber_loss",
    "kl_div", "l1_loss", "mse_loss", "nll_loss", "smooth_l1_loss",
]  # fmt: skip

_NAMES = ("none", "mean", "sum")


def chosen(reduction: str, size_average: bool | None, reduce: bool | None) -> str:
    """The reduction as the older options have it, if they are given."""
    if size_average is None and reduce is None:
        return reduction
    return legacy_get_string(size_average, reduce)


def known(reduction: str) -> str:
    """A reduction by its present name. Raises: ValueError for an unknown one."""
    return reduction if reduction == "mean" else _NAMES[get_enum(reduction)]


def _warn_about_size(input: Tensor, target: Tensor) -> None:
    try:
        differ = target.sizes != input.sizes
    except AttributeError:  # with PyTorch's text of what is no tensor
        differ = target.size() != input.size()
    if differ:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=depth(),
        )


def _weighted(errors: Tensor, input: Tensor, weight: Tensor, reduction: str, plain: bool) -> Tensor:
    """Errors times `weight`, reduced; 'mean' divides by the sum of weights unless `plain`."""
    if weight.size() != input.size():
        raise ValueError("Weights and input must have the same size.")
    weighted = errors * weight
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return weighted.sum()
    if reduction != "mean":
        raise ValueError(
            f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'."
        )
    return weighted.mean() if plain else weighted.sum() / weight.sum()


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """(input - target) squared, times `weight`, reduced."""
    _warn_about_size(input, target)
    reduction = chosen(reduction, size_average, reduce)
    a, b = broadcast_tensors(input, target)
    if weight is not None:
        return _weighted((a - b).pow(2), input, weight, reduction, False)
    return loss.mse_loss(a, b, known(reduction))


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """|input - target|, times `weight`, reduced."""
    _warn_about_size(input, target)
    reduction = chosen(reduction, size_average, reduce)
    a, b = broadcast_tensors(input, target)
    if weight is not None:
        return _weighted((a - b).abs(), input, weight, reduction, False)
    return loss.l1_loss(a, b, known(reduction))


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Squared error / (2 beta) below `beta`, absolute error - beta / 2 above, reduced."""
    _warn_about_size(input, target)
    reduction = chosen(reduction, size_average, reduce)
    a, b = broadcast_tensors(input, target)
    if beta == 0.0:
        return loss.l1_loss(a, b, known(reduction))
    return loss.smooth_l1_loss(a, b, known(reduction), beta)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """Half the squared error below `delta`, delta * (absolute error - delta / 2) above, reduced."""
    _warn_about_size(input, target)
    a, b = broadcast_tensors(input, target)
    if weight is None:
        return loss.huber_loss(a, b, known(reduction), delta)
    if weight.size() != input.size():
        raise ValueError("Weights and input must have the same size.")
    return _weighted(loss.huber_loss(a, b, "none", delta), input, weight, reduction, True)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """-(target log(input) + (1 - target) log(1 - input)) of probabilities, reduced."""
    reduction = known(chosen(reduction, size_average, reduce))
    if target.size() != input.size():
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if weight is not None:
        weight = weight.expand(broadcast_shapes(target.shape, weight.shape))
    return entropy.binary_cross_entropy(input, target, weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of sigmoid(input), in one stable step."""
    reduction = known(chosen(reduction, size_average, reduce))
    if target.size() != input.size():
        raise ValueError(
            f"Target size ({target.shape}) must be the same as input size ({input.shape})"
        )
    return entropy.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """target * (log(target) - input) of log-probabilities `input`, reduced.

    'batchmean' is the divergence: the sum over the size of the batch.
    """
    if size_average is not None or reduce is not None:
        kind = legacy_get_string(size_average, reduce)
    else:
        if reduction == "mean":
            warnings.warn(
                "reduction: 'mean' divides the total loss by both the batch size and the support "
                "size.'batchmean' divides only by the batch size, and aligns with the KL div math "
                "definition.'mean' will be changed to behave the same as 'batchmean' in the next "
                "major release.",
                stacklevel=depth(),
            )
        kind = "sum" if reduction == "batchmean" else known(reduction)
    reduced = loss.kl_div(input, target, kind, log_target=log_target)
    return reduced / input.sizes[0] if reduction == "batchmean" and input.dim() else reduced


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log-probability that `input` (N, C, ...) has at each class `target` (N, ...)."""
    reduction = known(chosen(reduction, size_average, reduce))
    try:
        if type(ignore_index) is not int:
            need_int(ignore_index)
        return nll.nll_loss_nd(input, target, weight, reduction, ignore_index)
    except Exception as error:
        refuse("nll_loss_nd", (input, target, weight, 1, ignore_index), {}, error)
        raise


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """`nll_loss` of log_softmax(input): logits against classes, or against probabilities."""
    if reduction != "mean" or size_average is not None or reduce is not None:
        reduction = known(chosen(reduction, size_average, reduce))
    try:
        if type(ignore_index) is not int:
            need_int(ignore_index)
        return nll.cross_entropy_loss(
            input, target, weight, reduction, ignore_index, label_smoothing
        )
    except Exception as error:
        given = (input, target, weight, 1, ignore_index, label_smoothing)
        refuse("cross_entropy_loss", given, {}, error)
        raise
