"""Hooks around a module's forward and backward. Source: torch/utils/hooks.py, module.py."""

import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from minitorch_np import strides
from minitorch_np.graph.handle import RemovableHandle, registered
from minitorch_np.graph.modes import Creation, is_grad_enabled
from minitorch_np.graph.node import Edge, Node, edge
from minitorch_np.tensor import AutogradMeta, Tensor, empty

if TYPE_CHECKING:
    from minitorch_np.nn.module import Module

__all__ = [
    "BackwardHook",
    "Hook",
    "Hooks",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]

Hook = Callable[..., Any]
"""A user's function; what it takes and may return is said where it is registered."""

Hooks = OrderedDict[int, Hook]
H = TypeVar("H")
Grads = tuple[Tensor | None, ...]


forward_pre_hooks: Hooks = OrderedDict()
forward_hooks: Hooks = OrderedDict()
forward_hooks_with_kwargs: OrderedDict[int, bool] = OrderedDict()
forward_hooks_always_called: OrderedDict[int, bool] = OrderedDict()
backward_pre_hooks: Hooks = OrderedDict()
backward_hooks: Hooks = OrderedDict()
buffer_registration_hooks: Hooks = OrderedDict()
module_registration_hooks: Hooks = OrderedDict()
parameter_registration_hooks: Hooks = OrderedDict()
"""The hooks of every module there is; a module's own run after these."""


def register_module_forward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, args)` before the forward of every module; it may return new args."""
    return registered(forward_pre_hooks, hook)


def register_module_forward_hook(
    hook: Hook, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call `hook(module, args, output)` after every forward; it may return a new output."""
    named, always = (
        (forward_hooks_with_kwargs, with_kwargs),
        (forward_hooks_always_called, always_call),
    )
    return registered(forward_hooks, hook, named, always)


def register_module_full_backward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, grad_output)` before the gradients of every module's input are made."""
    return registered(backward_pre_hooks, hook)


def register_module_full_backward_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, grad_input, grad_output)` when a module's input gradients are there."""
    return registered(backward_hooks, hook)


def register_module_buffer_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, buffer)` when a buffer is registered; it may return another."""
    return registered(buffer_registration_hooks, hook)


def register_module_module_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, submodule)` when one is registered; it may return another."""
    return registered(module_registration_hooks, hook)


def register_module_parameter_registration_hook(hook: Hook) -> RemovableHandle:
    """Call `hook(module, name, parameter)` when one is registered; it may return another."""
    return registered(parameter_registration_hooks, hook)


class BackwardHookFunctionBackward(Node):
    """An identity at the edge of a module, so that its gradients pass one place where hooks sit."""

    __slots__ = ()

    def apply(
        self,
        grads: list[Tensor | None],
        edges: tuple[Edge | None, ...],  # noqa: ARG002
    ) -> list[Tensor | None]:
        """The gradients as they came, zeros where none did."""
        return [self._zeros(nr) if g is None else g for nr, g in enumerate(grads)]

    def _zeros(self, nr: int) -> Tensor:
        shape, dtype = self.expects[nr]
        zeros = empty(shape, strides.contiguous(shape), dtype)
        zeros.array.fill(0)
        return zeros


def _passed_through(tensors: Sequence[Tensor]) -> tuple[list[Tensor], Node]:
    """Views of the tensors that share one node; those that need no gradient have no history."""
    node = BackwardHookFunctionBackward(tuple([edge(t) for t in tensors]))
    node.expects = [(t.sizes, t.dtype) for t in tensors]
    views: list[Tensor] = []
    for nr, tensor in enumerate(tensors):
        view = tensor.alias(tensor.sizes, tensor.strides, tensor.offset)
        view.creation = Creation.IN_CUSTOM_FUNCTION
        if tensor.requires_grad:
            view.meta = meta = AutogradMeta()
            meta.grad_fn, meta.output_nr = node, nr
        views.append(view)
    return views, node


def _spread(at: Sequence[int], values: Sequence[Tensor | None], size: int) -> Grads:
    """`values` at the places `at` of a tuple of `size`, None elsewhere."""
    found = dict(zip(at, values, strict=True))
    return tuple([found.get(i) for i in range(size)])


