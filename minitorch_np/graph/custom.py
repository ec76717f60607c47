"""Custom functions: the node of one call, which is the `ctx` its methods get, and what it saves.

Source: torch/csrc/autograd/python_function.cpp.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple, NoReturn, cast

from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.engine import current_task
from minitorch_np.graph.modes import state
from minitorch_np.graph.node import Edge, Node, fitted
from minitorch_np.graph.saved import freed, kept_result, stale, version_of, with_history
from minitorch_np.shapes import Shape
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Tensor, empty

__all__ = ["CustomNode", "Packed", "pack", "unpack"]


class Packed(NamedTuple):
    """A tensor kept for backward: as it is or, output `nr` of its own node, without its history."""

    kept: Tensor
    version: int
    nr: int | None


def pack(tensor: Tensor, is_output: bool) -> Packed:
    """What a node keeps of a tensor. A node never holds its own output, which holds the node.

    Raises: RuntimeError for an inference tensor.
    Source: torch/csrc/autograd/saved_variable.cpp, SavedVariable::SavedVariable.
    """
    version = version_of(tensor)
    if is_output and not tensor.is_leaf:
        return Packed(kept_result(tensor), version, tensor.output_nr)
    return Packed(tensor, version, None)


def unpack(packed: Packed, node: Node) -> Tensor:
    """The tensor that `node` kept, if nothing wrote to it since.

    Raises: RuntimeError where something did. Source: SavedVariable::unpack.
    """
    kept, version, nr = packed
    if kept.clock.value != version:
        stale(kept, version, None if nr is None else node, nr)
    return kept if nr is None else with_history(node, kept, nr)


_BASE = "torch._C._FunctionBase"


class _Switch:
    """An attribute that is a bool, and of which `setter` complains where it is none."""

    def __init__(self, setter: str, field: str) -> None:
        self.setter, self.field = setter, field

    def __get__(self, node: object, kind: type | None = None) -> bool:
        return getattr(node, self.field)

    def __set__(self, node: object, value: object) -> None:
        if not isinstance(value, bool):
            raise TypeError(
                f"{self.setter} received an invalid combination of arguments - got (), but "
                "expected (bool)"
            )
        setattr(node, self.field, value)


class _Written(_Switch):
    """A switch that cannot be read."""

    def __init__(self, name: str, setter: str, field: str) -> None:
        super().__init__(setter, field)
        self.name = name

    def __get__(self, node: object, kind: type | None = None) -> bool:
        raise AttributeError(f"attribute '{self.name}' of '{_BASE}' objects is not readable")


class CustomNode(Node):
    """The node of one call of a custom Function, and the `ctx` that its methods are given.

    It takes any attribute, and lets go of what `save_for_backward` kept after it went backward.
    """

    _forward_cls: ClassVar[Any]
    """The Function it was made by."""

    to_save: tuple[Any, ...] | None = None
    saved_for_forward: tuple[Any, ...] | None = None
    dirty_tensors: tuple[Any, ...] | None = None
    non_differentiable: tuple[Any, ...] | None = None
    output_grad_dtypes: tuple[Any, ...] | None = None
    needs_input_grad: tuple[bool, ...] | None = None
    """For each argument of `forward` whether it is a tensor that requires a gradient."""

    materializes: bool = True
    """Whether `backward` gets zeros for gradients that did not arrive."""
    materializes_passive: bool = True
    """The same for those of outputs that have none."""
    is_pure_view: bool = False
    """Whether the one output is a view of the one argument that may be written to."""
    tensor_arguments: Sequence[bool] = ()
    """For each argument of `forward` whether it is a tensor: those have an edge."""
    results: Sequence[tuple[Shape, Dtype] | None] = ()
    """Shape and dtype of each output, None for what is no tensor: a missing gradient is zeros."""
    active: Sequence[bool] = ()
    """Which outputs have a gradient."""
    boxed: bool = False
    packed: Sequence[Packed | None] = ()
    let_go: bool = False
    """Whether the node went backward, so that nothing can be unpacked any more."""
    unpacks_once: bool = False
    unpacked: bool = False

    materialize_grads = _Written("materialize_grads", "set_materialize_grads", "materializes")
    _is_pure_view = _Written("_is_pure_view", "set_pure_view", "is_pure_view")
    _materialize_non_diff_grads = _Switch("set_materialize_non_diff_grads", "materializes_passive")

    def __init__(self, edges: tuple[Edge | None, ...] = ()) -> None:
        super().__init__(edges)
        self.expects = ()

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What `save_for_backward` was given, or in `jvp` what `save_for_forward` was.

        Raises: RuntimeError for a tensor that was written to since, or after the node let go.
        """
        if self.unpacked:
            raise RuntimeError(
                "saved_tensors can only be accessed once when clear_saved_tensors_on_access=True "
                "is set on the autograd.Function. Either access saved_tensors only once, or set "
                "clear_saved_tensors_on_access=False."
            )
        if self.saved_for_forward is not None:
            return self.saved_for_forward
        if self.let_go:
            freed()
        tensors = tuple([None if one is None else unpack(one, self) for one in self.packed])
        if self.unpacks_once:
            self.packed, self.unpacked = (), True
        return tensors

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """`saved_tensors`, by its old name."""
        text = "'saved_variables' is deprecated; use 'saved_tensors'"
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        return self.saved_tensors

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
        edges = iter(self.edges)
        found = [next(edges) if is_tensor else None for is_tensor in self.tensor_arguments]
        return tuple([None if to is None else task.addable(to) for to in found])

    def maybe_clear_saved_tensors(self) -> None:
        """Let go of the saved tensors now, if this walk keeps nothing for another one."""
        task = current_task()
        if task is not None and not task.keep_graph:
            self.release()

    def release(self) -> None:
        """Let go of the saved tensors."""
        self.packed, self.let_go = (), True

    def run(
        self, grads: list[Tensor | None], edges: tuple[Edge | None, ...]
    ) -> list[Tensor | None]:
        """What the Function's `backward` returns, with hooks around it."""
        if self.post_hooks is None and self.pre_hooks is None:
            return self.derived(grads, edges)
        return self.between_hooks(self.derived, grads, edges)

    def derived(
        self,
        grads: list[Tensor | None],
        edges: tuple[Edge | None, ...],  # noqa: ARG002
    ) -> list[Tensor | None]:
        """The gradient of each tensor argument, fitted to it, wanted just now or not."""
        given = [self._given(nr) if g is None else g for nr, g in enumerate(grads)]
        node = cast(Any, self)  # `apply` is for users to call and override, with their arguments
        task = current_task()
        if task is not None:
            task.executing = self
        returned = node.apply_boxed(given) if self.boxed else node.apply(*given)
        del given
        if task is not None:
            task.executing, task.exposed = None, False
        several = cast(Any, returned if isinstance(returned, tuple) else (returned,))
        results = self._checked(several)
        for nr, (grad, to) in enumerate(zip(results, self.edges, strict=True)):
            if grad is not None and to is not None:
                results[nr] = fitted(self, nr, to, grad)
        return results

    def _given(self, nr: int) -> Tensor | None:
        """What stands for a gradient that did not arrive."""
        result = self.results[nr]
        if result is None or not self.materializes:
            return None
        if not (self.active[nr] or self.materializes_passive):
            return None
        shape, dtype = result
        zeros = empty(shape, contiguous(shape), dtype)
        zeros.array.fill(0)
        return zeros

    def _checked(self, returned: tuple[object, ...]) -> list[Tensor | None]:
        """The gradients that `backward` returned for the tensor arguments.

        Raises: RuntimeError for a wrong number of them, or what is no tensor.
        """
        count = len(self.tensor_arguments)
        if len(returned) > count and all(one is None for one in returned[count:]):
            returned = returned[:count]
        if len(returned) != count:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected "
                f"{count}, got {len(returned)})"
            )
        results: list[Tensor | None] = []
        for at, (grad, wanted) in enumerate(zip(returned, self.tensor_arguments, strict=True), 1):
            if wanted:
                if grad is not None and not isinstance(grad, Tensor):
                    raise RuntimeError(f"expected Variable or None (got {type(grad).__name__})")
                results.append(grad)
            elif grad is not None:
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different than None at position "
                    f"{at}, but the corresponding forward input was not a Variable"
                )
        return results

    __repr__ = object.__repr__


def _refusal(name: str) -> Callable[..., NoReturn]:
    """What a property that cannot be set does when it is."""

    def refuse(*_: object) -> NoReturn:
        raise AttributeError(f"attribute '{name}' of '{_BASE}' objects is not writable")

    return refuse


for _name in ("saved_tensors", "saved_variables", "requires_grad", "next_functions", "metadata"):
    _read = cast(property, getattr(CustomNode, _name))
    setattr(CustomNode, _name, _read.setter(_refusal(_name)))
