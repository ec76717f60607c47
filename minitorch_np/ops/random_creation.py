"""New tensors of random numbers. Source: aten/src/ATen/native/TensorFactories.cpp."""

import operator
from collections.abc import Sequence
from typing import Unpack, cast

from minitorch_np import dtypes
from minitorch_np.graph.modes import WATCHERS, made, state
from minitorch_np.guard import guarded
from minitorch_np.loops import holding
from minitorch_np.ops.creation import like
from minitorch_np.ops.factory import (
    LikeOptions,
    Options,
    SizedOptions,
    checked_number,
    finished,
    is_index,
    option_dtype,
    prepared,
    refuse,
    shape_of,
    sizes_of,
    usual,
)
from minitorch_np.ops.sampling import checked, fill, normal_of
from minitorch_np.overloads import unfitting
from minitorch_np.random import Generator, default_generator
from minitorch_np.shapes import need_int, numel
from minitorch_np.tensor import Tensor

__all__ = [
    "normal", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm",
]  # fmt: skip


@guarded
def rand(
    *size: int | Sequence[int],
    generator: Generator | None = None,
    out: Tensor | None = None,
    **options: Unpack[SizedOptions],
) -> Tensor:
    """Uniform numbers in [0, 1) of `size`."""
    form = usual(size, options) if out is None else None
    if form is not None:
        source = generator or default_generator
        drawn = source.uniform(numel(form.shape), form.dtype)
        return finished(holding(drawn.reshape(form.shape), form), options)
    shape = shape_of("rand", size, options)
    if WATCHERS and state.modes:
        return made(rand, shape, generator=generator, out=out, **options)
    tensor = prepared("rand", shape, options, out)
    source = generator or default_generator
    drawn = source.uniform(checked(tensor), tensor.dtype)
    return finished(fill(tensor, drawn), options, out, "rand")


@guarded
def randn(
    *size: int | Sequence[int],
    generator: Generator | None = None,
    out: Tensor | None = None,
    **options: Unpack[SizedOptions],
) -> Tensor:
    """Normal numbers of mean 0 and variance 1, of `size`."""
    form = usual(size, options) if out is None else None
    if form is not None:
        source = generator or default_generator
        drawn = source.normal(numel(form.shape), form.dtype)
        return finished(holding(drawn.reshape(form.shape), form), options)
    shape = shape_of("randn", size, options)
    if WATCHERS and state.modes:
        return made(randn, shape, generator=generator, out=out, **options)
    return _normal_into(prepared("randn", shape, options, out), 0.0, 1.0, generator, options, out)


def _normal_into(
    tensor: Tensor, mean: float, std: float, generator: Generator | None,
    options: Options, out: Tensor | None,
) -> Tensor:  # fmt: skip
    source = generator or default_generator
    drawn = source.normal(
        checked(tensor), tensor.dtype, mean, std, contiguous=tensor.is_contiguous()
    )
    return finished(fill(tensor, drawn), options, out, "normal")


@guarded
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
        raise unfitting("randint", *args)
    bounds = [b for b in (low, *given, high) if b is not None]
    for bound in bounds:
        if not is_index(bound):
            raise unfitting("randint", *bounds, shape)
    first, last = (0, bounds[0]) if len(bounds) == 1 else (bounds[0], bounds[1])
    form = usual((shape,), options, dtypes.int64) if out is None else None
    if form is not None:
        source = generator or default_generator
        bounds = int(cast(int, first)), int(cast(int, last))
        drawn = source.integers(numel(shape), *bounds, form.dtype)
        return finished(holding(drawn.reshape(form.shape), form), options)
    if WATCHERS and state.modes:
        return made(randint, first, last, shape, generator=generator, out=out, **options)
    tensor = prepared("randint", shape, options, out, dtypes.int64)
    return _integers_into(
        tensor, int(cast(int, first)), int(cast(int, last)), generator, options, out
    )


def _integers_into(
    tensor: Tensor, low: int, high: int, generator: Generator | None,
    options: Options, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    source = generator or default_generator
    drawn = source.integers(checked(tensor), low, high, tensor.dtype)
    return finished(fill(tensor, drawn), options, out, "randint")


@guarded
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
    if WATCHERS and state.modes:
        return made(randperm, n, generator=generator, out=out, **options)
    tensor = prepared("randperm", (int(n),), options, out, dtypes.int64)
    source = generator or default_generator
    tensor.array[...] = source.permutation(int(n), tensor.dtype)
    return finished(tensor, options, out, "randperm")


@guarded
def rand_like(
    input: Tensor, *, generator: Generator | None = None, **options: Unpack[LikeOptions]
) -> Tensor:
    """Uniform numbers in [0, 1) of the shape, dtype and layout of `input`."""
    if WATCHERS and state.modes:
        return made(rand_like, input, generator=generator, **options)
    tensor = like("rand_like", input, options)
    source = generator or default_generator
    return finished(fill(tensor, source.uniform(tensor.numel(), tensor.dtype)), options)


@guarded
def randn_like(
    input: Tensor, *, generator: Generator | None = None, **options: Unpack[LikeOptions]
) -> Tensor:
    """Normal numbers of the shape, dtype and layout of `input`."""
    if WATCHERS and state.modes:
        return made(randn_like, input, generator=generator, **options)
    return _normal_into(like("randn_like", input, options), 0.0, 1.0, generator, options, None)


@guarded
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
    for bound in (first, last):
        need_int(bound)
    if WATCHERS and state.modes:
        return made(randint_like, input, first, last, generator=generator, **options)
    tensor = like("randint_like", input, options)
    return _integers_into(
        tensor,
        operator.index(cast(int, first)),
        operator.index(cast(int, last)),
        generator,
        options,
    )


def _double(name: str, argument: str, value: object, position: int) -> float:
    """A number as PyTorch takes it for a double: an int may have any number of bits."""
    if type(value) is int:
        return float(value)
    return float(checked_number(name, argument, value, position))


@guarded
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
        if WATCHERS and state.modes:
            return made(normal, mean, std, size, generator=generator, out=out, **options)
        tensor = prepared("normal", sizes_of("normal", size, "size", 3), options, out)
        centre, width = _double("normal", "mean", mean, 1), _double("normal", "std", std, 2)
        return _normal_into(tensor, centre, width, generator, options, out)
    if not (isinstance(mean, Tensor) or isinstance(std, Tensor)):
        raise unfitting("normal", mean, std)
    option_dtype("normal", options)
    return normal_of(mean, std, generator=generator, out=out)
