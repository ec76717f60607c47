"""Custom functions: the node of one call, which is the `ctx` its methods get, and what it saves.

Source: torch/csrc/autograd/python_function.cpp.
"""

import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, ClassVar, NamedTuple, NoReturn, cast

from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.engine import current_task
from minitorch_np.graph.modes import state
from minitorch_np.graph.node import Edge, Node, fitted
from minitorch_np.graph.raw import SavedTensor, saved_tensor
from minitorch_np.graph.saved import (
    FREED,
    freed,
    kept_result,
    packed,
    stale,
    version_of,
    with_history,
)
from minitorch_np.shapes import Shape
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor, empty

__all__ = ["CustomNode", "Packed", "Record", "as_ctx", "fields_of", "pack", "record_of",
           "set_aside", "unpack"]  # fmt: skip


class Packed(NamedTuple):
    """A tensor kept for backward: as it is or, output `nr` of its own node, without its history."""

    kept: Tensor
    version: int
    nr: int | None


def pack(tensor: Tensor, is_output: bool) -> Packed:
    """What a node keeps of a tensor, or what hooks make of it. A node never holds its own output,
    which holds the node.

    Raises: RuntimeError for an inference tensor.
    Source: torch/csrc/autograd/saved_variable.cpp, SavedVariable::SavedVariable.
    """
    version = version_of(tensor)
    if state.packing:
        own = is_output and not tensor.is_leaf
        stand = packed(tensor, state.packing[-1], own)
        return Packed(stand, version, tensor.output_nr if own else None)
    if is_output and not tensor.is_leaf:
        return Packed(kept_result(tensor), version, tensor.output_nr)
    return Packed(tensor, version, None)


def unpack(one: Packed, node: Node | None) -> Tensor:
    """The tensor that `node` kept, if nothing wrote to it since.

    Raises: RuntimeError where something did. Source: SavedVariable::unpack.
    """
    kept, version, nr = one
    if kept.clock.value != version:
        kept = stale(kept, version, None if nr is None else node, nr)
    return kept if nr is None or node is None else with_history(node, kept, nr)


_BASE = "torch._C._FunctionBase"


class Record:
    """What the engine knows of one call of a custom Function.

    It is in an object of its own because every other name belongs to the user, who may well call
    something `ctx.order` or `ctx.results`.
    """

    __slots__ = ("active", "boxed", "edges", "let_go", "materializes", "materializes_passive",
                 "packed", "pure_view", "results", "tensor_arguments", "theirs", "unpacked",
                 "unpacks_once")  # fmt: skip

    edges: tuple[Edge | None, ...]
    tensor_arguments: Sequence[bool]
    """For each argument of `forward` whether it is a tensor: those have an edge."""
    results: Sequence[tuple[Shape, Dtype] | None]
    """Shape and dtype of each output, None for what is no tensor: a missing gradient is zeros."""
    active: Sequence[bool]
    """Which outputs have a gradient."""
    packed: Sequence[Packed | None]
    theirs: dict[str, object]
    """The user's attributes that have the names of the engine's, for as long as those matter."""

    def __init__(self) -> None:
        self.edges = ()
        self.tensor_arguments, self.results, self.active, self.packed = (), (), (), ()
        self.theirs = {}
        self.boxed = self.let_go = self.pure_view = self.unpacked = self.unpacks_once = False
        self.materializes = self.materializes_passive = True


class _Switch:
    """An attribute that is a bool, and of which `setter` complains where it is none."""

    def __init__(self, setter: str, field: str) -> None:
        self.setter, self.field = setter, field

    def __get__(self, node: "CustomNode", kind: type | None = None) -> bool:
        return getattr(record_of(node), self.field)

    def __set__(self, node: "CustomNode", value: object) -> None:
        if not isinstance(value, bool):
            raise TypeError(
                f"{self.setter} received an invalid combination of arguments - got (), but "
                "expected (bool)"
            )
        setattr(record_of(node), self.field, value)


class _Written(_Switch):
    """A switch that cannot be read."""

    def __init__(self, name: str, setter: str, field: str) -> None:
        super().__init__(setter, field)
        self.name = name

    def __get__(self, node: "CustomNode", kind: type | None = None) -> bool:
        raise AttributeError(f"attribute '{self.name}' of '{_BASE}' objects is not readable")


