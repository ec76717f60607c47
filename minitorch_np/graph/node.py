"""Nodes: what an op leaves behind in the graph, and what runs there on the way back."""

import itertools
import weakref
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from typing import ClassVar, NamedTuple, NoReturn, cast

import numpy as np

from minitorch_np import strides
from minitorch_np.devices import device as Device
from minitorch_np.dtypes import bool_, float64, int64
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.flight import Spot
from minitorch_np.graph.handle import RemovableHandle, registered
from minitorch_np.graph.raw import SavedTensor, saved_tensor
from minitorch_np.graph.saved import (
    FREED,
    Packed,
    detached,
    freed,
    stale,
    type_text,
    with_history,
)
from minitorch_np.graph.shown import COMPUTED, HIDDEN, look
from minitorch_np.memory_format import contiguous_format
from minitorch_np.shapes import Shape
from minitorch_np.tensor import Tensor, empty, stored

__all__ = [
    "AccumulateGrad",
    "Edge",
    "Node",
    "checked",
    "edge",
    "fitted",
    "forget",
    "is_unmet",
    "laid_out",
    "replaced",
    "sums_to",
]

Edge = tuple["Node", int]
"""A node and which of its outputs: where a gradient goes next."""

Grads = tuple[Tensor | None, ...]
TensorHook = Callable[[Tensor], Tensor | None]
PreHook = Callable[[Grads], Grads | None]
PostHook = Callable[[Grads, Grads], Grads | None]
Apply = Callable[[list[Tensor | None], tuple["Edge | None", ...]], list[Tensor | None]]

reference = weakref.ref
recorded = itertools.count()
"""Counts the nodes, in the order in which they were recorded."""
_LAST = (1 << 64) - 1


class InputMetadata(NamedTuple):
    """Shape and dtype of a gradient that a node takes. Source: torch/csrc/autograd/init.cpp."""

    shape: list[int]
    dtype: Dtype | None
    device: Device = Device("cpu")
    is_nested_tensor: bool = False
    is_cpp_nested_tensor: bool = False


