"""Pooling as functions: what PyTorch's Python adds to ATen's. Source: torch/nn/functional.py."""

from minitorch_np.ops import max_pool
from minitorch_np.ops.pooling import Ints
from minitorch_np.tensor import Tensor

__all__ = [
    "max_pool1d", "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices", "max_pool3d",
    "max_pool3d_with_indices",
]  # fmt: skip

Pair = tuple[Tensor, Tensor]


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Pair:
    """The largest element of each window of (N, C, L), and its index in L."""
    del return_indices
    return max_pool.max_pool1d_with_indices(
        input, kernel_size, stride, padding, dilation, ceil_mode
    )


def max_pool1d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | Pair:
    """The largest element of each window of (N, C, L); with `return_indices`, indices as well."""
    run = max_pool1d_with_indices if return_indices else max_pool.max_pool1d
    return run(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Pair:
    """The largest element of each window of (N, C, H, W), and its index in H * W elements."""
    del return_indices
    return tuple(
        max_pool.max_pool2d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
    )


def max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | Pair:
    """The largest element of each window of (N, C, H, W); `return_indices` as in `max_pool1d`."""
    run = max_pool2d_with_indices if return_indices else max_pool.max_pool2d
    return run(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Pair:
    """The largest element of each window of (N, C, D, H, W), and its index in D * H * W."""
    del return_indices
    return tuple(
        max_pool.max_pool3d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)
    )


def max_pool3d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | Pair:
    """The largest element of each window of (N, C, D, H, W); with `return_indices`, indices too."""
    run = max_pool3d_with_indices if return_indices else max_pool.max_pool3d
    return run(input, kernel_size, stride, padding, dilation, ceil_mode)
