"""Random numbers: in-place fills, the factory functions over them, and the default generator.

All draw from `random.Generator`, in the order in which PyTorch's loops walk a tensor: dimensions
sorted by stride, the smallest innermost. Source: aten/src/ATen/native/Distributions.cpp.
"""

from collections.abc import Sequence
from typing import Unpack, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, random, strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.op import composite, op
from minitorch_np.ops.creation import like
from minitorch_np.ops.factory import (
    LikeOptions,
    Options,
    SizedOptions,
    finished,
    is_index,
    prepared,
    refuse,
    shape_of,
    sizes_of,
)
from minitorch_np.random import Generator, default_generator, initial_seed, manual_seed, seed
from minitorch_np.shapes import Shape, broadcast
from minitorch_np.strides import Stride, check_no_internal_overlap
from minitorch_np.tensor import Tensor, empty, method

__all__ = [
    "Generator", "bernoulli", "default_generator", "dropout", "dropout_", "get_rng_state",
    "initial_seed", "manual_seed", "normal", "rand", "rand_like", "randint", "randint_like",
    "randn", "randn_like", "randperm", "seed", "set_rng_state",
]  # fmt: skip

Array = NDArray[np.generic]


def walked(array: Array, shape: Shape, stride: Stride) -> Array:
    """A view of `array` with its dims in the order of filling: the slowest first."""
    return array.transpose(strides.fastest_first(shape, [stride])[::-1])


def fill(tensor: Tensor, flat: Array) -> Tensor:
    """`tensor` with numbers written to it in the order in which they were drawn."""
    target = walked(tensor.array, tensor.sizes, tensor.strides)
    target[...] = flat.reshape(target.shape)
    return tensor


def checked(input: Tensor) -> int:
    """The number of elements to draw for a tensor whose elements do not overlap."""
    check_no_internal_overlap(input.sizes, input.strides)
    return input.numel()


def zeros_like(g: Tensor) -> Tensor:
    """The gradient of what was overwritten by random numbers."""
    return empty(g.sizes, strides.like(g.sizes, g.strides), g.dtype).zero_()


