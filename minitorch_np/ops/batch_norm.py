"""Batch and instance normalisation: each channel to mean 0 and variance 1, then weighed.

Source: aten/src/ATen/native/Normalization.cpp and cpu/batch_norm_kernel.cpp.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_np import kernels
from minitorch_np.dtypes import bfloat16
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.form import Form, Plans, form_of
from minitorch_np.graph.modes import is_grad_enabled, write_around
from minitorch_np.kernels.large import FLOAT, loop
from minitorch_np.loops import finish, not_implemented, quietly, resize_output
from minitorch_np.op import composite, op
from minitorch_np.ops.channels import (
    affine,
    channels_last,
    check_alike,
    cube,
    moments,
    over,
    plane,
    slopes,
    small,
    stored_as,
    vector,
    weights,
)
from minitorch_np.ops.curvature import Curvature, curvature
from minitorch_np.shapes import listed, numel, wrap_dim
from minitorch_np.strides import contiguous, suggested
from minitorch_np.tensor import Tensor, blank, empty

__all__ = ["batch_norm", "instance_norm", "native_batch_norm"]

Array = NDArray[Any]
Triple = tuple[Tensor, Tensor, Tensor]
Gradients = tuple[Tensor | None, Tensor | None, Tensor | None]


def rstd_of(variance: Array, eps: float) -> Array:
    """1 / sqrt(variance + eps), and 0 where both are 0."""
    wide = variance + variance.dtype.type(eps)
    return np.where(wide == 0, 0, 1 / np.sqrt(wide)).astype(variance.dtype)


def update(running: Tensor | None, now: Array, momentum: float) -> None:
    """Move running statistics towards those of this batch."""
    if running is not None:
        old = running.array.astype(now.dtype)
        running.array[...] = momentum * now + (1 - momentum) * old


Running = tuple[Tensor | None, Tensor | None]
"""Running means and variances."""


def normalised(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running: Running,
    training: bool,
    momentum: float,
    eps: float,
    stored: Dtype,
) -> tuple[Tensor, Array, Array]:
    """The result of batch normalisation; the means and the rstds of this batch, none in evaluation.

    In training the running variance takes the unbiased one of the batch, the result the biased one,
    and means and rstds as they are `stored`.
    """
    last = channels_last(input)
    a = cube(input, last)
    out = empty(input.sizes, suggested(input.sizes, input.strides), input.dtype)
    stepwise = stored.is_half and not packed(input, weight, bias, *running)
    if training:
        rounds = stored is bfloat16 and packed(input)  # there sums of squares are kept as that
        early = stored if stored is bfloat16 or not packed(input) else None
        found = moved(a, running, momentum, eps, early, stored if rounds else None)
        mean, rstd = (kept_as(stored, values) for values in found)
    else:
        mean, rstd = fixed(running, a, eps, stored if stepwise else None)
    if stepwise:
        put(out, by_steps(a, mean, rstd, weight, bias, stored), last)
    else:
        scale = rstd if weight is None else rstd * vector(weight, a)
        shift = -mean * scale if bias is None else vector(bias, a) - mean * scale
        direct = out.dtype.np == a.dtype
        affine(a, cube(out, last) if direct else a, scale, shift)  # else it is a copy already
        if not direct:
            put(out, a, last)
    return (out, mean, rstd) if training else (out, mean[:0], rstd[:0])


def kept_as(dtype: Dtype | None, values: Array) -> Array:
    """Values as a dtype, if there is one, holds them, to compute with."""
    return values if dtype is None else values.astype(dtype.np).astype(values.dtype)


def packed(input: Tensor, *values: Tensor | None) -> bool:
    """Whether PyTorch's loop over contiguous memory takes all; the other one takes other steps."""
    dense = input.is_contiguous()
    if not dense and input.ndim in (4, 5):
        dense = channels_last(input) and input.strides == suggested(input.sizes, input.strides)
    return dense and all(t is None or t.is_contiguous() for t in values)


def moved(
    a: Array,
    running: Running,
    momentum: float,
    eps: float,
    early: Dtype | None,
    between: Dtype | None,
) -> tuple[Array, Array]:
    """The means and the rstds of a batch, towards which running statistics are moved.

    Means are rounded to `early` before that, and sums of squares on the way to `between`, if any.
    """
    mean, spread = moments(a)
    mean = kept_as(early, mean)
    n = a.shape[0] * a.shape[2]
    spread = kept_as(between, spread)
    update(running[0], mean, momentum)
    update(running[1], kept_as(between, spread / a.dtype.type(n - 1)), momentum)
    return mean, rstd_of(kept_as(between, spread / a.dtype.type(n)), eps)


