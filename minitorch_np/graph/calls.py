"""One call of a custom Function: forward run, its outputs given the node as their history.

Source: torch/csrc/autograd/python_function.cpp, process_outputs, and custom_function.cpp.
"""

import warnings
from collections.abc import Collection, Sequence
from typing import Any, cast

from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.dtypes import float32
from minitorch_np.graph.custom import CustomNode, fields_of, pack, record_of, set_aside
from minitorch_np.graph.custom_tangents import push_custom
from minitorch_np.graph.inplace import bump, check_inplace, rebase
from minitorch_np.graph.modes import Creation, no_grad, state
from minitorch_np.graph.node import edge
from minitorch_np.graph.tangents import forward_off
from minitorch_np.tensor import Tensor

__all__ = ["call"]

_NOTHING = ((), float32)
"""What an output that has no gradient expects of one."""


def call(function: Any, args: tuple[Any, ...], apart: bool) -> Any:  # noqa: ANN401
    """What `function.forward` makes of `args`, recorded where a tensor among them needs a gradient.

    `apart` says that `setup_context` is overridden, so that `forward` gets no ctx. Forward itself
    is not recorded.
    """
    tensors = [a for a in args if isinstance(a, Tensor)]
    needed = tuple([isinstance(a, Tensor) and a.requires_grad for a in args])
    recorded = state.grad and any(needed)
    node: CustomNode = function._backward_cls()
    record, before = record_of(node), fields_of(node)
    # the edges as they are now: forward may write to an argument
    record.edges = tuple([edge(t) for t in tensors]) if recorded else ()
    record.tensor_arguments = [isinstance(a, Tensor) for a in args]
    record.unpacks_once = _flag(function, "clear_saved_tensors_on_access")
    record.boxed = _flag(function, "boxed_grads_call")
    node.needs_input_grad = needed
    with no_grad(), forward_off():
        if apart:
            output = function.forward(*args)
            function.setup_context(node, args, output)
        else:
            output = function.forward(node, *args)
    set_aside(node, before)
    node.edges = record.edges
    raw = cast("tuple[Any, ...]", output if isinstance(output, tuple) else (output,))
    saved = _to_save(node, recorded)
    kept = _kept_apart(node, saved) if apart else ()
    wrapping = _Outputs(node, tensors, recorded, kept)
    outputs = wrapping.wrapped(raw)
    if recorded:
        ids = {id(out) for out in outputs}
        record.packed = [None if t is None else pack(t, id(t) in ids) for t in saved]
    if state.modes:
        passive = [id(out) for out, made in zip(outputs, raw) if id(made) in wrapping.passive]
        push_custom(cast(Any, node).apply_jvp, args, outputs, passive, record.materializes)
    node.to_save = node.non_differentiable = node.saved_for_forward = None
    return outputs if raw is output else outputs[0]


def _flag(function: Any, name: str) -> bool:  # noqa: ANN401
    value = getattr(function, name)
    if not isinstance(value, bool):
        raise RuntimeError(f"{name} must be a bool, got {type(value).__name__}")
    return value


def _listed(node: CustomNode, name: str) -> tuple[Any, ...]:
    """One of the tuples that methods of the ctx set, () where none did."""
    values = getattr(node, name)
    if values is None:
        return ()
    if not isinstance(values, tuple):
        raise RuntimeError(
            f"autograd internal error: {name} attribute is expected to be a tuple but is "
            f"{type(values).__name__}"
        )
    return values  # pyright: ignore[reportUnknownVariableType]  # a user's


def _to_save(node: CustomNode, recorded: bool) -> Sequence[Tensor | None]:
    """What `save_for_backward` was given. Raises: TypeError for what is no tensor."""
    saved = _listed(node, "to_save")
    for at, one in enumerate(saved):
        if recorded and one is not None and not isinstance(one, Tensor):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {at} is of type "
                f"{type(one).__name__}"
            )
    return saved


def _kept_apart(node: CustomNode, saved: Sequence[Tensor | None]) -> Collection[int]:
    """The ids of all that `setup_context` saved."""
    return {id(one) for one in (*_listed(node, "saved_for_forward"), *saved) if one is not None}


