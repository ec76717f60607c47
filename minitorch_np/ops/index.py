"""Advanced indexing: elements named by index tensors and masks, read and written.

The indices of all dims are broadcast together and walked as one. When they are adjacent, their
common shape takes the place of the dims they index; otherwise it comes first.
Source: aten/src/ATen/native/TensorAdvancedIndexing.cpp, TensorAdvancedIndexingUtils.h.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes, strides
from minitorch_np.devices import type_name
from minitorch_np.flight import depth
from minitorch_np.form import form_of
from minitorch_np.graph.inplace import bump
from minitorch_np.guard import guarded_method
from minitorch_np.loops import quietly, scalar
from minitorch_np.op import Recorded, op
from minitorch_np.ops.copy import zeros
from minitorch_np.ops.points import Places, add_at, first_outside, places, positive
from minitorch_np.overloads import need_tensors
from minitorch_np.shapes import Shape, broadcast, cached, is_expandable, listed
from minitorch_np.strides import Geometry, Overlap, Stride
from minitorch_np.tensor import Tensor, blank, empty, owning

__all__ = ["index_put"]

Array = NDArray[np.generic]
Indices = Sequence[Tensor | None]
_TYPES = {dtypes.int64, dtypes.int32, dtypes.uint8, dtypes.bool_}
_MASKS = {dtypes.uint8, dtypes.bool_}


class Point(NamedTuple):
    """The geometry that the indices of one dim have, or would have, as a tensor."""

    shape: Shape
    stride: Stride
    narrow: bool = False
    """Whether they are int32."""


class Plan(NamedTuple):
    """Where indices point in a tensor whose indexed dims are adjacent, after `before` others."""

    order: Shape | None
    """The dims of the tensor with the indexed ones first; None where they stay as they are."""
    named: Shape
    """The indexed dims."""
    before: int
    common: Shape
    """The shape of all indices, broadcast together."""
    shape: Shape
    stride: Stride
    """The geometry of what indexing gives."""


def planned(input: Tensor, indices: Indices) -> tuple[Plan, list[Places]]:
    """What the indices mean for `input`, and their values, those of each indexed dim.

    Raises: IndexError for indices that cannot be.
    """
    for t in indices:
        if t is not None and t.dtype not in _TYPES:
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    points, values = unmasked(input, indices)
    return plan_of(input.sizes, input.strides, tuple(points)), values


@cached
def plan_of(shape: Shape, stride: Stride, given: tuple[Point | None, ...]) -> Plan:
    """The plan of indices of some geometries, None for a dim without any, in one of a tensor."""
    found = [p for p in given if p is not None]
    common = found[0].shape
    if len(found) > 1:
        common = common_shape(found)
    named = tuple([d for d, p in enumerate(given) if p is not None])
    order = list(range(len(shape)))
    apart = named[-1] - named[0] != len(named) - 1
    if apart:
        order = [*named, *[d for d in order if d not in named]]
    before = 0 if apart else named[0]
    sizes, steps = strides.permuted(shape, order), strides.permuted(stride, order)
    after = before + len(named)
    if 0 in sizes[before:after] and 0 not in common:
        raise IndexError("index is out of bounds for dimension with size 0")
    to = (*sizes[:before], *common, *sizes[after:])
    source = to, (*steps[:before], *(0,) * len(common), *steps[after:])
    pad = (1,) * before, (1,) * (len(shape) - after)
    geometries = [as_operand(p, common, *pad) for p in found]
    result = strides.elementwise(to, (source, *geometries))
    return Plan(tuple(order) if apart else None, named, before, common, to, result)


def unmasked(input: Tensor, indices: Indices) -> tuple[list[Point | None], list[Places]]:
    """The geometries and the values of the indices, where each mask is replaced by the indices of
    its elements that hold."""
    points: list[Point | None] = []
    values: list[Places] = []
    for t in indices:
        if t is None:
            points.append(None)
        elif t.dtype in _MASKS:
            if t.dtype is dtypes.uint8:
                warnings.warn(
                    "indexing with dtype torch.uint8 is now deprecated, please use a dtype "
                    "torch.bool instead.",
                    UserWarning,
                    stacklevel=depth(),
                )
            check_mask(input, t, len(points))
            if t.sizes:
                holding = t.array.nonzero()
                values += holding
                points += [Point(a.shape, (1,)) for a in holding]
        else:
            values.append(places(t))
            points.append(Point(t.sizes, t.strides, t.dtype is dtypes.int32))
    return points, values


def check_mask(input: Tensor, mask: Tensor, at: int) -> None:
    """Nothing, when `mask` fits the dims of `input` from `at` on. Raises: IndexError."""
    for j, n in enumerate(mask.sizes):
        if n != input.sizes[at + j]:
            raise IndexError(
                f"The shape of the mask {listed(mask.sizes)} at index {j} does not match the "
                f"shape of the indexed tensor {listed(input.sizes)} at index {at + j}"
            )


def common_shape(points: list[Point]) -> Shape:
    """The shape of index tensors broadcast together."""
    try:
        return broadcast(*[p.shape for p in points])
    except RuntimeError as error:
        shapes = ", ".join([listed(p.shape) for p in points])
        raise IndexError(
            "shape mismatch: indexing tensors could not be broadcast together with shapes " + shapes
        ) from error


def as_operand(point: Point, common: Shape, before: Shape, after: Shape) -> Geometry:
    """The geometry of an index tensor as the iterator sees it: expanded, with dims of size 1."""
    stride = strides.expand(point.shape, point.stride, common)
    if point.narrow:  # it is copied to int64 there
        stride = strides.like(common, stride)
    to = (*before, *common, *after)
    seen = strides.view(common, stride, to)
    return to, strides.contiguous(to) if seen is None else seen


def outside(values: Sequence[Places], sizes: Shape) -> IndexError:
    """The error of the first index, in the order of elements, that is out of bounds."""
    arrays = np.broadcast_arrays(*values)
    wrong = [(a < -n) | (a >= n) for a, n in zip(arrays, sizes, strict=True)]
    first = int(np.argmax(np.logical_or.reduce(wrong).ravel()))
    dim = next(d for d, w in enumerate(wrong) if w.ravel()[first])
    return IndexError(
        f"index {int(arrays[dim].ravel()[first])} is out of bounds for dimension {dim} "
        f"with size {sizes[dim]}"
    )


@op("elementwise", method=False)
def index(input: Tensor, indices: Sequence[Tensor | None]) -> Tensor:
    """The elements that `indices` name, one for each dim from the first; None names all of a dim.

    int64 and int32 tensors hold indices, which may count from the end; bool tensors are masks over
    as many dims as they have. Raises: IndexError.
    """
    if len(indices) > len(input.sizes):
        raise IndexError(
            f"too many indices for tensor of dimension {input.ndim} (got {len(indices)})"
        )
    first = indices[0]
    if len(indices) == 1 and first is not None and first.dtype is dtypes.bool_ and first.sizes:
        return masked(input, first)
    plan, values = planned(input, indices)
    form = form_of(plan.shape, plan.stride, input.dtype)
    if len(values) == 1 and form.brief and input.form.in_order:
        try:
            return owning(form, input.array.take(values[0], plan.before))
        except IndexError:
            raise outside(values, (input.sizes[plan.before],)) from None
    out = blank(form)
    if form.count:
        read(input, plan, values, out.array)
    return out


def masked(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where a mask over the first dims holds, with no list of indices made."""
    check_mask(input, mask, 0)
    values = input.array[cast("NDArray[np.bool_]", mask.array)]
    shape, rest = values.shape, mask.ndim
    source = shape, (0, *input.strides[rest:])
    places = (shape[0], *(1,) * (len(shape) - 1)), (1,) * len(shape)
    form = form_of(shape, strides.elementwise(shape, (source, places)), input.dtype)
    if form.brief:
        return owning(form, values)
    out = blank(form)
    out.array[...] = values
    return out


