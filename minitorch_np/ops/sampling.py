"""Random numbers: in-place fills of tensors, and draws whose parameters are tensors.

All draw from `random.Generator`, in the order in which PyTorch's loops walk a tensor: dimensions
sorted by stride, the smallest innermost. Source: aten/src/ATen/native/Distributions.cpp.
"""

import math
from typing import cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.loops import check_overlap, finish, quietly, resize_output
from minitorch_np.op import op
from minitorch_np.ops.copy import zeros_like
from minitorch_np.ops.sort import top
from minitorch_np.random import Generator, default_generator
from minitorch_np.shapes import Shape, broadcast, unwritten
from minitorch_np.strides import Stride, check_no_internal_overlap
from minitorch_np.tensor import Tensor, empty

__all__ = ["bernoulli", "multinomial"]

Array = NDArray[np.generic]


def walked(array: Array, shape: Shape, stride: Stride) -> Array:
    """A view of `array` with its dims in the order of filling: the slowest first."""
    return array.transpose(strides.fastest_first(shape, [stride])[::-1])


def fill(tensor: Tensor, flat: Array) -> Tensor:
    """`tensor` with numbers written to it in the order in which they were drawn."""
    target = tensor.array
    if flat is target:
        return tensor
    if not tensor.form.contiguous and not tensor.is_contiguous():
        target = walked(target, tensor.sizes, tensor.strides)
    target[...] = flat.reshape(target.shape)
    return tensor


def room(tensor: Tensor) -> NDArray[np.float32] | None:
    """The tensor's memory where a compiled loop may draw right into it, else None."""
    inside = tensor.dtype is dtypes.float32 and tensor.array.flags.carray
    return cast(NDArray[np.float32], tensor.array) if inside else None


def checked(input: Tensor) -> int:
    """The number of elements to draw for a tensor whose elements do not overlap."""
    if input.form.packed is None:
        check_no_internal_overlap(input.sizes, input.strides)
    return input.numel()


def zeros_of(shape: Shape, g: Tensor) -> Tensor:
    """The gradient of a distribution's parameter: zero, for draws do not depend on it smoothly."""
    return empty(shape, strides.contiguous(shape), g.dtype).zero_()


