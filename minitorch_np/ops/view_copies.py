"""Copies of what views show: `permute_copy` and the like, and as_strided_scatter.

Each has the result of the view it is named after, in contiguous memory of its own, and the view's
gradient. Source: aten/src/ATen/native/TensorShape.cpp; torchgen/gen_functionalization_type.py.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np

from minitorch_np import strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.inplace import bump
from minitorch_np.loops import untrue
from minitorch_np.op import REGISTRY, composite, op
from minitorch_np.ops.copy import copy_, zeros
from minitorch_np.ops.slicing import kept, own_or_out, scattered, slice_backward
from minitorch_np.plan import Rule
from minitorch_np.shapes import Shape, infer, narrow_start, wrap_dim
from minitorch_np.strides import Stride
from minitorch_np.tensor import Tensor, stored

__all__ = [
    "alias_copy", "as_strided_copy", "as_strided_scatter", "detach_copy", "expand_copy",
    "narrow_copy", "permute_copy", "select_copy", "slice_copy", "split_copy",
    "split_with_sizes_copy", "squeeze_copy", "t_copy", "transpose_copy", "unbind_copy",
    "unfold_copy", "unsqueeze_copy", "view_copy",
]  # fmt: skip


def shown(view: str, input: Tensor, *args: object) -> Tensor:
    """What a view shows, without a history."""
    result = REGISTRY[view].impl(input.untracked(), *args)
    assert isinstance(result, Tensor)
    return result


def rules(view: str) -> dict[str, Rule]:
    """The gradient rules of a view."""
    return REGISTRY[view].plan.rules


@op("contiguous", method=False, node="AliasBackward0_copy", refuses="leaf")
def alias_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The tensor in memory of its own."""
    return own_or_out(input, out)


alias_copy.vjp(input=lambda g: g)
alias_copy.jvp("linear")


@op("contiguous", method=False, node="torch::autograd::NotImplemented", refuses="leaf")
def detach_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The tensor in memory of its own, for which PyTorch has no derivative."""
    return own_or_out(input, out)


@op("contiguous", method=False, node="AsStridedBackward0_copy", refuses="leaf")
def as_strided_copy(
    input: Tensor,
    size: Shape,
    stride: Stride,
    storage_offset: int | None = None,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """What `as_strided` shows, in memory of its own."""
    return own_or_out(shown("as_strided", input, size, stride, storage_offset), out)


as_strided_copy.vjp(**rules("as_strided"))
as_strided_copy.jvp("linear")


@op("contiguous", method=False, node="ExpandBackward0_copy", refuses="leaf")
def expand_copy(
    input: Tensor, size: Shape, *, implicit: bool = False, out: Tensor | None = None
) -> Tensor:
    """What `expand` shows, in memory of its own."""
    del implicit  # it changes nothing
    return own_or_out(shown("expand", input, size), out)


expand_copy.vjp(**rules("expand"))
expand_copy.jvp("linear")


@op("contiguous", method=False, node="PermuteBackward0_copy", refuses="leaf")
def permute_copy(input: Tensor, dims: Shape, *, out: Tensor | None = None) -> Tensor:
    """What `permute` shows, in memory of its own."""
    return own_or_out(shown("permute", input, dims), out)


permute_copy.vjp(**rules("permute"))
permute_copy.jvp("linear")


@op("contiguous", method=False, node="SelectBackward0_copy", refuses="leaf")
def select_copy(input: Tensor, dim: int, index: int, *, out: Tensor | None = None) -> Tensor:
    """What `select` shows, in memory of its own."""
    return own_or_out(shown("select", input, dim, index), out)


select_copy.vjp(**rules("select"))
select_copy.jvp("linear")


@op("contiguous", method=False, node="SliceBackward0_copy", refuses="leaf")
def slice_copy(
    input: Tensor,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
    *,
    out: Tensor | None = None,
) -> Tensor:
    """The elements `start:end:step` of `dim` in memory of their own."""
    return own_or_out(shown("slice", input, dim, start, end, step), out)


slice_copy.vjp(**rules("slice"))
slice_copy.jvp("linear")


def squeeze_title(dim: int | Shape | None) -> str:
    """The name of PyTorch's node for each overload."""
    return f"SqueezeBackward{0 if dim is None else 1 if isinstance(dim, int) else 2}_copy"


@op("contiguous", method=False, node=squeeze_title, refuses="leaf")
def squeeze_copy(
    input: Tensor, dim: int | Shape | None = None, *, out: Tensor | None = None
) -> Tensor:
    """What `squeeze` shows, in memory of its own."""
    return own_or_out(shown("squeeze", input, dim), out)


squeeze_copy.vjp(**rules("squeeze"))
squeeze_copy.jvp("linear")


