"""Scaled dot product attention: values weighed by the softmax of how queries and keys agree.

Source: aten/src/ATen/native/transformers/attention.cpp, sdp_utils_cpp.cpp and
native/cpu/FlashAttentionKernel.cpp.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_np import backends, dtypes, strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.kernels.large import MANY, loop
from minitorch_np.loops import quietly
from minitorch_np.op import composite, op
from minitorch_np.ops.creation import ones, zeros
from minitorch_np.ops.dropout import dropout
from minitorch_np.ops.rearrange import repeat_interleave
from minitorch_np.ops.softmax import softmax, softmax_backward_data
from minitorch_np.shapes import Shape, numel
from minitorch_np.tensor import Tensor, empty

__all__ = ["scaled_dot_product_attention"]

Array = NDArray[Any]


_NAMES = {dtypes.int64: "long int", dtypes.uint8: "unsigned char", dtypes.int8: "signed char"}
"""Dtypes that the errors here call by another name of C++'s."""


class Attended(NamedTuple):
    """What attention gives, and the logarithm of the sum of exponentials of each query."""

    output: Tensor
    logsumexp: Tensor


def check_inputs(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> None:
    """Raise RuntimeError for tensors that do not belong together. Source: validate_sdpa_input."""
    kinds = query.dtype, key.dtype, value.dtype
    if len(set(kinds)) > 1:
        raise RuntimeError(
            "Expected query, key, and value to have the same dtype, but got query.dtype: "
            f"{kinds[0].c_name} key.dtype: {kinds[1].c_name} and value.dtype: {kinds[2].c_name} "
            "instead."
        )
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: "
            f"{query.ndim} key.dim: {key.ndim} and value.dim: {value.ndim} instead."
        )
    if mask is not None and mask.dtype not in (dtypes.bool_, dtypes.float32, query.dtype):
        found = _NAMES.get(mask.dtype, mask.dtype.c_name)
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got "
            f"attn_mask.dtype: {found} and  query.dtype: {query.dtype.c_name} instead."
        )


def as_bias(mask: Tensor | None, dtype: Dtype) -> Tensor | None:
    """A mask to add: 0 where a bool says that a key takes part, minus infinity elsewhere."""
    if mask is None or mask.dtype is not dtypes.bool_:
        return mask
    stride = strides.like(mask.sizes, mask.strides)
    if mask.is_batch:
        return mask.zero_room(mask.sizes, stride, dtype).masked_fill_(~mask, -math.inf)
    made = empty(mask.sizes, stride, dtype)
    made.array[...] = np.where(mask.array, 0, -np.inf).astype(dtype.np)
    return made


def fits(mask: Tensor, query: Tensor, key: Tensor) -> bool:
    """Whether the fused kernel takes a mask."""
    if mask.requires_grad:
        return False
    rows, columns = mask.size(-2), mask.size(-1)
    if rows not in (1, query.size(2)) or columns not in (1, key.size(2)):
        return False
    if mask.ndim == 4:
        return mask.sizes[0] in (1, query.sizes[0]) and mask.sizes[1] in (1, query.sizes[1])
    return mask.ndim == 2


def is_fused(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout_p: float, grouped: bool
) -> bool:
    """Whether PyTorch's CPU has a kernel for all of attention. Source: use_flash_attention_cpp."""
    if dropout_p > 0 or any(t.ndim != 4 for t in (query, key, value)):
        return False
    q, k, v = query.sizes, key.sizes, value.sizes
    heads = k[1] == v[1] and k[1] in (1, q[1])
    if grouped:
        heads = k[1] == v[1] and k[1] > 0 and q[1] % k[1] == 0
    if not heads or not q[0] == k[0] == v[0] or not q[3] == k[3] == v[3]:
        return False
    if mask is not None and not fits(mask, query, key):
        return False
    if 0 in (q[2], k[2], v[2]) or any(t.strides[-1] != 1 for t in (query, key, value)):
        return False
    return query.dtype.is_floating_point


