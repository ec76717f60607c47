"""Cross-entropy of a linear layer's output, as one function. Source: torch/nn/functional.py."""

import math
import warnings

from minitorch_np import dtypes
from minitorch_np.flight import depth
from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.nn.linear_loss_options import LinearCrossEntropyOptions
from minitorch_np.nn.loss_functions import cross_entropy
from minitorch_np.ops.linalg import linear
from minitorch_np.ops.linear_loss import (
    Gradients,
    linear_cross_entropy_chunked,
    linear_cross_entropy_chunked_rows,
)
from minitorch_np.shapes import Shape
from minitorch_np.tensor import Tensor

__all__ = ["linear_cross_entropy"]


def check_linear(input: Tensor, linear_weight: Tensor, linear_bias: Tensor | None) -> None:
    """Nothing, when shapes belong together. Raises: RuntimeError."""
    shape, of_weight = input.sizes, linear_weight.sizes
    if len(shape) not in (1, 2):
        raise RuntimeError(f"expected input with dimensionality 1 or 2, got {len(shape)}")
    if len(of_weight) < 2:
        raise RuntimeError(
            f"expected linear_weight with dimensionality at least 2, got {len(of_weight)}"
        )
    if shape[-1] != of_weight[-1]:
        raise RuntimeError(
            "expected equal input and linear_weight last dimensions (in_features), "
            f"got {shape[-1]} and {of_weight[-1]}, respectively"
        )
    if linear_bias is not None and linear_bias.sizes != of_weight[:-1]:
        raise RuntimeError(
            f"expected linear_bias shape {of_weight[:-1]}, got {tuple(linear_bias.sizes)}"
        )
    if len(of_weight) > 2 and len(shape) == 1:
        raise RuntimeError(
            f"K-dimensional loss defined by linear_weight shape {tuple(of_weight)} requires"
            f" batched input, (N, {shape[-1]}), got unbatched"
            f" input with shape {tuple(shape)}"
        )


def is_chunked(
    linear_weight: Tensor, target: Tensor, shape: Shape, dtype: dtypes.dtype, plain: bool
) -> bool:
    """Whether rows can be taken some at a time: one loss a row, of a class or of probabilities that
    need no gradient."""
    soft = target.sizes == shape and target.dtype is dtype
    fixed = not (target.requires_grad and is_grad_enabled())
    return plain and (target.dtype is dtypes.int64 or (soft and fixed)) and linear_weight.ndim == 2


def chunked_loss(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    linear_bias: Tensor | None,
    weight: Tensor | None,
    reduction: str,
    ignore_index: int,
    options: LinearCrossEntropyOptions,
) -> Tensor:
    """The loss, some rows at a time. Raises: RuntimeError for a dtype it cannot be summed in."""
    single = input.ndim == 1
    if single:
        input, target = input.unsqueeze(0), target.unsqueeze(0)
    half = input.dtype.is_half
    rows, features = input.sizes
    soft = target.dtype.is_floating_point
    size = options.chunk_size(rows, features, linear_weight.sizes[0], half, soft)
    kind = options.summed_in(input.dtype)
    if kind is not input.dtype and not (half and kind is dtypes.float32):
        raise RuntimeError(
            "linear_cross_entropy supports float32 acc_dtype with float16/bfloat16 inputs, "
            f"but got {kind} acc_dtype and {input.dtype} inputs."
        )
    given = (input, linear_weight, target, linear_bias, weight)
    if reduction == "none":
        loss = linear_cross_entropy_chunked_rows(*given, ignore_index, size, kind)
    else:
        wanted = [
            t is not None and t.requires_grad and is_grad_enabled()
            for t in (input, linear_weight, linear_bias)
        ]
        kept = Gradients((wanted[0], wanted[1], wanted[2]), options.allow_retain_graph)
        loss = linear_cross_entropy_chunked(*given, reduction, ignore_index, size, kind, kept)
    return loss.squeeze(0) if single else loss


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: LinearCrossEntropyOptions | None = None,
) -> Tensor:
    """`cross_entropy` of `linear(input, linear_weight, linear_bias)`, reduced.

    Inputs (N, D) or (D), weights (C, D), or (C, d1, ..., D) for a loss at each of d1, ... places.
    `options` say how many rows to take at a time, which saves memory; no second derivatives then.
    """
    check_linear(input, linear_weight, linear_bias)
    *places, features = linear_weight.sizes
    shape = (*input.sizes[:-1], *places)
    if target.sizes == shape and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    ignored = -100 if ignore_index is None else ignore_index
    if options is not None:
        plain = reduction in ("mean", "sum", "none") and label_smoothing == 0.0
        if is_chunked(linear_weight, target, shape, input.dtype, plain):
            given = (input, linear_weight, target, linear_bias, weight, reduction, ignored)
            return chunked_loss(*given, options)
        _warn_about_options(linear_weight, target, linear_bias, reduction, label_smoothing)
    if len(places) > 1:
        rows = math.prod(places)
        linear_weight = linear_weight.reshape((rows, features))
        linear_bias = None if linear_bias is None else linear_bias.reshape((rows,))
    logits = linear(input, linear_weight, linear_bias).reshape(shape)
    return cross_entropy(
        logits,
        target,
        weight=weight,
        reduction=reduction,
        ignore_index=ignored,
        label_smoothing=label_smoothing,
    )


def _warn_about_options(
    linear_weight: Tensor, target: Tensor, bias: Tensor | None, reduction: str, smoothing: float
) -> None:
    warnings.warn(
        "linear_cross_entropy: ``options`` ignored; chunked path needs reduction in "
        "{'mean','sum','none'}, label_smoothing == 0, target.dtype == int64 (or a probability "
        "target with dtype matching input and requires_grad == False), out_features == (). Got "
        f"reduction={reduction!r}, label_smoothing={smoothing}, target.dtype={target.dtype}, "
        f"out_features={tuple(linear_weight.sizes[1:-1])}, tracing=False, "
        f"target.requires_grad={target.requires_grad}, "
        f"linear_bias.shape={None if bias is None else tuple(bias.sizes)}.",
        stacklevel=depth(),
    )
