"""torch.nn.functional's namespace: what modules compute, as functions.

Source: torch/nn/functional.py.
"""

import warnings
from collections.abc import Callable
from typing import NoReturn, cast

from minitorch_np.absent import absent
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.dtypes import int64
from minitorch_np.nn.loss_functions import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    smooth_l1_loss,
)
from minitorch_np.nn.resampling import (
    affine_grid,
    grid_sample,
    interpolate,
    upsample,
    upsample_bilinear,
    upsample_nearest,
)
from minitorch_np.op import REGISTRY
from minitorch_np.ops import activation, gate, sampling, smooth
from minitorch_np.ops.activation import hardshrink, softshrink
from minitorch_np.ops.binary import div
from minitorch_np.ops.compare import eq
from minitorch_np.ops.linalg import linear
from minitorch_np.ops.norm import norm
from minitorch_np.ops.padding import (
    pad,
)
from minitorch_np.ops.prelu import prelu
from minitorch_np.ops.ranges import arange
from minitorch_np.ops.shuffle import (
    channel_shuffle,
    native_channel_shuffle,
    pixel_shuffle,
    pixel_unshuffle,
)
from minitorch_np.ops.smooth import gelu, logsigmoid, softplus, softsign, tanhshrink
from minitorch_np.ops.trig import tanh
from minitorch_np.ops.unary import sigmoid
from minitorch_np.tensor import Tensor

__all__ = [
    "affine_grid", "binary_cross_entropy", "binary_cross_entropy_with_logits", "celu", "celu_",
    "channel_shuffle", "cross_entropy", "dropout", "elu", "elu_", "gelu", "glu", "grid_sample",
    "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "hardtanh_", "huber_loss", "interpolate",
    "kl_div", "l1_loss", "leaky_relu", "leaky_relu_", "linear", "log_softmax", "logsigmoid", "mish",
    "mse_loss", "native_channel_shuffle", "nll_loss", "normalize", "one_hot", "pad",
    "pixel_shuffle", "pixel_unshuffle", "prelu", "relu", "relu6", "relu_", "selu", "selu_",
    "sigmoid", "silu", "smooth_l1_loss", "softmax", "softmin", "softplus", "softshrink", "softsign",
    "tanh", "tanhshrink", "threshold", "threshold_", "upsample", "upsample_bilinear",
    "upsample_nearest",
]  # fmt: skip


def _inplace(name: str) -> Callable[..., Tensor]:
    """The in-place form of a registered op."""
    return cast("Callable[..., Tensor]", REGISTRY[name].function)


relu_ = _inplace("relu_")
elu_ = _inplace("elu_")
celu_ = _inplace("celu_")
leaky_relu_ = _inplace("leaky_relu_")
hardtanh_ = _inplace("hardtanh_")
threshold_ = _inplace("threshold_")
_silu_ = _inplace("silu_")
_mish_ = _inplace("mish_")
_hardsigmoid_ = _inplace("hardsigmoid_")
_hardswish_ = _inplace("hardswish_")

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def selu_(input: Tensor) -> Tensor:
    """In-place version of `selu`."""
    return elu_(input, _SELU_ALPHA, _SELU_SCALE)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(0, input), with gradient 0 at 0."""
    return relu_(input) if inplace else activation.relu(input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """`input` kept within [0, 6]."""
    return hardtanh_(input, 0, 6) if inplace else activation.relu6(input)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """`input` where it is greater than `threshold`, else `value`."""
    if inplace:
        return threshold_(input, threshold, value)
    return activation.threshold(input, threshold, value)


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """`input` kept within [min_val, max_val]."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    if inplace:
        return hardtanh_(input, min_val, max_val)
    return activation.hardtanh(input, min_val, max_val)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`input` where it is positive, else alpha * (exp(input) - 1)."""
    return elu_(input, alpha) if inplace else activation.elu(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """`elu` scaled so that mean 0 and variance 1 are a fixed point."""
    return selu_(input) if inplace else activation.selu(input)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """max(0, input) + min(0, alpha * (exp(input / alpha) - 1))."""
    return celu_(input, alpha) if inplace else activation.celu(input, alpha)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """`input` where it is positive, else negative_slope * input."""
    if inplace:
        return leaky_relu_(input, negative_slope)
    return activation.leaky_relu(input, negative_slope)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half of `dim` times the sigmoid of the second half."""
    return gate.glu(input, dim)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """input * sigmoid(input)."""
    return _silu_(input) if inplace else smooth.silu(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """input * tanh(softplus(input))."""
    return _mish_(input) if inplace else smooth.mish(input)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """input / 6 + 1 / 2 kept within [0, 1]."""
    return _hardsigmoid_(input) if inplace else activation.hardsigmoid(input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """input * hardsigmoid(input)."""
    return _hardswish_(input) if inplace else smooth.hardswish(input)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """`input` with elements zeroed with probability `p`, and the others scaled by 1 / (1 - p)."""
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if inplace:
        return sampling.dropout_(input, p, training)
    return sampling.dropout(input, p, training)


def _implicit_dim(name: str, ndim: int, stacklevel: int) -> int:
    """The dimension that older code meant by none, with a warning."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None
) -> Tensor:
    """exp(input) over its sum along `dim`."""
    if dim is None:
        dim = _implicit_dim("softmax", input.ndim, _stacklevel)
    return input.softmax(dim) if dtype is None else input.softmax(dim, dtype=dtype)


def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None
) -> Tensor:
    """softmax(-input)."""
    if dim is None:
        dim = _implicit_dim("softmin", input.ndim, _stacklevel)
    return (-input).softmax(dim) if dtype is None else (-input).softmax(dim, dtype=dtype)


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None
) -> Tensor:
    """log(softmax(input)) along `dim`."""
    if dim is None:
        dim = _implicit_dim("log_softmax", input.ndim, _stacklevel)
    return input.log_softmax(dim) if dtype is None else input.log_softmax(dim, dtype=dtype)


def normalize(
    input: Tensor,
    p: float = 2.0,
    dim: int = 1,
    eps: float = 1e-12,
    out: Tensor | None = None,
) -> Tensor:
    """`input` over its p-norm along `dim`, or over `eps` where that is larger."""
    if out is None:
        return input / norm(input, p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    return div(input, norm(input, p, dim, keepdim=True).clamp_min_(eps).expand_as(input), out=out)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Indices (*) as int64 rows (*, num_classes) with a single 1; -1 means the largest plus 1.

    Source: aten/src/ATen/native/Onehot.cpp.
    """
    if tensor.dtype is not int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if not tensor.numel():
        if num_classes <= 0:
            raise RuntimeError("Can not infer total number of classes from empty tensor.")
    else:
        if tensor.array.min() < 0:
            raise RuntimeError("Class values must be non-negative.")
        largest = int(tensor.array.max())
        if num_classes == -1:
            num_classes = largest + 1
        elif largest >= num_classes:
            raise RuntimeError("Class values must be smaller than num_classes.")
    return eq(tensor.unsqueeze(-1), arange(num_classes)).to(int64).contiguous()


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