def by_steps(
    a: Array, mean: Array, rstd: Array, weight: Tensor | None, bias: Tensor | None, dtype: Dtype
) -> Array:
    """The result for halves that do not lie in one piece: each step is rounded."""
    out = kept_as(dtype, kept_as(dtype, a - over(mean)) * over(rstd))
    if weight is not None:
        out = kept_as(dtype, out * over(vector(weight, a)))
    return out if bias is None else out + over(vector(bias, a))


def fixed(running: Running, a: Array, eps: float, between: Dtype | None) -> tuple[Array, Array]:
    """The running means, and the rstds of running variances, rounded on the way if they are."""
    mean, variance = (weights(t, a) for t in running)
    assert mean is not None and variance is not None
    root = kept_as(between, np.sqrt(kept_as(between, variance + a.dtype.type(eps))))
    return mean, kept_as(between, 1 / root)


def put(out: Tensor, a: Array, last: bool) -> None:
    """Write an array of channels to a tensor."""
    n, c, *rest = out.sizes
    out.array[...] = np.moveaxis(a.reshape(n, *rest, c), -1, 1) if last else a.reshape(out.sizes)


def check_some(input: Tensor, training: bool, running: tuple[Tensor | None, Tensor | None]) -> None:
    """Raise where there is nothing to take statistics of, or nowhere to take them from."""
    if not input.numel():
        raise RuntimeError(
            "input tensor must have at least one element, but got input_sizes = "
            f"{listed(input.sizes)}"
        )
    for name, t in zip(("running_mean", "running_var"), running, strict=True):
        if t is None and not training:
            raise ValueError(f"{name} must be defined in evaluation mode")


def refuse_gradients(**given: Tensor | None) -> None:
    """Raise RuntimeError for statistics that want a gradient: they have none.

    Source: check_no_requires_grad, torch/csrc/autograd/VariableTypeUtils.h.
    """
    for name, t in given.items():
        if t is not None and t.requires_grad and is_grad_enabled():
            raise RuntimeError(
                "The function 'native_batch_norm' is not differentiable with respect to argument "
                f"'{name}'. This input cannot have requires_grad True."
            )


@op("suggested", method=False, graded=1, called="input")
def native_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    *,
    out: Triple | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """(input - mean) * rstd * weight + bias by channel, dim 1; the means; 1 / sqrt(var + eps).

    In training over the batch, moving the running statistics; else by those, and means and rstds
    are empty. Source: Ioffe and Szegedy, Batch Normalization (2015).
    """
    running = running_mean, running_var
    refuse_gradients(running_mean=running_mean, running_var=running_var)
    values = weight, bias, *running
    key = input.form, *[None if t is None else t.form for t in values]
    plan = _plans.get(key) if training and out is None else None
    if plan is not None and not kernels.waiting:
        return _by_loop(input, values, momentum, eps, plan)
    check_some(input, training, running)
    if not input.dtype.is_floating_point:
        raise not_implemented("batch_norm", input.dtype)
    stored = stored_as(input, weight, bias, *running)
    check_alike(stored, weight, bias, *running)
    y, mean, rstd = quietly(
        normalised, input, weight, bias, running, training, momentum, eps, stored
    )
    made = y, finish(mean, stored, None), finish(rstd, stored, None)
    if out is None:
        if training and y.form.in_order:
            _note(key, input, values, y.form)
        return made
    for source, target in zip(made, out, strict=True):
        if target.dtype is not source.dtype:
            raise RuntimeError(
                f"expected scalar type {source.dtype.aten_name} but found {target.dtype.aten_name}"
            )
        if target.sizes != source.sizes:
            resize_output(target, source.sizes, contiguous(source.sizes))
        target.array[...] = source.array
    return out


class Plan(NamedTuple):
    """The forms of the result and of statistics, how many elements of a channel lie side by side,
    and what stands for values that are not given."""

    out: Form
    saved: Form
    inner: int
    absent: tuple[Array, Array, Array, Array]


Values = tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]
"""Weight, bias, running mean and running variance."""

_plans = Plans[Plan]()
"""For training with small tensors: by the forms of the input and of the values of channels."""


def _note(key: object, input: Tensor, values: Values, form: Form) -> None:
    """Keep a plan, if the loops for small arrays take such tensors."""
    channels, inner = input.sizes[1], numel(input.sizes[2:])
    together = input.numel() if channels == 1 else inner
    if channels_last(input) or not small(input, together, *values):
        return
    ones = np.ones(channels, FLOAT)
    absent = ones, -0.0 * ones, ones.copy(), ones.copy()
    _plans.keep(key, Plan(form, form_of((channels,), (1,), input.dtype), inner, absent))


