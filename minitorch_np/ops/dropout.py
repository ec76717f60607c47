"""Dropout: of elements, and of whole channels; kept at mean 0 and variance 1 by the alpha forms.

Source: aten/src/ATen/native/Dropout.cpp.
"""

import math

from minitorch_np import strides
from minitorch_np.op import composite
from minitorch_np.shapes import Shape
from minitorch_np.tensor import Tensor, empty

__all__ = [
    "alpha_dropout", "alpha_dropout_", "dropout", "dropout_", "feature_alpha_dropout",
    "feature_alpha_dropout_", "feature_dropout", "feature_dropout_",
]  # fmt: skip


@composite()
def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`input` with elements zeroed with probability `p`, and the others scaled by 1 / (1 - p)."""
    return _dropped(input, p, train)


@composite()
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
    return empty(input.sizes, strides.like(input.sizes, input.strides), input.dtype)


def _channels(input: Tensor) -> Tensor:
    """Noise for each channel."""
    if input.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    shape: Shape = (*input.sizes[:2], *(1,) * (input.ndim - 2))
    return empty(shape, strides.contiguous(shape), input.dtype)
