"""Strides as tuples of int, counted in elements: where the elements of a view or a result lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import NoReturn, TypeAlias

from .shapes import Shape, cached, check_countable, expanded, listed, numel

Stride: TypeAlias = tuple[int, ...]
Geometry: TypeAlias = tuple[Shape, Stride]
Layout: TypeAlias = Callable[[Shape, tuple[Geometry, ...]], Stride]


class Overlap(Enum):
    """Whether two indices, of one tensor or of two, name the same memory."""

    NO = "no"
    FULL = "full"
    PARTIAL = "partial"
    YES = "yes"
    TOO_HARD = "too hard"


@cached
def contiguous(shape: Shape) -> Stride:
    """Stride of a new tensor in row-major order; a size of 0 counts as 1."""
    out = [1] * len(shape)
    step = 1
    for i in range(len(shape) - 1, -1, -1):
        out[i] = step
        if shape[i] > 1:
            step = step * shape[i]  # not in place: a size may be a tensor
    return tuple(out)


def channels_last(shape: Shape) -> Stride:
    """Stride of (N, C, H, W) laid out as NHWC.

    Raises: RuntimeError unless there are 4 dims.
    Source: get_channels_last_strides_2d, c10/core/MemoryFormat.h.
    """
    if len(shape) != 4:
        raise RuntimeError("required rank 4 tensor to use channels_last format")
    _, c, h, w = shape
    return (h * w * c, 1, w * c, c)


def channels_last_3d(shape: Shape) -> Stride:
    """Stride of (N, C, D, H, W) laid out as NDHWC.

    Raises: RuntimeError unless there are 5 dims.
    Source: get_channels_last_strides_3d, c10/core/MemoryFormat.h.
    """
    if len(shape) != 5:
        raise RuntimeError("required rank 5 tensor to use channels_last_3d format")
    _, c, d, h, w = shape
    return (d * h * w * c, 1, h * w * c, w * c, c)


@cached
def is_contiguous(shape: Shape, stride: Stride) -> bool:
    """Whether elements lie in row-major order without gaps; dims of size 1 have no say."""
    return 0 in shape or _is_packed(shape, stride, range(len(shape) - 1, -1, -1))


@cached
def is_channels_last(shape: Shape, stride: Stride) -> bool:
    """Whether (N, C, H, W) lies as NHWC without gaps; false unless there are 4 dims.

    Source: _compute_channels_last_contiguous_2d, c10/core/Contiguity.h.
    """
    return len(shape) == 4 and _is_packed(shape, stride, (1, 3, 2, 0))


@cached
def is_channels_last_3d(shape: Shape, stride: Stride) -> bool:
    """Whether (N, C, D, H, W) lies as NDHWC without gaps; false unless there are 5 dims.

    Source: _compute_channels_last_contiguous_3d, c10/core/Contiguity.h.
    """
    return len(shape) == 5 and _is_packed(shape, stride, (1, 4, 3, 2, 0))


def _is_packed(shape: Shape, stride: Stride, fastest_first: Sequence[int]) -> bool:
    step = 1
    for i in fastest_first:
        if shape[i] != 1:
            if stride[i] != step:
                return False
            step *= shape[i]
    return True


@cached
def is_channels_last_like(shape: Shape, stride: Stride) -> bool:
    """Whether the strides of 4 or 5 dims are ordered as NHWC or NDHWC, gaps allowed.

    What suggest_memory_format() asks; ambiguous strides (N111, C = 1) count as row-major.
    Source: is_channels_last_strides_2d_s4 and _3d_s5, c10/core/MemoryFormat.h.
    """
    if len(shape) not in (4, 5) or stride[1] == 0:
        return False
    least = 0
    for i in (1, *range(len(shape) - 1, 1, -1), 0):
        if shape[i] == 0 or stride[i] < least or (i == 0 and least == stride[1]):
            return False
        least = stride[i] * max(shape[i], 1)
    return True


@cached
def is_dense(shape: Shape, stride: Stride) -> bool:
    """Whether the elements fill their memory range, each place once, in whatever order of dims.

    PyTorch's is_non_overlapping_and_dense. Dims of size 0 and 1 have no say.
    Source: _compute_non_overlapping_and_dense, c10/core/Contiguity.h.
    """
    if 0 in shape:
        return True
    step = 1
    for st, size in sorted(
        [(st, size) for size, st in zip(shape, stride, strict=True) if size > 1]
    ):
        if st != step:
            return False
        step *= size
    return True


@cached
def expand(shape: Shape, stride: Stride, to: Shape) -> Stride:
    """Stride that reads `shape` as `to`: 0 in every dim that is stretched.

    A new leading dim of size 1 gets the stride it would have if it were contiguous.
    Raises: RuntimeError where a size that is not 1 would change (see shapes.expanded).
    Source: inferExpandGeometryImpl, aten/src/ATen/ExpandUtils.cpp.
    """
    to = expanded(shape, to)
    if not shape:
        return (0,) * len(to)
    lead = len(to) - len(shape)
    out = [0] * lead + list(stride)
    for i in range(len(to) - 1, -1, -1):
        if i < lead:
            out[i] = to[i + 1] * out[i + 1] if to[i] == 1 else 0
        elif shape[i - lead] != to[i]:
            out[i] = 0
    return tuple(out)


@cached
def view(shape: Shape, stride: Stride, to: Shape) -> Stride | None:
    """Stride that reads `to` from the same memory, or None when only a copy can.

    Splits `shape` into maximal chunks of contiguous dims and matches each, last first, to dims of
    `to` with the same number of elements. `to` holds no -1 and as many elements as `shape`.
    Source: at::detail::computeStride, aten/src/ATen/TensorUtils.cpp.
    """
    if not shape:
        return (1,) * len(to)
    if 0 in shape:
        return tuple(stride) if shape == to else contiguous(to)
    out, _ = _matched(shape, stride, to)
    return out


def _matched(shape: Shape, stride: Stride, to: Shape) -> tuple[Stride | None, int]:
    """Stride of the view, or None and the first dim of the chunk that no dims of `to` fit."""
    out = [0] * len(to)
    v = len(to) - 1
    base = stride[-1]  # of the chunk's fastest dim
    chunk = seen = 1  # elements in the chunk, and in the dims of `to` matched with it
    for d in range(len(shape) - 1, -1, -1):
        chunk *= shape[d]
        if d and (shape[d - 1] == 1 or stride[d - 1] == chunk * base):
            continue
        while v >= 0 and (seen < chunk or to[v] == 1):
            out[v] = seen * base
            seen *= to[v]
            v -= 1
        if seen != chunk:
            return None, d
        if d:
            base = stride[d - 1]
            chunk = seen = 1
    return (tuple(out) if v < 0 else None), 0


def view_note(shape: Shape, stride: Stride, to: Shape, itemsize: int = 0) -> str | None:
    """Sentence naming the two dims that cannot merge for `to`, or None when the view exists.

    With an itemsize (bytes) it also says what a copy costs.
    """
    if not shape or 0 in shape or view(shape, stride, to) is not None:
        return None
    _, d = _matched(shape, stride, to)
    left = d - 1
    right = next(i for i in range(d, len(shape)) if shape[i] != 1)
    note = (
        f"Dimensions {left} (size {shape[left]}, stride {stride[left]}) and {right} "
        f"(size {shape[right]}, stride {stride[right]}) cannot merge: stride {stride[left]} is not "
        f"{shape[right]} * {stride[right]} = {shape[right] * stride[right]}."
    )
    if itemsize:
        note += f" A copy (reshape or contiguous) costs {numel(shape) * itemsize} bytes."
    return note


def fastest_first(shape: Shape, strides: Sequence[Stride]) -> list[int]:
    """Dims sorted from the fastest to the slowest, as TensorIterator sorts them for `strides`.

    Each stride has one entry a dim, 0 where its operand is broadcast; 0 compares equal to
    everything, then the next operand decides. Equal strides are a swap when the sizes ask for one.
    Not a total order, so the insertion sort itself is part of the answer.
    Source: reorder_dimensions, aten/src/ATen/TensorIterator.cpp.
    """
    ndim = len(shape)
    order = list(range(ndim - 1, -1, -1))
    for i in range(1, ndim):
        at = i
        for j in range(i - 1, -1, -1):
            swap = _compared(shape, strides, order[j], order[at])
            if swap > 0:
                order[j], order[at] = order[at], order[j]
                at = j
            elif swap < 0:
                break
    return order


def _compared(shape: Shape, strides: Sequence[Stride], dim0: int, dim1: int) -> int:
    """1 when dim0 is slower than dim1, -1 when it is faster, 0 when no operand can tell."""
    for stride in strides:
        s0, s1 = stride[dim0], stride[dim1]
        if s0 == 0 or s1 == 0:
            continue
        if s0 < s1:
            return -1
        if s0 > s1 or shape[dim0] > shape[dim1]:
            return 1
    return 0


@cached
def elementwise(shape: Shape, operands: tuple[Geometry, ...]) -> Stride:
    """Stride of a pointwise result of `shape`, broadcast from operands of (shape, stride).

    Python numbers and 0-d tensors are operands too, ((), ()): they rule out the fast set-up,
    which differs in dims of size 1. Operands are in ATen's order of inputs.
    Source: compute_fast_setup_type, reorder_dimensions and allocate_or_resize_outputs,
    aten/src/ATen/TensorIterator.cpp.
    """
    if all(s == shape for s, _ in operands):
        if all(is_contiguous(s, st) for s, st in operands):
            return contiguous(shape)
        if all(is_channels_last(s, st) for s, st in operands):
            return channels_last(shape)
        stride = operands[0][1]
        if is_dense(shape, stride) and all(st == stride for _, st in operands):
            return tuple(stride)
    order = fastest_first(shape, [_broadcast(s, st, shape) for s, st in operands])
    if order == list(range(len(shape) - 1, -1, -1)):
        return contiguous(shape)
    out = [0] * len(shape)
    step = 1
    for d in order:  # a size of 0 makes the slower strides 0, as in PyTorch
        out[d] = step
        step *= shape[d]
    return tuple(out)


def _broadcast(shape: Shape, stride: Stride, to: Shape) -> Stride:
    """Stride with 0 in every stretched or new dim; unlike `expand`, also in new dims of size 1."""
    lead = len(to) - len(shape)
    return (0,) * lead + tuple(
        [0 if n == 1 and to[lead + i] != 1 else stride[i] for i, n in enumerate(shape)]
    )


@cached
def like(shape: Shape, stride: Stride) -> Stride:
    """Stride of a copy in preserve_format (empty_like, clone): the same where dense, else packed.

    Packing keeps the order of dims that `elementwise` would find.
    Source: empty_like, aten/src/ATen/native/TensorFactories.cpp; infer_dense_strides,
    aten/src/ATen/ExpandUtils.cpp.
    """
    if is_dense(shape, stride):
        return tuple(stride)
    if len(shape) == 1:
        return (1,)
    out = [0] * len(shape)
    step = 1
    for d in fastest_first(shape, [stride]):
        out[d] = step
        step *= shape[d]
    return tuple(out)


def suggested(shape: Shape, stride: Stride) -> Stride:
    """Stride of a new tensor in suggest_memory_format(): NHWC where strides look so, or row-major.

    Source: TensorBase::suggest_memory_format, aten/src/ATen/core/TensorBase.h.
    """
    return _in_format(shape, is_channels_last_like(shape, stride))


def _in_format(shape: Shape, last: bool) -> Stride:
    if not last or len(shape) not in (4, 5):
        return contiguous(shape)
    return channels_last(shape) if len(shape) == 4 else channels_last_3d(shape)


def permuted(values: Sequence[int], order: Sequence[int]) -> tuple[int, ...]:
    """Sizes or strides in a new order of dims."""
    return tuple([values[d] for d in order])


def internal_overlap(shape: Shape, stride: Stride) -> Overlap:
    """NO for dense tensors, YES where a dim is expanded, TOO_HARD otherwise (PyTorch lets it pass).

    Source: has_internal_overlap, aten/src/ATen/MemoryOverlap.cpp.
    """
    if is_dense(shape, stride):
        return Overlap.NO
    for size, st in zip(shape, stride, strict=True):
        if st == 0 and size > 1:
            return Overlap.YES
    return Overlap.TOO_HARD


def overlap(a: tuple[int, Shape, Stride], b: tuple[int, Shape, Stride]) -> Overlap:
    """FULL, PARTIAL or NO between two dense (offset, shape, stride) of one storage, else TOO_HARD.

    Offsets and strides in elements of one size. FULL is the same memory in the same order.
    Source: get_overlap_status, aten/src/ATen/MemoryOverlap.cpp.
    """
    (a_begin, a_shape, a_stride), (b_begin, b_shape, b_stride) = a, b
    a_numel, b_numel = numel(a_shape), numel(b_shape)
    if a_numel == 0 or b_numel == 0:
        return Overlap.NO
    if not is_dense(a_shape, a_stride) or not is_dense(b_shape, b_stride):
        return Overlap.TOO_HARD
    if a_begin == b_begin and a_numel == b_numel:
        return Overlap.FULL if a_stride == b_stride else Overlap.PARTIAL
    if a_begin < b_begin + b_numel and b_begin < a_begin + a_numel:
        return Overlap.PARTIAL
    return Overlap.NO


_CLONE = (
    "refer{} to a single memory location. "
    "Please clone() the tensor before performing the operation."
)


def check_no_internal_overlap(shape: Shape, stride: Stride) -> None:
    """Nothing, when an op may write to this geometry. Raises: RuntimeError where it is expanded.

    Source: assert_no_internal_overlap, aten/src/ATen/MemoryOverlap.cpp.
    """
    if internal_overlap(shape, stride) is Overlap.YES:
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor "
            + _CLONE.format("s")
        )


def check_no_partial_overlap(
    out: tuple[int, Shape, Stride], operand: tuple[int, Shape, Stride]
) -> None:
    """Nothing, unless an op that reads `operand` element by element must not write to `out`.

    Both on one storage, as for `overlap`. Raises: RuntimeError where they overlap in part.
    Source: assert_no_partial_overlap, aten/src/ATen/MemoryOverlap.cpp.
    """
    if overlap(out, operand) is Overlap.PARTIAL:
        _refuse_overlap()


def check_no_overlap(out: tuple[int, Shape, Stride], operand: tuple[int, Shape, Stride]) -> None:
    """Nothing, unless an op that reads `operand` in any order must not write to `out`.

    Both on one storage, as for `overlap`. Raises: RuntimeError where they overlap, fully or not.
    Source: assert_no_overlap, aten/src/ATen/MemoryOverlap.cpp.
    """
    if overlap(out, operand) in (Overlap.PARTIAL, Overlap.FULL):
        _refuse_overlap()


def _refuse_overlap() -> NoReturn:
    raise RuntimeError(
        "unsupported operation: some elements of the input tensor and the written-to tensor "
        + _CLONE.format("")
    )


def extent(shape: Shape, stride: Stride) -> int:
    """Elements from the first to the last one addressed, both included; 0 of an empty shape."""
    if 0 in shape:
        return 0
    last = 0
    for size, st in zip(shape, stride, strict=True):
        last += (size - 1) * st
    return last + 1


def check_strided(
    shape: Shape, stride: Stride, offset: int, itemsize: int, nbytes: int,
    given: Stride | None = None,
) -> None:  # fmt: skip
    """Nothing, when `as_strided(shape, stride, offset)` fits a storage of `nbytes`.

    `given` are the strides that the error shows, where they are not those.
    Raises: RuntimeError for lengths that differ, negative numbers, or memory out of bounds.
    Source: as_strided_tensorimpl and setStrided, aten/src/ATen/native/Resize.h.
    """
    if len(shape) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(st < 0 for st in stride):
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, "
            f"got strides: {listed(stride)}"
        )
    if offset < 0:
        raise RuntimeError(f"Tensor: invalid storage offset {offset}")
    needed = extent(shape, stride)
    if 0 not in shape and any(n < 0 < st for n, st in zip(shape, stride, strict=True)):
        raise RuntimeError(
            "Storage size calculation overflowed with "
            f"sizes={listed(shape)} and strides={listed(stride)}"
        )
    if needed and (needed + offset) * itemsize > nbytes:
        raise RuntimeError(
            f"setStorage: sizes {listed(shape)}, strides "
            f"{listed(stride if given is None else given)}, storage offset "
            f"{offset}, and itemsize {itemsize} requiring a storage size of "
            f"{(needed + offset) * itemsize} are out of bounds for storage of size {nbytes}"
        )
    check_countable(shape)


def _of_contiguous(shape: Shape, _operands: tuple[Geometry, ...]) -> Stride:
    return contiguous(shape)


def _of_like(shape: Shape, operands: tuple[Geometry, ...]) -> Stride:
    return like(shape, operands[0][1])


def _of_suggested(shape: Shape, operands: tuple[Geometry, ...]) -> Stride:
    return _in_format(shape, all(is_channels_last_like(s, st) for s, st in operands))


def reduction(shape: Shape) -> Stride:
    """Stride of a reduction's result of `shape`: row-major, whatever the input's layout.

    Source: resize_reduction, aten/src/ATen/native/ReduceOpsUtils.h, which names no stride.
    """
    return contiguous(shape)


LAYOUTS: dict[str, Layout | None] = {
    "elementwise": elementwise,
    "reduction": _of_contiguous,
    "contiguous": _of_contiguous,
    "like": _of_like,
    "suggested": _of_suggested,
    "view": None,
}
"""The layout rules an op can name: stride of a result from its shape and the operands' geometry.

`view` has no rule here: the op itself computes the stride it reads the old memory with.
"""
