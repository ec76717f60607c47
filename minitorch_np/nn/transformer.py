"""Layers of attention, and stacks of them. Source: torch/nn/modules/transformer.py."""

import copy
import math
import warnings
from collections.abc import Callable
from typing import Any

from minitorch_np.devices import device
from minitorch_np.dtypes import dtype
from minitorch_np.flight import depth
from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.nn import functional as F
from minitorch_np.nn.activation import GELU, ReLU
from minitorch_np.nn.attention import MultiheadAttention
from minitorch_np.nn.attention_functions import canonical_mask
from minitorch_np.nn.containers import ModuleList
from minitorch_np.nn.dropout import Dropout
from minitorch_np.nn.init import xavier_uniform_
from minitorch_np.nn.linear import Linear
from minitorch_np.nn.module import Module
from minitorch_np.nn.normalization import LayerNorm
from minitorch_np.ops.creation import full
from minitorch_np.ops.triangle import triu
from minitorch_np.tensor import Tensor

__all__ = [
    "Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder",
    "TransformerEncoderLayer",
]  # fmt: skip

Activation = str | Callable[[Tensor], Tensor]
Maybe = Tensor | None


def activation_of(activation: Activation) -> Callable[[Tensor], Tensor]:
    """The function that a name stands for. Raises: RuntimeError for a name of none."""
    if not isinstance(activation, str):
        return activation
    if activation not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return F.relu if activation == "relu" else F.gelu


def causal_mask(
    sz: int, device: "device | str | None" = None, dtype: dtype | None = None
) -> Tensor:
    """(sz, sz) of 0 up to the diagonal and minus infinity behind it."""
    return triu(full((sz, sz), -math.inf, dtype=dtype, device=device), 1)


def is_causal_mask(mask: Maybe, is_causal: bool | None, size: int | None) -> bool:
    """Whether a mask is causal: as said, or else as it looks."""
    if is_causal is not None or mask is None:
        return is_causal is True
    other = causal_mask(size if size is not None else mask.size(-2), dtype=mask.dtype)
    return mask.sizes == other.sizes and bool((mask == other).all())


def length_of(t: Tensor, batch_first: bool) -> int:
    """The length of sequences, with a batch or without."""
    return t.size(1) if t.ndim == 3 and batch_first else t.size(0)


class _Layer(Module):
    """Self-attention, and two linear layers for each position, each added to its input."""

    self_attn: MultiheadAttention

    def _make(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int,
        dropout: float,
        activation: Activation,
        layer_norm_eps: float,
        batch_first: bool,
        norm_first: bool,
        bias: bool,
        options: dict[str, Any],
        attentions: tuple[str, ...],
    ) -> None:
        """Make the parts, in the order in which they draw their parameters."""
        for name in attentions:
            part = MultiheadAttention(
                d_model, nhead, dropout, bias, batch_first=batch_first, **options
            )
            setattr(self, name, part)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **options)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **options)
        self.norm_first = norm_first
        numbers = range(1, len(attentions) + 2)
        for k in numbers:
            setattr(self, f"norm{k}", LayerNorm(d_model, layer_norm_eps, bias=bias, **options))
        for k in numbers:
            setattr(self, f"dropout{k}", Dropout(dropout))
        self.activation = activation_of(activation)

    def _attend(
        self, part: str, x: Tensor, memory: Tensor, mask: Maybe, padding: Maybe, is_causal: bool
    ) -> Tensor:
        attention: MultiheadAttention = getattr(self, part)
        return attention(
            x, memory, memory, attn_mask=mask, key_padding_mask=padding, need_weights=False,
            is_causal=is_causal,
        )[0]  # fmt: skip

    def _feed(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))

    def _add(self, x: Tensor, nr: int, block: Callable[[Tensor], Tensor]) -> Tensor:
        """x plus what a block makes of it, normalised before the block or after the sum."""
        norm, drop = getattr(self, f"norm{nr}"), getattr(self, f"dropout{nr}")
        if self.norm_first:
            return x + drop(block(norm(x)))
        return norm(x + drop(block(x)))