class _Outputs:
    """The outputs of one call on their way out."""

    def __init__(
        self, node: CustomNode, inputs: list[Tensor], recorded: bool, kept: Collection[int]
    ) -> None:
        self.node = node
        self.recorded = recorded
        self.kept = kept
        """The outputs that `setup_context` saved: it saw them before they got their history."""
        self.inputs = {id(t) for t in inputs}
        self.passive = self._passive()
        self.dirty = self._dirty()

    def _passive(self) -> set[int]:
        """The outputs marked as having no gradient."""
        marked = _listed(self.node, "non_differentiable")
        for one in marked:
            if not isinstance(one, Tensor):
                raise RuntimeError(
                    "mark_non_differentiable only accepts variable arguments, but got "
                    f"{type(one).__name__}"
                )
        return {id(one) for one in marked}

    def _dirty(self) -> set[int]:
        """The arguments marked as written to, with that write counted."""
        marked = _listed(self.node, "dirty_tensors")
        for at, one in enumerate(marked):
            if not isinstance(one, Tensor):
                raise RuntimeError(
                    f"mark_dirty can only accept variables, but argument {at} is of type "
                    f"{type(one).__name__}"
                )
            bump(one)
        self.node.dirty_tensors = None
        return {id(one) for one in marked}

    def wrapped(self, raw: tuple[Any, ...]) -> tuple[Any, ...]:
        """The outputs with their history; an argument returned as it came is a view of itself."""
        node, record = self.node, record_of(self.node)
        if record.pure_view and (len(self.inputs), len(raw)) != (1, 1):
            raise RuntimeError(
                "Pure view custom Function can only have one input Tensor and one output Tensor. "
                "Open an issue if you need to support more."
            )
        outputs: list[Any] = []
        active = [False] * len(raw)
        for nr, out in enumerate(raw):
            if not isinstance(out, Tensor):
                outputs.append(out)
                continue
            written, given = id(out) in self.dirty, id(out) in self.inputs
            if self.recorded and self._is_active(out):
                active[nr] = True
                made = self._derived(out, nr, len(raw))
            else:
                made = self._underived(out)
            if made.base is not None and not (written and given):
                pure = Creation.DEFAULT if record.pure_view else Creation.IN_CUSTOM_FUNCTION
                made.creation = pure
            outputs.append(made)
        if sum(active) > 1:
            for out in outputs:
                if isinstance(out, Tensor) and out.base is not None:
                    out.creation = Creation.MULTI_OUTPUT_NODE
        if not self.dirty <= {id(out) for out in raw}:
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as "
                "output. The inputs that are modified inplace must all be outputs of the Function."
            )
        dtypes = self._gradient_dtypes(raw)
        if self.recorded:
            facts = [(t.sizes, t.dtype) if isinstance(t, Tensor) else None for t in outputs]
            record.results, record.active = facts, active
            node.expects = [
                (out.sizes, dtype) if has else _NOTHING
                for out, has, dtype in zip(outputs, active, dtypes, strict=True)
            ]
        return tuple(outputs)

    def _is_active(self, out: object) -> bool:
        """Whether gradients may come from an output."""
        return (
            isinstance(out, Tensor) and id(out) not in self.passive and out.dtype.is_floating_point
        )

    def _gradient_dtypes(self, outputs: tuple[Any, ...]) -> Sequence[Dtype | None]:
        """The dtype that the gradient of each output is to have: its own, if not said otherwise."""
        if self.node.output_grad_dtypes is None:
            return [out.dtype if isinstance(out, Tensor) else None for out in outputs]
        said = self.node.output_grad_dtypes
        if not isinstance(said, tuple):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise RuntimeError(
                "set_output_grad_dtype expects the declarations to be a tuple, but got: "
                f"{type(cast(object, said)).__name__}"
            )
        if len(said) != len(outputs):
            raise RuntimeError(
                "set_output_grad_dtype expected the number of declarations to match the number of "
                f"outputs: the Function returned {len(outputs)} values but {len(said)} "
                "declarations were provided"
            )
        for nr, (one, out) in enumerate(zip(said, outputs, strict=True)):
            if one is None:
                continue
            if not isinstance(one, Dtype):
                raise RuntimeError(
                    "set_output_grad_dtype expects each declaration to be a torch.dtype or None, "
                    f"but got {type(one).__name__}"
                )
            if not self._is_active(out):
                raise RuntimeError(
                    f"set_output_grad_dtype: got a concrete dtype for output {nr}, but that output "
                    "is not a differentiable tensor (it is a non-tensor, was marked "
                    "non-differentiable, or has a non-differentiable dtype). Pass None for output "
                    f"{nr} instead."
                )
        return said

    def _derived(self, out: Tensor, nr: int, count: int) -> Tensor:
        """An output with the node as its history."""
        if id(out) in self.dirty:
            self._rebase(out, nr, count)
            return out
        if id(out) in self.inputs:
            out = self._as_view(out)
        meta = out.autograd()
        meta.grad_fn, meta.output_nr = self.node, nr
        if out.base is not None:  # as the view is now: writes that forward did are in the history
            out.born = out.clock.value
        return out

    def _underived(self, out: Tensor) -> Tensor:
        """An output that no gradient comes from."""
        given = id(out) in self.inputs
        if not out.requires_grad:
            return self._as_view(out) if given and id(out) not in self.dirty else out
        if given:
            return out.detach()
        if out.base is None:  # a view of an argument requires a gradient, as one under no_grad does
            out.detach_()
        return out

    def _as_view(self, out: Tensor) -> Tensor:
        """A view of an argument, to have a history of its own."""
        if id(out) in self.kept:
            raise RuntimeError(
                "An input that has been returned as-is as output is being saved for backward. This "
                "is not supported if you override setup_context. You should return and save a view "
                "of the input instead, e.g. with x.view_as(x) or setup ctx inside the forward "
                "function itself."
            )
        with no_grad():
            return out.view_as(out)

    def _rebase(self, out: Tensor, nr: int, count: int) -> None:
        """Make the node the history of an argument that forward wrote to."""
        # not is_leaf, which would give a view its new history before the write is in it
        meta = out.autograd()
        if meta.grad_fn is None and out.requires_grad:
            raise RuntimeError(
                "a leaf Variable that requires grad has been used in an in-place operation."
            )
        if id(out) not in self.inputs:
            text = (
                "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that "
                "have been mutated should be passed to ctx.mark_dirty()."
            )
            if out.base is not None:
                raise RuntimeError(text)
            warnings.warn(text, UserWarning, stacklevel=6)
        if out.base is not None and count > 1:
            raise RuntimeError(
                "If your Function modifies inplace an input that is a view of another Tensor, your "
                "Function cannot return more than one Tensor. This is not supported by the current "
                "autograd engine. You should either make sure the input is not a view (using "
                ".clone() for example) or make your Function only return one Tensor (potentially "
                "splitting it into two Functions: one doing the inplace that returns a single "
                "Tensor and a second one that does the other operations). You can ask on the forum "
                "https://discuss.pytorch.org/ if you need help to do this change."
            )
        meta.grad = meta.hooks = None
        check_inplace(out, True)
        rebase(out, self.node, nr)
        if out.base is not None:
            out.refresh_history()
