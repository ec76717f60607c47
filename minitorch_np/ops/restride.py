"""In-place changes of a tensor's own geometry or memory; its base and its views keep theirs."""

from collections import OrderedDict
from collections.abc import Sequence
from operator import index
from typing import cast

from minitorch_np import shapes, strides
from minitorch_np.dual.rules import refuse_unruled
from minitorch_np.dual.tensors import tangent
from minitorch_np.graph.inplace import bump, check_inplace, rebase, settle
from minitorch_np.graph.modes import state, writes
from minitorch_np.graph.node import Node, edge, forget
from minitorch_np.graph.tangents import forget_tangents
from minitorch_np.guard import guarded, guarded_method
from minitorch_np.memory_format import contiguous_format, memory_format, preserve_format
from minitorch_np.op import op
from minitorch_np.ops.permute import check_matrix, swapped
from minitorch_np.ops.slicing import as_strided_backward
from minitorch_np.ops.view import one_or_several, unsqueeze_to, unsqueezed_dims, with_dim
from minitorch_np.refusals import Underived
from minitorch_np.shapes import Shape
from minitorch_np.storage import UntypedStorage, VersionCounter, allocate
from minitorch_np.strides import Stride
from minitorch_np.tensor import Tensor, attribute, method

__all__ = ["detach_", "resize_as_"]


def reorder(input: Tensor, order: Sequence[int]) -> Tensor:
    """This tensor with its dims in another order, or some left out."""
    shape, stride = strides.permuted(input.sizes, order), strides.permuted(input.strides, order)
    input.restride(shape, stride, input.offset)
    return input


