"""Rules of convolution, pooling, norms and what else takes batches of images (N, C, ...).

The examples join N where nothing but the images differs, and the channels where weights do.
Source: aten/src/ATen/functorch/BatchRules{Convolution,Modules,Norm}.cpp.
"""

from typing import Any, cast

from minitorch_np.func.batched import Level
from minitorch_np.func.dispatch import RULES, Kwargs, mapped, rule
from minitorch_np.graph.modes import RegisteredOp
from minitorch_np.tensor import Tensor

__all__: list[str] = []

A = Any

FOLDED = {
    3: """max_pool1d_forward reflection_pad1d replication_pad1d reflection_pad1d_backward
    replication_pad1d_backward upsample_nearest1d _upsample_nearest_exact1d upsample_linear1d
    upsample_nearest1d_backward _upsample_nearest_exact1d_backward upsample_linear1d_backward
    col2im affine_grid_generator""",
    4: """avg_pool2d avg_pool2d_backward max_pool2d_with_indices max_pool2d_with_indices_backward
    adaptive_avg_pool2d_kernel adaptive_avg_pool2d_backward adaptive_max_pool2d
    adaptive_max_pool2d_backward reflection_pad2d replication_pad2d reflection_pad2d_backward
    replication_pad2d_backward upsample_nearest2d _upsample_nearest_exact2d upsample_bilinear2d
    upsample_bicubic2d upsample_nearest2d_backward _upsample_nearest_exact2d_backward
    upsample_bilinear2d_backward upsample_bicubic2d_backward _upsample_bilinear2d_aa
    _upsample_bilinear2d_aa_backward _upsample_bicubic2d_aa _upsample_bicubic2d_aa_backward
    _upsample_lanczos2d_aa _upsample_lanczos2d_aa_backward max_unpool2d im2col grid_sampler_2d
    channel_shuffle native_channel_shuffle pixel_shuffle pixel_unshuffle""",
    5: """avg_pool3d avg_pool3d_backward max_pool3d_with_indices max_pool3d_with_indices_backward
    adaptive_avg_pool3d_kernel adaptive_avg_pool3d_backward adaptive_max_pool3d
    adaptive_max_pool3d_backward reflection_pad3d replication_pad3d reflection_pad3d_backward
    replication_pad3d_backward upsample_nearest3d _upsample_nearest_exact3d upsample_trilinear3d
    upsample_nearest3d_backward _upsample_nearest_exact3d_backward upsample_trilinear3d_backward
    max_unpool3d grid_sampler_3d""",
}
"""Ops on images (N, ...), each of which is worked out alone; by the number of dims."""

_FULL = {name: ndim for ndim, names in FOLDED.items() for name in names.split()}
_SIZED = ("input_size", "size")
"""Parameters that are a shape with N."""