@op("like", node="UniformBackward0")
def uniform_(
    input: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """This tensor filled with uniform numbers in [from, to)."""
    source = generator or default_generator
    return fill(input, source.uniform(checked(input), input.dtype, from_, to))


uniform_.vjp(input=lambda g: zeros_like(g))


@op("like", node="NormalBackward0")
def normal_(
    input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """This tensor filled with normal numbers of `mean` and standard deviation `std`."""
    source = generator or default_generator
    contiguous = input.is_contiguous()
    return fill(
        input, source.normal(checked(input), input.dtype, mean, std, contiguous=contiguous)
    )


normal_.vjp(input=lambda g: zeros_like(g))


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


random_.vjp(input=lambda g: zeros_like(g))


@op("like", node=lambda p: f"BernoulliBackward{1 if isinstance(p, Tensor) else 2}")
def bernoulli_(
    input: Tensor, p: Tensor | float = 0.5, *, generator: Generator | None = None
) -> Tensor:
    """This tensor filled with ones of probability `p`, a number or a tensor, and zeros."""
    source = generator or default_generator
    n = checked(input)
    if not isinstance(p, Tensor):
        return fill(input, source.bernoulli(n, float(p), input.dtype))
    return fill(input, source.bernoulli(n, _probabilities(p, input), input.dtype))


bernoulli_.vjp(input=lambda g: zeros_like(g), p=lambda g, p: probability_gradient(g, p))


def probability_gradient(g: Tensor, p: Tensor | float) -> Tensor:
    """Zeros: a draw does not depend smoothly on its probability."""
    assert isinstance(p, Tensor)
    return zeros_like(p)


def _probabilities(p: Tensor, input: Tensor) -> Array:
    """The probabilities in the order in which `input` is filled."""
    if broadcast(p.sizes, input.sizes) != input.sizes:
        raise RuntimeError(
            f"output with shape {list(input.sizes)} doesn't match the broadcast shape "
            f"{list(broadcast(p.sizes, input.sizes))}"
        )
    spread = np.broadcast_to(p.array, input.sizes)
    return np.ascontiguousarray(walked(spread, input.sizes, input.strides)).reshape(-1)


@op("contiguous")
def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """Ones where chance falls below the probabilities in `input`, else zeros."""
    source = generator or default_generator
    out = empty(input.sizes, strides.contiguous(input.sizes), input.dtype)
    return fill(out, source.bernoulli(out.numel(), _probabilities(input, out), out.dtype))


bernoulli.vjp(input=lambda g: zeros_like(g))


@op("like", node="ExponentialBackward0")
def exponential_(
    input: Tensor, lambd: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """This tensor filled with exponential numbers of rate `lambd`."""
    source = generator or default_generator
    return fill(input, source.exponential(checked(input), input.dtype, lambd))


exponential_.vjp(input=lambda g: zeros_like(g))


@op("like", node="CauchyBackward0")
def cauchy_(
    input: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None
) -> Tensor:
    """This tensor filled with Cauchy numbers around `median`."""
    source = generator or default_generator
    return fill(input, source.cauchy(checked(input), input.dtype, median, sigma))


cauchy_.vjp(input=lambda g: zeros_like(g))


@op("like", node="LogNormalBackward0")
def log_normal_(
    input: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None
) -> Tensor:
    """This tensor filled with exponentials of normal numbers."""
    source = generator or default_generator
    return fill(input, source.log_normal(checked(input), input.dtype, mean, std))


log_normal_.vjp(input=lambda g: zeros_like(g))


@op("like", node="GeometricBackward0")
def geometric_(input: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """This tensor filled with the numbers of trials up to the first success, from 1."""
    source = generator or default_generator
    return fill(input, source.geometric(checked(input), p, input.dtype))


geometric_.vjp(input=lambda g: zeros_like(g))


def rand(
    *size: int | Sequence[int],
    generator: Generator | None = None,
    out: Tensor | None = None,
    **options: Unpack[SizedOptions],
) -> Tensor:
    """Uniform numbers in [0, 1) of `size`."""
    shape = shape_of("rand", size, options)
    tensor = prepared("rand", shape, options, out)
    source = generator or default_generator
    return finished(fill(tensor, source.uniform(tensor.numel(), tensor.dtype)), options, out)


def randn(
    *size: int | Sequence[int],
    generator: Generator | None = None,
    out: Tensor | None = None,
    **options: Unpack[SizedOptions],
) -> Tensor:
    """Normal numbers of mean 0 and variance 1, of `size`."""
    shape = shape_of("randn", size, options)
    return _normal_into(prepared("randn", shape, options, out), 0.0, 1.0, generator, options, out)


def _normal_into(
    tensor: Tensor, mean: float, std: float, generator: Generator | None,
    options: Options, out: Tensor | None,
) -> Tensor:  # fmt: skip
    source = generator or default_generator
    drawn = source.normal(
        tensor.numel(), tensor.dtype, mean, std, contiguous=tensor.is_contiguous()
    )
    return finished(fill(tensor, drawn), options, out)


def randint(
    *args: int | Sequence[int],
    generator: Generator | None = None,
    out: Tensor | None = None,
    low: int | None = None,
    high: int | None = None,
    **options: Unpack[SizedOptions],
) -> Tensor:
    """Integers in [low, high), or in [0, high) with one bound: `randint(high, size)`."""
    given = list(args)
    if given and isinstance(given[-1], (tuple, list)):
        shape = sizes_of("randint", given.pop())
    elif "size" in options:
        shape = sizes_of("randint", options.pop("size"))
    else:
        refuse("randint", "size", "tuple of ints", given[-1] if given else None, max(len(given), 1))
    bounds = [b for b in (low, *given, high) if b is not None]
    for at, bound in enumerate(bounds):
        if not is_index(bound):
            refuse("randint", "high" if len(bounds) == 1 else ("low", "high")[at], "int", bound, at + 1)
    first, last = (0, bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
    tensor = prepared("randint", shape, options, out, dtypes.int64)
    return _integers_into(tensor, int(cast(int, first)), int(cast(int, last)), generator, options, out)


def _integers_into(
    tensor: Tensor, low: int, high: int, generator: Generator | None,
    options: Options, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    source = generator or default_generator
    drawn = source.integers(tensor.numel(), low, high, tensor.dtype)
    return finished(fill(tensor, drawn), options, out)


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    **options: Unpack[Options],
) -> Tensor:
    """0 to n - 1 in random order."""
    if not is_index(n):
        refuse("randperm", "n", "int", n, 1)
    tensor = prepared("randperm", (int(n),), options, out, dtypes.int64)
    source = generator or default_generator
    tensor.array[...] = source.permutation(int(n), tensor.dtype)
    return finished(tensor, options, out)


def rand_like(
    input: Tensor, *, generator: Generator | None = None, **options: Unpack[LikeOptions]
) -> Tensor:
    """Uniform numbers in [0, 1) of the shape, dtype and layout of `input`."""
    tensor = like("rand_like", input, options)
    source = generator or default_generator
    return finished(fill(tensor, source.uniform(tensor.numel(), tensor.dtype)), options)


def randn_like(
    input: Tensor, *, generator: Generator | None = None, **options: Unpack[LikeOptions]
) -> Tensor:
    """Normal numbers of the shape, dtype and layout of `input`."""
    return _normal_into(like("randn_like", input, options), 0.0, 1.0, generator, options, None)


def randint_like(
    input: Tensor,
    low: int | Tensor,
    high: int | Tensor | None = None,
    *,
    generator: Generator | None = None,
    **options: Unpack[LikeOptions],
) -> Tensor:
    """Integers in [low, high), or [0, low), of the shape, dtype and layout of `input`."""
    first, last = (0, low) if high is None else (low, high)
    tensor = like("randint_like", input, options)
    return _integers_into(tensor, int(first), int(last), generator, options)


def normal(
    mean: Tensor | float,
    std: Tensor | float = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    **options: Unpack[Options],
) -> Tensor:
    """Normal numbers whose mean and standard deviation are numbers, with a `size`, or tensors."""
    if size is not None:
        tensor = prepared("normal", sizes_of("normal", size, "size", 3), options, out)
        return _normal_into(tensor, float(mean), float(std), generator, options, out)
    raise NotImplementedError


@composite()
def dropout(input: Tensor, p: float, train: bool) -> Tensor:
    """`input` with elements zeroed with probability `p`, and the others scaled by 1 / (1 - p).

    Source: aten/src/ATen/native/Dropout.cpp.
    """
    return _dropped(input, p, train, False)


@composite()
def dropout_(input: Tensor, p: float, train: bool) -> Tensor:
    """In-place version of `dropout`."""
    return _dropped(input, p, train, True)


def _dropped(input: Tensor, p: float, train: bool, inplace: bool) -> Tensor:
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")
    if p == 0 or not train or not input.numel():
        return input
    if p == 1:
        keep = empty((), (), input.dtype).zero_()
    else:
        keep = empty(input.sizes, strides.like(input.sizes, input.strides), input.dtype)
        keep.bernoulli_(1 - p).div_(1 - p)
    return input.mul_(keep) if inplace else input * keep


def get_rng_state() -> Tensor:
    """The state of the default generator, 5056 bytes that PyTorch understands too."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Nothing; puts the default generator in a state that `get_rng_state` gave."""
    default_generator.set_state(new_state)