def read(input: Tensor, plan: Plan, values: list[Places], out: Array) -> None:
    """Write to `out` the elements that a plan names."""
    source, before = input.array, plan.before
    if len(values) == 1 and source.flags.c_contiguous and out.flags.c_contiguous:
        at, n = values[0], source.shape[before]
        if first_outside(at, -n, n) is not None:
            raise outside(values, (n,))
        # 'clip' writes straight to out; 'raise' would go through a buffer
        source.take(positive(at, n), before, out, "clip")
        return
    if plan.order is not None:
        source = source.transpose(plan.order)
    key = (*(slice(None),) * before, *values)
    try:
        out[...] = source[key]
    except IndexError:
        raise outside(values, source.shape[before : before + len(values)]) from None


index.vjp(
    input=lambda g, input_shape, indices: index_backward(g, input_shape, indices), indices=None
)
index.jvp("linear")


@op("contiguous", method=False, node="IndexPutImplBackward0")
def index_backward(
    grad_output: Tensor, input_sizes: Shape, indices: Sequence[Tensor | None]
) -> Tensor:
    """Zeros of the input's shape with the gradient added where `indices` name."""
    out = zeros(grad_output, input_sizes)
    write(out, *planned(out, indices), grad_output, True)
    bump(out)
    return out


index_backward.vjp(grad_output=lambda g, indices: index(g, indices), indices=None)
index_backward.jvp("linear")


def write(input: Tensor, plan: Plan, at: list[Places], values: Tensor, accumulate: bool) -> None:
    """Write `values`, broadcast, to the elements that a plan names, or add them."""
    if 0 in plan.shape:
        return
    before, named = plan.before, plan.named
    sizes = strides.permuted(input.sizes, named)
    if any(first_outside(a, -n, n) is not None for a, n in zip(at, sizes, strict=True)):
        raise outside(at, sizes)
    if not accumulate:
        key = (*(slice(None),) * before, *at)
        target = input.array if plan.order is None else input.array.transpose(plan.order)
        target[key] = values.array
        return
    # indexed dims first, for target and values alike
    order = [*named, *[d for d in range(len(input.sizes)) if d not in named]]
    seen = input.alias(
        strides.permuted(input.sizes, order), strides.permuted(input.strides, order), input.offset
    )
    dims = len(plan.common)
    given = np.broadcast_to(values.array, plan.shape)
    moved = [*range(before, before + dims), *range(before), *range(before + dims, given.ndim)]
    counted = [positive(a, n) for a, n in zip(at, sizes, strict=True)]
    quietly(add_at, seen, counted, given.transpose(moved))