class CustomNode(Node):
    """The node of one call of a custom Function, and the `ctx` that its methods are given.

    It takes any attribute, and lets go of what `save_for_backward` kept after it went backward.
    """

    _record: Record
    _forward_cls: ClassVar[Any]
    """The Function it was made by."""

    to_save: tuple[Any, ...] | None = None
    saved_for_forward: tuple[Any, ...] | None = None
    dirty_tensors: tuple[Any, ...] | None = None
    non_differentiable: tuple[Any, ...] | None = None
    output_grad_dtypes: tuple[Any, ...] | None = None
    needs_input_grad: tuple[bool, ...] | None = None
    """For each argument of `forward` whether it is a tensor that requires a gradient."""

    materialize_grads = _Written("materialize_grads", "set_materialize_grads", "materializes")
    _is_pure_view = _Written("_is_pure_view", "set_pure_view", "pure_view")
    _materialize_non_diff_grads = _Switch("set_materialize_non_diff_grads", "materializes_passive")

    def __init__(self, edges: tuple[Edge | None, ...] = ()) -> None:
        super().__init__(edges)
        self.expects = ()
        self._record = Record()

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What `save_for_backward` was given, or in `jvp` what `save_for_forward` was.

        Raises: RuntimeError for a tensor that was written to since, or after the node let go.
        """
        record = self._record
        if record.unpacked:
            raise RuntimeError(
                "saved_tensors can only be accessed once when clear_saved_tensors_on_access=True "
                "is set on the autograd.Function. Either access saved_tensors only once, or set "
                "clear_saved_tensors_on_access=False."
            )
        if self.saved_for_forward is not None:
            return self.saved_for_forward
        if record.let_go:
            freed()
        tensors = tuple([None if one is None else unpack(one, self) for one in record.packed])
        if record.unpacks_once:
            record.packed, record.unpacked = (), True
        return tensors

    @property
    def _raw_saved_tensors(self) -> tuple[SavedTensor, ...]:
        """What `save_for_backward` was given, as it is kept. Raises: RuntimeError after the node
        let go."""
        if self._record.let_go:
            freed()
        return tuple([self._raw(nr) for nr in range(len(self._record.packed))])

    def _raw(self, nr: int) -> SavedTensor:
        def write(stand: Tensor) -> None:
            several = list(self._record.packed)
            one = several[nr]
            several[nr] = one and one._replace(kept=stand)
            self._record.packed = several

        def read() -> Tensor | None:
            if self._record.let_go:
                return FREED
            one = self._record.packed[nr]
            return None if one is None else one.kept

        def unpacked() -> Tensor | None:
            if self._record.let_go:
                freed()
            one = self._record.packed[nr]
            return None if one is None else unpack(one, self)

        one = self._record.packed[nr]
        return saved_tensor(read, write, unpacked, one is not None and one.nr is not None)

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """`saved_tensors`, by its old name."""
        text = "'saved_variables' is deprecated; use 'saved_tensors'"
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        return self.saved_tensors

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes that the gradients of the tensor arguments go to, with the output's index."""
        return tuple([(None, 0) if e is None else e for e in self._record.edges])

    @property
    def _input_grad_buffers(self) -> tuple[Tensor | None, ...]:
        """See `FunctionCtx.input_grad_buffers`.

        Source: get_current_input_grad_buffers, torch/csrc/autograd/engine.cpp.
        """
        if self.post_hooks is not None:
            raise RuntimeError(
                "input_grad_buffers does not support post-hooks on the producing autograd node "
                "because directly accumulated gradients are returned as None and cannot be "
                "observed or replaced by those hooks"
            )
        task = current_task()
        if task is None:
            raise RuntimeError(
                "input_grad_buffers can only be accessed while autograd is executing backward()"
            )
        if state.grad:
            raise RuntimeError("input_grad_buffers does not support create_graph=True")
        if task.executing is not self:
            raise RuntimeError(
                "input_grad_buffers can only be accessed from the currently executing "
                "autograd.Function backward()"
            )
        edges = iter(self._record.edges)
        found = [next(edges) if tensor else None for tensor in self._record.tensor_arguments]
        return tuple([None if to is None else task.addable(to) for to in found])

    def maybe_clear_saved_tensors(self) -> None:
        """Let go of the saved tensors now, if this walk keeps nothing for another one."""
        task = current_task()
        if task is not None and not task.keep_graph:
            self._record.packed, self._record.let_go = (), True

    def release(self) -> None:
        """Let go of the saved tensors."""
        self._record.packed, self._record.let_go = (), True

    def run(
        self, grads: list[Tensor | None], edges: tuple[Edge | None, ...]
    ) -> list[Tensor | None]:
        """What the Function's `backward` returns, with hooks around it."""
        if self.post_hooks is None and self.pre_hooks is None:
            return _derived(self, grads)
        return self.between_hooks(lambda given, _: _derived(self, given), grads, edges)

    __repr__ = object.__repr__