class Node:
    """One recorded op: turns the gradients of its outputs into those of its inputs.

    `edges` has an edge, or None, for each tensor input; `expects` the shape and dtype of each
    output, which every gradient that arrives is made to fit (None: any dtype); `order` when it was
    recorded. The class of an op's node is generated with a slot for everything its rules may save,
    which reads as `node._saved_self` does in PyTorch. Source: torch/csrc/autograd/function.h.
    """

    __slots__ = ("__weakref__", "_metadata", "edges", "expects", "freed", "on_view", "order",
                 "post_hooks", "pre_hooks", "retainers", "tensor_hooks", "whence")  # fmt: skip

    saves: ClassVar[dict[str, int | None]] = {}
    """The tensors that the rules may save, and the edge of each; None for what is no input."""

    outputs: ClassVar[dict[str, int]] = {}
    """Which of them hold an output of the node itself, and which one."""

    scalars: ClassVar[Collection[str]] = ()
    """Which of them may hold a number that the op was given as one, which is no tensor to free."""

    hidden: Collection[int] = frozenset()
    """Which edges PyTorch's overload does not have, for they are of arguments given as numbers."""

    looks: ClassVar[dict[str, str]] = {}
    """How what is kept is shown: see shown.py."""

    unshown: ClassVar[frozenset[str]] = frozenset()
    """Which names PyTorch's node does not have."""

    cut: ClassVar[int] = -1
    """When a tensor last lost its history in place; nodes recorded later need not look."""

    edges: tuple[Edge | None, ...]
    expects: Sequence[tuple[Shape, Dtype | None]]
    on_view: weakref.ref[Tensor] | weakref.ref["Node"]
    """Set where the op wrote to a view: that view, or the node that is its history since then."""
    order: int
    tensor_hooks: dict[int, OrderedDict[int, TensorHook]] | None
    retainers: dict[int, weakref.ref[Tensor]] | None
    """The tensors that keep their gradient, by output; they see it after every hook on it."""
    pre_hooks: OrderedDict[int, PreHook] | None
    post_hooks: OrderedDict[int, PostHook] | None
    whence: Spot
    """Where it was recorded; not there unless the flight recorder is on, nor is `freed`."""
    freed: Spot
    """Who took away what it saved."""

    def __init__(self, edges: tuple[Edge | None, ...]) -> None:
        self.edges = edges
        self.order = next(recorded)
        self.tensor_hooks = self.pre_hooks = self.post_hooks = self.retainers = None

    def apply(
        self, grads: list[Tensor | None], edges: tuple[Edge | None, ...]
    ) -> list[Tensor | None]:
        """The gradient of each input whose edge is there, from those of the outputs."""
        raise NotImplementedError

    def run(
        self, grads: list[Tensor | None], edges: tuple[Edge | None, ...]
    ) -> list[Tensor | None]:
        """`apply`, between the hooks on what arrived and those on what is made of it."""
        if self.order < Node.cut:
            self.check_history()
        if self.post_hooks is None and self.pre_hooks is None:
            return self.apply(grads, edges)
        return self.between_hooks(self.apply, grads, edges)

    def between_hooks(
        self, apply: Apply, grads: list[Tensor | None], edges: tuple[Edge | None, ...]
    ) -> list[Tensor | None]:
        """What `apply` makes of the gradients, and the node's own hooks before and after it.

        Source: call_function, torch/csrc/autograd/engine.cpp.
        """
        grads = self.prepared(grads)
        outputs = tuple(grads)
        results = apply(grads, edges)
        if not self.post_hooks:
            return results
        for nr, (grad, to) in enumerate(zip(results, edges, strict=True)):
            if grad is not None and to is not None:
                results[nr] = fitted(self, nr, to, grad)
        shown = [at for at in range(len(edges)) if at not in self.hidden]
        found = [results[at] for at in shown]
        for hook in list(self.post_hooks.values()):
            changed = hook(tuple(found), outputs)
            if changed is not None:
                found = replaced(hook, found, changed)
        for at, grad in zip(shown, found, strict=True):
            results[at] = grad
        return results

    def prepared(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        """What the hooks that run before the node make of the gradients that it is to get."""
        for hook in list((self.pre_hooks or {}).values()):
            changed = hook(tuple(grads))
            if changed is not None:
                grads = replaced(hook, grads, changed)
        return grads

    def hooked(self, grads: list[Tensor | None]) -> list[Tensor | None]:
        """What the hooks on the outputs make of the gradients that arrived for them."""
        for nr, hooks in (self.tensor_hooks or {}).items():
            for hook in list(hooks.values()):
                changed = hook(grads[nr])  # pyright: ignore[reportArgumentType]  # None, as in torch
                if changed is not None:
                    grads[nr] = checked(hook, grads[nr], changed)
        for nr, keeper in (self.retainers or {}).items():
            tensor, grad = keeper(), grads[nr]
            if tensor is not None and grad is not None:
                meta = tensor.autograd()
                if meta.grad is None:
                    meta.grad = grad.clone(memory_format=contiguous_format)
                else:
                    meta.grad = meta.grad + grad
        return grads

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Raises: a node is neither copied nor pickled."""
        raise TypeError(f"cannot pickle '{self.name()}' object")

    def __call__(self, *grads: Tensor | None) -> Tensor | tuple[Tensor | None, ...] | None:
        """The gradients of the inputs for those of the outputs, one or a tuple; no hook is called.

        Source: THPCppFunction_call, torch/csrc/autograd/python_cpp_function.cpp.
        """
        if len(grads) != len(self.expects):
            raise TypeError(f"expected {len(self.expects)} arguments, got {len(grads)} instead")
        for at, grad in enumerate(grads):
            if grad is not None and not isinstance(grad, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
                raise TypeError(f"argument {at} is not a Variable")
        results = self.apply([*grads], self.edges)
        return results[0] if len(results) == 1 else tuple(results)

    def register_hook(self, fn: PostHook) -> RemovableHandle:
        """Call `fn(grad_inputs, grad_outputs)` after this node ran; a tuple replaces the first."""
        if self.post_hooks is None:
            self.post_hooks = OrderedDict()
        return registered(self.post_hooks, fn)

    def register_prehook(self, fn: PreHook) -> RemovableHandle:
        """Call `fn(grad_outputs)` before this node runs; a tuple returned takes their place."""
        if self.pre_hooks is None:
            self.pre_hooks = OrderedDict()
        return registered(self.pre_hooks, fn)

    @property
    def metadata(self) -> dict[str, object]:
        """A dict of the caller's, kept with the node."""
        try:
            return self._metadata
        except AttributeError:
            self._metadata: dict[str, object] = {}
            return self._metadata

    def name(self) -> str:
        """PyTorch's name of the node, such as 'AddBackward0'."""
        return type(self).__name__

    @property
    def requires_grad(self) -> bool:
        """True, as it is of every node of PyTorch's."""
        return True

    @property
    def _input_metadata(self) -> tuple["InputMetadata", ...]:
        """What is known of each gradient that the node takes; an output of integers has none."""
        return tuple(
            [
                InputMetadata(list(shape), dtype)
                for shape, dtype in self.expects
                if dtype is None or dtype.is_floating_point
            ]
        )

    def _sequence_nr(self) -> int:
        """When the node was recorded: among nodes that are ready, the largest number goes first."""
        return self.order

    @property
    def next_functions(self) -> tuple[tuple["Node | None", int], ...]:
        """The nodes that the input gradients go to, each with the index of its output."""
        hidden = self.hidden
        shown = [
            (None, 0) if e is None else e for at, e in enumerate(self.edges) if at not in hidden
        ]
        return tuple(shown)

    def check_history(self) -> None:
        """Raise RuntimeError where a saved tensor had a history and has none any more.

        Source: torch/csrc/autograd/saved_variable.cpp, SavedVariable::unpack.
        """
        for name, at in self.saves.items():
            kept, to = getattr(self, name), None if at is None else self.edges[at]
            if kept is FREED or not isinstance(kept, Tensor) or to is None:
                continue
            if not isinstance(to[0], AccumulateGrad) and kept.meta and kept.meta.grad_fn is None:
                detached()

    def release(self) -> None:
        """Let go of the saved tensors; a rule that asks for one afterwards raises."""
        self.let_go()

    def let_go(self) -> None:
        """What `release` does, whoever watches it; generated with the class for what it saves."""

    def __init_subclass__(cls) -> None:
        """Give each slot `_kept_<name>` its property `_saved_<name>`, which PyTorch's nodes have,
        and that of a tensor `_raw_saved_<name>`.

        A `__getattr__` would do, and cost every reading of any attribute three times as much. An
        overload has its own properties, for what another one shows it may not.
        """
        slots = [s for each in cls.__mro__ for s in vars(each).get("__slots__", ())]
        for slot in slots:
            if slot.startswith("_kept_"):
                reader = _reader(slot, cls.looks.get(slot, ""))
                setattr(cls, slot.replace("_kept_", "_saved_", 1), property(reader))
        for slot in cls.saves:
            setattr(cls, slot.replace("_kept_", "_raw_saved_", 1), property(_raw_reader(slot)))
        hidden = HIDDEN.get(cls.__name__, "").split()
        for name in (f"{prefix}{each}" for each in hidden for prefix in ("_saved_", "_raw_saved_")):
            if hasattr(cls, name):
                setattr(cls, name, property(_absent(name)))
        cls.unshown = frozenset(
            [f"{p}{each}" for each in hidden for p in ("_saved_", "_raw_saved_")]
        )
        for name, find in COMPUTED.get(cls.__name__, {}).items():
            setattr(cls, f"_saved_{name}", property(find))

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in self.unshown]

    def kept(self, slot: str) -> object:
        """What stands in a slot; a number as the tensor that it is in PyTorch."""
        kept: object = getattr(self, slot)
        if type(kept) in _WRAPPED and slot in self.saves and slot not in self.scalars:
            return stored(np.asarray(kept), _WRAPPED[type(kept)])
        return kept

    def saved(self, slot: str) -> object:
        """What the rules were promised, for as long as it is there and as it was.

        Raises: RuntimeError after the node went backward, or when the tensor was written to.
        """
        kept = self.kept(slot)
        if kept is FREED:
            freed(self)
        if not isinstance(kept, Tensor):
            return kept
        nr = self.outputs.get(slot)
        version: int = getattr(self, slot.replace("_kept_", "_version_", 1), 0)
        if kept.clock.value != version:
            kept = stale(kept, version, self, nr)
        if nr is None or not kept.dtype.is_floating_point:  # indices have no history
            return kept
        return with_history(self, kept, nr)

    def __repr__(self) -> str:
        return f"<{self.name().rpartition('::')[2]} object at {id(self):#x}>"