def _by_loop(input: Tensor, values: Values, momentum: float, eps: float, plan: Plan) -> Triple:
    """Batch normalisation of a small tensor, in training."""
    out, mean, rstd = blank(plan.out), blank(plan.saved), blank(plan.saved)
    given = zip(values, plan.absent, strict=True)
    weight, bias, means, variances = [a if t is None else t.array for t, a in given]
    found = input.array, plan.inner, mean.array, rstd.array
    loop("channels.small_batch")(*found, means, variances, momentum, eps)
    a, *rest = found
    loop("channels.small_channels")(a, out.array, *rest, weight, bias)
    return out, mean, rstd


def _backward(
    g_result0: Tensor | None,
    input: Tensor,
    weight: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    result1: Tensor,
    result2: Tensor,
    training: bool,
    eps: float,
    wanted: tuple[bool, bool, bool],
) -> Gradients:
    if g_result0 is None:
        return None, None, None
    return native_batch_norm_backward(
        g_result0, input, weight, running_mean, running_var, result1, result2, training, eps,
        wanted,
    )  # fmt: skip


native_batch_norm.vjp(
    input=_backward, weight=_backward, bias=_backward, running_mean=None, running_var=None
)


def _pushed(
    t: Tensor,
    input: Tensor,
    weight: Tensor | None,
    running: Running,
    kept: tuple[Tensor, Tensor],
    training: bool,
    eps: float,
) -> Tensor:
    """What the tangent of the input adds: the gradient of an op without a weight, for that map is
    symmetric. Source: batch_norm_jvp, torch/csrc/autograd/FunctionsManual.cpp."""
    only = True, False, False
    pushed, _, _ = native_batch_norm_backward(t, input, None, *running, *kept, training, eps, only)
    return pushed if weight is None else pushed * by_channel(weight, input.ndim)


def _weighted(t: Tensor, input: Tensor, running: Running, training: bool, eps: float) -> Tensor:
    """What the tangent of the weight adds. Running statistics are moved by the op alone."""
    given = (None, None) if training else running
    normal, _, _ = native_batch_norm(input, None, None, *given, training, 0.0, eps)
    return normal * by_channel(t, input.ndim)


native_batch_norm.jvp(
    input=lambda t, input, weight, running_mean, running_var, result1, result2, training, eps: (
        _pushed(t, input, weight, (running_mean, running_var), (result1, result2), training, eps)
    ),
    weight=lambda t, input, running_mean, running_var, training, eps: _weighted(
        t, input, (running_mean, running_var), training, eps
    ),
    bias=lambda t, input: by_channel(t, input.ndim).expand(input.sizes),
)


