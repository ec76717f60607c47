"""Custom functions: the node of one call, which is the `ctx` its methods get, and what it saves.

Source: torch/csrc/autograd/python_function.cpp.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, cast

from minitorch_np.dtypes import dtype as Dtype
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

__all__ = ["CustomNode", "Packed", "pack", "unpack"]


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

    materialize_grads: bool = True
    tensor_arguments: Sequence[bool] = ()
    """For each argument of `forward` whether it is a tensor: those have an edge."""
    results: Sequence[tuple[Shape, Dtype] | None] = ()
    """Shape and dtype of each output, None for what is no tensor: a missing gradient is zeros."""
    boxed: bool = False
    packed: Sequence[Packed | None] = ()
    let_go: bool = False
    """Whether the node went backward, so that nothing can be unpacked any more."""
    unpacks_once: bool = False
    unpacked: bool = False

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
    def _raw_saved_tensors(self) -> tuple[SavedTensor, ...]:
        """What `save_for_backward` was given, as it is kept. Raises: RuntimeError after the node
        let go."""
        if self.let_go:
            freed()
        return tuple([self._raw(nr) for nr in range(len(self.packed))])

    def _raw(self, nr: int) -> SavedTensor:
        def write(stand: Tensor) -> None:
            several = list(self.packed)
            one = several[nr]
            several[nr] = one and one._replace(kept=stand)
            self.packed = several

        def read() -> Tensor | None:
            if self.let_go:
                return FREED
            one = self.packed[nr]
            return None if one is None else one.kept

        def unpacked() -> Tensor | None:
            if self.let_go:
                freed()
            one = self.packed[nr]
            return None if one is None else unpack(one, self)

        one = self.packed[nr]
        return saved_tensor(read, write, unpacked, one is not None and one.nr is not None)

    @property
    def requires_grad(self) -> bool:
        """True: a node is there only where a gradient is wanted."""
        return True

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
        returned = node.apply_boxed(given) if self.boxed else node.apply(*given)
        del given
        results = self._checked(returned if isinstance(returned, tuple) else (returned,))
        for nr, (grad, to) in enumerate(zip(results, self.edges, strict=True)):
            if grad is not None and to is not None:
                results[nr] = fitted(self, nr, to, grad)
        return results

    def _given(self, nr: int) -> Tensor | None:
        """What stands for a gradient that did not arrive."""
        result = self.results[nr]
        if result is None or not self.materialize_grads:
            return None
        shape, dtype = result
        zeros = empty(shape, contiguous(shape), dtype)
        zeros.array.fill(0)
        return zeros

    def _checked(self, returned: "tuple[object, ...]") -> list[Tensor | None]:
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
