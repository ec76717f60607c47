"""Layer normalisation: each row to mean 0 and variance 1, then weighed, with PyTorch's nodes."""

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, kernels
from minitorch_np.casts import assign, read_by_loops
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.dtypes import finfo
from minitorch_np.flight import depth
from minitorch_np.form import Form, Plans
from minitorch_np.kernels.large import FLOAT, MANY, dense, loop
from minitorch_np.loops import converted, finish, not_implemented, quietly
from minitorch_np.op import composite, op
from minitorch_np.ops.channels import affine, check_alike, moments, small, stored_as, weights
from minitorch_np.ops.curvature import Curvature, curvature
from minitorch_np.shapes import Shape, are_ints, listed, numel
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor, blank, empty

__all__ = ["layer_norm", "native_layer_norm", "rms_norm"]

Array = NDArray[Any]
Sizes = Sequence[int]
Gradients = tuple[Tensor | None, Tensor | None, Tensor | None]


def sized(name: str, normalized_shape: object) -> Shape:
    """The sizes as a tuple. Raises: TypeError for what is no sequence of ints."""
    if not isinstance(normalized_shape, (list, tuple)):
        raise TypeError(
            f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, "
            f"not {type(normalized_shape).__name__}"
        )
    return tuple(normalized_shape)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # callers may be untyped


def check_parameters(shape: Shape, weight: Tensor | None, bias: Tensor | None) -> None:
    """Raise RuntimeError where a parameter has another shape. Source: ATen/native/layer_norm.h."""
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            f"element, but got normalized_shape = {listed(shape)}"
        )
    for name, t in (("weight", weight), ("bias", bias)):
        if t is not None and t.sizes != shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{listed(t.sizes)} and normalized_shape = {listed(shape)}"
            )


def check_rows(input: Tensor, shape: Shape, start: str) -> None:
    """Raise RuntimeError where the last sizes of `input` are others."""
    if input.sizes[max(input.ndim - len(shape), 0) :] != shape:
        expected = start + ", ".join(map(str, shape))
        raise RuntimeError(
            f"Given normalized_shape={listed(shape)}, expected input with shape [*{expected}], "
            f"but got input of size{listed(input.sizes)}"
        )