@op("suggested", method=False, called="input")
def native_batch_norm_backward(
    grad_out: Tensor,
    input: Tensor,
    weight: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    save_mean: Tensor | None,
    save_invstd: Tensor | None,
    train: bool,
    eps: float,
    output_mask: tuple[bool, bool, bool],
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of the input, the weight and the bias, None where the mask says so."""
    last = channels_last(input)
    a, g = cube(input, last), cube(grad_out, last)
    made: list[Tensor | None] = [None, None, None]
    saved = (save_mean, save_invstd) if train else (running_mean, running_var)
    mean, rstd = (weights(t, a) for t in saved)
    assert mean is not None and rstd is not None
    if not train:
        rstd = quietly(fixed, saved, a, eps, None)[1]
    total, slope = quietly(slopes, g, a, mean)
    if output_mask[0]:
        scale = rstd if weight is None else rstd * vector(weight, a)
        grad = empty(input.sizes, suggested(input.sizes, input.strides), input.dtype)
        direct = grad.dtype.np == a.dtype
        y = cube(grad, last) if direct else np.empty_like(a)
        quietly(slope_of_input, g, a, y, scale, (mean, rstd, total, slope) if train else None)
        if not direct:
            put(grad, y, last)
        made[0] = grad
    if output_mask[1] and weight is not None:
        made[1] = finish((slope * rstd).reshape(weight.sizes), weight.dtype, None)
    if output_mask[2]:
        kept = weight.dtype if weight is not None else input.dtype
        made[2] = finish(total, kept, None)
    return made[0], made[1], made[2]  # pyright: ignore[reportReturnType]  # as PyTorch's undefined


def slope_of_input(
    g: Array, a: Array, out: Array, scale: Array, batch: tuple[Array, ...] | None
) -> None:
    """Writes the gradient of the input; `batch` has mean, rstd and slopes if they came from it."""
    if batch is None:
        affine(g, out, scale, np.zeros_like(scale))
        return
    mean, rstd, total, slope = batch
    n = a.dtype.type(a.shape[0] * a.shape[2])
    turn = -slope / n * rstd * rstd * scale
    plane(g, a, out, scale, turn, -total / n * scale - mean * turn)


def by_channel(t: Tensor, ndim: int) -> Tensor:
    """A value a channel, to broadcast against (N, C, *)."""
    return t.view((1, -1, *[1] * (ndim - 2)))


def _again(
    g_result0: Tensor | None,
    g_result1: Tensor | None,
    g_result2: Tensor | None,
    input: Tensor,
    weight: Tensor | None,
    grad_out: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    save_mean: Tensor,
    save_invstd: Tensor,
    train: bool,
    eps: float,
    wanted: tuple[bool, bool, bool],
) -> Gradients:
    """The gradients of a gradient. Source: batchnorm_double_backward, FunctionsManual.cpp."""
    ndim = input.ndim
    mean, rstd = save_mean, save_invstd
    if not train:
        assert running_mean is not None and running_var is not None
        mean, rstd = running_mean, running_var.add(eps).pow(-0.5)
    given = Curvature(
        input=input,
        grad_out=grad_out,
        weight=None if weight is None else by_channel(weight, ndim),
        mean=by_channel(mean, ndim),
        rstd=by_channel(rstd, ndim),
        ggI=g_result0,
        ggG=None if g_result1 is None or weight is None else by_channel(g_result1, ndim),
        ggB=None if g_result2 is None else by_channel(g_result2, ndim),
    )
    dims = (0, *range(2, ndim))
    g_input, g_weight, g_grad = curvature(given, dims, dims) if train else flat(given, dims)
    made = g_input, None if g_weight is None else g_weight.view(-1), g_grad
    return tuple([t if asked else None for t, asked in zip(made, wanted, strict=True)])  # pyright: ignore[reportReturnType]  # as many


def flat(c: Curvature, dims: tuple[int, ...]) -> Gradients:
    """`curvature` where mean and rstd do not depend on the input."""
    g_input = g_weight = g_grad = None
    if c.ggI is not None:
        g_grad = c.weighed(c.ggI * c.rstd)
        if c.weight is not None:
            g_weight = (c.ggI * c.grad_out * c.rstd).sum(dims, True)
    if c.ggG is not None:
        turned = c.ggG * (c.input - c.mean) * c.rstd
        g_grad = turned if g_grad is None else g_grad + turned
        g_input = c.ggG * c.grad_out * c.rstd
    if c.ggB is not None:
        plain = c.ggB.expand_as(c.grad_out)
        g_grad = plain if g_grad is None else g_grad + plain
    return g_input, g_weight, g_grad


native_batch_norm_backward.vjp(
    input=_again, weight=_again, grad_out=_again, running_mean=None, running_var=None
)


def check_size(channels: int, name: str, t: Tensor | None) -> None:
    """Raise RuntimeError where a value a channel has another number of them."""
    if t is not None and t.form.count != channels:
        raise RuntimeError(f"{name} should contain {channels} elements not {t.numel()}")


@composite(method=False)
def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """`input`, (N, C, *), with each channel at mean 0 and variance 1, times `weight` plus `bias`.

    Source: ATen/native/Normalization.cpp batch_norm, _batch_norm_impl_index.
    """
    del cudnn_enabled
    if not input.numel():  # a copy, for a view would break the chain of gradients
        out = input.clone()
        if weight is not None:
            out = out * weight[0]
        return out if bias is None else out + bias[0]
    channels = input.sizes[wrap_dim(1, input.ndim)]
    for name, t in (("running_mean", running_mean), ("running_var", running_var)):
        if t is None and not training:
            raise RuntimeError(f"{name} must be defined in evaluation mode")
        check_size(channels, name, t)
    check_size(channels, "weight", weight)
    check_size(channels, "bias", bias)
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean and running_var must either both be None or neither be None")
    return native_batch_norm(
        input, weight, bias, running_mean, running_var, training, momentum, eps
    )[0]


@composite(method=False)
def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """`batch_norm` of each sample alone: every (n, c) is a channel.

    Source: Ulyanov et al., Instance Normalization (2016); Normalization.cpp instance_norm.
    """
    if not use_input_stats and (running_mean is None or running_var is None):
        raise RuntimeError(
            "Expected running_mean and running_var to be defined when use_input_stats is false"
        )
    n, c, *rest = input.sizes
    means, variances, weights, biases = (
        None if t is None else t.repeat(n) for t in (running_mean, running_var, weight, bias)
    )
    flat_input = input.contiguous().view((1, n * c, *rest))
    out = batch_norm(
        flat_input, weights, biases, means, variances, use_input_stats, momentum, eps,
        cudnn_enabled,
    )  # fmt: skip
    for kept, many in ((running_mean, means), (running_var, variances)):
        if kept is not None and many is not None:
            write_around(0, kept.detach().copy_, many.view((n, c)).mean(0))  # PyTorch aliases it
    return out.view(input.sizes)
