"""Pooling as functions: what PyTorch's Python adds to ATen's. Source: torch/nn/functional.py."""

from collections.abc import Sequence

from minitorch_np.guard import guarded
from minitorch_np.ops import adaptive_pool, avg_pool, max_pool
from minitorch_np.ops.pooling import Ints, taken
from minitorch_np.tensor import Tensor

__all__ = [
    "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d", "adaptive_max_pool3d_with_indices", "avg_pool2d", "avg_pool3d",
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
    found = max_pool.max_pool2d_with_indices(
        input, taken(kernel_size, 2), taken(stride, 2), taken(padding, 2),
        taken(dilation, 2), ceil_mode,
    )  # fmt: skip
    return found.result0, found.result1


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
    found = max_pool.max_pool3d_with_indices(
        input, taken(kernel_size, 3), taken(stride, 3), taken(padding, 3),
        taken(dilation, 3), ceil_mode,
    )  # fmt: skip
    return found.result0, found.result1


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


Sizes = int | Sequence[int | None]


def list_with_default(out_size: Sizes, defaults: Sequence[int]) -> Ints:
    """Output sizes, None replaced by that of the input. Source: torch/nn/modules/utils.py."""
    if isinstance(out_size, int):
        return out_size
    if len(defaults) <= len(out_size):
        raise ValueError(f"Input dimension should be at least {len(out_size) + 1}")
    last = defaults[len(defaults) - len(out_size) :]
    return [d if n is None else n for n, d in zip(out_size, last, strict=True)]


def adaptive_avg_pool2d(input: Tensor, output_size: Sizes) -> Tensor:
    """(N, C, H, W) to (N, C, *output_size) by means; None keeps a size."""
    return adaptive_pool.adaptive_avg_pool2d(input, list_with_default(output_size, input.size()))


def adaptive_avg_pool3d(input: Tensor, output_size: Sizes) -> Tensor:
    """(N, C, D, H, W) to (N, C, *output_size) by means; None keeps a size."""
    return adaptive_pool.adaptive_avg_pool3d(input, list_with_default(output_size, input.size()))


def adaptive_max_pool1d_with_indices(
    input: Tensor, output_size: Ints, return_indices: bool = False
) -> Pair:
    """(N, C, L) to (N, C, output_size) by the largest elements, and their indices in L."""
    del return_indices
    return adaptive_pool.adaptive_max_pool1d(input, output_size)


def adaptive_max_pool1d(
    input: Tensor, output_size: Ints, return_indices: bool = False
) -> Tensor | Pair:
    """(N, C, L) to (N, C, output_size) by the largest elements."""
    found = adaptive_max_pool1d_with_indices(input, output_size)
    return found if return_indices else found[0]


def adaptive_max_pool2d_with_indices(
    input: Tensor, output_size: Sizes, return_indices: bool = False
) -> Pair:
    """(N, C, H, W) to (N, C, *output_size) by the largest elements, and their indices."""
    del return_indices
    sizes = list_with_default(output_size, input.size())
    found = adaptive_pool.adaptive_max_pool2d(input, sizes)
    return found.result0, found.result1


def adaptive_max_pool2d(
    input: Tensor, output_size: Sizes, return_indices: bool = False
) -> Tensor | Pair:
    """(N, C, H, W) to (N, C, *output_size) by the largest elements."""
    found = adaptive_max_pool2d_with_indices(input, output_size)
    return found if return_indices else found[0]


def adaptive_max_pool3d_with_indices(
    input: Tensor, output_size: Sizes, return_indices: bool = False
) -> Pair:
    """(N, C, D, H, W) to (N, C, *output_size) by the largest elements, and their indices."""
    del return_indices
    sizes = list_with_default(output_size, input.size())
    found = adaptive_pool.adaptive_max_pool3d(input, sizes)
    return found.result0, found.result1


def adaptive_max_pool3d(
    input: Tensor, output_size: Sizes, return_indices: bool = False
) -> Tensor | Pair:
    """(N, C, D, H, W) to (N, C, *output_size) by the largest elements."""
    found = adaptive_max_pool3d_with_indices(input, output_size)
    return found if return_indices else found[0]


@guarded
def avg_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The mean of each window of (N, C, H, W), or its sum over `divisor_override`."""
    return avg_pool.avg_pool2d(
        input, taken(kernel_size, 2), taken(stride, 2), taken(padding, 2), ceil_mode,
        count_include_pad, divisor_override, out=out,
    )  # fmt: skip


@guarded
def avg_pool3d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The mean of each window of (N, C, D, H, W), or its sum over `divisor_override`."""
    return avg_pool.avg_pool3d(
        input, taken(kernel_size, 3), taken(stride, 3), taken(padding, 3), ceil_mode,
        count_include_pad, divisor_override, out=out,
    )  # fmt: skip