def record_of(node: CustomNode) -> Record:
    """What the engine knows of the call that `node` stands for."""
    return node._record  # pyright: ignore[reportPrivateUsage]  # of one module


_TAKEN = frozenset(name for name in dir(Node) if not name.startswith("_")) - {
    "apply", "metadata", "next_functions", "register_hook", "register_prehook", "requires_grad",
}  # fmt: skip
"""The names that the engine has for its own use in a node, and PyTorch has not."""

_FIELDS = ("edges", "expects", "order")
"""Those of them that hold something of the node's own, hooks aside."""


def fields_of(node: CustomNode) -> tuple[object, ...]:
    """The fields of a node that the user does not know of, as they are."""
    return node.edges, node.expects, node.order


def set_aside(node: CustomNode, before: tuple[object, ...]) -> None:
    """Put away the user's attributes of names that the engine has, whose values `before` has."""
    theirs = record_of(node).theirs
    attributes = vars(node)
    if not _TAKEN.isdisjoint(attributes):
        for name in _TAKEN.intersection(attributes):
            theirs[name] = attributes.pop(name)
    for name, mine in zip(_FIELDS, before, strict=True):
        now = getattr(node, name)
        if now is not mine:
            theirs[name] = now
            setattr(node, name, mine)


@contextmanager
def as_ctx(node: CustomNode) -> Generator[CustomNode]:
    """The node as the ctx that methods of its Function get, with all of the user's attributes."""
    theirs = record_of(node).theirs
    before = fields_of(node)
    for name, value in theirs.items():
        setattr(node, name, value)
    try:
        yield node
    finally:
        theirs.clear()
        set_aside(node, before)


_AS_IT_IS: AbstractContextManager[None] = nullcontext()
"""Instead of `as_ctx` where no name is taken, which is nearly always."""


def _derived(node: CustomNode, grads: list[Tensor | None]) -> list[Tensor | None]:
    """The gradient of each tensor argument, fitted to it, wanted just now or not."""
    record = record_of(node)
    given = [_stand_in(record, nr) if g is None else g for nr, g in enumerate(grads)]
    task = current_task()
    if task is not None:
        task.executing = node
    ctx = cast(Any, node)  # `apply` is for users to call and override, with their arguments
    with as_ctx(node) if record.theirs else _AS_IT_IS:
        returned = ctx.apply_boxed(given) if record.boxed else ctx.apply(*given)
    del given
    if task is not None:
        task.executing, task.exposed = None, False
    several = cast(Any, returned if isinstance(returned, tuple) else (returned,))
    results = _checked(type(node).__name__, record.tensor_arguments, several)
    for nr, (grad, to) in enumerate(zip(results, record.edges, strict=True)):
        if grad is not None and to is not None:
            results[nr] = fitted(node, nr, to, grad)
    return results


def _stand_in(record: Record, nr: int) -> Tensor | None:
    """What stands for a gradient that did not arrive."""
    result = record.results[nr]
    if result is None or not record.materializes:
        return None
    if not (record.active[nr] or record.materializes_passive):
        return None
    shape, dtype = result
    zeros = empty(shape, contiguous(shape), dtype)
    zeros.array.fill(0)
    return zeros


def _checked(
    name: str, tensor_arguments: Sequence[bool], returned: tuple[object, ...]
) -> list[Tensor | None]:
    """The gradients that `backward` returned for the tensor arguments.

    Raises: RuntimeError for a wrong number of them, or what is no tensor.
    """
    count = len(tensor_arguments)
    if len(returned) > count and all(one is None for one in returned[count:]):
        returned = returned[:count]
    if len(returned) != count:
        raise RuntimeError(
            f"function {name} returned an incorrect number of gradients (expected {count}, got "
            f"{len(returned)})"
        )
    results: list[Tensor | None] = []
    for at, (grad, wanted) in enumerate(zip(returned, tensor_arguments, strict=True), 1):
        if wanted:
            if grad is not None and not isinstance(grad, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(grad).__name__})")
            results.append(grad)
        elif grad is not None:
            raise RuntimeError(
                f"function {name} returned a gradient different than None at position {at}, but "
                "the corresponding forward input was not a Variable"
            )
    return results


def _refusal(name: str) -> Callable[..., NoReturn]:
    """What a property that cannot be set does when it is."""

    def refuse(*_: object) -> NoReturn:
        raise AttributeError(f"attribute '{name}' of '{_BASE}' objects is not writable")

    return refuse


for _name in ("saved_tensors", "saved_variables", "requires_grad", "next_functions", "metadata"):
    _read = cast(property, getattr(CustomNode, _name))
    setattr(CustomNode, _name, _read.setter(_refusal(_name)))
