"""Attention of several heads as a layer. Source: torch/nn/modules/activation.py."""

from minitorch_np.devices import device
from minitorch_np.dtypes import dtype
from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.nn import functional as F
from minitorch_np.nn.attention_functions import canonical_mask
from minitorch_np.nn.init import constant_, xavier_normal_, xavier_uniform_
from minitorch_np.nn.linear import Linear
from minitorch_np.nn.module import Module
from minitorch_np.nn.parameter import Parameter
from minitorch_np.ops.creation import empty
from minitorch_np.tensor import Tensor

__all__ = ["MultiheadAttention", "NonDynamicallyQuantizableLinear"]


class NonDynamicallyQuantizableLinear(Linear):
    """A linear layer, under the name that PyTorch prints for the last one of attention."""


class MultiheadAttention(Module):
    """Queries (L, N, E) to a mean of values (S, N, V) by how they agree with keys (S, N, K).

    With `batch_first` N comes first; it may be left out. Returns the result and its weights,
    (N, L, S), a mean over heads unless asked otherwise, or None where they are not needed.
    """

    in_proj_weight: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: "device | str | None" = None,
        dtype: dtype | None = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                f"num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim == self.vdim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")
        whole = (3 * embed_dim, embed_dim)
        shapes: dict[str, tuple[int, ...] | None] = {"in_proj_weight": whole}
        if not self._qkv_same_embed_dim:
            sizes = zip("qkv", (embed_dim, self.kdim, self.vdim), strict=True)
            shapes = {f"{letter}_proj_weight": (embed_dim, n) for letter, n in sizes}
            shapes["in_proj_weight"] = None
        else:
            shapes.update({f"{letter}_proj_weight": None for letter in "qkv"})
        shapes["in_proj_bias"] = (3 * embed_dim,) if bias else None
        self._make(shapes, device, dtype)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        if add_bias_kv:
            self._make({f"bias_{letter}": (1, 1, embed_dim) for letter in "kv"}, device, dtype)
        else:
            self.bias_k = self.bias_v = None
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _make(
        self,
        shapes: dict[str, tuple[int, ...] | None],
        device: "device | str | None",
        dtype: dtype | None,
    ) -> None:
        for name, shape in shapes.items():
            made = None if shape is None else Parameter(empty(shape, device=device, dtype=dtype))
            self.register_parameter(name, made)

    def _reset_parameters(self) -> None:
        weights = self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight
        for weight in weights:
            if weight is not None:
                xavier_uniform_(weight)
        if self.in_proj_bias is not None and self.out_proj.bias is not None:
            constant_(self.in_proj_bias, 0.0)
            constant_(self.out_proj.bias, 0.0)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                xavier_normal_(bias)

    def _is_fast(self, query: Tensor, key: Tensor, value: Tensor, floats: bool) -> bool:
        """Whether PyTorch has one kernel for all of this, whose result is laid out otherwise."""
        if floats or query.ndim != 3 or query is not key or key is not value or self.training:
            return False
        usual = self.batch_first and self._qkv_same_embed_dim and self.num_heads % 2 == 0
        more = self.bias_k is not None or self.bias_v is not None or self.add_zero_attn
        if not usual or more or self.in_proj_bias is None:
            return False
        given = [query, *self.parameters()]
        return not (is_grad_enabled() and any(t.requires_grad for t in given))

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The result, and the weights or None; see `functional.multi_head_attention_forward`."""
        masks = attn_mask, key_padding_mask
        fast = self._is_fast(
            query, key, value, any(m is not None and m.is_floating_point() for m in masks)
        )
        padding = canonical_mask(
            key_padding_mask, "key_padding_mask", attn_mask, "attn_mask", query.dtype
        )
        mask = canonical_mask(attn_mask, "attn_mask", None, "", query.dtype)
        turned = self.batch_first and query.ndim == 3
        if turned:  # one tensor stays one
            seen: dict[int, Tensor] = {}
            query, key, value = (
                seen.setdefault(id(t), t.transpose(1, 0)) for t in (query, key, value)
            )
        out, weights = F.multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight,
            self.in_proj_bias, self.bias_k, self.bias_v, self.add_zero_attn, self.dropout,
            self.out_proj.weight, self.out_proj.bias, training=self.training,
            key_padding_mask=padding, need_weights=need_weights, attn_mask=mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight, k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight, average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )  # fmt: skip
        if turned:
            out = out.transpose(1, 0)
        return out.contiguous() if fast else out, weights