@composite(method=False)
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query @ key.T * scale + mask) @ value: (*, L, E), (*, S, E), (*, S, V) to (*, L, V).

    `scale` is by default 1 / sqrt(E). A bool mask, (*, L, S), says which keys take part; a causal
    one leaves out those behind the query. `enable_gqa` lets groups of query heads share a key head.
    Source: Vaswani et al., Attention Is All You Need (2017).
    """
    check_inputs(query, key, value, attn_mask)
    if is_causal and attn_mask is not None:
        raise RuntimeError(
            "_scaled_dot_product_attention: Explicit attn_mask should not be set when "
            "is_causal=True"
        )
    if not (query.numel() and key.numel() and value.numel()):
        shape = (*query.sizes[:-1], value.sizes[-1])
        nothing = zeros(shape, dtype=query.dtype)
        return (query.sum() + key.sum() + value.sum()) * 0 + nothing
    given = query, key, value
    alone = all(t.ndim == 3 for t in given)
    if alone:
        query, key, value = (t.unsqueeze(0) for t in given)
        if attn_mask is not None and attn_mask.ndim == 3:
            attn_mask = attn_mask.unsqueeze(0)
    fused = is_fused(query, key, value, attn_mask, dropout_p, enable_gqa)
    bias = as_bias(attn_mask, query.dtype)
    if fused:
        out = _scaled_dot_product_flash_attention_for_cpu(
            query, key, value, dropout_p, is_causal, attn_mask=bias, scale=scale
        ).output
    else:
        out = _scaled_dot_product_attention_math(
            query, key, value, bias, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa
        )[0]
    return out.squeeze(0) if alone else out


def grouped(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Keys and values, each head repeated for the queries that share it."""
    heads = [t.size(-3) for t in (query, key, value)]
    if heads[0] % heads[1] or heads[0] % heads[2]:
        raise RuntimeError(
            "Number of heads in key and value must divide the number of heads in query"
        )
    made = [
        t if heads[0] == n else repeat_interleave(t, heads[0] // n, -3)
        for t, n in ((key, heads[1]), (value, heads[2]))
    ]
    return made[0], made[1]


@composite(method=False)
def _scaled_dot_product_attention_math(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    dropout_mask: Tensor | None = None,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> tuple[Tensor, Tensor]:
    """Attention in steps: the result, and the weights of the values."""
    kind = query.dtype
    bias = as_bias(attn_mask, kind)
    if kind.is_half:
        query, key, value = (t.to(dtypes.float32) for t in (query, key, value))
    factor = 1 / math.sqrt(query.size(-1)) if scale is None else abs(scale)
    root = math.sqrt(factor)
    query = query * (-root if scale is not None and scale < 0 else root)
    if is_causal:
        size = query.size(-2), key.size(-2)
        bias = as_bias(ones(size, dtype=dtypes.bool_).tril(), query.dtype)
    if enable_gqa:
        key, value = grouped(query, key, value)
    attn = query.matmul(key.transpose(-2, -1) * root)
    if bias is not None:
        attn = attn.add_(bias)
    attn = _safe_softmax(attn, -1)
    if dropout_mask is not None and dropout_p > 0:
        attn = attn.masked_fill(dropout_mask.logical_not(), 0.0)
        value = value * (1 / (1 - dropout_p))
    elif dropout_p > 0:
        attn = dropout(attn, dropout_p, True)
    return attn.matmul(value).to(kind), attn.to(kind)


@op("contiguous", method=False)
def _safe_softmax(input: Tensor, dim: int, dtype: Dtype | None = None) -> Tensor:
    """The softmax along `dim`, and zeros where all is minus infinity, that is masked."""
    out = softmax(input.detach(), dim, dtype)
    masked = np.logical_and.reduce(input.array == -np.inf, axis=dim, keepdims=True)
    if masked.any():
        out.array[...] = np.where(masked, 0, out.array)
    return out


_safe_softmax.vjp(input=lambda g, out, dim: softmax_backward_data(g, out, dim))


def matrices(t: Tensor, groups: int = 1) -> Array:
    """Heads as a batch of matrices, to compute with; each one repeated for its group."""
    a = t.array.astype(t.dtype.compute, copy=False)
    if groups > 1:
        a = np.repeat(a, groups, 1)
    return np.ascontiguousarray(a).reshape(-1, *a.shape[2:])


def scores(
    q: Array, k: Array, shape: Shape, factor: float, mask: Tensor | None, causal: bool
) -> Array:
    """How much queries and keys agree, (B, H, L, S), with what is masked at minus infinity."""
    made = np.empty((q.shape[0], q.shape[1], k.shape[1]), q.dtype)
    backends.product(q, k.transpose(0, 2, 1), made, factor)
    found = made.reshape(shape)
    if causal:
        found[..., ~np.tri(shape[2], shape[3], dtype=np.bool_)] = -np.inf
    if mask is not None:
        found += mask.array.astype(found.dtype)
    return found


def geometry(query: Tensor, key: Tensor) -> tuple[tuple[int, int, int, int], int]:
    """The shape of all scores, and how many query heads share a key head."""
    b, h, n, _ = query.sizes
    return (b, h, n, key.sizes[2]), h // key.sizes[1]


def check_fused(query: Tensor, dropout_p: float) -> None:
    """Raise RuntimeError for what the fused kernel does not do."""
    called = "scaled_dot_product_attention_flash_attention"
    if not query.dtype.is_floating_point:
        raise RuntimeError(
            f"{called}: Expected data type in FP32, FP64, BF16, FP16, but got "
            f"{query.dtype.aten_name} instead."
        )
    if dropout_p:
        raise RuntimeError(f"{called}: Currently do not support dropout > 0")


@op("like", method=False, graded=1)
def _scaled_dot_product_flash_attention_for_cpu(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    attn_mask: Tensor | None = None,
    scale: float | None = None,
) -> Attended:
    """Attention of (B, H, L, E), (B, H, S, E) twice, with a mask to add: (B, H, L, E)."""
    check_fused(query, dropout_p)
    shape, groups = geometry(query, key)
    factor = 1 / math.sqrt(query.sizes[3]) if scale is None else scale
    q, k = matrices(query), matrices(key, groups)
    weights, lse = quietly(weighed, q, k, shape, factor, attn_mask, is_causal)
    made = np.empty_like(q)
    backends.product(weights.reshape(-1, *shape[2:]), matrices(value, groups), made)
    out = empty(query.sizes, strides.like(query.sizes, query.strides), query.dtype)
    out.array[...] = made.reshape(query.sizes)
    b, h, n, _ = shape
    wide = dtypes.float32 if query.dtype.is_half else query.dtype
    kept = empty((b, h, n), (h * n, 1, h), wide)
    kept.array[...] = lse
    return Attended(out, kept)


def weighed(
    q: Array, k: Array, shape: Shape, factor: float, mask: Tensor | None, causal: bool
) -> tuple[Array, Array]:
    """How much each query takes of each value, (B, H, L, S), and the logarithms of divisors."""
    if not by_loops(q, shape):
        return normalised(scores(q, k, shape, factor, mask, causal))
    s = scores(q, k, shape, factor, mask, causal and mask is not None)
    lse = np.empty(shape[:3], s.dtype)
    loop("softmax.attention_rows")(s, lse, shape[3], shape[2], causal and mask is None)
    return s, lse


def by_loops(q: Array, shape: Shape) -> bool:
    """Whether compiled loops walk scores of a shape, and rows of queries beside them."""
    return numel(shape) >= MANY and q.dtype == np.float32


def normalised(s: Array) -> tuple[Array, Array]:
    """The softmax of scores, and the logarithms of its divisors; 0 where all is masked."""
    most = np.maximum.reduce(s, -1, keepdims=True)
    most = np.where(most == -np.inf, 0, most)
    np.exp(np.subtract(s, most, out=s), out=s)
    total = np.add.reduce(s, -1, keepdims=True)
    masked = total == 0
    np.divide(s, np.where(masked, 1, total), out=s)
    return s, np.where(masked, 0, most + np.log(total))[..., 0]


@op("contiguous", method=False, node="torch::autograd::NotImplemented")
def _scaled_dot_product_flash_attention_for_cpu_backward(
    grad_out: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    output: Tensor,
    logsumexp: Tensor,
    dropout_p: float,
    is_causal: bool,
    *,
    attn_mask: Tensor | None = None,
    scale: float | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of queries, keys and values, with the weights computed once more."""
    del dropout_p
    shape, groups = geometry(query, key)
    factor = 1 / math.sqrt(query.sizes[3]) if scale is None else scale
    q, g, y = (matrices(t) for t in (query, grad_out, output))
    k, v = matrices(key, groups), matrices(value, groups)
    again = quietly(weighed_again, q, k, shape, factor, attn_mask, is_causal, logsumexp.array)
    weights = again.reshape(-1, *shape[2:])
    of_q, of_k, of_v, of_s = (np.empty_like(a) for a in (q, k, v, weights))
    backends.product(weights.transpose(0, 2, 1), g, of_v)
    backends.product(g, v.transpose(0, 2, 1), of_s)
    if by_loops(q, shape):
        sizes = shape[3], g.shape[-1]
        loop("softmax.attention_backward")(of_s, weights, g, y, *sizes, np.float32(factor))
    else:
        of_s -= np.add.reduce(g * y, -1, keepdims=True)
        of_s *= weights * weights.dtype.type(factor)
    backends.product(of_s, k, of_q)
    backends.product(of_s.transpose(0, 2, 1), q, of_k)
    return by_position(of_q, query), by_position(of_k, key), by_position(of_v, value)


def weighed_again(
    q: Array, k: Array, shape: Shape, factor: float, mask: Tensor | None, causal: bool, lse: Array
) -> Array:
    """The weights of `weighed`, by the logarithms that it found."""
    if not by_loops(q, shape):
        s = scores(q, k, shape, factor, mask, causal)
        return np.exp(s - lse[..., None])
    s = scores(q, k, shape, factor, mask, causal and mask is not None)
    less = np.ascontiguousarray(lse, s.dtype)
    loop("softmax.attention_again")(s, less, shape[3], shape[2], causal and mask is None)
    return s


def by_position(a: Array, like: Tensor) -> Tensor:
    """A gradient as the kernel leaves it, heads side by side; summed over groups of heads."""
    b, h, n, e = like.sizes
    made = empty((b, h, n, e), (n * h * e, e, h * e, 1), like.dtype)
    made.array[...] = a.reshape(b, h, -1, n, e).sum(2)
    return made


def _backward(
    g_output: Tensor | None,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    output: Tensor,
    logsumexp: Tensor,
    dropout_p: float,
    is_causal: bool,
    attn_mask: Tensor | None,
    scale: float | None,
    wanted: tuple[bool, bool, bool],
) -> tuple[Tensor | None, ...]:
    del wanted
    if g_output is None:
        return None, None, None
    return _scaled_dot_product_flash_attention_for_cpu_backward(
        g_output, query, key, value, output, logsumexp, dropout_p, is_causal,
        attn_mask=attn_mask, scale=scale,
    )  # fmt: skip


_scaled_dot_product_flash_attention_for_cpu.vjp(
    query=_backward, key=_backward, value=_backward, attn_mask=None
)
_scaled_dot_product_flash_attention_for_cpu.jvp("refused")
