"""Copies with the elements in other places, or several times: repeat, flip, roll, rot90."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from minitorch_np import shapes, strides
from minitorch_np.dtypes import INTEGER, int32, int64
from minitorch_np.form import Form, Plans
from minitorch_np.kernels.large import MANY, dense, loop
from minitorch_np.memory_format import contiguous_format, preserve_format
from minitorch_np.op import composite, op
from minitorch_np.ops.copy import zeros
from minitorch_np.ops.factory import checked_shape
from minitorch_np.ops.permute import swapped
from minitorch_np.shapes import Shape, in_int64, need_int, refuse_negative, wrap_dim
from minitorch_np.strides import LAYOUTS, Stride
from minitorch_np.tensor import Tensor, blank, empty, method, stored

__all__ = [
    "flip", "fliplr", "flipud", "repeat_interleave", "roll", "rot90", "tile",
]  # fmt: skip

Array = NDArray[np.generic]

Dims = int | Sequence[int]


@op("contiguous", variadic="repeats")
def repeat(input: Tensor, repeats: Shape) -> Tensor:
    """The tensor repeated so many times along each dim; more numbers than dims make new ones.

    Source: aten/src/ATen/native/TensorShape.cpp repeat.
    """
    lead = len(repeats) - input.ndim
    if lead < 0:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            "tensor"
        )
    padded = (1,) * lead + input.sizes
    shape = tuple([n * r for n, r in zip(padded, repeats, strict=True)])
    refuse_negative(shape)
    out = empty(shape, strides.contiguous(shape), input.dtype)
    pairs = [k for n, r in zip(padded, repeats, strict=True) for k in (r, n)]
    np.copyto(out.array.reshape(pairs), input.array.reshape([k for n in padded for k in (1, n)]))
    return out


repeat.vjp(input=lambda g, input_shape, repeats: repeat_backward(g, input_shape, repeats))
repeat.jvp("linear")


def repeat_backward(g: Tensor, shape: Shape, repeats: Shape) -> Tensor:
    """The gradient summed over the repetitions.

    Source: repeat_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    if 0 in repeats:
        return zeros(g, shape)
    lead = len(repeats) - len(shape)
    for _ in range(lead):
        g = g.sum(0)
    pairs: list[int] = []
    dims: list[int] = []
    for n, r in zip(shape, repeats[lead:], strict=True):
        if r != 1:
            dims.append(len(pairs))
            pairs.append(r)
        pairs.append(n)
    return g.reshape(pairs).sum(dims) if dims else g


@composite(variadic="dims")
def tile(input: Tensor, dims: Shape) -> Tensor:
    """The tensor repeated so many times along its last dims."""
    return repeat(input, (1,) * (input.ndim - len(dims)) + tuple(dims))


@op("contiguous", method=False, differentiable=False)
def repeated_indices(repeats: Tensor, size: int | None = None) -> Tensor:
    """Each index as often as `repeats` says: [1, 2] to [0, 1, 1]. Raises: RuntimeError for another
    number of them than `size`.

    Source: aten/src/ATen/native/Repeat.cpp.
    """
    if repeats.ndim != 1:
        raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
    if repeats.dtype.category != INTEGER:
        name = repeats.dtype.aten_name
        raise NotImplementedError(f"\"repeat_interleave_cpu\" not implemented for '{name}'")
    counts = repeats.array.astype(np.int64)
    if (counts < 0).any():
        raise RuntimeError("repeats can not be negative")
    if size is not None:
        checked_shape((size,), repeats.dtype.itemsize)
        if size != counts.sum():
            raise RuntimeError("allocated size does not match required size")
    index = np.repeat(np.arange(len(counts)), counts)
    return stored(index.astype(repeats.dtype.np), repeats.dtype)