_WRAPPED: dict[type, Dtype] = {bool: bool_, int: int64, float: float64}
"""The dtypes that numbers have as tensors, where PyTorch has no overload of an op for a number."""


def _reader(slot: str, kind: str) -> Callable[[Node], object]:
    if kind:
        return lambda node: look(kind, node.saved(slot))
    return lambda node: node.saved(slot)


def _absent(name: str) -> Callable[[Node], NoReturn]:
    def read(node: Node) -> NoReturn:
        kind = type(node).__name__
        raise AttributeError(f"{kind!r} object has no attribute {name!r}", name=name, obj=node)

    return read


def _raw_reader(slot: str) -> Callable[[Node], SavedTensor]:
    def read(node: Node) -> SavedTensor:
        def write(stand: Packed) -> None:
            setattr(node, slot, stand)
            setattr(node, slot.replace("_kept_", "_version_", 1), 0)

        return saved_tensor(
            lambda: node.kept(slot), write, lambda: node.saved(slot), slot in node.outputs
        )

    return read


def checked(hook: Callable[..., object], grad: Tensor | None, changed: object) -> Tensor:
    """The gradient that a hook returned in the place of `grad`.

    Raises: TypeError for what is no tensor, RuntimeError for another shape or dtype.
    Source: check_single_result, torch/csrc/autograd/python_hook.cpp.
    """
    if grad is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if not isinstance(changed, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(changed).__name__}'")
    name = getattr(hook, "__name__", "<unknown>")
    if grad.dtype is not changed.dtype:
        raise RuntimeError(
            f"hook '{name}' has changed the type of value "
            f"(was {type_text(grad)} got {type_text(changed)})"
        )
    if grad.sizes != changed.sizes:
        raise RuntimeError(f"hook '{name}' has changed the size of value")
    return changed


