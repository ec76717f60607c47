"""Tensor: a shape, a stride and an offset over shared memory, and its place in a graph. No op."""

import gc
import sys
import weakref
from collections import OrderedDict
from collections.abc import Callable
from types import FunctionType
from typing import ClassVar, NoReturn, Protocol, Self, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from minitorch_np import strides
from minitorch_np.declarations import TensorMethods
from minitorch_np.devices import CPU, device, type_name
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.dtypes import in_64_bits
from minitorch_np.flight import Spot, calling, cuts
from minitorch_np.form import NUMPYS_OWN, Form, form_of
from minitorch_np.memory_format import contiguous_format, memory_format
from minitorch_np.shapes import Shape, Size, in_int64, wrap_dim
from minitorch_np.storage import (
    UNSHARED,
    UntypedStorage,
    VersionCounter,
    allocate,
    storage_of,
    storage_over,
    unwritten,
)
from minitorch_np.strides import Stride

__all__ = [
    "AutogradMeta",
    "GraphNode",
    "Number",
    "Tensor",
    "blank",
    "dating",
    "empty",
    "history",
    "over",
    "owning",
    "plain",
    "seen",
    "seen_and_noted",
    "stored",
    "twin",
    "unwatched_seen",
    "view_of",
    "views_noted",
]

Array = NDArray[np.generic]
Number = bool | int | float


class GraphNode(Protocol):
    """What a tensor knows of the node that made it; the nodes themselves live in `graph/`."""

    def name(self) -> str:
        """PyTorch's name of the node, such as 'AddBackward0'."""
        ...


class AutogradMeta:
    """A tensor's place in a graph; a tensor that never met autograd has none.

    Source: torch/csrc/autograd/variable.h, AutogradMeta.
    """

    __slots__ = ("accumulator", "forward", "grad", "grad_fn", "hooks", "output_nr", "post_hooks",
                 "requires_grad", "retains_grad", "typed")  # fmt: skip

    requires_grad: bool
    grad: "Tensor | None"
    grad_fn: GraphNode | None
    output_nr: int
    hooks: "OrderedDict[int, Callable[[Tensor], Tensor | None]] | None"
    post_hooks: "OrderedDict[int, Callable[[Tensor], None]] | None"
    accumulator: "weakref.ref[GraphNode] | None"
    retains_grad: bool
    typed: GraphNode
    """The accumulator of a leaf whose `grad_dtype` was set; else missing, so that ops need not
    fill it in."""
    forward: object
    """Its tangents, `graph.tangents.Tangents`; there only once it had one, so that others pay not
    even for None."""

    def __init__(self, requires_grad: bool = False) -> None:
        self.requires_grad = requires_grad
        self.grad = None
        self.grad_fn = None
        self.output_nr = 0
        self.hooks = None
        self.post_hooks = None
        self.accumulator = None
        self.retains_grad = False


_NO_LEAF = "you can only change requires_grad flags of leaf variables."
_DETACH = (
    " If you want to use a computed variable in a subgraph that doesn't require differentiation "
    "use var_no_grad = var.detach()."
)
_new = object.__new__
_new_array: Callable[..., Array] = np.empty

F = TypeVar("F", bound=Callable[..., object])
V = TypeVar("V")


def method(function: F, name: str = "") -> F:
    """Bind a function of a higher layer as the Tensor method of its name."""
    METHODS[name or function.__name__] = function
    setattr(Tensor, name or function.__name__, function)
    return function


METHODS: dict[str, Callable[..., object]] = {}
"""Methods that are no ops and that higher layers bound."""


def _refusal(name: str) -> Callable[..., NoReturn]:
    """What a property that cannot be set does when it is."""

    def refuse(*_: object) -> NoReturn:
        raise AttributeError(f"attribute '{name}' of 'torch._C.TensorBase' objects is not writable")

    return refuse


def attribute(
    name: str,
    getter: "Callable[[Tensor], V]",
    setter: "Callable[[Tensor, V], None] | None" = None,
    deleter: "Callable[[Tensor], None] | None" = None,
) -> None:
    """Bind functions of a higher layer as the Tensor property `name`."""
    PROPERTIES[name] = getter
    refuse = _refusal(name)
    setattr(Tensor, name, property(getter, setter or refuse, deleter or refuse))


