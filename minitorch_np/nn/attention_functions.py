"""Attention of several heads as a function. Source: torch/nn/functional.py."""

import math
import warnings
from collections.abc import Sequence
from typing import NamedTuple

from minitorch_np import dtypes
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.flight import depth
from minitorch_np.ops.addmm import baddbmm
from minitorch_np.ops.attention import scaled_dot_product_attention
from minitorch_np.ops.copy import zeros_like
from minitorch_np.ops.creation import zeros
from minitorch_np.ops.dropout import dropout
from minitorch_np.ops.join import cat
from minitorch_np.ops.linalg import linear
from minitorch_np.ops.padding import pad
from minitorch_np.ops.products import bmm
from minitorch_np.ops.softmax import softmax
from minitorch_np.shapes import Shape
from minitorch_np.tensor import Tensor

__all__ = ["canonical_mask", "multi_head_attention_forward"]

Three = tuple[Tensor, Tensor, Tensor]
Maybe = Tensor | None


def canonical_mask(
    mask: Maybe, name: str, other: Maybe, other_name: str, dtype: Dtype, *, check: bool = True
) -> Maybe:
    """A mask to add: minus infinity where a bool is true. Warns of two masks of two kinds.

    Raises: AssertionError for a mask of integers. Source: _canonical_mask.
    """
    if mask is None:
        return None
    floats = mask.is_floating_point()
    if mask.dtype is not dtypes.bool_ and not floats:
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if check and other is not None and other.dtype is not mask.dtype:
        warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both "
            "instead.",
            stacklevel=depth(),
        )
    return mask if floats else zeros_like(mask).to(dtype).masked_fill_(mask, -math.inf)


def check_dims(
    query: Tensor, key: Tensor, value: Tensor, padding: Maybe, mask: Maybe, num_heads: int
) -> bool:
    """Whether there is a batch. Raises: AssertionError for dims that do not fit together.

    Source: _mha_shape_check.
    """
    n = query.dim()
    if n not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {n}-D query tensor"
        )
    kind = "batched" if n == 3 else "unbatched"
    if key.dim() != n or value.dim() != n:
        raise AssertionError(
            f"For {kind} ({n}-D) `query`, expected `key` and `value` to be {n}-D but found "
            f"{key.dim()}-D and {value.dim()}-D tensors respectively"
        )
    if padding is not None and padding.dim() != n - 1:
        raise AssertionError(
            f"For {kind} ({n}-D) `query`, expected `key_padding_mask` to be `None` or {n - 1}-D "
            f"but found {padding.dim()}-D tensor instead"
        )
    if mask is not None and mask.dim() not in (2, 3):
        raise AssertionError(
            f"For {kind} ({n}-D) `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found "
            f"{mask.dim()}-D tensor instead"
        )
    if mask is not None and n == 2 and mask.dim() == 3:
        expected = (num_heads, query.sizes[0], key.sizes[0])
        if mask.sizes != expected:
            raise AssertionError(
                f"Expected `attn_mask` shape to be {expected} but got {mask.shape}"
            )
    return n == 3


