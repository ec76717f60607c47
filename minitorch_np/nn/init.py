"""Initial values of parameters, with PyTorch's draws. All write in place, outside any graph.

Source: torch/nn/init.py.
"""

import math
import warnings
from collections.abc import Callable
from typing import NoReturn, ParamSpec

import numpy as np

from minitorch_np.absent import absent
from minitorch_np.flight import depth
from minitorch_np.graph.modes import no_grad
from minitorch_np.nn.truncated import trunc_normal_
from minitorch_np.ops.copy import copy_, fill_
from minitorch_np.ops.random_creation import randperm
from minitorch_np.ops.ranges import eye as identity
from minitorch_np.ops.sampling import normal_ as draw_normal
from minitorch_np.random import Generator
from minitorch_np.tensor import Tensor, stored

__all__ = [
    "calculate_gain", "constant", "constant_", "dirac", "dirac_", "eye", "eye_", "kaiming_normal",
    "kaiming_normal_", "kaiming_uniform", "kaiming_uniform_", "normal", "normal_", "ones_",
    "orthogonal", "orthogonal_", "sparse", "sparse_", "trunc_normal_", "uniform", "uniform_",
    "xavier_normal", "xavier_normal_", "xavier_uniform", "xavier_uniform_", "zeros_",
]  # fmt: skip

P = ParamSpec("P")

_LINEAR = (
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "sigmoid",
)  # fmt: skip
_GAINS = {"tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What to scale weights by so that variance passes the nonlinearity unchanged.

    `param` is the slope of 'leaky_relu', 0.01 if not given.
    """
    if nonlinearity in _LINEAR:
        return 1
    if nonlinearity in _GAINS:
        return _GAINS[nonlinearity]
    if nonlinearity != "leaky_relu":
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    slope = 0.01 if param is None else param
    if isinstance(slope, bool) or not isinstance(slope, (int, float)):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise ValueError(f"negative_slope {param} not a valid number")
    return math.sqrt(2.0 / (1 + slope**2))


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """`tensor` filled with uniform numbers in [a, b)."""
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """`tensor` filled with normal numbers."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """`tensor` filled with `val`."""
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """`tensor` filled with ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """`tensor` filled with zeros."""
    with no_grad():
        return tensor.zero_()


def eye_(tensor: Tensor) -> Tensor:
    """The 2-d `tensor` with ones on its diagonal, zeros elsewhere."""
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with no_grad():
        return copy_(tensor, identity(*tensor.sizes))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """The (out, in, ...) weight with which a convolution returns its input, by groups."""
    if tensor.ndim not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    sizes = tensor.sizes
    if sizes[0] % groups != 0:
        raise ValueError("dim 0 must be divisible by groups")
    channels = sizes[0] // groups
    with no_grad():
        tensor.zero_()
        centre = tensor
        for n in sizes[2:]:
            centre = centre.select(2, n // 2)
        for group in range(groups):
            for i in range(min(channels, sizes[1])):
                fill_(centre.select(0, group * channels + i).select(0, i), 1)
    return tensor


def _fans(tensor: Tensor) -> tuple[int, int]:
    """How many inputs feed each output, and how many outputs each input feeds."""
    if tensor.ndim < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        )
    outputs, inputs, *field = tensor.sizes
    return inputs * math.prod(field), outputs * math.prod(field)


def _fan(tensor: Tensor, mode: str) -> int:
    mode = mode.lower()
    modes = ["fan_in", "fan_out"]
    if mode not in modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {modes}")
    return _fans(tensor)[modes.index(mode)]


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """`tensor` uniform with variance 2 gain^2 / (fan_in + fan_out). Source: Glorot, Bengio 2010."""
    std = gain * math.sqrt(2.0 / float(sum(_fans(tensor))))
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """`tensor` normal with variance 2 gain^2 / (fan_in + fan_out). Source: Glorot, Bengio 2010."""
    std = gain * math.sqrt(2.0 / float(sum(_fans(tensor))))
    return normal_(tensor, 0.0, std, generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float | None:
    """The standard deviation, None for a tensor without elements."""
    if 0 in tensor.sizes:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=depth())
        return None
    fan = _fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """`tensor` uniform with variance gain^2 / fan; `a` is leaky_relu's slope. Source: He 2015."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    if std is None:
        return tensor
    bound = math.sqrt(3.0) * std
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """`tensor` normal with variance gain^2 / fan; `a` is leaky_relu's slope. Source: He 2015."""
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    return tensor if std is None else normal_(tensor, 0, std, generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """`tensor`, flattened to (dim 0, rest), with orthonormal rows or columns, times `gain`.

    Draws are PyTorch's; the values differ in their last bits, as LAPACKs do.
    Source: Saxe, McClelland, Ganguli 2013.
    """
    if tensor.ndim < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.sizes[0]
    cols = tensor.numel() // rows
    with no_grad():
        flat = draw_normal(tensor.new_empty((rows, cols)), 0, 1, generator=generator)
        values = flat.array.T if rows < cols else flat.array
        q, r = np.linalg.qr(values.astype(np.float64))
        q *= np.sign(np.diagonal(r))  # else it would not be uniform over all rotations
        copy_(tensor.view(rows, cols), stored(q.T if rows < cols else q, tensor.dtype))
        tensor.mul_(gain)
    return tensor


def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None
) -> Tensor:
    """The 2-d `tensor` normal, but in each column a fraction `sparsity` of zeros.

    Which are zero is drawn from the default generator, as in PyTorch. Source: Martens 2010.
    """
    if tensor.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, cols = tensor.sizes
    zeros = math.ceil(sparsity * rows)
    with no_grad():
        draw_normal(tensor, 0, std, generator=generator)
        for col in range(cols):
            tensor[randperm(rows)[:zeros], col] = 0
    return tensor


def outdated(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """The function under the name that PyTorch had for it before 0.4, which warns."""
    new = function.__name__
    old = new.removesuffix("_")

    def renamed(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        warnings.warn(
            f"`nn.init.{old}` is now deprecated in favor of `nn.init.{new}`.",
            FutureWarning,
            stacklevel=depth(),
        )
        return function(*args, **kwargs)

    renamed.__name__ = renamed.__qualname__ = old
    renamed.__doc__ = f"`{new}` under its old name, with a FutureWarning."
    return renamed


uniform = outdated(uniform_)
normal = outdated(normal_)
constant = outdated(constant_)
eye = outdated(eye_)
dirac = outdated(dirac_)
xavier_uniform = outdated(xavier_uniform_)
xavier_normal = outdated(xavier_normal_)
kaiming_uniform = outdated(kaiming_uniform_)
kaiming_normal = outdated(kaiming_normal_)
orthogonal = outdated(orthogonal_)
sparse = outdated(sparse_)


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