PROPERTIES: dict[str, Callable[..., object]] = {}
"""Getters of the properties that higher layers bound."""


class Tensor(TensorMethods):
    """A strided view of a storage: element i is at `offset + sum(i[d] * stride[d])`.

    Fields (torch's names are the methods and properties; these are their plain contents):
    `sizes` and `strides` tuples of int, in elements; `form` both with the dtype, as one object;
    `offset` in elements from the storage's start; `base` the tensor this is a view of.

    Four more are made when first needed, and None until then: `meta`, the autograd part; `array`,
    the ndarray over the elements (its slot is `nd`); `memory`, the storage (`store`); `clock`, the
    version counter that views share (`ticks`). An op reads and fills the slots, which costs less.
    """

    __slots__ = ("__dict__", "__weakref__", "base", "born", "creation", "dtype", "form", "meta",
                 "nd", "offset", "sizes", "store", "strides", "ticks", "whence")  # fmt: skip

    is_batch: ClassVar[bool] = False
    """Whether this is one example's view of a batch, inside vmap, without memory of its own."""

    __array_priority__ = 1000
    """NumPy's scalars leave `scalar + tensor` to the tensor."""

    sizes: Shape
    strides: Stride
    form: Form
    offset: int
    dtype: Dtype
    base: "Tensor | None"
    born: int
    """For a view: the version at which its `grad_fn` was last right."""
    creation: int
    """For a view: how it was made (`graph.modes.Creation`), which decides on in-place writes."""
    meta: AutogradMeta | None
    nd: Array | None
    """None as well where the memory moved; never while `store` is None."""
    store: UntypedStorage | None
    ticks: VersionCounter | None
    """None while the version is 0 and no view or saved tensor counts with this one."""
    whence: Spot | None
    """For a view: where it was made; not there unless the flight recorder is on."""

    @property
    def memory(self) -> UntypedStorage:
        """The storage that views share."""
        memory = self.store
        if memory is None:
            clock, array = self.ticks, self.nd
            assert array is not None
            shared = clock is not None and clock.memory
            if shared is False:
                form = self.form
                whole = form.order is None
                memory = storage_over(array, form.nbytes) if whole else storage_of(array)
            elif shared is not True and shared.holds(array):
                memory = shared
            else:
                assert clock is not None
                memory = clock.memory = storage_of(array)
            self.store = memory
        return memory

    @memory.setter
    def memory(self, memory: UntypedStorage) -> None:
        self.store = memory

    @property
    def clock(self) -> VersionCounter:
        """The version counter that views share."""
        clock = self.ticks
        if clock is None:
            clock = self.ticks = unwritten()
        return clock

    @clock.setter
    def clock(self, clock: VersionCounter) -> None:
        self.ticks = clock

    def alias(self, shape: Shape, stride: Stride, offset: int, dtype: Dtype | None = None) -> Self:
        """A view: other geometry over the same memory and version counter. Nothing is checked.

        A view of a view has the same base as its parent, as in PyTorch, and a view is a plain
        Tensor even when this is a Parameter.
        """
        return seen(self, form_of(shape, stride, dtype or self.dtype), offset)  # pyright: ignore[reportReturnType]  # Parameter's views are plain

    def untracked(self) -> "Tensor":
        """The same memory and version counter with no history and no base: `detach()` as PyTorch
        stores it in a graph."""
        bare = seen(self, self.form, self.offset)
        bare.base = None
        return bare

    def room(self, shape: Shape, stride: Stride, dtype: Dtype) -> "Tensor":
        """A new uninitialised tensor of any stride, to hold what is computed from this one."""
        form = form_of(shape, stride, dtype)
        return empty_strided(shape, stride, dtype) if form.packed is None else blank(form)

    def zero_room(self, shape: Shape, stride: Stride, dtype: Dtype) -> "Tensor":
        """`room`, with zeros in it."""
        made = self.room(shape, stride, dtype)
        made.array.fill(0)
        return made

    def room_for_noise(self, shape: Shape, stride: Stride, dtype: Dtype) -> "Tensor":
        """A new uninitialised tensor of dense stride, for noise that this one is mixed with."""
        return empty(shape, stride, dtype)

    def restride(self, shape: Shape, stride: Stride, offset: int) -> None:
        """Change this tensor's own geometry, with more memory if it now spans more (`resize_`)."""
        span = 1 + sum([(n - 1) * s for n, s in zip(shape, stride, strict=True)])
        size = self.dtype.itemsize
        nbytes = 0 if 0 in shape else (offset + span) * size
        if nbytes > self.memory.length:
            # counted in its place: how many look at a memory that nobody else looks at
            assert self.store is not None
            if sys.getrefcount(self.store) <= UNSHARED:
                self.store.move(nbytes)
            else:
                self.store.resize_(nbytes)
        self.sizes, self.strides, self.offset = shape, stride, offset
        self.form = form_of(shape, stride, self.dtype)
        self.nd = None

    @property
    def array(self) -> Array:
        """The elements as an ndarray over the same memory (bfloat16 as ml_dtypes stores it).

        Its strides may differ from the tensor's in dimensions of size 1: NumPy forgets those.
        """
        array = self.nd
        if array is None and 0 in self.sizes:  # its offset may lie behind the storage's end
            array = self.nd = np.empty(self.sizes, self.dtype.np)
        if array is None:
            memory, dtype = self.memory, self.dtype
            start = memory.start + self.offset * dtype.itemsize
            array = self.nd = np.ndarray(
                self.sizes, dtype.np, memory.buffer, start, self.form.steps
            )
        return array

    @property
    def shape(self) -> Size:
        """The size of each dimension."""
        return self.form.size

    @overload
    def size(self, dim: None = None) -> Size: ...
    @overload
    def size(self, dim: int) -> int: ...
    def size(self, dim: int | None = None) -> "Size | int":
        """The shape, or the size of dimension `dim`."""
        if dim is None:
            return self.form.size
        sizes = self.sizes
        if type(dim) is int and -len(sizes) <= dim < len(sizes):
            return sizes[dim]
        return sizes[self._one_of(dim, "size")]

    @overload
    def stride(self, dim: None = None) -> Stride: ...
    @overload
    def stride(self, dim: int) -> int: ...
    def stride(self, dim: int | None = None) -> "Stride | int":
        """The stride of each dimension, or of dimension `dim`, in elements."""
        return self.strides if dim is None else self.strides[self._one_of(dim, "stride")]

    def _one_of(self, dim: int, asker: str) -> int:
        """The dimension that `size` or `stride` is asked for, from 0 on."""
        if isinstance(dim, Tensor) and not dim.sizes and dim.dtype.category == 1:
            dim = int(dim.item())
        elif not isinstance(dim, (int, np.integer)) or isinstance(dim, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            told = f"{asker}(): argument 'dim' (position 1) must be int, not {type_name(dim)}"
            raise TypeError(told)
        if not self.sizes:
            raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
        return wrap_dim(in_int64(int(dim)), len(self.sizes))

    def storage_offset(self) -> int:
        """The index of the first element in the storage, in elements."""
        return self.offset

    def dim(self) -> int:
        """The number of dimensions."""
        return len(self.sizes)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.sizes)

    def ndimension(self) -> int:
        """The number of dimensions."""
        return len(self.sizes)

    def numel(self) -> int:
        """The number of elements."""
        return self.form.count

    def nelement(self) -> int:
        """The number of elements."""
        return self.form.count

    def element_size(self) -> int:
        """The size of one element, in bytes."""
        return self.dtype.itemsize

    @property
    def itemsize(self) -> int:
        """The size of one element, in bytes."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of all elements: what a contiguous copy takes, whatever the storage has."""
        return self.form.nbytes

    def untyped_storage(self) -> UntypedStorage:
        """The memory that this tensor and its views share."""
        return self.memory

    def data_ptr(self) -> int:
        """The address of the first element; 0 when there is none."""
        if not self.form.count:
            return 0
        return self.memory.data_ptr() + self.offset * self.dtype.itemsize

    def is_contiguous(self, *, memory_format: memory_format = contiguous_format) -> bool:
        """Whether the elements lie in the order of `memory_format` with nothing between them."""
        if memory_format is contiguous_format:
            return self.form.in_order
        if not hasattr(memory_format, "holds"):
            raise TypeError(
                "is_contiguous(): argument 'memory_format' must be torch.memory_format, not "
                f"{type(memory_format).__name__}"
            )
        return memory_format.holds(self.sizes, self.strides)

    @property
    def device(self) -> device:
        """Where the elements live: the CPU."""
        return CPU

    @property
    def is_cuda(self) -> bool:
        """False: this engine runs on the CPU."""
        return False

    @property
    def is_cpu(self) -> bool:
        """True: this engine runs on the CPU."""
        return True

    @property
    def _version(self) -> int:
        """The number of in-place writes to the memory that this tensor or its views made."""
        clock = self.ticks
        if clock is INFERENCE:
            raise RuntimeError("Inference tensors do not track version counter.")
        return 0 if clock is None else clock.value

    @property
    def _base(self) -> "Tensor | None":
        """The tensor this one is a view of; None where it is an inference tensor."""
        base = self.base
        return None if base is None or base.ticks is INFERENCE else base

    def _is_view(self) -> bool:
        """Whether autograd regards this tensor as a view of another."""
        return self._base is not None

    def is_inference(self) -> bool:
        """Whether the tensor was made in inference mode."""
        return self.ticks is INFERENCE

    def is_floating_point(self) -> bool:
        """Whether the elements are floating point numbers."""
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        """False: there is no complex dtype here."""
        return False

    def is_signed(self) -> bool:
        """Whether the dtype has negative values."""
        return self.dtype.is_signed

    def is_same_size(self, other: "Tensor") -> bool:
        """Whether the shapes are equal."""
        return self.sizes == other.sizes

    def is_set_to(self, tensor: "Tensor") -> bool:
        """Whether both are the same geometry over the same memory."""
        return (self.memory, self.offset, self.sizes, self.strides) == (
            tensor.memory, tensor.offset, tensor.sizes, tensor.strides)  # fmt: skip

    def autograd(self) -> AutogradMeta:
        """The autograd part, made if there is none yet."""
        meta = self.meta
        if meta is None:
            meta = self.meta = AutogradMeta()
        return meta

    @property
    def requires_grad(self) -> bool:
        """Whether gradients reach this tensor: it was asked for, has history, or its base does."""
        meta = self.meta
        if meta is not None and (meta.requires_grad or meta.grad_fn is not None):
            return True
        return self.base is not None and self.base.requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise RuntimeError("requires_grad must be a bool")
        if not self._was_leaf:
            raise RuntimeError(_NO_LEAF if value else _NO_LEAF + _DETACH)
        if value and not self.dtype.is_floating_point:
            raise RuntimeError(
                "only Tensors of floating point and complex dtype can require gradients"
            )
        if value:
            self.refuse_outside_inference()
        if value or self.meta is not None:
            self.autograd().requires_grad = value

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """This tensor, set to collect a gradient in `.grad` (or not)."""
        if not isinstance(requires_grad, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(
                "requires_grad_(): argument 'requires_grad' (position 1) must be bool, not "
                f"{type(requires_grad).__name__}"
            )
        self.refuse_in_transform("requires_grad_")
        if not self._was_leaf and not requires_grad:
            raise RuntimeError(_NO_LEAF + _DETACH)
        if requires_grad and not self.dtype.is_floating_point:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        if self._was_leaf:
            self.requires_grad = requires_grad
        return self

    @property
    def grad_fn(self) -> GraphNode | None:
        """The node that made this tensor, None for a leaf.

        A view whose memory was written since has a new history: its base's, seen through
        `as_strided`. Source: torch/csrc/autograd/variable.cpp, VariableHooks::grad_fn.
        """
        meta = self.meta
        base = self.base
        if base is not None and self.born != self.clock.value:
            if (meta is not None and meta.grad_fn is not None) or base.requires_grad:
                self.refresh_history()
                meta = self.meta
        return None if meta is None else meta.grad_fn

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded op made this tensor."""
        return self.grad_fn is None

    @property
    def _was_leaf(self) -> bool:
        """Whether no op had made this tensor when its history was last looked at: PyTorch's
        `is_leaf` in C++, which takes no notice of writes to a view's base."""
        return self.meta is None or self.meta.grad_fn is None

    @property
    def output_nr(self) -> int:
        """Which output of its `grad_fn` this tensor is."""
        return 0 if self.meta is None else self.meta.output_nr

    @property
    def retains_grad(self) -> bool:
        """Whether a non-leaf keeps its gradient in `.grad`."""
        return self.meta is not None and self.meta.retains_grad

    def __len__(self) -> int:
        if not self.sizes:
            raise TypeError("len() of a 0-d tensor")
        return self.sizes[0]

    def __hash__(self) -> int:
        return id(self)


for _name, _value in list(vars(Tensor).items()):
    if isinstance(_value, property) and _value.fset is None:
        _refuse = _refusal(_name)
        setattr(Tensor, _name, _value.setter(_refuse).deleter(_refuse))

INFERENCE = VersionCounter()
"""The counter of every tensor made in inference mode: a mark, never counted."""


def _look_again(memory: UntypedStorage) -> None:
    """Drop every ndarray over the place where `memory` was.

    Nothing knows which tensors share a storage, for keeping a list would cost each view more than
    a storage that grows ever repays; the garbage collector finds them, in some milliseconds.
    """
    for holder in gc.get_referrers(memory):
        if isinstance(holder, VersionCounter):  # of tensors that never asked for the storage
            for tensor in gc.get_referrers(holder):
                if isinstance(tensor, Tensor) and tensor.store is None:
                    tensor.store, tensor.nd = memory, None
        elif isinstance(holder, Tensor):
            holder.nd = None


UntypedStorage.moved = staticmethod(_look_again)


def empty(shape: Shape, stride: Stride, dtype: Dtype) -> Tensor:
    """A new uninitialised tensor; `stride` must be dense (`empty_strided` is for the others)."""
    return blank(form_of(shape, stride, dtype))


def blank(form: Form) -> Tensor:
    """A new uninitialised tensor of a dense form.

    On the path of every op, so the ndarray that the op will write to is made at once, and the
    storage of a small one when somebody asks for it. Memory starts at a multiple of 16 bytes, and
    of 64 where it is large.
    """
    dtype = form.dtype.np
    if form.nbytes <= NUMPYS_OWN:
        array = _new_array(form.packed, dtype)  # of a dense form, so there is one
        if form.order is not None:
            array = array.transpose(form.order)
        elif form.dims is None:
            form.dims = np.array(form.shape, np.int64)
        return owning(form, array)
    memory = allocate(form.nbytes)
    array = np.ndarray(form.shape, dtype, memory.buffer, memory.start, form.steps)
    tensor = owning(form, array)
    tensor.store = memory
    return tensor


def history(node: GraphNode, nr: int) -> AutogradMeta:
    """The place in a graph of what is output `nr` of a node."""
    meta = _new(AutogradMeta)
    meta.grad_fn = node
    meta.output_nr = nr
    meta.requires_grad = meta.retains_grad = False
    meta.grad = meta.hooks = meta.post_hooks = meta.accumulator = None
    return meta


dating = np.zeros(1, np.int64)
"""Whether there is what makes a new tensor's counter, as compiled code reads it."""

dated: Callable[[], VersionCounter] | None = None
"""What makes the counter of each new tensor while function transforms differentiate."""


def date(counter: Callable[[], VersionCounter] | None) -> None:
    """Have `counter` make the version counter of each new tensor, at once; None ends that."""
    global dated
    dated = counter
    dating[0] = counter is not None


def counter() -> VersionCounter:
    """The counter of memory that nobody else counts the writes to."""
    return dated() if dated else unwritten()


def owning(form: Form, array: Array) -> Tensor:
    """A new tensor of a dense form over an array of that form, which is all its memory."""
    tensor = _new(Tensor)
    tensor.nd = array
    tensor.form = form
    tensor.sizes = form.shape
    tensor.strides = form.stride
    tensor.dtype = form.dtype
    tensor.offset = 0
    tensor.store = tensor.base = tensor.meta = None
    tensor.ticks = dated and dated()
    return tensor


def twin(form: Form, array: Array, store: UntypedStorage | None, clock: VersionCounter) -> Tensor:
    """Another tensor over all memory of one that `owning` made, whose writes it counts."""
    tensor = owning(form, array)
    tensor.store = store
    tensor.ticks = clock
    return tensor


views_noted = np.zeros(1, np.int64)
"""Whether views are noted, as compiled code reads it."""


def seen(tensor: Tensor, form: Form, offset: int) -> Tensor:
    """The view of a tensor that has another form and starts at `offset`; see `Tensor.alias`."""
    view = _new(Tensor)
    memory, clock, base = tensor.store, tensor.ticks, tensor.base
    view.store = tensor.memory if memory is None else memory
    view.ticks = clock = tensor.clock if clock is None else clock
    view.born = clock.value
    view.form = form
    view.sizes = form.shape
    view.strides = form.stride
    view.dtype = form.dtype
    view.offset = offset
    view.base, view.creation = (tensor, 0) if base is None else (base, tensor.creation)
    view.meta = view.nd = None
    return view


def view_of(tensor: Tensor, form: Form, offset: int) -> Tensor:
    """`seen`, for other modules: here, a stamp has its name once compiled code is loaded."""
    return seen(tensor, form, offset)


unwatched_seen = FunctionType(seen.__code__, seen.__globals__)
"""`seen` as it is while the flight recorder is off."""


def seen_and_noted(tensor: Tensor, form: Form, offset: int) -> Tensor:
    """`seen` while the flight recorder is on, which takes this body: the view knows who made it."""
    view: Tensor = unwatched_seen(tensor, form, offset)
    view.whence = spot = calling()
    recorder = spot[0]
    if recorder is not None and recorder.co_name == "detach" and tensor.requires_grad:
        if spot[1].co_name in ("detach", "_unbuilt"):  # the caller's, and not an op's of ours
            cuts.append(("detach()", spot))
    return view


def empty_strided(shape: Shape, stride: Stride, dtype: Dtype) -> Tensor:
    """A new uninitialised tensor of any stride, over just the memory that it spans."""
    nbytes = (
        0
        if 0 in shape
        else dtype.itemsize * (1 + sum((n - 1) * s for n, s in zip(shape, stride, strict=True)))
    )
    return over(allocate(nbytes), shape, stride, 0, dtype)


def over(
    storage: UntypedStorage, shape: Shape, stride: Stride, offset: int, dtype: Dtype
) -> Tensor:
    """A tensor with its own version counter over `storage`. Nothing is checked."""
    tensor = _new(Tensor)
    tensor.store = storage
    tensor.form = form_of(shape, stride, dtype)
    tensor.sizes = shape
    tensor.strides = stride
    tensor.offset = offset
    tensor.dtype = dtype
    tensor.base = tensor.meta = tensor.nd = None
    tensor.ticks = dated and dated()
    return tensor


def stored(array: Array, dtype: Dtype) -> Tensor:
    """A new contiguous tensor with the values of `array`, in aligned memory of its own."""
    shape = array.shape
    tensor = empty(shape, strides.contiguous(shape), dtype)
    tensor.array[...] = array
    return tensor


def plain(value: object) -> Number:
    """A Python number from one, from NumPy's, or from a 0-d tensor that needs no gradient.

    Raises: TypeError. Source: THPVariable_Check in FunctionParameter::check, python_arg_parser.cpp.
    """
    if isinstance(value, (bool, int, float)):
        return in_64_bits(value)
    if isinstance(value, Tensor) and not value.sizes and not value.requires_grad:
        return value.item()
    if isinstance(value, (np.bool_, np.integer, np.floating)):
        return cast(Number, value.item())
    raise TypeError(f"must be Number, not {type(value).__name__}")