def written(input: Tensor, indices: Indices, values: Tensor, accumulate: bool) -> Tensor:
    """`input`, with `values` written to or added at what `indices` name.

    Source: _index_put_impl_ in TensorAdvancedIndexing.cpp.
    """
    if len(indices) > len(input.sizes):
        raise IndexError(
            f"too many indices for tensor of dimension {input.ndim} (got {len(indices)})"
        )
    warn_expanded(input, "index_put_", "tensor[indices] = tensor")
    if not accumulate and values.numel() == 1:
        mask = single_mask(input, indices)
        if mask is not None:
            return fill_masked(input, mask, values)
    for t in (values, *indices):
        if t is not None and t.memory is input.memory:
            strides.check_no_overlap(
                (input.offset, input.sizes, input.strides), (t.offset, t.sizes, t.strides)
            )
    plan, at = planned(input, indices)
    if not is_expandable(values.sizes, plan.shape):
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {listed(values.sizes)} cannot be broadcast to "
            f"indexing result of shape {listed(plan.shape)}"
        )
    if values.dtype is not input.dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{input.dtype.aten_name} for the destination and "
            f"{values.dtype.aten_name} for the source."
        )
    write(input, plan, at, values, accumulate)
    return input


def warn_expanded(input: Tensor, name: str, example: str) -> None:
    """Warn about a write to memory that several elements share, which PyTorch still lets pass."""
    if strides.internal_overlap(input.sizes, input.strides) is Overlap.YES:
        warnings.warn(
            f"Use of {name} on expanded tensors is deprecated. Please clone() the tensor before "
            f"performing this operation. This also applies to advanced indexing e.g. {example}",
            UserWarning,
            stacklevel=depth(),
        )


def single_mask(input: Tensor, indices: Indices) -> Tensor | None:
    """The only index as a mask that broadcasts to `input`, None when it is no mask or not alone.

    Source: canDispatchToMaskedFill in TensorAdvancedIndexingUtils.h.
    """
    found: Tensor | None = None
    covered = 0
    for t in indices:
        if t is None:
            covered += 1
            continue
        if t.dtype not in _MASKS or found is not None:
            return None
        check_mask(input, t, covered)
        found = t
        covered += len(t.sizes)
    if found is None:
        return None
    rest = len(input.sizes) - covered
    return found.alias((*found.sizes, *(1,) * rest), (*found.strides, *(1,) * rest), found.offset)


def fill_masked(input: Tensor, mask: Tensor, value: Tensor) -> Tensor:
    """`input`, with the only element of `value` written wherever the mask holds."""
    if mask.dtype is not dtypes.bool_:
        raise RuntimeError(
            "masked_fill_ only supports boolean masks, but got mask with dtype unsigned char"
        )
    warn_expanded(input, "masked_fill_", "tensor[mask] = scalar")
    scalar(value.array.item(), input.dtype)
    quietly(np.copyto, input.array, value.array.reshape(()), casting="unsafe", where=mask.array)
    return input


def without(g: Tensor, indices: Indices, values_shape: Shape, accumulate: bool) -> Tensor:
    """The gradient of what `index_put` writes to: nothing arrives from the elements replaced."""
    return g if accumulate else index_put(g, indices, zeros(g, values_shape), False)


@op("like", method=False, node="IndexPutBackward0")
def index_put(
    input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False
) -> Tensor:
    """A copy with `values` at the elements that `indices` name, or added to them."""
    out = empty(input.sizes, strides.like(input.sizes, input.strides), input.dtype)
    np.copyto(out.array, input.array)
    return written(out, indices, values, accumulate)


index_put.vjp(
    indices=None,
    input=without,
    values=lambda g, indices: index(g, indices),
)
index_put.jvp("joint")


@op("like", method=False, node="IndexPutBackward0")
def index_put_(
    input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False
) -> Tensor:
    """This tensor with `values` written to the elements that `indices` name, or added to them."""
    if not isinstance(indices, (tuple, list)):
        raise TypeError(
            "index_put_(): argument 'indices' (position 1) must be tuple of Tensors, not "
            f"{type_name(indices)}"
        )
    return written(input, indices, values, accumulate)


index_put_.vjp(
    indices=None,
    input=without,
    values=lambda g, indices: index(g, indices),
)
index_put_.jvp("joint")


def as_method(function: Recorded[..., Tensor]) -> Callable[..., Tensor]:
    """The method form of `index_put`, which takes no None among its indices, as in PyTorch."""

    def put(
        self: Tensor, indices: Sequence[Tensor], values: Tensor, accumulate: bool = False
    ) -> Tensor:
        need_tensors(indices)
        return function(self, indices, values, accumulate)

    put.__name__ = put.__qualname__ = cast(Any, function).op.name
    put.__doc__ = function.__doc__
    return guarded_method(put)


as_method(index_put)
as_method(index_put_)