@composite()
def repeat_interleave(
    input: Tensor,
    repeats: int | Tensor | None = None,
    dim: int | None = None,
    *,
    output_size: int | None = None,
) -> Tensor:
    """Each element, or each slice of `dim`, repeated: [a, b] twice is [a, a, b, b].

    Of one tensor of repeats alone, the indices that would be selected.
    Source: aten/src/ATen/native/Repeat.cpp.
    """
    if repeats is None:
        return repeated_indices(input, output_size)
    whole = input.flatten() if dim is None else input
    d = wrap_dim(dim or 0, whole.ndim)
    if isinstance(repeats, Tensor):
        return _by_tensor(whole, repeats, d, output_size)
    need_int(repeats)
    if repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    if not whole.ndim:
        wrap_dim(1, 0)  # raises, for PyTorch looks for the dim behind the repeated one
    total = repeats * whole.sizes[d]
    if output_size is not None and output_size != total:
        raise RuntimeError(
            f"repeat_interleave: Invalid output_size, expected {total} but got {output_size}"
        )
    wide = whole.unsqueeze(d + 1)
    wide = wide.expand((*wide.sizes[: d + 1], repeats, *wide.sizes[d + 2 :]))
    return wide.clone(memory_format=contiguous_format).flatten(d, d + 1)


def _by_tensor(input: Tensor, repeats: Tensor, dim: int, size: int | None) -> Tensor:
    """Slices repeated as often as a tensor says, one number for all or one for each."""
    n = input.sizes[dim] if input.ndim else 1
    if repeats.ndim == 0 or (repeats.ndim == 1 and repeats.sizes[0] == 1):
        repeats = repeats.reshape((1,)).expand((n,))
    elif repeats.ndim != 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
    elif repeats.sizes[0] != n:
        raise RuntimeError(
            "repeats must have the same size as input along dim, but got "
            f"repeats.size(0) = {repeats.sizes[0]} and input.size({dim}) = {n}"
        )
    if repeats.dtype not in (int32, int64) and repeats.dtype.category == INTEGER:
        repeats = repeats.to(int64)
    return input.index_select(dim, repeated_indices(repeats, size))


@op("like", variadic="dims")
def flip(input: Tensor, dims: Dims) -> Tensor:
    """A copy in which the elements of `dims` run backwards.

    Source: aten/src/ATen/native/TensorTransformations.cpp flip.
    """
    key = None
    if type(dims) is int or (isinstance(dims, tuple) and len(dims) == 1 and type(dims[0]) is int):
        key = (input.form, dims)
        if (known := _flips.get(key)) is not None:
            done = blank(known[0])
            np.copyto(done.array, input.array[known[1]])
            return done
    ndim = len(input.sizes)
    gone = shapes.wrap_dims((dims,) if isinstance(dims, int) else dims, ndim)
    out = empty(input.sizes, strides.like(input.sizes, input.strides), input.dtype)
    a = input.array
    if gone == (ndim - 1,) and dense(a):
        loop("copies.reverse_rows")(a, out.array, a.shape[-1])
        return out
    places = tuple([_BACK if d in gone else _ALL for d in range(ndim)])
    np.copyto(out.array, a[places])
    if key is not None and out.form.count < MANY:
        _flips.keep(key, (out.form, places))
    return out


_ALL, _BACK = slice(None), slice(None, None, -1)

_flips = Plans[tuple[Form, "tuple[slice[None, None, int | None], ...]"]]()
"""By form and one dim of few elements: the form of the result, and where NumPy finds its elements.
"""


flip.vjp(input=lambda g, dims: g.flip(dims))
flip.jvp("linear")


def _reversed(self: Tensor) -> Tensor:
    """The elements along the first dimension in reverse order, a copy; a 0-d tensor itself."""
    return flip(self, 0) if self.ndim else self


method(_reversed, "__reversed__")


@composite()
def fliplr(input: Tensor) -> Tensor:
    """The tensor with dim 1 flipped."""
    if input.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, (1,))


@composite()
def flipud(input: Tensor) -> Tensor:
    """The tensor with dim 0 flipped."""
    if input.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, (0,))


def as_tuple(numbers: Dims) -> Shape:
    """One int, or several, as a tuple."""
    return (numbers,) if isinstance(numbers, int) else tuple(numbers)


