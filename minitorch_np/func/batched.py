"""BatchedTensor: one example's view of a tensor that holds a whole batch, at one level of vmap.

Its shape and stride are those of one example; `value` is the tensor with all examples, along its
dimension `bdim`. That may be a BatchedTensor of an outer level. Only the innermost tensors have
memory and a history, so that there is one tape whatever the number of levels.
Source: aten/src/ATen/functorch/BatchedTensorImpl.cpp.
"""

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import NoReturn, Unpack, cast

from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.form import form_of
from minitorch_np.graph.modes import OpMode, over
from minitorch_np.ops.factory import Options, SizedOptions, shape_of, sizes_of
from minitorch_np.shapes import Shape
from minitorch_np.storage import VersionCounter
from minitorch_np.strides import Stride
from minitorch_np.tensor import Array, GraphNode, Number, Tensor

__all__ = [
    "BatchedTensor", "Level", "batched", "debug_unwrap", "levels_of", "moved", "physical",
    "refreshed",
]  # fmt: skip

_NO_DATA = "Cannot access data pointer of Tensor that doesn't have storage"
_ESCAPED = (
    "Either your tensor may have escaped from inside a function being vmapped and this is a user "
    "error (see https://pytorch.org/functorch/stable/ux_limitations.html), or there is an internal "
    "functorch error in `gen_vmap_plumbing` Please file an issue if it looks like the latter"
)
_NO_ITEM = (
    "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling "
    ".item() on a Tensor, please try to rewrite what you're doing with other operations. If error "
    "is occurring somewhere inside PyTorch internals, please file a bug report."
)
_NO_BRANCH = (
    "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. "
    "We don't support that yet, please file an issue at https://github.com/pytorch/pytorch/issues ."
)
_NO_REQUIRES_GRAD = (
    "You are attempting to call Tensor.requires_grad_() (or perhaps using "
    "torch.autograd.functional.* APIs) inside of a function being transformed by a functorch "
    "transform. This is unsupported, please attempt to use the functorch transforms (e.g. grad, "
    "vjp, jacrev, jacfwd, hessian) or call requires_grad_() outside of a function being "
    "transformed instead."
)


class Level(OpMode):
    """One vmap that runs just now: how many examples, and what random numbers they see."""

    batches = True

    def __init__(self, size: int, randomness: str, depth: int) -> None:
        self.size = size
        self.randomness = randomness
        self.depth = depth
        self.gradients = 0
        """How many transforms that differentiate run inside this one."""
        self.runs = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, value, trace)
        self.runs = False

    def holds(self, tensor: object) -> bool:
        """Whether `tensor` is batched at this level."""
        return isinstance(tensor, BatchedTensor) and tensor.level is self

    def front(self, tensor: Tensor) -> Tensor:
        """All examples of a tensor that is batched here, along dimension 0."""
        assert isinstance(tensor, BatchedTensor)
        value, at = tensor.value, tensor.bdim
        return moved(value, at, 0)

    def spread(self, tensor: Tensor) -> Tensor:
        """All examples along dimension 0; of a tensor that is not batched here, each the same."""
        if self.holds(tensor):
            return self.front(tensor)
        return tensor.unsqueeze(0).expand(self.size, *tensor.sizes)


def moved(tensor: Tensor, source: int, to: int) -> Tensor:
    """A view with dimension `source` at `to`; the tensor itself where that is the same."""
    if source == to:
        return tensor
    order = [d for d in range(len(tensor.sizes)) if d != source]
    order.insert(to, source)
    return tensor.permute(tuple(order))