def rows(t: Tensor, n: int) -> Array:
    """A tensor as (rows, n), to compute with."""
    a = converted(t, t.dtype)
    assert isinstance(a, np.ndarray)
    return np.ascontiguousarray(a).reshape(a.size // n if n else 0, n)


@op("contiguous", method=False, graded=1, called="input")
def native_layer_norm(
    input: Tensor, normalized_shape: Sizes, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """(input - mean) * rstd * weight + bias over the last dims; the means; 1 / sqrt(var + eps).

    Mean and rstd keep the normalised dims with size 1. Source: ATen/native/layer_norm.cpp.
    """
    shape = sized("native_layer_norm", normalized_shape)
    forms = input.form, None if weight is None else weight.form, None if bias is None else bias.form
    key = (shape, forms) if are_ints(shape) else None
    plan = _plans.get(key)
    if plan is not None and not kernels.waiting:
        return _by_loop(input, weight, bias, eps, plan)
    stored = stored_as(input, weight, bias)
    check_parameters(shape, weight, bias)
    check_rows(input, shape, ", ")
    check_alike(stored, weight, bias)
    if not input.dtype.is_floating_point:
        raise not_implemented("LayerNormKernelImpl", input.dtype)
    out = empty(input.sizes, contiguous(input.sizes), input.dtype)
    kept = (*input.sizes[: input.ndim - len(shape)], *[1] * len(shape))
    n = numel(shape)
    if input.numel() >= MANY and n > 1 and read_by_loops(input.array.dtype):
        a = np.ascontiguousarray(input.array).reshape(-1, n)
        y = out.array.reshape(a.shape)
        mean, rstd = quietly(normalise_halves, a, y, weight, bias, eps)
    else:
        a = rows(input, n)
        y = out.array.reshape(a.shape) if out.dtype.np == a.dtype else np.empty_like(a)
        w, b, half = weights(weight, a), weights(bias, a), input.dtype.is_half
        mean, rstd = quietly(normalise, a, y, w, b, eps, numel(kept), half)
        if y.dtype != out.dtype.np:
            quietly(assign, out.array, y.reshape(input.sizes))
    saved = finish(mean.reshape(kept), stored, None), finish(rstd.reshape(kept), stored, None)
    if key is not None and small(input, a.shape[1], weight, bias):
        given = weight is not None or bias is not None
        ones = np.ones(a.shape[1] if given else 0, FLOAT)
        _plans.keep(key, Plan(out.form, saved[0].form, ones, -0.0 * ones))
    return out, *saved


class Plan(NamedTuple):
    """The forms of the result and of what is saved, and what stands for a weight or a bias that is
    not given: nothing, if neither is."""

    out: Form
    saved: Form
    ones: Array
    zeros: Array


_plans = Plans[Plan]()
"""For small tensors: by the sizes, and the forms of the input, the weight and the bias."""


def _by_loop(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float, plan: Plan
) -> tuple[Tensor, Tensor, Tensor]:
    """Layer normalisation of a small tensor."""
    out, mean, rstd = blank(plan.out), blank(plan.saved), blank(plan.saved)
    w = plan.ones if weight is None else weight.array
    b = plan.zeros if bias is None else bias.array
    loop("channels.small_rows")(input.array, out.array, mean.array, rstd.array, w, b, eps)
    return out, mean, rstd


def normalise(
    a: Array,
    out: Array,
    weight: Array | None,
    bias: Array | None,
    eps: float,
    count: int,
    half: bool,
) -> tuple[Array, Array]:
    """Writes rows to mean 0 and variance 1, weighed; returns the `count` means and rstds."""
    n = a.shape[1]
    if not a.size:
        return np.zeros(count, a.dtype), np.full(count, np.nan, a.dtype)
    mean, spread = moments(a[None])
    rstd = inverse_root(spread, n, eps)
    if weight is None and bias is None and not half:
        affine(a[None], out[None], rstd, -mean * rstd)
    elif dense(a) and dense(out):
        w = np.ones(n, a.dtype) if weight is None else weight
        b = np.zeros(n, a.dtype) if bias is None else bias
        loop("channels.normalised_rows")(a, out, mean, rstd, w, b)
    else:
        apart = standard(a, mean, rstd) if half else (a - mean[:, None]) * rstd[:, None]
        np.copyto(out, apart)
        if weight is not None:
            np.multiply(out, weight, out=out)
        if bias is not None:
            np.add(out, bias, out=out)
    return mean, rstd


def normalise_halves(
    a: Array, out: Array, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Array, Array]:
    """`normalise` for many rows of a half type, by loops that read it."""
    m, n = a.shape
    mean, spread = np.empty((2, m), FLOAT)
    loop("channels.moments", a.dtype)(a, n, mean, spread, 0, m)
    rstd = inverse_root(spread, n, eps)
    w, b = weights(weight, mean), weights(bias, mean)
    w, b = np.ones(n, FLOAT) if w is None else w, np.zeros(n, FLOAT) if b is None else b
    loop("channels.normalised_rows", a.dtype)(a, out, mean, rstd, w, b)
    return mean, rstd


def inverse_root(spread: Array, n: int, eps: float) -> Array:
    """1 / sqrt(var + eps), from sums of squared distances from means over n."""
    kind = spread.dtype
    return (1 / np.sqrt(spread / kind.type(n) + kind.type(eps))).astype(kind)


def standard(a: Array, mean: Array, rstd: Array) -> Array:
    """a * rstd - mean * rstd, of which the second product alone is rounded.

    As PyTorch does it with halves, and for the gradient of a weight.
    """
    wide = a.astype(np.float64) * rstd.astype(np.float64)[:, None]
    return (wide - (mean * rstd)[:, None]).astype(a.dtype)


def _backward(
    g_result0: Tensor | None,
    input: Tensor,
    normalized_shape: Sizes,
    result1: Tensor,
    result2: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    wanted: tuple[bool, bool, bool],
) -> Gradients:
    if g_result0 is None:
        return None, None, None
    return native_layer_norm_backward(
        g_result0, input, normalized_shape, result1, result2, weight, bias, wanted
    )


native_layer_norm.vjp(input=_backward, weight=_backward, bias=_backward)


def _pushed(
    t: Tensor,
    input: Tensor,
    normalized_shape: Sizes,
    mean: Tensor,
    rstd: Tensor,
    weight: Tensor | None,
) -> Tensor:
    """What the tangent of the input adds: the gradient of an op without a weight, for that map is
    symmetric. Source: layer_norm_jvp, torch/csrc/autograd/FunctionsManual.cpp."""
    only = True, False, False
    pushed, _, _ = native_layer_norm_backward(
        t, input, normalized_shape, mean, rstd, None, None, only
    )
    return pushed if weight is None else pushed * weight


native_layer_norm.jvp(
    input=lambda t, input, normalized_shape, result1, result2, weight: _pushed(
        t, input, normalized_shape, result1, result2, weight
    ),
    weight=lambda t, input, normalized_shape, eps: (
        native_layer_norm(input, normalized_shape, None, None, eps)[0] * t
    ),
    bias=lambda t: t,
)


@op("contiguous", method=False, called="input")
def native_layer_norm_backward(
    grad_out: Tensor,
    input: Tensor,
    normalized_shape: Sizes,
    mean: Tensor,
    rstd: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    output_mask: tuple[bool, bool, bool],
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of the input, the weight and the bias, None where the mask says so."""
    shape = tuple(normalized_shape)
    g, a = rows(grad_out, numel(shape)), rows(input, numel(shape))
    middle, by = (t.array.astype(a.dtype).reshape(-1) for t in (mean, rstd))
    made: list[Tensor | None] = [None, None, None]
    if output_mask[0]:
        values = quietly(slope_of_rows, g, a, middle, by, weights(weight, a))
        made[0] = finish(values.reshape(input.sizes), input.dtype, None)
    if output_mask[1] or output_mask[2]:
        both = quietly(slopes_of_parameters, g, a, middle, by)
        for k, t in ((1, weight), (2, weight if bias is None else bias)):
            if output_mask[k] and t is not None:
                made[k] = finish(both[k - 1].reshape(t.sizes), t.dtype, None)
    return made[0], made[1], made[2]  # pyright: ignore[reportReturnType]  # as PyTorch's undefined


def slope_of_rows(g: Array, a: Array, mean: Array, rstd: Array, weight: Array | None) -> Array:
    """The gradient of rows from that of what they were normalised to."""
    out = np.empty_like(a)
    n = a.shape[1]
    if dense(a) and dense(g):
        w = np.ones(n, a.dtype) if weight is None else weight
        loop("channels.backward_rows")(g, a, out, mean, rstd, w)
        return out
    h = g if weight is None else g * weight
    x = (a - mean[:, None]) * rstd[:, None]
    less = np.add.reduce(h, 1, np.float64, keepdims=True) / np.float64(n)
    turn = np.add.reduce(h * x, 1, np.float64, keepdims=True) / np.float64(n)
    np.subtract(h, less.astype(a.dtype), out=out)
    np.subtract(out, x * turn.astype(a.dtype), out=out)
    return np.multiply(out, rstd[:, None], out=out)


def slopes_of_parameters(g: Array, a: Array, mean: Array, rstd: Array) -> tuple[Array, Array]:
    """The gradients of weight and bias, summed over rows."""
    if dense(a) and dense(g):
        both = np.empty(a.shape[1], a.dtype), np.empty(a.shape[1], a.dtype)
        loop("channels.weight_rows")(g, a, mean, rstd, *both, 0, a.shape[1])
        return both
    x = standard(a, mean, rstd)
    return np.add.reduce(g * x, 0, np.float64), np.add.reduce(g, 0, np.float64)


def _again(
    g_result0: Tensor | None,
    g_result1: Tensor | None,
    g_result2: Tensor | None,
    grad_out: Tensor,
    input: Tensor,
    mean: Tensor,
    rstd: Tensor,
    weight: Tensor | None,
    normalized_shape: Sizes,
    wanted: tuple[bool, bool, bool, bool],
) -> tuple[Tensor | None, ...]:
    """The gradients of a gradient; the bias has none.

    Source: layer_norm_double_backward, FunctionsManual.cpp.
    """
    if g_result2 is not None and weight is None:  # PyTorch counts on a weight beside a bias
        raise RuntimeError(
            "Expected a proper Tensor but got None (or an undefined Tensor in C++) for argument #1 "
            "'other'"
        )
    m, n = mean.numel(), numel(tuple(normalized_shape))
    given = Curvature(
        input=input.reshape(m, n),
        grad_out=grad_out.reshape(m, n),
        weight=None if weight is None else weight.reshape(1, n),
        mean=mean.reshape(m, 1),
        rstd=rstd.reshape(m, 1),
        ggI=None if g_result0 is None else g_result0.reshape(m, n),
        ggG=None if g_result1 is None or weight is None else g_result1.reshape(1, n),
        ggB=None if g_result2 is None else g_result2.reshape(1, n),
    )
    g_input, g_weight, g_grad = curvature(given, (1,), (0,))
    shapes = (input.sizes, weight.sizes if weight is not None else (), grad_out.sizes)
    found = zip((g_input, g_weight, g_grad), shapes, wanted, strict=False)
    made = [None if t is None or not asked else t.reshape(s) for t, s, asked in found]
    return (*made, None)


native_layer_norm_backward.vjp(input=_again, weight=_again, grad_out=_again, bias=_again)


@composite(method=False)
def layer_norm(
    input: Tensor,
    normalized_shape: Sizes,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-05,
    cudnn_enable: bool = True,
) -> Tensor:
    """The last dims of `input` to mean 0 and variance 1, times `weight` plus `bias`.

    Source: Ba et al., Layer Normalization (2016); ATen/native/layer_norm.cpp layer_norm.
    """
    del cudnn_enable
    return native_layer_norm(input, sized("layer_norm", normalized_shape), weight, bias, eps)[0]


@composite(method=False)
def rms_norm(
    input: Tensor,
    normalized_shape: Sizes,
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """The last dims of `input` over the root of their mean square, times `weight`.

    `eps`, added to the mean square, is by default the gap between 1 and the next number.
    Source: Zhang and Sennrich, Root Mean Square Layer Normalization (2019);
    ATen/native/layer_norm.cpp rms_norm.
    """
    shape = sized("rms_norm", normalized_shape)
    check_parameters(shape, weight, None)
    check_rows(input, shape, "")
    if not input.dtype.is_floating_point:
        raise not_implemented("rms_norm", input.dtype)
    if weight is not None and weight.dtype is not input.dtype:
        warn_of_dtypes(input.dtype, weight.dtype)
    gap = finfo(input.dtype).eps if eps is None else eps
    wide = input.to(dtypes.float32) if input.dtype.is_half else input
    dims = tuple(range(input.ndim - len(shape), input.ndim))
    out = wide * wide.pow(2).mean(dims, keepdim=True).add(gap).rsqrt()
    if weight is not None:
        out = out * weight
    return out.to(input.dtype)


def warn_of_dtypes(input: Dtype, weight: Dtype) -> None:
    """Warn as PyTorch does where a weight of another dtype keeps it from its fast kernel."""
    warnings.warn(
        f"Mismatch dtype between input and weight: input dtype = {input.c_name}, weight dtype = "
        f"{weight.c_name}, Cannot dispatch to fused implementation.",
        UserWarning,
        stacklevel=depth(),
    )
