"""Normalisation as functions: what PyTorch's Python adds to ATen's.

Source: torch/nn/functional.py.
"""

from collections.abc import Sequence

from minitorch_np.ops import batch_norm as batch
from minitorch_np.ops import group_norm as group
from minitorch_np.ops import layer_norm as layer
from minitorch_np.ops.avg_pool import avg_pool2d, avg_pool3d
from minitorch_np.ops.padding import pad
from minitorch_np.tensor import Tensor

__all__ = [
    "batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm",
]  # fmt: skip


def check_batch(size: Sequence[int]) -> None:
    """Raise ValueError where a channel has one value. Source: _verify_batch_size."""
    n = size[0]
    for k in size[2:]:
        n *= k
    if n == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {size}"
        )


def check_positions(size: Sequence[int]) -> None:
    """Raise ValueError where a sample's channel has one value. Source: _verify_spatial_size."""
    n = 1
    for k in size[2:]:
        n *= k
    if n == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {size}"
        )


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel of `input`, (N, C, *), to mean 0 and variance 1, times weight plus bias."""
    if training:
        check_batch(input.shape)
    if training and eps <= 0.0:
        raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    if eps < 0.0:
        raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")
    return batch.batch_norm(
        input, weight, bias, running_mean, running_var, training, momentum, eps, True
    )


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """`batch_norm` of each sample of `input`, (N, C, *), alone."""
    if use_input_stats:
        check_positions(input.shape)
    return batch.instance_norm(
        input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, True
    )


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Each group of channels of `input`, (N, C, *), to mean 0 and variance 1."""
    if input.dim() < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {input.dim()}"
        )
    n, c, *rest = input.sizes
    check_batch([n * c // num_groups, num_groups, *rest])
    return group.group_norm(input, num_groups, weight, bias, eps, True)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """The last dims of `input` to mean 0 and variance 1, times weight plus bias."""
    return layer.layer_norm(input, normalized_shape, weight, bias, eps, True)


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """The last dims of `input` over the root of their mean square, times weight."""
    return layer.rms_norm(input, normalized_shape, weight, eps)


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """`input` over (k + alpha * mean of squares of `size` neighbouring channels) ** beta.

    Source: Krizhevsky et al., ImageNet Classification with Deep Convolutional Networks (2012).
    """
    n = input.dim()
    if n < 3:
        # the gap in torch's text is its own
        gap = " " * 25
        raise ValueError(f"Expected 3D or higher dimensionality {gap}input (got {n} dimensions)")
    if not input.numel():
        return input
    squares, around = input.mul(input), (size // 2, (size - 1) // 2)
    if n == 3:
        wide = pad(squares.unsqueeze(1), (0, 0, *around))
        means = avg_pool2d(wide, (size, 1), stride=1).squeeze(1)
    else:
        planes = squares.view((input.sizes[0], 1, *input.sizes[1:3], -1))
        wide = pad(planes, (0, 0, 0, 0, *around))
        means = avg_pool3d(wide, (size, 1, 1), stride=1).squeeze(1).view(input.sizes)
    return input / means.mul(alpha).add(k).pow(beta)