def replaced(
    hook: Callable[..., object], grads: list[Tensor | None], changed: object
) -> list[Tensor | None]:
    """The gradients that a hook on a node returned in the place of `grads`."""
    if not isinstance(changed, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(changed).__name__}'")
    values = cast("tuple[object, ...]", changed)
    if len(values) != len(grads):
        name = getattr(hook, "__name__", "<unknown>")
        raise RuntimeError(
            f"hook '{name}' has returned an incorrect number of values (got {len(values)}, "
            f"but expected {len(grads)})"
        )
    return [None if new is None else checked(hook, old, new) for old, new in zip(grads, values)]


def fitted(node: Node, nr: int, target: Edge, grad: Tensor) -> Tensor:
    """`grad` with the shape and dtype of the tensor it is the gradient of, summed if that was
    broadcast. Source: validate_outputs, torch/csrc/autograd/engine.cpp."""
    shape, dtype = target[0].expects[target[1]]
    if grad.sizes[1:] == shape and shape:
        grad = grad.rows_summed()
    elif grad.sizes != shape:
        if not sums_to(grad.sizes, shape):
            raise RuntimeError(
                f"Function {node.name()} returned an invalid gradient at index {nr} - got "
                f"{list(grad.sizes)} but expected shape compatible with {list(shape)}"
            )
        grad = grad.sum_to_size(shape)
    return grad if dtype is None or grad.dtype is dtype else grad.to(dtype)


