"""conv1d, conv2d, conv3d and their transposes: `convolution` for tensors with or without a batch.

Source: aten/src/ATen/native/Convolution.cpp.
"""

import warnings
from collections.abc import Sequence

from minitorch_np.flight import depth
from minitorch_np.op import composite
from minitorch_np.ops.convolution import convolution
from minitorch_np.ops.padding import constant_pad_nd
from minitorch_np.shapes import Shape, listed, several
from minitorch_np.tensor import Tensor

__all__ = [
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
]  # fmt: skip

Ints = int | Sequence[int]


def batched(input: Tensor, dims: int, name: str) -> tuple[Tensor, bool]:
    """The images as a batch, and whether they were one. Source: batchify, Convolution.cpp."""
    if input.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got "
            f"input of size: {listed(input.sizes)}"
        )
    return (input, True) if input.ndim == dims + 2 else (input.unsqueeze(0), False)


def check_bias(input: Tensor, bias: Tensor | None) -> None:
    """Raise RuntimeError for a bias of another dtype."""
    if bias is not None and bias.dtype is not input.dtype:
        raise RuntimeError(
            f"Input type ({input.dtype.cpp_name}) and bias type ({bias.dtype.cpp_name}) should be "
            "the same"
        )


def same(
    input: Tensor, weight: Tensor, bias: Tensor | None, stride: Shape, dilation: Shape, groups: int
) -> Tensor:
    """A convolution that keeps the size of the images. Source: convolution_same."""
    dims = weight.ndim - 2
    if dims <= 0:
        raise RuntimeError("weight should have at least three dimensions")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    if input.ndim != weight.ndim:
        raise RuntimeError(
            f"Expected {weight.ndim}-dimensional input for {weight.ndim}-dimensional weight"
            f"{listed(weight.sizes)}, but got {input.ndim}-dimensional input of size "
            f"{listed(input.sizes)} instead"
        )
    for name, numbers in (("stride", stride), ("dilation", dilation)):
        if len(numbers) not in (1, dims):
            raise RuntimeError(f"{name} cannot broadcast to {dims} dimensions")
    if any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    apart = dilation * dims if len(dilation) == 1 else dilation
    spans = [d * (k - 1) for d, k in zip(apart, weight.sizes[2:], strict=True)]
    left = tuple([span // 2 for span in spans])
    if any(span % 2 for span in spans):
        input = uneven(input, spans)
    return convolution(input, weight, bias, stride, left, dilation, False, (0,) * dims, groups)


def uneven(input: Tensor, spans: Sequence[int]) -> Tensor:
    """Images with one more zero at the end of each dim where padding has an odd width."""
    warnings.warn(
        "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded "
        "copy of the input be created",
        UserWarning,
        stacklevel=depth(),
    )
    pads = [n for span in reversed(spans) for n in (0, span % 2)]
    return constant_pad_nd(input, pads)


def convolved(
    dims: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Ints,
    padding: Ints | str,
    dilation: Ints,
    groups: int,
) -> Tensor:
    """The convolution of `dims` spatial dims."""
    check_bias(input, bias)
    images, whole = batched(input, dims, f"conv{dims}d")
    steps, apart = several(stride, dims), several(dilation, dims)
    if padding == "same":
        out = same(images, weight, bias, steps, apart, groups)
    else:
        if isinstance(padding, str):
            if padding != "valid":
                raise RuntimeError(f"Invalid padding string: '{padding}'")
            padding = 0
        zeros = (0,) * dims
        out = convolution(
            images, weight, bias, steps, several(padding, dims), apart, False, zeros, groups
        )
    return out if whole else out.squeeze(0)


def transposed(
    dims: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Ints,
    padding: Ints,
    output_padding: Ints,
    groups: int,
    dilation: Ints,
) -> Tensor:
    """The transposed convolution of `dims` spatial dims."""
    images, whole = batched(input, dims, f"conv_transpose{dims}d")
    steps, apart = several(stride, dims), several(dilation, dims)
    zeros, more = several(padding, dims), several(output_padding, dims)
    out = convolution(images, weight, bias, steps, zeros, apart, True, more, groups)
    return out if whole else out.squeeze(0)


@composite(method=False)
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """(N, C, L) by filters (O, C / groups, K) to (N, O, L').

    L' = (L + 2 padding - dilation (K - 1) - 1) // stride + 1; padding may be 'valid' or 'same'.
    """
    return convolved(1, input, weight, bias, stride, padding, dilation, groups)


@composite(method=False)
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """(N, C, H, W) by filters (O, C / groups, KH, KW) to (N, O, H', W'); sizes as in `conv1d`."""
    return convolved(2, input, weight, bias, stride, padding, dilation, groups)


@composite(method=False)
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """(N, C, D, H, W) by filters (O, C / groups, KD, KH, KW) to (N, O, D', H', W')."""
    return convolved(3, input, weight, bias, stride, padding, dilation, groups)


@composite(method=False)
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """(N, C, L) by filters (C, O / groups, K) to (N, O, L').

    L' = (L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1.
    """
    return transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@composite(method=False)
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """(N, C, H, W) by filters (C, O / groups, KH, KW) to (N, O, H', W')."""
    return transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@composite(method=False)
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """(N, C, D, H, W) by filters (C, O / groups, KD, KH, KW) to (N, O, D', H', W')."""
    return transposed(3, input, weight, bias, stride, padding, output_padding, groups, dilation)