def split_last(projected: Tensor, count: int) -> Tensor:
    """(L, N, count * E) as (count, L, N, E), each part in one piece."""
    parts = projected.unflatten(-1, (count, projected.size(-1) // count))
    return parts.unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous()


def both_masks(
    mask: Maybe, padding: Maybe, is_causal: bool, need_weights: bool, dtype: Dtype
) -> tuple[Maybe, Maybe, bool]:
    """The masks to add, and whether a causal one need not be added.

    Raises: RuntimeError for a causal mask that is not given.
    """
    padding = canonical_mask(padding, "key_padding_mask", mask, "attn_mask", dtype)
    if is_causal and mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module "
            "method `generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and padding is None and not need_weights:
        return None, None, True
    mask = canonical_mask(mask, "attn_mask", None, "", dtype)
    return mask, padding, is_causal and padding is None


def projected_together(q: Tensor, k: Tensor, v: Tensor, weight: Maybe, bias: Maybe) -> Three:
    """Queries, keys and values by one weight, in as few products as they are tensors.

    Raises: AssertionError where there is none. Source: _in_projection_packed.
    """
    if weight is None:
        raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
    e = q.size(-1)
    if q is k and k is v:
        parts = split_last(linear(q, weight, bias), 3)
        return parts[0], parts[1], parts[2]
    if k is v:
        of_q, of_kv = weight.split([e, 2 * e])
        b_q, b_kv = (None, None) if bias is None else bias.split([e, 2 * e])
        first = linear(q, of_q, b_q)
        parts = split_last(linear(k, of_kv, b_kv), 2)
        return first, parts[0], parts[1]
    biases: Sequence[Maybe] = [None] * 3 if bias is None else bias.chunk(3)
    made = [linear(t, w, b) for t, w, b in zip((q, k, v), weight.chunk(3), biases, strict=True)]
    return made[0], made[1], made[2]


def projected_apart(tensors: Three, weights: tuple[Maybe, Maybe, Maybe], bias: Maybe) -> Three:
    """Queries, keys and values by a weight each. Raises: AssertionError. Source: _in_projection."""
    e = tensors[0].size(-1)
    biases: Sequence[Maybe] = [None] * 3 if bias is None else bias.chunk(3)
    for letter, w in zip("qkv", weights, strict=True):
        if w is None:
            raise AssertionError(
                f"use_separate_proj_weight is True but {letter}_proj_weight is None"
            )
    names = "query", "key", "value"
    for name, t, w in zip(names, tensors, weights, strict=True):
        if w is not None and w.sizes != (e, t.size(-1)):
            raise AssertionError(
                f"expecting {name} weights shape of {(e, t.size(-1))}, but got {w.shape}"
            )
    for name, b in zip(names, biases, strict=True):
        if b is not None and b.sizes != (e,):
            raise AssertionError(f"expecting {name} bias shape of {(e,)}, but got {b.shape}")
    q, k, v = [
        linear(t, w, b) for t, w, b in zip(tensors, weights, biases, strict=True) if w is not None
    ]
    return q, k, v


def check_mask(mask: Tensor, flat: Shape, whole: Shape) -> Tensor:
    """A mask of three dims. Raises: RuntimeError for one of another shape."""
    expected = flat if mask.dim() == 2 else whole
    if mask.sizes != expected:
        raise RuntimeError(
            f"The shape of the {mask.dim()}D attn_mask is {mask.shape}, but should be {expected}."
        )
    return mask.unsqueeze(0) if mask.dim() == 2 else mask


def one_more(mask: Maybe) -> Maybe:
    """A mask with one more key, which takes part."""
    return None if mask is None else pad(mask, (0, 1))


def by_head(t: Tensor, static: Maybe, name: str, heads: int, size: int) -> Tensor:
    """(S, N, E) as (N * heads, S, E / heads), or what is given in its place."""
    if static is None:
        return t.view(t.sizes[0], heads, size).transpose(0, 1)
    for dim, expected in ((0, heads), (2, size)):
        if static.size(dim) != expected:
            raise AssertionError(
                f"expecting {name}.size({dim}) of {expected}, but got {static.size(dim)}"
            )
    return static


def merged(mask: Maybe, padding: Maybe, batch: int, heads: int, length: int) -> Maybe:
    """Both masks in one. Raises: AssertionError for padding of another shape."""
    if padding is None:
        return mask
    for dim, expected in enumerate((batch, length)):
        if padding.sizes[dim] != expected:
            raise AssertionError(
                f"Expected key_padded_mask.shape[{dim}] to be {expected}, but got "
                f"{padding.sizes[dim]}"
            )
    wide = padding.view(batch, 1, 1, length).expand(-1, heads, -1, -1)
    rows = wide.reshape(batch * heads, 1, length)
    return rows if mask is None else mask + rows


def biases(bias_k: Maybe, bias_v: Maybe, static_k: Maybe, static_v: Maybe) -> bool:
    """Whether a key and a value are added. Raises: AssertionError where they cannot be."""
    if bias_k is None and bias_v is None:
        return False
    if bias_v is None:
        raise AssertionError("bias_k is set but bias_v is None")
    if bias_k is None:
        raise AssertionError("bias_v is set but bias_k is None")
    for name, static in (("key", static_k), ("value", static_v)):
        if static is not None:
            raise AssertionError(f"bias cannot be added to static {name}.")
    return True


class Heads(NamedTuple):
    """Queries, keys and values of (N * heads, length, size), and the mask to add."""

    q: Tensor
    k: Tensor
    v: Tensor
    mask: Maybe


def weighed(h: Heads, dropout_p: float) -> tuple[Tensor, Tensor]:
    """Values in the mean by weights, (N * heads, L, size), and the weights."""
    scaled = h.q * math.sqrt(1.0 / h.q.sizes[2])
    turned = h.k.transpose(-2, -1)
    scores = bmm(scaled, turned) if h.mask is None else baddbmm(h.mask, scaled, turned)
    weights = softmax(scores, -1)
    if dropout_p > 0.0:
        weights = dropout(weights, dropout_p, True)
    return bmm(weights, h.v), weights


def fused(h: Heads, batch: int, heads: int, dropout_p: float, is_causal: bool) -> Tensor:
    """The same without the weights, as (L, N, heads, size)."""
    mask, length = h.mask, h.k.sizes[1]
    if mask is not None:
        one = mask.size(0) == 1 and mask.dim() == 3
        mask = mask.unsqueeze(0) if one else mask.view(batch, heads, -1, length)
    q, k, v = (t.view(batch, heads, t.sizes[1], t.sizes[2]) for t in (h.q, h.k, h.v))
    return scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal).permute(2, 0, 1, 3)


def check_sizes(key: Tensor, value: Tensor, embed_dim: int, num_heads: int, apart: bool) -> int:
    """The size of a head. Raises: AssertionError for sizes that do not fit together."""
    size = embed_dim // num_heads
    if size * num_heads != embed_dim:
        raise AssertionError(f"embed_dim {embed_dim} not divisible by num_heads {num_heads}")
    if apart and key.sizes[:2] != value.sizes[:2]:
        raise AssertionError(
            f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
        )
    if not apart and key.sizes != value.sizes:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
    return size


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Maybe,
    in_proj_bias: Maybe,
    bias_k: Maybe,
    bias_v: Maybe,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Maybe,
    training: bool = True,
    key_padding_mask: Maybe = None,
    need_weights: bool = True,
    attn_mask: Maybe = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Maybe = None,
    k_proj_weight: Maybe = None,
    v_proj_weight: Maybe = None,
    static_k: Maybe = None,
    static_v: Maybe = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Maybe]:
    """Attention of projected heads, (L, N, E), and its weights, (N, L, S), or None.

    `query` is (L, N, E), `key` and `value` (S, N, E), or all without N. A padding mask, (N, S),
    is true, or minus infinity, where a key takes no part.
    """
    batched = check_dims(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = (t.unsqueeze(1) for t in (query, key, value))
        if key_padding_mask is not None:
            key_padding_mask = key_padding_mask.unsqueeze(0)
    length, batch, embed_dim = query.sizes
    mask, padding, is_causal = both_masks(
        attn_mask, key_padding_mask, is_causal, need_weights, query.dtype
    )
    if embed_dim != embed_dim_to_check:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim_to_check}, but got {embed_dim}"
        )
    size = check_sizes(key, value, embed_dim, num_heads, use_separate_proj_weight)
    if use_separate_proj_weight:
        apart = q_proj_weight, k_proj_weight, v_proj_weight
        q, k, v = projected_apart((query, key, value), apart, in_proj_bias)
    else:
        q, k, v = projected_together(query, key, value, in_proj_weight, in_proj_bias)
    if mask is not None:
        flat = (length, key.sizes[0])
        mask = check_mask(mask, flat, (batch * num_heads, *flat))
    if biases(bias_k, bias_v, static_k, static_v):
        k, v = (
            cat([t, b.repeat(1, batch, 1)]) for t, b in ((k, bias_k), (v, bias_v)) if b is not None
        )
        mask, padding = one_more(mask), one_more(padding)
    rows = batch * num_heads
    q = q.view(length, rows, size).transpose(0, 1)
    k = by_head(k, static_k, "static_k", rows, size)
    v = by_head(v, static_v, "static_v", rows, size)
    if add_zero_attn:
        k, v = (cat([t, zeros((rows, 1, size), dtype=t.dtype)], 1) for t in (k, v))
        mask, padding = one_more(mask), one_more(padding)
    h = Heads(q, k, v, merged(mask, padding, batch, num_heads, k.size(1)))
    return _finished(
        h, (batch, num_heads), (out_proj_weight, out_proj_bias), dropout_p if training else 0.0,
        is_causal, need_weights, average_attn_weights, batched,
    )  # fmt: skip


def _finished(
    h: Heads,
    counts: tuple[int, int],
    out_proj: tuple[Tensor, Maybe],
    dropout_p: float,
    is_causal: bool,
    need_weights: bool,
    average: bool,
    batched: bool,
) -> tuple[Tensor, Maybe]:
    """The projected result of all heads, and their weights if they are needed."""
    (batch, heads), length, size = counts, h.q.sizes[1], h.q.sizes[2]
    weights = None
    if need_weights:
        if is_causal and h.mask is None:
            raise AssertionError("FIXME: is_causal not implemented for need_weights")
        mixed, weights = weighed(h, dropout_p)
        mixed = mixed.transpose(0, 1)
        weights = weights.view(batch, heads, length, h.k.sizes[1])
        weights = weights.mean(1) if average else weights
    else:
        mixed = fused(h, batch, heads, dropout_p, is_causal)
    out = linear(mixed.reshape(length * batch, heads * size), *out_proj)
    out = out.view(length, batch, out.size(1))
    if batched:
        return out, weights
    return out.squeeze(1), None if weights is None else weights.squeeze(0)
