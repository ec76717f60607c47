"""Views in another shape, with dims of size 1 put in, left out or stretched. No data is touched."""

from collections.abc import Callable, Sequence
from typing import cast

from minitorch_np import shapes, strides
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.modes import state
from minitorch_np.graph.saved import type_text
from minitorch_np.guard import guarded
from minitorch_np.memory_format import contiguous_format
from minitorch_np.missing import unpacked_value
from minitorch_np.op import composite, op
from minitorch_np.ops.factory import is_index, sizes_of
from minitorch_np.overloads import need_tensors, refuse, unfitting
from minitorch_np.shapes import Shape, Size, cached, noted, wrap_dim
from minitorch_np.tensor import INFERENCE, Tensor, attribute, counter, method

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_shapes", "broadcast_tensors",
    "broadcast_to", "detach", "flatten", "ravel", "reshape", "squeeze", "unflatten", "unsqueeze",
]  # fmt: skip


@op("view", method=False, planned=True)
def view(input: Tensor, size: Shape) -> Tensor:
    """The same elements in another shape over the same memory; one size may be -1.

    Dimensions merge and split wherever strides allow; contiguity is enough, but not needed.
    Raises: RuntimeError when only a copy could do it; a note then names the dims that cannot merge.
    Source: aten/src/ATen/native/TensorShape.cpp view, TensorUtils.cpp computeStride.
    """
    if any(not is_index(n) for n in size):
        _ = sizes_of("view", size)
    to = shapes.infer(tuple(size), input.numel())
    stride = strides.view(input.sizes, input.strides, to)
    if stride is None:
        text = (
            "view size is not compatible with input tensor's size and stride (at least one "
            "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
        note = strides.view_note(input.sizes, input.strides, to, input.dtype.itemsize)
        raise noted(RuntimeError(text), note)
    return input.alias(to, stride, input.offset)


view.vjp(input=lambda g, input_shape: g.reshape(input_shape))


@op("view", method=False, differentiable=False)
def view_dtype(input: Tensor, dtype: Dtype) -> Tensor:
    """The same bytes read as another dtype; the last dim shrinks or grows with the itemsize.

    Autograd does not see it: the result has no base and no gradient, but counts the same writes,
    or none in inference mode.
    Source: aten/src/ATen/native/TensorConversions.cpp view_dtype.
    """
    old, new = input.dtype.itemsize, dtype.itemsize
    shape, stride, offset = input.sizes, input.strides, input.offset
    if old != new:
        _check_view_dtype(input, dtype, max(new // old, 1))
    if old > new:
        r = old // new
        shape = (*shape[:-1], shape[-1] * r)
        stride, offset = (*[s * r for s in stride[:-1]], 1), offset * r
    elif old < new:
        r = new // old
        shape = (*shape[:-1], shape[-1] // r)
        stride, offset = (*[s // r for s in stride[:-1]], 1), offset // r
    seen = input.alias(shape, stride, offset, dtype)
    seen.base = None
    if state.inference:
        seen.clock = INFERENCE
    return seen


def _check_view_dtype(input: Tensor, dtype: Dtype, ratio: int) -> None:
    """Raise unless whole elements of `dtype`, `ratio` old ones each, can be read from `input`."""
    names = f"view {input.dtype.aten_name} as {dtype.aten_name}"
    end = f" to {names} (different element sizes)"
    if not input.sizes:
        raise RuntimeError(f"self.dim() cannot be 0{end}")
    wholes = [("size(-1)", input.sizes[-1]), ("storage_offset()", input.offset)]
    steps = [(f"stride({d})", s) for d, s in enumerate(input.strides[:-1])]
    for name, value in [*wholes, ("", 1), *steps]:
        if not name and input.strides[-1] != 1:
            raise RuntimeError(f"self.stride(-1) must be 1{end}, but got {input.strides[-1]}")
        if name and value % ratio:
            raise RuntimeError(f"self.{name} must be divisible by {ratio}{end}, but got {value}")


def view_method(
    self: Tensor,
    *size: "int | Shape | Dtype",
    dtype: Dtype | None = None,
    **named: Shape,
) -> Tensor:
    """The same memory in another shape (`view(2, -1)`, `view((2, -1))`) or as another dtype."""
    try:
        if dtype is None and size and type(size[0]) is int:
            return view(self, size)  # pyright: ignore[reportArgumentType]  # the op looks at each size
        first = dtype or (size[0] if size else named["size"])
        if len(size) > 1 and not isinstance(first, int):
            raise TypeError
        if isinstance(first, int):
            return view(self, cast("Shape", size))
        return view_dtype(self, first) if isinstance(first, Dtype) else view(self, first)
    except Exception as error:
        refuse("view", size, named if dtype is None else {"dtype": dtype}, error, method=True)
        again = unpacked_value(size)
        if again is size:
            raise
    return view(self, cast("Shape", again))


method(view_method, "view")


@composite(variadic="shape")
def reshape(input: Tensor, shape: Shape) -> Tensor:
    """The same elements in another shape: a view where strides allow, else a copy.

    Source: aten/src/ATen/native/TensorShape.cpp reshape.
    """
    if input.form.in_order:
        return view(input, shape)
    to = shapes.infer(tuple(shape), input.numel())
    stride = strides.view(input.sizes, input.strides, to)
    if stride is None:
        return unsafe_view(input.clone(memory_format=contiguous_format), to)
    return reshape_alias(input, to, stride)


@op("view", planned=True, method=False, node="ReshapeAliasBackward0")
def reshape_alias(input: Tensor, size: Shape, stride: strides.Stride) -> Tensor:
    """The view that `reshape` found for a tensor that is not contiguous."""
    return input.alias(size, stride, input.offset)


reshape_alias.vjp(input=lambda g, input_shape: g.reshape(input_shape))


@op("view", method=False)
def unsafe_view(input: Tensor, size: Shape) -> Tensor:
    """A reshaped fresh copy, which autograd need not regard as a view of anything."""
    stride = strides.view(input.sizes, input.strides, size)
    assert stride is not None
    seen = input.alias(size, stride, input.offset)
    seen.base = None
    seen.clock = counter()
    return seen


unsafe_view.vjp(input=lambda g, input_shape: g.reshape(input_shape))


@composite()
def view_as(input: Tensor, other: Tensor) -> Tensor:
    """The tensor as a view of the shape of `other`."""
    return view(input, other.sizes)


@composite()
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """The tensor in the shape of `other`, copied only if it must be."""
    return reshape(input, other.sizes)


@composite()
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The tensor with dims `start_dim` to `end_dim`, both included, merged; (1,) of a 0-d tensor.

    Itself where there is nothing to merge, a view where strides allow, else a copy.
    Source: aten/src/ATen/native/TensorShape.cpp flatten.
    """
    to = shapes.flattened(input.sizes, start_dim, end_dim)
    if to == input.sizes:
        return input
    return view(input, to) if input.form.in_order else reshape(input, to)


@composite()
def unflatten(input: Tensor, dim: int, sizes: Shape) -> Tensor:
    """The view with `dim` split into `sizes`, one of which may be -1."""
    return view(
        input, shapes.unflattened(input.sizes, dim, sizes_of("unflatten", sizes, "sizes", 3))
    )


@composite()
def ravel(input: Tensor) -> Tensor:
    """The elements in one dim: a view of a contiguous tensor, else of a copy."""
    return view(input.contiguous(), (-1,))


@op(
    "view",
    method=False,
    node=lambda dim: f"SqueezeBackward{0 if dim is None else 1 if isinstance(dim, int) else 2}",
)
def squeeze(input: Tensor, dim: int | Shape | None = None) -> Tensor:
    """The tensor without the dims of size 1 among `dim`, or among all.

    Source: aten/src/ATen/native/TensorShape.cpp squeeze.
    """
    dims = None if dim is None else squeezed(len(input.sizes), dim)
    return input.alias(*without_dims(input.sizes, input.strides, dims), input.offset)


squeeze.vjp(input=lambda g, input_shape, dim: unsqueeze_to(g, input_shape, dim))


@cached
def without_dims(shape: Shape, stride: strides.Stride, dims: Shape | None) -> strides.Geometry:
    """A geometry without the dims of size 1 among wrapped `dims`, or among all."""
    kept = unsqueezed_dims(shape, dims)
    return strides.permuted(shape, kept), strides.permuted(stride, kept)


def unsqueezed_dims(shape: Shape, dim: int | Shape | None) -> list[int]:
    """The dims that are left when `dim`, where of size 1, are squeezed out."""
    gone = squeezed(len(shape), dim)
    return [d for d, n in enumerate(shape) if n != 1 or d not in gone]


def squeezed(ndim: int, dim: int | Shape | None) -> Shape:
    """The wrapped dims that squeeze is asked to look at."""
    if dim is None:
        return tuple(range(ndim))
    return shapes.wrap_dims((dim,) if isinstance(dim, int) else dim, ndim)


def unsqueeze_to(g: Tensor, shape: Shape, dim: int | Shape | None) -> Tensor:
    """The gradient of a squeezed tensor, with the dims of size 1 of `shape` put back."""
    for d in sorted(squeezed(len(shape), dim)):
        if shape and shape[d] == 1:
            g = g.unsqueeze(d)
    return g


def one_or_several(dim: "tuple[int | Shape, ...]") -> int | Shape | None:
    """What `squeeze` was given: nothing, one dim, or several as a tuple or one by one."""
    return None if not dim else dim[0] if len(dim) == 1 else cast("Shape", dim)


def squeeze_method(self: Tensor, *dims: int | Shape, dim: int | Shape | None = None) -> Tensor:
    """The tensor without its dims of size 1, or without those among `dim`."""
    return squeeze(self, one_or_several(dims) if dim is None else dim)


method(guarded(squeeze_method, "squeeze", method=True), "squeeze")


@op("view", planned=True)
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """The tensor with a new dimension of size 1 at `dim`. Source: ATen/native/TensorShape.cpp."""
    shape, stride = with_dim(input.sizes, input.strides, dim)
    return input.alias(shape, stride, input.offset)


unsqueeze.vjp(input=lambda g, dim: g.squeeze(dim))


def with_dim(shape: Shape, stride: strides.Stride, dim: int) -> strides.Geometry:
    """A geometry with a dim of size 1 more; its stride is what it would be if it were wider."""
    d = wrap_dim(dim, len(shape) + 1)
    step = shape[d] * stride[d] if d < len(shape) else 1
    return (*shape[:d], 1, *shape[d:]), (*stride[:d], step, *stride[d:])


@op("view", planned=True, variadic="size")
def expand(input: Tensor, size: Shape, *, implicit: bool = False) -> Tensor:
    """The tensor repeated without a copy: stride 0 wherever a size of 1 becomes larger.

    Source: aten/src/ATen/native/TensorShape.cpp expand.
    """
    if len(size) < len(input.sizes):
        raise RuntimeError(
            f"expand({type_text(input)}{{{list(input.sizes)}}}, size={list(size)}): the number "
            f"of sizes provided ({len(size)}) must be greater or equal to the number of "
            f"dimensions in the tensor ({len(input.sizes)})"
        )
    to = shapes.expanded(input.sizes, tuple(size))
    return input.alias(to, strides.expand(input.sizes, input.strides, to), input.offset)


expand.vjp(input=lambda g, input_shape: g.sum_to_size(input_shape))


@composite()
def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """The tensor expanded to the shape of `other`."""
    return expand(input, other.sizes)


@composite()
def broadcast_to(input: Tensor, size: Shape) -> Tensor:
    """The tensor expanded to `size`."""
    return expand(input, size)


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors expanded to the one shape that they broadcast to."""
    need_tensors(tensors)
    shape = shapes.broadcast(*[t.sizes for t in tensors])
    return tuple([t if t.sizes == shape else expand(t, shape) for t in tensors])


def broadcast_shapes(*shapes: int | Shape) -> Size:
    """The shape that tensors of these shapes broadcast to; an int is a shape of one dim.

    Raises: RuntimeError where sizes clash, counting dims from the end, and for what is no shape;
    ValueError for a negative. Source: torch/_refs/__init__.py, _broadcast_shapes.
    """
    for shape in shapes:
        if not isinstance(shape, (int, tuple, list)):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise RuntimeError(
                "Input shapes should be of type ints, a tuple of ints, or a list of ints, got "
                f"{shape}"
            )
    given = [(shape,) if isinstance(shape, int) else shape for shape in shapes]
    common = [1] * max([len(shape) for shape in given], default=0)
    for at, shape in enumerate(given):
        for d in range(-1, -1 - len(shape), -1):
            if common[d] == 1 and shape[d] < 0:
                raise ValueError("Attempting to broadcast a dimension with negative length!")
            if common[d] == 1:
                common[d] = shape[d]
            elif shape[d] not in (1, common[d]):
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {shape[d]} at {d}! Mismatching "
                    f"argument at index {at} had {shape}; but expected shape should be "
                    f"broadcastable to {common}"
                )
    return Size(common)


def real_part(input: Tensor) -> Tensor:
    """The tensor itself, which has no complex numbers."""
    return input


attribute("real", real_part)


@op("view", method=False, node="AliasBackward0")
def same_view(input: Tensor) -> Tensor:
    """A view of the same geometry. PyTorch's `alias`, a name that Tensor has for its own means."""
    return input.alias(input.sizes, input.strides, input.offset)


same_view.vjp(input=lambda g: g)


@op("view", differentiable=False)
def detach(input: Tensor) -> Tensor:
    """The same memory with no history: backward stops there. It counts the same writes."""
    return input.untracked()


def _each(
    name: str, function: Callable[[Tensor], Tensor], tensors: Sequence[Tensor | Sequence[Tensor]]
) -> Tensor | tuple[Tensor, ...]:
    """`function` of one tensor, or of each of several."""
    if len(tensors) == 1 and isinstance(tensors[0], Tensor):
        return function(tensors[0])
    several = cast("Sequence[Tensor]", tensors[0] if len(tensors) == 1 else tensors)
    if not isinstance(several, (tuple, list)):
        raise unfitting(name, several)
    need_tensors(several)
    return tuple([function(t) for t in several])


def atleast_1d(*tensors: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
    """Each tensor with at least one dim: (1,) of a 0-d tensor."""
    return _each("atleast_1d", lambda t: t if t.ndim else reshape(t, (1,)), tensors)


def atleast_2d(*tensors: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
    """Each tensor with at least two dims: (n,) becomes (1, n)."""
    return _each("atleast_2d", _with_2_dims, tensors)


def atleast_3d(*tensors: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
    """Each tensor with at least three dims: (n,) becomes (1, n, 1), (m, n) becomes (m, n, 1)."""
    return _each("atleast_3d", _with_3_dims, tensors)


def _with_2_dims(t: Tensor) -> Tensor:
    if not t.ndim:
        return reshape(t, (1, 1))
    return unsqueeze(t, 0) if t.ndim == 1 else t


def _with_3_dims(t: Tensor) -> Tensor:
    if not t.ndim:
        return reshape(t, (1, 1, 1))
    if t.ndim == 1:
        t = unsqueeze(t, 0)
    return unsqueeze(t, -1) if t.ndim == 2 else t