def folded(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """The op on the images of all examples, one after the other."""
    full = _FULL[op.name]
    ndims = {t.ndim for t in given.values() if isinstance(t, Tensor)}
    ready = dict(given)
    whole = ndims == {full} or op.name in ("grid_sampler_2d", "grid_sampler_3d")
    if not whole and ndims != {full - 1}:
        return NotImplemented
    images = 0
    for name, t in given.items():
        if isinstance(t, Tensor):
            value = level.spread(t)
            images = t.sizes[0]
            ready[name] = value.reshape(level.size * images, *t.sizes[1:]) if whole else value
        elif name in _SIZED and isinstance(t, tuple):
            ready[name] = (level.size * t[0], *t[1:])
    result = op(**ready)
    if not whole:
        return result
    return mapped(lambda t: t.reshape(level.size, images, *t.sizes[1:]), result)


RULES.update(dict.fromkeys(_FULL, folded))


@rule("constant_pad_nd")
def constant_pad_nd(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Padding counts dims from the last, so that the batch's is not reached."""
    if len(given["pad"]) > 2 * given["input"].ndim:
        return NotImplemented
    return op(**dict(given, input=level.front(given["input"])))


@rule(
    "_scaled_dot_product_flash_attention_for_cpu",
    "_scaled_dot_product_flash_attention_for_cpu_backward",
)
def attention(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Attention of all examples' batches (N, H, L, E)."""
    n, mask = given["query"].sizes[0], given["attn_mask"]
    images = {name: t for name, t in given.items() if isinstance(t, Tensor) and t is not mask}
    if given["dropout_p"] or any(t.sizes[0] != n or t.ndim < 3 for t in images.values()):
        return NotImplemented
    ready = {name: level.spread(t).flatten(0, 1) for name, t in images.items()}
    if mask is not None and (level.holds(mask) or mask.ndim == 4):
        wide = level.spread(mask).view(level.size, *(1,) * (4 - mask.ndim), *mask.sizes)
        ready["attn_mask"] = wide.expand(-1, n, *wide.sizes[2:]).flatten(0, 1)
    result = op(**dict(given, **ready))
    return mapped(lambda t: t.reshape(level.size, n, *t.sizes[1:]), result)


@rule("grid_sampler_2d_backward", "grid_sampler_3d_backward")
def grid_sampler_backward(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Gradients of all examples' images and grids; one that was not asked for has no elements."""
    images = {name: t for name, t in given.items() if isinstance(t, Tensor)}
    n, asked = given["input"].sizes[0], given["output_mask"]
    ready = {name: level.spread(t).flatten(0, 1) for name, t in images.items()}
    found = zip(asked, cast(Any, op(**dict(given, **ready))), strict=True)
    return [t.reshape(level.size, n, *t.sizes[1:]) if one else level.spread(t) for one, t in found]


@rule("convolution")
def convolution(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Examples of images join N; examples of weights, the channels, as groups of their own."""
    input, weight, bias = given["input"], given["weight"], given["bias"]
    held = level.holds(input), level.holds(weight)
    ready = dict(given)
    own: Tensor | None = bias if held[1] or level.holds(bias) else None
    if own is not None:
        ready["bias"] = None
    if held == (False, False):
        out = cast(Tensor, op(**ready)).unsqueeze(0)
    elif not held[1]:
        value = level.front(input)
        ready["input"] = value.reshape(level.size * input.sizes[0], *input.sizes[1:])
        out = cast(Tensor, op(**ready))
        out = out.reshape(level.size, input.sizes[0], *out.sizes[1:])
    else:
        out = _grouped(level, op, ready)
    if own is None:
        return out
    tail = (1,) * (input.ndim - 2)
    each = level.front(own) if level.holds(own) else own.unsqueeze(0)
    return out + each.view(each.sizes[0], 1, each.sizes[1], *tail)


def _grouped(level: Level, op: RegisteredOp, given: Kwargs) -> Tensor:
    """Convolution with a weight for each example: (N, B * C, ...) in B times as many groups."""
    input, weight, groups = given["input"], given["weight"], given["groups"]
    value, n = level.spread(input), input.sizes[0]
    joined = value.transpose(0, 1).reshape(n, level.size * input.sizes[1], *input.sizes[2:])
    weights = level.front(weight).reshape(level.size * weight.sizes[0], *weight.sizes[1:])
    ready = dict(given, input=joined, weight=weights, groups=level.size * groups)
    out = cast(Tensor, op(**ready))
    channels = out.sizes[1] // level.size
    return out.reshape(n, level.size, channels, *out.sizes[2:]).transpose(0, 1)


def _scaled(
    level: Level, out: Tensor, weight: Tensor | None, bias: Tensor | None, at: int, ndim: int
) -> Tensor:
    """`out * weight + bias`, whose last dimension is dimension `at` of an example's `ndim`."""
    for t, is_weight in ((weight, True), (bias, False)):
        if t is None:
            continue
        each = level.front(t) if level.holds(t) else t.unsqueeze(0)
        seen = each.view(
            each.sizes[0], *(1,) * (at - t.ndim + 1), *t.sizes, *(1,) * (ndim - at - 1)
        )
        out = out * seen if is_weight else out + seen
    return out


@rule("native_layer_norm")
def native_layer_norm(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Layer norm is of rows; only weights of each example's own are applied apart."""
    weight, bias, input = given["weight"], given["bias"], given["input"]
    value = level.spread(input)
    if not (level.holds(weight) or level.holds(bias)):
        return op(**dict(given, input=value))
    out, mean, rstd = cast(Any, op(**dict(given, input=value, weight=None, bias=None)))
    return _scaled(level, out, weight, bias, input.ndim - 1, input.ndim), mean, rstd


@rule("native_group_norm")
def native_group_norm(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Group norm is of images: the examples join N."""
    weight, bias, input = given["weight"], given["bias"], given["input"]
    n = given["N"]
    own = level.holds(weight) or level.holds(bias)
    ready = dict(given, input=level.spread(input).flatten(0, 1), N=level.size * n)
    if own:
        ready.update(weight=None, bias=None)
    out, mean, rstd = cast(Any, op(**ready))
    out, mean, rstd = [t.reshape(level.size, n, *t.sizes[1:]) for t in (out, mean, rstd)]
    return (_scaled(level, out, weight, bias, 1, input.ndim) if own else out), mean, rstd


@rule("native_batch_norm")
def native_batch_norm(level: Level, op: RegisteredOp, given: Kwargs) -> A:
    """Batch norm is of channels: the examples join those."""
    input, running = given["input"], (given["running_mean"], given["running_var"])
    if given["training"] and level.holds(input):
        if any(t is not None and not level.holds(t) for t in running):
            raise RuntimeError(
                "Batch norm got a batched tensor as input while the running_mean or running_var, "
                "which will be updated in place, were not batched.\nIf you are using a module and "
                "do not need eval mode, please set `track_running_stats` to be False.If you are "
                "using a prebuilt module and do not need eval mode, please see the functorch "
                "website for resources on how to patch your module to work with vmap"
            )
    n, channels = input.sizes[:2]
    joined = level.spread(input).transpose(0, 1).reshape(n, level.size * channels, *input.sizes[2:])
    kept = [None if t is None else level.spread(t).reshape(-1) for t in running]
    ready = dict(given, input=joined, weight=None, bias=None)
    ready.update(running_mean=kept[0], running_var=kept[1])
    out, mean, rstd = cast(Any, op(**ready))
    if given["training"]:
        for t, now in zip(running, kept, strict=True):
            if t is not None and now is not None:
                level.front(t).copy_(now.view(level.size, channels))
    out = out.reshape(n, level.size, channels, *input.sizes[2:]).transpose(0, 1)
    out = _scaled(level, out, given["weight"], given["bias"], 1, input.ndim)
    mean, rstd = [t.view(level.size, t.numel() // level.size) for t in (mean, rstd)]
    return out, mean, rstd