class BatchedTensor(Tensor):
    """One example's view of a batch inside `vmap`; what cannot be said of one example raises."""

    __slots__ = ("bdim", "level", "value")

    is_batch = True

    value: Tensor
    bdim: int
    level: Level

    @property
    def array(self) -> Array:
        """Raises: RuntimeError, for which example's?"""
        raise RuntimeError(_NO_DATA if self.level.runs else _ESCAPED)

    @property
    def memory(self) -> NoReturn:  # pyright: ignore[reportIncompatibleMethodOverride]  # there is none to set
        """Raises: NotImplementedError."""
        raise NotImplementedError("Cannot access storage of BatchedTensorImpl")

    @property
    def clock(self) -> VersionCounter:  # pyright: ignore[reportIncompatibleMethodOverride]  # as above
        """The version counter of all examples."""
        return self.value.clock

    @property
    def _version(self) -> int:
        return self.value._version

    @property
    def requires_grad(self) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]  # set by a setter that raises
        """Whether a transform inside this vmap differentiates it; outer tapes are not seen."""
        return self.level.gradients > 0 and physical(self).requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> NoReturn:
        raise RuntimeError(_NO_REQUIRES_GRAD)

    def requires_grad_(self, requires_grad: bool = True) -> NoReturn:
        """Raises: RuntimeError; `grad` and `vjp` differentiate inside of vmap."""
        raise RuntimeError(_NO_REQUIRES_GRAD)

    @property
    def grad_fn(self) -> GraphNode | None:
        """The node of all examples, where a transform inside this vmap differentiates."""
        return physical(self).grad_fn if self.level.gradients else None

    def data_ptr(self) -> int:
        """Raises: RuntimeError."""
        raise RuntimeError(_NO_DATA if self.level.runs else _ESCAPED)

    def item(self) -> Number:
        """Raises: RuntimeError, for which example's?"""
        raise RuntimeError(_NO_ITEM)

    def tolist(self) -> NoReturn:
        """Raises: RuntimeError."""
        raise RuntimeError(_NO_DATA if self.level.runs else _ESCAPED)

    def numpy(self, *, force: bool = False) -> NoReturn:
        """Raises: RuntimeError."""
        raise RuntimeError(_NO_DATA if self.level.runs else _ESCAPED)

    def __bool__(self) -> bool:
        raise RuntimeError(_NO_BRANCH)

    def __float__(self) -> float:
        raise RuntimeError(_NO_ITEM)

    def __int__(self) -> int:
        raise RuntimeError(_NO_ITEM)

    def __repr__(self) -> str:
        return over.shown(self)

    def __format__(self, spec: str) -> str:
        return object.__format__(self, spec) if self.sizes else format(self.item(), spec)

    def room(self, shape: Shape, stride: Stride, dtype: Dtype) -> Tensor:
        """Uninitialised examples of this geometry, one after the other."""
        step = 1 + sum([(n - 1) * s for n, s in zip(shape, stride, strict=True)])
        n = self.level.size
        return batched(self.value.room((n, *shape), (step, *stride), dtype), 0, self.level)

    def zero_room(self, shape: Shape, stride: Stride, dtype: Dtype) -> Tensor:
        """Examples of zeros."""
        return self.room(shape, stride, dtype).zero_()

    def room_for_noise(self, shape: Shape, stride: Stride, dtype: Dtype) -> Tensor:
        """`room` where each example is to have other noise, else memory that all share."""
        if self.level.randomness == "different":
            return self.room(shape, stride, dtype)
        return self.value.room_for_noise(shape, stride, dtype)

    def _new(self, name: str, shape: Shape, *value: object, **options: object) -> Tensor:
        make = getattr(self.value, name)
        made = cast(Tensor, make((self.level.size, *shape), *value, **options))
        return batched(made, 0, self.level)

    def new_empty(self, *size: int | Sequence[int], **options: Unpack[SizedOptions]) -> Tensor:
        """Uninitialised examples of `size`."""
        return self._new("new_empty", shape_of("new_empty", size, options), **options)

    def new_zeros(self, *size: int | Sequence[int], **options: Unpack[SizedOptions]) -> Tensor:
        """Zeros of `size` for each example."""
        return self._new("new_zeros", shape_of("new_zeros", size, options), **options)

    def new_ones(self, *size: int | Sequence[int], **options: Unpack[SizedOptions]) -> Tensor:
        """Ones of `size` for each example."""
        return self._new("new_ones", shape_of("new_ones", size, options), **options)

    def new_full(
        self, size: Sequence[int], fill_value: Number | Tensor, **options: Unpack[Options]
    ) -> Tensor:
        """`fill_value` of `size` for each example."""
        return self._new("new_full", sizes_of("new_full", size), fill_value, **options)

    def new_empty_strided(
        self, size: Sequence[int], stride: Sequence[int], **options: Unpack[Options]
    ) -> Tensor:
        """Uninitialised examples of any geometry."""
        made = self.new_empty((), **options)
        return self.room(tuple(size), tuple(stride), made.dtype)


_new = object.__new__


def batched(value: Tensor, bdim: int, level: Level) -> BatchedTensor:
    """One example's view of `value` at a level."""
    tensor = _new(BatchedTensor)
    tensor.value, tensor.bdim, tensor.level = value, bdim, level
    tensor.base = tensor.meta = tensor.nd = tensor.store = tensor.ticks = None
    tensor.creation = tensor.born = 0
    return refreshed(tensor)


def refreshed(tensor: BatchedTensor) -> BatchedTensor:
    """The tensor, with the geometry that its value has now."""
    value, at = tensor.value, tensor.bdim
    shape, stride = value.sizes, value.strides
    tensor.sizes = shape = shape[:at] + shape[at + 1 :]
    tensor.strides = stride = stride[:at] + stride[at + 1 :]
    tensor.dtype, tensor.offset = value.dtype, value.offset
    tensor.form = form_of(shape, stride, value.dtype)
    return tensor


def physical(tensor: Tensor) -> Tensor:
    """The tensor with memory and history below all levels."""
    while isinstance(tensor, BatchedTensor):
        tensor = tensor.value
    return tensor


def debug_unwrap(tensor: Tensor, *, recurse: bool = True) -> Tensor:
    """The tensor that holds all examples, below all levels or, unless `recurse`, below one.

    To look at while debugging; a tensor that is no view of a batch comes back as it is.
    Source: debug_unwrap, torch/_functorch/eager_transforms.py.
    """
    if recurse:
        return physical(tensor)
    return tensor.value if isinstance(tensor, BatchedTensor) else tensor


def levels_of(tensors: Iterable[Tensor]) -> list[Level]:
    """The levels at which one of the tensors is batched, outermost first."""
    found: dict[int, Level] = {}
    for tensor in tensors:
        while isinstance(tensor, BatchedTensor):
            found[tensor.level.depth] = tensor.level
            tensor = tensor.value
    return [found[depth] for depth in sorted(found)]