class TransformerEncoderLayer(_Layer):
    """Self-attention and a feedforward network: (S, N, E) to the same, N first if `batch_first`."""

    norm1: LayerNorm
    norm2: LayerNorm

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: "device | str | None" = None,
        dtype: dtype | None = None,
    ) -> None:
        super().__init__()
        self._make(
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
            norm_first, bias, {"device": device, "dtype": dtype}, ("self_attn",),
        )  # fmt: skip
        kinds = ((F.relu, ReLU), (F.gelu, GELU))
        found = [self.activation is f or isinstance(self.activation, kind) for f, kind in kinds]
        self.activation_relu_or_gelu = found.index(True) + 1 if any(found) else 0

    def _is_fast(self, src: Tensor) -> bool:
        """Whether PyTorch has one kernel for the layer, whose result is laid out otherwise."""
        attention = self.self_attn
        if src.ndim != 3 or self.training or why_not_fast(self, ordered=False):
            return False
        given = [src, *self.parameters()]
        return attention.batch_first and not (
            is_grad_enabled() and any(t.requires_grad for t in given)
        )

    def forward(
        self,
        src: Tensor,
        src_mask: Maybe = None,
        src_key_padding_mask: Maybe = None,
        is_causal: bool = False,
    ) -> Tensor:
        """The shape of `src`."""
        padding = canonical_mask(
            src_key_padding_mask, "src_key_padding_mask", src_mask, "src_mask", src.dtype
        )
        mask = canonical_mask(src_mask, "src_mask", None, "", src.dtype)

        def attend(x: Tensor) -> Tensor:
            return self._attend("self_attn", x, x, mask, padding, is_causal)

        out = self._add(self._add(src, 1, attend), 2, self._feed)
        return out.contiguous() if self._is_fast(src) else out


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention to `memory`, and a feedforward network: (T, N, E) to the same."""

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: "device | str | None" = None,
        dtype: dtype | None = None,
    ) -> None:
        super().__init__()
        self._make(
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
            norm_first, bias, {"device": device, "dtype": dtype}, ("self_attn", "multihead_attn"),
        )  # fmt: skip

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Maybe = None,
        memory_mask: Maybe = None,
        tgt_key_padding_mask: Maybe = None,
        memory_key_padding_mask: Maybe = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The shape of `tgt`."""

        def attend(x: Tensor) -> Tensor:
            return self._attend("self_attn", x, x, tgt_mask, tgt_key_padding_mask, tgt_is_causal)

        def remember(x: Tensor) -> Tensor:
            return self._attend(
                "multihead_attn", x, memory, memory_mask, memory_key_padding_mask, memory_is_causal
            )

        return self._add(self._add(self._add(tgt, 1, attend), 2, remember), 3, self._feed)


def why_not_fast(layer: Module, *, ordered: bool = True) -> str:
    """Why PyTorch's kernel does not take an encoder's layer; empty where it does."""
    name = "encoder_layer"
    if not isinstance(layer, TransformerEncoderLayer):
        return f"{name} was not TransformerEncoderLayer"
    attention, advice = layer.self_attn, "(use batch_first for better inference performance)"
    reasons = (
        (ordered and layer.norm_first, f"{name}.norm_first was True"),
        (not attention.batch_first, f"{name}.self_attn.batch_first was not True{advice}"),
        (attention.in_proj_bias is None, f"{name}.self_attn was passed bias=False"),
        (not layer.activation_relu_or_gelu, f"{name}.activation_relu_or_gelu was not True"),
        (
            layer.norm1.eps != layer.norm2.eps,
            f"{name}.norm1.eps was not equal to {name}.norm2.eps",
        ),
        (attention.num_heads % 2 == 1, f"{name}.self_attn.num_heads is odd"),
    )
    return next((text for found, text in reasons if found), "")


class _Stack(Module):
    """Copies of a layer, one after the other, and a normalisation at the end."""

    layers: ModuleList

    def __init__(self, layer: Module, num_layers: int, norm: Module | None) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm

    @property
    def _batch_first(self) -> bool:
        attention: Any = self.layers[0].self_attn
        return attention.batch_first

    def _normed(self, out: Tensor) -> Tensor:
        return out if self.norm is None else self.norm(out)