@op("like", node="UniformBackward0")
def uniform_(
    input: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """This tensor filled with uniform numbers in [from, to)."""
    source = generator or default_generator
    n = checked(input)
    return fill(input, source.uniform(n, input.dtype, from_, to, room(input)))


uniform_.vjp(input=zeros_like)


@op("like", node="NormalBackward0")
def normal_(
    input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """This tensor filled with normal numbers of `mean` and standard deviation `std`."""
    source = generator or default_generator
    n, kept = checked(input), input.is_contiguous()
    return fill(
        input,
        source.normal(n, input.dtype, mean, std, room(input), contiguous=kept),
    )


normal_.vjp(input=zeros_like)


def _random_node(from_: int | None, to: int | None) -> str:
    given = (from_ is not None) + (to is not None)
    return f"RandomBackward{2 - given}"


@op("like", node=_random_node)
def random_(
    input: Tensor,
    from_: int | None = None,
    to: int | None = None,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """This tensor filled with integers: `random_(from, to)` in [from, to), `random_(to)` in
    [0, to), `random_()` over what the dtype holds without gaps."""
    source = generator or default_generator
    n = checked(input)
    if from_ is None:
        return fill(input, source.random_(n, input.dtype))
    low, high = (0, from_) if to is None else (from_, to)
    return fill(input, source.integers(n, low, high, input.dtype))


random_.vjp(input=zeros_like)


@op("like", node=lambda p: f"BernoulliBackward{1 if isinstance(p, Tensor) else 2}")
def bernoulli_(
    input: Tensor, p: Tensor | float = 0.5, *, generator: Generator | None = None
) -> Tensor:
    """This tensor filled with ones of probability `p`, a number or a tensor, and zeros."""
    source = generator or default_generator
    n = checked(input)
    if not isinstance(p, Tensor):
        return fill(input, source.bernoulli(n, float(p), input.dtype))
    if not n:  # before the shape of `p` is looked at
        return input
    return fill(input, source.bernoulli(n, _probabilities(p, input), input.dtype))


bernoulli_.vjp(input=zeros_like, p=lambda g, p_shape: zeros_of(p_shape, g))


def _probabilities(p: Tensor, input: Tensor) -> Array:
    """The probabilities in the order in which `input` is filled."""
    if broadcast(p.sizes, input.sizes) != input.sizes:
        raise unwritten(input.sizes, broadcast(p.sizes, input.sizes))
    spread = np.broadcast_to(p.array, input.sizes)
    return np.ascontiguousarray(walked(spread, input.sizes, input.strides)).reshape(-1)


@op("contiguous")
def bernoulli(
    input: Tensor,
    p: float | None = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Ones where chance falls below the probabilities in `input`, else zeros.

    With `p`, that is the probability, and `input` tells the shape only.
    """
    source = generator or default_generator
    if out is not None:
        check_overlap(out, [input])
    if p is not None:
        done = empty(input.sizes, strides.like(input.sizes, input.strides), input.dtype)
        return fill(done, source.bernoulli(done.numel(), float(p), done.dtype))
    done = out
    if done is None:
        done = empty(input.sizes, strides.contiguous(input.sizes), input.dtype)
    elif done.sizes != input.sizes:
        done.restride(input.sizes, strides.contiguous(input.sizes), done.offset)
    return fill(done, source.bernoulli(done.numel(), _probabilities(input, done), done.dtype))


bernoulli.vjp(input=zeros_like)


@op("like", node="ExponentialBackward0")
def exponential_(
    input: Tensor, lambd: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """This tensor filled with exponential numbers of rate `lambd`."""
    source = generator or default_generator
    return fill(input, source.exponential(checked(input), input.dtype, lambd))


exponential_.vjp(input=zeros_like)


@op("like", node="CauchyBackward0")
def cauchy_(
    input: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """This tensor filled with Cauchy numbers around `median`."""
    source = generator or default_generator
    return fill(input, source.cauchy(checked(input), input.dtype, median, sigma))


cauchy_.vjp(input=zeros_like)


@op("like", node="LogNormalBackward0")
def log_normal_(
    input: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None
) -> Tensor:
    """This tensor filled with exponentials of normal numbers."""
    source = generator or default_generator
    return fill(input, source.log_normal(checked(input), input.dtype, mean, std))


log_normal_.vjp(input=zeros_like)


@op("like", node="GeometricBackward0")
def geometric_(input: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """This tensor filled with the numbers of trials up to the first success, from 1."""
    source = generator or default_generator
    return fill(input, source.geometric(checked(input), p, input.dtype))


geometric_.vjp(input=zeros_like)


def _normal_node(mean: Tensor | float, std: Tensor | float) -> str:
    if not isinstance(std, Tensor):
        return "NormalBackward1"
    return f"NormalBackward{3 if isinstance(mean, Tensor) else 2}"


@op("contiguous", method=False, node=_normal_node, aten="normal")
def normal_of(
    mean: Tensor | float,
    std: Tensor | float,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Normal numbers around `mean` of deviation `std`, one of them a tensor at least."""
    if not isinstance(std, Tensor) and not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    if isinstance(std, Tensor) and np.any(np.less(std.array, 0)):
        raise RuntimeError("normal expects all elements of std >= 0.0")
    tensors = [t for t in (mean, std) if isinstance(t, Tensor)]
    shape = broadcast(*[t.sizes for t in tensors])
    if out is not None and not isinstance(std, Tensor):
        shape = broadcast(shape, out.sizes)
    if out is not None and out.memory in [t.memory for t in tensors]:
        check_overlap(out, tensors)
    if out is None:
        out = empty(shape, strides.contiguous(shape), tensors[0].dtype)
    elif out.sizes != shape:
        resize_output(out, shape, strides.contiguous(shape))
    source = generator or default_generator
    width = 1.0 if isinstance(std, Tensor) else float(std)
    normal = source.normal(checked(out), out.dtype, 0.0, width, contiguous=out.is_contiguous())
    fill(out, normal)
    quietly(_scaled, out, mean, std)
    return out


normal_of.vjp(
    mean=lambda g, mean_shape: zeros_of(mean_shape, g),
    std=lambda g, std_shape: zeros_of(std_shape, g),
)


def _scaled(out: Tensor, mean: Tensor | float, std: Tensor | float) -> None:
    """Scale and shift standard normal numbers, rounding after each."""
    compute = out.dtype.compute
    if isinstance(std, Tensor):
        out.array[...] = np.multiply(out.array.astype(compute), std.array.astype(compute))
    shift = mean.array.astype(compute) if isinstance(mean, Tensor) else compute.type(mean)
    out.array[...] = np.add(out.array.astype(compute), shift)


@op("contiguous", differentiable=False)
def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Indices drawn with the weights in each row of `input`: (N, C) or (C,) to (N, num_samples).

    Source: multinomial_out, aten/src/ATen/native/Distributions.cpp, cpu/MultinomialKernel.cpp.
    """
    if out is not None and out.dtype is not dtypes.int64:
        raise RuntimeError(f"multinomial expects Long tensor out, got: {out.dtype.aten_name}")
    _check_weights(input, num_samples, replacement)
    if not input.array.size:
        return finish(np.empty((0, num_samples), np.int64), dtypes.int64, out)
    source = generator or default_generator
    weights = input.array.astype(input.dtype.compute)
    rows = weights.reshape(-1, weights.shape[-1])
    if replacement and num_samples > 1:
        draws = source.doubles(len(rows) * num_samples).reshape(len(rows), num_samples)
        pairs = zip(rows, draws, strict=True)
        chosen = np.stack([_searched(row, u) for row, u in pairs])
    else:  # the races of exponential clocks: those that ring first are a sample
        clocks = empty(input.sizes, strides.like(input.sizes, input.strides), input.dtype)
        fill(clocks, source.exponential(rows.size, input.dtype))
        rates = quietly(_ratios, rows, clocks.array.reshape(rows.shape), input.dtype)
        chosen = rates.argmax(-1)[:, None] if num_samples == 1 else top(rates, num_samples, True)
    return finish(chosen.reshape(*weights.shape[:-1], num_samples), dtypes.int64, out)


def _ratios(weights: Array, clocks: Array, dtype: Dtype) -> Array:
    return np.divide(weights, clocks.astype(weights.dtype)).astype(dtype.np).astype(dtype.compute)


def _searched(weights: Array, draws: Array) -> Array:
    """The slot of the cumulative distribution into which each draw falls."""
    total = np.cumsum(weights)
    total = quietly(np.divide, total, total[-1])
    total[-1] = 1
    return np.searchsorted(total.astype(np.float64), draws, side="left")


_MOST_CATEGORIES = 2**24
"""Those that float32 counts without a gap."""


def _check_weights(input: Tensor, n: int, replacement: bool) -> None:
    if not 1 <= input.ndim <= 2:
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if not input.dtype.is_floating_point:
        raise RuntimeError(
            "multinomial only supports floating-point dtypes for input, got: "
            f"{input.dtype.aten_name}"
        )
    if n <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and n > input.sizes[-1]:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        )
    if input.sizes[-1] > _MOST_CATEGORIES:
        raise RuntimeError("number of categories cannot exceed 2^24")
    values = input.array.astype(np.float64)
    if replacement and n > 1:
        _check_entries(values)
    elif input.sizes[-1] == 0 and input.sizes[:-1] != (0,):
        # PyTorch looks for the least and the largest weight, and there are none
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no "
            "identity."
        )
    elif not np.all(np.isfinite(values) & (values >= 0)):
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if np.any(values.sum(-1) == 0):
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")


def _check_entries(values: Array) -> None:
    """The checks that the kernel which draws with replacement makes itself, entry by entry."""
    for value in values.ravel().tolist():
        if not value >= 0:
            raise RuntimeError(
                "invalid multinomial distribution (encountering probability entry < 0)"
            )
        if math.isinf(value):
            raise RuntimeError(
                "invalid multinomial distribution (encountering probability entry = infinity or "
                "NaN)"
            )
