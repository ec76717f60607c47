"""Norms and drawn windows as pooling, unpooling, and windows as columns.

What PyTorch's Python adds to ATen's. Source: torch/nn/functional.py.
"""

import math
from collections.abc import Sequence
from typing import cast

from minitorch_np.nn.pool_functions import Pair
from minitorch_np.ops import fractional_pool, max_unpool, patches
from minitorch_np.ops.activation import relu
from minitorch_np.ops.avg_pool import avg_pool1d, avg_pool2d, avg_pool3d
from minitorch_np.ops.max_pool import max_pool1d, max_pool2d, max_pool3d
from minitorch_np.ops.pooling import Ints
from minitorch_np.ops.random_creation import rand
from minitorch_np.shapes import several
from minitorch_np.tensor import Tensor

__all__ = [
    "fold", "fractional_max_pool2d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices", "lp_pool1d", "lp_pool2d", "lp_pool3d", "max_unpool1d",
    "max_unpool2d", "max_unpool3d", "unfold",
]  # fmt: skip

Ratio = float | Sequence[float]


def _lp_pool(
    dims: int,
    input: Tensor,
    norm_type: float,
    kernel_size: Ints,
    stride: Ints | None,
    ceil_mode: bool,
) -> Tensor:
    """The `norm_type`-norm of each window."""
    largest = (max_pool1d, max_pool2d, max_pool3d)[dims - 1]
    mean = (avg_pool1d, avg_pool2d, avg_pool3d)[dims - 1]
    count = math.prod(several(kernel_size, dims))
    if norm_type == 0:
        raise ValueError(f"norm_type must be a non-zero value, but got {norm_type}")
    if norm_type == math.inf:
        return largest(input.abs(), kernel_size, stride, 0, 1, ceil_mode)
    if norm_type == -math.inf:
        return -largest(-input.abs(), kernel_size, stride, 0, 1, ceil_mode)
    out = mean(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return (out.sign() * relu(out.abs())).mul(count).pow(1.0 / norm_type)


def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: Ints,
    stride: Ints | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The `norm_type`-norm of each window of (N, C, L), of sums that are not negative."""
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Ints,
    stride: Ints | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The `norm_type`-norm of each window of (N, C, H, W)."""
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Ints,
    stride: Ints | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The `norm_type`-norm of each window of (N, C, D, H, W)."""
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


def _fractional(
    dims: int,
    input: Tensor,
    kernel_size: Ints,
    output_size: Ints | None,
    output_ratio: Ratio | None,
    random_samples: Tensor | None,
) -> Pair:
    """Fractional max pooling to a size, or to a part of the input's; samples are drawn if none."""
    name = f"fractional_max_pool{dims}d"
    if output_size is None:
        if output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
        if dims == 2 and len(cast("Sequence[float]", output_ratio)) > 2:  # a number has no len()
            raise ValueError(
                f"{name} requires output_ratio to either be a single Int or tuple of Ints."
            )
        one = isinstance(output_ratio, (int, float))
        ratios = (output_ratio,) * dims if one else output_ratio
        output_size = [
            int(input.size(d - dims) * r) for d, r in zip(range(dims), ratios, strict=False)
        ]
    if random_samples is None:
        count = 1 if input.dim() == dims + 1 else input.size(0)
        random_samples = rand(count, input.size(-dims - 1), dims, dtype=input.dtype)
    run = (fractional_pool.fractional_max_pool2d, fractional_pool.fractional_max_pool3d)[dims - 2]
    kernel, size = several(kernel_size, dims), several(output_size, dims)
    values, indices = run(input, kernel, size, random_samples)
    return values, indices


def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: Ratio | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Pair:
    """The largest element of each window of (N, C, H, W) whose start is drawn, and its index."""
    del return_indices
    return _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: Ratio | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Tensor | Pair:
    """The largest element of each window of (N, C, H, W) whose start is drawn."""
    found = _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: Ratio | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Pair:
    """The largest element of each window of (N, C, D, H, W) whose start is drawn, and its index."""
    del return_indices
    return _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Ints,
    output_size: Ints | None = None,
    output_ratio: Ratio | None = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Tensor | Pair:
    """The largest element of each window of (N, C, D, H, W) whose start is drawn."""
    found = _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


def _unpooled_size(
    input: Tensor,
    kernel_size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    output_size: Sequence[int] | None,
) -> list[int]:
    """The size of an image that was pooled; several have one pooled size, so one may be given."""
    dims = len(kernel_size)
    usual = [
        (input.sizes[d - dims] - 1) * stride[d] + kernel_size[d] - 2 * padding[d]
        for d in range(dims)
    ]
    found = usual
    if output_size is not None:
        if len(output_size) == dims + 2:
            output_size = output_size[2:]
        if len(output_size) != dims:
            raise ValueError(
                f"output_size should be a sequence containing {dims} or {dims + 2} elements, but "
                f"it has a length of '{len(output_size)}'"
            )
        for d, n in enumerate(usual):
            s = stride[d]
            if not n - s < output_size[d] < n + s:
                raise ValueError(
                    f'invalid output_size "{output_size}" (dim {d} must be between {n - s} and '
                    f"{n + s})"
                )
        found = list(output_size)
    for d, n in enumerate(found):
        if n < 0:
            raise ValueError(
                "max_unpooling: output_size must contain non-negative spatial dimensions, but got "
                f"output_size[{d}]={n}"
            )
    return found


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """(N, C, L) and the indices that `max_pool1d` returned to (N, C, L'), zeros elsewhere."""
    kernel = several(kernel_size, 1)
    steps = kernel if stride is None else several(stride, 1)
    size = _unpooled_size(input, kernel, steps, several(padding, 1), output_size)
    plane = max_unpool.max_unpool2d(input.unsqueeze(-1), indices.unsqueeze(-1), [*size, 1])
    return plane.squeeze(-1)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """(N, C, H, W) and the indices that `max_pool2d` returned to (N, C, H', W')."""
    kernel = several(kernel_size, 2)
    steps = kernel if stride is None else several(stride, 2)
    size = _unpooled_size(input, kernel, steps, several(padding, 2), output_size)
    return max_unpool.max_unpool2d(input, indices, size)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """(N, C, D, H, W) and the indices that `max_pool3d` returned to (N, C, D', H', W')."""
    kernel = several(kernel_size, 3)
    steps, pads = kernel if stride is None else several(stride, 3), several(padding, 3)
    size = _unpooled_size(input, kernel, steps, pads, output_size)
    return max_unpool.max_unpool3d(input, indices, size, steps, pads)


def unfold(
    input: Tensor, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1
) -> Tensor:
    """All windows of (N, C, H, W) as columns: (N, C * KH * KW, L)."""
    return patches.im2col(
        input,
        several(kernel_size, 2),
        several(dilation, 2),
        several(padding, 2),
        several(stride, 2),
    )


def fold(
    input: Tensor,
    output_size: Ints,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> Tensor:
    """Images (N, C, *output_size) to which the columns of windows, as of `unfold`, add up."""
    return patches.col2im(
        input, several(output_size, 2), several(kernel_size, 2), several(dilation, 2),
        several(padding, 2), several(stride, 2),
    )  # fmt: skip
