"""Dropout as one op that returns its mask too. Source: aten/src/ATen/native/Dropout.cpp."""

from typing import NamedTuple, NoReturn

from minitorch_np.dtypes import bool_
from minitorch_np.op import op
from minitorch_np.ops.creation import empty_like, ones_like
from minitorch_np.ops.view import detach
from minitorch_np.tensor import Tensor

__all__ = ["native_dropout"]


class NativeDropout(NamedTuple):
    """What is left of a tensor, and where something is."""

    result: Tensor
    mask: Tensor


def scale_of(p: float) -> float:
    """What elements are multiplied by that are not dropped."""
    return 0.0 if p == 1 else 1.0 / (1.0 - p)


def slope(mask: Tensor, p: float, train: bool | None) -> Tensor:
    """The derivative of `native_dropout`; PyTorch forgets the factor where `train` is None."""
    return mask * (scale_of(p) if train else 1)


@op("like", method=False)
def native_dropout(input: Tensor, p: float, train: bool | None) -> NativeDropout:
    """`input` with elements zeroed with probability `p`, the others times 1 / (1 - p); the mask.

    Without training all are kept. Source: aten/src/ATen/native/Dropout.cpp native_dropout_cpu.
    """
    plain = detach(input)
    if not input.numel():
        return NativeDropout(plain, empty_like(plain))
    if train is False:
        return NativeDropout(plain.clone(), ones_like(plain, dtype=bool_))
    mask = empty_like(plain, dtype=bool_).bernoulli_(1.0 - p)
    return NativeDropout(plain.mul(mask).mul_(scale_of(p)), mask)


native_dropout.vjp(input=lambda g_result, mask, p, train: g_result * slope(mask, p, train))


@op("elementwise", method=False)
def native_dropout_backward(grad_output: Tensor, mask: Tensor, scale: float) -> Tensor:
    """The gradient of `native_dropout`: `scale` times that of each element that was not dropped."""
    return detach(grad_output).mul(detach(mask)).mul(scale)


def refuse_mask() -> NoReturn:
    """Raise: PyTorch has no such derivative."""
    raise NotImplementedError(
        "the derivative for 'native_dropout_backward: mask' is not implemented."
    )


native_dropout_backward.vjp(
    grad_output=lambda g, grad_output, mask, scale: g * (mask * scale),
    mask=lambda g: refuse_mask(),
)
