"""torch.nn.functional's namespace: what modules compute, as functions.

Source: torch/nn/functional.py.
"""

import warnings
from collections.abc import Callable
from typing import NoReturn, cast

from minitorch_np.absent import absent
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.flight import depth
from minitorch_np.memory_format import contiguous_format
from minitorch_np.nn.attention_functions import multi_head_attention_forward
from minitorch_np.nn.dropout_functions import (
    alpha_dropout,
    dropout,
    dropout1d,
    dropout2d,
    dropout3d,
    feature_alpha_dropout,
)
from minitorch_np.nn.embedding_functions import embedding, embedding_bag
from minitorch_np.nn.linear_loss import linear_cross_entropy
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
from minitorch_np.nn.margin_functions import (
    cosine_embedding_loss,
    ctc_loss,
    gaussian_nll_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    poisson_nll_loss,
    soft_margin_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from minitorch_np.nn.normalization_functions import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
    rms_norm,
)
from minitorch_np.nn.pool_functions import (
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool1d_with_indices,
    adaptive_max_pool2d,
    adaptive_max_pool2d_with_indices,
    adaptive_max_pool3d,
    adaptive_max_pool3d_with_indices,
    avg_pool2d,
    avg_pool3d,
    max_pool1d,
    max_pool1d_with_indices,
    max_pool2d,
    max_pool2d_with_indices,
    max_pool3d,
    max_pool3d_with_indices,
)
from minitorch_np.nn.resampling import (
    affine_grid,
    grid_sample,
    interpolate,
    upsample,
    upsample_bilinear,
    upsample_nearest,
)
from minitorch_np.nn.window_functions import (
    fold,
    fractional_max_pool2d,
    fractional_max_pool2d_with_indices,
    fractional_max_pool3d,
    fractional_max_pool3d_with_indices,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    max_unpool1d,
    max_unpool2d,
    max_unpool3d,
    unfold,
)
from minitorch_np.op import REGISTRY
from minitorch_np.ops import activation, gate, smooth
from minitorch_np.ops import rrelu as slopes
from minitorch_np.ops.activation import hardshrink, softshrink
from minitorch_np.ops.adaptive_pool import adaptive_avg_pool1d
from minitorch_np.ops.attention import scaled_dot_product_attention
from minitorch_np.ops.avg_pool import avg_pool1d
from minitorch_np.ops.bilinear import bilinear
from minitorch_np.ops.binary import div
from minitorch_np.ops.conv import (
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
)
from minitorch_np.ops.creation import empty_like, zeros_like
from minitorch_np.ops.distance import cosine_similarity, pairwise_distance, pdist
from minitorch_np.ops.embedding import one_hot
from minitorch_np.ops.linalg import linear
from minitorch_np.ops.norm import norm
from minitorch_np.ops.padding import pad
from minitorch_np.ops.prelu import prelu
from minitorch_np.ops.rrelu import rrelu_
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
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d", "adaptive_max_pool3d_with_indices", "affine_grid", "alpha_dropout",
    "avg_pool1d", "avg_pool2d", "avg_pool3d", "batch_norm", "bilinear", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "celu", "celu_", "channel_shuffle", "conv1d", "conv2d",
    "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "cosine_embedding_loss",
    "cosine_similarity", "cross_entropy", "ctc_loss", "dropout", "dropout1d", "dropout2d",
    "dropout3d", "elu", "elu_", "embedding", "embedding_bag", "feature_alpha_dropout", "fold",
    "fractional_max_pool2d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices", "gaussian_nll_loss", "gelu", "glu", "grid_sample",
    "group_norm", "gumbel_softmax", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
    "hardtanh_", "hinge_embedding_loss", "huber_loss", "instance_norm", "interpolate", "kl_div",
    "l1_loss", "layer_norm", "leaky_relu", "leaky_relu_", "linear", "linear_cross_entropy",
    "local_response_norm", "log_softmax", "logsigmoid", "lp_pool1d", "lp_pool2d", "lp_pool3d",
    "margin_ranking_loss", "max_pool1d", "max_pool1d_with_indices", "max_pool2d",
    "max_pool2d_with_indices", "max_pool3d", "max_pool3d_with_indices", "max_unpool1d",
    "max_unpool2d", "max_unpool3d", "mish", "mse_loss", "multi_head_attention_forward",
    "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss",
    "native_channel_shuffle", "nll_loss", "normalize", "one_hot", "pad", "pairwise_distance",
    "pdist", "pixel_shuffle", "pixel_unshuffle", "poisson_nll_loss", "prelu", "relu", "relu6",
    "relu_", "rms_norm", "rrelu", "rrelu_", "scaled_dot_product_attention", "selu", "selu_",
    "sigmoid", "silu", "smooth_l1_loss", "soft_margin_loss", "softmax", "softmin", "softplus",
    "softshrink", "softsign", "tanh", "tanhshrink", "threshold", "threshold_",
    "triplet_margin_loss", "triplet_margin_with_distance_loss", "unfold", "upsample",
    "upsample_bilinear", "upsample_nearest",
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


def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """`input` where positive, else times a slope: drawn for each, or the middle of the bounds."""
    return (rrelu_ if inplace else slopes.rrelu)(input, lower, upper, training)


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
        dim = _implicit_dim("softmax", input.dim(), _stacklevel)
    return input.softmax(dim) if dtype is None else input.softmax(dim, dtype=dtype)


def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None
) -> Tensor:
    """softmax(-input)."""
    if dim is None:
        dim = _implicit_dim("softmin", input.dim(), _stacklevel)
    return (-input).softmax(dim) if dtype is None else (-input).softmax(dim, dtype=dtype)


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None
) -> Tensor:
    """log(softmax(input)) along `dim`."""
    if dim is None:
        dim = _implicit_dim("log_softmax", input.dim(), _stacklevel)
    return input.log_softmax(dim) if dtype is None else input.log_softmax(dim, dtype=dtype)


def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """softmax of (logits + Gumbel noise) / tau; `hard` rounds to one-hot, with the same gradient.

    `eps` has no effect. Jang et al., "Categorical Reparameterization with Gumbel-Softmax", 2016.
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=depth())
    drawn = empty_like(logits, memory_format=contiguous_format).exponential_()
    soft = ((logits + -drawn.log()) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    one = zeros_like(logits, memory_format=contiguous_format).scatter_(dim, index, 1.0)
    return one - soft.detach() + soft


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


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