@op("suggested")
def roll(input: Tensor, shifts: Dims, dims: Dims = ()) -> Tensor:
    """A copy with the elements of each dim moved on by its shift, those at the end to the front.

    Without `dims` the flattened tensor is rolled, and shaped back.
    Source: aten/src/ATen/native/TensorTransformations.cpp roll.
    """
    by, along = tuple([in_int64(n) for n in as_tuple(shifts)]), as_tuple(dims)
    if not by:
        raise RuntimeError("`shifts` required")
    shape, ndim = input.sizes, len(input.sizes)
    if len(by) != len(along) and (along or len(by) > 1):
        raise RuntimeError(
            f"shifts and dimensions must align. shifts: {len(by)}, dims:{len(along)}"
        )
    if along and not input.numel():
        return input.clone(memory_format=preserve_format)
    where = [wrap_dim(d, ndim, False) for d in along]
    out = empty(shape, _rolled_stride(input, by, where), input.dtype)
    if not ndim:
        np.copyto(out.array, input.array)
        return out
    if len(where) == 1:
        _moved_on(input.array, sum(by), where[0], out.array)
    elif not where and input.array.flags.c_contiguous:
        _moved_on(input.array.reshape(-1), sum(by), 0, out.array.reshape(-1))
    else:
        np.copyto(out.array, np.roll(input.array, by if where else sum(by), tuple(where) or None))
    return out


def _moved_on(a: Array, shift: int, dim: int, out: Array) -> None:
    """Write `a`, rolled along `dim`, in two pieces; np.roll would go through an array between."""
    n = a.shape[dim]
    at = shift % n if n else 0
    before = (_ALL,) * dim
    out[(*before, slice(at, None))] = a[(*before, slice(0, n - at))]
    if at:
        out[(*before, slice(0, at))] = a[(*before, slice(n - at, None))]


def _rolled_stride(input: Tensor, shifts: Sequence[int], dims: Sequence[int]) -> Stride:
    """The stride of the two parts of each dim concatenated; of an empty tensor, that of a clone."""
    shape, stride = input.sizes, input.strides
    if not dims:
        return strides.contiguous(shape)
    if not input.form.count:
        return strides.like(shape, stride)
    if len(shape) < 4:  # too few dims for another format
        return strides.contiguous(shape)
    rule = LAYOUTS["suggested"]
    assert rule is not None
    for shift, d in zip(shifts, dims, strict=True):
        start = -shift % shape[d]
        parts = [(*shape[:d], n, *shape[d + 1 :]) for n in (shape[d] - start, start)]
        stride = rule(shape, tuple([(part, stride) for part in parts]))
    return stride


roll.vjp(input=lambda g, shifts, dims: g.roll([-s for s in as_tuple(shifts)], dims))
roll.jvp("linear")


@op("like")
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """A copy turned by `k` times 90 degrees in the plane of `dims`, from the first to the second.

    Source: aten/src/ATen/native/TensorTransformations.cpp rot90.
    """
    d0, d1 = _plane(input.ndim, dims)
    turns = k % 4
    if not turns:
        return stored(input.array, input.dtype)
    flipped = empty(input.sizes, strides.like(input.sizes, input.strides), input.dtype)
    gone = {1: (d1,), 2: (d0, d1), 3: (d0,)}[turns]
    if gone == (input.ndim - 1,) and dense(input.array):
        loop("copies.reverse_rows")(input.array, flipped.array, input.sizes[-1])
    else:
        np.copyto(flipped.array, np.flip(input.array, gone))
    if turns != 2:
        order = swapped(input.ndim, d0, d1)
        shape, stride = flipped.sizes, flipped.strides
        flipped.restride(strides.permuted(shape, order), strides.permuted(stride, order), 0)
    return flipped


def _plane(ndim: int, dims: Sequence[int]) -> tuple[int, int]:
    """The two wrapped dims to rotate in. Raises: RuntimeError where they are not two."""
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
    d0, d1 = wrap_dim(dims[0], ndim), wrap_dim(dims[1], ndim)
    if d0 == d1:
        raise RuntimeError(
            f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}"
        )
    return d0, d1


rot90.vjp(input=lambda g, k, dims: g.rot90(-k, dims))
rot90.jvp("linear")