@op("view", node="TransposeBackward1")
def transpose_(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """This tensor with two of its dims exchanged."""
    return reorder(input, swapped(input.ndim, dim0, dim1))


transpose_.vjp(input=lambda g, dim0, dim1: g.transpose(dim0, dim1))


@guarded_method
def swapaxes_(self: Tensor, axis0: int, axis1: int) -> Tensor:
    """`transpose_` under NumPy's name."""
    writes("swapaxes_", self, axis0, axis1)
    return self.transpose_(axis0, axis1)


@guarded_method
def swapdims_(self: Tensor, dim0: int, dim1: int) -> Tensor:
    """`transpose_` under another name."""
    writes("swapdims_", self, dim0, dim1)
    return self.transpose_(dim0, dim1)


@op("view", node="TBackward1")
def t_(input: Tensor) -> Tensor:
    """This matrix transposed; a tensor of fewer dims as it is."""
    check_matrix("t_", input)
    return reorder(input, range(input.ndim - 1, -1, -1))


t_.vjp(input=lambda g: g.t())


@op(
    "view",
    method=False,
    node=lambda dim: f"SqueezeBackward{3 if dim is None else 4 if isinstance(dim, int) else 5}",
)
def squeeze_(input: Tensor, dim: int | Shape | None = None) -> Tensor:
    """This tensor without its dims of size 1, or without those among `dim`."""
    return reorder(input, unsqueezed_dims(input.sizes, dim))


squeeze_.vjp(input=lambda g, input_shape, dim: unsqueeze_to(g, input_shape, dim))


def squeeze_method_(self: Tensor, *dims: int | Shape, dim: int | Shape | None = None) -> Tensor:
    """This tensor without its dims of size 1, or without those among `dim`."""
    return squeeze_(self, one_or_several(dims) if dim is None else dim)


method(guarded(squeeze_method_, "squeeze_", method=True), "squeeze_")


@op("view", node="UnsqueezeBackward1")
def unsqueeze_(input: Tensor, dim: int) -> Tensor:
    """This tensor with a new dim of size 1 at `dim`."""
    shape, stride = with_dim(input.sizes, input.strides, dim)
    input.restride(shape, stride, input.offset)
    return input


unsqueeze_.vjp(input=lambda g, dim: g.squeeze(dim))


@op("view", node="AsStridedBackward1")
def as_strided_(
    input: Tensor, size: Shape, stride: Stride, storage_offset: int | None = None
) -> Tensor:
    """This tensor with any geometry over its storage."""
    offset = input.offset if storage_offset is None else storage_offset
    shape, steps = tuple(size), tuple(stride)
    strides.check_strided(shape, steps, offset, input.dtype.itemsize, input.memory.length)
    input.restride(shape, steps, offset)
    return input


as_strided_.vjp(
    input=lambda g, input_shape, input_stride, input_offset, size, stride, storage_offset: (
        as_strided_backward(
            g, input_shape, input_stride, input_offset, tuple(size), tuple(stride), storage_offset
        )
    )
)


@guarded_method
def resize_(
    self: Tensor, *size: int | Shape, memory_format: memory_format = contiguous_format
) -> Tensor:
    """This tensor with another shape over its memory, which grows if it must; contents stay.

    Strides are kept if the shape is. Raises: RuntimeError when a gradient is wanted.
    Source: aten/src/ATen/native/Resize.cpp resize_.
    """
    writes("resize_", self, *size)
    if self.requires_grad and not state.inference:
        raise RuntimeError("cannot resize variables that require grad")
    several = size[0] if size and isinstance(size[0], (tuple, list)) else size
    shape = tuple([index(cast(int, n)) for n in several])
    shapes.check_countable(shape)
    other = memory_format not in (contiguous_format, preserve_format)
    if shape == self.sizes and not other:
        return self  # not even counted as a write
    stride = memory_format.stride(shape) if other else strides.contiguous(shape)
    dual = tangent(self) is not None
    self.restride(shape, stride, self.offset)
    bump(self)
    if dual:  # PyTorch asks when it is done
        raise RuntimeError("cannot resize variables that has a forward grad")
    return self


@guarded_method
def resize_as_(
    self: Tensor, the_template: Tensor, *, memory_format: memory_format = contiguous_format
) -> Tensor:
    """This tensor with the shape of another over its memory, which grows if it must."""
    writes("resize_as_", self, the_template)
    return resize_(self, the_template.sizes, memory_format=memory_format)


def leave_accumulator(leaf: Tensor) -> None:
    """Let graphs from now on end at a new node for `leaf`, which knows what the leaf is now.

    Source: reset_grad_accumulator, torch/csrc/autograd/variable.h.
    """
    meta = leaf.meta
    old = None if meta is None or meta.accumulator is None else meta.accumulator()
    if meta is not None and isinstance(old, Node):
        meta.accumulator = None
        hooks = meta.hooks = OrderedDict() if meta.hooks is None else meta.hooks
        old.tensor_hooks = {0: hooks}  # hooks of later on are its hooks, too


@guarded_method
def set_(
    self: Tensor,
    source: Tensor | UntypedStorage | None = None,
    storage_offset: int = 0,
    size: Shape | None = None,
    stride: Stride | None = None,
) -> Tensor:
    """This tensor over the memory of another tensor, or of a storage; over none without `source`.

    A size alone is laid out contiguously, with more memory if it spans more; without one the whole
    storage is taken. With a size, nobody asks for the dtype or the history of a source.
    Source: aten/src/ATen/native/TensorFactories.cpp set_.
    """
    writes("set_", self, source, *(() if size is None else (storage_offset, size, stride)))
    sources = [self]
    memory = allocate(0) if source is None else source
    if isinstance(source, Tensor):
        memory = source.memory
        if size is None:
            sources.append(source)
            size, stride = source.sizes, source.strides
        elif not source.is_contiguous():
            raise RuntimeError("passed in tensor to be used as storage must be contiguous")
        storage_offset += source.offset
    assert isinstance(memory, UntypedStorage)
    if sources[-1].dtype is not self.dtype:
        old, new = sources[-1].dtype.cpp_name, self.dtype.cpp_name
        raise RuntimeError(f"Could not set tensor of type {old} to a tensor of type {new}")
    check_inplace(self, any(t.requires_grad for t in sources))
    shape = (memory.length // self.dtype.itemsize,) if size is None else tuple(size)
    told = () if size is not None and stride is None else None
    steps = strides.contiguous(shape) if stride is None else tuple(stride)
    if stride is None and shape == self.sizes:
        steps = self.strides
    # PyTorch makes the memory larger, but only while it changes the geometry
    if (shape, steps) == (self.sizes, self.strides):
        room = memory.length
        strides.check_strided(shape, steps, storage_offset, self.dtype.itemsize, room, told)
    edges = tuple([edge(t) for t in sources]) if state.grad else ()
    dual = any(tangent(t) is not None for t in sources)
    self.memory = memory
    self.restride(shape, steps, storage_offset)
    bump(self)
    if not state.inference:
        leave_accumulator(self)
    if dual:
        refuse_unruled("set_")
    if edges and any(t.requires_grad for t in sources):
        rebase(self, Underived("set_", edges))
    return self


@method
def detach_(self: Tensor) -> Tensor:
    """This tensor cut off from its history: a leaf that needs no gradient.

    Raises: RuntimeError for a view. In inference mode nothing happens, as in PyTorch.
    """
    writes("detach_", self)
    if state.inference:
        return self
    if self.base is not None:
        raise RuntimeError(
            "Can't detach views in-place. Use detach() instead. If you are using "
            "DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as "
            "True, gradients are views of DDP buckets, and hence detach_() cannot be called on "
            "these gradients. To fix this error, please refer to the Optimizer.zero_grad() "
            "function in torch/optim/optimizer.py as the solution."
        )
    settle(self)
    forget(self)
    forget_tangents(self)
    return self


def data(self: Tensor) -> Tensor:
    """The same memory with no history and a version counter of its own: writes stay unseen.

    Assigning replaces memory, shape and dtype and keeps gradient, history and version.
    """
    if self.is_batch:
        raise RuntimeError("accessing `data` under vmap transform is not allowed")
    bare = self.untracked()
    bare.clock = VersionCounter()
    bare.clock.epoch = self.clock.epoch
    return bare


def set_data(self: Tensor, value: Tensor) -> None:
    """Make this tensor the memory and geometry of `value`.

    A graph that leads here keeps the shape that it knew; of another dtype, a new path will.
    Source: VariableHooks::set_data, torch/csrc/autograd/variable.cpp.
    """
    if not isinstance(value, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
    if self.requires_grad and not value.dtype.is_floating_point:
        raise RuntimeError(
            "data set to a tensor that requires gradients must be floating point or complex dtype"
        )
    if value.dtype is not self.dtype:
        leave_accumulator(self)
    self.memory = value.memory
    self.dtype = value.dtype
    self.restride(value.sizes, value.strides, value.offset)


def delete_data(_: Tensor) -> None:
    """Refused. Raises: RuntimeError."""
    raise RuntimeError("Deleting tensor data is not allowed. Delete tensor instead!")


attribute("data", data, set_data, delete_data)
