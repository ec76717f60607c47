"""Dropout: of elements, and of whole channels; kept at mean 0 and variance 1 by the alpha forms.

Source: aten/src/ATen/native/Dropout.cpp.
"""

import math
from typing import NamedTuple, NoReturn

from minitorch_np import dtypes, strides
from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.op import composite, op
from minitorch_np.shapes import Shape
from minitorch_np.tensor import Tensor, empty

__all__ = [
    "alpha_dropout", "alpha_dropout_", "dropout", "dropout_", "feature_alpha_dropout",
    "feature_alpha_dropout_", "feature_dropout", "feature_dropout_",
    "native_dropout",
]  # fmt: skip


@composite(method=False)
def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`input` with elements zeroed with probability `p`, and the others scaled by 1 / (1 - p)."""
    return _dropped(input, p, train)


@composite(method=False)
def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """In-place version of `dropout`."""
    return _dropped(input, p, train, inplace=True)


@composite(method=False)
def feature_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout` of channels (N, C, ...), each zeroed as a whole."""
    return _dropped(input, p, train, feature=True)


@composite(method=False)
def feature_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """In-place version of `feature_dropout`."""
    return _dropped(input, p, train, feature=True, inplace=True)


@composite(method=False)
def alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`dropout` to the value that selu saturates at, which keeps mean 0 and variance 1."""
    return _dropped(input, p, train, alpha=True)


@composite(method=False)
def alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """In-place version of `alpha_dropout`."""
    return _dropped(input, p, train, alpha=True, inplace=True)


@composite(method=False)
def feature_alpha_dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`alpha_dropout` of channels (N, C, ...), each dropped as a whole."""
    return _dropped(input, p, train, feature=True, alpha=True)


@composite(method=False)
def feature_alpha_dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """In-place version of `feature_alpha_dropout`."""
    return _dropped(input, p, train, feature=True, alpha=True, inplace=True)


def _dropped(
    input: Tensor,
    p: float,
    train: bool,
    *,
    feature: bool = False,
    alpha: bool = False,
    inplace: bool = False,
) -> Tensor:
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")
    if p == 0 or not train or not input.numel():
        return input
    shift = None
    if p == 1:
        keep = empty((), (), input.dtype).zero_()
    else:
        keep = _channels(input) if feature else _elements(input)
        keep.bernoulli_(1 - p)
        if alpha:
            scale = 1 / math.sqrt((_ALPHA * _ALPHA * p + 1) * (1 - p))
            shift = keep.add(-1).mul_(_ALPHA * scale).add_(_ALPHA * scale * p)
            keep.mul_(scale)
        else:
            keep.div_(1 - p)
    kept = input.mul_(keep) if inplace else input * keep
    return kept if shift is None else kept.add_(shift)


_ALPHA = 1.7580993408473766
"""How far below 0 selu goes: its scale times its alpha."""


def _elements(input: Tensor) -> Tensor:
    """Noise for each element."""
    stride = strides.like(input.sizes, input.strides)
    return input.room_for_noise(input.sizes, stride, input.dtype)


def _channels(input: Tensor) -> Tensor:
    """Noise for each channel."""
    if input.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    shape: Shape = (*input.sizes[:2], *(1,) * (input.ndim - 2))
    return input.room_for_noise(shape, strides.contiguous(shape), input.dtype)


class NativeDropout(NamedTuple):
    """What is left of a tensor, and which elements those are."""

    result0: Tensor
    result1: Tensor


def kept_scale(p: float) -> float:
    """What is left in training is multiplied by this."""
    return 0.0 if p == 1 else 1.0 / (1.0 - p)


@op("like", method=False)
def native_dropout(input: Tensor, p: float, train: bool | None) -> NativeDropout:
    """`dropout` that also returns its mask; no `train` counts as training.

    Source: aten/src/ATen/native/Dropout.cpp native_dropout_cpu.
    """
    given = input.untracked()
    stride = strides.like(input.sizes, input.strides)
    if not input.numel():
        return NativeDropout(input, empty(input.sizes, stride, input.dtype))
    mask = empty(input.sizes, stride, dtypes.bool_)
    if train is not None and not train:
        return NativeDropout(given.clone(), mask.fill_(True))
    mask.bernoulli_(1 - p)
    return NativeDropout(given.mul(mask).mul_(kept_scale(p)), mask)


def _dropped_back(g: Tensor, mask: Tensor, p: float, train: bool | None) -> Tensor:
    # without a `train`, PyTorch drops and scales, but takes the gradient for one not scaled
    scale = kept_scale(p) if train else 1.0
    return (_masked if is_grad_enabled() else native_dropout_backward)(g, mask, scale)


native_dropout.vjp(
    input=lambda g_result0, result1, p, train: _dropped_back(g_result0, result1, p, train)
)


def _masked(g: Tensor, mask: Tensor, scale: float) -> Tensor:
    return g * (mask.to(g.dtype) * scale)


@op("elementwise", method=False)
def native_dropout_backward(grad_output: Tensor, mask: Tensor, scale: float) -> Tensor:
    """The gradient of native_dropout: that of what was left, times `scale`."""
    return grad_output.untracked() * mask.untracked() * scale


def _refuse_mask() -> NoReturn:
    raise NotImplementedError(
        "the derivative for 'native_dropout_backward: mask' is not implemented."
    )


native_dropout_backward.vjp(
    grad_output=lambda g, grad_output, mask, scale: _masked(g, mask, scale),
    mask=lambda g: _refuse_mask(),
)
native_dropout_backward.jvp("refused")