class TransformerEncoder(_Stack):
    """A stack of encoder layers. In evaluation PyTorch leaves out padding, and so zeros stand there
    before the last normalisation."""

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__(encoder_layer, num_layers, norm)
        self.enable_nested_tensor = enable_nested_tensor
        self.use_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check
        reason = why_not_fast(encoder_layer)
        if enable_nested_tensor and reason:
            warnings.warn(
                "enable_nested_tensor is True, but self.use_nested_tensor is False because "
                f"{reason}",
                stacklevel=depth(),
            )
            self.use_nested_tensor = False

    def _leaves_out(self, src: Tensor, padding: Maybe, mask: Maybe) -> bool:
        """Whether padding, at the end of each sequence, is left out."""
        first = self.layers[0]
        if not self.use_nested_tensor or first.training or src.ndim != 3 or padding is None:
            return False
        if mask is not None:
            return False
        padded = padding.logical_not().logical_not()
        if self.mask_check and bool((padded[:, :-1] > padded[:, 1:]).any()):
            return False
        given = [src, *first.parameters()]
        return not (is_grad_enabled() and any(t.requires_grad for t in given))

    def forward(
        self,
        src: Tensor,
        mask: Maybe = None,
        src_key_padding_mask: Maybe = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """The shape of `src`."""
        padding = canonical_mask(
            src_key_padding_mask, "src_key_padding_mask", mask, "mask", src.dtype
        )
        mask = canonical_mask(mask, "mask", None, "", src.dtype)
        causal = is_causal_mask(mask, is_causal, length_of(src, self._batch_first))
        out = src
        for layer in self.layers:
            out = layer(out, src_mask=mask, is_causal=causal, src_key_padding_mask=padding)
        if padding is not None and self._leaves_out(src, padding, mask):
            out = out.masked_fill(padding.logical_not().logical_not().unsqueeze(-1), 0.0)
        return self._normed(out)


class TransformerDecoder(_Stack):
    """A stack of decoder layers."""

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Maybe = None,
        memory_mask: Maybe = None,
        tgt_key_padding_mask: Maybe = None,
        memory_key_padding_mask: Maybe = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The shape of `tgt`."""
        causal = is_causal_mask(tgt_mask, tgt_is_causal, length_of(tgt, self._batch_first))
        out = tgt
        for layer in self.layers:
            out = layer(
                out,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=causal,
                memory_is_causal=memory_is_causal,
            )
        return self._normed(out)


class Transformer(Module):
    """An encoder of sources and a decoder of targets that attends to what it made of them."""

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: "device | str | None" = None,
        dtype: dtype | None = None,
    ) -> None:
        super().__init__()
        options: dict[str, Any] = {"device": device, "dtype": dtype}
        given = (
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
            norm_first, bias,
        )  # fmt: skip
        if custom_encoder is None:
            layer = TransformerEncoderLayer(*given, **options)
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, **options)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, norm)
        self.encoder = custom_encoder
        if custom_decoder is None:
            layer = TransformerDecoderLayer(*given, **options)
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, **options)
            custom_decoder = TransformerDecoder(layer, num_decoder_layers, norm)
        self.decoder = custom_decoder
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def _reset_parameters(self) -> None:
        for p in self.parameters():
            if p.ndim > 1:
                xavier_uniform_(p)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Maybe = None,
        tgt_mask: Maybe = None,
        memory_mask: Maybe = None,
        src_key_padding_mask: Maybe = None,
        tgt_key_padding_mask: Maybe = None,
        memory_key_padding_mask: Maybe = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The shape of `tgt`."""
        dim = 0 if self.batch_first else 1
        if src.ndim == 3 and src.size(dim) != tgt.size(dim):
            raise RuntimeError("the batch number of src and tgt must be equal")
        if src.size(-1) != self.d_model or tgt.size(-1) != self.d_model:
            raise RuntimeError("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder(
            src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal
        )
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(
        sz: int, device: "device | str | None" = None, dtype: dtype | None = None
    ) -> Tensor:
        """(sz, sz) of 0 up to the diagonal and minus infinity behind it."""
        return causal_mask(sz, device, dtype)