def sums_to(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Whether a gradient of `shape` can be that of a tensor of shape `to`, which was broadcast."""
    lead = len(shape) - len(to)
    if lead == 1 and shape[1:] == to:
        return True
    return lead >= 0 and all(n in (1, m) for n, m in zip(to, shape[lead:], strict=True))


class AccumulateGrad(Node):
    """The end of every path: the engine adds what arrives here to the `.grad` of a leaf."""

    __slots__ = ("variable",)

    variable: Tensor

    def __init__(self, variable: Tensor) -> None:
        self.edges = ()
        self.order = _LAST
        self.tensor_hooks = self.pre_hooks = self.post_hooks = self.retainers = None
        self.variable = variable
        self.expects = variable.form.expects

    def name(self) -> str:
        """PyTorch's name of the node."""
        return "torch::autograd::AccumulateGrad"


def accumulator(leaf: Tensor) -> AccumulateGrad:
    """A new end of paths at a leaf."""
    return AccumulateGrad(leaf)


def forget(tensor: Tensor) -> None:
    """Make `tensor` a leaf that needs no gradient, and tell the nodes recorded so far."""
    meta = tensor.meta
    if meta is None:
        return
    if meta.grad_fn is not None:
        Node.cut = next(recorded)
    meta.grad_fn = None
    meta.output_nr = 0
    meta.requires_grad = False


def edge(tensor: Tensor) -> Edge | None:
    """Where the gradient of `tensor` goes, None when it needs none."""
    if tensor.base is not None:
        _ = tensor.grad_fn  # a view of memory written since gets its new history here
    meta = tensor.meta
    if meta is None:
        return None
    node = meta.grad_fn
    if node is not None:
        return (node, meta.output_nr)  # pyright: ignore[reportReturnType]  # tensors know nodes by their interface
    if not meta.requires_grad:
        return None
    seen = meta.accumulator
    node = None if seen is None else seen()
    if node is None:
        node = accumulator(tensor)
        if meta.hooks:
            node.tensor_hooks = {0: meta.hooks}
        made = reference(node)
        if meta.accumulator is not seen:  # another thread has made one meanwhile
            return edge(tensor)
        # no call since the test, so that no thread comes between the two
        meta.accumulator = made  # pyright: ignore[reportAttributeAccessIssue]  # as below
    return (node, 0)  # pyright: ignore[reportReturnType]  # as above


def is_unmet(tensor: Tensor) -> bool:
    """Whether autograd met neither a tensor nor what it is a view of."""
    return tensor.meta is None and (tensor.base is None or tensor.base.meta is None)


def gradient_slot(tensor: Tensor) -> Edge:
    """`edge` of a tensor that is known to require a gradient."""
    found = edge(tensor)
    assert found is not None
    return found


def laid_out(leaf: Tensor, grad: Tensor) -> Tensor:
    """A copy of `grad` with the strides of `leaf` where those are dense, else contiguous.

    Source: clone_obey_contract, torch/csrc/autograd/utils/grad_layout_contract.h.
    """
    shape = leaf.sizes
    if not strides.is_dense(shape, leaf.strides):
        return grad.clone(memory_format=contiguous_format)
    return empty(shape, leaf.strides, grad.dtype).copy_(grad)
