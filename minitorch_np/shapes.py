"""Shapes as tuples of int: broadcasting, wrapping, inferring, and the checks of every view op."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from operator import index
from typing import ParamSpec, Self, SupportsIndex, TypeAlias, TypeVar, cast, overload

from minitorch_np import notes

Shape: TypeAlias = tuple[int, ...]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_E = TypeVar("_E", bound=Exception)
_T = TypeVar("_T")


def cached(f: Callable[_P, _R]) -> Callable[_P, _R]:
    """`f` with its answers remembered; for pure functions of hashable arguments."""
    return cast("Callable[_P, _R]", lru_cache(maxsize=1 << 14)(f))


class Size(tuple[int, ...]):
    """Shape that prints, slices and adds as torch.Size. Raises: TypeError for other than ints."""

    __slots__ = ()

    def __new__(cls, sizes: Iterable[SupportsIndex] = (), /) -> Self:
        checked: list[int] = []
        for position, item in enumerate(sizes):
            try:
                checked.append(index(item))
            except TypeError:
                raise TypeError(
                    "torch.Size() takes an iterable of 'int' "
                    f"(item {position} is '{type(item).__name__}')"
                ) from None
        return super().__new__(cls, checked)

    def numel(self) -> int:
        """Number of elements, the product of the sizes."""
        return numel(self)

    @overload
    def __getitem__(self, key: SupportsIndex, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> Size: ...
    def __getitem__(self, key: SupportsIndex | slice, /) -> int | Size:
        if isinstance(key, slice):
            return size(super().__getitem__(key))
        return super().__getitem__(key)

    def __add__(self, other: tuple[int, ...], /) -> Size:  # pyright: ignore[reportIncompatibleMethodOverride]  # sizes are integers
        if not isinstance(other, tuple):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(
                f"can only concatenate tuple (not {type(other).__name__}) to torch.Size"
            )
        return Size((*self, *other))

    def __radd__(self, other: tuple[int, ...], /) -> Size:
        if not isinstance(other, tuple):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            return NotImplemented
        return Size((*other, *self))

    def __mul__(self, times: SupportsIndex, /) -> Size:
        return size(tuple(self) * times)

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(str, self))}])"

    def __reduce__(self) -> tuple[type[Size], tuple[Shape]]:
        return Size, (tuple(self),)


size: Callable[[Iterable[int]], Size] = partial(tuple[int, ...].__new__, Size)
"""Size of a shape that is known to hold ints: no check, a fifth of the price of `Size(...)`."""


def listed(shape: Iterable[int]) -> str:
    """Text of a shape as C++ prints it: [2, 3]."""
    return f"[{', '.join(map(str, shape))}]"


def refuse_negative(shape: Shape) -> None:
    """Raise RuntimeError where a size of what is to be made is negative."""
    for n in shape:
        if n < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {n}: {listed(shape)}"
            )


def numel(shape: Shape) -> int:
    """Number of elements, the product of the sizes."""
    n = 1
    for s in shape:
        n *= s
    return n


def in_int64(n: int) -> int:
    """An int as PyTorch takes it for a count or a place.

    Raises: ValueError for one of more bits. Source: THPUtils_unpackLong, python_numbers.h.
    """
    if not -(1 << 63) <= n < 1 << 63:
        raise ValueError("Overflow when unpacking long long")
    return n


def wrap_dim(dim: int, ndim: int, wrap_scalar: bool = True) -> int:
    """Index in [0, ndim) of a dim that may count from the end; 0-d tensors take -1 and 0.

    Raises: IndexError outside [-ndim, ndim).
    Source: c10/core/WrapDimMinimal.cpp.
    """
    if 0 <= dim < ndim:
        return dim
    if -ndim <= dim < 0:
        return dim + ndim
    if ndim == 0:
        if not wrap_scalar:
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        if -1 <= dim <= 0:
            return 0
        ndim = 1
    raise IndexError(
        f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})"
    )


def wrap_dims(dims: Sequence[int], ndim: int) -> Shape:
    """Indices in [0, ndim) of several dims, in the order given.

    Raises: IndexError for a dim out of range, RuntimeError for one named twice.
    Source: dim_list_to_bitset, aten/src/ATen/WrapDimUtilsMulti.h, after maybe_wrap_dims.
    """
    wrapped = tuple([wrap_dim(dim, ndim) for dim in dims])
    if len(set(wrapped)) != len(wrapped):
        twice = next(d for i, d in enumerate(wrapped) if d in wrapped[:i])
        raise RuntimeError(f"dim {twice} appears multiple times in the list of dims")
    return wrapped


@cached
def broadcast(*shapes: Shape) -> Shape:
    """Shape that all `shapes` broadcast to, aligned at their last dims; () of none.

    Raises: RuntimeError naming the first dim, counted in the result so far, where two sizes clash.
    Source: infer_size, aten/src/ATen/ExpandUtils.cpp; folded from the left as in TensorIterator.
    """
    shape: Shape = ()
    for other in shapes:
        if other != shape:
            shape = _broadcast_pair(shape, other)
    return tuple(shape)


def noted(error: _E, note: str | None) -> _E:
    """`error` with a note, to be raised at once.

    In a local variable it would hold the frame that raises it, and be held by it: what else is in
    the frame would wait for the garbage collector.
    """
    if note:
        error.add_note(note)
    return error


_ALIGNED = "Shapes are aligned at their last dimension; sizes must be equal, or one of them 1:"
_STRETCHED = "Shapes are aligned at their last dimension; only a size of 1 can be expanded:"


def _broadcast_pair(a: Shape, b: Shape) -> Shape:
    ndim = max(len(a), len(b))
    long_a, long_b = (1,) * (ndim - len(a)) + a, (1,) * (ndim - len(b)) + b
    out = [0] * ndim
    for i in range(ndim - 1, -1, -1):
        size_a, size_b = long_a[i], long_b[i]
        if size_a != size_b and size_a != 1 and size_b != 1:
            text = (
                f"The size of tensor a ({size_a}) must match the size of tensor b ({size_b}) "
                f"at non-singleton dimension {i}"
            )
            raise noted(RuntimeError(text), notes.clash([("a", a), ("b", b)], _ALIGNED, i))
        out[i] = size_b if size_a == 1 else size_a
    return tuple(out)


def unwritten(shape: Shape, to: Shape) -> RuntimeError:
    """The error of a write to `shape` that broadcasting would have to make larger, `to`."""
    text = f"output with shape {listed(shape)} doesn't match the broadcast shape {listed(to)}"
    return noted(RuntimeError(text), notes.bound(shape, to))


def is_expandable(shape: Shape, to: Shape) -> bool:
    """Whether broadcasting can turn `shape` into `to`. Source: is_expandable_to, ExpandUtils.h."""
    lead = len(to) - len(shape)
    return lead >= 0 and all(s in (1, to[lead + i]) for i, s in enumerate(shape))


@cached
def expanded(shape: Shape, to: Shape) -> Shape:
    """`to` with each -1 replaced by the existing size.

    Raises: RuntimeError where a size that is not 1 would change. The check that `to` has
    enough dims names the tensor's type and so belongs to `expand` itself.
    Source: inferExpandGeometryImpl, aten/src/ATen/ExpandUtils.cpp.
    """
    out = list(to)
    lead = len(to) - len(shape)
    # A 0-d tensor takes its target as it stands, -1 included; only the sizes are judged.
    for i in range(len(to) - 1, -1, -1) if shape else ():
        old = shape[i - lead] if i >= lead else 1
        if out[i] == -1:
            if i < lead:
                raise RuntimeError(
                    "The expanded size of the tensor (-1) isn't allowed in a leading, "
                    f"non-existing dimension {i}"
                )
            out[i] = old
        elif old != 1 and old != out[i]:
            text = (
                f"The expanded size of the tensor ({out[i]}) must match the existing size ({old}) "
                f"at non-singleton dimension {i}.  Target sizes: {listed(to)}.  "
                f"Tensor sizes: {listed(shape)}"
            )
            note = notes.clash([("tensor", shape), ("target", to)], _STRETCHED, i)
            raise noted(RuntimeError(text), note)
    check_countable(tuple(out))
    return tuple(out)


def check_countable(shape: Shape) -> None:
    """Nothing, when PyTorch can count the elements: sizes are multiplied as unsigned 64-bit.

    Raises: RuntimeError above 2^63, which is how most negative sizes are found.
    Source: TensorImpl::safe_compute_numel, c10/core/TensorImpl.h.
    """
    n = 1
    for s in shape:
        n *= s if s >= 0 else s + (1 << 64)
        if n >> 64:
            break
    if n >> 63:
        raise RuntimeError("numel: integer multiplication overflow")


@cached
def infer(shape: Shape, numel: int) -> Shape:
    """`shape` with its one -1 replaced so that it holds `numel` elements.

    Raises: RuntimeError for two -1, other negative sizes, or another number of elements.
    Source: infer_size_impl, aten/src/ATen/InferSize.h.
    """
    known, unknown = 1, -1
    for i, s in enumerate(shape):
        if s == -1:
            if unknown >= 0:
                raise RuntimeError("only one dimension can be inferred")
            unknown = i
        elif s < 0:
            raise RuntimeError(f"invalid shape dimension {s} at index {i} of shape {listed(shape)}")
        else:
            known *= s
    if known == numel and unknown < 0:
        return tuple(shape)
    if known != numel and (unknown < 0 or known == 0 or numel % known):
        raise RuntimeError(f"shape '{listed(shape)}' is invalid for input of size {numel}")
    if known == 0:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {listed(shape)} because the "
            "unspecified dimension size -1 can be any value and is ambiguous"
        )
    return (*shape[:unknown], numel // known, *shape[unknown + 1 :])


def several(value: int | Sequence[int], dims: int = 1) -> Shape:
    """A number for each of so many dims, or the numbers that are given; for the op to refuse, also
    what is neither. Source: expand_param_if_needed, aten/src/ATen/native/ParamUtils.h.
    """
    if isinstance(value, (tuple, list)):
        return tuple(value)
    if not isinstance(value, bool) and hasattr(value, "__index__"):
        return (index(cast(int, value)),) * dims
    return (value,) * dims if isinstance(value, int) else cast(Shape, value)


def ntuple(value: _T | Iterable[_T], n: int) -> tuple[_T, ...]:
    """n times what is no iterable, else its items, as modules keep what they are given for each
    dim. Source: _ntuple, torch/nn/modules/utils.py."""
    return tuple(cast("Iterable[_T]", value)) if isinstance(value, Iterable) else (value,) * n


def are_ints(*given: object) -> bool:
    """Whether these are tuples of ints, by which what follows from them may be kept: 1.0 and True,
    which are refused or count as something else, would be found under the key of 1."""
    for several in given:
        if type(several) is not tuple:
            return False
        for n in cast("tuple[object, ...]", several):
            if type(n) is not int:
                return False
    return True


def need_int(n: object) -> None:
    """Raise TypeError for what is no int, a bool included."""
    if isinstance(n, bool):
        raise TypeError("an integer is required")
    _ = index(cast(int, n))


def need_bool(flag: object) -> None:
    """Raise TypeError where a flag, such as `keepdim`, is no bool: 1 may be meant as a dim."""
    if not isinstance(flag, bool):
        raise TypeError("must be bool")


@cached
def reduced(shape: Shape, dims: Shape, keepdim: bool = False) -> Shape:
    """Shape left after reducing wrapped `dims`: gone, or 1 with keepdim. No dims reduce nothing."""
    if keepdim:
        return tuple([1 if i in dims else s for i, s in enumerate(shape)])
    return tuple([s for i, s in enumerate(shape) if i not in dims])


def permutation(dims: Sequence[int], ndim: int) -> Shape:
    """Order of the old dims in `permute(dims)`.

    Raises: RuntimeError for a wrong count or a repeated dim, IndexError out of range.
    Source: at::native::permute, aten/src/ATen/native/TensorShape.cpp.
    """
    if len(dims) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the "
            "length of the desired ordering of dimensions i.e. "
            f"input.dim() = {ndim} is not equal to len(dims) = {len(dims)}"
        )
    order: list[int] = []
    for dim in dims:
        d = wrap_dim(dim, ndim)
        if d in order:
            raise RuntimeError("permute(): duplicate dims are not allowed.")
        order.append(d)
    return tuple(order)


def movement(source: Sequence[int], destination: Sequence[int], ndim: int) -> Shape:
    """Order of the old dims in `movedim(source, destination)`.

    Raises: RuntimeError for lists of different lengths or repeated dims, IndexError out of range.
    Source: at::native::movedim, aten/src/ATen/native/TensorShape.cpp.
    """
    if len(source) != len(destination):
        raise RuntimeError(
            "movedim: Invalid source or destination dims: "
            f"source ({listed(source)} dims) should contain the same number of dims as "
            f"destination ({listed(destination)} dims)"
        )
    src = [wrap_dim(d, ndim) for d in source]
    dst = [wrap_dim(d, ndim) for d in destination]
    for name, given, wrapped in (("source", source, src), ("destination", destination, dst)):
        if len(set(wrapped)) != len(wrapped):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({listed(given)})")
    order = [-1] * max(ndim, len(src))
    for s, d in zip(src, dst, strict=True):
        order[d] = s
    rest = iter([d for d in range(ndim) if d not in src])
    return tuple([d if d >= 0 else next(rest) for d in order])[:ndim]


def flattened(shape: Shape, start_dim: int = 0, end_dim: int = -1) -> Shape:
    """Shape with dims start_dim to end_dim, both included, merged; a 0-d shape becomes (1,).

    Raises: IndexError out of range, RuntimeError when start comes after end.
    Source: at::native::flatten, aten/src/ATen/native/TensorShape.cpp.
    """
    start, end = wrap_dim(start_dim, len(shape)), wrap_dim(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return (1,)
    return (*shape[:start], numel(shape[start : end + 1]), *shape[end + 1 :])


def unflattened(shape: Shape, dim: int, sizes: Shape) -> Shape:
    """Shape with `dim` split into `sizes`, one of which may be -1.

    Raises: RuntimeError when the sizes do not multiply to the dim, IndexError out of range.
    Source: unflatten_impl, aten/src/ATen/native/TensorShape.cpp.
    """
    d = wrap_dim(dim, len(shape))
    if not sizes:
        raise RuntimeError("unflatten: sizes must be non-empty")
    if not shape:
        raise RuntimeError(_UNEXPECTED + f"Dimension specified as {d} but tensor has no dimensions")
    try:
        split = infer(sizes, shape[d])
    except RuntimeError as error:
        text = str(error)
        if "is invalid for" not in text:
            raise RuntimeError(_UNEXPECTED + text) from None
        raise RuntimeError(
            f"unflatten: Provided sizes {listed(sizes)} don't multiply up to the size of dim "
            f"{d} ({shape[d]}) in the input tensor"
        ) from None
    return (*shape[:d], *split, *shape[d + 1 :])


_UNEXPECTED = "unflatten got an unexpected error:\n"


def narrow_start(shape: Shape, dim: int, start: int, length: int) -> int:
    """First index of `narrow(dim, start, length)`, counted from the front.

    Raises: RuntimeError for a 0-d shape, a negative length or an end beyond the dim,
    IndexError for a start or dim out of range.
    Source: at::native::narrow, aten/src/ATen/native/TensorShape.cpp.
    """
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    n = shape[wrap_dim(dim, len(shape))]
    if not -n <= start <= n:
        raise IndexError(
            f"start out of range (expected to be in range of [{-n}, {n}], but got {start})"
        )
    first = start + n if start < 0 else start
    if first > n - length:
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({n}).")
    return first


def select_index(shape: Shape, dim: int, index: int) -> int:
    """Index of `select(dim, index)`, counted from the front.

    Raises: IndexError for a 0-d shape, or a dim or index out of range.
    Source: at::native::select, aten/src/ATen/native/TensorShape.cpp.
    """
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    d = wrap_dim(dim, len(shape))
    n = shape[d]
    if not -n <= index < n:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {listed(shape)} "
            f"at dimension {d}"
        )
    return index + n if index < 0 else index


def slice_bounds(size: int, start: int | None, stop: int | None, step: int = 1) -> tuple[int, int]:
    """First index and length of `start:stop:step` in a dim of `size`, clamped as Python's slices.

    Raises: RuntimeError for a step that is not positive.
    Source: at::native::slice, aten/src/ATen/native/TensorShape.cpp.
    """
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    first = 0 if start is None else start + size if start < 0 else start
    last = size if stop is None else stop + size if stop < 0 else stop
    first = min(max(first, 0), size)
    last = min(max(last, first), size)
    return first, (last - first + step - 1) // step


def window_count(shape: Shape, dim: int, size: int, step: int) -> int:
    """Number of windows of `unfold(dim, size, step)`: (n - size) // step + 1.

    Raises: RuntimeError for a size or step out of range, IndexError for the dim.
    Source: at::native::unfold, aten/src/ATen/native/TensorShape.cpp.
    """
    d = wrap_dim(dim, len(shape))
    n = shape[d] if shape else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > n:
        raise RuntimeError(f"maximum size for tensor at dimension {d} is {n} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return (n - size) // step + 1


def diagonal_length(shape: Shape, offset: int, dim1: int, dim2: int) -> tuple[int, int, int]:
    """Both wrapped dims and the length of `diagonal(offset, dim1, dim2)`.

    Raises: IndexError out of range, RuntimeError for equal dims.
    Source: at::native::diagonal, aten/src/ATen/native/TensorShape.cpp.
    """
    d1, d2 = wrap_dim(dim1, len(shape)), wrap_dim(dim2, len(shape))
    if d1 == d2:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    if offset >= 0:
        return d1, d2, max(min(shape[d1], shape[d2] - offset), 0)
    return d1, d2, max(min(shape[d1] + offset, shape[d2]), 0)


def split_lengths(shape: Shape, split_size: int, dim: int) -> Shape:
    """Lengths of the pieces of `split(split_size, dim)`: equal, the last one smaller.

    Raises: RuntimeError for a 0-d shape or an impossible size, IndexError for the dim.
    Source: get_num_splits, aten/src/ATen/native/TensorShape.h.
    """
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    if split_size < 0:
        raise RuntimeError(
            f"split expects split_size be non-negative, but got split_size={split_size}"
        )
    n = shape[wrap_dim(dim, len(shape))]
    if split_size == 0:
        if n:
            raise RuntimeError(
                f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}"
            )
        return (0,)
    pieces = max((n + split_size - 1) // split_size, 1)
    return (*(split_size,) * (pieces - 1), n - split_size * (pieces - 1))


def check_sections(shape: Shape, sections: Sequence[int], dim: int) -> None:
    """Nothing, when `split(sections, dim)` is possible.

    Raises: RuntimeError for a 0-d shape, a negative section or another sum, IndexError for the dim.
    Source: at::native::split_with_sizes, aten/src/ATen/native/TensorShape.cpp.
    """
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    n = shape[wrap_dim(dim, len(shape))]
    for section in sections:
        if section < 0:
            raise RuntimeError(
                "split_with_sizes expects split_sizes have only non-negative entries, "
                f"but got split_sizes={listed(sections)}"
            )
    if index(sum(sections)) != n:  # which refuses a float among them
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at "
            f"dimension {dim}), but got split_sizes={listed(sections)}"
        )