@op("contiguous", method=False, node="TBackward0_copy", refuses="leaf")
def t_copy(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """What `t` shows, in memory of its own."""
    return own_or_out(shown("t", input), out)


t_copy.vjp(**rules("t"))
t_copy.jvp("linear")


@op("contiguous", method=False, node="TransposeBackward0_copy", refuses="leaf")
def transpose_copy(input: Tensor, dim0: int, dim1: int, *, out: Tensor | None = None) -> Tensor:
    """What `transpose` shows, in memory of its own."""
    return own_or_out(shown("transpose", input, dim0, dim1), out)


transpose_copy.vjp(**rules("transpose"))
transpose_copy.jvp("linear")


@op("contiguous", method=False, node="UnfoldBackward0_copy", refuses="leaf")
def unfold_copy(
    input: Tensor, dimension: int, size: int, step: int, *, out: Tensor | None = None
) -> Tensor:
    """What `unfold` shows, in memory of its own."""
    return own_or_out(shown("unfold", input, dimension, size, step), out)


unfold_copy.vjp(**rules("unfold"))
unfold_copy.jvp("linear")


@op("contiguous", method=False, node="UnsqueezeBackward0_copy", refuses="leaf")
def unsqueeze_copy(input: Tensor, dim: int, *, out: Tensor | None = None) -> Tensor:
    """What `unsqueeze` shows, in memory of its own."""
    return own_or_out(shown("unsqueeze", input, dim), out)


unsqueeze_copy.vjp(**rules("unsqueeze"))
unsqueeze_copy.jvp("linear")


@op("contiguous", method=False, node="ViewBackward0_copy", aten="view_copy", refuses="leaf")
def view_size_copy(input: Tensor, size: Shape, *, out: Tensor | None = None) -> Tensor:
    """The elements in another shape, in memory of their own, whether a view could do it or not."""
    to = infer(tuple(size), input.numel())
    if out is None:
        return stored(input.array.reshape(to), input.dtype)
    return own_or_out(shown("view", stored(input.array, input.dtype), to), out)


view_size_copy.vjp(**rules("view"))
view_size_copy.jvp("linear")


@op("contiguous", method=False, differentiable=False, aten="view_copy", refuses="leaf")
def view_dtype_copy(input: Tensor, dtype: Dtype, *, out: Tensor | None = None) -> Tensor:
    """What `view` shows of another dtype, in memory of its own."""
    return own_or_out(shown("view_dtype", input, dtype), out)


@composite(method=False)
def view_copy(input: Tensor, size: Shape | Dtype, *, out: Tensor | None = None) -> Tensor:
    """A copy in another shape or of another dtype, in memory of its own."""
    if isinstance(size, Dtype):
        return view_dtype_copy(input, size, out=out)
    return view_size_copy(input, size, out=out)


@op("contiguous")
def narrow_copy(
    input: Tensor, dim: int, start: int, length: int, *, out: Tensor | None = None
) -> Tensor:
    """What `narrow` shows, in memory of its own. Source: TensorShape.cpp narrow_copy_dense_cpu."""
    shape = input.sizes
    if not shape:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if out is not None and out.dtype is not input.dtype:
        raise untrue("self.dtype() == output.dtype()")
    if dim >= len(shape):
        raise untrue("dim < static_cast<int64_t>(self_sizes.size())")
    n = shape[wrap_dim(dim, len(shape))]
    if -n <= start <= n and length < 0:
        first = start + n if start < 0 else start
        raise RuntimeError(f"start ({first}) + length ({length}) exceeds dimension size ({n}).")
    first = narrow_start(shape, dim, start, max(length, 0))
    part = shown("slice", input, dim, first, first + length, 1)
    if out is None:
        return own_or_out(part, None)
    row_major = strides.contiguous(part.sizes)
    if out.sizes != part.sizes:
        out.restride(part.sizes, row_major, out.offset)
    # ATen fills the memory of `out` in order, whatever its strides
    np.copyto(out.alias(part.sizes, row_major, out.offset).array, part.array)
    return out


narrow_copy.vjp(
    input=lambda g, input_shape, dim, start, length: slice_backward(
        g, input_shape, dim, start, start + length, 1
    )
)
narrow_copy.jvp("linear")

Pieces = tuple[Tensor, ...]


def pieces(view: str, input: Tensor, *args: object) -> Pieces:
    """Copies of what a view shows in several pieces."""
    result = REGISTRY[view].impl(input.untracked(), *args)
    assert isinstance(result, tuple)
    return tuple([own_or_out(piece, None) for piece in cast("Pieces", result)])


@op("contiguous", method=False, node="SplitBackward0_copy")
def split_pieces(input: Tensor, split_size: int, dim: int) -> Pieces:
    """What `split` shows in pieces of one size, each in memory of its own."""
    return pieces("split", input, split_size, dim)


@op("contiguous", method=False, node="SplitWithSizesBackward0_copy")
def split_sections(input: Tensor, split_sizes: Shape, dim: int) -> Pieces:
    """What `split` shows in pieces of the given sizes, each in memory of its own."""
    return pieces("split", input, split_sizes, dim)


@op("contiguous", method=False, node="UnbindBackward0_copy")
def unbind_pieces(input: Tensor, dim: int) -> Pieces:
    """What `unbind` shows, each slice in memory of its own."""
    return pieces("unbind", input, dim)


split_pieces.vjp(**rules("unsafe_split"))
split_pieces.jvp("linear")
split_sections.vjp(**rules("unsafe_split_with_sizes"))
split_sections.jvp("linear")
unbind_pieces.vjp(**rules("unbind"))
unbind_pieces.jvp("linear")


def check_count(name: str, made: Pieces, out: Sequence[Tensor]) -> None:
    """Nothing, when there is an `out` for each piece. Raises: RuntimeError."""
    if len(out) != len(made):
        raise RuntimeError(
            f"{name} expected an out= argument of size {len(made)}, got size {len(out)}"
        )


def handed_over(name: str, made: Pieces, out: Sequence[Tensor] | None) -> Pieces | None:
    """The pieces, or None once they are written to the tensors of `out`."""
    if out is None:
        return made
    check_count(name, made, out)
    for piece, one in zip(made, out, strict=True):
        own_or_out(piece, one)
        bump(one)
    return None


@composite(method=False)
def split_copy(
    input: Tensor, split_size: int, dim: int = 0, *, out: Sequence[Tensor] | None = None
) -> Pieces | None:
    """What `split` shows in pieces of one size, each in memory of its own; None with `out`.

    Pieces are broadcast and converted to the tensors of `out`.
    """
    made = split_pieces(input, split_size, dim)
    if out is None:
        return made
    check_count("split_copy_Tensor_out()", made, out)
    for piece, one in zip(made, out, strict=True):
        copy_(one, piece)
    return None


@composite(method=False)
def split_with_sizes_copy(
    input: Tensor, split_sizes: Shape, dim: int = 0, *, out: Sequence[Tensor] | None = None
) -> Pieces | None:
    """What `split` shows in pieces of the given sizes, in memory of their own; None with `out`."""
    return handed_over("split_with_sizes_copy_out", split_sections(input, split_sizes, dim), out)


@composite(method=False)
def unbind_copy(
    input: Tensor, dim: int = 0, *, out: Sequence[Tensor] | None = None
) -> Pieces | None:
    """What `unbind` shows, each slice in memory of its own; None with `out`."""
    return handed_over("unbind_copy_int_out", unbind_pieces(input, dim), out)


@op("contiguous")
def as_strided_scatter(
    input: Tensor, src: Tensor, size: Shape, stride: Stride, storage_offset: int | None = None
) -> Tensor:
    """A copy of `input`, of its own geometry, with `src` written where `as_strided` would show it.

    Raises: RuntimeError where it needs a gradient and is not contiguous, which PyTorch cannot do.
    """
    if input.requires_grad and not input.is_contiguous():
        raise RuntimeError(_ONLY_CONTIGUOUS)
    shape, steps, start = kept(input)
    offset = start if storage_offset is None else storage_offset
    room = (start + strides.extent(shape, steps)) * input.dtype.itemsize
    strides.check_strided(tuple(size), tuple(stride), offset, input.dtype.itemsize, room)
    out = scattered(input, src, (tuple(size), tuple(stride), offset), "slice")
    strides.check_no_internal_overlap(tuple(size), tuple(stride))
    return out


_ONLY_CONTIGUOUS = (
    "!self.requires_grad() || self.is_contiguous() INTERNAL ASSERT FAILED at "
    '"/__w/pytorch/pytorch/aten/src/ATen/native/TensorShape.cpp":4747, please report a bug to '
    "PyTorch. as_strided_scatter is currently only supported for contiguous inputs"
)


as_strided_scatter.vjp(
    input=lambda g, input_shape, input_stride, size, stride, storage_offset: kept_slice(
        g, input_shape, input_stride, size, stride, storage_offset
    ),
    src=lambda g, size, stride, storage_offset: g.contiguous().as_strided(
        size, stride, storage_offset
    ),
)
as_strided_scatter.jvp("joint")


def kept_slice(
    g: Tensor, shape: Shape, steps: Stride, size: Shape, stride: Stride, offset: int | None
) -> Tensor:
    """What PyTorch gives for the gradient of what was written over: `g` there, and 0 elsewhere.

    Source: as_strided_scatter_backward, torch/csrc/autograd/FunctionsManual.cpp.
    """
    part = g.contiguous().as_strided(size, stride, offset)
    made = zeros(g, shape).as_strided_scatter(part, size, stride, offset)
    return made if made.strides == steps else made.as_strided(shape, steps, 0)