class BackwardHook:
    """The full backward hooks of one call of a module, wrapped around its inputs and outputs."""

    def __init__(self, module: "Module", hooks: Sequence[Hook], pre_hooks: Sequence[Hook]) -> None:
        self.module = module
        self.hooks = hooks
        self.pre_hooks = pre_hooks
        self.grad_outputs: Grads | None = None
        self.inputs: list[int] | None = None
        """Which arguments are tensors; None when no input needs a gradient."""
        self.outputs: list[int] | None = None
        self.n_inputs = self.n_outputs = -1

    def around_inputs(self, args: tuple[object, ...]) -> tuple[object, ...]:
        """The arguments, those that are tensors passed through a node that calls the hooks."""
        result, self.inputs = self._wrapped(args, self._on_inputs)
        self.n_inputs = len(args)
        return result

    def around_outputs(self, result: object) -> object:
        """The result, its tensors passed through a node that takes note of their gradients."""
        one = not isinstance(result, tuple)
        several: tuple[object, ...] = (result,) if one else cast("tuple[object, ...]", result)
        self.n_outputs = len(several)
        wrapped, self.outputs = self._wrapped(several, self._on_outputs)
        return wrapped[0] if one else wrapped

    def _wrapped(
        self, args: tuple[object, ...], hook: Callable[[Grads, Grads], Grads | None]
    ) -> tuple[tuple[object, ...], list[int] | None]:
        at = [i for i, arg in enumerate(args) if isinstance(arg, Tensor)]
        tensors = [arg for arg in args if isinstance(arg, Tensor)]
        if not (is_grad_enabled() and any(t.requires_grad for t in tensors)):
            return args, None
        views, node = _passed_through(tensors)
        node.post_hooks = {0: hook}
        replaced = dict(zip(at, views, strict=True))
        values = [replaced.get(i, arg) for i, arg in enumerate(args)]
        if type(args) is tuple:
            return tuple(values), at
        return cast(Any, type(args))(*values), at  # a NamedTuple takes its fields one by one

    def _on_inputs(self, grad_inputs: Grads, _: Grads) -> Grads | None:
        if self.grad_outputs is None:
            return None
        assert self.inputs is not None
        grads = _spread(self.inputs, grad_inputs, self.n_inputs)
        for hook in self.hooks:
            changed = hook(self.module, grads, self.grad_outputs)
            if changed is None:
                continue
            if len(changed) != len(grads):
                raise RuntimeError(
                    f"Backward hook returned an invalid number of grad_input, got {len(changed)}, "
                    f"but expected {len(grads)}"
                )
            grads = changed
        self.grad_outputs = None
        return tuple([grads[i] for i in self.inputs])

    def _on_outputs(self, _: Grads, grad_outputs: Grads) -> Grads | None:
        assert self.outputs is not None
        grads = _spread(self.outputs, grad_outputs, self.n_outputs)
        for hook in self.pre_hooks:
            changed = hook(self.module, grads)
            if changed is None:
                continue
            if len(changed) != len(grads):
                raise RuntimeError(
                    "Backward pre hook returned an invalid number of grad_output, got "
                    f"{len(changed)}, but expected {len(grads)}"
                )
            grads = changed
        self.grad_outputs = grads
        if self.inputs is None:
            self._without_inputs(grads)
        return tuple([grads[i] for i in self.outputs])

    def _without_inputs(self, grads: Grads) -> None:
        """Call the hooks at once: no gradient will ever reach the inputs."""
        if self.hooks:
            warnings.warn(
                "Full backward hook is firing when gradients are computed with respect to module "
                "outputs since no inputs require gradients. See "
                "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
                "#torch.nn.Module.register_full_backward_hook for more details.",
                stacklevel=5,
            )
        for hook in self.hooks:
            changed = hook(self.module, (None,) * self.n_inputs, grads)
            nothing = isinstance(changed, tuple) and all(g is None for g in changed)  # pyright: ignore[reportUnknownVariableType]  # isinstance leaves its parts unknown
            if changed is not None and not nothing:
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always "
                    "return None or None for all gradients."
                )
        self.grad_outputs = None
